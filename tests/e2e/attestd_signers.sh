# attestd and "attest-ca crl" sign at the same time, a hundred times each.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/signers.sh"

certificates=2000

if ! { attest_ca init && attestd_start && attest_ca enroll "$(printf %064x 1)" --name laptop; } \
	>"$scratch/init.log" 2>&1; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi
store_tamper "
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $certificates)
	INSERT INTO certificate (serial, ek_hash, ak_name, not_before, not_after, revoked, revision)
	SELECT CAST(printf('s%06d', i) AS BLOB), ek_hash, x'000b', 1, 4000000000, 0, revision
		FROM n, device" || exit 1

signers_revoke() {
	attest_ca revoke --serial "73$(printf %06d "$1" | sed 's/./3&/g')"
}

signers_sign() {
	attest_ca crl --json >"$1"
}

signers_run "$state_dir" "$state_dir/store.db" "${pid[attestd]}" "$attestd_url/crl"
check "attestd serves the last one" '
	wait_for "http GET /crl; cmp -s $scratch/http.body $state_dir/crl.der"'
check "and complained of none" '! grep event=crl "${log[attestd]}"'

finish
