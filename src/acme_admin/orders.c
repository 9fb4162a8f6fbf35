/* attest-acmed orders and accounts: lists ACME orders and accounts. */
#include "config.h"

#include <stdio.h>

#include "acme/keeper/transition.h"
#include "acme_admin/commands.h"
#include "acme_admin/find.h"
#include "acme_admin/store.h"
#include "command/print.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"

static command_run acme_admin_orders;

const struct command acme_admin_orders_command = {
    .name = "orders",
    .summary = "show the orders on record",
    .run = acme_admin_orders,
};

static command_run acme_admin_accounts;

const struct command acme_admin_accounts_command = {
    .name = "accounts",
    .summary = "show the accounts, with the names of their certificates",
    .run = acme_admin_accounts,
};

/* Where an account's names begin. */
#define ACCOUNTS_COLUMN (24 + 22 + 13)

struct walk {
	const struct command_call *call;
	size_t                   count;
};

static void
orders_print_name(const char *name, const char *problem)
{
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = 2, .indent = 2};

	print_folded(&fold, name);
	if (problem != NULL) {
		print_folded(&fold, ": ");
		print_folded(&fold, problem);
	}
	(void)putchar('\n');
}

static bool
orders_text_cb(const struct store_order *order, void *arg)
{
	struct walk *walk = arg;
	bool         narrow = print_is_narrow();
	const char  *name = order->authorization_count != 0 ? order->authorizations[0].value : "";
	char         created[CLOCK_TEXT_SIZE];

	if (walk->count++ == 0)
		(void)printf("%-24s%-22s%-12s%-*s%s\n", "ORDER", "CREATED", "STATUS",
		    narrow ? 0 : 24, "ACCOUNT", narrow ? ", NAME" : "NAME");
	clock_format(order->created, created);
	/* On a terminal the name is on the next line, as account and name do not fit. */
	(void)printf("%-24s%-22s%-12s%-*s%s", order->id, created,
	    status_name(transition_order_status(order, walk->call->now)), narrow ? 0 : 24, order->account,
	    narrow ? "\n  " : "");
	orders_print_name(name, order->problem.detail);
	return ferror(stdout) == 0;
}

static bool
orders_json_cb(const struct store_order *order, void *arg)
{
	struct walk *walk = arg;
	json_t      *names = json_array();

	for (size_t i = 0; i < order->authorization_count; i++)
		(void)json_array_append_new(names, print_json_text(order->authorizations[i].value));
	print_json_item(json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o}",
	                    "id", print_json_text(order->id), "account", print_json_text(order->account), "status",
	                    status_name(transition_order_status(order, walk->call->now)), "names", names,
	                    "created", print_json_time(order->created), "expires",
	                    print_json_time(order->expires), "problem", print_json_text(order->problem.detail),
	                    "certificate", print_json_text(order->certificate[0] != '\0' ? order->certificate : NULL)),
	    walk->count++ == 0);
	return ferror(stdout) == 0;
}

/* Data shown with an account that its record does not contain. */
struct accounts {
	struct walk   walk;
	struct store *store; /* another connection: the first is in the middle of a list */
	struct error *err;
	int           rc;
};

static bool
accounts_name_cb(const char *name, void *arg)
{
	(void)json_array_append_new(arg, print_json_text(name));
	return true;
}

/* The names of the account's certificates; false when the list cannot go on. */
static bool
accounts_find_names(struct accounts *accounts, const char *id, json_t *names)
{
	accounts->rc =
	    store_issued_list_names(accounts->store, id, accounts_name_cb, names, accounts->err);
	return accounts->rc == 0;
}

/* Names, then contacts, folded behind the other columns on a terminal. */
static void
accounts_print(const struct store_account *account, const json_t *names)
{
	size_t            indent = print_is_narrow() ? 2 : 0;
	struct print_fold fold = {
	    .out = stdout, .columns = print_columns(), .column = ACCOUNTS_COLUMN, .indent = indent};
	const json_t     *name;
	size_t            i;

	json_array_foreach(names, i, name)
	{
		print_folded(&fold, i != 0 ? ", " : "");
		print_folded(&fold, json_string_value(name));
	}
	if (json_array_size(names) == 0)
		print_folded(&fold, "-");
	for (i = 0; i < account->contact_count; i++) {
		print_folded(&fold, "  ");
		print_folded(&fold, account->contacts[i]);
	}
	(void)putchar('\n');
}

static bool
accounts_text_cb(const struct store_account *account, void *arg)
{
	struct accounts *accounts = arg;
	json_t          *names = json_array();
	bool             good = accounts_find_names(accounts, account->id, names);
	char             created[CLOCK_TEXT_SIZE];

	if (good && accounts->walk.count++ == 0)
		(void)printf("%-24s%-22s%-13sNAMES, CONTACT\n", "ACCOUNT", "CREATED", "STATUS");
	if (good) {
		clock_format(account->created, created);
		(void)printf("%-24s%-22s%-13s", account->id, created, status_name(account->status));
		accounts_print(account, names);
	}
	json_decref(names);
	return good && ferror(stdout) == 0;
}

static bool
accounts_json_cb(const struct store_account *account, void *arg)
{
	struct accounts *accounts = arg;
	json_t          *names = json_array();
	json_t          *contacts;

	if (!accounts_find_names(accounts, account->id, names)) {
		json_decref(names);
		return false;
	}
	contacts = json_array();
	for (size_t i = 0; i < account->contact_count; i++)
		(void)json_array_append_new(contacts, print_json_text(account->contacts[i]));
	print_json_item(json_pack("{s:o, s:s, s:o, s:o, s:o, s:o}",
	                    "id", print_json_text(account->id), "status", status_name(account->status), "names", names,
	                    "contacts", contacts, "created", print_json_time(account->created),
	                    "thumbprint", print_json_text(account->thumbprint)),
	    accounts->walk.count++ == 0);
	return ferror(stdout) == 0;
}

static int
walk_end(const struct walk *walk, int rc, const char *nothing)
{
	if (rc != 0)
		return -1;
	if (walk->call->json)
		(void)printf(walk->count == 0 ? "[]\n" : "\n]\n");
	else if (walk->count == 0)
		(void)printf("%s\n", nothing);
	return 0;
}

static int
acme_admin_orders(const struct command_call *call, struct error *err)
{
	struct walk   walk = {.call = call};
	struct store *store;
	int           rc;

	if (acme_admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_order_list(store, NULL, NULL, call->json ? orders_json_cb : orders_text_cb, &walk,
	    err);
	store_close(store);
	return walk_end(&walk, rc, "no orders");
}

static int
acme_admin_accounts(const struct command_call *call, struct error *err)
{
	struct accounts accounts = {.walk = {.call = call}, .err = err};
	struct store   *store;
	int             rc;

	if (acme_admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_acme_open(call->state_dir, &accounts.store, err);
	if (rc == 0)
		rc = store_account_list(store, call->json ? accounts_json_cb : accounts_text_cb, &accounts,
		    err);
	store_close(accounts.store);
	store_close(store);
	return walk_end(&accounts.walk, rc != 0 ? rc : accounts.rc, "no accounts");
}
