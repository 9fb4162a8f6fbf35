# Clients that vanish: their network is gone, so that neither an octet nor an end of theirs comes, and
# nothing that the server sends is acknowledged. Whatever the connection was about to do, the server
# closes it in a bounded time, while the network is still away.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
needs ip pgrep python3 ss unshare

# The script begins again in a network of its own, which may go down.
if [ -z "${VANISH_NAMESPACE:-}" ]; then
	namespace=(unshare --net)
	[ "$(id -u)" -eq 0 ] || namespace=(unshare --user --map-current-user --keep-caps --net)
	"${namespace[@]}" ip link set lo up 2>"$scratch/unshare.err" ||
		skip_all "no network can be made here: $(head -n 1 "$scratch/unshare.err")"
	rm -rf "$scratch"
	VANISH_NAMESPACE=yes exec "${namespace[@]}" bash "$0"
fi
ip link set lo up
# What is not acknowledged fills a small buffer, and the server must wait; a larger one takes more answers.
echo "4096 16384 16384" 2>/dev/null >/proc/sys/net/ipv4/tcp_wmem ||
	note "the buffers of this network cannot be made small"

each=8
certificates=2000
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls.key" -out "$scratch/tls.pem" 2>/dev/null
# The one user that a namespace is sure to have.
printf 'front_user = "root"\nrequest_timeout = 4s\nidle_timeout = 4s\n' >"$scratch/vanish.conf"
attest_ca init >/dev/null && attest_ca enroll "$(printf %064x 1)" --name laptop >/dev/null || exit 1
store_tamper "
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $certificates)
	INSERT INTO certificate (serial, ek_hash, ak_name, not_before, not_after, revoked, revision)
	SELECT CAST(printf('s%06d', i) AS BLOB), ek_hash, x'000b', 1, 4000000000, 1000000000, revision
		FROM n, device" || exit 1
attestd_start --config "$scratch/vanish.conf" --workers 1 --tls-cert "$scratch/tls.pem" --tls-key "$scratch/tls.key" ||
	exit 1
attest_ca crl >/dev/null # which names them all
kill -HUP "${pid[attestd]}"
wait_for '[ "$(curl --silent --cacert "$scratch/tls.pem" "$attestd_url/crl" | wc -c)" -gt 50000 ]'

overload() { python3 "$lib_directory/overload.py" "$1" "$attestd_port" "$2" "$scratch/tls.pem"; }
sockets() { ss -Htn state "$1" "( sport = :$attestd_port )" | wc -l; }

honest() { # NAME
	local told

	told=$(overload honest 20)
	case_equal "$1" "${told%% *}" 20
}

honest "an honest client is served"
check "and nothing is left of it" 'wait_for "[ \"\$(sockets established)\" -eq 0 ]"'

mkfifo "$scratch/end"
overload vanish $each <"$scratch/end" >"$scratch/crowd.log" 2>&1 &
crowd=$!
exec 8>"$scratch/end"
wait_for 'grep -q there "$scratch/crowd.log"' 60
case_equal "clients of every kind are there" "$(cat "$scratch/crowd.log")" "there"
case_equal "each with its connection" "$(sockets established)" $((6 * each))
check "answers wait to be read" \
	'[ "$(ss -Htn state established "( sport = :$attestd_port )" | awk "\$2 > 0" | wc -l)" -ge $each ]'

ip link set lo down
disown "$crowd" # whose end bash would tell
kill -KILL "$crowd"
exec 8>&-
begun=$SECONDS
check "the server closes them all, though nothing comes of them any more" \
	'wait_for "[ \"\$(sockets established)\" -eq 0 ]" 40'
note "after $((SECONDS - begun)) s, with a request_timeout and an idle_timeout of 4 s"
check "nor is one left that only they had closed" '[ "$(sockets close-wait)" -eq 0 ]'
check "and it lives" 'daemon_runs attestd'
ip link set lo up
honest "with its network again it serves as before"
attestd_stop
case_equal "and ends as ever" "$status" 0

finish
