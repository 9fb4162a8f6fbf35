/* Statements of a store, for every engine. Owns the statement cache; knows no SQL. */
#include "config.h"

#include "store/sql.h"

#include <stdlib.h>
#include <string.h>

#include "store/engine.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"

#define TABLE_SIZE_FIRST ((size_t)64)

/* ---- kept statements: open addressing with linear probing ---- */

/* The slot of the text's statement, or the free slot for it; the table always has one. */
static struct sql_statement **
table_slot(const struct sql_table *table, const char *text)
{
	/* Fibonacci hashing spreads neighbouring addresses. */
	uint64_t hash = (uint64_t)(uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15);
	size_t   i = (size_t)(hash >> 32) & (table->size - 1);

	while (table->slots[i] != NULL && table->slots[i]->text != text)
		i = (i + 1) & (table->size - 1);
	return &table->slots[i];
}

static void
table_grow(struct sql_table *table)
{
	struct sql_table larger = {.size = table->size != 0 ? 2 * table->size : TABLE_SIZE_FIRST,
	    .count = table->count};

	larger.slots = memory_new(larger.size * sizeof(struct sql_statement *));
	for (size_t i = 0; i < table->size; i++)
		if (table->slots[i] != NULL)
			*table_slot(&larger, table->slots[i]->text) = table->slots[i];
	free(table->slots);
	*table = larger;
}

void
sql_table_clear(struct sql_table *table)
{
	for (size_t i = 0; i < table->size; i++)
		sql_finish(table->slots[i]);
	free(table->slots);
	*table = (struct sql_table){0};
}

/* ---- statements ---- */

static struct sql_statement *
statement_new(struct store *store, const char *text, bool kept, struct error *err)
{
	struct sql_statement *statement;

	if (store->engine->prepare(store, text, kept, &statement, err) != 0)
		return NULL;
	*statement = (struct sql_statement){.store = store, .text = kept ? text : NULL};
	return statement;
}

struct sql_statement *
sql_prepare(struct store *store, const char *text, struct error *err)
{
	struct sql_table      *table = &store->statements;
	struct sql_statement **slot;

	if (2 * (table->count + 1) > table->size)
		table_grow(table);
	slot = table_slot(table, text);
	if (*slot != NULL)
		sql_reset(*slot);
	else if ((*slot = statement_new(store, text, true, err)) != NULL)
		table->count++;
	return *slot;
}

struct sql_statement *
sql_prepare_once(struct store *store, const char *text, struct error *err)
{
	return statement_new(store, text, false, err);
}

void
sql_finish(struct sql_statement *statement)
{
	if (statement != NULL)
		statement->store->engine->finish(statement);
}

void
sql_bind_int64(struct sql_statement *statement, int index, int64_t number)
{
	const struct sql_value value = {.kind = SQL_INT64, .number = number};

	statement->store->engine->bind(statement, index, &value);
}

void
sql_bind_octets(struct sql_statement *statement, int index, const uint8_t *data, size_t size)
{
	const struct sql_value value = {
	    .kind = data != NULL ? SQL_OCTETS : SQL_NULL, .data = data, .size = size};

	statement->store->engine->bind(statement, index, &value);
}

void
sql_bind_text(struct sql_statement *statement, int index, const char *text)
{
	const struct sql_value value = {.kind = text != NULL ? SQL_TEXT : SQL_NULL,
	    .data = (const uint8_t *)text,
	    .size = text != NULL ? strlen(text) : 0};

	statement->store->engine->bind(statement, index, &value);
}

void
sql_bind_null(struct sql_statement *statement, int index)
{
	const struct sql_value value = {.kind = SQL_NULL};

	statement->store->engine->bind(statement, index, &value);
}

/* Refuses to run a statement when the caller's transaction was rolled back. */
int
sql_step(struct sql_statement *statement, const char *doing, struct error *err)
{
	struct store *store = statement->store;

	if (store->writing && store_check_writing(store, err) != 0)
		return error_wrap(err, "%s", doing);
	return store->engine->step(statement, doing, err);
}

void
sql_reset(struct sql_statement *statement)
{
	statement->store->engine->reset(statement);
}

int64_t
sql_column_int64(struct sql_statement *row, int column)
{
	struct sql_value value = {.kind = SQL_INT64};

	row->store->engine->column(row, column, &value);
	return value.number;
}

const char *
sql_column_text(struct sql_statement *row, int column)
{
	struct sql_value value = {.kind = SQL_TEXT};

	row->store->engine->column(row, column, &value);
	return (const char *)value.data;
}

struct view
sql_column_octets(struct sql_statement *row, int column)
{
	struct sql_value value = {.kind = SQL_OCTETS};

	row->store->engine->column(row, column, &value);
	return (struct view){value.data, value.size};
}

uint64_t
sql_changed(struct store *store)
{
	return store->engine->changed(store);
}

bool
sql_is_taken(struct store *store)
{
	return store->engine->is_taken(store);
}

int
sql_one_number(struct sql_statement *statement, const char *doing, int64_t *number,
    struct error *err)
{
	int rc = sql_step(statement, doing, err);

	if (rc > 0)
		*number = sql_column_int64(statement, 0);
	sql_reset(statement);
	if (rc == 0)
		return error_set(err, ERROR_INTERNAL, "%s: %s lacks a row; restore it from a backup", doing,
		    store_place(statement->store));
	return rc < 0 ? -1 : 0;
}

int
sql_any(struct sql_statement *statement, const char *doing, bool *any, struct error *err)
{
	int rc = sql_step(statement, doing, err);

	sql_reset(statement);
	*any = rc > 0;
	return rc < 0 ? -1 : 0;
}

int
sql_run(struct store *store, const char *text, const char *doing, struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	rc = sql_step(statement, doing, err);
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* ---- changes, and reading as of one instant ---- */

int
sql_change_begin(struct store *store, bool *marked, struct error *err)
{
	*marked = store->writing;
	return *marked ? store_mark(store, err) : store_begin(store, err);
}

int
sql_change_end(struct store *store, bool marked, int rc, struct error *err)
{
	if (marked)
		store_release(store, rc == 0);
	else if (rc != 0)
		store_rollback(store);
	else
		rc = store_commit(store, err);
	return rc;
}

int
sql_read_begin(struct store *store, bool *inside, struct error *err)
{
	*inside = store->writing || store->reading;
	if (*inside)
		return 0;
	if (store->engine->begin(store, false, err) != 0)
		return -1;
	store->reading = true;
	return 0;
}

void
sql_read_end(struct store *store, bool inside)
{
	if (inside)
		return;
	store->engine->rollback(store);
	store->reading = false;
}

int
store_look(struct store *store, store_change_cb *run, void *arg, struct error *err)
{
	bool inside;
	int  rc;

	if (sql_read_begin(store, &inside, err) != 0)
		return -1;
	rc = run(store, arg, err);
	sql_read_end(store, inside);
	return rc;
}

int
sql_sequence(struct store *store, const char *table, int64_t *number, struct error *err)
{
	return store->engine->sequence(store, table, number, err);
}

const char *
sql_glob_operator(const struct store *store)
{
	return store->engine->glob_operator;
}

int
sql_glob(struct store *store, const char *pattern, struct bytes *out, struct error *err)
{
	return store->engine->glob(pattern, out, err);
}

const struct store_batch_engine *
sql_batch_engine(const struct store *store)
{
	return store->engine->batch;
}
