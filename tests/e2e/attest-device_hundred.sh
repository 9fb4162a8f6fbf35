# attest-device attest, a hundred times: nothing is left in the TPM; and twice at the same time.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/device.sh"

attest_ca init >/dev/null && attestd_start && device_new two || exit 1
root=$state_dir/root.pem
# The TPM makes this EK anew each time, which takes long for an RSA key.
attest_ca enroll "$(attest_device --tcti "${tcti[two]}" ek --hash --ek P-256)" --name two-p256 >/dev/null

hundred() { # TCTI
	local i

	for ((i = 1; i <= 50; i++)); do
		attest_device --tcti "$1" --state-dir "$scratch/hundred" attest --ek P-256 \
			--attestation-url "$attestd_url" --attestation-root "$root" >/dev/null ||
			{ echo "number $i"; return 1; }
	done
}
case_ok "fifty in a row through a socket" hundred "${tcti[two]}"
check "fifty in a row: nothing stays loaded" 'nothing_loaded two'
case_ok "fifty in a row through a pipe" hundred "${tcti_cmd[two]}"
check "a hundred in a row: nothing stays loaded" 'nothing_loaded two'

for i in 1 2; do
	attest two "both-$i" >"$scratch/both-$i.out" 2>&1 &
	both[i]=$!
done
wait "${both[1]}"; first=$?
wait "${both[2]}"; second=$?
case_equal "two at the same time wait for each other" "$first $second" "0 0"

finish
