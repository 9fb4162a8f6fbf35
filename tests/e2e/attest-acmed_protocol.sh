#!/usr/bin/env bash
# The ACME protocol of attest-acmed, spoken by hand: how resources answer, what
# a signed request must be, and that an account reaches nothing but its own.
# What a TPM's statement must prove is tested where there is a TPM.

set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
needs pgrep

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=roots \
	-addext keyUsage=critical,keyCertSign,cRLSign \
	-keyout "$scratch/roots.key" -out "$scratch/roots.pem" -days 1 2>/dev/null
case_ok "init makes a server" acmed_init --attestation-roots "$scratch/roots.pem"
case_ok "it starts" acmed_start

# ---- what everybody may read ----

acme_get /acme/directory
check "the directory names every resource" '
	[ "$http_status" = 200 ] && [ "$(header Content-Type)" = application/json ] &&
	[ "$(json "[.newNonce,.newAccount,.newOrder,.revokeCert,.keyChange]|map(startswith(\"$acme_base/acme/\"))|all")" = true ]'
new_account=$(json .newAccount)
new_order=$(json .newOrder)
key_change=$(json .keyChange)
revoke=$(json .revokeCert)

acme_get /acme/new-nonce
check "newNonce answers GET with 204" '[ "$http_status" = 204 ] && [ -n "$(header Replay-Nonce)" ] &&
	[ "$(header Cache-Control)" = no-store ]'
check "it links to the directory" '
	[ "$(header Link)" = "<$acme_base/acme/directory>;rel=\"index\"" ]'
http HEAD "$acme_base/acme/new-nonce" "" --cacert "$acme_dir/root.pem"
check "newNonce answers HEAD with 200" '[ "$http_status" = 200 ] && [ -n "$(header Replay-Nonce)" ]'
one=$(header Replay-Nonce)
check "no two nonces are the same" '[ "$one" != "$(acme_nonce)" ]'

acme_get /root.pem
check "the root is served" 'cmp -s "$scratch/http.body" "$acme_dir/root.pem"'
acme_get /crl
check "the CRL is served in DER" '
	openssl crl -inform DER -in "$scratch/http.body" -CAfile "$acme_dir/issuing.pem" -noout 2>&1 | grep -q "verify OK"'
acme_get /crl.pem
check "the CRLs of both CAs are served in PEM" '[ "$(grep -c "BEGIN X509 CRL" <<<"$http_body")" = 2 ]'
acme_get /nothing
check "what is not there is 404" 'refused 404 malformed "^there is nothing at /nothing$"'
acme_get /acme/new-order
check "a resource that takes POST only says so" '
	refused 405 malformed "takes POST only" && [ "$(header Allow)" = POST ]'

# ---- the form of a signed request ----

key=$(key_new ES256)
public=$("$sign_jws" public "$key")
nonce=$(acme_nonce)

http POST "$new_account" "{}" --cacert "$acme_dir/root.pem"
check "a POST of another type is 415" 'refused 415 malformed "must be application/jose.json"'
check "and has a nonce nevertheless" '[ -n "$(header Replay-Nonce)" ]'

# malformed NAME REGEX BODY [TYPE] [STATUS]: the body is refused, and nothing is made of it.
malformed() {
	acme_send "$new_account" "$3"
	check "$1" "refused ${5:-400} ${4:-malformed} '$2'"
}

# of HEADER: a JWS of newAccount with members of the protected header replaced.
of() {
	nonce=$(acme_nonce)
	jws "$key" "$(acme_header ES256 "$new_account" "$key" | jq -c "$1")" '{}'
}

malformed "no JSON is refused" "^not JSON" "hello"
malformed "the compact form is refused" "^not JSON" "$(of . | jq -r '.protected + "." + .payload + "." + .signature')"
malformed "an unprotected header is refused" "unprotected header" "$(of . | jq -c '.header = {alg: "ES256"}')"
malformed "two signatures are refused" "general form" "$(of . | jq -c '.signatures = []')"
malformed "crit is refused" '"crit"' "$(of '.crit = ["exp"]')"
malformed "b64 is refused" '"b64"' "$(of '.b64 = true')"
malformed "jwk and kid together are refused" "both" "$(of '.kid = "x"')"
malformed "neither jwk nor kid is refused" "neither" "$(of 'del(.jwk)')"
malformed "a kid is refused where a jwk is wanted" 'not with "kid"' "$(of 'del(.jwk) | .kid = "x"')"
malformed "a changed payload is refused" "does not verify" "$(of . | jq -c '.payload = "eyJhIjoxfQ"')"
malformed "a changed signature is refused" "does not verify" \
	"$(of . | jq -c '.signature |= (if startswith("A") then "B" else "A" end) + .[1:]')"
malformed "the signature of another key is refused" "does not verify" \
	"$(nonce=$(acme_nonce); jws "$(key_new ES256)" "$(acme_header ES256 "$new_account" "$key")" '{}')"
malformed "a request without a url is refused" 'no "url"' "$(of 'del(.url)')"
malformed "a request for another URL is refused" "was sent to" "$(of ".url = \"$new_order\"")" unauthorized 403
malformed "a request for another host is refused" "was sent to" \
	"$(of '.url = "https://127.0.0.1/acme/new-account"')" unauthorized 403
malformed "a payload that is no object is refused" "not a JSON object" \
	"$(nonce=$(acme_nonce); jws "$key" "$(acme_header ES256 "$new_account" "$key")" '[]')"
malformed "a private key in the jwk is refused" "a private key" "$(of '.jwk.d = "AA"')" badPublicKey
malformed "a point that is not on the curve is refused" "not a point" "$(of '.jwk.y = .jwk.x')" badPublicKey

hs256=$(of "del(.alg)" | jq -c --arg p "$(printf '{"alg":"HS256","nonce":"%s","url":"%s","jwk":%s}' \
	"$(acme_nonce)" "$new_account" "$public" | basenc --base64url -w0 | tr -d =)" '.protected = $p')
malformed "HS256 is refused" '"HS256" is not taken' "$hs256" badSignatureAlgorithm
check "and the algorithms that are taken are named" '
	[ "$(json ".algorithms|join(\" \")")" = "ES256 ES384 RS256 PS256 EdDSA" ]'
none=$(jq -nc --arg p "$(printf '{"alg":"none","nonce":"%s","url":"%s","jwk":%s}' \
	"$(acme_nonce)" "$new_account" "$public" | basenc --base64url -w0 | tr -d =)" \
	'{protected: $p, payload: "e30", signature: ""}')
malformed "the algorithm none is refused" '"none" is not taken' "$none" badSignatureAlgorithm
# What nobody reads refuses nothing: in the message, its header, the key and the payload; the signature is
# over the octets as they came.
odd='"w":[[[[[[[[[[1]]]]]]]]]],"i":18446744073709551616,"r":-1e999,"s":"\ud800","\u0000a":1,"t":1,"t":{"f":1,"f":2},'
openssl genpkey -algorithm ed25519 -out "$scratch/odd.key"
odd_x=$(openssl pkey -in "$scratch/odd.key" -pubout -outform DER | tail -c 32 | basenc --base64url -w0 | tr -d =)
# odd_message MEMBERS: newAccount, which finds no account, signed by that key.
odd_message() {
	local protected payload
	protected=$(printf '{%s"alg":"EdDSA","nonce":"%s","url":"%s","jwk":{%s"kty":"OKP","crv":"Ed25519","x":"%s"}}' \
		"$1" "$(acme_nonce)" "$new_account" "$odd" "$odd_x" | basenc --base64url -w0 | tr -d =)
	payload=$(printf '{%s"onlyReturnExisting":true}' "$odd" | basenc --base64url -w0 | tr -d =)
	printf '%s.%s' "$protected" "$payload" >"$scratch/odd.input"
	printf '{%s"protected":"%s","payload":"%s","signature":"%s"}' "$odd" "$protected" "$payload" \
		"$(openssl pkeyutl -sign -rawin -inkey "$scratch/odd.key" -in "$scratch/odd.input" |
			basenc --base64url -w0 | tr -d =)"
}
malformed "members that nobody reads refuse nothing" "has no account" "$(odd_message "$odd")" accountDoesNotExist
malformed "crit is refused however its name is written" '"crit"' "$(odd_message "$odd"'"\u0063rit":["\ud800"],')"
malformed "a member twice that is read is refused" "duplicate" "$(odd_message '"nonce":"AA",')"
check "none of them made an account" '[ "$(acmed accounts --json | jq length)" = 0 ]'

# ---- nonces ----

again=$(of .)
acme_send "$new_account" "$again"
check "a good request makes an account" '[ "$http_status" = 201 ]'
fresh=$nonce
acme_send "$new_account" "$again"
check "the same request again is badNonce" 'refused 400 badNonce "used already"'
check "with another nonce to try with" '[ -n "$nonce" ] && [ "$nonce" != "$fresh" ]'
malformed "a nonce that nobody gave is badNonce" "none of this server" "$(of '.nonce = "AAAA"')" badNonce
malformed "no nonce is badNonce" "no .nonce" "$(of 'del(.nonce)')" badNonce
malformed "a nonce that is no base64url is malformed" "nonce" "$(of '.nonce = "!"')"
kept=$(acme_nonce)
acmed_stop
acmed_start
nonce=$kept
acme_post ES256 "$key" "$key" "$new_account" '{"onlyReturnExisting":true}'
check "a nonce from before a restart is badNonce" 'refused 400 badNonce "before it started"'

# ---- accounts ----

acme_post ES256 "$key" "$key" "$new_account" '{"onlyReturnExisting":true}'
check "the account is there after a restart" '[ "$http_status" = 200 ]'
kid=$(header Location)
case_matches "its URL is under the base" "$kid" "^$acme_base/acme/account/[A-Za-z0-9_-]{22}$"
acme_post ES256 "$(key_new ES256)" "$(key_new ES256)" "$new_account" '{"onlyReturnExisting":true}'
check "onlyReturnExisting signed by somebody else is refused" 'refused 400 malformed "does not verify"'
stranger=$(key_new ES256)
acme_post ES256 "$stranger" "$stranger" "$new_account" '{"onlyReturnExisting":true}'
check "onlyReturnExisting makes no account" 'refused 400 accountDoesNotExist "."'

for algorithm in ES384 RS256 PS256; do
	other=$(key_new "$algorithm")
	acme_post "$algorithm" "$other" "$other" "$new_account" '{"termsOfServiceAgreed":true}'
	check "an account with $algorithm" '[ "$http_status" = 201 ]'
done
other_kid=$(header Location)
small=$("$sign_jws" public "$other" | jq -c '.n |= .[:168]')
nonce=$(acme_nonce)
malformed "an RSA key of 1008 bits is refused" "2048 to 4096 bits" "$(of ".jwk = $small | .alg = \"ES256\"")" badPublicKey

acme_post ES256 "$key" "$kid" "$kid" '{"contact":["mailto:admin@example.com"]}'
check "contacts are changed" '[ "$(json ".contact[0]")" = mailto:admin@example.com ]'
acme_post ES256 "$key" "$kid" "$kid" ''
check "and stay" '[ "$http_status" = 200 ] && [ "$(json ".contact[0]")" = mailto:admin@example.com ]'
acme_post ES256 "$key" "$kid" "$kid" '{"contact":["ops@example.org"]}'
check "a bare address is kept as mailto:" '[ "$http_status" = 200 ] && [ "$(json ".contact[0]")" = mailto:ops@example.org ]'
acme_post ES256 "$key" "$kid" "$kid" '{"contact":["mailto:a@example.org\u0000b"]}'
check "a contact with a NUL is invalidContact" 'refused 400 invalidContact "."'
acme_post ES256 "$key" "$kid" "$kid" ''
check "and the one before stays" '[ "$(json ".contact[0]")" = mailto:ops@example.org ]'
acme_post ES256 "$key" "$kid" "$kid" '{"contact":["tel:+1"]}'
check "a contact of another kind is unsupportedContact" 'refused 400 unsupportedContact "."'
acme_post ES256 "$key" "$kid" "$other_kid" ''
check "another account cannot be read" 'refused 403 unauthorized "another account"'
acme_post ES256 "$key" "$other_kid" "$other_kid" ''
check "nor with its kid" 'refused 400 badSignatureAlgorithm "does not go with a key of type RSA"'
acme_post ES256 "$stranger" "$kid" "$kid" ''
check "nor with another key of the same type" 'refused 400 malformed "does not verify"'
acme_post ES256 "$key" "$acme_base/acme/account/AAAAAAAAAAAAAAAAAAAAAA" "$new_order" '{}'
check "a kid that nobody has is accountDoesNotExist" 'refused 400 accountDoesNotExist "."'
acme_post ES256 "$key" "https://other.example/acme/account/AAAAAAAAAAAAAAAAAAAAAA" "$new_order" '{}'
check "and so is one of another server" 'refused 400 accountDoesNotExist "no account of this server"'
acme_post ES256 "$key" "$key" "$new_order" '{}'
check "a jwk is refused where a kid is wanted" 'refused 400 malformed "signed with .kid."'
acme_post ES256 "$key" "$kid" "$acme_base/acme/directory" ''
check "the directory is read by POST-as-GET" '[ "$http_status" = 200 ] && [ "$(json .newOrder)" = "$new_order" ]'

# ---- orders ----

acme_post ES256 "$key" "$kid" "$new_order" \
	'{"identifiers":[{"type":"permanent-identifier","value":"laptop"}],"notBefore":"0001-01-01T00:00:00Z","notAfter":"0001-01-01T00:00:00Z"}'
check "an order is made" '[ "$http_status" = 201 ] && [ "$(json .status)" = pending ]'
order=$(header Location)
authorization=$(json '.authorizations[0]')
finalize=$(json .finalize)
check "its dates are those of nobody" '[ "$(json "has(\"notBefore\")")" = false ]'
acme_post ES256 "$key" "$kid" "$order" ''
check "it is read again" '[ "$http_status" = 200 ] && [ "$(json .finalize)" = "$finalize" ]'
acme_post ES256 "$key" "$kid" "$order" '{}'
check "but only with an empty payload" 'refused 400 malformed "must be empty"'
acme_post ES256 "$key" "$kid" "$authorization" ''
check "the authorization offers device-attest-01 first" '
	[ "$(json ".challenges[0].type")" = device-attest-01 ] && [ "$(json ".identifier.value")" = laptop ]'
challenge=$(json '.challenges[0].url')
check "its token has 128 bits" '[ "$(json ".challenges[0].token | length")" -ge 22 ]'
acme_post ES256 "$key" "$kid" "$kid/orders" ''
check "the orders list has it" '[ "$(json ".orders|join(\" \")")" = "$order" ]'

bob=$(key_new ES256)
acme_post ES256 "$bob" "$bob" "$new_account" '{}'
bob_kid=$(header Location)
for what in order authorization challenge finalize; do
	payload=
	[ "$what" != finalize ] || payload='{"csr":"AAAA"}'
	acme_post ES256 "$bob" "$bob_kid" "${!what}" "$payload"
	check "another account does not reach the $what" 'refused 403 unauthorized "."'
done
acme_post ES256 "$bob" "$bob_kid" "$challenge" '{"error":{"detail":"x"}}'
check "nor can it spoil the challenge" 'refused 403 unauthorized "."'
acme_post ES256 "$key" "$kid" "$finalize" '{"csr":"AAAA"}'
check "finalize before it is ready is orderNotReady" 'refused 403 orderNotReady "."'

# order_refused NAME STATUS TYPE REGEX PAYLOAD
order_refused() {
	acme_post ES256 "$key" "$kid" "$new_order" "$5"
	check "$1" "refused $2 $3 '$4'"
}

id='{"type":"permanent-identifier","value":"laptop"}'
order_refused "an order of nothing is malformed" 400 malformed "identifiers" '{}'
order_refused "a hardware-module is unsupportedIdentifier" 400 unsupportedIdentifier . \
	'{"identifiers":[{"type":"hardware-module","value":"1/1.2.3"}]}'
order_refused "a dns name is unsupportedIdentifier" 400 unsupportedIdentifier . \
	'{"identifiers":[{"type":"dns","value":"a.example"}]}'
order_refused "control characters are malformed" 400 malformed "control characters" \
	'{"identifiers":[{"type":"permanent-identifier","value":"a\u0007"}]}'
order_refused "a NUL in an identifier is malformed" 400 malformed "control characters" \
	'{"identifiers":[{"type":"permanent-identifier","value":"laptop\u0000x"}]}'
order_refused "a date that is none is malformed" 400 malformed "notAfter" \
	"{\"identifiers\":[$id],\"notAfter\":\"tomorrow\"}"
many() {
	jq -nc --argjson n "$1" '{identifiers: [range($n) | {type: "permanent-identifier", value: "d"}]}'
}
acme_post ES256 "$key" "$kid" "$new_order" "@$(many 500 >"$scratch/many"; echo "$scratch/many")"
check "an order of 500 identifiers is refused" 'refused 400 malformed "at most 16"'
acme_post ES256 "$key" "$kid" "$new_order" "@$(many 5000 >"$scratch/many"; echo "$scratch/many")"
check "an order of 5000 identifiers is too large to be read" '[ "$http_status" = 413 ]'
check "and the server still serves" '[ -n "$(acme_nonce)" ]'
nonce=

# ---- answers to the challenge that need no TPM ----

# challenge_new: another order; sets challenge, authorization, order.
challenge_new() {
	acme_post ES256 "$key" "$kid" "$new_order" "{\"identifiers\":[$id]}"
	order=$(header Location)
	authorization=$(json '.authorizations[0]')
	acme_post ES256 "$key" "$kid" "$authorization" ''
	challenge=$(json '.challenges[0].url')
}

acme_post ES256 "$key" "$kid" "$challenge" '{}'
check "an answer without attObj is malformed, and nothing changes" 'refused 400 malformed "attObj"'
acme_post ES256 "$key" "$kid" "$challenge" ''
check "the challenge is still pending" '[ "$http_status" = 200 ] && [ "$(json .status)" = pending ] &&
	[[ $(grep -i "^link:" <<<"$http_headers") == *"$authorization>;rel=\"up\""* ]]'

cbor() { # HEX: base64url of it
	printf '%b' "$(sed 's/../\\x&/g' <<<"$1")" | basenc --base64url -w0 | tr -d =
}

# answer_invalid NAME REGEX HEX: the challenge, decided before the answer, is invalid for this reason.
answer_invalid() {
	challenge_new
	acme_post ES256 "$key" "$kid" "$challenge" "{\"attObj\":\"$(cbor "$3")\"}"
	check "$1" "[ \$http_status = 200 ] && [ \"\$(json .status)\" = invalid ] &&
		[ \"\$(json .error.type)\" = urn:ietf:params:acme:error:badAttestationStatement ] &&
		[[ \$(json .error.detail) =~ $2 ]] || { note \"\$http_body\"; false; }"
}

fmt=63666d746374706d stmt=6761747453746d74
answer_invalid "octets that are no CBOR" 'no.map' ff
answer_invalid "octets left over" 'left.over' "a2${fmt}${stmt}a000"
answer_invalid "a duplicate key" 'stands.twice' "a3${fmt}${fmt}${stmt}a0"
answer_invalid "no statement" 'no.attStmt' "a1$fmt"
answer_invalid "an incomplete statement" 'attStmt.has.no.ver' "a2${fmt}${stmt}a0"
answer_invalid "CBOR nested too deeply" 'inside.each.other' "a3${fmt}${stmt}a06178$(printf '81%.0s' {1..2000})80"
answer_invalid "an indefinite list without an end" 'ends' "a3${fmt}${stmt}a061789f"
answer_invalid "a length of 2^64 octets" 'broken' "a2${fmt}${stmt}5bffffffffffffffff"
answer_invalid "a format that nobody knows" 'apple' "a263666d74656170706c65${stmt}a0"
acme_post ES256 "$key" "$kid" "$order" ''
check "the order is invalid too" '[ "$(json .status)" = invalid ]'
acme_post ES256 "$key" "$kid" "$authorization" ''
check "and the authorization" '[ "$(json .status)" = invalid ]'

challenge_new
acme_post ES256 "$key" "$kid" "$challenge" '{"error":{"type":"x","detail":"the TPM is gone"}}'
check "a client that gives up makes it invalid" '[ "$(json .status)" = invalid ] &&
	[[ $(json .error.detail) == *"the TPM is gone"* ]]'
acme_post ES256 "$key" "$kid" "$challenge" "{\"attObj\":\"$(cbor ff)\"}"
check "a second answer changes nothing" '[ "$http_status" = 200 ] &&
	[[ $(json .error.detail) == *"the TPM is gone"* ]]'
challenge_new
acme_post ES256 "$key" "$kid" "$authorization" '{"status":"deactivated"}'
check "an authorization is deactivated" '[ "$(json .status)" = deactivated ]'

# ---- revocation ----

acme_post ES256 "$key" "$kid" "$revoke" '{"certificate":"AAAA"}'
check "what is no certificate is not revoked" 'refused 400 malformed "."'
theirs=$(openssl x509 -in "$scratch/roots.pem" -outform DER | basenc --base64url -w0 | tr -d =)
acme_post ES256 "$key" "$kid" "$revoke" "{\"certificate\":\"$theirs\"}"
check "nor one of another CA" '[[ $http_status = 40[34] ]]'
acme_post ES256 "$key" "$kid" "$revoke" "{\"certificate\":\"$theirs\",\"reason\":99}"
check "a reason that is none is badRevocationReason" 'refused 400 badRevocationReason "."'

# ---- key change and the end ----

# inner KEY ACCOUNT OLD [FILTER]: the inner JWS of a key change.
inner() {
	jws "$1" "$(jq -nc --argjson jwk "$("$sign_jws" public "$1")" --arg url "$key_change" \
		"{alg: \"ES256\", jwk: \$jwk, url: \$url} ${4:-}")" \
		"$(jq -nc --argjson old "$("$sign_jws" public "$3")" --arg account "$2" '{account: $account, oldKey: $old}')"
}

new=$(key_new ES256)
acme_post ES256 "$key" "$kid" "$key_change" "$(inner "$new" "$kid" "$key" '| .nonce = "AAAA"')"
check "a nonce in the inner JWS is refused" 'refused 400 malformed "inner JWS: it has a .nonce"'
acme_post ES256 "$key" "$kid" "$key_change" "$(inner "$new" "$bob_kid" "$key")"
check "another account in the inner JWS is refused" 'refused 400 malformed "not the kid"'
acme_post ES256 "$key" "$kid" "$key_change" "$(inner "$new" "$kid" "$bob")"
check "another old key is refused" '[ "$http_status" = 400 ] || [ "$http_status" = 403 ]'
acme_post ES256 "$key" "$kid" "$key_change" "$(inner "$bob" "$kid" "$key")"
check "the key of another account is 409 and its URL" '
	[ "$http_status" = 409 ] && [ "$(header Location)" = "$bob_kid" ]'
acme_post ES256 "$key" "$kid" "$key_change" "$(inner "$new" "$kid" "$key")"
check "the key is changed" '[ "$http_status" = 200 ]'
acme_post ES256 "$key" "$kid" "$kid" ''
check "the old key is worth nothing at once" 'refused 400 malformed "does not verify"'
acme_post ES256 "$new" "$kid" "$kid" '{"status":"deactivated"}'
check "the new one deactivates the account" '[ "$http_status" = 200 ] && [ "$(json .status)" = deactivated ]'
acme_post ES256 "$new" "$kid" "$new_order" "{\"identifiers\":[$id]}"
check "and a deactivated account is unauthorized" 'refused 401 unauthorized "deactivated"'

# ---- a client that goes before its answer ----

body=$(jws "$bob" "$(acme_header ES256 "$bob_kid" "$bob_kid")" '')
keeper=$(pgrep -P "${pid[acmed]}" -f "attest-acmed: keeper")
kill -STOP "$keeper"
acme_send "$bob_kid" "$body" --max-time 1
case_equal "no answer comes while the keeper stands still" "$http_status" 000
kill -CONT "$keeper"
nonce=
acme_post ES256 "$bob" "$bob_kid" "$bob_kid" ''
case_equal "the next question is answered" "$http_status" 200

finish
