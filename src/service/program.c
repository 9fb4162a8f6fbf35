/*
 * Owns the command line of a daemon and the start of its processes. Knows only
 * the settings that every daemon has, not what is served.
 */
#include "config.h"

#include "service/program.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/launch.h"
#include "daemon/supervisor.h"
#include "service/reread.h"
#include "service/settings.h"
#include "util/bytes.h"
#include "util/config_change.h"
#include "util/error.h"
#include "util/log.h"
#include "util/process.h"
#include "util/utf8.h"

#define EXIT_USAGE 2

/* getopt's values for options that are no settings; for settings it is the index in the table. */
enum fixed_option {
	OPTION_CONFIG = 256,
	OPTION_CHECK_CONFIG,
	OPTION_NO_FORK,
	OPTION_LISTENING,
	OPTION_SERVING,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option fixed_options[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"check-config", no_argument, NULL, OPTION_CHECK_CONFIG},
    {"no-fork", no_argument, NULL, OPTION_NO_FORK},
    {"listening", required_argument, NULL, OPTION_LISTENING}, /* supervisor to keeper, these two */
    {"serving", required_argument, NULL, OPTION_SERVING},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
};

#define FIXED_OPTIONS (sizeof fixed_options / sizeof fixed_options[0])

/* First of getopt's values for a program's own options. */
#define OPTION_FIRST 512

/* Their lines in --help, after those of the settings. */
static const char fixed_help[] =
    "  -c, --config FILE           read settings from FILE; options take precedence\n"
    "      --check-config          read the settings and what they name, and exit\n"
    "      --no-fork               front and keeper in one process, for a debugger\n"
    "  -h, --help                  this text\n"
    "  -V, --version               the version\n";

/* Bound on the options of a program's rows; no program has as many. */
#define ROW_OPTIONS_MAX 16U

/* All options of a program, for getopt. */
struct option_table {
	const struct config_row *rows[ROW_OPTIONS_MAX];
	size_t                   count;
	struct option            words[FIXED_OPTIONS + ROW_OPTIONS_MAX + 1];
	char                     letters[2 * ROW_OPTIONS_MAX + sizeof "+:c:hV"];
};

/* The command line without the settings. */
struct command_line {
	const char *config;
	const char *listening;
	int64_t     serving; /* number of workers; 0: not told */
	bool        check_config;
	bool        no_fork;
};

static int
complain(const struct program *program, const struct error *err)
{
	char text[sizeof err->detail];

	/* A detail may quote a file of another user's, and the terminal be root's. */
	utf8_clean((const uint8_t *)err->detail, strlen(err->detail), text, sizeof text);
	(void)fprintf(stderr, "%s: %s\n", program->name, text);
	return EXIT_FAILURE;
}

static int
usage_error(const struct program *program, const char *what, const char *value)
{
	(void)fprintf(stderr, "%s: %s%s; see \"%s --help\"\n", program->name, what, value,
	    program->name);
	return EXIT_USAGE;
}

static void
table_add(struct option_table *table, const struct config_row *row)
{
	size_t used = strlen(table->letters);

	if (table->count == ROW_OPTIONS_MAX)
		abort(); /* a mistake in the table, which any test of the program finds */
	table->words[FIXED_OPTIONS + table->count] =
	    (struct option){row->option, required_argument, NULL, OPTION_FIRST + (int)table->count};
	table->rows[table->count++] = row;
	if (row->letter != '\0') {
		table->letters[used] = row->letter;
		table->letters[used + 1] = ':';
	}
}

/* With `stop`, the first operand ends the options. */
static void
table_fill(const struct program *program, bool stop, struct option_table *table)
{
	const struct config_schema *schema = program->schema();

	*table = (struct option_table){0};
	(void)snprintf(table->letters, sizeof table->letters, "%s", stop ? "+:c:hV" : ":c:hV");
	memcpy(table->words, fixed_options, sizeof fixed_options);
	for (size_t i = 0; i < schema->count; i++) {
		if (schema->rows[i].option != NULL)
			table_add(table, &schema->rows[i]);
	}
}

/* The row for a value from getopt, by word or by letter; NULL for an option that is no setting. */
static const struct config_row *
table_find(const struct option_table *table, int option)
{
	for (size_t i = 0; i < table->count; i++) {
		if (option == OPTION_FIRST + (int)i || (option < OPTION_CONFIG && option != '\0' &&
		                                           option == table->rows[i]->letter))
			return table->rows[i];
	}
	return NULL;
}

static void
help_option(const struct config_row *row, FILE *out)
{
	char letter[] = {'-', row->letter, ',', '\0'};
	char option[64];

	if (row->option == NULL)
		return;
	(void)snprintf(option, sizeof option, "--%s %s", row->option, row->argument);
	(void)fprintf(out, "  %3s %-23s %s", row->letter != '\0' ? letter : "", option, row->help);
	if (row->value != NULL && row->kind != CONFIG_NUMBER)
		(void)fprintf(out, " (%s)", row->value);
	(void)fputc('\n', out);
}

/* What SIGHUP does not change. */
static void
help_reload(const struct config_schema *schema, FILE *out)
{
	uint64_t restart = 0;
	uint64_t value = 0;
	char     names[CONFIG_NAMES_SIZE];

	for (size_t i = 0; i < schema->count; i++) {
		if (schema->rows[i].reload == CONFIG_RESTART)
			restart |= UINT64_C(1) << i;
		else if (schema->rows[i].reload == CONFIG_RELOAD_VALUE)
			value |= UINT64_C(1) << i;
	}
	config_names(schema, restart, names, sizeof names);
	(void)fprintf(out, "\nSIGHUP reloads FILE and all that it names. A restart is needed for\n  %s\n", names);
	if (value == 0)
		return;
	config_names(schema, value, names, sizeof names);
	(void)fprintf(out, "and to set or remove\n  %s\n", names);
}

void
program_help(const struct program *program, FILE *out)
{
	const struct config_schema *schema = program->schema();

	(void)fprintf(out, "%s\n", program->usage);
	for (size_t i = 0; i < schema->count; i++)
		help_option(&schema->rows[i], out);
	(void)fputs(fixed_help, out);
	help_reload(schema, out);
	if (program->help_more != NULL)
		program->help_more(out);
	(void)fprintf(out, "\nSee %s(8).\n", program->name);
}

/* 0 means not given, so it is refused as a value. */
static bool
take_number(const struct config_row *row, const char *text, int64_t *number)
{
	char *end;

	*number = strtoll(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *number >= 1 &&
	    *number <= strtoll(row->most, NULL, 10);
}

/* Returns -1 to go on, or the exit status. */
static int
take_setting(const struct program *program, const struct config_row *row, const char *text)
{
	void *field = (char *)program->settings + row->offset;
	char  wanted[128];

	if (row->kind == CONFIG_LIST) {
		config_list_append(field, text);
	} else if (row->kind == CONFIG_TEXT) {
		free(*(char **)field);
		*(char **)field = memory_strdup(text);
	} else if (!take_number(row, text, field)) {
		(void)snprintf(wanted, sizeof wanted, "--%s takes a number from 1 to %s, not ",
		    row->option, row->most);
		return usage_error(program, wanted, text);
	}
	return -1;
}

/* Returns -1 to go on, or the exit status. */
static int
take_option(const struct program *program, struct command_line *line, int option, char **argv)
{
	switch (option) {
	case 'c':
	case OPTION_CONFIG:
		line->config = optarg;
		return -1;
	case OPTION_CHECK_CONFIG:
		line->check_config = true;
		return -1;
	case OPTION_NO_FORK:
		line->no_fork = true;
		return -1;
	case OPTION_LISTENING:
		line->listening = optarg;
		return -1;
	case OPTION_SERVING:
		line->serving = strtoll(optarg, NULL, 10);
		return -1;
	case 'h':
	case OPTION_HELP:
		program_help(program, stdout);
		return EXIT_SUCCESS;
	case 'V':
	case OPTION_VERSION:
		(void)printf("%s (" PACKAGE_VERSION_LINE ")\n", program->name);
		return EXIT_SUCCESS;
	case ':':
		return usage_error(program, "an argument is missing after ", argv[optind - 1]);
	default:
		return usage_error(program, "unknown option ", argv[optind - 1]);
	}
}

/* Returns -1 to go on, or the exit status. */
static int
command_line_read(const struct program *program, int argc, char **argv, struct command_line *line)
{
	const struct config_row *row;
	struct option_table      table;
	int                      option;
	int                      status = -1;

	table_fill(program, false, &table);
	opterr = 0;
	optind = 0;
	while (status == -1 &&
	    (option = getopt_long(argc, argv, table.letters, table.words, NULL)) != -1) {
		row = table_find(&table, option);
		status = row != NULL ? take_setting(program, row, optarg)
		                     : take_option(program, line, option, argv);
	}
	if (status != -1)
		return status;
	if (program->administer != NULL && optind < argc && strcmp(argv[optind], "run") == 0)
		optind++;
	if (optind < argc)
		return usage_error(program, "unexpected argument ", argv[optind]);
	return -1;
}

/* True when the first operand is an administration command. */
static bool
is_administration(const struct program *program, int argc, char **argv)
{
	struct option_table table;

	if (program->administer == NULL)
		return false;
	table_fill(program, true, &table);
	opterr = 0;
	optind = 0;
	while (getopt_long(argc, argv, table.letters, table.words, NULL) != -1)
		;
	return optind < argc && strcmp(argv[optind], "run") != 0;
}

/* True when TLS is served: always, or if the setting that enables it has a value. */
static bool
serves_tls(const struct program *program)
{
	const struct config_schema *schema = program->schema();

	for (size_t i = 0; program->tls_setting != NULL && i < schema->count; i++) {
		if (strcmp(schema->rows[i].name, program->tls_setting) == 0)
			return *(char **)((char *)program->settings + schema->rows[i].offset) != NULL;
	}
	return true;
}

static int
run_all(const struct program *program, int argc, char **argv, bool no_fork)
{
	const struct service_settings *settings = program->settings;
	struct error                   err = {0};
	int                            status;

	log_open(program->name, settings->level);
	status = launch_run(
	    &(struct launch_plan){
	        .program = program->name,
	        .argc = argc,
	        .argv = argv,
	        .workers = (size_t)settings->workers,
	        .listen = settings->listen.texts,
	        .listen_count = settings->listen.count,
	        .scheme = serves_tls(program) ? "https://" : "http://",
	        .front_user = settings->front_user,
	        .sandbox = settings->containment,
	        .no_fork = no_fork,
	        .front = program->front,
	        .keeper = program->keeper,
	        .settings = settings,
	    },
	    &err);
	return status < 0 ? complain(program, &err) : status;
}

/* Sets the process name in the log. */
static void
log_as(const struct program *program, const char *role, enum log_level level)
{
	static char process[64]; /* static: the log keeps the pointer */

	(void)snprintf(process, sizeof process, "%s/%s", program->name, role);
	log_open(process, level);
}

static int
run_keeper(const struct program *program, int control, const struct command_line *line)
{
	struct error err = {0};
	int          status = EXIT_SUCCESS;

	if (line->serving > 0)
		program->settings->serving = line->serving;
	log_as(program, "keeper", program->settings->level);
	if (!process_lock(true) && process_can_be_swapped())
		LOG(WARNING, {"event", "memory"},
		    {"reason", "keys may be written to a swap device, since the limit of locked memory "
		               "(RLIMIT_MEMLOCK) is not infinite; raise it, or encrypt the device"});
	if (program->keeper(program->settings, control, true, line->listening, &err) != 0)
		status = complain(program, &err);
	return status;
}

static int
run_check(const struct program *program, const char *config)
{
	struct error err = {0};

	log_as(program, "check", program->settings->level);
	(void)process_lock(true);
	if (program->check_files(program->settings, &err) != 0)
		return complain(program, &err);
	(void)printf("%s: OK\n", config != NULL ? config : program->name);
	return EXIT_SUCCESS;
}

static int
run_daemon(const struct program *program, int argc, char **argv,
    const struct supervisor_child *child)
{
	struct command_line line = {0};
	struct reread      *reread = NULL;
	struct error        err = {0};
	int                 status = command_line_read(program, argc, argv, &line);

	if (status == -1) {
		if (child->role == SUPERVISOR_ROLE_KEEPER)
			reread = reread_new(program->schema(), program->settings_size, program->settings,
			    line.config);
		program->settings->reread = reread;
		if (config_file_complete(program->schema(), line.config, program->settings, &err) != 0)
			status = complain(program, &err);
		else if (line.check_config)
			status = run_check(program, line.config);
		else if (child->role == SUPERVISOR_ROLE_KEEPER)
			status = run_keeper(program, child->control, &line);
		else
			status = run_all(program, argc, argv, line.no_fork);
	}
	config_file_clear(program->schema(), program->settings);
	reread_free(reread);
	return status;
}

int
program_main(const struct program *program, int argc, char **argv)
{
	struct supervisor_child child = {0};
	struct error            err = {0};
	int                     status;

	/* Before anything of a key or of the network is in its memory; each child comes by here,
	 * too. */
	if (process_hide(&err) != 0)
		return complain(program, &err);
	process_outlive_file_limit();
	/* Silences tss2-mu, which hostile octets can make write to stderr; our log reports the
	 * error. */
	(void)setenv("TSS2_LOG", "all+NONE", 0);
	if (supervisor_child_inherit(&child, &err) != 0)
		return complain(program, &err);
	if (child.role == SUPERVISOR_ROLE_FRONT) {
		log_as(program, "front", LOG_LEVEL_INFO);
		status = program->front(&child);
		supervisor_child_clear(&child);
		return status;
	}
	if (child.role == SUPERVISOR_ROLE_NONE && is_administration(program, argc, argv))
		return program->administer(argc, argv);
	status = run_daemon(program, argc, argv, &child);
	supervisor_child_clear(&child);
	return status;
}
