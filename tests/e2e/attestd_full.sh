# A full disk: attestd answers 503 with Retry-After, loses nothing that it has acknowledged, goes on
# with what needs no room, and works again when there is room. On a small tmpfs of its own.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/full.sh"

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
post() { http POST "$1" "@$2"; }

disk_make
attest_ca init >/dev/null || exit 1
mkdir "$scratch/device"
soft make p256 p256 || exit 1
attest_ca enroll "$(soft hash)" --name laptop >/dev/null
attest_ca enroll "$(printf '%064x' 7)" --name other >/dev/null
attestd_start || exit 1

# attest: asks for a certificate; the answer is the last one's. A certificate that was given is noted.
acknowledged=()
attest() {
	soft request "$scratch/request.json"
	post /attest "$scratch/request.json"
	[ "$http_status" = 200 ] || return
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$scratch/secret.json"
	post /secret "$scratch/secret.json"
	[ "$http_status" = 200 ] || return
	acknowledged+=("$(jq -r '.chain[0]' <<<"$http_body" | base64 -d |
		openssl x509 -inform DER -noout -serial | cut -d= -f2)")
}
# The acknowledged certificates of which the store knows nothing.
lost() {
	attest_ca show laptop --json | jq -r '.certificates[].serial | ascii_upcase' | sort >"$scratch/known"
	printf '%s\n' "${acknowledged[@]}" | sort | comm -23 - "$scratch/known"
}

check "with room, a device is certified" 'attest'

# ---- full ----

disk_fill
# What the log of the store has already taken from the disk may be written to once more.
check "full: it is refused" 'wait_for "! attest"'
case_equal "full: 503" "$http_status $(jq -r '"\(.type) \(.status)"' <<<"$http_body")" \
	"503 urn:attest-ca:error:overloaded 503"
case_matches "full: the client is told why" "$(jq -r .detail <<<"$http_body")" 'the disk of the CA is full; its administrator must make room on it'
check "full: and when to come again" 'grep -qi "^retry-after: [1-9]" <<<"$http_headers"'
check "full: the log says it" 'grep -q " error .*event=commit .*the disk of the CA is full" "${log[attestd]}"'
case_equal "full: nothing acknowledged is lost" "$(lost)" ""
case_equal "full: and nothing refused is kept" "$(wc -l <"$scratch/known")" "${#acknowledged[@]}"
http GET /root.pem
case_equal "full: what needs no room is served" "$http_status" 200
case_fails "full: the administrator is told, too" 1 'the disk of the CA is full; its administrator must make room on it' \
	attest_ca disable other
case_equal "full: and nothing has changed" "$(attest_ca show other --json | jq .enabled)" true
check "full: still refused" '! attest && [ "$http_status" = 503 ]'

# ---- killed while it is full ----

attestd_stop KILL
disk_make_room
case_ok "killed on a full disk, it starts when there is room" attestd_start
case_equal "nothing acknowledged is lost" "$(lost)" ""

# ---- full again, and room while it runs ----

check "it certifies again" 'attest'
disk_fill
check "full again: it is refused" 'wait_for "! attest" && [ "$http_status" = 503 ]'
disk_make_room
check "room again: it certifies, without a restart" 'attest'
case_ok "room again: a device is disabled" attest_ca disable other
case_ok "room again: the laptop is, too" attest_ca disable laptop
check "room again: the CRL names its certificates" 'wait_for "curl --silent \"$attestd_url/crl\" |
	openssl crl -inform DER -noout -text | grep -qi \"Serial Number: 0*${acknowledged[-1]}\""'
case_equal "nothing acknowledged is lost" "$(lost)" ""
case_equal "the store is sound" "$(store_tamper 'PRAGMA integrity_check')" ok
case_ok "and so is the record" attest_ca audit --verify

# ---- mounted read-only ----

attestd_stop
disk_read_only
check "read-only: it does not start" '! attestd_start >"$scratch/refused"'
check "read-only: and says why" 'grep -q "its file system is mounted read-only: see the kernel.s log" "${log[attestd]}"'
disk_writable
case_ok "writable again: it starts" attestd_start

finish
