/*
 * Names that look alike: a person who means one device takes another for it. They have the same
 * skeleton (name_check.h), which is kept with each name. A device's own names may look alike.
 */
#ifndef STORE_INVENTORY_SIMILAR_H
#define STORE_INVENTORY_SIMILAR_H

#include <stdint.h>

#include "store/store.h"
#include "util/identifier.h"

struct error;

/* A name that a device has. */
struct store_similar {
	char    name[IDENTIFIER_MAX + 1];
	uint8_t ek_hash[STORE_HASH_SIZE];
};

/* `name` looks like the name of another device. */
typedef void store_similar_cb(const char *name, const struct store_similar *other, void *arg);

/*
 * From now on, a device gets also a name that looks like another device's, and `warn` is called
 * for it, inside the transaction. With NULL, as on a new connection, such a name is a CONFLICT.
 */
void store_similar_allow(struct store *store, store_similar_cb *warn, void *arg);

/*
 * Finds a name of an enrolled device other than `ek_hash` that looks like `name` and is not the
 * same. NOT_FOUND.
 */
int store_similar_find(struct store *store, const char *name,
    const uint8_t ek_hash[STORE_HASH_SIZE], struct store_similar *out, struct error *err);

/*
 * Calls `each` for groups of names of several devices that look alike, with two of each group,
 * until it returns false.
 */
typedef bool store_similar_pair_cb(const char *one, const char *other, void *arg);
int store_similar_list(struct store *store, store_similar_pair_cb *each, void *arg,
    struct error *err);

#endif
