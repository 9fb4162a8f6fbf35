/*
 * Revokes certificates, and counts the times that any were, so that whoever signs
 * CRLs need not read the list to know whether it is another. Signs nothing.
 */
#include "config.h"

#include "store/change.h"
#include "store/sqlite_inventory.h"
#include "store/store.h"
#include "util/error.h"

/* After a statement that changes rows of `certificate`. */
static int
revoke_count(struct store *store, struct error *err)
{
	if (sqlite3_changes(store->db) == 0)
		return 0;
	return sqlite_run(store, SQLITE_REVOCATIONS_NEXT_STATEMENT, "counting revocations", err);
}

static int
revoke_count_good(struct store *store, const uint8_t *ek_hash, int64_t revision, int64_t now,
    size_t *good, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_CERTIFICATE_GOOD_STATEMENT, err);
	int64_t       count = 0;
	int           rc;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, 2, revision);
	(void)sqlite3_bind_int64(statement, 3, now);
	rc = sqlite_one_number(store, statement, "counting certificates", &count, err);
	*good = (size_t)count;
	return rc;
}

int
sqlite_revoke(struct store *store, const uint8_t *ek_hash, int64_t revision, int reason,
    int64_t now, size_t *revoked, struct error *err)
{
	sqlite3_stmt *statement;

	if (revoke_count_good(store, ek_hash, revision, now, revoked, err) != 0 ||
	    (statement = sqlite_prepared(store, SQLITE_CERTIFICATE_REVOKE_STATEMENT, err)) == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, 2, revision);
	(void)sqlite3_bind_int64(statement, 3, now != 0 ? now : 1); /* 0 would be good */
	(void)sqlite3_bind_int(statement, 4, reason);
	if (sqlite_step(store, statement, "revoking certificates", err) != 0)
		return -1;
	return revoke_count(store, err);
}

int
store_revocations(struct store *store, int64_t *revocations, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_REVOCATIONS_STATEMENT, err);

	return statement == NULL
	    ? -1
	    : sqlite_one_number(store, statement, "asking for revocations", revocations, err);
}
