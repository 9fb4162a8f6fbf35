# Requests that are nearly right, by the thousand, to both daemons: each is answered completely, by a
# refusal or rightly, and never by a failure of the server's; the processes stay, and end as ever.
# REQUESTS=1000000 sends that many to each, SEED chooses them; `make storm` does that, and sends to both at
# once by STORMED=attestd and STORMED=acmed.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
needs pgrep
: "${REQUESTS:=2000}" "${SEED:=1}" "${STORMED:=attestd acmed}"

storm() { "$top_builddir/tests/e2e/storm" "$@"; }
front() { pgrep -P "${pid[$1]}" -f ": front"; }

# stormy NAME COMMAND…: the cases of one daemon.
stormy() {
	local name=$1 before

	shift
	before=$(front "$name")
	run storm "$@"
	note "$name: $(tail -n 1 <<<"$out")"
	case_equal "$name: every answer is one" "$status" 0 || note "$(head -n 20 <<<"$out")$err"
	case_matches "$name: some are right" "$out" '2xx [1-9]'
	case_matches "$name: most are refused" "$out" '4xx [1-9]'
	case_equal "$name: the front is the same process" "$(front "$name")" "$before"
	case_equal "$name: nothing is logged as a failure" "$(grep " error " "${log[$name]}" | head -n 3)" ""
	daemon_stop "$name"
	case_equal "$name: it ends as ever" "$status" 0
	case_equal "$name: no sanitizer has a word" "$(grep -c 'ERROR: \|runtime error' "${log[$name]}")" 0
}

attestd_storm() {
	attest_ca init >/dev/null || exit 1
	mkdir "$scratch/device"
	soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
	soft make p256 p256 || exit 1
	attest_ca enroll "$(soft hash)" --name laptop >/dev/null
	soft request "$scratch/request.json"
	attestd_start --workers 1 || exit 1
	stormy attestd attestd "$attestd_port" "$REQUESTS" "$SEED" "$scratch/request.json"
	case_equal "attestd: and no certificate was made" "$(store_tamper 'SELECT count(*) FROM certificate')" 0
}

acmed_storm() {
	coproc device { "$top_builddir/tests/e2e/software_acme_device" "$scratch/roots.pem"; }
	read -r ready <&"${device[0]}"
	device() {
		local answer

		printf '%s\n' "$*" >&"${device[1]}"
		read -r answer <&"${device[0]}"
		printf '%s\n' "$answer"
	}
	acmed_init --attestation-roots "$scratch/roots.pem" >/dev/null || exit 1
	printf '%s\n' 'orders_per_hour = 1000000000' >"$scratch/acmed.conf"
	acmed_start --config "$scratch/acmed.conf" || exit 1
	stormy acmed acmed "$acme_port" "$REQUESTS" "$SEED" "$(device attest laptop token.thumbprint)" "$(device csr laptop)"
	case_equal "acmed: and no certificate was made" \
		"$(store_tamper 'SELECT count(*) FROM certificate' "$acme_dir/acme.db")" 0
}

for stormed in $STORMED; do
	declare -F "${stormed}_storm" >/dev/null || { note "STORMED: attestd, acmed"; exit 1; }
	"${stormed}_storm"
done
finish
