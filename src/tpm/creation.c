/* Judges TPM2_CertifyCreation by the key itself; it proves nothing until the credential is
 * activated. */
#include "config.h"

#include "tpm/creation.h"

#include <openssl/evp.h>
#include <tss2/tss2_mu.h>

#include "tpm/ak.h"
#include "tpm/attest.h"
#include "tpm/digest.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "tpm/signature.h"
#include "tpm/tss2_error.h"

static int
creation_check_data(const struct tpm_ak *ak, struct view create_data,
    const TPM2B_DIGEST *attested, struct error *err)
{
	TPMS_CREATION_DATA data;
	uint8_t            digest[EVP_MAX_MD_SIZE];
	unsigned int       digest_size;
	size_t             used = 0;
	TSS2_RC            rc;

	rc = Tss2_MU_TPMS_CREATION_DATA_Unmarshal(create_data.data, create_data.size, &used, &data);
	if (tpm_decoded(rc, used, create_data.size, err, "the creation data") < 0)
		return -1;
	if (EVP_Digest(create_data.data, create_data.size, digest, &digest_size,
	        tpm_digest(ak->area.nameAlg), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing the creation data");
	if (!view_equal((struct view){attested->buffer, attested->size},
	        (struct view){digest, digest_size}))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "the attested creationHash is not the hash of the creation data");
	return 0;
}

/* RSA and ECC schemes begin alike, but only one member of the union is set. */
static int
creation_check_scheme(const TPMT_PUBLIC *area, const TPMT_SIGNATURE *signature,
    struct error *err)
{
	uint16_t scheme = area->parameters.eccDetail.scheme.scheme;
	uint16_t hash = area->parameters.eccDetail.scheme.details.anySig.hashAlg;

	if (area->type == TPM2_ALG_RSA) {
		scheme = area->parameters.rsaDetail.scheme.scheme;
		hash = area->parameters.rsaDetail.scheme.details.anySig.hashAlg;
	}
	if (signature->sigAlg != scheme)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "signature scheme 0x%04x is not the AK's, 0x%04x", signature->sigAlg, scheme);
	if (tpm_signature_hash(signature) != hash)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "signature hash 0x%04x is not the AK's, 0x%04x", tpm_signature_hash(signature),
		    hash);
	return 0;
}

int
tpm_creation_verify(const struct tpm_ak *ak, const struct tpm_creation *creation,
    struct error *err)
{
	TPMS_ATTEST               attest;
	TPMT_SIGNATURE            signature;
	const TPMS_CREATION_INFO *info = &attest.attested.creation;
	EVP_PKEY                 *key = NULL;
	int                       rc;

	if (tpm_attest_decode(creation->attestation, TPM2_ST_ATTEST_CREATION,
	        "TPM_ST_ATTEST_CREATION", &attest, err) < 0)
		return -1;
	if (!tpm_attest_names(&info->objectName, &ak->name))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "the attested objectName is not the Name of the AK's public area");
	if (creation_check_data(ak, creation->create_data, &info->creationHash, err) < 0)
		return -1;
	if (tpm_signature_decode(creation->signature, &signature, err) < 0)
		return -1;
	if (creation_check_scheme(&ak->area, &signature, err) < 0)
		return -1;
	if (tpm_public_key(&ak->area, &key, err) < 0)
		return error_wrap(err, "AK");
	rc = tpm_signature_verify(key, &signature, creation->attestation, err);
	EVP_PKEY_free(key);
	return rc;
}
