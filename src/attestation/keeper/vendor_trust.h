/*
 * The vendors' certificates of the store, with which every worker verifies EK
 * certificates: read again when they change, and replaced as a whole.
 */
#ifndef ATTESTATION_KEEPER_VENDOR_TRUST_H
#define ATTESTATION_KEEPER_VENDOR_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ek_trust;
struct error;
struct shared;
struct store;

/* The value of a shared version: one reading of them. */
struct vendor_set {
	struct ek_trust *trust;
	int64_t          revision; /* of the store */
	size_t           count;
};

/* Holds nothing before the first vendor_trust_refresh. Freed by shared_free. */
struct shared *vendor_trust_new(void);

/*
 * Reads them if the store has changed since the last reading; one thread only. Sets
 * *fresh if it did. A certificate that cannot be read is logged and left out; when
 * the store cannot be read, the last reading stays and -1 says why.
 */
int vendor_trust_refresh(struct shared *vendors, struct store *store, bool *fresh,
    struct error *err);

#endif
