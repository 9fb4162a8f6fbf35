# attest-ca set, disable, enable, replace, revoke, list and crl, beside a running
# attestd and without one: what each does to names and certificates, and all the
# ways to keep a certificate, or to get one, after having left.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest_ca init >/dev/null || exit 1
attestd_start || exit 1

# soft NAME COMMAND…: a device in software.
soft() {
	local name=$1

	shift
	mkdir -p "$scratch/$name"
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/$name" "$@"
}

post() { # PATH FILE
	http POST "$1" "@$2"
}

# begin NAME: asks for a credential and opens it; finish_with NAME: hands the secret in.
begin() {
	soft "$1" request "$scratch/$1/request.json" && post /attest "$scratch/$1/request.json"
	[ "$http_status" = 200 ] || return 1
	printf %s "$http_body" >"$scratch/$1/credential.json"
	soft "$1" activate "$scratch/$1/credential.json" "$scratch/$1/secret.json"
}

hand_in() {
	post /secret "$scratch/$1/secret.json"
	[ "$http_status" = 200 ] || return 1
	jq -r '.chain[0]' <<<"$http_body" | base64 -d >"$scratch/$1/ak.crt"
}

# attest NAME: sets serial.
attest() {
	begin "$1" && hand_in "$1" || return 1
	serial=$(openssl x509 -inform DER -in "$scratch/$1/ak.crt" -noout -serial)
	serial=${serial#serial=}
}

# The entries of a CRL, each as SERIAL REASON, in one line.
crl_entries() { # FILE
	openssl crl -inform DER -in "$1" -noout -text |
		awk '/Serial Number:/ { printf "%s%s", sep, $3; sep = " " }
			/Reason Code/ { getline; gsub(/^ +| +$/, ""); gsub(/ /, ""); printf ":%s", $0 }'
}

crl_number() { # FILE
	openssl crl -inform DER -in "$1" -noout -crlnumber | sed 's/.*=0*x*//' | tr a-f A-F |
		{ read -r hex; echo $((16#${hex#0X})); }
}

crl_says() { # FILE SERIAL:REASON
	[[ " $(crl_entries "$1" 2>/dev/null) " == *" $2 "* ]]
}

# served_soon NAME SERIAL:REASON: the CRL that attestd serves says so, and so does the file.
served_soon() {
	wanted=$2
	check "$1" 'wait_for "curl --silent --output $scratch/served.crl $attestd_url/crl &&
		crl_says $scratch/served.crl $wanted && crl_says $state_dir/crl.der $wanted"'
}

states() { # DEVICE: its certificates, oldest first: good or the reason
	attest_ca show "$1" --json | jq -r '[.certificates[] | .reason // "good"] | join(" ")'
}

for name in one two three; do
	soft $name make p256 p256
done
one=$(soft one hash) two=$(soft two hash) three=$(soft three hash)

# ---- tags, names by pattern, when seen ----

case_ok "enroll takes tags" attest_ca enroll "$one" --name laptop --tag berlin --tag staff --note "a note"
attest_ca enroll "$two" --name lab-2 --tag berlin >/dev/null
case_equal "show --json has them, sorted" "$(attest_ca show laptop --json | jq -c '[.tags, .seen]')" \
	'[["berlin","staff"],null]'
case_matches "show has them" "$(attest_ca show laptop)" $'\n''tags      berlin, staff'$'\n'
names() {
	attest_ca list --json "$@" | jq -r '[.[].names[0]] | join(" ")'
}
case_equal "list --tag" "$(names --tag berlin) / $(names --tag staff) / $(names --tag nobody)" \
	"lab-2 laptop / laptop / "
case_equal "list --name" "$(names --name 'la*') / $(names --name 'lab-[0-9]') / $(names --name lab)" \
	"lab-2 laptop / lab-2 / "
check "a device attests" 'attest one'
case_equal "list --unseen has neither what attested nor what was just enrolled" \
	"$(names --unseen 30)/$(names --unseen 12h)" "/"
case_equal "list --never-seen has what was just enrolled" "$(names --never-seen)" "lab-2"
store_tamper "UPDATE device SET seen = seen - 20 * 86400 WHERE seen <> 0"
case_equal "list --unseen, in days and otherwise, has what attested then" \
	"$(names --unseen 30)/$(names --unseen 12)/$(names --unseen 12h)" "/laptop/laptop"
store_tamper "UPDATE device SET seen = seen + 20 * 86400 WHERE seen <> 0"
case_fails "both are a usage error" 2 'contradict each other' attest_ca list --unseen 30 --never-seen
case_matches "list shows when" "$(attest_ca list --tag staff)" "SEEN .*laptop .*$(date -u +%F) .*$(date -u +%F) .*berlin, staff"
case_matches "and says when there is none" "$(attest_ca list --tag nobody 2>&1)" 'no device matches'
case_fails "a bad pattern is refused" 1 'classes such as' attest_ca list --name '[[:alpha:]]'
case_fails "a bad time is a usage error" 2 'unseen: ' attest_ca list --unseen soon
case_fails "a bad tag is refused" 1 'tag "a b": octet 2 is none of' attest_ca enroll "$three" --tag 'a b'
run attest_ca enroll "$three" $(printf -- '--tag t%s ' {1..40})
case_matches "too many tags are refused with the bound" "$err" 'a device has at most 32 tags'

# ---- set ----

case_fails "set needs to know what" 2 'set needs one of' attest_ca set laptop
case_fails "set does not contradict itself" 2 'name and --no-names contradict each other' \
	attest_ca set laptop --name x --no-names
case_fails "set does not take another's name" 1 'name "lab-2" belongs to device' attest_ca set laptop --name lab-2
case_ok "set changes note and tags" attest_ca set laptop --note "" --tag x --json
case_equal "and answers with the device" "$(jq -c '[.names, .tags, .note, .certificates_revoked]' <<<"$out")" \
	'[["laptop"],["x"],"",0]'
attest_ca set laptop --name laptop --name desk >/dev/null
case_equal "a name more revokes nothing" "$(states laptop)" good
first=$serial
check "it attests under both" 'attest one'
case_ok "a name is taken away" attest_ca set laptop --name laptop
case_matches "what carried it is revoked" "$out" '1 AK certificate revoked'
case_equal "and nothing else" "$(states laptop)" "good affiliationChanged"
served_soon "the CRL names it, with the reason" "$serial:AffiliationChanged"
check "and nothing else" '! crl_says "$state_dir/crl.der" "$first"'

# ---- disable, enable, and challenges that were open meanwhile ----

check "a challenge is open" 'begin one'
case_ok "the device is disabled" attest_ca disable laptop --json
case_equal "disable says what was revoked" "$(jq -c '.[0] | [.enabled, .certificates_revoked]' <<<"$out")" '[false,1]'
check "its open challenge certifies nothing" '! hand_in one && [[ $http_body == *deviceDisabled* ]]'
check "and it gets no other" '! begin one && [[ $http_body == *deviceDisabled* ]]'
served_soon "the CRL names its certificate" "$first:PrivilegeWithdrawn"
case_ok "disable of what is disabled is done" attest_ca disable laptop
case_ok "it is enabled" attest_ca enable laptop
case_equal "what was revoked stays so" "$(states laptop)" "privilegeWithdrawn affiliationChanged"
check "a challenge is open" 'begin one'
attest_ca disable laptop >/dev/null
attest_ca enable laptop >/dev/null
check "switched off and on meanwhile, it certifies nothing" '! hand_in one && [ "$http_status" = 503 ]'
check "its secret is spent" '! hand_in one && [[ $http_body == *unknownSecret* ]]'
check "it attests anew" 'attest one && begin one'
attest_ca remove laptop >/dev/null
attest_ca enroll "$one" --name laptop >/dev/null
check "removed and enrolled again, the challenge certifies nothing" '! hand_in one && [ "$http_status" = 503 ]'
served_soon "and the CRL names what it had" "$serial:CessationOfOperation"
case_fails "all of several are disabled, or none" 1 'nothing was disabled: no device is called "nobody"' \
	attest_ca disable laptop nobody
case_equal "none was" "$(attest_ca show laptop --json | jq .enabled)" true

# ---- replace ----

check "it attests, and a challenge is open" 'attest one && begin one'
case_fails "replace by what is enrolled is refused" 1 "EK $two is enrolled already" attest_ca replace laptop "$two"
case_fails "replace by no hash is refused" 1 'is no EK hash, and no waiting EK begins with it' attest_ca replace laptop lab-2
check "the new mainboard waits" '! begin three && [ "$http_status" = 403 ]'
attest_ca set laptop --tag kept --note "kept too" >/dev/null
case_ok "replace" attest_ca replace laptop "$three" --json
case_equal "names, tags and note move" \
	"$(jq -c '[.ek_hash, .names, .tags, .note, .replaces, .certificates_revoked]' <<<"$out")" \
	"[\"$three\",[\"laptop\"],[\"kept\"],\"kept too\",\"$one\",1]"
served_soon "the CRL names the old one's certificate" "$serial:Superseded"
check "the old one's open challenge certifies nothing" '! hand_in one && [[ $http_body == *"just been changed"* ]]'
check "the old one gets nothing" '! begin one && [[ $http_body == *notEnrolled* ]]'
check "the new one attests" 'attest three'
check "under the name" 'openssl x509 -inform DER -in "$scratch/three/ak.crt" -noout -ext subjectAltName |
	grep -q "Permanent Identifier"'
if attest_ca --help | grep -q '^  pending '; then
	case_equal "it does not wait any more" "$(attest_ca pending --json | jq "[.[] | select(.ek_hash == \"$three\")] | length")" 0
fi

# ---- revoke ----

case_fails "revoke needs to know what" 2 'revoke needs a DEVICE or --serial HEX' attest_ca revoke
case_fails "a reason that is none is a usage error" 2 '"boredom" is no reason; there are unspecified' \
	attest_ca revoke laptop --reason boredom
case_fails "a serial number that is none" 1 'is no serial number in hexadecimal' attest_ca revoke --serial xyz
case_fails "a serial number that nobody has" 1 "no AK certificate has the serial number 0abc; \"attest-ca --state-dir $state_dir show DEVICE\" lists" \
	attest_ca revoke --serial abc
colons=$(sed 's/../&:/g; s/:$//' <<<"$serial")
case_ok "revoke by serial number" attest_ca revoke --serial "$colons" --reason keyCompromise --json
case_equal "says how many" "$(jq -c . <<<"$out")" '{"certificates_revoked":1}'
served_soon "the CRL says why" "$serial:KeyCompromise"
check "the device may attest again" 'attest three'
case_fails "all or nothing" 1 'nothing was revoked: no AK certificate' attest_ca revoke laptop --serial abc
case_equal "nothing was" "$(states laptop)" "keyCompromise good"
case_ok "revoke by device" attest_ca revoke laptop --reason superseded
check "… which says nothing of device certificates" '[[ $out != *attest-acmed* ]]'
case_equal "leaves the first reason" "$(states laptop)" "keyCompromise superseded"
case_ok "one that has gone is known by its hash" attest_ca revoke "$one"
case_matches "and had none that was good" "$out" '^0 AK certificates'
case_matches "and the command for device certificates is named" "$out" $'\n'"  attest-acmed revoke --ek $one"'$'
case_ok "two at once" attest_ca revoke "$one" laptop
check "the command for each of them" '[ "$(grep -c "^  attest-acmed revoke --ek " <<<"$out")" -eq 2 ] &&
	[ "$(grep -c "stay good" <<<"$out")" -eq 1 ]'

# ---- crl, with attestd and without ----

served() {
	curl --silent --output "$scratch/served.crl" "$attestd_url/crl" && cmp -s "$scratch/served.crl" "$state_dir/crl.der"
}
served_soon "the CRL is up to date" "$serial:Superseded"
number=$(crl_number "$state_dir/crl.der")
case_ok "crl signs beside attestd" attest_ca crl --json
case_equal "with a greater number" "$(jq .number <<<"$out")" "$(crl_number "$state_dir/crl.der")"
check "indeed" '[ "$(crl_number "$state_dir/crl.der")" -gt "$number" ]'
check "and attestd serves it" 'wait_for served'
cp "$state_dir/crl.der" "$scratch/old.crl"
check "it attests" 'attest three'
attestd_stop
attest_ca disable laptop >/dev/null
check "nobody signs without attestd" 'cmp -s "$state_dir/crl.der" "$scratch/old.crl"'
case_ok "but crl does" attest_ca crl --lifetime 2h
check "with what is revoked" 'crl_says "$state_dir/crl.der" "$serial:PrivilegeWithdrawn"'
case_ok "signed by the CA" openssl crl -inform DER -in "$state_dir/crl.der" -noout -verify -CAfile "$state_dir/issuing.pem"
case_fails "a lifetime out of bounds is a usage error" 2 'must lie between 1h and 1y' attest_ca crl --lifetime 1s
number=$(crl_number "$state_dir/crl.der")
cp "$scratch/old.crl" "$state_dir/crl.der"
check "attestd starts over a CRL from a backup" 'attestd_start'
check "and publishes no older one" 'wait_for served && [ "$(crl_number "$scratch/served.crl")" -gt "$number" ] &&
	crl_says "$scratch/served.crl" "$serial:PrivilegeWithdrawn"'
number=$(crl_number "$state_dir/crl.der")
cp "$scratch/old.crl" "$state_dir/crl.der"
check "nor leaves one that is put there while it runs" 'wait_for "[ \$(crl_number $state_dir/crl.der) -ge $number ]"'
rm "$state_dir/crl.der"
check "nor none" 'wait_for "[ -s $state_dir/crl.der ] && crl_says $state_dir/crl.der $serial:PrivilegeWithdrawn"'

# ---- on record ----

case_equal "all of it is on record" \
	"$(attest_ca audit --json | jq -r '[.[].action] | unique | map(select(. != "certify" and . != "issuing" and . != "wait")) | join(" ")')" \
	"disable enable enroll remove replace revoke set"
case_ok "and the record holds" attest_ca audit --verify

# ---- a store of the version before names were compared by how they look ----

soft upgraded make p256 p256
upgraded=$(soft upgraded hash)
attest_ca enroll "$upgraded" --name upgraded >/dev/null
attestd_stop
store_tamper "ALTER TABLE waiting DROP COLUMN wish; DROP INDEX name_skeleton;
	ALTER TABLE name DROP COLUMN skeleton; ALTER TABLE counter DROP COLUMN skeletons;
	PRAGMA user_version = 5;"
case_ok "attestd starts with it" attestd_start
case_ok "its devices are served" attest upgraded
case_fails "its names are compared" 1 'name "UPGRADED" looks like "upgraded"' attest_ca enroll "$(printf %064d 9)" --name UPGRADED
case_matches "its tables are those of this version" "$(attest_ca check)" 'ok +store +intact, with the right tables'

finish
