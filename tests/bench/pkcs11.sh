#!/usr/bin/env bash
# The PKCS #11 module on a software TPM with the storage root key in its place: time beside the bare
# commands, the number of commands, threads. Run by `make bench`; nothing is asserted.
set -u
. "${BASH_SOURCE%/*}/../e2e/lib.sh"
. "${BASH_SOURCE%/*}/../e2e/acme.sh"
. "${BASH_SOURCE%/*}/../e2e/module.sh"

module_ready || exit 1
srk_persist
key_make key ecc-p256 || exit 1
key_use key
count=${1:-500}
"$top_builddir/tests/bench/pkcs11_bench" "$module" "${tcti[one]}" "$scratch/key/device.key" "$count"

# commands N: how many the TPM gets for N signatures by a process.
commands() {
	rm -f "$scratch/pcap"
	TCTI_PCAP_FILE=$scratch/pcap ATTEST_PKCS11_TPM=pcap:${tcti[one]} \
		"$top_builddir/tests/e2e/module_driver" "$module" threads 1 "$1" >/dev/null || return
	python3 "${BASH_SOURCE%/*}/pcap_count.py" "$scratch/pcap"
}

# figure NAME VALUE UNIT: for the table of all benchmarks.
figure() {
	python3 -B -c 'import sys; from rows import figure
figure(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])' "PKCS #11: P-256 with the SRK" "$@"
}
export PYTHONPATH="${BASH_SOURCE%/*}"
if first=$(commands 1) && more=$(commands 11); then
	each=$(((more - first) / 10))
	echo "TPM commands: $first for the first signature of a process, $each for each further one"
	figure "TPM commands" $each ""
fi
said=$("$top_builddir/tests/e2e/module_driver" "$module" threads 16 "$((count / 4))")
echo "$said"
read -r _ _ rate _ _ _ _ _ longest _ <<<"$said"
figure "16 threads: signatures" "$rate" "a second"
figure "16 threads: longest wait" "$longest" ms
finished=yes
