# attestd behind a proxy: the client is whom a proxy of proxy_networks names, by the PROXY protocol
# or in header fields, and whom anybody else names is nobody.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/proxy.sh"
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || lacks "there is no nginx"

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }

# configure LINE…: the configuration file.
configure() { printf '%s\n' "$@" >"$scratch/attestd.conf"; }

# stranger: a machine that is not enrolled; sets $hash, and its request is in request.json.
stranger() {
	rm -rf "$scratch/device"
	mkdir "$scratch/device"
	soft make p256 p256
	hash=$(soft hash)
	soft request "$scratch/request.json"
}

# asks URL [CURL OPTION…]: the stranger asks there.
asks() {
	local url=$1

	shift
	http POST "$url/attest" "@$scratch/request.json" "$@"
}

# Where the stranger came from, as the administrator sees it.
seen() { attest_ca pending --json | jq -r --arg hash "$hash" '.[] | select(.ek_hash == $hash) | .peer'; }

# recorded PEER: how many entries of the audit trail are about a request from there.
recorded() {
	attest_ca audit --json | jq --arg peer "$1" '[.. | objects | select(.peer? == $peer)] | length'
}

# crowd: 300 connections from elsewhere, one after another.
crowd() {
	python3 -c '
import socket, sys
for number in range(300):
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), source_address=("127.0.0.9", 0)) as server:
        try:
            server.recv(1)
        except ConnectionError:
            pass' "$attestd_port"
}

# How many connections were refused for their headers: those with a line, and those in numbers.
refused_count() {
	awk '/event=proxy-protocol/ { count++ }
		/event=refusals .*kind=proxyProtocol/ { match($0, /count=[0-9]+/); count += substr($0, RSTART + 6, RLENGTH - 6) }
		END { print count + 0 }' "${log[attestd]}"
}

case_ok "init" attest_ca init

# ---- what is configured ----

checks() { "$attestd" --state-dir "$state_dir" --config "$scratch/attestd.conf" --check-config; }
configure 'proxy_protocol = "v1"'
case_fails "a PROXY protocol that nobody may speak is refused" 1 'proxy_networks must name the proxies' checks
configure 'proxy_protocol = "v3"' 'proxy_networks = {"127.0.0.1"}'
case_fails "there is no third version" 1 'proxy_protocol: "v3" is not off, v1 or v2' checks
configure 'proxy_networks = {"127.0.0.1/8"}'
case_fails "an address is no network" 1 'proxy_networks: 127\.0\.0\.1/8 is an address in a network of 8 bits' checks
configure 'proxy_networks = {"0.0.0.0/0"}'
case_fails "not everybody can be a proxy" 1 'proxy_networks: 0\.0\.0\.0/0 has every address' checks
configure 'proxy_protocol = "v2"' 'proxy_networks = {"127.0.0.1", "2001:db8::/32"}'
case_ok "networks and a version are a configuration" checks

# ---- the PROXY protocol, plain ----

for version in v1 v2; do
	settings=("proxy_protocol = \"$version\"" 'proxy_networks = {"127.0.0.1"}')
	configure "${settings[@]}"
	case_ok "$version: attestd starts" attestd_start --config "$scratch/attestd.conf"
	relay_start four "$attestd_port" "$version" 192.0.2.1
	relay_start six "$attestd_port" "$version" 2001:db8:0:5::7
	relay_start stranger "$attestd_port" "$version" 192.0.2.66 127.0.0.9
	relay_start none "$attestd_port" none 192.0.2.66

	stranger
	asks "http://127.0.0.1:${relay[four]}" --header 'X-Forwarded-For: 198.51.100.9'
	case_equal "$version: a request is answered" "$http_status" 403
	case_matches "$version: … and logged with the client's address" "$(grep 'what=challenge\|event=request' "${log[attestd]}" | tail -n 1)" 'peer=192\.0\.2\.1:51442'
	case_equal "$version: … which the waiting list names" "$(seen)" 192.0.2.1
	before=$(recorded 192.0.2.1:51442)
	http POST "http://127.0.0.1:${relay[four]}/secret" '{"secret":"AAAA"}'
	case_equal "$version: a secret that is none is refused" "$http_status" 403
	check "$version: … and is on record with the client's address" "
		wait_for '[ \"\$(recorded 192.0.2.1:51442)\" -eq $((before + 1)) ]'"
	stranger
	asks "http://127.0.0.1:${relay[six]}"
	case_equal "$version: a client with IPv6 is named" "$(seen)" '[2001:db8:0:5::7]'
	stranger
	asks "http://127.0.0.1:${relay[stranger]}"
	case_equal "$version: a header from elsewhere has no answer" "$http_status $(seen)" "000 "
	asks "http://127.0.0.1:${relay[none]}"
	case_equal "$version: nor has a proxy without one" "$http_status $(seen)" "000 "
	asks "$attestd_url"
	case_equal "$version: nor a request without a proxy" "$http_status $(seen)" "000 "
	check "$version: nobody was taken for the stranger's client" '! grep -q "192\.0\.2\.66" "${log[attestd]}"'
	check "$version: the log says who is not in proxy_networks" '
		grep -q "peer=127\.0\.0\.9:[0-9]* event=proxy-protocol .*proxy_networks" "${log[attestd]}"'
	check "$version: … and who sent no header" '
		grep -q "peer=127\.0\.0\.1:[0-9]* event=proxy-protocol .*the connection does not begin" "${log[attestd]}"'

	# Not before, so that no request has to be made within a second; a front is told after the reload.
	configure "${settings[@]}" 'request_timeout = 1s'
	case_ok "$version: requests have a second" daemon_reload attestd
	if [ "$version" = v1 ]; then printf 'PROXY TC'; else printf '\r\n\r\n\0\r\nQU'; fi >"$scratch/half"
	check "$version: half a header is waited for, as long as a request" \
		'wait_for "[ -z \"\$(bare $attestd_port 127.0.0.1 5 <$scratch/half || echo open)\" ]" 60'
	check "$version: … and the log says so" '
		grep -q "event=proxy-protocol .*did not come in time" "${log[attestd]}"'

	# As fast as they like, and bounded in the log: each is there, or in a number that follows.
	before=$(refused_count)
	lines=$(grep -c event=proxy-protocol "${log[attestd]}")
	crowd
	check "$version: a crowd without a header does not fill the log" '
		[ $(($(grep -c event=proxy-protocol "${log[attestd]}") - lines)) -lt 200 ]'
	check "$version: … and is counted, though nobody is refused after it" '
		wait_for "[ \$((\$(refused_count) - before)) -eq 300 ]"'
	crowd
	attestd_stop
	case_equal "$version: … and counted when attestd ends" "$(($(refused_count) - before))" 600
	case_equal "$version: attestd ends as ever" "$status" 0
	configure "${settings[@]}"
	attestd_start --config "$scratch/attestd.conf"
	relay_start four "$attestd_port" "$version" 192.0.2.1
	asks "http://127.0.0.1:${relay[four]}"
	case_equal "$version: the proxy's clients are served as ever" "$http_status $(seen)" "403 192.0.2.1"
	attestd_stop
	case_equal "$version: attestd ends as ever" "$status" 0
done

configure 'proxy_protocol = "v2"' 'proxy_networks = {"127.0.0.1"}'
case_ok "attestd starts" attestd_start --config "$scratch/attestd.conf"
relay_start own "$attestd_port" local 192.0.2.1
stranger
asks "http://127.0.0.1:${relay[own]}"
case_equal "what a proxy sends for itself is its own" "$(seen)" 127.0.0.1
attestd_stop

# ---- before TLS ----

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1 \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls.key" -out "$scratch/tls.pem" 2>/dev/null
configure 'proxy_protocol = "v1"' 'proxy_networks = {"127.0.0.1"}'
case_ok "attestd serves HTTPS" attestd_start --config "$scratch/attestd.conf" \
	--tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key"
relay_start tls "$attestd_port" v1 192.0.2.1
relay_start tls-stranger "$attestd_port" v1 192.0.2.66 127.0.0.9
stranger
asks "https://127.0.0.1:${relay[tls]}" --cacert "$scratch/tls.pem"
case_equal "a header before TLS names the client" "$http_status $(seen)" "403 192.0.2.1"
stranger
asks "https://127.0.0.1:${relay[tls-stranger]}" --cacert "$scratch/tls.pem"
case_equal "from elsewhere there is no TLS" "$http_status $(seen)" "000 "
asks "$attestd_url" --cacert "$scratch/tls.pem"
case_equal "nor without a header" "$http_status $(seen)" "000 "
case_equal "a header is not read as a request in the clear" \
	"$(printf 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET /root.pem HTTP/1.0\r\n\r\n' |
		bare "$attestd_port" 127.0.0.1 | tr -d '\0' | grep -c HTTP)" 0
attestd_stop

# ---- header fields ----

configure 'proxy_networks = {"127.0.0.1", "10.0.0.0/8"}'
case_ok "attestd starts with proxies that name clients in requests" attestd_start --config "$scratch/attestd.conf"

# named SOURCE FROM FIELD…: a stranger from FROM with these header fields is SOURCE.
named() {
	local wanted=$1 from=$2 field
	local -a options=(--interface "$from")

	shift 2
	for field; do
		options+=(--header "$field")
	done
	stranger
	asks "$attestd_url" "${options[@]}"
	case_equal "from $from with ${*:-nothing}: $wanted" "$http_status $(seen)" "403 $wanted"
}
named 192.0.2.1 127.0.0.1 'X-Forwarded-For: 192.0.2.1'
named 192.0.2.1 127.0.0.1 'X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.0.0.7'
named '[2001:db8:0:5::7]' 127.0.0.1 'Forwarded: for="[2001:db8:0:5::7]:4711";proto=https'
named 192.0.2.1 127.0.0.1 'Forwarded: for=_hidden, for=192.0.2.1'
named 127.0.0.1 127.0.0.1 'Forwarded: for=192.0.2.1, for=_hidden'
named 127.0.0.1 127.0.0.1 'Forwarded: for=198.51.100.9' 'X-Forwarded-For: 192.0.2.1'
lines=()
for ((i = 0; i < 40; i++)); do lines+=("X-Forwarded-For: 198.51.100.9"); done
named 192.0.2.1 127.0.0.1 "${lines[@]}" 'X-Forwarded-For: 192.0.2.1'
named 192.0.2.1 127.0.0.1 "X-Forwarded-For: $(printf '198.51.100.9, %.0s' {1..40})192.0.2.1"
named 127.0.0.1 127.0.0.1
named 127.0.0.9 127.0.0.9 'X-Forwarded-For: 192.0.2.1'
named 127.0.0.9 127.0.0.9 'Forwarded: for=192.0.2.1'
check "the log has the proxy's word" 'grep -q "peer=192\.0\.2\.1:0" "${log[attestd]}"'
check "… and not a stranger's" '! grep -q "peer=198\.51" "${log[attestd]}"'

# ---- nginx, as the manual page says ----

web=$scratch/nginx
mkdir "$web"
cat >"$web/nginx.conf" <<END
daemon off;
pid $web/pid;
worker_processes 1;
error_log $web/error.log info;
events {}
http {
	access_log off;
	client_body_temp_path $web/body;
	proxy_temp_path $web/proxy;
	fastcgi_temp_path $web/fastcgi;
	uwsgi_temp_path $web/uwsgi;
	scgi_temp_path $web/scgi;
	server {
		listen unix:$web/socket;
		location / {
			proxy_pass http://127.0.0.1:$attestd_port;
			proxy_set_header X-Forwarded-For 192.0.2.1;
			proxy_set_header Forwarded "";
		}
	}
}
END
daemon_start nginx "$nginx" -e "$web/error.log" -p "$web" -c "$web/nginx.conf"
wait_for '[ -S "$web/socket" ] || ! daemon_runs nginx'
stranger
asks http://attest.example --unix-socket "$web/socket" --header 'Forwarded: for=198.51.100.9' \
	--header 'X-Forwarded-For: 198.51.100.9'
case_equal "behind nginx the client is whom nginx names" "$http_status $(seen)" "403 192.0.2.1"
attestd_stop
case_equal "attestd ends as ever" "$status" 0

finish
