/*
 * ACME's database: its tables, ids, and what its rows have in common. Accounts,
 * orders, authorizations and certificates have files of their own.
 */
#include "config.h"

#include <sys/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ca/files.h"
#include "store/acme/rows.h"
#include "util/base64.h"

/*
 * Orders go with their account and authorizations with their order; a
 * certificate names both by id and not by row, because its record outlives them.
 */
static const char acme_schema[] =
    "CREATE TABLE account ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " status TEXT NOT NULL,"
    " jwk TEXT NOT NULL,"
    " thumbprint TEXT NOT NULL UNIQUE,"
    " contacts TEXT NOT NULL,"
    " terms_agreed INTEGER NOT NULL,"
    " created INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX account_created ON account (created);"
    "CREATE TABLE orders ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE,"
    " account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,"
    " status TEXT NOT NULL,"
    " created INTEGER NOT NULL,"
    " expires INTEGER NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " problem TEXT,"
    " detail TEXT,"
    " certificate TEXT"
    ") STRICT;"
    "CREATE INDEX orders_of_account ON orders (account, created);"
    "CREATE INDEX orders_expired ON orders (expires);"
    "CREATE TABLE authorization ("
    " id INTEGER PRIMARY KEY,"
    " name TEXT NOT NULL UNIQUE,"
    " from_order INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL,"
    " type TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " status TEXT NOT NULL,"
    " challenge TEXT NOT NULL,"
    " token TEXT NOT NULL,"
    " expires INTEGER NOT NULL,"
    " validated INTEGER NOT NULL DEFAULT 0,"
    " problem TEXT,"
    " detail TEXT,"
    " key BLOB,"
    " witness TEXT,"
    " UNIQUE (from_order, position)"
    ") STRICT;"
    "CREATE TABLE certificate ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL UNIQUE,"
    " account TEXT NOT NULL,"
    " from_order TEXT NOT NULL,"
    " serial BLOB NOT NULL UNIQUE CHECK (length(serial) BETWEEN 1 AND 20),"
    " names TEXT NOT NULL,"
    " witness TEXT NOT NULL,"
    " key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),"
    " der BLOB NOT NULL,"
    " not_before INTEGER NOT NULL,"
    " not_after INTEGER NOT NULL,"
    " revoked INTEGER NOT NULL,"
    " reason INTEGER NOT NULL"
    ") STRICT;"
    "CREATE INDEX certificate_of_account ON certificate (account);"
    "CREATE INDEX certificate_expired ON certificate (not_after);"
    "CREATE INDEX certificate_revoked ON certificate (not_after) WHERE revoked <> 0;";

/* What attested an authorization is judged again when its order is finalized. */
static const char acme_schema_chain[] = "ALTER TABLE authorization ADD COLUMN chain BLOB;";

static const char *const acme_statements[ACME_STATEMENT_COUNT] = {
#define X(name, text) [SQLITE_##name##_STATEMENT] = text,
    SQLITE_COMMON_STATEMENTS(X)
#undef X
#define X(name, text) [ACME_##name##_STATEMENT] = text,
    ACME_STATEMENTS(X)
#undef X
};

static const char *const acme_schemas[] = {acme_schema, acme_schema_chain};

static const struct sqlite_database acme_database = {
    .program = "attest-acmed",
    .file = STATE_ACME_STORE,
    .lock_file = STATE_ACME_STORE_LOCK,
    .application_id = 0x41744163, /* "AtAc" */
    .version = sizeof acme_schemas / sizeof acme_schemas[0],
    .schemas = acme_schemas,
    .statements = acme_statements,
    .statement_count = ACME_STATEMENT_COUNT,
};

int
store_acme_create(const char *state_dir, struct error *err)
{
	return sqlite_create(&acme_database, state_dir, err);
}

int
store_acme_open(const char *state_dir, struct store **out, struct error *err)
{
	return sqlite_open(&acme_database, state_dir, out, err);
}

int
store_id_draw(char id[STORE_ID_SIZE], struct error *err)
{
	AUTO_FREE char *text = NULL;
	uint8_t         octets[16];

	if (getrandom(octets, sizeof octets, 0) != (ssize_t)sizeof octets)
		return error_set_errno(err, ERROR_INTERNAL, "drawing an id");
	text = base64_encode(BASE64_URL, octets, sizeof octets);
	(void)snprintf(id, STORE_ID_SIZE, "%s", text);
	return 0;
}

void
store_problem_set(struct store_problem *problem, const struct error *err)
{
	free(problem->detail);
	problem->kind = err->kind;
	problem->detail = memory_strdup(err->detail);
}

void
acme_read_id(sqlite3_stmt *row, int column, char *id, size_t size)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	(void)snprintf(id, size, "%s", text != NULL ? (const char *)text : "");
}

char *
acme_read_text(sqlite3_stmt *row, int column)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	return text != NULL ? memory_strdup((const char *)text) : NULL;
}

int
acme_read_status(struct store *store, sqlite3_stmt *row, int column, enum status *status,
    struct error *err)
{
	const unsigned char *text = sqlite3_column_text(row, column);

	if (text == NULL || !status_parse((const char *)text, status))
		return error_set(err, ERROR_INTERNAL, "%s has a status that cannot be; restore it from a backup",
		    store->path);
	return 0;
}

/* Kept by type, which stays the same when the table of kinds grows. */
void
acme_read_problem(sqlite3_stmt *row, int column, struct store_problem *problem)
{
	const unsigned char *type = sqlite3_column_text(row, column);

	problem->kind = ERROR_INTERNAL;
	for (size_t kind = 0; type != NULL && kind < ERROR_KIND_COUNT; kind++) {
		if (strcmp(error_type((enum error_kind)kind), (const char *)type) == 0)
			problem->kind = (enum error_kind)kind;
	}
	problem->detail = acme_read_text(row, column + 1);
}

void
acme_bind_problem(sqlite3_stmt *statement, int index, const struct store_problem *problem)
{
	acme_bind_text(statement, index, problem->detail != NULL ? error_type(problem->kind) : NULL);
	acme_bind_text(statement, index + 1, problem->detail);
}

void
acme_bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	if (text == NULL)
		(void)sqlite3_bind_null(statement, index);
	else
		sqlite_bind_string(statement, index, text);
}

int
acme_update_one(struct store *store, sqlite3_stmt *statement, const char *doing,
    const char *conflict, struct error *err)
{
	if (sqlite_step(store, statement, doing, err) < 0)
		return -1;
	if (sqlite3_changes(store->db) != 1)
		return error_set(err, ERROR_CONFLICT, "%s", conflict);
	return 0;
}
