# attestd starts with one clear line, or fails with one; it ends in order.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs pgrep taskset

# Of what it says beside what the kernel or the build lacks.
lines() { grep -vc 'event=sandbox\|event=memory' "$1"; }

case_fails "help is there, exit 0" 0 'usage: attestd' "$attestd" --help
case_fails "version, exit 0" 0 '^attestd \(attest-ca [0-9.]+\)' "$attestd" --version
case_fails "unknown option, exit 2" 2 '^.?attestd: unknown option --colour; see "attestd --help"' \
	"$attestd" --colour
case_fails "missing argument, exit 2" 2 'an argument is missing after --listen' "$attestd" --listen
case_fails "an argument too many, exit 2" 2 'unexpected argument now' "$attestd" now
case_fails "no workers, exit 2" 2 'takes a number from 1 to 64, not 0' "$attestd" --workers 0

fails_with_one_line() { # NAME REGEX OPTION…
	local name=$1 regex=$2

	shift 2
	case_fails "$name" 1 "$regex" timeout 20 "$attestd" "$@"
	case_equal "$name: one line" "$(lines "$scratch/run.err")" 1
}

fails_with_one_line "no state directory" "$scratch/none.*attest-ca" \
	--state-dir "$scratch/none" --listen 127.0.0.1:0
fails_with_one_line "what would control the terminal is left out" "$scratch/\\[2Jnone" \
	--state-dir "$scratch/"$'\e[2Jn\302\233one' --listen 127.0.0.1:0
mkdir -m 0700 "$scratch/empty"
fails_with_one_line "empty state directory" "attest-ca.* init" \
	--state-dir "$scratch/empty" --listen 127.0.0.1:0
fails_with_one_line "no such configuration" 'opening /nonexistent.conf: No such file' --config /nonexistent.conf
fails_with_one_line "an address that is none" 'localhost' --state-dir "$state_dir" --listen localhost:1
fails_with_one_line "half of TLS" 'go together' --state-dir "$state_dir" --tls-cert /dev/null

case_ok "init" attest_ca init
chmod 0 "$state_dir/issuing.key"
if [ "$(id -u)" -ne 0 ]; then
	fails_with_one_line "unreadable key" 'issuing.key' --state-dir "$state_dir" --listen 127.0.0.1:0
fi
chmod 0600 "$state_dir/issuing.key"
mv "$state_dir/issuing.key" "$scratch/issuing.key"
fails_with_one_line "missing key" 'issuing.key' --state-dir "$state_dir" --listen 127.0.0.1:0
cp "$state_dir/root.key" "$state_dir/issuing.key"
fails_with_one_line "a key that is not the certificate's" 'issuing' --state-dir "$state_dir" --listen 127.0.0.1:0
mv "$scratch/issuing.key" "$state_dir/issuing.key"

# The root's key is not needed.
mv "$state_dir/root.key" "$scratch/root.key"
case_ok "starts without the root's key" attestd_start
check "the start line names the address" 'grep -q "event=start.*127.0.0.1:$attestd_port" "${log[attestd]}"'
case_equal "one line per start" "$(grep -c event=start "${log[attestd]}")" 1
fails_with_one_line "port in use, by another attestd" "in use" \
	--state-dir "$state_dir" --listen "127.0.0.1:$attestd_port"
http GET /root.pem
case_equal "root.pem is the root" "$http_body" "$(cat "$state_dir/root.pem")"
http GET /issuing.pem
case_equal "issuing.pem is the issuing certificate" "$(openssl x509 <<<"$http_body")" \
	"$(openssl x509 -in "$state_dir/issuing.pem")"
curl --silent "$attestd_url/crl" >"$scratch/crl.der"
case_ok "the CRL is signed by the issuing CA" \
	openssl crl -inform DER -in "$scratch/crl.der" -noout -CAfile "$state_dir/issuing.pem" -verify
case_ok "the CRL is the file in the state directory" cmp "$scratch/crl.der" "$state_dir/crl.der"
http GET /crl.pem
case_ok "crl.pem too" cmp "$scratch/http.body" "$state_dir/crl.pem"
http HEAD /root.pem
case_equal "HEAD works" "$http_status" 200

attestd_stop
case_equal "SIGTERM, exit 0" "$status" 0
case_ok "starts again" attestd_start
attestd_stop INT
case_equal "SIGINT, exit 0" "$status" 0

# What --check-config says: every fault with its file, of settings with the line too.
check_config() { # LINE…: of the configuration
	printf '%s\n' "state_dir = \"$state_dir\"" "$@" >"$scratch/check.conf"
	timeout 20 "$attestd" --check-config --config "$scratch/check.conf"
}
before=$(cd "$state_dir" && sha256sum root.pem issuing.pem issuing.key store.db)
case_fails "check: all is well" 0 "^.?$scratch/check.conf: OK" check_config 'backdate = "0s"'
case_equal "check: nothing was changed" \
	"$(cd "$state_dir" && sha256sum root.pem issuing.pem issuing.key store.db)" "$before"
case_fails "check: a value out of bounds" 1 'check.conf line 3: workers must lie between 0 and 64' \
	check_config '' 'workers = 65'
case_fails "check: an address without quotes" 1 \
	'check.conf line 2: listen: put the value in double quotes: "127.0.0.1:80"' check_config 'listen = 127.0.0.1:80'
case_fails "check: a word that is none" 1 'check.conf line 2: ek_certificate "always" is none' \
	check_config 'ek_certificate = "always"'
case_fails "check: a TLS certificate that is not there" 1 '/none.pem: No such file' \
	check_config 'tls_cert = "/none.pem"' 'tls_key = "/none.key"'
case_fails "check: a list of serial numbers that is not there" 1 '/none.txt' \
	check_config 'auto_enroll_serials = "/none.txt"' 'auto_enroll_vendors = {"NTC"}'
case_fails "check: a passphrase file that is not there" 1 '/none.pass' \
	check_config 'passphrase_file = "/none.pass"'
case_fails "check: a directory to publish in that is not there" 1 \
	"publish: $scratch/none: No such file or directory; make that directory" check_config "publish = \"$scratch/none\""
case_fails "check: … that is none" 1 'publish: .*check.conf is no directory' check_config "publish = \"$scratch/check.conf\""
mkdir "$scratch/published"
case_fails "check: … that is there" 0 'check.conf: OK' check_config "publish = \"$scratch/published\""
case_fails "check: a PKCS #11 module that is not there" 1 'pkcs11_module: /none.so: No such file' \
	check_config 'pkcs11_module = "/none.so"'
case_fails "check: a state directory that is not there" 1 "$scratch/none" timeout 20 "$attestd" \
	--check-config --state-dir "$scratch/none"
mv "$state_dir/issuing.key" "$scratch/issuing.key"
case_fails "check: no issuing key" 1 'issuing.key' check_config
mv "$scratch/issuing.key" "$state_dir/issuing.key"

# Two addresses, from a configuration file.
cat >"$scratch/attestd.conf" <<-END
state_dir = "$state_dir"
listen = {"127.0.0.1:0", "[::1]:0"}
workers = 1
END
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
	daemon_start both "$attestd" --config "$scratch/attestd.conf"
	wait_for 'grep -q event=start "${log[both]}"'
	port6=$(sed -n 's/.*\[::1\]:\([0-9]*\).*/\1/p' "${log[both]}")
	http GET "http://[::1]:$port6/root.pem"
	case_equal "listens on both addresses" "$http_status" 200
	daemon_stop both
else
	skip "listens on both addresses" "no IPv6 here"
fi

# HTTPS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls.key" -out "$scratch/tls.pem" 2>/dev/null
echo 'waiting_max = 7' >"$scratch/reload.conf"
# On one processor, of however many the machine has: a reload must not take those for workers.
printf '#!/bin/sh\nexec taskset --cpu-list %s "%s" "$@"\n' \
	"$(taskset --cpu-list --pid $$ | sed 's/.*: //; s/[-,].*//')" "$attestd" >"$scratch/pinned"
chmod +x "$scratch/pinned"
attestd=$scratch/pinned case_ok "starts with TLS" attestd_start --config "$scratch/reload.conf" --tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key"
http GET /root.pem "" --cacert "$scratch/tls.pem"
case_equal "serves HTTPS" "$http_status" 200
http GET "http://127.0.0.1:$attestd_port/root.pem"
case_equal "and no HTTP" "$http_status" 000

# ---- SIGHUP: all of it, or nothing ----

reloads() { grep -c "event=reload" "${log[attestd]}"; }
reload() { # waits until it is answered
	local before

	before=$(reloads)
	kill -HUP "${pid[attestd]}"
	wait_for "[ \"\$(reloads)\" -gt $before ]"
}
cp "$scratch/tls.pem" "$scratch/tls-before.pem"
cp "$scratch/tls.key" "$scratch/tls-before.key"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=attestd \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls-next.key" -out "$scratch/tls-next.pem" 2>/dev/null
cp "$scratch/tls-next.pem" "$scratch/tls.pem"
front=$(pgrep -f 'attestd: front' -P "${pid[attestd]}")
case_ok "a new TLS certificate without its key" reload
case_matches "changes nothing, and the log says why" "$(grep event=reload "${log[attestd]}" | tail -n 1)" \
	'error .*nothing has changed.*tls.pem and .*tls.key'
http GET /root.pem "" --cacert "$scratch/tls-before.pem"
case_equal "the old one is served" "$http_status" 200
cp "$scratch/tls-next.key" "$scratch/tls.key"
case_ok "with its key" reload
case_matches "it is taken, and what is not is named" "$(grep event=reload "${log[attestd]}" | tail -n 1)" \
	'info .*issuer=.*were read again'
check "new connections have it" \
	'wait_for "http GET /root.pem \"\" --cacert $scratch/tls-next.pem; [ \"\$http_status\" = 200 ]"'
case_equal "by the same front" "$(pgrep -f 'attestd: front' -P "${pid[attestd]}")" "$front"
printf '%s\n' 'waiting_max = 8' 'ak_lifetime = "1d"' >"$scratch/reload.conf"
case_ok "other settings" reload
check "are taken over, and named" \
	'wait_for "grep -q \"info .*event=reload .*settings=.ak_lifetime, waiting_max. \" \"\${log[attestd]}\""'
check "none of them needs a restart" '! grep "need a restart" "${log[attestd]}"'
echo 'waiting_max = many' >"$scratch/reload.conf"
case_ok "a fault in the file" reload
case_matches "changes nothing" "$(grep event=reload "${log[attestd]}" | tail -n 1)" \
	'error .*nothing has changed.*reload.conf'
echo 'waiting_max = 7' >"$scratch/reload.conf"
echo nothing >"$scratch/tls.key"
case_ok "a key that is none" reload
case_matches "changes nothing" "$(grep event=reload "${log[attestd]}" | tail -n 1)" 'nothing has changed.*no private key in .*tls.key'
kill -KILL "$front"
check "a new front is told what the old one had" \
	'wait_for "http GET /root.pem \"\" --cacert $scratch/tls-next.pem; [ \"\$http_status\" = 200 ]"'
cp "$scratch/tls-before.pem" "$scratch/tls.pem"
cp "$scratch/tls-before.key" "$scratch/tls.key"
attestd_stop
case_fails "a TLS key that is another's" 1 'tls.pem and .*issuing.key: .*not' timeout 20 "$attestd" --state-dir "$state_dir" \
	--listen 127.0.0.1:0 --tls-cert "$scratch/tls.pem" --tls-key "$state_dir/issuing.key"

# One process, for a debugger.
case_ok "starts with --no-fork" attestd_start --no-fork
http GET /root.pem
case_equal "serves with --no-fork" "$http_status" 200
attestd_stop
case_equal "ends with --no-fork" "$status" 0

finish
