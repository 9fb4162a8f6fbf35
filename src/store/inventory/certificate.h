/* Issued AK certificates and their revocation. */
#ifndef STORE_INVENTORY_CERTIFICATE_H
#define STORE_INVENTORY_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

#define STORE_NAME_MAX 66 /* a TPM Name, nameAlg and SHA-512 */

/* An issued AK certificate. */
struct store_certificate {
	uint8_t serial[STORE_SERIAL_MAX];
	size_t  serial_size;
	uint8_t ek_hash[STORE_HASH_SIZE];
	uint8_t ak_name[STORE_NAME_MAX];
	size_t  ak_name_size;
	int64_t not_before;
	int64_t not_after;
	int64_t revoked; /* time of revocation; 0: not revoked */
	int     reason;  /* CRLReason, if revoked */
	int64_t issuer;  /* the row of store_issuer_use; 0: from before issuers were recorded */
};

/*
 * Records a certificate, if the device is unchanged since it was looked up:
 * NOT_ENROLLED when it is gone, DEVICE_DISABLED when it is disabled, CONFLICT
 * when its revision is not `revision`.
 */
int store_certificate_add(struct store *store, const struct store_certificate *certificate,
    int64_t revision, struct error *err);

/* Calls `each` for the certificates of a device, oldest first, until it returns false. */
typedef bool store_certificate_cb(const struct store_certificate *certificate, void *arg);
int store_certificate_list(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    store_certificate_cb *each, void *arg, struct error *err);

/*
 * Calls `each` for the certificates of an issuer (0: those from before issuers were
 * recorded) that are revoked and not past notAfter at `now`, by notAfter.
 */
int store_revoked_list(struct store *store, int64_t issuer, int64_t now,
    store_certificate_cb *each, void *arg, struct error *err);

/*
 * A counter that changes exactly when certificates are revoked; cheap enough to poll
 * every second.
 */
int store_revocations(struct store *store, int64_t *revocations, struct error *err);

/* Removes records of certificates that expired before `before`, `max` at most. */
int store_certificate_sweep(struct store *store, int64_t before, size_t max, size_t *removed,
    struct error *err);

#endif
