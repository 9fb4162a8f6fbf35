# What the tests of programs with the device's key share; sourced after module.sh.
#
#   use PROGRAM [OPTION…]       attest-device use, with the key in $scratch/$key
#   text_of PROGRAM             the text that it prints, and then_of what follows it
#   has TOOL…                   whether all are installed, also root's
#   free_port                   prints a port of 127.0.0.1 that nobody has
#   serial_of DIRECTORY         the serial number of its certificate
#   nginx_file LINES            a configuration with these lines in http
#   admitting_start [LINES [PORT…]]  an nginx "admitting" at $admitting_port (and more) that admits our machines and says
#                               "hello NAME SERIAL by VERSION"; its certificate is $scratch/server.pem.
#                               Each connection is a handshake; $scratch/seen has "PATH NAME SERIAL by VERSION".
#                               With ports in $older_ports it speaks TLS 1.2 alone there, and takes RSA signatures by
#                               PKCS #1 v1.5 only
#   apache_start LINES          an Apache "apache" at $port with these lines in its host
#   postgres_start              a PostgreSQL "postgres" at $pg_port that takes device certificates; its
#                               certificate is $scratch/server.pem. 1: there is none
#   psql_command                prints a command for a psql that is to be given -c, set up by attest-device use
#   radius_start                a hostapd "hostapd" with EAP-TLS for our machines at $radius_port. 1: there is none
#   eap_try VERSION             eapol_test, set up by attest-device use, with what it prints in $out
#   trusting COMMAND…           with the module below /usr/lib, where wpa_supplicant trusts it: $trusted
#   listed COMMAND…             with the module in p11-kit's list, and unlisted COMMAND… with that list empty
#   renew_to DIRECTORY          puts another key in $scratch/live, as a renewal does

use() {
	attest_device use --state-dir "$scratch/$key" --module "$module" "$@"
}

text_of() {
	use "$1" --json | jq -j .text
}

then_of() {
	use "$1" --json | jq -r .then
}

has() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || [ -x "/usr/sbin/$tool" ] || return 1
	done
}

free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

serial_of() {
	openssl x509 -in "$scratch/$1/device.pem" -noout -serial | cut -d = -f 2
}

nginx_file() {
	local temporary

	printf '%s\n' 'daemon off;' "pid $scratch/nginx-$BASHPID.pid;" 'error_log stderr info;' 'events {}' 'http {' 'access_log off;'
	for temporary in client_body proxy fastcgi uwsgi scgi; do
		printf '%s_temp_path %s/%s;\n' $temporary "$scratch" "nginx-temporary"
	done
	printf '%s\n' "$1" '}'
}

older_ports=()
admitting_server() { # LINES PORT…
	printf 'server {\n'
	printf 'listen 127.0.0.1:%s ssl;\n' "${@:2}"
	cat <<-END
	access_log $scratch/seen device;
	ssl_session_tickets off;
	ssl_certificate $scratch/server.pem;
	ssl_certificate_key $scratch/server.key;
	$1
	keepalive_timeout 0;
	location / { default_type text/html; return 200 "hello \$ssl_client_s_dn \$ssl_client_serial by \$ssl_protocol\\n"; }
	}
	END
}
admitting_start() { # [LINES [PORT…]]
	local lines

	admitting_port=$(free_port)
	lines=${1:-$(text_of nginx-server | sed "s|/etc/ssl/certs/DEVICE-CA.pem|$acme_dir/root.pem|; s|/etc/ssl/certs/DEVICE-CRL.pem|$acme_dir/crl.pem|")}
	nginx_file "log_format device '\$uri \$ssl_client_s_dn \$ssl_client_serial by \$ssl_protocol';
	$(admitting_server "ssl_protocols TLSv1.2 TLSv1.3; $lines" "$admitting_port" "${@:2}")
	$([ "${#older_ports[@]}" -eq 0 ] || admitting_server "ssl_protocols TLSv1.2;
		ssl_conf_command ClientSignatureAlgorithms ECDSA+SHA256:RSA+SHA256;
		$lines" "${older_ports[@]}")" >"$scratch/admitting.conf"
	PATH=$PATH:/usr/sbin daemon_start admitting nginx -e stderr -p "$scratch" -c "$scratch/admitting.conf"
	listening admitting "$admitting_port"
}

listening() { # DAEMON PORT
	wait_for "(: </dev/tcp/127.0.0.1/$2) 2>/dev/null || ! daemon_runs $1" && daemon_runs "$1" && return
	note "$1 does not start:"
	note "$(cat "${log[$1]}")"
	return 1
}

renew_to() {
	rm -f "$scratch"/live/former-*
	cp "$scratch/live/device.key" "$scratch/live/former-0123456789abcdef.key"
	cp "$scratch/live/device.pem" "$scratch/live/former-0123456789abcdef.pem"
	cp "$scratch/$1/device.key" "$scratch/$1/device.pem" "$scratch/live/"
}

listed() {
	mkdir -p "$scratch/modules" && echo "module: $module" >"$scratch/modules/attest-device.module"
	unshare -m sh -c 'mount --bind "$0" /usr/share/p11-kit/modules && exec "$@"' "$scratch/modules" "$@"
}

unlisted() {
	mkdir -p "$scratch/no-modules"
	unshare -m sh -c 'mount --bind "$0" /usr/share/p11-kit/modules && exec "$@"' "$scratch/no-modules" "$@"
}

apache_start() {
	local module user group

	user=$(id -un) group=$(id -gn)
	if [ "$(id -u)" -eq 0 ]; then
		user=nobody group=$(id -gn nobody)
		chmod 711 "$scratch"
	fi
	port=$(free_port)
	{
		for module in mpm_event authz_core ssl headers; do
			echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
		done
		printf '%s\n' "ServerRoot $scratch" 'ServerName localhost' "PidFile $scratch/apache.pid" 'ErrorLog /dev/stderr' \
			"Mutex file:$scratch default" "User $user" "Group $group" 'StartServers 1' "Listen 127.0.0.1:$port" \
			"<VirtualHost *:$port>" 'SSLEngine on' 'SSLProtocol -all +TLSv1.2 +TLSv1.3' "$1" '</VirtualHost>'
	} >"$scratch/apache.conf"
	PATH=$PATH:/usr/sbin daemon_start apache apache2 -f "$scratch/apache.conf" -DFOREGROUND
	listening apache "$port"
}

# Its server does not run as root.
postgres_start() {
	local other=() postgres

	[ "$(id -u)" -ne 0 ] || other=(setpriv --reuid nobody --regid "$(id -g nobody)" --clear-groups env HOME="$scratch/pg")
	postgres=$(find /usr/lib/postgresql -name postgres -path '*/bin/*' 2>/dev/null | sort | tail -n 1)
	[ -n "$postgres" ] && has psql setpriv || return 1
	mkdir "$scratch/pg"
	cp "$scratch/server.pem" "$scratch/server.key" "$acme_dir/root.pem" "$scratch/pg/"
	chmod 600 "$scratch/pg/server.key"
	if [ "$(id -u)" -eq 0 ]; then
		chown -R nobody "$scratch/pg"
		chmod 711 "$scratch"
	fi
	"${other[@]}" "${postgres%/*}/initdb" -D "$scratch/pg/data" -U postgres --no-sync -A reject >"$scratch/initdb.log" 2>&1 ||
		note "$(cat "$scratch/initdb.log")"
	pg_port=$(free_port)
	printf '%s\n' "listen_addresses = '127.0.0.1'" "port = $pg_port" "unix_socket_directories = ''" 'fsync = off' 'ssl = on' \
		"ssl_cert_file = '$scratch/pg/server.pem'" "ssl_key_file = '$scratch/pg/server.key'" "ssl_ca_file = '$scratch/pg/root.pem'" |
		"${other[@]}" tee -a "$scratch/pg/data/postgresql.conf" >/dev/null
	echo 'hostssl all all 127.0.0.1/32 cert map=devices' | "${other[@]}" tee "$scratch/pg/data/pg_hba.conf" >/dev/null
	echo 'devices laptop postgres' | "${other[@]}" tee "$scratch/pg/data/pg_ident.conf" >/dev/null
	daemon_start postgres "${other[@]}" "$postgres" -D "$scratch/pg/data"
	listening postgres "$pg_port"
	wait_for 'grep -q "ready to accept" "${log[postgres]}"'
}

psql_command() {
	then_of psql | sed "s|host=HOST|host=localhost port=$pg_port user=postgres dbname=postgres|; s|YOUR-CA.pem|${server_ca:-$scratch/server.pem}|"
}

# wpa_supplicant takes modules below /usr/lib only.
trusted=$(find /usr/lib -maxdepth 2 -type d -name pkcs11 2>/dev/null | head -n 1)
trusting() {
	mkdir -p "$scratch/trusted"
	[ -e "$scratch/trusted/attest-pkcs11.so" ] || cp "$module" "$scratch/trusted/attest-pkcs11.so"
	unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$scratch/trusted" "$trusted" "$@"
}

radius_start() {
	has hostapd eapol_test && [ -n "$trusted" ] && trusting true 2>/dev/null || return 1
	echo '* TLS' >"$scratch/users"
	echo '127.0.0.1/32 secret' >"$scratch/radius"
	radius_port=$(python3 -c 'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	printf '%s\n' driver=none interface=lo ieee8021x=1 eap_server=1 "eap_user_file=$scratch/users" "ca_cert=$acme_dir/root.pem" \
		"server_cert=$scratch/server.pem" "private_key=$scratch/server.key" "radius_server_clients=$scratch/radius" \
		"radius_server_auth_port=$radius_port" 'tls_flags=[ENABLE-TLSv1.3]' logger_stdout=-1 logger_stdout_level=0 >"$scratch/hostapd.conf"
	PATH=$PATH:/usr/sbin daemon_start hostapd hostapd -d "$scratch/hostapd.conf"
	wait_for 'grep -q AP-ENABLED "${log[hostapd]}" || ! daemon_runs hostapd'
}

eap_try() {
	use wpa_supplicant --module "$trusted/attest-pkcs11.so" --json | jq -j .text |
		sed "s|/etc/ssl/certs/YOUR-RADIUS-CA.pem|${server_ca:-$scratch/server.pem}|" >"$scratch/wpa.conf"
	[ "$1" = 1.2 ] || sed -i "s|^}|    $(then_of wpa_supplicant | grep -o 'phase1=".*"')\n}|" "$scratch/wpa.conf"
	run trusting timeout 10 eapol_test -c "$scratch/wpa.conf" -a 127.0.0.1 -p "$radius_port" -s secret
}
