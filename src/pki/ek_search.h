/* The search for a path of signatures from an EK certificate to an imported root. */
#ifndef PKI_EK_SEARCH_H
#define PKI_EK_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/ek_authority.h"
#include "util/bytes.h"

struct ek_memory;
struct ek_trust;
struct ek_verdict;

/* Most certificates of a client that are examined, and most signatures tried for all of them. */
#define EK_SEARCH_HELPERS_MAX    16
#define EK_SEARCH_SIGNATURES_MAX 16

/*
 * A certificate that the client sent, perhaps a CA's: only its names are read until an
 * imported CA has the name of its issuer; then it is decoded.
 */
struct ek_helper {
	const X509_NAME *issuer;
	const X509_NAME *subject;
	struct view      der;         /* for the decoding, when `certificate` is NULL */
	X509            *certificate;
	bool             decoded;     /* here: ek_search_clear frees it */

	/* The result; private to ek_search.c. */
	enum { EK_HELPER_UNREAD, EK_HELPER_FIT, EK_HELPER_UNFIT } state;
	struct ek_authority authority; /* when it is fit */
	char                why[65];   /* when it is not */
};

/* One search for all EK certificates of a request: the CAs, the time, and the results. */
struct ek_search {
	const struct ek_trust *trust;
	struct ek_helper       helpers[EK_SEARCH_HELPERS_MAX];
	size_t                 helper_count;
	int64_t                now;
	bool                   no_slow; /* try no signature by a key as slow as P-384 */

	/* Read-only outside ek_search.c. */
	struct {
		const struct ek_authority *issuer;
		const X509                *child;
		bool                       good;
	} tried[EK_SEARCH_SIGNATURES_MAX];
	size_t   signatures; /* verified ones, a measure of the request's cost */
	unsigned wrong;      /* weight of the failed ones */
	unsigned slow_wrong; /* failed ones by an imported CA with a slow key */
	unsigned steps;
	bool     early;      /* something is not valid yet: do not cache */
	bool     postponed;  /* by no_slow something was not tried: do not cache */
};

/* Adds the certificate to the helpers, unless there are too many. It must live as long. */
void ek_search_add(struct ek_search *search, X509 *certificate);

/* Frees everything that the search has decoded. */
void ek_search_clear(struct ek_search *search);

/*
 * True when a verified path leads from an imported root down to a CA with the name of this
 * issuer. Otherwise ek_search finds no path for a certificate of it. Where the names alone
 * lead nowhere, there is no cryptography.
 */
bool ek_search_reaches(struct ek_search *search, const X509_NAME *issuer);

/*
 * Finds the path within the bounds of ek_trust.h and fills chain and root of
 * *verdict; else its reason, which is that of the longest path.
 */
bool ek_search(struct ek_search *search, X509 *certificate, struct ek_verdict *verdict);

/* The same from a CA upwards. */
bool ek_search_above(struct ek_search *search, struct ek_authority *authority,
    struct ek_verdict *verdict);

/* The set's CAs with this subject, roots first; returns their number. */
size_t ek_trust_named(const struct ek_trust *trust, const X509_NAME *name,
    struct ek_authority *const **authorities);

/* As ek_trust_verify, with the helpers of a search, which it continues. */
bool ek_trust_search(struct ek_search *search, X509 *certificate, EVP_PKEY *ek,
    struct ek_verdict *verdict);

/* The caches of verdicts by this set: on verified EK certificates, and on refused input. */
struct ek_memory *ek_trust_verified(const struct ek_trust *trust);
struct ek_memory *ek_trust_refused(const struct ek_trust *trust);

#endif
