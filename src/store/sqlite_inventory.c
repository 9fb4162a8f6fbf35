/*
 * The database of the inventory: its tables, and the number that orders its
 * changes. Devices and certificates have files of their own.
 */
#include "config.h"

#include "store/sqlite_inventory.h"

#include "store/files.h"
#include "store/store.h"
#include "util/error.h"

/*
 * A certificate names its device by hash and not by row: the record outlives
 * the device. A name knows since which revision the device has it, and a
 * certificate of which revision it is: those that carry a name can be found.
 */
static const char inventory_schema[] =
    "CREATE TABLE counter ("
    " id INTEGER PRIMARY KEY CHECK (id = 1),"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "INSERT INTO counter (id, revision) VALUES (1, 0);"
    "CREATE TABLE device ("
    " id INTEGER PRIMARY KEY,"
    " ek_hash BLOB NOT NULL UNIQUE CHECK (length(ek_hash) = 32),"
    " note TEXT NOT NULL,"
    " enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),"
    " enrolled INTEGER NOT NULL,"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE name ("
    " name TEXT PRIMARY KEY CHECK (name <> ''),"
    " device INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL,"
    " since INTEGER NOT NULL,"
    " UNIQUE (device, position)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE certificate ("
    " id INTEGER PRIMARY KEY,"
    " serial BLOB NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 20),"
    " ek_hash BLOB NOT NULL CHECK (length(ek_hash) = 32),"
    " ak_name BLOB NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL,"
    " revision INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX certificate_of_device ON certificate (ek_hash);"
    "CREATE INDEX certificate_revoked ON certificate (not_after) WHERE revoked <> 0;";

static const char *const inventory_statements[SQLITE_INVENTORY_COUNT] = {
#define X(name, text) [SQLITE_##name##_STATEMENT] = text,
    SQLITE_COMMON_STATEMENTS(X)
    SQLITE_INVENTORY_STATEMENTS(X)
#undef X
};

static const struct sqlite_database inventory = {
    .program = "attest-ca",
    .file = STATE_STORE,
    .lock_file = STATE_STORE_LOCK,
    .application_id = 0x41744341, /* "AtCA" */
    .version = 1,
    .schema = inventory_schema,
    .statements = inventory_statements,
    .statement_count = SQLITE_INVENTORY_COUNT,
};

int
store_create(const char *state_dir, struct error *err)
{
	return sqlite_create(&inventory, state_dir, err);
}

int
store_open(const char *state_dir, struct store **out, struct error *err)
{
	return sqlite_open(&inventory, state_dir, out, err);
}

int
sqlite_revision_next(struct store *store, int64_t *revision, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, SQLITE_REVISION_NEXT_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	rc = sqlite_step(store, statement, "drawing a revision", err);
	if (rc > 0)
		*revision = sqlite3_column_int64(statement, 0);
	(void)sqlite3_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_INTERNAL, "%s has no counter; restore it from a backup",
		    store->path);
	return rc < 0 ? -1 : 0;
}
