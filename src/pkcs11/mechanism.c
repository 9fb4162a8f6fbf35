/* Owns the table of mechanisms and the forms of digests and signatures. */
#include "config.h"

#include "pkcs11/mechanism.h"

#include <string.h>

#include "pkcs11/digest_info.h"
#include "pkcs11/pss.h"
#include "tpm/digest.h"
#include "tpm/key.h"

static const struct mechanism mechanisms[] = {
    {CKM_ECDSA, CKK_EC, TPM2_ALG_ECDSA, TPM2_ALG_NULL},
    {CKM_ECDSA_SHA256, CKK_EC, TPM2_ALG_ECDSA, TPM2_ALG_SHA256},
    {CKM_ECDSA_SHA384, CKK_EC, TPM2_ALG_ECDSA, TPM2_ALG_SHA384},
    {CKM_ECDSA_SHA512, CKK_EC, TPM2_ALG_ECDSA, TPM2_ALG_SHA512},
    {CKM_RSA_PKCS, CKK_RSA, TPM2_ALG_RSASSA, TPM2_ALG_NULL},
    {CKM_SHA256_RSA_PKCS, CKK_RSA, TPM2_ALG_RSASSA, TPM2_ALG_SHA256},
    {CKM_SHA384_RSA_PKCS, CKK_RSA, TPM2_ALG_RSASSA, TPM2_ALG_SHA384},
    {CKM_SHA512_RSA_PKCS, CKK_RSA, TPM2_ALG_RSASSA, TPM2_ALG_SHA512},
    {CKM_RSA_PKCS_PSS, CKK_RSA, TPM2_ALG_RSAPSS, TPM2_ALG_NULL},
    {CKM_SHA256_RSA_PKCS_PSS, CKK_RSA, TPM2_ALG_RSAPSS, TPM2_ALG_SHA256},
    {CKM_SHA384_RSA_PKCS_PSS, CKK_RSA, TPM2_ALG_RSAPSS, TPM2_ALG_SHA384},
    {CKM_SHA512_RSA_PKCS_PSS, CKK_RSA, TPM2_ALG_RSAPSS, TPM2_ALG_SHA512},
    /* Java's PSS asks for them, and hashes by itself. */
    {CKM_SHA256, CKK_RSA, TPM2_ALG_NULL, TPM2_ALG_SHA256},
    {CKM_SHA384, CKK_RSA, TPM2_ALG_NULL, TPM2_ALG_SHA384},
    {CKM_SHA512, CKK_RSA, TPM2_ALG_NULL, TPM2_ALG_SHA512},
};

/* Hashes in PSS parameters. */
static const struct {
	CK_MECHANISM_TYPE     type;
	CK_RSA_PKCS_MGF_TYPE  mgf;
	TPM2_ALG_ID           hash;
} pss_hashes[] = {
    {CKM_SHA256, CKG_MGF1_SHA256, TPM2_ALG_SHA256},
    {CKM_SHA384, CKG_MGF1_SHA384, TPM2_ALG_SHA384},
    {CKM_SHA512, CKG_MGF1_SHA512, TPM2_ALG_SHA512},
};

const struct mechanism *
mechanism_at(size_t index)
{
	return index < sizeof mechanisms / sizeof mechanisms[0] ? &mechanisms[index] : NULL;
}

const struct mechanism *
mechanism_find(CK_MECHANISM_TYPE type)
{
	const struct mechanism *mechanism;

	for (size_t i = 0; (mechanism = mechanism_at(i)) != NULL; i++) {
		if (mechanism->type == type)
			return mechanism;
	}
	return NULL;
}

void
mechanism_describe(const struct mechanism *mechanism, CK_MECHANISM_INFO *info)
{
	if (mechanism->scheme == TPM2_ALG_NULL)
		*info = (CK_MECHANISM_INFO){0, 0, CKF_DIGEST};
	else if (mechanism->key_type == CKK_EC)
		*info = (CK_MECHANISM_INFO){256, 521,
		    CKF_HW | CKF_SIGN | CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS};
	else
		*info = (CK_MECHANISM_INFO){2048, 4096, CKF_HW | CKF_SIGN};
}

static CK_RV
pss_begin(const CK_MECHANISM *given, struct signing *signing)
{
	const CK_RSA_PKCS_PSS_PARAMS *parameters = given->pParameter;

	if (parameters == NULL || given->ulParameterLen != sizeof *parameters ||
	    parameters->sLen > 512)
		return CKR_MECHANISM_PARAM_INVALID;
	for (size_t i = 0; i < sizeof pss_hashes / sizeof pss_hashes[0]; i++) {
		if (pss_hashes[i].type != parameters->hashAlg || pss_hashes[i].mgf != parameters->mgf)
			continue;
		if (signing->mechanism->hash != TPM2_ALG_NULL &&
		    signing->mechanism->hash != pss_hashes[i].hash)
			break;
		signing->hash = pss_hashes[i].hash;
		signing->salt = parameters->sLen;
		return CKR_OK;
	}
	return CKR_MECHANISM_PARAM_INVALID;
}

CK_RV
signing_read(const CK_MECHANISM *given, const TPMT_PUBLIC *area, struct signing *signing)
{
	const struct mechanism *mechanism = mechanism_find(given->mechanism);

	if (mechanism == NULL || mechanism->scheme == TPM2_ALG_NULL)
		return CKR_MECHANISM_INVALID;
	if (mechanism->key_type != (area->type == TPM2_ALG_RSA ? CKK_RSA : CKK_EC))
		return CKR_KEY_TYPE_INCONSISTENT;
	*signing = (struct signing){.mechanism = mechanism, .hash = mechanism->hash};
	if (mechanism->scheme == TPM2_ALG_RSAPSS)
		return pss_begin(given, signing);
	return given->ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

size_t
signing_size(const TPMT_PUBLIC *area)
{
	const struct tpm_curve *curve;

	if (area->type == TPM2_ALG_RSA)
		return area->parameters.rsaDetail.keyBits / 8U;
	curve = tpm_curve_by_id(area->parameters.eccDetail.curveID);
	return curve != NULL ? 2 * curve->field_size : 0;
}

/* The most octets of a digest that count for the curve, of those that TPMs take. */
static size_t
digest_size_max(const TPMT_PUBLIC *area)
{
	switch (area->parameters.eccDetail.curveID) {
	case TPM2_ECC_NIST_P256:
		return 32;
	case TPM2_ECC_NIST_P384:
		return 48;
	default:
		return 64;
	}
}

static CK_RV
ecdsa_input(const TPMT_PUBLIC *area, struct view data, struct signing_input *input)
{
	size_t most = digest_size_max(area);

	/* Of what is longer the leftmost bits count; of P-521 those would be more than a hash has. */
	if (data.size == 0 || (most == 64 && data.size > most))
		return CKR_DATA_LEN_RANGE;
	if (data.size > most)
		data.size = most;
	input->size = data.size <= 32 ? 32 : data.size <= 48 ? 48 : 64;
	input->hash = tpm_digest_of_bits((unsigned)input->size * 8);
	memset(input->digest, 0, sizeof input->digest);
	memcpy(input->digest + input->size - data.size, data.data, data.size);
	return CKR_OK;
}

CK_RV
signing_input_make(const struct signing *signing, const TPMT_PUBLIC *area, struct view data,
    struct signing_input *input)
{
	struct view digest = data;

	if (signing->mechanism->scheme == TPM2_ALG_ECDSA)
		return ecdsa_input(area, data, input);
	input->hash = signing->hash;
	if (signing->hash == TPM2_ALG_NULL) {
		if (!digest_info_read(data, &input->hash, &digest))
			return CKR_DATA_INVALID;
	} else if (digest.size != tpm_digest_size(signing->hash)) {
		return CKR_DATA_LEN_RANGE;
	}
	input->size = digest.size;
	memcpy(input->digest, digest.data, digest.size);
	return CKR_OK;
}

/* Writes a number of a TPM, which may have lost zeros in front, with `size` octets. */
static bool
number_write(const uint8_t *number, size_t count, uint8_t *out, size_t size)
{
	while (count > size && *number == 0) {
		number++;
		count--;
	}
	if (count > size)
		return false;
	memset(out, 0, size - count);
	memcpy(out + size - count, number, count);
	return true;
}

CK_RV
signing_output(const TPMT_PUBLIC *area, const TPMT_SIGNATURE *signature, uint8_t *out)
{
	const TPMS_SIGNATURE_ECDSA *ecdsa = &signature->signature.ecdsa;
	const TPM2B_PUBLIC_KEY_RSA *rsa = &signature->signature.rsassa.sig; /* RSAPSS: the same */
	size_t                      size = signing_size(area);
	bool                        written;

	if (area->type == TPM2_ALG_RSA)
		written = (signature->sigAlg == TPM2_ALG_RSASSA || signature->sigAlg == TPM2_ALG_RSAPSS) &&
		    number_write(rsa->buffer, rsa->size, out, size);
	else
		written = signature->sigAlg == TPM2_ALG_ECDSA &&
		    number_write(ecdsa->signatureR.buffer, ecdsa->signatureR.size, out, size / 2) &&
		    number_write(ecdsa->signatureS.buffer, ecdsa->signatureS.size, out + size / 2, size / 2);
	return written ? CKR_OK : CKR_DEVICE_ERROR;
}

CK_RV
signing_check_salt(const struct signing *signing, const struct signing_input *input,
    const TPMT_PUBLIC *area, const TPMT_SIGNATURE *signature)
{
	const TPM2B_PUBLIC_KEY_RSA *octets = &signature->signature.rsapss.sig;

	if (signing->mechanism->scheme != TPM2_ALG_RSAPSS ||
	    pss_has_salt((struct view){area->unique.rsa.buffer, area->unique.rsa.size},
	        (struct view){octets->buffer, octets->size}, (struct view){input->digest, input->size},
	        input->hash, signing->salt))
		return CKR_OK;
	return CKR_MECHANISM_PARAM_INVALID;
}
