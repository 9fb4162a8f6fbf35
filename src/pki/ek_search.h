/* The search for a path of signatures from an EK certificate to an imported root. */
#ifndef PKI_EK_SEARCH_H
#define PKI_EK_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

struct ek_authority;
struct ek_trust;
struct ek_verdict;

/* Among whom, and when. */
struct ek_search {
	const struct ek_trust *trust;
	X509 *const           *untrusted; /* what the client sent */
	size_t                 untrusted_count;
	int64_t                now;
};

/*
 * Finds the path, bounded as ek_trust.h says, and fills chain and root of *verdict;
 * else its reason, which is of the path that went farthest.
 */
bool ek_search(const struct ek_search *scope, X509 *certificate, struct ek_verdict *verdict);

/* The same from a CA upwards. */
bool ek_search_above(const struct ek_search *scope, struct ek_authority *authority,
    struct ek_verdict *verdict);

/* The set's CAs with this subject, roots first: returns how many. */
size_t ek_trust_named(const struct ek_trust *trust, const X509_NAME *name,
    struct ek_authority *const **authorities);

#endif
