/*
 * Cuts the oldest entries off the audit trail: first records where the rest begins,
 * then deletes the entries before it in steps. No other code deletes entries.
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

/* Most entries of one cut, because finding their end must not take long. */
#define AUDIT_CUT_MAX 100000

void
audit_cut_format(const struct audit_cut *cut, char *out, size_t size)
{
	char hash[2 * sizeof cut->hash + 1];

	hex_encode(cut->hash, sizeof cut->hash, hash);
	(void)snprintf(out, size, "entries up to %" PRId64 ", the last with hash %s", cut->id, hash);
}

int
audit_cut_read(struct store *store, struct audit_cut *cut, struct error *err)
{
	static const char     text[] = "SELECT audit_cut, audit_cut_hash FROM counter";
	struct sql_statement *statement = sql_prepare(store, text, err);
	struct view           hash;
	int                   rc;

	*cut = (struct audit_cut){0};
	if (statement == NULL)
		return -1;
	rc = sql_step(statement, "reading where the audit table begins", err);
	if (rc > 0) {
		cut->id = sql_column_int64(statement, 0);
		hash = sql_column_octets(statement, 1);
		if (hash.size == sizeof cut->hash) {
			memcpy(cut->hash, hash.data, sizeof cut->hash);
			cut->size = sizeof cut->hash;
		}
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* The last entry to cut, if any. */
static int
audit_cut_find(struct store *store, const struct audit_cut *now, int64_t before,
    struct audit_cut *next, struct error *err)
{
	static const char     text[] =
	    "SELECT id, hash FROM audit WHERE id > ?1 AND id <= ?3 AND id < coalesce((SELECT id"
	    " FROM audit WHERE id > ?1 AND id <= ?3 AND +at >= ?2 ORDER BY id LIMIT 1), ?3 + 1)"
	    " ORDER BY id DESC LIMIT 1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	struct view           hash = {NULL, 0};
	int                   rc;

	*next = *now;
	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, now->id);
	sql_bind_int64(statement, 2, before);
	sql_bind_int64(statement, 3, now->id + AUDIT_CUT_MAX);
	rc = sql_step(statement, "looking for old audit entries", err);
	hash = rc > 0 ? sql_column_octets(statement, 1) : hash;
	if (hash.size == sizeof next->hash) {
		next->id = sql_column_int64(statement, 0);
		memcpy(next->hash, hash.data, sizeof next->hash);
		next->size = sizeof next->hash;
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
audit_cut_set(struct store *store, const struct audit_cut *cut, int64_t now, struct error *err)
{
	static const char     text[] = "UPDATE counter SET audit_cut = ?1, audit_cut_hash = ?2";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  detail[AUDIT_DETAIL_SIZE];

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, cut->id);
	sql_bind_octets(statement, 2, cut->hash, sizeof cut->hash);
	if (sql_step(statement, "cutting the audit table", err) != 0)
		return -1;
	audit_cut_format(cut, detail, sizeof detail);
	return store_audit_add(store, AUDIT_CUT, NULL, "done", detail, now, err);
}

/* Removes entries that were cut. */
static int
audit_cut_remove(struct store *store, size_t max, size_t *removed, struct error *err)
{
	static const char     text[] =
	    "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id <= (SELECT audit_cut"
	    " FROM counter) ORDER BY id LIMIT ?1)";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, (int64_t)max);
	if (sql_step(statement, "cutting the audit table", err) != 0)
		return -1;
	*removed = (size_t)sql_changed(store);
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
	if (audit_cut_read(store, &cut, err) != 0 ||
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
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = audit_cut(store, before, max, now, removed, err);
	return sql_change_end(store, marked, rc, err);
}
