# Ten thousand connections that say nothing, a thousand that are slow, TLS that never ends, heads that
# are doubtful, and no descriptors left: an honest client is served meanwhile, nothing spins, and
# afterwards everything is as it was. Times are told, not judged.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
needs pgrep python3 ss

# Memory is counted without them alone: they keep more beside what is allocated.
memory() { # NAME CONDITION
	if grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
		skip "$1" "a build with sanitizers"
	else
		check "$@"
	fi
}

ulimit -n "$(ulimit -H -n)"
idle_count=10000
[ "$(ulimit -n)" = unlimited ] || [ "$(ulimit -n)" -gt 12000 ] || idle_count=$(($(ulimit -n) * 3 / 4))
slow_count=1000
[ "$idle_count" -gt "$slow_count" ] || slow_count=$idle_count

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls.key" -out "$scratch/tls.pem" 2>/dev/null
attest_ca init >/dev/null || exit 1
attestd_start --workers 1 --tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key" || exit 1
wait_for 'front=$(pgrep -P "${pid[attestd]}" -f "attestd: front"); [ -n "$front" ]'

overload() { python3 "$lib_directory/overload.py" "$1" "$attestd_port" "$2" "$scratch/tls.pem"; }
rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB.*/\1/p' "/proc/$front/status"; }
ticks() { awk '{ print $14 + $15 }' "/proc/$front/stat"; }
connections() { ss -Htn state established "( sport = :$attestd_port )" | wc -l; }

# honest NAME: a case, with what it took.
honest() {
	local told

	told=$(overload honest 40)
	note "$1: ${told#* }"
	case_equal "$1: an honest client is served" "${told%% *}" 40
}

mkfifo "$scratch/end"
crowd() { # KIND COUNT: returns when all are there
	: >"$scratch/crowd.log"
	overload "$1" "$2" <"$scratch/end" >"$scratch/crowd.log" 2>&1 &
	crowd_pid=$!
	exec 8>"$scratch/end"
	wait_for 'grep -q there "$scratch/crowd.log"' 60 || note "$(cat "$scratch/crowd.log")"
}
crowd_ends() {
	exec 8>&-
	wait "$crowd_pid"
}

honest "alone"
before=$(rss)

crowd idle "$idle_count"
note "$idle_count connections are tried, $(connections) are kept, $(rss) kB; $before kB before"
honest "among $idle_count silent connections"
memory "they take a bounded amount of memory" '[ "$(rss)" -lt $((before + 200000)) ]'
crowd_ends

crowd slow "$slow_count"
honest "among $slow_count slow senders and readers"
crowd_ends

crowd hello "$slow_count"
honest "among $slow_count handshakes that stop"
crowd_ends
case_equal "connections whose client has ended its half are closed" "$(overload half 300)" 300

# A client that asks for one handshake after the other on its connection.
openssl s_client -connect "127.0.0.1:$attestd_port" -CAfile "$scratch/tls.pem" -tls1_2 \
	<"$scratch/end" >"$scratch/again" 2>&1 &
again=$!
exec 8>"$scratch/end"
wait_for 'grep -q "Verify return code" "$scratch/again"'
echo R >&8
check "no second handshake is made on a connection" 'wait_for "grep -q \"no renegotiation\" \"\$scratch/again\""' ||
	note "$(cat "$scratch/again")"
exec 8>&-
wait "$again"
check "and the front is the same process" '[ "$(pgrep -P "${pid[attestd]}" -f "attestd: front")" = "$front" ]'

"$top_builddir/tests/e2e/flood" update "$attestd_port" 127.0.0.3 20 60 >"$scratch/updates" &
flood=$!
wait_for 'grep -qs ready "$scratch/updates"'
honest "among KeyUpdates without an end"
kill "$flood"
wait "$flood" 2>/dev/null

case_equal "garbage is closed" "$(overload garbage 300)" 300
honest "after garbage"

# ---- afterwards ----

check "all connections are gone" 'wait_for "[ \"\$(connections)\" -eq 0 ]" 40'
note "$(rss) kB afterwards"
memory "and the memory is given back" '[ "$(rss)" -lt $((before + 40000)) ]'
check "the front is the same process" '[ "$(pgrep -P "${pid[attestd]}" -f "attestd: front")" = "$front" ]'
attestd_stop
case_equal "attestd ends as ever" "$status" 0

# ---- out of descriptors ----

# With few from the start: to take them from a process that runs may be refused, even to root.
cat >"$scratch/few" <<END
#!/bin/sh
ulimit -n 72
exec '$attestd' "\$@"
END
chmod +x "$scratch/few"
attestd=$scratch/few attestd_start --workers 1 --tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key" || exit 1
wait_for 'front=$(pgrep -P "${pid[attestd]}" -f "attestd: front"); [ -n "$front" ]'
honest "with few descriptors"
crowd idle 200
note "out of descriptors: $(connections) of 200 connections are there"
check "out of descriptors: the log says so" 'wait_for "grep -q \"event=accept .*Too many open files\" \"\${log[attestd]}\""'
spent=$(ticks)
sleep 1 # a time in which nothing is to be done: how much is done is what is measured
spent=$(($(ticks) - spent))
note "out of descriptors: $spent of $(getconf CLK_TCK) ticks of a second"
check "out of descriptors: nothing spins" '[ "$spent" -lt $(($(getconf CLK_TCK) / 2)) ]'
check "out of descriptors: the front lives" 'kill -0 "${pid[attestd]}" && [ -d "/proc/$front" ]'
crowd_ends
honest "with descriptors again"
check "and its connections are gone" 'wait_for "[ \"\$(connections)\" -eq 0 ]" 40'
check "the front is the same process" '[ "$(pgrep -P "${pid[attestd]}" -f "attestd: front")" = "$front" ]'
attestd_stop
case_equal "attestd ends as ever, with few descriptors too" "$status" 0

# ---- heads and framings, without TLS ----

attestd_start --workers 1 || exit 1
told=$(overload shapes 0)
case_matches "doubtful requests are refused, and what is behind them is not read as a request" "$told" '^[0-9]+ shapes$'
attestd_stop
case_equal "and attestd ends as ever" "$status" 0

finish
