# EK certificates, with a TPM that has one: attestd takes up what is imported while it
# runs, asks for what its policy wants, believes the certificate before the claim, and
# lets a machine that is on the list enrol itself.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/soft" "$@"; }
problem() { jq -r '"\(.type) \(.detail)"' <<<"$http_body" 2>/dev/null; }

attest() { # TPM [OPTION…]
	attest_device --tcti "${tcti[$1]}" --state-dir "$scratch/device-$1" attest \
		--attestation-url "$attestd_url" "${@:2}"
}

# The TPM's part of the AK certificate's subjectAltName, on one line.
facts() { # TPM
	openssl x509 -in "$scratch/device-$1/ak-chain.pem" -noout -ext subjectAltName |
		grep -o '2\.23\.133\.2.*' | tr -d '\n'
}

ek_certificate() { # TPM
	tpm2_nvread -T "${tcti[$1]}" 0x01c00002 2>/dev/null
}

verdict() { # HASH
	store_tamper "SELECT verdict || ' ' || manufacturer FROM ek_certificate
		JOIN device ON device.id = ek_certificate.device WHERE hex(ek_hash) = upper('$1')"
}

swtpm_start one rsa2048 || exit 1
attest_ca init >/dev/null || exit 1
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)
attest_ca enroll "$hash" --name one >/dev/null || exit 1
mkdir "$scratch/soft"
soft make rsa2048 p256
attest_ca enroll "$(soft hash)" --name soft >/dev/null || exit 1
soft request "$scratch/soft.json"

# ---- record ----

attestd_start || exit 1
case_ok "record: a certificate that nobody vouches for is no obstacle" attest one
case_matches "record: the AK certificate has the claims" "$(facts one)" \
	"2.23.133.2.1 ?= ?\"?id:49424D00.*SW TPM"
case_equal "record: the verdict is kept" "$(verdict "$hash")" \
	"refused id:49424D00"
attestd_stop

# ---- require ----

printf 'ek_certificate = "require"\n' >"$scratch/require.conf"
attestd_start --config "$scratch/require.conf" || exit 1
case_fails "require: refused, with the remedy" 1 \
	"EK $hash is not trusted: .*import its vendor's certificates with: attest-ca --state-dir $state_dir trust import" attest one
case_ok "its vendor's certificates are imported, while attestd runs" \
	attest_ca trust import "$swtpm_ca"/*cert.pem
wait_for 'attest one >/dev/null 2>&1'
case_ok "require: it is certified, without a restart" attest one
case_matches "require: the AK certificate has the certificate's facts, not the claims" "$(facts one)" \
	"2.23.133.2.1 ?= ?\"?id:00001014.*2.23.133.2.2 ?= ?\"?swtpm"
case_equal "require: verdict and facts are kept" "$(verdict "$hash")" \
	"verified id:00001014"
http POST /attest "@$scratch/soft.json"
case_matches "require: a machine without one is refused" "$http_status $(problem)" \
	"403 urn:attest-ca:error:ekUntrusted EK $(soft hash) is not trusted: every machine needs .*none came"
jq --arg certificate "$(ek_certificate one | base64 -w 0)" \
	'.ekCerts = [$certificate]' "$scratch/soft.json" >"$scratch/stolen.json"
http POST /attest "@$scratch/stolen.json"
case_matches "require: … also when it shows another's certificate" "$http_status $(problem)" \
	"403 urn:attest-ca:error:ekUntrusted .*of the 1 that came none is for this EK"
case_ok "the vendor's certificates are removed" attest_ca trust remove \
	$(attest_ca trust list --json | jq -r '.[].fingerprint')
check "require: it is refused again" "wait_for 'attest one 2>&1 | grep -q \"is not trusted\"'"
attest_ca trust import "$swtpm_ca"/swtpm-localca-rootca-cert.pem >/dev/null
wait_for 'grep -q "event=trust certificates=1$" "${log[attestd]}"'
case_fails "require: with the root alone the chain is broken" 1 "its issuer .* is not imported" \
	attest one
openssl x509 -in "$swtpm_ca/issuercert.pem" -outform DER -out "$scratch/chain.der"
split -b 500 -d -a 1 "$scratch/chain.der" "$scratch/chain.part"
for i in 0 1 2 3; do
	[ -f "$scratch/chain.part$i" ] || continue
	tpm2_nvdefine -T "${tcti[one]}" -Q -C o -s "$(stat -c %s "$scratch/chain.part$i")" \
		-a 'ownerwrite|ownerread|authread' "0x01c0010$i" &&
		tpm2_nvwrite -T "${tcti[one]}" -Q -C o -i "$scratch/chain.part$i" "0x01c0010$i"
done
case_ok "require: … until the machine shows what stands in its NV" attest one
attestd_stop

# ---- machines that enrol themselves ----

attest_ca remove one >/dev/null
swtpm_start two rsa2048 || exit 1
other=$(attest_device --tcti "${tcti[two]}" ek --hash)
certificate=$(ek_certificate two | openssl x509 -inform DER -noout -serial)
attest_ca trust import "$swtpm_ca"/*cert.pem >/dev/null
printf '# laptops\n%s\n' "${certificate#serial=}" >"$scratch/serials"
printf '%s\n' "auto_enroll_serials = \"$scratch/serials\"" 'auto_enroll_vendors = {"IBM"}' \
	'auto_enroll_name = "laptop-{hash8}"' >"$scratch/auto.conf"
attestd_start --config "$scratch/auto.conf" || exit 1
holder=$(printf holder | sha256sum | cut -c -64)
attest_ca enroll "$holder" --name "laptop-${other:0:8}" >/dev/null
case_fails "a listed machine whose name another has: it is told of replace" 1 \
	"EK $other is not enrolled, and the name .* is in use; .* new mainboard, run .*: attest-ca --state-dir $state_dir replace DEVICE $other\$" \
	attest two
case_fails "… in JSON too" 1 "\"enroll\": \"attest-ca --state-dir $state_dir replace DEVICE $other\"" attest two --json
check "… and of no name that it does not know" '[[ $out$err != *"$holder"* ]]'
attest_ca remove "$holder" >/dev/null
case_ok "a listed machine enrols itself" attest two --json
case_equal "… under the name of the rule" "$(jq -r '.names[0]' <<<"$out")" "laptop-${other:0:8}"
case_equal "… and is a device as any other" "$(attest_ca list --json | jq -r '.[].names[0]' | sort | tr '\n' ' ')" \
	"laptop-${other:0:8} soft "
case_matches "… on record" "$(attest_ca audit --device "$other" --json)" '"enroll"'
case_fails "one that is not listed does not" 1 "EK $hash is not enrolled" attest one
refused() { # REGEX: how many refusals gave that for their reason
	grep -c "event=auto-enroll .*ek=$hash .*$1" "$scratch/attestd.log"
}
case_equal "… and the log says so" "$(refused "its serial number is not on the list")" 1
mv "$scratch/serials" "$scratch/serials.aside"
kill -HUP "${pid[attestd]}"
wait_for 'grep -q "event=auto-enroll reason=.*serials: opening .*No such file" "$scratch/attestd.log"'
case_fails "a list that is gone enrols nobody" 1 "EK $hash is not enrolled" attest one
case_fails "… and nobody the second time" 1 "EK $hash is not enrolled" attest one
case_equal "… each refusal says that the list is gone" \
	"$(refused "auto_enroll_serials $scratch/serials: opening .*No such file")" 2
case_equal "… and none that the number is not on it" \
	"$(refused "its serial number is not on the list")" 1
{ printf '\xef\xbb\xbf'; sed 's/$/\r/' "$scratch/serials.aside"; } >"$scratch/serials"
kill -HUP "${pid[attestd]}"
ek_certificate one | openssl x509 -inform DER -noout -serial |
	sed 's/serial=//' >>"$scratch/serials"
kill -HUP "${pid[attestd]}"
case_fails "one that was removed stays away, listed or not" 1 "EK $hash is not enrolled" attest one
case_ok "pending says what it was" attest_ca pending
case_matches "… when it was removed, and by whom" "$out" \
	"$hash .*"$'\n'"  was one, removed 20[0-9T:-]+Z by uid $(id -u) .*attest-ca --state-dir $state_dir approve ${hash:0:16} --again --name"
check "… and gives no command that lets it in like a new one" '[[ $out != *"${hash:0:16} --name"* ]]'
case_equal "… in JSON too" "$(attest_ca pending --json | jq -r '.[0].removed | .names, .reason')" $'one\nremoved'
case_fails "nor does approve" 1 "was enrolled as one and was removed at .* \"attest-ca --state-dir $state_dir approve --again $hash\"" \
	attest_ca approve "$hash"
case_ok "but with --again" attest_ca approve "$hash" --again --name one
case_equal "and it is a new device then" "$(attest_ca pending --json)" "[]"

finish
