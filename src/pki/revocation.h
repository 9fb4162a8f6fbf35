/* CRLs of other CAs, supplied by the operator: RFC 5280 §5 and §6.3. */
#ifndef PKI_REVOCATION_H
#define PKI_REVOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

struct revocation;

/*
 * An empty set. With `tolerate_stale`, an expired CRL still counts: it refuses the
 * certificates that it lists, and no others. revocation_share returns the same set with
 * one more reference; each owner calls revocation_free, which takes NULL too.
 */
struct revocation *revocation_new(bool tolerate_stale);
struct revocation *revocation_share(struct revocation *revocation);
void               revocation_free(struct revocation *revocation);

/*
 * Adds the CRL of a DER file, or all CRLs of a PEM file. NOT_FOUND, INTERNAL, or
 * MALFORMED when the file has no CRL, or has one that covers only some
 * certificates (a delta, an issuing distribution point) or that cannot be read.
 * Not while other threads use the set.
 */
int revocation_add_file(struct revocation *revocation, const char *path, struct error *err);

/* Number of CRLs. */
size_t revocation_count(const struct revocation *revocation);

#define REVOCATION_DIGEST_SIZE 32
#define REVOCATION_NUMBER_MAX  20 /* RFC 5280 §5.2.3 */
#define REVOCATION_NAME_SIZE   256

/* Describes one CRL. Emptied by revocation_facts_clear. */
struct revocation_facts {
	uint8_t      issuer[REVOCATION_DIGEST_SIZE]; /* SHA-256 of the issuer's name and key id */
	char         name[REVOCATION_NAME_SIZE];     /* name of the issuer, for display */
	uint8_t      number[REVOCATION_NUMBER_MAX];  /* cRLNumber, big-endian, padded with zeros */
	bool         has_number;
	int64_t      this_update;
	int64_t      next_update; /* INT64_MAX when it has none */
	uint8_t      digest[REVOCATION_DIGEST_SIZE]; /* SHA-256 of its DER */
	struct bytes signer; /* certificate (DER) that verified the signature; empty: not yet */
};

/* Describes the CRL `i`, from 0; from any thread. INTERNAL. */
int  revocation_describe(const struct revocation *revocation, size_t i,
     struct revocation_facts *facts, struct error *err);
void revocation_facts_clear(struct revocation_facts *facts);

/* Number of CRLs whose signature was verified. */
size_t revocation_verified(const struct revocation *revocation);

/* Verifies the signatures of the CRLs in the name of this issuer, which the caller trusts. */
void revocation_verify(const struct revocation *revocation, const X509 *issuer);

/* True when a CRL is in the name of this issuer, whether or not its signature verifies. */
bool revocation_has_issuer(const struct revocation *revocation, const X509 *issuer);

/*
 * Looks up a certificate in the CRLs of its issuer; from any thread. Returns 0 when
 * there is no CRL of this issuer, or a current one does not list the certificate.
 * Else -1 with BAD_ATTESTATION: the certificate is listed, or no CRL of the issuer
 * is current at `now`, or the issuer signed none of the CRLs in its name, or not one
 * that lists the certificate. (The signature of a CRL is verified once per issuer, not
 * each time: a long CRL takes milliseconds.)
 */
int revocation_check(const struct revocation *revocation, const X509 *certificate,
    const X509 *issuer, int64_t now, struct error *err);

/* True when a CRL lists this serial number, of whichever issuer: then it is worth a closer look. */
bool revocation_mentions(const struct revocation *revocation, struct view serial);

/*
 * *found when a CRL of this issuer, signed by it, lists the certificate, stale or not; *reason is
 * its CRLReason, 0 where none is given (RFC 5280 §5.3.1). From any thread. INTERNAL when memory is too
 * short to tell.
 */
int revocation_find(const struct revocation *revocation, const X509 *certificate,
    const X509 *issuer, bool *found, int *reason, struct error *err);

#endif
