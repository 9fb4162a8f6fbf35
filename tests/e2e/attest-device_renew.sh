# attest-device renew: the key stays, unless a new one is wanted; and what a kill leaves.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/certificate.sh"

state=$scratch/state
if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
	acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1 &&
	acmed_start && swtpm_start one && swtpm_start two; }; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)
attest_ca enroll "$hash" --name laptop >/dev/null
case_ok "a certificate" certificate one

# renewed NAME OPTION…: by force; the certificate is another
renewed() {
	local name=$1

	shift
	cp "$state/device.key" "$state/device.pem" "$scratch/"
	case_ok "$name" device one renew --json "$@"
	said=$out
	check "$name: the certificate is new" '! cmp -s "$scratch/device.pem" "$state/device.pem"'
	case_ok "$name: it verifies" openssl verify -CAfile "$acme_dir/root.pem" \
		-untrusted "$state/device.pem" "$state/device.pem"
}

same_key() { # NAME: the old key is the key, and untouched
	check "$1" 'cmp -s "$scratch/device.key" "$state/device.key" &&
		[ "$(key_of "$scratch/device.pem")" = "$(key_of "$state/device.pem")" ]'
	case_equal "$1, and it says so" "$(jq .keyKept <<<"$said")" true
}

other_key() { # NAME: the key is new, and the old pair is put aside
	local former

	former=$state/former-$(key_of "$scratch/device.pem" | cut -c 1-16)
	check "$1" '[ "$(key_of "$scratch/device.pem")" != "$(key_of "$state/device.pem")" ]'
	case_equal "$1, and it says so" "$(jq .keyKept <<<"$said")" false
	check "$1: the old pair is aside" 'cmp -s "$scratch/device.key" "$former.key" &&
		cmp -s "$scratch/device.pem" "$former.pem"'
	case_equal "$1: for its owner" "$(stat -c %a "$former.key" "$former.pem" | tr '\n' ' ')" "600 644 "
}

# ---- the key stays ----

before=$(stat -c %Y "$state/device.key")
renewed "renew --force" --force
same_key "the key stays"
dated "$state/device.pem" 20000101000000Z 20300101000000Z
dated_key=$(key_of "$state/device.pem")
case_ok "a second renewal, which is due" device one renew
case_equal "… and says what it did" "$out" "renewed the certificate"
check "the key stays again" 'cmp -s "$scratch/device.key" "$state/device.key" &&
	[ "$(key_of "$scratch/device.pem")" = "$(key_of "$state/device.pem")" ]'
case_equal "… made when it was made" "$(stat -c %Y "$state/device.key")" "$before"
check "no pair is put aside for a key that stays" '! ls "$state"/former-* >/dev/null 2>&1'
case_ok "all is well" device one status --json
case_equal "status says when the key was made" "$(jq -r .certificate.keyMade <<<"$out")" \
	"$(date -u -d "@$before" +%FT%TZ)"

case_fails "without a TPM" 1 'there is no TPM at /nonexistent' \
	attest_device --tcti device:/nonexistent --state-dir "$state" renew --force

case_fails "without a state directory" 1 'there is no certificate in .*/none/state to renew; run "attest-device certificate" or "attest-device enroll" first' \
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/none/state" renew --force
check "… none is made" '[ ! -e "$scratch/none" ]'

# ---- a new key ----

renewed "renew --new-key" --new-key
other_key "the key is new"
case_ok "… which people are told" device one renew --new-key
case_equal "… in words" "$out" "renewed the certificate, with a new key"
sed -i 's/"acme"/"rekey": "90d", "acme"/' "$state/certificate.json"
renewed "a key younger than rekey" --force
same_key "a young key stays"
touch -d '91 days ago' "$state/device.key"
renewed "a key older than rekey" --force
other_key "an old key is replaced"
touch -d '91 days ago' "$state/device.key"
sed -i 's/"90d"/"never"/' "$state/certificate.json"
renewed "never is never" --force
same_key "an old key stays"
cat >"$scratch/device.conf" <<END
key_type = "ecc-p384"
rekey = "7d"
END
renewed "a key type that is no longer wanted" --force --config "$scratch/device.conf"
other_key "a key of another type"
case_equal "… the wanted one" "$(jq -r .keyType <<<"$said")" ecc-p384
echo 'rekey = "soon"' >"$scratch/device.conf"
case_fails "rekey that is no age" 1 'rekey, which is "never" or an age such as 90d: "soon" is no duration' \
	device one renew --force --config "$scratch/device.conf"

rm "$state/device.key"
case_ok "a key file that is lost" device one renew --force
case_matches "… is said" "$err" 'making a new key: opening .*device.key: No such file'
case_ok "… and all is well" device one status
attest_ca enroll "$(attest_device --tcti "${tcti[two]}" ek --hash)" --name other >/dev/null
case_ok "another machine" certificate two --out "$scratch/two" --state-dir "$scratch/two"
cp "$scratch/two/device.key" "$state/device.key"
case_ok "a key of another TPM" device one renew --force
case_matches "… is said" "$err" 'making a new key: the device key is not this TPM'
case_ok "… and all is well" device one status
check "at most four former pairs stay" '[ "$(ls "$state"/former-*.pem | wc -l)" -le 4 ]'
check "nothing stays loaded" 'nothing_loaded one'

# ---- other users ----

if [ "$(id -u)" -eq 0 ]; then
	cp "$attest_device_program" "$scratch/attest-device"
	chmod 711 "$scratch"
	other() {
		setpriv --reuid 65534 --regid 65534 --clear-groups "$scratch/attest-device" --tcti "${tcti[one]}" --state-dir "$@"
	}
	for command in status renew; do
		case_fails "$command: a directory that is closed says whose it is, and what opens it to a group" 1 \
			"$state is uid 0's, and closed to this user; run this as that user .*key_group = \"attest-device\", and \"attest-device renew\"" \
			other "$state" $command
	done
	mkdir -p "$scratch/closed/state"
	chmod 700 "$scratch/closed"
	case_fails "status: a directory in a closed one" 1 "this user may not enter the directory of $scratch/closed/state" \
		other "$scratch/closed/state" status
else
	skip "a directory that is closed" "not root, who alone can be another user"
fi

# ---- a group ----

case_equal "without a group the directory is its owner's" "$(stat -c %a "$state" "$state/device.key" | tr '\n' ' ')" "700 600 "
case_fails "a group that is none" 1 'no group is called "no-such-group" \(key_group\); make it with "groupadd --system no-such-group"' \
	device one renew --key-group no-such-group
# Without root one's own group must do.
group=$(id -g)
[ "$(id -u)" -ne 0 ] || group=12346
case_ok "a group, though nothing is due" device one renew --key-group "$group"
case_equal "all may look into the directory, the group may read the key" \
	"$(stat -c '%a %g' "$state" "$state/device.key" | tr '\n' ' ')" "755 $(stat -c %g "$state") 640 $group "
case_equal "the other files are their owner's" \
	"$(stat -c %a "$state"/{ak.pem,ak-creation.json,ak-chain.pem,acme-account.pem,certificate.json} | sort -u)" 600
case_equal "former keys are the group's too" "$(stat -c '%a %g' "$state"/former-*.key | sort -u)" "640 $group"
case_ok "a new key with a group" device one renew --new-key --key-group "$group"
case_equal "it is the group's" "$(stat -c '%a %g' "$state/device.key")" "640 $group"
case_ok "a renewal by what is remembered" device one renew --new-key
case_equal "it still is" "$(stat -c '%a %g' "$state/device.key")" "640 $group"
case_equal "the chain is everybody's" "$(stat -c %a "$state/device.pem")" 644
if [ "$(id -u)" -eq 0 ]; then
	case_ok "root takes it back" device one renew --key-group root
	case_equal "it is root's" "$(stat -c '%a %g' "$state"/device.key "$state"/former-*.key | sort -u)" "640 0"
else
	skip "root takes it back" "not run by root"
fi

# ---- killed ----

# The point of the key in a TSS2 file, and of a certificate: both P-256, in digits.
point_in_key() {
	local hex

	hex=$(openssl asn1parse -in "$1" | sed -n 's/.*OCTET STRING *\[HEX DUMP\]://p' | head -n 1)
	tr A-F a-f <<<"${hex: -132:64}${hex: -64}"
}

point_in_certificate() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | tail -c 64 | od -An -v -tx1 |
		tr -d ' \n'
}

# killed CONDITION: a renewal with a new key is killed as soon as the bash condition holds
killed() {
	begin renewal device one renew --new-key
	until eval "$1" || ! kill -0 "${pid[renewal]}" 2>/dev/null; do :; done
	kill -KILL -- "-${pid[renewal]}" 2>/dev/null
	ended renewal >/dev/null 2>&1
	# Without a resource manager the TPM keeps what the killed one had loaded.
	tpm2_flushcontext -T "${tcti[one]}" -t
	tpm2_flushcontext -T "${tcti[one]}" -l
}

# whole NAME: after the next run, key and certificate belong together
whole() {
	case_ok "$1: the next run" device one renew
	check "$1: key and certificate belong together" \
		'[ "$(point_in_key "$state/device.key")" = "$(point_in_certificate "$state/device.pem")" ] &&
			[ ! -e "$state/device.key.new" ] && [ ! -e "$state/device.pem.new" ]'
	case_ok "$1: they verify and load" device one status
}

echo 'key_type = "ecc-p256"' >"$scratch/device.conf"
case_ok "a P-256 key again" device one renew --new-key --config "$scratch/device.conf"
case_equal "the point is found" "$(point_in_key "$state/device.key")" "$(point_in_certificate "$state/device.pem")"
serial=$(openssl x509 -in "$state/device.pem" -noout -serial)
for what in 'compgen -G "$state/device.key.new.*"' '[ -e "$state/device.key.new" ]' \
	'compgen -G "$state/device.pem.new.*"' '[ -e "$state/device.pem.new" ]' \
	'! cmp -s "$state/device.key" "$scratch/device.key"' 'sleep 0.1' 'sleep 0.2' 'sleep 0.3'; do
	cp "$state/device.key" "$scratch/"
	killed "$what >/dev/null"
	whole "killed at $what"
done
case_ok "and another renewal" device one renew --new-key
check "… with a new certificate" '[ "$(openssl x509 -in "$state/device.pem" -noout -serial)" != "$serial" ]'
whole "at the end"
check "nothing stays loaded" 'nothing_loaded one'

finish
