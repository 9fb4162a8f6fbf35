# attest-device ek: the EKs that a TPM has, compared with what tpm2-tools make of them.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

# ek_hash_tools NAME ALGORITHM: the hash of the EK that tpm2_createek makes.
ek_hash_tools() {
	local name=$1 algorithm=$2

	rm -f "$scratch/ek.der" "$scratch/ek.ctx"
	tpm2_createek -T "${tcti[$name]}" -Q -G "$algorithm" -c "$scratch/ek.ctx" -u "$scratch/ek.der" \
		-f der >/dev/null 2>&1
	tpm2_flushcontext -T "${tcti[$name]}" -t
	sha256sum <"$scratch/ek.der" | cut -d ' ' -f 1
}

# row KIND TEMPLATE: hash and certificate of that line of the table in $out.
row() {
	awk -v kind="$1" -v template="$2" '$1 == kind && $2 == template {
		hash = $3; $1 = $2 = $3 = ""; sub(/^ +/, ""); print hash " " $0 }' <<<"$out"
}

nothing_loaded() {
	[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-transient)" ] &&
		[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-loaded-session)" ]
}

bytes() { # HEX…
	printf "$(printf '%s' "$@" | sed 's/../\\x&/g')"
}

# ---- a TPM without certificates ----

swtpm_start plain || exit 1
case_ok "plain: ek works" attest_device --tcti "${tcti[plain]}" ek
table=$out
case_equal "plain: RSA-2048 is what tpm2_createek makes" "$(row RSA-2048 L-1)" \
	"$(ek_hash_tools plain rsa) none"
case_equal "plain: P-256 is what tpm2_createek makes" "$(row P-256 L-2)" \
	"$(ek_hash_tools plain ecc) none"
case_equal "plain: nothing else is listed" "$(wc -l <<<"$out")" 3
rsa=$(ek_hash_tools plain rsa)
on_terminal "$attest_device_program" --tcti "${tcti[plain]}" ek
check "plain: on a terminal within 80 columns, with the whole hash" '[ "$widest" -le 80 ] && [[ $out == *"$rsa"* ]]'
case_ok "plain: through a pipe it is the same" attest_device ek --tcti "${tcti_cmd[plain]}"
case_equal "plain: through a pipe the table is the same" "$out" "$table"
case_ok "plain: TPM2TOOLS_TCTI names the TPM" \
	env TPM2TOOLS_TCTI="${tcti[plain]}" "$attest_device_program" ek --hash
case_equal "--hash gives the default EK's hash alone" "$out" "$rsa"
case_ok "--hash --ek gives another" attest_device --tcti "${tcti[plain]}" ek --hash --ek p256
case_equal "--hash --ek p256 is the P-256 EK's" "$out" "$(ek_hash_tools plain ecc)"
for kind in ecc384:H-3:P-384 ecc521:H-4:P-521; do
	IFS=: read -r algorithm label kind <<<"$kind"
	if [ -n "$(ek_hash_tools plain "$algorithm" | grep -v e3b0c442)" ]; then
		run attest_device --tcti "${tcti[plain]}" ek --hash --ek "$label"
		case_equal "$kind ($label) is what tpm2_createek makes" "$out" \
			"$(ek_hash_tools plain "$algorithm")"
	else
		skip "$kind ($label) is what tpm2_createek makes" "this tpm2_createek makes none"
	fi
done
case_fails "an EK that the TPM does not make is named" 1 'makes no RSA-4096 EK \(H-7\)' \
	attest_device --tcti "${tcti[plain]}" ek --hash --ek rsa4096
case_ok "--json works" attest_device --tcti "${tcti[plain]}" --json ek
case_matches "--json has kind, template, hash and certificate" "$(tr -d ' \n' <<<"$out")" \
	"\"kind\":\"RSA-2048\",\"template\":\"L-1\",\"hash\":\"$rsa\",\"certificate\":false,\"certificateMatches\":false"
check "plain: nothing stays loaded" 'nothing_loaded plain'

# ---- certificates in NV memory ----

swtpm_start certified rsa2048 || exit 1
case_ok "certified: ek works" attest_device --tcti "${tcti[certified]}" ek
case_matches "certified: RSA-2048 has its certificate" "$(row RSA-2048 L-1)" "^[0-9a-f]{64} yes$"
case_matches "certified: P-256 has none" "$(row P-256 L-2)" "^[0-9a-f]{64} none$"
case_matches "certified: P-384 is there, with its certificate" "$(row P-384 H-3)" "^[0-9a-f]{64} yes$"
for index in 0x01c00002:RSA-2048:L-1 0x01c00016:P-384:H-3; do
	IFS=: read -r index kind label <<<"$index"
	tpm2_nvread -T "${tcti[certified]}" -C o -o "$scratch/nv.der" "$index" 2>/dev/null
	openssl x509 -inform DER -in "$scratch/nv.der" -noout -pubkey |
		openssl pkey -pubin -outform DER -out "$scratch/key.der"
	case_equal "certified: $kind has the hash of the certificate's key" "$(row "$kind" "$label")" \
		"$(sha256sum <"$scratch/key.der" | cut -d ' ' -f 1) yes"
done
check "certified: nothing stays loaded" 'nothing_loaded certified'

if [[ $(swtpm_setup --print-capabilities) == *tpm2-rsa-keysize-3072* ]]; then
	swtpm_start large rsa3072 || exit 1
	case_ok "large: ek works" attest_device --tcti "${tcti[large]}" ek
	case_matches "large: RSA-3072 is there, with its certificate" "$(row RSA-3072 H-6)" \
		"^[0-9a-f]{64} yes$"
	case_matches "large: RSA-2048 is the default all the same" "$(sed -n 2p <<<"$out")" \
		"^RSA-2048 +L-1 "
else
	skip "large: ek works" "this swtpm_setup makes no RSA-3072 EK"
fi

# ---- EKs that no attestation host takes ----

swtpm_start signing signing || exit 1
case_ok "signing: ek works" attest_device --tcti "${tcti[signing]}" ek
case_matches "signing: the list does not call it L-1, and says why" "$out" \
	$'RSA-2048 +unusable +[0-9a-f]{64} yes\n +EK without restricted'
p256=$(row P-256 L-2)
run attest_device --tcti "${tcti[signing]}" ek --hash
case_equal "signing: the next that is of use is the default" "$out" "${p256%% *}"
case_fails "signing: asked for by name, it is refused with the reason" 1 \
	'the RSA-2048 EK of this TPM is refused: EK without restricted' \
	attest_device --tcti "${tcti[signing]}" ek --hash --ek rsa2048
run attest_device --tcti "${tcti[signing]}" ek --json
case_equal "signing: JSON has the reason" \
	"$(jq -r '.eks[0] | "\(.template) \(.problem[0:21])"' <<<"$out")" "unusable EK without restricted"

# ---- keys and templates that others put there ----

# The P-256 EK's template, but a primary key of the owner: it is not the EK.
bytes 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa >"$scratch/policy"
tpm2_createprimary -T "${tcti[plain]}" -Q -C o -G ecc:null:aes128cfb -L "$scratch/policy" \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|adminwithpolicy|restricted|decrypt' \
	-c "$scratch/owner.ctx" 2>/dev/null
tpm2_evictcontrol -T "${tcti[plain]}" -Q -C o -c "$scratch/owner.ctx" 0x81010002
tpm2_flushcontext -T "${tcti[plain]}" -t
ecc=$(ek_hash_tools plain ecc)
run attest_device --tcti "${tcti[plain]}" ek --hash --ek p256
case_equal "a persistent key of another hierarchy is not taken for the EK" "$out" "$ecc"

tpm2_createek -T "${tcti[plain]}" -Q -G rsa -c 0x81010001 2>/dev/null
tpm2_flushcontext -T "${tcti[plain]}" -t
run attest_device --tcti "${tcti[plain]}" ek --hash
case_equal "the persistent EK is the same as the one that is made" "$out" "$rsa"
tpm2_evictcontrol -T "${tcti[plain]}" -Q -C o -c 0x81010001

# nv_put INDEX FILE, nv_remove INDEX
nv_put() {
	tpm2_nvdefine -T "${tcti[plain]}" -Q -C o -s "$(wc -c <"$2")" \
		-a 'ownerread|ownerwrite|authread' "$1"
	tpm2_nvwrite -T "${tcti[plain]}" -Q -C o -i "$2" "$1"
}
nv_remove() {
	tpm2_nvundefine -T "${tcti[plain]}" -Q -C o "$1"
}

# hash_with_unique FILE: of the RSA-2048 EK of template L-1 with these octets as unique.
hash_with_unique() {
	local size

	size=$(wc -c <"$1")
	{ bytes "$(printf '%02x%02x' $((size % 256)) $((size / 256)))"; cat "$1"; } >"$scratch/unique-data"
	tpm2_createprimary -T "${tcti[plain]}" -Q -C e -G rsa2048:null:aes128cfb -L "$scratch/policy" \
		-a 'fixedtpm|fixedparent|sensitivedataorigin|adminwithpolicy|restricted|decrypt' \
		-u "$scratch/unique-data" -c "$scratch/unique.ctx"
	tpm2_readpublic -T "${tcti[plain]}" -Q -c "$scratch/unique.ctx" -f der -o "$scratch/unique.der"
	tpm2_flushcontext -T "${tcti[plain]}" -t
	sha256sum <"$scratch/unique.der" | cut -d ' ' -f 1
}

printf 'nonce of the maker, 32 octets...' >"$scratch/nonce"
{ cat "$scratch/nonce"; head -c 224 /dev/zero; } >"$scratch/unique"
nv_put 0x01c00003 "$scratch/nonce"
run attest_device --tcti "${tcti[plain]}" ek --hash
case_equal "a nonce in NV goes into unique, with zeros behind" "$out" \
	"$(hash_with_unique "$scratch/unique")"
check "… and makes another key" '[ "$out" != "$rsa" ]'

{
	bytes 0001 000b 000300b2 0020 837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa
	bytes 0006 0080 0043 0010 0800 00000000 0020
	tac -rs . "$scratch/nonce"
} >"$scratch/template"
nv_put 0x01c00004 "$scratch/template"
run attest_device --tcti "${tcti[plain]}" ek --hash
case_equal "with a template too, the nonce goes into that one" "$out" \
	"$(hash_with_unique "$scratch/unique")"
nv_remove 0x01c00003
tail -c 32 "$scratch/template" >"$scratch/unique"
run attest_device --tcti "${tcti[plain]}" ek --hash
case_equal "a template in NV goes before TCG's" "$out" "$(hash_with_unique "$scratch/unique")"
check "… and makes another key" '[ "$out" != "$rsa" ]'
nv_remove 0x01c00004

printf 'garbage.' >"$scratch/garbage"
nv_put 0x01c00004 "$scratch/garbage"
case_fails "garbage in place of a template is named" 1 'NV index 0x01c00004 holds no RSA-2048 template' \
	attest_device --tcti "${tcti[plain]}" ek
nv_remove 0x01c00004

nv_put 0x01c00002 "$scratch/garbage"
run attest_device --tcti "${tcti[plain]}" ek
case_equal "garbage in place of a certificate counts for none" "$(row RSA-2048 L-1)" "$rsa none"
nv_remove 0x01c00002
tpm2_nvread -T "${tcti[certified]}" -C o -o "$scratch/nv.der" 0x01c00002 2>/dev/null
bytes ffffffffffffffff >>"$scratch/nv.der"
nv_put 0x01c00002 "$scratch/nv.der"
run attest_device --tcti "${tcti[plain]}" ek
case_equal "another TPM's certificate is told from ours, padding and all" "$(row RSA-2048 L-1)" \
	"$rsa for another key"
nv_remove 0x01c00002

# ---- what goes wrong ----

for i in 1 2 3; do
	tpm2_createprimary -T "${tcti[plain]}" -Q -C o -G ecc -c "$scratch/full.ctx" 2>/dev/null
done
case_fails "a TPM full of others' keys: the remedy is named" 1 'tpm2_flushcontext -t' \
	attest_device --tcti "${tcti[plain]}" ek
tpm2_flushcontext -T "${tcti[plain]}" -t
case_ok "… and works" attest_device --tcti "${tcti[plain]}" ek
check "plain: nothing stays loaded at the end" 'nothing_loaded plain'

tpm2_changeauth -T "${tcti[plain]}" -c e secret
case_fails "an endorsement hierarchy with a password is named" 1 'the endorsement hierarchy has a password' \
	attest_device --tcti "${tcti[plain]}" ek

case_fails "no TPM at the device file" 1 'there is no TPM at /nonexistent/tpm.*firmware' \
	attest_device --tcti device:/nonexistent/tpm ek
case_fails "no such TCTI" 1 'the TPM "nonsense" does not open' attest_device --tcti nonsense ek
case_fails "nobody at the socket" 1 'does not open' \
	attest_device --tcti "swtpm:path=$scratch/nobody" ek
case_fails "--json says it too" 1 '"error": "notFound"' \
	attest_device --json --tcti device:/nonexistent/tpm ek

# ---- the command line ----

case_ok "--help" attest_device --help
case_matches "--help names the commands" "$out" $'\n  ek .*\n  attest '
case_ok "--version" attest_device --version
case_matches "--version names the program" "$out" '^attest-device '
case_fails "no command" 2 'no command given' attest_device
case_fails "no such command" 2 'there is no command "frobnicate"' attest_device frobnicate
case_fails "no such option" 2 'frobnicate' attest_device ek --frobnicate
case_fails "one argument too many" 2 'ek does not take "more"; see "attest-device ek --help"' attest_device ek more
case_fails "another command's option" 2 'does not take --ak-type' attest_device ek --ak-type p256
case_fails "no such EK" 2 'no EK is called "rsa1024"' attest_device ek --hash --ek rsa1024

finish
