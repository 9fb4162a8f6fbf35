/*
 * What an engine does for a store: keeps two databases at a place, and runs SQL. An engine
 * is a folder beside this file, with a `struct store_engine` and the tables of both
 * databases, and a line in store.c. It knows no row's meaning. Only store.c, sql.c and
 * engines include it.
 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/actor.h"
#include "store/sql.h"
#include "store/store.h"

struct bytes;
struct error;
struct store_batch_engine;
struct store_engine;

/* The kept statements of a connection, by the address of their texts. */
struct sql_table {
	struct sql_statement **slots;
	size_t                 size; /* 0 or a power of two; never more than half of it is used */
	size_t                 count;
};

/* What the engine's own struct begins with. */
struct store {
	const struct store_engine *engine;
	char               *place; /* as messages name it; the engine makes it, store_close frees it */
	struct sql_table    statements;
	struct actor        actor;
	bool                writing; /* store_begin without its store_commit or store_rollback */
	bool                reading; /* sql_read_begin without its sql_read_end */
};

/* What the engine's own struct of a statement begins with. */
struct sql_statement {
	struct store *store;
	const char   *text; /* where it is found; NULL: it is not kept */
};

/* A parameter, or a column. */
enum sql_kind { SQL_NULL, SQL_INT64, SQL_TEXT, SQL_OCTETS };

struct sql_value {
	enum sql_kind  kind;
	int64_t        number;
	const uint8_t *data; /* of text and octets; a column's text ends with a NUL */
	size_t         size; /* not of a column's text */
};

struct store_engine {
	const char *scheme; /* a place that begins with it and a colon is this engine's */

	/* As store_create, store_open, store_close say. `place` is without the scheme. */
	int (*create)(enum store_database database, const char *place, struct error *err);
	int (*open)(enum store_database database, const char *place, struct store **out,
	    struct error *err);
	void (*close)(struct store *store);
	/* As store_files says; NULL for an engine that keeps no files. */
	const char *const *(*files)(enum store_database database);

	/*
	 * A transaction that writes waits for its turn among the writers of all processes.
	 * When a commit fails, rollback follows, which cannot fail.
	 */
	int (*begin)(struct store *store, bool writes, struct error *err);
	int (*commit)(struct store *store, struct error *err);
	void (*rollback)(struct store *store);
	int (*mark)(struct store *store, struct error *err);
	/* What cannot be undone alone must be undone with the rest. */
	void (*release)(struct store *store, bool keep);
	/* False when a failure has undone the transaction that was begun. */
	bool (*in_transaction)(const struct store *store);

	/* Fills *out with a new statement, whose head is filled in by the caller. */
	int (*prepare)(struct store *store, const char *text, bool kept, struct sql_statement **out,
	    struct error *err);
	void (*finish)(struct sql_statement *statement);
	void (*bind)(struct sql_statement *statement, int index, const struct sql_value *value);
	int (*step)(struct sql_statement *statement, const char *doing, struct error *err);
	void (*reset)(struct sql_statement *statement);
	/* Fills in the rest of *value, of which the kind is given. */
	void (*column)(struct sql_statement *row, int column, struct sql_value *value);
	uint64_t (*changed)(struct store *store);
	bool (*is_taken)(struct store *store);
	int (*sequence)(struct store *store, const char *table, int64_t *number, struct error *err);

	/* Appends the pattern of sql_glob for the operator, with its NUL. */
	const char *glob_operator;
	int (*glob)(const char *pattern, struct bytes *out, struct error *err);

	/* As store/check.h says. */
	int (*check_integrity)(struct store *store, struct error *err);
	int (*check_schema)(struct store *store, struct error *err);
	int (*snapshot)(struct store *store, const char *path, struct error *err);

	const struct store_batch_engine *batch;
};

/* That a transaction is open: INTERNAL when none is, OVERLOADED when a failure has undone it. */
int store_check_writing(const struct store *store, struct error *err);

/* Finishes the statements that are kept. */
void sql_table_clear(struct sql_table *table);

#endif
