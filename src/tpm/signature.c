/* Verifies TPMT_SIGNATUREs; the meaning of the signed octets is the caller's affair. */
#include "config.h"

#include "tpm/signature.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <tss2/tss2_mu.h>

#include "tpm/digest.h"
#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "tpm/tss2_error.h"

int
tpm_signature_decode(struct view octets, TPMT_SIGNATURE *signature, struct error *err)
{
	size_t  used = 0;
	TSS2_RC rc = Tss2_MU_TPMT_SIGNATURE_Unmarshal(octets.data, octets.size, &used, signature);

	return tpm_decoded(rc, used, octets.size, err, "the signature");
}

uint16_t
tpm_signature_hash(const TPMT_SIGNATURE *signature)
{
	switch (signature->sigAlg) {
	case TPM2_ALG_RSASSA:
		return signature->signature.rsassa.hash;
	case TPM2_ALG_RSAPSS:
		return signature->signature.rsapss.hash;
	case TPM2_ALG_ECDSA:
		return signature->signature.ecdsa.hash;
	default:
		return TPM2_ALG_NULL;
	}
}

void
ecdsa_signature_encode(struct view r_octets, struct view s_octets, struct bytes *der)
{
	ECDSA_SIG     *pair = ECDSA_SIG_new();
	BIGNUM        *r = BN_bin2bn(r_octets.data, (int)r_octets.size, NULL);
	BIGNUM        *s = BN_bin2bn(s_octets.data, (int)s_octets.size, NULL);
	unsigned char *encoded = NULL;
	int            size;

	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL; /* the pair owns them now */
		if ((size = i2d_ECDSA_SIG(pair, &encoded)) > 0)
			bytes_append(der, encoded, (size_t)size);
	}
	OPENSSL_free(encoded);
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(pair);
}

/* 0 when the octets verify; else -1, with the reason in OpenSSL's queue only. */
static int
signature_check(EVP_PKEY *key, const EVP_MD *digest, int padding, struct view octets,
    struct view message)
{
	EVP_MD_CTX   *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = NULL; /* md's */
	int           rc = -1;

	if (md != NULL && EVP_DigestVerifyInit(md, &ctx, digest, NULL, key) == 1 &&
	    (padding == 0 || EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1) &&
	    (padding != RSA_PKCS1_PSS_PADDING ||
	        EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) == 1) &&
	    EVP_DigestVerify(md, octets.data, octets.size, message.data, message.size) == 1)
		rc = 0;
	EVP_MD_CTX_free(md);
	return rc;
}

int
tpm_signature_verify(EVP_PKEY *key, const TPMT_SIGNATURE *signature, struct view message,
    struct error *err)
{
	const TPM2B_PUBLIC_KEY_RSA *rsa = &signature->signature.rsassa.sig;
	const TPMS_SIGNATURE_ECDSA *ecdsa = &signature->signature.ecdsa;
	uint16_t                    hash = tpm_signature_hash(signature);
	const EVP_MD               *digest = tpm_digest(hash);
	AUTO_BYTES                  der = {0};
	struct view                 octets;
	int                         padding = 0;

	switch (signature->sigAlg) {
	case TPM2_ALG_RSASSA:
		padding = RSA_PKCS1_PADDING;
		break;
	case TPM2_ALG_RSAPSS: /* its struct is that of RSASSA */
		padding = RSA_PKCS1_PSS_PADDING;
		break;
	case TPM2_ALG_ECDSA:
		break;
	default:
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "signature scheme 0x%04x is not RSASSA, RSAPSS or ECDSA", signature->sigAlg);
	}
	if (digest == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "signature hash 0x%04x is not SHA-256, SHA-384 or SHA-512", hash);
	if (padding != 0 && tpm_key_rsa_bits(key) == 0)
		return error_set(err, ERROR_BAD_ATTESTATION, "RSA signature of a key that is not RSA");
	if (padding == 0 && tpm_key_curve(key) == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "ECDSA signature of a key that is not on P-256, P-384 or P-521");

	if (padding == 0) {
		ecdsa_signature_encode((struct view){ecdsa->signatureR.buffer, ecdsa->signatureR.size},
		    (struct view){ecdsa->signatureS.buffer, ecdsa->signatureS.size}, &der);
		octets = bytes_view(&der);
	} else {
		octets = (struct view){rsa->buffer, rsa->size};
	}
	if (signature_check(key, digest, padding, octets, message) < 0) {
		ERR_clear_error(); /* OpenSSL's reason adds nothing */
		return error_set(err, ERROR_BAD_ATTESTATION, "the signature does not verify");
	}
	return 0;
}
