/*
 * The table of vendors' certificates. Keeps octets and where they came from; what
 * they are worth, pki/ says.
 */
#include "config.h"

#include "store/inventory/trust.h"

#include <stdio.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/rows.h"
#include "util/error.h"

_Static_assert(STORE_FINGERPRINT_SIZE == STORE_HASH_SIZE, "a fingerprint is written as a hash is");

static int
trust_insert(struct store *store, const struct store_trusted *trusted, bool *added,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_TRUST_INSERT_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, trusted->fingerprint, STORE_FINGERPRINT_SIZE);
	(void)sqlite3_bind_int(statement, 2, trusted->root ? 1 : 0);
	sqlite_bind_octets(statement, 3, trusted->certificate, trusted->certificate_size);
	sqlite_bind_string(statement, 4, trusted->source);
	(void)sqlite3_bind_int64(statement, 5, trusted->added);
	if (sqlite_step(store, statement, "adding a certificate", err) != 0)
		return -1;
	*added = sqlite3_changes(store->db) != 0;
	return *added ? sqlite_run(store, SQLITE_TRUST_CHANGE_STATEMENT, "counting a change", err) : 0;
}

int
store_trust_add(struct store *store, const struct store_trusted *trusted, bool *added,
    struct error *err)
{
	bool marked;
	int  rc;

	*added = false;
	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = trust_insert(store, trusted, added, err);
	return sqlite_change_end(store, marked, rc, err);
}

static int
trust_delete(struct store *store, const uint8_t *fingerprint, int64_t now, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_TRUST_DELETE_STATEMENT, err);
	char          text[STORE_HASH_TEXT_SIZE];
	char          detail[512];
	int           rc;

	if (statement == NULL)
		return -1;
	store_hash_format(fingerprint, text);
	sqlite_bind_octets(statement, 1, fingerprint, STORE_FINGERPRINT_SIZE);
	if ((rc = sqlite_step(store, statement, "removing a certificate", err)) < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERROR_NOT_FOUND, "no certificate with fingerprint %s is imported",
		    text);
	(void)snprintf(detail, sizeof detail, "%s of %s", text,
	    (const char *)sqlite3_column_text(statement, 0));
	(void)sqlite3_reset(statement);
	if (sqlite_run(store, SQLITE_TRUST_CHANGE_STATEMENT, "counting a change", err) != 0)
		return -1;
	return store_audit_add(store, AUDIT_TRUST_REMOVE, NULL, "done", detail, now, err);
}

int
store_trust_remove(struct store *store, const uint8_t fingerprint[STORE_FINGERPRINT_SIZE],
    int64_t now, struct error *err)
{
	bool marked;
	int  rc;

	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = trust_delete(store, fingerprint, now, err);
	return sqlite_change_end(store, marked, rc, err);
}

int
store_trust_list(struct store *store, store_trust_cb *each, void *arg, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_TRUST_LIST_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	while ((rc = sqlite_step(store, statement, "listing certificates", err)) > 0) {
		struct store_trusted trusted = {
		    .root = sqlite3_column_int(statement, 1) != 0,
		    .certificate = sqlite3_column_blob(statement, 2),
		    .certificate_size = (size_t)sqlite3_column_bytes(statement, 2),
		    .source = (const char *)sqlite3_column_text(statement, 3),
		    .added = sqlite3_column_int64(statement, 4),
		};

		memcpy(trusted.fingerprint, sqlite3_column_blob(statement, 0), STORE_FINGERPRINT_SIZE);
		if (!each(&trusted, arg))
			break;
	}
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_trust_revision(struct store *store, int64_t *revision, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_TRUST_REVISION_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	rc = sqlite_step(store, statement, "asking for changed certificates", err);
	*revision = rc > 0 ? sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}
