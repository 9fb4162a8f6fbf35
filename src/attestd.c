/*
 * attestd, the attestation CA: reads its options and puts supervisor, keeper and
 * front together. What each does stands in daemon/ and attestation/.
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/front.h"
#include "attestation/keeper.h"
#include "attestation/settings.h"
#include "daemon/launch.h"
#include "daemon/supervisor.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

#define EXIT_USAGE 2

static const char usage[] =
    "usage: attestd [options]\n"
    "\n"
    "The attestation CA: certifies attestation keys of enrolled TPM 2.0 machines.\n"
    "Runs in the foreground; SIGTERM ends it. State is made by \"attest-ca init\".\n"
    "\n"
    "  -s, --state-dir DIR     where its keys and inventory lie (/var/lib/attest-ca)\n"
    "  -l, --listen ADDR:PORT  where to listen, may be given again (127.0.0.1:8075)\n"
    "  -w, --workers N         event loops, each with a keeper thread (one per processor)\n"
    "  -c, --config FILE       configuration; options here go before what it says\n"
    "      --tls-cert FILE     serve HTTPS with this PEM chain, leaf first …\n"
    "      --tls-key FILE      … and this PEM key\n"
    "      --log-level LEVEL   error, warning, info or debug (info)\n"
    "      --no-fork           front and keeper in one process, for a debugger\n"
    "  -h, --help              this text\n"
    "  -V, --version           the version\n"
    "\n"
    "See attestd(8).\n";

enum long_option { OPTION_TLS_CERT = 256, OPTION_TLS_KEY, OPTION_LOG_LEVEL, OPTION_NO_FORK, OPTION_LISTENING };

static const struct option options[] = {
    {"state-dir", required_argument, NULL, 's'},
    {"listen", required_argument, NULL, 'l'},
    {"workers", required_argument, NULL, 'w'},
    {"config", required_argument, NULL, 'c'},
    {"tls-cert", required_argument, NULL, OPTION_TLS_CERT},
    {"tls-key", required_argument, NULL, OPTION_TLS_KEY},
    {"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
    {"no-fork", no_argument, NULL, OPTION_NO_FORK},
    {"listening", required_argument, NULL, OPTION_LISTENING}, /* supervisor to keeper */
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

/* What the command line says. */
struct command_line {
	struct settings settings;
	const char     *config;
	const char     *listening;
	bool            no_fork;
};

static int
complain(const struct error *err)
{
	(void)fprintf(stderr, "attestd: %s\n", err->detail);
	return EXIT_FAILURE;
}

static int
usage_error(const char *what, const char *value)
{
	(void)fprintf(stderr, "attestd: %s%s; see \"attestd --help\"\n", what, value);
	return EXIT_USAGE;
}

static void
take(char **field, const char *value)
{
	free(*field);
	*field = memory_strdup(value);
}

static bool
take_workers(struct settings *settings, const char *text)
{
	char *end;

	settings->workers = strtol(text, &end, 10);
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && settings->workers >= 1 &&
	    settings->workers <= SETTINGS_WORKERS_MAX;
}

/* Returns -1 to go on, or the exit status. */
static int
command_line_read(int argc, char **argv, struct command_line *line)
{
	struct settings *settings = &line->settings;
	int              option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":s:l:w:c:hV", options, NULL)) != -1) {
		switch (option) {
		case 's':
			take(&settings->state_dir, optarg);
			break;
		case 'l':
			config_list_append(&settings->listen, optarg);
			break;
		case 'w':
			if (!take_workers(settings, optarg))
				return usage_error("--workers wants a number from 1 to 64, not ", optarg);
			break;
		case 'c':
			line->config = optarg;
			break;
		case OPTION_TLS_CERT:
			take(&settings->tls_cert, optarg);
			break;
		case OPTION_TLS_KEY:
			take(&settings->tls_key, optarg);
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
			return EXIT_SUCCESS;
		case 'V':
			(void)puts("attestd (" PACKAGE_VERSION_LINE ")");
			return EXIT_SUCCESS;
		case ':':
			return usage_error("an argument is missing behind ", argv[optind - 1]);
		default:
			return usage_error("unknown option ", argv[optind - 1]);
		}
	}
	if (optind < argc)
		return usage_error("unexpected argument ", argv[optind]);
	return -1;
}

/* What --no-fork runs as the keeper. */
static int
keep(void *arg, int control, const char *listening, struct error *err)
{
	return attestation_keeper_run(arg, control, false, listening, err);
}

static int
run(int argc, char **argv, struct command_line *line)
{
	struct settings *settings = &line->settings;
	struct error     err = {0};
	int              status;

	status = launch_run(
	    &(struct launch_plan){
	        .program = "attestd",
	        .argc = argc,
	        .argv = argv,
	        .workers = (size_t)settings->workers,
	        .listen = settings->listen.texts,
	        .listen_count = settings->listen.count,
	        .scheme = settings->tls_cert != NULL ? "https://" : "http://",
	        .no_fork = line->no_fork,
	        .front = attestation_front_run,
	        .keeper = keep,
	        .arg = settings,
	    },
	    &err);
	return status < 0 ? complain(&err) : status;
}

static int
run_keeper(const struct settings *settings, int control, const char *listening)
{
	struct error err = {0};

	log_open("attestd/keeper", settings->log_level);
	if (attestation_keeper_run(settings, control, true, listening, &err) != 0)
		return complain(&err);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	struct command_line     line = {0};
	struct supervisor_child child = {0};
	struct error            err = {0};
	int                     status;

	/* tss2-mu writes to stderr what hostile octets make it say; our log says it better. */
	(void)setenv("TSS2_LOG", "all+NONE", 0);
	if (supervisor_child_inherit(&child, &err) != 0)
		return complain(&err);
	if (child.role == SUPERVISOR_ROLE_FRONT) {
		log_open("attestd/front", LOG_LEVEL_INFO);
		status = attestation_front_run(&child);
		supervisor_child_clear(&child);
		return status;
	}
	if ((status = command_line_read(argc, argv, &line)) == -1) {
		if (settings_complete(&line.settings, line.config, &err) != 0)
			status = complain(&err);
		else if (child.role == SUPERVISOR_ROLE_KEEPER)
			status = run_keeper(&line.settings, child.control, line.listening);
		else
			status = run(argc, argv, &line);
	}
	settings_clear(&line.settings);
	return status;
}
