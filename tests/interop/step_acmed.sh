#!/usr/bin/env bash
# The unchanged `step` against attestd and attest-acmed, both ours: it obtains a
# certificate for a key of the TPM, in the name that the machine was enrolled
# with, and in no other; a machine that was switched off obtains none.
#
# Needs Go to build step (build.sh). Without it each case is counted as skipped,
# except where CI=true: there it is a failure.

set -u

cases=(
	"the enrolled machine obtains a certificate for its name"
	"the certificate leads to the root, for a client and for the name"
	"its key stays in the TPM"
	"an RSA key is certified as well"
	"the name of another machine is refused"
	"a name that nobody has is refused"
	"the name with nothing but a change of case is refused"
	"a machine without a name obtains one for its EK hash"
	"a machine that another attestation CA vouches for is refused"
	"the certificates are listed"
	"a revoked certificate is on the CRL"
	"a machine that was switched off is refused"
)

# Before lib.sh, which gives the test a home of its own: Go's caches are the user's.
directory=$(dirname "${BASH_SOURCE[0]}")
peers=$("$directory/build.sh")
build_status=$?

. "$directory/../e2e/lib.sh"
. "$directory/../e2e/acme.sh"

if [ "$build_status" -eq 77 ] && [ "${CI:-}" != true ]; then
	for name in "${cases[@]}"; do
		skip "$name" "$peers"
	done
	finish
elif [ "$build_status" -ne 0 ]; then
	note "${peers:-step could not be built}"
	for name in "${cases[@]}"; do
		check "$name" false
	done
	finish
fi

export STEPPATH=$scratch/step
key=0

# step_certificate TPM NAME [OPTION…]: with a key of its own; sets $certificate.
step_certificate() {
	local tpm=$1 name=$2

	shift 2
	key=$((key + 1))
	certificate=$scratch/$tpm-$key.crt
	tpm2_flushcontext --tcti "${tcti_cmd[$tpm]}" --transient-object
	"$peers/step" ca certificate "$name" "$certificate" "$scratch/$tpm-$key.key" \
		--acme "$acme_base/acme/directory" --root "$acme_dir/root.pem" \
		--attestation-uri "tpmkms:name=key$key;device=${tpm_socket[$tpm]}" \
		--tpm-storage-directory "$scratch/objects-$tpm" \
		--attestation-ca-url "$attestd_url" --attestation-ca-insecure -f "$@"
}

# The attestation CA's CRL, fetched as an operator's timer would.
crl_fetch() {
	http GET /crl
	openssl crl -inform DER -in "$scratch/http.body" -out "$scratch/attestation.crl.new" &&
		mv "$scratch/attestation.crl.new" "$scratch/attestation.crl"
}

if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start && crl_fetch &&
	acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1 &&
	acmed_start --attestation-crl "$scratch/attestation.crl" &&
	swtpm_start one && swtpm_start two; }; then
	note "$(cat "$scratch/init.log")"
	for name in "${cases[@]}"; do
		check "$name" false
	done
	finish
fi
hash=$(attest_device --tcti "${tcti_cmd[one]}" ek --hash)
attest_ca enroll "$hash" --name laptop >/dev/null
attest_ca enroll "$(printf other | sha256sum | cut -c -64)" --name desktop >/dev/null

case_ok "${cases[case_count]}" step_certificate one laptop
good=$certificate
check "${cases[case_count]}" '
	openssl verify -purpose sslclient -CAfile "$acme_dir/root.pem" -untrusted "$good" "$good" >/dev/null &&
	[ "$(openssl x509 -in "$good" -noout -subject -nameopt multiline |
		sed -n "s/ *commonName *= //p")" = laptop ]'
check "${cases[case_count]}" '[ ! -e "${good%.crt}.key" ]'
case_ok "${cases[case_count]}" step_certificate one laptop --kty RSA --size 2048

for name in desktop nobody Laptop; do
	case_fails "${cases[case_count]}" 1 "the AK certificate is for .laptop., the order for .$name." \
		step_certificate one "$name"
done

two_hash=$(attest_device --tcti "${tcti_cmd[two]}" ek --hash)
attest_ca enroll "$two_hash" >/dev/null
case_ok "${cases[case_count]}" step_certificate two "$two_hash"

# Another attestation CA, at the same address.
first_dir=$state_dir
state_dir=$scratch/other-ca
attestd_stop
attest_ca init >/dev/null
attest_ca enroll "$two_hash" --name laptop >/dev/null
attestd_start
rm -r "$scratch/objects-two"
case_fails "${cases[case_count]}" 1 "neither trusted nor in the chain" step_certificate two laptop
attestd_stop
state_dir=$first_dir
attestd_start

case_equal "${cases[case_count]}" "$(acmed certificates --json | jq length)" 3
serial=$(openssl x509 -in "$good" -noout -serial | cut -d = -f 2)
acmed revoke "$serial" >/dev/null
wait_for 'acme_get /crl; openssl crl -inform DER -in "$scratch/http.body" -noout -text |
	tr -d ": \n" | grep -qi "SerialNumber$serial"'
check "${cases[case_count]}" 'openssl crl -inform DER -in "$scratch/http.body" -noout -text |
	tr -d ": \n" | grep -qi "SerialNumber$serial"'

attest_ca remove laptop >/dev/null
wait_for 'crl_fetch && openssl crl -in "$scratch/attestation.crl" -noout -text | grep -q "Serial Number"'
# The server looks at the file once in a while.
wait_for '! step_certificate one laptop >"$scratch/step.log" 2>&1'
case_fails "${cases[case_count]}" 1 "the AK certificate: .*it was revoked" step_certificate one laptop

finish
