/* Certification path validation: RFC 5280 §6. */
#ifndef PKI_CHAIN_H
#define PKI_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

struct error;
struct revocation;
struct trust;

/* Most intermediates between a leaf and a root. */
#define CHAIN_INTERMEDIATES_MAX 6

/* The trusted roots, the time, and the strictness; {.trust = …, .now = …} is strict. */
struct chain_policy {
	const struct trust *trust;
	int64_t             now;
	const struct revocation *revocation; /* CRLs; NULL: no revocation check */
	bool                crl_required; /* there must be a CRL of the leaf's issuer */
	/*
	 * For the EK certificates of real TPMs (WIRE.md §4): no X509_V_FLAG_X509_STRICT,
	 * and SHA-1 and short keys above the leaf.
	 */
	bool lax;
};

/*
 * Verifies `leaf` against the trusted roots with the help of `count` untrusted
 * intermediates, in any order: signatures, validity at `now`, basic constraints,
 * path lengths, key usages, name constraints, no critical extension that is not
 * understood, at most CHAIN_INTERMEDIATES_MAX intermediates, none of the chain
 * on a CRL. No purpose is checked: that is for the leaf's profile.
 *
 * Returns 0 and points *root to the trusted certificate that it ends at (the
 * trust's); or -1 with BAD_ATTESTATION, and a detail that names the certificate
 * and what is wrong with it.
 */
int chain_verify(const struct chain_policy *policy, X509 *leaf, X509 *const *untrusted,
    size_t count, const X509 **root, struct error *err);

/*
 * The two steps of chain_verify. The first makes the path from the leaf to the trusted root, which the
 * caller frees with sk_X509_pop_free(path, X509_free); *path is NULL after a failure. The second looks for
 * the certificates of such a path on the CRLs.
 */
int chain_build(const struct chain_policy *policy, X509 *leaf, X509 *const *untrusted, size_t count,
    STACK_OF(X509) **path, struct error *err);
int chain_check(const struct chain_policy *policy, const STACK_OF(X509) *path, const X509 **root,
    struct error *err);

#endif
