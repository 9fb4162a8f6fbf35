/* Accounts: RFC 8555 §7.3. A key has at most one account, for as long as that exists. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/newcomers.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/policy.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/snapshot.h"
#include "acme/keeper/transition.h"

#define HOUR 3600

/* Of all contacts of an account together. */
#define CONTACT_OCTETS_MAX 512

/* The key in the front's canonical form: its thumbprint finds the account. */
static int
check_key(const struct call *call, struct error *err)
{
	if (operation_asked(call)->jwk.size == 0 || operation_asked(call)->thumbprint.size != STORE_THUMBPRINT_SIZE - 1)
		return error_set(err, ERROR_MALFORMED, "an account needs a key and its thumbprint");
	return 0;
}

/* Finds the account of the request's key. Returns 1 when there is none. */
static int
account_of_key(struct call *call, struct store *store, struct store_account *account,
    struct error *err)
{
	AUTO_FREE char *thumbprint = view_dup(operation_asked(call)->thumbprint);

	if (store_account_find_key(store, thumbprint, account, err) != 0)
		return err->kind == ERROR_ACCOUNT_DOES_NOT_EXIST ? 1 : -1;
	if (account->status == STATUS_VALID)
		return 0;
	store_account_clear(account);
	return error_set(err, ERROR_ACCOUNT_DEACTIVATED,
	    "the account of this key is deactivated for good; use another key");
}

static int
check_contacts(const struct call *call, struct error *err)
{
	size_t octets = 0;

	for (size_t i = 0; i < operation_asked(call)->contact_count; i++)
		octets += operation_asked(call)->contacts[i].size;
	if (octets > CONTACT_OCTETS_MAX)
		return error_set(err, ERROR_INVALID_CONTACT,
		    "contacts of %zu octets; an account has at most %d", octets, CONTACT_OCTETS_MAX);
	for (size_t i = 0; i < operation_asked(call)->contact_count; i++) {
		AUTO_FREE char *kept = NULL;

		if (policy_contact(operation_asked(call)->contacts[i], &kept, err) != 0)
			return -1;
	}
	return 0;
}

static int
set_contacts(struct store_account *account, const struct call *call, struct error *err)
{
	if (check_contacts(call, err) != 0)
		return -1;
	for (size_t i = 0; i < account->contact_count; i++)
		free(account->contacts[i]);
	account->contact_count = 0;
	for (size_t i = 0; i < operation_asked(call)->contact_count; i++) {
		if (policy_contact(operation_asked(call)->contacts[i], &account->contacts[i], err) != 0)
			return -1;
		account->contact_count++;
	}
	return 0;
}

static int
check_new(const struct call *call, struct error *err)
{
	const struct acme_settings *settings = &operation_revision(call)->settings;

	if ((operation_asked(call)->flags & ACME_FLAG_ONLY_EXISTING) != 0)
		return error_set(err, ERROR_ACCOUNT_DOES_NOT_EXIST, "this key has no account here");
	if (settings->terms != NULL && (operation_asked(call)->flags & ACME_FLAG_TERMS_AGREED) == 0)
		return error_set(err, ERROR_USER_ACTION_REQUIRED,
		    "an account needs agreement to the terms of service at %s", settings->terms);
	return check_contacts(call, err);
}

static int
account_new_look(struct call *call, struct store *store, struct error *err)
{
	struct store_account account = {0};
	int                  found;

	if (check_key(call, err) != 0 || (found = account_of_key(call, store, &account, err)) < 0)
		return -1;
	if (found != 0)
		return check_new(call, err);
	snapshot_account(&account, false, &call->answer);
	store_account_clear(&account);
	return 0;
}

/*
 * Makes room for one account more in this hour. Accounts from before a restart are not known
 * as newcomers, and count for an hour.
 */
static int
check_rate(struct call *call, struct store *store, struct error *err)
{
	int64_t  most = operation_revision(call)->settings.policy.accounts_per_hour;
	uint64_t count = 0;
	char     displaced[STORE_ID_SIZE];

	/* What is an hour ahead is of a clock that was set back. */
	if (store_account_count(store, call->now - HOUR, call->now + HOUR, &count, err) != 0)
		return -1;
	if (count < (uint64_t)most)
		return 0;
	newcomers_displace(operation_keeper(call)->newcomers, displaced);
	if (displaced[0] != '\0')
		return store_account_displace(store, displaced, err);
	return operation_refuse(call,
	    &(struct acme_refusal){
	        .problem = {ERROR_RATE_LIMITED,
	            view_text("too many accounts were made within the last hour; try again later")},
	        .retry_after = HOUR / 4,
	    },
	    err);
}

static int
account_make(struct call *call, struct store *store, struct store_account *account,
    struct error *err)
{
	AUTO_FREE char *thumbprint = view_dup(operation_asked(call)->thumbprint);

	if (check_rate(call, store, err) != 0 || store_id_draw(account->id, err) != 0)
		return -1;
	account->status = STATUS_VALID;
	account->jwk = view_dup(operation_asked(call)->jwk);
	account->terms_agreed = (operation_asked(call)->flags & ACME_FLAG_TERMS_AGREED) != 0;
	account->created = call->now;
	(void)snprintf(account->thumbprint, sizeof account->thumbprint, "%s", thumbprint);
	if (set_contacts(account, call, err) != 0)
		return -1;
	if (store_account_add(store, account, err) != 0)
		return -1;
	/* If the commit fails, an account is counted that is not there; its eviction does nothing. */
	newcomers_add(operation_keeper(call)->newcomers, account->id, operation_asked(call)->peer,
	    (struct view){0}, call->now);
	return 0;
}

/* Of two concurrent requests with one key the second finds the account of the first. */
static int
account_new_change(struct call *call, struct store *store, struct error *err)
{
	struct store_account account = {0};
	int                  found = account_of_key(call, store, &account, err);
	int                  rc = found;

	if (found > 0 && (rc = account_make(call, store, &account, err)) == 0)
		operation_note(call, "account", account.id, NULL, NULL);
	if (rc == 0)
		snapshot_account(&account, found > 0, &call->answer);
	store_account_clear(&account);
	return rc;
}

static int
account_get(struct call *call, struct store *store, struct error *err)
{
	AUTO_FREE char      *id = view_dup(operation_asked(call)->account);
	struct store_account account = {0};

	if (store_account_find(store, id, &account, err) != 0)
		return -1;
	snapshot_account(&account, false, &call->answer);
	store_account_clear(&account);
	return 0;
}

static int
account_update(struct call *call, struct store *store, struct store_account *account,
    struct error *err)
{
	uint64_t flags = operation_asked(call)->flags;

	if ((flags & ACME_FLAG_CONTACTS) != 0 && set_contacts(account, call, err) != 0)
		return -1;
	if ((flags & ACME_FLAG_TERMS_AGREED) != 0)
		account->terms_agreed = true;
	if ((flags & ACME_FLAG_DEACTIVATE) != 0)
		return transition_account_update(store, account, STATUS_DEACTIVATED, err);
	if ((flags & (ACME_FLAG_CONTACTS | ACME_FLAG_TERMS_AGREED)) == 0)
		return 0;
	return store_account_update(store, account, account->status, err);
}

static int
account_update_change(struct call *call, struct store *store, struct error *err)
{
	struct store_account account = {0};
	int                  rc = operation_account(call, store, &account, err);

	if (rc == 0)
		rc = account_update(call, store, &account, err);
	if (rc == 0) {
		if (account.status == STATUS_DEACTIVATED)
			operation_note(call, "account-deactivated", account.id, NULL, NULL);
		snapshot_account(&account, false, &call->answer);
	}
	store_account_clear(&account);
	return rc;
}

/* CONFLICT with the other account's id, as §7.3.5 requires. */
static int
key_in_use(struct call *call, struct store *store, const char *thumbprint, struct error *err)
{
	struct store_account other = {0};
	int                  rc;

	if (store_account_find_key(store, thumbprint, &other, err) != 0)
		return err->kind == ERROR_ACCOUNT_DOES_NOT_EXIST ? 0 : -1;
	rc = operation_refuse(call,
	    &(struct acme_refusal){
	        .problem = {ERROR_CONFLICT, view_text("this key is the key of another account")},
	        .object = view_text(other.id),
	    },
	    err);
	store_account_clear(&other);
	return rc;
}

static int
account_change_key(struct call *call, struct store *store, struct store_account *account,
    struct error *err)
{
	AUTO_FREE char *old = view_dup(operation_asked(call)->old_thumbprint);
	AUTO_FREE char *new = view_dup(operation_asked(call)->thumbprint);

	if (strcmp(old, account->thumbprint) != 0)
		return error_set(err, ERROR_MALFORMED, "oldKey is not the key of this account");
	if (key_in_use(call, store, new, err) != 0)
		return -1;
	free(account->jwk);
	account->jwk = view_dup(operation_asked(call)->jwk);
	(void)snprintf(account->thumbprint, sizeof account->thumbprint, "%s", new);
	return store_account_update(store, account, account->status, err);
}

static int
account_key_change(struct call *call, struct store *store, struct error *err)
{
	struct store_account account = {0};
	int                  rc = -1;

	if (check_key(call, err) == 0 && operation_account(call, store, &account, err) == 0)
		rc = account_change_key(call, store, &account, err);
	if (rc == 0) {
		operation_note(call, "key-change", account.id, NULL, NULL);
		snapshot_account(&account, false, &call->answer);
	}
	store_account_clear(&account);
	return rc;
}

/* A page of ids. */
struct page {
	char    ids[ACME_ORDERS_MAX][STORE_ID_SIZE];
	size_t  count;
	bool    more;
	int64_t now;
};

/* §7.1.2.1: pending orders should be listed, invalid ones not. */
static bool
page_add_cb(const struct store_order *order, void *arg)
{
	struct page *page = arg;

	if (transition_order_status(order, page->now) == STATUS_INVALID)
		return true;
	if (page->count == ACME_ORDERS_MAX) {
		page->more = true;
		return false;
	}
	(void)snprintf(page->ids[page->count++], STORE_ID_SIZE, "%s", order->id);
	return true;
}

static int
account_orders(struct call *call, struct store *store, struct error *err)
{
	AUTO_FREE char     *account = view_dup(operation_asked(call)->account);
	AUTO_FREE char     *cursor = view_dup(operation_asked(call)->cursor);
	struct page         page = {.now = call->now};
	struct acme_answer  message = {.kind = ACME_ANSWER_ORDERS};

	if (operation_check_account(call, store, err) != 0 ||
	    store_order_list(store, account, cursor[0] != '\0' ? cursor : NULL, page_add_cb, &page,
	        err) != 0)
		return -1;
	message.orders.count = page.count;
	for (size_t i = 0; i < page.count; i++)
		message.orders.ids[i] = view_text(page.ids[i]);
	if (page.more)
		message.orders.next = message.orders.ids[page.count - 1];
	acme_answer_encode(&message, &call->answer);
	return 0;
}

const struct call_operation operation_account_new = {
    .name = "account-new",
    .look = account_new_look,
    .change = account_new_change,
};

const struct call_operation operation_account_get = {
    .name = "account-get",
    .look = account_get,
};

const struct call_operation operation_account_update = {
    .name = "account-update",
    .look = operation_check_account,
    .change = account_update_change,
};

const struct call_operation operation_account_key_change = {
    .name = "key-change",
    .look = operation_check_account,
    .change = account_key_change,
};

const struct call_operation operation_account_orders = {
    .name = "account-orders",
    .look = account_orders,
};
