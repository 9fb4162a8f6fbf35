/* Owns the message that a PSS signature encodes. Only numbers and hashes of OpenSSL are used. */
#include "config.h"

#include "pkcs11/pss.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "tpm/digest.h"

#define MODULUS_MAX 512 /* octets */
#define TRAILER     0xbc

/* The encoded message: signature^65537 modulo the modulus, as many octets as that has. */
static bool
message_decode(struct view modulus, struct view signature, uint8_t *message)
{
	BIGNUM *number = BN_bin2bn(signature.data, (int)signature.size, NULL);
	BIGNUM *mod = BN_bin2bn(modulus.data, (int)modulus.size, NULL);
	BIGNUM *exponent = BN_new();
	BN_CTX *ctx = BN_CTX_new();
	bool    decoded;

	decoded = number != NULL && mod != NULL && exponent != NULL && ctx != NULL &&
	    BN_set_word(exponent, 65537) == 1 && BN_cmp(number, mod) < 0 &&
	    BN_mod_exp(number, number, exponent, mod, ctx) == 1 &&
	    BN_bn2binpad(number, message, (int)modulus.size) == (int)modulus.size;
	BN_free(number);
	BN_free(mod);
	BN_free(exponent);
	BN_CTX_free(ctx);
	ERR_clear_error();
	return decoded;
}

/* The digest of two parts, or of three. */
static bool
hash_parts(const EVP_MD *md, const struct view parts[], size_t count, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool        hashed = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1;

	for (size_t i = 0; i < count && hashed; i++)
		hashed = EVP_DigestUpdate(ctx, parts[i].data, parts[i].size) == 1;
	hashed = hashed && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return hashed;
}

/* Takes the mask off `masked`: MGF1 of the seed (RFC 8017 §B.2.1). */
static bool
mask_remove(const EVP_MD *md, struct view seed, uint8_t *masked, size_t size)
{
	uint8_t block[EVP_MAX_MD_SIZE];
	size_t  length = (size_t)EVP_MD_get_size(md);

	for (size_t at = 0; at < size; at += length) {
		uint8_t           counter[4] = {0, 0, 0, (uint8_t)(at / length)};
		const struct view parts[] = {seed, {counter, sizeof counter}};

		if (!hash_parts(md, parts, 2, block))
			return false;
		for (size_t i = 0; i < length && at + i < size; i++)
			masked[at + i] ^= block[i];
	}
	return true;
}

bool
pss_has_salt(struct view modulus, struct view signature, struct view digest, uint16_t hash, size_t salt)
{
	static const uint8_t zeros[8];
	const EVP_MD        *md = tpm_digest(hash);
	uint8_t              message[MODULUS_MAX];
	uint8_t              wanted[EVP_MAX_MD_SIZE];
	size_t               length = tpm_digest_size(hash);
	size_t               masked; /* octets of the salt with its padding */
	struct view          seed;
	struct view          parts[3];

	if (md == NULL || modulus.size > MODULUS_MAX || signature.size > modulus.size ||
	    digest.size != length || modulus.size < length + salt + 2 || (modulus.data[0] & 0x80) == 0)
		return false;
	masked = modulus.size - length - 1;
	seed = (struct view){message + masked, length};
	if (!message_decode(modulus, signature, message) || message[modulus.size - 1] != TRAILER ||
	    (message[0] & 0x80) != 0 || !mask_remove(md, seed, message, masked))
		return false;
	message[0] &= 0x7f; /* one bit less than the modulus has */
	for (size_t i = 0; i < masked - salt - 1; i++)
		if (message[i] != 0)
			return false;
	if (message[masked - salt - 1] != 0x01)
		return false;
	parts[0] = (struct view){zeros, sizeof zeros};
	parts[1] = digest;
	parts[2] = (struct view){message + masked - salt, salt};
	return hash_parts(md, parts, 3, wanted) && memcmp(wanted, seed.data, length) == 0;
}
