# attest-acmed takes over its configuration and files at SIGHUP, without a restart: each setting
# and the issuing key in effect, a fault changes nothing, and nothing is lost or leaks.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/reload.sh"
needs pgrep prlimit jq

reload_daemon=acmed reload_daemon_program=attest-acmed

coproc device { "$top_builddir/tests/e2e/software_acme_device" "$scratch/roots.pem"; }
exec {to_device}>&"${device[1]}" {from_device}<&"${device[0]}" # for the load in the background too
read -r ready <&"$from_device"

device() {
	local answer

	printf '%s\n' "$*" >&"$to_device"
	read -r answer <&"$from_device"
	printf '%s\n' "$answer"
}

# Another CA of the root's: $1.pem and $1.key.
issuing_new() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \
		-keyout "$1.key" -out "$1.csr" 2>/dev/null
	printf '%s\n' basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign,cRLSign \
		subjectKeyIdentifier=hash authorityKeyIdentifier=keyid >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$acme_dir/root.pem" -CAkey "$acme_dir/root.key" -days 365 \
		-set_serial "0x$(openssl rand -hex 8)" -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}

issuing_use() {
	cp "$1.key" "$acme_dir/issuing.key"
	cp "$1.pem" "$acme_dir/issuing.pem"
}

order_new() { # NAME: sets order, finalize, authorization, challenge, token
	acme_post ES256 "$key" "$kid" "$new_order" "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"$1\"}]}"
	[ "$http_status" = 201 ] || return 1
	order=$(header Location)
	finalize=$(json .finalize)
	authorization=$(json '.authorizations[0]')
	acme_post ES256 "$key" "$kid" "$authorization" ''
	challenge=$(json '.challenges[0].url')
	token=$(json '.challenges[0].token')
}

ready() { # NAME: an order that waits for its CSR
	order_new "$1" || return 1
	acme_post ES256 "$key" "$kid" "$challenge" "{\"attObj\":\"$(device attest "$1" "$token.$thumbprint")\"}"
	[ "$(json .status)" = valid ]
}

finalized() { # NAME: sets certificate, its URL
	acme_post ES256 "$key" "$kid" "$finalize" "{\"csr\":\"$(device csr "$1")\"}"
	certificate=$(json .certificate)
	[ "$(json .status)" = valid ]
}

downloaded() { # leaves the chain in $scratch/chain.pem
	acme_post ES256 "$key" "$kid" "$certificate" ''
	cp "$scratch/http.body" "$scratch/chain.pem"
	[ "$http_status" = 200 ]
}

enrolled() { # NAME
	ready "$1" && finalized "$1" && downloaded
}

verifies() {
	openssl verify -x509_strict -purpose sslclient -CAfile "$acme_dir/root.pem" \
		-untrusted "$scratch/chain.pem" "$scratch/chain.pem"
}

seconds() { date -d "$1" +%s; }
field() { openssl x509 -in "$scratch/chain.pem" -noout "-$1" | cut -d= -f2-; }
lifetime() { echo $(($(seconds "$(field enddate)") - $(date +%s))); }
issuer() { openssl x509 -in "$scratch/chain.pem" -noout -issuer -nameopt multiline | sed -n 's/.*commonName *= //p'; }

acmed_init --attestation-roots "$scratch/roots.pem" >/dev/null || exit 1
cd "$scratch" || exit 1
issuing_new Second
issuing_new Third
base=('workers = 2' 'lifetime = "20h"' 'orders_per_hour = 100000')
conf "${base[@]}"
acmed_start --config "$scratch/daemon.conf" || exit 1
processes=$(children | xargs)
acme_get /acme/directory
new_order=$(json .newOrder)
key=$(key_new ES256)
thumbprint=$("$sign_jws" thumbprint "$key")
acme_post ES256 "$key" "$key" "$(acme_get /acme/directory && json .newAccount)" '{}'
kid=$(header Location)
case_ok "a device is certified" enrolled laptop
check "for 20 hours" '[ "$(lifetime)" -gt $((19 * 3600)) ] && [ "$(lifetime)" -le $((20 * 3600)) ]'
first=$(issuer)

# ---- settings, each in effect ----

reload_ok "nothing has changed" 'issuer=[0-9a-f]{40} reason="configuration, certificates, keys and lists were read again"$'
conf 'workers = 2' 'orders_per_hour = 100000' 'lifetime = "1h"' 'server_auth = true' 'dns_names = {"{identifier}.home.example"}' \
	'terms = "https://example.org/terms"' 'website = "https://example.org/"' 'crl_url = "http://example.org/crl"' \
	'deny = {"secret-*"}' 'log_level = "debug"'
reload_ok "a profile, policy and texts" \
	'settings="terms, website, log_level, deny, dns_names, lifetime, server_auth, crl_url" '
case_ok "a device is certified" enrolled laptop
check "for an hour" '[ "$(lifetime)" -gt 3000 ] && [ "$(lifetime)" -le 3600 ]'
text=$(openssl x509 -in "$scratch/chain.pem" -noout -text)
case_matches "for servers too" "$text" "TLS Web Server Authentication"
case_matches "with a DNS name" "$text" "DNS:laptop.home.example"
case_matches "with the new CRL URL" "$text" "URI:http://example.org/crl"
check "the directory has the terms" 'wait_for "acme_get /acme/directory; [ \"\$(json .meta.termsOfService)\" = https://example.org/terms ]"'
case_equal "and the website" "$(json .meta.website)" "https://example.org/"
other=$(key_new ES256)
acme_post ES256 "$other" "$other" "$(json .newAccount)" '{}'
check "a new account has to agree to them" 'refused 403 userActionRequired "https://example.org/terms"'
check "a name that is denied is not ordered" '! order_new secret-1 && refused 400 rejectedIdentifier secret-1'
acme_get /acme/directory --header "X-Long: $(printf %09000d 1)"
check "the front logs at level debug" 'wait_for "grep -q \" debug attest-acmed/front \" \"\${log[acmed]}\""'
conf 'workers = 2' 'lifetime = "20h"' 'orders_per_hour = 1'
reload_ok "fewer orders" 'orders_per_hour'
check "there were more already" '! order_new laptop && refused 429 rateLimited "orders within an hour"'
conf "${base[@]}"
reload_ok "back" 'settings=orders_per_hour '
case_ok "a device is certified" enrolled laptop
check "for 20 hours" '[ "$(lifetime)" -gt $((19 * 3600)) ]'
case_equal "no terms" "$(acme_get /acme/directory && json .meta.termsOfService)" null

# ---- the issuing key ----

case_ok "an order is ready" ready before
before_finalize=$finalize
case_ok "a certificate is issued" ready between
finalized between
old=$certificate
issuing_use Second
reload_ok "another issuing key" "issuer=$(openssl x509 -in Second.pem -noout -ext subjectKeyIdentifier | tail -n 1 | tr -d ' :' | tr A-F a-f) reason="
case_ok "the next certificate" enrolled after
case_equal "is signed with it" "$(issuer)" Second
case_ok "and verifies" verifies
certificate=$old
case_ok "the one from before is downloaded" downloaded
case_equal "as it was signed" "$(issuer)" "$first"
case_ok "with its own chain" verifies
finalize=$before_finalize
case_ok "the order that was ready is finalized" finalized before
downloaded
case_equal "with the new key" "$(issuer)" Second
acme_get /crl
cp "$scratch/http.body" "$scratch/crl.der"
check "the CRL is of the new CA" 'wait_for "acme_get /crl; openssl crl -inform DER -in $scratch/http.body -noout -CAfile Second.pem -verify"'
served_issuer() {
	openssl s_client -connect "127.0.0.1:$acme_port" </dev/null 2>/dev/null | openssl x509 -noout -issuer -nameopt multiline |
		sed -n 's/.*commonName *= //p'
}
check "and the server's own certificate" 'wait_for "[ \"\$(served_issuer)\" = Second ]"'
cp Third.pem "$acme_dir/issuing.pem"
reload_fails "a certificate without its key" "issuing"
case_ok "the next certificate" enrolled still
case_equal "is signed as before" "$(issuer)" Second
cp Third.key "$acme_dir/issuing.key"
reload_ok "with its key" "issuer="
case_ok "the next certificate" enrolled third
case_equal "is signed with it" "$(issuer)" Third
certificate=$old
case_ok "the first one is downloaded" downloaded
case_ok "with its own chain still" verifies
case_ok "revoked, it is on the CRL" acmed revoke "$(field serial)"
check "which attest-acmed signs by itself" 'wait_for "acme_get /crl; openssl crl -inform DER -in $scratch/http.body -noout -text | grep -q $(field serial)"'

# ---- a fault changes nothing ----

good() {
	case_ok "$1: a device is certified" enrolled laptop
	case_equal "$1: by the same CA" "$(issuer)" Third
	check "$1: for 20 hours" '[ "$(lifetime)" -gt $((19 * 3600)) ]'
	check "$1: by the same processes" '[ "$(children | xargs)" = "$processes" ]'
}
conf "${base[@]}" 'lifetime_max = "10h"'
reload_fails "rules that do not go together" 'lifetime'
good "after rules that do not go together"
conf "${base[@]}" 'terms = "https://example.org/terms"' 'any_name_roots = {"/none.pem"}'
reload_fails "a root that is not there" 'any_name_roots.*/none.pem'
good "without a root"
conf "${base[@]}" 'terms = "https://example.org/terms"' 'attestation_crls = {"/none.crl"}'
reload_fails "a CRL that is not there" 'attestation CRL.*/none.crl'
for name in terms website; do
	conf "${base[@]}" "$name = \"https://home.example/$(printf %0600d 1)\""
	reload_fails "$name that no front could be told" "$name has more than 512 octets"
	conf "${base[@]}" "$name = \"https://home.example/"$'\x7f\"'
	reload_fails "$name with a control character" "$name: octet 22 is a control character"
done
good "without a CRL"
case_equal "the directory has no terms" "$(acme_get /acme/directory && json .meta.termsOfService)" null
conf "${base[@]}" 'terms = https://example.org'
reload_fails "a text without quotes" 'daemon.conf line 4'
mv "$acme_dir/root.pem" "$scratch/root.aside"
conf "${base[@]}" 'lifetime = "1h"'
reload_fails "no root.pem" 'root.pem'
mv "$scratch/root.aside" "$acme_dir/root.pem"
conf "${base[@]}"
good "without root.pem for a while"

# ---- roots and CRLs ----

# One of the attestation CA that the device does not have: its AK certificates want a CRL then.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other \
	-keyout "$scratch/other.key" -out "$scratch/other.pem" 2>/dev/null
printf '%s\n' '[ca]' 'default_ca = x' '[x]' "database = $scratch/index" "crlnumber = $scratch/number" \
	'default_md = sha256' 'default_crl_days = 1' >"$scratch/ca.conf"
: >"$scratch/index"
echo 01 >"$scratch/number"
openssl ca -gencrl -config "$scratch/ca.conf" -keyfile "$scratch/other.key" -cert "$scratch/other.pem" \
	-out "$scratch/other.crl" 2>/dev/null
conf "${base[@]}" "attestation_crls = {\"$scratch/other.crl\"}"
reload_ok "a CRL" 'settings=attestation_crls '
check "of another CA: the device's is not cleared" '! ready laptop'
conf "${base[@]}" "attestation_crls = {\"$scratch/other.crl\"}" 'require_crl = false'
reload_ok "which is not required" 'settings=require_crl '
case_ok "a device is certified" enrolled laptop
conf "${base[@]}"
reload_ok "no CRL" 'settings="attestation_crls, require_crl" '
check "the log says what that means" 'grep -q "warning .*event=attestation-crl .*set attestation_crls" <(tail -n 20 "${log[acmed]}")'

# ---- what needs a restart ----

conf 'workers = 1' 'lifetime = "2h"' 'listen = "127.0.0.1:1"' 'orders_per_hour = 100000'
reload_ok "what can be taken over is" 'settings=lifetime '
case_matches "the rest is named" "$reloaded" \
	'warning attest-acmed/keeper event=reload waiting=workers reason="these settings have changed in the file, and need a restart"'
case_ok "a device is certified" enrolled laptop
check "for two hours" '[ "$(lifetime)" -le 7200 ]'

# ---- out of descriptors ----

keeper=$(pgrep -P "${pid[acmed]}" -f "attest-acmed: keeper")
few=$(prlimit --pid "$keeper" --nofile --output SOFT --noheadings)
for ((lowest = 0; ; lowest++)); do [ -e "/proc/$keeper/fd/$lowest" ] || break; done
if prlimit --pid "$keeper" --nofile="$lowest:" 2>/dev/null; then
	reload_fails "out of descriptors: a reload changes nothing, and says why" "Too many open files"
	case_ok "out of descriptors: a device is certified as before" enrolled laptop
	prlimit --pid "$keeper" --nofile="$few:"
	reload_ok "with descriptors again what is in the file is taken over" ""
	case_equal "by the same keeper" "$(pgrep -P "${pid[acmed]}" -f "attest-acmed: keeper")" "$keeper"
else
	skip "out of descriptors: a reload changes nothing" "the limit of a process that runs cannot be set here"
fi

# ---- two hundred times, under load, each time with the other issuing key ----

conf "${base[@]}"
load_account() { # an account and an order of its own, from a nonce to a download
	nonce=
	enrolled "load"
}
load_begin load_account
turn=0
daemon_reload_of_lib=$(declare -f daemon_reload)
eval "${daemon_reload_of_lib/daemon_reload/plain_daemon_reload}"
daemon_reload() {
	turn=$((turn + 1))
	if [ $((turn % 2)) = 0 ]; then issuing_use Second; else issuing_use Third; fi
	plain_daemon_reload "$@"
}
reload_often
check "the log has no failure" '! grep "event=failed" "${log[acmed]}"'
acmed_stop
case_equal "it ends in order" "$status" 0

finish
