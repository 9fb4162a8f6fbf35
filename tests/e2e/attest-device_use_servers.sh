#!/usr/bin/env bash
# Servers that admit our machines, set up by what attest-device use prints: nginx, Apache, HAProxy and
# Caddy; and which chains each admits, with the root alone or the whole bundle at the server.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/module.sh"
. "${BASH_SOURCE%/*}/programs.sh"

module_needs_plain_build
module_ready && key_make ecc-p256 || exit 1
key=ecc-p256
key_use $key
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
[ -e "$engine" ] || skip_all "there is no libengine-pkcs11-openssl, by which curl has the key"
export PKCS11_MODULE_PATH=$module
server_certificate
cat "$scratch/server.pem" "$scratch/server.key" >"$scratch/both.pem"
chain=$scratch/ecc-p256/device.pem
openssl x509 -in "$chain" -out "$scratch/leaf.pem"
cp "$acme_dir/root.pem" "$scratch/root.pem"
{ cat "$scratch/root.pem"; openssl crl2pkcs7 -nocrl -certfile "$chain" | openssl pkcs7 -print_certs | awk '/BEGIN/ { n++ } n >= 2'; } >"$scratch/bundle.pem"
case_equal "the bundle has the root and the intermediate" "$(grep -c BEGIN "$scratch/bundle.pem")" 2

get() { # CHAIN VERSION: the name that the server says, or "refused"
	local name

	run curl --silent --max-time 10 --cacert "$scratch/server.pem" --include --cert "$1" --key "$uri" \
		--tlsv"$2" --tls-max "$2" "https://localhost:$port/"
	name=$(sed -n 's/^x-device: //pI' <<<"${out//$'\r'/}")
	echo "${name:-refused}"
}
uri=$(use curl --json | jq -r .text | sed -n 's/^key = "\(.*\)"/\1/p')

# admits PROGRAM BUNDLE LEAF CHAIN: what it says to the leaf alone and to the chain
admits() {
	local version

	for version in 1.2 1.3; do
		case_equal "$1 with $2.pem: the leaf alone, TLS $version" "$(get "$scratch/leaf.pem" $version)" "$3"
		case_equal "$1 with $2.pem: the chain, TLS $version" "$(get "$chain" $version)" "$4"
	done
}

text() { # PROGRAM BUNDLE
	text_of "$1" | sed "s|/etc/ssl/certs/DEVICE-CA.pem|$scratch/$2.pem|; s|/etc/ssl/certs/DEVICE-CRL.pem|$acme_dir/crl.pem|"
}

if has nginx; then
	for bundle in root bundle; do
		admitting_start "$(text nginx-server $bundle)"
		port=$admitting_port
		case $bundle in root) leaf=refused ;; *) leaf=CN=laptop ;; esac
		admits nginx $bundle $leaf CN=laptop
		daemon_stop admitting
	done
else
	skip "nginx" "it is not installed"
fi

if has haproxy; then
	for bundle in root bundle; do
		port=$(free_port)
		{
			printf '%s\n' defaults '    mode http' '    timeout connect 5s' '    timeout client 5s' '    timeout server 5s' 'frontend f'
			text haproxy $bundle | sed "s|bind :443|bind 127.0.0.1:$port|; s|/etc/haproxy/YOUR-SERVER.pem|$scratch/both.pem|"
			printf '    http-request return status 200 hdr X-Device "%%[req.hdr(X-Device)]"\n'
		} >"$scratch/haproxy.cfg"
		PATH=$PATH:/usr/sbin daemon_start haproxy haproxy -db -f "$scratch/haproxy.cfg"
		listening haproxy "$port"
		case $bundle in root) leaf=refused ;; *) leaf=/CN=laptop ;; esac
		admits haproxy $bundle $leaf /CN=laptop
		daemon_stop haproxy
	done
else
	skip "haproxy" "it is not installed"
fi

if has apache2; then
	for bundle in root bundle; do
		apache_start "SSLCertificateFile $scratch/server.pem
			SSLCertificateKeyFile $scratch/server.key
			$(text apache $bundle)"
		case $bundle in root) leaf=refused ;; *) leaf=CN=laptop ;; esac
		admits apache $bundle $leaf CN=laptop
		daemon_stop apache
	done
	# Its workers, of another user, sign with the key that the first process found.
	chmod 711 "$scratch/tpm-one"
	chmod 666 "${tpm_socket[one]}" "${tpm_socket[one]}.ctrl"
	apache_start "SSLCertificateFile $chain
		$(then_of apache | grep -o 'SSLCertificateKeyFile ".*"')
		Header always set X-Device \"%{SSL_SERVER_S_DN}s\""
	for version in 1.2 1.3; do
		run curl --silent --insecure --max-time 10 --include --tlsv$version --tls-max $version "https://localhost:$port/"
		case_matches "apache: this machine's key is its own, TLS $version" "$out" 'X-Device: CN=laptop' ||
			note "$(tail -n 5 "${log[apache]}")"
	done
	daemon_stop apache
	check "nothing stays loaded" nothing_loaded
else
	skip "apache" "it is not installed"
fi

if has caddy; then
	for bundle in root bundle; do
		port=$(free_port)
		cat >"$scratch/Caddyfile" <<-END
		{
			admin off
			auto_https disable_redirects
			skip_install_trust
		}
		https://localhost:$port {
			bind 127.0.0.1
			$(text caddy $bundle | sed "s|^tls {|tls $scratch/server.pem $scratch/server.key {|")
			respond "hello"
		}
		END
		daemon_start caddy caddy run --adapter caddyfile --config "$scratch/Caddyfile"
		listening caddy "$port"
		# Caddy 2.6 reads the first certificate of the file.
		admits caddy $bundle refused CN=laptop
		daemon_stop caddy
	done
else
	skip "caddy" "it is not installed"
fi

# ---- a machine whose certificate is revoked ----

acmed revoke laptop >/dev/null
wait_for 'openssl crl -in "$acme_dir/crl.pem" -noout -text | grep -q "Serial Number:"'
if has nginx; then
	admitting_start "$(text nginx-server bundle)"
	port=$admitting_port
	case_equal "nginx: it is refused" "$(get "$chain" 1.3)" refused
	daemon_stop admitting
else
	skip "nginx: it is refused" "it is not installed"
fi
for program in caddy traefik; do
	case_matches "$program: what is printed says that it reads no CRL" "$(then_of $program)" 'it reads no CRL'
done

finish
