/* Finds the path that OpenSSL has accepted for certificates of the same octets; the table is util/lru's. */
#include "config.h"

#include "pki/chain_memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/certificate.h"
#include "pki/chain.h"
#include "pki/trust.h"
#include "util/error.h"
#include "util/lru.h"

struct chain_memory {
	struct lru *lru; /* paths: STACK_OF(X509), the leaf first and the root last */
};

static void
path_free_cb(void *value)
{
	sk_X509_pop_free(value, X509_free);
}

struct chain_memory *
chain_memory_new(size_t max)
{
	struct chain_memory *memory = memory_new(sizeof *memory);

	memory->lru = lru_new(max, path_free_cb);
	return memory;
}

void
chain_memory_free(struct chain_memory *memory)
{
	if (memory == NULL)
		return;
	lru_free(memory->lru);
	free(memory);
}

static void
path_use_cb(void *value, void *arg)
{
	STACK_OF(X509) **out = arg;

	*out = X509_chain_up_ref(value); /* NULL when memory is short: as if there were none */
}

/* Whether every certificate is valid now. At the very ends OpenSSL decides. */
static bool
path_is_in_time(const STACK_OF(X509) *path, int64_t now)
{
	for (int i = 0; i < sk_X509_num(path); i++) {
		const X509 *certificate = sk_X509_value(path, i);

		if (now <= certificate_not_before(certificate) || now >= certificate_not_after(certificate))
			return false;
	}
	return true;
}

/* A remembered path that still holds, as far as time and roots go; NULL: none. */
static STACK_OF(X509) *
path_find(struct chain_memory *memory, const uint8_t key[LRU_KEY_SIZE], const struct chain_policy *policy)
{
	STACK_OF(X509) *path = NULL;

	(void)lru_find(memory->lru, key, path_use_cb, &path);
	if (path == NULL)
		return NULL;
	/* The very object: of roots that were read again, none is that of an older path. */
	if (trust_source(policy->trust, sk_X509_value(path, sk_X509_num(path) - 1)) != NULL &&
	    path_is_in_time(path, policy->now))
		return path;
	path_free_cb(path);
	return NULL;
}

static int
path_make(struct chain_memory *memory, const uint8_t key[LRU_KEY_SIZE], const struct chain_policy *policy,
    X509 *leaf, X509 *const *untrusted, size_t count, STACK_OF(X509) **path, struct error *err)
{
	STACK_OF(X509) *copy;

	if (chain_build(policy, leaf, untrusted, count, path, err) != 0)
		return -1;
	if ((copy = X509_chain_up_ref(*path)) != NULL)
		lru_put(memory->lru, key, copy);
	return 0;
}

int
chain_memory_verify(struct chain_memory *memory, struct view octets, const struct chain_policy *policy,
    X509 *leaf, X509 *const *untrusted, size_t count, const X509 **root, struct error *err)
{
	uint8_t         key[LRU_KEY_SIZE];
	STACK_OF(X509) *path;
	int             rc = 0;

	if (policy->lax || EVP_Digest(octets.data, octets.size, key, NULL, EVP_sha256(), NULL) != 1)
		return chain_verify(policy, leaf, untrusted, count, root, err);
	*root = NULL;
	if ((path = path_find(memory, key, policy)) == NULL)
		rc = path_make(memory, key, policy, leaf, untrusted, count, &path, err);
	if (rc == 0)
		rc = chain_check(policy, path, root, err);
	path_free_cb(path);
	return rc;
}
