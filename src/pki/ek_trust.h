/*
 * Vendors' roots and intermediates, and which EK certificates they vouch for.
 * Built once, then only read: any number of threads may ask.
 */
#ifndef PKI_EK_TRUST_H
#define PKI_EK_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "pki/ek_certificate.h"
#include "util/bytes.h"

struct error;
struct ek_trust;

struct ek_trust *ek_trust_new(void);
void             ek_trust_free(struct ek_trust *trust);

/* Adds a certificate (DER): a root when `root`, else an intermediate. MALFORMED, BAD_ATTESTATION. */
int ek_trust_add(struct ek_trust *trust, struct view der, bool root, struct error *err);

/* Who vouches for an EK certificate. Zero: nobody does. */
struct ek_verdict {
	bool            verified;
	char            reason[257];  /* why not */
	struct ek_facts facts;        /* of the certificate; to be believed when verified */
	char            root_name[129]; /* the root's subject */
	uint8_t         root[32];     /* SHA-256 of its DER */
	char            chain[6][129]; /* subjects from the issuer to the root */
	size_t          chain_count;
};

/*
 * Verifies an EK certificate with the help of what the client sent besides
 * (`untrusted`, which may be other EKs' certificates or anything) and the imported
 * intermediates: signatures along one path to an imported root, every candidate issuer
 * tried, matched by canonical name and key id; CA and path length of all above; at
 * `now`, but TCG lets the EK's own certificate be expired. `ek`, when not NULL, must be
 * its key. Returns true and fills *verdict when verified; else false with the reason.
 */
bool ek_trust_verify(const struct ek_trust *trust, X509 *certificate, X509 *const *untrusted,
    size_t untrusted_count, EVP_PKEY *ek, int64_t now, struct ek_verdict *verdict);

#endif
