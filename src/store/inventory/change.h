/* Changes of enrolled devices, with the revocations that follow. */
#ifndef STORE_INVENTORY_CHANGE_H
#define STORE_INVENTORY_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pki/crl_reason.h"
#include "store/inventory/device_text.h"
#include "store/store.h"
#include "util/bytes.h"

struct error;

/* The changes of `set`: a field that is not set stays. */
struct store_edit {
	bool               set_names; /* exactly these, in this order */
	const char *const *names;
	size_t             name_count;
	bool               set_tags;
	const char *const *tags;
	size_t             tag_count;
#define X(name, ...) const char *name; /* NULL: stays */
	DEVICE_TEXTS(X)
#undef X
};

/*
 * Each is one transaction with its audit entry, or part of the open one, and sets *revoked to the
 * number of certificates that it revoked. NOT_ENROLLED when there is no such device; the rules of
 * store_device_enroll for names, note and tags.
 */

/*
 * Revokes the certificates that carry a removed name, and no others: a name that stays,
 * in any position, revokes nothing. Certificates of a device without names carry its
 * hash, which stays its own, so giving it a name revokes nothing either. If nothing
 * changes, nothing is written and nothing is recorded.
 */
int store_device_set(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_edit *edit, int64_t now, size_t *revoked, struct error *err);

/*
 * Disabling revokes all certificates; enabling restores none: the device must attest
 * again. A device already in that state stays unchanged.
 */
int store_device_enable(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], bool enabled,
    int64_t now, size_t *revoked, struct error *err);

/*
 * A new mainboard: names, note and tags of `old` go to `new`, which must not be enrolled
 * (CONFLICT) and leaves the waiting list; `old` is removed and its certificates are
 * revoked. A disabled device stays disabled.
 */
int store_device_replace(struct store *store, const uint8_t old_hash[STORE_HASH_SIZE],
    const uint8_t new_hash[STORE_HASH_SIZE], int64_t now, size_t *revoked, struct error *err);

/*
 * Revokes every certificate of an EK, enrolled or not, or the one with a serial number.
 * NOT_FOUND when there is none. A certificate that was revoked before keeps its date
 * and reason. The device stays, and may attest again; an attestation in progress is
 * refused.
 */
int store_revoke_device(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    enum crl_reason reason, int64_t now, size_t *revoked, struct error *err);
int store_revoke_serial(struct store *store, struct view serial, enum crl_reason reason,
    int64_t now, size_t *revoked, struct error *err);

#endif
