#!/usr/bin/env bash
# attest-ca trust: certificates from every kind of file and archive, all of them or
# nothing; listed, removed, and asked about EK certificates, a real TPM's among them.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest_ca init >/dev/null || exit 1
cd "$scratch" || exit 99
mkdir certs

# ---- a vendor's CAs, and others' ----

# ca NAME [ISSUER] [OPTION…]: a CA in certs/NAME.pem and NAME.key.
ca() {
	local name=$1 issuer=${2:-} extension='basicConstraints=critical,CA:TRUE'

	shift $(($# < 2 ? $# : 2))
	[[ $issuer != leaf-* ]] || { extension='basicConstraints=critical,CA:FALSE'; issuer=${issuer#leaf-}; }
	openssl ecparam -genkey -name prime256v1 -noout -out "$name.key"
	openssl req -new -key "$name.key" -subj "/O=Vendor/CN=$name" -out req.pem
	printf '%s\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n' "$extension" >extensions
	if [ -z "$issuer" ]; then
		openssl x509 -req -in req.pem -signkey "$name.key" -extfile extensions \
			-out "certs/$name.pem" -days 400 "$@" 2>/dev/null
	else
		openssl x509 -req -in req.pem -CA "certs/$issuer.pem" -CAkey "$issuer.key" \
			-set_serial "$RANDOM" -extfile extensions -out "certs/$name.pem" -days 400 "$@" 2>/dev/null
	fi
}
ca root1
ca root2
ca middle1 root1
ca middle2 root2
ca nobody leaf-root1
ca expired "" -days 0
for name in root1 root2 middle1 middle2 nobody expired; do
	openssl x509 -in "certs/$name.pem" -outform DER -out "$name.der"
done
# A root whose signature is not its own.
last=$(tail -c 1 root1.der | od -An -tu1)
{ head -c -1 root1.der; printf "\\x$(printf %02x $((last ^ 1)))"; } >spoilt.der
wait_for 'openssl x509 -checkend 0 -in certs/expired.pem >/dev/null; [ $? = 1 ]'

counts() { # how many roots and intermediates there are
	attest_ca trust list --json |
		jq -r '"\(map(select(.role == "root")) | length) \(map(select(.role == "intermediate")) | length)"'
}
forget() {
	local fingerprints

	fingerprints=$(attest_ca trust list --json | jq -r '.[].fingerprint')
	[ -z "$fingerprints" ] || attest_ca trust remove $fingerprints >/dev/null
}
# imports NAME ROOTS INTERMEDIATES PATH…: into an empty store.
imports() {
	local name=$1 roots=$2 intermediates=$3

	shift 3
	forget
	case_ok "trust import of $name works" attest_ca trust import "$@"
	case_equal "trust import of $name takes what is there" "$(counts)" \
		"$roots $intermediates"
}

case_ok "a list of nothing works" attest_ca trust list
case_matches "and says what to do" "$err" "run \"attest-ca --state-dir $state_dir trust import PATH\""
case_equal "in JSON it is an empty array" "$(attest_ca trust list --json)" "[]"

# ---- one file ----

imports "one DER file" 1 0 root1.der
imports "one PEM file" 1 0 certs/root1.pem
cp root1.der misleading.zip
imports "a file of another name" 1 0 misleading.zip
{ echo "of a vendor"; cat certs/root1.pem; openssl pkey -in root1.key -pubout; cat certs/middle1.pem \
	certs/root2.pem; } >bundle.txt
imports "a bundle with other things between" 2 1 bundle.txt
imports "several files" 2 0 root1.der root2.der
gzip -k bundle.txt
imports "a bundle compressed" 2 1 bundle.txt.gz

# ---- PKCS#7 and trusted certificates, as openssl writes them ----

openssl crl2pkcs7 -nocrl -certfile certs/root1.pem -certfile certs/middle1.pem -certfile certs/root2.pem \
	-out bag.p7b
openssl pkcs7 -in bag.p7b -outform DER -out bag.p7c
imports "PKCS#7 in PEM" 2 1 bag.p7b
imports "PKCS#7 in DER" 2 1 bag.p7c
case_matches "its certificates have their number" "$(attest_ca trust list --json | jq -r '.[].source')" \
	'bag.p7c, certificate 2'
openssl ecparam -genkey -name prime256v1 -noout -out signer.key
openssl req -new -x509 -key signer.key -subj /CN=signer -days 1 -out signer.pem \
	-addext basicConstraints=critical,CA:FALSE 2>/dev/null
echo text | openssl cms -sign -signer signer.pem -inkey signer.key -certfile certs/root1.pem \
	-outform PEM -out signed.pem
imports "signed CMS, by the certificates in it" 1 0 signed.pem
openssl x509 -in certs/root1.pem -trustout -addtrust serverAuth -setalias one -out trusted.pem
openssl x509 -in certs/root2.pem -trustout -addreject emailProtection -out rejected.pem
imports "a trusted certificate" 1 0 trusted.pem
imports "one that is rejected, and one that is not" 1 0 trusted.pem rejected.pem
case_matches "the rejected one is named" "$out" 'marked as rejected for some use.*in rejected.pem'
for cut in 10 300 "$(($(wc -c <bag.p7c) - 1))"; do
	head -c "$cut" bag.p7c >cut.p7c
	imports "PKCS#7 cut off after $cut octets, and a root" 1 0 cut.p7c root1.der
	case_matches "what cannot be read is named" "$out" 'in cut.p7c'
done
{ cat bag.p7c; printf x; } >longer.p7c
imports "PKCS#7 with an octet behind it, and a root" 1 0 longer.p7c root1.der
case_matches "it is named" "$out" 'not PKCS#7 in DER, or not all of it, in longer.p7c'

# ---- directories and archives ----

mkdir -p tree/vendor/a tree/vendor/b tree/docs
cp root1.der tree/vendor/a/r.cer
cp certs/middle1.pem tree/vendor/a/m.crt
cp root2.der tree/vendor/b
cp certs/middle2.pem tree/vendor/b
echo "read me" >tree/docs/setup.cmd
: >tree/docs/empty
mkfifo tree/docs/fifo
ln -s "$scratch/expired.der" tree/docs/link
ln -s .. tree/docs/up
imports "a directory" 2 2 tree
case_ok "the same again works" attest_ca trust import tree
case_matches "and says that nothing is new" "$out" 'imported 0 roots and 0 intermediates'
case_matches "and what is there" "$out" '4 present already'
rm tree/docs/fifo tree/docs/link tree/docs/up

(cd tree && zip -qr ../archive.zip .)
tar -cf archive.tar -C tree .
tar -czf archive.tar.gz -C tree .
needs xz
needs bzip2
needs zstd
xz -k archive.tar
bzip2 -k archive.tar
zstd -q archive.tar
xz -k bundle.txt
imports "a bundle compressed by xz" 2 1 bundle.txt.xz
for file in archive.zip archive.tar archive.tar.gz archive.tar.xz archive.tar.bz2 archive.tar.zst; do
	imports "$file" 2 2 "$file"
done
needs gcab
(cd tree && gcab -c -z ../TrustedTpm.cab vendor/a/r.cer vendor/a/m.crt vendor/b/root2.der \
	vendor/b/middle2.pem docs/setup.cmd)
imports "a cab" 2 2 TrustedTpm.cab
case_matches "a certificate's source is archive and member" \
	"$(attest_ca trust list --json | jq -r '.[].source')" 'TrustedTpm.cab: vendor/a/r.cer'
mkdir nest
cp TrustedTpm.cab nest/x
tar -czf nest.tgz nest
mkdir outer
mv nest.tgz outer/
imports "a cab in a tar.gz in a directory" 2 2 outer
head -c 700 TrustedTpm.cab >cut.cab

# ---- what is not imported, and named ----

forget
mkdir mixed
cp root1.der nobody.der spoilt.der expired.der mixed
cp certs/root1.pem mixed/twice.pem
head -c 100 root2.der >mixed/cut.der
case_ok "trust import of good and bad works" attest_ca trust import mixed
case_matches "it says what it imported" "$out" 'imported 2 roots and 0 intermediates'
case_matches "the expired one is named" "$out" 'O = Vendor, CN = expired: 20[0-9TZ:-]*, in mixed/expired.der'
case_matches "the duplicate is named" "$out" '1 present already, or found twice:
  O = Vendor, CN = root1: in mixed/twice.pem'
case_matches "what is no CA is named" "$out" "CN = nobody: it is no CA's, in mixed/nobody.der"
case_matches "a wrong signature of its own is named" "$out" \
	'CN = root1: it is its own issuer, but its signature is not by its key, in mixed/spoilt.der'
case_matches "what cannot be read is named" "$out" 'not a certificate: [^,]*, in mixed/cut.der'
case_equal "the act is on record" "$(attest_ca audit --json | jq -r '.[-1] | .action + ", " + .detail')" \
	"trust import, roots: 2, intermediates: 0, from mixed"
forget
case_equal "in JSON every fate has its array" \
	"$(attest_ca trust import mixed --json | jq -c '[.roots, .intermediates, (.added, .duplicates, .refused, .unreadable | length)]')" \
	"[2,0,2,1,2,1]"

forget
case_ok "an intermediate without its root is imported" attest_ca trust import certs/middle1.pem
case_matches "and named" "$out" '1 of them lead to no imported root, and have no use without:
  O = Vendor, CN = middle1: in certs/middle1.pem'
case_equal "in JSON, too" "$(attest_ca trust import certs/middle2.pem certs/root2.pem --json |
	jq -c '.added[] | [.role, .has_root]')" '["intermediate",true]
["root",true]'

# ---- all or nothing ----

forget
nothing() { # NAME REGEX PATH…
	local name=$1 regex=$2

	shift 2
	case_fails "trust import of $name fails" 1 "nothing was imported: $regex" attest_ca trust import "$@"
	case_equal "trust import of $name leaves nothing" "$(attest_ca trust list --json)" "[]"
}
echo hello >text
: >empty
head -c 900 archive.tar.gz >cut.tar.gz
head -c 1000 archive.zip >cut.zip
mkdir nowhere-empty
mkdir with-broken
cp root1.der cut.tar.gz with-broken
nothing "a file that is not there, behind one that is" 'opening nowhere: No such file' root1.der nowhere
nothing "a text" 'text: there is no certificate in it' text
nothing "an empty file" 'empty: there is no certificate in it' empty
nothing "an empty directory" 'nowhere-empty: there is no certificate in it' nowhere-empty
nothing "a leaf's alone" "nobody.der: it is no CA's" nobody.der
nothing "a directory with a broken archive" 'with-broken/cut.tar.gz: the archive cannot be read' with-broken
nothing "an archive cut off" 'cut.zip: the archive cannot be read' cut.zip
nothing "a cab cut off" 'cut.cab: ' cut.cab
cp root1.der deep
for depth in 1 2 3 4 5 6; do
	tar -cf "deep.$depth.tar" deep
	mv "deep.$depth.tar" deep
done
nothing "archives in archives without end" 'deep: deep: deep: deep: deep: more than 4 nested archives' deep
mkdir -p "$(printf 'down/%.0s' {1..40})"
nothing "directories in directories without end" '.*more than 32 nested directories' down
yes | head -c 80M | gzip -1 >bomb.gz
nothing "a file that unpacks to very much" 'bomb.gz: it is too large' bomb.gz

# ---- list and remove ----

attest_ca trust import certs/root1.pem certs/middle1.pem certs/root2.pem >/dev/null
fingerprint=$(openssl dgst -sha256 -r root1.der | cut -d' ' -f1)
case_ok "trust list works" attest_ca trust list
case_matches "and shows fingerprint, role, end and name" "$out" \
	"$fingerprint  root          20[0-9-]{8}  O = Vendor, CN = root1"
case_equal "in JSON it has all of it" "$(attest_ca trust list --json | jq -c --arg f "$fingerprint" \
	'.[] | select(.fingerprint == $f) | [.role, .subject, .issuer, .key, .source]')" \
	'["root","O = Vendor, CN = root1","O = Vendor, CN = root1","P-256","certs/root1.pem"]'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout long.key -out long.pem -days 400 \
	-subj "/C=DE/O=A Vendor of Trusted Platform Modules/OU=Trusted Computing/CN=Endorsement Key Root CA 047" 2>/dev/null
attest_ca trust import long.pem >/dev/null
on_terminal "$attest_ca_program" --state-dir "$state_dir" trust list
check "on a terminal it fits 80 columns, with a long name" '[ "$status" -eq 0 ] && [ "$widest" -le 80 ] &&
	[[ $out == *"O = A Vendor of"*"CN = Endorsement Key"*"Root CA 047"* ]]' || note "$out"
attest_ca trust remove "$(openssl x509 -in long.pem -noout -fingerprint -sha256 | cut -d= -f2)" >/dev/null
case_fails "trust remove of what is not there fails" 1 'no imported certificate has the fingerprint 00000000' \
	attest_ca trust remove 00000000
case_fails "trust remove of seven digits fails" 1 'has less than 8 digits' attest_ca trust remove "${fingerprint:0:7}"
case_fails "trust remove of a name fails" 1 "is no fingerprint; \"attest-ca --state-dir $state_dir trust list\" shows them" \
	attest_ca trust remove root1
case_fails "trust remove of one and a wrong one fails" 1 'nothing was removed: no imported' \
	attest_ca trust remove "$fingerprint" 00000000
case_matches "and removes none" "$(counts)" "^2 "
case_ok "trust remove by a beginning works" attest_ca trust remove "${fingerprint:0:8}"
case_matches "and says which" "$out" 'removed the root O = Vendor, CN = root1'
colons=$(openssl x509 -in certs/root2.pem -noout -fingerprint -sha256 | cut -d= -f2)
case_equal "trust remove takes colons" \
	"$(attest_ca trust remove "$colons" --json | jq -r '.[].subject')" "O = Vendor, CN = root2"
openssl x509 -in certs/root2.pem -signkey root2.key -set_serial 99 -days 9 -out again.pem 2>/dev/null
attest_ca trust import certs/root2.pem again.pem >/dev/null
case_ok "trust remove of a root that came twice works" attest_ca trust remove "$colons"
case_matches "and names the other one" "$out" \
	"one with the same key is still imported: $(openssl x509 -in again.pem -outform DER | sha256sum | cut -d' ' -f1)"
attest_ca trust remove "$(openssl x509 -in again.pem -outform DER | sha256sum | cut -d' ' -f1)" >/dev/null
case_equal "what was not named is still there" "$(counts)" "0 1"
case_fails "trust remove of nothing is a usage error" 2 'trust remove needs an argument' attest_ca trust remove
case_fails "trust import of nothing is a usage error" 2 'trust import needs an argument' attest_ca trust import
case_fails "trust alone is a usage error" 2 'there is no command "trust' attest_ca trust

# ---- verify: a real TPM's ----

forget
swtpm_start one rsa2048 || exit 1
for index in rsa:0x1c00002 ecc:0x1c00016; do
	TPM2TOOLS_TCTI=${tcti[one]} tpm2_nvread "${index#*:}" >"${index%:*}.der" 2>/dev/null
done
case_fails "without any root an EK certificate is not verified" 1 \
	"no certificate of a vendor is imported; run \"attest-ca --state-dir $state_dir trust import PATH\"" attest_ca trust verify rsa.der
imports "what swtpm_localca made" 1 1 "$swtpm_ca"
case_ok "the EK certificate of a TPM is verified" attest_ca trust verify rsa.der ecc.der
case_matches "with its key" "$out" 'key           RSA-2048'
case_equal "in JSON it has all of it" "$(attest_ca trust verify ecc.der --json |
	jq -c '.[] | [.verified, .reason, .vendor, .model, .key, (.chain | length), .root != null]')" \
	'[true,null,"IBM","swtpm","P-384",2,true]'
spki=$(openssl x509 -in rsa.der -inform DER -noout -pubkey | openssl pkey -pubin -outform DER |
	sha256sum | cut -d' ' -f1)
case_equal "with the hash of its key" "$(attest_ca trust verify rsa.der --json | jq -r '.[].ek_hash')" "$spki"

{ printf '\x10\x01\x00\x04\x64\x10\x02'; cat rsa.der; head -c 200 /dev/zero; } >header.der
{ cat rsa.der; head -c 300 /dev/zero | tr '\0' '\377'; } >padded.der
openssl x509 -in rsa.der -inform DER -out rsa.pem
case_ok "header and padding are no harm" attest_ca trust verify header.der padded.der rsa.pem
intermediate=$(attest_ca trust list --json | jq -r '.[] | select(.role == "intermediate") | .fingerprint')
attest_ca trust remove "$intermediate" >/dev/null
case_fails "without its intermediate it is refused" 1 'its issuer "CN = swtpm-localca" is not imported' \
	attest_ca trust verify rsa.der
openssl x509 -in "$swtpm_ca/issuercert.pem" -outform DER -out issuer.der
cat rsa.pem "$swtpm_ca/issuercert.pem" >chain.pem
case_ok "the intermediate may come with it" attest_ca trust verify chain.pem
cat rsa.der issuer.der >chain.der
case_ok "in DER, too" attest_ca trust verify chain.der
{ cat rsa.der issuer.der; echo junk; } >junk.der
case_fails "what else comes is refused" 1 'junk.der: not verified: what follows the certificate: not a certificate' \
	attest_ca trust verify junk.der
imports "DER behind DER" 0 1 chain.der
imports "what swtpm_localca made" 1 1 "$swtpm_ca"
{ head -c -1 rsa.der; printf '\x55'; } >flipped.der
case_fails "a changed signature is refused" 1 \
	"flipped.der: not verified: the signature is not by its issuer's key" attest_ca trust verify rsa.der flipped.der
case_matches "and counted" "$err" '1 of 2 EK certificates is not verified'
case_matches "and the other one is verified" "$out" 'rsa.der: verified'
case_fails "a CA's is refused" 1 "it is a CA's, not an EK's" attest_ca trust verify "$swtpm_ca/issuercert.pem"
case_fails "a text is refused" 1 'text: not verified: not a certificate' attest_ca trust verify text
case_fails "a file that is not there is refused" 1 'nowhere: not verified: opening nowhere' \
	attest_ca trust verify nowhere rsa.der
root=$(attest_ca trust list --json | jq -r '.[] | select(.role == "root") | .fingerprint')
attest_ca trust remove "$root" >/dev/null
case_fails "without its root it is refused" 1 'its issuer "CN = swtpm-localca-rootca" is not imported' \
	attest_ca trust verify rsa.der

for file in header.der padded.der; do
	case_ok "enroll --ek $file works" attest_ca enroll --ek "$file"
	case_matches "enroll --ek $file has the key's hash" "$out" "enrolled EK $spki"
	attest_ca remove "$spki" >/dev/null
done

finish
