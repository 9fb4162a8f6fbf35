/*
 * attestd under load: many clients at once, an import beside the clients, memory, one worker and two.
 *
 *   load_bench [--seconds N] [--clients N] [--devices N] [--pending N]   (make bench)
 *
 * 500 clients, 1,000,000 devices and 100,000 challenges that wait, if nothing else is said.
 */
#include "config.h"

#include <sys/wait.h>

#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attest_client.h"
#include "attest_server.h"
#include "attestation/keeper/challenge_pack.h"
#include "attestation/keeper/pending.h"
#include "bench.h"
#include "devices.h"
#include "machine.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define CLIENTS_FEW    16 /* beside an import, and before the workers */
#define WORKER_ROUNDS  3
#define PENDING_MODULUS 256 /* octets of the AK's number */
#define SETTINGS_PLAIN "challenge_lifetime = 1h\n"

static struct {
	double seconds;
	size_t clients;
	size_t devices;
	size_t pending;
} options = {.seconds = 5, .clients = 500, .devices = 1000000, .pending = 100000};

static struct attest_server server;
static struct machine       machine;

static struct attest_plan
plan_make(void)
{
	return (struct attest_plan){.machines = &machine, .machine_count = 1, .port = server.daemon.port};
}

/* ---- many clients ---- */

static void
clients_report(void)
{
	struct attest_plan   plan = plan_make();
	struct bench_outcome outcome = attest_clients_run(&plan, options.clients, 2 * options.seconds);
	char                 row[128];

	(void)snprintf(row, sizeof row, "%zu clients at once", options.clients);
	bench_figure(row, "attestations", (double)outcome.done, "");
	bench_figure(row, "latency, median", outcome.p50, "ms");
	bench_figure(row, "latency, p99", outcome.p99, "ms");
	bench_figure(row, "p99 beside the median", outcome.p99 / outcome.p50, "times");
	bench_figure(row, "attestations of a client, fewest", (double)outcome.fewest, "");
	bench_figure(row, "attestations of a client, most", (double)outcome.most, "");
}

/* ---- challenges that wait ---- */

/* By one connection: nobody opens them. */
static void
pending_report(void)
{
	struct bench_connection connection;
	char                    answer[16384];
	char                    row[128];
	double                  before = (double)attest_server_pss(&server);
	double                  pss;

	bench_connect(&connection, server.daemon.port, NULL);
	for (size_t i = 0; i < options.pending; i++) {
		if (attest_post(&connection, "/attest", machine.body, strlen(machine.body), answer,
		        sizeof answer) != 200)
			bench_die("%.*s", 1024, answer);
	}
	pss = (double)attest_server_pss(&server);
	bench_disconnect(&connection);
	(void)snprintf(row, sizeof row, "%zu pending challenges", options.pending);
	bench_figure(row, "PSS before", before, "KiB");
	bench_figure(row, "PSS more with them", pss - before, "KiB");
	bench_figure(row, "PSS of each", (pss - before) * 1024 / (double)options.pending, "octets");
}

/* Where machines are: at sources that many share, or each at its own. */
enum machines_at { SHARED_SOURCES, OWN_SOURCES };

static struct source
machine_source(enum machines_at at, uint32_t i)
{
	struct source source = {.bits = 32};

	if (at == SHARED_SOURCES)
		i %= 200;
	for (size_t octet = 0; octet < sizeof i; octet++)
		source.octets[octet] = (uint8_t)(i >> 8 * (3 - octet));
	return source;
}

/*
 * The keeper's table alone, filled by as many machines, each with the claims of a client and an RSA-2048
 * AK.
 */
static void
pending_machines_report(enum machines_at at)
{
	struct pending *pending = pending_new(options.pending, 32, 60000);
	double          before = (double)bench_pss_of(getpid());
	double          more;
	char            row[128];

	for (uint32_t i = 0; i < options.pending; i++) {
		struct challenge *challenge = challenge_new();
		struct error      err = {0};
		uint8_t          *number;

		devices_draw_hash(challenge->ek.bytes);
		challenge->row = i + 1;
		challenge->source = machine_source(at, i);
		challenge->revision = i; /* each was enrolled */
		(void)snprintf(challenge->evidence.manufacturer, STORE_FACT_MAX, "id:4E544300");
		(void)snprintf(challenge->evidence.model, STORE_FACT_MAX, "NPCT75x");
		(void)snprintf(challenge->evidence.version, STORE_FACT_MAX, "id:00070002");
		bytes_append(&challenge->ak_public, machine.ak.public.data, machine.ak.public.size);
		number = challenge->ak_public.data + challenge->ak_public.size - PENDING_MODULUS;
		memcpy(number, challenge->ek.bytes, sizeof challenge->ek.bytes);
		challenge->ak_number = PENDING_MODULUS;
		if (pending_put(pending, (struct view){(const uint8_t *)&i, sizeof i}, challenge, 0, &err) != 0)
			bench_die("%s", err.detail);
		challenge_free(challenge);
	}
	more = (double)bench_pss_of(getpid()) - before;
	(void)snprintf(row, sizeof row, "%zu pending challenges of as many machines%s", options.pending,
	    at == OWN_SOURCES ? ", each at its address" : "");
	bench_figure(row, "PSS more with them", more, "KiB");
	bench_figure(row, "PSS of each", more * 1024 / (double)options.pending, "octets");
	pending_free(pending);
}

/* In a process of its own, whose free memory holds none of the challenges. */
static void
pending_machines_run(enum machines_at at)
{
	pid_t child;
	int   status;

	(void)malloc_trim(0);
	child = fork();
	if (child == 0) {
		pending_machines_report(at);
		_exit(EXIT_SUCCESS);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		bench_die("the challenges of as many machines were not measured");
}

/* ---- an import ---- */

static pid_t
import_start(void)
{
	AUTO_FREE char *program = bench_built("src/attest-ca");
	AUTO_FREE char *state = file_join(server.directory, "ca");
	AUTO_FREE char *file = file_join(server.directory, "devices.csv");
	pid_t           child = fork();

	if (child == 0) {
		if (freopen("/dev/null", "w", stdout) != NULL)
			(void)execl(program, program, "--state-dir", state, "import", file, (char *)NULL);
		_exit(127);
	}
	if (child < 0)
		bench_die("cannot start %s", program);
	return child;
}

static void
import_report(void)
{
	AUTO_FREE char      *file = file_join(server.directory, "devices.csv");
	struct attest_plan   plan = plan_make();
	struct bench_outcome before;
	struct bench_outcome during;
	char                 row[128];

	devices_write(file, options.devices);
	before = attest_clients_run(&plan, CLIENTS_FEW, options.seconds);
	during = attest_clients_run_beside(&plan, CLIENTS_FEW, import_start());
	(void)snprintf(row, sizeof row, "%d clients beside an import of %zu devices", CLIENTS_FEW, options.devices);
	bench_figure(row, "latency before, median", before.p50, "ms");
	bench_figure(row, "latency before, p99", before.p99, "ms");
	bench_figure(row, "latency during, median", during.p50, "ms");
	bench_figure(row, "latency during, p99", during.p99, "ms");
	bench_figure(row, "p99 during beside before", during.p99 / before.p99, "times");
	bench_figure(row, "attestations before", (double)before.done / before.wall, "a second");
	bench_figure(row, "attestations during", (double)during.done / during.wall, "a second");
}

/* ---- memory ---- */

/* Of an attestd that has begun with so many devices, and has been asked. */
static void
pss_report(void)
{
	struct attest_plan   plan = plan_make();
	double               before = (double)attest_server_pss(&server);
	struct bench_outcome outcome = attest_clients_run(&plan, CLIENTS_FEW, options.seconds);
	char                 row[128];

	(void)snprintf(row, sizeof row, "memory with %zu devices enrolled", options.devices);
	bench_figure(row, "PSS of all processes at the start", before, "KiB");
	bench_figure(row, "PSS of all processes", (double)attest_server_pss(&server), "KiB");
	bench_figure(row, "after attestations", (double)outcome.done, "");
}

/* ---- workers ---- */

/* What it came to with so many workers, of all rounds. */
struct worker_sum {
	unsigned workers;
	double   cpu; /* microseconds */
	double   wall;
	double   done;
};

static void
workers_measure(struct worker_sum *sum)
{
	struct attest_plan   plan;
	struct bench_outcome outcome;
	double               cpu;
	char                 settings[64];

	(void)snprintf(settings, sizeof settings, SETTINGS_PLAIN "workers = %u\n", sum->workers);
	attest_server_start(&server, settings);
	plan = plan_make();
	cpu = attest_server_cpu(&server);
	outcome = attest_clients_run(&plan, CLIENTS_FEW, options.seconds / WORKER_ROUNDS);
	sum->cpu += attest_server_cpu(&server) - cpu;
	sum->done += (double)outcome.done;
	sum->wall += outcome.wall;
	attest_server_stop(&server);
}

static void
workers_figures(const struct worker_sum *sum)
{
	char row[64];

	(void)snprintf(row, sizeof row, "workers = %u", sum->workers);
	bench_figure(row, "CPU of an attestation", sum->cpu / sum->done, "us");
	bench_figure(row, "attestations for a second of CPU", sum->done / sum->cpu * 1e6, "");
	bench_figure(row, "by the clock, clients on the same cores", sum->done / sum->wall, "a second");
}

/*
 * By CPU accounting: if an attestation costs the same with two workers, two cores do twice as
 * many. It does not see what waits; the clock of a quiet machine with four cores would.
 */
static void
workers_report(void)
{
	struct worker_sum one = {.workers = 1};
	struct worker_sum two = {.workers = 2};

	for (int i = 0; i < WORKER_ROUNDS; i++) { /* in turn, for a machine that others use meanwhile */
		workers_measure(&one);
		workers_measure(&two);
	}
	workers_figures(&one);
	workers_figures(&two);
	bench_figure("two workers beside one", "by CPU accounting", 2 * (one.cpu / one.done) / (two.cpu / two.done),
	    "times");
	bench_figure("two workers beside one", "by the clock, clients on the same cores",
	    (two.done / two.wall) / (one.done / one.wall), "times");
}

/* ---- the benchmark ---- */

static void
options_read(int argc, char **argv)
{
	static const struct option known[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {"clients", required_argument, NULL, 'c'},
	    {"devices", required_argument, NULL, 'd'},
	    {"pending", required_argument, NULL, 'p'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "s:c:d:p:", known, NULL)) != -1) {
		if (option == 's')
			options.seconds = atof(optarg);
		else if (option == 'c')
			options.clients = strtoul(optarg, NULL, 10);
		else if (option == 'd')
			options.devices = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			options.pending = strtoul(optarg, NULL, 10);
		else
			bench_die("usage: load_bench [--seconds N] [--clients N] [--devices N] [--pending N]");
	}
	if (options.clients == 0 || options.clients > BENCH_CLIENTS_MAX || options.devices == 0 ||
	    options.pending == 0)
		bench_die("from 1 to %d clients, a device and a challenge or more", BENCH_CLIENTS_MAX);
}

int
main(int argc, char **argv)
{
	options_read(argc, argv);
	machine_make(&machine, FORGE_RSA2048, FORGE_AK_RSASSA, FORGE_FLAW_NONE);
	attest_server_make(&server);
	attest_server_enroll(&server, &machine, 1);
	workers_report();
	attest_server_start(&server, SETTINGS_PLAIN);
	clients_report();
	import_report();
	attest_server_stop(&server);
	attest_server_start(&server, SETTINGS_PLAIN);
	pss_report();
	pending_report();
	pending_machines_run(SHARED_SOURCES);
	pending_machines_run(OWN_SOURCES);
	attest_server_stop(&server);
	attest_server_remove(&server);
	machine_clear(&machine);
	return EXIT_SUCCESS;
}
