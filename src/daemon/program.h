/*
 * A daemon as a program: the options that all of them take, and which of the
 * three processes runs what. What it serves is the program's own.
 */
#ifndef DAEMON_PROGRAM_H
#define DAEMON_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/config_file.h"

struct error;
struct supervisor_child;

/* An option of the command line that says what a row of the configuration file can say. */
struct program_option {
	const char *name;   /* "--" and this */
	char        letter; /* "-" and this; '\0': none */
	const char *row;
};

/* More options of its own than a program has. */
#define PROGRAM_OPTIONS_MAX 16U

/*
 * A program. Every daemon takes --state-dir, --listen, --workers and --log-level,
 * for the rows state_dir, listen, workers and log_level, and --config, --no-fork,
 * --help and --version; what it is told twice counts as told last, but for lists.
 */
struct program {
	const char *name; /* for the log and argv[0]: "attestd" */
	void      (*help)(FILE *out);
	const struct program_option *options; /* its own; ends with {0} */

	/* What is configured: the rows, the zeroed struct that they fill, and who frees it. */
	const struct config_row *rows;
	size_t                   row_count;
	void                    *settings;
	int  (*complete)(void *settings, const char *path, struct error *err);
	void (*clear)(void *settings);
	bool (*serves_tls)(const void *settings);

	int (*front)(const struct supervisor_child *child);
	int (*keeper)(const void *settings, int control, bool signals, const char *listening,
	    struct error *err);

	/* Runs when the first operand is anything but "run"; NULL: there are no operands. */
	int (*administer)(int argc, char **argv);
};

/* Reads the options and is what this process is to be. Returns the exit status. */
int program_main(const struct program *program, int argc, char **argv);

/*
 * For program.complete, of the settings that every daemon has: how many workers when
 * nobody says (one per processor), and whether there are too many addresses. MALFORMED.
 */
int program_settings_check(int64_t *workers, const struct config_list *listen, struct error *err);

#endif
