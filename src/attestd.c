/*
 * attestd, the attestation CA: reads its options and puts supervisor, keeper and
 * front together. What each does stands in daemon/ and attestation/.
 */
#include "config.h"

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attestation/front.h"
#include "attestation/keeper.h"
#include "attestation/settings.h"
#include "daemon/channel.h"
#include "daemon/listener.h"
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
	char         *end;
	unsigned long value = strtoul(text, &end, 10);

	settings->workers = value;
	return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 &&
	    value <= SETTINGS_WORKERS_MAX;
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
			if (settings->listen_count == SETTINGS_LISTEN_MAX)
				return usage_error("too many addresses to listen on", "");
			settings->listen[settings->listen_count++] = memory_strdup(optarg);
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

/*
 * Opens a listener of each address for each worker, worker by worker, and
 * writes the URLs with their real ports, for the log.
 */
static int
listeners_open(const struct settings *settings, int *listeners, struct bytes *urls,
    struct error *err)
{
	const char *scheme = settings->tls_cert != NULL ? "https://" : "http://";

	for (size_t i = 0; i < settings->listen_count; i++) {
		int  fds[SETTINGS_WORKERS_MAX];
		char text[LISTENER_TEXT_SIZE];

		if (listener_open(settings->listen[i], settings->workers, fds, text, err) != 0)
			return -1;
		for (size_t worker = 0; worker < settings->workers; worker++)
			listeners[worker * settings->listen_count + i] = fds[worker];
		if (urls->size != 0)
			bytes_append(urls, ",", 1);
		bytes_append(urls, scheme, strlen(scheme));
		bytes_append(urls, text, strlen(text));
	}
	bytes_append_u8(urls, '\0');
	return 0;
}

/* What --no-fork gives the thread that plays the keeper. */
struct keeper_thread {
	const struct settings *settings;
	const char            *listening;
	int                    control;
	int                    rc;
	struct error           err;
};

static void *
keeper_thread_main(void *arg)
{
	struct keeper_thread *keeper = arg;

	keeper->rc = attestation_keeper_run(keeper->settings, keeper->control, false,
	    keeper->listening, &keeper->err);
	(void)close(keeper->control);
	return NULL;
}

/* Front and keeper in one process: for a debugger, not for service. */
static int
run_without_fork(const struct settings *settings, int *listeners, const char *listening)
{
	struct keeper_thread    keeper = {.settings = settings, .listening = listening};
	struct supervisor_child front = {.role = SUPERVISOR_ROLE_FRONT};
	int                     fronts[SETTINGS_WORKERS_MAX];
	int                     keepers[SETTINGS_WORKERS_MAX];
	int                     control[2];
	pthread_t               thread;
	sigset_t                mask;
	int                     status;

	(void)sigemptyset(&mask);
	(void)sigaddset(&mask, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &mask, NULL);
	if (channel_pair(control, &keeper.err) != 0)
		return complain(&keeper.err);
	for (size_t i = 0; i < settings->workers; i++) {
		int ends[2];

		if (channel_pair(ends, &keeper.err) != 0)
			return complain(&keeper.err);
		fronts[i] = ends[0];
		keepers[i] = ends[1];
	}
	if (supervisor_channels_send(control[0], keepers, settings->workers, &keeper.err) != 0)
		return complain(&keeper.err);
	keeper.control = control[1];
	front.channels = fronts;
	front.channel_count = settings->workers;
	front.listeners = listeners;
	front.listener_count = settings->workers * settings->listen_count;
	if (pthread_create(&thread, NULL, keeper_thread_main, &keeper) != 0)
		return usage_error("cannot start a thread", "");
	status = attestation_front_run(&front);
	(void)close(control[0]);
	(void)pthread_join(thread, NULL);
	return keeper.rc != 0 ? complain(&keeper.err) : status;
}

/* The keeper reads the same options again, and is told what was found out meanwhile. */
static int
run_supervisor(int argc, char **argv, const struct settings *settings, const int *listeners,
    char *listening, struct error *err)
{
	AUTO_FREE char **arguments = memory_new(((size_t)argc + 5) * sizeof *arguments);
	char             listening_option[] = "--listening";
	char             workers_option[] = "--workers";
	char             workers[24];
	struct supervisor_plan plan = {
	    .program = "attestd",
	    .arguments = arguments,
	    .workers = settings->workers,
	    .listeners = listeners,
	    .listener_count = settings->workers * settings->listen_count,
	};

	(void)snprintf(workers, sizeof workers, "%zu", settings->workers);
	/* In front, where nothing that ends the options stands before them. */
	arguments[0] = argv[0];
	arguments[1] = workers_option;
	arguments[2] = workers;
	arguments[3] = listening_option;
	arguments[4] = listening;
	memcpy(arguments + 5, argv + 1, (size_t)(argc - 1) * sizeof *arguments);
	return supervisor_run(&plan, err);
}

static int
run(int argc, char **argv, const struct command_line *line)
{
	const struct settings *settings = &line->settings;
	AUTO_BYTES             urls = {0};
	AUTO_FREE int         *listeners =
	    memory_new(settings->workers * settings->listen_count * sizeof *listeners);
	struct error err = {0};
	int          status;

	if (listeners_open(settings, listeners, &urls, &err) != 0)
		return complain(&err);
	if (line->no_fork)
		return run_without_fork(settings, listeners, (char *)urls.data);
	status = run_supervisor(argc, argv, settings, listeners, (char *)urls.data, &err);
	return err.detail[0] != '\0' ? complain(&err) : status;
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
