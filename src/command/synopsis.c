/* Generates the synopsis of a manual page, in mdoc(7), from a program's records. */
#include "config.h"

#include <string.h>

#include "command/command.h"

/* ".Op Fl -name Ar NAME ...", without Op if the option is required. */
static void
synopsis_option(FILE *out, const struct command_option *option)
{
	(void)fprintf(out, ".%sFl -%s%s%s%s\n", option->required ? "" : "Op ", option->name,
	    option->argument != NULL ? " Ar " : "", option->argument != NULL ? option->argument : "",
	    option->kind == OPTION_LIST ? " ..." : "");
}

/* All but those that only tell about the program. */
static void
synopsis_options(FILE *out, const struct command_option *option)
{
	for (; option != NULL && option->name != NULL; option++)
		if (strcmp(option->name, "help") != 0 && strcmp(option->name, "version") != 0)
			synopsis_option(out, option);
}

static void
synopsis_command(FILE *out, const struct command_program *program, const struct command *command)
{
	(void)fputs(".Nm\n", out);
	synopsis_options(out, program->early);
	synopsis_options(out, program->options);
	(void)fprintf(out, ".Cm %s\n", command->name);
	for (size_t i = 0; i < COMMAND_ROWS_MAX && command->options[i].rows != NULL; i++)
		if (command->options[i].rows != program->early)
			synopsis_options(out, command->options[i].rows);
	if (command->operands != NULL)
		(void)fprintf(out, ".%sAr %s%s\n", command->operands_min == 0 ? "Op " : "", command->operands,
		    command->operands_max == COMMAND_OPERANDS_ANY ? " ..." : "");
}

void
command_synopsis(FILE *out, const struct command_program *program)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		synopsis_command(out, program, program->commands[i]);
}
