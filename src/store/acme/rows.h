/*
 * Shared by the files of ACME's database: lists of columns, and their readers.
 * Private to store/.
 */
#ifndef STORE_ACME_ROWS_H
#define STORE_ACME_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/acme/acme.h"
#include "store/sql.h"

#define ACME_ACCOUNT_COLUMNS \
	"name, status, jwk, thumbprint, contacts, terms_agreed, created"
#define ACME_ORDER_COLUMNS                                                       \
	"o.id, o.name, a.name, o.status, o.created, o.expires, o.not_before, o.not_after," \
	" o.problem, o.detail, o.certificate"
#define ACME_AUTHORIZATION_COLUMNS                                               \
	"z.name, a.name, o.name, z.type, z.value, z.status, z.challenge, z.token, z.expires," \
	" z.validated, z.problem, z.detail, z.key, z.witness, z.chain, z.format"
#define ACME_ISSUED_COLUMNS                                                      \
	"name, account, from_order, serial, names, witness, key_hash, der, not_before," \
	" not_after, revoked, reason, chain, ak_serial"

#define ACME_FROM_ORDER " FROM orders o JOIN account a ON a.id = o.account"
#define ACME_FROM_AUTHORIZATION                                                  \
	" FROM \"authorization\" z JOIN orders o ON o.id = z.from_order"          \
	" JOIN account a ON a.id = o.account"

/* Copies an id or thumbprint; empty when the column is. */
void acme_read_id(struct sql_statement *row, int column, char *id, size_t size);

/* Text, which the caller frees; NULL when the column is. */
char *acme_read_text(struct sql_statement *row, int column);

/* Appends octets. */
void acme_read_octets(struct sql_statement *row, int column, struct bytes *out);

/* INTERNAL when it is not a status. */
int acme_read_status(struct store *store, struct sql_statement *row, int column,
    enum status *status, struct error *err);

/* A problem in two columns, from `column` on. */
void acme_read_problem(struct sql_statement *row, int column, struct store_problem *problem);
void acme_bind_problem(struct sql_statement *statement, int index,
    const struct store_problem *problem);

/* A row of ACME_AUTHORIZATION_COLUMNS. */
int acme_read_authorization(struct store *store, struct sql_statement *row,
    struct store_authorization *out, struct error *err);

/* Runs a bound UPDATE that must change one row; CONFLICT with this sentence when it changes
 * none. */
int acme_update_one(struct store *store, struct sql_statement *statement, const char *doing,
    const char *conflict, struct error *err);

#endif
