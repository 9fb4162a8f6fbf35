#!/usr/bin/env bash
# Clients set up by what attest-device use prints, against servers of their own kind: PostgreSQL's,
# hostapd with EAP-TLS, stunnel through renewals and for Python, and the provider tpm2 in curl and
# HAProxy. Java's are in tests/interop/java.sh.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/module.sh"
. "${BASH_SOURCE%/*}/programs.sh"

module_needs_plain_build
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
[ -e "$engine" ] || skip_all "there is no libengine-pkcs11-openssl"
has nginx || skip_all "there is no nginx"
module_ready || exit 1
for type in ecc-p256 rsa-2048 second; do
	case $type in second) key_make second ecc-p256 ;; *) key_make $type $type ;; esac || exit 1
done
key=ecc-p256
server_certificate
admitting_start || exit 1

# ---- PostgreSQL ----

if postgres_start; then
	for key in ecc-p256 rsa-2048; do
		key_use $key
		command=$(psql_command)
		for version in 1.2 1.3; do
			run env PGSSLMINPROTOCOLVERSION=TLSv$version PGSSLMAXPROTOCOLVERSION=TLSv$version \
				sh -c "$command -Atc 'select version, client_dn from pg_stat_ssl where pid = pg_backend_pid()'"
			case_equal "psql: $key by TLS $version" "$out$err" "TLSv$version|/CN=laptop"
		done
	done
	daemon_stop postgres INT
else
	skip "psql" "there is no PostgreSQL"
fi

# ---- EAP-TLS ----

if radius_start; then
	for key in ecc-p256 rsa-2048; do
		key_use $key
		for version in 1.2 1.3; do
			eap_try $version
			case_equal "wpa_supplicant: $key by EAP-TLS $version" \
				"$(tail -n 1 <<<"$out") $(grep -o 'Using TLS version TLSv.*' <<<"$out" | sort -u)" "SUCCESS Using TLS version TLSv$version" ||
				note "$(grep -E 'ENGINE|SSL:|TLS:' <<<"$out" | tail -n 5 | cut -c 1-200)"
		done
	done
	if has wpa_supplicant; then
		for key in ecc-p256 rsa-2048; do
			key_use $key
			case_ok "wpa_supplicant: --check by a hostapd of its own, $key" trusting "$attest_device_program" use \
				--state-dir "$scratch/$key" --module "$trusted/attest-pkcs11.so" wpa_supplicant --check
			case_equal "… and says so" "$out" "wpa_supplicant works: yes"
		done
		case_fails "wpa_supplicant: --check says that the module is elsewhere" 1 'wpa_supplicant does not use the key: it failed' \
			use wpa_supplicant --check
	else
		skip "wpa_supplicant: --check" "it is not installed"
	fi
	sed -i "s|^pkcs11_module_path=.*|pkcs11_module_path=$module|" "$scratch/wpa.conf"
	run timeout 10 eapol_test -c "$scratch/wpa.conf" -a 127.0.0.1 -p "$radius_port" -s secret
	check "wpa_supplicant: a module elsewhere is refused" '[ "$status" -ne 0 ] && grep -qi "not in trusted path" <<<"$out$err"'
	if has nmcli; then
		for key in ecc-p256 rsa-2048; do
			key_use $key
			case_ok "nmcli: what NetworkManager keeps joins, $key" listed "$attest_device_program" use \
				--state-dir "$scratch/$key" --module "$module" nmcli --check
		done
		case_matches "nmcli: takes the key by its URI" "$(sh -c "$(then_of nmcli |
			sed "s/^nmcli/nmcli --offline/; s|/etc/ssl/certs/YOUR-RADIUS-CA.pem|$scratch/server.pem|")")" \
			"private-key=pkcs11:token=attest-ca%20laptop;object=laptop;type=private"
		case_fails "nmcli: the module must be in p11-kit's list" 1 'nmcli does not use the key: it failed .*cannot load private key' \
			unlisted "$attest_device_program" use --state-dir "$scratch/$key" --module "$module" nmcli --check
	else
		skip "nmcli" "it is not installed"
	fi
	daemon_stop hostapd
else
	skip "wpa_supplicant" "there is no hostapd or eapol_test, or no folder can be covered (unshare -m)"
fi
key=ecc-p256
key_use $key

# ---- stunnel, through renewals; and Python by it ----

if has stunnel; then
	cp -r "$scratch/ecc-p256" "$scratch/live"
	key=live
	key_use live
	tunnel=$(free_port)
	{
		echo 'foreground = yes'
		echo "pid = $scratch/stunnel.pid"
		text_of stunnel | sed "s|127.0.0.1:8443|127.0.0.1:$tunnel|; s|HOST:443|127.0.0.1:$admitting_port|; s|HOST|localhost|; s|^CAfile.*|CAfile = $scratch/server.pem|"
	} >"$scratch/stunnel.conf"
	daemon_start stunnel stunnel "$scratch/stunnel.conf"
	listening stunnel "$tunnel"
	by_python() {
		run python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode(), end="")' \
			"http://127.0.0.1:$tunnel/"
	}
	by_python
	case_equal "python by stunnel" "$out$err" "hello CN=laptop $(serial_of ecc-p256) by TLSv1.3"
	for renewal in second rsa-2048; do
		renew_to $renewal
		by_python
		case_equal "… goes on after a renewal, $renewal" "$out$err" "hello CN=laptop $(serial_of ecc-p256) by TLSv1.3"
	done
	daemon_stop stunnel
	daemon_start stunnel stunnel "$scratch/stunnel.conf"
	listening stunnel "$tunnel"
	by_python
	case_equal "… and has the new key when it starts again" "$out$err" "hello CN=laptop $(serial_of rsa-2048) by TLSv1.3"
	daemon_stop stunnel
	key=ecc-p256
	key_use $key
else
	skip "stunnel, and python by it" "it is not installed"
fi
uri=$(text_of curl | sed -n 's/^key = "\(.*\)"/\1/p')
case_fails "python's ssl takes no key of a token" 1 'FileNotFoundError' \
	python3 -c 'import ssl, sys; ssl.create_default_context().load_cert_chain(*sys.argv[1:])' "$scratch/ecc-p256/device.pem" "$uri"

# ---- an ordinary user, with a key of their own ----

if [ "$(id -u)" -eq 0 ] && has setpriv; then
	chmod 711 "$scratch" "$scratch/tpm-one"
	chmod 666 "${tpm_socket[one]}" "${tpm_socket[one]}.ctrl"
	mkdir -p "$scratch/user/.local/state" "$scratch/bin"
	cp -r "$scratch/ecc-p256" "$scratch/user/.local/state/attest-device"
	cp "$attest_device_program" "$module" "$scratch/bin"
	chown -R 12345:12345 "$scratch/user"
	# Nothing but HOME and the TPM says where the key is.
	as_user() {
		setpriv --reuid 12345 --regid 12345 --clear-groups env -u ATTEST_PKCS11_STATE -u ATTEST_PKCS11_TPM -u PKCS11_MODULE_PATH \
			-u TMPDIR HOME="$scratch/user" TPM2TOOLS_TCTI="${tcti[one]}" "$@"
	}
	own() {
		as_user "$scratch/bin/attest-device" use --module "$scratch/bin/attest-pkcs11.so" "$@"
	}
	case_ok "a user's own key: curl" own curl --check
	if has java javac keytool; then
		case_ok "… java, where it is in the second slot" own java --check
	else
		skip "… java" "there is no JDK"
	fi
	case_fails "… git, before the module is in p11-kit's list" 1 "it needs the module in p11-kit's list \\(attest-device use p11-kit\\)" own git --check
	case_ok "… p11-kit: written" own p11-kit --write
	case_equal "… in the user's list" "$out" "$scratch/user/.config/pkcs11/modules/attest-device.module: written"
	case_ok "… and found there" own p11-kit --check
	case_ok "… git then" own git --check
	case_fails "… what is root's" 1 "is root's; run this as root, with --state-dir" own nginx --write
	chmod 700 "$scratch/live"
	case_ok "… a directory that is closed to them: the programs are listed" as_user "$scratch/bin/attest-device" use --state-dir "$scratch/live"
	case_matches "… and it is said" "$err" "this user may not enter $scratch/live; name a group of yours as key_group"
	if [ -e "$(dirname "$engine")/../ossl-modules/tpm2.so" ] && has haproxy; then
		case_ok "… haproxy, whose TPM is that of the environment" own haproxy-key --check
		tpm2_flushcontext -T "${tcti[one]}" -t
	else
		skip "… haproxy" "there is no HAProxy, or no tpm2-openssl"
	fi
else
	skip "a user's own key" "not run by root, who alone can be another user"
fi

# ---- the provider, without the module ----

# Verifying a signature of the other side takes it more room than a TPM without resource manager has,
# unless that is by Ed25519.
if [ -e "$(dirname "$engine")/../ossl-modules/tpm2.so" ]; then
	daemon_stop admitting
	server_certificate ed25519
	admitting_start || exit 1
	text_of tpm2-openssl >"$HOME/openssl.cnf"
	for key in ecc-p256 rsa-2048; do
		command=$(then_of tpm2-openssl | sed "s|OPENSSL_CONF=[^ ]*|OPENSSL_CONF=$HOME/openssl.cnf|; s|https://HOST/|--silent --show-error --cacert $scratch/server.pem https://localhost:$admitting_port/|")
		run env -u PKCS11_MODULE_PATH TPM2OPENSSL_TCTI="${tcti[one]}" sh -c "$command"
		case_equal "tpm2-openssl: curl with $key" "$out$err" "hello CN=laptop $(serial_of $key) by TLSv1.3"
		tpm2_flushcontext -T "${tcti[one]}" -t # what it leaves
	done
	# HAProxy has the TPM for as long as it runs, so that here nobody else asks for it.
	if has haproxy; then
		mkdir "$scratch/haproxy"
		ports=("$(free_port)" "$(free_port)")
		rm -rf "$scratch/live"
		cp -r "$scratch/ecc-p256" "$scratch/live"
		key=live
		ln -s "$scratch/live/device.pem" "$scratch/haproxy/attest-device.pem"
		ln -s "$scratch/live/device.key" "$scratch/haproxy/attest-device.pem.key"
		case_matches "haproxy: the links are those that are printed" "$(then_of haproxy-key)" \
			"ln -s $scratch/live/device.pem /etc/haproxy/attest-device.pem; ln -s $scratch/live/device.key /etc/haproxy/attest-device.pem.key;"
		{
			printf '%s\n' defaults '    mode http' '    timeout connect 5s' '    timeout client 5s' '    timeout server 5s' \
				'frontend g' "    bind 127.0.0.1:${ports[1]}" '    default_backend BACKEND'
			text_of haproxy-key | sed "s|/etc/haproxy/|$scratch/haproxy/|; s|bind :443|bind 127.0.0.1:${ports[0]}|
				s|HOST:443|127.0.0.1:$admitting_port|; s|HOST|localhost|g; s|/etc/ssl/certs/ca-certificates.crt|$scratch/server.pem|
				/^backend/i \    http-request return status 200"
		} >"$scratch/haproxy.cfg"
		shown() { # VERSION: the serial number of the certificate that it shows, with a signature by its key
			run openssl s_client -connect "127.0.0.1:${ports[0]}" -tls1_"${1#1.}" </dev/null
			[ "$status" -eq 0 ] && openssl x509 -noout -serial <<<"$out" | cut -d = -f 2
		}
		OPENSSL_CONF=$HOME/openssl.cnf TPM2OPENSSL_TCTI=${tcti[one]} PATH=$PATH:/usr/sbin \
			daemon_start haproxy haproxy -W -f "$scratch/haproxy.cfg"
		listening haproxy "${ports[0]}"
		case_equal "haproxy: this machine's key is its own, by TLS 1.3" "$(shown 1.3)" "$(serial_of live)" ||
			note "$(tail -n 5 "${log[haproxy]}")"
		run curl --silent --show-error --max-time 10 "http://127.0.0.1:${ports[1]}/"
		case_equal "haproxy as a client" "$out$err" "hello CN=laptop $(serial_of live) by TLSv1.3"
		case_equal "haproxy: not with P-256 by TLS 1.2, as it says" "$(shown 1.2)" ""
		renew_to rsa-2048
		kill -USR2 "${pid[haproxy]}"
		wait_for '[ "$(shown 1.3)" = "$(serial_of rsa-2048)" ]'
		case_equal "haproxy: the new key after a reload, by TLS 1.3" "$(shown 1.3)" "$(serial_of rsa-2048)"
		case_equal "haproxy: … by TLS 1.2" "$(shown 1.2)" "$(serial_of rsa-2048)"
		run curl --silent --show-error --max-time 10 "http://127.0.0.1:${ports[1]}/"
		case_equal "haproxy: … as a client" "$out$err" "hello CN=laptop $(serial_of rsa-2048) by TLSv1.3"
		daemon_stop haproxy
		wait_for 'tpm2_flushcontext -T "${tcti[one]}" -t'
		for key in ecc-p256 rsa-2048; do
			case_ok "haproxy --check: $key" use haproxy-key --check --tcti "${tcti[one]}"
			tpm2_flushcontext -T "${tcti[one]}" -t
		done
		cp "$scratch/second/device.pem" "$scratch/live/device.pem"
		key=live
		case_fails "haproxy --check: a certificate of another key" 1 'haproxy-key does not use the key: it failed \(.*inconsistencies' \
			use haproxy-key --check --tcti "${tcti[one]}"
	else
		skip "haproxy with this machine's key" "it is not installed"
	fi
else
	skip "tpm2-openssl" "it is not installed"
fi

check "nothing stays loaded" nothing_loaded
finish
