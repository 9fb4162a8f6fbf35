/*
 * The record of issued certificates: added only if the device is unchanged
 * since it was looked up, kept after the device is removed.
 */
#include "config.h"

#include <string.h>

#include "store/hash.h"
#include "store/inventory/certificate.h"
#include "store/inventory/rows.h"
#include "store/store.h"
#include "util/error.h"

static int
certificate_check(const struct store_certificate *certificate, struct error *err)
{
	if (certificate->serial_size == 0 || certificate->serial_size > STORE_SERIAL_MAX)
		return error_set(err, ERROR_INTERNAL, "a serial number of %zu octets",
		    certificate->serial_size);
	if (certificate->ak_name_size == 0 || certificate->ak_name_size > STORE_NAME_MAX)
		return error_set(err, ERROR_INTERNAL, "an AK Name of %zu octets",
		    certificate->ak_name_size);
	return 0;
}

/* The device must exist, be enabled, and have the revision from which the certificate's names were
 * taken. */
static int
certificate_check_device(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    int64_t revision, struct error *err)
{
	static const char     text[] = "SELECT enabled, revision FROM enrolled WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  hash[STORE_HASH_TEXT_SIZE];
	bool                  enabled = false;
	int64_t               present = 0;
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sql_step(statement, "looking for a device", err);
	if (rc > 0) {
		enabled = sql_column_int64(statement, 0) != 0;
		present = sql_column_int64(statement, 1);
	}
	sql_reset(statement);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return device_not_enrolled(ek_hash, err);
	store_hash_format(ek_hash, hash);
	if (!enabled)
		return error_set(err, ERROR_DEVICE_DISABLED, "device %s is disabled", hash);
	if (present != revision)
		return error_set(err, ERROR_CONFLICT,
		    "device %s was changed while it attested; let it attest again", hash);
	return 0;
}

static int
certificate_insert(struct store *store, const struct store_certificate *certificate,
    int64_t revision, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO certificate (" CERTIFICATE_COLUMNS ", revision)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
	struct sql_statement *statement;

	if (certificate_check_device(store, certificate->ek_hash, revision, err) != 0 ||
	    (statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, certificate->serial, certificate->serial_size);
	sql_bind_octets(statement, 2, certificate->ek_hash, STORE_HASH_SIZE);
	sql_bind_octets(statement, 3, certificate->ak_name, certificate->ak_name_size);
	sql_bind_int64(statement, 4, certificate->not_before);
	sql_bind_int64(statement, 5, certificate->not_after);
	sql_bind_int64(statement, 6, certificate->revoked);
	sql_bind_int64(statement, 7, certificate->reason);
	if (certificate->issuer != 0)
		sql_bind_int64(statement, 8, certificate->issuer);
	else
		sql_bind_null(statement, 8);
	sql_bind_int64(statement, 9, revision);
	return sql_step(statement, "recording a certificate", err);
}

int
store_certificate_add(struct store *store, const struct store_certificate *certificate,
    int64_t revision, struct error *err)
{
	bool marked;
	int  rc;

	if (certificate_check(certificate, err) != 0 ||
	    sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = certificate_insert(store, certificate, revision, err);
	return sql_change_end(store, marked, rc, err);
}

/* Copies a blob column of 1 to `max` octets; false when it is of another size. */
static bool
certificate_read_octets(struct sql_statement *row, int column, uint8_t *data, size_t max,
    size_t *size)
{
	struct view octets = sql_column_octets(row, column);

	if (octets.size == 0 || octets.size > max)
		return false;
	memcpy(data, octets.data, octets.size);
	*size = octets.size;
	return true;
}

static int
certificate_read(struct store *store, struct sql_statement *row, struct store_certificate *out,
    struct error *err)
{
	size_t hash_size = 0;

	*out = (struct store_certificate){0};
	if (!certificate_read_octets(row, 0, out->serial, STORE_SERIAL_MAX, &out->serial_size) ||
	    !certificate_read_octets(row, 1, out->ek_hash, STORE_HASH_SIZE, &hash_size) ||
	    !certificate_read_octets(row, 2, out->ak_name, STORE_NAME_MAX, &out->ak_name_size))
		return error_set(err, ERROR_INTERNAL, "%s has a certificate that cannot be",
		    store_place(store));
	out->not_before = sql_column_int64(row, 3);
	out->not_after = sql_column_int64(row, 4);
	out->revoked = sql_column_int64(row, 5);
	out->reason = (int)sql_column_int64(row, 6);
	out->issuer = sql_column_int64(row, 7);
	return 0;
}

static int
certificate_walk(struct store *store, struct sql_statement *statement, store_certificate_cb *each,
    void *arg, struct error *err)
{
	struct store_certificate certificate;
	bool                     more = true;
	int                      rc = 0;

	while (more && (rc = sql_step(statement, "listing certificates", err)) > 0) {
		if (certificate_read(store, statement, &certificate, err) != 0) {
			rc = -1;
			break;
		}
		more = each(&certificate, arg);
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_certificate_list(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    store_certificate_cb *each, void *arg, struct error *err)
{
	static const char     text[] =
	    "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE ek_hash = ?1 ORDER BY id";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	return certificate_walk(store, statement, each, arg, err);
}

int
store_revoked_list(struct store *store, int64_t issuer, int64_t now, store_certificate_cb *each,
    void *arg, struct error *err)
{
	/* A certificate without an issuer is from before issuers were recorded. */
	static const char     text[] =
	    "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE revoked <> 0"
	    " AND not_after >= ?1 AND coalesce(issuer, (SELECT min(id) FROM issuer), 0) = ?2"
	    " ORDER BY not_after, id";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, now);
	sql_bind_int64(statement, 2, issuer);
	return certificate_walk(store, statement, each, arg, err);
}
