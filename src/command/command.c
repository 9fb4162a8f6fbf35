/* The help that is made from a program's table of commands. */
#include "config.h"

#include "command/command.h"

#include <string.h>

static void
help_options(FILE *out, const char *title, const struct admin_option *options)
{
	if (options->name == NULL)
		return;
	(void)fprintf(out, "\n%s:\n", title);
	for (; options->name != NULL; options++) {
		size_t width = strlen(options->name);

		if (options->letter != 0)
			(void)fprintf(out, "  -%c, ", options->letter);
		else
			(void)fputs("      ", out);
		(void)fprintf(out, "--%s", options->name);
		if (options->argument != NULL) {
			(void)fprintf(out, " %s", options->argument);
			width += 1 + strlen(options->argument);
		}
		(void)fprintf(out, "%*s%s\n", width < 28 ? (int)(28 - width) : 2, "",
		    options->summary);
	}
}

void
admin_help_commands(FILE *out, const struct admin_program *program)
{
	(void)fprintf(out, "commands:\n");
	for (size_t i = 0; i < program->command_count; i++)
		(void)fprintf(out, "  %-18s%s\n", program->commands[i].name,
		    program->commands[i].summary);
}

void
admin_help(FILE *out, const struct admin_program *program)
{
	(void)fprintf(out, "usage: %s [--state-dir DIR] [--json] COMMAND [ARGUMENT]...\n\n%s\n",
	    program->name, program->about);
	admin_help_commands(out, program);
	help_options(out, "options", program->options);
	(void)fprintf(out, "\n\"%s COMMAND --help\" says more.\n", program->name);
}

void
admin_help_command(FILE *out, const struct admin_program *program,
    const struct admin_command *command)
{
	(void)fprintf(out, "usage: %s %s%s%s\n\n%s\n", program->name, command->name,
	    *command->usage != '\0' ? " " : "", command->usage, command->summary);
	help_options(out, "options", command->options);
	help_options(out, "options of every command", program->options);
}
