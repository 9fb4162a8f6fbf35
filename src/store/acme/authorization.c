/* Authorizations with their challenges; they are added with their order. */
#include "config.h"

#include <stdlib.h>

#include "store/acme/rows.h"

void
store_authorization_clear(struct store_authorization *authorization)
{
	free(authorization->type);
	free(authorization->value);
	free(authorization->problem.detail);
	free(authorization->format);
	free(authorization->witness);
	bytes_clear(&authorization->key);
	bytes_clear(&authorization->chain);
	*authorization = (struct store_authorization){0};
}

int
acme_read_authorization(struct store *store, struct sql_statement *row,
    struct store_authorization *out, struct error *err)
{
	*out = (struct store_authorization){0};
	if (acme_read_status(store, row, 5, &out->status, err) != 0 ||
	    acme_read_status(store, row, 6, &out->challenge, err) != 0)
		return -1;
	acme_read_id(row, 0, out->id, sizeof out->id);
	acme_read_id(row, 1, out->account, sizeof out->account);
	acme_read_id(row, 2, out->order, sizeof out->order);
	out->type = acme_read_text(row, 3);
	out->value = acme_read_text(row, 4);
	acme_read_id(row, 7, out->token, sizeof out->token);
	out->expires = sql_column_int64(row, 8);
	out->validated = sql_column_int64(row, 9);
	acme_read_problem(row, 10, &out->problem);
	acme_read_octets(row, 12, &out->key);
	out->witness = acme_read_text(row, 13);
	acme_read_octets(row, 14, &out->chain);
	out->format = acme_read_text(row, 15);
	return 0;
}

int
store_authorization_find(struct store *store, const char *id, struct store_authorization *out,
    struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_AUTHORIZATION_COLUMNS ACME_FROM_AUTHORIZATION " WHERE z.name = ?1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	*out = (struct store_authorization){0};
	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, id);
	rc = sql_step(statement, "looking for an authorization", err);
	if (rc > 0)
		rc = acme_read_authorization(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "there is no such authorization, or no longer");
	sql_reset(statement);
	return rc;
}

int
store_authorization_update(struct store *store, const struct store_authorization *authorization,
    enum status from, struct error *err)
{
	static const char     text[] =
	    "UPDATE \"authorization\" SET status = ?2, challenge = ?3, validated = ?4,"
	    " problem = ?5, detail = ?6, key = ?7, witness = ?8, chain = ?10,"
	    " format = ?11 WHERE name = ?1 AND status = ?9";
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, authorization->id);
	sql_bind_text(statement, 2, status_name(authorization->status));
	sql_bind_text(statement, 3, status_name(authorization->challenge));
	sql_bind_int64(statement, 4, authorization->validated);
	acme_bind_problem(statement, 5, &authorization->problem);
	sql_bind_octets(statement, 7, authorization->key.data, authorization->key.size);
	sql_bind_text(statement, 8, authorization->witness);
	sql_bind_text(statement, 9, status_name(from));
	sql_bind_octets(statement, 10, authorization->chain.data, authorization->chain.size);
	sql_bind_text(statement, 11, authorization->format);
	return acme_update_one(store, statement, "changing an authorization",
	    "the authorization has just been changed; ask again", err);
}

int
store_authorization_held(struct store *store, const char *account, const char *value,
    int64_t now, struct store_authorization *out, struct error *err)
{
	static const char     text[] =
	    "SELECT " ACME_AUTHORIZATION_COLUMNS ACME_FROM_AUTHORIZATION " WHERE a.name = ?1 AND z.value = ?2"
	    " AND z.status = 'valid' AND z.expires > ?3 ORDER BY z.validated DESC, z.id DESC LIMIT 1";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	*out = (struct store_authorization){0};
	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, account);
	sql_bind_text(statement, 2, value);
	sql_bind_int64(statement, 3, now);
	rc = sql_step(statement, "looking for an authorization", err);
	if (rc > 0)
		rc = acme_read_authorization(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "there is no such authorization");
	sql_reset(statement);
	return rc;
}
