# What the daemons do on a kernel without seccomp, or without Landlock: a filter plays such a kernel.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"

needs pgrep

old_kernel=$top_builddir/tests/e2e/old_kernel
grep -q '^#define WITH_SECCOMP 1' "$top_builddir/config.h" || skip_all "this build has no seccomp"
"$old_kernel" seccomp /bin/true 2>/dev/null || skip_all "the kernel, or the container, has no seccomp"

role() { pgrep -P "${pid[attestd]}" -f "attestd: $1"; }
said() { grep -c "warning attestd event=sandbox reason=.*$1" "${log[attestd]}"; }
status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"; }

# old_start WHAT OPTION…: attestd on such a kernel, with a log of its own.
old_start() {
	: >"$scratch/attestd.log"
	daemon_start attestd "$old_kernel" "$1" "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0 "${@:2}"
	wait_for "attestd_port_read 0 || ! daemon_runs attestd"
	attestd_url=http://127.0.0.1:$attestd_port
	[ -n "$attestd_port" ]
}

serves() {
	http GET /root.pem
	case_equal "$1: it serves" "$http_status" 200
}

case_ok "init" attest_ca init
printf 'sandbox = "available"\n' >"$scratch/available.conf"
printf 'sandbox = "off"\n' >"$scratch/off.conf"

# ---- no seccomp ----

case_fails "without seccomp attestd does not start, and says how it would" 1 \
	'has no seccomp, so that system calls cannot be filtered; mend that, or write sandbox = "available" into' \
	timeout 20 "$old_kernel" seccomp "$attestd" --state-dir "$state_dir" --listen 127.0.0.1:0
case_ok "init of attest-acmed" acmed init --dns-name localhost --attestation-roots "$state_dir/root.pem"
case_fails "nor does attest-acmed" 1 'has no seccomp, so that system calls cannot be filtered' \
	timeout 20 "$old_kernel" seccomp "$acmed_program" --state-dir "$acme_dir" --listen 127.0.0.1:0
case_ok "with what is available it starts" old_start seccomp --config "$scratch/available.conf"
serves "without seccomp"
case_equal "and says once what is missing" "$(said 'has no seccomp: system calls are not filtered')" 1
if [ "$(id -u)" -eq 0 ]; then
	case_equal "the front has no capabilities all the same" "$(status_of "$(role front)" CapBnd | tr -d 0)" ""
else
	skip "the front has no capabilities all the same" "not root"
fi
attestd_stop
case_equal "it ends in order" "$status" 0
case_ok "with the sandbox off it starts" old_start seccomp --config "$scratch/off.conf"
serves "without a sandbox"
case_equal "and says that nothing contains it" "$(said 'the setting sandbox is off')" 1
attestd_stop

# ---- no Landlock ----

case_ok "without Landlock it starts" old_start landlock
serves "without Landlock"
case_equal "and says once what is missing" "$(said 'has no Landlock')" 1
case_equal "and nothing of seccomp" "$(said 'has no seccomp')" 0
for name in front keeper; do
	if [ -n "$(status_of self Seccomp_filters)" ]; then
		case_equal "the $name filters its calls, beside the supervisor's and the one that plays the kernel" \
			"$(status_of "$(role $name)" Seccomp_filters)" "$(($(status_of self Seccomp_filters) + 3))"
	else
		skip "the $name filters its calls" "the kernel does not count filters"
	fi
done
case_ok "enrol" attest_ca enroll "$(printf %064x 1)" --name laptop
case_ok "revoke" attest_ca remove laptop
attestd_stop
case_equal "it ends in order" "$status" 0

finish
