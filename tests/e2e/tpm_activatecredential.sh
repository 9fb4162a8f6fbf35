#!/bin/bash
# A real TPM opens the credentials that we make for its EKs, and for no other Name.
set -u
. "${BASH_SOURCE%/*}/lib.sh"

make_credential=$top_builddir/tests/e2e/make_credential

for tool in createprimary createek readpublic activatecredential startauthsession policysecret flushcontext; do
	needs "tpm2_$tool"
done

swtpm_start one || exit 1
export TPM2TOOLS_TCTI=${tcti_cmd[one]}
cd "$scratch" || exit 1
head -c 32 /dev/urandom >secret

# Without a resource manager what a command leaves loaded stays loaded.
flush() {
	tpm2_flushcontext --transient-object >/dev/null 2>&1
	tpm2_flushcontext --loaded-session >/dev/null 2>&1
}

# Its Name is what a credential is for; as an AK has it: restricted, signing.
signer_create() { # FILE ALGORITHM
	tpm2_createprimary -Q -C o -G "$2" -c "$1.ctx" -a \
		'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign' &&
		tpm2_readpublic -Q -c "$1.ctx" -n "$1.name"
}

# The low-range EKs (L-1, L-2) want PolicySecret, the high-range ones take the empty password.
activate() { # KIND CREDENTIAL OUT
	local -a auth=()

	case $1 in
	rsa2048 | ecc256)
		tpm2_startauthsession --policy-session -S session.ctx &&
			tpm2_policysecret -Q -S session.ctx -c e || return
		auth=(-P session:session.ctx)
		;;
	esac
	tpm2_activatecredential -Q -c ak.ctx -C ek.ctx -i "$2" -o "$3" "${auth[@]}"
}

case_ok "the TPM makes an AK" signer_create ak ecc256:ecdsa-sha256:null
flush
case_ok "the TPM makes another AK" signer_create other ecc384:ecdsa-sha384:null
flush

while read -r kind name; do
	case_ok "$name: the TPM makes the EK" tpm2_createek -c ek.ctx -G "$kind" -u ek.pub
	flush
	for how in "" --template; do
		rm -f opened
		case_ok "$name: a credential is made ${how:-of the public area}" \
			"$make_credential" $how ek.pub ak.name secret credential
		case_equal "$name: for an EK of that kind" "$out" "$name"
		case_ok "$name: the TPM opens it" activate "$kind" credential opened
		flush
		check "$name: the secret is in it" 'cmp -s secret opened'
	done
	case_ok "$name: a credential is made for another Name" \
		"$make_credential" ek.pub other.name secret credential
	case_fails "$name: the TPM refuses it" 1 'integrity check failed' activate "$kind" credential opened
	flush
done <<'END'
rsa2048 RSA-2048
rsa3072 RSA-3072
ecc256 P-256
ecc384 P-384
ecc521 P-521
END

finish
