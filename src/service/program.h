/*
 * A daemon as a program: the options that all of them take, and which of the
 * three processes runs what. What it serves is the program's own.
 */
#ifndef SERVICE_PROGRAM_H
#define SERVICE_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include "util/config_file.h"

struct error;
struct service_settings;
struct supervisor_child;

/*
 * A program. Its options are those of the rows that have one, and --config, --check-config,
 * --no-fork, --help and --version. The last of two equal options counts; lists collect them.
 */
struct program {
	const char *name;  /* for the log and argv[0]: "attestd" */
	const char *usage; /* what --help begins with, a text of whole lines */
	void      (*help_more)(FILE *out); /* and ends with; NULL: nothing */

	const struct config_schema *(*schema)(void);
	struct service_settings *settings; /* the first member of the zeroed struct that it fills */

	/* The name of the setting without which HTTP is served; NULL: always HTTPS. */
	const char *tls_setting;

	int (*front)(const struct supervisor_child *child);
	/* Both get the struct that the schema fills. */
	int (*keeper)(const void *settings, int control, bool signals, const char *listening,
	    struct error *err);
	/* Reads all files that the settings name, and changes nothing. */
	int (*check_files)(const void *settings, struct error *err);

	/* Runs when the first operand is anything but "run"; NULL: there are no operands. */
	int (*administer)(int argc, char **argv);
};

/* Prints what --help says. */
void program_help(const struct program *program, FILE *out);

/* Reads the options and is what this process is to be. Returns the exit status. */
int program_main(const struct program *program, int argc, char **argv);

#endif
