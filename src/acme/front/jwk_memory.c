/* Finds a key by the digest of its text; the table is util/lru's. */
#include "config.h"

#include "acme/front/jwk_memory.h"

#include <stdlib.h>

#include <openssl/evp.h>

#include "acme/front/jwk.h"
#include "tpm/openssl_error.h"
#include "util/error.h"
#include "util/lru.h"

struct jwk_memory {
	struct lru *lru; /* struct jwk */
};

static void
key_clear_cb(void *value)
{
	jwk_clear(value);
	free(value);
}

struct jwk_memory *
jwk_memory_new(size_t max)
{
	struct jwk_memory *memory = memory_new(sizeof *memory);

	memory->lru = lru_new(max, key_clear_cb);
	return memory;
}

void
jwk_memory_free(struct jwk_memory *memory)
{
	if (memory == NULL)
		return;
	lru_free(memory->lru);
	free(memory);
}

static void
key_share_cb(void *value, void *arg)
{
	jwk_share(value, arg);
}

int
jwk_memory_parse(struct jwk_memory *memory, struct view text, struct jwk *jwk,
    struct error *err)
{
	uint8_t     digest[LRU_KEY_SIZE];
	struct jwk *kept;

	*jwk = (struct jwk){0};
	if (EVP_Digest(text.data, text.size, digest, NULL, EVP_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing a JWK");
	if (lru_find(memory->lru, digest, key_share_cb, jwk))
		return 0;
	if (jwk_parse(text, jwk, err) != 0)
		return -1;
	kept = memory_new(sizeof *kept);
	jwk_share(jwk, kept);
	lru_put(memory->lru, digest, kept);
	return 0;
}
