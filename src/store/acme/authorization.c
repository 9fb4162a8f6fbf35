/* Authorizations and their challenges. They are added with their order. */
#include "config.h"

#include <stdlib.h>

#include "store/acme/rows.h"

void
store_authorization_clear(struct store_authorization *authorization)
{
	free(authorization->type);
	free(authorization->value);
	free(authorization->problem.detail);
	free(authorization->witness);
	bytes_clear(&authorization->key);
	bytes_clear(&authorization->chain);
	*authorization = (struct store_authorization){0};
}

int
acme_read_authorization(struct store *store, sqlite3_stmt *row, struct store_authorization *out,
    struct error *err)
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
	out->expires = sqlite3_column_int64(row, 8);
	out->validated = sqlite3_column_int64(row, 9);
	acme_read_problem(row, 10, &out->problem);
	bytes_append(&out->key, sqlite3_column_blob(row, 12), (size_t)sqlite3_column_bytes(row, 12));
	out->witness = acme_read_text(row, 13);
	bytes_append(&out->chain, sqlite3_column_blob(row, 14), (size_t)sqlite3_column_bytes(row, 14));
	return 0;
}

int
store_authorization_find(struct store *store, const char *id, struct store_authorization *out,
    struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_AUTHORIZATION_BY_NAME_STATEMENT, err);
	int           rc;

	*out = (struct store_authorization){0};
	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, id);
	rc = sqlite_step(store, statement, "looking for an authorization", err);
	if (rc > 0)
		rc = acme_read_authorization(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_NOT_FOUND, "there is no such authorization, or no longer");
	(void)sqlite3_reset(statement);
	return rc;
}

int
store_authorization_update(struct store *store, const struct store_authorization *authorization,
    enum status from, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_AUTHORIZATION_UPDATE_STATEMENT, err);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, authorization->id);
	sqlite_bind_string(statement, 2, status_name(authorization->status));
	sqlite_bind_string(statement, 3, status_name(authorization->challenge));
	(void)sqlite3_bind_int64(statement, 4, authorization->validated);
	acme_bind_problem(statement, 5, &authorization->problem);
	sqlite_bind_octets(statement, 7, authorization->key.data, authorization->key.size);
	acme_bind_text(statement, 8, authorization->witness);
	sqlite_bind_string(statement, 9, status_name(from));
	sqlite_bind_octets(statement, 10, authorization->chain.data, authorization->chain.size);
	return acme_update_one(store, statement, "changing an authorization",
	    "the authorization has just been changed; ask again", err);
}

int
store_authorization_held(struct store *store, const char *account, const char *value,
    int64_t now, bool *held, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_AUTHORIZATION_HELD_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, account);
	sqlite_bind_string(statement, 2, value);
	(void)sqlite3_bind_int64(statement, 3, now);
	rc = sqlite_step(store, statement, "looking for an authorization", err);
	*held = rc > 0;
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}
