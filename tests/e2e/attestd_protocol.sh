# The attestation protocol with a device in software: what is certified, and how what is not is
# refused (WIRE.md §1, §2).
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/protocol.sh"

case_ok "init" attest_ca init
case_ok "attestd" attestd_start

# ---- what is certified: every kind of EK with every kind of AK ----
for ek in rsa2048 rsa3072 rsa4096 p256 p384 p521; do
	for ak in rsa2048 rsa2048-pss p256 p384 p521; do
		case $ek-$ak in
		rsa2048-* | *-rsa2048) ;;
		*) continue ;;
		esac
		name="EK $ek, AK $ak"
		rm -rf "$scratch/device"
		mkdir "$scratch/device"
		soft make "$ek" "$ak" || note "cannot make $name"
		attest_ca enroll "$(soft hash)" --name "$ek-$ak" || note "cannot enrol $name"
		soft request "$scratch/request.json"
		post /attest "$scratch/request.json"
		case_equal "$name: challenge" "$http_status" 200 || note "$http_body"
		printf %s "$http_body" >"$scratch/credential.json"
		case_ok "$name: the credential opens" soft activate "$scratch/credential.json" "$scratch/secret.json"
		post /secret "$scratch/secret.json"
		case_equal "$name: certified" "$http_status" 200 || note "$http_body"
		jq -r '.chain[0]' <<<"$http_body" | base64 -d | openssl x509 -inform DER -out "$scratch/ak.pem"
		jq -r '.chain[1]' <<<"$http_body" | base64 -d | openssl x509 -inform DER -out "$scratch/chain.pem"
		case_ok "$name: the chain verifies" openssl verify -x509_strict -CAfile "$state_dir/root.pem" \
			-untrusted "$scratch/chain.pem" "$scratch/ak.pem"
		case_equal "$name: the certificate is for the AK" \
			"$(openssl x509 -in "$scratch/ak.pem" -noout -pubkey)" "$(soft ak)"
	done
done

# ---- what chips say of themselves refuses nothing, and is clean in the certificate ----
# chip NAME TPM-INFO MANUFACTURER MODEL FIRMWARE: the request with this tpmInfo, and the names in the certificate.
chip() {
	soft request "$scratch/request.json"
	jq -c --argjson info "$2" '. + {tpmInfo: $info, unread: ["\u0000"]}' "$scratch/request.json" >"$scratch/chip.json"
	post /attest "$scratch/chip.json"
	case_equal "$1: challenge" "$http_status" 200 || note "$http_body"
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$scratch/secret.json"
	post /secret "$scratch/secret.json"
	jq -r '.chain[0]' <<<"$http_body" | base64 -d >"$scratch/ak.der"
	san=$(openssl asn1parse -inform DER -in "$scratch/ak.der" | grep -A2 'Subject Alternative' |
		sed -n 's/^ *\([0-9]*\):.*OCTET STRING.*/\1/p')
	case_equal "$1: in the certificate" \
		"$(openssl asn1parse -inform DER -in "$scratch/ak.der" -strparse "$san" 2>/dev/null |
			sed -n 's/.*UTF8STRING *://p' | head -3 | paste -sd '|')" "$3|$4|$5"
}
chip "a Nuvoton" '{"version":2,"manufacturer":"1314145024","model":"NPCT75x\u0000\u0002\u0001\u0000$rls","firmwareVersion":"7.2"}' \
	id:4E544300 'NPCT75x$rls' id:00070002
chip "another Nuvoton" '{"manufacturer":"1314145024","model":"NPCT75x\"!!4rls","firmwareVersion":"7.2"}' \
	id:4E544300 'NPCT75x"!!4rls' id:00070002
chip "an Infineon" '{"manufacturer":"IFX\u0000","model":"SLB9\u0000\u0000","firmwareVersion":"7.85\u0000"}' \
	id:49465800 SLB9 id:00070055
chip "an ST" '{"manufacturer":"STM ","model":" ST33HTPHAHD8","firmwareVersion":" 1.769"}' \
	id:53544D20 ST33HTPHAHD8 id:00010301
chip "an Intel" '{"manufacturer":"1229870147","model":"","firmwareVersion":"600.7"}' id:494E5443 unknown id:02580007
chip "an Intel of blanks and NULs" '{"manufacturer":1229870147,"model":"\u0000 \u0000"}' id:494E5443 unknown id:00000000
chip "an AMD" '{"manufacturer":"AMD","model":"AMD\u0000","firmwareVersion":"3.87"}' id:414D4400 AMD id:00030057
chip "a swtpm" '{"manufacturer":"1229081856","model":"SW   TPM","firmwareVersion":"8215.1547"}' \
	id:49424D00 'SW TPM' id:2017060B
chip "no tpmInfo" null id:00000000 unknown id:00000000
chip "a tpmInfo that is none" '["\u0000"]' id:00000000 unknown id:00000000
chip "claims of other types" '{"manufacturer":["NTC"],"model":{"a":1},"firmwareVersion":true}' id:00000000 unknown id:00000000
long=$(printf 'm%.0s' $(seq 300))
chip "a long claim" "{\"model\":\"$long\"}" id:00000000 "${long:0:64}" id:00000000

# ---- replay, and secrets that never were ----
post /secret "$scratch/secret.json"
refused "a secret works once" 403 unknownSecret "start again with /attest"
reason=$http_reason
http POST /secret '{"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}'
refused "a secret that never was" 403 unknownSecret "start again with /attest"
case_equal "one answer for both" "$http_reason" "$reason"

# ---- enrolment ----
rm -rf "$scratch/device"
mkdir "$scratch/device"
soft make p256 rsa2048
soft request "$scratch/request.json"
post /attest "$scratch/request.json"
refused "not enrolled" 403 notEnrolled "EK $(soft hash) is not enrolled.*attest-ca --state-dir $state_dir approve $(soft hash)"
case_equal "not enrolled: that it waits is said to machines, too" "$(jq -r .enrolment <<<"$http_body")" waiting
case_matches "not enrolled: the reason phrase says it" "$http_reason" "^EK $(soft hash) is not enrolled"
attest_ca enroll "$(soft hash)" --name late
post /attest "$scratch/request.json"
case_equal "enrolled while attestd runs" "$http_status" 200
printf %s "$http_body" >"$scratch/credential.json"
soft activate "$scratch/credential.json" "$scratch/secret.json"
attest_ca remove late
post /secret "$scratch/secret.json"
refused "a challenge that was open when its device was removed" 503 overloaded "the device has just been changed"
post /secret "$scratch/secret.json"
refused "and its secret is spent" 403 unknownSecret .

# A device that is disabled, by whoever may write the store.
attest_ca enroll "$(soft hash)" --name off
store_tamper "UPDATE device SET enabled = 0, revision = revision + 1"
post /attest "$scratch/request.json"
refused "switched off" 403 deviceDisabled "the device with EK $(soft hash) is disabled; an administrator can run: attest-ca .*enable $(soft hash)"
attest_ca remove off

# A name that was taken away is not in the next certificate, and the old one is revoked.
attest_ca enroll "$(soft hash)" --name first --name "second ü"
post /attest "$scratch/request.json"
printf %s "$http_body" >"$scratch/credential.json"
soft activate "$scratch/credential.json" "$scratch/secret.json"
post /secret "$scratch/secret.json"
jq -r '.chain[0]' <<<"$http_body" | base64 -d >"$scratch/ak.der"
openssl asn1parse -inform DER -in "$scratch/ak.der" -strparse \
	"$(openssl asn1parse -inform DER -in "$scratch/ak.der" | grep -A2 'Subject Alternative' |
		sed -n 's/^ *\([0-9]*\):.*OCTET STRING.*/\1/p')" >"$scratch/san" 2>/dev/null
check "both names are in the certificate" \
	'[ "$(grep -c "UTF8STRING *:first$\|UTF8STRING *:second" "$scratch/san")" -eq 2 ]'
check "and the EK's URN" 'openssl x509 -inform DER -in "$scratch/ak.der" -noout -ext subjectAltName |
	grep -q "URI:urn:ek:sha256:"'
serial=$(openssl x509 -inform DER -in "$scratch/ak.der" -noout -serial | cut -d= -f2)
case_ok "remove" attest_ca remove first
check "the CRL names the certificate soon" \
	'wait_for "curl --silent $attestd_url/crl | openssl crl -inform DER -noout -text | grep -qi $serial"'

# ---- restart ----
attest_ca enroll "$(soft hash)" --name late
post /attest "$scratch/request.json"
printf %s "$http_body" >"$scratch/credential.json"
soft activate "$scratch/credential.json" "$scratch/secret.json"
attestd_stop
case_ok "attestd restarted" attestd_start
post /secret "$scratch/secret.json"
refused "a challenge does not outlive the keeper" 403 unknownSecret "start again"

# ---- bodies and methods ----
body_refused() { # NAME BODY STATUS KIND REGEX
	http POST "${6:-/attest}" "$2"
	refused "$1" "$3" "$4" "$5"
}
body_refused "not JSON" 'hello' 400 malformed .
body_refused "not an object" '[]' 400 malformed .
body_refused "duplicate members" '{"ek":"","ek":""}' 400 malformed duplicate
body_refused "a NUL in a name that nobody reads" '{"a\u0000":"","ek":"AAAA"}' 400 malformed "\"params\" is missing"
body_refused "a fault where nobody reads" '{"a":[01]}' 400 malformed "not JSON: line 1, column 6: a number that is none"
body_refused "a large number where nobody reads" '{"a":18446744073709551616,"ek":"AAAA"}' 400 malformed "\"params\" is missing"
body_refused "a NUL in the secret" '{"secret":"AAAA\u0000AAA"}' 400 malformed "secret.*character 5" /secret
body_refused "too deep" "{\"a\":$(printf '[%.0s' $(seq 2048))" 400 malformed "JSON deeper than 2048 brackets"
body_refused "an array for a text" '{"params":{},"ek":[[[[[[[[[]]]]]]]]]}' 400 malformed "\"ek\" is not a string"
body_refused "no params" '{"ek":"AAAA"}' 400 malformed params
body_refused "no base64" '{"ek":"*","params":{}}' 400 malformed "ek.*base64"
body_refused "base64 without padding" '{"ek":"Zg","params":{}}' 400 malformed "ek.*multiple of 4"
body_refused "nine EK certificates" \
	'{"ek":"AAAA","ekCerts":["","","","","","","","",""],"params":{}}' 400 malformed "9 certificates"
body_refused "no secret" '{}' 400 malformed secret /secret
head -c 70000 /dev/zero | tr '\0' ' ' >"$scratch/large"
post /attest "$scratch/large"
refused "a body over 64 KiB" 413 tooLarge .
http GET /attest
refused "GET /attest" 405 methodNotAllowed .
check "with Allow" 'grep -qi "^allow: .*POST" <<<"$http_headers"'
http POST /root.pem '{}'
refused "POST /root.pem" 405 methodNotAllowed .
http GET /nothing
refused "a path that is none" 404 notFound .
http POST /attest "@$scratch/request.json" --header 'Content-Type:'
case_equal "no Content-Type is needed" "$http_status" 200
# raw: sends stdin as it is, ends its side as nc -N does, and prints what comes back.
raw() {
	python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(sys.stdin.buffer.read())
s.shutdown(socket.SHUT_WR)
while d := s.recv(65536): sys.stdout.buffer.write(d)' "$attestd_port"
}
size=$(stat -c %s "$scratch/request.json")
answer=$({ printf 'POST /attest HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n' "$size"
	cat "$scratch/request.json"; } | raw)
case_matches "a client that ends its side gets its answer" "$answer" '^HTTP/1.1 200 .*"credential"'
answer=$({ printf '\r\nPOST /attest HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x;a=b\r\n' "$size"
	cat "$scratch/request.json"; printf '\r\n0\r\n\r\n'; } | raw)
case_matches "an empty line before it and a chunk's extension mean nothing" "$answer" '^HTTP/1.1 200 .*"credential"'
answer=$(printf 'POST /attest HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n\r\n' | raw)
case_matches "a broken chunk is malformed" "$answer" '^HTTP/1.1 400 the chunks of the body cannot be read'
check "a client may add fields" '
	jq ". + {colour: \"blue\", akCert: \"\"}" "$scratch/request.json" >"$scratch/more.json"
	post /attest "$scratch/more.json"; [ "$http_status" = 200 ]'
check "nothing secret in the log" '! grep -qF "$(jq -r .secret "$scratch/secret.json")" "${log[attestd]}"'

finish
