/* Software keys, and the wire forms of what they claim; owns the keys until the process ends. */
#include "config.h"

#include "forge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <tss2/tss2_mu.h>

#include "forge_must.h"

#define KEYS_OF_A_KIND 4

static const struct {
	unsigned      rsa_bits; /* 0: ECC */
	unsigned      exponent;
	const char   *group;
	TPMI_ECC_CURVE curve;
	int           field_size;
} kinds[FORGE_KEY_COUNT] = {
    [FORGE_RSA1024] = {1024, 65537, NULL, 0, 0},
    [FORGE_RSA2048] = {2048, 65537, NULL, 0, 0},
    [FORGE_RSA2048_E3] = {2048, 3, NULL, 0, 0},
    [FORGE_RSA2048_ROCA] = {2048, 65537, NULL, 0, 0},
    [FORGE_RSA3072] = {3072, 65537, NULL, 0, 0},
    [FORGE_RSA4096] = {4096, 65537, NULL, 0, 0},
    [FORGE_P224] = {0, 0, "secp224r1", TPM2_ECC_NIST_P224, 28},
    [FORGE_P256] = {0, 0, "prime256v1", TPM2_ECC_NIST_P256, 32},
    [FORGE_P384] = {0, 0, "secp384r1", TPM2_ECC_NIST_P384, 48},
    [FORGE_P521] = {0, 0, "secp521r1", TPM2_ECC_NIST_P521, 66},
};

void
forge_abort(const char *file, int line, const char *what)
{
	(void)fprintf(stderr, "%s:%d: the forge needs %s\n", file, line, what);
	abort();
}

/* ---- making keys ---- */

static EVP_PKEY *
forge_make_rsa(unsigned bits, unsigned exponent)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY     *key = NULL;
	OSSL_PARAM    params[] = {
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_BITS, &bits),
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
        OSSL_PARAM_construct_end(),
    };

	forge_must(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_params(ctx, params) == 1 && EVP_PKEY_generate(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* A prime of 1024 bits as CVE-2017-15361 has them: k * M + (65537^a mod M). */
static BIGNUM *
forge_roca_prime(BN_CTX *ctx)
{
	BIGNUM *m = BN_new();
	BIGNUM *prime = BN_new();
	BIGNUM *a = BN_new();
	BIGNUM *e = BN_new();
	BIGNUM *k = BN_new();
	BIGNUM *rest = BN_new();
	unsigned found = 0;

	forge_must(BN_one(m) == 1 && BN_set_word(e, 65537) == 1);
	for (unsigned n = 2; found < 126; n++) { /* so many for keys of 2048 bits */
		unsigned d = 2;

		while (d * d <= n && n % d != 0)
			d++;
		if (d * d > n) {
			forge_must(BN_mul_word(m, n) == 1);
			found++;
		}
	}
	do {
		/* The top two bits are set, so that the product has all its bits. */
		forge_must(BN_rand(prime, 1024, BN_RAND_TOP_TWO, BN_RAND_BOTTOM_ANY) == 1 &&
		    BN_div(k, NULL, prime, m, ctx) == 1 &&
		    BN_rand(a, 256, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
		    BN_mod_exp(rest, e, a, m, ctx) == 1 && BN_mul(prime, k, m, ctx) == 1 &&
		    BN_add(prime, prime, rest) == 1);
	} while (BN_num_bits(prime) != 1024 || BN_check_prime(prime, ctx, NULL) != 1);
	BN_free(m);
	BN_free(a);
	BN_free(e);
	BN_free(k);
	BN_free(rest);
	return prime;
}

static EVP_PKEY *
forge_rsa_of_primes(const BIGNUM *p, const BIGNUM *q, BN_CTX *ctx)
{
	BIGNUM         *n = BN_new();
	BIGNUM         *e = BN_new();
	BIGNUM         *p1 = BN_dup(p);
	BIGNUM         *q1 = BN_dup(q);
	BIGNUM         *phi = BN_new();
	BIGNUM         *dp = BN_new();
	BIGNUM         *dq = BN_new();
	BIGNUM         *inverse = NULL;
	BIGNUM         *d = NULL;
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM     *params;
	EVP_PKEY_CTX   *maker = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY       *key = NULL;

	forge_must(BN_mul(n, p, q, ctx) == 1 && BN_set_word(e, 65537) == 1 &&
	    BN_sub_word(p1, 1) == 1 && BN_sub_word(q1, 1) == 1 && BN_mul(phi, p1, q1, ctx) == 1 &&
	    (d = BN_mod_inverse(NULL, e, phi, ctx)) != NULL && BN_mod(dp, d, p1, ctx) == 1 &&
	    BN_mod(dq, d, q1, ctx) == 1 && (inverse = BN_mod_inverse(NULL, q, p, ctx)) != NULL);
	forge_must(OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_D, d) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR1, p) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_FACTOR2, q) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT1, dp) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_EXPONENT2, dq) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(builder)) != NULL &&
	    EVP_PKEY_fromdata_init(maker) == 1 &&
	    EVP_PKEY_fromdata(maker, &key, EVP_PKEY_KEYPAIR, params) == 1);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	EVP_PKEY_CTX_free(maker);
	BN_free(n);
	BN_free(e);
	BN_free(d);
	BN_free(phi);
	BN_free(dp);
	BN_free(dq);
	BN_free(inverse);
	BN_free(p1);
	BN_free(q1);
	return key;
}

static EVP_PKEY *
forge_make_roca(void)
{
	BN_CTX   *ctx = BN_CTX_new();
	BIGNUM   *p = forge_roca_prime(ctx);
	BIGNUM   *q = forge_roca_prime(ctx);
	EVP_PKEY *key = forge_rsa_of_primes(p, q, ctx);

	BN_free(p);
	BN_free(q);
	BN_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
forge_make(enum forge_key kind)
{
	if (kind == FORGE_RSA2048_ROCA)
		return forge_make_roca();
	if (kinds[kind].rsa_bits != 0)
		return forge_make_rsa(kinds[kind].rsa_bits, kinds[kind].exponent);
	return EVP_EC_gen(kinds[kind].group);
}

static const char *keys_directory; /* NULL: that of the environment, or none */
static const char *shared_name;    /* NULL: RSA keys are in keys_directory, too */

void
forge_keys_keep(const char *directory)
{
	keys_directory = directory;
}

void
forge_keys_share(const char *name)
{
	shared_name = name;
}

static void
forge_path(const char *directory, enum forge_key kind, size_t index, char path[4096])
{
	const char *name = shared_name != NULL && directory != keys_directory ? shared_name : "forge";

	(void)snprintf(path, 4096, "%s/%s-%d-%zu.pem", directory, name, (int)kind, index);
}

void
forge_keys_drop(void)
{
	char path[4096];

	for (int kind = 0; kind < FORGE_KEY_COUNT; kind++) {
		for (size_t index = 0; index < KEYS_OF_A_KIND; index++) {
			forge_path(keys_directory, (enum forge_key)kind, index, path);
			forge_must(unlink(path) == 0 || errno == ENOENT);
		}
	}
}

static EVP_PKEY *
forge_kept(const char *path)
{
	FILE     *file = fopen(path, "r");
	EVP_PKEY *key;

	if (file == NULL)
		return NULL;
	key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	forge_must(key != NULL);
	(void)fclose(file);
	return key;
}

/* The first of several processes decides: returns its key, which may be another than `key`. */
static EVP_PKEY *
forge_keep(const char *path, EVP_PKEY *key)
{
	char      own[4096 + 32];
	FILE     *file;
	EVP_PKEY *first;

	(void)snprintf(own, sizeof own, "%s.%ld", path, (long)getpid());
	forge_must((file = fopen(own, "w")) != NULL &&
	    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 && fclose(file) == 0);
	forge_must((link(own, path) == 0 || errno == EEXIST) && unlink(own) == 0);
	first = forge_kept(path);
	EVP_PKEY_free(key);
	return first;
}

/* Where keys of a kind are kept: RSA keys take long, so that all tests of one build share theirs. */
static const char *
forge_directory(enum forge_key kind)
{
	const char *shared = kinds[kind].rsa_bits != 0 ? getenv("FORGE_KEYS") : NULL;

	if (keys_directory != NULL && (shared_name == NULL || shared == NULL))
		return keys_directory;
	return shared;
}

static EVP_PKEY *
forge_kept_or_made(enum forge_key kind, size_t index)
{
	const char *directory = forge_directory(kind);
	char        path[4096];
	EVP_PKEY   *key;

	if (directory == NULL)
		return forge_make(kind);
	forge_path(directory, kind, index, path);
	key = forge_kept(path);
	return key != NULL ? key : forge_keep(path, forge_make(kind));
}

EVP_PKEY *
forge_key(enum forge_key kind, size_t index)
{
	static EVP_PKEY *keys[FORGE_KEY_COUNT][KEYS_OF_A_KIND];
	EVP_PKEY       **key = &keys[kind][index];

	forge_must(index < KEYS_OF_A_KIND);
	if (*key == NULL) {
		*key = forge_kept_or_made(kind, index);
		forge_must(*key != NULL);
	}
	return *key;
}

/* ---- public halves ---- */

void
forge_spki(EVP_PKEY *key, struct bytes *der)
{
	unsigned char *data = NULL;
	int            size = i2d_PUBKEY(key, &data);

	forge_must(size > 0);
	bytes_append(der, data, (size_t)size);
	OPENSSL_free(data);
}

static void
forge_number(EVP_PKEY *key, const char *name, int size, uint8_t *out)
{
	BIGNUM *number = NULL;

	forge_must(EVP_PKEY_get_bn_param(key, name, &number) == 1 &&
	    BN_bn2binpad(number, out, size) == size);
	BN_free(number);
}

void
forge_public_key(EVP_PKEY *key, TPMT_PUBLIC *area)
{
	char   group[64];
	size_t length;
	int    bits = EVP_PKEY_get_bits(key);

	if (EVP_PKEY_is_a(key, "RSA")) {
		BIGNUM *exponent = NULL;

		forge_must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1);
		area->type = TPM2_ALG_RSA;
		area->parameters.rsaDetail.keyBits = (UINT16)bits;
		area->parameters.rsaDetail.exponent =
		    BN_is_word(exponent, 65537) ? 0 : (UINT32)BN_get_word(exponent);
		BN_free(exponent);
		area->unique.rsa.size = (UINT16)(bits / 8);
		forge_number(key, OSSL_PKEY_PARAM_RSA_N, bits / 8, area->unique.rsa.buffer);
		return;
	}
	forge_must(EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1);
	area->type = TPM2_ALG_ECC;
	for (size_t i = 0; i < FORGE_KEY_COUNT; i++) {
		if (kinds[i].group == NULL || strcmp(kinds[i].group, group) != 0)
			continue;
		area->parameters.eccDetail.curveID = kinds[i].curve;
		area->unique.ecc.x.size = area->unique.ecc.y.size = (UINT16)kinds[i].field_size;
		forge_number(key, OSSL_PKEY_PARAM_EC_PUB_X, kinds[i].field_size,
		    area->unique.ecc.x.buffer);
		forge_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, kinds[i].field_size,
		    area->unique.ecc.y.buffer);
		return;
	}
	forge_abort(__FILE__, __LINE__, "a curve that it knows");
}

/* ---- wire forms ---- */

void
forge_marshal_public(const TPMT_PUBLIC *area, struct bytes *out)
{
	uint8_t data[sizeof *area];
	size_t  used = 0;

	forge_must(Tss2_MU_TPMT_PUBLIC_Marshal(area, data, sizeof data, &used) == TSS2_RC_SUCCESS);
	bytes_append(out, data, used);
}

void
forge_marshal_attest(const TPMS_ATTEST *attest, struct bytes *out)
{
	uint8_t data[sizeof *attest];
	size_t  used = 0;

	forge_must(
	    Tss2_MU_TPMS_ATTEST_Marshal(attest, data, sizeof data, &used) == TSS2_RC_SUCCESS);
	bytes_append(out, data, used);
}

const EVP_MD *
forge_digest(TPMI_ALG_HASH hash)
{
	switch (hash) {
	case TPM2_ALG_SHA1:
		return EVP_sha1();
	case TPM2_ALG_SHA384:
		return EVP_sha384();
	case TPM2_ALG_SHA512:
		return EVP_sha512();
	default:
		return EVP_sha256();
	}
}

struct tpm_name
forge_name(struct view area)
{
	struct tpm_name name = {0};
	unsigned        size;

	forge_must(area.size >= 4);
	memcpy(name.bytes, area.data + 2, 2);
	forge_must(EVP_Digest(area.data, area.size, name.bytes + 2, &size,
	               forge_digest((TPMI_ALG_HASH)(area.data[2] << 8 | area.data[3])), NULL) == 1);
	name.size = 2 + size;
	return name;
}

/* ---- signatures ---- */

static void
forge_split_ecdsa(struct view der, size_t field, TPMS_SIGNATURE_ECDSA *out)
{
	const unsigned char *at = der.data;
	ECDSA_SIG           *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.size);

	forge_must(pair != NULL);
	out->signatureR.size = out->signatureS.size = (UINT16)field;
	forge_must(BN_bn2binpad(ECDSA_SIG_get0_r(pair), out->signatureR.buffer, (int)field) > 0);
	forge_must(BN_bn2binpad(ECDSA_SIG_get0_s(pair), out->signatureS.buffer, (int)field) > 0);
	ECDSA_SIG_free(pair);
}

void
forge_sign(EVP_PKEY *key, TPMI_ALG_SIG_SCHEME scheme, TPMI_ALG_HASH hash, int salt,
    struct view message, struct bytes *out)
{
	TPMT_SIGNATURE signature = {.sigAlg = scheme};
	EVP_MD_CTX    *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX  *ctx = NULL;
	uint8_t        data[TPM2_MAX_RSA_KEY_BYTES];
	uint8_t        wire[sizeof signature];
	size_t         size = sizeof data;
	size_t         used = 0;

	forge_must(EVP_DigestSignInit(md, &ctx, forge_digest(hash), NULL, key) == 1);
	if (scheme == TPM2_ALG_RSAPSS)
		forge_must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt) == 1);
	forge_must(EVP_DigestSign(md, data, &size, message.data, message.size) == 1);
	EVP_MD_CTX_free(md);

	signature.signature.any.hashAlg = hash; /* first in all three */
	if (scheme == TPM2_ALG_ECDSA) {
		forge_split_ecdsa((struct view){data, size},
		    (size_t)(EVP_PKEY_get_bits(key) + 7) / 8, &signature.signature.ecdsa);
	} else {
		signature.signature.rsassa.sig.size = (UINT16)size;
		memcpy(signature.signature.rsassa.sig.buffer, data, size);
	}
	forge_must(Tss2_MU_TPMT_SIGNATURE_Marshal(&signature, wire, sizeof wire, &used) ==
	    TSS2_RC_SUCCESS);
	bytes_append(out, wire, used);
}
