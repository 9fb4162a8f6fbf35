# A large import: killed at whatever instant, it leaves nothing that anybody sees, and the next
# one works; what it answered stays; attestd and others go on with their work meanwhile.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

devices=12000
many=30000 # that take long enough to do something meanwhile
fleet=$scratch/fleet.csv

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
{
	echo ek_hash,name,tags
	head -c $((32 * many)) </dev/urandom | od -An -v -tx1 -w32 | tr -d ' ' |
		awk '{ print $0 ",host-" substr($0, 9, 12) ",batch" }'
} >"$scratch/many.csv"
head -n $((devices + 1)) "$scratch/many.csv" >"$fleet"

count() {
	attest_ca export --format jsonl | wc -l
}

# Starts an import in the background: pid[import].
import_start() { # FILE [OPTION…]
	rm -f "$scratch/import.log"
	daemon_start import "$attest_ca_program" --state-dir "$state_dir" import "$@"
}

# The log of the inventory is where it writes first.
wal_is_at() { # OCTETS
	[ "$(stat -c %s "$state_dir/store.db-wal" 2>/dev/null || echo 0)" -ge "$1" ]
}

fresh() {
	rm -rf "$state_dir"
	attest_ca init >/dev/null
	attest_ca enroll "$(printf '%064d' 7)" --name resident >/dev/null
}

# ---- killed ----

mkfifo "$scratch/pipe"
for instant in reading 60000 1000000; do
	fresh
	if [ "$instant" = reading ]; then
		# It waits for the rest of its file.
		import_start "$scratch/pipe" --format csv
		exec 7>"$scratch/pipe"
		head -n 1000 "$fleet" >&7
		wait_for '[ -e "$state_dir/import.lock" ]'
		case_fails "one import at a time" 1 "another import is under way; wait for its end, or run \"fuser $state_dir/import.lock\"" \
			attest_ca import "$fleet"
	else
		import_start "$fleet"
		wait_for "wal_is_at $instant || ! daemon_runs import"
	fi
	daemon_stop import KILL
	# A machine that is too fast for this is asked again: all are there, whether that was said or not.
	while grep -q '^imported' "$scratch/import.log" || [ "$(count)" -eq $((devices + 1)) ]; do
		fresh
		import_start "$fleet"
		wait_for "wal_is_at $instant || ! daemon_runs import"
		daemon_stop import KILL
	done
	[ "$instant" != reading ] || exec 7>&-
	case_equal "killed at $instant: not one device is there" "$(count)" 1
	case_ok "an enrolment of one of them works at once" \
		attest_ca enroll "$(sed -n '2s/,.*//p' "$fleet")" --name "$(sed -n '3s/.*,\(.*\),.*/\1/p' "$fleet")"
	attest_ca remove "$(sed -n '2s/,.*//p' "$fleet")" >/dev/null
	[ "$instant" = 1000000 ] || continue
	case_ok "the next import works" attest_ca import "$fleet"
	case_equal "and all are there" "$(count)" $((devices + 1))
done

fresh
import_start "$fleet"
wait_for "grep -q '^imported $devices devices' '${log[import]}'"
daemon_stop import KILL
case_equal "what it answered is there, killed or not" "$(count)" $((devices + 1))
case_ok "the record of it verifies" attest_ca audit --verify

# ---- beside attestd ----

fresh
mkdir "$scratch/device"
soft make p256 p256
attest_ca enroll "$(soft hash)" --name laptop >/dev/null
attestd_start || exit 1
import_start "$scratch/many.csv"
attested=0 failed=0 enrolled=0
wait_for "wal_is_at 60000"
while daemon_runs import; do
	soft request "$scratch/request.json"
	http POST /attest "@$scratch/request.json"
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$scratch/secret.json"
	http POST /secret "@$scratch/secret.json"
	[ "$http_status" -eq 200 ] && attested=$((attested + 1)) || failed=$((failed + 1))
	! attest_ca enroll "$(printf '%064d' $((1000 + enrolled)))" >"$scratch/out" || enrolled=$((enrolled + 1))
done
note "$attested attestations and $enrolled enrolments beside the import"
check "attestd certifies while an import runs" '[ "$attested" -ge 1 ] && [ "$failed" -eq 0 ]'
case_equal "no certificate is lost" "$(attest_ca show laptop --json | jq '.certificates | length')" "$attested"
case_equal "no enrolment is lost, and no device of the import" "$(count)" $((many + 2 + enrolled))

attestd_stop
fresh
attestd_start || exit 1
import_start "$scratch/many.csv" # so many that the kill comes before the end
wait_for "wal_is_at 300000"
daemon_stop import KILL
check "attestd clears away what a killed import left" \
	'wait_for "[ \"\$(store_tamper \"SELECT (SELECT count(*) FROM batch) + count(*) FROM device\")\" = 1 ]"'

finish
