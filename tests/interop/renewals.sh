#!/usr/bin/env bash
# The key in programs through two renewals (attest-device renew --force), P-256 and RSA, with a new key in
# between (--new-key), by TLS 1.2 and 1.3. In TLS 1.2 an RSA key signs by PKCS #1 v1.5, where the other side
# takes nothing else, as at $older, and by PSS. Those that run once for a connection have the new certificate at once; of those that
# live longer it is shown which follow, and which go on with what they have until a reload or restart, as
# attest-pkcs11(7) says.
set -u
cache=$(go env GOCACHE 2>/dev/null) modules=$(go env GOMODCACHE 2>/dev/null)
. "${BASH_SOURCE%/*}/../e2e/lib.sh"
. "${BASH_SOURCE%/*}/../e2e/acme.sh"
. "${BASH_SOURCE%/*}/../e2e/module.sh"
. "${BASH_SOURCE%/*}/../e2e/programs.sh"

interop=$(cd "${BASH_SOURCE%/*}" && pwd)
module_needs_plain_build
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
[ -e "$engine" ] || skip_all "there is no libengine-pkcs11-openssl"
has nginx || skip_all "there is no nginx"
module_ready || exit 1
[ "$(id -u)" -ne 0 ] || chmod 711 "$scratch" "$scratch/tpm-one"
chmod 666 "${tpm_socket[one]}" "${tpm_socket[one]}.ctrl"

# Firefox takes no CA's certificate for a server's.
server_ca=$scratch/ca.pem
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=Server CA' \
	-keyout "$scratch/ca.key" -out "$server_ca" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout "$scratch/server.key" 2>/dev/null |
	openssl x509 -req -CA "$server_ca" -CAkey "$scratch/ca.key" -days 30 -out "$scratch/server.pem" \
		-extfile <(printf '%s\n' subjectAltName=DNS:localhost basicConstraints=CA:FALSE extendedKeyUsage=serverAuth) 2>/dev/null
cat "$scratch/server.pem" "$scratch/server.key" >"$scratch/both.pem"
key_make live ecc-p256 || exit 1
key=live
key_use live
# Ports of it that a browser does not know yet: one for each round.
others=() older_ports=()
for round in {0..5}; do
	others+=("$(free_port)")
done
for round in {0..6}; do
	older_ports+=("$(free_port)")
done
admitting_start "" "${others[@]}" || exit 1
url=https://localhost:$admitting_port
older=https://localhost:${older_ports[6]}
export PKCS11_MODULE_PATH=$module

# The serial numbers of the certificate now, and of the one that a program read when it started.
declare -A began to from
now=$(serial_of live)
hello() { # SERIAL VERSION
	echo "hello CN=laptop $1 by TLSv$2"
}
seen() { # PATH: what the server saw of who asked for it
	wait_for "grep -q '^$1 ' '$scratch/seen'" 10
	sed -n "s|^$1 ||p" "$scratch/seen" | tail -n 1
}

# asks NAME LINE: writes a line to the running program NAME, and prints its answer
asks() {
	local answer=

	printf '%s\n' "$2" >&"${to[$1]}"
	read -r -t 30 answer <&"${from[$1]}"
	printf '%s\n' "$answer"
}
talk_start() { # NAME COMMAND…
	local name=$1 in out

	shift
	rm -f "$scratch/$name.in" "$scratch/$name.out"
	mkfifo "$scratch/$name.in" "$scratch/$name.out"
	daemon_start "$name" sh -c 'exec "$@" <"$0.in" >"$0.out"' "$scratch/$name" "$@"
	exec {in}>"$scratch/$name.in" {out}<"$scratch/$name.out"
	to[$name]=$in from[$name]=$out
}

# ---- what runs once for a connection: the certificate is the new one at once ----

has haproxy && {
	haproxy_port=$(free_port)
	{
		printf '%s\n' defaults '    mode http' '    timeout connect 5s' '    timeout client 5s' '    timeout server 5s' 'frontend f'
		text_of haproxy | sed "s|/etc/ssl/certs/DEVICE-CA.pem|$acme_dir/root.pem|; s|/etc/ssl/certs/DEVICE-CRL.pem|$acme_dir/crl.pem|
			s|bind :443|bind 127.0.0.1:$haproxy_port|; s|/etc/haproxy/YOUR-SERVER.pem|$scratch/both.pem|"
		printf '    http-request return status 200 hdr X-Serial "%%[ssl_c_serial,hex]"\n'
	} >"$scratch/haproxy.cfg"
	PATH=$PATH:/usr/sbin daemon_start haproxy haproxy -db -f "$scratch/haproxy.cfg"
	listening haproxy "$haproxy_port"
}
with_postgres=no
! postgres_start || with_postgres=yes
with_radius=no
! radius_start || with_radius=yes
with_list=no
[ ! -d /usr/share/p11-kit/modules ] || ! listed true 2>/dev/null || with_list=yes
round=0
once() { # WHEN
	local version

	text_of curl >"$scratch/curl.conf"
	text_of git >"$scratch/gitconfig"
	for version in 1.2 1.3; do
		run curl --silent --show-error --config "$scratch/curl.conf" --cacert "$server_ca" --tlsv$version --tls-max $version "$url/"
		case_equal "curl, TLS $version, $1" "$out$err" "$(hello "$now" $version)"
		if has haproxy; then
			run curl --silent --show-error --config "$scratch/curl.conf" --cacert "$server_ca" --tlsv$version --tls-max $version \
				--include "https://localhost:$haproxy_port/"
			case_equal "haproxy admits, TLS $version, $1" "$(sed -n 's/^x-serial: //pI' <<<"${out//$'\r'/}")" "$now"
		else
			skip "haproxy admits, TLS $version, $1" "it is not installed"
		fi
		if [ $with_list = yes ]; then
			printf '[overrides]\n%s\n' "$([ $version = 1.3 ] || echo 'disabled-version = tls1.3')" >"$scratch/gnutls"
			run listed env GNUTLS_SYSTEM_PRIORITY_FILE="$scratch/gnutls" GIT_SSL_CAINFO="$server_ca" git -c include.path="$scratch/gitconfig" \
				ls-remote "$url/git-$round-$version"
			case_equal "git, TLS $version, $1" "$(seen "/git-$round-$version/info/refs")" "CN=laptop $now by TLSv$version"
		else
			skip "git, $1" "p11-kit's list cannot be covered here (unshare -m)"
		fi
		if [ $with_postgres = yes ]; then
			run env PGSSLMINPROTOCOLVERSION=TLSv$version PGSSLMAXPROTOCOLVERSION=TLSv$version \
				sh -c "$(psql_command) -Atc 'select version, client_serial from pg_stat_ssl where pid = pg_backend_pid()'"
			case_equal "psql, TLS $version, $1" "$out$err" "TLSv$version|$(python3 -c 'import sys; print(int(sys.argv[1], 16))' "$now")"
		else
			skip "psql, TLS $version, $1" "there is no PostgreSQL"
		fi
		if [ $with_radius = yes ]; then
			: >"${log[hostapd]}"
			eap_try $version
			case_equal "wpa_supplicant, TLS $version, $1" "$(tail -n 1 <<<"$out") $(grep -o 'Using TLS version TLSv.*' <<<"$out" | sort -u) $(
				sed -n 's/.*authsrv: peer certificate: depth=0 serial_num=\([0-9A-Fa-f]*\) .*/\1/p' "${log[hostapd]}" | sort -u | tr a-f A-F)" \
				"SUCCESS Using TLS version TLSv$version $now"
		else
			skip "wpa_supplicant, TLS $version, $1" "there is no hostapd or eapol_test, or no folder can be covered (unshare -m)"
		fi
	done
	run curl --silent --show-error --config "$scratch/curl.conf" --cacert "$server_ca" "$older/"
	case_equal "curl, by PKCS #1 v1.5 where the key is RSA, $1" "$out$err" "$(hello "$now" 1.2)"
}

# ---- nginx and Apache: they read the certificate when they start, and when they are told to ----

served() { # PORT [OPTION…]: the serial number of the certificate there
	openssl s_client -connect "127.0.0.1:$1" "${@:2}" 2>/dev/null </dev/null | openssl x509 -noout -serial 2>/dev/null | cut -d = -f 2
}
# serves PROGRAM PORT WHEN: by both versions, and in TLS 1.2 by PKCS #1 v1.5
serves() {
	local options

	for options in -tls1_3 -tls1_2 "-tls1_2 -sigalgs ECDSA+SHA256:RSA+SHA256"; do
		case_equal "$1 as a server goes on with what it read, $options, $3" "$(served "$2" $options)" "${began[$1]}"
	done
}
by_nginx() { # PORT PATH
	run curl --silent --show-error --max-time 20 "http://127.0.0.1:$1$2"
	echo "$out$err"
}
nginx_begin() {
	client_port=$(free_port) own_port=$(free_port)
	text_of openssl.cnf >"$scratch/openssl.cnf"
	text_of nginx >"$scratch/snippet.conf"
	{
		echo 'env ATTEST_PKCS11_STATE; env ATTEST_PKCS11_TPM; env OPENSSL_CONF; env PKCS11_MODULE_PATH;'
		nginx_file "server {
			listen 127.0.0.1:$client_port;
			location / { include $scratch/snippet.conf; proxy_pass $url; proxy_ssl_session_reuse off; proxy_ssl_protocols TLSv1.2 TLSv1.3; }
			location /older { include $scratch/snippet.conf; proxy_pass $older; proxy_ssl_session_reuse off; }
		}
		server {
			listen 127.0.0.1:$own_port ssl;
			ssl_protocols TLSv1.2 TLSv1.3;
			ssl_certificate $scratch/live/device.pem;
			ssl_certificate_key $(sed -n 's/^proxy_ssl_certificate_key *//p' "$scratch/snippet.conf")
			location / { return 200 \"served\\n\"; }
		}"
	} >"$scratch/own.conf"
	OPENSSL_CONF=$scratch/openssl.cnf PATH=$PATH:/usr/sbin daemon_start nginx nginx -e stderr -p "$scratch" -c "$scratch/own.conf"
	listening nginx "$own_port"
	began[nginx]=$now
}
nginx_check() { # WHEN
	case_equal "nginx as a client goes on with what it read, TLS 1.3, $1" "$(by_nginx "$client_port" /)" "$(hello "${began[nginx]}" 1.3)"
	case_equal "nginx as a client goes on with what it read, TLS 1.2, $1" "$(by_nginx "$client_port" /older)" "$(hello "${began[nginx]}" 1.2)"
	serves nginx "$own_port" "$1"
}
apache_begin() {
	has apache2 || return
	apache_start "SSLCertificateFile $scratch/live/device.pem
		$(then_of apache | grep -o 'SSLCertificateKeyFile ".*"')"
	apache_port=$port
	began[apache]=$now
}
apache_check() { # WHEN
	serves apache "$apache_port" "$1"
}
reload() { # DAEMON SIGNAL PORT
	local workers

	# The workers of before accept connections until they have ended, for a while beside those of now.
	mapfile -t workers < <(pgrep -P "${pid[$1]}")
	kill "-$2" "${pid[$1]}"
	wait_for "[ \"\$(served $3)\" = $now ] && ! kill -0 ${workers[*]} 2>/dev/null"
	case_equal "$1 shows the new certificate when it is told to reload" "$(served "$3")" "$now" || note "$(tail -n 5 "${log[$1]}")"
	began[$1]=$now
}

# ---- Go and Java, which go on ----

go_begin() {
	[ -n "$cache" ] || return
	(cd "$interop/tpm_client" && GOCACHE=$cache GOMODCACHE=$modules GOFLAGS=-mod=readonly go build -buildvcs=false -o "$scratch/tpm_client" .) \
		>"$scratch/go.log" 2>&1 || { note "$(tail -n 3 "$scratch/go.log")"; return; }
	talk_start go "$scratch/tpm_client" "$scratch/live" "${tpm_socket[one]}" "$server_ca"
	began[go]=$now
}
go_check() { # WHEN
	local version

	for version in 1.2 1.3; do
		case_equal "go has the new certificate, TLS $version, $1" "$(asks go "$version $url/")" "$(hello "$now" $version)"
	done
}

java_begin() {
	has java javac keytool || return
	text_of java >"$scratch/java.cfg"
	echo "security.provider.12=SunPKCS11 $scratch/java.cfg" >"$scratch/java.security"
	keytool -importcert -noprompt -alias server -file "$server_ca" -keystore "$scratch/trust.p12" -storepass changeit >/dev/null 2>&1
	javac -d "$scratch" "$interop/Live.java"
	talk_start java java -Djava.security.properties="$scratch/java.security" -Djavax.net.ssl.keyStoreType=PKCS11 \
		-Djavax.net.ssl.keyStore=NONE -Djavax.net.ssl.keyStorePassword=none -Djavax.net.ssl.trustStore="$scratch/trust.p12" \
		-Djavax.net.ssl.trustStorePassword=changeit -cp "$scratch" Live
	began[java]=$now
	java_first=$now
}
java_check() { # WHEN
	local version

	for version in 1.2 1.3; do
		case_equal "java goes on with what it read at first, TLS $version, $1" \
			"$(asks java "default $version $admitting_port /")" "$(hello "$java_first" $version)"
		case_equal "java goes on with the key store that it loaded, TLS $version, $1" \
			"$(asks java "kept $version $admitting_port /")" "$(hello "${began[java]}" $version)"
	done
	for version in 1.2 1.3; do
		case_equal "java has the new certificate when it loads the key store again, TLS $version, $1" \
			"$(asks java "anew $version $admitting_port /")" "$(hello "$now" $version)"
		case_equal "java … and so has what loaded it before, TLS $version, $1" \
			"$(asks java "kept $version $admitting_port /")" "$(hello "$now" $version)"
	done
	began[java]=$now
}

# ---- browsers, which go on ----

# under FOLDER COMMAND…: with the policies in $scratch/FOLDER at the place where the row says
under_start() {
	local program=$1 place

	place=$(dirname "$(use "$1" --json | jq -r .file)")
	mkdir -p "$place"
	shift
	daemon_start "$program" unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec "$@"' "$scratch/$program" "$place" "$@"
	began[$program]=$now
}

chromium_begin() {
	has chromium certutil modutil && unshare -m true 2>/dev/null || return
	mkdir -p "$scratch/chromium" "$HOME/.pki/nssdb"
	certutil -N -d "sql:$HOME/.pki/nssdb" --empty-password
	certutil -A -d "sql:$HOME/.pki/nssdb" -t C,, -n server -i "$server_ca"
	sh -c "$(use chromium | sed -n 's/.*and: modutil /modutil -force /p')" >/dev/null 2>&1
	text_of chromium | sed 's/\[\*\.\]example.com/localhost/' >"$scratch/chromium/attest-device.json"
	under_start chromium chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-dev-shm-usage --disable-background-networking --disable-component-update --disable-sync \
		--remote-debugging-port=0 --user-data-dir="$scratch/chromium-data" about:blank
	wait_for '[ -s "$scratch/chromium-data/DevToolsActivePort" ]'
	chromium_port=$(head -n 1 "$scratch/chromium-data/DevToolsActivePort")
}
chromium_visits() { # URL PATH
	curl --silent --request PUT "http://127.0.0.1:$chromium_port/json/new?$1$2" >/dev/null
	seen "$2"
}
chromium_check() { # WHEN
	case_equal "chromium goes on at a server that it knows, TLS 1.3, $1" "$(chromium_visits "$url" "/chromium-$round")" \
		"CN=laptop ${began[chromium]} by TLSv1.3"
	case_equal "chromium goes on at a server that it knows, TLS 1.2, $1" "$(chromium_visits "$older" "/chromium-older-$round")" \
		"CN=laptop ${began[chromium]} by TLSv1.2"
	case_equal "chromium has the new certificate at one that it does not know, TLS 1.3, $1" \
		"$(chromium_visits "https://localhost:${others[$round]}" "/chromium-other-$round")" "CN=laptop $now by TLSv1.3"
	case_equal "chromium has the new certificate at one that it does not know, TLS 1.2, $1" \
		"$(chromium_visits "https://localhost:${older_ports[$round]}" "/chromium-other-older-$round")" "CN=laptop $now by TLSv1.2"
}

firefox_begin() {
	has firefox-esr certutil && unshare -m true 2>/dev/null || return
	firefox_port=$(free_port)
	mkdir -p "$scratch/firefox" "$scratch/firefox-profile"
	certutil -N -d "sql:$scratch/firefox-profile" --empty-password
	certutil -A -d "sql:$scratch/firefox-profile" -t C,, -n server -i "$server_ca"
	echo "user_pref(\"marionette.port\", $firefox_port);" >"$scratch/firefox-profile/user.js"
	text_of firefox >"$scratch/firefox/policies.json"
	under_start firefox firefox-esr --headless --no-remote --marionette --profile "$scratch/firefox-profile"
	listening firefox "$firefox_port"
}
firefox_check() { # WHEN
	case_equal "firefox has the new certificate, TLS 1.3, $1" "$(timeout 60 python3 "$interop/marionette.py" "$firefox_port" "$url/")" \
		"$(hello "$now" 1.3)"
	case_equal "firefox has the new certificate, TLS 1.2, $1" "$(timeout 60 python3 "$interop/marionette.py" "$firefox_port" "$older/")" \
		"$(hello "$now" 1.2)"
}

# ---- all of them ----

lasting=(nginx apache go java chromium firefox)
for program in "${lasting[@]}"; do
	"${program}_begin"
done
all_check() { # WHEN
	local program

	once "$1"
	for program in "${lasting[@]}"; do
		if [ -n "${began[$program]:-}" ]; then
			"${program}_check" "$1"
		else
			skip "$program, $1" "it is not installed, or cannot run here"
		fi
	done
	round=$((round + 1))
}
renew() { # OPTION
	case_ok "attest-device renew $1" attest_device --tcti "${tcti[one]}" --state-dir "$scratch/live" renew "$1" --config "$scratch/device.conf"
	now=$(serial_of live)
}
reload_all() {
	reload nginx HUP "$own_port"
	[ -z "${began[apache]:-}" ] || reload apache USR1 "$apache_port"
}
: >"$scratch/device.conf"
all_check "before"
renew --force
all_check "after a renewal"
renew --force
all_check "after a second renewal"
reload_all
echo 'key_type = "rsa-2048"' >"$scratch/device.conf"
renew --new-key
all_check "with a new key, by RSA"
reload_all
renew --force
all_check "after a renewal by RSA"
renew --force
all_check "after a second renewal by RSA"
reload_all

for program in "${lasting[@]}"; do
	[ -z "${began[$program]:-}" ] || daemon_stop "$program"
done
check "nothing stays loaded" nothing_loaded
finish
