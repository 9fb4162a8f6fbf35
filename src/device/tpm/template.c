/* Owns the tables; talks to no TPM. */
#include "config.h"

#include "device/tpm/template.h"

#include <ctype.h>
#include <string.h>

#include "device/tpm/octets.h"
#include "util/bytes.h"
#include "util/error.h"
#define ATTRIBUTES_PRIMARY                                                          \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
	    TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

/* TCG EK Credential Profile 2.x, annex B.3 and B.4, and table "NV indices". */
static const struct device_template templates[] = {
    {"RSA-2048", "L-1", TPM2_ALG_RSA, 2048, TPM2_ALG_SHA256, 128, false,
        0x01c00002, 0x01c00004, 0x01c00003},
    {"P-256", "L-2", TPM2_ALG_ECC, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, 128, false,
        0x01c0000a, 0x01c0000c, 0x01c0000b},
    {"RSA-2048", "H-1", TPM2_ALG_RSA, 2048, TPM2_ALG_SHA256, 128, true,
        0x01c00012, 0x01c00013, 0},
    {"P-256", "H-2", TPM2_ALG_ECC, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, 128, true,
        0x01c00014, 0x01c00015, 0},
    {"P-384", "H-3", TPM2_ALG_ECC, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384, 256, true,
        0x01c00016, 0x01c00017, 0},
    {"P-521", "H-4", TPM2_ALG_ECC, TPM2_ECC_NIST_P521, TPM2_ALG_SHA512, 256, true,
        0x01c00018, 0x01c00019, 0},
    {"RSA-3072", "H-6", TPM2_ALG_RSA, 3072, TPM2_ALG_SHA384, 256, true,
        0x01c0001c, 0x01c0001d, 0},
    {"RSA-4096", "H-7", TPM2_ALG_RSA, 4096, TPM2_ALG_SHA384, 256, true,
        0x01c0001e, 0x01c0001f, 0},
};

/*
 * PolicyA: PolicySecret(endorsement). PolicyB: PolicyA, or the policy in an NV
 * index of the administrator; annex B.6 of the profile has both digests.
 */
static const uint8_t policy_a_sha256[] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};
static const uint8_t policy_b_sha256[] = {
    0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,
    0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0};
static const uint8_t policy_b_sha384[] = {
    0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,
    0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,
    0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12};
static const uint8_t policy_b_sha512[] = {
    0xb8, 0x22, 0x1c, 0xa6, 0x9e, 0x85, 0x50, 0xa4, 0x91, 0x4d, 0xe3, 0xfa, 0xa6, 0xa1, 0x8c, 0x07,
    0x2c, 0xc0, 0x12, 0x08, 0x07, 0x3a, 0x92, 0x8d, 0x5d, 0x66, 0xd5, 0x9e, 0xf7, 0x9e, 0x49, 0xa4,
    0x29, 0xc4, 0x1a, 0x6b, 0x26, 0x95, 0x71, 0xd5, 0x7e, 0xdb, 0x25, 0xfb, 0xdb, 0x18, 0x38, 0x42,
    0x56, 0x08, 0xb4, 0x13, 0xcd, 0x61, 0x6a, 0x5f, 0x6d, 0xb5, 0xb6, 0x07, 0x1a, 0xf9, 0x9b, 0xea};

static const struct {
	TPM2_ALG_ID name_alg;
	bool        high;
	struct view digest;
} policies[] = {
    {TPM2_ALG_SHA256, false, {policy_a_sha256, sizeof policy_a_sha256}},
    {TPM2_ALG_SHA256, true, {policy_b_sha256, sizeof policy_b_sha256}},
    {TPM2_ALG_SHA384, true, {policy_b_sha384, sizeof policy_b_sha384}},
    {TPM2_ALG_SHA512, true, {policy_b_sha512, sizeof policy_b_sha512}},
};

const struct device_template *
device_template_at(size_t index)
{
	return index < sizeof templates / sizeof templates[0] ? &templates[index] : NULL;
}

/* Compares, ignoring case and "-". */
static bool
word_equal(const char *a, const char *b)
{
	for (;;) {
		while (*a == '-')
			a++;
		while (*b == '-')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (*a == '\0')
			return true;
		a++;
		b++;
	}
}

const struct device_template *
device_template_find(const char *word)
{
	const struct device_template *template;

	for (size_t i = 0; (template = device_template_at(i)) != NULL; i++) {
		if (word_equal(word, template->kind) || word_equal(word, template->label))
			return template;
	}
	return NULL;
}

/* A restricted decryption key of this type with AES-CFB. */
static TPMT_PUBLIC
primary_public(TPM2_ALG_ID type, uint16_t size, TPM2_ALG_ID name_alg, uint16_t aes_bits)
{
	const TPMT_SYM_DEF_OBJECT aes = {
	    .algorithm = TPM2_ALG_AES, .keyBits.aes = aes_bits, .mode.aes = TPM2_ALG_CFB};
	TPMT_PUBLIC area = {
	    .type = type, .nameAlg = name_alg, .objectAttributes = ATTRIBUTES_PRIMARY};

	if (type == TPM2_ALG_RSA) {
		area.parameters.rsaDetail.symmetric = aes;
		area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
		area.parameters.rsaDetail.keyBits = size;
	} else {
		area.parameters.eccDetail.symmetric = aes;
		area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
		area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
		area.parameters.eccDetail.curveID = size;
	}
	return area;
}

/* Zeros of the size of an RSA-2048 modulus or P-256 coordinates; only these templates use them. */
static void
unique_fill(TPMT_PUBLIC *area)
{
	if (area->type == TPM2_ALG_RSA) {
		area->unique.rsa.size = 256;
	} else {
		area->unique.ecc.x.size = 32;
		area->unique.ecc.y.size = 32;
	}
}

TPMT_PUBLIC
device_template_public(const struct device_template *template)
{
	TPMT_PUBLIC area = primary_public(template->type, template->size, template->name_alg,
	    template->aes_bits);

	area.objectAttributes |= TPMA_OBJECT_ADMINWITHPOLICY;
	if (template->high)
		area.objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
	else
		unique_fill(&area);
	for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
		struct view digest = policies[i].digest;

		if (policies[i].name_alg != template->name_alg || policies[i].high != template->high)
			continue;
		memcpy(area.authPolicy.buffer, digest.data, digest.size);
		area.authPolicy.size = (uint16_t)digest.size;
	}
	return area;
}

TPMT_PUBLIC
device_template_storage(TPM2_ALG_ID type, bool empty_unique)
{
	TPMT_PUBLIC area = primary_public(type,
	    type == TPM2_ALG_RSA ? 2048 : TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, 128);

	area.objectAttributes |= TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA;
	if (!empty_unique)
		unique_fill(&area);
	return area;
}

bool
device_template_equal(const TPMT_PUBLIC *a, const TPMT_PUBLIC *b)
{
	const TPMT_PUBLIC *areas[] = {a, b};
	struct bytes       octets[2] = {{0}, {0}};
	struct error       ignored;
	bool               equal = true;

	if (a->type != b->type)
		return false;
	for (int i = 0; i < 2; i++) {
		TPMT_PUBLIC area = *areas[i];

		memset(&area.unique, 0, sizeof area.unique);
		/* 65537 may be written as 0. */
		if (area.type == TPM2_ALG_RSA && area.parameters.rsaDetail.exponent == 65537)
			area.parameters.rsaDetail.exponent = 0;
		equal = device_public_append(&area, &octets[i], &ignored) == 0 && equal;
	}
	equal = equal && view_equal(bytes_view(&octets[0]), bytes_view(&octets[1]));
	bytes_clear(&octets[0]);
	bytes_clear(&octets[1]);
	return equal;
}
