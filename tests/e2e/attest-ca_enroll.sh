# attest-ca enroll: every way to say which EK, and every refusal.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest_ca init >/dev/null || exit 1

hash=2ea8f0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c
upper=2EA8F0000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C
urn=urn:ek:sha256:LqjwAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=
other=0100000000000000000000000000000000000000000000000000000000000000

inventory() {
	attest_ca list --json
}

# ---- the forms of a hash ----

for form in "$hash" "$upper" "sha256:$hash" "sha256:$upper" "$urn"; do
	case_ok "enroll ${form:0:20}… works" attest_ca enroll "$form"
	case_matches "and says the hash" "$out" "enrolled EK $hash"
	case_equal "and the device is there" "$(attest_ca show "$hash" --json | jq -r .ek_hash)" "$hash"
	case_ok "and goes again" attest_ca remove "$form"
done

# ---- names and notes ----

case_ok "enroll with names and note works" attest_ca enroll "$hash" --name laptop --name "Zoë's" --note "3rd floor / left" --json
case_equal "enroll --json says what was enrolled" \
	"$(jq -c '[.ek_hash, .names, .identifiers, .note, .enabled]' <<<"$out")" \
	"[\"$hash\",[\"laptop\",\"Zoë's\"],[\"laptop\",\"Zoë's\"],\"3rd floor / left\",true]"
case_matches "and when" "$(jq -r .enrolled <<<"$out")" '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z$'
case_equal "a device without a name has its hash as identifier" \
	"$(attest_ca enroll "$other" --json | jq -c '[.names, .identifiers]')" "[[],[\"$other\"]]"
case_ok "remove it" attest_ca remove "$other"
case_ok "options before the operand work" attest_ca enroll --name first "$other"
case_ok "remove it" attest_ca remove first
case_ok "behind -- is an operand" attest_ca enroll --name=second -- "$other"
case_ok "a device may have its own hash for a name" \
	attest_ca enroll "0200000000000000000000000000000000000000000000000000000000000000" \
	--name 0200000000000000000000000000000000000000000000000000000000000000

# ---- names that no CN of a device certificate holds whole ----

long=device-of-the-laboratory-for-applied-metrology-room-12-shelf-3-number-0042
short=${long:0:47}-$(printf %s "$long" | sha256sum | cut -c 1-16)
told="the name $long has more than 64 characters: .*PermanentIdentifier, and as CN $short"
run attest_ca enroll 0400000000000000000000000000000000000000000000000000000000000000 --name "$long"
case_matches "enroll says that a name will not fit" "$err" "$told"
run attest_ca set "$long" --name "${long}3" --json
case_matches "set says it, too" "$err" "the name ${long}3 has more than 64 characters"
check "and --json stays JSON" 'jq -e .ek_hash <<<"$out" >/dev/null'
run attest_ca set "${long}3" --note "not about names"
case_equal "but only of what it sets" "$err" ""
run attest_ca set "${long}3" --name "${long:0:64}"
case_equal "a name of 64 characters fits" "$err" ""
printf 'ek_hash,name\n%064d,%s\n%064d,short\n' 5 "$long" 6 >"$scratch/long.csv"
run attest_ca import "$scratch/long.csv"
case_matches "import says it of a file" "$err" "1 name has more than 64 characters, the first in line 2:"
attest_ca remove 0400000000000000000000000000000000000000000000000000000000000000 \
	"$(printf %064d 5)" "$(printf %064d 6)" >/dev/null

# ---- names that look like another device's ----

two=0700000000000000000000000000000000000000000000000000000000000000
three=0800000000000000000000000000000000000000000000000000000000000000
looks="name \"Laptop\" looks like \"laptop\" of device $hash"
case_fails "a name that looks like another's is refused" 1 \
	"$looks; choose another name, or allow it with --similar-names warn" attest_ca enroll "$two" --name Laptop
case_fails "… in Cyrillic, too" 1 'name "рс" looks like "pc" of device' \
	bash -c "'$attest_ca_program' --state-dir '$state_dir' set second --name second --name pc &&
	'$attest_ca_program' --state-dir '$state_dir' enroll $two --name рс"
case_fails "there are refuse and warn" 2 'refuse and warn' attest_ca enroll "$two" --similar-names maybe
case_ok "with warn it is enrolled" attest_ca enroll "$two" --name Laptop --similar-names warn
case_matches "… and that is said" "$err" "^warning: $looks\$"
case_fails "set refuses it" 1 'name "LAPTOP" looks like "Laptop" of device' attest_ca set second --name LAPTOP
case_ok "set with warn does not" attest_ca set second --name LAPTOP --similar-names warn
case_ok "check of a CA with such names is no failure" attest_ca check
case_matches "… but warns" "$out" \
	"warning +names +names of different devices look alike \(\"LAPTOP\" and \"laptop\"\).*attest-ca --state-dir $state_dir set DEVICE --name NAME"
case_fails "replace refuses it" 1 "name \"Laptop\" looks like \"LAPTOP\" of device $other" attest_ca replace "$two" "$three"
case_ok "replace with warn does not" attest_ca replace "$two" "$three" --similar-names warn
attest_ca export --name '[lL]aptop' >"$scratch/two.csv"
attest_ca remove "$three" "$hash" >/dev/null
case_fails "import refuses them" 1 'line [23]: name "laptop" looks like "Laptop" on line [23]' attest_ca import "$scratch/two.csv"
case_fails "… compared with the inventory, too" 1 "looks like \"LAPTOP\" of device $other" attest_ca import "$scratch/two.csv"
case_ok "import with warn does not" attest_ca import "$scratch/two.csv" --similar-names warn
case_matches "… and says so" "$err" 'warning: name "laptop" looks like "Laptop" of device 08'
case_ok "names that were given before stay" attest_ca set LAPTOP --name LAPTOP --name second
attest_ca remove "$three" "$hash" >/dev/null
attest_ca set LAPTOP --name second >/dev/null
attest_ca enroll "$hash" --name laptop --name "Zoë's" --note "3rd floor / left" >/dev/null

# ---- refusals, after which nothing has changed ----

before=$(inventory)
refuse() { # NAME REGEX ARGUMENT…
	local name=$1 regex=$2

	shift 2
	case_fails "$name is refused" 1 "$regex" attest_ca enroll "$@"
	case_equal "$name changes nothing" "$(inventory)" "$before"
}
free=0300000000000000000000000000000000000000000000000000000000000000

refuse "a hash that is enrolled" "EK $hash is enrolled already; see \"attest-ca --state-dir $state_dir show $hash\"" "$upper"
refuse "a name in use" \
	"name \"laptop\" belongs to device $hash; when this is the EK of its new mainboard, run \"attest-ca --state-dir $state_dir replace $hash $free\"" \
	"$free" --name fine --name laptop
refuse "a name given twice" 'name "twice" is given twice' "$free" --name twice --name twice
refuse "the hash of another device for a name" "name \"$hash\" is the hash of another EK" "$free" --name "$hash"
refuse "the same in upper case" "is the hash of another EK" "$free" --name "$upper"
refuse "the same as URN" "is the hash of another EK" "$free" --name "$urn"
refuse "the hash of a device not yet enrolled for a name" "is the hash of another EK" "$free" --name "${free/3/4}"
refuse "a hash of 63 digits" '63.*64.*"attest-device ek --hash" prints it' "${free:1}"
refuse "a hash of 65 digits" '65.*64' "${free}0"
refuse "a hash with a letter" "attest-device ek --hash" "${free/3/g}"
refuse "garbage" "attest-device ek --hash" "not a hash"
refuse "an empty hash" "attest-device ek --hash" ""
refuse "a URN with broken base64" "attest-device ek --hash" "urn:ek:sha256:####"
refuse "an empty name" "name 1: an identifier cannot be empty" "$free" --name ""
refuse "a name with a slash" 'name 2: an identifier cannot hold a "/"' "$free" --name a --name a/b
refuse "a name with a control character" "name 1: octet 2 of the identifier is a control character" "$free" --name $'a\tb'
refuse "a name that is no UTF-8" "name 1: octet 1 of the identifier is not UTF-8" "$free" --name $'\xff'
refuse "a name of 256 octets" "an identifier has at most 255 octets, this one 256" "$free" --name "$(printf '%0256d' 0)"
refuse "a note of two lines" "octet 2 of the note is a control character" "$free" --note $'a\nb'
refuse "a note that is too long" "a note has at most 1024 octets, this one 1025" "$free" --note "$(printf '%01025d' 0)"
refuse "33 names" "a device has at most 32 names" "$free" $(seq -f '--name n%g' 33)
case_ok "a name of 255 octets is taken" attest_ca enroll "$free" --name "$(printf '%0255d' 0)"

case_fails "no hash is a usage error" 2 'enroll needs a HASH or --ek FILE; see "attest-ca enroll --help"' attest_ca enroll
case_fails "hash and --ek are a usage error" 2 "not both" attest_ca enroll "$free" --ek x
case_fails "two hashes are a usage error" 2 "enroll does not take \"$other\"" attest_ca enroll "$free" "$other"
case_fails "two notes are a usage error" 2 "--note is given twice" attest_ca enroll "$free" --note a --note b

# ---- escape sequences do not reach the terminal ----

run attest_ca enroll "$free" --name $'\e[31mred'
check "an error shows no escape sequence" '[[ $err != *$'"'\\e'"'* ]]'
case_fails "a name with an override is refused" 1 'octet 4 of the name begins a character that cannot be seen, U\+202E' \
	attest_ca enroll "${free/3/5}" --name $'abc\xe2\x80\xaedef'
case_fails "so is one whose letters are of two scripts" 1 'mixes scripts or digits that look alike' \
	attest_ca enroll "${free/3/5}" --name $'w\xd0\xb5b'
case_ok "a note with an override is taken" attest_ca enroll "${free/3/5}" --note $'abc\xe2\x80\xaedef'
case_matches "and shown escaped" "$(attest_ca show "${free/3/5}")" 'note +abc\\u\{202e\}def'

# ---- --ek: as tools write it ----

cd "$scratch" || exit 99
openssl ecparam -genkey -name prime256v1 -noout -out ek.key
openssl pkey -in ek.key -pubout -out ek.pub.pem
openssl pkey -in ek.key -pubout -outform DER -out ek.pub.der
openssl req -new -x509 -key ek.key -subj /CN=EK -days 1 -out ek.cert.pem 2>/dev/null
openssl x509 -in ek.cert.pem -outform DER -out ek.cert.der
ek_hash=$(openssl pkey -in ek.key -pubout -outform DER | sha256sum | cut -d' ' -f1)
# A compressed point is another encoding of the same key: it has the same hash.
openssl ec -in ek.key -pubout -conv_form compressed -outform DER -out ek.compressed.der 2>/dev/null
{ echo "what this is"; cat ek.cert.pem; } >ek.described.pem
{ cat ek.pub.pem; openssl ecparam -genkey -name prime256v1 -noout | openssl pkey -pubout; } >ek.two.pem
for file in ek.pub.pem ek.pub.der ek.cert.pem ek.cert.der ek.described.pem ek.two.pem; do
	case_ok "enroll --ek $file works" attest_ca enroll --ek "$file"
	case_matches "enroll --ek $file has the key's hash" "$out" "enrolled EK $ek_hash"
	case_ok "remove it" attest_ca remove "$ek_hash"
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl pkey -in rsa.key -pubout -out rsa.pub.pem
rsa_hash=$(openssl pkey -in rsa.key -pubout -outform DER | sha256sum | cut -d' ' -f1)
openssl rsa -in rsa.key -RSAPublicKey_out -out rsa.pkcs1.pem 2>/dev/null
openssl rsa -in rsa.key -RSAPublicKey_out -outform DER -out rsa.pkcs1.der 2>/dev/null
for file in rsa.pub.pem rsa.pkcs1.pem rsa.pkcs1.der; do
	base64 "$file" >"$file.base64"
	for form in "$file" "$file.base64"; do
		case_ok "enroll --ek $form works" attest_ca enroll --ek "$form"
		case_matches "it has the key's hash" "$out" "enrolled EK $rsa_hash"
		case_ok "remove it" attest_ca remove "$rsa_hash"
	done
done

before=$(inventory)
head -c 100 ek.cert.der >cut.der
echo hello >text
: >empty
openssl genpkey -algorithm ed25519 -out ed.key
openssl pkey -in ed.key -pubout -out ed.pub.pem
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out small.key 2>/dev/null
openssl pkey -in small.key -pubout -out small.pub.pem
printf -- '-----BEGIN PUBLIC KEY-----\n####\n-----END PUBLIC KEY-----\n' >broken.pem
refuse "a private key" "ek.key holds a private key; give the EK's public key or its certificate" --ek ek.key
refuse "a file that is not there" "opening nowhere: No such file" --ek nowhere
refuse "a directory" "reading .: Is a directory" --ek .
for file in cut.der text empty broken.pem; do
	refuse "--ek $file" "$file holds neither a public key nor a certificate, PEM or DER" --ek "$file"
done
refuse "a key of a kind that no EK has" "ed.pub.pem: " --ek ed.pub.pem
refuse "an RSA key of 1024 bits" "small.pub.pem: EK of 1024 bits" --ek small.pub.pem
head -c 300000 /dev/zero >huge
refuse "a huge file" "huge has more than 262144 octets" --ek huge

# ---- the EK of a TPM ----

swtpm_start one || exit 1
TPM2TOOLS_TCTI=${tcti[one]} tpm2_createek -G rsa -u tpm.pub.pem -f pem -c tpm.ctx >/dev/null 2>&1
case_ok "enroll --ek of what tpm2_createek writes works" attest_ca enroll --ek tpm.pub.pem --name swtpm
export TPM2TOOLS_TCTI=${tcti[one]}
tpm2_flushcontext -t
for algorithm in rsa ecc; do
	tpm2_createek -G "$algorithm" -u "$algorithm.pem" -f pem -c "$algorithm.ctx" >/dev/null 2>&1
	tpm_hash=$(openssl pkey -pubin -in "$algorithm.pem" -outform DER | sha256sum | cut -d' ' -f1)
	run attest_ca remove "$tpm_hash"
	for form in tss tpmt der; do
		tpm2_flushcontext -t
		tpm2_readpublic -c "$algorithm.ctx" -f "$form" -o "$algorithm.$form" >/dev/null 2>&1
		base64 -w 0 "$algorithm.$form" >"$algorithm.$form.base64"
		for file in "$algorithm.$form" "$algorithm.$form.base64"; do
			case_ok "enroll --ek of $file as tpm2_readpublic writes it works" \
				attest_ca enroll --ek "$file"
			case_matches "$file has the key's hash" "$out" "enrolled EK $tpm_hash"
			case_ok "remove it" attest_ca remove "$tpm_hash"
		done
	done
	before=$(inventory)
	for form in tss tpmt; do
		head -c -1 "$algorithm.$form" >"cut.$form"
		refuse "$algorithm.$form cut off" "cut.$form: the " --ek "cut.$form"
		{ cat "$algorithm.$form"; printf '\0'; } >"longer.$form"
		refuse "$algorithm.$form and an octet" "longer.$form: the " --ek "longer.$form"
	done
	tpm2_flushcontext -t
done
tpm2_createprimary -C o -G ecc256:ecdsa-sha256:null -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign' \
	-c ak.ctx >/dev/null 2>&1
tpm2_readpublic -c ak.ctx -f tss -o ak.tss >/dev/null 2>&1
refuse "the public area of a key that signs" "ak.tss: EK without decrypt" --ek ak.tss
unset TPM2TOOLS_TCTI

finish
