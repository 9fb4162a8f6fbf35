/*
 * Revokes certificates, and counts the revocations, so that the signer of CRLs
 * can tell without reading the list whether it changed. Signs nothing.
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
#include "util/own_command.h"

/* Call it after a statement that changes rows of `certificate`. */
static int
revoke_count(struct store *store, struct error *err)
{
	static const char text[] = "UPDATE counter SET revocations = revocations + 1";

	if (sql_changed(store) == 0)
		return 0;
	return sql_run(store, text, "counting revocations", err);
}

static int
revoke_count_good(struct store *store, const uint8_t *ek_hash, int64_t revision, int64_t now,
    size_t *good, struct error *err)
{
	static const char     text[] =
	    "SELECT count(*) FROM certificate WHERE ek_hash = ?1 AND revoked = 0"
	    " AND revision >= ?2 AND not_after >= ?3";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int64_t               count = 0;
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, revision);
	sql_bind_int64(statement, 3, now);
	rc = sql_one_number(statement, "counting certificates", &count, err);
	*good = (size_t)count;
	return rc;
}

int
revoke_since(struct store *store, const uint8_t *ek_hash, int64_t revision, int reason,
    int64_t now, size_t *revoked, struct error *err)
{
	static const char     text[] =
	    "UPDATE certificate SET revoked = ?3, reason = ?4 WHERE ek_hash = ?1"
	    " AND revoked = 0 AND revision >= ?2";
	struct sql_statement *statement;

	if (revoke_count_good(store, ek_hash, revision, now, revoked, err) != 0 ||
	    (statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, revision);
	sql_bind_int64(statement, 3, now != 0 ? now : 1); /* 0 would mean not revoked */
	sql_bind_int64(statement, 4, reason);
	if (sql_step(statement, "revoking certificates", err) != 0)
		return -1;
	return revoke_count(store, err);
}

int
store_revocations(struct store *store, int64_t *revocations, struct error *err)
{
	static const char     text[] = "SELECT revocations FROM counter";
	struct sql_statement *statement = sql_prepare(store, text, err);

	return statement == NULL
	    ? -1
	    : sql_one_number(statement, "asking for revocations", revocations, err);
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

	audit_detail_revoked(&detail, revoked);
	audit_detail_text(&detail, "; reason: ");
	audit_detail_text(&detail, crl_reason_word((int)reason));
	if (serial != NULL) {
		audit_detail_text(&detail, "; serial: ");
		audit_detail_text(&detail, serial);
	}
	return audit_detail_record(store, AUDIT_REVOKE, ek_hash, NULL, &detail, now, err);
}

/* NOT_FOUND when the EK never got a certificate. */
static int
revoke_check_any(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	static const char     text[] = "SELECT count(*) FROM certificate WHERE ek_hash = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  hash[STORE_HASH_TEXT_SIZE];
	int64_t               count = 0;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	if (sql_one_number(statement, "counting certificates", &count, err) != 0)
		return -1;
	store_hash_format(ek_hash, hash);
	return count != 0 ? 0 : error_set(err, ERROR_NOT_FOUND,
	                            "no certificate was issued to the device with EK %s", hash);
}

/* A new revision makes attestations in progress fail. */
static int
revoke_interrupt(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	static const char     text[] =
	    "UPDATE device SET revision = ?2 WHERE id = (SELECT id FROM enrolled"
	    " WHERE ek_hash = ?1)";
	struct sql_statement *statement;
	int64_t               revision;

	if (device_revision_next(store, &revision, err) != 0 ||
	    (statement = sql_prepare(store, text, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, ek_hash, STORE_HASH_SIZE);
	sql_bind_int64(statement, 2, revision);
	return sql_step(statement, "changing a device", err);
}

int
store_revoke_device(struct store *store, const uint8_t ek_hash[STORE_HASH_SIZE],
    enum crl_reason reason, int64_t now, size_t *revoked, struct error *err)
{
	bool marked;
	int  rc;

	*revoked = 0;
	if (revoke_check_reason(reason, err) != 0 || sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = revoke_check_any(store, ek_hash, err);
	if (rc == 0)
		rc = revoke_interrupt(store, ek_hash, err);
	if (rc == 0)
		rc = revoke_since(store, ek_hash, 0, (int)reason, now, revoked, err);
	if (rc == 0)
		rc = revoke_record(store, ek_hash, reason, NULL, *revoked, now, err);
	return sql_change_end(store, marked, rc, err);
}

/* The record of the certificate with a serial number. */
struct victim {
	uint8_t ek_hash[STORE_HASH_SIZE];
	bool    revoked;
	bool    expired;
};

static int
victim_find(struct store *store, struct view serial, const char *text, int64_t now,
    struct victim *victim, struct error *err)
{
	static const char     certificate_by_serial[] =
	    "SELECT " CERTIFICATE_COLUMNS " FROM certificate WHERE serial = ?1";
	struct sql_statement *statement = sql_prepare(store, certificate_by_serial, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_octets(statement, 1, serial.data, serial.size);
	rc = sql_step(statement, "looking for a certificate", err);
	if (rc > 0) { /* the table holds hashes of this size only */
		memcpy(victim->ek_hash, sql_column_octets(statement, 1).data, STORE_HASH_SIZE);
		victim->expired = sql_column_int64(statement, 4) < now;
		victim->revoked = sql_column_int64(statement, 5) != 0;
	}
	sql_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_NOT_FOUND,
		    "no AK certificate has the serial number %s; \"%s show DEVICE\" lists those of a device, and"
		    " what an ACME server issued is revoked there", text, own_command("attest-ca"));
	return rc < 0 ? -1 : 0;
}

static int
revoke_one(struct store *store, struct view serial, enum crl_reason reason, int64_t now,
    size_t *revoked, struct error *err)
{
	static const char     certificate_revoke_one[] =
	    "UPDATE certificate SET revoked = ?2, reason = ?3 WHERE serial = ?1 AND revoked = 0";
	char                  text[2 * STORE_SERIAL_MAX + 1];
	struct victim         victim;
	struct sql_statement *statement;

	hex_encode(serial.data, serial.size, text);
	if (victim_find(store, serial, text, now, &victim, err) != 0)
		return -1;
	if (victim.revoked)
		return 0;
	if ((statement = sql_prepare(store, certificate_revoke_one, err)) == NULL)
		return -1;
	sql_bind_octets(statement, 1, serial.data, serial.size);
	sql_bind_int64(statement, 2, now != 0 ? now : 1);
	sql_bind_int64(statement, 3, (int)reason);
	if (sql_step(statement, "revoking a certificate", err) != 0 ||
	    revoke_count(store, err) != 0)
		return -1;
	*revoked = victim.expired ? 0 : 1;
	return revoke_record(store, victim.ek_hash, reason, text, *revoked, now, err);
}

int
store_revoke_serial(struct store *store, struct view serial, enum crl_reason reason, int64_t now,
    size_t *revoked, struct error *err)
{
	bool marked;
	int  rc;

	*revoked = 0;
	if (serial.size == 0 || serial.size > STORE_SERIAL_MAX)
		return error_set(err, ERROR_MALFORMED, "a serial number has 1 to %d octets, not %zu",
		    STORE_SERIAL_MAX, serial.size);
	if (revoke_check_reason(reason, err) != 0 || sql_change_begin(store, &marked, err) != 0)
		return -1;
	rc = revoke_one(store, serial, reason, now, revoked, err);
	return sql_change_end(store, marked, rc, err);
}
