/*
 * attest-acmed, the ACME server for devices: reads its options and puts
 * supervisor, keeper and front together, or runs a command of acme_admin/. What
 * each does stands in daemon/ and acme/.
 */
#include "config.h"

#include <sys/stat.h>

#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/front.h"
#include "acme/keeper.h"
#include "acme/settings.h"
#include "acme_admin/commands.h"
#include "admin/command.h"
#include "daemon/launch.h"
#include "daemon/supervisor.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

#define EXIT_USAGE 2

static const char usage[] =
    "usage: attest-acmed [run] [options]\n"
    "       attest-acmed [--state-dir DIR] [--json] COMMAND [ARGUMENT]...\n"
    "\n"
    "An ACME server that gives certificates for keys in TPMs, vouched for by an\n"
    "attestation CA. Runs in the foreground; SIGTERM ends it.\n"
    "\n"
    "  -s, --state-dir DIR     where its keys and orders lie (/var/lib/attest-acmed)\n"
    "  -l, --listen ADDR:PORT  where to listen, may be given again (127.0.0.1:8443)\n"
    "  -u, --url URL           where clients reach it (https://NAME:PORT, by its first\n"
    "                          DNS name and the port that it listens on)\n"
    "  -w, --workers N         event loops, each with a keeper thread (one per processor)\n"
    "  -c, --config FILE       configuration; options here go before what it says\n"
    "      --attestation-crl FILE  refuse AK certificates on this CRL; may be given again\n"
    "      --log-level LEVEL   error, warning, info or debug (info)\n"
    "      --no-fork           front and keeper in one process, for a debugger\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n";

static const char usage_end[] =
    "\n\"attest-acmed COMMAND --help\" says more of each.\n"
    "See attest-acmed(8).\n";

enum long_option { OPTION_CRL = 256, OPTION_LOG_LEVEL, OPTION_NO_FORK, OPTION_LISTENING };

static const struct option options[] = {
    {"state-dir", required_argument, NULL, 's'},
    {"listen", required_argument, NULL, 'l'},
    {"url", required_argument, NULL, 'u'},
    {"workers", required_argument, NULL, 'w'},
    {"config", required_argument, NULL, 'c'},
    {"attestation-crl", required_argument, NULL, OPTION_CRL},
    {"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
    {"no-fork", no_argument, NULL, OPTION_NO_FORK},
    {"listening", required_argument, NULL, OPTION_LISTENING}, /* supervisor to keeper */
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const char letters[] = ":s:l:u:w:c:hV";

/* What the command line says. */
struct command_line {
	struct acme_settings settings;
	const char          *config;
	const char          *listening;
	bool                 no_fork;
};

static int
complain(const struct error *err)
{
	(void)fprintf(stderr, "attest-acmed: %s\n", err->detail);
	return EXIT_FAILURE;
}

static int
usage_error(const char *what, const char *value)
{
	(void)fprintf(stderr, "attest-acmed: %s%s; see \"attest-acmed --help\"\n", what, value);
	return EXIT_USAGE;
}

static void
take(char **field, const char *value)
{
	free(*field);
	*field = memory_strdup(value);
}

static bool
take_workers(struct acme_settings *settings, const char *text)
{
	char *end;

	settings->workers = strtol(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && settings->workers >= 1 &&
	    settings->workers <= ACME_WORKERS_MAX;
}

/* Returns -1 to go on, or the exit status. */
static int
take_option(struct command_line *line, int option, char **argv)
{
	struct acme_settings *settings = &line->settings;

	switch (option) {
	case 's':
		take(&settings->state_dir, optarg);
		break;
	case 'l':
		config_list_append(&settings->listen, optarg);
		break;
	case 'u':
		take(&settings->url, optarg);
		break;
	case 'w':
		if (!take_workers(settings, optarg))
			return usage_error("--workers wants a number from 1 to 64, not ", optarg);
		break;
	case 'c':
		line->config = optarg;
		break;
	case OPTION_CRL:
		config_list_append(&settings->attestation_crls, optarg);
		break;
	case OPTION_LOG_LEVEL:
		take(&settings->log_level_name, optarg);
		break;
	case OPTION_NO_FORK:
		line->no_fork = true;
		break;
	case OPTION_LISTENING:
		line->listening = optarg;
		break;
	case 'h':
		(void)fputs(usage, stdout);
		admin_help_commands(stdout, acme_admin_program());
		(void)fputs(usage_end, stdout);
		return EXIT_SUCCESS;
	case 'V':
		(void)puts("attest-acmed (" PACKAGE_VERSION_LINE ")");
		return EXIT_SUCCESS;
	case ':':
		return usage_error("an argument is missing behind ", argv[optind - 1]);
	default:
		return usage_error("unknown option ", argv[optind - 1]);
	}
	return -1;
}

static int
command_line_read(int argc, char **argv, struct command_line *line)
{
	int option;
	int status;

	opterr = 0;
	optind = 0;
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if ((status = take_option(line, option, argv)) != -1)
			return status;
	}
	if (optind < argc && strcmp(argv[optind], "run") == 0)
		optind++;
	if (optind < argc)
		return usage_error("unexpected argument ", argv[optind]);
	return -1;
}

/* True when the first operand is a command of the administration. */
static bool
is_administration(int argc, char **argv)
{
	char first[sizeof letters + 1];

	(void)snprintf(first, sizeof first, "+%s", letters);
	opterr = 0;
	while (getopt_long(argc, argv, first, options, NULL) != -1)
		;
	return optind < argc && strcmp(argv[optind], "run") != 0;
}

static int
run_keeper(void *arg, int control, const char *listening, struct error *err)
{
	return acme_keeper_run(arg, control, false, listening, err);
}

static int
run(int argc, char **argv, struct command_line *line)
{
	struct acme_settings *settings = &line->settings;
	struct error          err = {0};
	int                   status;

	status = launch_run(
	    &(struct launch_plan){
	        .program = "attest-acmed",
	        .argc = argc,
	        .argv = argv,
	        .workers = (size_t)settings->workers,
	        .listen = settings->listen.texts,
	        .listen_count = settings->listen.count,
	        .scheme = "https://",
	        .no_fork = line->no_fork,
	        .front = acme_front_run,
	        .keeper = run_keeper,
	        .arg = settings,
	    },
	    &err);
	return status < 0 ? complain(&err) : status;
}

static int
run_child_keeper(const struct acme_settings *settings, int control, const char *listening)
{
	struct error err = {0};

	log_open("attest-acmed/keeper", settings->log_level);
	if (acme_keeper_run(settings, control, true, listening, &err) != 0)
		return complain(&err);
	return EXIT_SUCCESS;
}

static int
run_daemon(int argc, char **argv, const struct supervisor_child *child)
{
	struct command_line line = {0};
	struct error        err = {0};
	int                 status = command_line_read(argc, argv, &line);

	if (status == -1) {
		if (acme_settings_complete(&line.settings, line.config, &err) != 0)
			status = complain(&err);
		else if (child->role == SUPERVISOR_ROLE_KEEPER)
			status = run_child_keeper(&line.settings, child->control, line.listening);
		else
			status = run(argc, argv, &line);
	}
	acme_settings_clear(&line.settings);
	return status;
}

int
main(int argc, char **argv)
{
	struct supervisor_child child = {0};
	struct error            err = {0};
	int                     status;

	/* tss2-mu writes to stderr what hostile octets make it say; our log says it better. */
	(void)setenv("TSS2_LOG", "all+NONE", 0);
	if (supervisor_child_inherit(&child, &err) != 0)
		return complain(&err);
	if (child.role == SUPERVISOR_ROLE_FRONT) {
		log_open("attest-acmed/front", LOG_LEVEL_INFO);
		status = acme_front_run(&child);
		supervisor_child_clear(&child);
		return status;
	}
	if (child.role != SUPERVISOR_ROLE_NONE || !is_administration(argc, argv))
		return run_daemon(argc, argv, &child);
	/* Of the locale only how wide characters are: what is printed is UTF-8 everywhere. */
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	(void)umask(077);
	return acme_admin_main(argc, argv);
}
