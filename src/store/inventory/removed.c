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
