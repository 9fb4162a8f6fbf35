# attest-device attest: an AK certified by a real attestd, with a real (software) TPM.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/device.sh"

swtpm_start one rsa2048 || exit 1
attest_ca init >/dev/null || exit 1
attestd_start || exit 1
root=$state_dir/root.pem
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)

# ---- not enrolled ----

case_fails "not enrolled: exit 1, the hash and the command to run" 1 \
	"EK $hash is not enrolled; on the attestation host run: attest-ca --state-dir $state_dir approve $hash" attest one state
command=${err##*host run: attest-ca }
command=${command%%;*}
run attest one state --json
case_equal "not enrolled: --json has the kind" "$(jq -r .error <<<"$out")" notEnrolled
case_equal "not enrolled: --json has the hash" "$(jq -r .ek <<<"$out")" "$hash"
case_equal "not enrolled: --json has the command" "$(jq -r .enroll <<<"$out")" "attest-ca $command"

# ---- the new mainboard of a device whose name is wished ----

attest_ca enroll "$(printf old | sha256sum | cut -c -64)" --name desk.old >/dev/null
case_fails "a wished name that another EK has: replace is named" 1 \
	"approve $hash --name desk.old; if this is the new mainboard of an enrolled desk.old, run instead: attest-ca --state-dir $state_dir replace desk.old $hash\$" \
	attest one state --wish desk.old
said=${err//desk.old/NAME}
case_fails "… and one that nobody has" 1 "replace desk.new $hash" attest one state --wish desk.new
case_equal "… in the same words: no stranger learns which names there are" "${err//desk.new/NAME}" "$said"
case_fails "… a name that a shell would read is not in a command" 1 \
	"approve $hash; if this is the new mainboard of an enrolled device, run instead: attest-ca --state-dir $state_dir replace DEVICE $hash\$" \
	attest one state --wish 'desk;id'
case_fails "… no wish, no name: only how to let it in" 1 "approve $hash\$" attest one state --wish none
long=$(printf 'n%.0s' $(seq 150))
case_fails "… a long name: no command is cut" 1 "--name $long; if this is the new mainboard of an enrolled device, run instead \"replace\"\$" \
	attest one state --wish "$long"
run attest one state --wish desk.old --json
case_equal "… in JSON" "$(jq -r .replace <<<"$out")" "attest-ca --state-dir $state_dir replace desk.old $hash"
swtpm_start board || exit 1
run attest board board --wish desk.old
case_ok "… the command that it names works" "$attest_ca_program" ${err##*run instead: attest-ca }
case_ok "… and the new mainboard attests" attest board board --json
case_equal "… under the old name" "$(jq -r '.names[0]' <<<"$out")" desk.old
run attest one state --json
check "not enrolled: no chain is kept" '[ ! -e "$scratch/state/ak-chain.pem" ]'
check "not enrolled: nothing stays loaded" 'nothing_loaded one'
case_ok "the command that it names enrols the device" "$attest_ca_program" $command

# ---- enrolled ----

case_ok "enrolled: works" attest one state --attestation-root "$root" --json
case_equal "enrolled: says for whom" "$(jq -r '.names[0]' <<<"$out")" "${command##*--name }"
case_equal "enrolled: the AK of the first try is used" "$(jq -r .akReused <<<"$out")" true
case_matches "enrolled: says until when" "$(jq -r .notAfter <<<"$out")" '^20[0-9-]+T[0-9:]+Z$'
chain=$scratch/state/ak-chain.pem
case_equal "enrolled: says where" "$(jq -r .chain <<<"$out")" "$chain"
case_equal "the chain is leaf and issuing CA" "$(grep -c 'BEGIN CERTIFICATE' "$chain")" 2
case_ok "the chain verifies with openssl" openssl verify -x509_strict -CAfile "$root" \
	-untrusted "$chain" "$chain"
run openssl x509 -in "$chain" -noout -ext subjectAltName
urn=urn:ek:sha256:$(printf "$(sed 's/../\\x&/g' <<<"$hash")" | base64)
check "the leaf names the EK" '[[ $out == *"URI:$urn,"* ]]'
case_equal "the state directory is its owner's alone" "$(stat -c %a "$scratch/state")" 700
case_equal "the AK is its owner's alone" "$(stat -c %a "$scratch/state/ak.pem")" 600
check "nothing temporary is left" '[ "$(ls -A "$scratch/state" | tr "\n" " ")" = "ak-chain.pem ak-creation.json ak.pem " ]'
key=$(openssl x509 -in "$chain" -noout -pubkey)
TPM2OPENSSL_TCTI="${tcti[one]}" openssl list -providers -provider tpm2 >/dev/null 2>&1 ||
	lacks "there is no tpm2-openssl"
case_equal "tpm2-openssl reads the AK, and it is the certified key" "$key" \
	"$(TPM2OPENSSL_TCTI="${tcti[one]}" openssl pkey -provider tpm2 -provider default \
		-in "$scratch/state/ak.pem" -pubout 2>/dev/null)"

case_ok "for people: works" attest one state
case_matches "for people: what, for whom, until when" "$out" \
	"certified +the kept AK \\(rsa2048\\) of the RSA-2048 EK $hash.*for +${command##*--name }.*until +20"
case_matches "for people: without a root, a note that nothing vouches for it" "$err" \
	'name the attestation root'
case_equal "the AK stays the same" "$(openssl x509 -in "$chain" -noout -pubkey)" "$key"

cat >"$scratch/device.conf" <<END
attestation_url = "$attestd_url"
attestation_root = "$root"
tcti = "${tcti[one]}"
state_dir = "$scratch/state"
END
case_ok "all by device.conf: works" attest_device attest --config "$scratch/device.conf"
check "… and the chain is verified" '[[ $err != *"this chain is not verified"* ]]'
echo 'ak_type = "dsa"' >>"$scratch/device.conf"
case_fails "an AK type in device.conf that is none" 1 'no AK type is called "dsa"' \
	attest_device attest --config "$scratch/device.conf"
case_ok "--new-ak makes a new AK" attest one state --attestation-root "$root" --new-ak
check "… which is another key" '[ "$(openssl x509 -in "$chain" -noout -pubkey)" != "$key" ]'
case_equal "… quietly" "$err" ""

# ---- keys of all kinds ----

run attest_device --tcti "${tcti[one]}" --json ek
rows=$(jq -r '.eks[] | "\(.kind):\(.hash)"' <<<"$out")
for row in $rows; do
	IFS=: read -r kind hash_of_kind <<<"$row"
	[ "$hash_of_kind" = "$hash" ] || attest_ca enroll "$hash_of_kind" --name "one-$kind" >/dev/null
done
for type in rsa2048 rsa2048-pss rsa3072 rsa3072-pss p256 p384 p521; do # each is made once: RSA keys take long
	for row in $rows; do
		IFS=: read -r kind hash_of_kind <<<"$row"
		case_ok "EK $kind certifies an AK $type" attest one kinds --attestation-root "$root" \
			--ek "$kind" --ak-type "$type" --json
		[ "$(jq -r '"\(.ekKind) \(.akType) \(.names[0])"' <<<"$out")" = "$kind $type one-$kind" ] ||
			[ "$hash_of_kind" = "$hash" ] || case_equal "… and no other" "$out" "$kind $type"
	done
done
case_ok "without --ak-type the kept AK stays, of whatever type" attest one kinds --ek P-256 --json
case_equal "… and is the P-521 one" "$(jq -r '"\(.akType) \(.akReused)"' <<<"$out")" "p521 true"
check "nothing stays loaded" 'nothing_loaded one'

if [[ $(swtpm_setup --print-capabilities) == *tpm2-rsa-keysize-3072* ]]; then
	swtpm_start large rsa3072 || exit 1
	attest_ca enroll "$(attest_device --tcti "${tcti[large]}" ek --hash --ek RSA-3072)" \
		--name large >/dev/null
	case_ok "EK RSA-3072 certifies an AK" attest large large --attestation-root "$root" \
		--ek RSA-3072
else
	skip "EK RSA-3072 certifies an AK" "this swtpm_setup makes none"
fi

# ---- parents ----

device_new parents || exit 1
parent_of() {
	openssl asn1parse -in "$scratch/$1/ak.pem" | sed -n 's/.*INTEGER *:-*//p'
}
case_ok "no storage root key: works" attest parents transient
case_equal "no storage root key: the AK is the owner hierarchy's" "$(parent_of transient)" 40000001

tpm2_createprimary -T "${tcti[parents]}" -Q -C o -G rsa2048:null:aes128cfb \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' \
	-c "$scratch/srk.ctx"
tpm2_flushcontext -T "${tcti[parents]}" -t
tpm2_evictcontrol -T "${tcti[parents]}" -Q -C o -c "$scratch/srk.ctx" 0x81000001
tpm2_flushcontext -T "${tcti[parents]}" -t
case_ok "a storage root key by TCG's template: works" attest parents srk
case_equal "… and is the AK's parent" "$(parent_of srk)" 81000001
case_ok "… and is so when the AK is used again" attest parents srk
case_ok "an AK under the hierarchy works beside it" attest parents transient --json
case_equal "… and is the same" "$(jq -r .akReused <<<"$out")" true
tpm2_evictcontrol -T "${tcti[parents]}" -Q -C o -c 0x81000001
case_ok "the storage root key gone: works" attest parents srk
case_matches "… with a new AK, and says why" "$err" \
	'making a new AK: the TPM has no key 0x81000001 any more'

tpm2_createprimary -T "${tcti[parents]}" -Q -C o -G ecc384 -c "$scratch/odd.ctx" 2>/dev/null
tpm2_evictcontrol -T "${tcti[parents]}" -Q -C o -c "$scratch/odd.ctx" 0x81000001
tpm2_flushcontext -T "${tcti[parents]}" -t
case_ok "another key at 0x81000001: works" attest parents odd
case_equal "… and it is left alone" "$(parent_of odd)" 40000001

# ---- state that is no use ----

device_new two || exit 1
cp -r "$scratch/state" "$scratch/copied"
case_ok "an AK of another TPM: works" attest two copied --json
case_matches "… with a new one, and says why" "$err" "making a new AK: .*is not this TPM's"
case_equal "… which is certified for this device" "$(jq -r '.names[0]' <<<"$out")" two

printf 'garbage' >"$scratch/copied/ak.pem"
case_ok "garbage in ak.pem: works" attest two copied
case_matches "… with a new AK, and says why" "$err" 'making a new AK: ak.pem: no TSS2 PRIVATE KEY'
cp "$scratch/state/ak-creation.json" "$scratch/copied/ak-creation.json"
case_ok "the proof of another AK: works" attest two copied
case_matches "… with a new AK, and says why" "$err" 'making a new AK: ak-creation.json: '
rm "$scratch/copied/ak-creation.json"
case_ok "the proof is missing: works" attest two copied --json
case_equal "… with a new AK" "$(jq -r .akReused <<<"$out")" false
case_fails "a state directory that is a file" 1 'is not a directory' attest two state/ak.pem

# ---- a power cut ----

swtpm_stop two KILL
swtpm_start two || exit 1
case_ok "after a power cut: works" attest two copied --json
case_equal "… with the same AK" "$(jq -r .akReused <<<"$out")" true

finish
