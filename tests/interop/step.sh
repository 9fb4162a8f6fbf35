#!/usr/bin/env bash
# The unchanged `step` and `step-ca` against attestd: what step sends is
# understood, what it gets is accepted by step-ca, and a name is good for the
# machine that it was enrolled for and for no other.
#
# Needs Go to build the peers (build.sh). Without it each case is counted as
# skipped, except where CI=true: there it is a failure.

set -u

cases=(
	"step shows why a machine is refused that is not enrolled"
	"the refusal names the EK hash that attest-device computes"
	"the enrolled machine obtains a certificate for its name"
	"the certificate is for the name, and for a key of the TPM"
	"the AK certificate that step keeps leads to the attestation root"
	"step-ca refuses the name of another machine"
	"step-ca refuses a name that nobody has"
	"step-ca refuses the name with nothing but a change of case"
	"a machine with two names obtains a certificate for the second"
	"a machine without a name obtains one for its EK hash"
	"step-ca refuses any other name to a machine without one"
	"an EK that comes with its certificate is served as well"
	"its certificate is what the attestation CA can require"
	"the machine without one is refused then"
	"the attestation CA is reached over TLS"
	"a machine that was removed is refused again"
)

# Before lib.sh, which gives the test a home of its own: Go's caches are the user's.
directory=$(dirname "${BASH_SOURCE[0]}")
peers=$("$directory/build.sh")
build_status=$?

. "$directory/../e2e/lib.sh"

. "$directory/step_ca.sh"
peers_required

# ---- step ----

# step_certificate TPM NAME [OPTION…]: with a key of its own, whose number is counted.
# What step remembers of the TPM (AK, its certificate) is in $scratch/objects-TPM.
step_certificate() {
	local tpm=$1 name=$2

	shift 2
	key=$((key + 1))
	certificate=$scratch/$tpm-$key.crt
	tpm2_flushcontext --tcti "${tcti_cmd[$tpm]}" --transient-object
	"$step" ca certificate "$name" "$certificate" "$scratch/$tpm-$key.key" \
		--acme "$acme" --root "$STEPPATH/certs/root_ca.crt" \
		--attestation-uri "tpmkms:name=key$key;device=${tpm_socket[$tpm]}" \
		--tpm-storage-directory "$scratch/objects-$tpm" \
		--attestation-ca-url "$attestd_url" --attestation-ca-insecure -f "$@"
}

# The AK's chain as step keeps it, leaf first, to a PEM file.
ak_chain() {
	local file

	for file in "$scratch/objects-$1"/ak-*; do
		jq -r '.chain[]' "$file" | while read -r der; do
			base64 -d <<<"$der" | openssl x509 -inform DER
		done
		return
	done
}

no_match="doesn't match any of the attested hardware identifiers"
key=0
other_hash=$(printf other | sha256sum)
other_hash=${other_hash%% *}

if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
	step_ca_configure && step_ca_start &&
	swtpm_start one && swtpm_start certified rsa2048; }; then
	note "$(cat "$scratch/init.log")"
	case_explain "the preparation"
	cases_fail
fi
attest_ca enroll "$other_hash" --name desktop >/dev/null

case_fails "${cases[case_count]}" 1 '403 EK [0-9a-f]{64} is not enrolled' step_certificate one laptop
hash=$(grep -o '[0-9a-f]\{64\}' <<<"$err$out" | head -n 1)

case_equal "${cases[case_count]}" "$hash" "$(attest_device --tcti "${tcti_cmd[one]}" ek --hash)"

attest_ca enroll "$hash" --name laptop >/dev/null
case_ok "${cases[case_count]}" step_certificate one laptop

check "${cases[case_count]}" '
	[ "$(openssl x509 -in "$certificate" -noout -subject -nameopt multiline |
		sed -n "s/ *commonName *= //p")" = laptop ] &&
	openssl verify -CAfile "$STEPPATH/certs/root_ca.crt" \
		-untrusted "$certificate" "$certificate" >/dev/null &&
	[ ! -e "${certificate%.crt}.key" ]'

ak_chain one >"$scratch/ak.pem"
case_ok "${cases[case_count]}" openssl verify -x509_strict -CAfile "$state_dir/root.pem" \
	-untrusted "$scratch/ak.pem" "$scratch/ak.pem"

case_fails "${cases[case_count]}" 1 "$no_match" step_certificate one desktop
case_fails "${cases[case_count]}" 1 "$no_match" step_certificate one nobody
case_fails "${cases[case_count]}" 1 "$no_match" step_certificate one Laptop

# The names are in the AK certificate, so a new one is fetched; step would keep the old.
attest_ca remove laptop >/dev/null
attest_ca enroll "$hash" --name laptop --name notebook >/dev/null
rm -r "$scratch/objects-one"
case_ok "${cases[case_count]}" step_certificate one notebook

attest_ca remove laptop >/dev/null
attest_ca enroll "$hash" >/dev/null
rm -r "$scratch/objects-one"
case_ok "${cases[case_count]}" step_certificate one "$hash"
case_fails "${cases[case_count]}" 1 "$no_match" step_certificate one laptop

certified_hash=$(attest_device --tcti "${tcti_cmd[certified]}" ek --hash)
attest_ca enroll "$certified_hash" --name server >/dev/null
case_ok "${cases[case_count]}" step_certificate certified server

attestd_stop
attest_ca trust import "$swtpm_ca"/*cert.pem >/dev/null
printf 'ek_certificate = "require"\n' >"$scratch/require.conf"
attestd_start --config "$scratch/require.conf"
rm -r "$scratch/objects-certified" "$scratch/objects-one"
case_ok "${cases[case_count]}" step_certificate certified server
case_fails "${cases[case_count]}" 1 "403 EK $hash is not trusted" step_certificate one laptop

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=attestd \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls.key" -out "$scratch/tls.pem" \
	-days 1 2>/dev/null
attestd_stop
attestd_start --tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key"
rm -r "$scratch/objects-certified"
case_ok "${cases[case_count]}" step_certificate certified server \
	--attestation-ca-insecure=false --attestation-ca-root "$scratch/tls.pem"

attest_ca remove server >/dev/null
rm -r "$scratch/objects-certified"
case_fails "${cases[case_count]}" 1 "403 EK $certified_hash is not enrolled" step_certificate certified server \
	--attestation-ca-insecure=false --attestation-ca-root "$scratch/tls.pem"

finish
