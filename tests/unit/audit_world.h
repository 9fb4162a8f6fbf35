/* A trail of the audit, what somebody does to it behind the store's back, and what is said of it. */
#ifndef TESTS_UNIT_AUDIT_WORLD_H
#define TESTS_UNIT_AUDIT_WORLD_H

#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store_fixture.h"
#include "store_tamper.h"
#include "util/bytes.h"
#include "util/file.h"
#include "util/identifier.h"

#define NOW 1000000

/* Runs SQL on the file behind the store's back; SQLITE_OK or what it failed with. */
static inline int
meddle(const char *sql)
{
	return store_tamper_try(STORE_INVENTORY, directory, sql);
}

/* What somebody can do who is not kept by triggers. */
static inline void
tamper(const char *sql)
{
	ck_assert_int_eq(meddle("DROP TRIGGER IF EXISTS audit_only_grows;"
	                        "DROP TRIGGER IF EXISTS audit_is_kept;"
	                        "DROP TRIGGER IF EXISTS audit_cut_only_grows"),
	    SQLITE_OK);
	ck_assert_int_eq(meddle(sql), SQLITE_OK);
}

static inline void
add_at(enum audit_action action, uint8_t first, const char *detail, int64_t at)
{
	uint8_t hash[STORE_HASH_SIZE] = {first};

	unit_ok(store_audit_add(store, action, first != 0 ? hash : NULL, "done", detail, at, &err),
	    &err);
}

/* Entries 1 to `count`, a second each from NOW. */
static inline void
add_many(int count)
{
	for (int i = 0; i < count; i++)
		add_at(AUDIT_SET, (uint8_t)(i % 3), "detail", NOW + i);
}

static inline int64_t
verify(const uint8_t *expect, uint8_t head[32])
{
	uint8_t ignored[32];
	int64_t count;

	unit_ok(store_audit_verify(store, expect, &count, head != NULL ? head : ignored, &err), &err);
	return count;
}

/* The chain does not hold: `wanted` stands behind the store's place. */
static inline void
verify_fails(const uint8_t *expect, const char *wanted)
{
	uint8_t head[32];
	int64_t count;
	char    detail[SCRATCH_SIZE + 256];

	(void)snprintf(detail, sizeof detail, "%s: %s", store_place(store), wanted);
	unit_fails(store_audit_verify(store, expect, &count, head, &err), &err, ERROR_INTERNAL, detail);
}

/* What a listing saw. */
struct seen {
	char    names[1024 + 1]; /* of the last entry */
	char    text[1024]; /* numbers */
	char    last[1024]; /* fields of the last entry */
	uint8_t hash[32];
	size_t  stop; /* after as many; 0: never */
	size_t  count;
};

static inline bool
see_cb(const struct audit_entry *entry, void *arg)
{
	struct seen *seen = arg;
	size_t       length = strlen(seen->text);

	(void)snprintf(seen->text + length, sizeof seen->text - length, "%s%d",
	    length > 0 ? " " : "", (int)entry->id);
	(void)snprintf(seen->last, sizeof seen->last, "%d|%s|%s|%s|%s|%d|%s|%s", (int)entry->at,
	    entry->actor, entry->peer, entry->request, entry->action,
	    entry->ek_hash != NULL ? entry->ek_hash[0] : -1, entry->outcome, entry->detail);
	(void)snprintf(seen->names, sizeof seen->names, "%s", entry->names);
	memcpy(seen->hash, entry->hash, sizeof seen->hash);
	return ++seen->count != seen->stop;
}

static inline struct seen
list(const struct audit_filter *filter)
{
	struct seen seen = {0};

	unit_ok(store_audit_list(store, filter, see_cb, &seen, &err), &err);
	return seen;
}

static inline void
listed(const struct audit_filter *filter, const char *wanted)
{
	struct seen seen = list(filter);

	ck_assert_str_eq(seen.text, wanted);
}

/* Adding. */

#endif
