/* Owns the bounds on CBOR from remote peers; the formats know what the items mean. */
#include "config.h"

#include "webauthn/item.h"

#include <string.h>

#include "util/error.h"
#include "util/utf8.h"

#define KEY_MAX 64U /* largest key of a map, in octets */

void
item_reader_init(struct item_reader *reader, struct view input, struct bytes *store)
{
	*reader = (struct item_reader){{input}, store, 2 * input.size};
}

bool
item_is(struct view text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static int
item_utf8(struct view text, const char *name, struct error *err)
{
	size_t used = 0;

	while (used < text.size) {
		uint32_t character = 0;
		size_t   size = utf8_decode(text.data + used, text.size - used, &character);

		if (size == 0)
			return error_set(err, ERROR_MALFORMED, "%s is no UTF-8", name);
		used += size;
	}
	return 0;
}

/* Reads an indefinite string up to its break and joins its chunks in the store. */
static int
item_gather(struct item_reader *reader, enum cbor_kind kind, const char *name, size_t max,
    struct view *string, struct error *err)
{
	struct bytes *store = reader->store;
	size_t        start = store->size;

	if (store->data == NULL)
		*store = (struct bytes){memory_new(reader->room), 0, reader->room};
	for (;;) {
		struct cbor_value chunk;

		if (cbor_read(&reader->cbor, &chunk, err) != 0)
			return error_wrap(err, "%s", name);
		if (chunk.kind == CBOR_KIND_BREAK)
			break;
		if (chunk.kind != kind || chunk.indefinite)
			return error_set(err, ERROR_MALFORMED,
			    "%s has a piece that is no definite string of its kind", name);
		if (kind == CBOR_KIND_TEXT && item_utf8(chunk.data, name, err) != 0)
			return -1;
		if (chunk.data.size > max - (store->size - start))
			return error_set(err, ERROR_MALFORMED, "%s is longer than %zu octets", name,
			    max);
		if (chunk.data.size > store->capacity - store->size)
			return error_set(err, ERROR_INTERNAL, "%s does not fit", name);
		bytes_append(store, chunk.data.data, chunk.data.size);
	}
	*string = (struct view){store->data + start, store->size - start};
	return 0;
}

/* Reads the rest of a string whose head was read. */
static int
item_string(struct item_reader *reader, const struct cbor_value *head, enum cbor_kind kind,
    const char *name, size_t max, struct view *string, struct error *err)
{
	if (head->kind != kind)
		return error_set(err, ERROR_MALFORMED, "%s is no %s", name,
		    kind == CBOR_KIND_TEXT ? "text string" : "byte string");
	if (head->indefinite)
		return item_gather(reader, kind, name, max, string, err);
	if (head->data.size > max)
		return error_set(err, ERROR_MALFORMED, "%s is longer than %zu octets", name, max);
	*string = head->data;
	return kind == CBOR_KIND_TEXT ? item_utf8(*string, name, err) : 0;
}

int
item_bytes(struct item_reader *reader, const char *name, size_t max, struct view *bytes,
    struct error *err)
{
	struct cbor_value head;

	if (cbor_read(&reader->cbor, &head, err) != 0)
		return error_wrap(err, "%s", name);
	return item_string(reader, &head, CBOR_KIND_BYTES, name, max, bytes, err);
}

int
item_text(struct item_reader *reader, const char *name, size_t max, struct view *text,
    struct error *err)
{
	struct cbor_value head;

	if (cbor_read(&reader->cbor, &head, err) != 0)
		return error_wrap(err, "%s", name);
	return item_string(reader, &head, CBOR_KIND_TEXT, name, max, text, err);
}

int
item_integer(struct item_reader *reader, const char *name, int64_t *number, struct error *err)
{
	struct cbor_value value;

	if (cbor_read(&reader->cbor, &value, err) != 0)
		return error_wrap(err, "%s", name);
	if (value.kind != CBOR_KIND_UNSIGNED && value.kind != CBOR_KIND_NEGATIVE)
		return error_set(err, ERROR_MALFORMED, "%s is no integer", name);
	if (value.number > INT64_MAX)
		return error_set(err, ERROR_MALFORMED, "%s is out of range", name);
	*number = value.kind == CBOR_KIND_NEGATIVE ? -1 - (int64_t)value.number
						   : (int64_t)value.number;
	return 0;
}

/* Enters a map or list whose head was read. */
static int
item_enter(const struct cbor_value *head, enum cbor_kind kind, const char *name, uint64_t max,
    struct item_walk *walk, struct error *err)
{
	const char *what = kind == CBOR_KIND_MAP ? "map" : "list";

	if (head->kind != kind)
		return error_set(err, ERROR_MALFORMED, "%s is no %s", name, what);
	if (!head->indefinite && head->number > max)
		return error_set(err, ERROR_MALFORMED, "%s is a %s of more than %llu", name, what,
		    (unsigned long long)max);
	*walk = (struct item_walk){.indefinite = head->indefinite, .left = head->number};
	return 0;
}

int
item_map(struct item_reader *reader, const char *name, struct item_walk *map, struct error *err)
{
	struct cbor_value head;

	if (cbor_read(&reader->cbor, &head, err) != 0)
		return error_wrap(err, "%s", name);
	return item_enter(&head, CBOR_KIND_MAP, name, ITEM_KEYS_MAX, map, err);
}

int
item_list(struct item_reader *reader, const char *name, uint64_t max, struct item_walk *list,
    struct error *err)
{
	struct cbor_value head;

	if (cbor_read(&reader->cbor, &head, err) != 0)
		return error_wrap(err, "%s", name);
	return item_enter(&head, CBOR_KIND_ARRAY, name, max, list, err);
}

/* True at the end of the map or list; consumes a break. */
static int
item_walk_next(struct item_reader *reader, struct item_walk *walk, const char *name,
    uint64_t max, bool *more, struct error *err)
{
	struct cbor_reader ahead = reader->cbor;
	struct cbor_value  value;

	if (!walk->indefinite) {
		*more = walk->left != 0;
		walk->left -= *more;
	} else {
		if (cbor_read(&ahead, &value, err) != 0)
			return error_wrap(err, "%s", name);
		*more = value.kind != CBOR_KIND_BREAK;
		if (!*more)
			reader->cbor = ahead;
	}
	if (*more && walk->count == max)
		return error_set(err, ERROR_MALFORMED, "%s has more than %llu entries", name,
		    (unsigned long long)max);
	walk->count += *more;
	return 0;
}

int
item_map_next(struct item_reader *reader, struct item_walk *map, struct view *key, bool *more,
    struct error *err)
{
	size_t read = map->count;

	if (item_walk_next(reader, map, "a map", ITEM_KEYS_MAX, more, err) != 0)
		return -1;
	if (!*more)
		return 0;
	if (item_text(reader, "a key of a map", KEY_MAX, key, err) != 0)
		return -1;
	for (size_t i = 0; i < read; i++) {
		if (view_equal(map->keys[i], *key))
			return error_set(err, ERROR_MALFORMED, "the key \"%.*s\" stands twice in a map",
			    (int)key->size, (const char *)key->data);
	}
	map->keys[read] = *key;
	return 0;
}

int
item_list_next(struct item_reader *reader, const char *name, uint64_t max,
    struct item_walk *list, bool *more, struct error *err)
{
	return item_walk_next(reader, list, name, max, more, err);
}

static int
item_skip_map(struct item_reader *reader, const struct cbor_value *head, unsigned depth,
    struct error *err)
{
	struct item_walk map;
	struct view      key;
	bool             more = false;

	if (item_enter(head, CBOR_KIND_MAP, "a map", ITEM_KEYS_MAX, &map, err) != 0)
		return -1;
	for (;;) {
		if (item_map_next(reader, &map, &key, &more, err) != 0)
			return -1;
		if (!more)
			return 0;
		if (item_skip(reader, depth, err) != 0)
			return -1;
	}
}

static int
item_skip_list(struct item_reader *reader, const struct cbor_value *head, unsigned depth,
    struct error *err)
{
	struct item_walk list;
	bool             more = false;

	if (item_enter(head, CBOR_KIND_ARRAY, "a list", ITEM_LIST_MAX, &list, err) != 0)
		return -1;
	for (;;) {
		if (item_list_next(reader, "a list", ITEM_LIST_MAX, &list, &more, err) != 0)
			return -1;
		if (!more)
			return 0;
		if (item_skip(reader, depth, err) != 0)
			return -1;
	}
}

int
item_skip(struct item_reader *reader, unsigned depth, struct error *err)
{
	struct cbor_value head;
	struct view       string;

	if (cbor_read(&reader->cbor, &head, err) != 0)
		return -1;
	switch (head.kind) {
	case CBOR_KIND_BYTES:
	case CBOR_KIND_TEXT:
		return item_string(reader, &head, head.kind, "a string", SIZE_MAX, &string, err);
	case CBOR_KIND_ARRAY:
	case CBOR_KIND_MAP:
		if (depth >= ITEM_DEPTH_MAX)
			return error_set(err, ERROR_MALFORMED,
			    "maps and lists inside each other, more than %u", ITEM_DEPTH_MAX);
		return head.kind == CBOR_KIND_MAP ? item_skip_map(reader, &head, depth + 1, err)
						  : item_skip_list(reader, &head, depth + 1, err);
	case CBOR_KIND_UNSIGNED:
	case CBOR_KIND_NEGATIVE:
	case CBOR_KIND_SIMPLE:
	case CBOR_KIND_FLOAT:
		return 0;
	default:
		return error_set(err, ERROR_MALFORMED, "a CBOR tag or break where a value is wanted");
	}
}
