# attest-device certificate against ACME servers that are slow, forgetful, or wrong.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

mock_mode() { # MODE
	http GET "${acme%/directory}/mode/$1"
	[ "$http_status" = 200 ] || note "the server does not take the mode $1"
	mock_read=$(wc -l <"${log[mock]}")
}

# What the server was asked since.
mock_last() {
	tail -n "+$((mock_read + 1))" "${log[mock]}" >"$scratch/mock.last"
}

certificate() {
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/state" certificate \
		--attestation-url "$attestd_url" --attestation-root "$state_dir/root.pem" --acme "$acme" \
		--name laptop
}

succeeds() { # NAME MODE
	mock_mode "$2"
	case_ok "$1" certificate
	mock_last
}

fails() { # NAME MODE REGEX
	mock_mode "$2"
	case_fails "$1" 1 "$3" certificate
	mock_last
}

files_sum() {
	cat "$scratch/state/device.key" "$scratch/state/device.pem" | sha256sum
}

attest_ca init >/dev/null || exit 1
attestd_start || exit 1
swtpm_start one || exit 1
attest_ca enroll "$(attest_device --tcti "${tcti[one]}" ek --hash)" --name laptop >/dev/null
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mock \
	-keyout "$scratch/other.key" -out "$scratch/ca.pem" 2>/dev/null
daemon_start mock python3 "$top_srcdir/tests/e2e/acme_mock.py" "$scratch"
wait_for 'grep -q "^port" "${log[mock]}"'
acme=http://127.0.0.1:$(sed -n 's/^port //p' "${log[mock]}")/directory

succeeds "a server that is quick" quick
case_equal "the account is named once it is there" "$(grep -c jwk "$scratch/mock.last")" 1
check "the CSR is the device's" 'openssl req -inform DER -in "$scratch/mock.csr" -noout -verify 2>&1 |
	grep -qi "verify OK"'
case_matches "it asks for the name, twice" "$(openssl req -inform DER -in "$scratch/mock.csr" -noout -text)" \
	'CN = laptop.*Permanent Identifier'
succeeds "a server that takes its time: it is asked again" slow
check "… as often as it takes" '[ "$(grep -c "^/authorization " "$scratch/mock.last")" -ge 4 ] &&
	[ "$(grep -c "^/order-1 " "$scratch/mock.last")" -ge 3 ]'
succeeds "a server that wants another nonce, twice" bad-nonce
succeeds "a server that is busy, once for each thing: it is asked again when it says" busy
case_equal "… once more each" "$(grep -c "^/order " "$scratch/mock.last")" 2
succeeds "a server whose objects have members that no client knows" odd
before=$(cat "$scratch/state/ak-chain.pem")
succeeds "a server that refuses the AK's certificate: it gets a new one" refuse-once
check "… which was asked for once" '[ "$(grep -c "^/challenge " "$scratch/mock.last")" -eq 2 ] &&
	[ "$(cat "$scratch/state/ak-chain.pem")" != "$before" ]'
before=$(files_sum)
fails "a server that fails while it issues" finalize-500 'finalize answered HTTP 500'
case_equal "… is not made to issue twice" "$(grep -c '^/finalize ' "$scratch/mock.last")" 1
fails "a server that likes no nonce" bad-nonces 'attest-device: this nonce is old'
case_equal "… is asked five times" "$(grep -c '^/order ' "$scratch/mock.last")" 5
fails "a server without nonces" no-nonce 'gives no nonce'
fails "a directory without newOrder" no-order 'is no ACME directory: it has no "newOrder"'
fails "an account without a place" no-location 'does not say where the account is'
fails "a server that is not for devices" no-challenge 'offers no challenge device-attest-01'
fails "a refusal that comes late: its own words, and those below" late-refusal \
	'attest-device: the device is not liked \[2J: because of its colour$'
case_equal "… is asked no third time" "$(grep -c '^/challenge ' "$scratch/mock.last")" 2
fails "an order that falls through" order-invalid 'attest-device: the order fell through'
fails "an order that falls through without a reason" no-reason 'the order is "invalid", and not "ready"'
fails "an authorization that was revoked" revoked 'the authorization is "revoked"'
fails "an order without authorizations" no-authorizations 'has no authorizations'
fails "an authorization that is no URL" no-url 'has an authorization without URL'
fails "a challenge without a token" no-token 'has a challenge without token or url'
fails "an order that cannot be finalized" no-finalize 'has no "finalize"'
fails "an order without its certificate" no-certificate 'has no "certificate"'
fails "a CSR that is refused" bad-csr 'attest-device: the CSR is ugly'
fails "a certificate for another key" other-key 'is for another key than ours'
fails "something else than a certificate" no-chain 'no chain of 1 to 8 certificates'
fails "rubbish behind the certificate" rubbish 'no chain of 1 to 8 certificates'
fails "a private key behind the certificate" private-key 'no chain of 1 to 8 certificates'
fails "a certificate for a hundred years" century 'is valid for more than ten years'
fails "500 authorizations for one name" authorizations 'has 500 authorizations for one name'
fails "500 challenges" challenges 'more than 32 challenges'
mkdir "$scratch/state/device.key.new"
fails "a directory where it would write" quick 'device.key.new'
case_equal "… is found before anything is ordered" "$(grep -c '^/order ' "$scratch/mock.last")" 0
rmdir "$scratch/state/device.key.new"
case_equal "after all these failures, the files are those from before" "$(files_sum)" "$before"
check "… and nothing temporary is left" '[ -z "$(ls "$scratch/state" | grep new)" ]'
check "… nor loaded" '[ -z "$(tpm2_getcap -T "${tcti[one]}" handles-transient)" ]'

finish
