# Passwords that a TPM's owner has set: whose they are is said, each is tried once, and where the
# owner hierarchy is open, a storage root key with a password is not needed.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

attest() { # STATE [OPTION…]
	local directory=$1

	shift
	attest_device --tcti "$conf" --state-dir "$scratch/$directory" attest \
		--attestation-url "$attestd_url" "$@"
}

parent_of() { # STATE
	openssl asn1parse -in "$scratch/$1/ak.pem" | sed -n 's/.*INTEGER *:-*//p'
}

nothing_loaded() {
	[ -z "$(tpm2_getcap -T "$plain" handles-transient)$(tpm2_getcap -T "$plain" handles-loaded-session)" ]
}

# tried WORD: how often the TPM was told this password since the last time
tried() {
	grep -ao "$1" "$scratch/said" | wc -l
	: >"$scratch/said"
}

for word in owner-word endorsement-word parent-word wrong-word; do
	echo "$word" >"$scratch/$word"
done

attest_ca init >/dev/null || exit 1
attestd_start || exit 1
swtpm_start one || exit 1
plain=${tcti[one]}
# What the TPM is told is written down on its way.
conf="cmd:tee -a $scratch/said | nc -U ${tpm_socket[one]}"
hash=$(attest_device --tcti "$plain" ek --hash)
attest_ca enroll "$hash" --name one >/dev/null

# ---- the storage root key ----

tpm2_createprimary -T "$plain" -Q -C o -G ecc:null:aes128cfb -p parent-word \
	-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' \
	-c "$scratch/srk.ctx"
tpm2_evictcontrol -T "$plain" -Q -C o -c "$scratch/srk.ctx" 0x81000001
tpm2_flushcontext -T "$plain" -t

case_ok "an SRK with a password, an open owner hierarchy: works" attest open
case_equal "… with a transient primary of the owner's" "$(parent_of open)" 40000001
: >"$scratch/said"
case_fails "an SRK's password that is wrong: it is said whose" 1 \
	'the password of the SRK 0x81000001 is wrong: correct the file that --parent-auth-file names' \
	attest locked --parent-auth-file "$scratch/wrong-word"
case_equal "… and it was tried once" "$(tried wrong-word)" 1
case_ok "an SRK's password that is right" attest locked --parent-auth-file "$scratch/parent-word"
case_equal "… the AK is below it" "$(parent_of locked)" 81000001
case_fails "a key below it, without the password: the option is named" 1 \
	'loading the AK.*: the SRK 0x81000001 has a password; name the file that holds it with --parent-auth-file' \
	attest locked
case_fails "no such file" 1 'the password of the SRK 0x81000001: .*/nowhere: No such file' \
	attest_device --tcti "$plain" ek --parent-auth-file "$scratch/nowhere"
check "nothing stays loaded" nothing_loaded

# ---- the owner ----

tpm2_changeauth -T "$plain" -c o owner-word
case_fails "an owner and an SRK with passwords: the SRK's is the one to give" 1 \
	'making the AK: the SRK 0x81000001 has a password; name the file that holds it with --parent-auth-file$' \
	attest both
case_ok "… which is enough" attest both --parent-auth-file "$scratch/parent-word"
case_ok "the owner's is enough as well" attest owned --owner-auth-file "$scratch/owner-word"
case_equal "… with a transient primary" "$(parent_of owned)" 40000001
case_fails "… whose every use wants it" 1 \
	'the owner hierarchy has a password; name the file that holds it with --owner-auth-file' attest owned
: >"$scratch/said"
case_fails "an owner's password that is wrong: it is said whose" 1 \
	'the SRK 0x81000001 has a password; name the file that holds it with --parent-auth-file, or correct the one that --owner-auth-file names: its password is wrong$' \
	attest other --owner-auth-file "$scratch/wrong-word"
case_equal "… and it was tried once" "$(tried wrong-word)" 1

# NV indices that only the owner reads: a wrong password is not tried at each.
for index in 0x01c00002 0x01c0000a 0x01c00100; do
	tpm2_nvdefine -T "$plain" -Q -C o -P owner-word -s 4 -a 'ownerread|ownerwrite' "$index"
	printf 'none' | tpm2_nvwrite -T "$plain" -Q -C o -P owner-word -i - "$index"
done
case_fails "an NV index of the owner's, and a wrong password" 1 \
	'reading NV index 0x01c00002: the password of the owner hierarchy is wrong' \
	attest both --parent-auth-file "$scratch/parent-word" --owner-auth-file "$scratch/wrong-word"
case_equal "… which was tried once" "$(tried wrong-word)" 1
case_ok "… and the right one" attest both --parent-auth-file "$scratch/parent-word" \
	--owner-auth-file "$scratch/owner-word"
for index in 0x01c00002 0x01c0000a 0x01c00100; do
	tpm2_nvundefine -T "$plain" -Q -C o -P owner-word "$index"
done

# ---- the endorsement hierarchy ----

tpm2_changeauth -T "$plain" -c e endorsement-word
case_fails "an endorsement hierarchy with a password: the option is named" 1 \
	'making the RSA-2048 EK: the endorsement hierarchy has a password; name the file that holds it with --endorsement-auth-file' \
	attest_device --tcti "$conf" ek
: >"$scratch/said"
case_fails "… one that is wrong: it is said whose" 1 'the password of the endorsement hierarchy is wrong' \
	attest_device --tcti "$conf" ek --endorsement-auth-file "$scratch/wrong-word"
case_equal "… and it was tried once" "$(tried wrong-word)" 1
case_ok "… the right one" attest_device --tcti "$conf" ek --hash \
	--endorsement-auth-file "$scratch/endorsement-word"
case_equal "… finds the same EK" "$out" "$hash"
case_ok "… which opens credentials" attest both --parent-auth-file "$scratch/parent-word" \
	--endorsement-auth-file "$scratch/endorsement-word"
cat >"$scratch/device.conf" <<END
attestation_url = "$attestd_url"
acme = "http://127.0.0.1:1/"
tcti = "$plain"
state_dir = "$scratch/both"
parent_auth_file = "$scratch/parent-word"
endorsement_auth_file = "$scratch/endorsement-word"
END
case_ok "device.conf names the files as well" attest_device status --config "$scratch/device.conf"
case_matches "… which status needs" "$out" "EK +$hash"
check "nothing stays loaded after all that" nothing_loaded
check "the TPM counts no wrong password" \
	'tpm2_getcap -T "$plain" properties-variable | grep -q "TPM2_PT_LOCKOUT_COUNTER: 0x0$"'

finish
