#include "config.h"

#include <string.h>

#include <openssl/evp.h>

#include "device/tpm/ak_type.h"
#include "device/tpm/template.h"
#include "unit.h"

/* TCG EK Credential Profile, annex B: what each template must be, in the profile's own numbers. */
static const struct {
	const char *label;
	const char *kind;
	uint16_t    type;
	uint16_t    size; /* keyBits or curveID */
	uint16_t    name_alg;
	uint16_t    aes_bits;
	uint32_t    attributes;
	uint32_t    certificate;
	uint16_t    unique; /* octets of the modulus, or of x and of y */
} wanted[] = {
    {"L-1", "RSA-2048", 0x0001, 2048, 0x000b, 128, 0x000300b2, 0x01c00002, 256},
    {"L-2", "P-256", 0x0023, 0x0003, 0x000b, 128, 0x000300b2, 0x01c0000a, 32},
    {"H-1", "RSA-2048", 0x0001, 2048, 0x000b, 128, 0x000300f2, 0x01c00012, 0},
    {"H-2", "P-256", 0x0023, 0x0003, 0x000b, 128, 0x000300f2, 0x01c00014, 0},
    {"H-3", "P-384", 0x0023, 0x0004, 0x000c, 256, 0x000300f2, 0x01c00016, 0},
    {"H-4", "P-521", 0x0023, 0x0005, 0x000d, 256, 0x000300f2, 0x01c00018, 0},
    {"H-6", "RSA-3072", 0x0001, 3072, 0x000c, 256, 0x000300f2, 0x01c0001c, 0},
    {"H-7", "RSA-4096", 0x0001, 4096, 0x000c, 256, 0x000300f2, 0x01c0001e, 0},
};

#define WANTED_COUNT (sizeof wanted / sizeof wanted[0])

START_TEST(at_each_row_is_tcgs)
{
	const struct device_template *template = device_template_at((size_t)_i);
	TPMT_PUBLIC                   area;
	const TPMT_SYM_DEF_OBJECT    *symmetric;

	ck_assert_ptr_nonnull(template);
	ck_assert_str_eq(template->label, wanted[_i].label);
	ck_assert_str_eq(template->kind, wanted[_i].kind);
	ck_assert_uint_eq(template->nv_certificate, wanted[_i].certificate);
	area = device_template_public(template);
	ck_assert_uint_eq(area.type, wanted[_i].type);
	ck_assert_uint_eq(area.nameAlg, wanted[_i].name_alg);
	ck_assert_uint_eq(area.objectAttributes, wanted[_i].attributes);
	if (area.type == TPM2_ALG_RSA) {
		symmetric = &area.parameters.rsaDetail.symmetric;
		ck_assert_uint_eq(area.parameters.rsaDetail.keyBits, wanted[_i].size);
		ck_assert_uint_eq(area.parameters.rsaDetail.exponent, 0);
		ck_assert_uint_eq(area.parameters.rsaDetail.scheme.scheme, TPM2_ALG_NULL);
		ck_assert_uint_eq(area.unique.rsa.size, wanted[_i].unique);
	} else {
		symmetric = &area.parameters.eccDetail.symmetric;
		ck_assert_uint_eq(area.parameters.eccDetail.curveID, wanted[_i].size);
		ck_assert_uint_eq(area.parameters.eccDetail.scheme.scheme, TPM2_ALG_NULL);
		ck_assert_uint_eq(area.parameters.eccDetail.kdf.scheme, TPM2_ALG_NULL);
		ck_assert_uint_eq(area.unique.ecc.x.size, wanted[_i].unique);
		ck_assert_uint_eq(area.unique.ecc.y.size, wanted[_i].unique);
	}
	ck_assert_uint_eq(symmetric->algorithm, TPM2_ALG_AES);
	ck_assert_uint_eq(symmetric->keyBits.aes, wanted[_i].aes_bits);
	ck_assert_uint_eq(symmetric->mode.aes, TPM2_ALG_CFB);
}
END_TEST

START_TEST(at_behind_the_last_row_is_null)
{
	ck_assert_ptr_null(device_template_at(WANTED_COUNT));
}
END_TEST

/* ---- policies, computed as TPM 2.0 Library Part 3 says ---- */

struct digest {
	uint8_t      bytes[EVP_MAX_MD_SIZE];
	unsigned int size;
};

static void
digest_of(const EVP_MD *md, struct digest *out, const struct view *parts, size_t count)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	ck_assert_int_eq(EVP_DigestInit_ex(context, md, NULL), 1);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(EVP_DigestUpdate(context, parts[i].data, parts[i].size), 1);
	ck_assert_int_eq(EVP_DigestFinal_ex(context, out->bytes, &out->size), 1);
	EVP_MD_CTX_free(context);
}

#define DIGEST_OF(md, out, ...)                                        \
	do {                                                           \
		const struct view parts_[] = {__VA_ARGS__};            \
		digest_of((md), (out), parts_, sizeof parts_ / sizeof parts_[0]); \
	} while (0)

/* PolicyUpdate(TPM_CC_PolicySecret, Name of the endorsement hierarchy, no policyRef). */
static void
policy_secret(const EVP_MD *md, struct digest *out)
{
	static const uint8_t zeros[EVP_MAX_MD_SIZE];
	static const uint8_t command[] = {0x00, 0x00, 0x01, 0x51};
	static const uint8_t endorsement[] = {0x40, 0x00, 0x00, 0x0b};
	struct digest        inner;

	DIGEST_OF(md, &inner, {zeros, (size_t)EVP_MD_get_size(md)}, {command, sizeof command},
	    {endorsement, sizeof endorsement});
	DIGEST_OF(md, out, {inner.bytes, inner.size});
}

/* PolicyAuthorizeNV of the profile's index 0x01C07F01, F02 or F03, which holds a policy digest. */
static void
policy_authorize_nv(const EVP_MD *md, uint16_t alg, const struct digest *secret, struct digest *out)
{
	static const uint8_t zeros[EVP_MAX_MD_SIZE];
	static const uint8_t command[] = {0x00, 0x00, 0x01, 0x92};
	const uint8_t        head[] = {0x01, 0xc0, 0x7f, (uint8_t)(alg - 0x0a), 0x00, (uint8_t)alg,
	           0x22, 0x0f, 0x10, 0x08, 0x00, (uint8_t)secret->size};
	const uint8_t        tail[] = {0x00, (uint8_t)(secret->size + 2)};
	const uint8_t        alg_bytes[] = {0x00, (uint8_t)alg};
	struct digest        name;

	DIGEST_OF(md, &name, {head, sizeof head}, {secret->bytes, secret->size}, {tail, sizeof tail});
	DIGEST_OF(md, out, {zeros, secret->size}, {command, sizeof command},
	    {alg_bytes, sizeof alg_bytes}, {name.bytes, name.size});
}

START_TEST(public_policy_is_what_the_commands_give)
{
	static const uint8_t          zeros[EVP_MAX_MD_SIZE];
	static const uint8_t          command_or[] = {0x00, 0x00, 0x01, 0x71};
	const struct device_template *template = device_template_at((size_t)_i);
	TPMT_PUBLIC                   area = device_template_public(template);
	const EVP_MD                 *md = area.nameAlg == TPM2_ALG_SHA256 ? EVP_sha256()
	                    : area.nameAlg == TPM2_ALG_SHA384              ? EVP_sha384()
	                                                                   : EVP_sha512();
	struct digest                 secret, authorize, either;

	policy_secret(md, &secret);
	policy_authorize_nv(md, area.nameAlg, &secret, &authorize);
	DIGEST_OF(md, &either, {zeros, secret.size}, {command_or, sizeof command_or},
	    {secret.bytes, secret.size}, {authorize.bytes, authorize.size});
	if (!template->high)
		either = secret;
	ck_assert_uint_eq(area.authPolicy.size, either.size);
	ck_assert_mem_eq(area.authPolicy.buffer, either.bytes, either.size);
}
END_TEST

static const struct {
	const char *word;
	const char *label; /* NULL: nothing */
} words[] = {
    {"RSA-2048", "L-1"},
    {"rsa2048", "L-1"},
    {"p-256", "L-2"},
    {"P384", "H-3"},
    {"h-2", "H-2"},
    {"H1", "H-1"},
    {"rsa4096", "H-7"},
    {"rsa", NULL},
    {"rsa20480", NULL},
    {"", NULL},
};

START_TEST(find_word_gives_the_row)
{
	const struct device_template *template = device_template_find(words[_i].word);

	ck_assert_int_eq(template != NULL, words[_i].label != NULL);
	if (template != NULL)
		ck_assert_str_eq(template->label, words[_i].label);
}
END_TEST

START_TEST(equal_areas_that_differ_in_unique_are)
{
	TPMT_PUBLIC a = device_template_storage(TPM2_ALG_ECC, true);
	TPMT_PUBLIC b = device_template_storage(TPM2_ALG_ECC, false);

	ck_assert_uint_eq(a.unique.ecc.x.size, 0);
	ck_assert_uint_eq(b.unique.ecc.x.size, 32);
	ck_assert_uint_eq(a.objectAttributes, 0x00030472);
	ck_assert(device_template_equal(&a, &b));
}
END_TEST

START_TEST(equal_exponent_spelled_out_is)
{
	TPMT_PUBLIC a = device_template_storage(TPM2_ALG_RSA, false);
	TPMT_PUBLIC b = a;

	b.parameters.rsaDetail.exponent = 65537;
	ck_assert(device_template_equal(&a, &b));
	b.parameters.rsaDetail.exponent = 3;
	ck_assert(!device_template_equal(&a, &b));
}
END_TEST

START_TEST(equal_other_parameters_are_not)
{
	TPMT_PUBLIC a = device_template_storage(TPM2_ALG_RSA, false);
	TPMT_PUBLIC others[5];

	for (size_t i = 0; i < 5; i++)
		others[i] = a;
	others[0] = device_template_storage(TPM2_ALG_ECC, false);
	others[1].nameAlg = TPM2_ALG_SHA384;
	others[2].objectAttributes ^= TPMA_OBJECT_NODA;
	others[3].authPolicy.size = 32;
	others[4].parameters.rsaDetail.keyBits = 3072;
	for (size_t i = 0; i < 5; i++)
		ck_assert_msg(!device_template_equal(&a, &others[i]), "other %zu", i);
}
END_TEST

/* ---- AKs ---- */

START_TEST(ak_type_each_row_is_found_again)
{
	const struct device_ak_type *type = device_ak_type_at((size_t)_i);
	TPMT_PUBLIC                  area;

	ck_assert_ptr_nonnull(type);
	area = device_ak_type_public(type);
	ck_assert_uint_eq(area.objectAttributes, 0x00050472);
	ck_assert_ptr_eq(device_ak_type_of(&area), type);
	ck_assert_ptr_eq(device_ak_type_find(type->word), type);
}
END_TEST

START_TEST(ak_type_default_is_what_step_ca_verifies)
{
	TPMT_PUBLIC area = device_ak_type_public(device_ak_type_at(0));

	ck_assert_uint_eq(area.type, TPM2_ALG_RSA);
	ck_assert_uint_eq(area.parameters.rsaDetail.keyBits, 2048);
	ck_assert_uint_eq(area.parameters.rsaDetail.scheme.scheme, TPM2_ALG_RSASSA);
	ck_assert_uint_eq(area.parameters.rsaDetail.scheme.details.rsassa.hashAlg, TPM2_ALG_SHA256);
}
END_TEST

START_TEST(ak_type_unknown_is_null)
{
	TPMT_PUBLIC area = device_ak_type_public(device_ak_type_at(0));

	area.parameters.rsaDetail.scheme.details.rsassa.hashAlg = TPM2_ALG_SHA384;
	ck_assert_ptr_null(device_ak_type_of(&area));
	ck_assert_ptr_null(device_ak_type_find("rsa1024"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("template");
	TCase *tc = tcase_create("template");
	int    ak_types = 0;

	while (device_ak_type_at((size_t)ak_types) != NULL)
		ak_types++;
	tcase_add_loop_test(tc, at_each_row_is_tcgs, 0, (int)WANTED_COUNT);
	tcase_add_test(tc, at_behind_the_last_row_is_null);
	tcase_add_loop_test(tc, public_policy_is_what_the_commands_give, 0, (int)WANTED_COUNT);
	tcase_add_loop_test(tc, find_word_gives_the_row, 0, sizeof words / sizeof words[0]);
	tcase_add_test(tc, equal_areas_that_differ_in_unique_are);
	tcase_add_test(tc, equal_exponent_spelled_out_is);
	tcase_add_test(tc, equal_other_parameters_are_not);
	tcase_add_loop_test(tc, ak_type_each_row_is_found_again, 0, ak_types);
	tcase_add_test(tc, ak_type_default_is_what_step_ca_verifies);
	tcase_add_test(tc, ak_type_unknown_is_null);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
