/*
 * What an engine does for a store: keeps two databases at a place, and runs SQL. An engine
 * is a folder beside this file, with a `struct store_engine` and the tables of both
 * databases, and a line in store.c. It does not know what rows mean. Private to store.c,
 * sql.c and engines.
 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/actor.h"
#include "store/similar.h"
#include "store/sql.h"
#include "store/store.h"

struct bytes;
struct error;
struct store_batch_engine;
struct store_engine;

/* The cache of prepared statements of a connection, keyed by the address of their texts. */
struct sql_table {
	struct sql_statement **slots;
	size_t                 size; /* 0 or a power of two; at most half full */
	size_t                 count;
};

/* First member of the engine's struct. */
struct store {
	const struct store_engine *engine;
	char               *place; /* for messages; the engine allocates it, store_close frees it */
	struct sql_table    statements;
	struct actor        actor;
	struct similar_watch similar;
	bool                lost;    /* see store_is_lost; set by the engine */
	bool                writing; /* between store_begin and store_commit or store_rollback */
	bool                reading; /* between sql_read_begin and sql_read_end */
};

/* First member of the engine's struct of a statement. */
struct sql_statement {
	struct store *store;
	const char   *text; /* its key in the cache; NULL: not cached */
};

/* A parameter, or a column. */
enum sql_kind { SQL_NULL, SQL_INT64, SQL_TEXT, SQL_OCTETS };

struct sql_value {
	enum sql_kind  kind;
	int64_t        number;
	const uint8_t *data; /* of text and octets; a column's text is followed by a NUL */
	size_t         size; /* not set for a column's text */
};

struct store_engine {
	const char *scheme; /* scheme of the engine's places, before the colon */

	/* As store_create, store_open, store_close. `place` is without the scheme. */
	int (*create)(enum store_database database, const char *place, struct error *err);
	int (*open)(enum store_database database, const char *place, struct store **out,
	    struct error *err);
	void (*close)(struct store *store);
	/* As store_files; NULL for an engine without files. */
	const char *const *(*files)(enum store_database database);

	/*
	 * A write transaction queues among the writers of all processes. After a failed
	 * commit, rollback is called, which cannot fail. A commit that has failed is undone for
	 * good, or the engine sets `lost`.
	 */
	int (*begin)(struct store *store, bool writes, struct error *err);
	int (*commit)(struct store *store, struct error *err);
	void (*rollback)(struct store *store);
	int (*mark)(struct store *store, struct error *err);
	/* If a part cannot be rolled back alone, the whole transaction must be. */
	void (*release)(struct store *store, bool keep);
	/* False when a failure has rolled back the open transaction. */
	bool (*in_transaction)(const struct store *store);

	/* Fills *out with a new statement, whose head is filled in by the caller. */
	int (*prepare)(struct store *store, const char *text, bool kept, struct sql_statement **out,
	    struct error *err);
	void (*finish)(struct sql_statement *statement);
	void (*bind)(struct sql_statement *statement, int index, const struct sql_value *value);
	int (*step)(struct sql_statement *statement, const char *doing, struct error *err);
	void (*reset)(struct sql_statement *statement);
	/* Fills the rest of *value, whose kind is given. */
	void (*column)(struct sql_statement *row, int column, struct sql_value *value);
	uint64_t (*changed)(struct store *store);
	bool (*is_taken)(struct store *store);
	int (*sequence)(struct store *store, const char *table, int64_t *number, struct error *err);

	/* Appends the pattern of sql_glob for the operator, with its NUL. */
	const char *glob_operator;
	int (*glob)(const char *pattern, struct bytes *out, struct error *err);

	/* As in store/check.h. */
	int (*check_integrity)(struct store *store, struct error *err);
	int (*check_schema)(struct store *store, struct error *err);
	int (*snapshot)(struct store *store, const char *path, struct error *err);
	void (*watch)(struct store *store, void (*each)(void *arg), void *arg);

	const struct store_batch_engine *batch;
};

/* Checks that a transaction is open: INTERNAL when there is none, OVERLOADED when a failure has
 * rolled it back. */
int store_check_writing(const struct store *store, struct error *err);

/* Finishes the cached statements. */
void sql_table_clear(struct sql_table *table);

#endif
