/* Generates help from a program's records. */
#include "config.h"

#include <string.h>

#include "command/command.h"
#include "command/print.h"

/* Last column of usage lines; columns before the name of an option, and from there to its
 * summary; first column of commands' summaries. */
#define HELP_COLUMNS 80
#define HELP_INDENT  8
#define HELP_SUMMARY 28
#define HELP_COMMAND 20

/* ---- usage ---- */

/* A usage text: wraps between words, all lines but the first indented. */
struct usage {
	FILE  *out;
	size_t column;
};

static void
usage_word(struct usage *usage, const char *word)
{
	size_t length = strlen(word);

	if (usage->column != 0 && usage->column + 1 + length > HELP_COLUMNS) {
		(void)fputs("\n          ", usage->out);
		usage->column = 10;
	}
	usage->column += (size_t)fprintf(usage->out, "%s%s", usage->column != 0 ? " " : "", word);
}

/* "[--name NAME]...", without the brackets if the option is required. */
static void
usage_options(struct usage *usage, const struct command_option *option)
{
	char text[128];

	for (; option->name != NULL; option++) {
		(void)snprintf(text, sizeof text, "%s--%s%s%s%s%s", option->required ? "" : "[",
		    option->name, option->argument != NULL ? " " : "",
		    option->argument != NULL ? option->argument : "", option->required ? "" : "]",
		    option->kind == OPTION_LIST ? "..." : "");
		usage_word(usage, text);
	}
}

static void
usage_begin(struct usage *usage, FILE *out, const char *program)
{
	*usage = (struct usage){.out = out};
	usage_word(usage, "usage:");
	usage_word(usage, program);
}

static void
usage_command(FILE *out, const struct command_program *program, const struct command *command)
{
	struct usage usage;
	char         text[128];

	usage_begin(&usage, out, program->name);
	usage_word(&usage, command->name);
	for (size_t i = 0; i < COMMAND_ROWS_MAX && command->options[i].rows != NULL; i++)
		if (command->options[i].rows != program->early)
			usage_options(&usage, command->options[i].rows);
	if (command->operands != NULL) {
		(void)snprintf(text, sizeof text, "%s%s%s%s", command->operands_min == 0 ? "[" : "",
		    command->operands, command->operands_min == 0 ? "]" : "",
		    command->operands_max == COMMAND_OPERANDS_ANY ? "..." : "");
		usage_word(&usage, text);
	}
	(void)fputs("\n", out);
}

static void
usage_program(FILE *out, const struct command_program *program)
{
	struct usage usage;

	usage_begin(&usage, out, program->name);
	for (const struct command_option *option = program->options; option->name != NULL; option++) {
		struct command_option row[] = {*option, {0}};

		if (strcmp(option->name, "help") != 0 && strcmp(option->name, "version") != 0)
			usage_options(&usage, row);
	}
	if (program->early != NULL)
		usage_options(&usage, program->early);
	usage_word(&usage, "COMMAND");
	usage_word(&usage, "[ARGUMENT]...");
	(void)fputs("\n", out);
}

/* ---- options ---- */

/* What stands in the second column, folded on a terminal, and the line's end. */
static void
help_second(FILE *out, size_t column, size_t indent, const char *const *texts, size_t count)
{
	struct print_fold fold = {.out = out, .columns = print_columns(), .column = column, .indent = indent};

	for (size_t i = 0; i < count; i++)
		print_folded(&fold, texts[i]);
	(void)fputc('\n', out);
}

static void
help_summary(FILE *out, size_t column, const struct command_option *option)
{
	bool        valued = option->value != NULL && option->value[0] != '\0';
	char        words[256] = "";
	const char *texts[] = {option->summary != NULL ? option->summary : "",
	    option->summary != NULL && option->kind == OPTION_WORD ? ": " : "", words,
	    valued ? " (" : "", valued ? option->value : "", valued ? ")" : ""};

	if (option->kind == OPTION_WORD)
		command_option_words(option, "or", words, sizeof words);
	help_second(out, column, HELP_INDENT + HELP_SUMMARY, texts, sizeof texts / sizeof texts[0]);
}

static void
help_option(FILE *out, const struct command_option *option)
{
	size_t width = strlen(option->name);

	if (option->letter != 0)
		(void)fprintf(out, "  -%c, ", option->letter);
	else
		(void)fputs("      ", out);
	(void)fprintf(out, "--%s", option->name);
	if (option->argument != NULL) {
		(void)fprintf(out, " %s", option->argument);
		width += 1 + strlen(option->argument);
	}
	width += (size_t)fprintf(out, "%*s", width < HELP_SUMMARY ? (int)(HELP_SUMMARY - width) : 2, "");
	help_summary(out, HELP_INDENT + width, option);
}

/* Prints the title before the first row, and counts the rows. */
static void
help_options(FILE *out, const char *title, const struct command_option *options, size_t *count)
{
	if (options == NULL)
		return;
	for (; options->name != NULL; options++) {
		if ((*count)++ == 0)
			(void)fprintf(out, "\n%s:\n", title);
		help_option(out, options);
	}
}

/* ---- whole texts ---- */

static void
help_command_line(FILE *out, const struct command *command)
{
	size_t column = (size_t)fprintf(out, "  %-18s", command->name);

	help_second(out, column, HELP_COMMAND, &command->summary, 1);
}

void
command_help_commands(FILE *out, const struct command_program *program)
{
	(void)fprintf(out, "commands:\n");
	for (size_t i = 0; program->commands[i] != NULL; i++)
		help_command_line(out, program->commands[i]);
}

void
command_help(FILE *out, const struct command_program *program)
{
	size_t count = 0;

	if (program->help != NULL) {
		program->help(out);
		return;
	}
	usage_program(out, program);
	(void)fprintf(out, "\n%s\n", program->about);
	command_help_commands(out, program);
	help_options(out, "options", program->options, &count);
	help_options(out, "options", program->early, &count);
	(void)fprintf(out, "\n\"%s help COMMAND\" or \"%s COMMAND --help\" says more.\n",
	    program->name, program->name);
}

/* True when a command belongs to the family, whose name has `length` octets. */
static bool
is_of_family(const struct command *command, const char *family, size_t length)
{
	return strncmp(command->name, family, length) == 0 && command->name[length] == ' ';
}

bool
command_is_family(const struct command_program *program, const char *word)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (is_of_family(program->commands[i], word, strlen(word)))
			return true;
	return false;
}

void
command_help_family(FILE *out, const struct command_program *program, const char *family)
{
	struct usage usage;

	usage_begin(&usage, out, program->name);
	usage_word(&usage, family);
	usage_word(&usage, "COMMAND");
	usage_word(&usage, "[ARGUMENT]...");
	(void)fprintf(out, "\n\ncommands:\n");
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (is_of_family(program->commands[i], family, strlen(family)))
			help_command_line(out, program->commands[i]);
	(void)fprintf(out, "\n\"%s help %s COMMAND\" says more.\n", program->name, family);
}

void
command_help_command(FILE *out, const struct command_program *program,
    const struct command *command)
{
	size_t own = 0;
	size_t common = 0;

	usage_command(out, program, command);
	(void)fprintf(out, "\n%s\n", command->summary);
	if (command->paragraph != NULL)
		(void)fprintf(out, "\n%s\n", command->paragraph);
	for (size_t i = 0; i < COMMAND_ROWS_MAX && command->options[i].rows != NULL; i++)
		if (command->options[i].rows != program->early)
			help_options(out, "options", command->options[i].rows, &own);
	help_options(out, "options of every command", program->options, &common);
	help_options(out, "options of every command", program->early, &common);
}
