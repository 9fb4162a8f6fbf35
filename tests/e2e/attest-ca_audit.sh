# attest-ca audit: what is on record, who asked for what, and that nobody takes it back unseen.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

one=2ea8f0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c
two=0100000000000000000000000000000000000000000000000000000000000000
user="uid $(id -u) ($(id -un))"
unset SUDO_UID

attest_ca init >/dev/null || exit 1

# The fields of all entries, those that differ from run to run left out.
record() {
	attest_ca audit --json "$@" | jq -r '.[] | [.id, .action, .outcome, (.ek_hash // "-")[0:4], .actor, .detail] | join("|")'
}

# ---- what it shows ----

case_equal "a new CA has no record" "$(attest_ca audit --json)" "[]"
case_equal "and nothing to show" "$(attest_ca audit)" ""
attest_ca enroll "$one" --name laptop --name spare >/dev/null
SUDO_UID=4000000001 attest_ca enroll "$two" >/dev/null
run attest_ca enroll "$two" # is there already: nothing happens
attest_ca remove laptop >/dev/null
case_equal "every act is on record" "$(record)" "1|enroll|done|2ea8|$user|as laptop and 1 more
2|enroll|done|0100|$user, sudo by uid 4000000001|without a name
3|remove|done|2ea8|$user|certificates revoked: 0"
case_ok "people are shown it too" attest_ca audit
case_equal "a line for each" "$(wc -l <<<"$out")" 3
case_matches "when, what, on which EK, by whom" "$(head -n 1 <<<"$out")" \
	"^20[0-9-]+T[0-9:]+Z  enroll +done +$one  laptop, spare  ${user//[()]/.}: as laptop and"
on_terminal "$attest_ca_program" --state-dir "$state_dir" audit
check "on a terminal within 80 columns" '[ "$widest" -le 80 ] && [[ $out == *${one:0:16}* && $out != *$one* ]]'
case_matches "with who did it on the next line" "$out" "^20[0-9TZ:-]+  enroll +done +${one:0:16}  laptop, spare"$'\n'"  ${user//[()]/.}: as laptop"
case_equal "the names are those at the time of the act" \
	"$(attest_ca audit --json | jq -c '[.[].names]')" '[["laptop","spare"],[],["laptop","spare"]]'
case_equal "--device of one that is there" "$(record --device 0100)" "$(record | sed -n 2p)"
case_equal "--device of one that is gone" "$(record --device "$one" | cut -d'|' -f1 | xargs)" "1 3"
case_equal "… by a name that it had" "$(record --device laptop)" "$(record --device "$one")"
case_equal "… or another" "$(record --device spare)" "$(record --device "$one")"
case_fails "a name that none had" 1 'name a removed device by its whole hash' attest_ca audit --device lapto
case_fails "… nor two" 1 'no device is called' attest_ca audit --device $'laptop\nspare'
case_equal "--since a duration" "$(record --since 1h)" "$(record)"
case_equal "--since a date" "$(record --since 2026-01-01)" "$(record)"
case_equal "--since a time to come" "$(attest_ca audit --since 2199-01-01T00:00:00Z --json)" "[]"
for since in yesterday 2026 2026-13-01 2026-11-21x 5 ""; do
	case_fails "--since \"$since\" means nothing" 2 "--since is a time like" attest_ca audit --since "$since"
done

# ---- following ----

"$attest_ca_program" --state-dir "$state_dir" audit --follow --json >"$scratch/followed" &
follower=$!
wait_for '[ "$(wc -l <"$scratch/followed")" -eq 3 ]'
check "--follow begins with what is there" '[ "$(jq -r .id "$scratch/followed" | xargs)" = "1 2 3" ]'
attest_ca enroll "$one" --name back >/dev/null
wait_for '[ "$(wc -l <"$scratch/followed")" -ge 4 ]'
case_equal "and goes on with what is added, an object a line" \
	"$(sed -n 4p "$scratch/followed" | jq -c '[.id, .action]')" '[4,"enroll"]'
kill -INT "$follower" # a shell's background job ignores it unless the program says otherwise
wait "$follower"
case_equal "it ends when it is interrupted" $? 0
mkfifo "$scratch/pipe"
"$attest_ca_program" --state-dir "$state_dir" audit --follow >"$scratch/pipe" &
follower=$!
head -n 1 <"$scratch/pipe" >/dev/null
check "and when nobody reads any more" 'wait_for "! kill -0 $follower 2>/dev/null"'

# ---- verifying ----

case_ok "--verify finds it whole" attest_ca audit --verify
case_matches "and says so" "$out" '^4 audit entries hold; the last hash is [0-9a-f]{64}$'
head=$(attest_ca audit --verify --json | jq -r .head)
case_equal "the last hash is the last entry's" "$head" "$(attest_ca audit --json | jq -r '.[-1].hash')"
attest_ca remove back >/dev/null
case_ok "a hash that was noted is found later" attest_ca audit --verify --expect "$head"
case_fails "another is not" 1 'no audit entry has the expected hash' \
	attest_ca audit --verify --expect "$(tr 0-9a-f 1-9a-f0 <<<"$head")"
case_fails "half a hash is none" 2 'hash of 64 hexadecimal digits' attest_ca audit --verify --expect "${head:32}"
case_fails "--expect alone means nothing" 2 '--expect goes with --verify' attest_ca audit --expect "$head"
case_fails "--verify of a part means nothing" 2 'does not go with --since' attest_ca audit --verify --since 1h

# Somebody who writes to the store itself.
case_matches "an entry cannot be changed" "$(store_tamper "UPDATE audit SET actor = 'me' WHERE id = 2" 2>&1)" 'only grows'
case_matches "nor deleted" "$(store_tamper 'DELETE FROM audit WHERE id = 5' 2>&1)" 'only grows'
case_ok "and none was" attest_ca audit --verify
cp -a "$state_dir" "$scratch/whole"
store_tamper "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)
	INSERT INTO audit (at, actor, peer, request, action, outcome, detail, hash)
	SELECT i, '', '', '', 'set', 'done', i, zeroblob(32) FROM n"
case_equal "a long record is shown whole, whatever is forged in it" \
	"$(attest_ca audit --json | jq -c '[length, (map(.id) == [range(1; 1206)])]')" '[1205,true]'
case_fails "and the forged entries are named" 1 'audit entry 6 was altered' attest_ca audit --verify
rm -rf "$state_dir"
cp -a "$scratch/whole" "$state_dir"
store_tamper "DROP TRIGGER audit_only_grows; UPDATE audit SET actor = 'me' WHERE id = 2"
case_fails "what is changed by force is named" 1 'audit entry 2 was altered' attest_ca audit --verify
rm -rf "$state_dir"
cp -a "$scratch/whole" "$state_dir"
store_tamper "DROP TRIGGER audit_is_kept; DELETE FROM audit WHERE id = 5"
case_fails "and what is taken off the end" 1 'audit entry 5 is missing' attest_ca audit --verify

# ---- by a name that moved on ----

rm -rf "$state_dir"
attest_ca init >/dev/null
attest_ca enroll "$one" --name desk >/dev/null
attest_ca replace desk "$two" >/dev/null
attest_ca set desk --name table >/dev/null
attest_ca set table --note oak >/dev/null
acts() { # DEVICE
	attest_ca audit --device "$1" --json | jq -r '[.[] | .action + ":" + .ek_hash[0:4]] | join(" ")'
}
case_equal "by a name from before replace and set: what was done under it" "$(acts desk)" \
	"enroll:2ea8 replace:2ea8 replace:0100 set:0100"
case_equal "by the name of today: all of the device" "$(acts table)" "replace:0100 set:0100 set:0100"
case_equal "by the hash: that EK's" "$(acts "$one")" "enroll:2ea8 replace:2ea8"
attest_ca enroll "$one" --name desk >/dev/null
case_equal "by a name that another has now: both" "$(acts desk)" \
	"enroll:2ea8 replace:2ea8 replace:0100 set:0100 enroll:2ea8"

finish
