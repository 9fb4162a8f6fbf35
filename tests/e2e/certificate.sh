# What the tests of attest-device's certificates share; sourced after lib.sh and acme.sh.
#
#   device TPM COMMAND [OPTION…]   attest-device with its state in $state
#   certificate TPM [OPTION…]      its command certificate, at attestd and attest-acmed
#   dated FILE START END           a certificate with these dates; at SECONDS prints one
#   key_of FILE                    the public key of a certificate, in digits
#   nothing_loaded TPM             no object and no session is left in it

nothing_loaded() {
	[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-transient)" ] &&
		[ -z "$(tpm2_getcap -T "${tcti[$1]}" handles-loaded-session)" ]
}

# device TPM COMMAND [OPTION…]
device() {
	local tpm=$1

	shift
	attest_device --tcti "${tcti[$tpm]}" --state-dir "$state" "$@"
}

certificate() {
	local tpm=$1

	shift
	device "$tpm" certificate --attestation-url "$attestd_url" \
		--attestation-root "$state_dir/root.pem" --acme "$acme_base/acme/directory" \
		--acme-root "$acme_dir/root.pem" "$@"
}

# A certificate with these dates, in place of one whose end would have to be waited for.
dated() { # FILE START END
	cat >"$scratch/dated.conf" <<-END
	[ca]
	default_ca = default
	[default]
	database = $scratch/dated.txt
	new_certs_dir = $scratch
	default_md = sha256
	rand_serial = yes
	unique_subject = no
	policy = any
	[any]
	commonName = supplied
	[req]
	distinguished_name = req
	END
	: >"$scratch/dated.txt"
	openssl req -config "$scratch/dated.conf" -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-subj /CN=laptop -keyout "$scratch/dated.key" -out "$scratch/dated.csr" 2>/dev/null
	openssl ca -config "$scratch/dated.conf" -batch -selfsign -notext -keyfile "$scratch/dated.key" \
		-in "$scratch/dated.csr" -out "$1" -startdate "$2" -enddate "$3" 2>/dev/null
}

# at SECONDS: that many from now, as openssl ca has it
at() {
	date -u -d "@$(($(date +%s) + $1))" +%Y%m%d%H%M%SZ
}

key_of() {
	openssl x509 -in "$1" -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum | cut -d' ' -f1
}
