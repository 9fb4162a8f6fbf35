/*
 * Makes, opens and closes a database file: version, permissions and how durable
 * it is. Knows nothing of what is in it.
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
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

/* Programs that are not ours do not queue: SQLite waits for them this long. */
#define OPEN_BUSY_MS 10000

/* WAL itself is kept in the file; these belong to each connection. */
static const char open_settings[] =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA trusted_schema = OFF;"
    "PRAGMA cell_size_check = ON;"
    "PRAGMA journal_size_limit = 67108864;";

static int
open_execute(struct store *store, const char *text, const char *doing, struct error *err)
{
	if (sqlite3_exec(store->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error(store, doing, err);
	return 0;
}

/* The first column of a statement's first row, as a number. */
static int
open_ask(struct store *store, const char *text, int *answer, struct error *err)
{
	sqlite3_stmt *statement = NULL;
	int           rc;

	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(store, "opening the store", err);
	rc = sqlite_step(store, statement, "opening the store", err);
	*answer = rc > 0 ? sqlite3_column_int(statement, 0) : 0;
	(void)sqlite3_finalize(statement);
	return rc < 0 ? -1 : 0;
}

/* A connection to the file that exists at store->path. */
static int
open_connect(struct store *store, struct error *err)
{
	if (sqlite3_open_v2(store->path, &store->db,
	        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
	        NULL) != SQLITE_OK) {
		if (store->db == NULL)
			return error_set(err, ERROR_INTERNAL, "opening %s: no memory", store->path);
		return sqlite_error(store, "opening the store", err);
	}
	(void)sqlite3_busy_timeout(store->db, OPEN_BUSY_MS);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return open_execute(store, open_settings, "opening the store", err);
}

/* Brings the tables up from a version, and commits the transaction that is open. */
static int
open_upgrade_from(struct store *store, int version, const char *doing, struct error *err)
{
	const struct sqlite_database *database = store->database;
	char                          header[64];

	for (int i = version; i < database->version; i++)
		if (open_execute(store, database->schemas[i], doing, err) != 0)
			return -1;
	(void)snprintf(header, sizeof header, "PRAGMA user_version = %d; COMMIT;", database->version);
	return open_execute(store, header, doing, err);
}

/* A store of an older version becomes one of this; of several that try, the first does it. */
static int
open_upgrade(struct store *store, struct error *err)
{
	int version;

	if (store_begin(store, err) != 0)
		return -1;
	if (open_ask(store, "PRAGMA user_version", &version, err) != 0 ||
	    open_upgrade_from(store, version, "bringing the store up to date", err) != 0) {
		store_rollback(store);
		return -1;
	}
	store_rollback(store); /* committed already: this lets the lock go */
	return 0;
}

static int
open_check(struct store *store, int *version, struct error *err)
{
	const struct sqlite_database *database = store->database;
	int                           id;

	if (open_ask(store, "PRAGMA application_id", &id, err) != 0 ||
	    open_ask(store, "PRAGMA user_version", version, err) != 0)
		return -1;
	if (id != database->application_id)
		return error_set(err, ERROR_INTERNAL, "%s is no store of %s", store->path,
		    database->program);
	if (*version > database->version)
		return error_set(err, ERROR_INTERNAL,
		    "%s was made by a newer %s (version %d, this one knows %d); install that one",
		    store->path, database->program, *version, database->version);
	if (*version < 1)
		return error_set(err, ERROR_INTERNAL, "%s was never finished; remove it", store->path);
	/* SQLite reads what it may not write; it would only fail later, and less clearly. */
	if (sqlite3_db_readonly(store->db, "main") != 0)
		return error_set(err, ERROR_INTERNAL,
		    "%s may not be written; run this as the owner of the state directory",
		    store->path);
	return 0;
}

static int
open_file_check(const struct store *store, const char *state_dir, struct error *err)
{
	const char *path = store->path;
	const char *program = store->database->program;
	struct stat st;

	if (stat(path, &st) == 0)
		return 0;
	if (errno == ENOENT)
		return error_set(err, ERROR_NOT_FOUND,
		    "there is no store in %s; run \"%s --state-dir %s init\"", state_dir, program,
		    state_dir);
	if (errno == EACCES)
		return error_set(err, ERROR_INTERNAL,
		    "%s may not be read; run this as the owner of the state directory", path);
	return error_set_errno(err, ERROR_INTERNAL, "opening %s", path);
}

static struct store *
open_new(const struct sqlite_database *database, const char *state_dir)
{
	struct store *store = memory_new(sizeof *store);

	store->database = database;
	store->statements = memory_new(database->statement_count * sizeof(sqlite3_stmt *));
	store->path = file_join(state_dir, database->file);
	store->lock.fd = -1;
	return store;
}

int
sqlite_open(const struct sqlite_database *database, const char *state_dir, struct store **out,
    struct error *err)
{
	struct store   *store = open_new(database, state_dir);
	AUTO_FREE char *lock_path = file_join(state_dir, database->lock_file);
	int             version = 0;

	if (open_file_check(store, state_dir, err) != 0 ||
	    open_connect(store, err) != 0 || open_check(store, &version, err) != 0 ||
	    file_lock_open(lock_path, &store->lock, err) != 0 ||
	    (version < database->version && open_upgrade(store, err) != 0)) {
		store_close(store);
		return -1;
	}
	*out = store;
	return 0;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_rollback(store);
	for (size_t i = 0; i < store->database->statement_count; i++)
		(void)sqlite3_finalize(store->statements[i]);
	(void)sqlite3_close(store->db);
	file_lock_close(&store->lock);
	free(store->statements);
	free(store->path);
	free(store);
}

/* Empty and ours alone before SQLite sees it; -wal and -shm take its permissions. */
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
open_file_remove(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		size_t          size = strlen(path) + strlen(suffixes[i]) + 1;
		AUTO_FREE char *name = memory_new(size);

		(void)snprintf(name, size, "%s%s", path, suffixes[i]);
		(void)unlink(name);
	}
}

/* Tables and header in one transaction: a store without a version was never finished. */
static int
open_make_schema(struct store *store, struct error *err)
{
	char header[64];

	(void)snprintf(header, sizeof header, "BEGIN; PRAGMA application_id = %d;",
	    store->database->application_id);
	if (open_execute(store, header, "making the store", err) != 0)
		return -1;
	return open_upgrade_from(store, 0, "making the store", err);
}

int
sqlite_create(const struct sqlite_database *database, const char *state_dir, struct error *err)
{
	struct store   *store = open_new(database, state_dir);
	AUTO_FREE char *lock_path = file_join(state_dir, database->lock_file);
	AUTO_FREE char *path = memory_strdup(store->path);
	int             rc = open_file_make(path, err);
	bool            made = rc == 0;

	if (made)
		rc = open_connect(store, err) != 0 ||
		        open_execute(store, "PRAGMA journal_mode = WAL", "making the store", err) != 0 ||
		        open_make_schema(store, err) != 0 ||
		        file_lock_open(lock_path, &store->lock, err) != 0
		    ? -1
		    : 0;
	store_close(store);
	if (rc == 0)
		rc = file_sync_directory(state_dir, err);
	if (rc != 0 && made)
		open_file_remove(path);
	return rc;
}
