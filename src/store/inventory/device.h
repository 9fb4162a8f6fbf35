/* The devices of the inventory: EK hash, names, and whether it is enabled. */
#ifndef STORE_INVENTORY_DEVICE_H
#define STORE_INVENTORY_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/device_text.h"
#include "store/store.h"

#define STORE_DEVICE_NAMES_MAX 32 /* all of them go into one certificate */
#define STORE_DEVICE_TAGS_MAX 32
#define STORE_TAG_MAX 64 /* octets: letters, digits and "-_.:@+=/" */

/* A device of the inventory. Filled by store_device_*, emptied by store_device_clear. */
struct store_device {
	uint8_t ek_hash[STORE_HASH_SIZE];
	char  **names; /* permanent identifiers in the order given; none: the hash is the identifier */
	size_t  name_count;
	char  **tags; /* to find it by, sorted */
	size_t  tag_count;
#define X(name, ...) char *name; /* never NULL once filled */
	DEVICE_TEXTS(X)
#undef X
	bool    enabled; /* true for a new device */
	int64_t enrolled; /* when, in seconds since 1970 */
	int64_t seen;     /* time of its last proof of life (evidence.h); 0: never */
	int64_t revision; /* increases with every change of the device; never reused */
	int64_t row;      /* where it is in the inventory; another may come there after it */
};

/*
 * Enrolls a device (ek_hash, names, tags, note, which may be NULL; the store fills the rest), takes
 * it off the waiting list, and records that. CONFLICT, with the hash or name, when the hash is
 * enrolled or a name is in use, or given twice; a name that is another EK's hash, enrolled or not,
 * in any form, counts as in use. MALFORMED when a name is no identifier, there are too many, or the
 * note is too long, not UTF-8, or has control characters; or a name deceives a reader
 * (name_check.h). CONFLICT too when a name looks like another device's, unless store_similar_allow
 * says otherwise.
 */
int store_device_enroll(struct store *store, const struct store_device *device, int64_t now,
    struct error *err);

/*
 * Removes a device and its names and revokes its certificates in the same
 * transaction. NOT_ENROLLED when it is not there.
 */
int store_device_remove(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    int64_t now, struct error *err);

/* Finds a device by its EK hash. NOT_ENROLLED when it is not there. */
int store_device_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_device *out, struct error *err);

/* The lists of a device, each of which is read from a table of its own. */
#define STORE_DEVICE_NAMES 1U
#define STORE_DEVICE_TAGS  2U

/* The same with these of its lists only; the others are empty. */
int store_device_find_with(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE], unsigned lists,
    struct store_device *out, struct error *err);

/*
 * Finds the device that is in this row by now, with these of its lists. Only its revision, which is never
 * used again, tells that it is the one that was there. NOT_ENROLLED when the row is empty.
 */
int store_device_at(struct store *store, int64_t row, unsigned lists, struct store_device *out,
    struct error *err);

/* The EK of the enrolled device that has exactly this name. NOT_FOUND. */
int store_device_named(struct store *store, const char *name, uint8_t ek_hash[STORE_HASH_SIZE],
    struct error *err);

/*
 * Finds a device by the whole hash in any form, a name, or a unique prefix of
 * the hexadecimal hash (at least 4 digits). A name takes precedence over a
 * prefix. NOT_ENROLLED when there is none, CONFLICT when a prefix matches
 * several.
 */
int store_device_resolve(struct store *store, const char *text, struct store_device *out,
    struct error *err);

/*
 * Calls `each` for every device of a snapshot, those with names sorted by their
 * first name and then the others by hash, until it returns false. `each` must not
 * use the store. For tests: commands list a selection, as below.
 */
typedef bool store_device_cb(const struct store_device *device, void *arg);
int store_device_list(struct store *store, store_device_cb *each, void *arg, struct error *err);

/* Selects devices; {0}: all. They are listed as above. */
struct store_filter {
	const char *tag;       /* NULL: any */
	const char *name_glob; /* a name matches, as the shell's patterns do (sql_glob); NULL: any */
	int64_t     unseen_since; /* seen, but not at this time or later; 0: any */
	bool        never_seen;   /* only those that were not seen yet */
};
int store_device_search(struct store *store, const struct store_filter *filter,
    store_device_cb *each, void *arg, struct error *err);

void store_device_clear(struct store_device *device);

#endif
