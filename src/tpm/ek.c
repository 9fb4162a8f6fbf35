/* Judges endorsement keys and computes their hash; does not know whether one is enrolled. */
#include "config.h"

#include "tpm/ek.h"

#include <string.h>

#include <openssl/evp.h>
#include <tss2/tss2_tpm2_types.h>

#include "tpm/digest.h"
#include "tpm/key.h"
#include "tpm/openssl_error.h"
#include "tpm/public.h"
#include "tpm/roca.h"
#include "tpm/spki.h"

/* The kinds of EK, with the parameters of TCG's templates (L-1, L-2, H-1 to H-7). */
static const struct ek_kind {
	const char *name;
	unsigned    rsa_bits; /* 0: ECC */
	TPMI_ECC_CURVE curve;
	TPMI_ALG_HASH  name_alg;
	uint16_t    aes_bits;
} kinds[] = {
    {"RSA-2048", 2048, TPM2_ECC_NONE, TPM2_ALG_SHA256, 128},
    {"RSA-3072", 3072, TPM2_ECC_NONE, TPM2_ALG_SHA384, 256},
    {"RSA-4096", 4096, TPM2_ECC_NONE, TPM2_ALG_SHA384, 256},
    {"P-256", 0, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, 128},
    {"P-384", 0, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384, 256},
    {"P-521", 0, TPM2_ECC_NIST_P521, TPM2_ALG_SHA512, 256},
};

static const struct tpm_attribute_rule attributes[] = {
    {TPMA_OBJECT_FIXEDTPM, true, "EK without fixedTPM: it may leave its TPM"},
    {TPMA_OBJECT_FIXEDPARENT, true, "EK without fixedParent: it may leave its parent"},
    {TPMA_OBJECT_SENSITIVEDATAORIGIN, true,
        "EK without sensitiveDataOrigin: its TPM may not have made it"},
    {TPMA_OBJECT_RESTRICTED, true, "EK without restricted: it decrypts whatever it is given"},
    {TPMA_OBJECT_DECRYPT, true, "EK without decrypt: it cannot open a credential"},
    {TPMA_OBJECT_SIGN_ENCRYPT, false, "EK with sign: it is not an endorsement key"},
};

static const struct ek_kind *
ek_kind_of(const EVP_PKEY *key)
{
	const struct tpm_curve *curve = tpm_key_curve(key);
	unsigned                rsa_bits = tpm_key_rsa_bits(key);

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].rsa_bits != 0 ? kinds[i].rsa_bits == rsa_bits
		                           : curve != NULL && kinds[i].curve == curve->id)
			return &kinds[i];
	return NULL;
}

/* Appends our own encoding of the key, and checks an RSA modulus on the way. */
static int
ek_encode(EVP_PKEY *key, const struct ek_kind *kind, struct bytes *spki, struct error *err)
{
	struct tpm_rsa_numbers numbers;
	struct view            modulus;

	if (kind->rsa_bits == 0)
		return spki_encode(key, spki, err);
	if (tpm_key_rsa_numbers(key, &numbers) < 0)
		return error_set_openssl(err, ERROR_INTERNAL, "reading the EK's modulus");
	modulus = (struct view){numbers.modulus, numbers.modulus_size};
	if (tpm_roca_weak(modulus))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "EK modulus can be factored (ROCA, CVE-2017-15361): use this TPM's ECC EK");
	spki_append_rsa(modulus, (struct view){numbers.exponent, sizeof numbers.exponent}, spki);
	return 0;
}

static int
ek_hash_spki(struct view spki, struct ek_hash *hash, struct error *err)
{
	if (EVP_Digest(spki.data, spki.size, hash->bytes, NULL, tpm_digest(TPM2_ALG_SHA256), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing an EK");
	return 0;
}

/* Appends our own encoding of the key to *encoded. */
static int
ek_read_spki(struct view spki, struct tpm_ek *ek, struct bytes *encoded, struct error *err)
{
	const struct ek_kind *kind;

	if (spki_decode(spki, "EK", &ek->key, err) < 0)
		return -1;
	if ((kind = ek_kind_of(ek->key)) == NULL) /* every curve that we know has a row */
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "EK of %d bits: RSA must have 2048, 3072 or 4096", EVP_PKEY_get_bits(ek->key));
	if (ek_encode(ek->key, kind, encoded, err) < 0)
		return -1;
	ek->kind = kind->name;
	ek->name_alg = kind->name_alg;
	ek->aes_bits = kind->aes_bits;
	return ek_hash_spki(bytes_view(encoded), &ek->hash, err);
}

/* The symmetric algorithm has the same place in RSA and ECC parameters, but they are two
 * structs. */
static const TPMT_SYM_DEF_OBJECT *
ek_symmetric(const TPMT_PUBLIC *area)
{
	return area->type == TPM2_ALG_RSA ? &area->parameters.rsaDetail.symmetric
	                                  : &area->parameters.eccDetail.symmetric;
}

static int
ek_check_symmetric(const TPMT_SYM_DEF_OBJECT *symmetric, struct error *err)
{
	if (symmetric->algorithm != TPM2_ALG_AES)
		return error_set(err, ERROR_BAD_ATTESTATION, "EK symmetric algorithm 0x%04x is not AES",
		    symmetric->algorithm);
	if (symmetric->keyBits.aes != 128 && symmetric->keyBits.aes != 256)
		return error_set(err, ERROR_BAD_ATTESTATION, "EK with AES of %u bits, not 128 or 256",
		    symmetric->keyBits.aes);
	if (symmetric->mode.aes != TPM2_ALG_CFB)
		return error_set(err, ERROR_BAD_ATTESTATION, "EK with AES mode 0x%04x, not CFB",
		    symmetric->mode.aes);
	return 0;
}

static int
ek_check_same_key(const TPMT_PUBLIC *area, struct view encoded, struct error *err)
{
	AUTO_BYTES other = {0};

	if (tpm_public_spki(area, &other, err) < 0)
		return error_wrap(err, "EK");
	if (!view_equal(bytes_view(&other), encoded))
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "the EK's public area holds another key than ek");
	return 0;
}

static int
ek_read_public(struct view public, struct view encoded, struct tpm_ek *ek, struct error *err)
{
	TPMT_PUBLIC area;

	if (tpm_public_decode(public, "EK", &area, err) < 0)
		return -1;
	if (area.type != TPM2_ALG_RSA && area.type != TPM2_ALG_ECC)
		return error_set(err, ERROR_BAD_ATTESTATION, "EK type 0x%04x is not RSA or ECC",
		    area.type);
	if (tpm_digest(area.nameAlg) == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "EK nameAlg 0x%04x is not SHA-256, SHA-384 or SHA-512", area.nameAlg);
	if (tpm_public_check_attributes(&area, attributes, sizeof attributes / sizeof attributes[0],
	        err) < 0)
		return -1;
	if (ek_check_symmetric(ek_symmetric(&area), err) < 0)
		return -1;
	if (ek_check_same_key(&area, encoded, err) < 0)
		return -1;
	ek->name_alg = area.nameAlg;
	ek->aes_bits = ek_symmetric(&area)->keyBits.aes;
	return 0;
}

int
tpm_ek_decode(struct view spki, struct view public, struct tpm_ek *ek, struct error *err)
{
	AUTO_BYTES encoded = {0};

	memset(ek, 0, sizeof *ek);
	if (ek_read_spki(spki, ek, &encoded, err) < 0 ||
	    (public.size != 0 && ek_read_public(public, bytes_view(&encoded), ek, err) < 0)) {
		tpm_ek_clear(ek);
		return -1;
	}
	return 0;
}

void
tpm_ek_clear(struct tpm_ek *ek)
{
	EVP_PKEY_CTX_free(ek->prepared);
	EVP_PKEY_free(ek->key);
	memset(ek, 0, sizeof *ek);
}

int
ek_hash_of_key(EVP_PKEY *key, struct ek_hash *hash, struct error *err)
{
	AUTO_BYTES der = {0};

	if (spki_encode(key, &der, err) < 0)
		return -1;
	return ek_hash_spki(bytes_view(&der), hash, err);
}
