/*
 * Tombstones: the EKs whose device was taken out of the inventory, by whom, when and why.
 * No retention removes one; an EK that has one never enrolls itself.
 */
#ifndef STORE_INVENTORY_REMOVED_H
#define STORE_INVENTORY_REMOVED_H

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

#endif
