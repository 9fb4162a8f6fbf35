/* Commands in one table, and the program that runs them. */
#ifndef COMMAND_COMMAND_H
#define COMMAND_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "command/call.h"

#define ADMIN_OPERANDS_ANY ((size_t)-1)

struct admin_command {
	const char                *name;
	const char                *usage; /* operands and options, as help shows them */
	const char                *summary;
	const struct admin_option *options; /* its own; ends with {NULL} */
	size_t                     operands_min;
	size_t                     operands_max;
	admin_run                 *run;
};

/* A program that administers a state directory: its words, its options, its commands. */
struct admin_program {
	const char                 *name;
	const char                 *about;     /* some lines for its help, the last one ended */
	const char                 *state_dir; /* where that is when nobody says */
	const struct admin_option  *options;   /* what every command takes; ends with {NULL} */
	const struct admin_command *commands;
	size_t                      command_count;
};

/* attest-ca. */
const struct admin_program *admin_attest_ca(void);

/* Help: of the whole program, its list of commands alone, and of one command. */
void admin_help(FILE *out, const struct admin_program *program);
void admin_help_commands(FILE *out, const struct admin_program *program);
void admin_help_command(FILE *out, const struct admin_program *program,
    const struct admin_command *command);

/* Runs a program: 0 done, 1 failed, 2 asked wrongly; what is wrong goes to standard error. */
int admin_main(const struct admin_program *program, int argc, char **argv);

#endif
