# What attestd and a service manager tell each other: sockets that are passed, readiness, reloads,
# the watchdog. A small service manager plays systemd.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs python3 pgrep ss

# manager.py PROGRAM ARGUMENT…: passes a socket, collects what it is told into the file
# $NOTIFIED, and starts the program again when it has ended well and $NOTIFIED.again is there, until
# SIGTERM.
cat >"$scratch/manager.py" <<'END'
import os, signal, socket, sys, threading, time

listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(16)
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(os.environ["NOTIFY_SOCKET"])
child = 0

def collect():
    while True:
        text = manager.recv(4096).decode()
        with open(os.environ["NOTIFIED"], "a", encoding="ascii") as file:
            file.write(text.replace("\n", " ") + "\n")

def end(*_):
    os.kill(child, signal.SIGTERM)
    os.waitpid(child, 0)
    os._exit(0)

def start():
    pid = os.fork()
    if pid == 0:
        os.dup2(listener.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", LISTEN_FDNAMES="http")
        os.execv(sys.argv[1], sys.argv[1:])
    return pid

child = start()
signal.signal(signal.SIGTERM, end)
threading.Thread(target=collect, daemon=True).start()
while os.waitpid(child, 0)[1] == 0:
    while not os.path.exists(os.environ["NOTIFIED"] + ".again"):
        time.sleep(0.02)
    child = start()
os._exit(1)
END

told() { grep -c "^$1" "$scratch/notified" 2>/dev/null; }
main_process() { pgrep -P "${pid[attestd]}"; }
start_line() { grep -o 'event=start .*' "${log[attestd]}" | sed -n "$1p"; }

# client.py PORT: asks on one new connection after the other, until SIGTERM; prints how many were
# answered and how many were not.
cat >"$scratch/client.py" <<'END'
import http.client, signal, sys

answered = failed = 0
ended = False

def end(*_):
    global ended
    ended = True

signal.signal(signal.SIGTERM, end)
while not ended:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
        connection.request("GET", "/root.pem")
        if connection.getresponse().status == 200:
            answered += 1
            if answered == 1:
                print("served", flush=True)
        else:
            failed += 1
        connection.close()
    except OSError as error:
        print(error, file=sys.stderr)
        failed += 1
    except http.client.HTTPException as error:
        print(repr(error), file=sys.stderr)
        failed += 1
print(answered, failed)
END

case_ok "init" attest_ca init
cp "$attestd" "$scratch/attestd"
: >"$scratch/notified"
NOTIFY_SOCKET=$scratch/notify NOTIFIED=$scratch/notified WATCHDOG_USEC=6000000 \
	daemon_start attestd python3 "$scratch/manager.py" "$scratch/attestd" --state-dir "$state_dir" \
	--listen 192.0.2.1:1 --workers 2
check "starts with a socket that was passed, and binds none" 'wait_for "[ -n \"\$(start_line 1)\" ]"'
attestd_port=$(start_line 1 | sed -n 's|.*listen=http://127.0.0.1:\([0-9]*\).*|\1|p')
attestd_url=http://127.0.0.1:$attestd_port
check "is ready" 'wait_for "[ \$(told READY=1) -eq 1 ]"'
http GET /root.pem
case_equal "serves there" "$http_status" 200
for i in 1 2 3 4 5 6; do
	http GET /root.pem
	[ "$http_status" = 200 ] || break
done
case_equal "with each worker" "$http_status" 200
check "feeds the watchdog, more than once" 'wait_for "[ \$(told WATCHDOG=1) -ge 3 ]"'

kill -HUP "$(main_process)"
check "tells of a reload, with the time" 'wait_for "grep -q \"^RELOADING=1 MONOTONIC_USEC=[1-9][0-9]*\$\" \"$scratch/notified\""'
check "and of its end" 'wait_for "[ \$(told READY=1) -eq 2 ]"'

# Another binary takes over: who connects before it runs waits in the socket.
cp "$attestd" "$scratch/attestd.new"
mv -f "$scratch/attestd.new" "$scratch/attestd"
front=$(pgrep -P "$(main_process)" -f "attestd: front")
kill -KILL "$front"
check "another front of the binary that was replaced starts" \
	'wait_for "pgrep -P $(main_process) -f \"attestd: front\" | grep -qv \"^$front\$\""'
http GET /root.pem
case_equal "and serves" "$http_status" 200
for i in 1 2 3; do
	begin "client$i" python3 "$scratch/client.py" "$attestd_port"
	check "client $i is served" 'wait_for "grep -q served \"$scratch/client$i.out\""'
done
kill -TERM "$(main_process)"
check "it has ended" 'wait_for "[ -z \"\$(main_process)\" ]"'
(
	wait_for 'ss -Htn "dport = :$attestd_port" | grep -q ESTAB'
	: >"$scratch/notified.again"
) &
http GET /root.pem
case_equal "who connects meanwhile is served" "$http_status" 200
wait $!
check "it was another process" 'wait_for "[ -n \"\$(start_line 2)\" ]"'
check "on the same port" '[[ $(start_line 2) == *":$attestd_port "* ]]'
for i in 1 2 3; do
	kill -TERM "${pid[client$i]}"
	ended "client$i" >"$scratch/answers" 2>"$scratch/client.err"
	answers=$(tail -n 1 "$scratch/answers")
	check "client $i got an answer on every connection: ${answers% *}" '[ "${answers#* }" = 0 ] && [ "${answers% *}" -ge 1 ]'
	[ "${answers#* }" = 0 ] || note "$(cat "$scratch/client.err")"
done
check "the end was told" '[ "$(told STOPPING=1)" -ge 1 ]'

# Who hangs feeds no watchdog, and is killed. Half of the three seconds of patience are over before
# the watchdog starves; a beat may have been on its way.
child() { pgrep -P "$(main_process)" -f "attestd: $1"; }
front=$(child front) keeper=$(child keeper)
kill -STOP "$front"
before=$(told WATCHDOG=1)
check "a front that hangs is killed" 'wait_for "grep -q \"error attestd event=hang child=front reason=\" \"\${log[attestd]}\""'
check "until then it was not said to live" '[ "$(told WATCHDOG=1)" -le $((before + 4)) ]'
check "another one comes" 'wait_for "[ -n \"\$(child front)\" ] && [ \"\$(child front)\" != $front ]"'
http GET /root.pem
case_equal "and serves" "$http_status" 200
case_equal "beside the same keeper" "$(child keeper)" "$keeper"
before=$(told WATCHDOG=1)
check "the watchdog is fed again" 'wait_for "[ \$(told WATCHDOG=1) -gt $((before + 1)) ]"'
kill -STOP "$keeper"
wait "${pid[attestd]}"
case_equal "a keeper that hangs is the end of all" "$?" 1
check "which is said" 'grep -q "error attestd event=hang child=keeper reason=" "${log[attestd]}"'
daemon_stop attestd

finish
