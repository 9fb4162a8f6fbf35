/* Signatures by every mechanism that a key has, verified by OpenSSL. */
#include "config.h"

#include "p11.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "tpm/signature.h"

static const struct kind kinds[] = {
    {CKM_ECDSA, false, "SHA256", false, -1, 0, 0},
    {CKM_ECDSA, false, "SHA1", false, -1, 0, 0},
    {CKM_ECDSA, false, "SHA384", false, -1, 0, 0},
    {CKM_ECDSA, false, "SHA512", false, -1, 0, 0},
    {CKM_ECDSA_SHA256, false, "SHA256", true, -1, 0, 0},
    {CKM_ECDSA_SHA384, false, "SHA384", true, -1, 0, 0},
    {CKM_ECDSA_SHA512, false, "SHA512", true, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA1", false, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA256", false, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA384", false, -1, 0, 0},
    {CKM_RSA_PKCS, true, "SHA512", false, -1, 0, 0},
    {CKM_SHA256_RSA_PKCS, true, "SHA256", true, -1, 0, 0},
    {CKM_SHA384_RSA_PKCS, true, "SHA384", true, -1, 0, 0},
    {CKM_SHA512_RSA_PKCS, true, "SHA512", true, -1, 0, 0},
    {CKM_RSA_PKCS_PSS, true, "SHA256", false, 32, CKM_SHA256, CKG_MGF1_SHA256},
    {CKM_RSA_PKCS_PSS, true, "SHA384", false, 48, CKM_SHA384, CKG_MGF1_SHA384},
    {CKM_SHA256_RSA_PKCS_PSS, true, "SHA256", true, 32, CKM_SHA256, CKG_MGF1_SHA256},
    {CKM_SHA384_RSA_PKCS_PSS, true, "SHA384", true, 48, CKM_SHA384, CKG_MGF1_SHA384},
    {CKM_SHA512_RSA_PKCS_PSS, true, "SHA512", true, 64, CKM_SHA512, CKG_MGF1_SHA512},
};

/* The DigestInfo of RFC 8017 §9.2 by OpenSSL's own encoder. */
static void
digest_info(const EVP_MD *md, struct view digest, struct bytes *out)
{
	X509_SIG          *info = X509_SIG_new();
	X509_ALGOR        *algorithm = NULL;
	ASN1_OCTET_STRING *octets = NULL;
	unsigned char     *der = NULL;
	int                size;

	X509_SIG_getm(info, &algorithm, &octets);
	MUST(X509_ALGOR_set0(algorithm, OBJ_nid2obj(EVP_MD_get_type(md)), V_ASN1_NULL, NULL) == 1);
	MUST(ASN1_OCTET_STRING_set(octets, digest.data, (int)digest.size) == 1);
	MUST((size = i2d_X509_SIG(info, &der)) > 0);
	bytes_append(out, der, (size_t)size);
	OPENSSL_free(der);
	X509_SIG_free(info);
}

static bool
verifies(const struct pair *pair, const struct kind *kind, struct view digest,
    const uint8_t *signature, size_t size)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair->public, NULL);
	AUTO_BYTES    der = {0};
	bool          good;

	if (pair->rsa)
		bytes_append(&der, signature, size);
	else
		ecdsa_signature_encode((struct view){signature, size / 2},
		    (struct view){signature + size / 2, size / 2}, &der);
	MUST(EVP_PKEY_verify_init(ctx) == 1);
	if (pair->rsa) {
		MUST(EVP_PKEY_CTX_set_rsa_padding(ctx,
		         kind->salt < 0 ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING) == 1);
		MUST(EVP_PKEY_CTX_set_signature_md(ctx, EVP_get_digestbyname(kind->hash)) == 1);
		if (kind->salt >= 0)
			MUST(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, kind->salt) == 1);
	}
	good = EVP_PKEY_verify(ctx, der.data, der.size, digest.data, digest.size) == 1;
	EVP_PKEY_CTX_free(ctx);
	return good;
}

CK_RV
p11_sign(CK_SESSION_HANDLE in, const struct pair *pair, const struct kind *kind, bool in_parts)
{
	char                   text[] = "What the TPM is asked to sign.";
	const EVP_MD          *md = EVP_get_digestbyname(kind->hash);
	CK_RSA_PKCS_PSS_PARAMS pss = {kind->pss_hash, kind->mgf, (CK_ULONG)kind->salt};
	CK_MECHANISM           mechanism = {kind->type, kind->salt >= 0 ? &pss : NULL,
	              kind->salt >= 0 ? sizeof pss : 0};
	AUTO_BYTES             input = {0};
	uint8_t                digest[EVP_MAX_MD_SIZE];
	unsigned               digest_size = 0;
	uint8_t                signature[SIGNATURE_MAX];
	CK_ULONG               size = sizeof signature;
	CK_RV                  rv;

	MUST(EVP_Digest(text, sizeof text, digest, &digest_size, md, NULL) == 1);
	if (kind->hashes)
		bytes_append(&input, text, sizeof text);
	else if (kind->type == CKM_RSA_PKCS)
		digest_info(md, (struct view){digest, digest_size}, &input);
	else
		bytes_append(&input, digest, digest_size);
	if ((rv = p11()->C_SignInit(in, &mechanism, pair->private)) != CKR_OK)
		return rv;
	if (in_parts) {
		OK(p11()->C_SignUpdate(in, input.data, 7));
		OK(p11()->C_SignUpdate(in, input.data + 7, input.size - 7));
		rv = p11()->C_SignFinal(in, signature, &size);
	} else {
		rv = p11()->C_Sign(in, input.data, input.size, signature, &size);
	}
	if (rv == CKR_OK && !verifies(pair, kind, (struct view){digest, digest_size}, signature, size))
		p11_wrong("a signature by mechanism 0x%lx with %s does not verify", kind->type, kind->hash);
	return rv;
}

const struct kind *
p11_usual(const struct pair *pair)
{
	return pair->rsa ? &kinds[8] : &kinds[0];
}

void
p11_sign_all(void)
{
	CK_SESSION_HANDLE in;
	struct pair       pair;

	p11_initialize();
	in = p11_session(0);
	p11_pair_find(in, &pair);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (kinds[i].rsa != pair.rsa)
			continue;
		OK(p11_sign(in, &pair, &kinds[i], false));
		OK(p11_sign(in, &pair, &kinds[i], true));
	}
	if (pair.rsa) { /* a salt that this TPM does not make */
		struct kind odd = kinds[14];

		odd.salt = 20;
		RETURNS(p11_sign(in, &pair, &odd, false), CKR_MECHANISM_PARAM_INVALID);
	}
	p11_pair_clear(&pair);
}
