/* Changes of devices that are enrolled, and what they do to their certificates. */
#ifndef STORE_INVENTORY_CHANGE_H
#define STORE_INVENTORY_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pki/crl_reason.h"
#include "store/store.h"
#include "util/bytes.h"

struct error;

/* What `set` changes: a field that is not set stays as it is. */
struct store_edit {
	bool               set_names; /* exactly these, in this order */
	const char *const *names;
	size_t             name_count;
	bool               set_tags;
	const char *const *tags;
	size_t             tag_count;
	const char        *note; /* NULL: stays */
};

/*
 * Each is one transaction with its audit entry, or a part of the one that is open, and says in *revoked how many
 * certificates that were good it revoked. NOT_ENROLLED when the device is not there;
 * the conditions of store_device_enroll for names, note and tags.
 */

/*
 * Revokes the certificates that carry a name that is taken away, and no others: a name
 * that stays, wherever in the order, revokes nothing. What a device without a name got
 * carries its hash, which goes on being its own: giving it a name revokes nothing either.
 * When all is as it was, nothing happens, and nothing goes on record.
 */
int store_device_set(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    const struct store_edit *edit, int64_t now, size_t *revoked, struct error *err);

/*
 * Switching off revokes; switching on restores nothing: the device attests anew. One that
 * is so already stays as it is.
 */
int store_device_enable(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], bool enabled,
    int64_t now, size_t *revoked, struct error *err);

/*
 * A new mainboard: names, note and tags of `old` go to `new`, which must not be
 * enrolled (CONFLICT) and leaves the waiting list; `old` is removed and its certificates
 * are revoked. What was switched off stays so.
 */
int store_device_replace(struct store *store, const uint8_t old_hash[STORE_HASH_SIZE],
    const uint8_t new_hash[STORE_HASH_SIZE], int64_t now, size_t *revoked, struct error *err);

/*
 * Revokes every certificate of an EK, enrolled or not, or the one with a serial number.
 * NOT_FOUND when there is none. What was revoked before keeps its date and reason. The
 * device stays, and may attest again; what it had begun is refused.
 */
int store_revoke_device(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    enum crl_reason reason, int64_t now, size_t *revoked, struct error *err);
int store_revoke_serial(struct store *store, struct view serial, enum crl_reason reason,
    int64_t now, size_t *revoked, struct error *err);

#endif
