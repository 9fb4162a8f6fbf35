/* Decodes public areas and makes keys of them; the caller chooses the required attributes. */
#include "config.h"

#include "tpm/public.h"

#include <tss2/tss2_mu.h>

#include "tpm/key.h"
#include "tpm/roca.h"
#include "tpm/spki.h"
#include "tpm/tss2_error.h"
#include "util/error.h"

#define RSA_EXPONENT 65537 /* a TPM's 0 means this */
#define RSA_BITS_MIN 2048

int
tpm_public_decode(struct view area, const char *whose, TPMT_PUBLIC *public, struct error *err)
{
	size_t used = 0;
	TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.size, &used, public);

	return tpm_decoded(rc, used, area.size, err, "the %s's public area", whose);
}

/* The numbers of an RSA key, borrowed; the exponent is 65537. */
static int
public_modulus(const TPMT_PUBLIC *public, struct view *modulus, struct error *err)
{
	const TPMS_RSA_PARMS *parameters = &public->parameters.rsaDetail;

	*modulus = (struct view){public->unique.rsa.buffer, public->unique.rsa.size};
	if (parameters->exponent != 0 && parameters->exponent != RSA_EXPONENT)
		return error_set(err, ERROR_BAD_ATTESTATION, "RSA exponent %u is not 65537",
		    parameters->exponent);
	if (modulus->size * 8 != parameters->keyBits)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "RSA modulus of %zu octets in a key of %u bits", modulus->size,
		    parameters->keyBits);
	return 0;
}

/* The uncompressed point of an EC key, written to `octets`. */
static int
public_point(const TPMT_PUBLIC *public, const struct tpm_curve **curve,
    uint8_t octets[TPM_POINT_MAX], struct view *point, struct error *err)
{
	const TPMS_ECC_POINT *found = &public->unique.ecc;
	uint16_t              id = public->parameters.eccDetail.curveID;

	if ((*curve = tpm_curve_by_id(id)) == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "curve 0x%04x is not P-256, P-384 or P-521", id);
	point->data = octets;
	point->size = tpm_key_point(*curve, (struct view){found->x.buffer, found->x.size},
	    (struct view){found->y.buffer, found->y.size}, octets, err);
	return point->size == 0 ? -1 : 0;
}

static int
public_refuse_type(const TPMT_PUBLIC *public, struct error *err)
{
	return error_set(err, ERROR_BAD_ATTESTATION, "key type 0x%04x is not RSA or ECC",
	    public->type);
}

int
tpm_public_key(const TPMT_PUBLIC *public, EVP_PKEY **key, struct error *err)
{
	const struct tpm_curve *curve;
	uint8_t                 octets[TPM_POINT_MAX];
	struct view             number;

	switch (public->type) {
	case TPM2_ALG_RSA:
		if (public_modulus(public, &number, err) < 0)
			return -1;
		return tpm_key_from_rsa(number, RSA_EXPONENT, key, err);
	case TPM2_ALG_ECC:
		if (public_point(public, &curve, octets, &number, err) < 0)
			return -1;
		return tpm_key_from_point(curve, number, key, err);
	default:
		return public_refuse_type(public, err);
	}
}

int
tpm_public_spki(const TPMT_PUBLIC *public, struct bytes *spki, struct error *err)
{
	static const uint8_t    exponent[] = {RSA_EXPONENT >> 16, RSA_EXPONENT >> 8 & 0xff, RSA_EXPONENT & 0xff};
	const struct tpm_curve *curve;
	uint8_t                 octets[TPM_POINT_MAX];
	struct view             number;

	switch (public->type) {
	case TPM2_ALG_RSA:
		if (public_modulus(public, &number, err) < 0 || tpm_key_check_modulus(number, err) < 0)
			return -1;
		spki_append_rsa(number, (struct view){exponent, sizeof exponent}, spki);
		return 0;
	case TPM2_ALG_ECC:
		if (public_point(public, &curve, octets, &number, err) < 0 ||
		    tpm_key_check_point(curve, number, err) < 0)
			return -1;
		spki_append_point(curve, number, spki);
		return 0;
	default:
		return public_refuse_type(public, err);
	}
}

int
tpm_public_check_attributes(const TPMT_PUBLIC *public, const struct tpm_attribute_rule *rules,
    size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		bool set = (public->objectAttributes & rules[i].attribute) != 0;

		if (set != rules[i].wanted)
			return error_set(err, ERROR_BAD_ATTESTATION, "%s", rules[i].complaint);
	}
	return 0;
}

int
tpm_public_check_rsa(const TPMT_PUBLIC *public, const char *whose, struct error *err)
{
	const TPM2B_PUBLIC_KEY_RSA *modulus = &public->unique.rsa;
	unsigned                    bits = public->parameters.rsaDetail.keyBits;

	if (bits < RSA_BITS_MIN)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "%s of %u bits: RSA needs at least %d", whose, bits, RSA_BITS_MIN);
	if (tpm_roca_weak((struct view){modulus->buffer, modulus->size}))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "%s modulus can be factored (ROCA, CVE-2017-15361): update the TPM's firmware "
		    "and make a new key",
		    whose);
	return 0;
}
