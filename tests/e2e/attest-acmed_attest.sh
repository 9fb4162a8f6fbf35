#!/usr/bin/env bash
# device-attest-01 on attest-acmed, by a device in software: from the order to the
# certificate and its revocation, every forgery refused by its own rule, and what
# others may not do with an order, an answer or a certificate.

set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

coproc device { "$top_builddir/tests/e2e/software_acme_device" "$scratch/roots.pem"; }
read -r ready <&"${device[0]}"

# device COMMAND…: prints what it answers.
device() {
	local answer

	printf '%s\n' "$*" >&"${device[1]}"
	read -r answer <&"${device[0]}"
	printf '%s\n' "$answer"
}

case_equal "the device is ready" "$ready" ready
case_ok "init takes its attestation root" acmed_init --attestation-roots "$scratch/roots.pem"
case_ok "the server starts" acmed_start

acme_get /acme/directory
new_account=$(json .newAccount)
new_order=$(json .newOrder)
revoke=$(json .revokeCert)

# account_new NAME: sets key_NAME, kid_NAME, thumbprint_NAME.
account_new() {
	local key

	key=$(key_new ES256)
	acme_post ES256 "$key" "$key" "$new_account" '{}'
	printf -v "key_$1" %s "$key"
	printf -v "kid_$1" %s "$(header Location)"
	printf -v "thumbprint_$1" %s "$("$sign_jws" thumbprint "$key")"
}

account_new alice
account_new mallory
as() { # ACCOUNT URL PAYLOAD
	local key=key_$1 kid=kid_$1

	acme_post ES256 "${!key}" "${!kid}" "$2" "$3"
}

# order_new ACCOUNT NAME: sets order, finalize, authorization, challenge, token.
order_new() {
	as "$1" "$new_order" "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"$2\"}]}"
	order=$(header Location)
	finalize=$(json .finalize)
	authorization=$(json '.authorizations[0]')
	as "$1" "$authorization" ''
	challenge=$(json '.challenges[0].url')
	token=$(json '.challenges[0].token')
}

answer() { # ACCOUNT OBJECT
	as "$1" "$challenge" "{\"attObj\":\"$2\"}"
}

# invalid NAME REGEX: the challenge was decided: invalid, for this reason.
invalid() {
	wanted=$2
	check "$1" '[ "$http_status" = 200 ] && [ "$(json .status)" = invalid ] &&
		[ "$(json .error.type)" = urn:ietf:params:acme:error:badAttestationStatement ] &&
		[[ $(json .error.detail) == *"$wanted"* ]] || { note "$http_body"; false; }'
}

# ---- the story ----

order_new alice laptop
object=$(device attest laptop "$token.$thumbprint_alice")
answer alice "$object"
check "an honest answer is valid at once" '[ "$(json .status)" = valid ] && [ "$(json .validated)" != null ]'
as alice "$order" ''
check "and the order is ready" '[ "$(json .status)" = ready ]'
answer alice "$object"
check "the same answer again changes nothing" '[ "$http_status" = 200 ] && [ "$(json .status)" = valid ]'

as mallory "$finalize" "{\"csr\":\"$(device csr laptop)\"}"
check "another account does not finalize it" 'refused 403 unauthorized "."'
as alice "$finalize" "{\"csr\":\"$(device csr desktop)\"}"
check "a CSR for another name is badCSR" 'refused 400 badCSR "."'
as alice "$finalize" "{\"csr\":\"$(device csr laptop extra.example)\"}"
check "a CSR with a name more is badCSR" 'refused 400 badCSR "."'
as alice "$finalize" "{\"csr\":\"$(device ak-csr laptop)\"}"
check "a CSR for the AK's own key is refused" '[[ $http_status = 40[03] ]] && [[ $(json .type) =~ badCSR|unauthorized ]]'
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=laptop \
	-keyout "$scratch/software.key" -outform DER -out "$scratch/software.csr" 2>/dev/null
as alice "$finalize" "{\"csr\":\"$(basenc --base64url -w0 <"$scratch/software.csr" | tr -d =)\"}"
check "a CSR for a key that was not attested is refused" '[[ $http_status = 40[03] ]] && [[ $(json .type) =~ badCSR|unauthorized ]]'
as alice "$finalize" '{"csr":"AAAA"}'
check "a CSR that is none is badCSR" 'refused 400 badCSR "."'
as alice "$order" ''
check "all that left the order ready" '[ "$(json .status)" = ready ]'

as alice "$finalize" "{\"csr\":\"$(device csr laptop)\"}"
check "the right CSR makes it valid" '[ "$http_status" = 200 ] && [ "$(json .status)" = valid ]'
certificate=$(json .certificate)
as alice "$finalize" "{\"csr\":\"$(device csr laptop)\"}"
check "a second time is orderNotReady" 'refused 403 orderNotReady "."'
as mallory "$certificate" ''
check "another account does not download it" 'refused 403 unauthorized "."'
as alice "$certificate" ''
cp "$scratch/http.body" "$scratch/laptop.pem"
check "its owner does, as a chain of two" '
	[ "$(header Content-Type)" = application/pem-certificate-chain ] &&
	[ "$(grep -c "BEGIN CERTIFICATE" "$scratch/laptop.pem")" = 2 ]'
case_ok "it leads to the root" openssl verify -x509_strict -purpose sslclient \
	-CAfile "$acme_dir/root.pem" -untrusted "$scratch/laptop.pem" "$scratch/laptop.pem"

# ---- a name that no CN holds: shortened there, whole beside it, and nothing is critical ----

long=device-of-the-laboratory-for-applied-metrology-room-12-shelf-3-number-0042
short=${long:0:47}-$(printf %s "$long" | sha256sum | cut -c 1-16)
order_new alice "$long"
case_matches "the log says what the CN will be" "$(grep "event=order .*name=$long" "${log[acmed]}")" "CN will be $short"
answer alice "$(device attest "$long" "$token.$thumbprint_alice")"
as alice "$finalize" "{\"csr\":\"$(device csr "$short")\"}"
check "a CSR with the shortened CN is taken" '[ "$http_status" = 200 ] && [ "$(json .status)" = valid ]' || note "$http_body"
as alice "$(json .certificate)" ''
cp "$scratch/http.body" "$scratch/long.pem"
case_equal "the CN is the name's beginning and its hash" \
	"$(openssl x509 -in "$scratch/long.pem" -noout -subject -nameopt utf8)" "subject=CN=$short"
case_ok "and OpenSSL takes the certificate" openssl verify -x509_strict -purpose sslclient \
	-CAfile "$acme_dir/root.pem" -untrusted "$scratch/long.pem" "$scratch/long.pem"
case_matches "no extension that few know is critical" \
	"$(openssl x509 -in "$scratch/long.pem" -noout -ext subjectAltName)" '^X509v3 Subject Alternative Name: *
'
check "the whole name is in it" 'openssl asn1parse -in "$scratch/long.pem" -inform PEM -i | grep -q . &&
	openssl x509 -in "$scratch/long.pem" -outform DER | grep -aqF "$long"'

# ---- OpenSSL's own extensions in a CSR ----

order_new alice laptop
answer alice "$(device attest laptop "$token.$thumbprint_alice")"
as alice "$finalize" "{\"csr\":\"$(device csr laptop v3_req)\"}"
check "v3_req's keyUsage is no reason to refuse" '[ "$http_status" = 200 ] && [ "$(json .status)" = valid ]' || note "$http_body"
check "and the log names what it is not given" \
	'grep -q "event=left-out .*name=laptop .*keyUsage nonRepudiation, keyEncipherment" "${log[acmed]}"'
order_new alice laptop
answer alice "$(device attest laptop "$token.$thumbprint_alice")"
as alice "$finalize" "{\"csr\":\"$(device csr laptop server_auth)\"}"
check "a purpose that is not given is refused by its name" 'refused 400 badCSR "extendedKeyUsage serverAuth"'

# ---- answers that were made for something else ----

order_new alice laptop
answer alice "$object"
invalid "an answer to another order's challenge" extraData
order_new mallory laptop
answer mallory "$(device attest laptop "$token.$thumbprint_alice")"
invalid "an answer made for another account's key" extraData
order_new alice laptop
as mallory "$challenge" "{\"attObj\":\"$(device attest laptop "$token.$thumbprint_mallory")\"}"
check "another account does not answer the challenge" 'refused 403 unauthorized "."'
as alice "$challenge" ''
check "which is still pending" '[ "$(json .status)" = pending ]'
order_new alice desktop
answer alice "$(device attest laptop "$token.$thumbprint_alice")"
invalid "an AK certificate for another name" 'permanent identifier does not match'

# ---- every forgery, by its own rule ----

IFS=';' read -ra flaws <<<"$(device flaws)"
for flaw in "${flaws[@]}"; do
	order_new alice laptop
	answer alice "$(device attest laptop "$token.$thumbprint_alice" "${flaw%%=*}")"
	invalid "${flaw%%=*}" "${flaw#*=}"
done

# ---- two at once ----

order_new alice laptop
answer alice "$(device attest laptop "$token.$thumbprint_alice")"
before=$(acmed certificates --json | jq length)
for table in certificates orders accounts; do
	on_terminal "$acmed_program" "$table" --state-dir "$acme_dir"
	check "$table: on a terminal within 80 columns" '[ "$status" -eq 0 ] && [ "$(wc -l <<<"$out")" -gt 1 ] && [ "$widest" -le 80 ]'
done
for i in 1 2 3 4; do
	nonce=$(acme_nonce)
	jws "$key_alice" "$(acme_header ES256 "$finalize" "$kid_alice")" \
		"{\"csr\":\"$(device csr laptop)\"}" >"$scratch/finalize-$i"
done
for i in 1 2 3 4; do
	curl --silent --cacert "$acme_dir/root.pem" --header 'Content-Type: application/jose+json' \
		--data-binary "@$scratch/finalize-$i" --output "$scratch/answer-$i" "$finalize" &
	curls[i]=$!
done
wait "${curls[@]}"
nonce=
case_equal "four finalize at once make one certificate" \
	"$(($(acmed certificates --json | jq length) - before))" 1
case_equal "one of them is told so" "$(cat "$scratch"/answer-* | grep -o '"status":"valid"' | wc -l)" 1

# ---- revocation ----

octets() { # FILE: the first certificate of it, base64url
	openssl x509 -in "$1" -outform DER | basenc --base64url -w0 | tr -d =
}

laptop=$(octets "$scratch/laptop.pem")
as mallory "$revoke" "{\"certificate\":\"$laptop\"}"
check "another account does not revoke it" 'refused 403 unauthorized "."'
acme_post ES256 "$key_mallory" "$key_mallory" "$revoke" "{\"certificate\":\"$laptop\"}"
check "nor does another key" 'refused 403 unauthorized "."'
as alice "$revoke" "{\"certificate\":\"$laptop\",\"reason\":1}"
check "its account does" '[ "$http_status" = 200 ]'
as alice "$revoke" "{\"certificate\":\"$laptop\"}"
check "once" 'refused 400 alreadyRevoked "."'
on_crl() { # FILE
	acme_get /crl
	openssl crl -inform DER -in "$scratch/http.body" -noout -text | tr -d ': \n' |
		grep -q "SerialNumber$(openssl x509 -in "$1" -noout -serial | cut -d = -f 2)"
}
wait_for 'on_crl "$scratch/laptop.pem"'
check "it is on the CRL" 'on_crl "$scratch/laptop.pem"'
as alice "$order" ''
as alice "$(json .certificate)" ''
cp "$scratch/http.body" "$scratch/second.pem"
own=$(device key)
acme_post ES256 "$own" "$own" "$revoke" "{\"certificate\":\"$(octets "$scratch/second.pem")\"}"
check "a certificate's own key revokes it" '[ "$http_status" = 200 ]'

# ---- what was answered is there after kill -9 ----

order_new alice laptop
answer alice "$(device attest laptop "$token.$thumbprint_alice")"
as alice "$finalize" "{\"csr\":\"$(device csr laptop)\"}"
certificate=$(json .certificate)
kill -KILL -- "-${pid[acmed]}"
acmed_stop
acmed_start
nonce=
as alice "$order" ''
check "the order is valid after kill -9" '[ "$(json .status)" = valid ] && [ "$(json .certificate)" = "$certificate" ]'
as alice "$certificate" ''
check "its certificate is there" '[ "$http_status" = 200 ]'
check "and what was revoked is revoked" 'wait_for "on_crl $scratch/laptop.pem && on_crl $scratch/second.pem"'

exec {device[1]}>&-
finish
