/*
 * Makes, opens and closes a database file: version, permissions and durability.
 * Knows no tables.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite/connection.h"
#include "store/sqlite/durable.h"
#include "store/sqlite/engine.h"
#include "store/sqlite/wal_file.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/shell_quote.h"

/* SQLite's busy timeout, for programs that do not use our queue. */
#define OPEN_BUSY_MS 10000

/* WAL itself is kept in the file; these belong to each connection. wal_file.h needs FULL. */
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
	durable_connect_begin();
	if (sqlite3_open_v2(sqlite->store.place, &sqlite->db,
	        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
	        wal_file_vfs()) != SQLITE_OK) {
		if (sqlite->db == NULL)
			return error_set(err, ERROR_INTERNAL, "opening %s: no memory", sqlite->store.place);
		return sqlite_error(sqlite, "opening the store", err);
	}
	(void)sqlite3_busy_timeout(sqlite->db, OPEN_BUSY_MS);
	durable_watch(sqlite);
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
	int version = 0;

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
	int                         id = 0;

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
		    "%s may not be written; %s",
		    sqlite->store.place, sqlite_read_only_remedy(sqlite));
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
open_refuse(const struct sqlite *sqlite, const char *directory, int why, struct error *err)
{
	const char *path = sqlite->store.place;
	const char *program = sqlite->schema->program;

	if (why == ENOENT)
		return open_missing(program, directory, err);
	if (why == EACCES)
		return error_set(err, ERROR_INTERNAL,
		    "%s may not be read; run this as the owner of the state directory", path);
	errno = why;
	return error_set_errno(err, ERROR_INTERNAL, "opening %s", path);
}

/* Looks at the files that there are; *st is the database's. None is opened: that would undo SQLite's
 * locks at its end. */
static int
open_files_check(const struct sqlite *sqlite, struct stat *st, struct error *err)
{
	for (size_t i = 0; sqlite->schema->files[i] != NULL; i++) {
		const char     *name = sqlite->schema->files[i];
		AUTO_FREE char *path = file_join(sqlite->folder.path, name);
		struct stat     one;

		if (folder_look(&sqlite->folder, name, &one) != 0) {
			if (i != 0 && errno == ENOENT)
				continue;
			return open_refuse(sqlite, sqlite->folder.path, errno, err);
		}
		if (folder_check_file(sqlite->folder.fd, &one, path, true, err) != 0)
			return -1;
		if (i == 0)
			*st = one;
	}
	return 0;
}

static int
open_folder(struct sqlite *sqlite, const char *directory, struct error *err)
{
	struct stat st;

	if (folder_open(directory, &sqlite->folder, err) == 0)
		return 0;
	if (stat(directory, &st) != 0 || err->kind == ERROR_NOT_FOUND || access(directory, R_OK) != 0)
		return open_refuse(sqlite, directory, errno, err);
	return -1;
}

/*
 * SQLite takes a path, resolves it and opens what it then leads to, without following another
 * link. A path through /proc/self/fd would be resolved in the same way, and so win nothing. So
 * the files are looked at before by the directory's descriptor, and here, when SQLite has opened
 * them, whether the path has led to them.
 */
static int
open_check_place(const struct sqlite *sqlite, const struct stat *before, struct error *err)
{
	struct stat after;

	if (folder_is_at(&sqlite->folder, sqlite->folder.path) &&
	    folder_look(&sqlite->folder, sqlite->schema->files[0], &after) == 0 &&
	    after.st_dev == before->st_dev && after.st_ino == before->st_ino)
		return 0;
	return error_set(err, ERROR_INTERNAL, "%s was replaced while it was opened", sqlite->store.place);
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
	sqlite->folder.fd = -1;
	sqlite->lock.fd = -1;
	return sqlite;
}

static int
open_lock(struct sqlite *sqlite, struct error *err)
{
	return file_lock_open(&sqlite->folder, sqlite->schema->lock_file, &sqlite->lock, err);
}

int
sqlite_open(enum store_database database, const char *directory, struct store **out,
    struct error *err)
{
	struct sqlite *sqlite = open_new(database, directory);
	struct stat    st = {0};
	int            version = 0;

	if (open_folder(sqlite, directory, err) != 0 || open_files_check(sqlite, &st, err) != 0 ||
	    open_connect(sqlite, err) != 0 || open_check(sqlite, &version, err) != 0 ||
	    open_check_place(sqlite, &st, err) != 0 || durable_connect_end(sqlite, err) != 0 ||
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
	folder_close(&sqlite->folder);
	free(sqlite);
}

const char *const *
sqlite_files(enum store_database database)
{
	return open_schemas[database]->files;
}

static void
open_files_remove(const struct folder *folder, const struct sqlite_schema *schema)
{
	struct error ignored;

	for (size_t i = 0; schema->files[i] != NULL; i++)
		if (strcmp(schema->files[i], schema->lock_file) != 0)
			(void)folder_remove(folder, schema->files[i], &ignored);
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

/* Made empty with mode 0600 before SQLite opens it; -wal and -shm get its permissions. */
static int
open_make_file(struct sqlite *sqlite, struct error *err)
{
	const char *name = sqlite->schema->files[0];

	if (folder_create(&sqlite->folder, name, NULL, 0, 0600, err) == 0)
		return 0;
	return err->kind == ERROR_CONFLICT
	    ? error_set(err, ERROR_CONFLICT, "there is a store already: %s", sqlite->store.place)
	    : -1;
}

static int
open_make(struct sqlite *sqlite, struct error *err)
{
	struct stat st = {0};

	if (open_files_check(sqlite, &st, err) != 0 || open_connect(sqlite, err) != 0 ||
	    sqlite_execute(sqlite, "PRAGMA journal_mode = WAL", "making the store", err) != 0 ||
	    open_make_schema(sqlite, err) != 0 || open_check_place(sqlite, &st, err) != 0)
		return -1;
	return open_lock(sqlite, err);
}

int
sqlite_create(enum store_database database, const char *directory, struct error *err)
{
	struct sqlite *sqlite = open_new(database, directory);
	AUTO_FOLDER    folder = {.fd = -1}; /* stays open when the store is closed */
	int            rc = folder_open(directory, &folder, err);
	bool           made;

	if (rc == 0)
		rc = folder_open(directory, &sqlite->folder, err);
	if (rc != 0)
		err->kind = ERROR_INTERNAL; /* a missing directory is no missing store */
	else
		rc = open_make_file(sqlite, err);
	made = rc == 0;
	if (made)
		rc = open_make(sqlite, err);
	store_close(&sqlite->store);
	if (rc == 0)
		rc = folder_sync(&folder, err);
	if (rc != 0 && made)
		open_files_remove(&folder, open_schemas[database]);
	return rc;
}
