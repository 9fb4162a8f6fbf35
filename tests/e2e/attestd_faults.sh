# A disk whose fsync fails, a clock that steps a day, processes that are killed while machines attest,
# and a stop in the midst of that: what was acknowledged is there, what was refused is not, and the
# log says what happened. KILLS=1000 kills that often.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/bad_host.sh"
needs pgrep python3
: "${KILLS:=12}"

attest_ca init >/dev/null || exit 1
for name in one two; do
	mkdir "$scratch/device-$name" "$scratch/$name"
	"$top_builddir/tests/e2e/software_device" --directory "$scratch/device-$name" make p256 p256 || exit 1
	attest_ca enroll "$("$top_builddir/tests/e2e/software_device" --directory "$scratch/device-$name" hash)" \
		--name "$name" >/dev/null || exit 1
done
soft() { "$top_builddir/tests/e2e/software_device" --directory "$device" "$@"; }
device=$scratch/device-one

# attest LIST: asks for a certificate; the serial number of one that was given stands in LIST.
attest() {
	soft request "$scratch/request.json"
	http POST /attest "@$scratch/request.json"
	[ "$http_status" = 200 ] || return
	printf %s "$http_body" >"$scratch/credential.json"
	soft activate "$scratch/credential.json" "$scratch/secret.json" || return
	http POST /secret "@$scratch/secret.json"
	[ "$http_status" = 200 ] || return
	jq -r '.chain[0]' <<<"$http_body" | base64 -d |
		openssl x509 -inform DER -noout -serial | cut -d= -f2 >>"$1"
}
: >"$scratch/given"
known() { store_tamper 'SELECT hex(serial) FROM certificate' | sort; }
count() { store_tamper "SELECT count(*) FROM certificate"; }
# The acknowledged certificates of which the store knows nothing, and those that it has twice.
lost() {
	known >"$scratch/known"
	cat "$@" | sort | comm -23 - "$scratch/known"
	uniq -d "$scratch/known"
}
sound() {
	case_equal "$1: nothing acknowledged is lost" "$(lost "$scratch"/given*)" ""
	case_equal "$1: the store is sound" "$(store_tamper 'PRAGMA integrity_check')" ok
	case_ok "$1: and so is the record" attest_ca audit --verify
}

# ---- a host that fails ----

bad_host_start() {
	on_bad_host attestd_start "$@"
}

bad_host_start || exit 1
check "a machine attests" 'attest "$scratch/given"'
before=$(count)
host 0 1
check "a sync fails: it is refused" '! attest "$scratch/given"'
case_matches "a sync fails: by a failure of ours" "$http_status" '^50[03]$'
check "a sync fails: the log says what and why" \
	'grep -q "error .*event=commit .*the disk fails: see the kernel.s log" "${log[attestd]}"'
case_equal "a sync fails: nothing refused is kept" "$(count)" "$before"
check "it was one: the next is served" 'attest "$scratch/given"'
attestd_stop KILL
bad_host_start || exit 1
case_equal "killed afterwards: what was refused has not come back" "$(count)" $((before + 1))
sound "a sync has failed"

host 0 -1
check "all syncs fail: there is no certificate" '! attest "$scratch/given"'
check "all syncs fail: attestd ends" 'wait_for "! daemon_runs attestd"'
attestd_stop
case_equal "all syncs fail: with status 1" "$status" 1
check "all syncs fail: and the remedy" \
	'grep -q "whether the last change was kept is not known; see the kernel.s log" "${log[attestd]}"'
host 0 0
case_ok "with another disk it starts" bad_host_start
check "and serves" 'attest "$scratch/given"'
sound "all syncs have failed"

# ---- a clock that steps ----

number() {
	curl --silent "$attestd_url/crl" | openssl crl -inform DER -noout -crlnumber | sed 's/.*=0x//'
}
last=$((16#$(number)))
lines=$(wc -l <"${log[attestd]}")
for step in 86400 -86400 0; do
	host "$step" 0
	check "the clock is $step seconds ahead: a machine attests" 'attest "$scratch/given"'
	attest_ca revoke --serial "$(tail -n 1 "$scratch/given")" >/dev/null
	check "the clock is $step seconds ahead: the next CRL has a greater number" \
		'wait_for "now=\$(number) && [ \$((16#\$now)) -gt $last ]"'
	last=$((16#$(number)))
done
case_equal "and nothing has failed meanwhile" "$(tail -n +"$((lines + 1))" "${log[attestd]}" | grep " error ")" ""
sound "the clock has stepped"
attestd_stop
case_equal "attestd ends as ever" "$status" 0

# ---- killed ----

attestd_start || exit 1
port=$attestd_port

# Each in a directory of its own, until there is a file "stop".
attest_on() { # NAME
	local all=$scratch

	scratch=$all/$1 device=$all/device-$1
	until [ -e "$all/stop" ]; do
		attest "$all/given-$1"
	done 2>/dev/null
}
enroll_on() {
	local i

	for ((i = 1; ; i++)); do
		[ ! -e "$scratch/stop" ] || return
		"$attest_ca_program" --state-dir "$state_dir" enroll "$(printf '%064x' "$i")" >/dev/null 2>&1 &&
			printf '%064x\n' "$i" >>"$scratch/enrolled"
	done
}
: >"$scratch/given-one" >"$scratch/enrolled"
: >"$scratch/given-two"
begin_on() {
	(trap - EXIT; "$@") &
	loads+=($!)
}
loads=()
begin_on attest_on one
begin_on attest_on two
begin_on enroll_on

child() { pgrep -P "${pid[attestd]}" -f "attestd: $1"; }
given() { cat "$scratch"/given-* | wc -l; }
restarted=0
# What one needs to know when nobody is served any more.
unserved() {
	local name

	note "round $i: nobody is served; the store has $(count)"
	daemon_explain attestd ":$port"
	for name in one two; do
		note "the last answer that the load $name has seen:" "$(tail -n 20 "$scratch/$name"/http.{err,headers,body} 2>&1)"
	done
	note "the loads: $(pgrep -P $$ -a)"
}
for ((i = 0; i < KILLS; i++)); do
	before=$(given)
	wait_for "[ \"\$(given)\" -gt $before ]" || { unserved; break; }
	# At any moment of what they do.
	read -r -t "0.$(printf '%02d' $((RANDOM % 30)))" _ <> <(:)
	case $((i % 4)) in
	0) kill -KILL $(child front) ;;
	1) kill -KILL $(child keeper) ;;
	2) kill -KILL $(child keeper) $(child front) ;;
	3) kill -KILL "${pid[attestd]}" ;;
	esac 2>/dev/null
	if [ $((i % 4)) -ne 0 ]; then
		wait_for '! daemon_runs attestd'
		attestd_stop
		attestd_start --listen "127.0.0.1:$port" || break
		restarted=$((restarted + 1))
	fi
done
case_equal "killed $KILLS times, and served again each time" "$i" "$KILLS"
note "$(given) certificates and $(wc -l <"$scratch/enrolled") enrolments acknowledged, $restarted restarts"

# ---- stopped in the midst of it ----

before=$(given)
wait_for "[ \"\$(given)\" -gt $before ]"
attestd_stop TERM
case_equal "SIGTERM under load: it ends with status 0" "$status" 0
: >"$scratch/stop"
wait "${loads[@]}" 2>/dev/null
sound "killed and stopped"
attest_ca list --json | jq -r '.[].ek_hash' | sort >"$scratch/listed"
check "no acknowledged enrolment is lost" '[ -z "$(sort "$scratch/enrolled" | comm -23 - "$scratch/listed")" ]'
check "there were some" '[ -s "$scratch/enrolled" ]'

finish
