#!/usr/bin/env bash
# Java with the key of the machine, set up by what attest-device use prints: a connection to a TLS
# server, several keys, and what keytool lists. A start of Java takes as long as a script of ours.
set -u
. "${BASH_SOURCE%/*}/../e2e/lib.sh"
. "${BASH_SOURCE%/*}/../e2e/acme.sh"
. "${BASH_SOURCE%/*}/../e2e/module.sh"
. "${BASH_SOURCE%/*}/../e2e/programs.sh"

module_needs_plain_build
has java javac keytool || skip_all "there is no JDK"
has nginx || skip_all "there is no nginx"
module_ready || exit 1
for type in ecc-p256 rsa-2048; do
	key_make $type $type || exit 1
done
key=ecc-p256
server_certificate
admitting_start || exit 1

# ---- what keytool lists ----

printf 'name = attest\nlibrary = %s\nslotListIndex = 0\n' "$module" >"$scratch/java.conf"
for type in ecc-p256 rsa-2048; do
	key_use $type
	case_ok "keytool: lists the $type key" timeout 60 keytool -list -storetype PKCS11 -storepass none \
		-addprovider SunPKCS11 -providerarg "$scratch/java.conf"
	case_matches "… with its certificate" "$out" 'laptop, PrivateKeyEntry'
done

# ---- what attest-device use prints ----

for key in ecc-p256 rsa-2048; do
	key_use $key
	run use java --check
	case_equal "java: $key by TLS 1.3" "$out$err" "java works: TLSv1.3, 2 certificates sent"
done
run use java --check --tls12
case_equal "java: $key by TLS 1.2" "$out$err" "java works: TLSv1.2, 2 certificates sent"
# Several keys: each is an entry of its own, and a program that cannot choose is shown one.
key=ecc-p256
key_use $key
mkdir -p "$scratch/$key/keys/vpn"
cp "$scratch"/rsa-2048/device.* "$scratch/$key/keys/vpn"
aliases=
for name in "" vpn; do
	aliases+=$(use java ${name:+--key $name} --json | jq -r .then | sed -n 's/.*an alias are given //p')" "
done
use java --json | jq -j .text >"$scratch/java.cfg"
run keytool -list -storetype PKCS11 -storepass none -addprovider SunPKCS11 -providerarg "$scratch/java.cfg"
case_equal "java: the aliases of several keys are those that are printed" \
	"$(sed -n 's/^\([a-z]*\), PrivateKeyEntry.*/\1/p' <<<"$out" | sort | tr '\n' ' ')" "$aliases"
case_ok "java: --key shows it that key" use java --key vpn --check
# A program that chooses itself, by the aliases that are printed; the file must not name one key alone.
echo "security.provider.12=SunPKCS11 $scratch/java.cfg" >"$scratch/java.security"
keytool -J-XX:TieredStopAtLevel=1 -importcert -noprompt -alias server -file "$scratch/server.pem" -keystore "$scratch/trust.p12" \
	-storepass changeit >/dev/null 2>&1
run java -XX:TieredStopAtLevel=1 -Djava.security.properties="$scratch/java.security" "$top_srcdir/tests/e2e/Choose.java" \
	"$admitting_port" "$scratch/trust.p12" $aliases
case_equal "java: a program chooses one of several keys" "$out" "$(for name in $aliases; do
	case $name in vpn) from=rsa-2048 ;; *) from=ecc-p256 ;; esac
	for version in 1.2 1.3; do
		echo "$name: hello CN=laptop $(serial_of $from) by TLSv$version"
	done
done)" || note "$err"
rm -r "$scratch/$key/keys"

check "nothing stays loaded" nothing_loaded
finish
