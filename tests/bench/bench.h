/*
 * What the benchmarks share: daemons and what they use, clients in parallel, a
 * server that does the bare work and nothing else. Every failure ends the program.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <openssl/types.h>

struct evhttp_request;

#define BENCH_CLIENTS_MAX 512

__attribute__((noreturn, format(printf, 1, 2)))
void bench_die(const char *fmt, ...);

/*
 * Prints a figure below the name of its row, and notes it for the report: appends a line of JSON to
 * the file that the environment variable BENCH_ROWS names, if there is one. Names and unit are
 * plain ASCII without quotes. A value that is not a number, of a run too short for it, is not noted.
 */
void bench_figure(const char *row, const char *name, double value, const char *unit);

/* ---- processes ---- */

/* The path of a program of this build; the caller frees. */
char *bench_built(const char *program);

/* Runs a command that must succeed. */
__attribute__((format(printf, 1, 2)))
void bench_shell(const char *fmt, ...);

/* A daemon of ours on a port of the kernel's choice. */
struct bench_daemon {
	const char *under;   /* a command line that runs it, such as "valgrind …"; NULL: none */
	bool        no_fork; /* in one process */

	pid_t supervisor; /* of all three with no_fork; front and keeper are 0 then, and with `under` */
	pid_t front;
	pid_t keeper;
	int   port;
};

/*
 * Starts src/NAME, under daemon->under, with that state directory and configuration file; its log goes
 * to a file, as it would in service.
 */
void bench_daemon_start(struct bench_daemon *daemon, const char *name, const char *state,
    const char *config, const char *log);

/* A child of this program that ends with it, however it ends. */
void bench_own(pid_t pid);

/* Ends a process that was started here. */
void bench_stop(pid_t pid);

/* CPU seconds that the process has used, and its proportional set size in KiB. */
double bench_cpu_of(pid_t pid);
/* CPU microseconds of its threads that are running now, of the scheduler's precision. */
double bench_cpu_exact_of(pid_t pid);
long   bench_pss_of(pid_t pid);

/* ---- clients ---- */

/* What every one of the parallel clients does, again and again. */
struct bench_clients {
	size_t count;
	double seconds;
	void  *(*open)(void *arg);   /* its state */
	double (*once)(void *state); /* milliseconds that the servers' answers took */
	void   (*close)(void *state);
	void  *arg;
	pid_t  beside; /* a child: go on until it ends, which must be with 0; 0: for `seconds` */
};

/* What it came to. */
struct bench_outcome {
	size_t done;
	double wall; /* seconds */
	double p50;  /* milliseconds */
	double p99;
	size_t fewest; /* of what one client has done, and the most */
	size_t most;
};

struct bench_outcome bench_clients_run(const struct bench_clients *clients);

double bench_now_ms(void);

/* A connection to a port of this host, over TLS where `tls` is not NULL. */
struct bench_connection {
	int  fd;
	SSL *ssl;
};

void bench_connect(struct bench_connection *connection, int port, SSL_CTX *tls);
/* From an IPv4 address of this host. */
void bench_connect_from(struct bench_connection *connection, unsigned source, int port);
void bench_disconnect(struct bench_connection *connection);

/* Sends a whole request; the answer, which must be 2xx, lives in `answer`. Returns its body. */
char *bench_exchange(struct bench_connection *connection, const char *request, size_t length,
    char *answer, size_t size);

/* The same with an answer that need not be 2xx. Returns its status. */
int bench_exchange_refused(struct bench_connection *connection, const char *request, size_t length,
    char *answer, size_t size);

/* ---- the bare work ---- */

/* Repeats an operation for a while; microseconds of CPU each. */
double bench_time_each(void (*operation)(void));

/*
 * A process that serves HTTP, over TLS where `tls` is not NULL, with that callback
 * and nothing else. Returns its id.
 */
pid_t bench_bare_start(void (*answer_cb)(struct evhttp_request *, void *), SSL_CTX *tls,
    int *port);

#endif
