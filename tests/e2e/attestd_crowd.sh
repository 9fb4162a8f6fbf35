# What one address cannot do with connections: keep others out, or fill the memory.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs python3 pgrep

# In a build with sanitizers freed memory would be kept for a while, and count here.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1:thread_local_quarantine_size_kb=16
export ASAN_OPTIONS

case_ok "init" attest_ca init
case_ok "attestd with one worker" attestd_start --workers 1
wait_for 'front=$(pgrep -P "${pid[attestd]}" -f "attestd: front"); [ -n "$front" ]'
rss() { sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB.*/\1/p' "/proc/$front/status"; }
check "the front is found" '[ -n "$(rss)" ]'
ulimit -n "$(ulimit -H -n)"

# crowd COUNT OCTETS: connections from 127.0.0.1, each with so much of a request that does not
# end; they stay open until standard input ends.
cat >"$scratch/crowd.py" <<'END'
import socket, sys
port, count, octets = (int(a) for a in sys.argv[1:4])
head = b"POST /attest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 65000\r\n\r\n"
sockets = []
for _ in range(count):
    s = socket.create_connection(("127.0.0.1", port))
    try:
        if octets:
            s.sendall(head + b"x" * octets)
    except OSError:
        pass
    sockets.append(s)
print("there", flush=True)
sys.stdin.read()
END

mkfifo "$scratch/end"
crowd() { # COUNT OCTETS: returns when all are there
	: >"$scratch/crowd.log"
	python3 "$scratch/crowd.py" "$attestd_port" "$1" "$2" <"$scratch/end" >"$scratch/crowd.log" &
	crowd_pid=$!
	exec 8>"$scratch/end"
	wait_for 'grep -q there "$scratch/crowd.log"'
}
crowd_ends() {
	exec 8>&-
	wait "$crowd_pid"
}

before=$(rss)
crowd 4090 60000
after=$(rss)
note "front: $before kB before, $after kB with 4090 requests of 60 kB that do not end"
check "4,090 half-sent requests take a bounded amount of memory" '[ $((after - before)) -lt 81920 ]'
http GET /root.pem "" --interface 127.0.0.2
case_equal "and another address is answered" "$http_status" 200
crowd_ends

# More than there may be, opened as fast as one process can, and none of them says anything.
crowd 4500 0
for _ in 1 2 3 4 5; do
	http GET /root.pem "" --interface 127.0.0.2
	case_equal "4,500 silent connections keep no other address out" "$http_status" 200
done
crowd_ends

finish
