#!/usr/bin/env bash
# attest-acmed behind a proxy: the client is whom a proxy of proxy_networks names, by the PROXY
# protocol before TLS or in header fields, and whom anybody else names is nobody.

set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/proxy.sh"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=roots \
	-addext keyUsage=critical,keyCertSign,cRLSign \
	-keyout "$scratch/roots.key" -out "$scratch/roots.pem" -days 1 2>/dev/null
case_ok "init makes a server" acmed_init --attestation-roots "$scratch/roots.pem"

configure() { printf '%s\n' "$@" >"$scratch/acmed.conf"; }

# by RELAY: the options of curl that lead to the server through a relay.
by() { printf '%s\n' --connect-to "::127.0.0.1:${relay[$1]}"; }

# The peer of the last request in the log.
logged() { sed -n 's/.* event=request .*peer="\{0,1\}\([^ "]*\).*/\1/p' "${log[acmed]}" | tail -n 1; }

configure 'proxy_protocol = "v1"'
case_fails "a PROXY protocol that nobody may speak is refused" 1 'proxy_networks must name the proxies' \
	"$acmed_program" --state-dir "$acme_dir" --config "$scratch/acmed.conf" --check-config

# ---- the PROXY protocol ----

for version in v1 v2; do
	settings=("proxy_protocol = \"$version\"" 'proxy_networks = {"127.0.0.1"}')
	configure "${settings[@]}"
	case_ok "$version: it starts" acmed_start --config "$scratch/acmed.conf"
	relay_start four "$acme_port" "$version" 192.0.2.1
	relay_start six "$acme_port" "$version" 2001:db8:0:5::7
	relay_start stranger "$acme_port" "$version" 192.0.2.66 127.0.0.9
	acme_get /acme/directory $(by four)
	case_equal "$version: a header before TLS is read" "$http_status" 200
	acme_get /nothing $(by four)
	case_equal "$version: … and names the client" "$http_status $(logged)" "404 192.0.2.1:51442"
	acme_get /nothing $(by six) --header 'X-Forwarded-For: 198.51.100.9'
	case_equal "$version: … of IPv6 too, whatever the request says" "$http_status $(logged)" \
		"404 [2001:db8:0:5::7]:51442"

	key=$(key_new ES256)
	nonce=$(http HEAD "$acme_base/acme/new-nonce" "" --cacert "$acme_dir/root.pem" $(by four) && header Replay-Nonce)
	acme_send "$acme_base/acme/new-account" \
		"$(jws "$key" "$(acme_header ES256 "$acme_base/acme/new-account" "$key")" '{}')" $(by four)
	case_equal "$version: an account is made through the proxy" "$http_status" 201 || note "$http_body"

	acme_get /acme/directory $(by stranger)
	case_equal "$version: a header from elsewhere has no answer" "$http_status" 000
	acme_get /acme/directory
	case_equal "$version: nor has a client without a header" "$http_status" 000
	check "$version: nobody was taken for the stranger's client" '! grep -q "192\.0\.2\.66" "${log[acmed]}"'
	check "$version: the log says who is not in proxy_networks" '
		grep -q "peer=127\.0\.0\.9:[0-9]* event=proxy-protocol .*proxy_networks" "${log[acmed]}"'
	check "$version: … and who sent no header" '
		grep -q "peer=127\.0\.0\.1:[0-9]* event=proxy-protocol .*the connection does not begin" "${log[acmed]}"'
	# Not before, so that no handshake has to be made within a second; a front is told after the reload.
	configure "${settings[@]}" 'request_timeout = 1s'
	case_ok "$version: requests have a second" daemon_reload acmed
	check "$version: one who sends nothing is closed" \
		'wait_for "[ -z \"\$(bare $acme_port 127.0.0.1 5 </dev/null || echo open)\" ]" 60'
	check "$version: … and the log says so" '
		grep -q "event=proxy-protocol .*did not come in time" "${log[acmed]}"'
	acmed_stop
	case_equal "$version: it ends as ever" "$status" 0
done

# ---- header fields ----

configure 'proxy_networks = {"127.0.0.1", "10.0.0.0/8"}'
case_ok "it starts with proxies that name clients in requests" acmed_start --config "$scratch/acmed.conf"

# named SOURCE FROM FIELD: a request from FROM with this field is SOURCE's.
named() {
	acme_get /nothing --interface "$2" --header "$3"
	case_matches "from $2 with $3: $1" "$http_status $(logged)" "^404 $1"
}
named '192\.0\.2\.1:0$' 127.0.0.1 'X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.0.0.7'
named '\[2001:db8:0:5::7\]:4711$' 127.0.0.1 'Forwarded: for="[2001:db8:0:5::7]:4711"'
named '127\.0\.0\.1:[0-9]+$' 127.0.0.1 'Forwarded: for=unknown'
named '127\.0\.0\.9:[0-9]+$' 127.0.0.9 'X-Forwarded-For: 192.0.2.1'
named '127\.0\.0\.9:[0-9]+$' 127.0.0.9 'Forwarded: for=192.0.2.1'
acmed_stop

finish
