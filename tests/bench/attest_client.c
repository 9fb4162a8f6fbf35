/* An attestation in two exchanges; the credential is opened in software, as a TPM would. */
#include "config.h"

#include "attest_client.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine.h"
#include "util/bytes.h"

#define ANSWER_SIZE 16384

struct client {
	const struct attest_plan *plan;
	struct bench_connection   connection;
};

static atomic_size_t turn; /* of the machines */

void *
attest_client_open(void *arg)
{
	struct client *client = memory_new(sizeof *client);

	client->plan = arg;
	if (!client->plan->anew)
		bench_connect(&client->connection, client->plan->port, client->plan->tls);
	return client;
}

void
attest_client_close(void *state)
{
	struct client *client = state;

	if (!client->plan->anew)
		bench_disconnect(&client->connection);
	free(client);
}

int
attest_post(struct bench_connection *connection, const char *path, const char *body, size_t length,
    char *answer, size_t size)
{
	AUTO_BYTES request = {0};
	char       head[256];
	int        head_length = snprintf(head, sizeof head,
	           "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n", path, length);

	bytes_append(&request, head, (size_t)head_length);
	bytes_append(&request, body, length);
	return bench_exchange_refused(connection, (const char *)request.data, request.size, answer, size);
}

/* Returns the body, which lives in `answer`. */
static const char *
client_exchange(struct client *client, const char *path, const char *body, char answer[ANSWER_SIZE])
{
	if (attest_post(&client->connection, path, body, strlen(body), answer, ANSWER_SIZE) != 200)
		bench_die("%.*s", 1024, answer);
	return strstr(answer, "\r\n\r\n") + 4;
}

/* The time to open the credential is not the servers'; that of a connection of its own is. */
double
attest_client_once(void *state)
{
	struct client            *client = state;
	const struct attest_plan *plan = client->plan;
	size_t                at = plan->machine_count > 1 ? atomic_fetch_add(&turn, 1) % plan->machine_count : 0;
	const struct machine *machine = &plan->machines[at];
	char                  answer[ANSWER_SIZE];
	char                  secret[256];
	double                begin = bench_now_ms();
	double                first;

	if (plan->anew)
		bench_connect(&client->connection, plan->port, plan->tls);
	const char *body = client_exchange(client, "/attest", machine->body, answer);
	first = bench_now_ms() - begin;
	machine_activate(machine, plan->bare ? machine->credential : body, secret, sizeof secret);
	begin = bench_now_ms();
	(void)client_exchange(client, "/secret", secret, answer);
	if (plan->anew)
		bench_disconnect(&client->connection);
	return first + bench_now_ms() - begin;
}

static struct bench_outcome
run(struct attest_plan *plan, size_t clients, double seconds, pid_t beside)
{
	return bench_clients_run(&(struct bench_clients){
	    .count = clients,
	    .seconds = seconds,
	    .beside = beside,
	    .open = attest_client_open,
	    .once = attest_client_once,
	    .close = attest_client_close,
	    .arg = plan,
	});
}

struct bench_outcome
attest_clients_run(struct attest_plan *plan, size_t clients, double seconds)
{
	return run(plan, clients, seconds, 0);
}

struct bench_outcome
attest_clients_run_beside(struct attest_plan *plan, size_t clients, pid_t child)
{
	return run(plan, clients, 0, child);
}
