/*
 * Chains accepted lately, by the octets of their certificates. What octets alone decide is not verified
 * twice: the signatures, and what issuers may sign. What changes is: the time, the trusted roots and the
 * CRLs. Bounded (util/lru.h). Any thread.
 */
#ifndef PKI_CHAIN_MEMORY_H
#define PKI_CHAIN_MEMORY_H

#include <stddef.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct chain_memory;
struct chain_policy;
struct error;

/* An empty memory for at most `max` chains. */
struct chain_memory *chain_memory_new(size_t max);
void                 chain_memory_free(struct chain_memory *memory);

/*
 * As chain_verify (pki/chain.h). `octets` is the DER of `leaf` and then of the untrusted certificates, in
 * their order, one after the other: the caller has decoded them from it. Nothing is remembered of a
 * policy that is lax.
 */
int chain_memory_verify(struct chain_memory *memory, struct view octets, const struct chain_policy *policy,
    X509 *leaf, X509 *const *untrusted, size_t count, const X509 **root, struct error *err);

#endif
