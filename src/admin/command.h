/* The commands of attest-ca in one table, and the program that runs them. */
#ifndef ADMIN_COMMAND_H
#define ADMIN_COMMAND_H

#include <stddef.h>
#include <stdio.h>

#include "admin/call.h"

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

/* The commands, `*count` of them. */
const struct admin_command *admin_commands(size_t *count);

/* What every command takes; ends with {NULL}. */
const struct admin_option *admin_options(void);

/* Help: of the whole program, and of one command. */
void admin_help(FILE *out);
void admin_help_command(FILE *out, const struct admin_command *command);

/* Runs the program: 0 done, 1 failed, 2 asked wrongly; what is wrong goes to standard error. */
int admin_main(int argc, char **argv);

#endif
