#!/usr/bin/env bash
# The PKCS #11 module in programs that people have: OpenSSH, wget, nginx as a client through
# renewals, stunnel. One that is not installed is skipped; Java is in tests/interop/java.sh.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/module.sh"

module_needs_plain_build
module_ready || exit 1
for type in ecc-p256 rsa-2048 second; do
	case $type in second) key_make second ecc-p256 ;; *) key_make $type $type ;; esac || exit 1
done
token='pkcs11:token=attest-ca%20laptop'
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
export PKCS11_MODULE_PATH=$module

has() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || return 1
	done
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ---- a server that admits our machines ----

server_certificate
if ! has nginx; then
	skip_all "there is no nginx"
fi
port=$(free_port)
cat >"$scratch/server.conf" <<END
daemon off;
pid $scratch/server.pid;
error_log $scratch/server.error info;
events {}
http {
	access_log off;
	client_body_temp_path $scratch/t1; proxy_temp_path $scratch/t2;
	fastcgi_temp_path $scratch/t3; uwsgi_temp_path $scratch/t4; scgi_temp_path $scratch/t5;
	server {
		listen 127.0.0.1:$port ssl;
		ssl_certificate $scratch/server.pem;
		ssl_certificate_key $scratch/server.key;
		ssl_client_certificate $acme_dir/root.pem;
		ssl_verify_client on;
		ssl_verify_depth 2;
		keepalive_timeout 0;
		location / { return 200 "hello \$ssl_client_s_dn \$ssl_client_serial\n"; }
	}
}
END
daemon_start server nginx -p "$scratch" -c "$scratch/server.conf" -e "$scratch/server.error"
wait_for '[ -s "$scratch/server.pid" ] || ! daemon_runs server'
url=https://localhost:$port/
serial_of() {
	openssl x509 -in "$scratch/$1/device.pem" -noout -serial | cut -d = -f 2
}

# ---- OpenSSH ----

if has ssh ssh-keygen sshd && [ "$(id -u)" -eq 0 ]; then
	mkdir -p "$scratch/ssh" /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/ssh/host"
	ssh_port=$(free_port)
	printf '%s\n' "Port $ssh_port" 'ListenAddress 127.0.0.1' "HostKey $scratch/ssh/host" \
		"AuthorizedKeysFile $scratch/ssh/authorized" 'StrictModes no' 'UsePAM no' \
		'PermitRootLogin yes' "PidFile $scratch/ssh/pid" 'MaxAuthTries 2' 'LogLevel VERBOSE' >"$scratch/ssh/config"
	daemon_start sshd "$(command -v sshd)" -D -e -f "$scratch/ssh/config"
	wait_for '[ -s "$scratch/ssh/pid" ] || ! daemon_runs sshd'
	log_in() {
		env -u SSH_AUTH_SOCK timeout 30 ssh -F none "$@" -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
			-o LogLevel=ERROR -p "$ssh_port" root@127.0.0.1 'echo came in'
	}
	for type in ecc-p256 rsa-2048; do
		key_use $type
		ssh-keygen -D "$module" 2>/dev/null | head -n 1 >"$scratch/ssh/laptop.pub"
		cp "$scratch/ssh/laptop.pub" "$scratch/ssh/authorized"
		case_ok "ssh: logs in with the $type key" log_in -o PKCS11Provider="$module"
		case_equal "… and that is all" "$out$err" "came in"
		case_ok "ssh: offers that key alone, not the authority's" log_in -o PKCS11Provider="$module" \
			-o IdentitiesOnly=yes -i "$scratch/ssh/laptop.pub" -o LogLevel=DEBUG
		check "… which is what it says" '[ "$(grep -c "Offering public key" <<<"$err")" -eq 1 ]'
	done
	daemon_stop sshd
else
	skip "ssh: logs in" "there is no OpenSSH server, or this is not root"
fi

# ---- GnuTLS ----

# As a user, whose own list of modules p11-kit reads; of root it does not.
if has wget setpriv && ldd "$(command -v wget)" | grep -q gnutls && [ "$(id -u)" -eq 0 ]; then
	mkdir -p "$scratch/user/.config/pkcs11/modules"
	cp "$module" "$scratch/user/attest-pkcs11.so"
	cp -r "$scratch/ecc-p256" "$scratch/user/state"
	cp "$scratch/server.pem" "$scratch/user/"
	echo "module: $scratch/user/attest-pkcs11.so" >"$scratch/user/.config/pkcs11/modules/attest-device.module"
	chown -R 65534:65534 "$scratch/user"
	chmod 711 "$scratch" "$scratch/tpm-one"
	chmod 755 "$scratch/user/attest-pkcs11.so"
	chmod 666 "${tpm_socket[one]}" "${tpm_socket[one]}.ctrl"
	user() {
		setpriv --reuid 65534 --regid 65534 --clear-groups env HOME="$scratch/user" XDG_CONFIG_HOME="$scratch/user/.config" \
			ATTEST_PKCS11_STATE="$scratch/user/state" "$@"
	}
	case_ok "wget: with the key" user wget --quiet -O - --ca-certificate="$scratch/user/server.pem" \
		--certificate="$scratch/user/state/device.pem" --private-key="$token;object=laptop;type=private" "$url"
	case_matches "… is let in" "$out$err" "hello CN=laptop $(serial_of ecc-p256)"
	if has p11-kit; then
		case_ok "p11-kit: lists the module" user p11-kit list-modules
		case_matches "… and its token" "$out" 'attest-ca laptop'
	fi
else
	skip "wget: with the key" "there is no wget with GnuTLS, or this is not root"
fi

# ---- nginx as a client, through two renewals, and as a server ----

if [ -e "$engine" ]; then
	cp -r "$scratch/ecc-p256" "$scratch/live"
	key_use live
	cat >"$scratch/openssl.cnf" <<-END
	openssl_conf = main
	[main]
	engines = engines
	[engines]
	pkcs11 = pkcs11
	[pkcs11]
	engine_id = pkcs11
	MODULE_PATH = $module
	init = 1
	END
	cat >"$scratch/client.conf" <<-END
	daemon off;
	pid $scratch/client.pid;
	error_log $scratch/client.error info;
	env ATTEST_PKCS11_STATE; env ATTEST_PKCS11_TPM; env PKCS11_MODULE_PATH; env OPENSSL_CONF;
	events {}
	http {
		access_log off;
		client_body_temp_path $scratch/u1; proxy_temp_path $scratch/u2;
		fastcgi_temp_path $scratch/u3; uwsgi_temp_path $scratch/u4; scgi_temp_path $scratch/u5;
		server {
			listen unix:$scratch/client.socket;
			location / {
				proxy_pass $url;
				proxy_ssl_certificate $scratch/live/device.pem;
				proxy_ssl_certificate_key "engine:pkcs11:$token;type=private";
				proxy_ssl_session_reuse off;
			}
		}
		server {
			listen unix:$scratch/tls.socket ssl;
			ssl_protocols TLSv1.2 TLSv1.3;
			ssl_certificate $scratch/live/device.pem;
			ssl_certificate_key "engine:pkcs11:$token;type=private";
			location / { return 200 "served by the key\n"; }
		}
	}
	END
	export OPENSSL_CONF=$scratch/openssl.cnf
	daemon_start client nginx -p "$scratch" -c "$scratch/client.conf" -e "$scratch/client.error"
	unset OPENSSL_CONF
	wait_for '[ -s "$scratch/client.pid" ] || ! daemon_runs client'
	by_nginx() {
		run curl --silent --show-error --max-time 20 --unix-socket "$scratch/client.socket" http://nginx/
		out=$out$err
	}
	by_nginx
	case_equal "nginx as a client" "$out" "hello CN=laptop $(serial_of ecc-p256)"
	for version in 1.2 1.3; do
		run curl --silent --show-error --insecure --tlsv$version --tls-max $version --unix-socket "$scratch/tls.socket" \
			https://laptop/
		case_equal "nginx as a server, TLS $version" "$out$err" "served by the key"
	done
	for renewal in second rsa-2048; do
		rm -f "$scratch"/live/former-*
		cp "$scratch/live/device.key" "$scratch/live/former-0123456789abcdef.key"
		cp "$scratch/live/device.pem" "$scratch/live/former-0123456789abcdef.pem"
		cp "$scratch/$renewal/device.key" "$scratch/$renewal/device.pem" "$scratch/live/"
		for request in 1 2; do
			by_nginx
			case_equal "nginx as a client: goes on after a renewal, request $request" "$out" \
				"hello CN=laptop $(serial_of ecc-p256)"
		done
		if [ $renewal = second ]; then # a worker that first signs after a renewal
			kill "$(pgrep -P "${pid[client]}" | head -n 1)"
			wait_for '[ -n "$(pgrep -P "${pid[client]}")" ]'
			by_nginx
			case_equal "nginx as a client: so does a new worker" "$out" "hello CN=laptop $(serial_of ecc-p256)"
		fi
	done
	check "the TPM is free meanwhile" 'timeout 10 tpm2_getrandom -T "${tcti[one]}" --hex 8 >/dev/null'
	daemon_stop client
	check "nothing stays loaded after nginx" nothing_loaded

	# ---- stunnel ----

	key_use ecc-p256
	if has stunnel; then
		stunnel_port=$(free_port)
		cat >"$scratch/stunnel.conf" <<-END
		foreground = yes
		pid = $scratch/stunnel.pid
		engine = pkcs11
		[tls]
		client = yes
		accept = 127.0.0.1:$stunnel_port
		connect = 127.0.0.1:$port
		engineId = pkcs11
		cert = $scratch/ecc-p256/device.pem
		key = $token;type=private
		CAfile = $scratch/server.pem
		verifyChain = yes
		END
		daemon_start stunnel stunnel "$scratch/stunnel.conf"
		wait_for '[ -s "$scratch/stunnel.pid" ] || ! daemon_runs stunnel'
		run curl --silent --show-error --max-time 20 "http://127.0.0.1:$stunnel_port/"
		case_equal "stunnel" "$out$err" "hello CN=laptop $(serial_of ecc-p256)" || note "$(cat "${log[stunnel]}")"
		daemon_stop stunnel
	else
		skip "stunnel" "it is not installed"
	fi
else
	skip "nginx as a client, and stunnel" "there is no libengine-pkcs11-openssl"
fi

check "nothing stays loaded after all that" nothing_loaded
finish
