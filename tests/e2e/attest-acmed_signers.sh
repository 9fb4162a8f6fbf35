# attest-acmed and "attest-acmed crl" sign at the same time, a hundred times each.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/signers.sh"

certificates=2000

if ! { attest_ca init && acmed_init --attestation-roots "$state_dir/root.pem" && acmed_start; } \
	>"$scratch/init.log" 2>&1; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi
store_tamper "
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $certificates)
	INSERT INTO certificate (name, account, from_order, serial, names, witness, key_hash, der,
		not_before, not_after, revoked, reason)
	SELECT 'n' || i, 'a', 'o', CAST(printf('s%06d', i) AS BLOB), 'laptop', '', zeroblob(32), x'30',
		1, 4000000000, 0, 0 FROM n" "$acme_dir/acme.db" || exit 1

signers_revoke() {
	acmed revoke "73$(printf %06d "$1" | sed 's/./3&/g')"
}

signers_sign() {
	acmed crl --json >"$1"
}

signers_run "$acme_dir" "$acme_dir/acme.db" "${pid[acmed]}" "$acme_base/crl" --cacert "$acme_dir/root.pem"
check "the server serves the last one" '
	wait_for "acme_get /crl; cmp -s $scratch/http.body $acme_dir/crl.der"'
check "and complained of none" '! grep event=crl "${log[acmed]}"'

finish
