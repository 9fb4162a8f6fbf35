# attest-ca list, show and remove.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest_ca init >/dev/null || exit 1

a=aaaa000000000000000000000000000000000000000000000000000000000001
b=aaaa000000000000000000000000000000000000000000000000000000000002
c=cccc000000000000000000000000000000000000000000000000000000000003
d=dddd000000000000000000000000000000000000000000000000000000000004

# ---- nothing there ----

case_ok "list of nothing succeeds" attest_ca list
case_equal "list of nothing prints nothing" "$out" ""
case_matches "list of nothing says what to do" "$err" "no device is enrolled; run \"attest-ca --state-dir $state_dir enroll HASH\""
case_equal "list --json of nothing is an empty array" "$(attest_ca list --json)" "[]"

for device in "$a --name zebra --name ant" "$b" "$c --name cccc" "$d --name café"; do
	# shellcheck disable=SC2086
	attest_ca enroll $device --note "note of ${device:0:4}" >/dev/null
done

# ---- list ----

run attest_ca list
case_equal "list goes by name, then hash" "$(awk 'NR > 1 {print $1}' <<<"$out" | tr '\n' ' ')" "café cccc zebra, - "
case_equal "list is aligned" "$(sed 's/é/e/' <<<"$out" | awk 'NR > 1 {print index($0, "00000000")}' | sort -u | wc -l)" 1
case_matches "list shows whole hashes to a program" "$out" "$a  enabled"
case_equal "list --json has all in that order" "$(attest_ca list --json | jq -c '[.[].ek_hash[0:4]]')" \
	'["dddd","cccc","aaaa","aaaa"]'
case_equal "list --json has all fields" "$(attest_ca list --json | jq -c '.[0] | keys')" \
	'["ek_hash","enabled","enrolled","identifiers","names","note","seen","tags"]'
case_equal "--json may stand first" "$(attest_ca --json list)" "$(attest_ca list --json)"
case_fails "list takes no operand" 2 'list does not take "x"' attest_ca list x
needs script setpriv
run script -qec "'$attest_ca_program' --state-dir '$state_dir' list" /dev/null
check "list is narrow on a terminal" '[[ $out == *aaaa000000000000* && $out != *"$a"* ]]'
attest_ca set ant --tag sales --tag berlin --note "third floor, in the room behind the stairs, on the table that stands beside the window" \
	--name zebra --name ant --name ant.laboratories.of.metrology.example.org >/dev/null
on_terminal "$attest_ca_program" --state-dir "$state_dir" list
check "and fits 80 columns, with long names, tags and a note" '[ "$status" -eq 0 ] && [ "$widest" -le 80 ] &&
	[[ $out == *"zebra, ant,"*ant.laboratories.of.metrology.example.org*"  tags  berlin, sales"*"  note  third floor"*window* ]]' || note "$out"
attest_ca set ant --no-tags --note "note of aaaa" --name zebra --name ant >/dev/null
case_fails "a full disk under the answer is a failure" 1 "writing the answer failed" \
	bash -c "'$attest_ca_program' --state-dir '$state_dir' list >/dev/full"

# ---- show ----

for form in "$a" "${a^^}" "sha256:$a" zebra ant; do
	case_equal "show ${form:0:12} finds the device" "$(attest_ca show "$form" --json | jq -r .ek_hash)" "$a"
done
case_equal "show of a unique prefix finds the device" "$(attest_ca show dddd0 --json | jq -r .ek_hash)" "$d"
case_equal "show of a name that is a prefix finds the name" "$(attest_ca show cccc --json | jq -r .names[0])" cccc
case_equal "show --json has all fields" "$(attest_ca show "$a" --json | jq -c '[keys, .certificates]')" \
	'[["certificates","ek_hash","enabled","enrolled","evidence","identifiers","names","note","seen","tags"],[]]'
run attest_ca show ant
case_matches "show is for people" "$out" "EK hash   $a"$'\n'"name      zebra"$'\n'"name      ant"$'\n'"note      note of aaaa"$'\n'"state     enabled"
case_matches "show of a nameless device says so" "$(attest_ca show "$b")" "name      none: AK certificates carry the hash"
case_fails "show of a prefix of two is refused" 1 "\"aaaa\" begins more than one EK hash, $a and $b among them; give more digits" attest_ca show aaaa
case_fails "show of three digits is refused" 1 'no device is called "ddd"' attest_ca show ddd
case_fails "show of what is absent is refused" 1 "no device is called \"nobody\", and no EK hash begins so; see \"attest-ca --state-dir $state_dir list\"" attest_ca show nobody
case_fails "show of an absent hash says how to enrol it" 1 "EK ${a/1/9} is not enrolled; run \"attest-ca --state-dir $state_dir enroll ${a/1/9}\"" attest_ca show "${a/1/9}"
case_fails "show without which is a usage error" 2 'show needs an argument' attest_ca show
case_fails "show of two is a usage error" 2 'show does not take "ant"' attest_ca show zebra ant
run attest_ca show $'\e]0;title\a'
check "an error shows no escape sequence" '[[ $err != *$'"'\\e'"'* ]]'

# ---- remove ----

before=$(attest_ca list --json)
case_fails "remove of what is absent is refused" 1 'no device is called "nobody"' attest_ca remove nobody
case_fails "remove of a prefix of two is refused" 1 'begins more than one' attest_ca remove aaaa
case_fails "remove of one that is there and one that is not is refused" 1 'nothing was removed: no device is called "nobody"' \
	attest_ca remove zebra nobody
case_fails "remove of one twice is refused" 1 'nothing was removed: no device is called "ant"' attest_ca remove zebra ant
case_fails "remove of nothing is a usage error" 2 'remove needs an argument' attest_ca remove
case_equal "none of that removed anything" "$(attest_ca list --json)" "$before"
case_ok "remove by one of its names works" attest_ca remove ant
case_equal "remove says what" "${out%%$'\n'*}" "removed EK $a (zebra, ant); 0 AK certificates revoked"
case_matches "and what to run for the device certificates" "$out" "attest-acmed revoke --ek $a"
case_ok "remove of several works" attest_ca remove "$b" café --json
case_equal "remove --json is an array of what was removed" "$(jq -c '[.[] | [.ek_hash, .certificates_revoked]]' <<<"$out")" \
	"[[\"$b\",0],[\"$d\",0]]"
case_equal "the others are there" "$(attest_ca list --json | jq -c '[.[].names[]]')" '["cccc"]'
case_ok "its name is free again" attest_ca enroll "$b" --name zebra

# ---- no store, or not ours ----

case_fails "without a CA it says what to do" 1 \
	"there is no store in $scratch/none; run \"attest-ca --state-dir $scratch/none init\"" \
	"$attest_ca_program" --state-dir "$scratch/none" list
if [ "$(id -u)" -eq 0 ]; then
	chmod 711 "$scratch"
	cp "$attest_ca_program" "$scratch/attest-ca"
	case_fails "another user is told to be the owner" 1 "may not be read; run this as the owner" \
		setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$scratch/attest-ca" --state-dir "$state_dir" list

	# Root works in a service's directory, and the service afterwards.
	service() {
		setpriv --reuid 12345 --regid 12346 --clear-groups \
			"$scratch/attest-ca" --state-dir "$scratch/service" "$@"
	}
	mkdir "$scratch/service"
	chown 12345:12346 "$scratch/service"
	"$attest_ca_program" --state-dir "$scratch/service" init >/dev/null
	rm "$scratch/service/store.lock"
	"$attest_ca_program" --state-dir "$scratch/service" enroll "$a" >/dev/null
	"$attest_ca_program" --state-dir "$scratch/service" crl >/dev/null
	case_ok "a service writes after root has" service enroll "$b"
	case_ok "and signs after it" service crl
	case_equal "and all files are the service's" "$(find "$scratch/service" -printf '%U:%G\n' | sort -u)" 12345:12346
else
	skip "another user is told to be the owner" "not root"
	skip "a service writes after root has" "not root"
	skip "and signs after it" "not root"
	skip "and all files are the service's" "not root"
fi

# ---- many at once ----

for i in 1 2 3 4; do
	(
		for j in 1 2 3 4 5; do
			attest_ca enroll "$(printf '%02x%02x%060x' "$i" "$j" 7)" --name "many-$i-$j" || exit 1
		done
	) >"$scratch/many.$i" 2>&1 &
done
failures=0
for job in $(jobs -p); do
	wait "$job" || failures=$((failures + 1))
done
case_equal "four at once all succeed" "$failures" 0
case_equal "and nothing is lost" "$(attest_ca list --json | jq '[.[].names[] | select(startswith("many-"))] | length')" 20

finish
