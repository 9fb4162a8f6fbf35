#!/usr/bin/env bash
# The PKCS #11 module through tpm2-abrmd, the resource manager in user space: in threads, in the
# children of forks, whose connection to the bus would hang, and killed amid signatures.
set -u
. "${BASH_SOURCE%/*}/lib.sh"
. "${BASH_SOURCE%/*}/acme.sh"
. "${BASH_SOURCE%/*}/module.sh"

for tool in dbus-daemon tpm2-abrmd tpm2_send; do
	command -v "$tool" >/dev/null || skip_all "there is no $tool"
done
driver=$top_builddir/tests/e2e/module_driver
module_ready || exit 1
for type in ecc-p256 rsa-2048; do
	key_make $type $type || exit 1
done

daemon_start bus sh -c 'exec dbus-daemon --session --nofork --print-address=3 3>"$1"' sh "$scratch/bus"
wait_for '[ -s "$scratch/bus" ] || ! daemon_runs bus'
DBUS_SESSION_BUS_ADDRESS=$(cat "$scratch/bus")
export DBUS_SESSION_BUS_ADDRESS
daemon_start abrmd tpm2-abrmd --session --allow-root --tcti="${tcti[one]}"
export ATTEST_PKCS11_TPM=tabrmd:bus_type=session
if ! wait_for 'timeout 10 tpm2_getrandom -T "$ATTEST_PKCS11_TPM" --hex 4 >/dev/null 2>&1 || ! daemon_runs abrmd' ||
	! daemon_runs abrmd; then
	skip_all "tpm2-abrmd does not start: $(cat "${log[bus]}" "${log[abrmd]}" | tr '\n' ' ')"
fi

for type in ecc-p256 rsa-2048; do
	key_use $type
	case_ok "$type: every mechanism" timeout 60 "$driver" "$module" sign
	case_equal "$type: … and nothing is said on stderr" "$err" ""
	case_ok "$type: children of forks sign" timeout 60 "$driver" "$module" fork
done
case_ok "16 threads" timeout 60 "$driver" "$module" threads 16 5
note "$out"

# Through all of it: curl.
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
for type in ecc-p256 rsa-2048; do
	key_use $type
	for version in "" --tls12; do
		if [ -e "$engine" ] && ! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
			run attest_device use --state-dir "$scratch/$type" --module "$module" curl --check $version
			case_matches "curl: $type${version:+ by TLS 1.2}" "$out$err" '^curl works: TLSv1\.[23], 2 certificates sent$'
		else
			skip "curl: $type${version:+ by TLS 1.2}" "there is no libengine-pkcs11-openssl, or the module has sanitizers"
		fi
	done
done

key_use ecc-p256
for killed in {1..100}; do
	begin victim "$driver" "$module" forever
	wait_for '[ -s "$scratch/victim.out" ]'
	kill -KILL "${pid[victim]}" 2>/dev/null
	ended victim >/dev/null 2>&1
done
case_ok "killed $killed times amid a signature, it still signs" timeout 60 "$driver" "$module" sign

# Other programs have the TPM meanwhile.
begin busy "$driver" "$module" forever
wait_for '[ -s "$scratch/busy.out" ]'
case_ok "another program uses the TPM meanwhile" timeout 20 tpm2_getrandom -T "$ATTEST_PKCS11_TPM" --hex 8
kill "${pid[busy]}"
ended busy >/dev/null 2>&1

daemon_stop abrmd
case_ok "without the resource manager a signature fails" timeout 60 "$driver" "$module" fails
case_equal "… and on stderr is what GLib says by itself" "$(grep -c . <<<"$err")" \
	"$(grep -c 'WARNING.*Failed to create connection with service' <<<"$err")"
check "… once" '[ "$(grep -c . <<<"$err")" -le 1 ]'
daemon_stop bus
finish
