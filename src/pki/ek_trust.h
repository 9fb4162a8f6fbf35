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

/*
 * What a certificate could be in such a set: *root says a root, which is self-signed;
 * else an intermediate. BAD_ATTESTATION with the reason when it is neither: no CA, one
 * for other purposes, with a weak key, or self-signed with a signature that is wrong.
 */
int ek_trust_check(X509 *certificate, bool *root, struct error *err);

/*
 * Adds a certificate (DER): a root when `root`, else an intermediate, whatever signs
 * it. MALFORMED, BAD_ATTESTATION (a root that is none by ek_trust_check, too).
 */
int ek_trust_add(struct ek_trust *trust, struct view der, bool root, struct error *err);

size_t ek_trust_count(const struct ek_trust *trust);

/* CAs between an EK certificate and its root, the root too. */
#define EK_CHAIN_MAX 6

/* A subject, cut if need be: those of vendors have 170 octets. */
#define EK_NAME_SIZE 193

/* Who vouches for an EK certificate. Zero: nobody does. */
struct ek_verdict {
	bool            verified;
	char            reason[257];  /* why not */
	struct ek_facts facts;        /* of the certificate; to be believed when verified */
	char            root_name[EK_NAME_SIZE]; /* the root's subject */
	uint8_t         root[32];     /* SHA-256 of its DER */
	char            chain[EK_CHAIN_MAX][EK_NAME_SIZE]; /* subjects from the issuer to the root */
	size_t          chain_count;
};

/*
 * Verifies an EK certificate (ek_certificate_check) with the help of what the client
 * sent besides (`untrusted`, which may be other EKs' certificates or anything; the first
 * 16 are looked at) and the imported intermediates: signatures along one path to an
 * imported root, every candidate issuer tried, matched by canonical name and key id; CA
 * and path length of all above. At most 16 signatures are tried.
 *
 * Of times: nobody is believed before its notBefore. TPMs outlive their CAs, so that
 * an EK certificate may have expired (TCG says so), and a CA that has expired still
 * vouches for what begins before its end, and for nothing younger.
 *
 * `ek`, when not NULL, must be its key. Returns true and fills *verdict when verified;
 * else false with the reason.
 */
bool ek_trust_verify(const struct ek_trust *trust, X509 *certificate, X509 *const *untrusted,
    size_t untrusted_count, EVP_PKEY *ek, int64_t now, struct ek_verdict *verdict);

/* True when a path leads from an intermediate to a root of the set: else it is of no use. */
bool ek_trust_has_root(const struct ek_trust *trust, X509 *ca, int64_t now);

#endif
