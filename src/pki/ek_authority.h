/* A CA of a TPM vendor, with the decoded fields that path building needs. */
#ifndef PKI_EK_AUTHORITY_H
#define PKI_EK_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

struct ek_child;
struct error;

/*
 * The certificate is read-only after ek_authority_init; names and ids are borrowed
 * from it. `issuer` caches the CA whose signature was verified.
 */
struct ek_authority {
	X509                    *certificate;
	const X509_NAME         *subject;
	const ASN1_OCTET_STRING *key_id; /* NULL if it has none */
	int64_t                  not_before;
	int64_t                  not_after;
	long                     pathlen; /* -1: any */
	bool                     root;     /* imported and self-signed */
	bool                     imported; /* false: sent by a client */
	uint8_t                  fingerprint[32]; /* SHA-256 of the DER */
	_Atomic(const struct ek_authority *) issuer;
};

/*
 * Fills *authority from a certificate, which must live as long: it must be a CA's
 * (basic constraints, key usage), for EK certificates or any purpose, with an RSA
 * key of at least 2048 bits or a NIST curve, no name constraints and no unknown
 * critical extension. BAD_ATTESTATION with the reason otherwise.
 */
int ek_authority_init(struct ek_authority *authority, X509 *certificate, struct error *err);

/* True when it names itself as its issuer, by name and by key id. */
bool ek_authority_is_own_issuer(const struct ek_authority *authority);

/* True when `issuer` has the name and, if both certificates have one, the key id that `child`
 * names. */
bool ek_authority_is_named(const struct ek_authority *issuer, const struct ek_child *child);

/* True when the issuer's key made the signature of `child`, with SHA-1 or SHA-2. */
bool ek_authority_signed(const struct ek_authority *issuer, const struct ek_child *child);

#endif
