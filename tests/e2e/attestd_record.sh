# What attestd leaves behind: on record who got and was refused what; nothing secret in log,
# store and record even at level debug; and what strangers call themselves shown escaped.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
post() { http POST "$1" "@$2"; }

passphrase=open-sesame-4711
attest_ca init >/dev/null || exit 1
openssl pkey -in "$state_dir/issuing.key" -out "$scratch/issuing.plain"
openssl pkey -in "$scratch/issuing.plain" -aes256 -passout "pass:$passphrase" -out "$state_dir/issuing.key"
printf '%s\n' "$passphrase" >"$scratch/passphrase"
chmod 600 "$scratch/passphrase"
echo "passphrase_file = \"$scratch/passphrase\"" >"$scratch/attestd.conf"
mkdir "$scratch/device"
soft make p256 p256 || exit 1
hash=$(soft hash)
attest_ca enroll "$hash" --name laptop >/dev/null
attestd_start --config "$scratch/attestd.conf" --log-level debug || exit 1

# A request whose TPM says of itself what would clear a terminal, and the credential for it.
evil=$'\e[2J\e]0;owned\a\xe2\x80\xae'
challenge() { # FILE
	soft request "$scratch/request.json"
	jq --arg evil "$evil" '.tpmInfo = {manufacturer: $evil, model: ("m" + $evil), firmwareVersion: $evil}' \
		"$scratch/request.json" >"$scratch/evil.json"
	post /attest "$scratch/evil.json"
	[ "$http_status" != 200 ] || printf %s "$http_body" >"$scratch/credential.json"
	[ "$http_status" != 200 ] || soft activate "$scratch/credential.json" "$1"
}
certify() {
	post /secret "$1"
}

record() {
	attest_ca audit --json | jq -c ".[] | select($1)"
}

# ---- what was done ----

challenge "$scratch/secret.json"
certify "$scratch/secret.json"
case_equal "a device attests" "$http_status" 200
done_entry=$(record '.action == "certify"')
case_equal "it is on record" "$(jq -r '[.outcome, .ek_hash, .actor] | join(" ")' <<<"$done_entry")" "done $hash attestd"
case_matches "by whom it was asked for" "$(jq -r .peer <<<"$done_entry")" '^127\.0\.0\.1:[0-9]+$'
check "under the number that the log has" \
	'grep "event=certified" "${log[attestd]}" | grep -q "request=$(jq -r .request <<<"$done_entry") .*peer=$(jq -r .peer <<<"$done_entry")"'

# ---- what was refused ----

challenge "$scratch/open.json"
attest_ca disable laptop >/dev/null
certify "$scratch/open.json"
case_equal "a challenge that was open gives nothing" "$http_status $(jq -r .type <<<"$http_body")" \
	"403 urn:attest-ca:error:deviceDisabled"
for i in 1 2 3 4 5; do
	challenge "$scratch/none.json"
done
case_equal "nor does a new one" "$http_status" 403
refused='.outcome == "refused" and .ek_hash != null'
check "a refusal of a known device is on record" 'wait_for "[ -n \"\$(record \"\$refused\")\" ]"'
for i in 1 2 3; do
	certify "$scratch/secret.json"
done
check "as is a secret that nobody gave out" 'wait_for "[ -n \"\$(record \".outcome == \\\"refused\\\" and .ek_hash == null\")\" ]"'
mkdir "$scratch/stranger"
"$top_builddir/tests/e2e/software_device" --directory "$scratch/stranger" make p256 p256
"$top_builddir/tests/e2e/software_device" --directory "$scratch/stranger" request "$scratch/stranger.json"
post /attest "$scratch/stranger.json"
case_equal "a stranger is refused" "$http_status" 403
attestd_stop
case_equal "a device's refusals are one entry a minute" "$(record "$refused" | wc -l)" 1
case_equal "so are nobody's" "$(record '.outcome == "refused" and .ek_hash == null' | wc -l)" 1
case_matches "it says why" "$(record "$refused" | jq -r .detail)" "^deviceDisabled: .*disabled"
case_ok "the record holds" attest_ca audit --verify

# ---- nothing secret ----

# Everything that is left behind, in hexadecimal, so that octets are found however they lie.
{ cat "${log[attestd]}" "$state_dir"/store.db*; attest_ca audit; attest_ca audit --json; attest_ca show laptop; attest_ca show laptop --json
	cat "$state_dir"/*.pem "$state_dir"/*.der; } >"$scratch/left"
od -An -v -tx1 "$scratch/left" | tr -d ' \n' >"$scratch/left.hex"
hex() { od -An -v -tx1 | tr -d ' \n'; }
absent() { # NAME HEX: not there, as octets, in hexadecimal, in base64
	local octets=$2 digits base

	digits=$(printf %s "$octets" | hex)
	base=$(printf "$(sed 's/../\\x&/g' <<<"$octets")" | base64 -w0 | tr -d = | hex)
	check "$1 is nowhere" '[ ${#octets} -ge 16 ] && ! grep -qF -e "$octets" -e "$digits" -e "$base" "$scratch/left.hex"'
}
check "what is there is found: a hash in the store and in the answers" \
	'grep -qF "$hash" "$scratch/left.hex" && grep -qF "$(printf %s "$hash" | hex)" "$scratch/left.hex"'
absent "the secret of a credential" "$(jq -r .secret "$scratch/secret.json" | base64 -d | hex)"
absent "that of a challenge that was refused" "$(jq -r .secret "$scratch/open.json" | base64 -d | hex)"
absent "the issuing key" "$(openssl pkey -in "$scratch/issuing.plain" -noout -text | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\n' | sed 's/^00//')"
absent "the root's key" "$(openssl pkey -in "$state_dir/root.key" -noout -text | sed -n '/^priv:/,/^pub:/p' | grep '^ ' | tr -d ' :\n' | sed 's/^00//')"
absent "the passphrase" "$(printf %s "$passphrase" | hex)"
check "no private key is in the log, the store or the record" '! grep -aq "PRIVATE KEY" "$scratch/left"'

# ---- remote text ----

# An older version took a name with an override; and somebody has put into the record what no program of ours would.
attest_ca enroll "${hash/??????/abcdef}" --name plain >/dev/null
store_tamper "UPDATE name SET name = 'a' || char(8238) || 'b' WHERE name = 'plain'"
store_tamper "INSERT INTO audit (at, actor, peer, request, action, outcome, detail, hash)
	VALUES (1, char(27) || '[2J', char(155) || 'x', char(10) || 'y', char(8238), char(7), 'd' || char(27), zeroblob(32));
	UPDATE ek_certificate SET reason = char(27) || 'r'"
plain() { # FILE: no control characters but the ends of lines, and nothing that turns text round
	! LC_ALL=C grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae|\xc2[\x80-\x9f]' "$1"
}
check "the log shows no escape sequence" 'plain "${log[attestd]}"'
for command in "audit" "show laptop" "list" "pending" "check"; do
	run attest_ca $command
	printf '%s\n' "$out" "$err" >"$scratch/shown"
	check "nor does $command" 'plain "$scratch/shown"'
done
for command in "audit" "show laptop" "list" "pending" "check"; do
	run attest_ca $command --json
	printf %s "$out" >"$scratch/shown"
	check "$command --json is JSON without controls" '! LC_ALL=C grep -aqP "[\x00-\x08\x0b-\x1f\x7f]" "$scratch/shown" && jq . "$scratch/shown" >/dev/null'
done
run attest_ca audit
case_matches "what was there is still to be recognized" "$out" '\\x1b\[2J, \\x9bx'
case_matches "and what the TPM said of itself, without" "$(attest_ca show laptop)" 'model m\[2J\]0;owned'
case_matches "what is wrong with its certificate is escaped" "$(attest_ca show laptop)" '\\x1br'

finish
