# attest-ca beside a running attestd: the next request sees what it has committed,
# and neither keeps the other from writing.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest_ca init >/dev/null || exit 1
attestd_start || exit 1
swtpm_start one || exit 1
hash=$(attest_device --tcti "${tcti[one]}" ek --hash) || exit 1

attest() {
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/device" \
		attest --attestation-url "$attestd_url"
}

# The certificates of the device, those that match: show names neither time nor serial twice.
certificates() {
	attest_ca show "$hash" --json | jq "[.certificates[] | select($1)] | length"
}

case_fails "a device that is not enrolled is refused" 1 "EK $hash is not enrolled" attest
case_ok "it is enrolled while attestd runs" attest_ca enroll "$hash" --name laptop
case_ok "and attests at once" attest
case_equal "its certificate is on record" "$(certificates '.revoked == null')" 1
case_matches "with the AK's Name" "$(attest_ca show laptop --json | jq -r '.certificates[0].ak_name')" '^000b[0-9a-f]{64}$'
case_matches "and shown to people" "$(attest_ca show laptop)" "state    good"

case_ok "it is removed while attestd runs" attest_ca remove laptop
case_matches "its certificate is revoked with it" "$out" "1 AK certificate revoked"
case_fails "and it is refused at once" 1 "EK $hash is not enrolled" attest
case_ok "it is enrolled again" attest_ca enroll "$hash" --name desk
case_ok "and attests again" attest
case_equal "the old certificate stays revoked" "$(certificates '.revoked != null')" 1
case_equal "the new one is good" "$(certificates '.revoked == null')" 1

# ---- both write ----

for i in 1 2 3; do
	for j in 1 2 3 4 5 6 7 8; do
		attest_ca enroll "$(printf '%02x%02x%060x' "$i" "$j" 7)" --name "beside-$i-$j" || exit 1
	done >"$scratch/beside.$i" 2>&1 &
	writers[i]=$!
done
attested=0
for j in 1 2 3; do
	! attest >"$scratch/attest.out" 2>&1 || attested=$((attested + 1))
done
failures=0
for i in 1 2 3; do
	wait "${writers[i]}" || failures=$((failures + 1))
done
case_equal "attestations beside enrolments succeed" "$attested" 3
case_equal "enrolments beside attestations succeed" "$failures" 0
case_equal "no enrolment is lost" \
	"$(attest_ca list --json | jq '[.[].names[] | select(startswith("beside-"))] | length')" 24
case_equal "no certificate is lost" "$(certificates '.revoked == null')" 4

# ---- the root key elsewhere ----

attestd_stop
mv "$state_dir/root.key" "$scratch/safe.key"
check "attestd starts without the root key" attestd_start
case_ok "and attests" attest
case_fails "init sees that the CA is there all the same" 1 "root.pem is there already" attest_ca init

finish
