/*
 * Tombstones: the EKs whose device was taken out of the inventory, by whom, when and why.
 * No retention removes one; an EK that has one never enrolls itself.
 */
#ifndef STORE_INVENTORY_REMOVED_H
#define STORE_INVENTORY_REMOVED_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct error;

#define STORE_REMOVED_NAMES_MAX 1024
#define STORE_REMOVED_TEXT_MAX  128

/* Strings are "" where nothing is known, as of a device that an older version removed. */
struct store_removed {
	uint8_t ek_hash[STORE_HASH_SIZE];
	int64_t at;
	char    names[STORE_REMOVED_NAMES_MAX + 1];  /* as struct audit_entry has them */
	char    actor[STORE_REMOVED_TEXT_MAX + 1];
	char    reason[STORE_REMOVED_TEXT_MAX + 1]; /* "removed", "replaced by HASH" */
};

/* NOT_FOUND when the device of the EK was never removed, or was enrolled again since. */
int store_removed_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_removed *out, struct error *err);

/* Calls `each` for all of them, sorted by hash, until it returns false. */
typedef bool store_removed_cb(const struct store_removed *removed, void *arg);
int store_removed_list(struct store *store, store_removed_cb *each, void *arg, struct error *err);

/*
 * Checks one that comes from elsewhere: names that are names, the last of which may be empty (for
 * those that did not fit), and texts of one line. MALFORMED.
 */
int store_removed_check(const struct store_removed *removed, struct error *err);

#endif
