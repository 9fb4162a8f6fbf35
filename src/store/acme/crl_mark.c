/* Watermarks of the CRLs of attestation CAs; the caller decides which of two is newer. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/acme/rows.h"

static int
mark_read(struct store *store, struct sql_statement *row, struct store_crl_mark *out,
    struct error *err)
{
	struct view number = sql_column_octets(row, 0);
	struct view digest = sql_column_octets(row, 2);
	struct view certificate = sql_column_octets(row, 3);

	if ((number.size != 0 && number.size != STORE_CRL_NUMBER_SIZE) ||
	    digest.size != STORE_HASH_SIZE)
		return error_set(err, ERROR_INTERNAL, "%s has a mark of a CRL that cannot be",
		    store_place(store));
	out->has_number = number.size != 0;
	if (out->has_number)
		memcpy(out->number, number.data, number.size);
	out->this_update = sql_column_int64(row, 1);
	memcpy(out->digest, digest.data, digest.size);
	bytes_append(&out->certificate, certificate.data, certificate.size);
	out->name = acme_read_text(row, 4);
	return 0;
}

int
store_crl_mark_find(struct store *store, const uint8_t issuer[STORE_HASH_SIZE],
    struct store_crl_mark *out, struct error *err)
{
	static const char     text[] = "SELECT number, this_update, digest, certificate, name"
	                               " FROM crl_mark WHERE issuer = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	*out = (struct store_crl_mark){.name = NULL};
	if (statement == NULL)
		return -1;
	memcpy(out->issuer, issuer, sizeof out->issuer);
	sql_bind_octets(statement, 1, issuer, STORE_HASH_SIZE);
	rc = sql_step(statement, "looking for a mark of a CRL", err);
	if (rc > 0)
		rc = mark_read(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "no CRL of this issuer was seen");
	sql_reset(statement);
	return rc;
}

void
store_crl_mark_clear(struct store_crl_mark *mark)
{
	free(mark->name);
	bytes_clear(&mark->certificate);
	*mark = (struct store_crl_mark){.name = NULL};
}

static int
mark_put(struct store *store, const struct store_crl_mark *mark, struct error *err)
{
	static const char text[] =
	    "INSERT INTO crl_mark (issuer, name, number, this_update, digest, certificate)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (issuer) DO UPDATE SET"
	    " name = excluded.name, number = excluded.number, this_update = excluded.this_update,"
	    " digest = excluded.digest, certificate = excluded.certificate";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, mark->issuer, sizeof mark->issuer);
	sql_bind_text(statement, 2, mark->name != NULL ? mark->name : "");
	if (mark->has_number)
		sql_bind_octets(statement, 3, mark->number, sizeof mark->number);
	else
		sql_bind_null(statement, 3);
	sql_bind_int64(statement, 4, mark->this_update);
	sql_bind_octets(statement, 5, mark->digest, sizeof mark->digest);
	sql_bind_octets(statement, 6, mark->certificate.data, mark->certificate.size);
	return sql_step(statement, "recording a mark of a CRL", err);
}

int
store_crl_mark_put(struct store *store, const struct store_crl_mark *mark, struct error *err)
{
	bool marked;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	return sql_change_end(store, marked, mark_put(store, mark, err), err);
}
