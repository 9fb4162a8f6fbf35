# The harness of the end-to-end tests; a script begins with:
#
#   set -u
#   . "${BASH_SOURCE%/*}/lib.sh"
#
# and ends with `finish`. It prints TAP, works in a directory of its own
# ($scratch), and stops what it started and removes the directory however it
# ends. Run by `make check`, or by hand from the build directory or with
# top_builddir set. Nothing here has a fixed port, and nothing waits for a time:
# wait_for waits for the thing itself.
#
# Cases:
#   case_ok NAME COMMAND…               the command succeeds
#   case_fails NAME STATUS REGEX COMMAND…  it exits with STATUS and says REGEX (stdout and stderr)
#   case_equal NAME GOT WANTED          two strings are the same
#   case_matches NAME TEXT REGEX        the text matches (bash's extended regex)
#   check NAME 'CONDITION'              the bash condition, a string, holds
#   skip NAME REASON                    the case cannot run here
#   skip_all REASON                     none can: ends the script
#   note TEXT…                          a line for the reader
#   finish                              prints the plan and ends the script
#
# Tools:
#   run COMMAND…                        sets $status, $out and $err
#   begin NAME COMMAND…                 starts a command that takes its time, beside the script
#   ended NAME                          waits for it, and prints and returns what it did; for case_fails and run
#   on_terminal PROGRAM [ARGUMENT…]     the same on a terminal of 80 columns; sets $widest, of $out's lines
#   needs TOOL…                         fails the whole script where one is missing
#   pause SECONDS                       sleeps
#   wait_for 'CONDITION' [SECONDS]      polls the bash condition; 1 after the deadline (20 s)
#   http METHOD URL|/PATH [BODY|@FILE|""] [CURL OPTION…]
#                                       sets $http_status, $http_reason, $http_headers, $http_body
#   swtpm_start NAME [KIND]             sets ${tcti[NAME]}, ${tcti_cmd[NAME]}, ${tpm_socket[NAME]};
#                                       KIND: plain (no NV certificates, the default), rsa2048 or
#                                       rsa3072 (certificates for that EK and the P-384 one, by a
#                                       CA in $swtpm_ca), or signing (the same as rsa2048, but EKs that
#                                       sign and are not restricted). Started again, NAME has its old state.
#   swtpm_stop NAME [SIGNAL]
#   daemon_start NAME COMMAND…          sets ${pid[NAME]} and ${log[NAME]}
#   daemon_stop NAME [SIGNAL]           sets $status
#   daemon_reload NAME                  sends SIGHUP and waits for the answer in the log; sets $reloaded,
#                                       the lines of it
#   daemon_explain NAME TEXT            notes what its processes wait for, the sockets in whose line TEXT is, and
#                                       the end of its log: for a wait that ran out
#   sandboxed NAME                      whether the running daemon has all of its sandbox: not so in a
#                                       build, kernel or container without, or when told to do without
#   attestd_start [OPTION…]             on 127.0.0.1 and $state_dir; sets $attestd_url, $attestd_port,
#                                       ${pid[attestd]}, ${log[attestd]}
#   attestd_stop [SIGNAL]               sets $status
#   attest_ca, attest_device            the programs of the build tree; attest_ca works on $state_dir
#   rsa4096_take FILE                   puts an RSA key of 4096 bits there
#   store_tamper SQL [FILE]             runs SQL on a store behind its back and prints what it gives;
#                                       FILE is $state_dir/store.db by default

LC_ALL=C
export LC_ALL
lib_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${top_srcdir:=$(cd "$lib_directory/../.." && pwd)}"
if [ -z "${top_builddir:-}" ]; then
	if [ -x "$PWD/config.status" ]; then top_builddir=$PWD; else top_builddir=$top_srcdir; fi
fi

attestd=$top_builddir/src/attestd
attest_ca_program=$top_builddir/src/attest-ca
attest_device_program=$top_builddir/src/attest-device

# Short, because a UNIX socket's path has at most 107 octets.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/attest.XXXXXX") || exit 99
HOME=$scratch/home
export HOME
mkdir "$HOME"
never=$scratch/.never # nobody writes to it
mkfifo "$never"
unset XDG_STATE_HOME XDG_CONFIG_HOME TPM2TOOLS_TCTI TPM2OPENSSL_TCTI TCTI
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

state_dir=$scratch/ca
declare -A pid=() log=() tcti=() tcti_cmd=() tpm_socket=()
case_count=0
case_failures=0
finished=no
status=0 out= err=
http_status= http_reason= http_headers= http_body=
attestd_url= attestd_port=
swtpm_ca=$scratch/swtpm-ca

# ---- how it ends ----

lib_cleanup() {
	local code=$? name

	trap - EXIT HUP INT TERM
	for name in "${!pid[@]}"; do
		kill -TERM -- "-${pid[$name]}" 2>/dev/null
	done
	for name in "${!pid[@]}"; do
		wait_for "! kill -0 -- -${pid[$name]} 2>/dev/null" 6 ||
			kill -KILL -- "-${pid[$name]}" 2>/dev/null
	done
	if [ "$finished" = no ]; then
		echo "Bail out! ${0##*/} ended before its last case (status $code)"
		[ "$code" -ne 0 ] || code=99
	fi
	if [ -n "${KEEP_SCRATCH:-}" ]; then
		echo "# kept $scratch"
	else
		rm -rf "$scratch"
	fi
	exit "$code"
}
trap lib_cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

finish() {
	echo "1..$case_count"
	finished=yes
	[ "$case_failures" -eq 0 ]
	exit
}

skip_all() {
	echo "1..0 # SKIP $*"
	finished=yes
	exit 0
}

# A check that uses a tool which is not there could pass for that reason.
needs() {
	local tool missing=

	for tool; do
		command -v "$tool" >/dev/null || missing+=" $tool"
	done
	[ -z "$missing" ] || lacks "not installed:$missing"
}

# lacks WHAT: fails the whole script, since something that it takes is not there.
lacks() {
	echo "Bail out! $*; contrib/packages lists what the tests take"
	finished=yes
	exit 99
}

# ---- cases ----

note() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

case_report() { # ok|"not ok" NAME
	case_count=$((case_count + 1))
	[ "$1" = ok ] || case_failures=$((case_failures + 1))
	printf '%s %d - %s\n' "$1" "$case_count" "$2"
}

skip() {
	case_report ok "$1 # SKIP $2"
}

case_equal() {
	if [ "$2" = "$3" ]; then
		case_report ok "$1"
	else
		case_report "not ok" "$1"
		note "got:    $2"
		note "wanted: $3"
		return 1
	fi
}

case_matches() {
	if [[ $2 =~ $3 ]]; then
		case_report ok "$1"
	else
		case_report "not ok" "$1"
		note "got:              $2"
		note "wanted, as regex: $3"
		return 1
	fi
}

check() {
	if eval "$2"; then
		case_report ok "$1"
	else
		case_report "not ok" "$1"
		note "does not hold: $2"
		return 1
	fi
}

case_ok() {
	local name=$1

	shift
	run "$@"
	if [ "$status" -eq 0 ]; then
		case_report ok "$name"
	else
		case_report "not ok" "$name"
		case_explain "$@"
		return 1
	fi
}

case_fails() {
	local name=$1 wanted=$2 regex=$3

	shift 3
	run "$@"
	if [ "$status" -eq "$wanted" ] && [[ $out$'\n'$err =~ $regex ]]; then
		case_report ok "$name"
	else
		case_report "not ok" "$name"
		note "wanted: status $wanted and, as regex: $regex"
		case_explain "$@"
		return 1
	fi
}

case_explain() {
	note "command: $*"
	note "status:  $status"
	[ -z "$out" ] || note "stdout:  $out"
	[ -z "$err" ] || note "stderr:  $err"
}

# ---- tools ----

needs curl jq nc od openssl script setsid sqlite3 stty swtpm swtpm_setup timeout tpm2_readpublic

run() {
	"$@" >"$scratch/run.out" 2>"$scratch/run.err" </dev/null
	status=$?
	{ # bash leaves zeros out, and says so
		out=$(<"$scratch/run.out")
		err=$(<"$scratch/run.err")
	} 2>/dev/null
	return 0
}

# The JSON tool, which takes long to start: what is asked most is answered without it.
if [ -x "$top_builddir/tests/e2e/quick_jq" ]; then
	jq() { "$top_builddir/tests/e2e/quick_jq" "$@"; }
fi

# openssl x509 reads all CAs of the system, whatever it is asked, which takes ten times as long as that.
openssl() {
	if [ "${1:-}" = x509 ]; then
		SSL_CERT_FILE=/dev/null command openssl "$@"
	else
		command openssl "$@"
	fi
}

begin() { # in a process group of its own, so that it ends with the script
	local name=$1

	shift
	set -m
	"$@" >"$scratch/$name.out" 2>"$scratch/$name.err" </dev/null &
	pid[$name]=$!
	set +m
}

ended() {
	local code

	wait "${pid[$1]}"
	code=$?
	unset "pid[$1]"
	cat "$scratch/$1.out"
	cat "$scratch/$1.err" >&2
	return "$code"
}

on_terminal() {
	run script -qec "stty cols 80; $(printf '%q ' "$@")" /dev/null
	out=$(sed -e 's/\r*$//' -e 's/.*\r//' <<<"$out") # without what was written over: progress
	# How long the path of TMPDIR is says nothing about the program.
	widest=$(wc -L <<<"${out//"$scratch"//tmp/attest.XXXXXX}")
}

# sleep, without a process.
pause() { # SECONDS
	local nothing

	read -rt "$1" nothing <>"$never"
	return 0
}

wait_for() {
	local deadline=$((SECONDS + ${2:-20}))

	until eval "$1"; do
		[ "$SECONDS" -lt "$deadline" ] || return 1
		pause 0.02 # a poll of the thing, not a delay that something relies on
	done
}

http() {
	local method=$1 url=$2 body=${3:-} last=$'(.*\n)?HTTP/[0-9.]* [0-9]* *([^\n]*)'
	local -a options=(--silent --show-error --max-time 30 --request "$method"
		--dump-header "$scratch/http.headers" --output "$scratch/http.body")

	shift 2
	[ $# -eq 0 ] || shift
	[[ $url == *://* ]] || url=$attestd_url$url
	[ "$method" != HEAD ] || options+=(--head)
	[ -z "$body" ] || options+=(--header 'Content-Type: application/json' --data-binary "$body")
	: >"$scratch/http.body"
	: >"$scratch/http.headers"
	http_status=$(curl "${options[@]}" --write-out '%{http_code}' "$@" "$url" 2>"$scratch/http.err")
	{
		http_headers=$(<"$scratch/http.headers")
		http_body=$(<"$scratch/http.body")
	} 2>/dev/null
	http_headers=${http_headers//$'\r'/}
	while [[ $http_headers == *$'\n' ]]; do http_headers=${http_headers%$'\n'}; done
	# An interim answer (100 Continue) has a status line too: the last one counts.
	http_reason=
	[[ ! $http_headers =~ ^$last ]] || http_reason=${BASH_REMATCH[2]}
}

# Each daemon leads a process group, so that its children end with it.
daemon_start() {
	local name=$1

	shift
	log[$name]=$scratch/$name.log
	: >>"${log[$name]}" # there is something to wait in
	setsid "$@" >>"${log[$name]}" 2>&1 </dev/null &
	pid[$name]=$!
}

daemon_stop() {
	local name=$1

	[ -n "${pid[$name]:-}" ] || return 0
	kill -"${2:-TERM}" "${pid[$name]}" 2>/dev/null
	if ! wait_for "! daemon_runs '$name'"; then
		note "$name does not end, and is killed"
		kill -KILL -- "-${pid[$name]}" 2>/dev/null
	fi
	wait "${pid[$name]}" 2>/dev/null
	status=$?
	kill -KILL -- "-${pid[$name]}" 2>/dev/null
	# A child that is killed has its port and its locks for a moment more.
	wait_for "daemon_gone '${pid[$name]}'" || note "processes of $name do not end"
	unset "pid[$name]"
}

# No thread of its session is left but those that are dead, which not every container's first process reaps.
# Front and keeper have groups of their own; of a process that is dead a thread may still have its files open.
daemon_gone() { # SESSION
	! ps -L -s "$1" -o state= | grep -q '^[^Z]'
}

daemon_reload() {
	local fd lines answered

	exec {fd}<"${log[$1]}"
	mapfile -t lines <&"$fd" # what was said before
	reloaded=
	kill -HUP "${pid[$1]}"
	wait_for "reload_read $fd"
	answered=$?
	exec {fd}<&-
	return "$answered"
}

# Appends to $reloaded what the log has said of a reload since it was read last; 1 until the last line of it
# is there, which comes after the one that names what waits for a restart.
reload_read() { # DESCRIPTOR
	local line lines

	mapfile -t lines <&"$1"
	for line in "${lines[@]}"; do
		[[ $line != *event=reload* ]] || reloaded+=${reloaded:+$'\n'}$line
	done
	[[ $reloaded =~ event=reload(-failed|\ issuer=) ]]
}

daemon_runs() {
	kill -0 "${pid[$1]}" 2>/dev/null
}

daemon_explain() {
	local process call comm state

	for process in $(pgrep -g "${pid[$1]}"); do
		{
			read -r call </proc/"$process"/syscall
			comm=$(tr '\0' ' ' </proc/"$process"/cmdline)
			state=$(sed -n 's/^State:\t//p' /proc/"$process"/status)
		} 2>/dev/null
		note "process $process: $comm: $state, $(ls /proc/"$process"/task 2>/dev/null | wc -l) threads," \
			"$(ls /proc/"$process"/fd 2>/dev/null | wc -l) descriptors, system call ${call:-unknown}," \
			"waits in $(cat /proc/"$process"/wchan 2>/dev/null)"
		note "$(cat /proc/"$process"/stack 2>/dev/null)"
	done
	note "sockets: $(ss -Htnpm state all 2>/dev/null | grep -F "$2" | head -n 20)"
	note "the end of its log:"
	note "$(tail -n 20 "${log[$1]}")"
}

attest_ca() {
	"$attest_ca_program" --state-dir "$state_dir" "$@"
}

attest_device() {
	"$attest_device_program" "$@"
}

# An RSA key of 4096 bits takes seconds to make: there is one for all runs of a build.
rsa4096_take() { # FILE
	local kept=${FORGE_KEYS:-$scratch}/e2e-rsa4096.pem

	if [ ! -e "$kept" ]; then
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out "$kept.$$" 2>/dev/null && mv "$kept.$$" "$kept"
	fi
	cp "$kept" "$1"
}

# The one place that knows what a store is kept in.
store_tamper() { # SQL [FILE]
	sqlite3 -cmd '.timeout 10000' "${2:-$state_dir/store.db}" "$1"
}

sandboxed() {
	grep -q '^#define WITH_SECCOMP 1' "$top_builddir/config.h" && ! grep -q 'event=sandbox' "${log[$1]}"
}

attestd_start() {
	local before=0 line

	[ ! -f "$scratch/attestd.log" ] || before=$(wc -l <"$scratch/attestd.log")
	daemon_start attestd "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 "$@"
	wait_for "attestd_port_read $before || ! daemon_runs attestd"
	if [ -z "$attestd_port" ]; then
		note "attestd did not start:"
		note "$(tail -n "+$((before + 1))" "${log[attestd]}")"
		return 1
	fi
	attestd_url=http://127.0.0.1:$attestd_port
	for line; do
		[[ $line != --tls-cert* ]] || attestd_url=https://127.0.0.1:$attestd_port
	done
}

# The start line names the address with the port that the kernel chose.
attestd_port_read() { # LINES BEFORE
	local line lines

	attestd_port=
	mapfile -t -s "$1" lines <"${log[attestd]}"
	for line in "${lines[@]}"; do
		[[ $line =~ .*[^0-9.]127\.0\.0\.1:([0-9]+) ]] || continue
		attestd_port=${BASH_REMATCH[1]}
		break
	done
	[ -n "$attestd_port" ] && [ "$attestd_port" -ne 0 ]
}

attestd_stop() {
	daemon_stop attestd "$@"
	attestd_port=
}

# ---- TPMs ----

swtpm_start() {
	local name=$1 kind=${2:-plain} directory=$scratch/tpm-$1

	tpm_socket[$name]=$directory/s
	tcti[$name]=swtpm:path=$directory/s
	tcti_cmd[$name]="cmd:nc -U $directory/s"
	if [ ! -d "$directory" ]; then
		mkdir -p "$directory/state"
		swtpm_manufacture "$kind" "$directory" || return 1
	fi
	rm -f "$directory/s" "$directory/s.ctrl"
	daemon_start "tpm-$name" swtpm socket --tpm2 --tpmstate "dir=$directory/state" \
		--server "type=unixio,path=$directory/s" --ctrl "type=unixio,path=$directory/s.ctrl" \
		--flags startup-clear,not-need-init
	if ! wait_for "[ -S '$directory/s' ] && [ -S '$directory/s.ctrl' ] || ! daemon_runs 'tpm-$name'" ||
		! daemon_runs "tpm-$name"; then
		note "swtpm did not start: $(cat "${log[tpm-$name]}")"
		return 1
	fi
}

swtpm_stop() {
	daemon_stop "tpm-$1" "${2:-TERM}"
}

# A TPM of kind plain makes its seeds when it starts for the first time.
swtpm_manufacture() {
	local kind=$1 directory=$2
	local -a size=()

	case $kind in
	plain) return 0 ;;
	rsa2048) ;;
	rsa3072) size=(--rsa-keysize 3072) ;;
	signing) size=(--allow-signing) ;;
	*) note "swtpm_start: no kind $kind"; return 1 ;;
	esac
	[ -d "$swtpm_ca" ] || swtpm_ca_take
	cat >"$swtpm_ca/localca.conf" <<-END
	statedir = $swtpm_ca
	signingkey = $swtpm_ca/signkey.pem
	issuercert = $swtpm_ca/issuercert.pem
	certserial = $swtpm_ca/certserial
	END
	printf '%s\n' '--platform-manufacturer Test' '--platform-version 1' '--platform-model swtpm' \
		>"$swtpm_ca/localca.options"
	printf '%s\n' 'create_certs_tool = swtpm_localca' \
		"create_certs_tool_config = $swtpm_ca/localca.conf" \
		"create_certs_tool_options = $swtpm_ca/localca.options" \
		'active_pcr_banks = sha256' >"$swtpm_ca/setup.conf"
	swtpm_setup --tpm2 --tpmstate "$directory/state" --config "$swtpm_ca/setup.conf" \
		--createek --create-ek-cert "${size[@]}" --overwrite \
		--runas "$(id -un)" --logfile "$directory/setup.log" >/dev/null 2>&1 ||
		{ note "swtpm_setup: $(cat "$directory/setup.log")"; return 1; }
	swtpm_ca_keep
}

# swtpm_localca makes two RSA keys for its CA; every script has a copy of those that the first one made.
swtpm_ca_take() {
	local kept=${FORGE_KEYS:-}/swtpm-ca

	mkdir "$swtpm_ca"
	[ ! -d "$kept" ] || cp "$kept"/* "$swtpm_ca/"
}
swtpm_ca_keep() {
	local kept=${FORGE_KEYS:-}/swtpm-ca own

	[ -n "${FORGE_KEYS:-}" ] && [ ! -d "$kept" ] || return 0
	own=$(mktemp -d "$kept.XXXXXX") && cp "$swtpm_ca"/*.pem "$swtpm_ca"/certserial "$own/" &&
		mv -nT "$own" "$kept" 2>/dev/null
	rm -rf "$own"
}

# The commands of a program as its --help lists them, one to a line.
command_list() {
	"$1" --help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z ]\{17\}\).*/\1/p'
}
