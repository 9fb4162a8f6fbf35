# What the tests of both daemons behind a proxy share; sourced after lib.sh.
#
#   relay_start NAME PORT VERSION SOURCE [FROM]  a proxy (relay.py); sets ${relay[NAME]}, its port
#   bare PORT FROM [SECONDS]  sends standard input from the address FROM, without a proxy, and prints
#                             what comes back until the server closes; status 1 when it does not in time

needs python3
declare -A relay=()

relay_start() {
	local name=$1

	shift
	[ -z "${pid[relay-$name]:-}" ] || daemon_stop "relay-$name"
	relay[$name]=
	rm -f "$scratch/relay-$name.log"
	daemon_start "relay-$name" python3 "$top_srcdir/tests/e2e/relay.py" "$@"
	wait_for 'relay_port_read "$name" || ! daemon_runs "relay-$name"'
	[ -n "${relay[$name]}" ] || note "the relay did not start: $(cat "${log[relay-$name]}")"
}

relay_port_read() {
	relay[$1]=$(sed -n '/^[0-9][0-9]*$/{p;q}' "${log[relay-$1]}")
	[ -n "${relay[$1]}" ]
}

bare() {
	python3 -c '
import socket, sys
port, own, seconds = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
server = socket.create_connection(("127.0.0.1", port), source_address=(own, 0))
server.settimeout(seconds)
try:
    server.sendall(sys.stdin.buffer.read())
    while octets := server.recv(65536):
        sys.stdout.buffer.write(octets)
except socket.timeout:
    sys.exit(1)
except ConnectionError:
    pass' "$1" "$2" "${3:-20}"
}
