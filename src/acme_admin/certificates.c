/* attest-acmed certificates and show: the issued certificates. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme_admin/commands.h"
#include "acme_admin/find.h"
#include "acme_admin/store.h"
#include "command/print.h"
#include "store/acme/acme.h"
#include "store/store.h"
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
	char         state[PRINT_STATE_SIZE];
	int          state_width = print_is_narrow() ? CERTIFICATES_STATE_NARROW : CERTIFICATES_STATE;

	if (walk->good_only && (issued->revoked != 0 || issued->not_after < walk->call->now))
		return true;
	if (walk->count++ == 0)
		(void)printf("%-42s%-22s%-*sNAME\n", "SERIAL", "NOT AFTER", state_width, "STATE");
	find_serial(issued, serial);
	clock_format(issued->not_after, until);
	print_state(issued->revoked, issued->not_after, walk->call->now, state);
	/* On a terminal the word alone: "show" says when. */
	if (print_is_narrow())
		state[strcspn(state, " ")] = '\0';
	(void)printf("%-42s%-22s%-*s", serial, until, state_width, state);
	certificates_print_name(issued->names, 42 + 22 + (size_t)state_width);
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
	char         state[PRINT_STATE_SIZE];

	if (walk->count++ != 0)
		(void)putchar('\n');
	find_serial(issued, serial);
	clock_format(issued->not_before, from);
	clock_format(issued->not_after, until);
	print_state(issued->revoked, issued->not_after, walk->call->now, state);
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
