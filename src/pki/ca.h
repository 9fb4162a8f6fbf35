/* The root and the issuing certificate of a CA, and its CRLs. RFC 5280. */
#ifndef PKI_CA_H
#define PKI_CA_H

#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* pathlen: an issuing CA signs end entities only. */
#define CA_ISSUING_PATHLEN 0

/* An issuing CA: its certificate and its key. */
struct ca {
	X509       *certificate;
	EVP_PKEY   *key;
	EVP_MD_CTX *prepared; /* by ca_prepare; NULL: it was not called, or the key is in a token or TPM */
};

/* A revoked certificate, for a CRL. */
struct ca_revoked {
	uint8_t serial[20];
	size_t  serial_size;
	int64_t when;
	int     reason; /* CRLReason, RFC 5280 §5.3.1; 0 writes no extension */
};

/*
 * Makes a self-signed root: CN `name`, BC critical CA:TRUE, KU critical
 * keyCertSign|cRLSign, SKI, valid from a day before `now` (for verifiers whose
 * clock is slow) to `lifetime` seconds after it. Returns 0 with *out the
 * caller's, or -1 with INTERNAL.
 */
int ca_root_create(EVP_PKEY *key, const char *name, int64_t now, int64_t lifetime, X509 **out,
    struct error *err);

/*
 * Makes the certificate of an issuing CA for `key` (only its public half is
 * used), signed by `root`: CN `name`, BC critical CA:TRUE pathlen:0, KU as
 * above, AKI, SKI; valid as above, but never beyond the root. INTERNAL also when
 * the root is not valid now, or has the same name.
 */
int ca_issuing_create(const struct ca *root, EVP_PKEY *key, const char *name, int64_t now,
    int64_t lifetime, X509 **out, struct error *err);

/*
 * Appends a DER CRL of `ca`, version 2, with AKI and CRL number `number`, this
 * update `now`, next update `now + lifetime`, and the `count` entries of `revoked`.
 */
int ca_crl_create(const struct ca *ca, uint64_t number, const struct ca_revoked *revoked,
    size_t count, int64_t now, int64_t lifetime, struct bytes *der, struct error *err);

/* The content of a CRL. Emptied by ca_crl_clear; {0} is empty. */
struct ca_crl {
	uint64_t     number;
	int64_t      this_update;
	int64_t      next_update;
	struct bytes revoked; /* array of struct ca_revoked, in the order of the CRL */
};

/*
 * Reads a DER CRL that ca_crl_create made and `issuer` signed. MALFORMED when it is
 * not a CRL, or lacks a number or a time; BAD_ATTESTATION when another key signed it.
 */
int  ca_crl_read(const X509 *issuer, struct view der, struct ca_crl *out, struct error *err);
void ca_crl_clear(struct ca_crl *crl);

/* Returns 0 when the private key belongs to the certificate, else -1 with INTERNAL. */
int ca_check_pair(const struct ca *ca, struct error *err);

/* Makes the signatures of many certificates begin faster (pki/signing.h). */
void ca_prepare(struct ca *ca);

/* Frees what it has and makes *ca {0}. */
void ca_clear(struct ca *ca);

#endif
