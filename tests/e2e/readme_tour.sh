#!/usr/bin/env bash
# The tour in README.md works as it is written, command by command, and so does
# what follows with attest-acmed. Only the ports are others.

set -u
. "${BASH_SOURCE%/*}/lib.sh"

# Each indented block of the two sections, to a file of its own.
awk -v prefix="$scratch/block-" '
	/^## / { tour = $0 == "## A tour by hand" || $0 == "## With attest-acmed" }
	tour && /^    / { if (!inside) number++; inside = 1; print substr($0, 5) >(prefix number); next }
	{ inside = 0 }
' "$top_srcdir/README.md"

mkdir "$scratch/work"
cd "$scratch/work" || exit 99
ln -s "$top_builddir/src" src
port=0
acme_port=0
set -m # what runs in the background leads a process group, which lib.sh ends

# block NUMBER: runs it in this shell, as somebody types it; sets $out and $status.
block() {
	sed "s/127\.0\.0\.1:8075/127.0.0.1:$port/; s/127\.0\.0\.1:8443/127.0.0.1:0/
		s/localhost:8443/localhost:$acme_port/" "$scratch/block-$1" >"$scratch/block"
	. "$scratch/block" >"$scratch/out-$1" 2>&1
	status=$?
	out=$(cat "$scratch/out-$1")
}

port_read() {
	port=$(sed -n 's/.*127\.0\.0\.1:\([1-9][0-9]*\).*/\1/p' "$scratch/out-2" | head -n 1)
	[ -n "$port" ]
}

block 1
pid[tour-tpm]=$!
check "the TPM starts" 'wait_for "[ -S tour/tpm/socket ]"'

block 2
pid[tour-attestd]=$!
check "the CA is made, and the service starts" \
	'wait_for port_read && [ -s tour/ca/root.pem ]'

block 3
check "the machine is refused" '[ "$status" -eq 1 ]'
case_matches "and told what to run" "$out" 'attest-ca --state-dir [^ ]*/tour/ca approve [0-9a-f]{64}'
hash_said=$(grep -o 'approve [0-9a-f]*' <<<"$out")

block 4
check "the machine is enrolled" '[ "$status" -eq 0 ]'
case_equal "with the hash that it was told" "approve $hash" "$hash_said"
case_matches "and is in the list" "$out" "laptop +$hash"

block 5
check "then it is certified" '[ "$status" -eq 0 ]'
case_matches "for its name" "$out" 'for +laptop'

block 6
check "the certificate is there" '[ "$status" -eq 0 ]'
case_matches "and leads to the root" "$out" 'ak-chain.pem: OK'

acme_port_read() {
	acme_port=$(sed -n 's|.*event=start .*url=https://localhost:\([1-9][0-9]*\).*|\1|p' \
		"$scratch/out-7" | head -n 1)
	[ -n "$acme_port" ]
}

block 7
pid[tour-acmed]=$!
check "the ACME server is made, and starts" \
	'wait_for acme_port_read && [ -s tour/acme/root.pem ]'

block 8
check "the machine has a key certified" '[ "$status" -eq 0 ] && [ -s tour/device/device.key ]'
case_matches "for its name" "$out" 'certified +laptop'

block 9
check "the certificate is there" '[ "$status" -eq 0 ]'
case_matches "and leads to the root" "$out" 'device.pem: OK'
case_matches "and is in the list" "$out" 'good +laptop'

certificate=$(cat tour/device/device.pem)
block 10
check "nothing is to be renewed" '
	[ "$status" -eq 0 ] && [ "$(cat tour/device/device.pem)" = "$certificate" ]'

block 11
check "the machine is removed" '[ "$status" -eq 0 ]'
case_matches "and its certificate revoked" "$out" 'revoked 1 certificate'

# Its `wait` would forget how each ended.
sed -i 's/; wait$/; wait "${pid[tour-attestd]}"; ended=$?; wait "${pid[tour-acmed]}"; ended+=$?; wait/' \
	"$scratch/block-12"
block 12
check "nothing is left" '[ ! -e tour ]'
check "the services end well" '[ "${ended:-}" = 00 ]'
unset "pid[tour-attestd]" "pid[tour-acmed]" "pid[tour-tpm]"

finish
