/*
 * What requests cost attestd that come to nothing, beside an attestation of the same run: malformed
 * ones, those of machines that nobody has enrolled, and those that strangers make to cost as much as
 * they can (hostile.h). One after the other; CPU of front and keeper.
 *
 *   refusal_bench [--seconds N]   (make bench; it does not measure by time, and ignores it)
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attest_client.h"
#include "attest_server.h"
#include "bench.h"
#include "hostile.h"
#include "machine.h"
#include "util/bytes.h"

#define ANSWER_SIZE 16384
#define REQUESTS    200

/* Requests of each hostile kind: each source's first ones. */
#define HOSTILE_SOURCES  25
#define HOSTILE_REQUESTS 8

static struct attest_server server;
static struct machine       honest;
static struct machine       liar; /* its AK's evidence is signed by another key */
static struct machine       unknown;

/* ---- honest, for comparison ---- */

static double
honest_cost(void)
{
	struct attest_plan plan = {.machines = &honest, .machine_count = 1, .port = server.daemon.port};
	void              *client = attest_client_open(&plan);
	double             cpu = attest_server_cpu(&server);

	for (size_t i = 0; i < REQUESTS; i++)
		(void)attest_client_once(client);
	cpu = attest_server_cpu(&server) - cpu;
	attest_client_close(client);
	return cpu / REQUESTS;
}

/* ---- malformed and unknown ---- */

/* A request that is refused; the path and a body that lives in the caller's. */
struct refusal {
	const char *name;
	const char *path;
	int         status;
	void      (*make)(struct bytes *body);
};

static void
honest_copy(struct bytes *body)
{
	bytes_append(body, honest.body, strlen(honest.body));
}

static void
json_broken(struct bytes *body)
{
	honest_copy(body);
	body->data[body->size - 1] = ',';
}

/* Where the text of a member begins. */
static char *
member_at(struct bytes *body, const char *key)
{
	char *at;

	bytes_append_u8(body, '\0');
	body->size--;
	at = strstr((char *)body->data, key);
	return at + strlen(key);
}

static void
base64_wrong(struct bytes *body)
{
	honest_copy(body);
	*member_at(body, "\"createSignature\":\"") = '*';
}

static void
signature_wrong(struct bytes *body)
{
	bytes_append(body, liar.body, strlen(liar.body));
}

static void
secret_unknown(struct bytes *body)
{
	static const char text[] = "{\"secret\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}";

	bytes_append(body, text, sizeof text - 1);
}

static void
machine_unknown(struct bytes *body)
{
	bytes_append(body, unknown.body, strlen(unknown.body));
}

/* The octets of an RSA-2048 EK that was never seen. */
static void
machines_unknown(struct bytes *body)
{
	static const struct hostile kind = {.name = "unknown", .vendor = "P-384", .ek = 2048};

	hostile_make(&kind, honest.body, NULL, body);
}

static const struct refusal refusals[] = {
    {"malformed: JSON broken at its end", "/attest", 400, json_broken},
    {"malformed: base64 wrong", "/attest", 400, base64_wrong},
    {"signature of another key than the AK", "/attest", 400, signature_wrong},
    {"secret that nobody was given", "/secret", 403, secret_unknown},
    {"unknown machine, again and again", "/attest", 403, machine_unknown},
    {"unknown machines, an EK each", "/attest", 403, machines_unknown},
};

/* CPU microseconds of a request. */
static double
refusal_cost(const struct refusal *refusal)
{
	struct bench_connection connection;
	double                  cpu = 0;

	bench_connect(&connection, server.daemon.port, NULL);
	for (size_t i = 0; i < REQUESTS; i++) {
		AUTO_BYTES body = {0};
		char       answer[ANSWER_SIZE];
		double     begin;

		refusal->make(&body);
		begin = attest_server_cpu(&server);
		if (attest_post(&connection, refusal->path, (const char *)body.data, body.size, answer,
		        sizeof answer) != refusal->status)
			bench_die("%s: %s", refusal->name, answer);
		cpu += attest_server_cpu(&server) - begin;
	}
	bench_disconnect(&connection);
	return cpu / REQUESTS;
}

/* ---- hostile ---- */

/* Adds the CPU microseconds to *cpu. */
static int
hostile_exchange(struct bench_connection *connection, const char *path, const char *body, size_t size,
    char *answer, double *cpu)
{
	double begin = attest_server_cpu(&server);
	int    status = attest_post(connection, path, body, size, answer, ANSWER_SIZE);

	*cpu += attest_server_cpu(&server) - begin;
	return status;
}

/* One attack, of one request or two; returns their number. */
static size_t
hostile_once(const struct hostile *hostile, struct forge_ek *ek, struct bench_connection *connection,
    double *cpu)
{
	AUTO_BYTES body = {0};
	char       answer[ANSWER_SIZE];
	char       secret[256];
	int        status;

	hostile_make(hostile, honest.body, hostile->answers ? ek->key : NULL, &body);
	status = hostile_exchange(connection, "/attest", (const char *)body.data, body.size, answer, cpu);
	if (status == 403)
		return 1;
	if (status != 200)
		bench_die("%s: %s", hostile->name, answer);
	if (!hostile->answers)
		return 1;
	machine_activate_with(&honest, ek, strstr(answer, "\r\n\r\n"), secret, sizeof secret);
	status = hostile_exchange(connection, "/secret", secret, strlen(secret), answer, cpu);
	if (status != 403)
		bench_die("%s: %s", hostile->name, answer);
	return 2;
}

/* CPU microseconds for each of the first requests of many sources. */
static double
hostile_cost(const struct hostile *hostile)
{
	static unsigned         source = 0x7f010000; /* 127.1.0.0 */
	struct bench_connection connection;
	struct forge_ek         ek;
	double                  cpu = 0;
	size_t                  count = 0;
	AUTO_BYTES              first = {0};

	forge_ek_make(FORGE_P256, &ek);
	hostile_make(hostile, honest.body, NULL, &first); /* its keys take their time */
	for (size_t i = 0; i < HOSTILE_SOURCES; i++) {
		bench_connect_from(&connection, source += 257, server.daemon.port);
		for (size_t j = 0; j < HOSTILE_REQUESTS; j++)
			count += hostile_once(hostile, &ek, &connection, &cpu);
		bench_disconnect(&connection);
	}
	forge_ek_clear(&ek);
	return cpu / (double)count;
}

/* ---- the benchmark ---- */

static void
row(const char *family, const char *name, double cost, double attestation)
{
	char row[128];

	(void)snprintf(row, sizeof row, "%s: %s", family, name);
	bench_figure(row, "CPU of a request", cost, "us");
	bench_figure(row, "beside an attestation", cost / attestation, "times");
}

static void
refusals_report(void)
{
	double attestation = honest_cost();

	bench_figure("attestation, one after the other", "CPU", attestation, "us");
	for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
		row("refused", refusals[i].name, refusal_cost(&refusals[i]), attestation);
}

static void
hostiles_report(void)
{
	double attestation = honest_cost();

	bench_figure("attestation with an EK certificate, one after the other", "CPU", attestation, "us");
	for (const struct hostile *hostile = hostiles; hostile->name != NULL; hostile++)
		row("hostile", hostile->name, hostile_cost(hostile), attestation);
}

int
main(int argc, char **argv)
{
	static const struct option known[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {NULL, 0, NULL, 0},
	};

	if (getopt_long(argc, argv, "s:", known, NULL) == '?')
		bench_die("usage: refusal_bench [--seconds N]");
	machine_make(&honest, FORGE_RSA2048, FORGE_AK_RSASSA, FORGE_FLAW_NONE);
	machine_make(&liar, FORGE_RSA2048, FORGE_AK_RSASSA, FORGE_FLAW_SIGNATURE_OF_OTHER_KEY);
	machine_make(&unknown, FORGE_P256, FORGE_AK_RSASSA, FORGE_FLAW_NONE);
	attest_server_make(&server);
	attest_server_enroll(&server, &honest, 1);
	attest_server_start(&server, "");
	refusals_report();
	attest_server_stop(&server);

	machine_certify(&honest, server.directory);
	hostile_vendors_write(server.directory);
	attest_server_trust(&server, "root.pem ca.pem *.der");
	attest_server_start(&server, "ek_certificate = \"require\"\n");
	hostiles_report();
	attest_server_stop(&server);
	attest_server_remove(&server);
	machine_clear(&honest);
	machine_clear(&liar);
	machine_clear(&unknown);
	return EXIT_SUCCESS;
}
