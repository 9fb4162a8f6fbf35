/*
 * Revokes certificates, and counts the times that any were, so that whoever signs
 * CRLs need not read the list to know whether it is another. Signs nothing.
 */
#include "config.h"

#include <string.h>

#include "store/hash.h"
#include "store/inventory/audit.h"
#include "store/inventory/audit_detail.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/rows.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/hex.h"

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

static int
revoke_check_reason(enum crl_reason reason, struct error *err)
{
	return crl_reason_word((int)reason) != NULL
	    ? 0
	    : error_set(err, ERROR_MALFORMED, "%d is no reason for a revocation", (int)reason);
}

static int
revoke_record(struct store *store, const uint8_t *ek_hash, enum crl_reason reason,
    const char *serial, size_t revoked, int64_t now, struct error *err)
{
	AUTO_BYTES detail = {0};

	sqlite_detail_revoked(&detail, revoked);
	sqlite_detail_text(&detail, "; reason: ");
	sqlite_detail_text(&detail, crl_reason_word((int)reason));
	if (serial != NULL) {
		sqlite_detail_text(&detail, "; serial: ");
		sqlite_detail_text(&detail, serial);
	}
	return sqlite_detail_record(store, AUDIT_REVOKE, ek_hash, &detail, now, err);
}

/* NOT_FOUND when the EK never got a certificate. */
static int
revoke_check_any(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_CERTIFICATE_OF_DEVICE_STATEMENT, err);
	char          hash[STORE_HASH_TEXT_SIZE];
	int64_t       count = 0;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (sqlite_one_number(store, statement, "counting certificates", &count, err) != 0)
		return -1;
	store_hash_format(ek_hash, hash);
	return count != 0 ? 0 : error_set(err, ERROR_NOT_FOUND,
	                            "no certificate was issued to the device with EK %s", hash);
}

/* What is under way for the device is of a revision that it no longer has. */
static int
revoke_interrupt(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	sqlite3_stmt *statement;
	int64_t       revision;

	if (sqlite_revision_next(store, &revision, err) != 0 ||
	    (statement = sqlite_prepared(store, SQLITE_DEVICE_TOUCH_STATEMENT, err)) == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	(void)sqlite3_bind_int64(statement, 2, revision);
	return sqlite_step(store, statement, "changing a device", err);
}

int
store_revoke_device(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    enum crl_reason reason, int64_t now, size_t *revoked, struct error *err)
{
	bool marked;
	int  rc;

	*revoked = 0;
	if (revoke_check_reason(reason, err) != 0 || sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = revoke_check_any(store, ek_hash, err);
	if (rc == 0)
		rc = revoke_interrupt(store, ek_hash, err);
	if (rc == 0)
		rc = sqlite_revoke(store, ek_hash, 0, (int)reason, now, revoked, err);
	if (rc == 0)
		rc = revoke_record(store, ek_hash, reason, NULL, *revoked, now, err);
	return sqlite_change_end(store, marked, rc, err);
}

/* What is known of the certificate with a serial number. */
struct victim {
	uint8_t ek_hash[STORE_HASH_SIZE];
	bool    revoked;
	bool    expired;
};

static int
victim_find(struct store *store, const uint8_t *serial, size_t size, const char *text, int64_t now,
    struct victim *victim, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_CERTIFICATE_BY_SERIAL_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, serial, size);
	rc = sqlite_step(store, statement, "looking for a certificate", err);
	if (rc > 0) { /* the table holds hashes of this size only */
		memcpy(victim->ek_hash, sqlite3_column_blob(statement, 1), STORE_HASH_SIZE);
		victim->expired = sqlite3_column_int64(statement, 4) < now;
		victim->revoked = sqlite3_column_int64(statement, 5) != 0;
	}
	(void)sqlite3_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_NOT_FOUND, "no AK certificate has the serial number %s", text);
	return rc < 0 ? -1 : 0;
}

static int
revoke_one(struct store *store, const uint8_t *serial, size_t size, enum crl_reason reason,
    int64_t now, size_t *revoked, struct error *err)
{
	char          text[2 * STORE_SERIAL_MAX + 1];
	struct victim victim;
	sqlite3_stmt *statement;

	hex_encode(serial, size, text);
	if (victim_find(store, serial, size, text, now, &victim, err) != 0)
		return -1;
	if (victim.revoked)
		return 0;
	if ((statement = sqlite_prepared(store, SQLITE_CERTIFICATE_REVOKE_ONE_STATEMENT, err)) == NULL)
		return -1;
	sqlite_bind_octets(statement, 1, serial, size);
	(void)sqlite3_bind_int64(statement, 2, now != 0 ? now : 1);
	(void)sqlite3_bind_int(statement, 3, (int)reason);
	if (sqlite_step(store, statement, "revoking a certificate", err) != 0 ||
	    revoke_count(store, err) != 0)
		return -1;
	*revoked = victim.expired ? 0 : 1;
	return revoke_record(store, victim.ek_hash, reason, text, *revoked, now, err);
}

int
store_revoke_serial(struct store *store, const uint8_t *serial, size_t size,
    enum crl_reason reason, int64_t now, size_t *revoked, struct error *err)
{
	bool marked;
	int  rc;

	*revoked = 0;
	if (size == 0 || size > STORE_SERIAL_MAX)
		return error_set(err, ERROR_MALFORMED, "a serial number has 1 to %d octets, not %zu",
		    STORE_SERIAL_MAX, size);
	if (revoke_check_reason(reason, err) != 0 || sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	rc = revoke_one(store, serial, size, reason, now, revoked, err);
	return sqlite_change_end(store, marked, rc, err);
}
