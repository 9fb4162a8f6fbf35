/* Accounts: one key has one. Which status may follow which is decided elsewhere. */
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

/* Contacts are kept a line each: they have no control characters. */
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
account_read(struct store *store, sqlite3_stmt *row, struct store_account *out, struct error *err)
{
	AUTO_FREE char *contacts = acme_read_text(row, 4);

	*out = (struct store_account){0};
	acme_read_id(row, 0, out->id, sizeof out->id);
	if (acme_read_status(store, row, 1, &out->status, err) != 0)
		return -1;
	out->jwk = acme_read_text(row, 2);
	acme_read_id(row, 3, out->thumbprint, sizeof out->thumbprint);
	account_contacts_split(contacts, out);
	out->terms_agreed = sqlite3_column_int(row, 5) != 0;
	out->created = sqlite3_column_int64(row, 6);
	return 0;
}

/* A failure that says the key is another account's is CONFLICT. */
static int
account_conflict(struct store *store, struct error *err)
{
	if (sqlite3_extended_errcode(store->db) == SQLITE_CONSTRAINT_UNIQUE)
		return error_set(err, ERROR_CONFLICT, "this key is the key of another account");
	return -1;
}

int
store_account_add(struct store *store, const struct store_account *account, struct error *err)
{
	sqlite3_stmt   *statement = sqlite_prepared(store, ACME_ACCOUNT_INSERT_STATEMENT, err);
	AUTO_FREE char *contacts = account_contacts_join(account);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, account->id);
	sqlite_bind_string(statement, 2, status_name(account->status));
	sqlite_bind_string(statement, 3, account->jwk);
	sqlite_bind_string(statement, 4, account->thumbprint);
	sqlite_bind_string(statement, 5, contacts);
	(void)sqlite3_bind_int(statement, 6, account->terms_agreed);
	(void)sqlite3_bind_int64(statement, 7, account->created);
	if (sqlite_step(store, statement, "adding an account", err) < 0)
		return account_conflict(store, err);
	return 0;
}

static int
account_find(struct store *store, enum acme_statement which, const char *key,
    struct store_account *out, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, which, err);
	int           rc;

	*out = (struct store_account){0};
	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, key);
	rc = sqlite_step(store, statement, "looking for an account", err);
	if (rc > 0)
		rc = account_read(store, statement, out, err);
	else if (rc == 0)
		rc = error_set(err, ERROR_ACCOUNT_DOES_NOT_EXIST,
		    "there is no such account; make one with newAccount");
	(void)sqlite3_reset(statement);
	return rc;
}

int
store_account_find(struct store *store, const char *id, struct store_account *out,
    struct error *err)
{
	return account_find(store, ACME_ACCOUNT_BY_NAME_STATEMENT, id, out, err);
}

int
store_account_find_key(struct store *store, const char *thumbprint, struct store_account *out,
    struct error *err)
{
	return account_find(store, ACME_ACCOUNT_BY_KEY_STATEMENT, thumbprint, out, err);
}

int
store_account_update(struct store *store, const struct store_account *account,
    enum status from, struct error *err)
{
	sqlite3_stmt   *statement = sqlite_prepared(store, ACME_ACCOUNT_UPDATE_STATEMENT, err);
	AUTO_FREE char *contacts = account_contacts_join(account);

	if (statement == NULL)
		return -1;
	sqlite_bind_string(statement, 1, account->id);
	sqlite_bind_string(statement, 2, status_name(account->status));
	sqlite_bind_string(statement, 3, account->jwk);
	sqlite_bind_string(statement, 4, account->thumbprint);
	sqlite_bind_string(statement, 5, contacts);
	(void)sqlite3_bind_int(statement, 6, account->terms_agreed);
	sqlite_bind_string(statement, 7, status_name(from));
	if (sqlite_step(store, statement, "changing an account", err) < 0)
		return account_conflict(store, err);
	if (sqlite3_changes(store->db) != 1)
		return error_set(err, ERROR_CONFLICT, "the account has just been changed; ask again");
	return 0;
}

int
store_account_count(struct store *store, int64_t since, uint64_t *count, struct error *err)
{
	sqlite3_stmt *statement = sqlite_prepared(store, ACME_ACCOUNT_COUNT_STATEMENT, err);
	int           rc;

	if (statement == NULL)
		return -1;
	(void)sqlite3_bind_int64(statement, 1, since);
	rc = sqlite_step(store, statement, "counting accounts", err);
	*count = rc > 0 ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	(void)sqlite3_reset(statement);
	return rc < 0 ? -1 : 0;
}

int
store_account_list(struct store *store, store_account_cb *each, void *arg, struct error *err)
{
	static const char    text[] = "SELECT " ACME_ACCOUNT_COLUMNS " FROM account ORDER BY id";
	sqlite3_stmt        *statement = NULL;
	struct store_account account = {0};
	bool                 more = true;
	int                  rc = 0;

	if (sqlite3_prepare_v2(store->db, text, -1, &statement, NULL) != SQLITE_OK)
		return sqlite_error(store, "listing accounts", err);
	while (more && (rc = sqlite_step(store, statement, "listing accounts", err)) > 0) {
		if ((rc = account_read(store, statement, &account, err)) != 0)
			break;
		more = each(&account, arg);
		store_account_clear(&account);
	}
	store_account_clear(&account);
	(void)sqlite3_finalize(statement);
	return rc < 0 ? -1 : 0;
}
