/* An attestd with a CA of its own in a directory below /tmp, for the benchmarks. */
#ifndef TESTS_BENCH_ATTEST_SERVER_H
#define TESTS_BENCH_ATTEST_SERVER_H

#include <stddef.h>

#include "bench.h"

struct machine;

struct attest_server {
	char                directory[64]; /* the CA is in ca/ */
	struct bench_daemon daemon;
};

/* Makes directory and CA. */
void attest_server_make(struct attest_server *server);

/* Enrols machines. */
void attest_server_enroll(const struct attest_server *server, const struct machine *machines, size_t count);

/* Imports the certificates of vendors; `files` are names in the directory, also patterns. */
void attest_server_trust(const struct attest_server *server, const char *files);

/*
 * Starts attestd with these lines of configuration, and with no limit to challenges and certificates
 * that a benchmark would meet; it may be stopped, and started with others.
 */
void attest_server_start(struct attest_server *server, const char *settings);
void attest_server_stop(struct attest_server *server);

/* Of front and keeper, while it runs as processes: microseconds of CPU; KiB, the supervisor with it. */
double attest_server_cpu(const struct attest_server *server);
long   attest_server_pss(const struct attest_server *server);

/* Removes the directory. */
void attest_server_remove(const struct attest_server *server);

#endif
