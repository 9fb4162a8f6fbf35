/*
 * What an attestation costs attestd, beside the bare work of the same run: an
 * HTTP server in one process that does for the same two exchanges nothing but the
 * cryptography that nobody can leave out (attest_bare.h), before the same clients.
 * CPU time of front and keeper, not of the clients, which open each credential in
 * software as a TPM would.
 *
 *   attest_bench [--ek-certificate] [--machines N] [--seconds N] [--connections N]…   (make bench)
 *   attest_bench [--ek-certificate] [--machines N] --count N [--no-fork] [--under COMMAND]   (count.py)
 *
 * One machine attests again and again, or N of them in turn with an RSA-2048 EK each: what the
 * keeper keeps of a machine that comes back helps only while the machine is among the last 256.
 * With --ek-certificate the machine shows one, below an RSA-2048 root and CA that are
 * imported, which the bare work verifies too: two signatures, by keys that are there.
 *
 * With --count it measures nothing: one client makes so many attestations at an attestd
 * with one worker, started by a command that counts.
 */
#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "attest_bare.h"
#include "attest_client.h"
#include "attest_server.h"
#include "bench.h"
#include "machine.h"

#define RUNS_MAX 8

static struct {
	double seconds;
	size_t count;    /* of attestations; 0: as many as there is time for */
	size_t machines; /* an EK each */
	bool   shows;    /* an EK certificate */
	size_t connections[RUNS_MAX];
	size_t runs;
} options = {.seconds = 5, .machines = 1, .connections = {2, 64}};

static struct attest_server server;

/* What the row is called that was measured with so many connections. */
static void
row_name(size_t connections, char row[128])
{
	char machines[64] = "";

	if (options.machines > 1)
		(void)snprintf(machines, sizeof machines, ", %zu machines in turn", options.machines);
	(void)snprintf(row, 128, "attestation%s%s, %zu connections", options.shows ? " with an EK certificate" : "",
	    machines, connections);
}

static void
report(struct attest_plan *plan, size_t connections, int bare_port, pid_t bare)
{
	struct attest_plan   bare_plan = *plan;
	double               begin_bare = bench_cpu_of(bare);
	struct bench_outcome plain;
	struct bench_outcome real;
	double               front;
	double               keeper;
	double               work;
	char                 row[128];

	bare_plan.bare = true;
	bare_plan.port = bare_port;
	plain = attest_clients_run(&bare_plan, connections, options.seconds / 2);
	work = (bench_cpu_of(bare) - begin_bare) / (double)plain.done * 1e6;
	front = bench_cpu_of(server.daemon.front);
	keeper = bench_cpu_of(server.daemon.keeper);
	real = attest_clients_run(plan, connections, options.seconds);
	front = (bench_cpu_of(server.daemon.front) - front) / (double)real.done * 1e6;
	keeper = (bench_cpu_of(server.daemon.keeper) - keeper) / (double)real.done * 1e6;

	row_name(connections, row);
	bench_figure(row, "attestations", (double)real.done, "");
	bench_figure(row, "CPU, front", front, "us");
	bench_figure(row, "CPU, keeper", keeper, "us");
	bench_figure(row, "CPU, bare work", work, "us");
	bench_figure(row, "CPU beside bare work", (front + keeper) / work, "times");
	bench_figure(row, "latency of both exchanges, median", real.p50, "ms");
	bench_figure(row, "latency of both exchanges, p99", real.p99, "ms");
	bench_figure(row, "latency of bare work, median", plain.p50, "ms");
	bench_figure(row, "PSS of all processes", (double)attest_server_pss(&server), "KiB");
}

/* So many attestations, one after the other. */
static void
count_run(struct attest_plan *plan)
{
	void *client = attest_client_open(plan);

	for (size_t i = 0; i < options.count; i++)
		(void)attest_client_once(client);
	attest_client_close(client);
}

static void
measure(struct attest_plan *plan)
{
	static const char row[] = "bare cryptography of an attestation";
	int               bare_port;
	pid_t             bare = attest_bare_start(&plan->machines[0], options.shows, &bare_port);
	double            verify;
	double            encrypt;
	double            sign;

	attest_bare_operations(&verify, &encrypt, &sign);
	bench_figure(row, "RSA-2048 verify, with the key made", verify, "us");
	bench_figure(row, "RSA-2048 OAEP, with the key made", encrypt, "us");
	bench_figure(row, "P-256 sign", sign, "us");
	for (size_t i = 0; i < options.runs; i++)
		report(plan, options.connections[i], bare_port, bare);
	attest_bare_stop(bare);
}

static void
options_check(void)
{
	if (options.runs == 0)
		options.runs = 2;
	for (size_t i = 0; i < options.runs; i++) {
		if (options.connections[i] == 0 || options.connections[i] > BENCH_CLIENTS_MAX)
			bench_die("from 1 to %d connections", BENCH_CLIENTS_MAX);
	}
	if ((server.daemon.under != NULL || server.daemon.no_fork) && options.count == 0)
		bench_die("--under and --no-fork need --count: CPU time is measured by process");
	if (options.machines == 0 || (options.machines > 1 && options.shows))
		bench_die("one machine or more, and one only with --ek-certificate");
}

static void
options_read(int argc, char **argv)
{
	static const struct option known[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {"connections", required_argument, NULL, 'c'},
	    {"machines", required_argument, NULL, 'm'},
	    {"ek-certificate", no_argument, NULL, 'e'},
	    {"count", required_argument, NULL, 'n'},
	    {"no-fork", no_argument, NULL, 'f'},
	    {"under", required_argument, NULL, 'u'},
	    {NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "s:c:", known, NULL)) != -1) {
		if (option == 's')
			options.seconds = atof(optarg);
		else if (option == 'c' && options.runs < RUNS_MAX)
			options.connections[options.runs++] = strtoul(optarg, NULL, 10);
		else if (option == 'm')
			options.machines = strtoul(optarg, NULL, 10);
		else if (option == 'e')
			options.shows = true;
		else if (option == 'n')
			options.count = strtoul(optarg, NULL, 10);
		else if (option == 'f')
			server.daemon.no_fork = true;
		else if (option == 'u')
			server.daemon.under = optarg;
		else
			bench_die("usage: attest_bench [--ek-certificate] [--machines N] [--seconds N] "
			          "[--connections N]...\n"
			          "       attest_bench [--ek-certificate] [--machines N] --count N [--no-fork] "
			          "[--under COMMAND]");
	}
	options_check();
}

int
main(int argc, char **argv)
{
	struct machine    *machines;
	struct attest_plan plan;

	options_read(argc, argv);
	machines = machines_make(options.machines);
	attest_server_make(&server);
	attest_server_enroll(&server, machines, options.machines);
	if (options.shows) {
		machine_certify(&machines[0], server.directory);
		attest_server_trust(&server, "root.pem ca.pem");
	}
	/* A certificate that is shown must be verified, or nothing works. */
	attest_server_start(&server, options.shows
	        ? options.count != 0 ? "ek_certificate = \"require\"\nworkers = 1\n" : "ek_certificate = \"require\"\n"
	        : options.count != 0 ? "workers = 1\n" : "");
	plan = (struct attest_plan){
	    .machines = machines, .machine_count = options.machines, .port = server.daemon.port};
	if (options.count != 0)
		count_run(&plan);
	else
		measure(&plan);
	attest_server_stop(&server);
	attest_server_remove(&server);
	machines_free(machines, options.machines);
	return EXIT_SUCCESS;
}
