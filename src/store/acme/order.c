/* Orders with their authorizations. */
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
	static const char                 text[] =
	    "INSERT INTO \"authorization\" (name, from_order, position, type, value, status,"
	    " challenge, token, expires) SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM orders"
	    " WHERE name = ?2";
	const struct store_authorization *authorization = &order->authorizations[i];
	struct sql_statement             *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, authorization->id);
	sql_bind_text(statement, 2, order->id);
	sql_bind_int64(statement, 3, (int64_t)i);
	sql_bind_text(statement, 4, authorization->type);
	sql_bind_text(statement, 5, authorization->value);
	sql_bind_text(statement, 6, status_name(authorization->status));
	sql_bind_text(statement, 7, status_name(authorization->challenge));
	sql_bind_text(statement, 8, authorization->token);
	sql_bind_int64(statement, 9, authorization->expires);
	return sql_step(statement, "adding an authorization", err);
}

static int
order_insert(struct store *store, const struct store_order *order, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO orders (name, account, status, created, expires, not_before,"
	    " not_after) SELECT ?1, id, ?3, ?4, ?5, ?6, ?7 FROM account WHERE name = ?2";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, order->id);
	sql_bind_text(statement, 2, order->account);
	sql_bind_text(statement, 3, status_name(order->status));
	sql_bind_int64(statement, 4, order->created);
	sql_bind_int64(statement, 5, order->expires);
	sql_bind_int64(statement, 6, order->not_before);
	sql_bind_int64(statement, 7, order->not_after);
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

	if (sql_change_begin(store, &marked, err) != 0)
		return -1;
	return sql_change_end(store, marked, order_insert(store, order, err), err);
}

static int
order_read_authorizations(struct store *store, int64_t row_id, struct store_order *out,
    struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_AUTHORIZATION_COLUMNS ACME_FROM_AUTHORIZATION " WHERE z.from_order ="
	    " ?1 ORDER BY z.position";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc = 0;

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, row_id);
	while (out->authorization_count < STORE_IDENTIFIERS_MAX &&
	    (rc = sql_step(statement, "reading authorizations", err)) > 0) {
		if ((rc = acme_read_authorization(store, statement,
		         &out->authorizations[out->authorization_count], err)) != 0)
			break;
		out->authorization_count++;
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

/* The row is still open, so that order and authorizations come from one snapshot. */
static int
order_read(struct store *store, struct sql_statement *row, struct store_order *out,
    struct error *err)
{
	*out = (struct store_order){0};
	acme_read_id(row, 1, out->id, sizeof out->id);
	acme_read_id(row, 2, out->account, sizeof out->account);
	if (acme_read_status(store, row, 3, &out->status, err) != 0)
		return -1;
	out->created = sql_column_int64(row, 4);
	out->expires = sql_column_int64(row, 5);
	out->not_before = sql_column_int64(row, 6);
	out->not_after = sql_column_int64(row, 7);
	acme_read_problem(row, 8, &out->problem);
	acme_read_id(row, 10, out->certificate, sizeof out->certificate);
	if (order_read_authorizations(store, sql_column_int64(row, 0), out, err) == 0)
		return 0;
	store_order_clear(out);
	return -1;
}

int
store_order_find(struct store *store, const char *id, struct store_order *out, struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_ORDER_COLUMNS ACME_FROM_ORDER " WHERE o.name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	*out = (struct store_order){0};
	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, id);
	rc = sql_step(statement, "looking for an order", err);
	if (rc > 0)
		rc = order_read(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "there is no such order, or no longer");
	sql_reset(statement);
	return rc;
}

int
store_order_update(struct store *store, const struct store_order *order, enum status from,
    struct error *err)
{
	static const char     text[] =
	    "UPDATE orders SET status = ?2, problem = ?3, detail = ?4, certificate = ?5"
	    " WHERE name = ?1 AND status = ?6";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, order->id);
	sql_bind_text(statement, 2, status_name(order->status));
	acme_bind_problem(statement, 3, &order->problem);
	sql_bind_text(statement, 5, order->certificate[0] != '\0' ? order->certificate : NULL);
	sql_bind_text(statement, 6, status_name(from));
	return acme_update_one(store, statement, "changing an order",
	    "the order has just been changed; ask again", err);
}

int
store_order_count(struct store *store, const char *account, int64_t since, int64_t until, uint64_t *count,
    int64_t *oldest, struct error *err)
{
	static const char     text[] =
	    "SELECT count(*), min(o.created)" ACME_FROM_ORDER " WHERE a.name = ?1"
	    " AND o.created > ?2 AND o.created <= ?3";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, account);
	sql_bind_int64(statement, 2, since);
	sql_bind_int64(statement, 3, until);
	rc = sql_step(statement, "counting orders", err);
	*count = rc > 0 ? (uint64_t)sql_column_int64(statement, 0) : 0;
	*oldest = rc > 0 ? sql_column_int64(statement, 1) : 0;
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_order_list(struct store *store, const char *account, const char *after,
    store_order_cb *each, void *arg, struct error *err)
{
	static const char     all[] =
	    "SELECT " ACME_ORDER_COLUMNS ACME_FROM_ORDER
	    " WHERE o.id > coalesce((SELECT id FROM orders WHERE name = ?1), 0) ORDER BY o.id";
	static const char     of_account[] =
	    "SELECT " ACME_ORDER_COLUMNS " FROM account a JOIN orders o ON o.account = a.id"
	    " WHERE o.id > coalesce((SELECT id FROM orders WHERE name = ?1), 0) AND a.name = ?2"
	    " ORDER BY o.id";
	struct sql_statement *statement = sql_prepare(store, account != NULL ? of_account : all, err);
	struct store_order    order = {0};
	bool                  more = true;
	int                   rc = 0;

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, after);
	if (account != NULL)
		sql_bind_text(statement, 2, account);
	while (more && (rc = sql_step(statement, "listing orders", err)) > 0) {
		if ((rc = order_read(store, statement, &order, err)) != 0)
			break;
		more = each(&order, arg);
		store_order_clear(&order);
	}
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_order_unattested(struct store *store, store_unattested_cb *each, void *arg,
    struct error *err)
{
	static const char     text[] =
	    "SELECT o.name, a.name, o.created" ACME_FROM_ORDER
	    " WHERE o.status IN ('pending', 'invalid') ORDER BY o.id";
	struct sql_statement *statement = sql_prepare(store, text, err);
	char                  id[STORE_ID_SIZE];
	char                  account[STORE_ID_SIZE];
	int                   rc;

	if (statement == NULL)
		return -1;
	while ((rc = sql_step(statement, "listing orders", err)) > 0) {
		acme_read_id(statement, 0, id, sizeof id);
		acme_read_id(statement, 1, account, sizeof account);
		each(id, account, sql_column_int64(statement, 2), arg);
	}
	sql_reset(statement);
	return rc;
}

int
store_order_displace(struct store *store, const char *id, struct error *err)
{
	static const char     text[] =
	    "DELETE FROM orders WHERE name = ?1 AND status IN ('pending', 'invalid')";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, id);
	return sql_step(statement, "removing an order", err);
}
