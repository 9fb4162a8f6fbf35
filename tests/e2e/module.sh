# What the tests of the PKCS #11 module share; sourced after lib.sh and acme.sh.
#
#   module_ready                both servers, a software TPM "one", and its EK enrolled as "laptop"
#   key_make DIRECTORY [TYPE]   a key and a certificate for "laptop" in $scratch/DIRECTORY
#   key_use DIRECTORY           from now on that is what the module shows
#   module_needs_plain_build    skips the script where others' programs cannot load the module
#   srk_persist                 the storage root key of TCG stays in the TPM "one"
#   nothing_loaded              no object is left in the TPM
#   server_certificate          a TLS server's $scratch/server.key and server.pem, for localhost
#
# $module is the module, $module_list a folder for p11-kit with an entry for it.

module=$top_builddir/src/attest-pkcs11.so

module_ready() {
	if ! { attest_ca init >"$scratch/init.log" 2>&1 && attestd_start &&
		acmed_init --attestation-roots "$state_dir/root.pem" >>"$scratch/init.log" 2>&1 &&
		acmed_start && swtpm_start one; }; then
		note "$(cat "$scratch/init.log")"
		return 1
	fi
	attest_ca enroll "$(attest_device --tcti "${tcti[one]}" ek --hash)" --name laptop >/dev/null
	export ATTEST_PKCS11_TPM=${tcti[one]}
	unset ATTEST_PKCS11_DEBUG ATTEST_PKCS11_STATE TSS2_LOG
}

key_make() {
	attest_device --tcti "${tcti[one]}" --state-dir "$scratch/$1" certificate \
		--attestation-url "$attestd_url" --attestation-root "$state_dir/root.pem" \
		--acme "$acme_base/acme/directory" --acme-root "$acme_dir/root.pem" \
		--name laptop --key-type "${2:-ecc-p256}" >"$scratch/key_make.log" 2>&1 ||
		{ note "$(cat "$scratch/key_make.log")"; return 1; }
}

key_use() {
	export ATTEST_PKCS11_STATE=$scratch/$1
}

module_needs_plain_build() {
	! grep -q '^HARDENING_CFLAGS = .*-fsanitize' "$top_builddir/Makefile" ||
		skip_all "programs without sanitizers cannot load a module with them"
}

srk_persist() {
	tpm2_createprimary -T "${tcti[one]}" -C o -G ecc -c "$scratch/srk.context" \
		-a 'restricted|decrypt|fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda' >/dev/null 2>&1
	tpm2_evictcontrol -T "${tcti[one]}" -C o -c "$scratch/srk.context" 0x81000001 >/dev/null
	tpm2_flushcontext -T "${tcti[one]}" -t
}

nothing_loaded() {
	[ -z "$(tpm2_getcap -T "${tcti[one]}" handles-transient)" ]
}

server_certificate() {
	openssl req -x509 -newkey "${1:-rsa:2048}" -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
		-keyout "$scratch/server.key" -out "$scratch/server.pem" 2>/dev/null
}
