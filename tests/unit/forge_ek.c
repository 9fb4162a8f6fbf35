/* Forges endorsement keys, and opens credentials with them as a TPM would. */
#include "config.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <tss2/tss2_mu.h>

#include "forge.h"
#include "forge_must.h"

#define EK_ATTRIBUTES                                                                       \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
	    TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

void
forge_ek_make(enum forge_key kind, struct forge_ek *ek)
{
	forge_ek_make_of(kind, forge_key(kind, 3), ek);
}

void
forge_ek_make_of(enum forge_key kind, EVP_PKEY *key, struct forge_ek *ek)
{
	bool                small = kind == FORGE_RSA2048 || kind == FORGE_P256;
	TPMT_SYM_DEF_OBJECT aes = {.algorithm = TPM2_ALG_AES,
	    .keyBits.aes = small ? 128 : 256,
	    .mode.aes = TPM2_ALG_CFB};

	memset(ek, 0, sizeof *ek);
	ek->key = key;
	ek->area.nameAlg = TPM2_ALG_SHA384;
	if (small)
		ek->area.nameAlg = TPM2_ALG_SHA256;
	if (kind == FORGE_P521)
		ek->area.nameAlg = TPM2_ALG_SHA512;
	ek->area.objectAttributes = EK_ATTRIBUTES;
	forge_public_key(ek->key, &ek->area);
	if (ek->area.type == TPM2_ALG_RSA) {
		ek->area.parameters.rsaDetail.symmetric = aes;
		ek->area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
	} else {
		ek->area.parameters.eccDetail.symmetric = aes;
		ek->area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
		ek->area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
	}
	forge_spki(ek->key, &ek->spki);
	forge_marshal_public(&ek->area, &ek->public);
}

void
forge_ek_clear(struct forge_ek *ek)
{
	bytes_clear(&ek->spki);
	bytes_clear(&ek->public);
	memset(ek, 0, sizeof *ek);
}

/* ---- activation: octet by octet, with hashes and HMACs alone ---- */

static void
append_u32(struct bytes *out, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		bytes_append_u8(out, (uint8_t)(value >> shift));
}

/* HMAC from its definition (RFC 2104), so as to share nothing with the code under test. */
static void
activate_hmac(const EVP_MD *md, struct view key, struct view message, uint8_t *out)
{
	uint8_t  pads[2][EVP_MAX_MD_SIZE * 2];
	size_t   block = (size_t)EVP_MD_get_block_size(md);
	unsigned size = (unsigned)EVP_MD_get_size(md);
	uint8_t  inner[EVP_MAX_MD_SIZE];

	forge_must(key.size <= block && block <= sizeof pads[0]);
	memset(pads[0], 0x36, sizeof pads[0]);
	memset(pads[1], 0x5c, sizeof pads[1]);
	for (size_t i = 0; i < key.size; i++) {
		pads[0][i] ^= key.data[i];
		pads[1][i] ^= key.data[i];
	}
	for (int round = 0; round < 2; round++) {
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		uint8_t    *to = round == 0 ? inner : out;

		forge_must(EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
		    EVP_DigestUpdate(ctx, pads[round], block) == 1 &&
		    EVP_DigestUpdate(ctx, round == 0 ? message.data : inner,
		        round == 0 ? message.size : size) == 1 &&
		    EVP_DigestFinal_ex(ctx, to, NULL) == 1);
		EVP_MD_CTX_free(ctx);
	}
}

/* One block of KDFa is always enough here. */
static void
activate_kdfa(const EVP_MD *md, struct view seed, const char *label, struct view context,
    size_t size, uint8_t *out)
{
	uint8_t    block[EVP_MAX_MD_SIZE];
	AUTO_BYTES message = {0};

	append_u32(&message, 1);
	bytes_append(&message, label, strlen(label) + 1);
	bytes_append(&message, context.data, context.size);
	append_u32(&message, (uint32_t)size * 8);
	activate_hmac(md, seed, bytes_view(&message), block);
	memcpy(out, block, size);
}

static bool
activate_seed_rsa(const struct forge_ek *ek, const EVP_MD *md, struct view wrapped,
    uint8_t *seed)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek->key, NULL);
	uint8_t       plain[TPM2_MAX_RSA_KEY_BYTES];
	size_t        size = sizeof plain;
	bool          done;

	forge_must(EVP_PKEY_decrypt_init(ctx) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 &&
	    EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, OPENSSL_strdup("IDENTITY"), 9) == 1);
	done = EVP_PKEY_decrypt(ctx, plain, &size, wrapped.data, wrapped.size) == 1 &&
	    size == (size_t)EVP_MD_get_size(md);
	if (done)
		memcpy(seed, plain, size);
	EVP_PKEY_CTX_free(ctx);
	return done;
}

/* The point must come padded to the field's size, as a TPM gives it. */
static EVP_PKEY *
activate_peer(const struct forge_ek *ek, struct view wrapped, TPMS_ECC_POINT *point)
{
	size_t    field = ek->area.unique.ecc.x.size;
	uint8_t   encoded[1 + 2 * TPM2_MAX_ECC_KEY_BYTES] = {4};
	size_t    used = 0;
	EVP_PKEY *peer = EVP_PKEY_new();

	if (Tss2_MU_TPMS_ECC_POINT_Unmarshal(wrapped.data, wrapped.size, &used, point) !=
	        TSS2_RC_SUCCESS ||
	    used != wrapped.size || point->x.size != field || point->y.size != field) {
		EVP_PKEY_free(peer);
		return NULL;
	}
	memcpy(encoded + 1, point->x.buffer, field);
	memcpy(encoded + 1 + field, point->y.buffer, field);
	forge_must(EVP_PKEY_copy_parameters(peer, ek->key) == 1 &&
	    EVP_PKEY_set1_encoded_public_key(peer, encoded, 1 + 2 * field) == 1);
	return peer;
}

static bool
activate_seed_ecc(const struct forge_ek *ek, const EVP_MD *md, struct view wrapped,
    uint8_t *seed)
{
	size_t         field = ek->area.unique.ecc.x.size;
	TPMS_ECC_POINT point;
	EVP_PKEY      *peer = activate_peer(ek, wrapped, &point);
	EVP_PKEY_CTX  *ctx = EVP_PKEY_CTX_new(ek->key, NULL);
	uint8_t        z[TPM2_MAX_ECC_KEY_BYTES];
	size_t         size = sizeof z;
	AUTO_BYTES     message = {0};

	if (peer == NULL) {
		EVP_PKEY_CTX_free(ctx);
		return false;
	}
	forge_must(EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	    EVP_PKEY_derive(ctx, z, &size) == 1 && size == field);
	append_u32(&message, 1);
	bytes_append(&message, z, field);
	bytes_append(&message, "IDENTITY", 9);
	bytes_append(&message, point.x.buffer, field);
	bytes_append(&message, ek->area.unique.ecc.x.buffer, field);
	forge_must(EVP_Digest(message.data, message.size, seed, NULL, md, NULL) == 1);
	EVP_PKEY_free(peer);
	EVP_PKEY_CTX_free(ctx);
	return true;
}

static void
activate_decrypt(uint16_t bits, const uint8_t *key, struct view cipher, uint8_t *plain)
{
	static const uint8_t iv[16];
	EVP_CIPHER_CTX      *ctx = EVP_CIPHER_CTX_new();
	int                  size;

	forge_must(EVP_DecryptInit_ex(ctx, bits == 128 ? EVP_aes_128_cfb128() : EVP_aes_256_cfb128(),
	               NULL, key, iv) == 1 &&
	    EVP_DecryptUpdate(ctx, plain, &size, cipher.data, (int)cipher.size) == 1);
	EVP_CIPHER_CTX_free(ctx);
}

/* Takes the octets behind a size of two octets that must be all the rest. */
static bool
activate_sized(struct view *octets)
{
	if (octets->size < 2 ||
	    (size_t)(octets->data[0] << 8 | octets->data[1]) != octets->size - 2)
		return false;
	octets->data += 2;
	octets->size -= 2;
	return true;
}

static bool
activate_identity(const struct forge_ek *ek, const EVP_MD *md, struct view seed,
    struct view name, struct view identity, struct bytes *secret)
{
	uint16_t    bits = ek->area.type == TPM2_ALG_RSA
	       ? ek->area.parameters.rsaDetail.symmetric.keyBits.aes
	       : ek->area.parameters.eccDetail.symmetric.keyBits.aes;
	uint8_t     key[32];
	uint8_t     plain[2 + EVP_MAX_MD_SIZE];
	struct view value = {plain, identity.size};

	if (identity.size > sizeof plain)
		return false;
	activate_kdfa(md, seed, "STORAGE", name, bits / 8, key);
	activate_decrypt(bits, key, identity, plain);
	if (!activate_sized(&value))
		return false;
	bytes_append(secret, value.data, value.size);
	return true;
}

bool
forge_activate(const struct forge_ek *ek, const struct tpm_name *name, struct view credential,
    struct view encrypted_secret, struct bytes *secret)
{
	const EVP_MD *md = forge_digest(ek->area.nameAlg);
	size_t        digest = (size_t)EVP_MD_get_size(md);
	struct view   name_view = {name->bytes, name->size};
	uint8_t       seed[EVP_MAX_MD_SIZE];
	uint8_t       key[EVP_MAX_MD_SIZE];
	uint8_t       mac[EVP_MAX_MD_SIZE];
	struct view   seed_view = {seed, digest};
	struct view   identity;
	AUTO_BYTES    message = {0};

	if (!activate_sized(&credential) || !activate_sized(&encrypted_secret))
		return false;
	if (!(ek->area.type == TPM2_ALG_RSA ? activate_seed_rsa(ek, md, encrypted_secret, seed)
	                                    : activate_seed_ecc(ek, md, encrypted_secret, seed)))
		return false;
	if (credential.size < 2 + digest || credential.data[0] != 0 || credential.data[1] != digest)
		return false;
	identity = (struct view){credential.data + 2 + digest, credential.size - 2 - digest};
	bytes_append(&message, identity.data, identity.size);
	bytes_append(&message, name->bytes, name->size);
	activate_kdfa(md, seed_view, "INTEGRITY", (struct view){0}, digest, key);
	activate_hmac(md, (struct view){key, digest}, bytes_view(&message), mac);
	if (memcmp(mac, credential.data + 2, digest) != 0)
		return false;
	return activate_identity(ek, md, seed_view, name_view, identity, secret);
}
