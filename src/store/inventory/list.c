/*
 * Lists devices, all or a selection; works for millions: holds none in memory, and
 * uses the order of an index instead of sorting. Changes nothing.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/device.h"
#include "store/inventory/rows.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"

/* A filter, prepared for the statements. */
struct search {
	const struct store_filter *filter;
	const char                *glob; /* as the engine has it */
	store_device_cb           *each;
	void                      *arg;
	bool                       more; /* until `each` returns false */
};

/* The walks over the devices with a name and over the others. */
enum walk { WALK_NAMED, WALK_NAMELESS, WALK_COUNT };

static void
text_add(struct bytes *text, const char *piece)
{
	bytes_append(text, piece, strlen(piece));
}

/* A parameter: they are numbered in the order in which search_bind binds them. */
static void
text_add_parameter(struct bytes *text, int *count)
{
	char piece[16];

	(void)snprintf(piece, sizeof piece, "?%d", ++*count);
	text_add(text, piece);
}

/* The walk begins at the tag, which has few devices, or so many that any order is equal. */
static void
search_text(const struct store *store, const struct search *search, enum walk walk,
    struct bytes *text)
{
	const struct store_filter *filter = search->filter;
	int                        parameters = 0;

	text_add(text, "SELECT " DEVICE_COLUMNS " FROM ");
	if (filter->tag != NULL)
		text_add(text, "tag JOIN enrolled AS device ON device.id = tag.device");
	if (filter->tag != NULL && walk == WALK_NAMED)
		text_add(text, " JOIN name ON name.device = device.id");
	if (filter->tag == NULL)
		text_add(text, walk == WALK_NAMED
		    ? "name JOIN enrolled AS device ON device.id = name.device"
		    : "enrolled AS device");
	text_add(text, walk == WALK_NAMED
	    ? " WHERE name.position = 0"
	    : " WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.device = device.id)");
	if (filter->tag != NULL) {
		text_add(text, " AND tag.tag = ");
		text_add_parameter(text, &parameters);
	}
	if (search->glob != NULL) {
		text_add(text, " AND name.device IN (SELECT device FROM name WHERE name ");
		text_add(text, sql_glob_operator(store));
		text_add(text, " ");
		text_add_parameter(text, &parameters);
		text_add(text, ")");
	}
	if (filter->unseen_since != 0) {
		text_add(text, " AND device.seen <> 0 AND device.seen < ");
		text_add_parameter(text, &parameters);
	}
	if (filter->never_seen)
		text_add(text, " AND device.seen = 0");
	text_add(text, walk == WALK_NAMED ? " ORDER BY name.name" : " ORDER BY device.ek_hash");
	bytes_append_u8(text, '\0');
}

/* Binds the parameters that the text has. */
static void
search_bind(const struct search *search, struct sql_statement *statement)
{
	int index = 0;

	if (search->filter->tag != NULL)
		sql_bind_text(statement, ++index, search->filter->tag);
	if (search->glob != NULL)
		sql_bind_text(statement, ++index, search->glob);
	if (search->filter->unseen_since != 0)
		sql_bind_int64(statement, ++index, search->filter->unseen_since);
}

static int
search_rows(struct store *store, struct search *search, struct sql_statement *statement,
    struct error *err)
{
	struct store_device device;
	int                 rc = 0;

	while (search->more && (rc = sql_step(statement, "listing devices", err)) > 0) {
		if (device_read(store, statement, &device, err) != 0)
			return -1;
		search->more = search->each(&device, search->arg);
		store_device_clear(&device);
	}
	return rc < 0 ? -1 : 0;
}

static int
search_walk(struct store *store, struct search *search, enum walk walk, struct error *err)
{
	AUTO_BYTES            text = {0};
	struct sql_statement *statement;
	int                   rc;

	search_text(store, search, walk, &text);
	if ((statement = sql_prepare_once(store, (const char *)text.data, err)) == NULL)
		return -1;
	search_bind(search, statement);
	rc = search_rows(store, search, statement, err);
	sql_finish(statement);
	return rc;
}

/* Both walks read one snapshot. */
static int
search_all(struct store *store, struct search *search, struct error *err)
{
	bool inside;
	int  rc = 0;

	if (sql_read_begin(store, &inside, err) != 0)
		return -1;
	for (int walk = 0; rc == 0 && walk < WALK_COUNT; walk++)
		if (walk == WALK_NAMED || search->glob == NULL) /* a device without a name matches none */
			rc = search_walk(store, search, (enum walk)walk, err);
	sql_read_end(store, inside);
	return rc;
}

int
store_device_search(struct store *store, const struct store_filter *filter, store_device_cb *each,
    void *arg, struct error *err)
{
	struct search search = {.filter = filter, .each = each, .arg = arg, .more = true};
	AUTO_BYTES    glob = {0};

	if (filter->name_glob != NULL) {
		if (sql_glob(store, filter->name_glob, &glob, err) != 0)
			return -1;
		search.glob = (const char *)glob.data;
	}
	return search_all(store, &search, err);
}

int
store_device_list(struct store *store, store_device_cb *each, void *arg, struct error *err)
{
	return store_device_search(store, &(struct store_filter){.tag = NULL}, each, arg, err);
}
