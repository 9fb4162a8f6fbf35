# What the tests of attest-device attest share; sourced after lib.sh.
#
#   device_new NAME [KIND]          a TPM whose EK is enrolled at $state_dir under that name
#   attest TPM DIRECTORY [OPTION…]  attest-device attest, with its state in that directory of $scratch
#   nothing_loaded TPM              no object and no session is left in it

nothing_loaded() {
	[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-transient)" ] &&
		[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-loaded-session)" ]
}

attest() {
	local tpm=$1 directory=$2

	shift 2
	attest_device --tcti "${tcti[$tpm]}" --state-dir "$scratch/$directory" attest \
		--attestation-url "$attestd_url" "$@"
}

device_new() {
	swtpm_start "$@" &&
		attest_ca enroll "$(attest_device --tcti "${tcti[$1]}" ek --hash)" --name "$1" >/dev/null
}
