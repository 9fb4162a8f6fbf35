/* Decodes public areas and makes keys of them; the caller chooses the required attributes. */
#include "config.h"

#include "tpm/public.h"

#include <openssl/bn.h>
#include <tss2/tss2_mu.h>

#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "tpm/roca.h"
#include "tpm/tss2_error.h"

#define RSA_EXPONENT 65537 /* a TPM's 0 means this */
#define RSA_BITS_MIN 2048

int
tpm_public_decode(struct view area, const char *whose, TPMT_PUBLIC *public, struct error *err)
{
	size_t used = 0;
	TSS2_RC rc = Tss2_MU_TPMT_PUBLIC_Unmarshal(area.data, area.size, &used, public);

	return tpm_decoded(rc, used, area.size, err, "the %s's public area", whose);
}

static int
public_key_rsa(const TPMT_PUBLIC *public, EVP_PKEY **key, struct error *err)
{
	const TPMS_RSA_PARMS *parameters = &public->parameters.rsaDetail;
	struct view           modulus = {public->unique.rsa.buffer, public->unique.rsa.size};
	uint32_t              exponent = parameters->exponent;

	if (exponent == 0)
		exponent = RSA_EXPONENT;
	if (exponent != RSA_EXPONENT)
		return error_set(err, ERROR_BAD_ATTESTATION, "RSA exponent %u is not 65537",
		    exponent);
	if (modulus.size * 8 != parameters->keyBits)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "RSA modulus of %zu octets in a key of %u bits", modulus.size,
		    parameters->keyBits);
	return tpm_key_from_rsa(modulus, exponent, key, err);
}

static int
public_key_ec(const TPMT_PUBLIC *public, EVP_PKEY **key, struct error *err)
{
	const TPMS_ECC_POINT   *point = &public->unique.ecc;
	uint16_t                id = public->parameters.eccDetail.curveID;
	const struct tpm_curve *curve = tpm_curve_by_id(id);

	if (curve == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "curve 0x%04x is not P-256, P-384 or P-521", id);
	return tpm_key_from_coordinates(curve, (struct view){point->x.buffer, point->x.size},
	    (struct view){point->y.buffer, point->y.size}, key, err);
}

int
tpm_public_key(const TPMT_PUBLIC *public, EVP_PKEY **key, struct error *err)
{
	switch (public->type) {
	case TPM2_ALG_RSA:
		return public_key_rsa(public, key, err);
	case TPM2_ALG_ECC:
		return public_key_ec(public, key, err);
	default:
		return error_set(err, ERROR_BAD_ATTESTATION, "key type 0x%04x is not RSA or ECC",
		    public->type);
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
	BIGNUM                     *number;
	bool                        weak;

	if (bits < RSA_BITS_MIN)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "%s of %u bits: RSA needs at least %d", whose, bits, RSA_BITS_MIN);
	if ((number = BN_bin2bn(modulus->buffer, modulus->size, NULL)) == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "reading a modulus");
	weak = tpm_roca_weak(number);
	BN_free(number);
	if (weak)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "%s modulus can be factored (ROCA, CVE-2017-15361): update the TPM's firmware "
		    "and make a new key",
		    whose);
	return 0;
}
