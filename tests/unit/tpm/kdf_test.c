#include "config.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "kdf_vectors.h"
#include "tpm/kdf.h"
#include "tpm/key.h"
#include "unit_hex.h"
#include "util/error.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

START_TEST(kdfa_published_vector_agrees)
{
	const struct kdf_vector *vector = &kdfa_vectors[_i];
	AUTO_BYTES               key = {0};
	AUTO_BYTES               u = {0};
	AUTO_BYTES               v = {0};
	AUTO_BYTES               result = {0};
	uint8_t                  out[256];
	struct error             err = {0};

	unit_ok(tpm_kdfa(vector->hash, unit_hex(vector->key, &key), vector->label,
	            unit_hex(vector->u, &u), unit_hex(vector->v, &v), out, vector->bits / 8, &err),
	    &err);
	ck_assert(view_equal(unit_hex(vector->result, &result), (struct view){out, vector->bits / 8}));
}
END_TEST

START_TEST(kdfe_published_vector_agrees)
{
	const struct kdf_vector *vector = &kdfe_vectors[_i];
	size_t                   size = (vector->bits + 7) / 8;
	AUTO_BYTES               z = {0};
	AUTO_BYTES               u = {0};
	AUTO_BYTES               v = {0};
	AUTO_BYTES               result = {0};
	uint8_t                  out[256];
	struct error             err = {0};

	unit_ok(tpm_kdfe(vector->hash, unit_hex(vector->key, &z), vector->label,
	            unit_hex(vector->u, &u), unit_hex(vector->v, &v), out, size, &err),
	    &err);
	if (vector->bits % 8 != 0) /* the vector's first octet has fewer bits */
		out[0] &= (uint8_t)((1U << vector->bits % 8) - 1);
	ck_assert(view_equal(unit_hex(vector->result, &result), (struct view){out, size}));
}
END_TEST

/* A private key of its number alone. */
static EVP_PKEY *
private_key(const char *group, struct view number, const EVP_PKEY *public)
{
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM         *private = BN_bin2bn(number.data, (int)number.size, NULL);
	EVP_PKEY_CTX   *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY       *key = NULL;
	OSSL_PARAM     *params;
	uint8_t         any[1 + 2 * TPM_COORDINATE_MAX];
	size_t          size;

	/* OpenSSL wants a public half beside it, and does not look at it here. */
	ck_assert_int_eq(EVP_PKEY_get_octet_string_param(public, OSSL_PKEY_PARAM_PUB_KEY, any,
	                     sizeof any, &size),
	    1);
	ck_assert(OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, private) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, any, size) == 1);
	params = OSSL_PARAM_BLD_to_param(builder);
	ck_assert(EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(ctx);
	BN_free(private);
	return key;
}

START_TEST(kdfe_seed_that_a_tpm_recovered_agrees)
{
	const struct seed_vector *vector = &seed_vectors[_i];
	const struct tpm_curve   *curve = tpm_curve_by_id(vector->curve);
	AUTO_BYTES                number = {0};
	AUTO_BYTES                x = {0};
	AUTO_BYTES                y = {0};
	AUTO_BYTES                point = {0};
	AUTO_BYTES                seed = {0};
	struct view               ek_x = unit_hex(vector->ek_x, &x);
	EVP_PKEY                 *ek = NULL;
	EVP_PKEY                 *ephemeral;
	EVP_PKEY_CTX             *ctx;
	uint8_t                   z[TPM_COORDINATE_MAX];
	size_t                    size = sizeof z;
	uint8_t                   out[64];
	struct error              err = {0};

	unit_ok(tpm_key_from_coordinates(curve, ek_x, unit_hex(vector->ek_y, &y), &ek, &err), &err);
	ephemeral = private_key(curve->group, unit_hex(vector->ephemeral, &number), ek);
	ctx = EVP_PKEY_CTX_new(ephemeral, NULL);
	ck_assert(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, ek) == 1 &&
	    EVP_PKEY_derive(ctx, z, &size) == 1);
	(void)unit_hex(vector->point, &point);
	(void)unit_hex(vector->seed, &seed);
	unit_ok(tpm_kdfe(vector->hash, (struct view){z, size}, "IDENTITY",
	            (struct view){point.data + 2, curve->field_size}, ek_x, out, seed.size, &err),
	    &err);
	ck_assert(view_equal(bytes_view(&seed), (struct view){out, seed.size}));
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(ephemeral);
	EVP_PKEY_free(ek);
}
END_TEST

START_TEST(derive_other_hash_is_internal)
{
	static const uint8_t key[] = {1};
	struct view          view = {key, sizeof key};
	uint8_t              out[20];
	struct error         err = {0};

	unit_fails(tpm_kdfa(TPM2_ALG_SHA1, view, "CFB", view, view, out, sizeof out, &err), &err,
	    ERROR_INTERNAL, "no KDFa with hash 0x0004");
	unit_fails(tpm_kdfe(TPM2_ALG_SHA1, view, "CFB", view, view, out, sizeof out, &err), &err,
	    ERROR_INTERNAL, "no KDFe with hash 0x0004");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("kdf");
	TCase *tc = tcase_create("kdf");

	tcase_add_loop_test(tc, kdfa_published_vector_agrees, 0, COUNT(kdfa_vectors));
	tcase_add_loop_test(tc, kdfe_published_vector_agrees, 0, COUNT(kdfe_vectors));
	tcase_add_loop_test(tc, kdfe_seed_that_a_tpm_recovered_agrees, 0, COUNT(seed_vectors));
	tcase_add_test(tc, derive_other_hash_is_internal);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
