#!/usr/bin/env bash
# attest-acmed init and start: what is made and what is refused, each with one
# clear line; and what was answered is there after the worst end.

set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

needs pgrep

# Of what it says beside what the kernel or the build lacks.
lines() { grep -vc 'event=sandbox\|event=memory' "$1"; }

case_fails "help is there, exit 0" 0 'usage: attest-acmed' "$acmed_program" --help
case_fails "version, exit 0" 0 '^attest-acmed \(attest-ca [0-9.]+\)' "$acmed_program" --version
case_fails "unknown option, exit 2" 2 'unknown option --colour; see "attest-acmed --help"' \
	"$acmed_program" --colour
case_fails "unknown command, exit 2" 2 'there is no command "walk"' "$acmed_program" walk
case_fails "an argument too many, exit 2" 2 'unexpected argument now' "$acmed_program" run now
case_fails "no workers, exit 2" 2 'takes a number from 1 to 64, not 0' "$acmed_program" --workers 0

# ---- init ----

case_ok "an attestation CA" attest_ca init
roots=$state_dir/root.pem

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=leaf \
	-addext basicConstraints=critical,CA:FALSE -keyout "$scratch/leaf.key" \
	-out "$scratch/leaf.pem" -days 1 2>/dev/null
case_fails "init without roots, exit 2" 2 'attestation-roots is needed' acmed init --dns-name localhost
case_fails "init without a name, exit 2" 2 'dns-name is needed' acmed init --attestation-roots "$roots"
case_fails "init with half a CA, exit 2" 2 'go together' acmed_init --attestation-roots "$roots" \
	--ca-cert "$roots"
case_fails "roots that are none" 1 'attestation-roots: ' acmed_init --attestation-roots /dev/null
case_fails "a certificate that is no CA as root" 1 'attestation-roots: ' acmed_init \
	--attestation-roots "$scratch/leaf.pem"
case_fails "a name that is none" 1 'is no DNS name' acmed init --attestation-roots "$roots" \
	--dns-name 'no name'
check "what fails leaves nothing behind" '[ ! -e "$acme_dir" ]'

case_ok "init makes a server" acmed_init --attestation-roots "$roots"
case_matches "and says by which fingerprint its root is known" "$out" \
	"SHA-256 fingerprint[^0-9]*[[:space:]]$(openssl x509 -in "$acme_dir/root.pem" -outform DER | sha256sum | cut -d' ' -f1)"
case_matches "and how to start it, with the CRL to be had elsewhere" "$out" \
	"attest-acmed --state-dir $acme_dir --listen :8443 --url https://localhost:8443 [^[:print:]]*"'.*--attestation-crl CRL'
case_equal "the directory is private" "$(stat -c %a "$acme_dir")" 700
for file in root.key issuing.key acme.db acme.lock; do
	case_equal "$file is private" "$(stat -c %a "$acme_dir/$file")" 600
done
case_ok "the issuing certificate verifies strictly under the root" \
	openssl verify -x509_strict -CAfile "$acme_dir/root.pem" "$acme_dir/issuing.pem"
before=$(cd "$acme_dir" && sha256sum ./*)
case_fails "init again is refused" 1 'is there already, and nothing was changed' \
	acmed_init --attestation-roots "$roots"
case_equal "and changes nothing" "$(cd "$acme_dir" && sha256sum ./*)" "$before"

# ---- start ----

fails_with_one_line() { # NAME REGEX OPTION…
	local name=$1 regex=$2

	shift 2
	case_fails "$name" 1 "$regex" timeout 20 "$acmed_program" --listen 127.0.0.1:0 "$@"
	case_equal "$name: one line" "$(lines "$scratch/run.err")" 1
}

fails_with_one_line "no state directory" 'run "attest-acmed --state-dir .*none init"' \
	--state-dir "$scratch/none"
fails_with_one_line "no such configuration" 'opening /nonexistent.conf: No such file' --config /nonexistent.conf
fails_with_one_line "a URL that is no HTTPS" 'not of the form https://NAME:PORT' \
	--state-dir "$acme_dir" --url http://localhost
fails_with_one_line "a CRL that is not there" 'the attestation CRL: .*/none.crl: No such file' \
	--state-dir "$acme_dir" --attestation-crl "$scratch/none.crl"
cp "$acme_dir/issuing.key" "$scratch/issuing.key"
cp "$acme_dir/root.key" "$acme_dir/issuing.key"
fails_with_one_line "a key that is not the certificate's" 'private key' --state-dir "$acme_dir"
cp "$scratch/issuing.key" "$acme_dir/issuing.key"
for setting in 'lifetime = 1m' 'key_types = {"dsa"}' 'dns_names = {"{identifier}..x"}' 'colour = "red"'; do
	echo "$setting" >"$scratch/wrong.conf"
	fails_with_one_line "$setting" . --state-dir "$acme_dir" --config "$scratch/wrong.conf"
done

# --check-config reads all that is named, and starts nothing.
check_config() { # LINE…: of the configuration
	printf '%s\n' "state_dir = \"$acme_dir\"" "$@" >"$scratch/check.conf"
	timeout 20 "$acmed_program" --check-config --config "$scratch/check.conf"
}
case_fails "check: all is well" 0 "^.?$scratch/check.conf: OK" check_config
case_fails "check: a value out of bounds" 1 'check.conf line 2: lifetime must lie between 5m and 30d' \
	check_config 'lifetime = "31d"'
case_fails "check: a glob without quotes" 1 'check.conf line 3: allow: put the value in double quotes: "laptop"' \
	check_config '' 'allow = {laptop}'
case_fails "check: a URL that is no HTTPS" 1 'check.conf line 2: url: "http://x" is not of the form' \
	check_config 'url = "http://x"'
case_fails "check: a CRL that is not there" 1 'the attestation CRL: .*/none.crl: No such file' \
	check_config 'attestation_crls = {"/none.crl"}'
case_fails "check: roots that are not there" 1 'any_name_roots: .*/none.pem: No such file' \
	check_config 'any_name_roots = {"/none.pem"}'
case_fails "check: a PKCS #11 module that is not there" 1 'pkcs11_module: /none.so: No such file' \
	check_config 'pkcs11_module = "/none.so"'
case_ok "check: … one that the loader finds by its name" check_config 'pkcs11_module = "libsofthsm2.so"'
mv "$acme_dir/dns-names" "$scratch/dns-names"
case_fails "check: no names" 1 'dns-names' check_config
mv "$scratch/dns-names" "$acme_dir/dns-names"

mv "$acme_dir/root.key" "$scratch/acme-root.key"
case_ok "starts without the root's key" acmed_start
acme_get /acme/directory
case_equal "serves" "$http_status" 200
case_fails "another on the same port" 1 'in use' "$acmed_program" --state-dir "$acme_dir" \
	--listen "127.0.0.1:$acme_port"

# ---- what was answered ----

key=$(key_new ES256)
acme_post ES256 "$key" "$key" "$acme_base/acme/new-account" '{"termsOfServiceAgreed":true}'
account=$(header Location)
case_equal "an account" "$http_status" 201
acme_post ES256 "$key" "$account" "$acme_base/acme/new-order" \
	'{"identifiers":[{"type":"permanent-identifier","value":"laptop"}]}'
order=$(header Location)
case_equal "an order" "$http_status" 201

children() { pgrep -P "${pid[acmed]}"; }

kill -KILL $(children)
wait "${pid[acmed]}"
case_equal "front and keeper killed: the supervisor ends, exit 1" "$?" 1
acmed_stop
nonce=
case_ok "starts again" acmed_start
acme_post ES256 "$key" "$account" "$order" ''
case_equal "the order is there" "$http_status $(json .status)" "200 pending"

setsid kill -KILL -- "-${pid[acmed]}"
acmed_stop
nonce=
case_ok "starts after kill -9 of all" acmed_start
acme_post ES256 "$key" "$account" "$order" ''
case_equal "the order is there" "$http_status $(json .status)" "200 pending"
case_ok "orders" acmed orders --json
case_equal "the administration sees it" "$(jq -r '.[].status' <<<"$out")" pending

# The roots are read again when they change: to nothing at all, and back.
old=$(cat "$acme_dir/attestation-roots.pem")
echo nothing >"$acme_dir/attestation-roots.pem"
check "broken roots are complained of" 'wait_for "grep -q event=attestation-roots \"\${log[acmed]}\""'
printf '%s\n' "$old" >"$acme_dir/attestation-roots.pem"
acmed_stop TERM
case_equal "ends in order" "$status" 0

acme_port=
case_ok "starts with --no-fork" acmed_start --no-fork
acme_get /acme/directory
case_equal "serves with --no-fork" "$http_status" 200
acmed_stop TERM
case_equal "ends with --no-fork" "$status" 0
case_equal "both stops are a line each, that of --no-fork too" \
	"$(grep -c 'event=stop reason=SIGTERM$' "${log[acmed]}") $(grep -c event=stop "${log[acmed]}")" "2 2"
check "and no front is missed" '! grep "event=front-gone" "${log[acmed]}"'

# ---- an issuing CA that is there already ----

cat "$acme_dir/issuing.pem" "$acme_dir/root.pem" >"$scratch/chain.pem"
cp "$acme_dir/issuing.key" "$scratch/theirs.key"
cp "$acme_dir/root.pem" "$scratch/acme-root.pem"
cp "$acme_dir/crl.pem" "$acme_dir.crl"
rm -r "$acme_dir"
case_fails "a key that is not the CA's" 1 'private key' acmed_init --attestation-roots "$roots" \
	--ca-cert "$scratch/chain.pem" --ca-key "$scratch/acme-root.key"
cp "$acme_dir.crl" "$state_dir/crl.pem"
case_ok "init with a CA of the operator's" acmed_init --attestation-roots "$roots" \
	--ca-cert "$scratch/chain.pem" --ca-key "$scratch/theirs.key"
case_matches "says by which fingerprint the root of theirs is known" "$out" \
	"$(openssl x509 -in "$scratch/acme-root.pem" -outform DER | sha256sum | cut -d' ' -f1)"
case_matches "and names the CRL that lies beside the attestation root" "$out" \
	"--attestation-crl $state_dir/crl.pem"
case_equal "it says so in JSON, too" \
	"$(acme_dir=$scratch/json acmed_init --json --attestation-roots "$roots" --ca-cert "$scratch/chain.pem" \
		--ca-key "$scratch/theirs.key" | jq -c '[.own_root, .root_sha256]')" \
	"[false,\"$(openssl x509 -in "$scratch/acme-root.pem" -outform DER | sha256sum | cut -d' ' -f1)\"]"
check "no key is copied" '[ ! -e "$acme_dir/issuing.key" ] && [ ! -e "$acme_dir/root.key" ]'
case_ok "its root is served" cmp "$acme_dir/root.pem" "$scratch/acme-root.pem"
acme_port=
case_ok "starts with it" acmed_start
acme_get /crl.pem
case_equal "serves the CRL that it can sign" "$(grep -c 'BEGIN X509 CRL' <<<"$http_body")" 1
kill -HUP "${pid[acmed]}"
check "SIGHUP is answered in the log" 'wait_for "grep -q \"info .*event=reload\" \"\${log[acmed]}\""'
acmed_stop TERM
case_equal "one that has no attestation CRL says so at every start" \
	"$(grep -c 'warning .*event=attestation-crl .*set attestation_crls' "${log[acmed]}")" \
	"$(grep -c 'event=start' "${log[acmed]}")"
case_equal "ends in order with it" "$status" 0

finish
