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
check "the CRL names its AK certificate" \
	'wait_for "openssl crl -in $state_dir/crl.der -inform DER -noout -text | grep -q $serial"'
check "attest-acmed reads it" 'wait_for "acmed_says event=attestation-roots"'
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

# ---- and the device certificates ----

good() { acmed certificates --valid --json | jq length; }
last_good() { acmed certificates --json | jq -r '.[-1].good'; }
listed() { # SERIAL: on the CRL that attest-acmed serves
	curl --silent --cacert "$acme_dir/root.pem" "$acme_base/crl.pem" |
		openssl crl -noout -text | grep -qi "$1"
}
last_serial() { acmed certificates --json | jq -r '.[-1].serial'; }

acmed_stop
acmed_start --attestation-crl "$state_dir/crl.pem" || exit 1
case_ok "a certificate to be revoked" certificate
case_ok "the machine is disabled" attest_ca disable laptop
case_matches "which names the command for its device certificates" "$out" \
	$'\n'"  attest-acmed revoke --ek $hash"
check "they stay good without it" '[ "$(good)" -gt 1 ]'
case_fails "a hash that is none is refused" 2 '\-\-ek: ' acmed revoke --ek 12
case_fails "a serial number beside an EK is refused" 2 'either SERIAL or NAME' acmed revoke 4001 --ek "$hash"
case_fails "--before alone is refused" 2 'before goes with' acmed revoke laptop --before 1d
case_ok "those of another EK are none" acmed revoke --ek "${hash//[0-9a-f]/0}"
case_matches "which it says" "$out" '^nothing is revoked: no good certificate matches$'
case_ok "none began so long ago" acmed revoke --ek "$hash" --before 1d
check "none of these was revoked" '[ "$(good)" -gt 1 ]'
case_ok "another name of the same EK" acmed revoke --ek "$hash" --name desktop
check "has none either" '[ "$(good)" -gt 1 ]'
case_ok "those of this EK" acmed revoke --ek "$hash" --name laptop
case_equal "are all of them" "$(good)" 0
check "and on the CRL" 'wait_for "listed $(last_serial)"'
case_ok "again there are none" acmed revoke --ek "$hash"
case_matches "and they are revoked already" "$out" '^nothing is revoked: those that match are revoked already$'

acmed_stop
echo 'revoke_with_attestation = true' >"$scratch/acmed.conf"
acmed_start --config "$scratch/acmed.conf" --attestation-crl "$state_dir/crl.pem" || exit 1
attest_ca enable laptop >/dev/null
case_ok "by itself: a certificate" certificate
mark_set
case_ok "its AK certificate is superseded" attest_ca revoke laptop --reason superseded
check "attest-acmed reads that" 'wait_for "acmed_says event=attestation-roots"'
case_equal "and leaves the device's certificate" "$(last_good)" true
case_ok "another" certificate
serial=$(last_serial)
case_ok "the machine is disabled" attest_ca disable laptop
check "its certificate is on the CRL" 'wait_for "listed $serial"'
case_equal "for the same reason" "$(acmed show "$serial" --json | jq -r '.[0].reason')" 9
check "which is logged" 'grep -q "event=revoked serial=$serial name=laptop why=privilegeWithdrawn" "${log[acmed]}"'
attest_ca enable laptop >/dev/null
case_ok "one more" certificate
serial=$(last_serial)
acmed_stop
case_ok "the machine leaves while attest-acmed is stopped" attest_ca remove laptop
check "the attestation CA's CRL says so" 'wait_for "openssl crl -in $state_dir/crl.der -inform DER -noout -text | grep -q $(ak_serial)"'
acmed_start --config "$scratch/acmed.conf" --attestation-crl "$state_dir/crl.pem" || exit 1
check "after its start the certificate is on the CRL" 'wait_for "listed $serial"'

# ---- what ends ----

acmed_stop
: >"$scratch/index.txt"
echo 0FFFFFFF >"$scratch/number" # above all that was seen
printf '[ca]\ndefault_ca = d\n[d]\ndatabase = %s/index.txt\ncrlnumber = %s/number\ndefault_md = sha256\ncrl_extensions = e\n[e]\nauthorityKeyIdentifier = keyid\n' \
	"$scratch" "$scratch" >"$scratch/crl.cnf"
crl_of() { # LAST NEXT: of the attestation CA
	openssl ca -gencrl -config "$scratch/crl.cnf" -cert "$state_dir/issuing.pem" -keyfile "$state_dir/issuing.key" \
		-crl_lastupdate "$(date -u -d "$1" +%y%m%d%H%M%SZ)" -crl_nextupdate "$(date -u -d "$2" +%y%m%d%H%M%SZ)" \
		-out "$scratch/other-crl.pem" 2>/dev/null
}
crl_of '-5 days' '+1 day'
mark_set
acmed_start --attestation-crl "$scratch/other-crl.pem" || exit 1
check "a CRL with a sixth of its life left is warned of at start" \
	'acmed_says "warning .*event=expiry what=\"attestation CRL of .*it expires soon; .*see that attestd runs"'
acmed_stop
crl_of '-5 days' '-1 minute'
mark_set
acmed_start --attestation-crl "$scratch/other-crl.pem" || exit 1
check "one that is stale is an error at start" \
	'acmed_says "error .*event=expiry what=\"attestation CRL of .*it has expired; .*see that attestd runs"'
attest_ca enroll "$hash" --name laptop >/dev/null
case_fails "and the machine is told whose fault it is" 1 \
	'the server.s copy of its issuer.s revocation list .*is out of date; tell the server.s administrator' certificate
attest_ca remove laptop >/dev/null
acmed_stop
crl_of '-1 hour' '+9 days'
mark_set
acmed_start --attestation-crl "$scratch/other-crl.pem" || exit 1
check "nothing else is warned of" '! acmed_says event=expiry'

# ---- what attest-ca says must be run elsewhere ----

case_ok "a machine with two names" attest_ca enroll "$hash" --name "it's one" --name two
case_ok "loses one of them" attest_ca set two --name two
case_matches "and the command is for that name, as a word of a shell" "$out" \
	$'\n'"  attest-acmed revoke --ek $hash --name 'it'\"'\"'s one'"
case_ok "a note" attest_ca set two --note text
check "takes no name away" '! grep -q attest-acmed <<<"$out"'
other=$(printf 5%.0s {1..64})
case_ok "a new mainboard" attest_ca replace two "$other"
case_matches "and the command is for the old one" "$out" $'\n'"  attest-acmed revoke --ek $hash"
case_ok "the new one goes" attest_ca remove two
case_matches "and the command is for it" "$out" $'\n'"  attest-acmed revoke --ek $other"

finish
