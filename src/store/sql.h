/*
 * SQL for the files that keep rows: statements, parameters, columns, and changes that
 * happen as a whole. The text of a statement stands where it is used, in the SQL that all
 * engines take; a parameter is written ?1. Nobody outside store/ includes it.
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
 * A statement of this text, ready for new parameters: prepared once per connection and found
 * by the address of the text, which is therefore static. What was left unread of its last
 * use is dropped. It belongs to the store. NULL when it cannot be prepared.
 */
struct sql_statement *sql_prepare(struct store *store, const char *text, struct error *err);

/* The same for a text that is made up: the caller ends it with sql_finish, which takes NULL too. */
struct sql_statement *sql_prepare_once(struct store *store, const char *text, struct error *err);
void                  sql_finish(struct sql_statement *statement);

/*
 * Bind the parameter `index`, from 1. Octets and text are borrowed until the statement is
 * used again; NULL is SQL's NULL, whereas no octets at another address are a value.
 */
void sql_bind_int64(struct sql_statement *statement, int index, int64_t number);
void sql_bind_octets(struct sql_statement *statement, int index, const uint8_t *data, size_t size);
void sql_bind_text(struct sql_statement *statement, int index, const char *text);
void sql_bind_null(struct sql_statement *statement, int index);

/*
 * Steps: 1 for a row, 0 at the end, -1 on failure, with `doing` in the error. A statement
 * that is left before its end is reset: an open row holds up others.
 */
int  sql_step(struct sql_statement *statement, const char *doing, struct error *err);
void sql_reset(struct sql_statement *statement);

/*
 * A column of the row, from 0, until the next step or reset. NULL is 0, a NULL text, no
 * octets. The octets of a text may be asked for, too.
 */
int64_t     sql_column_int64(struct sql_statement *row, int column);
const char *sql_column_text(struct sql_statement *row, int column);
struct view sql_column_octets(struct sql_statement *row, int column);

/* How many rows the last statement of the store that changes any has changed. */
uint64_t sql_changed(struct store *store);

/* Whether the last step of the store failed because the value of a UNIQUE column is taken. */
bool sql_is_taken(struct store *store);

/* Steps a bound statement that answers with one number, and resets it; INTERNAL when it does not. */
int sql_one_number(struct sql_statement *statement, const char *doing, int64_t *number,
    struct error *err);

/* Steps a bound statement to find out whether there is a row, and resets it. */
int sql_any(struct sql_statement *statement, const char *doing, bool *any, struct error *err);

/* Prepares and runs a statement that takes nothing and gives nothing. */
int sql_run(struct store *store, const char *text, const char *doing, struct error *err);

/*
 * Around every change: a mark when a transaction is open, else a transaction.
 * sql_change_end gets what the change returned, undoes it unless that is 0,
 * and returns -1 when it was not or when the commit fails.
 */
int sql_change_begin(struct store *store, bool *marked, struct error *err);
int sql_change_end(struct store *store, bool marked, int rc, struct error *err);

/*
 * Around several statements that read as of one instant: the transaction that is open, else
 * one that only reads.
 */
int  sql_read_begin(struct store *store, bool *inside, struct error *err);
void sql_read_end(struct store *store, bool inside);

/*
 * The greatest number that the table has ever given to a row, whether or not the row is
 * still there; 0: none. `table` numbers its rows and never uses a number again.
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

/* How the engine takes in very many devices at once (store/inventory/batch_engine.h). */
const struct store_batch_engine *sql_batch_engine(const struct store *store);

#endif
