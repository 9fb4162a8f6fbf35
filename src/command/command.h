/* Commands: each is a record on top of its own file; a program is a table of their addresses. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "command/option.h"

struct error;

/* One call of a command as it sees it: everything is sorted out already. */
struct command_call {
	const char  *state_dir; /* NULL in a program that has no such option, and no default */
	const char  *store;     /* a place, as store/store.h says; NULL: the state directory */
	bool         json;
	int64_t      now;
	const void  *options; /* the struct that the command's options have filled */
	char *const *operands;
	size_t       operand_count;
	json_t      *answer; /* of a program that answers: the object that --json prints; else NULL */
	bool         help;   /* these two are main's own */
	bool         version;
};

/* What a command returns when it was asked wrongly: the program ends with 2 instead of 1. */
#define COMMAND_USAGE (-2)

/* 0 when it is done, -1 when that failed, COMMAND_USAGE when the call cannot mean anything. */
typedef int command_run(const struct command_call *call, struct error *err);

/* Looks at the call before anything is done: 0, or -1 when it cannot mean anything. */
typedef int command_check(const struct command_call *call, struct error *err);

/* Rows that end with {0}, and where the struct that they fill lies in the command's. */
struct command_rows {
	const struct command_option *rows;
	size_t                       offset;
};

#define COMMAND_ROWS_MAX     8
#define COMMAND_OPERANDS_ANY ((size_t)-1)

struct command {
	const char *name; /* one word, or the family's and its own: "trust import" */
	const char *summary;
	const char *paragraph; /* for its help, lines ended but the last; NULL: the summary says it */

	size_t              size; /* of the struct that its options fill; it begins zeroed */
	struct command_rows options[COMMAND_ROWS_MAX];

	const char *operands; /* their words in the usage line: "HASH | PREFIX" */
	size_t      operands_min;
	size_t      operands_max;

	command_check *check; /* NULL: nothing to check */
	command_run   *run;
};

struct command_program {
	const char                  *name;
	const char                  *about;   /* some lines for its help, the last one ended */
	const struct command_option *options; /* of every command; they fill struct command_call */
	const struct command_option *early;   /* rows of the commands' own that may stand before the
	                                         command as well; NULL: there are none */
	const struct command *const *commands; /* ends with NULL */
	void (*help)(FILE *out);               /* in place of the help that is made; NULL: none */
	bool last_counts; /* an option that is given twice counts as given last; else it is refused */
	bool answers; /* with --json it prints call->answer, which has "error" and "detail" on failure */
};

/* What every program has among its options. */
#define COMMAND_OPTION_HELP                                                           \
	{OPTION(FLAG, "help", NULL, struct command_call, help,                        \
	     "show this, and with a command what that takes"),                        \
	    .letter = 'h'}
#define COMMAND_OPTION_VERSION                                                        \
	{OPTION(FLAG, "version", NULL, struct command_call, version, "show the version"), \
	    .letter = 'V'}

/*
 * Help, made from the records: of the whole program, its list of commands alone, of a
 * family of commands ("trust"), and of one command.
 */
void command_help(FILE *out, const struct command_program *program);
void command_help_commands(FILE *out, const struct command_program *program);
void command_help_family(FILE *out, const struct command_program *program, const char *family);
void command_help_command(FILE *out, const struct command_program *program,
    const struct command *command);

/* Whether some command's name is of two words and this is the first of them. */
bool command_is_family(const struct command_program *program, const char *word);

/* The name of a command that is nearly `given`, as a typing error away; NULL when none is. */
const char *command_suggest(const struct command_program *program, const char *given);

/* Runs a program: 0 done, 1 failed, 2 asked wrongly; what is wrong goes to standard error. */
int command_main(const struct command_program *program, int argc, char **argv);

#endif
