# attest-device certificate, renew, status and enroll against attestd and attest-acmed, and
# the key in use by software that is not ours.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/certificate.sh"

files_sum() {
	cat "$state/device.key" "$state/device.pem" | sha256sum
}

state=$scratch/state
if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
	acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1 &&
	acmed_start && swtpm_start one && swtpm_start two; }; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)

# ---- usage ----

case_fails "no attestation host" 1 'no attestation host is named: --attestation-url' device one certificate
case_fails "no ACME server" 1 'no ACME server is named: --acme' device one certificate \
	--attestation-url "$attestd_url"
case_fails "no such key type" 2 'there is no key-type "dsa", but ecc-p256, ecc-p384 and rsa-2048' certificate one --key-type dsa
case_fails "a name that is none" 2 'the name "a/b": ' certificate one --name a/b
case_fails "nothing to renew yet" 1 'there is no certificate in .* to renew; run "attest-device certificate"' \
	device one renew
case_ok "status: no state directory" attest_device --tcti "${tcti[one]}" --state-dir "$scratch/no/state" status
case_matches "… is said" "$out" 'AK +none is certified.*certificate +none.*problem .*/no/state'
check "… and none is made" '[ ! -e "$scratch/no" ]'
case_ok "status: nothing yet" device one status --json
case_equal "status: nothing yet, and says so" \
	"$(jq -r '"\(.ak | has("problem")) \(.certificate | has("problem")) \(.eks[0].hash)"' <<<"$out")" "true true $hash"

# ---- certificate ----

case_fails "not enrolled: attestd's own words" 1 "EK $hash is not enrolled; on the attestation host run" \
	certificate one --name laptop
attest_ca enroll "$hash" --name laptop --name notebook >/dev/null
case_ok "enrolled: a certificate" certificate one --name laptop --json
case_equal "it says for whom and where" "$(jq -r '"\(.name) \(.certificate) \(.key)"' <<<"$out")" \
	"laptop $state/device.pem $state/device.key"
case_ok "the chain verifies" openssl verify -x509_strict -CAfile "$acme_dir/root.pem" \
	-untrusted "$state/device.pem" "$state/device.pem"
run openssl x509 -in "$state/device.pem" -noout -subject -ext subjectAltName,extendedKeyUsage
case_matches "CN and PermanentIdentifier" "$out" 'CN = laptop.*Permanent Identifier'
case_equal "the modes" "$(stat -c %a "$state/device.key" "$state/device.pem" | tr '\n' ' ')" "600 644 "
check "nothing temporary is left" '[ -z "$(ls -A "$state" | grep -E "new|tmp")" ]'
check "nothing stays loaded" 'nothing_loaded one'
for type in ecc-p384 rsa-2048 ecc-p256; do
	case_ok "a key $type" certificate one --name laptop --key-type $type --out "$scratch/$type"
done
case_equal "the account is one" "$(acmed accounts --json | jq -r '[.. | .thumbprint? // empty] | length')" 1

# ---- the inventory learns of it ----

case_equal "a certificate's record names the EK" \
	"$(acmed certificates --json | jq -r '[.[].ek_hash] | unique | join(" ")')" "$hash"
store_tamper "UPDATE device SET seen = seen - 100 * 86400, enrolled = enrolled - 200 * 86400"
unseen() {
	attest_ca list --unseen 90 --json | jq -r '.[].names[0]'
}
case_equal "a machine that did not attest for long" "$(unseen)" laptop
acmed seen >"$scratch/seen"
case_matches "attest-acmed says when it had its last certificate" "$(<"$scratch/seen")" \
	"^$hash $(date -u -d "$(openssl x509 -in "$scratch/ecc-p256/device.pem" -noout -startdate | cut -d = -f 2)" +%FT%TZ)\$"
case_equal "in JSON too" "$(acmed seen --json | jq -r '.[] | "\(.ek_hash) \(.seen)"')" "$(<"$scratch/seen")"
case_equal "nothing since tomorrow" "$(acmed seen --since "$(date -u -d tomorrow +%FT%TZ)")" ""
case_ok "attest-ca takes it" attest_ca seen "$scratch/seen"
case_equal "and counts" "$out" "1 of 1 devices were seen later than recorded; 0 are not enrolled"
case_equal "it is seen" "$(unseen)" ""
recorded() {
	attest_ca show laptop --json | jq -r .seen
}
case_equal "when the certificate began" "$(recorded)" "$(cut -d' ' -f2 "$scratch/seen")"
case_equal "a second time nothing changes" \
	"$(acmed seen --since 1h | attest_ca seen --json - | jq -c .)" '{"later":0,"known":1,"unknown":0}'
before=$(recorded)
case_equal "nor does a time before it, or another machine's" \
	"$(printf '%s 2020-01-01T00:00:00Z\n%064d 2020-01-01T00:00:00Z\n' "$hash" 7 | attest_ca seen -)" \
	"0 of 1 devices were seen later than recorded; 1 is not enrolled"
refused() { # NAME REGEX LINE…: nothing of it is taken
	local name=$1 regex=$2

	shift 2
	printf '%s\n' "$@" >"$scratch/seen.bad"
	case_fails "$name is refused" 1 "$regex" attest_ca seen "$scratch/seen.bad"
	case_equal "$name: nothing is recorded" "$(recorded)" "$before"
}
now=$(date -u +%FT%TZ)
refused "a time in the future" 'line 2 has a time in the future, 2[0-9TZ:-]*; are both clocks right' \
	"$hash $now" "$hash $(date -u -d '+1 hour' +%FT%TZ)"
refused "no hash" 'line 2 is no "HASH TIME"' "$hash $now" "laptop $now"
refused "no time" 'line 2 is no "HASH TIME"' "$hash $now" "$hash"
refused "a long line" 'line 2 is too long, or cut off' "$hash $now" "$hash $now$(printf %200d 0)"
printf '%s %s' "$hash" "$now" >"$scratch/seen.cut"
case_fails "a line that is cut off is refused" 1 'line 1 is too long, or cut off' attest_ca seen "$scratch/seen.cut"
case_fails "a file that is not there" 1 'opening .*/nowhere: No such file' attest_ca seen "$scratch/nowhere"
printf '%s %s\n' "$hash" "$(date -u -d '+2 minutes' +%FT%TZ)" | attest_ca seen - >/dev/null
check "of clocks that differ a little, a time counts as now" '[[ ! $(recorded) > $(date -u +%FT%TZ) && $(recorded) > $before ]]'
case_fails "several names, and none chosen" 1 'gives this machine 2 names; choose one with name in device.conf, or --name of .*: "[^"]*", "[^"]*"$' \
	certificate one
case_ok "the other name" certificate one --name notebook --out "$scratch/notebook"
before=$(files_sum)
case_fails "a name of somebody else: the server's own words" 1 'attest-device: .*desktop' \
	certificate one --name desktop
case_equal "… and the files stay" "$(files_sum)" "$before"
case_fails "a TLS root that did not sign it: the option is named" 1 'signed it with --acme-root FILE' \
	certificate one --name laptop --acme-root "$state_dir/root.pem"
case_fails "no ACME server there" 1 'there is nothing at /nowhere' \
	certificate one --name laptop --acme "$acme_base/nowhere"
case_fails "something else than an ACME server there" 1 'answers no JSON object \(not JSON: .*\): is this an ACME server' \
	certificate one --name laptop --acme "$acme_base/root.pem"
case_ok "on a terminal: works" script -qec "$(printf '%q ' "$attest_device_program" --tcti "${tcti[one]}" \
	--state-dir "$state" certificate --attestation-url "$attestd_url" --acme \
	"$acme_base/acme/directory" --acme-root "$acme_dir/root.pem" --name laptop)" /dev/null
case_matches "on a terminal: each step is shown" "$out" \
	'making a key.*ordering the certificate.*proving that the key.*writing device.key.*certified +laptop'

# ---- the key in use ----

openssl genpkey -algorithm ED25519 -out "$scratch/server.key" 2>/dev/null
openssl req -x509 -key "$scratch/server.key" -subj /CN=server -addext subjectAltName=DNS:server \
	-out "$scratch/server.pem" 2>/dev/null

# The client that is not ours. nginx says what it thinks of the certificate.
mtls() { # KEY-DIRECTORY
	printf 'GET / HTTP/1.0\r\n\r\n' | TPM2OPENSSL_TCTI="${tcti[one]}" openssl s_client -quiet \
		-provider default -provider tpm2 -propquery '?provider=tpm2,tpm2.digest!=yes' \
		-unix "$scratch/nginx.socket" -servername server -CAfile "$scratch/server.pem" \
		-verify_return_error -cert "$1/device.pem" -cert_chain "$1/device.pem" -key "$1/device.key"
}

nginx_start() {
	rm -f "$scratch/nginx.pid" "$scratch/nginx.socket"
	daemon_start nginx nginx -p "$scratch" -c "$scratch/nginx.conf" -e "$scratch/nginx.error"
	wait_for '[ -s "$scratch/nginx.pid" ] || ! daemon_runs nginx' && daemon_runs nginx ||
		note "$(cat "${log[nginx]}" "$scratch/nginx.error")"
}

crl_fetch() {
	curl --silent --fail --cacert "$acme_dir/root.pem" -o "$scratch/crl.pem" "$acme_base/crl.pem"
}

provider=no
TPM2OPENSSL_TCTI="${tcti[one]}" openssl list -providers -provider tpm2 >/dev/null 2>&1 && provider=yes
if [ $provider = yes ] && type nginx >/dev/null 2>&1; then
	cat >"$scratch/nginx.conf" <<-END
	daemon off;
	pid $scratch/nginx.pid;
	error_log $scratch/nginx.error info;
	events {}
	http {
		access_log off;
		client_body_temp_path $scratch/t1; proxy_temp_path $scratch/t2;
		fastcgi_temp_path $scratch/t3; uwsgi_temp_path $scratch/t4; scgi_temp_path $scratch/t5;
		server {
			listen unix:$scratch/nginx.socket ssl;
			ssl_protocols TLSv1.3; # in TLS 1.2 tpm2-openssl offers no curve that an ECC key is on
			ssl_certificate $scratch/server.pem;
			ssl_certificate_key $scratch/server.key;
			ssl_client_certificate $acme_dir/root.pem;
			ssl_verify_client on;
			ssl_verify_depth 2;
			ssl_crl $scratch/crl.pem;
			location / { return 200 "hello \$ssl_client_s_dn\n"; }
		}
	}
	END
	crl_fetch
	nginx_start
	case_ok "mTLS to nginx with the P-256 key" mtls "$state"
	case_matches "… which knows the name" "$out" 'hello CN=laptop'
	for type in ecc-p384 rsa-2048; do
		run mtls "$scratch/$type"
		case_matches "mTLS to nginx with the $type key" "$out" 'hello CN=laptop'
	done
	check "… and nothing stays loaded" 'nothing_loaded one'
	serial=$(openssl x509 -in "$state/device.pem" -noout -serial)
	acmed revoke "${serial#serial=}" >/dev/null
	wait_for 'crl_fetch && openssl crl -in "$scratch/crl.pem" -noout -text | grep -qi "${serial#serial=}"'
	daemon_stop nginx
	nginx_start
	run mtls "$state"
	check "a revoked certificate is refused by nginx with our CRL" '[[ $out != *hello* ]]'
	case_matches "… and not because of something else" "$(cat "$scratch/nginx.error")" 'revoked'
	daemon_stop nginx
	case_ok "a new one in its place" certificate one --name laptop
else
	for name in "mTLS to nginx with the P-256 key" "… which knows the name" \
		"mTLS to nginx with the ecc-p384 key" "mTLS to nginx with the rsa-2048 key" \
		"… and nothing stays loaded" "a revoked certificate is refused by nginx with our CRL"; do
		skip "$name" "there is no nginx, or no tpm2-openssl"
	done
fi

# ---- renew ----

before=$(files_sum)
case_ok "renew: nothing is due" device one renew --exec "touch $scratch/ran"
case_matches "… and says until when" "$out" 'nothing to renew before 20'
check "… and changes nothing, and runs nothing" '[ "$(files_sum)" = "$before" ] && [ ! -e "$scratch/ran" ]'
case_fails "renew: nothing is due, but without a TPM the keys do not load" 1 'there is no TPM at /nonexistent' \
	attest_device --tcti device:/nonexistent --state-dir "$state" renew
check "… which is not called nothing to renew" '[[ $out$err != *"nothing to renew"* ]]'

dated "$state/device.pem" "$(at 0)" "$(at 3600)"
case_ok "renew: nothing is due of what lives for an hour" device one renew
case_matches "… and the interval to set is said" "$err" 'OnUnitInactiveSec=600s'
dated "$state/device.pem" "$(at -7200)" "$(at 3)"
dated "$state/ak-chain.pem" "$(at -7200)" "$(at 3)"
case_ok "renew: at the last moment" device one renew --json
case_equal "… both are renewed" "$(jq -r '"\(.certificateRenewed) \(.akRenewed)"' <<<"$out")" "true true"
case_equal "… and nobody is told to look more often" "$err" ""
dated "$state/device.pem" "$(at -7200)" "$(at -1)"
dated "$state/ak-chain.pem" "$(at -7200)" "$(at -1)"
case_ok "renew: after the last moment" device one renew
case_ok "… and all is well" device one status
before=$(files_sum)

dated "$state/device.pem" 20000101000000Z 20300101000000Z
case_ok "renew: the certificate is past two thirds" device one renew --json \
	--exec "echo \$ATTEST_DEVICE_CHANGED >$scratch/ran"
case_equal "… and is renewed, by what was remembered" \
	"$(jq -r '"\(.certificateRenewed) \(.akRenewed) \(.name)"' <<<"$out")" "true false laptop"
case_equal "… and the command is run" "$(cat "$scratch/ran")" certificate
check "… a new certificate" '[ "$(files_sum)" != "$before" ]'
case_ok "… that verifies" openssl verify -CAfile "$acme_dir/root.pem" -untrusted "$state/device.pem" \
	"$state/device.pem"

before=$(files_sum)
dated "$state/ak-chain.pem" 20000101000000Z 20300101000000Z
case_ok "renew: the AK's chain is past two thirds" device one renew --json \
	--exec "echo \$ATTEST_DEVICE_CHANGED >$scratch/ran"
case_equal "… and it alone is renewed" "$(jq -r '"\(.certificateRenewed) \(.akRenewed)"' <<<"$out")" "false true"
case_equal "… the certificate stays" "$(files_sum)" "$before"
case_equal "… and the command is told" "$(cat "$scratch/ran")" ak
case_fails "renew: a command that fails is said" 1 'renewed, but "exit 3" exited with 3' eval \
	'dated "$state/ak-chain.pem" 20000101000000Z 20300101000000Z && device one renew --exec "exit 3"'

dated "$state/device.pem" 20000101000000Z 20300101000000Z
before=$(files_sum)
rm "$scratch/ran"
acmed_stop
case_fails "renew: the ACME server is down" 1 'is the server running there' device one renew \
	--exec "touch $scratch/ran"
check "… the old files stay, and nothing is run" '[ "$(files_sum)" = "$before" ] && [ ! -e "$scratch/ran" ]'
acmed_start
case_ok "… and it works when it is back" device one renew

# What a crash between the two renames leaves.
cp "$state/device.pem" "$scratch/new.pem"
mv "$state/device.pem" "$state/device.pem.new"
dated "$state/device.pem" 20200101000000Z 20990101000000Z
case_ok "renew: ends what a crash left half done" device one renew
check "… the new certificate is in place" 'cmp -s "$state/device.pem" "$scratch/new.pem" &&
	[ ! -e "$state/device.pem.new" ]'

# The attestation host begins anew: the chain that is kept leads to a root that is none any more.
attestd_stop
mv "$state_dir" "$scratch/ca-before"
attest_ca init >/dev/null
attest_ca enroll "$hash" --name laptop >/dev/null
attestd_start
case_fails "a kept chain that leads to another root is not used" 1 'its issuer is neither trusted' \
	certificate one --name laptop
attestd_stop
rm -r "$state_dir"
mv "$scratch/ca-before" "$state_dir"
attestd_start
case_ok "… nor the one of the other host then" certificate one --name laptop

# ---- status ----

case_ok "status" device one status
case_matches "… for people" "$out" "EK +$hash .*AK +rsa2048.*certificate +laptop.*key +ecc-p256.*\([0-9]+ h [0-9]+ min left\)"
on_terminal "$attest_device_program" --tcti "${tcti[one]}" --state-dir "$state" status
check "status: on a terminal within 80 columns, with the whole hash" '[ "$status" -eq 0 ] && [ "$widest" -le 80 ] && [[ $out == *"$hash"* ]]' || note "$out"
case_ok "status --json" device one status --json
case_equal "… for machines" \
	"$(jq -r '"\(.certificate.name) \(.certificate.keyType) \(.certificate.renewalDue) \(.ak.type)"' <<<"$out")" \
	"laptop ecc-p256 false rsa2048"
dated "$state/device.pem" "$(at -3600)" "$(at 100000)"
case_ok "status of a certificate that has little more than a day" device one status
case_matches "… says hours" "$out" '\(27 h 4[56] min left\)'
dated "$state/device.pem" 20000101000000Z 20100101000000Z
case_fails "status: an expired certificate is a failure" 1 'it expired at 2010' device one status

# ---- enroll ----

cat >"$scratch/device.conf" <<END
attestation_url = "$attestd_url"
attestation_root = "$state_dir/root.pem"
acme = "$acme_base/acme/directory"
acme_root = "$acme_dir/root.pem"
name = "laptop"
tcti = "${tcti[one]}"
state_dir = "$state"
END
case_ok "enroll: all by device.conf" attest_device enroll --config "$scratch/device.conf"
case_matches "… a certificate" "$out" 'certified +laptop'
case_ok "renew by device.conf" attest_device renew --config "$scratch/device.conf"
case_fails "enroll: there is no such file" 1 'opening .*nowhere.conf: No such file' attest_device enroll --config "$scratch/nowhere.conf"
echo 'colour = "blue"' >"$scratch/wrong.conf"
case_fails "enroll: a device.conf with something unknown" 1 'wrong.conf.*line 1.*colour' \
	attest_device enroll --config "$scratch/wrong.conf"

# ---- another TPM ----

tpm2_clear -T "${tcti[one]}" -c p 2>/dev/null || tpm2_clear -T "${tcti[one]}" -c l
case_fails "status: the TPM was cleared" 1 'no longer load: the TPM was cleared or replaced' device one status
case_fails "renew: nothing is due, but the TPM was cleared" 1 'cleared or replaced; run "attest-device enroll"' \
	device one renew
check "… which is not called nothing to renew" '[[ $out$err != *"nothing to renew"* ]]'
dated "$state/device.pem" 20000101000000Z 20300101000000Z
case_fails "renew: the TPM was cleared" 1 'cleared or replaced; run "attest-device enroll"' device one renew
case_ok "enroll starts over" attest_device enroll --config "$scratch/device.conf"
case_ok "… and all is well" device one status
dated "$state/device.pem" 20000101000000Z 20300101000000Z
case_fails "renew: the TPM was replaced" 1 'cleared or replaced; run "attest-device enroll"' device two renew
other=$(attest_device --tcti "${tcti[two]}" ek --hash)
case_fails "enroll on another TPM: its EK is to be enrolled" 1 "EK $other is not enrolled" \
	attest_device --tcti "${tcti[two]}" enroll --no-wait --config "$scratch/device.conf"
grep -v '^name' "$scratch/device.conf" >"$scratch/nameless.conf"
case_fails "… under the name of the certificate that it has" 1 \
	"approve $other --name laptop; .*replace laptop $other\$" \
	attest_device --tcti "${tcti[two]}" enroll --no-wait --config "$scratch/nameless.conf"
check "nothing stays loaded after all that" 'nothing_loaded one && nothing_loaded two'

# ---- an owner with a password ----

state=$scratch/owned
attest_ca enroll "$other" --name owned >/dev/null
printf 'owner\n' >"$scratch/owner"
tpm2_changeauth -T "${tcti[two]}" -c o owner
case_fails "an owner with a password: the option is named" 1 'with --owner-auth-file' certificate two
echo wrong >"$scratch/wrong"
case_fails "an owner's password that is wrong" 1 'the password of the owner hierarchy is wrong' \
	certificate two --owner-auth-file "$scratch/wrong"
case_ok "an owner's password that is right" certificate two --owner-auth-file "$scratch/owner"
case_ok "… is not needed again" certificate two
case_equal "… because the storage root is kept" \
	"$(tpm2_getcap -T "${tcti[two]}" handles-persistent)" "- 0x81000001"

# ---- short lives ----

acmed_stop
echo 'lifetime = "1h"' >"$scratch/short.conf"
acmed_start --config "$scratch/short.conf" || exit 1
case_ok "a certificate that lives for an hour" certificate two
case_matches "… and the interval to set is said" "$err" 'attest-device-renew.timer" set OnUnitInactiveSec=6[0-9][0-9]s'
rm "$scratch/state/device.pem"
case_ok "enroll: it lives for an hour" attest_device enroll --config "$scratch/device.conf"
case_matches "… and the interval to set is said" "$err" 'attest-device-renew.timer" set OnUnitInactiveSec=6[0-9][0-9]s'

# ---- clocks ----

attestd_stop
for dates in '20200101000000Z 20200102000000Z expired.at.2020-01-02T00:00:00Z' \
	'20980101000000Z 20990101000000Z is.not.valid.before.2098-01-01T00:00:00Z'; do
	read -r from until words <<<"$dates"
	dated "$scratch/clock.pem" "$from" "$until"
	attestd_start --tls-cert "$scratch/clock.pem" --tls-key "$scratch/dated.key" || exit 1
	case_fails "TLS certificate of another time: both times and the clock" 1 \
		"its TLS certificate: it ${words//./ }, and it is 20[0-9T:Z-]* here; are both clocks right" \
		device two attest --attestation-url "$attestd_url" --tls-root "$scratch/clock.pem"
	attestd_stop
done

finish
