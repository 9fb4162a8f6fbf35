/*
 * The CBOR that attestation objects are made of, read with bounds: maps whose keys
 * are texts and stand once, lists and strings of definite or indefinite length, and
 * no deeper than a format needs.
 */
#ifndef WEBAUTHN_ITEM_H
#define WEBAUTHN_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/cbor.h"

struct error;

/* Maps and lists inside each other: the object, its statement, a list of certificates. */
#define ITEM_DEPTH_MAX 3U
#define ITEM_KEYS_MAX  16U /* of one map */
#define ITEM_LIST_MAX  64U /* items of a list that nobody reads */

/* What is left to read, and where the pieces of indefinite strings are put together. */
struct item_reader {
	struct cbor_reader cbor;
	struct bytes      *store; /* never grows: views point into it */
	size_t             room;  /* what it gets when it is first needed */
};

/* A map or a list while it is read. */
struct item_walk {
	bool        indefinite;
	uint64_t    left; /* when definite */
	size_t      count; /* keys, or items, that were read */
	struct view keys[ITEM_KEYS_MAX];
};

/*
 * Makes a reader of `input`. *store, which must be {0}, gets room for all strings
 * of it, read twice at most; the caller clears it when no view is needed any more.
 */
void item_reader_init(struct item_reader *reader, struct view input, struct bytes *store);

/*
 * Read the one thing that must come next; MALFORMED otherwise, with `name` in the
 * detail. Strings have at most `max` octets; texts are UTF-8. The views live as
 * long as the input and the store.
 */
int item_bytes(struct item_reader *reader, const char *name, size_t max, struct view *bytes,
    struct error *err);
int item_text(struct item_reader *reader, const char *name, size_t max, struct view *text,
    struct error *err);
int item_integer(struct item_reader *reader, const char *name, int64_t *number,
    struct error *err);

/* Enters a map, or a list of at most `max` items. */
int item_map(struct item_reader *reader, const char *name, struct item_walk *map,
    struct error *err);
int item_list(struct item_reader *reader, const char *name, uint64_t max,
    struct item_walk *list, struct error *err);

/* Reads the next key, or finds the end: *more is false. A key that came before is MALFORMED. */
int item_map_next(struct item_reader *reader, struct item_walk *map, struct view *key,
    bool *more, struct error *err);

/* Says whether another item follows; the caller reads it. `max` as for item_list. */
int item_list_next(struct item_reader *reader, const char *name, uint64_t max,
    struct item_walk *list, bool *more, struct error *err);

/* Passes over one item, which itself obeys all rules; `depth` is how many maps and lists are open. */
int item_skip(struct item_reader *reader, unsigned depth, struct error *err);

/* True when the text is `word`. */
bool item_is(struct view text, const char *word);

#endif
