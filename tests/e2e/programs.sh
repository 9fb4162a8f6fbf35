# What the tests of programs with the device's key share; sourced after module.sh.
#
#   use PROGRAM [OPTION…]       attest-device use, with the key in $scratch/$key
#   text_of PROGRAM             the text that it prints, and then_of what follows it
#   has TOOL…                   whether all are installed, also root's
#   free_port                   prints a port of 127.0.0.1 that nobody has
#   serial_of DIRECTORY         the serial number of its certificate
#   nginx_file LINES            a configuration with these lines in http
#   admitting_start             an nginx "admitting" at $admitting_port that admits our machines and says
#                               "hello NAME SERIAL by VERSION"; its certificate is $scratch/server.pem
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

admitting_start() { # [LINES]
	admitting_port=$(free_port)
	nginx_file "server {
		listen 127.0.0.1:$admitting_port ssl;
		ssl_protocols TLSv1.2 TLSv1.3;
		ssl_certificate $scratch/server.pem;
		ssl_certificate_key $scratch/server.key;
		${1:-$(text_of nginx-server | sed "s|/etc/ssl/certs/DEVICE-CA.pem|$acme_dir/root.pem|; s|/etc/ssl/certs/DEVICE-CRL.pem|$acme_dir/crl.pem|")}
		keepalive_timeout 0;
		location / { default_type text/html; return 200 \"hello \$ssl_client_s_dn \$ssl_client_serial by \$ssl_protocol\\n\"; }
	}" >"$scratch/admitting.conf"
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
