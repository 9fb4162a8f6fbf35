/*
 * attest-ca check: examines everything that the CA depends on, and prints faults with
 * remedies. Repairs nothing.
 */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "admin/access.h"
#include "admin/check/report.h"
#include "admin/commands.h"
#include "command/print.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/own_command.h"

static command_run admin_check;

const struct command admin_check_command = {
    .name = "check",
    .summary = "check the whole CA and report what is wrong",
    .size = sizeof(struct access_options),
    .options = {{access_rows, 0}},
    .run = admin_check,
};

static const char *const check_words[] = {
    [CHECK_OK] = "ok", [CHECK_WARNING] = "warning", [CHECK_ERROR] = "error"};

/* Where a finding begins, and where it goes on in the next line. */
#define CHECK_COLUMN 30
#define CHECK_INDENT 9

/* The command stays in one piece, in a line of its own if it does not fit, and as it is: print_text
 * would change what a shell is to read. */
static void
check_say_command(struct print_fold *fold, const char *command)
{
	print_folded(fold, "; run:");
	if (fold->columns != SIZE_MAX && fold->column + 1 + print_width(command) > fold->columns)
		(void)printf("\n%*s%s", CHECK_INDENT, "", command);
	else
		(void)printf(" %s", command);
}

static void
check_say(const struct check_report *report)
{
	for (size_t i = 0; i < report->count; i++) {
		const struct check_finding *finding = &report->findings[i];
		struct print_fold           fold = {.out = stdout, .columns = print_columns(),
		              .column = CHECK_COLUMN, .indent = CHECK_INDENT};

		(void)printf("%-7s  %-19s  ", check_words[finding->state], finding->what);
		print_folded(&fold, finding->detail);
		if (finding->command != NULL)
			check_say_command(&fold, finding->command);
		(void)putchar('\n');
	}
}

static void
check_say_json(const struct check_report *report)
{
	json_t *findings = json_array();

	for (size_t i = 0; i < report->count; i++) {
		const struct check_finding *finding = &report->findings[i];

		(void)json_array_append_new(findings,
		    json_pack("{s:s, s:s, s:o, s:o}", "what", finding->what, "state",
		        check_words[finding->state], "detail", print_json_text(finding->detail), "command",
		        print_json_text(finding->command)));
	}
	print_json(json_pack("{s:b, s:I, s:I, s:o}", "ok", report->errors == 0, "errors",
	    (json_int_t)report->errors, "warnings", (json_int_t)report->warnings, "findings", findings));
}

/*
 * Whether it is run by neither the owner nor root, who may not read what is to be checked:
 * all that such a user could find is that.
 */
static bool
check_is_foreign(const struct command_call *call, struct check_report *report)
{
	struct stat st;

	if (stat(call->state_dir, &st) != 0 && errno == EACCES)
		check_add(report, "user", CHECK_ERROR,
		    "this is uid %lu, who may not come to %s; run \"check\" as its owner, or as root",
		    (unsigned long)geteuid(), call->state_dir);
	else if (stat(call->state_dir, &st) == 0 && geteuid() != 0 && geteuid() != st.st_uid)
		check_add(report, "user", CHECK_ERROR,
		    "this is uid %lu, and %s is uid %lu's: nobody else may read what is in it; run "
		    "\"check\" as uid %lu, or as root",
		    (unsigned long)geteuid(), call->state_dir, (unsigned long)st.st_uid,
		    (unsigned long)st.st_uid);
	return report->count != 0;
}

/* All parts, in the directory as it was opened; without one, the store may be elsewhere. */
static void
check_all(const struct command_call *call, const struct access *access,
    struct check_report *report)
{
	struct command_call opened = *call;
	AUTO_FOLDER         state = {.fd = -1};
	struct error        err;

	if (folder_open(call->state_dir, &state, &err) != 0)
		check_add(report, "state directory", CHECK_ERROR,
		    "%s; give the right --state-dir, or run \"%s init\"", err.detail,
		    own_command("attest-ca"));
	opened.state = &state;
	if (state.fd >= 0)
		check_files(&opened, report);
	check_store(&opened, report);
	if (state.fd < 0)
		return;
	check_daemon(&opened, report);
	check_ca(&opened, &access->key, report);
}

static int
admin_check(const struct command_call *call, struct error *err)
{
	struct check_report report = {.count = 0};
	struct access       access;
	int                 rc = 0;

	if (access_read(call->options, &access, err) != 0)
		return access_status(err);
	if (!check_is_foreign(call, &report))
		check_all(call, &access, &report);
	access_clear(&access);
	if (call->json)
		check_say_json(&report);
	else
		check_say(&report);
	if (report.errors != 0)
		rc = error_set(err, ERROR_INTERNAL, "%zu of %zu checks found a fault", report.errors,
		    report.count);
	check_report_clear(&report);
	return rc;
}
