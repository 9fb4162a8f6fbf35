# A device that has left, at attest-acmed: it refuses the AK certificate once the
# attestation CA's CRL names it, with very many others, and goes on with those that
# stay; whether attestd signed the CRL or attest-ca.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

others=20000

if ! { attest_ca init && attestd_start && acmed_init --attestation-roots "$state_dir/root.pem" &&
	acmed_start --attestation-crl "$state_dir/crl.der" &&
	swtpm_start one && swtpm_start two; } >"$scratch/init.log" 2>&1; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi

certificate() { # TPM [OPTION…]
	attest_device --tcti "${tcti[$1]}" --state-dir "$scratch/$1" certificate --name "$1" \
		--attestation-url "$attestd_url" --attestation-root "$state_dir/root.pem" \
		--acme "$acme_base/acme/directory" --acme-root "$acme_dir/root.pem" "${@:2}"
}
# With the kept AK certificate, or not at all: where it asks for another one nobody makes it, and says
# so at once.
certificate_kept() { # TPM
	certificate "$1" --attestation-url "$acme_base/nowhere" --tls-root "$acme_dir/root.pem"
}

for tpm in one two; do
	attest_ca enroll "$(attest_device --tcti "${tcti[$tpm]}" ek --hash)" --name "$tpm" >/dev/null
	case_ok "device $tpm gets a certificate" certificate "$tpm"
done
serial=$(attest_ca show one --json | jq -r '.certificates[0].serial')
cp "$state_dir/crl.der" "$scratch/older.der"

# ---- it leaves, among many ----

store_tamper "
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $others)
	INSERT INTO certificate (serial, ek_hash, ak_name, not_before, not_after, revoked, revision)
	SELECT randomblob(20), randomblob(32), x'000b', 1, 4000000000, 2, 0 FROM n" || exit 1

on_crl() { # SERIAL
	openssl crl -inform DER -in "$state_dir/crl.der" -noout -text 2>/dev/null | grep -qi "$1"
}
refusals() {
	grep -c 'it was revoked at' "${log[acmed]}"
}

case_ok "it is disabled" attest_ca disable one
check "attestd signs the CRL, with all of them" 'wait_for "on_crl $serial" &&
	[ "$(openssl crl -inform DER -in "$state_dir/crl.der" -noout -text | grep -c "Serial Number")" -gt "$others" ]'
attestd_stop
check "its AK certificate is refused" 'wait_for "! certificate_kept one >/dev/null 2>&1 && [ \$(refusals) -gt 0 ]"'
case_ok "the other one's is not" certificate two

# ---- without attestd ----

before=$(refusals)
serial=$(attest_ca show two --json | jq -r '.certificates[0].serial')
attest_ca revoke two --reason keyCompromise >/dev/null
case_ok "until the CRL is signed, it is taken" certificate two
case_ok "attest-ca signs it" attest_ca crl
check "it names the certificate" 'on_crl "$serial"'
check "and that is refused" 'wait_for "! certificate_kept two >/dev/null 2>&1 && [ \$(refusals) -gt $before ]"'

# ---- and back ----

case_ok "attestd runs again" attestd_start
attest_ca enable one >/dev/null
case_ok "a device that is on again gets a new one" certificate one
case_ok "and so does the other" certificate two

# ---- an older CRL is put back ----

number() { # FILE
	printf '%d' "$(openssl crl -inform DER -in "$1" -noout -crlnumber | cut -d= -f2)"
}
seen() { # NUMBER
	[ "$(store_tamper 'SELECT hex(number) FROM crl_mark' "$acme_dir/acme.db")" = \
		"$(printf '%040X' "$1")" ]
}

attestd_stop
cp "$state_dir/crl.der" "$scratch/newest.der"
old=$(number "$scratch/older.der") new=$(number "$scratch/newest.der")
older="older one (number $old of .*; number $new of .*)"
check "the newest is remembered" 'wait_for "seen $new"'
cp "$scratch/older.der" "$state_dir/crl.new" && mv "$state_dir/crl.new" "$state_dir/crl.der"
check "an older one is refused, with both numbers" 'wait_for "grep -q \"error.*$older\" \"${log[acmed]}\""'
case_ok "what was known stays" certificate two
acmed_stop
check "after a restart it is not believed either" '
	! acmed_start --attestation-crl "$state_dir/crl.der" >/dev/null && grep -q "^attest-acmed: .*$older" "${log[acmed]}"'
cp "$scratch/newest.der" "$state_dir/crl.der"
case_ok "the newest is" acmed_start --attestation-crl "$state_dir/crl.der"
case_ok "and attestations count again" certificate two

finish
