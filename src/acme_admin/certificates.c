/* attest-acmed certificates, show and revoke: the issued certificates. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme_admin/commands.h"
#include "acme_admin/find.h"
#include "acme_admin/store.h"
#include "command/print.h"
#include "pki/crl_reason.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

struct certificates {
	bool valid;
};

static const struct command_option certificates_rows[] = {
    {OPTION(FLAG, "valid", NULL, struct certificates, valid,
        "only certificates that are neither expired nor revoked")},
    {0},
};

struct revoke {
	const char *reason;
};

static const struct command_option revoke_rows[] = {
    {OPTION(TEXT, "reason", "REASON", struct revoke, reason,
         "keyCompromise, superseded, cessationOfOperation, …"),
        .value = "unspecified"},
    {0},
};

static command_run acme_admin_certificates;

const struct command acme_admin_certificates_command = {
    .name = "certificates",
    .summary = "show the certificates that were issued, oldest first",
    .size = sizeof(struct certificates),
    .options = {{certificates_rows, 0}},
    .run = acme_admin_certificates,
};

static command_run acme_admin_show;

const struct command acme_admin_show_command = {
    .name = "show",
    .summary = "show certificates, all of a name's or one by its serial number",
    .operands = "SERIAL | NAME",
    .operands_min = 1,
    .operands_max = 1,
    .run = acme_admin_show,
};

static command_check revoke_check;
static command_run acme_admin_revoke;

const struct command acme_admin_revoke_command = {
    .name = "revoke",
    .summary = "revoke a certificate, or all good ones of a name",
    .size = sizeof(struct revoke),
    .options = {{revoke_rows, 0}},
    .operands = "SERIAL | NAME",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .check = revoke_check,
    .run = acme_admin_revoke,
};

/* Columns of the state: "revoked TIME", and on a terminal "revoked". */
#define CERTIFICATES_STATE        30
#define CERTIFICATES_STATE_NARROW 9

/* State of a walk that prints certificates. */
struct walk {
	const struct command_call *call;
	bool                     good_only;
	size_t                   count;
};

/* A name that does not fit on the terminal's line has one of its own. */
static void
certificates_print_name(const char *names, size_t column)
{
	size_t columns = print_columns();

	if (columns != SIZE_MAX && column + print_width(names) > columns)
		(void)fputs("\n  ", stdout);
	print_text(stdout, names);
	(void)putchar('\n');
}

static bool
certificates_text_cb(const struct store_issued *issued, void *arg)
{
	struct walk *walk = arg;
	char         serial[FIND_SERIAL_SIZE];
	char         until[CLOCK_TEXT_SIZE];
	char         state[FIND_STATE_SIZE];
	int          state_width = print_is_narrow() ? CERTIFICATES_STATE_NARROW : CERTIFICATES_STATE;

	if (walk->good_only && (issued->revoked != 0 || issued->not_after < walk->call->now))
		return true;
	if (walk->count++ == 0)
		(void)printf("%-42s%-22s%-*sNAME\n", "SERIAL", "NOT AFTER", state_width, "STATE");
	find_serial(issued, serial);
	clock_format(issued->not_after, until);
	find_state(issued, walk->call->now, state);
	/* On a terminal the word alone: "show" says when. */
	if (print_is_narrow())
		state[strcspn(state, " ")] = '\0';
	(void)printf("%-42s%-22s%-*s", serial, until, state_width, state);
	certificates_print_name(issued->names, (size_t)(42 + 22 + state_width));
	return ferror(stdout) == 0;
}

static bool
certificates_json_cb(const struct store_issued *issued, void *arg)
{
	struct walk *walk = arg;

	if (walk->good_only && (issued->revoked != 0 || issued->not_after < walk->call->now))
		return true;
	print_json_item(find_json(issued, walk->call->now), walk->count++ == 0);
	return ferror(stdout) == 0;
}

static void
walk_end(const struct walk *walk, const char *nothing)
{
	if (walk->call->json)
		(void)printf(walk->count == 0 ? "[]\n" : "\n]\n");
	else if (walk->count == 0)
		(void)printf("%s\n", nothing);
}

static int
acme_admin_certificates(const struct command_call *call, struct error *err)
{
	const struct certificates *options = call->options;
	struct walk                walk = {.call = call, .good_only = options->valid};
	struct store              *store;
	int                        rc;

	if (acme_admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_issued_list(store, call->json ? certificates_json_cb : certificates_text_cb, &walk,
	    err);
	store_close(store);
	if (rc == 0)
		walk_end(&walk, "no certificates");
	return rc;
}

static void
show_line(const char *what, const char *text)
{
	(void)printf("%-10s", what);
	print_text(stdout, text);
	(void)putchar('\n');
}

static bool
show_text_cb(const struct store_issued *issued, void *arg)
{
	struct walk *walk = arg;
	char         serial[FIND_SERIAL_SIZE];
	char         from[CLOCK_TEXT_SIZE];
	char         until[CLOCK_TEXT_SIZE];
	char         state[FIND_STATE_SIZE];

	if (walk->count++ != 0)
		(void)putchar('\n');
	find_serial(issued, serial);
	clock_format(issued->not_before, from);
	clock_format(issued->not_after, until);
	find_state(issued, walk->call->now, state);
	show_line("serial", serial);
	show_line("name", issued->names);
	show_line("state", state);
	(void)printf("%-10s%s to %s\n", "valid", from, until);
	show_line("attested", issued->witness);
	show_line("account", issued->account);
	show_line("order", issued->order);
	return ferror(stdout) == 0;
}

static int
acme_admin_show(const struct command_call *call, struct error *err)
{
	struct walk   walk = {.call = call};
	struct store *store;
	int           rc;

	if (acme_admin_store_open(call, &store, err) != 0)
		return -1;
	rc = find_issued(store, call->operands[0], call->json ? certificates_json_cb : show_text_cb,
	    &walk, err);
	store_close(store);
	if (rc == 0)
		walk_end(&walk, "");
	return rc;
}

/* The ids of the certificates to revoke, in a row, each with its NUL. */
struct victims {
	int64_t      now;
	struct bytes ids;
	size_t       revoked; /* were already */
};

static bool
victims_cb(const struct store_issued *issued, void *arg)
{
	struct victims *victims = arg;

	if (issued->revoked != 0)
		victims->revoked++;
	else if (issued->not_after >= victims->now)
		bytes_append(&victims->ids, issued->id, STORE_ID_SIZE);
	return true;
}

/* What the transaction is told, and how many certificates it revoked. */
struct revocation {
	const struct command_call *call;
	int                        reason;
	size_t                     count;
};

/* Revokes all of them or none. */
static int
revoke_all_cb(struct store *store, void *arg, struct error *err)
{
	struct revocation         *revocation = arg;
	const struct command_call *call = revocation->call;

	for (size_t i = 0; i < call->operand_count; i++) {
		struct victims victims = {.now = call->now};
		int rc = find_issued(store, call->operands[i], victims_cb, &victims, err);

		if (rc == 0 && victims.ids.size == 0)
			rc = error_set(err, ERROR_ALREADY_REVOKED,
			    "\"%.255s\" has no certificate that is good: %s", call->operands[i],
			    victims.revoked != 0 ? "revoked already" : "expired");
		for (size_t at = 0; rc == 0 && at < victims.ids.size; at += STORE_ID_SIZE, revocation->count++)
			rc = store_issued_revoke(store, (const char *)victims.ids.data + at, call->now,
			    revocation->reason, err);
		bytes_clear(&victims.ids);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int
revoke_check(const struct command_call *call, struct error *err)
{
	const struct revoke *options = call->options;
	int                  reason;

	return crl_reason_parse(options->reason, &reason, err);
}

static int
acme_admin_revoke(const struct command_call *call, struct error *err)
{
	const struct revoke *options = call->options;
	struct revocation    revocation = {.call = call};
	struct store        *store;
	size_t               count;
	int                  rc;

	if (crl_reason_parse(options->reason, &revocation.reason, err) != 0)
		return COMMAND_USAGE;
	if (acme_admin_store_open(call, &store, err) != 0)
		return -1;
	rc = store_change(store, revoke_all_cb, &revocation, err);
	store_close(store);
	count = revocation.count;
	if (rc != 0)
		return -1;
	if (call->json)
		print_json(json_pack("{s:I}", "revoked", (json_int_t)count));
	else
		(void)printf("revoked %zu certificate%s; a running attest-acmed signs its CRL again within"
		             " a second,\nwithout one run \"attest-acmed crl\"\n", count, count == 1 ? "" : "s");
	return 0;
}
