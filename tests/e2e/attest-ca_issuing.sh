# The life of the issuing CA: renewed while attestd runs, by our root and by somebody
# else's, in a file, in a token and in a TPM; earlier certificates stay valid and can be
# revoked; kill -9 leaves a CA that works.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

attest_ca init >/dev/null || exit 1
echo 'crl_url = "http://ca.example/crl/{issuer}"' >"$scratch/attestd.conf"
attestd_start --config "$scratch/attestd.conf" || exit 1
swtpm_start one || exit 1
hash=$(attest_device --tcti "${tcti[one]}" ek --hash) || exit 1
attest_ca enroll "$hash" --name laptop >/dev/null || exit 1

# Attests, and keeps the chain as $scratch/NAME.pem.
attest() {
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/device" \
		attest --attestation-url "$attestd_url" || return 1
	cp "$scratch/device/ak-chain.pem" "$scratch/$1.pem"
}

issuer_of() { # NAME: the subject of whoever signed it
	openssl x509 -in "$scratch/$1.pem" -noout -issuer | sed 's/.*CN = //'
}

key_id() { # FILE: subjectKeyIdentifier, as files are called
	openssl x509 -in "$1" -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :\n' | tr A-F a-f
}

serial() {
	openssl x509 -in "$scratch/$1.pem" -noout -serial | sed 's/.*=//'
}

verifies() { # NAME
	openssl verify -x509_strict -CAfile "$state_dir/root.pem" -untrusted "$scratch/$1.pem" \
		"$scratch/$1.pem"
}

# Asks attestd to read its files again, and waits until it has said what it made of them.
reload() {
	local before

	before=$(grep -c event=reload "${log[attestd]}")
	kill -HUP "${pid[attestd]}"
	wait_for "[ \"\$(grep -c event=reload '${log[attestd]}')\" -gt $before ]"
}

crl_has() { # URL|FILE SERIAL
	case $1 in
	/*.pem | /*.crl) cat "$1" ;;
	*) curl --silent "$attestd_url$1" ;;
	esac >"$scratch/crl.read"
	if grep -q BEGIN "$scratch/crl.read"; then
		openssl storeutl -noout -text -crls "$scratch/crl.read" 2>/dev/null
	else
		openssl crl -inform DER -in "$scratch/crl.read" -noout -text
	fi | grep -qi "Serial Number: $2"
}

# ---- under our root ----

case_ok "a device attests" attest first
first_id=$(key_id "$state_dir/issuing.pem")
case_matches "its certificate leads to the CRL of its issuer" \
	"$(openssl x509 -in "$scratch/first.pem" -noout -ext crlDistributionPoints)" \
	"URI:http://ca.example/crl/$first_id"
case_ok "the issuing CA is renewed" attest_ca issuing renew
case_matches "it says what to do" "$out" "systemctl reload attestd"
second_id=$(key_id "$state_dir/issuing.pem")
check "it has another key" '[ "$first_id" != "$second_id" ]'
case_equal "the earlier pair is kept" "$(ls "$state_dir/issuers" | grep -v crl | tr '\n' ' ')" \
	"$first_id.key $first_id.pem "
case_equal "its key is nobody else's" "$(stat -c %a "$state_dir/issuers/$first_id.key" "$state_dir/issuers" | tr '\n' ' ')" "600 700 "
check "its CRL is in crl.pem, and it has signed nothing yet" '[ "$(grep -c BEGIN "$state_dir/crl.pem")" = 3 ]'
case_ok "before SIGHUP the old one signs" attest before
case_equal "with its name" "$(issuer_of before)" "Attestation CA Issuing"
check "attestd reads it again" reload
case_ok "after SIGHUP the new one signs" attest second
case_equal "with a name of its own" "$(issuer_of second)" "Attestation CA Issuing 2"
for name in first before second; do
	case_ok "certificate $name verifies" verifies "$name"
done
http GET /issuing.pem
case_equal "the new certificate is served" "$http_body" "$(cat "$state_dir/issuing.pem")"
http GET "/crl/$first_id"
case_equal "and the CRL of the old one" "$http_status" 200
case_equal "crl.pem has one CRL of each" "$(grep -c BEGIN "$state_dir/crl.pem")" 3
check "and is served" 'wait_for "curl --silent $attestd_url/crl.pem | cmp --silent - $state_dir/crl.pem"'
case_ok "signed by it" openssl crl -inform DER -in "$scratch/http.body" -noout -verify \
	-CAfile "$state_dir/issuers/$first_id.pem"
case_ok "as it lies there" cmp "$scratch/http.body" "$state_dir/issuers/$first_id.crl"
http GET "/crl/$second_id"
cp "$scratch/http.body" "$scratch/second.crl"
http GET /crl
case_ok "/crl is that of the new one" cmp "$scratch/http.body" "$scratch/second.crl"
for path in /crl/ "/crl/${first_id%?}" "/crl/$first_id/x"; do
	http GET "$path"
	case_equal "there is no $path" "$http_status" 404
done

# ---- what cannot be taken up ----

cp "$state_dir/issuing.pem" "$scratch/good.pem"
cp "$state_dir/issuers/$first_id.pem" "$state_dir/issuing.pem"
mv "$state_dir/issuers/$first_id.key" "$scratch/"
check "a certificate without its key is not taken up" reload
case_matches "the log says why" "$(grep event=reload "${log[attestd]}" | tail -n 1)" \
	"nothing has changed.*no private key"
case_ok "and the one before goes on" attest on
case_equal "as it was" "$(issuer_of on)" "Attestation CA Issuing 2"
cp "$scratch/good.pem" "$state_dir/issuing.pem"
mv "$scratch/$first_id.key" "$state_dir/issuers/"
check "put right, it is" reload

# ---- by somebody else's CA ----

foreign() { # NAME SUBJECT EXTENSIONS [ISSUER]: a CA of the openssl command's
	printf '%s\n' "$3" >"$scratch/$1.ext"
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$scratch/$1.key" \
		-subj "$2" -out "$scratch/$1.csr" 2>/dev/null
	sign "$1.csr" "$1" "${4:-}" "$scratch/$1.ext" 3650
}
sign() { # CSR NAME [ISSUER] EXTFILE DAYS [OPTION…]
	local csr=$1 name=$2 issuer=$3 ext=$4 days=$5

	shift 5
	if [ -n "$issuer" ]; then
		set -- -CA "$scratch/$issuer.pem" -CAkey "$scratch/$issuer.key" "$@"
	else
		set -- -signkey "$scratch/$name.key" "$@"
	fi
	openssl x509 -req -in "$scratch/$csr" -out "$scratch/$name.pem" -days "$days" -extfile "$ext" \
		"$@" 2>/dev/null || note "openssl cannot sign $name"
}
ca='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign
subjectKeyIdentifier=hash'
foreign root "/O=Foreign/CN=Root" "$ca"
foreign between "/O=Foreign/CN=Between" "$ca" root
foreign short "/O=Foreign/CN=Short" "${ca/TRUE/TRUE,pathlen:0}" root

case_fails "without a key that waits nothing is installed" 1 "there is no pending key" \
	attest_ca issuing install "$scratch/root.pem" --root "$scratch/root.pem"
case_ok "a CSR is made" attest_ca issuing csr --key-type p384 --output "$scratch/next.csr"
case_matches "for the next name, as a CA" "$(openssl req -in "$scratch/next.csr" -noout -text -verify 2>&1)" \
	"CN = Attestation CA Issuing 3.*P-384.*CA:TRUE, pathlen:0"
case_equal "its key waits" "$(stat -c %a "$state_dir/issuing.next.key")" 600
attest_ca issuing csr >"$scratch/again.csr"
case_equal "asked again, it is the same key" "$(openssl req -in "$scratch/again.csr" -noout -pubkey)" \
	"$(openssl req -in "$scratch/next.csr" -noout -pubkey)"
case_fails "another one is not made over it" 1 "there is a pending key already: leave out --key" attest_ca issuing csr --key-type p256

printf '%s\n' "$ca" 'authorityKeyIdentifier=keyid' >"$scratch/good.ext"
sed 's/CA:TRUE/CA:FALSE/' "$scratch/good.ext" >"$scratch/leaf.ext"
sed 's/,cRLSign//' "$scratch/good.ext" >"$scratch/usage.ext"
sed '/keyUsage/d' "$scratch/good.ext" >"$scratch/any.ext"
sed 's/subjectKeyIdentifier.*/subjectKeyIdentifier=none/' "$scratch/good.ext" >"$scratch/skid.ext"
foreign stranger "/CN=Stranger" "$ca" root
sign next.csr leaf root "$scratch/leaf.ext" 365
sign next.csr usage root "$scratch/usage.ext" 365
sign next.csr any root "$scratch/any.ext" 365
sign next.csr skid root "$scratch/skid.ext" 365
sign next.csr expired root "$scratch/good.ext" -1
sign next.csr under-short short "$scratch/good.ext" 365
sign next.csr good root "$scratch/good.ext" 365
sign next.csr below between "$scratch/good.ext" 365
# The same name as the present one, for the key that waits.
attest_ca issuing csr --name "Attestation CA Issuing 2" >"$scratch/named.csr"
sign named.csr named root "$scratch/good.ext" 365
cat "$scratch/under-short.pem" "$scratch/short.pem" >"$scratch/chain-short.pem"
cat "$scratch/below.pem" "$scratch/between.pem" "$scratch/root.pem" >"$scratch/chain.pem"

files_before=$(cd "$state_dir" && sha256sum ./*.pem ./*.key issuers/*.pem issuers/*.key)
while IFS="|" read -r file root regex; do
	set -- attest_ca issuing install "$scratch/$file.pem"
	[ -z "$root" ] || set -- "$@" --root "$scratch/$root.pem"
	case_fails "$file is refused" 1 "$regex" "$@"
done <<'END'
stranger|root|no certificate in .* is for the pending key
leaf|root|no CA|not a CA
usage|root|does not allow both keyCertSign and cRLSign
any|root|does not allow both keyCertSign and cRLSign
skid|root|no subjectKeyIdentifier
expired|root|are both clocks right
good||neither trusted nor in the chain
below|root|neither trusted nor in the chain
named|root|the name of the present issuing CA
chain-short|root|more CAs are below it
END
check "nothing has changed" \
	'[ "$files_before" = "$(cd "$state_dir" && sha256sum ./*.pem ./*.key issuers/*.pem issuers/*.key)" ]'
case_ok "the right one is installed, with what is between" \
	attest_ca issuing install "$scratch/chain.pem" --root "$scratch/root.pem" --json
case_equal "the answer says so" "$(jq -r '.done, .name, .root_changed' <<<"$out" | tr '\n' '|')" \
	"installed|Attestation CA Issuing 3|true|"
third_id=$(key_id "$state_dir/issuing.pem")
check "attestd reads it again" reload
case_ok "the foreign CA's issuer signs" attest third
case_equal "with a chain of three" "$(grep -c BEGIN "$scratch/third.pem")" 3
for name in first second third; do
	case_ok "under root.pem, $name verifies" verifies "$name"
done

# ---- back under our root ----

case_fails "a root key of nobody is refused" 1 "belongs to no certificate in .*root.pem" \
	attest_ca issuing renew --root-key "$scratch/between.key"
case_ok "our own root signs once more, for a week" attest_ca issuing renew --lifetime 7d
check "attestd reads it again" reload
case_matches "and says that it ends soon" "$(tail -n 5 "${log[attestd]}")" "the issuing certificate ends soon"
case_ok "it signs" attest fourth
case_ok "what verifies" verifies fourth

# ---- revoked, whoever signed ----

case_ok "the device is removed" attest_ca remove laptop
check "its first certificate is on its issuer's CRL" 'wait_for "crl_has /crl/$first_id $(serial first)"'
check "its second one on that of the second" 'wait_for "crl_has /crl/$second_id $(serial second)"'
check "its third one on that of the third" 'wait_for "crl_has /crl/$third_id $(serial third)"'
check "its fourth one on the present one" 'wait_for "crl_has /crl $(serial fourth)"'
check "which has no other" '! crl_has /crl "$(serial first)" && ! crl_has /crl "$(serial third)"'
check "crl.pem has them all" 'wait_for "crl_has $state_dir/crl.pem $(serial first) &&
	crl_has $state_dir/crl.pem $(serial second) && crl_has $state_dir/crl.pem $(serial third)"'
check "also as it is served" 'wait_for "curl --silent $attestd_url/crl.pem | cmp --silent - $state_dir/crl.pem"'
for name in first second third; do
	case_fails "openssl refuses $name with it" 2 "certificate revoked" openssl verify -crl_check \
		-CRLfile "$state_dir/crl.pem" -CAfile "$state_dir/root.pem" \
		-untrusted "$scratch/$name.pem" "$scratch/$name.pem"
done

# ---- the last certificate of an earlier issuer expires ----

attestd_stop
store_tamper "UPDATE certificate SET not_after = 1000
	WHERE issuer = (SELECT id FROM issuer WHERE key_id = x'$first_id')"
rm "$state_dir"/issuers/*.crl
attestd_start --config "$scratch/attestd.conf"
for id in "$second_id" "$third_id"; do
	case_ok "another's CRL is signed by himself" openssl crl -inform DER -noout -verify \
		-in "$state_dir/issuers/$id.crl" -CAfile "$state_dir/issuers/$id.pem"
done
case_equal "its key and files are gone, the others' are not" \
	"$(cd "$state_dir/issuers" && ls ./*.pem ./*.key | sort | tr '\n' ' ')" \
	"$(printf './%s.key\n./%s.pem\n' "$second_id" "$second_id" "$third_id" "$third_id" | sort | tr '\n' ' ')"
case_matches "the log says so" "$(cat "${log[attestd]}")" "event=issuer-removed issuer=$first_id"
case_matches "and the record" "$(attest_ca audit)" "the earlier issuing key $first_id was removed"
http GET "/crl/$first_id"
case_equal "its CRL is served no more" "$http_status" 404
attestd_stop

# ---- locked keys ----

openssl pkey -in "$state_dir/issuing.key" -aes256 -passout pass:sesame -out "$scratch/locked.key" &&
	cp "$scratch/locked.key" "$state_dir/issuing.key"
daemon_start locked "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0
check "attestd does not start without the passphrase" '! wait_for "! daemon_runs locked" ||
	grep -q "is encrypted, and no passphrase was given" "${log[locked]}"'
daemon_stop locked
echo sesame >"$scratch/passphrase"
chmod 644 "$scratch/passphrase"
echo "passphrase_file = \"$scratch/passphrase\"" >"$scratch/locked.conf"
case_fails "nor with a file that others may read" 1 "others may read" \
	timeout 20 "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 --config "$scratch/locked.conf"
chmod 600 "$scratch/passphrase"
check "it does with one that they may not" 'attestd_start --config "$scratch/locked.conf"'
attestd_stop
mkdir -m 700 "$scratch/credentials"
echo sesame >"$scratch/credentials/issuing-passphrase"
check "and with a credential" 'CREDENTIALS_DIRECTORY=$scratch/credentials attestd_start'
attestd_stop
case_fails "attest-ca wants it too" 1 "no passphrase was given" attest_ca crl
with_passphrase() {
	attest_ca "$@" --passphrase-fd 3 3<"$scratch/passphrase"
}
case_ok "and takes it from a descriptor" with_passphrase crl
echo wrong >"$scratch/passphrase"
case_fails "a wrong one is named" 1 "the passphrase does not open" with_passphrase crl
case_fails "a descriptor that is none is bad usage or fails" 2 "takes the number of an open descriptor" \
	attest_ca crl --passphrase-fd x
check "no passphrase is in a log" '! grep -q sesame "$scratch"/*.log'

# ---- kill -9 ----

# The root's key is needed again, and a root that it belongs to.
rm -rf "$state_dir"
attest_ca init >/dev/null
openssl pkey -in "$state_dir/root.key" -aes256 -passout pass:hazel -out "$scratch/root.locked"
renew_with() {
	attest_ca issuing renew --root-key "$scratch/root.locked" --root-passphrase-fd 4 4<<<"$1"
}
case_fails "a locked root key wants its own passphrase" 1 "passphrase does not open" renew_with sesame
case_ok "and takes it from a descriptor" renew_with hazel
case_fails "which must be open" 1 "root-passphrase-fd 99: reading a passphrase" attest_ca issuing renew --root-passphrase-fd 99
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/elsewhere.key"
case_ok "a CSR for a key that stays where it is" \
	attest_ca issuing csr --key "file:$scratch/elsewhere.key" --output "$scratch/elsewhere.csr"
check "is for that one" 'openssl req -in "$scratch/elsewhere.csr" -noout -pubkey |
	cmp -s - <(openssl pkey -in "$scratch/elsewhere.key" -pubout)'
rm -rf "$state_dir"
attest_ca init >/dev/null
begun=${EPOCHREALTIME/./}
attest_ca issuing renew >/dev/null
took=$((${EPOCHREALTIME/./} - begun))
broken=0 generations=0 last=
for ((round = 1; round <= 12; round++)); do
	after=$((took * (round + 2) / 14))
	{ timeout --signal=KILL "$(printf '%d.%06d' $((after / 1000000)) $((after % 1000000)))" \
		"$attest_ca_program" --state-dir "$state_dir" issuing renew; } >/dev/null 2>&1
	attest_ca crl >"$scratch/crl.out" 2>&1 || { broken=$((broken + 1)); note "$(cat "$scratch/crl.out")"; }
	openssl verify -CAfile "$state_dir/root.pem" "$state_dir/issuing.pem" >/dev/null || broken=$((broken + 1))
	[ "$(key_id "$state_dir/issuing.pem")" = "$last" ] || generations=$((generations + 1))
	last=$(key_id "$state_dir/issuing.pem")
done
case_equal "killed at any moment, the CA works" "$broken" 0
note "$generations of 12 renewals that were killed had taken place"
case_ok "check finds no fault" attest_ca check
check "attestd starts from it" attestd_start
attest_ca enroll "$hash" --name laptop >/dev/null
case_ok "and signs" attest killed
case_ok "what verifies" verifies killed

# ---- renewed while devices attest ----

(
	for ((i = 1; i <= 8; i++)); do
		attest "busy-$i" >/dev/null 2>&1 && verifies "busy-$i" >/dev/null && echo "$(issuer_of "busy-$i")"
	done >"$scratch/busy"
) &
busy=$!
reloads=0
while kill -0 "$busy" 2>/dev/null && [ "$reloads" -lt 40 ]; do
	attest_ca issuing renew >/dev/null && reload && reloads=$((reloads + 1))
done
wait "$busy"
case_equal "all of them got certificates that verify" "$(wc -l <"$scratch/busy")" 8
check "of several issuers" '[ "$(sort -u "$scratch/busy" | wc -l)" -gt 1 ]'
note "$reloads renewals meanwhile"
attestd_stop

# ---- a key in a token ----

# Whether system calls are kept from a process here.
confines_calls() {
	grep -q '^#define WITH_SECCOMP 1' "$top_builddir/config.h" && grep -q '^#define WITH_SANDBOX 1' "$top_builddir/config.h" &&
		"$top_builddir/tests/e2e/old_kernel" seccomp /bin/true 2>/dev/null
}

# The keeper of attestd filters its calls, and nothing of its sandbox was left out.
confined() {
	local keeper

	grep -q '^#define WITH_SANDBOX 1' "$top_builddir/config.h" && sandboxed attestd || return 0
	keeper=$(pgrep -P "${pid[attestd]}" -f "attestd: keeper") && grep -q '^Seccomp:[[:space:]]*2' "/proc/$keeper/status"
}

module=
for place in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64/softhsm /usr/lib64/pkcs11; do
	[ ! -e "$place/libsofthsm2.so" ] || module=$place/libsofthsm2.so
done
needs softhsm2-util
[ -n "$module" ] || lacks "there is no libsofthsm2.so"
if ! grep -q '^#define HAVE_LIBP11 1' "$top_builddir/config.h"; then
	skip "a CA in a token" "built without libp11"
else
	mkdir "$scratch/tokens"
	printf 'directories.tokendir = %s/tokens\nlog.level = ERROR\n' "$scratch" >"$scratch/softhsm.conf"
	export SOFTHSM2_CONF=$scratch/softhsm.conf
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$scratch/token.key"
	softhsm2-util --init-token --free --label ca --pin 271828 --so-pin 5678 >/dev/null
	softhsm2-util --token ca --pin 271828 --import "$scratch/token.key" --label issuing --id 01 >/dev/null
	echo 271828 >"$scratch/pin"
	uri="pkcs11:token=ca;object=issuing;type=private?module-path=$module"

	case_fails "a URI with a PIN in it is refused" 1 "must not hold the PIN" \
		attest_ca issuing renew --key "$uri&pin-value=271828"
	case_fails "without the PIN the token's key is not used" 1 "needs a PIN" \
		attest_ca issuing renew --key "$uri"
	with_pin() {
		attest_ca "$@" --passphrase-fd 3 3<"$scratch/pin"
	}
	case_ok "the next issuing key is in a token" with_pin issuing renew --key "$uri"
	case_equal "its URI is what the directory has" "$(cat "$state_dir/issuing.uri")" "$uri"
	check "and no key" '[ ! -e "$state_dir/issuing.key" ]'
	cp "$scratch/pin" "$scratch/credentials/issuing-passphrase"
	export CREDENTIALS_DIRECTORY=$scratch/credentials
	echo "key_paths = { \"$scratch/tokens\" }" >"$scratch/tokens.conf"
	if grep -q '^#define WITH_SANDBOX 1' "$top_builddir/config.h"; then
		echo 'key_paths = { "/not/there" }' >"$scratch/none.conf"
		case_fails "attestd does not start with a path that is not there" 1 "key_paths: /not/there: No such file" \
			timeout 20 "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 --config "$scratch/none.conf"
		cp "$module" "$state_dir/other.so"
		echo "pkcs11:token=ca;object=issuing;type=private?module-path=$state_dir/other.so" >"$state_dir/issuing.uri"
		case_fails "nor with a module that a keeper could have written" 1 \
			"the PKCS #11 module .*/other.so is in .*, where this process writes, and its code would run before the sandbox" \
			timeout 20 "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 --config "$scratch/tokens.conf"
		rm "$state_dir/other.so"
	else
		skip "attestd does not start with a path that is not there" "no sandbox in this build"
		skip "nor with a module that a keeper could have written" "no sandbox in this build"
	fi
	echo 'key_sockets = { "tcp" }' >"$scratch/none.conf"
	case_fails "nor with a socket that is none" 1 "key_sockets: \"tcp\" is none of unix, inet, netlink" \
		timeout 20 "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 --config "$scratch/none.conf"
	echo "$uri" >"$state_dir/issuing.uri"
	check "attestd starts with it" 'attestd_start --config "$scratch/tokens.conf"'
	check "and reads its key again" 'daemon_reload attestd && [[ $reloaded == *"were read again"* ]]'
	check "in its sandbox" confined
	case_ok "and signs" attest token
	case_ok "what verifies" verifies token
	case_ok "the device is disabled" attest_ca disable laptop
	check "its certificate is on the token's CRL" 'wait_for "crl_has /crl $(serial token)"'
	case_ok "which openssl verifies" openssl crl -inform DER -in "$state_dir/crl.der" -noout -verify \
		-CAfile "$state_dir/issuing.pem"
	attest_ca enable laptop >/dev/null
	case_ok "the CA goes back to a file" attest_ca issuing renew
	check "the URI moves with its certificate" '[ ! -e "$state_dir/issuing.uri" ] &&
		ls "$state_dir"/issuers/*.uri >/dev/null'
	check "attestd takes it up" reload
	case_ok "and signs with it" attest back
	case_ok "what verifies" verifies back
	attestd_stop
	case_equal "and ends well" "$status" 0
	init_with_pin() {
		"$attest_ca_program" --state-dir "$scratch/token-ca" init --issuing-key "$uri" \
			--passphrase-fd 3 3<"$scratch/pin"
	}
	case_ok "a CA can begin in a token" init_with_pin
	state_dir=$scratch/token-ca case_ok "and is in order" with_pin check
	cat "$scratch/token-ca/issuing.pem" "$scratch/token-ca/root.pem" >"$scratch/token-chain.pem"
	acmed_with_pin() {
		"$top_builddir/src/attest-acmed" --state-dir "$scratch/acme" "$@" --passphrase-fd 3 3<"$scratch/pin"
	}
	case_ok "attest-acmed takes such a key too" acmed_with_pin init --dns-name localhost \
		--attestation-roots "$state_dir/root.pem" --ca-cert "$scratch/token-chain.pem" --ca-key "$uri"
	case_ok "and signs with it" acmed_with_pin crl
	acme_dir=$scratch/acme
	check "it starts with it" 'acmed_start --config "$scratch/tokens.conf"'
	check "and reads its key again" 'daemon_reload acmed && [[ $reloaded == *"were read again"* ]]'
	acme_get /acme/directory
	case_equal "and serves, by a certificate that the token signed" "$http_status" 200
	acmed_stop
	case_equal "and ends well" "$status" 0
	case_fails "not without the PIN" 1 "needs a PIN" \
		env --unset=CREDENTIALS_DIRECTORY "$top_builddir/src/attest-acmed" --state-dir "$scratch/acme" crl
	echo 314159 >"$scratch/credentials/issuing-passphrase"
	check "with a wrong PIN it starts, and says whose CRL it cannot sign" \
		'attestd_start --config "$scratch/tokens.conf" &&
		grep -q "its CRL is not signed again.*PIN incorrect" "${log[attestd]}"'
	attestd_stop
	unset CREDENTIALS_DIRECTORY
	check "no PIN is in a log" '! grep -q "271828\|314159" "$scratch"/*.log'
fi

# ---- a key in a TPM ----

modules=$(openssl version -m | sed 's/.*"\(.*\)"/\1/')
[ -e "$modules/tpm2.so" ] || lacks "there is no tpm2-openssl"
swtpm_start ca
export TPM2OPENSSL_TCTI=${tcti[ca]}
openssl genpkey -provider tpm2 -provider default -algorithm EC -pkeyopt group:P-256 \
	-out "$state_dir/tpm.key" 2>/dev/null
case_ok "the next issuing key is in a TPM" attest_ca issuing renew --key "$state_dir/tpm.key"
check "attestd starts with it" attestd_start
check "in its sandbox" confined
check "and reads its key again" 'daemon_reload attestd && [[ $reloaded == *"were read again"* ]]'
case_ok "and signs" attest tpm
case_ok "what verifies" verifies tpm
case_ok "the device is disabled" attest_ca disable laptop
check "its certificate is on the TPM's CRL" 'wait_for "crl_has /crl $(serial tpm)"'
attest_ca enable laptop >/dev/null
attestd_stop
case_equal "and ends well" "$status" 0
check "started again, it signs" 'attestd_start && attest again && verifies again'
attestd_stop
# By a name of which nothing is known.
odd_tcti=$(ls /usr/lib/*/libtss2-tcti-swtpm.so.0 /usr/lib/libtss2-tcti-swtpm.so.0 2>/dev/null | head -n 1):${tcti[ca]#*:}
if confines_calls && [ "${odd_tcti%%:*}" != "" ]; then
	case_fails "attestd does not start when its sandbox has no room for the TPM, and says what to do" 1 \
		"inside the sandbox .*/tpm.key cannot be used; .* name them in key_paths and key_sockets: a trial signature: " \
		env TPM2OPENSSL_TCTI="$odd_tcti" timeout 20 "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0
	echo 'key_sockets = { "unix" }' >"$scratch/unix.conf"
	check "and starts when that is done" 'TPM2OPENSSL_TCTI=$odd_tcti attestd_start --config "$scratch/unix.conf"'
	check "it signs" 'attest odd && verifies odd'
	attestd_stop
else
	skip "attestd does not start when its sandbox has no room for the TPM" "no sandbox, or no such TCTI"
fi
swtpm_start two
tpm2_createprimary -T "${tcti[two]}" -Q -C o -G ecc -c "$scratch/parent.ctx" &&
	tpm2_flushcontext -T "${tcti[two]}" -t &&
	tpm2_evictcontrol -T "${tcti[two]}" -Q -C o -c "$scratch/parent.ctx" 0x81000001
mv "$state_dir/issuing.uri" "$scratch/"
echo handle:0x81000001 >"$state_dir/issuing.uri"
TPM2OPENSSL_TCTI=${tcti[two]} case_fails "a key that cannot sign is no key" 1 "a trial signature: " timeout 20 \
	"$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0
mv "$scratch/issuing.uri" "$state_dir/"
swtpm_stop ca
case_fails "without the TPM it says what it needs" 1 "needs tpm2-openssl's provider and its TPM" \
	attest_ca crl

finish
