/* Orders, with the authorizations that they want. */
#include "config.h"

#include <stdlib.h>

#include "store/acme/rows.h"

void
store_order_clear(struct store_order *order)
{
	for (size_t i = 0; i < order->authorization_count; i++)
		store_authorization_clear(&order->authorizations[i]);
	free(order->problem.detail);
	*order = (struct store_order){0};
}

static int
order_insert_authorization(struct store *store, const struct store_order *order, size_t i,
    struct error *err)
{
	const struct store_authorization *authorization = &order->authorizations[i];
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_AUTHORIZATION_INSERT_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, authorization->id);
	sqlite_bind_string(statement, 2, order->id);
	(void)sqlite3_bind_int64(statement, 3, (int64_t)i);
	sqlite_bind_string(statement, 4, authorization->type);
	sqlite_bind_string(statement, 5, authorization->value);
	sqlite_bind_string(statement, 6, status_name(authorization->status));
	sqlite_bind_string(statement, 7, status_name(authorization->challenge));
	sqlite_bind_string(statement, 8, authorization->token);
	(void)sqlite3_bind_int64(statement, 9, authorization->expires);
	return sqlite_step(store, statement, "adding an authorization", err);
}

static int
order_insert(struct store *store, const struct store_order *order, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ORDER_INSERT_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, order->id);
	sqlite_bind_string(statement, 2, order->account);
	sqlite_bind_string(statement, 3, status_name(order->status));
	(void)sqlite3_bind_int64(statement, 4, order->created);
	(void)sqlite3_bind_int64(statement, 5, order->expires);
	(void)sqlite3_bind_int64(statement, 6, order->not_before);
	(void)sqlite3_bind_int64(statement, 7, order->not_after);
	if (acme_update_one(store, statement, "adding an order", "the account has gone", err) != 0)
		return -1;
	for (size_t i = 0; i < order->authorization_count; i++) {
		if (order_insert_authorization(store, order, i, err) != 0)
			return -1;
	}
	return 0;
}

int
store_order_add(struct store *store, const struct store_order *order, struct error *err)
{
	bool marked;

	if (sqlite_change_begin(store, &marked, err) != 0)
		return -1;
	return sqlite_change_end(store, marked, order_insert(store, order, err), err);
}

static int
order_read_authorizations(struct store *store, int64_t row_id, struct store_order *out,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_AUTHORIZATION_OF_ORDER_STATEMENT, err);
	int           rc = 0;

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, row_id);
	while (out->authorization_count < STORE_IDENTIFIERS_MAX &&
	    (rc = sqlite_step(store, statement, "reading authorizations", err)) > 0) {
		if ((rc = acme_read_authorization(store, statement,
		         &out->authorizations[out->authorization_count], err)) != 0)
			break;
		out->authorization_count++;
	}
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* The row is still open, so that order and authorizations are of one instant. */
static int
order_read(struct store *store, sqlite3_stmt *row, struct store_order *out, struct error *err)
{
	*out = (struct store_order){0};
	acme_read_id(row, 1, out->id, sizeof out->id);
	acme_read_id(row, 2, out->account, sizeof out->account);
	if (acme_read_status(store, row, 3, &out->status, err) != 0)
		return -1;
	out->created = sqlite3_column_int64(row, 4);
	out->expires = sqlite3_column_int64(row, 5);
	out->not_before = sqlite3_column_int64(row, 6);
	out->not_after = sqlite3_column_int64(row, 7);
	acme_read_problem(row, 8, &out->problem);
	acme_read_id(row, 10, out->certificate, sizeof out->certificate);
	if (order_read_authorizations(store, sqlite3_column_int64(row, 0), out, err) == 0)
		return 0;
	store_order_clear(out);
	return -1;
}

int
store_order_find(struct store *store, const char *id, struct store_order *out, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ORDER_BY_NAME_STATEMENT, err);
	int           rc;

	*out = (struct store_order){0};
	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, id);
	rc = sqlite_step(store, statement, "looking for an order", err);
	if (rc > 0)
		rc = order_read(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "there is no such order, or no longer");
	(void)sqlite3_reset(statement);
	return rc;
}

int
store_order_update(struct store *store, const struct store_order *order, enum status from,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ORDER_UPDATE_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, order->id);
	sqlite_bind_string(statement, 2, status_name(order->status));
	acme_bind_problem(statement, 3, &order->problem);
	acme_bind_text(statement, 5, order->certificate[0] != '\0' ? order->certificate : NULL);
	sqlite_bind_string(statement, 6, status_name(from));
	return acme_update_one(store, statement, "changing an order",
	    "the order has just been changed; ask again", err);
}

int
store_order_count(struct store *store, const char *account, int64_t since, uint64_t *count,
    int64_t *oldest, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ORDER_COUNT_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, account);
	(void)sqlite3_bind_int64(statement, 2, since);
	rc = sqlite_step(store, statement, "counting orders", err);
	*count = rc > 0 ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	*oldest = rc > 0 ? sqlite3_column_int64(statement, 1) : 0;
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_order_list(struct store *store, const char *account, const char *after,
    store_order_cb *each, void *arg, struct error *err)
{
	static const char text[] = "SELECT " ACME_ORDER_COLUMNS ACME_FROM_ORDER
	    " WHERE (?1 IS NULL OR a.name = ?1)"
	    " AND o.id > coalesce((SELECT id FROM orders WHERE name = ?2), 0) ORDER BY o.id";
	static const char text_of_account[] = "SELECT " ACME_ORDER_COLUMNS
	    " FROM account a JOIN orders o ON o.account = a.id WHERE a.name = ?1"
	    " AND o.id > coalesce((SELECT id FROM orders WHERE name = ?2), 0) ORDER BY o.id";
	sqlite3_stmt      *statement = NULL;
	struct store_order order = {0};
	bool               more = true;
	int                rc = 0;

	if (sqlite3_prepare_v2(store->db, account != NULL ? text_of_account : text, -1, &statement,
	        NULL) != SQLITE_OK)
		return sqlite_error(store, "listing orders", err);
	acme_bind_text(statement, 1, account);
	acme_bind_text(statement, 2, after);
	while (more && (rc = sqlite_step(store, statement, "listing orders", err)) > 0) {
		if ((rc = order_read(store, statement, &order, err)) != 0)
			break;
		more = each(&order, arg);
		store_order_clear(&order);
	}
	(void)sqlite3_finalize(statement);
	return rc < 0 ? -1 : 0;
}
