# attest-ca import and export: what is exported is imported again as it was, faults are named by
# line and change nothing, and whatever ends an import, all of it is there or none.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest_ca init >/dev/null || exit 1

hash_of() { # NUMBER
	printf '%s' "$1" | sha256sum | cut -c 1-64
}

a=$(hash_of a) b=$(hash_of b) c=$(hash_of c) d=$(hash_of d)

# Another state directory, with what this one exports.
exported() { # DIRECTORY FORMAT
	"$attest_ca_program" --state-dir "$1" export --format "$2"
}

# ---- formats ----

cat >"$scratch/fleet.csv" <<END
name,ek_hash,tags,note,enabled
"laptop 7, berlin
caf$(printf '\303\251')",$a,berlin x/y=1,"said ""hello"", left",
,sha256:${b^^},,,false
=1+1,$c,,-2,true
END
case_ok "import takes a CSV file" attest_ca import "$scratch/fleet.csv"
case_equal "import says how many" "$out" "imported 3 devices from $scratch/fleet.csv"
case_equal "a name, a note, tags and the state are there" \
	"$(attest_ca show "laptop 7, berlin" --json | jq -c '[.ek_hash, .names, .note, .enabled]')" \
	"[\"$a\",[\"laptop 7, berlin\",\"café\"],\"said \\\"hello\\\", left\",true]"
case_equal "the disabled one is disabled" "$(attest_ca show "$b" --json | jq .enabled)" false
cat >"$scratch/wanted.csv" <<END
ek_hash,name,note,tags,enabled
$c,'=1+1,'-2,,true
$a,"laptop 7, berlin
café","said ""hello"", left",berlin x/y=1,true
$b,,,,false
END
attest_ca export >"$scratch/export.csv"
case_ok "export writes all as it stands" cmp "$scratch/export.csv" "$scratch/wanted.csv"
check "export --output - writes to standard output" \
	'attest_ca export --output - | cmp -s - <(attest_ca export) && [ ! -e ./- ]'
case_ok "export --output writes the same" attest_ca export --output "$scratch/export2.csv"
case_equal "export says how many" "$out" "wrote 3 devices to $scratch/export2.csv"
case_ok "and it is the same" cmp "$scratch/export2.csv" "$scratch/wanted.csv"
case_equal "export --json --output answers in JSON" \
	"$(attest_ca export --json --output "$scratch/export2.csv" | jq -c .)" \
	"{\"devices\":3,\"removed\":0,\"file\":\"$scratch/export2.csv\"}"
case_fails "export into a full disk is a failure" 1 'writing the answer failed' \
	bash -c "'$attest_ca_program' --state-dir '$state_dir' export >/dev/full"
case_equal "export takes list's filters" \
	"$(attest_ca export --format jsonl --tag berlin --name 'lap*' --never-seen | jq -r .ek_hash)" "$a"
mkfifo "$scratch/pipe"
cat "$scratch/pipe" >"$scratch/from-pipe.csv" &
case_ok "export --output into a pipe writes to it" attest_ca export --output "$scratch/pipe"
wait $!
check "and leaves it there" '[ -p "$scratch/pipe" ] && cmp "$scratch/from-pipe.csv" "$scratch/wanted.csv"'
ln -s export2.csv "$scratch/link"
printf old >"$scratch/export2.csv"
attest_ca export --output "$scratch/link" >"$scratch/said"
check "export --output through a symbolic link leaves the link" \
	'[ -L "$scratch/link" ] && cmp "$scratch/export2.csv" "$scratch/wanted.csv"'
cp "$state_dir/root.pem" "$scratch/root.pem"
case_fails "export --output never replaces a file of the CA" 1 'would be in the state directory' \
	attest_ca export --output "$state_dir/root.pem"
check "and did not" 'cmp "$state_dir/root.pem" "$scratch/root.pem"'
case_fails "export --output of a full disk is a failure" 1 'writing /dev/full' attest_ca export --output /dev/full
case_fails "export where nobody can write is a failure" 1 "creating $scratch/nowhere/x" \
	attest_ca export --output "$scratch/nowhere/x"
case_fails "export --json to standard output is a usage error" 2 'give --format jsonl' attest_ca export --json

for format in csv jsonl; do
	for before in csv jsonl; do
		other=$scratch/$format-$before
		"$attest_ca_program" --state-dir "$other" init >/dev/null
		exported "$state_dir" $before >"$scratch/first.$before"
		"$attest_ca_program" --state-dir "$other" import - --format $before \
			<"$scratch/first.$before" >/dev/null
		exported "$other" $format >"$scratch/second.$format"
		exported "$state_dir" $format >"$scratch/first.$format"
		case_ok "export, import of $before, export of $format: the same" \
			cmp "$scratch/first.$format" "$scratch/second.$format"
	done
done
"$attest_ca_program" --state-dir "$scratch/bom" init >/dev/null
printf '\357\273\277ek_hash\r\n%s\r\n' "$a" >"$scratch/bom.csv"
case_equal "byte order mark and CRLF are taken, and --json says so" \
	"$("$attest_ca_program" --state-dir "$scratch/bom" import "$scratch/bom.csv" --json | jq -c .)" \
	'{"imported":true,"devices":1,"removed":0}'
printf 'ek_hash\n' >"$scratch/none.csv"
case_ok "import of no device is done at once" attest_ca import "$scratch/none.csv"

# ---- usage ----

cp "$scratch/fleet.csv" "$scratch/fleet"
case_fails "a name that says nothing needs --format" 2 'give --format csv or --format jsonl' \
	attest_ca import "$scratch/fleet"
case_fails "standard input needs --format" 2 'give --format csv or --format jsonl' attest_ca import -
case_fails "there are two formats" 2 'there is no format "xml", but csv and jsonl' \
	attest_ca import "$scratch/fleet" --format xml
case_fails "export has the same two" 2 'there is no format "xml", but csv and jsonl' attest_ca export --format xml
case_fails "import of an absent file fails" 1 "opening $scratch/absent.csv" attest_ca import "$scratch/absent.csv"
case_fails "import of a directory fails" 1 'reading' attest_ca import "$scratch" --format csv
case_fails "import needs a file" 2 'import needs an argument' attest_ca import

# ---- faults ----

before=$(attest_ca list --json)
cat >"$scratch/faults.csv" <<END
ek_hash,name,note,tags
$d,good,,
$d,twice,,
nonsense,x,,
$a,enrolled already,,
$(hash_of 1),café,,
$(hash_of 2),good,,
$(hash_of 3),a/b,,
$(hash_of 4),$b,,
$(hash_of 5),,,a;b
$(hash_of 6),x"y,,
$(hash_of 7),one cell less,
$(hash_of 8),$(printf '\377'),,
$(hash_of 9),,$(printf 'tab\there'),
END
case_fails "a file with faults is refused" 1 "attest-ca: $scratch/faults.csv has 12 faults; nothing was imported" \
	attest_ca import "$scratch/faults.csv"
case_equal "the first ten are named, by line" "$(sed -n 's/^line \([0-9]*\): .*/\1/p' <<<"$err" | tr '\n' ' ')" \
	"3 4 5 6 7 8 9 10 11 12 "
case_matches "and the others are counted" "$err" $'\n'"and 2 more"$'\n'
while IFS='|' read -r line why; do
	case_matches "line $line: $why" "$err" "line $line: $why"
done <<END
3|EK $d is on line 2 already
5|EK $a is enrolled already
6|name "café" belongs to device $a
7|name "good" is on line 2 already
8|name 1: an identifier cannot hold a "/"
9|name "$b" is the hash of another EK
10|tag "a;b": octet 2 is none of
11|a quote inside a cell that does not begin with one
12|3 cells, the header has 4
END
case_equal "nothing was imported" "$(attest_ca list --json)" "$before"
run attest_ca import "$scratch/faults.csv" --json
case_equal "--json has them too" "$(jq -c '[.imported, .fault_count, (.faults | length), .faults[0].line]' <<<"$out")" \
	"[false,12,10,3]"
sed 2q "$scratch/faults.csv" >"$scratch/good.csv"
case_ok "--dry-run checks" attest_ca import --dry-run "$scratch/good.csv"
case_equal "--dry-run says what it found" "$out" "nothing is wrong with 1 device of $scratch/good.csv"
case_fails "--dry-run finds faults too" 1 'has 12 faults' attest_ca import --dry-run "$scratch/faults.csv"
case_equal "--dry-run changes nothing" "$(attest_ca list --json)" "$before"
printf 'ek_hash\tname\n' >"$scratch/tabs.csv"
case_fails "a header that is none is line 1" 1 'line 1: there is no column "ek_hash' attest_ca import "$scratch/tabs.csv"

# ---- a CA that moves knows who was removed ----

attest_ca enroll "$d" --name gone --name "gone, too" >/dev/null
e=$(hash_of e)
attest_ca remove "$d" >/dev/null
attest_ca enroll "$e" --name old >/dev/null
attest_ca replace old "$(hash_of f)" >/dev/null
case_equal "export says how many were removed" "$(attest_ca export --output "$scratch/moved.csv" | sed 's/.* and/and/')" \
	"and 2 removed EKs to $scratch/moved.csv"
case_matches "it names them behind the devices" "$(cat "$scratch/moved.csv")" \
	"^ek_hash,name,note,tags,enabled,removed,removed_by,removed_reason"$'\n'".*$d,\"gone"$'\n'"gone, too\",,,,20[0-9T:-]+Z,uid $(id -u)[^,]*,removed"
case_equal "a selection has none of them" "$(attest_ca export --format jsonl --name old | grep -c removed)" 0
for format in csv jsonl; do
	moved=$scratch/moved-$format
	attest_ca export --format "$format" >"$scratch/moved.$format"
	"$attest_ca_program" --state-dir "$moved" init >/dev/null
	case_ok "$format: import takes them" "$attest_ca_program" --state-dir "$moved" import "$scratch/moved.$format"
	case_matches "$format: … and says how many" "$out" '^imported [0-9]+ devices and 2 removed EKs from '
	case_ok "$format: it is the same inventory then" cmp "$scratch/moved.$format" <(exported "$moved" "$format")
	case_matches "$format: the act is on record" "$("$attest_ca_program" --state-dir "$moved" audit --json | jq -r '.[].detail')" \
		'devices and 2 removed EKs from '
done
case_equal "JSON lines have them as objects" \
	"$(jq -c --arg hash "$e" 'select(.ek_hash == $hash) | [.name, .removed_reason]' "$scratch/moved.jsonl")" \
	"[[\"old\"],\"replaced by $(hash_of f)\"]"
attest_ca export --format jsonl | grep '"removed"' >"$scratch/removed.jsonl"
case_ok "tombstones alone can be imported again" attest_ca import "$scratch/removed.jsonl"
attest_ca enroll "$d" >/dev/null
case_fails "but not of one that is enrolled" 1 "EK $d is enrolled already" attest_ca import "$scratch/removed.jsonl"
before=$(attest_ca list --json)
printf 'ek_hash,name\n%s,café\n' "$e" >"$scratch/board.csv"
case_fails "a name of another EK: the command for a new mainboard is named" 1 \
	"line 2: name \"café\" belongs to device $a; when this is the EK of its new mainboard, run \"attest-ca --state-dir $state_dir replace $a $e\"" \
	attest_ca import "$scratch/board.csv"
case_equal "and nothing was imported" "$(attest_ca list --json)" "$before"

# ---- a text that is no UTF-8, as only another program writes it ----

store_tamper "UPDATE device SET note = CAST(x'41ff' AS TEXT) WHERE ek_hash = x'$a'"
case_equal "list --json shows it" "$(attest_ca list --json | jq -r --arg hash "$a" '.[] | select(.ek_hash == $hash).note')" 'A\xff'
case_fails "JSON lines cannot hold it" 1 "EK $a: a name, tag or text of it is not UTF-8" \
	attest_ca export --format jsonl --output "$scratch/bad.jsonl"
check "and there is no file that lacks it" '[ ! -e "$scratch/bad.jsonl" ]'
case_fails "nor is it left out of standard output in silence" 1 'is not UTF-8' attest_ca export --format jsonl

finish
