/* Finds a decoded EK by the digest of its octets; the table is util/lru's. */
#include "config.h"

#include "attestation/keeper/ek_keys.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "tpm/credential.h"
#include "tpm/digest.h"
#include "tpm/openssl_error.h"
#include "util/error.h"

struct ek_keys {
	struct lru *lru; /* struct tpm_ek */
};

static void
ek_clear_cb(void *value)
{
	tpm_ek_clear(value);
	free(value);
}

struct ek_keys *
ek_keys_new(size_t max)
{
	struct ek_keys *keys = memory_new(sizeof *keys);

	keys->lru = lru_new(max, ek_clear_cb);
	return keys;
}

void
ek_keys_free(struct ek_keys *keys)
{
	if (keys == NULL)
		return;
	lru_free(keys->lru);
	free(keys);
}

/* A copy with a reference and a context of its own. */
static void
ek_use_cb(void *value, void *arg)
{
	const struct tpm_ek *from = value;
	struct tpm_ek       *to = arg;

	*to = *from;
	(void)EVP_PKEY_up_ref(to->key);
	if (from->prepared != NULL)
		to->prepared = EVP_PKEY_CTX_dup(from->prepared);
}

/* Over the first's size, too: where one ends is part of what was read. */
static int
ek_digest(struct view spki, struct view public, uint8_t digest[LRU_KEY_SIZE], struct error *err)
{
	const uint64_t size = spki.size;
	AUTO_BYTES     all = {0};

	bytes_append(&all, &size, sizeof size);
	bytes_append(&all, spki.data, spki.size);
	bytes_append(&all, public.data, public.size);
	if (EVP_Digest(all.data, all.size, digest, NULL, tpm_sha256(), NULL) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "hashing an EK");
	return 0;
}

int
ek_keys_decode(struct ek_keys *keys, struct view spki, struct view public, struct ek_read *read,
    struct error *err)
{
	*read = (struct ek_read){0};
	if (ek_digest(spki, public, read->digest, err) != 0)
		return -1;
	read->kept = lru_find(keys->lru, read->digest, ek_use_cb, &read->ek);
	return read->kept ? 0 : tpm_ek_decode(spki, public, &read->ek, err);
}

void
ek_read_clear(struct ek_read *read)
{
	tpm_ek_clear(&read->ek);
	*read = (struct ek_read){0};
}

void
ek_keys_keep(struct ek_keys *keys, const struct ek_read *read)
{
	struct tpm_ek *ek;

	if (read->kept)
		return;
	ek = memory_new(sizeof *ek);
	ek_use_cb((void *)(uintptr_t)&read->ek, ek);
	tpm_credential_prepare(ek);
	lru_put(keys->lru, read->digest, ek);
}

size_t
ek_keys_count(struct ek_keys *keys)
{
	return lru_count(keys->lru);
}
