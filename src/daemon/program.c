/*
 * Owns the command line of a daemon and the way to its processes. It knows no
 * setting but those that every daemon has, and not what is served.
 */
#include "config.h"

#include "daemon/program.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/launch.h"
#include "daemon/supervisor.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

#define EXIT_USAGE 2

/* The rows that every daemon has, by the option that fills them too. */
#define ROW_LISTEN  "listen"
#define ROW_WORKERS "workers"
#define ROW_LEVEL   "log_level"

static const struct program_option common_options[] = {
    {"state-dir", 's', "state_dir"},
    {"listen", 'l', ROW_LISTEN},
    {"workers", 'w', ROW_WORKERS},
    {"log-level", '\0', ROW_LEVEL},
};

#define COMMON_OPTIONS (sizeof common_options / sizeof common_options[0])

/* Options that are no settings; what getopt returns for those of the table is their place in it. */
enum fixed_option { OPTION_CONFIG = 256, OPTION_NO_FORK, OPTION_LISTENING, OPTION_HELP, OPTION_VERSION };

static const struct option fixed_options[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"no-fork", no_argument, NULL, OPTION_NO_FORK},
    {"listening", required_argument, NULL, OPTION_LISTENING}, /* supervisor to keeper */
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
};

#define FIXED_OPTIONS (sizeof fixed_options / sizeof fixed_options[0])

/* Where the values of a program's options lie among getopt's. */
#define OPTION_FIRST 512

/* All options of a program, as getopt wants them. */
struct option_table {
	const struct program_option *rows[COMMON_OPTIONS + PROGRAM_OPTIONS_MAX];
	size_t                       count;
	struct option words[FIXED_OPTIONS + COMMON_OPTIONS + PROGRAM_OPTIONS_MAX + 1];
	char          letters[2 * (COMMON_OPTIONS + PROGRAM_OPTIONS_MAX) + sizeof "+:c:hV"];
};

/* What the command line says beside the settings. */
struct command_line {
	const char *config;
	const char *listening;
	bool        no_fork;
};

static int
complain(const struct program *program, const struct error *err)
{
	(void)fprintf(stderr, "%s: %s\n", program->name, err->detail);
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
table_add(struct option_table *table, const struct program_option *row)
{
	size_t used = strlen(table->letters);

	table->words[FIXED_OPTIONS + table->count] =
	    (struct option){row->name, required_argument, NULL, OPTION_FIRST + (int)table->count};
	table->rows[table->count++] = row;
	if (row->letter != '\0') {
		table->letters[used] = row->letter;
		table->letters[used + 1] = ':';
	}
}

/* With `stop`, operands end the options. */
static void
table_fill(const struct program *program, bool stop, struct option_table *table)
{
	*table = (struct option_table){0};
	(void)strcpy(table->letters, stop ? "+:c:hV" : ":c:hV");
	memcpy(table->words, fixed_options, sizeof fixed_options);
	for (size_t i = 0; i < COMMON_OPTIONS; i++)
		table_add(table, &common_options[i]);
	for (size_t i = 0; i < PROGRAM_OPTIONS_MAX && program->options[i].name != NULL; i++)
		table_add(table, &program->options[i]);
}

/* The table's row of what getopt returned, by word or by letter; NULL when it is a fixed one. */
static const struct program_option *
table_find(const struct option_table *table, int option)
{
	for (size_t i = 0; i < table->count; i++) {
		if (option == OPTION_FIRST + (int)i || (option < OPTION_CONFIG && option != '\0' &&
		                                           option == table->rows[i]->letter))
			return table->rows[i];
	}
	return NULL;
}

static const struct config_row *
row_find(const struct program *program, const char *name)
{
	for (size_t i = 0; i < program->row_count; i++) {
		if (strcmp(program->rows[i].name, name) == 0)
			return &program->rows[i];
	}
	abort(); /* an option of no setting: the first test that runs the program finds it */
}

static void *
row_field(const struct program *program, const char *name)
{
	return (char *)program->settings + row_find(program, name)->offset;
}

/* 0 stands for what was not said: nobody can say it. */
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
take_setting(const struct program *program, const struct program_option *option, const char *text)
{
	const struct config_row *row = row_find(program, option->row);
	void                    *field = row_field(program, option->row);
	char                     wanted[128];

	if (row->kind == CONFIG_LIST) {
		config_list_append(field, text);
	} else if (row->kind == CONFIG_TEXT) {
		free(*(char **)field);
		*(char **)field = memory_strdup(text);
	} else if (!take_number(row, text, field)) {
		(void)snprintf(wanted, sizeof wanted, "--%s wants a number from 1 to %s, not ",
		    option->name, row->most);
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
	case OPTION_NO_FORK:
		line->no_fork = true;
		return -1;
	case OPTION_LISTENING:
		line->listening = optarg;
		return -1;
	case 'h':
	case OPTION_HELP:
		program->help(stdout);
		return EXIT_SUCCESS;
	case 'V':
	case OPTION_VERSION:
		(void)printf("%s (" PACKAGE_VERSION_LINE ")\n", program->name);
		return EXIT_SUCCESS;
	case ':':
		return usage_error(program, "an argument is missing behind ", argv[optind - 1]);
	default:
		return usage_error(program, "unknown option ", argv[optind - 1]);
	}
}

/* Returns -1 to go on, or the exit status. */
static int
command_line_read(const struct program *program, int argc, char **argv, struct command_line *line)
{
	const struct program_option *own;
	struct option_table          table;
	int                          option;
	int                          status = -1;

	table_fill(program, false, &table);
	opterr = 0;
	optind = 0;
	while (status == -1 &&
	    (option = getopt_long(argc, argv, table.letters, table.words, NULL)) != -1) {
		own = table_find(&table, option);
		status = own != NULL ? take_setting(program, own, optarg)
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

/* True when the first operand is a command of the administration. */
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

static int
run_all(const struct program *program, int argc, char **argv, bool no_fork)
{
	const struct config_list *listen = row_field(program, ROW_LISTEN);
	const int64_t            *workers = row_field(program, ROW_WORKERS);
	struct error              err = {0};
	int                       status;

	status = launch_run(
	    &(struct launch_plan){
	        .program = program->name,
	        .argc = argc,
	        .argv = argv,
	        .workers = (size_t)*workers,
	        .listen = listen->texts,
	        .listen_count = listen->count,
	        .scheme = program->serves_tls(program->settings) ? "https://" : "http://",
	        .no_fork = no_fork,
	        .front = program->front,
	        .keeper = program->keeper,
	        .settings = program->settings,
	    },
	    &err);
	return status < 0 ? complain(program, &err) : status;
}

/* Names this process in the log. */
static void
log_as(const struct program *program, const char *role, enum log_level level)
{
	static char process[64]; /* the log keeps it */

	(void)snprintf(process, sizeof process, "%s/%s", program->name, role);
	log_open(process, level);
}

static int
run_keeper(const struct program *program, int control, const char *listening)
{
	const char *const *name = row_field(program, ROW_LEVEL);
	enum log_level     level = LOG_LEVEL_INFO;
	struct error       err = {0};

	if (log_level_parse(*name, &level, &err) != 0)
		return complain(program, &err);
	log_as(program, "keeper", level);
	if (program->keeper(program->settings, control, true, listening, &err) != 0)
		return complain(program, &err);
	return EXIT_SUCCESS;
}

static int
run_daemon(const struct program *program, int argc, char **argv,
    const struct supervisor_child *child)
{
	struct command_line line = {0};
	struct error        err = {0};
	int                 status = command_line_read(program, argc, argv, &line);

	if (status == -1) {
		if (program->complete(program->settings, line.config, &err) != 0)
			status = complain(program, &err);
		else if (child->role == SUPERVISOR_ROLE_KEEPER)
			status = run_keeper(program, child->control, line.listening);
		else
			status = run_all(program, argc, argv, line.no_fork);
	}
	program->clear(program->settings);
	return status;
}

int
program_main(const struct program *program, int argc, char **argv)
{
	struct supervisor_child child = {0};
	struct error            err = {0};
	int                     status;

	/* tss2-mu writes to stderr what hostile octets make it say; our log says it better. */
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
	return run_daemon(program, argc, argv, &child);
}

int
program_settings_check(int64_t *workers, const struct config_list *listen, struct error *err)
{
	if (*workers == 0)
		*workers = launch_workers_default();
	if (listen->count > LAUNCH_LISTEN_MAX)
		return error_set(err, ERROR_MALFORMED, "more than %u addresses to listen on",
		    LAUNCH_LISTEN_MAX);
	return 0;
}
