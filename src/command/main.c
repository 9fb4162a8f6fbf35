/* Finds the command on the command line, runs it and reports errors. */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/print.h"
#include "command/reader.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file_named.h"
#include "util/folder.h"
#include "util/identity.h"
#include "util/own_command.h"
#include "util/process.h"

#define MAIN_DONE   0
#define MAIN_FAILED 1
#define MAIN_USAGE  2

/* One run. */
struct run {
	const struct command_program *program;
	const struct command         *command; /* NULL until found */
	struct command_call           call;
	struct folder                 state; /* what call.state leads to */
	struct option_reader          reader;
	void                         *options; /* filled by the command's options */
};

/* Reports a usage error and the help to read. */
static int
run_usage(const struct run *run, const struct error *err)
{
	const char *name = run->program->name;

	(void)fprintf(stderr, "%s: ", name);
	print_text(stderr, err->detail);
	(void)fprintf(stderr, "; see \"%s %s%s--help\"\n", name,
	    run->command != NULL ? run->command->name : "", run->command != NULL ? " " : "");
	return MAIN_USAGE;
}

/* ---- which command ---- */

/* True when the operands begin with the words of a name; *words is their number. */
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

/* A name may be two words: "trust import". Sets *words to the number of words found. */
static const struct command *
command_find(const struct command_program *program, int argc, char **argv, int *words)
{
	for (size_t i = 0; program->commands[i] != NULL; i++)
		if (command_matches(program->commands[i]->name, argc, argv, words))
			return program->commands[i];
	return NULL;
}

/* Reports an unknown command. In a family, the second word is part of the name. */
static int
command_unknown(const struct command_program *program, int argc, char **argv, struct error *err)
{
	bool        family = command_is_family(program, argv[0]);
	bool        two = argc > 1 && argv[1][0] != '-';
	const char *meant;
	char        given[256];

	(void)snprintf(given, sizeof given, "%.100s%s%.100s", argv[0], two ? " " : "",
	    two ? argv[1] : "");
	meant = command_suggest(program, given);
	if (!family && two && meant == NULL)
		meant = command_suggest(program, argv[0]);
	if (!family && (meant == NULL || strchr(meant, ' ') == NULL))
		given[strlen(argv[0]) < 100 ? strlen(argv[0]) : 100] = '\0';
	if (meant != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "there is no command \"%s\" (did you mean \"%s\"?)", given, meant);
	if (family && !two)
		return error_set(err, ERROR_MALFORMED,
		    "there is no command \"%s\" alone; \"%s help %s\" lists those that begin so", given,
		    program->name, given);
	return error_set(err, ERROR_MALFORMED, "there is no command \"%s\"", given);
}

/* ---- help ---- */

/* "help", "help COMMAND", "help FAMILY". */
static int
help_run(struct run *run, int argc, char **argv)
{
	struct error err = {0};
	int          words;

	if (argc == 0)
		command_help(stdout, run->program);
	else if ((run->command = command_find(run->program, argc, argv, &words)) != NULL)
		command_help_command(stdout, run->program, run->command);
	else if (argc == 1 && command_is_family(run->program, argv[0]))
		command_help_family(stdout, run->program, argv[0]);
	else {
		(void)command_unknown(run->program, argc, argv, &err);
		return run_usage(run, &err);
	}
	return MAIN_DONE;
}

/* True when the help of a family is wanted: "trust --help". */
static bool
family_help_is_asked(const struct command_program *program, int argc, char **argv)
{
	return argc == 2 && command_is_family(program, argv[0]) &&
	    (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);
}

/* Handles the program's own options --help and --version; false when neither was given. */
static bool
run_answered(const struct run *run)
{
	const struct command_program *program = run->program;

	if (run->call.help && run->command != NULL)
		command_help_command(stdout, program, run->command);
	else if (run->call.help)
		command_help(stdout, program);
	else if (run->call.version && strcmp(program->name, PACKAGE_NAME) == 0)
		(void)printf("%s\n", PACKAGE_VERSION_LINE);
	else if (run->call.version)
		(void)printf("%s (%s)\n", program->name, PACKAGE_VERSION_LINE);
	else
		return false;
	return true;
}

/* ---- the command ---- */

static int
run_check(struct run *run, struct error *err)
{
	const struct command      *command = run->command;
	const struct command_call *call = &run->call;

	if (call->operand_count < command->operands_min)
		return error_set(err, ERROR_MALFORMED, "%s needs an argument: %s", command->name,
		    command->operands);
	if (call->operand_count > command->operands_max)
		return error_set(err, ERROR_MALFORMED, "%s does not take \"%.100s\"", command->name,
		    call->operands[command->operands_max]);
	if (option_reader_complete(&run->reader, err) != 0)
		return -1;
	return command->check != NULL ? command->check(call, err) : 0;
}

/* ---- as whom ---- */

/* Files beside those of the options: the service manager's credentials, as many as there may be. */
#define RUN_CREDENTIALS_MAX 1024

static void
row_open(const struct command_option *row, const void *into)
{
	const void               *field = (const char *)into + row->offset;
	const struct option_list *list = field;

	if (!row->named)
		return;
	if (row->kind == OPTION_TEXT && *(const char *const *)field != NULL)
		file_named_open(*(const char *const *)field);
	for (size_t i = 0; row->kind == OPTION_LIST && i < list->count; i++)
		file_named_open(list->texts[i]);
}

static int
run_open(struct run *run, struct error *err)
{
	const struct command      *command = run->command;
	const struct command_call *call = &run->call;
	const char                *credentials = getenv("CREDENTIALS_DIRECTORY");

	for (size_t i = 0; i < COMMAND_ROWS_MAX && command->options[i].rows != NULL; i++)
		for (const struct command_option *row = command->options[i].rows; row->name != NULL; row++)
			row_open(row, (const char *)run->options + command->options[i].offset);
	for (size_t i = 0; command->operands_named && i < call->operand_count; i++)
		file_named_open(call->operands[i]);
	if (call->other_identity && credentials != NULL && *credentials != '\0' &&
	    file_named_open_tree(credentials, RUN_CREDENTIALS_MAX, err) != 0)
		return -1;
	return command->open != NULL ? command->open(call, run->options, err) : 0;
}

/* A store elsewhere, unless it is a server's, must be of the same owner: there is one identity. */
static int
run_check_store(const struct command_call *call, const struct identity *identity,
    struct error *err)
{
	struct identity other = {0};

	if (call->store == NULL ||
	    (strchr(call->store, ':') != NULL && strncmp(call->store, "sqlite:", 7) != 0))
		return 0;
	if (identity_find(call->store, &other, err) != 0)
		return -1;
	return other.uid == identity->uid
	    ? 0
	    : error_set(err, ERROR_INTERNAL,
	          "%s belongs to uid %lu, and %s to uid %lu: root does not work for two at once",
	          call->store, (unsigned long)other.uid, call->state_dir, (unsigned long)identity->uid);
}

/* Opens what the administrator names, and becomes who does the work. */
static int
run_identify(struct run *run, struct error *err)
{
	const char     *state_dir = run->call.state_dir;
	struct identity identity = {0};
	int             rc;

	if (run->program->takes_owner && state_dir != NULL &&
	    (identity_find(state_dir, &identity, err) != 0 ||
	        run_check_store(&run->call, &identity, err) != 0))
		return -1;
	run->call.other_identity = identity.other;
	rc = run_open(run, err);
	return rc == 0 ? identity_take(&identity, state_dir, err) : rc;
}

/* Opens the directory that the command works in: once, by whoever works there. */
static int
run_open_state(struct run *run, struct error *err)
{
	const char *path = run->call.state_dir;

	if (!run->command->state)
		return 0;
	if (folder_open(path, &run->state, err) != 0)
		return err->kind != ERROR_NOT_FOUND
		    ? -1
		    : error_set(err, ERROR_NOT_FOUND,
		          "there is no state directory %s; give the right --state-dir, or run \"%s init\"",
		          path, own_command(run->program->name));
	run->call.state = &run->state;
	return 0;
}

/* Prints the answer of a program with `answers`, and the error if it failed. */
static void
answer_print(const struct command_call *call, int rc, const struct error *err)
{
	if (rc != 0)
		(void)json_object_update_new(call->answer,
		    json_pack("{s:s, s:o}", "error", error_type(err->kind), "detail", print_json_text(err->detail)));
	(void)json_dumpf(call->answer, stdout, JSON_INDENT(1) | print_json_flags());
	(void)fputc('\n', stdout);
}

/* Commands in messages name the place of the state unless it is the usual one. */
static void
run_name_itself(const struct run *run)
{
	const struct command_call *call = &run->call;

	for (const struct command_option *row = run->program->options; row->name != NULL; row++)
		if (strcmp(row->name, "state-dir") == 0 && call->state_dir != NULL && row->value != NULL)
			own_command_set(run->program->name, call->state_dir, row->value, call->store);
}

/* Runs the command, and reports an error if its output could not be written. */
static int
run_command(struct run *run)
{
	struct command_call *call = &run->call;
	struct error         err = {0};
	int                  rc;

	if (run_check(run, &err) != 0) {
		if (run->program->answers && call->json) {
			call->answer = json_object();
			answer_print(call, -1, &err);
		}
		return run_usage(run, &err);
	}
	run_name_itself(run);
	call->answer = run->program->answers ? json_object() : NULL;
	rc = run_identify(run, &err);
	if (rc == 0)
		rc = run_open_state(run, &err);
	if (rc == 0)
		rc = run->command->run(call, &err);
	if (rc == COMMAND_USAGE)
		return run_usage(run, &err);
	if (run->program->answers && call->json)
		answer_print(call, rc, &err);
	if (rc == 0 && (fflush(stdout) != 0 || ferror(stdout) != 0))
		rc = error_set_errno(&err, ERROR_INTERNAL, "%s is done, but writing the answer failed",
		    run->command->name);
	if (rc == 0)
		return MAIN_DONE;
	(void)fflush(stdout);
	(void)fprintf(stderr, "%s: ", run->program->name);
	print_text(stderr, err.detail);
	(void)fputc('\n', stderr);
	return MAIN_FAILED;
}

/* Finds the option of any command for "--name" or "--name=text"; NULL when there is none. */
static const struct command_option *
option_find(const struct command_program *program, const char *given)
{
	size_t length = strcspn(given, "=");

	for (size_t i = 0; program->commands[i] != NULL; i++) {
		const struct command_rows *rows = program->commands[i]->options;

		for (size_t j = 0; j < COMMAND_ROWS_MAX && rows[j].rows != NULL; j++)
			for (const struct command_option *row = rows[j].rows; row->name != NULL; row++)
				if (length > 2 && strlen(row->name) == length - 2 &&
				    strncmp(given + 2, row->name, length - 2) == 0)
					return row;
	}
	return NULL;
}

/* Reads options. Reports an option of another command as misplaced. */
static int
run_read_options(struct run *run, bool all, int argc, char **argv, struct error *err)
{
	const struct command_option *option = NULL;
	const char                  *unknown;

	if (option_reader_read(&run->reader, all, argc, argv, &unknown, err) == 0)
		return 0;
	if (unknown != NULL)
		option = option_find(run->program, unknown);
	if (option == NULL)
		return -1;
	return run->command != NULL
	    ? error_set(err, ERROR_MALFORMED, "%s does not take --%s", run->command->name, option->name)
	    : error_set(err, ERROR_MALFORMED, "--%s must follow the command", option->name);
}

/* Reads the arguments after the command's words; argv[0] is the last of those. */
static int
run_read(struct run *run, int argc, char **argv, struct error *err)
{
	const struct command        *command = run->command;
	const struct command_option *homeless;

	run->options = memory_new(command->size + 1);
	run->call.options = run->options;
	for (size_t i = 0; i < COMMAND_ROWS_MAX && command->options[i].rows != NULL; i++)
		if (option_reader_add(&run->reader, command->options[i].rows,
		        (char *)run->options + command->options[i].offset, err) != 0)
			return -1;
	if ((homeless = option_reader_homeless(&run->reader)) != NULL)
		return error_set(err, ERROR_MALFORMED, "%s does not take --%s", command->name,
		    homeless->name);
	if (run_read_options(run, true, argc, argv, err) != 0)
		return -1;
	run->call.operands = argv + optind;
	run->call.operand_count = (size_t)(argc - optind);
	return 0;
}

static int
run_all(struct run *run, int argc, char **argv)
{
	const struct command_program *program = run->program;
	struct error                  err = {0};
	int                           words = 0;

	(void)option_reader_add(&run->reader, program->options, &run->call, &err);
	(void)option_reader_add(&run->reader, program->early, NULL, &err);
	if (run_read_options(run, false, argc, argv, &err) != 0)
		return run_usage(run, &err);
	if (run_answered(run))
		return MAIN_DONE;
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		(void)fprintf(stderr, "%s: no command given\n", program->name);
		command_help(stderr, program);
		return MAIN_USAGE;
	}
	if (strcmp(argv[0], "help") == 0)
		return help_run(run, argc - 1, argv + 1);
	if (family_help_is_asked(program, argc, argv))
		return help_run(run, 1, argv);
	if ((run->command = command_find(program, argc, argv, &words)) == NULL) {
		(void)command_unknown(program, argc, argv, &err);
		return run_usage(run, &err);
	}
	if (run_read(run, argc - words + 1, argv + words - 1, &err) != 0)
		return run_usage(run, &err);
	return run_answered(run) ? MAIN_DONE : run_command(run);
}

int
command_main(const struct command_program *program, int argc, char **argv)
{
	struct run run = {.program = program, .state = {.fd = -1}};
	int        status;

	process_outlive_file_limit();
	run.call.now = clock_now();
	run.reader.now = run.call.now;
	run.reader.last_counts = program->last_counts;
	status = run_all(&run, argc, argv);
	option_reader_clear(&run.reader);
	json_decref(run.call.answer);
	folder_close(&run.state);
	free(run.options);
	return status;
}
