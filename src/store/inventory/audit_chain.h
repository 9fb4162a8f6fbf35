/* The chain of audit entries, for appending and verifying. Private to store/. */
#ifndef STORE_INVENTORY_AUDIT_CHAIN_H
#define STORE_INVENTORY_AUDIT_CHAIN_H

#include <stddef.h>
#include <stdint.h>

#include "store/actor.h"
#include "store/inventory/audit.h"
#include "util/bytes.h"

#define AUDIT_DETAIL_SIZE 513 /* 512 octets and a NUL */

/* Buffer size of the names in struct audit_entry: at least one name of any length fits. */
#define AUDIT_NAMES_SIZE 1025

/* Appends a name; reads all names of an EK, which may be NULL. */
void audit_names_add(char names[AUDIT_NAMES_SIZE], const char *name);
int  audit_names_find(struct store *store, const uint8_t *ek_hash, char names[AUDIT_NAMES_SIZE],
     struct error *err);

/* store_audit_add with the names from before the act; NULL: the present ones. */
int audit_add_named(struct store *store, enum audit_action action, const uint8_t *ek_hash,
    const char *names, const char *outcome, const char *detail, int64_t now, struct error *err);

/* The end of the chain. */
struct audit_head {
	int64_t sequence; /* the greatest number ever used, as the store remembers it */
	int64_t id;       /* number of the last entry; 0: none */
	uint8_t hash[32];
	size_t  size; /* size of the hash; 0: none */
};

int audit_chain_head(struct store *store, struct audit_head *head, struct error *err);

/*
 * SHA-256 over the hash before, empty for the very first, and every field: one CBOR array,
 * so that octets cannot shift between fields. An entry from before names were recorded has
 * one field less, and keeps its hash.
 */
int audit_chain_hash(struct view previous, const struct audit_entry *entry, uint8_t hash[32],
    struct error *err);

/* The beginning of the chain: the last entry that was cut off. */
struct audit_cut {
	int64_t id; /* 0: none was */
	uint8_t hash[32];
	size_t  size; /* of the hash */
};

int  audit_cut_read(struct store *store, struct audit_cut *cut, struct error *err);

/* The content of the entry that records a cut. */
void audit_cut_format(const struct audit_cut *cut, char *out, size_t size);

#endif
