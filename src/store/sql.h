/*
 * SQL for the files that keep rows: statements, parameters, columns, and atomic changes.
 * The text of a statement stands where it is used, in the SQL that all engines accept; a
 * parameter is written ?1. Private to store/.
 */
#ifndef STORE_SQL_H
#define STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;
struct sql_statement;
struct store;
struct store_batch_engine;


/*
 * The statement of this text, ready for new parameters: prepared once per connection and
 * cached by the address of the text, which must be static. Unread rows of its last use are
 * dropped. The store owns it. NULL when it cannot be prepared.
 */
struct sql_statement *sql_prepare(struct store *store, const char *text, struct error *err);

/* The same for a generated text: the caller ends it with sql_finish, which takes NULL too. */
struct sql_statement *sql_prepare_once(struct store *store, const char *text, struct error *err);
void                  sql_finish(struct sql_statement *statement);

/*
 * Bind the parameter `index`, from 1. Octets and text are borrowed until the statement is
 * used again; NULL is SQL's NULL; an empty view that is not NULL is an empty value.
 */
void sql_bind_int64(struct sql_statement *statement, int index, int64_t number);
void sql_bind_octets(struct sql_statement *statement, int index, const uint8_t *data, size_t size);
void sql_bind_text(struct sql_statement *statement, int index, const char *text);
void sql_bind_null(struct sql_statement *statement, int index);

/*
 * Steps: 1 for a row, 0 at the end, -1 on failure, with `doing` in the error. A statement
 * that is left before its end must be reset: an open row blocks others.
 */
int  sql_step(struct sql_statement *statement, const char *doing, struct error *err);
void sql_reset(struct sql_statement *statement);

/*
 * A column of the row, from 0, until the next step or reset. SQL's NULL is 0, a NULL
 * text, or no octets. sql_octets works for text too.
 */
int64_t     sql_column_int64(struct sql_statement *row, int column);
const char *sql_column_text(struct sql_statement *row, int column);
struct view sql_column_octets(struct sql_statement *row, int column);

/* Number of rows changed by the last statement that changes rows. */
uint64_t sql_changed(struct store *store);

/* True when the last step failed because of a UNIQUE column. */
bool sql_is_taken(struct store *store);

/* Steps a bound statement whose result is one number, and resets it; INTERNAL when there is
 * none. */
int sql_one_number(struct sql_statement *statement, const char *doing, int64_t *number,
    struct error *err);

/* Steps a bound statement to see whether it has a row, and resets it. */
int sql_any(struct sql_statement *statement, const char *doing, bool *any, struct error *err);

/* Prepares and runs a statement without parameters and results. */
int sql_run(struct store *store, const char *text, const char *doing, struct error *err);

/*
 * Enclose every change: a mark (savepoint) inside an open transaction, else a
 * transaction. sql_change_end is given the change's result, rolls back unless
 * that is 0, and returns -1 if it was not 0 or the commit fails.
 */
int sql_change_begin(struct store *store, bool *marked, struct error *err);
int sql_change_end(struct store *store, bool marked, int rc, struct error *err);

/*
 * Enclose several statements that read one snapshot: the open transaction, else a read
 * transaction.
 */
int  sql_read_begin(struct store *store, bool *inside, struct error *err);
void sql_read_end(struct store *store, bool inside);

/*
 * The greatest number that the table has ever assigned to a row, even if the row is
 * gone; 0: none. `table` never reuses numbers.
 */
int sql_sequence(struct store *store, const char *table, int64_t *number, struct error *err);

/*
 * Appends a pattern of the shell's to *out, with its NUL, as the operator sql_glob_operator
 * has it on its right: "*", "?", sets such as "[a-z]" and "[!0-9]", and "\" before a
 * character that means itself; a "[" that no "]" follows means itself too. "?" and sets are
 * of UTF-8 characters, case counts. MALFORMED when a class such as "[:alpha:]" or an escaped
 * "]" is in a set, or a "\" is last.
 */
const char *sql_glob_operator(const struct store *store);
int         sql_glob(struct store *store, const char *pattern, struct bytes *out, struct error *err);

/* The engine's bulk import (store/inventory/batch_engine.h). */
const struct store_batch_engine *sql_batch_engine(const struct store *store);

#endif
