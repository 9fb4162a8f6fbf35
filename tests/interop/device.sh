#!/usr/bin/env bash
# attest-device against the unchanged step-ca: certificates for keys of all kinds, and
# step-ca's own words where it refuses.
#
# Needs Go to build the peer (build.sh). Without it each case is counted as skipped,
# except where CI=true: there it is a failure.

set -u

cases=(
	"a machine that is not enrolled: attestd's own words"
	"the enrolled machine obtains a certificate"
	"the certificate is for the name"
	"it is the key's, and the key is the TPM's"
	"the chain leads to step-ca's root"
	"both files have their modes"
	"again: a new key, the AK stays"
	"a P-384 key"
	"an RSA key, with the limit of its signatures said"
	"without --name: the only name that the machine has"
	"another name than the AK certificate's is refused before step-ca is asked"
	"… and the old files stay"
	"step-ca's TLS root is needed, and the option for it is named"
	"nothing stays loaded"
)

# Before lib.sh, which gives the test a home of its own: Go's caches are the user's.
directory=$(dirname "${BASH_SOURCE[0]}")
peers=$("$directory/build.sh")
build_status=$?

. "$directory/../e2e/lib.sh"
. "$directory/step_ca.sh"
peers_required

device() {
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/device" "$@"
}

certificate() {
	device certificate --attestation-url "$attestd_url" --attestation-root "$state_dir/root.pem" \
		--acme "$acme" --acme-root "$STEPPATH/certs/root_ca.crt" "$@"
}

public_key() {
	openssl x509 -in "$scratch/device/device.pem" -noout -pubkey
}

if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
	step_ca_configure && step_ca_start && swtpm_start one; }; then
	note "$(cat "$scratch/init.log")"
	case_explain "the preparation"
	cases_fail
fi
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)

case_fails "${cases[case_count]}" 1 "EK $hash is not enrolled; on the attestation host run" \
	certificate --name laptop
attest_ca enroll "$hash" --name laptop >/dev/null
case_ok "${cases[case_count]}" certificate --name laptop --json
case_equal "${cases[case_count]}" "$(openssl x509 -in "$scratch/device/device.pem" -noout -subject \
	-nameopt multiline | sed -n 's/ *commonName *= //p')" laptop
case_equal "${cases[case_count]}" "$(TPM2OPENSSL_TCTI="${tcti[one]}" openssl pkey \
	-provider tpm2 -provider default -in "$scratch/device/device.key" -pubout)" "$(public_key)"
case_ok "${cases[case_count]}" openssl verify -CAfile "$STEPPATH/certs/root_ca.crt" \
	-untrusted "$scratch/device/device.pem" "$scratch/device/device.pem"
case_equal "${cases[case_count]}" \
	"$(stat -c %a "$scratch/device/device.key" "$scratch/device/device.pem" | tr '\n' ' ')" "600 644 "

first=$(public_key)
ak=$(cat "$scratch/device/ak-chain.pem")
run certificate --name laptop
check "${cases[case_count]}" '[ "$status" -eq 0 ] && [ "$(public_key)" != "$first" ] &&
	[ "$(cat "$scratch/device/ak-chain.pem")" = "$ak" ]'
case_ok "${cases[case_count]}" certificate --name laptop --key-type ecc-p384
run certificate --name laptop --key-type rsa-2048 --json
check "${cases[case_count]}" '[ "$status" -eq 0 ] &&
	{ [ "$(jq .rsaPssSalt <<<"$out")" -eq 32 ] || [[ $err == *"salt of"* ]]; }'
case_ok "${cases[case_count]}" certificate
files=$(cat "$scratch/device/device.key" "$scratch/device/device.pem")
case_fails "${cases[case_count]}" 1 "does not give this machine the name" \
	certificate --name desktop
case_equal "${cases[case_count]}" "$(cat "$scratch/device/device.key" "$scratch/device/device.pem")" "$files"
case_fails "${cases[case_count]}" 1 'name the root that signed it with --acme-root FILE' \
	device certificate --attestation-url "$attestd_url" --acme "$acme" --name laptop
check "${cases[case_count]}" '[ -z "$(tpm2_getcap -T "${tcti[one]}" handles-transient)" ]'

finish
