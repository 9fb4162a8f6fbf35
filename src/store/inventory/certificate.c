/*
 * The record of what was issued: added while the device is as it was looked up,
 * kept after the device has gone.
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

/* The device must be there, enabled, and what the certificate's names were taken from. */
static int
certificate_check_device(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    int64_t revision, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_DEVICE_BY_HASH_STATEMENT, err);
	char          hash[STORE_HASH_TEXT_SIZE];
	bool          enabled = false;
	int64_t       present = 0;
	int           rc;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	rc = sqlite_step(store, statement, "looking for a device", err);
	if (rc > 0) {
		enabled = sqlite3_column_int(statement, 3) != 0;
		present = sqlite3_column_int64(statement, 5);
	}
	(void)sqlite3_reset(statement);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return sqlite_not_enrolled(ek_hash, err);
	store_hash_format(ek_hash, hash);
	if (!enabled)
		return error_set(err, ERROR_DEVICE_DISABLED, "device %s is switched off", hash);
	if (present != revision)
		return error_set(err, ERROR_CONFLICT,
		    "device %s was changed while it attested; let it attest again", hash);
	return 0;
}

static int
certificate_insert(struct store *store, const struct store_certificate *certificate,
    int64_t revision, struct error *err)
{
	sqlite3_stmt *statement;

	if (certificate_check_device(store, certificate->ek_hash, revision, err) != 0 ||
	    (statement = sqlite_prepared(store, SQLITE_CERTIFICATE_INSERT_STATEMENT, err)) == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, certificate->serial, certificate->serial_size);
	sqlite_bind_octets(statement, 2, certificate->ek_hash, STORE_HASH_SIZE);
	sqlite_bind_octets(statement, 3, certificate->ak_name, certificate->ak_name_size);
	(void)sqlite3_bind_int64(statement, 4, certificate->not_before);
	(void)sqlite3_bind_int64(statement, 5, certificate->not_after);
	(void)sqlite3_bind_int64(statement, 6, certificate->revoked);
	(void)sqlite3_bind_int(statement, 7, certificate->reason);
	if (certificate->issuer != 0)
		(void)sqlite3_bind_int64(statement, 8, certificate->issuer);
	else
		(void)sqlite3_bind_null(statement, 8);
	(void)sqlite3_bind_int64(statement, 9, revision);
	return sqlite_step(store, statement, "recording a certificate", err);
}

int
store_certificate_add(struct store *store, const struct store_certificate *certificate,
    int64_t revision, struct error *err)
{
	bool marked;
	int  rc;

	if (certificate_check(certificate, err) != 0 ||
	    sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = certificate_insert(store, certificate, revision, err);
	return sqlite_change_end(store, marked, rc, err);
}

/* Copies a blob column of 1 to `max` octets; false when it is of another size. */
static bool
certificate_read_octets(sqlite3_stmt *row, int column, uint8_t *data, size_t max, size_t *size)
{
	int bytes = sqlite3_column_bytes(row, column);

	if (bytes <= 0 || (size_t)bytes > max)
		return false;
	memcpy(data, sqlite3_column_blob(row, column), (size_t)bytes);
	*size = (size_t)bytes;
	return true;
}

static int
certificate_read(struct store *store, sqlite3_stmt *row, struct store_certificate *out,
    struct error *err)
{
	size_t hash_size = 0;

	*out = (struct store_certificate){0};
	if (!certificate_read_octets(row, 0, out->serial, STORE_SERIAL_MAX, &out->serial_size) ||
	    !certificate_read_octets(row, 1, out->ek_hash, STORE_HASH_SIZE, &hash_size) ||
	    !certificate_read_octets(row, 2, out->ak_name, STORE_NAME_MAX, &out->ak_name_size))
		return error_set(err, ERROR_INTERNAL, "%s has a certificate that cannot be",
		    store->path);
	out->not_before = sqlite3_column_int64(row, 3);
	out->not_after = sqlite3_column_int64(row, 4);
	out->revoked = sqlite3_column_int64(row, 5);
	out->reason = sqlite3_column_int(row, 6);
	out->issuer = sqlite3_column_int64(row, 7);
	return 0;
}

/* Finalizes the statement, which is the caller's own because `each` may list, too. */
static int
certificate_walk(struct store *store, sqlite3_stmt *statement, store_certificate_cb *each,
    void *arg, struct error *err)
{
	struct store_certificate certificate;
	bool                     more = true;
	int                      rc = 0;

	while (more && (rc = sqlite_step(store, statement, "listing certificates", err)) > 0) {
		if (certificate_read(store, statement, &certificate, err) != 0) {
			rc = -1;
			break;
		}
		more = each(&certificate, arg);
	}
	(void)sqlite3_finalize(statement);
	return rc < 0 ? -1 : 0;
}

int
store_certificate_list(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    store_certificate_cb *each, void *arg, struct error *err)
{
	static const char text[] = "SELECT " SQLITE_CERTIFICATE_COLUMNS
	                           " FROM certificate WHERE ek_hash = ?1 ORDER BY id";
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(store, "listing certificates", err);
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	return certificate_walk(store, statement, each, arg, err);
}

int
store_revoked_list(struct store *store, int64_t issuer, int64_t now, store_certificate_cb *each,
    void *arg, struct error *err)
{
	/* One without an issuer is from before there was a second one. */
	static const char text[] =
	    "SELECT " SQLITE_CERTIFICATE_COLUMNS " FROM certificate"
	    " WHERE revoked <> 0 AND not_after >= ?1"
	    " AND coalesce(issuer, (SELECT min(id) FROM issuer), 0) = ?2"
	    " ORDER BY not_after, id";
	sqlite3_stmt *statement = NULL;

	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(store, "listing revoked certificates", err);
	(void)sqlite3_bind_int64(statement, 1, now);
	(void)sqlite3_bind_int64(statement, 2, issuer);
	return certificate_walk(store, statement, each, arg, err);
}
