/*
 * Device certificates whose attestation is taken back: when the AK certificate that attested a
 * key is on an attestation CRL, what was issued for that key is revoked too.
 */
#ifndef ACME_KEEPER_ATTESTED_H
#define ACME_KEEPER_ATTESTED_H

#include <stdint.h>

struct error;
struct roots;
struct store;

/* What was looked at; {0} at first, so that a start looks at all that are good. */
struct attested {
	uint64_t generation; /* of the roots that all of them were held against */
	int64_t  row;        /* of the last that was */
};

/*
 * Revokes the device certificates whose AK certificate a CRL of its issuer lists, with the same
 * reason, but for superseded: all that are good after a CRL has changed, else those that were
 * issued since. Each is logged. Bounded transactions; when one fails, what it had to revoke is
 * looked at again the next time. From the thread of the store. INTERNAL.
 */
int attested_refresh(struct attested *attested, struct store *store, struct roots *roots,
    int64_t now, struct error *err);

#endif
