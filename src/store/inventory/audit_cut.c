/*
 * Takes the oldest entries off the record of every act: first an entry says where
 * the rest begins, then those before it go, some at a time. Nobody else deletes any.
 */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/audit_chain.h"
#include "store/inventory/rows.h"
#include "util/error.h"
#include "util/hex.h"

/* Entries of one cut at most: looking for their end must not take long. */
#define AUDIT_CUT_MAX 100000

void
sqlite_audit_cut_format(const struct audit_cut *cut, char *out, size_t size)
{
	char hash[2 * sizeof cut->hash + 1];

	hex_encode(cut->hash, sizeof cut->hash, hash);
	(void)snprintf(out, size, "entries up to %" PRId64 ", the last with hash %s", cut->id, hash);
}

int
sqlite_audit_cut_read(struct store *store, struct audit_cut *cut, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_AUDIT_CUT_READ_STATEMENT, err);
	int           rc;

	*cut = (struct audit_cut){0};
	if (statement == NULL)
		return -1;
	rc = sqlite_step(store, statement, "reading where the audit table begins", err);
	if (rc > 0) {
		cut->id = sqlite3_column_int64(statement, 0);
		if (sqlite3_column_bytes(statement, 1) == (int)sizeof cut->hash) {
			memcpy(cut->hash, sqlite3_column_blob(statement, 1), sizeof cut->hash);
			cut->size = sizeof cut->hash;
		}
	}
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* The last entry before the first that stays, if any goes. */
static int
audit_cut_find(struct store *store, const struct audit_cut *now, int64_t before,
    struct audit_cut *next, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_AUDIT_CUT_FIND_STATEMENT, err);
	int           rc;

	*next = *now;
	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, now->id);
	(void)sqlite3_bind_int64(statement, 2, before);
	(void)sqlite3_bind_int64(statement, 3, now->id + AUDIT_CUT_MAX);
	rc = sqlite_step(store, statement, "looking for old audit entries", err);
	if (rc > 0 && sqlite3_column_bytes(statement, 1) == (int)sizeof next->hash) {
		next->id = sqlite3_column_int64(statement, 0);
		memcpy(next->hash, sqlite3_column_blob(statement, 1), sizeof next->hash);
		next->size = sizeof next->hash;
	}
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
audit_cut_set(struct store *store, const struct audit_cut *cut, int64_t now, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_AUDIT_CUT_SET_STATEMENT, err);
	char          detail[AUDIT_DETAIL_SIZE];

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, cut->id);
	sqlite_bind_octets(statement, 2, cut->hash, sizeof cut->hash);
	if (sqlite_step(store, statement, "cutting the audit table", err) != 0)
		return -1;
	sqlite_audit_cut_format(cut, detail, sizeof detail);
	return store_audit_add(store, AUDIT_CUT, NULL, "done", detail, now, err);
}

/* Removes entries that are cut already. */
static int
audit_cut_remove(struct store *store, size_t max, size_t *removed, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_AUDIT_CUT_REMOVE_STATEMENT, err);

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, (sqlite3_int64)max);
	if (sqlite_step(store, statement, "cutting the audit table", err) != 0)
		return -1;
	*removed = (size_t)sqlite3_changes(store->db);
	return 0;
}

static int
audit_cut(struct store *store, int64_t before, size_t max, int64_t now, size_t *removed,
    struct error *err)
{
	struct audit_cut cut;
	struct audit_cut next;

	if (audit_cut_remove(store, max, removed, err) != 0)
		return -1;
	if (*removed != 0)
		return 0;
	if (sqlite_audit_cut_read(store, &cut, err) != 0 ||
	    audit_cut_find(store, &cut, before, &next, err) != 0)
		return -1;
	if (next.id == cut.id)
		return 0;
	return audit_cut_set(store, &next, now, err) != 0 ? -1
	                                                  : audit_cut_remove(store, max, removed, err);
}

int
store_audit_cut(struct store *store, int64_t before, size_t max, int64_t now, size_t *removed,
    struct error *err)
{
	bool marked;
	int  rc;

	*removed = 0;
	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = audit_cut(store, before, max, now, removed, err);
	return sqlite_change_end(store, marked, rc, err);
}
