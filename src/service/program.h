/*
 * A daemon as a program: the options of all daemons, and the start of its three
 * processes. The program itself defines what is served.
 */
#ifndef SERVICE_PROGRAM_H
#define SERVICE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "util/config_file.h"

struct error;
struct service_settings;
struct supervisor_child;

/*
 * A program. Its options are those of its rows, and --config, --check-config, --no-fork,
 * --help and --version. Of an option given twice the last counts, except for lists, which
 * collect all.
 */
struct program {
	const char *name;  /* for the log and argv[0]: "attestd" */
	const char *usage; /* begins --help; complete lines */
	void      (*help_more)(FILE *out); /* ends --help; NULL: nothing */

	const struct config_schema *(*schema)(void);
	size_t settings_size;
	struct service_settings *settings; /* the first member of the zeroed struct that it fills */

	/* The setting that enables HTTPS instead of HTTP; NULL: always HTTPS. */
	const char *tls_setting;

	int (*front)(const struct supervisor_child *child);
	/* Both are given the struct that the schema fills. */
	int (*keeper)(const void *settings, int control, bool signals, const char *listening,
	    struct error *err);
	/* Reads all files that the settings name, to check them; changes nothing. */
	int (*check_files)(const void *settings, struct error *err);

	/* Runs when the first operand is not "run"; NULL: the program takes no operands. */
	int (*administer)(int argc, char **argv);
};

/* Prints the help. */
void program_help(const struct program *program, FILE *out);

/* Reads the options and runs this process in its role. Returns the exit status. */
int program_main(const struct program *program, int argc, char **argv);

#endif
