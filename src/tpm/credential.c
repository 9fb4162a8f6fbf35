/* Makes credentials: draws the seed, and cleanses every key before it returns. */
#include "config.h"

#include "tpm/credential.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <tss2/tss2_tpm2_types.h>

#include "tpm/digest.h"
#include "tpm/ek.h"
#include "tpm/hmac.h"
#include "tpm/kdf.h"
#include "tpm/key.h"
#include "tpm/name.h"
#include "tpm/openssl_error.h"

/* The seed, which only the EK can recover, and its encrypted form. */
struct wrapped_seed {
	uint8_t      seed[EVP_MAX_MD_SIZE];
	size_t       size; /* octets of nameAlg's digest */
	struct bytes secret;
};

/* Appends a TPM2B: what it holds, behind its size in two octets. */
static void
append_sized(struct view octets, struct bytes *out)
{
	bytes_append_u8(out, (uint8_t)(octets.size >> 8));
	bytes_append_u8(out, (uint8_t)octets.size);
	bytes_append(out, octets.data, octets.size);
}

/* ---- RSA: annex B ---- */

/* All but the label, which copies of a context would share. */
static EVP_PKEY_CTX *
seed_context_new(const struct tpm_ek *ek)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ek->key, NULL);
	const EVP_MD *digest = tpm_digest(ek->name_alg);

	if (ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, digest) == 1 &&
	    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, digest) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

static int
seed_set_label(EVP_PKEY_CTX *ctx)
{
	static const char identity[] = "IDENTITY"; /* with its NUL */
	void             *label = OPENSSL_memdup(identity, sizeof identity);

	if (label != NULL && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof identity) == 1)
		return 0; /* ctx owns the label now */
	OPENSSL_free(label);
	return -1;
}

static int
seed_wrap_rsa(const struct tpm_ek *ek, struct wrapped_seed *wrapped, struct error *err)
{
	EVP_PKEY_CTX *ctx = ek->prepared != NULL ? EVP_PKEY_CTX_dup(ek->prepared) : seed_context_new(ek);
	uint8_t       secret[TPM2_MAX_RSA_KEY_BYTES];
	size_t        size = sizeof secret;
	int           rc = 0;

	if (ctx == NULL || RAND_priv_bytes(wrapped->seed, (int)wrapped->size) != 1 ||
	    seed_set_label(ctx) < 0 ||
	    EVP_PKEY_encrypt(ctx, secret, &size, wrapped->seed, wrapped->size) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "encrypting a seed to an EK");
	else
		bytes_append(&wrapped->secret, secret, size);
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

void
tpm_credential_prepare(struct tpm_ek *ek)
{
	if (ek->prepared == NULL && tpm_key_rsa_bits(ek->key) != 0)
		ek->prepared = seed_context_new(ek);
}

/* ---- ECC: annex C ---- */

/* Z is the x-coordinate of the shared point, padded to the field size. */
static int
seed_agree(EVP_PKEY *ephemeral, EVP_PKEY *ek, uint8_t *z, size_t field, struct error *err)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ephemeral, NULL);
	size_t        size = field;
	int           rc = 0;

	/* The EK's point was checked when it was read. */
	if (ctx == NULL || EVP_PKEY_derive_init(ctx) != 1 ||
	    EVP_PKEY_derive_set_peer_ex(ctx, ek, 0) != 1 ||
	    EVP_PKEY_derive(ctx, z, &size) != 1 || size != field)
		rc = error_set_openssl(err, ERROR_INTERNAL, "agreeing on a seed with an EK");
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

static int
seed_derive(const struct tpm_ek *ek, EVP_PKEY *ephemeral, const struct tpm_curve *curve,
    const uint8_t *ephemeral_x, struct wrapped_seed *wrapped, struct error *err)
{
	uint8_t z[TPM_COORDINATE_MAX];
	uint8_t x[TPM_COORDINATE_MAX];
	uint8_t y[TPM_COORDINATE_MAX];
	size_t  field = curve->field_size;
	int     rc = -1;

	if (tpm_key_coordinates(ek->key, curve, x, y, err) == 0 &&
	    seed_agree(ephemeral, ek->key, z, field, err) == 0)
		rc = tpm_kdfe(ek->name_alg, (struct view){z, field}, "IDENTITY",
		    (struct view){ephemeral_x, field}, (struct view){x, field}, wrapped->seed,
		    wrapped->size, err);
	bytes_cleanse(z, sizeof z);
	return rc;
}

/* TPMS_ECC_POINT. */
static void
seed_append_point(const struct tpm_curve *curve, const uint8_t *x, const uint8_t *y, struct bytes *secret)
{
	append_sized((struct view){x, curve->field_size}, secret);
	append_sized((struct view){y, curve->field_size}, secret);
}

static int
seed_wrap_ecc(const struct tpm_ek *ek, const struct tpm_curve *curve,
    struct wrapped_seed *wrapped, struct error *err)
{
	EVP_PKEY *ephemeral = EVP_EC_gen(curve->group);
	uint8_t   x[TPM_COORDINATE_MAX];
	uint8_t   y[TPM_COORDINATE_MAX];
	int       rc = -1;

	if (ephemeral == NULL)
		return error_set_openssl(err, ERROR_INTERNAL, "making an ephemeral %s key",
		    curve->name);
	if (tpm_key_coordinates(ephemeral, curve, x, y, err) == 0 &&
	    seed_derive(ek, ephemeral, curve, x, wrapped, err) == 0) {
		seed_append_point(curve, x, y, &wrapped->secret);
		rc = 0;
	}
	EVP_PKEY_free(ephemeral);
	return rc;
}

/* ---- both ---- */

/* CFB with a zero IV: each key encrypts once. */
static int
credential_encrypt(const uint8_t *key, uint16_t bits, struct view plain, uint8_t *cipher,
    struct error *err)
{
	static const uint8_t iv[16];
	EVP_CIPHER_CTX      *ctx = EVP_CIPHER_CTX_new();
	const EVP_CIPHER    *aes = bits == 128 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128();
	int                  size;
	int                  rc = 0;

	if (ctx == NULL || EVP_EncryptInit_ex2(ctx, aes, key, iv, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, cipher, &size, plain.data, (int)plain.size) != 1)
		rc = error_set_openssl(err, ERROR_INTERNAL, "encrypting a credential");
	EVP_CIPHER_CTX_free(ctx);
	return rc;
}

/* encIdentity: TPM2B_DIGEST of the secret under the seed's storage key. */
static int
credential_encrypt_identity(const struct tpm_ek *ek, const struct wrapped_seed *wrapped,
    struct view name, struct view secret, struct bytes *identity, struct error *err)
{
	uint8_t plain[2 + EVP_MAX_MD_SIZE] = {(uint8_t)(secret.size >> 8), (uint8_t)secret.size};
	uint8_t cipher[sizeof plain];
	uint8_t key[32];
	size_t  used = 2 + secret.size;
	int     rc = -1;

	memcpy(plain + 2, secret.data, secret.size);
	if (tpm_kdfa(ek->name_alg, (struct view){wrapped->seed, wrapped->size}, "STORAGE", name,
	             (struct view){0}, key, ek->aes_bits / 8, err) == 0 &&
	    credential_encrypt(key, ek->aes_bits, (struct view){plain, used}, cipher, err) == 0)
		rc = 0;
	if (rc == 0)
		bytes_append(identity, cipher, used);
	bytes_cleanse(plain, sizeof plain);
	bytes_cleanse(key, sizeof key);
	return rc;
}

/* integrityHMAC: over encIdentity and the Name, under the seed's integrity key. */
static int
credential_authenticate(const struct tpm_ek *ek, const struct wrapped_seed *wrapped,
    struct view name, struct view identity, uint8_t integrity[EVP_MAX_MD_SIZE], struct error *err)
{
	const struct view message[] = {identity, name};
	uint8_t           key[EVP_MAX_MD_SIZE];
	int               rc;

	rc = tpm_kdfa(ek->name_alg, (struct view){wrapped->seed, wrapped->size}, "INTEGRITY",
	    (struct view){0}, (struct view){0}, key, wrapped->size, err);
	if (rc == 0)
		rc = tpm_hmac(ek->name_alg, (struct view){key, wrapped->size}, message, 2,
		    integrity, err);
	bytes_cleanse(key, sizeof key);
	return rc;
}

/* TPM2B_ID_OBJECT. encIdentity stands behind the HMAC as it is: its own size is encrypted too. */
static void
credential_append(struct view integrity, struct view identity, struct bytes *credential)
{
	AUTO_BYTES object = {0};

	append_sized(integrity, &object);
	bytes_append(&object, identity.data, identity.size);
	append_sized(bytes_view(&object), credential);
}

static int
credential_make(const struct tpm_ek *ek, struct view name, struct view secret,
    struct wrapped_seed *wrapped, struct bytes *credential, struct bytes *encrypted_secret,
    struct error *err)
{
	const struct tpm_curve *curve = tpm_key_curve(ek->key);
	uint8_t                 integrity[EVP_MAX_MD_SIZE];
	AUTO_BYTES              identity = {0};

	if ((curve != NULL ? seed_wrap_ecc(ek, curve, wrapped, err)
	                   : seed_wrap_rsa(ek, wrapped, err)) < 0)
		return -1;
	if (credential_encrypt_identity(ek, wrapped, name, secret, &identity, err) < 0)
		return -1;
	if (credential_authenticate(ek, wrapped, name, bytes_view(&identity), integrity, err) < 0)
		return -1;
	credential_append((struct view){integrity, wrapped->size}, bytes_view(&identity), credential);
	append_sized(bytes_view(&wrapped->secret), encrypted_secret);
	return 0;
}

int
tpm_credential_make(const struct tpm_ek *ek, const struct tpm_name *name, struct view secret,
    struct bytes *credential, struct bytes *encrypted_secret, struct error *err)
{
	struct wrapped_seed wrapped = {.size = tpm_digest_size(ek->name_alg)};
	int                 rc;

	if (name->size == 0)
		return error_set(err, ERROR_INTERNAL, "a credential needs a Name");
	if (secret.size == 0 || secret.size > wrapped.size)
		return error_set(err, ERROR_INTERNAL, "secret of %zu octets for a nameAlg of %zu",
		    secret.size, wrapped.size);
	rc = credential_make(ek, (struct view){name->bytes, name->size}, secret, &wrapped,
	    credential, encrypted_secret, err);
	bytes_clear(&wrapped.secret);
	bytes_cleanse(&wrapped, sizeof wrapped);
	return rc;
}
