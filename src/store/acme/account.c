/* ACME accounts, at most one per key. The caller decides on status transitions. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "store/acme/rows.h"

void
store_account_clear(struct store_account *account)
{
	for (size_t i = 0; i < account->contact_count; i++)
		free(account->contacts[i]);
	free(account->jwk);
	*account = (struct store_account){0};
}

/* Contacts are stored one per line; they contain no control characters. */
static char *
account_contacts_join(const struct store_account *account)
{
	AUTO_BYTES text = {0};

	for (size_t i = 0; i < account->contact_count; i++) {
		if (i != 0)
			bytes_append_u8(&text, '\n');
		bytes_append(&text, account->contacts[i], strlen(account->contacts[i]));
	}
	bytes_append_u8(&text, '\0');
	return memory_strdup((const char *)text.data);
}

static void
account_contacts_split(char *text, struct store_account *out)
{
	char *rest = NULL;

	for (char *line = strtok_r(text, "\n", &rest);
	     line != NULL && out->contact_count < STORE_CONTACTS_MAX; line = strtok_r(NULL, "\n", &rest))
		out->contacts[out->contact_count++] = memory_strdup(line);
}

static int
account_read(struct store *store, struct sql_statement *row, struct store_account *out,
    struct error *err)
{
	AUTO_FREE char       *contacts = acme_read_text(row, 4);

	*out = (struct store_account){0};
	acme_read_id(row, 0, out->id, sizeof out->id);
	if (acme_read_status(store, row, 1, &out->status, err) != 0)
		return -1;
	out->jwk = acme_read_text(row, 2);
	acme_read_id(row, 3, out->thumbprint, sizeof out->thumbprint);
	account_contacts_split(contacts, out);
	out->terms_agreed = sql_column_int64(row, 5) != 0;
	out->created = sql_column_int64(row, 6);
	return 0;
}

/* Turns the error that the key belongs to another account into CONFLICT. */
static int
account_conflict(struct store *store, struct error *err)
{
	if (sql_is_taken(store))
		return error_set(err, ERROR_CONFLICT, "this key is the key of another account");
	return -1;
}

int
store_account_add(struct store *store, const struct store_account *account, struct error *err)
{
	static const char     text[] =
	    "INSERT INTO account (" ACME_ACCOUNT_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
	struct sql_statement *statement = sql_prepare(store, text, err);
	AUTO_FREE char       *contacts = account_contacts_join(account);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, account->id);
	sql_bind_text(statement, 2, status_name(account->status));
	sql_bind_text(statement, 3, account->jwk);
	sql_bind_text(statement, 4, account->thumbprint);
	sql_bind_text(statement, 5, contacts);
	sql_bind_int64(statement, 6, account->terms_agreed);
	sql_bind_int64(statement, 7, account->created);
	if (sql_step(statement, "adding an account", err) < 0)
		return account_conflict(store, err);
	return 0;
}

static int
account_find(struct store *store, const char *text, const char *key,
    struct store_account *out, struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	*out = (struct store_account){0};
	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, key);
	rc = sql_step(statement, "looking for an account", err);
	if (rc > 0)
		rc = account_read(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_ACCOUNT_DOES_NOT_EXIST,
		    "there is no such account; make one with newAccount");
	sql_reset(statement);
	return rc;
}

int
store_account_find(struct store *store, const char *id, struct store_account *out,
    struct error *err)
{
	static const char text[] = "SELECT " ACME_ACCOUNT_COLUMNS " FROM account WHERE name = ?1";

	return account_find(store, text, id, out, err);
}

int
store_account_find_key(struct store *store, const char *thumbprint, struct store_account *out,
    struct error *err)
{
	static const char text[] =
	    "SELECT " ACME_ACCOUNT_COLUMNS " FROM account WHERE thumbprint = ?1";

	return account_find(store, text, thumbprint, out, err);
}

int
store_account_update(struct store *store, const struct store_account *account,
    enum status from, struct error *err)
{
	static const char     text[] =
	    "UPDATE account SET status = ?2, jwk = ?3, thumbprint = ?4, contacts = ?5,"
	    " terms_agreed = ?6 WHERE name = ?1 AND status = ?7";
	struct sql_statement *statement = sql_prepare(store, text, err);
	AUTO_FREE char       *contacts = account_contacts_join(account);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, account->id);
	sql_bind_text(statement, 2, status_name(account->status));
	sql_bind_text(statement, 3, account->jwk);
	sql_bind_text(statement, 4, account->thumbprint);
	sql_bind_text(statement, 5, contacts);
	sql_bind_int64(statement, 6, account->terms_agreed);
	sql_bind_text(statement, 7, status_name(from));
	if (sql_step(statement, "changing an account", err) < 0)
		return account_conflict(store, err);
	if (sql_changed(store) != 1)
		return error_set(err, ERROR_CONFLICT, "the account has just been changed; ask again");
	return 0;
}

static int
account_run(struct store *store, const char *text, const char *id, const char *doing,
    struct error *err)
{
	struct sql_statement *statement = sql_prepare(store, text, err);

	if (statement == NULL)
		return -1;
	sql_bind_text(statement, 1, id);
	return sql_step(statement, doing, err) < 0 ? -1 : 0;
}

int
store_account_prove(struct store *store, const char *id, struct error *err)
{
	static const char text[] = "UPDATE account SET attested = 1 WHERE name = ?1 AND attested = 0";

	return account_run(store, text, id, "changing an account", err);
}

int
store_account_displace(struct store *store, const char *id, struct error *err)
{
	static const char text[] = "DELETE FROM account WHERE name = ?1 AND attested = 0";

	return account_run(store, text, id, "removing an account", err);
}

int
store_account_count(struct store *store, int64_t since, int64_t until, uint64_t *count, struct error *err)
{
	static const char     text[] = "SELECT count(*) FROM account WHERE created > ?1 AND created <= ?2";
	struct sql_statement *statement = sql_prepare(store, text, err);
	int                   rc;

	if (statement == NULL)
		return -1;
	sql_bind_int64(statement, 1, since);
	sql_bind_int64(statement, 2, until);
	rc = sql_step(statement, "counting accounts", err);
	*count = rc > 0 ? (uint64_t)sql_column_int64(statement, 0) : 0;
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_account_list(struct store *store, store_account_cb *each, void *arg, struct error *err)
{
	static const char     text[] = "SELECT " ACME_ACCOUNT_COLUMNS " FROM account ORDER BY id";
	struct sql_statement *statement = sql_prepare(store, text, err);
	struct store_account  account = {0};
	bool                  more = true;
	int                   rc = 0;

	if (statement == NULL)
		return -1;
	while (more && (rc = sql_step(statement, "listing accounts", err)) > 0) {
		if ((rc = account_read(store, statement, &account, err)) != 0)
			break;
		more = each(&account, arg);
		store_account_clear(&account);
	}
	store_account_clear(&account);
	sql_reset(statement);
	return rc < 0 ? -1 : 0;
}
