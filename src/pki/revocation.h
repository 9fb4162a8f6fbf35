/* CRLs of others, as an operator gives them: RFC 5280 §5 and §6.3. */
#ifndef PKI_REVOCATION_H
#define PKI_REVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

struct error;

struct revocation;

/*
 * An empty set. With `tolerate_stale`, a CRL whose time is over still counts: it
 * refuses what it lists, and nothing else. revocation_free takes NULL too.
 */
struct revocation *revocation_new(bool tolerate_stale);
void               revocation_free(struct revocation *revocation);

/*
 * Adds the CRL of a DER file, or all of a PEM file. NOT_FOUND, INTERNAL, or
 * MALFORMED when there is none, or one that covers only some certificates (a
 * delta, an issuing distribution point) or cannot be understood. Not while other
 * threads use the set.
 */
int revocation_add_file(struct revocation *revocation, const char *path, struct error *err);

/* How many CRLs there are. */
size_t revocation_count(const struct revocation *revocation);

/* True when one of them is in the name of this issuer, whoever signed it. */
bool revocation_has_issuer(const struct revocation *revocation, const X509 *issuer);

/*
 * Looks a certificate up in the CRLs of its issuer; from any thread. Returns 0 when
 * there is no CRL of this issuer, or a current one does not list it. Or -1 with
 * BAD_ATTESTATION: it is listed; no CRL of the issuer is current at `now`; none of
 * those in the issuer's name is signed by it. (The signature of a CRL is verified
 * once for an issuer, not each time: a long one takes milliseconds.)
 */
int revocation_check(const struct revocation *revocation, const X509 *certificate,
    const X509 *issuer, int64_t now, struct error *err);

#endif
