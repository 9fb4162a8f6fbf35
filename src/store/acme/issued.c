/* The record of issued certificates: added once, revoked once, kept past notAfter. */
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
	bytes_clear(&issued->chain);
	bytes_clear(&issued->ak_serial);
	*issued = (struct store_issued){0};
}

int
store_issued_add(struct store *store, const struct store_issued *issued, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO certificate (" ACME_ISSUED_COLUMNS ")"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, ?11, ?12)";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, issued->id);
	sql_bind_text(statement, 2, issued->account);
	sql_bind_text(statement, 3, issued->order);
	sql_bind_octets(statement, 4, issued->serial, issued->serial_size);
	sql_bind_text(statement, 5, issued->names);
	sql_bind_text(statement, 6, issued->witness != NULL ? issued->witness : "");
	sql_bind_octets(statement, 7, issued->key_hash, sizeof issued->key_hash);
	sql_bind_octets(statement, 8, issued->der.data, issued->der.size);
	sql_bind_int64(statement, 9, issued->not_before);
	sql_bind_int64(statement, 10, issued->not_after);
	sql_bind_octets(statement, 11, issued->chain.data, issued->chain.size);
	sql_bind_octets(statement, 12, issued->ak_serial.data, issued->ak_serial.size);
	return sql_step(statement, "recording a certificate", err);
}

static int
issued_read(struct store *store, struct sql_statement *row, struct store_issued *out,
    struct error *err)
{
	struct view serial = sql_column_octets(row, 3);
	struct view key_hash = sql_column_octets(row, 6);

	*out = (struct store_issued){0};
	if (serial.size == 0 || serial.size > STORE_SERIAL_MAX ||
	    key_hash.size != STORE_KEY_HASH_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s has a certificate that cannot be",
		    store_place(store));
	acme_read_id(row, 0, out->id, sizeof out->id);
	acme_read_id(row, 1, out->account, sizeof out->account);
	acme_read_id(row, 2, out->order, sizeof out->order);
	out->serial_size = serial.size;
	memcpy(out->serial, serial.data, serial.size);
	out->names = acme_read_text(row, 4);
	out->witness = acme_read_text(row, 5);
	memcpy(out->key_hash, key_hash.data, sizeof out->key_hash);
	acme_read_octets(row, 7, &out->der);
	out->not_before = sql_column_int64(row, 8);
	out->not_after = sql_column_int64(row, 9);
	out->revoked = sql_column_int64(row, 10);
	out->reason = (int)sql_column_int64(row, 11);
	acme_read_octets(row, 12, &out->chain);
	acme_read_octets(row, 13, &out->ak_serial);
	return 0;
}

/* Steps to the row of a bound statement. */
static int
issued_find(struct store *store, struct sql_statement *statement, struct store_issued *out,
    struct error *err)
{
	int rc = sql_step(statement, "looking for a certificate", err);

	if (rc > 0)
		rc = issued_read(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "there is no such certificate, or no longer");
	sql_reset(statement);
	return rc;
}

int
store_issued_find(struct store *store, const char *id, struct store_issued *out, struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_ISSUED_COLUMNS " FROM certificate WHERE name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	*out = (struct store_issued){0};
	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, id);
	return issued_find(store, statement, out, err);
}

int
store_issued_find_serial(struct store *store, struct view serial, struct store_issued *out,
    struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_ISSUED_COLUMNS " FROM certificate WHERE serial = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);

	*out = (struct store_issued){0};
	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, serial.data, serial.size);
	return issued_find(store, statement, out, err);
}

static int
issued_revoke(struct store *store, const char *id, int64_t when, int reason, struct error *err)
{
	static const char     revoke[] =
	    "UPDATE certificate SET revoked = ?2, reason = ?3 WHERE name = ?1 AND revoked = 0";
	static const char     count[] = "UPDATE counter SET revocations = revocations + 1";
	struct sql_statement *statement = sql_prepare(store, revoke, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, id);
	sql_bind_int64(statement, 2, when != 0 ? when : 1); /* 0 would mean not revoked */
	sql_bind_int64(statement, 3, reason);
	if (acme_update_one(store, statement, "revoking a certificate",
	        "the certificate is revoked already", err) == 0)
		return sql_run(store, count, "counting revocations", err);
	if (err->kind == ERROR_CONFLICT)
		err->kind = ERROR_ALREADY_REVOKED;
	return -1;
}

int
store_issued_revoke(struct store *store, const char *id, int64_t when, int reason,
    struct error *err)
{
	bool marked;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	return sql_change_end(store, marked, issued_revoke(store, id, when, reason, err), err);
}

static int
issued_walk(struct store *store, struct sql_statement *statement, store_issued_cb *each, void *arg,
    struct error *err)
{
	struct store_issued issued = {0};
	bool                more = true;
	int                 rc = 0;

	while (more && (rc = sql_step(statement, "listing certificates", err)) > 0) {
		if ((rc = issued_read(store, statement, &issued, err)) != 0)
			break;
		more = each(&issued, arg);
		store_issued_clear(&issued);
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_issued_list(struct store *store, store_issued_cb *each, void *arg, struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_ISSUED_COLUMNS " FROM certificate ORDER BY id";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	return issued_walk(store, statement, each, arg, err);
}

int
store_issued_list_since(struct store *store, int64_t since, store_issued_cb *each, void *arg,
    struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_ISSUED_COLUMNS " FROM certificate WHERE not_before >= ?1 ORDER BY id";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, since);
	return issued_walk(store, statement, each, arg, err);
}

int
store_issued_list_names(struct store *store, const char *account, store_name_cb *each, void *arg,
    struct error *err)
{
	static const char     text[] =
	    "SELECT DISTINCT names FROM certificate WHERE account = ?1 ORDER BY names";
	struct sql_statement *statement = sql_prepare(store, text, err);
	bool                  more = true;
	int                   rc = 0;

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, account);
	while (more && (rc = sql_step(statement, "listing an account's names", err)) > 0)
		more = each(sql_column_text(statement, 0), arg);
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_issued_list_revoked(struct store *store, int64_t now, store_issued_cb *each, void *arg,
    struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_ISSUED_COLUMNS " FROM certificate WHERE revoked <> 0"
	    " AND not_after >= ?1 ORDER BY not_after, id";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, now);
	return issued_walk(store, statement, each, arg, err);
}

int
store_issued_list_attested(struct store *store, int64_t now, int64_t after, store_attested_cb *each,
    void *arg, struct error *err)
{
	static const char     text[] =
	    "SELECT id, name, ak_serial FROM certificate WHERE id > ?1 AND revoked = 0"
	    " AND not_after >= ?2 AND length(ak_serial) > 0 ORDER BY id";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  id[STORE_ID_SIZE];
	bool                  more = true;
	int                   rc = 0;

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, after);
	sql_bind_int64(statement, 2, now);
	while (more && (rc = sql_step(statement, "listing certificates", err)) > 0) {
		acme_read_id(statement, 1, id, sizeof id);
		more = each(sql_column_int64(statement, 0), id, sql_column_octets(statement, 2), arg);
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}
