/* Clients that attest again and again, for bench_clients_run (bench.h). */
#ifndef TESTS_BENCH_ATTEST_CLIENT_H
#define TESTS_BENCH_ATTEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "bench.h"

struct machine;

/* Who attests, and where. */
struct attest_plan {
	const struct machine *machines; /* in turn */
	size_t                machine_count;
	int                   port;
	SSL_CTX              *tls;  /* NULL: plain */
	bool                  anew; /* a connection for each attestation */
	bool                  bare; /* the same octets and the same work, before the bare server */
};

/* The callbacks of struct bench_clients; `arg` is the plan. */
void  *attest_client_open(void *arg);
double attest_client_once(void *client);
void   attest_client_close(void *client);

/* So many clients for that long. */
struct bench_outcome attest_clients_run(struct attest_plan *plan, size_t clients, double seconds);

/* As many until a child of this program ends. */
struct bench_outcome attest_clients_run_beside(struct attest_plan *plan, size_t clients, pid_t child);

/* A POST with that body; needs a connection. Returns the status; `answer` is the whole answer. */
int attest_post(struct bench_connection *connection, const char *path, const char *body, size_t length,
    char *answer, size_t size);

#endif
