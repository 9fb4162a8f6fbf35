/* A CA of a TPM vendor, with what chains are built by at hand. */
#ifndef PKI_EK_AUTHORITY_H
#define PKI_EK_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

struct error;

/*
 * The certificate is read-only from ek_authority_init on; names and ids are borrowed
 * of it. `issuer` remembers whose signature was found good, so that it is asked once.
 */
struct ek_authority {
	X509                    *certificate;
	const X509_NAME         *subject;
	const ASN1_OCTET_STRING *key_id; /* NULL: it has none */
	int64_t                  not_before;
	int64_t                  not_after;
	long                     pathlen; /* -1: any */
	bool                     root;     /* imported and self-signed */
	bool                     imported; /* not a client's */
	uint8_t                  fingerprint[32]; /* SHA-256 of the DER */
	_Atomic(const struct ek_authority *) issuer;
};

/*
 * Fills *authority from a certificate, which must live as long: a CA's (basic
 * constraints, key usage), for EK certificates or for any, with an RSA key of 2048
 * bits or more or one on a NIST curve, no name constraints and nothing critical that
 * is not understood. BAD_ATTESTATION with the reason otherwise.
 */
int ek_authority_init(struct ek_authority *authority, X509 *certificate, struct error *err);

/* True when it names itself as its issuer, by name and by key id. */
bool ek_authority_is_own_issuer(const struct ek_authority *authority);

/* True when `issuer` has the name and, where both say it, the key id that `child` asks for. */
bool ek_authority_is_named(const struct ek_authority *issuer, X509 *child);

/* True when the signature of `child` is by the issuer's key, with SHA-1 or SHA-2. */
bool ek_authority_signed(const struct ek_authority *issuer, X509 *child);

#endif
