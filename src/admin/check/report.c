/* Owns the findings: their room, their words and their counts. */
#include "config.h"

#include "admin/check/report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/shell_quote.h"

/* Warns a month before something must be renewed by hand. */
#define CHECK_SOON ((int64_t)30 * 24 * 60 * 60)

void
check_add(struct check_report *report, const char *what, enum check_state state, const char *fmt,
    ...)
{
	struct check_finding *findings =
	    memory_check(realloc(report->findings, (report->count + 1) * sizeof *findings));
	struct check_finding *finding;
	va_list               args;

	report->findings = findings;
	finding = &findings[report->count++];
	finding->what = what;
	finding->state = state;
	finding->command = NULL;
	va_start(args, fmt);
	(void)vsnprintf(finding->detail, sizeof finding->detail, fmt, args);
	va_end(args);
	report->warnings += state == CHECK_WARNING;
	report->errors += state == CHECK_ERROR;
}

const char *
check_remedy(const struct error *err, const char *remedy)
{
	if (strstr(err->detail, "give it to that one") != NULL)
		return "nothing reads it until then";
	return strstr(err->detail, strerror(EACCES)) != NULL
	    ? "give it to the owner of the directory, whose it should be"
	    : remedy;
}

void
check_add_command(struct check_report *report, const char *verb, const char *path)
{
	AUTO_FREE char *word = shell_quote(path);
	size_t          size = strlen(verb) + strlen(word) + 2;
	char           *command = memory_new(size);

	(void)snprintf(command, size, "%s %s", verb, word);
	report->findings[report->count - 1].command = command;
}

void
check_add_error(struct check_report *report, const char *what, const struct error *err,
    const char *remedy)
{
	remedy = check_remedy(err, remedy);
	check_add(report, what, CHECK_ERROR, "%s%s%s", err->detail, remedy != NULL ? "; " : "",
	    remedy != NULL ? remedy : "");
}

void
check_expiry(struct check_report *report, const char *what, int64_t not_after, int64_t now,
    const char *remedy)
{
	char when[CLOCK_TEXT_SIZE];

	clock_format(not_after, when);
	if (not_after <= now)
		check_add(report, what, CHECK_ERROR, "expired at %s; %s", when, remedy);
	else if (not_after - now <= CHECK_SOON)
		check_add(report, what, CHECK_WARNING, "expires soon, at %s; %s", when, remedy);
	else
		check_add(report, what, CHECK_OK, "valid until %s", when);
}

void
check_report_clear(struct check_report *report)
{
	for (size_t i = 0; i < report->count; i++)
		free(report->findings[i].command);
	free(report->findings);
	*report = (struct check_report){0};
}
