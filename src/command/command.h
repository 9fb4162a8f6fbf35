/* Commands: each is a record at the top of its own file; a program is a table of their
 * addresses. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "command/option.h"

struct error;
struct folder;

/* One invocation of a command, after its command line was parsed and checked. */
struct command_call {
	const char  *state_dir; /* NULL in a program without this option and without a default */
	const char  *store;     /* a place, as store/store.h says; NULL: the state directory */
	bool         json;
	int64_t      now;
	const void  *options; /* the struct that the command's options have filled */
	char *const *operands;
	size_t       operand_count;
	json_t      *answer; /* the object that --json prints, in a program with `answers`; else NULL */
	const struct folder *state; /* the state directory, of a command with `state`; else NULL */
	bool         other_identity; /* root takes on that of the state directory's owner */
	bool         help;   /* these two are for main only */
	bool         version;
};

/* Returned by a command for a usage error: the program exits with 2 instead of 1. */
#define COMMAND_USAGE (-2)

/* Returns 0 on success, -1 on failure, COMMAND_USAGE on a usage error. */
typedef int command_run(const struct command_call *call, struct error *err);

/* Checks the call before anything is done: 0, or -1 for a usage error. */
typedef int command_check(const struct command_call *call, struct error *err);

/*
 * Opens or begins what the administrator names, and keeps it in `options`: root takes on the
 * identity of the state directory's owner after it. The same results as command_run.
 */
typedef int command_open(const struct command_call *call, void *options, struct error *err);

/* Option rows, ended by {0}, and the offset of the struct that they fill within the command's. */
struct command_rows {
	const struct command_option *rows;
	size_t                       offset;
};

#define COMMAND_ROWS_MAX     8
#define COMMAND_OPERANDS_ANY ((size_t)-1)

struct command {
	const char *name; /* one word, or the family's and its own: "trust import" */
	const char *summary;
	const char *paragraph; /* for its help, without the last newline; NULL: the summary */

	size_t              size; /* size of the struct that its options fill; zeroed at first */
	struct command_rows options[COMMAND_ROWS_MAX];

	const char *operands; /* the operands in the usage line: "HASH | PREFIX" */
	size_t      operands_min;
	size_t      operands_max;

	command_check *check; /* NULL: no check */
	bool           operands_named; /* operands are files to read: file_named.h opens them first */
	bool           state; /* works on the state directory's files: it is opened before `run` */
	command_open  *open;  /* NULL: rows and operands say it all */
	command_run   *run;
};

struct command_program {
	const char                  *name;
	const char                  *about;   /* text for its help, with the last newline */
	const struct command_option *options; /* of every command; they fill struct command_call */
	const struct command_option *early;   /* commands' options that may precede the command */
	const struct command *const *commands; /* ends with NULL */
	void (*help)(FILE *out);               /* replaces the generated help; NULL: none */
	bool takes_owner; /* root works in somebody's state directory as its owner: identity.h */
	bool last_counts; /* of an option given twice the last counts; else it is refused */
	bool answers; /* --json prints call->answer, which has "error" and "detail" on failure */
};

/* The options of every program. */
#define COMMAND_OPTION_HELP                                                           \
	{OPTION(FLAG, "help", NULL, struct command_call, help,                        \
	     "show this, and with a command what that takes"),                        \
	    .letter = 'h'}
#define COMMAND_OPTION_VERSION                                                        \
	{OPTION(FLAG, "version", NULL, struct command_call, version, "show the version"), \
	    .letter = 'V'}

/*
 * Print help, generated from the records: of the whole program, its list of commands
 * only, a family of commands ("trust"), and one command.
 */
void command_help(FILE *out, const struct command_program *program);
void command_help_commands(FILE *out, const struct command_program *program);
void command_help_family(FILE *out, const struct command_program *program, const char *family);
void command_help_command(FILE *out, const struct command_program *program,
    const struct command *command);

/* Prints the synopsis of all commands for the manual page, in mdoc(7). */
void command_synopsis(FILE *out, const struct command_program *program);

/* True when a command has a name of two words of which this is the first. */
bool command_is_family(const struct command_program *program, const char *word);

/* The name of a command that `given` is probably a misspelling of; NULL when there is none. */
const char *command_suggest(const struct command_program *program, const char *given);

/* Runs a program and returns its exit status: 0 done, 1 failed, 2 usage error. Errors go to
 * standard error. */
int command_main(const struct command_program *program, int argc, char **argv);

#endif
