/*
 * What the files of the SQLite engine share: the connection, its statements,
 * which are prepared once, and transactions. Nobody outside store/ includes it.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "store/lock.h"

struct error;
struct store_device;

#define SQLITE_DEVICE_COLUMNS "device.id, ek_hash, note, enabled, enrolled, revision"
#define SQLITE_CERTIFICATE_COLUMNS \
	"serial, ek_hash, ak_name, not_before, not_after, revoked"

/* Every statement that is kept, and its text. */
#define SQLITE_STATEMENTS(X)                                                              \
	X(BEGIN, "BEGIN IMMEDIATE")                                                       \
	X(COMMIT, "COMMIT")                                                               \
	X(MARK, "SAVEPOINT mark")                                                         \
	X(KEEP, "RELEASE mark")                                                           \
	X(UNDO, "ROLLBACK TO mark")                                                       \
	X(GENERATION, "PRAGMA data_version")                                              \
	X(REVISION_NEXT, "UPDATE counter SET revision = revision + 1 RETURNING revision") \
	X(DEVICE_INSERT, "INSERT INTO device (ek_hash, note, enabled, enrolled, revision)" \
	    " VALUES (?1, ?2, 1, ?3, ?4)")                                                \
	X(DEVICE_DELETE, "DELETE FROM device WHERE ek_hash = ?1")                         \
	X(DEVICE_BY_HASH, "SELECT " SQLITE_DEVICE_COLUMNS " FROM device WHERE ek_hash = ?1") \
	X(DEVICE_BY_NAME, "SELECT " SQLITE_DEVICE_COLUMNS " FROM name"                    \
	    " JOIN device ON device.id = name.device WHERE name.name = ?1")               \
	X(DEVICE_BY_RANGE, "SELECT ek_hash FROM device"                                   \
	    " WHERE ek_hash BETWEEN ?1 AND ?2 ORDER BY ek_hash LIMIT 2")                  \
	X(NAME_INSERT, "INSERT INTO name (name, device, position, since)"                 \
	    " VALUES (?1, ?2, ?3, ?4)")                                                   \
	X(NAME_OF_DEVICE, "SELECT name FROM name WHERE device = ?1 ORDER BY position")    \
	X(CERTIFICATE_INSERT, "INSERT INTO certificate (" SQLITE_CERTIFICATE_COLUMNS      \
	    ", revision) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                            \
	X(CERTIFICATE_REVOKE, "UPDATE certificate SET revoked = ?2"                       \
	    " WHERE ek_hash = ?1 AND revoked = 0")

enum sqlite_statement {
#define X(name, text) SQLITE_##name##_STATEMENT,
	SQLITE_STATEMENTS(X)
#undef X
	SQLITE_STATEMENT_COUNT
};

struct store {
	sqlite3          *db;
	sqlite3_stmt     *statements[SQLITE_STATEMENT_COUNT];
	struct store_lock lock;
	char             *path;    /* of the database file */
	bool              writing; /* store_begin without its store_commit or store_rollback */
};

/* Fills *err from the connection's last failure, with what was being done. Returns -1. */
int sqlite_error(struct store *store, const char *doing, struct error *err);

/* A kept statement, ready for new parameters; NULL when it cannot be prepared. */
sqlite3_stmt *sqlite_prepared(struct store *store, enum sqlite_statement which, struct error *err);

/* Steps: 1 for a row, 0 at the end, -1 on failure. At 0 and -1 it has been reset. */
int sqlite_step(struct store *store, sqlite3_stmt *statement, const char *doing,
    struct error *err);

/* Runs a kept statement that takes nothing and gives nothing. */
int sqlite_run(struct store *store, enum sqlite_statement which, const char *doing,
    struct error *err);

/*
 * Around every change: a mark when a transaction is open, else a transaction.
 * sqlite_change_end gets what the change returned, undoes it unless that is 0,
 * and returns -1 when it was not or when the commit fails.
 */
int sqlite_change_begin(struct store *store, bool *marked, struct error *err);
int sqlite_change_end(struct store *store, bool marked, int rc, struct error *err);

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

/* NOT_ENROLLED with the hash and the remedy. Returns -1. */
int sqlite_not_enrolled(const uint8_t *ek_hash, struct error *err);

/* Binds octets and text that outlive the statement's use. */
void sqlite_bind_octets(sqlite3_stmt *statement, int index, const uint8_t *data, size_t size);
void sqlite_bind_string(sqlite3_stmt *statement, int index, const char *text);

#endif
