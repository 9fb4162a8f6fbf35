/*
 * What the files of the inventory share: its statements, which are prepared once,
 * and the rows that several of them read. Nobody outside store/ includes it.
 */
#ifndef STORE_INVENTORY_ROWS_H
#define STORE_INVENTORY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/audit.h"
#include "store/inventory/evidence_rows.h"
#include "store/inventory/waiting_rows.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/leftover.h"

struct store_device;

#define SQLITE_DEVICE_COLUMNS "device.id, ek_hash, note, enabled, enrolled, revision, seen"
#define SQLITE_CERTIFICATE_COLUMNS \
	"serial, ek_hash, ak_name, not_before, not_after, revoked, reason, issuer"
#define SQLITE_AUDIT_COLUMNS \
	"id, at, actor, peer, request, action, ek_hash, outcome, detail, hash"

/* Every statement that the inventory keeps, and its text. */
#define SQLITE_INVENTORY_STATEMENTS(X)                                                    \
	SQLITE_LEFTOVER_STATEMENTS(X)                                                     \
	SQLITE_EVIDENCE_STATEMENTS(X)                                                     \
	SQLITE_WAITING_STATEMENTS(X)                                                      \
	X(REVISION_NEXT, "UPDATE counter SET revision = revision + 1 RETURNING revision") \
	X(DEVICE_INSERT, "INSERT INTO device (ek_hash, note, enabled, enrolled, revision)" \
	    " VALUES (?1, ?2, 1, ?3, ?4)")                                                \
	X(DEVICE_DELETE, "DELETE FROM device"                                             \
	    " WHERE id = (SELECT id FROM enrolled WHERE ek_hash = ?1)")                   \
	X(DEVICE_BY_HASH, "SELECT " SQLITE_DEVICE_COLUMNS " FROM enrolled AS device"     \
	    " WHERE ek_hash = ?1")                                                        \
	X(DEVICE_BY_NAME, "SELECT " SQLITE_DEVICE_COLUMNS " FROM name"                    \
	    " JOIN enrolled AS device ON device.id = name.device WHERE name.name = ?1")   \
	X(DEVICE_BY_RANGE, "SELECT ek_hash FROM enrolled"                                 \
	    " WHERE ek_hash BETWEEN ?1 AND ?2 ORDER BY ek_hash LIMIT 2")                  \
	X(NAME_INSERT, "INSERT INTO name (name, device, position, since)"                 \
	    " VALUES (?1, ?2, ?3, ?4)")                                                   \
	X(DEVICE_UPDATE, "UPDATE device SET note = ?2, enabled = ?3, revision = ?4 WHERE id = ?1") \
	X(DEVICE_DISABLE, "UPDATE device SET enabled = 0 WHERE id = ?1")                  \
	X(DEVICE_TOUCH, "UPDATE device SET revision = ?2"                                 \
	    " WHERE id = (SELECT id FROM enrolled WHERE ek_hash = ?1)")                   \
	X(NAME_SINCE, "SELECT since FROM name WHERE name = ?1")                           \
	X(NAME_CLEAR, "DELETE FROM name WHERE device = ?1")                               \
	X(NAME_OF_DEVICE, "SELECT name FROM name WHERE device = ?1 ORDER BY position")    \
	X(TAG_INSERT, "INSERT INTO tag (device, tag) VALUES (?1, ?2)")                   \
	X(TAG_CLEAR, "DELETE FROM tag WHERE device = ?1")                                 \
	X(TAG_OF_DEVICE, "SELECT tag FROM tag WHERE device = ?1 ORDER BY tag")            \
	X(CERTIFICATE_INSERT, "INSERT INTO certificate (" SQLITE_CERTIFICATE_COLUMNS      \
	    ", revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                    \
	X(CERTIFICATE_GOOD, "SELECT count(*) FROM certificate"                            \
	    " WHERE ek_hash = ?1 AND revoked = 0 AND revision >= ?2 AND not_after >= ?3") \
	X(CERTIFICATE_REVOKE, "UPDATE certificate SET revoked = ?3, reason = ?4"          \
	    " WHERE ek_hash = ?1 AND revoked = 0 AND revision >= ?2")                     \
	X(CERTIFICATE_REVOKE_ONE, "UPDATE certificate SET revoked = ?2, reason = ?3"      \
	    " WHERE serial = ?1 AND revoked = 0")                                         \
	X(CERTIFICATE_BY_SERIAL, "SELECT " SQLITE_CERTIFICATE_COLUMNS                     \
	    " FROM certificate WHERE serial = ?1")                                        \
	X(CERTIFICATE_OF_DEVICE, "SELECT count(*) FROM certificate WHERE ek_hash = ?1")   \
	X(CERTIFICATE_SWEEP, "DELETE FROM certificate WHERE id IN (SELECT id FROM certificate" \
	    " WHERE not_after < ?1 ORDER BY not_after LIMIT ?2)")                         \
	X(REVOCATIONS, "SELECT revocations FROM counter")                                 \
	X(REVOCATIONS_NEXT, "UPDATE counter SET revocations = revocations + 1")           \
	X(CRL_NUMBER_NEXT, "UPDATE counter SET crl_number = max(crl_number + 1, ?1)"      \
	    " RETURNING crl_number")                                                      \
	X(ISSUER_BY_KEY, "SELECT id, certificate FROM issuer WHERE key_id = ?1")          \
	X(ISSUER_NEEDED, "SELECT 1 FROM certificate WHERE not_after >= ?2"                \
	    " AND coalesce(issuer, (SELECT min(id) FROM issuer), 0) = ?1 LIMIT 1")        \
	X(ISSUER_USE, "INSERT INTO issuer (key_id, certificate, since) VALUES (?1, ?2, ?3)" \
	    " ON CONFLICT (key_id) DO UPDATE SET certificate = excluded.certificate"      \
	    " RETURNING id")                                                              \
	X(AUDIT_HEAD, "SELECT (SELECT seq FROM sqlite_sequence WHERE name = 'audit')," \
	    " last.id, last.hash FROM (SELECT 1) LEFT JOIN"                               \
	    " (SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1) AS last")             \
	X(AUDIT_INSERT, "INSERT INTO audit (" SQLITE_AUDIT_COLUMNS ")"                    \
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")                          \
	X(AUDIT_CUT_READ, "SELECT audit_cut, audit_cut_hash FROM counter")                \
	X(AUDIT_CUT_FIND, "SELECT id, hash FROM audit WHERE id > ?1 AND id <= ?3"         \
	    " AND id < ifnull((SELECT id FROM audit WHERE id > ?1 AND id <= ?3"           \
	    " AND +at >= ?2 ORDER BY id LIMIT 1), ?3 + 1) ORDER BY id DESC LIMIT 1")                    \
	X(AUDIT_CUT_SET, "UPDATE counter SET audit_cut = ?1, audit_cut_hash = ?2")        \
	X(AUDIT_CUT_REMOVE, "DELETE FROM audit WHERE id IN (SELECT id FROM audit"         \
	    " WHERE id <= (SELECT audit_cut FROM counter) ORDER BY id LIMIT ?1)") \
	X(TRUST_INSERT, "INSERT INTO trust (fingerprint, root, certificate, source, added)" \
	    " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING")                        \
	X(TRUST_DELETE, "DELETE FROM trust WHERE fingerprint = ?1 RETURNING source")      \
	X(TRUST_LIST, "SELECT fingerprint, root, certificate, source, added FROM trust"   \
	    " ORDER BY root DESC, fingerprint")                                           \
	X(TRUST_CHANGE, "UPDATE counter SET trust_revision = trust_revision + 1")         \
	X(TRUST_REVISION, "SELECT trust_revision FROM counter")

enum sqlite_inventory_statement {
	SQLITE_INVENTORY_FIRST = SQLITE_COMMON_COUNT - 1,
#define X(name, text) SQLITE_##name##_STATEMENT,
	SQLITE_INVENTORY_STATEMENTS(X)
#undef X
	SQLITE_INVENTORY_COUNT
};

/*
 * The parts of enrolling a device that others need too. CONFLICT when another device has
 * one of the names; and in sqlite_device_insert, which adds the whole device as enabled,
 * when the EK is enrolled. Inside a transaction.
 */
int sqlite_device_check_names(struct store *store, const struct store_device *device,
    struct error *err);
int sqlite_device_insert(struct store *store, const struct store_device *device, int64_t now,
    int64_t *id, struct error *err);
int sqlite_name_insert(struct store *store, int64_t id, const char *name, size_t position,
    int64_t since, struct error *err);
int sqlite_tag_insert(struct store *store, int64_t id, const char *tag, struct error *err);

/* CONFLICT when the EK is enrolled; when a device has the name that is not `owner`, which may be NULL. */
int sqlite_device_check_hash(struct store *store, const uint8_t *ek_hash, struct error *err);
int sqlite_device_check_name(struct store *store, const char *name, const uint8_t *owner,
    struct error *err);

/* Removes a device and revokes what it has. NOT_ENROLLED. Inside a transaction. */
int sqlite_device_delete(struct store *store, const uint8_t *ek_hash, int reason, int64_t now,
    size_t *revoked, struct error *err);

/* Fills a new revision in, larger than any before. */
int sqlite_revision_next(struct store *store, int64_t *revision, struct error *err);

/*
 * Fills *out from a row of SQLITE_DEVICE_COLUMNS, which is still open, so that
 * names and row are of one instant; sqlite_device_one steps to the row of a
 * statement that is bound, if there is one, and resets it.
 */
int sqlite_device_read(struct store *store, sqlite3_stmt *row, struct store_device *out,
    struct error *err);
int sqlite_device_one(struct store *store, sqlite3_stmt *statement, struct store_device *out,
    bool *found, struct error *err);

/*
 * Revokes the certificates of an EK that are of this revision of its device or a later
 * one and are not revoked yet, those that have expired too: not every clock agrees. Says
 * in *revoked how many had not. Inside a transaction.
 */
int sqlite_revoke(struct store *store, const uint8_t *ek_hash, int64_t revision, int reason,
    int64_t now, size_t *revoked, struct error *err);

/* store_device_enroll, on record as `action`. */
int sqlite_device_enroll(struct store *store, const struct store_device *device,
    enum audit_action action, int64_t now, struct error *err);

/*
 * Finds the hash that begins as `text` with a statement that lists two of a range;
 * *found is false when there is none, or the text begins no hash. CONFLICT when two do.
 */
int sqlite_hash_by_prefix(struct store *store, size_t statement, const char *text,
    uint8_t *ek_hash, bool *found, struct error *err);

/* NOT_ENROLLED with the hash and the remedy. Returns -1. */
int sqlite_not_enrolled(const uint8_t *ek_hash, struct error *err);

#endif
