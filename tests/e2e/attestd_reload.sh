# attestd takes over its configuration and files at SIGHUP, without a restart: each setting in
# effect, a fault changes nothing, what needs a restart is named, and nothing is lost or leaks.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/reload.sh"
needs pgrep jq

reload_daemon=attestd reload_daemon_program=attestd

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
problem() { jq -r '"\(.type) \(.detail)"' <<<"$http_body" 2>/dev/null; }

challenge() { # FILE: a credential, opened
	http POST /attest "@$scratch/request.json"
	[ "$http_status" = 200 ] || return 1
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$1"
}

attest() { # leaves the AK certificate in $scratch/ak.pem
	challenge "$scratch/secret.json" || return 1
	http POST /secret "@$scratch/secret.json"
	[ "$http_status" = 200 ] || return 1
	jq -r '.chain[0]' <<<"$http_body" | base64 -d | openssl x509 -inform DER -out "$scratch/ak.pem"
}

# Of the AK certificate: how long it is valid, in seconds, and how long it has been.
seconds() { date -d "$1" +%s; }
field() { openssl x509 -in "$scratch/ak.pem" -noout "-$1" | cut -d= -f2; }
lifetime() { echo $(($(seconds "$(field enddate)") - $(date +%s))); }
backdated() { echo $(($(date +%s) - $(seconds "$(field startdate)"))); }

swtpm_start two rsa2048 || exit 1
attest_ca init >/dev/null || exit 1
mkdir "$scratch/device" "$state_dir/publish"
soft make rsa2048 rsa2048 || exit 1
hash=$(soft hash)
attest_ca enroll "$hash" --name laptop >/dev/null || exit 1
soft request "$scratch/request.json"
jq '.' "$scratch/request.json" >/dev/null || exit 1

base=("workers = 2" "ak_lifetime = \"30d\"")
conf "${base[@]}"
attestd_start --config "$scratch/daemon.conf" || exit 1
keeper_and_front=$(children | xargs)
case_ok "a machine attests" attest
check "for 30 days" '[ "$(lifetime)" -gt $((29 * 86400)) ]'

# ---- settings, each in effect ----

reload_ok "nothing has changed" 'issuer=[0-9a-f]{40} reason="configuration, certificates, keys and lists were read again"$'

conf "${base[@]}" 'ak_lifetime = "1d"' 'backdate = "2h"' 'crl_url = "http://crl.example/{issuer}"' \
	"publish = \"$state_dir/publish\"" 'log_level = "debug"' 'request_timeout = "1s"'
reload_ok "lifetimes, URLs and a directory" \
	'settings="log_level, ak_lifetime, crl_url, publish, backdate, request_timeout" '
case_ok "a machine attests" attest
check "for a day" '[ "$(lifetime)" -le 86400 ] && [ "$(lifetime)" -gt 86000 ]'
ca_begin=$(seconds "$(openssl x509 -in "$state_dir/issuing.pem" -noout -startdate | cut -d= -f2)")
check "from two hours ago, or from when the CA began" \
	'[ "$(backdated)" -ge 7200 ] || [ "$(seconds "$(field startdate)")" = "$ca_begin" ]'
case_matches "with the new URL" "$(openssl x509 -in "$scratch/ak.pem" -noout -text)" \
	"URI:http://crl.example/[0-9a-f]{40}"
conf "${base[@]}" "publish = \"$state_dir/unmade\""
reload_fails "a directory to publish in that is not there" "publish: $state_dir/unmade: No such file or directory"
if sandboxed attestd; then
	mkdir "$scratch/outside"
	conf "${base[@]}" "publish = \"$scratch/outside\""
	reload_fails "a directory to publish in that the sandbox leaves out" \
		"publish: $scratch/outside is outside of what this process may open since its start; restart it"
	conf "${base[@]}" 'passphrase_file = "/etc/hostname"'
	reload_fails "a passphrase that the sandbox leaves out" "passphrase_file: /etc/hostname is outside of"
else
	skip "a directory to publish in that the sandbox leaves out" "no whole sandbox in this build or kernel"
fi
conf "${base[@]}" 'ak_lifetime = "1d"' 'backdate = "2h"' 'crl_url = "http://crl.example/{issuer}"' \
	"publish = \"$state_dir/publish\"" 'log_level = "debug"' 'request_timeout = "1s"'
case_ok "root.pem is published" cmp "$state_dir/publish/root.pem" "$state_dir/root.pem"
http GET /crl/none
check "the front logs at level debug" 'wait_for "grep -q \" debug attestd/front \" \"\${log[attestd]}\""'
certificate=$(tpm2_nvread -T "${tcti[two]}" 0x01c00002 2>/dev/null | base64 -w 0)
jq --arg certificate "$certificate" '.ekCerts = [$certificate]' "$scratch/request.json" >"$scratch/shown.json"
http POST /attest "@$scratch/shown.json"
check "and the keeper" 'wait_for "grep -q \" debug attestd/keeper \" \"\${log[attestd]}\""'
half_request() {
	timeout 10 bash -c 'exec 9<>"/dev/tcp/127.0.0.1/$1"; printf "GET /ro" >&9; head -c 12 <&9' - "$attestd_port"
}
case_equal "half a request has a second" "$(half_request)" "HTTP/1.1 408"

conf "${base[@]}" 'device_certificates = 1' 'waiting_max = 0' 'log_level = "info"'
reload_ok "limits" 'settings="log_level, ak_lifetime, crl_url, publish, backdate, device_certificates, waiting_max, request_timeout" '
attest # may be the last that this machine gets in a day
check "a machine gets no more certificates" '! attest && [ "$http_status" = 429 ] &&
	[[ $(problem) == *"of a day, 1 (device_certificates)"* ]]'
soft_other() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/other" "$@"; }
mkdir "$scratch/other"
soft_other make rsa2048 rsa2048
soft_other request "$scratch/other.json"
http POST /attest "@$scratch/other.json"
case_equal "a stranger is refused" "$http_status" 403
case_equal "and not listed" "$(attest_ca pending --json)" "[]"
conf "${base[@]}"
reload_ok "back" 'settings="device_certificates, waiting_max" '
http POST /attest "@$scratch/other.json"
check "then it is" '[ "$(attest_ca pending --json | jq length)" = 1 ]'
case_ok "and the machine attests" attest
check "for 30 days" '[ "$(lifetime)" -gt $((29 * 86400)) ]'

# ---- rules for EK certificates, also for credentials that are open ----

case_ok "a credential is open" challenge "$scratch/early.json"
conf "${base[@]}" 'ek_certificate = "require"'
reload_ok "EK certificates are required" 'settings=ek_certificate '
http POST /secret "@$scratch/early.json"
case_matches "the open credential starts again" "$http_status $(problem)" \
	"^503 .*the rules for EK certificates have just been changed"
check "and finds that a certificate is wanted" '! attest && [ "$http_status" = 403 ] && [[ $(problem) == *ekUntrusted* ]]'
conf "${base[@]}" 'ek_certificate = "ignore"'
reload_ok "EK certificates are ignored" 'settings=ek_certificate '
case_ok "the machine attests" attest
case_ok "a credential is open" challenge "$scratch/early.json"
conf "${base[@]}" 'ek_certificate = "ignore"' 'ak_lifetime = "2d"'
reload_ok "another lifetime" 'settings=ak_lifetime '
http POST /secret "@$scratch/early.json"
case_equal "is nothing to the open credential" "$http_status" 200

# ---- self-enrolment ----

two() {
	attest_device --tcti "${tcti[two]}" --state-dir "$scratch/device-two" attest --attestation-url "$attestd_url" "$@"
}
attest_ca trust import "$swtpm_ca"/*cert.pem >/dev/null
serial=$(tpm2_nvread -T "${tcti[two]}" 0x01c00002 2>/dev/null | openssl x509 -inform DER -noout -serial)
printf '%s\n' "${serial#serial=}" >"$scratch/serials"
case_fails "a machine is not enrolled" 1 "is not enrolled" two
auto=("${base[@]}" "auto_enroll_serials = \"$scratch/serials\"" 'auto_enroll_vendors = {"IBM"}' 'auto_enroll_name = "mine-{hash8}"')
conf "${auto[@]}"
reload_ok "a list, and certificates that are looked at" \
	'settings="ak_lifetime, ek_certificate, auto_enroll_serials, auto_enroll_vendors, auto_enroll_name" '
case_ok "it enrolls itself, by its certificate" two --json
case_matches "under the name of the rule" "$(jq -r '.names[0]' <<<"$out")" "^mine-[0-9a-f]{8}$"

# A machine whose answer comes after the reload, with a certificate of a vendor of its own.
fleet() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/fleet" "$@"; }
mkdir "$scratch/fleet"
fleet make rsa2048 rsa2048
fleet request "$scratch/fleet.json"
jq -r .ek "$scratch/fleet.json" | base64 -d >"$scratch/fleet.spki"
printf '%s\n' 'basicConstraints = critical, CA:FALSE' 'extendedKeyUsage = 2.23.133.8.1' \
	'subjectAltName = critical, dirName:tpm' '[tpm]' 'x.2.23.133.2.1 = id:49424D00' 'y.2.23.133.2.2 = soft' \
	'z.2.23.133.2.3 = id:00070002' >"$scratch/fleet.ext"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$scratch/vendor.key" -out "$scratch/vendor.pem" \
	-subj "/CN=Fleet Root" -addext keyUsage=critical,keyCertSign 2>/dev/null
openssl x509 -new -force_pubkey "$scratch/fleet.spki" -subj / -CA "$scratch/vendor.pem" -CAkey "$scratch/vendor.key" \
	-set_serial 0x7f01 -extfile "$scratch/fleet.ext" -outform DER -out "$scratch/fleet.der" 2>/dev/null
attest_ca trust import "$scratch/vendor.pem" >/dev/null
printf '%s\n' "${serial#serial=}" 7F01 >"$scratch/serials"
jq --arg certificate "$(base64 -w 0 "$scratch/fleet.der")" '.ekCerts = [$certificate]' "$scratch/fleet.json" >"$scratch/fleet-shown.json"

fleet_challenge() { # FILE
	http POST /attest "@$scratch/fleet-shown.json"
	[ "$http_status" = 200 ] || return 1
	printf %s "$http_body" >"$scratch/fleet-credential.json"
	fleet activate "$scratch/fleet-credential.json" "$1"
}

wait_for 'fleet_challenge "$scratch/fleet-gone.json"' # the list is read within a second
case_ok "a machine that is on the list has a credential open" fleet_challenge "$scratch/fleet-gone.json"
conf "${base[@]}"
reload_ok "the rule is gone" 'settings="auto_enroll_serials, auto_enroll_vendors, auto_enroll_name" '
http POST /secret "@$scratch/fleet-gone.json"
case_equal "and the credential enrolls nothing" "$http_status" 403
case_fails "the machine is not enrolled" 1 "" attest_ca show "$(fleet hash)"
conf "${auto[@]}"
reload_ok "it is back" 'settings="auto_enroll_serials, auto_enroll_vendors, auto_enroll_name" '
case_ok "the machine has a credential open again" fleet_challenge "$scratch/fleet-named.json"
conf "${auto[@]/mine-/theirs-}"
reload_ok "under another name" 'settings=auto_enroll_name '
http POST /secret "@$scratch/fleet-named.json"
case_equal "the machine enrolls itself" "$http_status" 200
case_matches "under the name of the present rule" "$(attest_ca show --json "$(fleet hash)" | jq -r '.names[0]')" "^theirs-[0-9a-f]{8}$"
conf "${auto[@]}"
reload_ok "the first name again" 'settings=auto_enroll_name '

rm "$scratch/serials"
reload_fails "the list is gone" "auto_enroll_serials .*serials: opening .*No such file"
conf "${base[@]}"
reload_ok "no list" 'settings="auto_enroll_serials, auto_enroll_vendors, auto_enroll_name" '

# ---- a fault changes nothing ----

good() { # NAME: serves as before
	case_ok "$1: a machine attests" attest
	check "$1: for 30 days" '[ "$(lifetime)" -gt $((29 * 86400)) ]'
	check "$1: by the same processes" '[ "$(children | xargs)" = "$keeper_and_front" ]'
}
conf "${base[@]}" 'ak_lifetime = "1d"' 'waiting_max = many'
reload_fails "a value that is none" 'daemon.conf line 4: waiting_max: ..?many..? is no number'
good "after a value that is none"
conf "${base[@]}" 'ak_lifetime = "1d"' 'colour = 1'
reload_fails "a setting that is none" "daemon.conf line 4: no such option 'colour'"
conf "${base[@]}" 'ak_lifetime = "1d"' 'auto_enroll_vendors = {"IBM"}'
reload_fails "half of a rule" 'auto_enroll_serials and auto_enroll_vendors go together'
rm "$scratch/daemon.conf"
reload_fails "no file" 'daemon.conf: No such file'
good "without the file"
for file in root.pem issuing.pem issuing.key; do
	conf "${base[@]}" 'ak_lifetime = "1d"'
	mv "$state_dir/$file" "$scratch/aside"
	reload_fails "no $file" "$file"
	good "without $file"
	http GET /root.pem
	case_equal "without $file: root.pem is served" "$http_status" 200
	mv "$scratch/aside" "$state_dir/$file"
done
conf "${base[@]}" 'passphrase_file = "/none.pass"' 'ak_lifetime = "1d"'
reload_fails "no passphrase" '/none.pass'
good "without a passphrase"
conf "${base[@]}" 'ak_lifetime = "1d"'
reload_ok "mended, it is taken over" 'settings=ak_lifetime '
case_ok "and a machine attests" attest
check "for a day" '[ "$(lifetime)" -le 86400 ]'

# ---- what needs a restart ----

conf 'workers = 1' 'listen = "127.0.0.1:1"' 'ak_lifetime = "30d"' "store = \"$scratch/nowhere\""
reload_ok "what can be taken over is" 'settings=ak_lifetime '
case_matches "the rest is named" "$reloaded" \
	'warning attestd/keeper event=reload waiting="store, workers" reason="these settings have changed in the file, and need a restart"'
check "but not what the command line says" '[[ $reloaded != *listen* ]]'
good "with settings that wait"
reload_ok "again" 'reason='
case_matches "they are named again" "$reloaded" 'waiting="store, workers"'
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls.key" -out "$scratch/tls.pem" 2>/dev/null
tls=("${base[@]}" "tls_cert = \"$scratch/tls.pem\"" "tls_key = \"$scratch/tls.key\"")
conf "${tls[@]}"
reload_ok "HTTPS instead of HTTP" 'reason='
case_matches "needs a restart" "$reloaded" 'waiting="tls_cert, tls_key"'
good "HTTP until then"
attestd_stop
case_equal "it ends in order" "$status" 0

# ---- TLS: another file, and the same ones with other content ----

attestd_start --config "$scratch/daemon.conf" || exit 1
attestd_url=https://127.0.0.1:$attestd_port
serves() { http GET /root.pem "" --cacert "$1"; [ "$http_status" = 200 ]; }
case_ok "serves HTTPS" serves "$scratch/tls.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=attestd \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/next.key" -out "$scratch/next.pem" 2>/dev/null
conf "${base[@]}" "tls_cert = \"$scratch/next.pem\"" "tls_key = \"$scratch/next.key\""
reload_ok "another certificate and key" 'settings="tls_cert, tls_key" '
check "are served" 'wait_for "serves $scratch/next.pem"'
front=$(pgrep -f 'attestd: front' -P "${pid[attestd]}")
conf "${tls[@]}"
printf -- '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' >>"$scratch/tls.pem"
reload_fails "a chain whose end is broken" "tls.pem and .*tls.key: reading the chain"
openssl req -x509 -newkey rsa:1024 -nodes -days 2 -subj /CN=weak -keyout "$scratch/weak.key" \
	-out "$scratch/weak.pem" 2>/dev/null
conf "${base[@]}" "tls_cert = \"$scratch/weak.pem\"" "tls_key = \"$scratch/weak.key\""
reload_fails "a key that no client accepts" "weak.pem and .*weak.key: using the TLS certificate"
for kind in pem key; do
	cp "$scratch/next.$kind" "$scratch/long.$kind"
	yes "# comment" | head -n 7000 >>"$scratch/long.$kind"
	conf "${base[@]}" "tls_cert = \"$scratch/${kind/key/next}.pem\"" "tls_key = \"$scratch/${kind/pem/next}.key\""
	sed -i "s|/$kind\.$kind|/long.$kind|" "$scratch/daemon.conf"
	reload_fails "a .$kind file that no front could be told" "long.$kind has more than [0-9]* octets"
done
conf "${base[@]}" "tls_cert = \"$scratch/next.pem\"" "tls_key = \"$scratch/tls.key\""
reload_fails "a key that is another's" "next.pem and .*tls.key"
case_ok "the last good one is served" serves "$scratch/next.pem"
case_equal "by the same front" "$(pgrep -f 'attestd: front' -P "${pid[attestd]}")" "$front"
conf "${base[@]}"
reload_ok "HTTP instead of HTTPS" 'reason='
case_matches "needs a restart" "$reloaded" 'waiting="tls_cert, tls_key"'
case_ok "HTTPS until then" serves "$scratch/next.pem"
attestd_stop
case_fails "check: a chain whose end is broken" 1 "reading the chain" "$attestd" --check-config \
	--state-dir "$state_dir" --tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key"

# ---- two hundred times, under load ----

conf "${base[@]}" "tls_cert = \"$scratch/next.pem\"" "tls_key = \"$scratch/next.key\"" 'device_certificates = 0'
attestd_start --config "$scratch/daemon.conf" || exit 1
attestd_url=https://127.0.0.1:$attestd_port
load_round() { # with files of its own
	local curl=(curl --silent --fail --max-time 30 --cacert "$scratch/next.pem" --header 'Content-Type: application/json')

	"${curl[@]}" --data-binary "@$scratch/request.json" --output "$scratch/load.credential" "$attestd_url/attest" &&
		soft activate "$scratch/load.credential" "$scratch/load.secret" &&
		"${curl[@]}" --data-binary "@$scratch/load.secret" --output "$scratch/load.chain" "$attestd_url/secret" &&
		"${curl[@]}" --output "$scratch/load.crl" "$attestd_url/crl.pem"
}
load_begin load_round
reload_often
attestd_stop
case_equal "it ends in order" "$status" 0

finish
