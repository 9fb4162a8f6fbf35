/* Reads the command line, finds the command, runs it and says what went wrong. */
#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/print.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

#define MAIN_DONE   0
#define MAIN_FAILED 1
#define MAIN_USAGE  2

/* What getopt_long answers for the option at an index of the table it was given. */
#define MAIN_OPTION_BASE 256

/* Enough for the common options and those of any command; a longer table ends the program. */
#define MAIN_OPTIONS_MAX 16

struct options {
	const struct admin_option *records[MAIN_OPTIONS_MAX];
	struct option              table[MAIN_OPTIONS_MAX + 1];
	size_t                     count;
	char                       letters[2 * MAIN_OPTIONS_MAX + 1]; /* as getopt wants them */
};

static void
options_add(struct options *options, const struct admin_option *records)
{
	for (; records->name != NULL; records++) {
		size_t length = strlen(options->letters);

		if (options->count == MAIN_OPTIONS_MAX)
			abort();
		options->records[options->count] = records;
		options->table[options->count] = (struct option){records->name,
		    records->argument != NULL ? required_argument : no_argument, NULL,
		    MAIN_OPTION_BASE + (int)options->count};
		options->count++;
		if (records->letter != 0)
			(void)snprintf(options->letters + length, sizeof options->letters - length,
			    "%c%s", records->letter, records->argument != NULL ? ":" : "");
	}
}

/* The option that getopt_long has found. */
static const struct admin_option *
options_find(const struct options *options, int answer)
{
	size_t i = 0;

	if (answer >= MAIN_OPTION_BASE)
		return options->records[answer - MAIN_OPTION_BASE];
	while (options->records[i]->letter != answer)
		i++;
	return options->records[i];
}

static const char *
call_first(const struct admin_call *call, const char *name, const char *missing, bool *given)
{
	*given = false;
	for (size_t i = 0; i < call->value_count; i++) {
		if (strcmp(call->values[i].option->name, name) == 0) {
			*given = true;
			return call->values[i].text;
		}
	}
	return missing;
}

const char *
admin_call_value(const struct admin_call *call, const char *name, const char *missing)
{
	bool given;

	return call_first(call, name, missing, &given);
}

size_t
admin_call_values(const struct admin_call *call, const char *name, const char **texts, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < call->value_count; i++) {
		if (strcmp(call->values[i].option->name, name) != 0)
			continue;
		if (count < max)
			texts[count] = call->values[i].text;
		count++;
	}
	return count;
}

bool
admin_call_given(const struct admin_call *call, const char *name)
{
	bool given;

	(void)call_first(call, name, NULL, &given);
	return given;
}

/* Says why the command line means nothing, and where to read what would. */
static int
main_usage(const struct admin_program *program, const struct admin_command *command,
    const struct error *err)
{
	(void)fprintf(stderr, "%s: ", program->name);
	print_text(stderr, err->detail);
	(void)fprintf(stderr, "; see \"%s %s%s--help\"\n", program->name,
	    command != NULL ? command->name : "", command != NULL ? " " : "");
	return MAIN_USAGE;
}

static int
call_add(struct admin_call *call, const struct admin_option *option, const char *text,
    struct error *err)
{
	if (!option->many && admin_call_given(call, option->name))
		return error_set(err, ERROR_MALFORMED, "--%s is given twice", option->name);
	call->values[call->value_count++] = (struct admin_value){option, text};
	return 0;
}

/* The sentence for what getopt_long refused: it leaves 0, a letter or a long option's number in optopt. */
static int
call_refuse(int answer, const char *given, struct error *err)
{
	char letter[] = {'-', (char)optopt, '\0'};

	if (optopt == 0)
		return error_set(err, ERROR_MALFORMED, "there is no option \"%.100s\"", given);
	if (answer == ':')
		return error_set(err, ERROR_MALFORMED, "%.100s needs an argument",
		    optopt < MAIN_OPTION_BASE ? letter : given);
	if (optopt < MAIN_OPTION_BASE)
		return error_set(err, ERROR_MALFORMED, "there is no option \"%s\"", letter);
	return error_set(err, ERROR_MALFORMED, "%.100s: this option takes no argument", given);
}

/*
 * Reads the options behind argv[0], all of them or up to the first operand;
 * optind is the first operand then.
 */
static int
call_read(struct admin_call *call, const struct options *options, bool all, int argc, char **argv,
    struct error *err)
{
	char letters[sizeof options->letters + 2];
	int  answer;

	(void)snprintf(letters, sizeof letters, "%s:%s", all ? "" : "+", options->letters);
	opterr = 0;
	optind = 0; /* glibc: begin again, with its permutation too */
	while ((answer = getopt_long(argc, argv, letters, options->table, NULL)) != -1) {
		if (answer == '?' || answer == ':')
			return call_refuse(answer, argv[optind - 1], err);
		if (call_add(call, options_find(options, answer), optarg, err) != 0)
			return -1;
	}
	return 0;
}

/* True when the operands begin with the words of a name, of which there are `words`. */
static bool
command_matches(const char *name, int argc, char **argv, int *words)
{
	for (*words = 0; *words < argc; name++) {
		size_t length = strcspn(name, " ");

		if (strlen(argv[*words]) != length || strncmp(argv[*words], name, length) != 0)
			return false;
		++*words;
		name += length;
		if (*name == '\0')
			return true;
	}
	return false;
}

/* A name may be two words: "trust import". Fills in how many were found, of the nearest when none fits. */
static const struct admin_command *
main_find_command(const struct admin_program *program, int argc, char **argv, int *words)
{
	int most = 0;

	for (size_t i = 0; i < program->command_count; i++) {
		if (command_matches(program->commands[i].name, argc, argv, words))
			return &program->commands[i];
		most = *words > most ? *words : most;
	}
	*words = most;
	return NULL;
}

static int
main_check_operands(const struct admin_command *command, const struct admin_call *call,
    struct error *err)
{
	if (call->operand_count < command->operands_min)
		return error_set(err, ERROR_MALFORMED, "%s needs to be told which", command->name);
	if (call->operand_count > command->operands_max)
		return error_set(err, ERROR_MALFORMED, "%s does not take \"%.100s\"", command->name,
		    call->operands[command->operands_max]);
	return 0;
}

/* Runs the command, and makes sure that what it printed has arrived. */
static int
main_run(const struct admin_program *program, const struct admin_command *command,
    struct admin_call *call)
{
	struct error err = {0};
	int          rc;

	call->state_dir = admin_call_value(call, "state-dir", program->state_dir);
	call->json = admin_call_given(call, "json");
	call->now = clock_now();
	if (*call->state_dir == '\0') {
		error_set(&err, ERROR_MALFORMED, "--state-dir cannot be empty");
		return main_usage(program, command, &err);
	}
	if (main_check_operands(command, call, &err) != 0)
		return main_usage(program, command, &err);
	rc = command->run(call, &err);
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout) != 0))
		rc = error_set_errno(&err, ERROR_INTERNAL, "%s is done, but writing the answer failed",
		    command->name);
	if (rc == ADMIN_USAGE)
		return main_usage(program, command, &err);
	if (rc == 0)
		return MAIN_DONE;
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s: ", program->name);
	print_text(stderr, err.detail);
	(void)fputc('\n', stderr);
	return MAIN_FAILED;
}

static bool
main_answered(const struct admin_program *program, const struct admin_call *call,
    const struct admin_command *command)
{
	if (admin_call_given(call, "help") && command != NULL)
		admin_help_command(stdout, program, command);
	else if (admin_call_given(call, "help"))
		admin_help(stdout, program);
	else if (admin_call_given(call, "version"))
		(void)printf("%s\n", PACKAGE_VERSION_LINE);
	else
		return false;
	return true;
}

static int
main_read_and_run(const struct admin_program *program, struct admin_call *call, int argc,
    char **argv)
{
	struct options              options = {.count = 0};
	const struct admin_command *command = NULL;
	struct error                err = {0};
	int                         words = 0;

	options_add(&options, program->options);
	if (call_read(call, &options, false, argc, argv, &err) != 0)
		return main_usage(program, NULL, &err);
	if (main_answered(program, call, NULL))
		return MAIN_DONE;
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		admin_help(stderr, program);
		return MAIN_USAGE;
	}
	if ((command = main_find_command(program, argc, argv, &words)) == NULL) {
		error_set(&err, ERROR_MALFORMED, "there is no command \"%.100s%s%.100s\"", argv[0],
		    words > 0 && argc > 1 ? " " : "", words > 0 && argc > 1 ? argv[1] : "");
		return main_usage(program, NULL, &err);
	}
	argc -= words - 1; /* getopt begins behind argv[0] */
	argv += words - 1;
	options_add(&options, command->options);
	if (call_read(call, &options, true, argc, argv, &err) != 0)
		return main_usage(program, command, &err);
	if (main_answered(program, call, command))
		return MAIN_DONE;
	call->operands = argv + optind;
	call->operand_count = (size_t)(argc - optind);
	return main_run(program, command, call);
}

int
admin_main(const struct admin_program *program, int argc, char **argv)
{
	struct admin_call call = {0};
	int               status;

	call.values = memory_new((size_t)argc * sizeof *call.values);
	status = main_read_and_run(program, &call, argc, argv);
	free(call.values);
	return status;
}
