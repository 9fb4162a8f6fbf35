/* The certificates that were issued: added once, revoked once, kept past notAfter. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/acme/rows.h"

void
store_issued_clear(struct store_issued *issued)
{
	free(issued->names);
	free(issued->witness);
	bytes_clear(&issued->der);
	*issued = (struct store_issued){0};
}

int
store_issued_add(struct store *store, const struct store_issued *issued, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ISSUED_INSERT_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, issued->id);
	sqlite_bind_string(statement, 2, issued->account);
	sqlite_bind_string(statement, 3, issued->order);
	sqlite_bind_octets(statement, 4, issued->serial, issued->serial_size);
	sqlite_bind_string(statement, 5, issued->names);
	sqlite_bind_string(statement, 6, issued->witness != NULL ? issued->witness : "");
	sqlite_bind_octets(statement, 7, issued->key_hash, sizeof issued->key_hash);
	sqlite_bind_octets(statement, 8, issued->der.data, issued->der.size);
	(void)sqlite3_bind_int64(statement, 9, issued->not_before);
	(void)sqlite3_bind_int64(statement, 10, issued->not_after);
	return sqlite_step(store, statement, "recording a certificate", err);
}

static int
issued_read(struct store *store, sqlite3_stmt *row, struct store_issued *out, struct error *err)
{
	int serial_size = sqlite3_column_bytes(row, 3);

	*out = (struct store_issued){0};
	if (serial_size <= 0 || serial_size > STORE_SERIAL_MAX ||
	    sqlite3_column_bytes(row, 6) != STORE_KEY_HASH_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s has a certificate that cannot be",
		    store->path);
	acme_read_id(row, 0, out->id, sizeof out->id);
	acme_read_id(row, 1, out->account, sizeof out->account);
	acme_read_id(row, 2, out->order, sizeof out->order);
	out->serial_size = (size_t)serial_size;
	memcpy(out->serial, sqlite3_column_blob(row, 3), out->serial_size);
	out->names = acme_read_text(row, 4);
	out->witness = acme_read_text(row, 5);
	memcpy(out->key_hash, sqlite3_column_blob(row, 6), sizeof out->key_hash);
	bytes_append(&out->der, sqlite3_column_blob(row, 7), (size_t)sqlite3_column_bytes(row, 7));
	out->not_before = sqlite3_column_int64(row, 8);
	out->not_after = sqlite3_column_int64(row, 9);
	out->revoked = sqlite3_column_int64(row, 10);
	out->reason = sqlite3_column_int(row, 11);
	return 0;
}

/* Steps to the row of a bound statement. */
static int
issued_find(struct store *store, sqlite3_stmt *statement, struct store_issued *out,
    struct error *err)
{
	int rc = sqlite_step(store, statement, "looking for a certificate", err);

	if (rc > 0)
		rc = issued_read(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "there is no such certificate, or no longer");
	(void)sqlite3_reset(statement);
	return rc;
}

int
store_issued_find(struct store *store, const char *id, struct store_issued *out, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ISSUED_BY_NAME_STATEMENT, err);

	*out = (struct store_issued){0};
	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, id);
	return issued_find(store, statement, out, err);
}

int
store_issued_find_serial(struct store *store, const uint8_t *serial, size_t size,
    struct store_issued *out, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ISSUED_BY_SERIAL_STATEMENT, err);

	*out = (struct store_issued){0};
	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, serial, size);
	return issued_find(store, statement, out, err);
}

int
store_issued_revoke(struct store *store, const char *id, int64_t when, int reason,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ISSUED_REVOKE_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, id);
	(void)sqlite3_bind_int64(statement, 2, when);
	(void)sqlite3_bind_int(statement, 3, reason);
	if (acme_update_one(store, statement, "revoking a certificate",
	        "the certificate is revoked already", err) == 0)
		return 0;
	if (err->kind == ERROR_CONFLICT)
		err->kind = ERROR_ALREADY_REVOKED;
	return -1;
}

/* Finalizes the statement. */
static int
issued_walk(struct store *store, sqlite3_stmt *statement, store_issued_cb *each, void *arg,
    struct error *err)
{
	struct store_issued issued = {0};
	bool                more = true;
	int                 rc = 0;

	while (more && (rc = sqlite_step(store, statement, "listing certificates", err)) > 0) {
		if ((rc = issued_read(store, statement, &issued, err)) != 0)
			break;
		more = each(&issued, arg);
		store_issued_clear(&issued);
	}
	(void)sqlite3_finalize(statement);
	return rc < 0 ? -1 : 0;
}

int
store_issued_list(struct store *store, store_issued_cb *each, void *arg, struct error *err)
{
	static const char text[] = "SELECT " ACME_ISSUED_COLUMNS " FROM certificate ORDER BY id";
	sqlite3_stmt     *statement = NULL;

	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(store, "listing certificates", err);
	return issued_walk(store, statement, each, arg, err);
}

int
store_issued_list_revoked(struct store *store, int64_t now, store_issued_cb *each, void *arg,
    struct error *err)
{
	static const char text[] = "SELECT " ACME_ISSUED_COLUMNS " FROM certificate"
	                           " WHERE revoked <> 0 AND not_after >= ?1 ORDER BY not_after, id";
	sqlite3_stmt     *statement = NULL;

	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(store, "listing revoked certificates", err);
	(void)sqlite3_bind_int64(statement, 1, now);
	return issued_walk(store, statement, each, arg, err);
}
