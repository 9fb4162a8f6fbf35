/* What attest-ca check has found, one line for each thing that it looked at. */
#ifndef ADMIN_CHECK_REPORT_H
#define ADMIN_CHECK_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command_call;
struct error;
struct key_access;

enum check_state { CHECK_OK, CHECK_WARNING, CHECK_ERROR };

struct check_finding {
	const char      *what;   /* "store", "issuing key": ours */
	enum check_state state;
	char             detail[640]; /* what was found, and what to do about it */
};

/* Emptied by check_report_clear; {0} is one without findings. */
struct check_report {
	struct check_finding *findings;
	size_t                count;
	size_t                warnings;
	size_t                errors;
};

void check_add(struct check_report *report, const char *what, enum check_state state,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* An error in its own words, with what to do about it behind; `remedy` may be NULL. */
void check_add_error(struct check_report *report, const char *what, const struct error *err,
    const char *remedy);

void check_report_clear(struct check_report *report);

/* The parts of the check. Each finds what it can, and goes on where something is wrong. */
void check_files(const struct command_call *call, struct check_report *report);
void check_store(const struct command_call *call, struct check_report *report);
void check_ca(const struct command_call *call, const struct key_access *access,
    struct check_report *report);

/* Says "expires" in time, or that it has; the remedy says what to do then. */
void check_expiry(struct check_report *report, const char *what, int64_t not_after, int64_t now,
    const char *remedy);

#endif
