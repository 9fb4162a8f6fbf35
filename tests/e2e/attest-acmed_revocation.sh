# Who leaves: a device is disabled, attestd's CRL names its AK certificate, and
# attest-acmed takes no more of its word; also over a change of the issuing CA.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

certificate() {
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/device" certificate --name laptop \
		--attestation-url "$attestd_url" --acme "$acme_base/acme/directory" \
		--acme-root "$acme_dir/root.pem" "$@"
}

ak_serial() {
	openssl x509 -in "$scratch/device/ak-chain.pem" -noout -serial | sed 's/serial=//'
}

acmed_says() { # REGEX: in the log since the mark
	tail -n "+$((mark + 1))" "${log[acmed]}" | grep -q -e "$1"
}

mark_set() {
	mark=$(wc -l <"${log[acmed]}")
}

if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
	acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1 &&
	acmed_start --attestation-crl "$state_dir/crl.der" && swtpm_start one; }; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)
attest_ca enroll "$hash" --name laptop >/dev/null
case_ok "an enrolled device has its certificate" certificate
serial=$(ak_serial)

# ---- disabled ----

mark_set
case_ok "it is disabled" attest_ca disable laptop
check "the CRL names its AK certificate, within a second or two" \
	'wait_for "openssl crl -in $state_dir/crl.der -inform DER -noout -text | grep -q $serial" 2'
check "attest-acmed reads it" 'wait_for "acmed_says event=attestation-roots" 2'
case_fails "it is refused a new AK certificate" 1 'is disabled' certificate
check "after attest-acmed refused the AK certificate that it had kept" \
	'acmed_says "event=not-attested.*it was revoked at"'

# ---- enabled again ----

attest_ca enable laptop >/dev/null
case_ok "enabled again, it attests anew" certificate
check "with another AK certificate: the old one stays revoked" '[ "$(ak_serial)" != "$serial" ]'

# ---- another issuing CA ----

case_ok "a new issuing CA" attest_ca issuing renew
kill -HUP "${pid[attestd]}"
check "attestd takes it up" \
	'wait_for "curl --silent $attestd_url/issuing.pem | cmp -s - $state_dir/issuing.pem"'
crls() { grep -c BEGIN "$state_dir/crl.pem"; }
check "crl.pem has the CRLs of both, and of the root" 'wait_for "[ \$(crls) -eq 3 ]"'
serial=$(ak_serial)
acmed_stop
acmed_start --attestation-crl "$state_dir/crl.pem" || exit 1
case_ok "an AK certificate of the old one is good where its CRL is known" certificate
case_equal "… and stays" "$(ak_serial)" "$serial"
acmed_stop
mark_set
acmed_start --attestation-crl "$state_dir/crl.der" || exit 1
case_ok "where it is not, the device gets one of the new one" certificate
check "because the old one's was refused" \
	'acmed_says "event=not-attested.*there is no CRL of its issuer" && [ "$(ak_serial)" != "$serial" ]'

finish
