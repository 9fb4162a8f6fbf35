#!/usr/bin/env bash
# Device certificates at Go's verifier, which Caddy and Traefik use: with a name that fits
# a CN, and with one that does not; and a server of Go's that admits a key of the PKCS #11 module.

set -u
cache=$(go env GOCACHE 2>/dev/null)
. "${BASH_SOURCE%/*}/../e2e/lib.sh"
. "${BASH_SOURCE%/*}/../e2e/acme.sh"
. "${BASH_SOURCE%/*}/../e2e/module.sh"

[ -n "$cache" ] || skip_all "there is no Go"
export GOCACHE=$cache GO111MODULE=off GOTOOLCHAIN=local
if ! go build -o "$scratch/client_auth" "${BASH_SOURCE%/*}/client_auth.go" 2>"$scratch/build"; then
	cat "$scratch/build"
	case_ok "the verifier is built" false
	finish
fi

coproc device { "$top_builddir/tests/e2e/software_acme_device" "$scratch/roots.pem"; }
read -r ready <&"${device[0]}"
case_equal "the device is ready" "$ready" ready
device() {
	local answer

	printf '%s\n' "$*" >&"${device[1]}"
	read -r answer <&"${device[0]}"
	printf '%s\n' "$answer"
}

case_ok "init" acmed_init --attestation-roots "$scratch/roots.pem"
case_ok "the server starts" acmed_start
acme_get /acme/directory
new_order=$(json .newOrder)
key=$(key_new ES256)
acme_post ES256 "$key" "$key" "$(json .newAccount)" '{}'
kid=$(header Location)

# certificate NAME CN: a chain in $scratch/chain.pem.
certificate() {
	local finalize

	acme_post ES256 "$key" "$kid" "$new_order" "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"$1\"}]}"
	finalize=$(json .finalize)
	acme_post ES256 "$key" "$kid" "$(json '.authorizations[0]')" ''
	acme_post ES256 "$key" "$kid" "$(json '.challenges[0].url')" \
		"{\"attObj\":\"$(device attest "$1" "$(json '.challenges[0].token').$("$sign_jws" thumbprint "$key")")\"}"
	acme_post ES256 "$key" "$kid" "$finalize" "{\"csr\":\"$(device csr "$2")\"}"
	acme_post ES256 "$key" "$kid" "$(json .certificate)" ''
	cp "$scratch/http.body" "$scratch/chain.pem"
}

certificate laptop laptop
case_equal "Go takes a device's certificate" "$("$scratch/client_auth" "$acme_dir/root.pem" "$scratch/chain.pem")" laptop
long=device-of-the-laboratory-for-applied-metrology-room-12-shelf-3-number-0042
short=${long:0:47}-$(printf %s "$long" | sha256sum | cut -c 1-16)
certificate "$long" "$short"
case_equal "and that of a long name" "$("$scratch/client_auth" "$acme_dir/root.pem" "$scratch/chain.pem")" "$short"

# ---- a server, which stands for Traefik ----

engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
if [ ! -e "$engine" ] || grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
	skip "the server" "there is no libengine-pkcs11-openssl, or the module has sanitizers"
	finish
fi
daemon_stop acmed
rm -rf "$acme_dir"
module_ready || exit 1
for type in ecc-p256 rsa-2048; do
	key_make $type $type || exit 1
done
server_certificate
openssl x509 -in "$scratch/ecc-p256/device.pem" -out "$scratch/leaf.pem"
{ cat "$acme_dir/root.pem"; sed '1,/END/d' "$scratch/ecc-p256/device.pem"; } >"$scratch/bundle.pem"
export PKCS11_MODULE_PATH=$module
get() { # CHAIN VERSION
	curl --silent --max-time 20 --cacert "$scratch/server.pem" --cert "$1" --key "pkcs11:token=attest-ca%20laptop;type=private" \
		--tlsv"$2" --tls-max "$2" "https://localhost:$port/" || echo refused
}
for roots in "$acme_dir/root.pem" "$scratch/bundle.pem"; do
	daemon_start server "$scratch/client_auth" serve "$roots" "$scratch/server.pem" "$scratch/server.key"
	wait_for '[ -s "${log[server]}" ] || ! daemon_runs server'
	port=$(tail -n 1 "${log[server]}")
	case $roots in */root.pem) leaf=refused ;; *) leaf=admitted ;; esac
	for version in 1.2 1.3; do
		for type in ecc-p256 rsa-2048; do
			key_use $type
			case_equal "${roots##*/}: $type by TLS $version" "$(get "$scratch/$type/device.pem" $version)" \
				"hello laptop by TLS $version"
		done
		key_use ecc-p256
		got=$(get "$scratch/leaf.pem" $version)
		case_equal "${roots##*/}: the leaf alone by TLS $version" "${got/hello laptop by TLS $version/admitted}" $leaf
	done
	daemon_stop server
	: >"${log[server]:=$scratch/server.log}"
done

finish
