/*
 * What the files of the SQLite engine share: the connection, its statements,
 * which are prepared once, and transactions. Nobody outside store/ includes it.
 */
#ifndef STORE_SQLITE_CONNECTION_H
#define STORE_SQLITE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "store/actor.h"
#include "util/file_lock.h"

struct error;

/* The statements that every database keeps, and their texts; a database's own come after them. */
#define SQLITE_COMMON_STATEMENTS(X)            \
	X(BEGIN, "BEGIN IMMEDIATE")            \
	X(COMMIT, "COMMIT")                    \
	X(MARK, "SAVEPOINT mark")              \
	X(KEEP, "RELEASE mark")                \
	X(UNDO, "ROLLBACK TO mark")            \
	X(GENERATION, "PRAGMA data_version")

enum sqlite_common_statement {
#define X(name, text) SQLITE_##name##_STATEMENT,
	SQLITE_COMMON_STATEMENTS(X)
#undef X
	SQLITE_COMMON_COUNT
};

/* A kind of database: where it is, whose, what is in it. */
struct sqlite_database {
	const char        *program; /* whose init makes it: "attest-ca" */
	const char        *file;    /* in the state directory */
	const char        *lock_file;
	int                application_id;
	int                version;    /* how many schemas there are */
	const char *const *schemas;    /* each brings the tables up from the version before */
	const char *const *statements; /* the texts of those that are kept, the common ones first */
	size_t             statement_count;
};

struct store {
	const struct sqlite_database *database;
	sqlite3          *db;
	sqlite3_stmt    **statements;
	struct file_lock lock;
	char             *path;    /* of the database file */
	struct sqlite_actor actor;
	bool              writing; /* store_begin without its store_commit or store_rollback */
};

/* Make and open a database of a kind, as store_create and store_open say. */
int sqlite_create(const struct sqlite_database *database, const char *state_dir, struct error *err);
int sqlite_open(const struct sqlite_database *database, const char *state_dir, struct store **out,
    struct error *err);

/* Fills *err from the connection's last failure, with what was being done. Returns -1. */
int sqlite_error(struct store *store, const char *doing, struct error *err);

/* A kept statement, ready for new parameters; NULL when it cannot be prepared. */
sqlite3_stmt *sqlite_prepared(struct store *store, size_t which, struct error *err);

/* Steps: 1 for a row, 0 at the end, -1 on failure. At 0 and -1 it has been reset. */
int sqlite_step(struct store *store, sqlite3_stmt *statement, const char *doing,
    struct error *err);

/* Steps a bound statement that answers with one number, and resets it; INTERNAL when it does not. */
int sqlite_one_number(struct store *store, sqlite3_stmt *statement, const char *doing,
    int64_t *number, struct error *err);

/* Runs a kept statement that takes nothing and gives nothing. */
int sqlite_run(struct store *store, size_t which, const char *doing,
    struct error *err);

/*
 * Around every change: a mark when a transaction is open, else a transaction.
 * sqlite_change_end gets what the change returned, undoes it unless that is 0,
 * and returns -1 when it was not or when the commit fails.
 */
int sqlite_change_begin(struct store *store, bool *marked, struct error *err);
int sqlite_change_end(struct store *store, bool marked, int rc, struct error *err);

/* Binds octets and text that outlive the statement's use. */
void sqlite_bind_octets(sqlite3_stmt *statement, int index, const uint8_t *data, size_t size);
void sqlite_bind_string(sqlite3_stmt *statement, int index, const char *text);

#endif
