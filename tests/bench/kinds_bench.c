/*
 * What attestations of other kinds cost attestd, beside one of the usual kind in the same run: other
 * keys, a connection for each, TLS. CPU of front and keeper, two clients.
 *
 *   kinds_bench [--seconds N]   (make bench)
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/ssl.h>

#include "attest_client.h"
#include "attest_server.h"
#include "bench.h"
#include "machine.h"

#define CLIENTS 2

static struct attest_server server;
static double               seconds = 5;
static double               usual; /* microseconds */

/* The kinds; the first is the usual one. */
static const struct kind {
	const char        *row;
	enum forge_key     ek;
	enum forge_ak_kind ak;
	bool               tls;
	bool               anew;
} kinds[] = {
    {"EK RSA-2048, AK RSA-2048, connection kept", FORGE_RSA2048, FORGE_AK_RSASSA, false, false},
    {"EK P-256, AK P-256, connection kept", FORGE_P256, FORGE_AK_P256, false, false},
    {"EK P-384, AK P-256, connection kept", FORGE_P384, FORGE_AK_P256, false, false},
    {"EK RSA-2048, AK RSA-2048, a connection each", FORGE_RSA2048, FORGE_AK_RSASSA, false, true},
    {"EK RSA-2048, AK RSA-2048, TLS, connection kept", FORGE_RSA2048, FORGE_AK_RSASSA, true, false},
    {"EK RSA-2048, AK RSA-2048, TLS, a connection each", FORGE_RSA2048, FORGE_AK_RSASSA, true, true},
};
#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

static struct machine machines[KIND_COUNT];

static void
report(const struct kind *kind, const struct machine *machine, SSL_CTX *tls)
{
	struct attest_plan   plan = {.machines = machine, .machine_count = 1, .port = server.daemon.port,
	      .tls = tls, .anew = kind->anew};
	double               cpu = attest_server_cpu(&server);
	struct bench_outcome outcome = attest_clients_run(&plan, CLIENTS, seconds);

	cpu = (attest_server_cpu(&server) - cpu) / (double)outcome.done;
	usual = usual != 0 ? usual : cpu;
	bench_figure(kind->row, "CPU", cpu, "us");
	bench_figure(kind->row, "beside the usual kind", cpu / usual, "times");
	bench_figure(kind->row, "latency, median", outcome.p50, "ms");
	bench_figure(kind->row, "latency, p99", outcome.p99, "ms");
}

/* An attestd, with TLS or without, and all that is measured with it. */
static void
server_measure(SSL_CTX *tls)
{
	char settings[512] = "";

	if (tls != NULL)
		(void)snprintf(settings, sizeof settings, "tls_cert = \"%s/tls.pem\"\ntls_key = \"%s/tls.key\"\n",
		    server.directory, server.directory);
	attest_server_start(&server, settings);
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (kinds[i].tls == (tls != NULL))
			report(&kinds[i], &machines[i], tls);
	}
	attest_server_stop(&server);
}

/* A certificate of its own, which the clients do not check. */
static SSL_CTX *
tls_prepare(void)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

	if (tls == NULL)
		bench_die("no TLS");
	bench_shell("cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout tls.key"
	            " -out tls.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost -days 30 2>/dev/null",
	    server.directory);
	return tls;
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};
	SSL_CTX *tls;
	int      option;

	while ((option = getopt_long(argc, argv, "s:", known, NULL)) != -1) {
		if (option != 's')
			bench_die("usage: kinds_bench [--seconds N]");
		seconds = atof(optarg);
	}
	for (size_t i = 0; i < KIND_COUNT; i++)
		machine_make(&machines[i], kinds[i].ek, kinds[i].ak, FORGE_FLAW_NONE);
	attest_server_make(&server);
	attest_server_enroll(&server, machines, 3); /* the EKs of the others are the first one's */
	tls = tls_prepare();
	server_measure(NULL);
	server_measure(tls);
	attest_server_remove(&server);
	SSL_CTX_free(tls);
	for (size_t i = 0; i < KIND_COUNT; i++)
		machine_clear(&machines[i]);
	return EXIT_SUCCESS;
}
