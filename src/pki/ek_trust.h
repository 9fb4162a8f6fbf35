/*
 * Vendors' roots and intermediates, and the verification of EK certificates by
 * them. Read-only once it is built: any number of threads may use it.
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
 * Checks whether a certificate may be in such a set; *root: as a root, which is
 * self-signed, else as an intermediate. BAD_ATTESTATION with the reason when it may
 * not: no CA, a CA for other purposes, a weak key, or a wrong self-signature.
 */
int ek_trust_check(X509 *certificate, bool *root, struct error *err);

/*
 * Adds a certificate (DER), as a root if `root`, else as an intermediate, even if it
 * is self-signed. MALFORMED, BAD_ATTESTATION (also when `root` and ek_trust_check
 * finds no root).
 */
int ek_trust_add(struct ek_trust *trust, struct view der, bool root, struct error *err);

size_t ek_trust_count(const struct ek_trust *trust);

/* Calls `each` for every root, sorted by subject, with its certificate. */
typedef void ek_trust_root_cb(const X509 *root, void *arg);
void         ek_trust_roots(const struct ek_trust *trust, ek_trust_root_cb *each, void *arg);

/* Most CAs above an EK certificate, the root included. */
#define EK_CHAIN_MAX 6

/* Buffer size of a subject, cut if longer: those of vendors have up to 170 octets. */
#define EK_NAME_SIZE 193

/* The verdict on an EK certificate. Zero: not verified. */
struct ek_verdict {
	bool            verified;
	char            reason[257];  /* why not */
	struct ek_facts facts;        /* of the certificate; trustworthy only when verified */
	char            root_name[EK_NAME_SIZE]; /* the root's subject */
	uint8_t         root[32];     /* SHA-256 of its DER */
	char            chain[EK_CHAIN_MAX][EK_NAME_SIZE]; /* subjects from the issuer to the root */
	size_t          chain_count;
	size_t          signatures; /* that were verified for it */
};

/*
 * Verifies an EK certificate (ek_certificate_check) with the help of what the client
 * sent besides (`untrusted`, which may be other EKs' certificates or anything; the first
 * 16 are looked at) and the imported intermediates: signatures along one path to an
 * imported root, every candidate issuer tried, matched by canonical name and key id; CA
 * and path length of all above. The path is found by names first and verified from the
 * root down, so that no key of the client's is used that nothing imported vouches for, and
 * where no imported CA bears the name there is no cryptography. At most 16 signatures are
 * tried, and none by a key as slow as P-384 after a wrong one of such; a CA of the client's has an RSA
 * key of at most 4096 bits.
 *
 * Times: no certificate counts before its notBefore. TPMs outlive their CAs, so an EK
 * certificate may have expired (as TCG says), and an expired CA still counts for
 * certificates whose notBefore lies before its notAfter.
 *
 * `ek`, when not NULL, must be its key. Returns true and fills *verdict when verified;
 * else false with the reason.
 */
bool ek_trust_verify(const struct ek_trust *trust, X509 *certificate, X509 *const *untrusted,
    size_t untrusted_count, EVP_PKEY *ek, int64_t now, struct ek_verdict *verdict);

/* True when a path leads from an intermediate to a root of the set; an intermediate without one has
 * no use. */
bool ek_trust_has_root(const struct ek_trust *trust, X509 *ca, int64_t now);

#endif
