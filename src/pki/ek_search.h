/* The search for a path of signatures from an EK certificate to an imported root. */
#ifndef PKI_EK_SEARCH_H
#define PKI_EK_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/ek_authority.h"
#include "pki/ek_child.h"
#include "util/bytes.h"

struct ek_memory;
struct ek_outline;
struct ek_trust;
struct ek_verdict;

/* Most certificates of a client that are examined, and most signatures tried for all of them. */
#define EK_SEARCH_HELPERS_MAX    16
#define EK_SEARCH_SIGNATURES_MAX 16

/*
 * Budgets of wrong signatures, by weight: how many a set of CAs of one name may cause, and what
 * a request may cost, which is less than a successful attestation does.
 */
#define EK_SEARCH_WRONG_MAX         16
#define EK_SEARCH_REQUEST_WRONG_MAX 6

/*
 * A certificate that the client sent, perhaps a CA's: it is outlined, and decoded once a
 * signature vouches for it.
 */
struct ek_helper {
	const X509_NAME   *issuer;
	const X509_NAME   *subject;
	struct ek_outline *outline;   /* NULL: it was decoded by the caller */
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
	unsigned               wrong_max; /* budget; 0: EK_SEARCH_WRONG_MAX */
	bool                   no_slow;   /* try no signature by a key as slow as P-384 */

	/* Read-only outside ek_search.c. */
	struct {
		const struct ek_authority *issuer;
		struct ek_child            child;
		bool                       good;
	} tried[EK_SEARCH_SIGNATURES_MAX];
	size_t   signatures; /* verified ones, a measure of the request's cost */
	unsigned wrong;      /* weight of the failed ones */
	unsigned steps;
	bool     early;      /* something is not valid yet: do not cache */
	bool     postponed;  /* by no_slow something was not tried: the search ends, do not cache */
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

/* The same by the names alone. */
bool ek_search_names_reach(const struct ek_search *search, const X509_NAME *issuer);

/*
 * Finds the path within the bounds of ek_trust.h and fills chain and root of
 * *verdict; else its reason, which is that of the longest path.
 */
bool ek_search(struct ek_search *search, const struct ek_child *certificate, struct ek_verdict *verdict);

/* The same from a CA upwards. */
bool ek_search_above(struct ek_search *search, struct ek_authority *authority,
    struct ek_verdict *verdict);

/* The set's CAs with this subject, roots first; returns their number. */
size_t ek_trust_named(const struct ek_trust *trust, const X509_NAME *name,
    struct ek_authority *const **authorities);

/*
 * As ek_trust_verify, with the helpers of a search, which it continues. `outline` is of the same
 * certificate, if its signature was tried as that of an outline; NULL otherwise.
 */
bool ek_trust_search(struct ek_search *search, X509 *certificate, struct ek_outline *outline,
    EVP_PKEY *ek, struct ek_verdict *verdict);

/*
 * True when a signature refutes the certificate, or would have to be tried by a key too slow for
 * this search: then it needs no decoding, and *verdict has its facts and the reason.
 */
bool ek_trust_refutes(struct ek_search *search, struct ek_outline *outline, struct ek_verdict *verdict);

/* The caches of verdicts by this set: on verified EK certificates, and on refused input. */
struct ek_memory *ek_trust_verified(const struct ek_trust *trust);
struct ek_memory *ek_trust_refused(const struct ek_trust *trust);

#endif
