# What strangers claim and what administrators note, made to mislead whoever reads it: on a
# terminal, in a pipe, in JSON, in a spreadsheet, and back again.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
needs python3 jq

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/soft" "$@"; }
attest_ca init >/dev/null || exit 1
mkdir "$scratch/soft"
attestd_start || exit 1

# ---- texts ----

cat >"$scratch/texts.py" <<'EOF'
import json
texts = [
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1+9)*cmd|' /C calc'!A0", "\t=1", "\r=1", "=HYPERLINK(\"http://x\",\"y\")",
    "\uff1d1+1", " =1+1", "'=1", "''=1", "\"=1\"", "a\",\"b", "a,b;c|d", "\n=1", "a\nb", "a\r\nb", "a\n\n# EK x",
    "\x1b[2J\x1b[31mroot#", "\x1b]0;title\x07", "\x9b31m", "a\x08\x08\x08evil", "\x7f\x00\x01", "a\u0085b\u2028c\u2029d",
    "\u202eevil\u202c", "\u2066a\u2069\u200e\u200f\u061c", "a\u200bb\u200c\u200d\u2060\ufeff", "\U000e0041\U000e0042",
    "\u00ad\u034f\u115f\u1160\u3164\uffa0", "e" + "\u0301" * 120, "\u0628" * 20, "\ufffe\uffff\U0010ffff", "\ud800", "x" * 65000,
    "{\"a\":1}", "\\u202e\\x1b", "$(id >pwned)", "`id`; rm -rf ~ #", "%s%n%x", "../../etc/passwd", "-- --help",
    "\U0001f600" * 60, "m\u00e4c k\u00fcche",
]
# Lines and controls are refused, and what is no text.
def fits_a_note(text):
    import unicodedata
    return len(text) < 1000 and not [c for c in text if unicodedata.category(c) in ("Cc", "Cs")]
# What a terminal would act on, or a reader not see or see elsewhere; for one line of output.
def misleads(line):
    import unicodedata
    return [hex(ord(c)) for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
            or c in "\u034f\u115f\u1160\u3164\uffa0"]
EOF

# ---- the waiting list ----

soft make p256 rsa2048
soft request "$scratch/request.json"
count=$(cd "$scratch" && python3 - <<'EOF'
import base64, json, copy
from texts import texts
request = json.load(open("request.json"))
n = 0
# EKs that differ: the multiples of P-256's generator.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
def add(a, b):
    if a == b:
        slope = 3 * (a[0] ** 2 - 1) * pow(2 * a[1], -1, P) % P
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P) % P
    x = (slope ** 2 - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
point = G
for text in texts:
    for member in ("wishedName", "model", "manufacturer", "firmwareVersion"):
        asked = copy.deepcopy(request)
        if member == "wishedName":
            asked[member] = text
        else:
            asked["tpmInfo"][member] = text
        point = add(point, G)
        spki = SPKI + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")
        asked["ek"] = base64.b64encode(spki).decode()
        asked.pop("ekPublic", None)
        if member == "wishedName":
            asked["tpmInfo"]["model"] = "=1"
        n += 1
        json.dump(asked, open("ask-%d.json" % n, "w"))
        if len(text) > 1000:
            break
print(n)
EOF
)
odd=
for ((i = 1; i <= count; i++)); do
	http POST /attest "@$scratch/ask-$i.json" --interface "127.0.$((i % 200)).$((i / 200 + 1))"
	[[ $http_status == 40[03] || $http_status == 413 ]] || odd+=" $i:$http_status"
done
case_equal "$count requests are refused" "$odd" ""

listed=$(attest_ca pending --json | jq length)
note "$listed wait"
check "most wait" '[ "$listed" -gt $((count * 3 / 4)) ]'
attest_ca pending >"$scratch/pending"
script -qec "stty cols 80; exec $attest_ca_program --state-dir $state_dir pending" /dev/null </dev/null >"$scratch/pending-terminal" 2>&1
attest_ca pending --json >"$scratch/pending.json"
case_equal "pending: nothing that a terminal acts on or a reader does not see" \
	"$(cd "$scratch" && python3 -c '
from texts import misleads
for name in ("pending", "pending-terminal"):
    for line in open(name, encoding="utf-8", errors="surrogateescape", newline="\n"):
        bad = misleads(line.rstrip("\n").rstrip("\r"))
        if bad: print(name, bad[:4], line[:80].encode("unicode_escape"))
' | head -5)" ""
case_equal "pending --json: every entry is an object, in ASCII or UTF-8 without controls" \
	"$(cd "$scratch" && python3 -c '
import json
raw = open("pending.json", "rb").read()
entries = json.loads(raw.decode("utf-8"))
print([b for b in raw if b < 32 and b != 10], len(entries))')" "[] $listed"
case_equal "pending: a line for each, and nothing that looks like one" "$(grep -c '^[0-9a-f]\{64\} ' "$scratch/pending")" "$listed"

# ---- export and import ----

attestd_stop
cat >"$scratch/devices.py" <<'EOF'
import json, sys
from texts import texts, fits_a_note
n = 0
for text in texts:
    n += 1
    if fits_a_note(text) == (sys.argv[1] == "good"):
        print(json.dumps({"ek_hash": "%064x" % n, "name": ["d%d" % n], "note": text}))
EOF
(cd "$scratch" && python3 devices.py bad >bad.jsonl && python3 devices.py good >good.jsonl)
case_fails "notes with lines or controls, or that are no text, are refused" 1 \
	"bad.jsonl has $(grep -c . "$scratch/bad.jsonl") faults; nothing was imported" attest_ca import "$scratch/bad.jsonl"
case_ok "all others are taken" attest_ca import "$scratch/good.jsonl"
check "and there are some" '[ "$(grep -c . "$scratch/good.jsonl")" -ge 20 ]'
case_ok "a name and a tag like a formula, too" attest_ca enroll "$(printf 'c%.0s' {1..64})" --name "+1" --tag "=t" --note "@x"

case_equal "the notes are as they were" \
	"$(attest_ca export --format jsonl | jq -c 'select(.note != "@x") | [.ek_hash, .note]' | sort)" \
	"$(jq -c '[.ek_hash, .note]' "$scratch/good.jsonl" | sort)"
attest_ca export >"$scratch/export.csv"
case_equal "export: no cell begins as a spreadsheet's formula does" \
	"$(cd "$scratch" && python3 -c '
import csv
for row in csv.reader(open("export.csv", encoding="utf-8", newline="")):
    for cell in row:
        if cell.lstrip(" ")[:1] in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"): print(repr(cell))
')" ""
case_equal "export: each device is one row" "$(python3 -c '
import csv, sys
print(len(list(csv.reader(open(sys.argv[1], encoding="utf-8", newline="")))))' "$scratch/export.csv")" \
	$(($(grep -c . "$scratch/good.jsonl") + 2))

# Into another CA, and out again: exactly.
for format in csv jsonl; do
	attest_ca export --format "$format" --output "$scratch/first.$format" >/dev/null
	"$attest_ca_program" --state-dir "$scratch/$format" init >/dev/null
	case_ok "$format: another CA takes the export" "$attest_ca_program" --state-dir "$scratch/$format" import "$scratch/first.$format"
	"$attest_ca_program" --state-dir "$scratch/$format" export --format "$format" --output "$scratch/second.$format" >/dev/null
	case_equal "$format: and gives it as it was" "$(sha256sum <"$scratch/second.$format")" "$(sha256sum <"$scratch/first.$format")"
	case_equal "$format: with the notes as they were" \
		"$("$attest_ca_program" --state-dir "$scratch/$format" export --format jsonl | sha256sum)" \
		"$(attest_ca export --format jsonl | sha256sum)"
done

# ---- what is shown of a device ----

for command in list "show +1" "show d10" audit "list --json" "audit --json" "pending --json"; do
	script -qec "exec $attest_ca_program --state-dir $state_dir $command" /dev/null </dev/null >"$scratch/shown" 2>&1
	check "$command: on a terminal" '[ "$(grep -c . "$scratch/shown")" -gt 5 ]'
	case_equal "$command: nothing that a terminal acts on or a reader does not see" \
		"$(cd "$scratch" && python3 -c '
from texts import misleads
for line in open("shown", encoding="utf-8", errors="surrogateescape", newline="\n"):
    bad = misleads(line.rstrip("\n").rstrip("\r"))
    if bad: print(bad[:4], line[:80].encode("unicode_escape"))
' | head -3)" ""
done

finish
