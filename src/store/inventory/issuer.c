/*
 * Issuers, the numbers of CRLs, which increase independently of the clock, and the last
 * notAfter of an issuer's certificates. Signs nothing.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/issuer.h"
#include "store/inventory/rows.h"
#include "store/store.h"
#include "util/error.h"
#include "util/hex.h"

/* Size of a recorded key identifier, as ours have. */
#define KEY_ID_SHOWN ((size_t)20)

static int
number_draw(struct store *store, int64_t issuer, int64_t least, int64_t *number,
    struct error *err)
{
	static const char     draw[] =
	    "UPDATE counter SET crl_number ="
	    " CASE WHEN crl_number >= ?1 THEN crl_number + 1 ELSE ?1 END RETURNING crl_number";
	static const char     keep[] = "UPDATE issuer SET crl_number = ?2 WHERE id = ?1 OR ?1 = 0";
	struct sql_statement *statement = sql_prepare(store, draw, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, least);
	if (sql_one_number(statement, "drawing the number of a CRL", number, err) != 0 ||
	    (statement = sql_prepare(store, keep, err)) == NULL)
		return -1;
	sql_bind_int64(statement, 1, issuer);
	sql_bind_int64(statement, 2, *number);
	return sql_step(statement, "recording the number of a CRL", err);
}

int
store_crl_number_next(struct store *store, int64_t issuer, int64_t least, int64_t *number,
    struct error *err)
{
	bool marked;

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	return sql_change_end(store, marked, number_draw(store, issuer, least, number, err), err);
}

int
store_crl_number_last(struct store *store, int64_t issuer, int64_t *number, struct error *err)
{
	static const char     text[] =
	    "SELECT coalesce((SELECT crl_number FROM issuer WHERE id = ?1), 0)";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, issuer);
	return sql_one_number(statement, "asking for the number of a CRL", number, err);
}

/* True when the key is recorded as an issuer's with this certificate. */
static int
issuer_find(struct store *store, struct view key_id, struct view certificate, int64_t *issuer,
    bool *found, struct error *err)
{
	static const char     text[] = "SELECT id, certificate FROM issuer WHERE key_id = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, key_id.data, key_id.size);
	rc = sql_step(statement, "looking for an issuer", err);
	*found = rc > 0 && view_equal(sql_column_octets(statement, 1), certificate);
	if (*found)
		*issuer = sql_column_int64(statement, 0);
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

static int
issuer_write(struct store *store, struct view key_id, struct view certificate, int64_t now,
    int64_t *issuer, struct error *err)
{
	static const char     issuer_use[] =
	    "INSERT INTO issuer (key_id, certificate, since) VALUES (?1, ?2, ?3)"
	    " ON CONFLICT (key_id) DO UPDATE SET certificate = excluded.certificate"
	    " RETURNING id";
	struct sql_statement *statement = sql_prepare(store, issuer_use, err);
	char                  text[2 * KEY_ID_SHOWN + 1];
	char                  detail[sizeof text + 64];

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, key_id.data, key_id.size);
	sql_bind_octets(statement, 2, certificate.data, certificate.size);
	sql_bind_int64(statement, 3, now);
	if (sql_one_number(statement, "recording an issuer", issuer, err) != 0)
		return -1;
	hex_encode(key_id.data, key_id.size < KEY_ID_SHOWN ? key_id.size : KEY_ID_SHOWN, text);
	(void)snprintf(detail, sizeof detail, "certificates are signed with key %s", text);
	return store_audit_add(store, AUDIT_ISSUER, NULL, "done", detail, now, err);
}

int
store_issuer_use(struct store *store, struct view key_id, struct view certificate, int64_t now,
    int64_t *issuer, struct error *err)
{
	bool found;
	bool marked;
	int  rc;

	if (key_id.size == 0 || certificate.size == 0)
		return error_set(err, ERROR_INTERNAL, "an issuer without a key identifier or certificate");
	if (issuer_find(store, key_id, certificate, issuer, &found, err) != 0)
		return -1;
	if (found) /* writes nothing at an ordinary start of a daemon */
		return 0;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = issuer_write(store, key_id, certificate, now, issuer, err);
	return sql_change_end(store, marked, rc, err);
}

int
store_issuer_needed(struct store *store, int64_t issuer, int64_t now, bool *needed,
    struct error *err)
{
	static const char     text[] =
	    "SELECT 1 FROM certificate WHERE not_after >= ?2"
	    " AND coalesce(issuer, (SELECT min(id) FROM issuer), 0) = ?1 LIMIT 1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, issuer);
	sql_bind_int64(statement, 2, now);
	rc = sql_step(statement, "looking for an issuer's certificates", err);
	*needed = rc > 0;
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_certificate_sweep(struct store *store, int64_t before, size_t max, size_t *removed,
    struct error *err)
{
	static const char     text[] =
	    "DELETE FROM certificate WHERE id IN (SELECT id FROM certificate"
	    " WHERE not_after < ?1 ORDER BY not_after LIMIT ?2)";
	struct sql_statement *statement;
	bool                  marked;
	int                   rc = -1;

	*removed = 0;
	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	if ((statement = sql_prepare(store, text, err)) != NULL) {
		sql_bind_int64(statement, 1, before);
		sql_bind_int64(statement, 2, max > INT64_MAX ? INT64_MAX : (int64_t)max);
		rc = sql_step(statement, "removing old certificates", err);
		*removed = rc == 0 ? (size_t)sql_changed(store) : 0;
	}
	return sql_change_end(store, marked, rc, err);
}
