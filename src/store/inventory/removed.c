/*
 * Owns the tombstones. One is made with the removal of its device, and goes when somebody
 * enrolls the EK again: never by itself.
 */
#include "config.h"

#include "store/inventory/removed.h"

#include <stdio.h>
#include <string.h>

#include "store/actor.h"
#include "store/inventory/rows.h"
#include "util/error.h"
#include "util/identifier.h"
#include "util/utf8.h"

#define REMOVED_COLUMNS "ek_hash, removed_at, names, actor, reason"

_Static_assert(STORE_REMOVED_TEXT_MAX + 1 == ACTOR_SIZE, "an actor fits");

int
removed_record(struct store *store, const uint8_t *ek_hash, const char *names, const char *reason,
    int64_t now, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO removed (" REMOVED_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (ek_hash) DO UPDATE SET removed_at = ?2, names = ?3, actor = ?4, reason = ?5";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, now);
	sql_bind_text(statement, 3, names);
	sql_bind_text(statement, 4, actor_of(store)->name);
	sql_bind_text(statement, 5, reason);
	return sql_step(statement, "recording a removed device", err);
}

int
removed_forget(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	static const char     text[] = "DELETE FROM removed WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	return sql_step(statement, "enrolling a removed device again", err);
}

int
removed_take(struct store *store, const struct store_removed *removed, struct error *err)
{
	static const char text[] =
	    "INSERT INTO removed (" REMOVED_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"
	    " ON CONFLICT (ek_hash) DO UPDATE SET removed_at = ?2, names = ?3, actor = ?4, reason = ?5"
	    " WHERE removed.removed_at < ?2";
	struct sql_statement *statement;

	if (device_check_hash(store, removed->ek_hash, err) != 0 ||
	    (statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, removed->ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, removed->at);
	sql_bind_text(statement, 3, removed->names);
	sql_bind_text(statement, 4, removed->actor);
	sql_bind_text(statement, 5, removed->reason);
	return sql_step(statement, "taking over a removed device", err);
}

static void
removed_read(struct sql_statement *row, struct store_removed *out)
{
	out->at = sql_column_int64(row, 1);
	actor_text_copy(out->names, sizeof out->names, sql_column_text(row, 2));
	actor_text_copy(out->actor, sizeof out->actor, sql_column_text(row, 3));
	actor_text_copy(out->reason, sizeof out->reason, sql_column_text(row, 4));
}

int
store_removed_find(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    struct store_removed *out, struct error *err)
{
	static const char     text[] = "SELECT " REMOVED_COLUMNS " FROM removed WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	*out = (struct store_removed){0};
	memcpy(out->ek_hash, ek_hash, STORE_HASH_SIZE);
	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sql_step(statement, "looking for a removed device", err);
	if (rc > 0)
		removed_read(statement, out);
	sql_reset(statement);
	if (rc < 0)
		return -1;
	return rc > 0 ? 0 : error_set(err, ERROR_NOT_FOUND, "no device of this EK was removed");
}

int
store_removed_list(struct store *store, store_removed_cb *each, void *arg, struct error *err)
{
	static const char     text[] = "SELECT " REMOVED_COLUMNS " FROM removed ORDER BY ek_hash";
	struct sql_statement *statement = sql_prepare(store, text, err);
	struct store_removed  removed;
	bool                  more = true;
	int                   rc = 0;

	if (statement == NULL)
		return -1;
	while (more && (rc = sql_step(statement, "listing removed devices", err)) > 0) {
		memcpy(removed.ek_hash, sql_column_octets(statement, 0).data, STORE_HASH_SIZE);
		removed_read(statement, &removed);
		more = each(&removed, arg);
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
removed_check_text(const char *text, const char *what, struct error *err)
{
	size_t   length = strlen(text);
	uint32_t character = 0;
	size_t   used;

	for (size_t i = 0; i < length; i += used) {
		used = utf8_decode((const uint8_t *)text + i, length - i, &character);
		if (used == 0 || utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED, "octet %zu of %s is no text", i + 1, what);
	}
	return 0;
}

int
store_removed_check(const struct store_removed *removed, struct error *err)
{
	const char *name = removed->names;

	while (*name != '\0') {
		size_t length = strcspn(name, "\n");

		if (identifier_check(name, length, err) != 0)
			return error_wrap(err, "a former name");
		name += length + (name[length] != '\0' ? 1 : 0);
	}
	return removed_check_text(removed->actor, "who removed it", err) != 0
	    ? -1
	    : removed_check_text(removed->reason, "why it was removed", err);
}
