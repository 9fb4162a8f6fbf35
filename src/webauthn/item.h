/*
 * Bounded reader of the CBOR in attestation objects: maps with unique text keys,
 * lists and strings of definite or indefinite length, nested no deeper than a
 * format needs.
 */
#ifndef WEBAUTHN_ITEM_H
#define WEBAUTHN_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/cbor.h"

struct error;

/* Nesting of maps and lists: the object, its statement, a list of certificates. */
#define ITEM_DEPTH_MAX 3U
#define ITEM_KEYS_MAX  16U /* of one map */
#define ITEM_LIST_MAX  64U /* bound on the items of a list that is passed over */

/* The input that is left to read, and the store in which chunks of indefinite strings are
 * joined. */
struct item_reader {
	struct cbor_reader cbor;
	struct bytes      *store; /* never reallocated: views point into it */
	size_t             room;  /* its capacity, allocated at first use */
};

/* A map or a list that is being read. */
struct item_walk {
	bool        indefinite;
	uint64_t    left; /* if definite */
	size_t      count; /* keys, or items, read so far */
	struct view keys[ITEM_KEYS_MAX];
};

/*
 * Makes a reader of `input`. *store must be {0}; it gets room for all strings of
 * the input, each read at most twice, and the caller clears it after the last use
 * of a view.
 */
void item_reader_init(struct item_reader *reader, struct view input, struct bytes *store);

/*
 * Each reads an item of one kind; MALFORMED, with `name` in the detail, when
 * something else comes next. Strings have at most `max` octets; texts are UTF-8.
 * The views live as long as the input and the store.
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

/* Passes over one item, which must obey all rules too; `depth` is the number of open maps and
 * lists. */
int item_skip(struct item_reader *reader, unsigned depth, struct error *err);

/* True when the text is `word`. */
bool item_is(struct view text, const char *word);

#endif
