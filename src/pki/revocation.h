/* CRLs of others, as an operator gives them: RFC 5280 §5 and §6.3. */
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
 * An empty set. With `tolerate_stale`, a CRL whose time is over still counts: it
 * refuses what it lists, and nothing else. revocation_share returns the same set, for one
 * more owner; each calls revocation_free, which takes NULL too.
 */
struct revocation *revocation_new(bool tolerate_stale);
struct revocation *revocation_share(struct revocation *revocation);
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

#define REVOCATION_DIGEST_SIZE 32
#define REVOCATION_NUMBER_MAX  20 /* RFC 5280 §5.2.3 */
#define REVOCATION_NAME_SIZE   256

/* What one CRL is. Emptied by revocation_facts_clear. */
struct revocation_facts {
	uint8_t      issuer[REVOCATION_DIGEST_SIZE]; /* SHA-256 of its issuer's name and key identifier */
	char         name[REVOCATION_NAME_SIZE];     /* of the issuer, for people */
	uint8_t      number[REVOCATION_NUMBER_MAX];  /* cRLNumber, big-endian, zeros before it */
	bool         has_number;
	int64_t      this_update;
	uint8_t      digest[REVOCATION_DIGEST_SIZE]; /* SHA-256 of its DER */
	struct bytes signer; /* certificate (DER) that its signature was verified with; empty: none yet */
};

/* Describes the CRL `i`, from 0; from any thread. INTERNAL. */
int  revocation_describe(const struct revocation *revocation, size_t i,
     struct revocation_facts *facts, struct error *err);
void revocation_facts_clear(struct revocation_facts *facts);

/* How many have a signature that was verified. */
size_t revocation_verified(const struct revocation *revocation);

/* Verifies the signatures of the CRLs in the name of this issuer, whom the caller trusts. */
void revocation_verify(const struct revocation *revocation, const X509 *issuer);

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
