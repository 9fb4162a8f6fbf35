#include "config.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "forge.h"
#include "tpm/ek.h"
#include "unit.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

static const struct view no_public = {NULL, 0};

static const struct {
	enum forge_key key;
	const char    *kind;
	uint16_t       name_alg;
	uint16_t       aes_bits;
} kinds[] = {
    {FORGE_RSA2048, "RSA-2048", TPM2_ALG_SHA256, 128},
    {FORGE_RSA3072, "RSA-3072", TPM2_ALG_SHA384, 256},
    {FORGE_RSA4096, "RSA-4096", TPM2_ALG_SHA384, 256},
    {FORGE_P256, "P-256", TPM2_ALG_SHA256, 128},
    {FORGE_P384, "P-384", TPM2_ALG_SHA384, 256},
    {FORGE_P521, "P-521", TPM2_ALG_SHA512, 256},
};

START_TEST(decode_each_kind_gives_its_template)
{
	struct forge_ek forged;
	struct tpm_ek   ek;
	uint8_t         hash[EK_HASH_SIZE];
	struct error    err = {0};

	forge_ek_make(kinds[_i].key, &forged);
	for (int with_public = 0; with_public <= 1; with_public++) {
		unit_ok(tpm_ek_decode(bytes_view(&forged.spki),
		            with_public ? bytes_view(&forged.public) : no_public, &ek, &err),
		    &err);
		ck_assert_str_eq(ek.kind, kinds[_i].kind);
		ck_assert_uint_eq(ek.name_alg, kinds[_i].name_alg);
		ck_assert_uint_eq(ek.aes_bits, kinds[_i].aes_bits);
		ck_assert_int_eq(EVP_PKEY_eq(ek.key, forged.key), 1);
		/* our encoding is the one that OpenSSL makes */
		ck_assert_int_eq(EVP_Digest(forged.spki.data, forged.spki.size, hash, NULL,
		                     EVP_sha256(), NULL),
		    1);
		ck_assert_mem_eq(ek.hash.bytes, hash, sizeof hash);
		tpm_ek_clear(&ek);
		ck_assert_ptr_null(ek.key);
	}
	forge_ek_clear(&forged);
}
END_TEST

/* ---- the SubjectPublicKeyInfo ---- */

enum spoiling {
	WHOLE,
	CUT_OFF,
	LEFT_OVER,
	EMPTY,
	OAEP,        /* the last octet of rsaEncryption's OID is 7 */
	PARAMETERS,  /* rsaEncryption's NULL is another type */
	KEY_INSIDE,  /* the BIT STRING is no RSAPublicKey */
	UNUSED_BITS, /* of the BIT STRING */
	OFF_CURVE,
	INFINITE, /* the point is SEC 1's one octet of zero */
};

static const struct {
	enum forge_key  key;
	enum spoiling   how;
	enum error_kind kind;
	const char     *detail;
} refused[] = {
    {FORGE_RSA1024, WHOLE, ERROR_BAD_ATTESTATION,
        "EK of 1024 bits: RSA must have 2048, 3072 or 4096"},
    {FORGE_RSA2048_E3, WHOLE, ERROR_BAD_ATTESTATION, "EK: RSA exponent is not 65537"},
    {FORGE_RSA2048_ROCA, WHOLE, ERROR_BAD_ATTESTATION,
        "EK modulus can be factored (ROCA, CVE-2017-15361): use this TPM's ECC EK"},
    {FORGE_P224, WHOLE, ERROR_BAD_ATTESTATION,
        "EK: curve 1.3.132.0.33 is not P-256, P-384 or P-521"},
    {FORGE_RSA2048, CUT_OFF, ERROR_MALFORMED, "the EK is not one SubjectPublicKeyInfo in DER"},
    {FORGE_RSA2048, LEFT_OVER, ERROR_MALFORMED, "the EK is not one SubjectPublicKeyInfo in DER"},
    {FORGE_P256, CUT_OFF, ERROR_MALFORMED, "the EK is not one SubjectPublicKeyInfo in DER"},
    {FORGE_P256, LEFT_OVER, ERROR_MALFORMED, "the EK is not one SubjectPublicKeyInfo in DER"},
    {FORGE_P256, EMPTY, ERROR_MALFORMED, "the EK is not one SubjectPublicKeyInfo in DER"},
    {FORGE_RSA2048, OAEP, ERROR_BAD_ATTESTATION,
        "unsupported EK algorithm id-RSAES-OAEP (1.2.840.113549.1.1.7)"},
    {FORGE_RSA2048, PARAMETERS, ERROR_MALFORMED, "EK: rsaEncryption has parameters"},
    {FORGE_RSA2048, KEY_INSIDE, ERROR_MALFORMED, "EK: not an RSAPublicKey in DER"},
    {FORGE_RSA2048, UNUSED_BITS, ERROR_MALFORMED, "the EK's BIT STRING has unused bits"},
    {FORGE_P256, UNUSED_BITS, ERROR_MALFORMED, "the EK's BIT STRING has unused bits"},
    {FORGE_P256, OFF_CURVE, ERROR_BAD_ATTESTATION,
        "EK: not a point on P-256: point is not on curve"},
    {FORGE_P256, INFINITE, ERROR_BAD_ATTESTATION, "EK: the point at infinity of P-256 is no key"},
};

/* Offsets in the SubjectPublicKeyInfo of an RSA-2048 and of a P-256 key. */
static void
spoil(enum forge_key key, enum spoiling how, struct bytes *spki)
{
	bool rsa = key != FORGE_P256;

	switch (how) {
	case WHOLE:
		break;
	case CUT_OFF:
		spki->size--;
		break;
	case LEFT_OVER:
		bytes_append_u8(spki, 0);
		break;
	case EMPTY:
		spki->size = 0;
		break;
	case OAEP: /* SEQUENCE, SEQUENCE, OID of nine octets */
		ck_assert_uint_eq(spki->data[16], 1);
		spki->data[16] = 7;
		break;
	case PARAMETERS:
		ck_assert_uint_eq(spki->data[17], 5);
		spki->data[17] = 4;
		break;
	case KEY_INSIDE:
		ck_assert_uint_eq(spki->data[24], 0x30);
		spki->data[24] = 0x31;
		break;
	case UNUSED_BITS: /* the last octet's lowest bit must be clear then, as DER has it */
		ck_assert_uint_eq(spki->data[rsa ? 23 : 25], 0);
		spki->data[rsa ? 23 : 25] = 1;
		spki->data[spki->size - 1] &= 0xfe;
		break;
	case OFF_CURVE:
		spki->data[spki->size - 1] ^= 1;
		break;
	case INFINITE: /* SEQUENCE, and a BIT STRING behind the algorithm's 23 octets */
		ck_assert_uint_eq(spki->data[23], 3);
		spki->data[1] = 21 + 4;
		spki->data[24] = 2;
		spki->data[26] = 0;
		spki->size = 27;
		break;
	}
}

START_TEST(decode_spoiled_spki_is_refused_by_its_own_rule)
{
	AUTO_BYTES    spki = {0};
	struct tpm_ek ek;
	struct error  err = {0};

	forge_spki(forge_key(refused[_i].key, 0), &spki);
	spoil(refused[_i].key, refused[_i].how, &spki);
	unit_fails(tpm_ek_decode(bytes_view(&spki), no_public, &ek, &err), &err, refused[_i].kind,
	    refused[_i].detail);
	ck_assert_ptr_null(ek.key);
}
END_TEST

START_TEST(decode_ed25519_is_unsupported)
{
	EVP_PKEY     *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	AUTO_BYTES    spki = {0};
	struct tpm_ek ek;
	struct error  err = {0};

	forge_spki(key, &spki);
	unit_fails(tpm_ek_decode(bytes_view(&spki), no_public, &ek, &err), &err,
	    ERROR_BAD_ATTESTATION, "unsupported EK algorithm 1.3.101.112");
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(decode_explicit_curve_is_refused)
{
	EVP_PKEY     *key = EVP_EC_gen("P-256");
	AUTO_BYTES    spki = {0};
	struct tpm_ek ek;
	struct error  err = {0};

	ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(key, "encoding", "explicit"), 1);
	forge_spki(key, &spki);
	unit_fails(tpm_ek_decode(bytes_view(&spki), no_public, &ek, &err), &err,
	    ERROR_BAD_ATTESTATION, "EK: the curve is not named");
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(decode_other_encoding_of_a_key_has_the_same_hash)
{
	AUTO_BYTES    plain = {0};
	AUTO_BYTES    compressed = {0};
	EVP_PKEY     *key = EVP_PKEY_dup(forge_key(FORGE_P256, 0));
	struct tpm_ek first;
	struct tpm_ek second;
	struct error  err = {0};

	forge_spki(key, &plain);
	ck_assert_int_eq(EVP_PKEY_set_utf8_string_param(key, "point-format", "compressed"), 1);
	forge_spki(key, &compressed);
	ck_assert_uint_lt(compressed.size, plain.size);
	unit_ok(tpm_ek_decode(bytes_view(&plain), no_public, &first, &err), &err);
	unit_ok(tpm_ek_decode(bytes_view(&compressed), no_public, &second, &err), &err);
	ck_assert_mem_eq(first.hash.bytes, second.hash.bytes, EK_HASH_SIZE);
	tpm_ek_clear(&first);
	tpm_ek_clear(&second);
	EVP_PKEY_free(key);
}
END_TEST

/* ---- the public area ---- */

enum area_flaw {
	AREA_TYPE,
	AREA_NAME_ALG,
	AREA_FIXED_TPM,
	AREA_FIXED_PARENT,
	AREA_SENSITIVE_DATA_ORIGIN,
	AREA_RESTRICTED,
	AREA_DECRYPT,
	AREA_SIGN,
	AREA_ALGORITHM,
	AREA_AES_192,
	AREA_MODE,
	AREA_KEY,
	AREA_POINT,
	AREA_LEFT_OVER,
	AREA_CUT_OFF,
};

static const struct {
	enum area_flaw  flaw;
	enum error_kind kind;
	const char     *detail;
} areas[] = {
    {AREA_TYPE, ERROR_BAD_ATTESTATION, "EK type 0x0008 is not RSA or ECC"},
    {AREA_NAME_ALG, ERROR_BAD_ATTESTATION,
        "EK nameAlg 0x0004 is not SHA-256, SHA-384 or SHA-512"},
    {AREA_FIXED_TPM, ERROR_BAD_ATTESTATION, "EK without fixedTPM: it may leave its TPM"},
    {AREA_FIXED_PARENT, ERROR_BAD_ATTESTATION, "EK without fixedParent: it may leave its parent"},
    {AREA_SENSITIVE_DATA_ORIGIN, ERROR_BAD_ATTESTATION,
        "EK without sensitiveDataOrigin: its TPM may not have made it"},
    {AREA_RESTRICTED, ERROR_BAD_ATTESTATION,
        "EK without restricted: it decrypts whatever it is given"},
    {AREA_DECRYPT, ERROR_BAD_ATTESTATION, "EK without decrypt: it cannot open a credential"},
    {AREA_SIGN, ERROR_BAD_ATTESTATION, "EK with sign: it is not an endorsement key"},
    {AREA_ALGORITHM, ERROR_BAD_ATTESTATION, "EK symmetric algorithm 0x0026 is not AES"},
    {AREA_AES_192, ERROR_BAD_ATTESTATION, "EK with AES of 192 bits, not 128 or 256"},
    {AREA_MODE, ERROR_BAD_ATTESTATION, "EK with AES mode 0x0040, not CFB"},
    {AREA_KEY, ERROR_BAD_ATTESTATION, "the EK's public area holds another key than ek"},
    {AREA_POINT, ERROR_BAD_ATTESTATION, "EK: not a point on P-256: point is not on curve"},
    {AREA_LEFT_OVER, ERROR_MALFORMED, "the EK's public area has octets left over: 1"},
    {AREA_CUT_OFF, ERROR_MALFORMED, "the EK's public area is cut off"},
};

static void
spoil_area(enum area_flaw flaw, TPMT_PUBLIC *area)
{
	TPMT_SYM_DEF_OBJECT *symmetric = &area->parameters.eccDetail.symmetric;

	switch (flaw) {
	case AREA_TYPE:
		*area = (TPMT_PUBLIC){.type = TPM2_ALG_KEYEDHASH,
		    .nameAlg = TPM2_ALG_SHA256,
		    .objectAttributes = area->objectAttributes,
		    .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL};
		break;
	case AREA_NAME_ALG:
		area->nameAlg = TPM2_ALG_SHA1;
		break;
	case AREA_FIXED_TPM:
		area->objectAttributes &= ~TPMA_OBJECT_FIXEDTPM;
		break;
	case AREA_FIXED_PARENT:
		area->objectAttributes &= ~TPMA_OBJECT_FIXEDPARENT;
		break;
	case AREA_SENSITIVE_DATA_ORIGIN:
		area->objectAttributes &= ~TPMA_OBJECT_SENSITIVEDATAORIGIN;
		break;
	case AREA_RESTRICTED:
		area->objectAttributes &= ~TPMA_OBJECT_RESTRICTED;
		break;
	case AREA_DECRYPT:
		area->objectAttributes &= ~TPMA_OBJECT_DECRYPT;
		break;
	case AREA_SIGN:
		area->objectAttributes |= TPMA_OBJECT_SIGN_ENCRYPT;
		break;
	case AREA_ALGORITHM:
		symmetric->algorithm = TPM2_ALG_CAMELLIA;
		break;
	case AREA_AES_192:
		symmetric->keyBits.aes = 192;
		break;
	case AREA_MODE:
		symmetric->mode.aes = TPM2_ALG_CTR;
		break;
	case AREA_KEY:
		forge_public_key(forge_key(FORGE_P256, 1), area);
		break;
	case AREA_POINT:
		area->unique.ecc.y.buffer[31] ^= 1;
		break;
	case AREA_LEFT_OVER:
	case AREA_CUT_OFF:
		break;
	}
}

START_TEST(decode_spoiled_public_is_refused_by_its_own_rule)
{
	struct forge_ek forged;
	struct tpm_ek   ek;
	AUTO_BYTES      public = {0};
	struct error    err = {0};

	forge_ek_make(FORGE_P256, &forged);
	spoil_area(areas[_i].flaw, &forged.area);
	forge_marshal_public(&forged.area, &public);
	if (areas[_i].flaw == AREA_LEFT_OVER)
		bytes_append_u8(&public, 0);
	if (areas[_i].flaw == AREA_CUT_OFF)
		public.size--;
	unit_fails(tpm_ek_decode(bytes_view(&forged.spki), bytes_view(&public), &ek, &err), &err,
	    areas[_i].kind, areas[_i].detail);
	ck_assert_ptr_null(ek.key);
	forge_ek_clear(&forged);
}
END_TEST

/* RSA keys of one size are compared by their numbers, without making a key of the area. */
START_TEST(decode_public_of_another_rsa_key_is_refused)
{
	struct forge_ek forged;
	struct tpm_ek   ek;
	AUTO_BYTES      public = {0};
	struct error    err = {0};

	forge_ek_make(FORGE_RSA2048, &forged);
	unit_ok(tpm_ek_decode(bytes_view(&forged.spki), bytes_view(&forged.public), &ek, &err), &err);
	tpm_ek_clear(&ek);
	forged.area.unique.rsa.buffer[128] ^= 1;
	forge_marshal_public(&forged.area, &public);
	unit_fails(tpm_ek_decode(bytes_view(&forged.spki), bytes_view(&public), &ek, &err), &err,
	    ERROR_BAD_ATTESTATION, "the EK's public area holds another key than ek");
	ck_assert_ptr_null(ek.key);
	forge_ek_clear(&forged);
}
END_TEST

/* The same number, an octet longer than the key. */
START_TEST(decode_public_of_a_padded_modulus_is_refused)
{
	struct forge_ek       forged;
	struct tpm_ek         ek;
	TPM2B_PUBLIC_KEY_RSA *unique = &forged.area.unique.rsa;
	AUTO_BYTES            public = {0};
	struct error          err = {0};

	forge_ek_make(FORGE_RSA2048, &forged);
	memmove(unique->buffer + 1, unique->buffer, unique->size++);
	unique->buffer[0] = 0;
	forge_marshal_public(&forged.area, &public);
	ck_assert_int_eq(tpm_ek_decode(bytes_view(&forged.spki), bytes_view(&public), &ek, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	ck_assert_ptr_null(ek.key);
	forge_ek_clear(&forged);
}
END_TEST

START_TEST(decode_public_of_the_other_kind_is_refused)
{
	struct forge_ek ecc;
	struct forge_ek rsa;
	struct tpm_ek   ek;
	struct error    err = {0};

	forge_ek_make(FORGE_P256, &ecc);
	forge_ek_make(FORGE_RSA2048, &rsa);
	unit_fails(tpm_ek_decode(bytes_view(&ecc.spki), bytes_view(&rsa.public), &ek, &err), &err,
	    ERROR_BAD_ATTESTATION, "the EK's public area holds another key than ek");
	forge_ek_clear(&ecc);
	forge_ek_clear(&rsa);
}
END_TEST

/* ---- the hash ---- */

START_TEST(hash_of_other_key_is_over_openssls_encoding)
{
	EVP_PKEY      *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	AUTO_BYTES     spki = {0};
	struct ek_hash hash;
	uint8_t        wanted[EK_HASH_SIZE];
	struct error   err = {0};

	forge_spki(key, &spki);
	ck_assert_int_eq(
	    EVP_Digest(spki.data, spki.size, wanted, NULL, EVP_sha256(), NULL), 1);
	unit_ok(ek_hash_of_key(key, &hash, &err), &err);
	ck_assert_mem_eq(hash.bytes, wanted, sizeof wanted);
	EVP_PKEY_free(key);
}
END_TEST

/* A key that has no SubjectPublicKeyInfo. */
START_TEST(hash_of_a_secret_key_is_none)
{
	EVP_PKEY      *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)"k", 1);
	struct ek_hash hash;
	struct error   err = {0};

	ck_assert_ptr_nonnull(key);
	ck_assert_int_eq(ek_hash_of_key(key, &hash, &err), -1);
	EVP_PKEY_free(key);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek");
	TCase *tc = tcase_create("ek");

	for (int i = 0; i < COUNT(kinds); i++) /* once, before Check forks */
		(void)forge_key(kinds[i].key, 3);
	(void)forge_key(FORGE_RSA2048, 0);
	(void)forge_key(FORGE_RSA1024, 0);
	(void)forge_key(FORGE_RSA2048_E3, 0);
	(void)forge_key(FORGE_RSA2048_ROCA, 0);
	(void)forge_key(FORGE_P256, 0);
	tcase_add_loop_test(tc, decode_each_kind_gives_its_template, 0, COUNT(kinds));
	tcase_add_loop_test(tc, decode_spoiled_spki_is_refused_by_its_own_rule, 0, COUNT(refused));
	tcase_add_test(tc, decode_ed25519_is_unsupported);
	tcase_add_test(tc, decode_explicit_curve_is_refused);
	tcase_add_test(tc, decode_other_encoding_of_a_key_has_the_same_hash);
	tcase_add_loop_test(tc, decode_spoiled_public_is_refused_by_its_own_rule, 0, COUNT(areas));
	tcase_add_test(tc, decode_public_of_another_rsa_key_is_refused);
	tcase_add_test(tc, decode_public_of_a_padded_modulus_is_refused);
	tcase_add_test(tc, decode_public_of_the_other_kind_is_refused);
	tcase_add_test(tc, hash_of_other_key_is_over_openssls_encoding);
	tcase_add_test(tc, hash_of_a_secret_key_is_none);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
