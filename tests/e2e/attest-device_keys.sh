# attest-device --key: several keys, each with its own server, name and renewal.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/certificate.sh"

state=$scratch/state
if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
	acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1 &&
	acmed_start && swtpm_start one; }; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)
attest_ca enroll "$hash" --name laptop --name vpn.example >/dev/null
mkdir -p "$scratch/etc/keys"
cat >"$scratch/etc/device.conf" <<END
attestation_url = "$attestd_url"
attestation_root = "$state_dir/root.pem"
acme = "$acme_base/acme/directory"
acme_root = "$acme_dir/root.pem"
name = "laptop"
tcti = "${tcti[one]}"
state_dir = "$state"
exec = "echo first >>$scratch/ran"
END
cat >"$scratch/etc/keys/vpn.conf" <<END
acme = "$acme_base/acme/directory"
acme_root = "$acme_dir/root.pem"
name = "vpn.example"
key_type = "ecc-p384"
exec = "echo \$ATTEST_DEVICE_KEY \$ATTEST_DEVICE_CHANGED >>$scratch/ran"
END

# A program with the configuration.
configured() {
	attest_device "$@" --config "$scratch/etc/device.conf"
}

case_fails "a key that is none" 1 'there is no key "vpn" \(there is: none but the first' configured renew --key vpn
case_fails "status of it too" 1 'there is no key "vpn"' configured status --key vpn
check "neither makes one" '[ ! -e "$state/keys" ]'
case_fails "a name that is a path" 1 'a key cannot be called "../x"' configured certificate --key ../x

# ---- a named key alone ----

case_ok "enroll a named key" configured enroll --key vpn --json
case_equal "by its own file" "$(jq -r '"\(.name) \(.keyType) \(.certificate)"' <<<"$out")" \
	"vpn.example ecc-p384 $state/keys/vpn/device.pem"
check "the first key is not there" '[ ! -e "$state/device.key" ]'
case_ok "renew all" configured renew
case_matches "only the named key is looked at" "$out" '^vpn: nothing to renew before [^ ]*$'

# ---- the first beside it ----

case_ok "the first key" configured certificate
case_ok "another, from the command line" configured certificate --key wifi --name laptop \
	--acme "$acme_base/acme/directory" --acme-root "$acme_dir/root.pem"
case_equal "three keys" "$(for file in "$state"/device.pem "$state"/keys/*/device.pem; do key_of "$file"; done | sort -u | wc -l)" 3
case_ok "status" configured status --json
case_equal "shows all" "$(jq -r '"\(.certificate.name) \([.keys | to_entries[] | .key + "=" + .value.certificate.name + "=" + .value.certificate.keyType] | join(" "))"' <<<"$out")" \
	"laptop vpn=vpn.example=ecc-p384 wifi=laptop=ecc-p256"
case_ok "status of one" configured status --key vpn --json
case_equal "shows one" "$(jq -r '"\(.certificate.name) \(has("keys"))"' <<<"$out")" "vpn.example false"
case_ok "status for people" configured status
case_matches "shows all too" "$out" 'certificate +laptop.*key +vpn.*certificate +vpn.example.*key +wifi.*certificate +laptop'

# ---- renewals ----

rm -f "$scratch/ran"
sum() { sha256sum "$state/device.pem" "$state"/keys/*/device.pem; }
sum >"$scratch/before"
dated "$state/keys/vpn/device.pem" 20000101000000Z 20300101000000Z
case_ok "what is due is renewed" configured renew --json
case_equal "and nothing else" "$(jq -r '"\(.certificateRenewed) \(.keys.vpn.certificateRenewed) \(.keys.wifi.certificateRenewed)"' <<<"$out")" "false true false"
case_equal "its own command is run" "$(cat "$scratch/ran")" "vpn certificate"
sum >"$scratch/after"
case_equal "one file is new" "$(diff "$scratch/before" "$scratch/after" | grep -c '^>')" 1
case_ok "it verifies" openssl verify -CAfile "$acme_dir/root.pem" -untrusted "$state/keys/vpn/device.pem" "$state/keys/vpn/device.pem"

case_ok "a named key by force" configured renew --key wifi --force
case_matches "which is told" "$out" '^wifi: renewed the certificate$'
rm -f "$scratch/ran"
case_ok "all by force" configured renew --force --json
case_equal "each with its command" "$(tr '\n' ' ' <"$scratch/ran")" "first vpn certificate "

echo '{' >"$state/keys/vpn/certificate.json"
case_fails "one that fails" 1 'key vpn: .*certificate.json' configured renew --force --json
case_equal "does not hinder the others" "$(jq -r '"\(.certificateRenewed) \(.keys.wifi.certificateRenewed) \(.keys.vpn | has("problem"))"' <<<"$out")" "true true true"
rm "$state/keys/vpn/certificate.json"

# ---- one whose files are elsewhere ----

mkdir "$scratch/elsewhere"
case_ok "a named key with its own directory" configured certificate --key far --name laptop --out "$scratch/elsewhere" \
	--acme "$acme_base/acme/directory" --acme-root "$acme_dir/root.pem"
check "its files are there" '[ -s "$scratch/elsewhere/device.pem" ] && [ ! -e "$state/keys/far/device.pem" ]'
case_equal "programs are told where" "$(cat "$state/keys/far/out") $(stat -c %a "$state/keys/far/out")" "$scratch/elsewhere 644"
if command -v pkcs11-tool >/dev/null && ! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
	case_ok "the PKCS #11 module" env ATTEST_PKCS11_STATE="$state" ATTEST_PKCS11_TPM="${tcti[one]}" \
		pkcs11-tool --module "$top_builddir/src/attest-pkcs11.so" -O --type privkey
	case_equal "shows it too" "$(sed -n 's/^ *label: *//p' <<<"$out" | sort | xargs)" "far laptop vpn wifi"
else
	skip "the PKCS #11 module shows it too" "there is no OpenSC, or the module has sanitizers"
fi

# ---- a group ----

group=$(id -g)
case_ok "a group for all" configured renew --key-group "$group"
case_equal "all may look, the group may read" \
	"$(stat -c '%a' "$state" "$state/keys" "$state"/keys/*/ "$state/device.key" "$state"/keys/*/device.key | tr '\n' ' ')" \
	"755 755 755 755 755 640 640 640 "
case_equal "the rest is the owner's" "$(find "$state/keys" -type f ! -name 'device.*' ! -name out -printf '%m\n' | sort -u)" 600
check "nothing stays loaded" 'nothing_loaded one'

finish
