/*
 * The chain of audit entries, for those who add and those who verify. Nobody outside
 * store/ includes it.
 */
#ifndef STORE_INVENTORY_AUDIT_CHAIN_H
#define STORE_INVENTORY_AUDIT_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "store/actor.h"
#include "store/inventory/audit.h"
#include "util/bytes.h"

#define AUDIT_DETAIL_SIZE 513 /* 512 octets and a NUL */

/* What struct audit_entry says of names: room for at least one, whatever it is. */
#define AUDIT_NAMES_SIZE 1025

/* Adds a name behind those that are there; and looks for all that an EK has, which may be NULL. */
void audit_names_add(char names[AUDIT_NAMES_SIZE], const char *name);
int  audit_names_find(struct store *store, const uint8_t *ek_hash, char names[AUDIT_NAMES_SIZE],
     struct error *err);

/* store_audit_add with the names from before the act; NULL: those that it has now. */
int audit_add_named(struct store *store, enum audit_action action, const uint8_t *ek_hash,
    const char *names, const char *outcome, const char *detail, int64_t now, struct error *err);

/* Where the chain ends. */
struct audit_head {
	int64_t sequence; /* the greatest number that was ever used, as the store remembers */
	int64_t id;       /* the last entry there is; 0: none */
	uint8_t hash[32];
	size_t  size; /* of the hash; 0: none */
};

int audit_chain_head(struct store *store, struct audit_head *head, struct error *err);

/*
 * SHA-256 over the hash before, empty for the very first, and every field: one
 * CBOR array, so that nothing can move from a field to its neighbour. An entry from before
 * names were kept has one field less, and keeps its hash.
 */
int audit_chain_hash(struct view previous, const struct audit_entry *entry, uint8_t hash[32],
    struct error *err);

/* Where the chain begins: the last entry that was taken off it. */
struct audit_cut {
	int64_t id; /* 0: none was */
	uint8_t hash[32];
	size_t  size; /* of the hash */
};

int  audit_cut_read(struct store *store, struct audit_cut *cut, struct error *err);

/* What the entry says that records a cut. */
void audit_cut_format(const struct audit_cut *cut, char *out, size_t size);

#endif
