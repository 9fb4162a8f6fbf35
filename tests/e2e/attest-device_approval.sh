# A machine that nobody enrolled asks, waits, is approved and goes on by itself; another is
# denied; and strangers who make EKs in software fill no list.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

# The settings of a machine; its state is in $scratch/NAME.
machine() { # NAME TPM
	cat >"$scratch/$1.conf" <<-END
	attestation_url = "$url"
	attestation_root = "$state_dir/root.pem"
	acme = "$acme_base/acme/directory"
	acme_root = "$acme_dir/root.pem"
	tcti = "${tcti[$2]}"
	state_dir = "$scratch/$1"
	END
}

enroll() { # NAME [OPTION…]
	local name=$1

	shift
	attest_device enroll --config "$scratch/$name.conf" "$@"
}

# Waits in the background, as a daemon of that name.
enroll_start() { # NAME [OPTION…]
	local name=$1

	shift
	daemon_start "$name" "$attest_device_program" enroll --config "$scratch/$name.conf" "$@"
	wait_for "grep -q 'waiting for an administrator' '${log[$name]}' || ! daemon_runs $name"
}

# Waits for its end; sets $status and $out.
enroll_end() { # NAME
	wait_for "! daemon_runs $1" 60
	out=$(cat "${log[$1]}")
	daemon_stop "$1"
}

pending() {
	attest_ca pending --json "$@" | jq -r '.[].ek_hash'
}

if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
	acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1 &&
	acmed_start && swtpm_start one && swtpm_start two; }; then
	note "$(cat "$scratch/init.log")"
	exit 1
fi
url=$attestd_url
listen=127.0.0.1:$attestd_port
machine laptop one
echo 'wish = "desk"' >>"$scratch/laptop.conf"
machine stranger two
hash=$(attest_device --tcti "${tcti[one]}" ek --hash)
other=$(attest_device --tcti "${tcti[two]}" ek --hash)

# ---- usage ----

case_fails "--wait wants a duration" 2 '"soon" is no duration' enroll laptop --wait soon
case_fails "--wait and --no-wait" 2 'exclude each other' enroll laptop --wait 1m --no-wait
case_fails "only enroll waits" 2 'does not take --wait' attest_device attest --attestation-url "$url" --wait 1m
case_ok "nobody waits: pending says so" attest_ca pending
case_equal "… and has nothing to list" "$out" ""
case_equal "… nor in JSON" "$(attest_ca pending --json)" "[]"

# ---- approved ----

case_fails "--no-wait: refused at once, with the command to run" 1 \
	"EK $hash is not enrolled; on the attestation host run: attest-ca --state-dir $state_dir approve $hash --name desk" enroll laptop --no-wait
check "… and not waited" '[[ $err != *waiting* ]]'
enroll_start laptop --json
case_matches "it waits, and says for what" "$(cat "${log[laptop]}")" \
	"run: attest-ca --state-dir $state_dir approve $hash.*waiting for an administrator of $url"
case_ok "pending shows it" attest_ca pending
case_matches "… on one line, and what to run" "$out" \
	"EK HASH .*"$'\n'"$hash  20[0-9T:-]+Z  absent    IBM \\(claimed\\)"$'\n'"  asks for the name \"desk\" \\(its own claim\\)"$'\n\n'"1 machine is waiting\\..*attest-ca --state-dir $state_dir approve ${hash:0:16} --name"
on_terminal "$attest_ca_program" --state-dir "$state_dir" pending
check "… on a terminal within 80 columns" '[[ $out == *"${hash:0:16}  20"* ]] && [ "$widest" -le 80 ]'
case_ok "pending --long shows it" attest_ca pending --long
case_matches "… with what is known, and what to run" "$out" \
	"EK hash +$hash.*TPM +IBM.*certificate +absent.*from 127\\.0\\.0\\.1, .*asks for the name \"desk\" \\(its own claim\\).*attest-ca --state-dir $state_dir approve ${hash:0:16} --name"
case_equal "… and in JSON" \
	"$(attest_ca pending --json | jq -r '.[0] | "\(.ek_hash) \(.peer) \(.ek_certificate.verdict) \(.tpm.vendor) \(.denied)"')" \
	"$hash 127.0.0.1 absent IBM false"
case_equal "… its wish, too" "$(attest_ca pending --json | jq -c '.[0].wish')" '{"name":"desk","taken_by":null,"looks_like":null}'
case_equal "it has no right meanwhile" \
	"$(attest_ca list --json)" "[]"
case_equal "the TPM is free meanwhile" "$(attest_device --tcti "${tcti[one]}" ek --hash)" "$hash"
run attest_device status --config "$scratch/laptop.conf"
case_matches "and so is the state directory" "$out" "$hash"

# The host dies and comes back: the list is there, and the machine has waited.
daemon_stop attestd KILL
check "it says that the host is gone, and waits" \
	'wait_for "grep -q \"still waiting: asking\" ${log[laptop]}" 60'
case_ok "the host is back" attestd_start --listen "$listen"
case_equal "kill -9 has kept the list" "$(pending)" "$hash"
case_fails "approve of what does not wait" 1 'no waiting EK begins with "ffff"' attest_ca approve ffff
case_fails "one name for two" 2 '\-\-name is for one machine' attest_ca approve "$hash" "$other" --name x
case_fails "a name that is none" 1 'name 1' attest_ca approve "$hash" --name a/b
case_equal "what is refused leaves it waiting" "$(pending)" "$hash"
case_ok "approve, by a prefix" attest_ca approve "${hash:0:12}" --name laptop --tag new --note "third floor"
case_matches "… says what it did" "$out" "approved EK $hash.*name: laptop"
enroll_end laptop
case_equal "it goes on by itself" "$status" 0
case_matches "… and says so" "$out" 'approved, going on'
case_equal "… to its certificate" "$(sed -n '/^{/,$p' <<<"$out" | jq -r '"\(.name) \(has("enroll"))"')" "laptop false"
case_ok "… which is genuine" openssl verify -CAfile "$acme_dir/root.pem" \
	-untrusted "$scratch/laptop/device.pem" "$scratch/laptop/device.pem"
case_equal "nobody waits any more" "$(pending)" ""
case_fails "approved twice" 1 "EK $hash is enrolled already" attest_ca approve "$hash"
case_ok "enrolled: enroll does not wait" enroll laptop

# Failures that no approval cures: they are said, and nothing is asked for again.
issued() {
	attest_ca show laptop --json | jq '.certificates | length'
}
before=$(issued)
{ cat "$scratch/laptop.conf"; echo 'name = "desktop"'; } >"$scratch/named.conf"
case_fails "another name than the host gives: the remedy is named" 1 \
	'the attestation host does not give this machine the name "desktop", but "laptop": leave the name out' \
	enroll named --wait 20s
check "… and the host certified it once more at most" '[ "$(issued)" -le $((before + 1)) ]'
sed "s|^acme_root = .*|acme_root = \"$state_dir/root.pem\"|" "$scratch/laptop.conf" >"$scratch/rooted.conf"
case_fails "the wrong root for the ACME server: said at once" 1 'not trusted; name the root.*--acme-root' \
	enroll rooted
sed 's|/acme/directory|/nowhere|' "$scratch/laptop.conf" >"$scratch/lost.conf"
case_fails "the wrong URL of the ACME server: said at once" 1 'nowhere' enroll lost
check "… without waiting for approval" '[[ $err != *"waiting for an administrator"* ]]'
acmed_stop
case_fails "an ACME server that is down: it is tried again, and said" 1 \
	'trying again: asking .*is the server running there' enroll laptop --wait 2s
check "… not taken for a refusal" '[[ $err != *"not enrolled"* && $err != *"waiting for an administrator"* ]]'
acmed_start || exit 1
attest_ca disable laptop >/dev/null
rm "$scratch/laptop/ak-chain.pem"
case_fails "switched off: enroll does not wait" 1 'is disabled' enroll laptop

# ---- denied, in time and interrupted ----

case_fails "--wait ends" 1 "run: attest-ca --state-dir $state_dir approve $other.*\(not approved within 1s\)" enroll stranger --wait 1s
case_fails "--wait ends, in JSON" 1 '"error": "notEnrolled"' enroll stranger --wait 1s --json
enroll_start stranger
daemon_stop stranger INT
case_equal "SIGINT ends it" "$status" 1
case_matches "… cleanly" "$(tail -n 1 "${log[stranger]}")" '^attest-device: interrupted$'
: >"${log[stranger]}"
enroll_start stranger
case_ok "deny" attest_ca deny "$other"
case_equal "… says what it did" "$out" "denied EK $other"
enroll_end stranger
case_equal "a machine that is denied stops" "$status" 1
case_matches "… and says why" "$out" "EK $other is not enrolled: it was denied"
times=$(attest_ca pending --denied --json | jq -r '.[0].times')
case_fails "denied: enroll does not wait" 1 'it was denied' enroll stranger
case_equal "denied: it is not listed" "$(pending)" ""
case_equal "denied: it is listed among those" "$(pending --denied)" "$other"
case_equal "denied: it is not counted" "$(attest_ca pending --denied --json | jq -r '.[0].times')" "$times"
case_ok "denied: it can be approved" attest_ca approve "$other" --name late --json
case_equal "… and is a device" "$(jq -r '.[0].names[0]' <<<"$out")" late
case_ok "… that gets its certificate" enroll stranger
case_equal "all of it is on record" \
	"$(attest_ca audit --json | jq -r '.[].action' | grep -E 'wait|approve|deny' | tr '\n' ' ')" \
	"wait approve wait deny approve "

# ---- wishes, which prove nothing ----

# Asks for a name, from a machine in software; prints its hash.
wish() { # NAME JSON
	mkdir "$scratch/$1"
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/$1" make p256 p256
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/$1" request "$scratch/$1.json"
	jq --argjson wish "$2" '.wishedName = $wish' "$scratch/$1.json" >"$scratch/$1-wish.json"
	http POST /attest "@$scratch/$1-wish.json"
	[ "$(jq -r .enrolment <<<"$http_body")" = waiting ] || note "$http_body"
	software_hash=$("$top_builddir/tests/e2e/software_device" --directory "$scratch/$1" hash)
}

# The wish of the machine that asked last, in JSON.
wished() {
	attest_ca pending --json | jq -c --arg hash "$software_hash" '.[] | select(.ek_hash == $hash) | .wish'
}

wish board '"laptop"'
board=$software_hash
case_ok "the name of another: pending shows it" attest_ca pending
case_matches "… names the device that has it, and the command" "$out" \
	"$board  .*"$'\n'"  asks for the name \"laptop\" \(its own claim\), which EK $hash has; no vendor vouches for this TPM, so compare its EK hash with what attest-device ek says there; if this is that machine with a new mainboard, run:"$'\n'"  attest-ca --state-dir $state_dir replace ${hash:0:16} ${board:0:16}"$'\n'
check "… and lets it in under its own name only" \
	'[[ $out == *"for another device"*"under a name of its own:"*"approve ${board:0:16} --name NAME"* ]]'
case_equal "… in JSON" "$(wished)" \
	"{\"name\":\"laptop\",\"taken_by\":\"$hash\",\"looks_like\":null}"
on_terminal "$attest_ca_program" --state-dir "$state_dir" pending
check "… on a terminal within 80 columns, but for the command with its directory" \
	'[[ $out == *"which EK ${hash:0:16} has;"* ]] && [ "$(grep -vE " (replace|approve|deny) " <<<"$out" | wc -L)" -le 80 ]'
case_fails "approve does not give it away" 1 "name \"laptop\" belongs to device $hash; when this is the EK of its new mainboard" \
	attest_ca approve "$board" --name laptop
wish twin '"LAPTOP"'
case_matches "a name that looks like another's: said" "$(attest_ca pending)" \
	"asks for the name \"LAPTOP\" \(its own claim\), which looks like \"laptop\" of EK $hash"$'\n'
case_equal "… in JSON" "$(wished | jq -c .looks_like)" \
	"{\"name\":\"laptop\",\"ek_hash\":\"$hash\"}"
wish liar '"x\" (verified)\u001b[2J\u202e\n\u0000y"'
case_matches "a wish that would deceive a reader is escaped" "$(attest_ca pending)" \
	'asks for the name "x\\x22 \(verified\)\[2J\\u\{202e\}y" \(its own claim\)'
wish empty '{"no":"name"}'
case_equal "one that is no text is none" "$(wished)" null
attest_ca remove laptop >/dev/null
rm -f "$scratch/laptop/ak-chain.pem"
case_fails "one that was removed asks again" 1 "is not enrolled" enroll laptop --no-wait
case_matches "… and pending says who it was, and what it wants" "$(attest_ca pending)" \
	"  was laptop, removed 20.*"$'\n'"  asks for the name \"desk\" \(its own claim\)"$'\n'
case_ok "the command that pending gives works" attest_ca replace late "${board:0:16}"
attest_ca pending --json | jq -r '.[].ek_hash' | xargs "$attest_ca_program" --state-dir "$state_dir" deny >/dev/null

case_fails "a wish that is no name is refused" 2 'the wish "a/b"' \
	attest_device attest --attestation-url "$url" --wish a/b
case_fails "none sends none, and the host is told no name" 1 "approve $hash\$" \
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/nameless" attest --attestation-url "$url" --wish none

# ---- more than there is room for ----

attestd_stop
echo 'waiting_max = 3' >"$scratch/attestd.conf"
attestd_start --config "$scratch/attestd.conf" || exit 1
for i in 1 2 3 4 5; do
	mkdir "$scratch/soft$i"
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/soft$i" make p256 p256
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/soft$i" request "$scratch/soft$i.json"
	http POST /attest "@$scratch/soft$i.json"
	[ "$(jq -r .enrolment <<<"$http_body")" = waiting ] || note "$http_body"
done
case_equal "the list has its bound" "$(pending | wc -l)" 3
looks='name "Late" looks like "late" of device'
soft=$(pending | head -n 1)
case_fails "approve refuses a name that looks like another's" 1 "$looks" attest_ca approve "$soft" --name Late
case_ok "a machine in software can be approved like any" attest_ca approve "$soft" --name Late --similar-names warn
case_matches "… with a warning" "$err" "^warning: $looks"
echo 'waiting_max = 0' >"$scratch/attestd.conf"
attestd_stop
attestd_start --config "$scratch/attestd.conf" || exit 1
mkdir "$scratch/soft6"
"$top_builddir/tests/e2e/software_device" --directory "$scratch/soft6" make p256 p256
"$top_builddir/tests/e2e/software_device" --directory "$scratch/soft6" request "$scratch/soft6.json"
http POST /attest "@$scratch/soft6.json"
case_matches "without a list: the command to enrol" "$(jq -r '"\(.enrolment) \(.detail)"' <<<"$http_body")" \
	"null EK .* is not enrolled; an administrator can run: attest-ca --state-dir $state_dir enroll"

finish
