/*
 * Makes, opens and closes a database file: version, permissions and durability.
 * Knows no tables.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/engine.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/shell_quote.h"

/* SQLite's busy timeout, for programs that do not use our queue. */
#define OPEN_BUSY_MS 10000

/* WAL itself is kept in the file; these belong to each connection. */
static const char open_settings[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA journal_size_limit = 67108864;";

/* The first column of a statement's first row, as a number. */
static int
open_ask(struct sqlite *sqlite, const char *text, int *answer, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int           rc;

	if (sqlite3_prepare_v2(sqlite->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(sqlite, "opening the store", err);
	rc = sqlite3_step(statement);
	*answer = rc == SQLITE_ROW ? sqlite3_column_int(statement, 0) : 0;
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		(void)sqlite_error(sqlite, "opening the store", err);
	(void)sqlite3_finalize(statement);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

/* A connection to the file that exists at sqlite->store.place. */
static int
open_connect(struct sqlite *sqlite, struct error *err)
{
	if (sqlite3_open_v2(sqlite->store.place, &sqlite->db,
	        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
	        NULL) != SQLITE_OK) {
		if (sqlite->db == NULL)
			return error_set(err, ERROR_INTERNAL, "opening %s: no memory", sqlite->store.place);
		return sqlite_error(sqlite, "opening the store", err);
	}
	(void)sqlite3_busy_timeout(sqlite->db, OPEN_BUSY_MS);
	(void)sqlite3_db_config(sqlite->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return sqlite_execute(sqlite, open_settings, "opening the store", err);
}

/* Upgrades the tables from a version, and commits the open transaction. */
static int
open_upgrade_from(struct sqlite *sqlite, int version, const char *doing, struct error *err)
{
	const struct sqlite_schema *schema = sqlite->schema;
	char                        header[64];

	for (int i = version; i < schema->version; i++)
		if (sqlite_execute(sqlite, schema->texts[i], doing, err) != 0)
			return -1;
	(void)snprintf(header, sizeof header, "PRAGMA user_version = %d; COMMIT;", schema->version);
	return sqlite_execute(sqlite, header, doing, err);
}

/* Upgrades a store of an older version; of several processes the first does it. */
static int
open_upgrade(struct sqlite *sqlite, struct error *err)
{
	int version;

	if (store_begin(&sqlite->store, err) != 0)
		return -1;
	if (open_ask(sqlite, "PRAGMA user_version", &version, err) != 0 ||
	    open_upgrade_from(sqlite, version, "bringing the store up to date", err) != 0) {
		store_rollback(&sqlite->store);
		return -1;
	}
	store_rollback(&sqlite->store); /* committed already: this releases the lock */
	return 0;
}

static int
open_check(struct sqlite *sqlite, int *version, struct error *err)
{
	const struct sqlite_schema *schema = sqlite->schema;
	int                         id;

	if (open_ask(sqlite, "PRAGMA application_id", &id, err) != 0 ||
	    open_ask(sqlite, "PRAGMA user_version", version, err) != 0)
		return -1;
	if (id != schema->application_id)
		return error_set(err, ERROR_INTERNAL, "%s is no store of %s", sqlite->store.place,
		    schema->program);
	if (*version > schema->version)
		return error_set(err, ERROR_INTERNAL,
		    "%s was made by a newer %s (version %d, this one knows %d); install that one",
		    sqlite->store.place, schema->program, *version, schema->version);
	if (*version < 1)
		return error_set(err, ERROR_INTERNAL, "%s was never finished; remove it", sqlite->store.place);
	/* SQLite opens a read-only file without an error, and would fail later and less clearly. */
	if (sqlite3_db_readonly(sqlite->db, "main") != 0)
		return error_set(err, ERROR_INTERNAL,
		    "%s may not be written; run this as the owner of the state directory",
		    sqlite->store.place);
	return 0;
}

static int
open_missing(const char *program, const char *state_dir, struct error *err)
{
	AUTO_FREE char *word = shell_word(state_dir);

	return error_set(err, ERROR_NOT_FOUND, "there is no store in %s; run \"%s --state-dir %s init\"",
	    state_dir, program, word);
}

static int
open_file_check(const struct sqlite *sqlite, const char *state_dir, struct error *err)
{
	const char *path = sqlite->store.place;
	const char *program = sqlite->schema->program;
	struct stat st;

	if (stat(path, &st) == 0)
		return 0;
	if (errno == ENOENT)
		return open_missing(program, state_dir, err);
	if (errno == EACCES)
		return error_set(err, ERROR_INTERNAL,
		    "%s may not be read; run this as the owner of the state directory", path);
	return error_set_errno(err, ERROR_INTERNAL, "opening %s", path);
}

static const struct sqlite_schema *const open_schemas[STORE_DATABASE_COUNT] = {
    [STORE_INVENTORY] = &sqlite_schema_inventory,
    [STORE_ACME] = &sqlite_schema_acme,
};

static struct sqlite *
open_new(enum store_database database, const char *directory)
{
	struct sqlite *sqlite = memory_new(sizeof *sqlite);

	sqlite->store.engine = &sqlite_engine;
	sqlite->schema = open_schemas[database];
	sqlite->store.place = file_join(directory, sqlite->schema->files[0]);
	sqlite->directory = memory_strdup(directory);
	sqlite->lock.fd = -1;
	return sqlite;
}

static int
open_lock(struct sqlite *sqlite, struct error *err)
{
	AUTO_FREE char *path = file_join(sqlite->directory, sqlite->schema->lock_file);

	return file_lock_open(path, &sqlite->lock, err);
}

int
sqlite_open(enum store_database database, const char *directory, struct store **out,
    struct error *err)
{
	struct sqlite *sqlite = open_new(database, directory);
	int            version = 0;

	if (open_file_check(sqlite, directory, err) != 0 ||
	    open_connect(sqlite, err) != 0 || open_check(sqlite, &version, err) != 0 ||
	    open_lock(sqlite, err) != 0 ||
	    (version < sqlite->schema->version && open_upgrade(sqlite, err) != 0)) {
		store_close(&sqlite->store);
		return -1;
	}
	*out = &sqlite->store;
	return 0;
}

void
sqlite_close(struct store *store)
{
	struct sqlite *sqlite = sqlite_of(store);

	(void)sqlite3_close(sqlite->db);
	file_lock_close(&sqlite->lock);
	free(sqlite->directory);
	free(sqlite);
}

const char *const *
sqlite_files(enum store_database database)
{
	return open_schemas[database]->files;
}

/* Made empty with mode 0600 before SQLite opens it; -wal and -shm get its permissions. */
static int
open_file_make(const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0 && errno == EEXIST)
		return error_set(err, ERROR_CONFLICT, "there is a store already: %s", path);
	if (fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "creating %s", path);
	(void)close(fd);
	return 0;
}

static void
open_files_remove(const char *directory, const struct sqlite_schema *schema)
{
	for (size_t i = 0; schema->files[i] != NULL; i++) {
		AUTO_FREE char *path = file_join(directory, schema->files[i]);

		if (strcmp(schema->files[i], schema->lock_file) != 0)
			(void)unlink(path);
	}
}

/* Tables and header are one transaction, so a store without a version was never completed. */
static int
open_make_schema(struct sqlite *sqlite, struct error *err)
{
	char header[64];

	(void)snprintf(header, sizeof header, "BEGIN; PRAGMA application_id = %d;",
	    sqlite->schema->application_id);
	if (sqlite_execute(sqlite, header, "making the store", err) != 0)
		return -1;
	return open_upgrade_from(sqlite, 0, "making the store", err);
}

int
sqlite_create(enum store_database database, const char *directory, struct error *err)
{
	struct sqlite *sqlite = open_new(database, directory);
	AUTO_FREE      char *path = memory_strdup(sqlite->store.place);
	int            rc = open_file_make(path, err);
	bool           made = rc == 0;

	if (made)
		rc = open_connect(sqlite, err) != 0 ||
		        sqlite_execute(sqlite, "PRAGMA journal_mode = WAL", "making the store", err) != 0 ||
		        open_make_schema(sqlite, err) != 0 || open_lock(sqlite, err) != 0
		    ? -1
		    : 0;
	store_close(&sqlite->store);
	if (rc == 0)
		rc = file_sync_directory(directory, err);
	if (rc != 0 && made)
		open_files_remove(directory, open_schemas[database]);
	return rc;
}
