# kill -9 while devices are switched off and removed, and while the CRL is signed:
# afterwards all of one transaction holds or nothing does, a device that is off has
# no good certificate, and the CRL is a whole one.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

devices=400
entries=4000
rounds=10

attest_ca init >/dev/null || exit 1
{
	echo ek_hash,name
	for ((i = 1; i <= devices; i++)); do
		printf '%064x,device-%d\n' "$i" "$i"
	done
} >"$scratch/devices.csv"
attest_ca import "$scratch/devices.csv" >/dev/null || exit 1
mapfile -t hashes < <(tail -n +2 "$scratch/devices.csv" | cut -d, -f1)

# One good certificate for each device, and many that are revoked.
certificates="INSERT INTO certificate (serial, ek_hash, ak_name, not_before, not_after, revoked, revision)
	SELECT randomblob(20), ek_hash, x'000b', 1, 4000000000, 0, revision FROM device"
store_tamper "$certificates;
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $entries)
	INSERT INTO certificate (serial, ek_hash, ak_name, not_before, not_after, revoked, revision)
	SELECT randomblob(20), randomblob(32), x'000b', 1, 4000000000, 2, 0 FROM n" || exit 1

# Runs a command, and kills it after a fraction of the time that it took once.
measure() {
	local begun=${EPOCHREALTIME/./}

	"$@" >/dev/null || exit 1
	took=$((${EPOCHREALTIME/./} - begun))
}
killed_after() { # PART OF COMMAND…
	local part=$1 of=$2

	shift 2
	{ timeout --signal=KILL "$(printf '%d.%06d' $((took * part / of / 1000000)) \
		$((took * part / of % 1000000)))" "$@"; } >/dev/null 2>&1
}

# ---- disable ----

broken='SELECT count(*) FROM device d JOIN certificate c ON c.ek_hash = d.ek_hash
	WHERE (d.enabled = 0) <> (c.revoked <> 0)'
half() { # WHAT IS CHANGED: neither none nor all
	local changed

	changed=$(store_tamper "$1")
	[ "$changed" -ne 0 ] && [ "$changed" -ne "$devices" ]
}

measure attest_ca disable "${hashes[@]}"
done_count=0 bad=0
for ((i = 1; i <= rounds; i++)); do
	store_tamper "UPDATE device SET enabled = 1; UPDATE certificate SET revoked = 0, reason = 0 WHERE revision > 0"
	killed_after $((i + 1)) $((rounds + 1)) "$attest_ca_program" --state-dir "$state_dir" disable "${hashes[@]}"
	[ "$(store_tamper "$broken")" -eq 0 ] || { bad=$((bad + 1)) && note "round $i: some are off and good, or on and revoked"; }
	! half "SELECT count(*) FROM device WHERE enabled = 0" || { bad=$((bad + 1)) && note "round $i: half is off"; }
	[ "$(store_tamper 'SELECT count(*) FROM device WHERE enabled = 0')" -eq 0 ] || done_count=$((done_count + 1))
done
note "$done_count of $rounds were done before they were killed"
case_equal "killed while it switches off: all or nothing" "$bad" 0
check "and the record holds" 'attest_ca audit --verify'

# ---- remove ----

store_tamper "UPDATE device SET enabled = 1; UPDATE certificate SET revoked = 0, reason = 0 WHERE revision > 0"
broken='SELECT count(*) FROM certificate c WHERE c.revision > 0
	AND (c.ek_hash IN (SELECT ek_hash FROM device)) <> (c.revoked = 0)'
done_count=0 bad=0
for ((i = 1; i <= rounds; i++)); do
	killed_after $((i + 1)) $((rounds + 1)) "$attest_ca_program" --state-dir "$state_dir" remove "${hashes[@]}"
	[ "$(store_tamper "$broken")" -eq 0 ] || { bad=$((bad + 1)) && note "round $i: some have gone and are good, or not and are revoked"; }
	! half "SELECT count(*) FROM device" || { bad=$((bad + 1)) && note "round $i: half has gone"; }
	if [ "$(store_tamper 'SELECT count(*) FROM device')" -eq 0 ]; then
		done_count=$((done_count + 1))
		attest_ca import "$scratch/devices.csv" >/dev/null
		store_tamper "DELETE FROM certificate WHERE revision > 0; $certificates"
	fi
done
note "$done_count of $rounds were done before they were killed"
case_equal "killed while it removes: all or nothing" "$bad" 0
check "and the record holds" 'attest_ca audit --verify'

# ---- the CRL ----

number() {
	openssl crl -inform DER -in "$state_dir/crl.der" -noout -verify -CAfile "$state_dir/issuing.pem" \
		>/dev/null 2>&1 || return 1
	openssl crl -inform DER -in "$state_dir/crl.der" -noout -crlnumber | sed 's/.*=0x//'
}

measure attest_ca crl
last=$((16#$(number))) bad=0
for ((i = 1; i <= rounds; i++)); do
	killed_after $((i + 1)) $((rounds + 1)) "$attest_ca_program" --state-dir "$state_dir" crl
	now=$(number) && now=$((16#$now)) && [ "$now" -ge "$last" ] || { bad=$((bad + 1)) && note "round $i: $now after $last"; }
	last=$now
done
case_equal "killed while it signs: the CRL is whole, and no older" "$bad" 0
case_ok "the next one signs" attest_ca crl
check "with a number that was never used" '[ $((16#$(number))) -gt "$last" ]'
check "and all entries" '[ "$(openssl crl -inform DER -in "$state_dir/crl.der" -noout -text |
	grep -c "Serial Number")" -ge "$entries" ]'
check "and leaves nothing of those that were killed" '[ -z "$(find "$state_dir" -name "crl.der?*")" ]'

finish
