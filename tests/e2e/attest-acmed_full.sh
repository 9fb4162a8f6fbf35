# A full disk: attest-acmed answers 503 with Retry-After, loses nothing that it has acknowledged,
# goes on with what needs no room, and works again when there is room. On a small tmpfs of its own.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/full.sh"

disk_make
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=roots \
	-addext keyUsage=critical,keyCertSign,cRLSign \
	-keyout "$scratch/roots.key" -out "$scratch/roots.pem" -days 1 2>/dev/null
acmed_init --attestation-roots "$scratch/roots.pem" >/dev/null || exit 1
acmed_start || exit 1
acme_get /acme/directory
new_account=$(json .newAccount)
new_order=$(json .newOrder)

# account: a new one, with a key of its own; the answer is the last one's. One that was given is noted.
accounts=()
keys=()
account() {
	local key

	key=$(key_new ES256)
	acme_post ES256 "$key" "$key" "$new_account" '{"termsOfServiceAgreed":true}'
	[ "$http_status" = 201 ] || return
	keys+=("$key")
	accounts+=("$(header Location)")
}
order() {
	acme_post ES256 "${keys[0]}" "${accounts[0]}" "$new_order" \
		'{"identifiers":[{"type":"permanent-identifier","value":"laptop"}]}'
	[ "$http_status" = 201 ]
}
# The acknowledged accounts that the server does not know again.
lost() {
	local i

	for i in "${!accounts[@]}"; do
		acme_post ES256 "${keys[$i]}" "${accounts[$i]}" "${accounts[$i]}" ''
		[ "$http_status $(json .status)" = "200 valid" ] || echo "${accounts[$i]}: $http_status"
	done
}

check "with room, an account is made" 'account'
check "… and an order" 'order'

# ---- full ----

disk_fill
# What the log of the store has already taken from the disk may be written to once more.
check "full: no account is made" 'wait_for "! account"'
check "full: 503, and why" 'refused 503 serverInternal "the disk of the CA is full; its administrator must make room on it"'
check "full: and when to come again" 'grep -qi "^retry-after: [1-9]" <<<"$http_headers"'
check "full: no order is made either" '! order && [ "$http_status" = 503 ]'
check "full: the log says it" 'grep -q " error .*event=commit .*the disk of the CA is full" "${log[acmed]}"'
case_equal "full: nothing acknowledged is lost" "$(lost)" ""
acme_get /acme/directory
case_equal "full: what needs no room is served" "$http_status" 200

# ---- killed while it is full ----

acmed_stop KILL
disk_make_room
case_ok "killed on a full disk, it starts when there is room" acmed_start
nonce=
case_equal "nothing acknowledged is lost" "$(lost)" ""

# ---- full again, and room while it runs ----

check "it makes an account again" 'account'
disk_fill
check "full again: it is refused" 'wait_for "! account" && [ "$http_status" = 503 ]'
disk_make_room
check "room again: an account is made, without a restart" 'account'
check "room again: and an order" 'order'
case_equal "nothing acknowledged is lost" "$(lost)" ""
case_equal "the store is sound" "$(store_tamper 'PRAGMA integrity_check' "$acme_dir/acme.db")" ok

# ---- mounted read-only ----

acmed_stop
disk_read_only
check "read-only: it does not start" '! acmed_start >"$scratch/refused"'
check "read-only: and says why" 'grep -q "its file system is mounted read-only: see the kernel.s log" "${log[acmed]}"'
disk_writable
case_ok "writable again: it starts" acmed_start

finish
