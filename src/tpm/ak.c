/* Judges the public area of an attestation key; cannot tell whether such a key exists in a TPM. */
#include "config.h"

#include "tpm/ak.h"

#include <string.h>

#include "tpm/digest.h"
#include "tpm/public.h"
#include "util/error.h"

/* WIRE.md §2, rule 5: the required value of each attribute, and the complaint for any other. */
static const struct tpm_attribute_rule attributes[] = {
    {TPMA_OBJECT_FIXEDTPM, true, "AK without fixedTPM: it may leave its TPM"},
    {TPMA_OBJECT_FIXEDPARENT, true, "AK without fixedParent: it may leave its parent"},
    {TPMA_OBJECT_SENSITIVEDATAORIGIN, true,
        "AK without sensitiveDataOrigin: its TPM may not have made it"},
    {TPMA_OBJECT_RESTRICTED, true, "AK without restricted: it signs whatever it is given"},
    {TPMA_OBJECT_SIGN_ENCRYPT, true, "AK without sign: it cannot attest"},
    {TPMA_OBJECT_DECRYPT, false, "AK with decrypt: it is a storage key"},
};

static int
ak_check_scheme(const TPMT_PUBLIC *area, struct error *err)
{
	const TPMT_RSA_SCHEME *rsa = &area->parameters.rsaDetail.scheme;
	const TPMT_ECC_SCHEME *ecc = &area->parameters.eccDetail.scheme;
	uint16_t               hash;

	if (area->type == TPM2_ALG_RSA) {
		if (rsa->scheme != TPM2_ALG_RSASSA && rsa->scheme != TPM2_ALG_RSAPSS)
			return error_set(err, ERROR_BAD_ATTESTATION,
			    "AK scheme 0x%04x of an RSA key is not RSASSA or RSAPSS", rsa->scheme);
		hash = rsa->details.anySig.hashAlg;
	} else {
		if (ecc->scheme != TPM2_ALG_ECDSA)
			return error_set(err, ERROR_BAD_ATTESTATION,
			    "AK scheme 0x%04x of an ECC key is not ECDSA", ecc->scheme);
		hash = ecc->details.anySig.hashAlg;
	}
	if (tpm_digest(hash) == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "AK scheme hash 0x%04x is not SHA-256, SHA-384 or SHA-512", hash);
	return 0;
}

static int
ak_check(const TPMT_PUBLIC *area, struct error *err)
{
	if (tpm_public_check_attributes(area, attributes, sizeof attributes / sizeof attributes[0], err) < 0)
		return -1;
	if (ak_check_scheme(area, err) < 0)
		return -1;
	return area->type == TPM2_ALG_RSA ? tpm_public_check_rsa(area, "AK", err) : 0;
}

static int
ak_read(struct view public, bool checked, struct tpm_ak *ak, struct error *err)
{
	memset(ak, 0, sizeof *ak);
	if (tpm_public_decode(public, "AK", &ak->area, err) < 0)
		return -1;
	if (ak->area.type != TPM2_ALG_RSA && ak->area.type != TPM2_ALG_ECC)
		return error_set(err, ERROR_BAD_ATTESTATION, "AK type 0x%04x is not RSA or ECC",
		    ak->area.type);
	if (tpm_name_compute(public, &ak->name, err) < 0)
		return error_wrap(err, "AK");
	if (!checked && ak_check(&ak->area, err) < 0)
		return -1;
	if (tpm_public_spki(&ak->area, &ak->spki, err) < 0)
		return error_wrap(err, "AK");
	return 0;
}

static int
ak_decode(struct view public, bool checked, struct tpm_ak *ak, struct error *err)
{
	if (ak_read(public, checked, ak, err) < 0) {
		tpm_ak_clear(ak);
		return -1;
	}
	return 0;
}

int
tpm_ak_decode(struct view public, struct tpm_ak *ak, struct error *err)
{
	return ak_decode(public, false, ak, err);
}

int
tpm_ak_decode_again(struct view public, struct tpm_ak *ak, struct error *err)
{
	return ak_decode(public, true, ak, err);
}

size_t
tpm_ak_number_size(const struct tpm_ak *ak)
{
	const TPMU_PUBLIC_ID *number = &ak->area.unique;

	if (ak->area.type == TPM2_ALG_RSA)
		return number->rsa.size;
	return number->ecc.x.size + sizeof number->ecc.y.size + number->ecc.y.size;
}

void
tpm_ak_clear(struct tpm_ak *ak)
{
	bytes_clear(&ak->spki);
	memset(ak, 0, sizeof *ak);
}
