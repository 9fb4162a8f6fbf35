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
for type in ecc-p256 rsa-2048; do
	key_use $type
	case_ok "16 threads, $type" timeout 60 "$driver" "$module" threads 16 5
	note "$out"
done

# Through all of it: programs.
engine=$(openssl version -e | sed 's/.*"\(.*\)"/\1/')/pkcs11.so
for type in ecc-p256 rsa-2048; do
	key_use $type
	if command -v p11tool >/dev/null && ! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
		case_ok "p11tool: a test signature, $type" p11tool --provider "$module" --test-sign \
			"pkcs11:token=attest-ca%20laptop;object=laptop;type=private"
	else
		skip "p11tool: a test signature, $type" "there is no gnutls-bin, or the module has sanitizers"
	fi
	for version in "" --tls12; do
		if [ -e "$engine" ] && ! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile"; then
			case $version in --tls12) wanted=TLSv1.2 ;; *) wanted=TLSv1.3 ;; esac
			for program in curl openssl nginx gnutls-cli; do
				[ -n "$(PATH=$PATH:/usr/sbin command -v $program)" ] || { skip "$program: $type, $wanted" "it is not installed"; continue; }
				run attest_device use --state-dir "$scratch/$type" --module "$module" $program --check $version
				case_matches "$program: $type, $wanted" "$out$err" "^$program works: $wanted, [23] certificates sent\$"
			done
			if [ -z "$version" ] && command -v ssh >/dev/null; then
				run attest_device use --state-dir "$scratch/$type" --module "$module" ssh --check
				case_equal "ssh: $type" "$out$err" "ssh works: yes"
			fi
		else
			skip "programs: $type${version:+ by TLS 1.2}" "there is no libengine-pkcs11-openssl, or the module has sanitizers"
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

# The issuing key of a CA behind it: attestd's sandbox leaves the bus, and has GLib's threads in it.
modules=$(openssl version -m | sed 's/.*"\(.*\)"/\1/')
if [ -e "$modules/tpm2.so" ]; then
	attestd_stop
	threads_block() { # PID: SIGHUP and SIGTERM, each of four threads at least
		local mask count=0

		for mask in $(sed -n 's/^SigBlk:[[:space:]]*//p' "/proc/$1"/task/*/status); do
			[ $((0x$mask & 0x4001)) -eq $((0x4001)) ] || { note "$mask"; return 1; }
			count=$((count + 1))
		done
		[ "$count" -ge 4 ]
	}
	state_dir=$scratch/bus-ca
	export TPM2OPENSSL_TCTI=$ATTEST_PKCS11_TPM
	case_ok "a CA" attest_ca init
	openssl genpkey -provider tpm2 -provider default -algorithm EC -pkeyopt group:P-256 \
		-out "$state_dir/tpm.key" 2>/dev/null
	case_ok "has its issuing key in the TPM" attest_ca issuing renew --key "$state_dir/tpm.key"
	check "attestd starts with it" attestd_start
	check "no thread takes the signals that are the keeper's" '
		keeper=$(pgrep -P "${pid[attestd]}" -f "attestd: keeper") && threads_block "$keeper"'
	check "and they are confined as the keeper is" '! grep "cannot be confined" "${log[attestd]}"'
	check "and reads it again" 'daemon_reload attestd && [[ $reloaded == *"were read again"* ]]'
	attest_ca enroll "$(printf %064x 1)" --name laptop >/dev/null
	store_tamper "INSERT INTO certificate (serial, ek_hash, ak_name, not_before, not_after, revoked, revision, issuer)
		SELECT x'7301', ek_hash, x'000b', 1, 4000000000, 0, revision, (SELECT max(id) FROM issuer) FROM device"
	case_ok "a certificate is revoked" attest_ca revoke --serial 7301
	check "and is on the CRL that attestd signs" 'wait_for "curl --silent \"\$attestd_url/crl\" |
		openssl crl -inform DER -noout -text 2>/dev/null | grep -q \"Serial Number: 7301\""'
	attestd_stop
	case_equal "and ends well" "$status" 0
else
	skip "the issuing key of a CA behind it" "there is no tpm2-openssl"
fi

daemon_stop abrmd
case_ok "without the resource manager a signature fails" timeout 60 "$driver" "$module" fails
case_equal "… and on stderr is what GLib says by itself" "$(grep -c . <<<"$err")" \
	"$(grep -c 'WARNING.*Failed to create connection with service' <<<"$err")"
check "… once" '[ "$(grep -c . <<<"$err")" -le 1 ]'
daemon_stop bus
finish
