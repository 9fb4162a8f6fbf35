#!/usr/bin/env bash
# README's way from "make install" to both services, command by command as it is written there, in
# a directory of its own. No service manager runs here: what it would do with the units and lists
# that were installed is done by functions of its commands' names, from what these files say.

set -u
. "${BASH_SOURCE%/*}/lib.sh"

needs setpriv make

[ "$(id -u)" -eq 0 ] || skip_all "not root, who alone can be other users"

root=$scratch/root
declare -A user_id=([root]=0)
chmod 711 "$scratch" # the services' users pass through

awk -v out="$scratch/commands" '
	/^## / { inside = $0 == "## As services" }
	inside && /^    / { print substr($0, 5) >out }
' "$top_srcdir/README.md"
check "README has the commands" '[ "$(grep -c ^sudo "$scratch/commands")" -ge 8 ]'

# unit_value UNIT KEY: what an installed unit says.
unit_value() { sed -n "s/^$2=//p" "$root/usr/local/lib/systemd/system/$1.service"; }

# here TEXT: with the directories of the system below ours.
here() { sed "s,/usr/local/,$root&,g; s,/var/lib/,$root&,g; s,/run/attest,$root&,g" <<<"$1"; }

# sysusers.d(5): a number for each user.
systemd-sysusers() {
	local kind name number=61234

	while read -r kind name _; do
		[ "$kind" != u ] || user_id[$name]=$((number++))
	done <"$1"
	[ "${#user_id[@]}" -gt 1 ]
}

# tmpfiles.d(5): directories with their owners.
systemd-tmpfiles() {
	local kind path mode user group

	[ "$1" = --create ] || return 1
	while read -r kind path mode user group; do
		[ "$kind" = d ] || continue
		mkdir -p "$(dirname "$root$path")" &&
			install -d -m "$mode" -o "${user_id[$user]}" -g "${user_id[$group]}" "$root$path" || return 1
	done <"$2"
}

# calls_of GROUP: the system calls of a group of systemd's.
calls_of() {
	local name

	for name in $(systemd-analyze syscall-filter "$1" | sed '1d; s/#.*//'); do
		case $name in @*) calls_of "$name" ;; *) echo "$name" ;; esac
	done
}

# unit_calls UNIT: the system calls that its SystemCallFilter lines let through.
unit_calls() {
	local line word names allowed=$(calls_of @default)

	while read -r line; do
		for word in ${line#\~}; do
			case $word in @*) names=$(calls_of "$word") ;; *) names=$word ;; esac
			case $line in
			\~*) allowed=$(grep -vxF "$names" <<<"$allowed") ;;
			*) allowed+=$'\n'$names ;;
			esac
		done
	done <<<"$(unit_value "$1" SystemCallFilter)"
	sort -u <<<"$allowed" | xargs
}

# Where systemd can say which calls a unit has, and the kernel can filter; sanitizers take more calls.
only_calls=$top_builddir/tests/e2e/only_calls
with_filter=no
if command -v systemd-analyze >/dev/null && ! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
	"$only_calls" "$(calls_of @system-service | xargs) execve" /bin/true && with_filter=yes
fi

# by_unit UNIT: sets $by, before a command that is run as the unit's user, with no privileges and the system
# calls of the unit.
by_unit() {
	local user=${user_id[$(unit_value "$1" User)]}

	by=(setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all)
	[ "$with_filter" = no ] || by+=("$only_calls" "$(unit_calls "$1")")
}

# systemctl(1): runs a unit's command, and waits until it is ready.
systemctl() {
	local unit=${*: -1} command

	[ "$1" = enable ] || return 0
	read -ra command <<<"$(here "$(unit_value "$unit" ExecStart)")"
	by_unit "$unit"
	daemon_start "$unit" "${by[@]}" "${command[@]}" --listen 127.0.0.1:0
	wait_for "grep -q event=start '${log[$unit]}' || ! daemon_runs $unit" && daemon_runs "$unit"
}

sudo() {
	case $1 in
	make) make -s -C "$top_builddir" install DESTDIR="$root" prefix=/usr/local sysconfdir=/usr/local/etc \
		bindir=/usr/local/bin sbindir=/usr/local/sbin ;;
	attest-*) (umask 022; PATH=$root/usr/local/bin:$root/usr/local/sbin "$1" --state-dir "$root/var/lib/$1" "${@:2}") ;;
	*) "$@" ;;
	esac
}

# configure PROGRAM STATE: as an administrator does, with the system's directories below ours.
configure() {
	local conf=$root/usr/local/etc/$1.conf text

	text=$(printf '# kept\nstate_dir = "/var/lib/attest-%s"\n%s\n' "$2" "$(cat "$conf")")
	here "$text" >"$conf"
}

run_line() {
	eval "$(here "$1")"
}

while read -r line; do
	run_line "$line" >"$scratch/out" 2>&1 </dev/null
	case_equal "$line" "$?" 0 || note "$(cat "$scratch/out")"
	if [[ $line == *"make install"* ]]; then
		case_equal "the samples are in place" "$(cd "$root/usr/local/etc" && echo *)" "attest-acmed.conf attestd.conf"
		check "and say that they are" '! grep -L "a sample" "$root"/usr/local/etc/*.conf | grep .'
		configure attestd ca
		configure attest-acmed acmed
	fi
done <"$scratch/commands"

case_ok "install again" sudo make install
case_equal "overwrites no configuration" "$(grep -l '^# kept' "$root"/usr/local/etc/*.conf | wc -l)" 2

for unit in attestd attest-acmed; do
	user=$(unit_value "$unit" User)
	for process in "${pid[$unit]}" $(ps -o pid= --ppid "${pid[$unit]}"); do
		case_equal "$unit runs as $user" "$(ps -o uid= -p "$process" | tr -d ' ')" "${user_id[$user]}"
	done
done
for name in ca acmed; do
	case_equal "the state of attest-$name is its user's, and nobody else's" \
		"$(stat -c '%u %a' "$root/var/lib/attest-$name")" "${user_id[attest-$name]} 700"
	case_equal "with all that is in it" \
		"$(find "$root/var/lib/attest-$name" ! -uid "${user_id[attest-$name]}")" ""
done
case_equal "what attestd publishes may be read by all" \
	"$(stat -c %a "$root/run/attest-ca" "$root"/run/attest-ca/{crl.der,crl.pem,root.pem} | tr '\n' ' ')" "755 644 644 644 "
case_ok "its root is the CA's" cmp "$root/run/attest-ca/root.pem" "$root/var/lib/attest-ca/root.pem"
check "attest-acmed reads its CRL, and complains of none" \
	'! grep -v "event=sandbox\|event=memory" "${log[attest-acmed]}" | grep -q "warning\|error"'

# Who is revoked at the one is on the list of the other.
before=$(cksum <"$root/run/attest-ca/crl.pem")
sudo attest-ca enroll "$(printf 7%.0s {1..64})" --name one >/dev/null
sudo attest-ca crl >/dev/null
check "a new CRL is published" 'wait_for "[ \"\$(cksum <$root/run/attest-ca/crl.pem)\" != \"$before\" ]"'
check "and attest-acmed reads it" 'wait_for "grep -q event=attestation-roots \"\${log[attest-acmed]}\""'

# ---- what the units allow ----

if [ "$with_filter" = no ]; then
	skip "the services ran with the system calls of their units alone" "no systemd-analyze, no libseccomp, no seccomp, or a build with sanitizers"
else
	for unit in attestd attest-acmed; do
		check "$unit ran with the system calls of its unit, and chroot(2) is none of them" \
			'"$only_calls" "$(unit_calls $unit)" /bin/true && ! "$only_calls" "$(unit_calls $unit)" "$(command -v chroot)" / /bin/true 2>/dev/null'
	done
fi
if command -v systemd-analyze >/dev/null; then
	for unit in attestd attest-acmed attest-device-enroll attest-device-renew attest-device-p11@; do
		exposure=$(systemd-analyze security --offline=true --no-pager \
			"$root/usr/local/lib/systemd/system/$unit.service" 2>/dev/null |
			sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
		most=1.2
		[[ $unit != *device* ]] || most=3.0
		check "$unit is exposed by $exposure, at most $most" '[ "${exposure/./}" -le "${most/./}" ]'
		# Of programs and manual pages that are not installed it says so.
		case_equal "systemd finds no fault in $unit" "$(systemd-analyze verify --man=no \
			"$root/usr/local/lib/systemd/system/$unit.service" 2>&1 |
			grep "^$unit.service\|/$unit.service:" | grep -v 'is not executable: No such file')" ""
	done
else
	skip "what the units are exposed by" "no systemd-analyze"
fi
if command -v systemd-analyze >/dev/null; then
	for unit in attestd.socket attest-acmed.socket attest-device-p11.socket attest-device-renew.timer; do
		case_equal "systemd finds no fault in $unit" "$(systemd-analyze verify --man=no \
			"$root/usr/local/lib/systemd/system/$unit" 2>&1 | grep "$unit")" ""
	done
fi
# Without these calls a unit's filter would keep it out of its own sandbox.
for unit in attestd attest-acmed; do
	case_matches "$unit may enter its sandbox" "$(unit_value "$unit" SystemCallFilter | xargs)" \
		' seccomp .*landlock_create_ruleset .*landlock_add_rule .*landlock_restrict_self'
done
for unit in attest-device-enroll attest-device-renew attest-device-p11@; do
	case_equal "$unit has the TPM and no other device" \
		"$(unit_value "$unit" DevicePolicy) $(unit_value "$unit" DeviceAllow)" "closed /dev/tpmrm0 rw"
done


# ---- reloaded and stopped, as the units say ----

# A minimal Debian has no /bin/kill: the shell's own is used.
for unit in attestd attest-acmed; do
	command=$(unit_value "$unit" ExecReload)
	case_equal "$unit is reloaded by what every system has" "${command%% *}" /bin/sh
	by_unit "$unit"
	case_ok "… as its user, with the calls of its unit" "${by[@]}" "$(command -v env)" MAINPID="${pid[$unit]}" bash -c "$command"
	check "… and is" 'wait_for "grep -q event=reload \"\${log[$unit]}\""'
done

# systemd sends SIGTERM to all processes of a unit, or to the first alone.
for unit in attest-acmed attestd; do
	[ "$(unit_value "$unit" KillMode)" = mixed ] || kill $(ps -o pid= --ppid "${pid[$unit]}")
	daemon_stop "$unit"
	case_equal "$unit ends well" "$status" 0
done
finish
