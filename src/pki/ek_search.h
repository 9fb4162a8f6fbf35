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

/* Certificates of a client's that are looked at, and signatures that are tried for them all. */
#define EK_SEARCH_HELPERS_MAX    16
#define EK_SEARCH_SIGNATURES_MAX 16

/*
 * A certificate that the client sent, which may be a CA's: known by its names until an
 * imported CA bears the name of its issuer, and decoded then.
 */
struct ek_helper {
	const X509_NAME *issuer;
	const X509_NAME *subject;
	struct view      der;         /* for the decoding, when `certificate` is NULL */
	X509            *certificate;
	bool             decoded;     /* here: ek_search_clear frees it */

	/* What was found out; ek_search.c's own. */
	enum { EK_HELPER_UNREAD, EK_HELPER_FIT, EK_HELPER_UNFIT } state;
	struct ek_authority authority; /* when it is fit */
	char                why[65];   /* when it is not */
};

/* One search for all EK certificates of a request: among whom, when, and what it has found. */
struct ek_search {
	const struct ek_trust *trust;
	struct ek_helper       helpers[EK_SEARCH_HELPERS_MAX];
	size_t                 helper_count;
	int64_t                now;

	/* ek_search.c's own, but for reading. */
	struct {
		const struct ek_authority *issuer;
		const X509                *child;
		bool                       good;
	} tried[EK_SEARCH_SIGNATURES_MAX];
	size_t   signatures; /* that were verified: a measure of what the request cost */
	unsigned wrong;      /* weight of those that were wrong */
	unsigned steps;
	bool     early;      /* something is not valid yet: later the answer may be another */
};

/* Adds the certificate to the helpers, unless they are too many. It must live as long. */
void ek_search_add(struct ek_search *search, X509 *certificate);

/* Frees what the search has decoded. */
void ek_search_clear(struct ek_search *search);

/*
 * True when the names alone lead from a certificate of this issuer to an imported CA. Where
 * they do not, ek_search finds no path, and does so without any cryptography.
 */
bool ek_search_reaches(const struct ek_search *search, const X509_NAME *issuer);

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

/* As ek_trust_verify, with the helpers of a search, which it goes on with. */
bool ek_trust_search(struct ek_search *search, X509 *certificate, EVP_PKEY *ek,
    struct ek_verdict *verdict);

/* Verdicts by this set: of EK certificates that were verified, and of what was refused. */
struct ek_memory *ek_trust_verified(const struct ek_trust *trust);
struct ek_memory *ek_trust_refused(const struct ek_trust *trust);

#endif
