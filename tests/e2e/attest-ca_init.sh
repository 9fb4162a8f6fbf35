# attest-ca init: what it makes, what it refuses, and that it leaves nothing behind.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

umask 022

# Everything of a directory: names, permissions, contents.
fingerprint() {
	(cd "$1" && find . -printf '%p %m %s\n' | sort && find . -type f ! -name '*-shm' -exec sha256sum {} + | sort)
}

mode_of() {
	stat -c %a "$1"
}

is_root=no
[ "$(id -u)" -ne 0 ] || is_root=yes

# ---- what it makes ----

case_ok "init makes a CA" attest_ca init
case_matches "init says that the root key may go offline" "$out" "move it to a safe place offline"
case_matches "init says how to go on" "$out" "attestd --state-dir $state_dir"
fingerprint=$(openssl x509 -in "$state_dir/root.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)
case_matches "init says by which fingerprint the root is known" "$out" "SHA-256 fingerprint[^0-9]*[[:space:]]$fingerprint"
case_matches "the line for a device names the directory" "$out" \
	$'\n'"  attest-ca --state-dir $state_dir enroll HASH --name NAME"
case_matches "the line for the ACME server has the root" "$out" \
	"attest-acmed init --attestation-roots $state_dir/root.pem --dns-name NAME"
case_matches "and the CRL" "$out" "attest-acmed --attestation-crl $state_dir/crl.pem"
case_equal "the directory is private" "$(mode_of "$state_dir")" 700
for file in root.key issuing.key store.db store.lock; do
	case_equal "$file is private" "$(mode_of "$state_dir/$file")" 600
done
case_equal "nothing else is left beside or inside it" \
	"$(cd "$scratch" && find . -path './ca*' -o -path './.attest*' | sort | tr '\n' ' ')" \
	"./ca ./ca/issuing.key ./ca/issuing.pem ./ca/root.crl ./ca/root.key ./ca/root.pem ./ca/store.db ./ca/store.lock "
case_ok "the issuing certificate verifies strictly under the root" \
	openssl verify -x509_strict -CAfile "$state_dir/root.pem" "$state_dir/issuing.pem"
case_ok "the root's CRL verifies under the root" \
	openssl crl -inform DER -in "$state_dir/root.crl" -CAfile "$state_dir/root.pem" -noout
case_equal "the root's CRL is empty" \
	"$(openssl crl -inform DER -in "$state_dir/root.crl" -noout -text | grep -c 'No Revoked Certificates')" 1
for pair in root issuing; do
	case_equal "$pair.key belongs to $pair.pem" \
		"$(openssl pkey -in "$state_dir/$pair.key" -pubout)" \
		"$(openssl x509 -in "$state_dir/$pair.pem" -noout -pubkey)"
done
case_equal "list of a new CA is empty" "$(attest_ca list --json)" "[]"

# ---- never overwrites ----

before=$(fingerprint "$state_dir")
case_fails "init again is refused" 1 "$state_dir/root.key is there already, and nothing was changed" attest_ca init
case_equal "init again changes nothing" "$(fingerprint "$state_dir")" "$before"

for file in root.key root.pem root.crl issuing.key issuing.pem crl.der store.db; do
	mkdir "$scratch/half"
	: >"$scratch/half/$file"
	before=$(fingerprint "$scratch/half")
	case_fails "init where only $file is says which" 1 "$scratch/half/$file is there already" \
		"$attest_ca_program" --state-dir "$scratch/half" init
	case_equal "init where only $file is changes nothing" "$(fingerprint "$scratch/half")" "$before"
	rm -r "$scratch/half"
done

mkdir "$scratch/other"
: >"$scratch/other/letter"
before=$(fingerprint "$scratch/other")
case_fails "init in a directory of something else is refused" 1 \
	"$scratch/other is not empty: it has \"letter\"; use a new or an empty directory" \
	"$attest_ca_program" --state-dir "$scratch/other" init
case_equal "init in a directory of something else changes nothing" "$(fingerprint "$scratch/other")" "$before"

: >"$scratch/file"
case_fails "init where a file is is refused" 1 "$scratch/file is not a directory" \
	"$attest_ca_program" --state-dir "$scratch/file" init
case_fails "init without the parent directory says what to do" 1 \
	"$scratch/none does not exist; make it first" "$attest_ca_program" --state-dir "$scratch/none/ca" init
case_fails "init below a file is refused" 1 "looking at" "$attest_ca_program" --state-dir "$scratch/file/ca" init
ln -s nowhere "$scratch/link"
case_fails "init at a dangling link is refused" 1 "appeared meanwhile" \
	"$attest_ca_program" --state-dir "$scratch/link" init

# ---- an empty directory, as a service manager makes it ----

mkdir -m 755 "$scratch/empty"
case_equal "the fingerprint is in JSON too" \
	"$("$attest_ca_program" --state-dir "$scratch/json" --json init | jq -r .root.sha256)" \
	"$(openssl x509 -in "$scratch/json/root.pem" -outform DER | sha256sum | cut -d' ' -f1)"
case_ok "init in an empty directory works" "$attest_ca_program" --state-dir "$scratch/empty/" init
case_equal "init makes it private" "$(mode_of "$scratch/empty")" 700
if [ "$is_root" = yes ]; then
	chmod 711 "$scratch" # root works there as the service's user, who must get there
	mkdir "$scratch/service"
	chown 12345:12346 "$scratch/service"
	case_ok "init by root in a service's directory works" "$attest_ca_program" --state-dir "$scratch/service" init
	case_equal "all in it is the service's" \
		"$(find "$scratch/service" -printf '%U:%G\n' | sort -u)" 12345:12346
else
	skip "init by root in a service's directory works" "not root"
	skip "all in it is the service's" "not root"
fi

# ---- what fails leaves nothing ----

# Files may not grow beyond some KiB: what a full disk does.
limited() {
	(
		trap '' XFSZ
		ulimit -f "$1"
		shift
		"$@"
	)
}
for size in 1 8 32; do
	case_fails "init on a disk full after $size KiB fails" 1 "attest-ca: " \
		limited "$size" "$attest_ca_program" --state-dir "$scratch/full" init
	check "init on a disk full after $size KiB leaves nothing" \
		'[ ! -e "$scratch/full" ] && [ -z "$(find "$scratch" -name ".attest*")" ]'
	mkdir -m 755 "$scratch/full"
	case_fails "init inside a directory on that disk fails" 1 "attest-ca: " \
		limited "$size" "$attest_ca_program" --state-dir "$scratch/full" init
	case_equal "init inside a directory on that disk leaves it empty, and as it was" \
		"$(find "$scratch/full" -printf '%P %m\n')" " 755"
	rm -rf "$scratch/full"
done

# ---- two at once: one CA, whole ----

mkdir "$scratch/race"
for i in 1 2 3 4; do
	"$attest_ca_program" --state-dir "$scratch/race" init >"$scratch/race.$i" 2>&1 &
done
winners=0
for job in $(jobs -p); do
	! wait "$job" || winners=$((winners + 1))
done
case_equal "of four at once in an empty directory one wins" "$winners" 1
case_ok "and its CA is whole" openssl verify -CAfile "$scratch/race/root.pem" "$scratch/race/issuing.pem"
case_ok "and its store opens" "$attest_ca_program" --state-dir "$scratch/race" list

# ---- options ----

# What each word makes is tests/unit/pki/key_test.c's; two such keys of 4096 bits take seconds.
for type in p256:ASN1.OID:.prime256v1 p384:ASN1.OID:.secp384r1 'rsa3072:Public-Key:.\(3072'; do
	name=${type%%:*}
	case_ok "init --key-type $name works" "$attest_ca_program" --state-dir "$scratch/$name" init --key-type "$name"
	for certificate in root issuing; do
		case_matches "the $certificate key is $name" \
			"$(openssl x509 -in "$scratch/$name/$certificate.pem" -noout -text)" "${type#*:}"
	done
	case_ok "its issuing certificate verifies strictly" \
		openssl verify -x509_strict -CAfile "$scratch/$name/root.pem" "$scratch/$name/issuing.pem"
done

case_ok "init with name and lifetimes works" "$attest_ca_program" init --name "Zoë's CA" \
	--state-dir "$scratch/named" --root-lifetime 52w --issuing-lifetime 7d --json
case_equal "init --json names both" "$(jq -r '.root.name + ", " + .issuing.name' <<<"$out")" \
	"Zoë's CA Root, Zoë's CA Issuing"
case_equal "the CNs are what it says" \
	"$(openssl x509 -in "$scratch/named/issuing.pem" -noout -issuer -subject -nameopt utf8,sep_comma_plus | tr '\n' ' ')" \
	"issuer=CN=Zoë's CA Root subject=CN=Zoë's CA Issuing "
case_ok "the issuing certificate is valid in 6 days" \
	openssl x509 -in "$scratch/named/issuing.pem" -noout -checkend $((6 * 86400))
case_fails "the issuing certificate is not valid in 8 days" 1 "will expire" \
	openssl x509 -in "$scratch/named/issuing.pem" -noout -checkend $((8 * 86400))
case_fails "the root is not valid in 365 days" 1 "will expire" \
	openssl x509 -in "$scratch/named/root.pem" -noout -checkend $((365 * 86400))

refuse() { # NAME REGEX OPTION…
	local name=$1 regex=$2

	shift 2
	case_fails "init with $name is refused" 2 "$regex.*; see \"attest-ca init --help\"" \
		"$attest_ca_program" --state-dir "$scratch/refused" init "$@"
	check "init with $name makes nothing" '[ ! -e "$scratch/refused" ]'
}
refuse "an unknown key type" 'key type "dsa" is not one of p256, p384, rsa3072, rsa4096' --key-type dsa
refuse "a lifetime without unit" '--issuing-lifetime: "10" is no duration' --issuing-lifetime 10
refuse "a lifetime of nothing" '--root-lifetime: "0d" is not between' --root-lifetime 0d
refuse "an issuing lifetime above the root's" 'cannot outlive its root' --root-lifetime 1y --issuing-lifetime 2y
refuse "no name" '--name has 1 to 56 characters, not 0' --name ''
refuse "a long name" '--name has 1 to 56 characters, not 57' --name "$(printf '%057d' 0)"
refuse "a name of two lines" 'octet 2 of --name is no text in UTF-8' --name $'a\nb'
refuse "a name that is no UTF-8" 'octet 1 of --name is no text in UTF-8' --name $'\xff'
refuse "an operand" 'init does not take "x"' x
case_ok "a name of 56 characters fits a CN" \
	"$attest_ca_program" --state-dir "$scratch/long" init --name "$(printf '%056d' 0)"

finish
