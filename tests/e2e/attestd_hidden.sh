# What one process of a daemon's user can get at of another: no memory, no core files.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs pgrep setpriv

# Everything of the service is done by a user who is not root.
service_user=(env)
if [ "$(id -u)" -eq 0 ]; then
	chmod 711 "$scratch"
	service_user=(setpriv --reuid 12345 --regid 12345 --clear-groups --inh-caps=-all)
fi
mkdir "$scratch/programs" "$scratch/work"
cp "$attestd" "$attest_ca_program" "$top_builddir/src/attest-acmed" "$scratch/programs"
chmod 755 "$scratch/programs" "$scratch/programs/"*
[ "$(id -u)" -ne 0 ] || chown 12345:12345 "$scratch/work"
cd "$scratch/work" || exit 99

opens() { # PID FILE: whether another process of its user may open that file of it
	"${service_user[@]}" sh -c 'exec 3<"/proc/$1/$2"' sh "$1" "$2" 2>/dev/null
}
limit() { sed -n 's/^Max core file size *\([^ ]*\) *\([^ ]*\) .*/\1 \2/p' "/proc/$1/limits"; }

# What says no must be the processes' own doing, and no rule of this host.
(ulimit -c unlimited) 2>/dev/null && ulimit -c unlimited # what follows must come to 0 by itself
daemon_start plain "${service_user[@]}" sleep 1000
wait_for 'grep -q "^sleep$" "/proc/${pid[plain]}/comm"'
if ! opens "${pid[plain]}" mem; then
	skip_all "here no process may open the memory of another anyhow"
fi

check "a process that hides nothing may leave a core file" '[ "$(limit "${pid[plain]}")" != "0 0" ]'
cores() { find "$scratch" -name "core*" -o -name "*.core"; }
kill -SEGV "${pid[plain]}"
daemon_stop plain
cores_are_here=$([ -z "$(cores)" ] || echo yes)
rm -f core*

hidden() { # NAME PID
	check "$1: nobody of its user opens its memory" '! opens '"$2"' mem'
	check "$1: nor its environment, with what is secret there" '! opens '"$2"' environ'
	case_equal "$1: no core files" "$(limit "$2")" "0 0"
}

service() { # NAME PROGRAM OPTION…
	local name=$1 program=$2

	shift 2
	daemon_start "$name" "${service_user[@]}" "$scratch/programs/$program" --state-dir "$scratch/work/$name" \
		--listen 127.0.0.1:0 "$@"
	wait_for 'front=$(pgrep -g "${pid['"$name"']}" -f "'"$program"': front"; pgrep -P "${pid['"$name"']}" -f "'"$program"': front")
		keeper=$(pgrep -P "${pid['"$name"']}" -f "'"$program"': keeper")
		[ -n "$front" ] && [ -n "$keeper" ] && grep -q "127\.0\.0\.1:[1-9]" "${log['"$name"']}"'
	front=${front%%$'\n'*}
}

case_ok "a CA of the service" "${service_user[@]}" "$scratch/programs/attest-ca" --state-dir "$scratch/work/ca" init
case_ok "its ACME server" "${service_user[@]}" "$scratch/programs/attest-acmed" --state-dir "$scratch/work/acme" init \
	--attestation-roots "$scratch/work/ca/root.pem" --dns-name localhost
for row in "ca attestd" "acme attest-acmed"; do
	set -- $row
	case_ok "$2 runs" service "$1" "$2"
	hidden "$2 supervisor" "${pid[$1]}"
	hidden "$2 front" "$front"
	hidden "$2 keeper" "$keeper"
	kill -SEGV "$keeper"
	check "$2: a keeper that crashes ends it" 'wait_for "! daemon_runs '"$1"'"'
	daemon_stop "$1"
	if [ -n "$cores_are_here" ]; then
		case_equal "$2: and leaves no core file" "$(cores)" ""
	else
		skip "$2: and leaves no core file" "here they go elsewhere"
	fi
done

# attest-ca, while it waits for a secret and has read a key or will.
mkfifo "$scratch/work/secret"
[ "$(id -u)" -ne 0 ] || chown 12345:12345 "$scratch/work/secret"
daemon_start admin "${service_user[@]}" bash -c "exec '$scratch/programs/attest-ca' --state-dir ca crl --passphrase-fd 3 3<>secret"
check "attest-ca waits" 'wait_for "grep -q ^attest-ca /proc/${pid[admin]}/comm && ! opens ${pid[admin]} mem"'
hidden "attest-ca" "${pid[admin]}"

finish
