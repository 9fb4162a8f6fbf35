/*
 * The table of vendors' certificates. Keeps octets and their origin; pki/ judges
 * them.
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

/* Counts changes, so that a cached copy of the table can be refreshed. */
static int
trust_changed(struct store *store, struct error *err)
{
	static const char text[] = "UPDATE counter SET trust_revision = trust_revision + 1";

	return sql_run(store, text, "counting a change", err);
}

static int
trust_insert(struct store *store, const struct store_trusted *trusted, bool *added,
    struct error *err)
{
	static const char     text[] =
	    "INSERT INTO trust (fingerprint, root, certificate, source, added)"
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, trusted->fingerprint, STORE_FINGERPRINT_SIZE);
	sql_bind_int64(statement, 2, trusted->root ? 1 : 0);
	sql_bind_octets(statement, 3, trusted->certificate, trusted->certificate_size);
	sql_bind_text(statement, 4, trusted->source);
	sql_bind_int64(statement, 5, trusted->added);
	if (sql_step(statement, "adding a certificate", err) != 0)
		return -1;
	*added = sql_changed(store) != 0;
	return *added ? trust_changed(store, err) : 0;
}

int
store_trust_add(struct store *store, const struct store_trusted *trusted, bool *added,
    struct error *err)
{
	bool marked;
	int  rc;

	*added = false;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = trust_insert(store, trusted, added, err);
	return sql_change_end(store, marked, rc, err);
}

static int
trust_delete(struct store *store, const uint8_t *fingerprint, int64_t now, struct error *err)
{
	static const char     trust_delete[] =
	    "DELETE FROM trust WHERE fingerprint = ?1 RETURNING source";
	struct sql_statement *statement = sql_prepare(store, trust_delete, err);
	char                  text[STORE_HASH_TEXT_SIZE];
	char                  detail[512];
	int                   rc;

	if (statement == NULL)
		return -1;
	store_hash_format(fingerprint, text);
	sql_bind_octets(statement, 1, fingerprint, STORE_FINGERPRINT_SIZE);
	if ((rc = sql_step(statement, "removing a certificate", err)) < 0)
		return -1;
	if (rc == 0)
		return error_set(err, ERROR_NOT_FOUND, "no certificate with fingerprint %s is imported",
		    text);
	(void)snprintf(detail, sizeof detail, "%s of %s", text,
	    sql_column_text(statement, 0));
	sql_reset(statement);
	if (trust_changed(store, err) != 0)
		return -1;
	return store_audit_add(store, AUDIT_TRUST_REMOVE, NULL, "done", detail, now, err);
}

int
store_trust_remove(struct store *store, const uint8_t fingerprint[STORE_FINGERPRINT_SIZE],
    int64_t now, struct error *err)
{
	bool marked;
	int  rc;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = trust_delete(store, fingerprint, now, err);
	return sql_change_end(store, marked, rc, err);
}

int
store_trust_list(struct store *store, store_trust_cb *each, void *arg, struct error *err)
{
	static const char     text[] =
	    "SELECT fingerprint, root, certificate, source, added FROM trust"
	    " ORDER BY root DESC, fingerprint";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	while ((rc = sql_step(statement, "listing certificates", err)) > 0) {
		struct view          certificate = sql_column_octets(statement, 2);
		struct store_trusted trusted = {
		    .root = sql_column_int64(statement, 1) != 0,
		    .certificate = certificate.data,
		    .certificate_size = certificate.size,
		    .source = sql_column_text(statement, 3),
		    .added = sql_column_int64(statement, 4),
		};

		memcpy(trusted.fingerprint, sql_column_octets(statement, 0).data, STORE_FINGERPRINT_SIZE);
		if (!each(&trusted, arg))
			break;
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_trust_revision(struct store *store, int64_t *revision, struct error *err)
{
	static const char     text[] = "SELECT trust_revision FROM counter";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	rc = sql_step(statement, "asking for changed certificates", err);
	*revision = rc > 0 ? sql_column_int64(statement, 0) : 0;
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}
