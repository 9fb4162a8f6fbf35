/* The findings of attest-ca check, one line for each item checked. */
#ifndef ADMIN_CHECK_REPORT_H
#define ADMIN_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ca/running.h"

struct command_call;
struct error;
struct key_access;

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_ERROR };

struct check_finding {
	const char      *what;   /* "store", "issuing key": a literal */
	enum check_state state;
	char             detail[640]; /* the finding, and the remedy */
	char            *command; /* the remedy, quoted for a shell and printable; NULL: none */
};

/* Emptied by check_report_clear; {0} has no findings. */
struct check_report {
	struct check_finding *findings;
	size_t                count;
	size_t                warnings;
	size_t                errors;
	enum running          daemon; /* as check_daemon found */
};

void check_add(struct check_report *report, const char *what, enum check_state state,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The remedy for an error: of what may not be read it is another, since it is not broken. */
const char *check_remedy(const struct error *err, const char *remedy);

/* Adds the command that is the remedy to the last finding: `verb`, a literal, and a path. */
void check_add_command(struct check_report *report, const char *verb, const char *path);

/* Adds an error with its detail, followed by the remedy; `remedy` may be NULL. */
void check_add_error(struct check_report *report, const char *what, const struct error *err,
    const char *remedy);

void check_report_clear(struct check_report *report);

/*
 * The parts of the check. Each reports all its findings and continues after a fault. What
 * check_ca advises depends on what check_daemon found.
 */
void check_files(const struct command_call *call, struct check_report *report);
void check_store(const struct command_call *call, struct check_report *report);
void check_daemon(const struct command_call *call, struct check_report *report);
void check_ca(const struct command_call *call, const struct key_access *access,
    struct check_report *report);

/* Adds a finding if something expires soon or has expired; `remedy` is the remedy. */
void check_expiry(struct check_report *report, const char *what, int64_t not_after, int64_t now,
    const char *remedy);

#endif
