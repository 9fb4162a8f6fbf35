# Front, keeper and supervisor: who has what open, and what a death costs.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs pgrep ss

children() { pgrep -P "${pid[attestd]}" -f "attestd: $1"; }
front() { children front; }
keeper() { children keeper; }
open_files() { ls -l "/proc/$1/fd" 2>/dev/null | sed -n 's/.* -> //p'; }

# front_killed: kills the front and waits for another; sets $front.
front_killed() {
	local old=$front

	kill -KILL "$old"
	wait_for 'front=$(front); [ -n "$front" ] && [ "$front" != "'"$old"'" ]'
}

# attestd_start_silent: on a port of its own choice, which nobody learns; waits until it serves.
attestd_start_silent() {
	daemon_start attestd "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 --log-level error
	wait_for '[ -n "$(front)" ] && ss -Hltnp | grep -q "pid=$(front),"'
}

soft() { "$top_builddir/tests/e2e/software_device" --directory "$scratch/device" "$@"; }
post() { http POST "$1" "@$2" --max-time 10; }

case_ok "init" attest_ca init
mkdir "$scratch/device"
case_ok "a device in software" soft make rsa2048 rsa2048
case_ok "enrol" attest_ca enroll "$(soft hash)" --name laptop
case_ok "attestd" attestd_start --workers 2

front=$(front) keeper=$(keeper)
check "three processes" '[ -n "$front" ] && [ -n "$keeper" ] && [ "$front" != "$keeper" ]'
# They are not dumpable, so that /proc shows what they have open to root alone.
root_check() {
	if [ "$(id -u)" -eq 0 ]; then check "$@"; else skip "$1" "not root"; fi
}
root_check "keeper has the store open" 'open_files $keeper | grep -q "^$state_dir/store.db"'
root_check "front has no file of the state open" '! open_files $front | grep -q "^$state_dir"'
root_check "front has no regular file open but its log" \
	'! open_files $front | grep -v "^/dev/null$\|^socket:\|^anon_inode:\|^pipe:\|^${log[attestd]}$\|^/dev/urandom$"'
root_check "front maps no file of the state" '! grep -q "$state_dir" /proc/$front/maps'
root_check "front does not know where the state is" \
	'! cat /proc/$front/cmdline /proc/$front/environ | grep -qa "$state_dir"'
supervisor=${pid[attestd]}
for role in front keeper supervisor; do
	if sandboxed attestd; then
		check "$role filters its system calls" 'grep -q "^Seccomp:[[:space:]]*2" /proc/${!role}/status'
		check "$role gains no privileges" 'grep -q "^NoNewPrivs:[[:space:]]*1" /proc/${!role}/status'
	else
		skip "$role filters its system calls" "no whole sandbox in this build or kernel"
	fi
done
ignored() { echo $((0x$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$1/status") >> ($2 - 1) & 1)); }
case_equal "the front ignores SIGHUP and SIGINT, which a terminal sends to all" \
	"$(ignored "$front" 1) $(ignored "$front" 2)" "1 1"
capabilities() { sed -n "s/^Cap$2:[[:space:]]*//p" "/proc/$1/status"; }
if sandboxed attestd; then
	root_check "front and keeper are different users" \
		'[ "$(ps -o uid= -p $front)" -eq "$(id -u nobody)" ] && [ "$(ps -o uid= -p $keeper)" -eq 0 ]'
	for set in Inh Prm Eff Bnd Amb; do
		root_check "supervisor has at most what the other two start with: $set" \
			'[ "$((16#$(capabilities "$supervisor" $set) & ~0x10041ef))" -eq 0 ]'
		root_check "front has no capabilities: $set" '[ "$((16#$(capabilities "$front" $set)))" -eq 0 ]'
		root_check "keeper has at most those for files and locked memory: $set" \
			'[ "$((16#$(capabilities "$keeper" $set) & ~0x400b))" -eq 0 ]'
	done
else
	skip "front has no capabilities" "no whole sandbox in this build or kernel"
fi
# Where its limit allows it, all that it has touched is locked, and nothing of the front.
locked() { sed -n 's/^VmLck:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"; }
# A capability that a container's root seems to have may be worth nothing: a process like the keeper tries.
can_lock() {
	prlimit --memlock=unlimited: true 2>/dev/null ||
		python3 -c 'import ctypes, mmap; assert ctypes.CDLL(None).mlockall(7) == 0; mmap.mmap(-1, 1 << 30)' 2>/dev/null
}
if sandboxed attestd && can_lock; then
	check "the keeper's memory is locked" '[ "$(locked $keeper)" -gt 1000 ]'
	check "the front's is not" '[ "$(locked $front)" -eq 0 ]'
else
	skip "the keeper's memory is locked" "this user cannot lock so much"
fi
root_check "keeper listens nowhere" '! ss -Hltnp | grep -q "pid=$keeper,"'

# An open challenge outlives the front that gave it.
case_ok "a request" soft request "$scratch/request.json"
post /attest "$scratch/request.json"
case_equal "challenge" "$http_status" 200
printf %s "$http_body" >"$scratch/credential.json"
case_ok "activate" soft activate "$scratch/credential.json" "$scratch/secret.json"
check "a killed front is replaced" front_killed
check "by the same supervisor, beside the same keeper" '[ "$(keeper)" = "$keeper" ]'
post /secret "$scratch/secret.json"
case_equal "the challenge is still open" "$http_status" 200
check "the log says how it died" 'grep -q "front.*signal\|signal.*front\|KILL" "${log[attestd]}"'

# Again and again.
for i in 1 2 3; do
	front_killed
done
http GET /root.pem
case_equal "serves after three more deaths" "$http_status" 200
root_check "the keeper has no channels left over" \
	'wait_for "[ \"$(open_files "$keeper" | grep -c socket:)\" -le 6 ]"'

# Without its keeper nothing goes on.
kill -KILL "$keeper"
wait "${pid[attestd]}"
case_equal "a dead keeper ends all, exit 1" "$?" 1
check "the front is gone too" 'wait_for "[ -z \"$(front)\" ]"'
attestd_stop

# What was acknowledged is on disk: the certificate of above is on record.
case_ok "show" attest_ca show laptop --json
case_equal "one certificate is on record" "$(jq '.certificates | length' <<<"$out")" 1

# Nobody outlives a supervisor that is killed.
case_ok "attestd again" attestd_start
front=$(front) keeper=$(keeper)
kill -KILL "${pid[attestd]}"
check "front and keeper end with the supervisor" \
	'wait_for "! kill -0 $front 2>/dev/null && ! kill -0 $keeper 2>/dev/null"'
attestd_stop

# In flight at SIGTERM: answered, then exit 0.
case_ok "attestd once more" attestd_start
soft request "$scratch/request.json"
post /attest "$scratch/request.json"
printf %s "$http_body" >"$scratch/credential.json"
soft activate "$scratch/credential.json" "$scratch/secret.json"
size=$(stat -c %s "$scratch/secret.json")
# The server has begun to work on it when it asks for the body.
{
	printf 'POST /secret HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n' "$size"
	wait_for '[ -e "$scratch/go" ]'
	cat "$scratch/secret.json"
	wait_for 'grep -q "^HTTP/1.1 200" "$scratch/answer"'
} | nc -N 127.0.0.1 "$attestd_port" >"$scratch/answer" &
client=$!
front=$(front)
wait_for 'grep -q "^HTTP/1.1 100" "$scratch/answer"'
kill -TERM "${pid[attestd]}"
touch "$scratch/go"
wait "$client"
case_matches "what was in flight is answered" "$(cat "$scratch/answer")" $'\nHTTP/1.1 200 '
wait "${pid[attestd]}"
case_equal "and then exit 0" "$?" 0
unset "pid[attestd]"

# A plain stop, by each signal that a service manager or a terminal sends.
for signal in TERM INT; do
	: >"${log[attestd]}"
	case_ok "attestd, to be stopped by SIG$signal" attestd_start
	attestd_stop "$signal"
	case_equal "ends, exit 0" "$status" 0
	case_equal "one line says that, and why" \
		"$(grep -c "^[^ ]* info attestd event=stop reason=SIG$signal\$" "${log[attestd]}") $(grep -c event=stop "${log[attestd]}")" "1 1"
	case_equal "and nothing else is news" "$(grep -v 'event=start\|event=stop\|event=trust\|event=sandbox\|event=memory' "${log[attestd]}")" ""
done
: >"${log[attestd]}"
case_ok "attestd that logs errors only" attestd_start_silent
daemon_stop attestd
case_equal "stops without a word" "$(cat "${log[attestd]}")" ""

finish
