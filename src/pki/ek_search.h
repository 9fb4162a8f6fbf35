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

/* The CAs to search, and the time. */
struct ek_search {
	const struct ek_trust *trust;
	X509 *const           *untrusted; /* sent by the client */
	size_t                 untrusted_count;
	int64_t                now;
};

/*
 * Finds the path within the bounds of ek_trust.h and fills chain and root of
 * *verdict; else its reason, which is that of the longest path.
 */
bool ek_search(const struct ek_search *scope, X509 *certificate, struct ek_verdict *verdict);

/* The same, starting at a CA. */
bool ek_search_above(const struct ek_search *scope, struct ek_authority *authority,
    struct ek_verdict *verdict);

/* The set's CAs with this subject, roots first; returns their number. */
size_t ek_trust_named(const struct ek_trust *trust, const X509_NAME *name,
    struct ek_authority *const **authorities);

#endif
