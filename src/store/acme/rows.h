/*
 * What the files of ACME's database share: its statements, which are prepared
 * once, and the reading of columns. Nobody outside store/ includes it.
 */
#ifndef STORE_ACME_ROWS_H
#define STORE_ACME_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/acme/acme.h"
#include "store/sqlite/connection.h"

#define ACME_ACCOUNT_COLUMNS \
	"name, status, jwk, thumbprint, contacts, terms_agreed, created"
#define ACME_ORDER_COLUMNS                                                       \
	"o.id, o.name, a.name, o.status, o.created, o.expires, o.not_before, o.not_after," \
	" o.problem, o.detail, o.certificate"
#define ACME_AUTHORIZATION_COLUMNS                                               \
	"z.name, a.name, o.name, z.type, z.value, z.status, z.challenge, z.token, z.expires," \
	" z.validated, z.problem, z.detail, z.key, z.witness, z.chain"
#define ACME_ISSUED_COLUMNS                                                      \
	"name, account, from_order, serial, names, witness, key_hash, der, not_before," \
	" not_after, revoked, reason"

#define ACME_FROM_ORDER " FROM orders o JOIN account a ON a.id = o.account"
#define ACME_FROM_AUTHORIZATION                                                  \
	" FROM authorization z JOIN orders o ON o.id = z.from_order"              \
	" JOIN account a ON a.id = o.account"

/* Every statement that is kept, and its text. */
#define ACME_STATEMENTS(X)                                                        \
	X(ACCOUNT_INSERT, "INSERT INTO account (" ACME_ACCOUNT_COLUMNS ")"        \
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                \
	X(ACCOUNT_BY_NAME, "SELECT " ACME_ACCOUNT_COLUMNS " FROM account WHERE name = ?1") \
	X(ACCOUNT_BY_KEY, "SELECT " ACME_ACCOUNT_COLUMNS " FROM account WHERE thumbprint = ?1") \
	X(ACCOUNT_UPDATE, "UPDATE account SET status = ?2, jwk = ?3, thumbprint = ?4," \
	    " contacts = ?5, terms_agreed = ?6 WHERE name = ?1 AND status = ?7")   \
	X(ACCOUNT_COUNT, "SELECT count(*) FROM account WHERE created > ?1")       \
	X(ORDER_INSERT, "INSERT INTO orders (name, account, status, created, expires," \
	    " not_before, not_after) SELECT ?1, id, ?3, ?4, ?5, ?6, ?7 FROM account" \
	    " WHERE name = ?2")                                                   \
	X(ORDER_BY_NAME, "SELECT " ACME_ORDER_COLUMNS ACME_FROM_ORDER " WHERE o.name = ?1") \
	X(ORDER_UPDATE, "UPDATE orders SET status = ?2, problem = ?3, detail = ?4," \
	    " certificate = ?5 WHERE name = ?1 AND status = ?6")                   \
	X(ORDER_COUNT, "SELECT count(*), min(o.created)" ACME_FROM_ORDER           \
	    " WHERE a.name = ?1 AND o.created > ?2")                               \
	X(AUTHORIZATION_INSERT, "INSERT INTO authorization (name, from_order, position, type," \
	    " value, status, challenge, token, expires) SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9" \
	    " FROM orders WHERE name = ?2")                                        \
	X(AUTHORIZATION_BY_NAME, "SELECT " ACME_AUTHORIZATION_COLUMNS ACME_FROM_AUTHORIZATION \
	    " WHERE z.name = ?1")                                                  \
	X(AUTHORIZATION_OF_ORDER, "SELECT " ACME_AUTHORIZATION_COLUMNS ACME_FROM_AUTHORIZATION \
	    " WHERE z.from_order = ?1 ORDER BY z.position")                        \
	X(AUTHORIZATION_UPDATE, "UPDATE authorization SET status = ?2, challenge = ?3," \
	    " validated = ?4, problem = ?5, detail = ?6, key = ?7, witness = ?8,"   \
	    " chain = ?10 WHERE name = ?1 AND status = ?9")                        \
	X(AUTHORIZATION_HELD, "SELECT 1 FROM account a JOIN orders o ON o.account = a.id" \
	    " JOIN authorization z ON z.from_order = o.id WHERE a.name = ?1 AND z.value = ?2" \
	    " AND z.status = 'valid' AND z.expires > ?3 LIMIT 1")                   \
	X(ISSUED_INSERT, "INSERT INTO certificate (" ACME_ISSUED_COLUMNS ")"       \
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0)")              \
	X(ISSUED_BY_NAME, "SELECT " ACME_ISSUED_COLUMNS " FROM certificate WHERE name = ?1") \
	X(ISSUED_BY_SERIAL, "SELECT " ACME_ISSUED_COLUMNS " FROM certificate WHERE serial = ?1") \
	X(ISSUED_REVOKE, "UPDATE certificate SET revoked = ?2, reason = ?3"        \
	    " WHERE name = ?1 AND revoked = 0")                                    \
	X(SWEEP_ORDERS, "DELETE FROM orders WHERE id IN (SELECT id FROM orders"    \
	    " WHERE expires < ?1 ORDER BY expires LIMIT ?2)")                      \
	X(SWEEP_CERTIFICATES, "DELETE FROM certificate WHERE id IN (SELECT id FROM certificate" \
	    " WHERE not_after < ?1 ORDER BY not_after LIMIT ?2)")                  \
	X(SWEEP_ACCOUNTS, "DELETE FROM account WHERE id IN (SELECT id FROM account a" \
	    " WHERE created < ?1 AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.account = a.id)" \
	    " AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.account = a.name)" \
	    " LIMIT ?2)")

enum acme_statement {
	ACME_STATEMENT_FIRST = SQLITE_COMMON_COUNT - 1,
#define X(name, text) ACME_##name##_STATEMENT,
	ACME_STATEMENTS(X)
#undef X
	ACME_STATEMENT_COUNT
};

/* Copies an id or thumbprint; empty when the column is. */
void acme_read_id(sqlite3_stmt *row, int column, char *id, size_t size);

/* Text, which the caller frees; NULL when the column is. */
char *acme_read_text(sqlite3_stmt *row, int column);

/* INTERNAL when it is no status. */
int acme_read_status(struct store *store, sqlite3_stmt *row, int column, enum status *status,
    struct error *err);

/* A problem in two columns, from `column` on. */
void acme_read_problem(sqlite3_stmt *row, int column, struct store_problem *problem);
void acme_bind_problem(sqlite3_stmt *statement, int index, const struct store_problem *problem);

/* Binds text that may be NULL. */
void acme_bind_text(sqlite3_stmt *statement, int index, const char *text);

/* A row of ACME_AUTHORIZATION_COLUMNS. */
int acme_read_authorization(struct store *store, sqlite3_stmt *row,
    struct store_authorization *out, struct error *err);

/* Runs a bound UPDATE that must change one row; CONFLICT with this sentence when it changes none. */
int acme_update_one(struct store *store, sqlite3_stmt *statement, const char *doing,
    const char *conflict, struct error *err);

#endif
