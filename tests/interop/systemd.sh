#!/usr/bin/env bash
# The units under systemd itself: README's way to both services, reloads, processes that die or hang, stops,
# sockets; and a machine's units, from the wait for approval to a signature through the socket.
#
# systemd runs in a container whose files are this system's, with a layer in memory above them: nothing here
# is changed, and nothing is fetched.
set -u
. "${BASH_SOURCE%/*}/../e2e/lib.sh"
. "${BASH_SOURCE%/*}/../e2e/module.sh"

module_needs_plain_build
[ "$(id -u)" -eq 0 ] || skip_all "not root, who alone can start a container"
for tool in systemd-nspawn nsenter unshare swtpm pkcs11-tool; do
	command -v "$tool" >/dev/null || skip_all "there is no $tool"
done
[ -x /lib/systemd/systemd ] || skip_all "there is no systemd"
grep -q '^prefix = /usr/local$' "$top_builddir/Makefile" || skip_all "README and the programs name /usr/local, and this build goes elsewhere"
needs jq make openssl

# ---- the container ----

cat >"$scratch/machine" <<'END'
mount -t tmpfs tmpfs "$1" && mkdir "$1/up" "$1/work" "$1/root" &&
	mount -t overlay overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" "$1/root" || exit 77
cd "$1/root" || exit
rm -rf etc/systemd/system/*.wants usr/local/etc/attest* usr/local/lib/systemd var/lib/attest* run/*
: >etc/machine-id
echo '127.0.0.1 localhost acme.example' >etc/hosts
make -s -C "$2" install DESTDIR="$1/root" >"$3" 2>&1 || { cat "$3"; exit 1; }
exec systemd-nspawn -q -D "$1/root" --register=no --keep-unit --private-network --console=pipe \
	-b systemd.unit=multi-user.target
END
mkdir "$scratch/layers"
daemon_start machine unshare -m bash "$scratch/machine" "$scratch/layers" "$top_builddir" "$scratch/install"
# pid 1 in it is the child of systemd-nspawn.
inside() {
	nsenter -t "$first" -m -u -i -n -p -C env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root TERM=dumb SYSTEMD_PAGER= LC_ALL=C "$@" </dev/null
}
booted() {
	first=$(ps -o pid= --ppid "${pid[machine]}" | tr -d ' ')
	[ -n "$first" ] && [[ $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]
}
wait_for 'booted || ! daemon_runs machine' 60
if ! booted; then
	note "$(tail -n 5 "${log[machine]}")"
	skip_all "systemd does not start in a container here"
fi
echo "# $(inside systemctl --version | head -n 1)"

property() { # UNIT NAME
	inside systemctl show "$1" -p "$2" --value
}
said() { # UNIT: what is in the journal of it
	inside journalctl -q -o cat -u "$1"
}
process() { # UNIT ROLE: the process, as the container numbers it
	inside ps -o pid=,args= --ppid "$(property "$1" MainPID)" | sed -n "s/^ *\([0-9]*\) $1: $2.*/\1/p"
}

# ---- README's way to both services ----

awk '
	/^## / { inside = $0 == "## As services" }
	inside && /^    / { print substr($0, 5) }
' "$top_srcdir/README.md" | sed 's/^sudo //' | grep -v '^make install' >"$scratch/commands"
check "README has the commands" '[ "$(wc -l <"$scratch/commands")" -ge 7 ]'
while read -r line <&3; do
	case_ok "$line" inside sh -c "$line"
done 3<"$scratch/commands"

for unit in attestd attest-acmed; do
	case_equal "$unit is active" "$(property $unit ActiveState)" active || note "$(said $unit)"
	case_equal "$unit has three processes, and each is its user's" \
		"$(inside ps -o user:20= -u "$(property $unit User)" | sort | uniq -c | xargs)" "3 $(property $unit User)"
	case_ok "$unit: reload" inside systemctl reload $unit
	check "$unit: … is answered" 'wait_for "said $unit | grep -q event=reload" 5'

	front=$(process $unit front)
	inside bash -c "kill -9 $front"
	check "$unit: a front that dies is started again" \
		'wait_for "said $unit | grep -q \"event=restart child=front\"" 5 && wait_for "[ -n \"\$(process $unit front)\" ]" 5'
	case_equal "$unit: … and the service goes on" "$(property $unit NRestarts)" 0

	inside bash -c "kill -9 $(process $unit keeper)"
	check "$unit: without its keeper it is started again" \
		'wait_for "[ \"\$(property $unit NRestarts) \$(property $unit ActiveState)\" = \"1 active\" ]" 15'

	inside mkdir -p "/run/systemd/system/$unit.service.d"
	inside sh -c "printf '[Service]\nWatchdogSec=2\n' >/run/systemd/system/$unit.service.d/watchdog.conf"
	inside systemctl daemon-reload
	inside systemctl reset-failed $unit
	inside systemctl restart $unit
	pause 3
	case_equal "$unit: its watchdog is fed" "$(property $unit ActiveState) $(property $unit NRestarts)" "active 0"
	inside bash -c "kill -STOP $(property $unit MainPID)"
	check "$unit: when it hangs, systemd starts it again" \
		'wait_for "[ \"\$(property $unit NRestarts) \$(property $unit ActiveState)\" = \"1 active\" ]" 15'
	check "$unit: … for that reason" 'inside journalctl -q -o cat -u $unit | grep -q "Watchdog timeout"'
	inside rm -r "/run/systemd/system/$unit.service.d"
	inside systemctl daemon-reload

	for time in first second third; do
		inside systemctl reset-failed $unit
		inside systemctl restart $unit
		inside systemctl stop $unit
		case_equal "$unit: stopped, the $time time" "$(property $unit Result) $(property $unit ExecMainStatus)" "success 0"
	done
done

# ---- sockets ----

for unit in attestd attest-acmed; do
	case_ok "$unit.socket" inside systemctl start $unit.socket
	case_ok "$unit with it" inside systemctl start $unit
	check "$unit: … takes connections" 'inside curl --silent --insecure --fail --output /dev/null \
		"$([ $unit = attestd ] && echo http://127.0.0.1:8075 || echo https://127.0.0.1:8443)/root.pem"'
done

# ---- a machine ----

inside sh -c '
	mkdir -p /run/swtpm /var/lib/swtpm-one /usr/local/etc/attest-device && chgrp tss /run/swtpm && chmod 750 /run/swtpm
	gid=$(getent group tss | cut -d: -f3)
	systemd-run -q --unit=swtpm swtpm socket --tpm2 --tpmstate dir=/var/lib/swtpm-one --flags not-need-init,startup-clear \
		--server type=unixio,path=/run/swtpm/s,mode=0660,gid=$gid --ctrl type=unixio,path=/run/swtpm/s.ctrl,mode=0660,gid=$gid
	cp /run/attest-ca/root.pem /usr/local/etc/attest-device/attest-root.pem
	cp /var/lib/attest-acmed/root.pem /usr/local/etc/attest-device/acme-root.pem
	cd /usr/local/etc/attest-device && printf "%s = \"%s\"\n" attestation_url http://127.0.0.1:8075 attestation_root $PWD/attest-root.pem \
		acme https://acme.example:8443/acme/directory acme_root $PWD/acme-root.pem tcti swtpm:path=/run/swtpm/s \
		key_group attest-device >device.conf'
wait_for 'inside test -S /run/swtpm/s'
device=/var/lib/attest-device
case_ok "attest-device-enroll" inside systemctl start attest-device-enroll
check "it waits for approval" 'wait_for "said attest-device-enroll | grep -q waiting"'
hash=$(said attest-device-enroll | grep -o 'attest-ca approve [0-9a-f]*' | head -n 1 | cut -d ' ' -f 3)
case_ok "approved" inside attest-ca approve "$hash" --name laptop
check "then it has the certificate, and ends" \
	'wait_for "inside test -s $device/device.pem && [ \"\$(property attest-device-enroll ActiveState)\" = inactive ]" 60' ||
	note "$(said attest-device-enroll)"
case_equal "… well" "$(property attest-device-enroll Result)" success
case_equal "the key is its group's" "$(inside stat -c '%U %G %a' $device/device.key)" "root attest-device 640"
case_ok "attest-device-renew, with nothing due" inside systemctl start attest-device-renew
check "… says so" 'said attest-device-renew | grep -q "nothing to renew before"'
inside mkdir -p /run/systemd/system/attest-device-renew.service.d
inside sh -c "printf '[Service]\nExecStart=\nExecStart=/usr/local/bin/attest-device renew --new-key\n' >/run/systemd/system/attest-device-renew.service.d/new.conf"
inside systemctl daemon-reload
case_ok "attest-device-renew, with a new key" inside systemctl start attest-device-renew
check "… says so" 'said attest-device-renew | grep -q "with a new key"'
case_ok "its timer" inside systemctl start attest-device-renew.timer
check "… has a next time" 'wait_for "[ \"\$(property attest-device-renew.timer NextElapseUSecMonotonic)\" != infinity ]" 5'

client=$(find /usr/lib -name p11-kit-client.so 2>/dev/null | head -n 1)
if [ -n "$client" ]; then
	case_ok "the socket of the key" inside systemctl start attest-device-p11.socket
	inside sh -c 'useradd --system --groups attest-device member; useradd --system other; head -c 32 /dev/zero >/run/digest; chmod 1777 /tmp'
	sign_as() {
		inside setpriv --reuid "$1" --regid "$(inside id -g "$1")" --init-groups \
			env P11_KIT_SERVER_ADDRESS=unix:path=/run/attest-device/p11.socket \
			pkcs11-tool --module "$client" --sign --mechanism ECDSA --input-file /run/digest --output-file "/tmp/signature-$1"
	}
	case_ok "a member of the group signs" sign_as member
	case_equal "… and has the signature" "$(inside stat -c %s /tmp/signature-member)" 64
	case_fails "nobody else does" 1 'No slot' sign_as other
else
	skip "the socket of the key" "there is no p11-kit-client.so"
fi

case_equal "no unit of ours has failed" "$(inside systemctl list-units --failed --plain --no-legend 'attest*')" ""
finish
