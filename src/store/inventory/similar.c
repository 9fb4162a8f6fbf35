/*
 * Owns the skeletons of names: compares by them, and makes those that an older version did not
 * make, or made by older tables of Unicode's.
 */
#include "config.h"

#include "store/inventory/similar.h"

#include <stdio.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/name_check.h"
#include "store/inventory/rows.h"
#include "store/similar.h"
#include "util/bytes.h"
#include "util/error.h"

void
store_similar_allow(struct store *store, store_similar_cb *warn, void *arg)
{
	similar_watch_set(store, &(struct similar_watch){warn, arg});
}

/* ---- compare ---- */

/* Reads the one row of a bound statement: a name and the hash of its device. */
static int
similar_one(struct sql_statement *statement, struct store_similar *out, bool *found,
    struct error *err)
{
	int rc = sql_step(statement, "looking for names that look alike", err);

	*found = rc > 0;
	if (rc > 0) {
		(void)snprintf(out->name, sizeof out->name, "%s", sql_column_text(statement, 0));
		memcpy(out->ek_hash, sql_column_octets(statement, 1).data, sizeof out->ek_hash);
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
similar_look(struct store *store, const char *text, const char *name, const uint8_t *owner,
    struct store_similar *out, bool *found, struct error *err)
{
	AUTO_BYTES            skeleton = {0};
	struct sql_statement *statement;

	if (name_skeleton(name, &skeleton, err) != 0 ||
	    (statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_text(statement, 1, (const char *)skeleton.data);
	sql_bind_text(statement, 2, name);
	sql_bind_octets(statement, 3, owner, STORE_HASH_SIZE);
	return similar_one(statement, out, found, err);
}

int
store_similar_find(struct store *store, const char *name,
    const uint8_t ek_hash[STORE_HASH_SIZE], struct store_similar *out, struct error *err)
{
	static const char text[] =
	    "SELECT name.name, device.ek_hash FROM name JOIN enrolled AS device"
	    " ON device.id = name.device WHERE name.skeleton = ?1 AND name.name <> ?2"
	    " AND device.ek_hash <> ?3 ORDER BY name.name LIMIT 1";
	bool found;

	if (similar_look(store, text, name, ek_hash, out, &found, err) != 0)
		return -1;
	return found ? 0 : error_set(err, ERROR_NOT_FOUND, "no other name looks like that");
}

int
similar_found(struct store *store, const char *name, const struct store_similar *other,
    struct error *err)
{
	const struct similar_watch *watch = similar_watch_of(store);
	char                        hash[STORE_HASH_TEXT_SIZE];

	if (watch->warn != NULL) {
		watch->warn(name, other, watch->arg);
		return 0;
	}
	store_hash_format(other->ek_hash, hash);
	return error_set(err, ERROR_CONFLICT,
	    "name \"%.128s\" looks like \"%.128s\" of device %s; choose another name, or allow it"
	    " with --similar-names warn", name, other->name, hash);
}

int
similar_check(struct store *store, const char *name, const uint8_t *owner, struct error *err)
{
	/* A name that the device has by now is no news: it stays. */
	static const char    text[] =
	    "SELECT name.name, device.ek_hash FROM name JOIN device ON device.id = name.device"
	    " WHERE name.skeleton = ?1 AND name.name <> ?2 AND device.ek_hash <> ?3"
	    " AND NOT EXISTS (SELECT 1 FROM name AS kept WHERE kept.name = ?2)"
	    " ORDER BY name.name LIMIT 1";
	struct store_similar other = {{0}, {0}};
	bool                 found;

	if (similar_look(store, text, name, owner, &other, &found, err) != 0)
		return -1;
	/* One of an import may be hidden: of a dead one it goes, a live one has reserved it. */
	if (found && device_check_hash(store, other.ek_hash, err) == 0) {
		if (batch_yield_name(store, other.name, err) != 0)
			return -1;
		return similar_check(store, name, owner, err);
	}
	return found ? similar_found(store, name, &other, err) : 0;
}

int
store_similar_list(struct store *store, store_similar_pair_cb *each, void *arg, struct error *err)
{
	static const char     text[] =
	    "SELECT min(name.name), max(name.name) FROM name JOIN enrolled AS device"
	    " ON device.id = name.device GROUP BY name.skeleton"
	    " HAVING count(DISTINCT name.device) > 1 ORDER BY name.skeleton";
	struct sql_statement *statement = sql_prepare(store, text, err);
	bool                  more = true;
	int                   rc = 0;

	if (statement == NULL)
		return -1;
	while (more && (rc = sql_step(statement, "looking for names that look alike", err)) > 0)
		more = each(sql_column_text(statement, 0), sql_column_text(statement, 1), arg);
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* ---- complete ---- */

/* Names that get their skeletons in one transaction, so that others can write in between. */
#define SIMILAR_CHUNK 2000

static int
skeletons_version(struct store *store, int64_t *version, struct error *err)
{
	static const char     text[] = "SELECT skeletons FROM counter";
	struct sql_statement *statement = sql_prepare(store, text, err);

	return statement == NULL
	    ? -1
	    : sql_one_number(statement, "looking at the names", version, err);
}

static int
skeletons_mark(struct store *store, struct error *err)
{
	static const char     text[] = "UPDATE counter SET skeletons = ?1 WHERE skeletons < ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, name_skeleton_version());
	return sql_step(statement, "completing the names", err);
}

/* Whatever name an older version has let in: one that has no skeleton looks like itself only. */
static int
skeleton_write(struct store *store, const char *name, struct error *err)
{
	static const char     text[] = "UPDATE name SET skeleton = ?2 WHERE name = ?1";
	AUTO_BYTES            skeleton = {0};
	struct error          ignored;
	bool                  made = name_skeleton(name, &skeleton, &ignored) == 0;
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, name);
	sql_bind_text(statement, 2, made ? (const char *)skeleton.data : name);
	return sql_step(statement, "completing the names", err);
}

/* Reads the next names after *last, each with its NUL, and moves *last on. */
static int
skeletons_next(struct store *store, struct bytes *last, struct bytes *names, struct error *err)
{
	static const char     text[] =
	    "SELECT name FROM name WHERE name > ?1 ORDER BY name LIMIT ?2";
	struct sql_statement *statement = sql_prepare(store, text, err);
	size_t                begin = 0;
	int                   rc;

	if (statement == NULL)
		return -1;
	names->size = 0;
	sql_bind_text(statement, 1, (const char *)last->data);
	sql_bind_int64(statement, 2, SIMILAR_CHUNK);
	while ((rc = sql_step(statement, "completing the names", err)) > 0) {
		const char *name = sql_column_text(statement, 0);

		begin = names->size;
		bytes_append(names, name, strlen(name) + 1);
	}
	if (names->size != 0) {
		last->size = 0;
		bytes_append(last, names->data + begin, names->size - begin);
	}
	return rc;
}

static int
skeletons_some(struct store *store, struct bytes *last, bool *more, struct error *err)
{
	AUTO_BYTES names = {0};

	if (skeletons_next(store, last, &names, err) != 0)
		return -1;
	*more = names.size != 0;
	for (size_t i = 0; i < names.size; i += strlen((const char *)names.data + i) + 1)
		if (skeleton_write(store, (const char *)names.data + i, err) != 0)
			return -1;
	return *more ? 0 : skeletons_mark(store, err);
}

int
similar_complete(struct store *store, struct error *err)
{
	AUTO_BYTES last = {0};
	int64_t    version = 0;
	bool       more = true;
	bool       marked;

	if (skeletons_version(store, &version, err) != 0)
		return -1;
	bytes_append_u8(&last, '\0');
	while (version < name_skeleton_version() && more) {
		if (sql_change_begin(store, &marked, err) != 0 ||
		    sql_change_end(store, marked, skeletons_some(store, &last, &more, err), err) != 0)
			return -1;
	}
	return 0;
}
