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
 * CBOR array, so that nothing can move from a field to its neighbour.
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
