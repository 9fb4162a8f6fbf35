/* Judges TPM2_Certify; the caller has verified the AK's certificate. */
#include "config.h"

#include "tpm/certify.h"

#include <string.h>

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>

#include "tpm/attest.h"
#include "tpm/digest.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "tpm/signature.h"

#define WHOSE "certified key"

static const struct tpm_attribute_rule attributes[] = {
    {TPMA_OBJECT_FIXEDTPM, true, WHOSE " without fixedTPM: it may leave its TPM"},
    {TPMA_OBJECT_FIXEDPARENT, true, WHOSE " without fixedParent: it may leave its parent"},
    {TPMA_OBJECT_SENSITIVEDATAORIGIN, true,
        WHOSE " without sensitiveDataOrigin: its TPM may not have made it"},
    {TPMA_OBJECT_SIGN_ENCRYPT, true, WHOSE " without sign: it cannot sign a request"},
    {TPMA_OBJECT_RESTRICTED, false, WHOSE " with restricted: it signs only what its TPM made"},
};

static int
certify_read_area(struct view octets, struct tpm_certified *certified, struct error *err)
{
	TPMT_PUBLIC area;

	if (tpm_public_decode(octets, WHOSE, &area, err) < 0)
		return -1;
	if (area.type != TPM2_ALG_RSA && area.type != TPM2_ALG_ECC)
		return error_set(err, ERROR_BAD_ATTESTATION, WHOSE " type 0x%04x is not RSA or ECC",
		    area.type);
	if (tpm_name_compute(octets, &certified->name, err) < 0)
		return error_wrap(err, WHOSE);
	if (tpm_public_check_attributes(&area, attributes, sizeof attributes / sizeof attributes[0],
	        err) < 0)
		return -1;
	if (area.type == TPM2_ALG_RSA && tpm_public_check_rsa(&area, WHOSE, err) < 0)
		return -1;
	if (tpm_public_key(&area, &certified->key, err) < 0)
		return error_wrap(err, WHOSE);
	return 0;
}

static int
certify_check_extra_data(const TPM2B_DATA *extra, struct view key_authorization,
    uint16_t hash_alg, struct error *err)
{
	uint8_t      digest[EVP_MAX_MD_SIZE];
	unsigned int size;

	if (EVP_Digest(key_authorization.data, key_authorization.size, digest, &size,
	        tpm_digest(hash_alg), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a key authorization");
	if (!view_equal((struct view){extra->buffer, extra->size}, (struct view){digest, size}))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "extraData is not the hash of the key authorization");
	return 0;
}

static int
certify_check(EVP_PKEY *ak, const struct tpm_certify *evidence, struct view key_authorization,
    uint16_t hash_alg, struct tpm_certified *certified, struct error *err)
{
	TPMS_ATTEST    attest;
	TPMT_SIGNATURE signature;
	uint16_t       hash;

	if (tpm_digest(hash_alg) == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "hash 0x%04x of alg is not SHA-256, SHA-384 or SHA-512", hash_alg);
	if (certify_read_area(evidence->area, certified, err) < 0)
		return -1;
	if (tpm_attest_decode(evidence->info, TPM2_ST_ATTEST_CERTIFY, "TPM_ST_ATTEST_CERTIFY",
	        &attest, err) < 0)
		return -1;
	if (!tpm_attest_names(&attest.attested.certify.name, &certified->name))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "the attested Name is not the Name of the certified key's public area");
	if (certify_check_extra_data(&attest.extraData, key_authorization, hash_alg, err) < 0)
		return -1;
	if (tpm_signature_decode(evidence->signature, &signature, err) < 0)
		return -1;
	hash = tpm_signature_hash(&signature);
	if (hash != hash_alg)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "signature hash 0x%04x is not that of alg, 0x%04x", hash, hash_alg);
	return tpm_signature_verify(ak, &signature, evidence->info, err);
}

int
tpm_certify_verify(EVP_PKEY *ak, const struct tpm_certify *evidence,
    struct view key_authorization, uint16_t hash_alg, struct tpm_certified *certified,
    struct error *err)
{
	memset(certified, 0, sizeof *certified);
	if (certify_check(ak, evidence, key_authorization, hash_alg, certified, err) < 0) {
		tpm_certified_clear(certified);
		return -1;
	}
	return 0;
}

void
tpm_certified_clear(struct tpm_certified *certified)
{
	EVP_PKEY_free(certified->key);
	memset(certified, 0, sizeof *certified);
}
