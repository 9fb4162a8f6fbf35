/* What the benchmarks share; knows nothing of what is measured. */
#include "config.h"

#include "bench.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <dirent.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/ssl.h>

#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define SAMPLES_MAX 10000 /* of a client */
#define CHILD_TRIES 500   /* of 10 ms */

void
bench_die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

void
bench_figure(const char *row, const char *name, double value, const char *unit)
{
	static char last[128];
	const char *path = getenv("BENCH_ROWS");
	FILE       *file;

	if (strcmp(row, last) != 0)
		printf("%s\n", row);
	(void)snprintf(last, sizeof last, "%s", row);
	if (!isfinite(value)) {
		printf("  %-40s %12s\n", name, "too short");
		return;
	}
	printf("  %-40s %12.2f %s\n", name, value, unit);
	(void)fflush(stdout); /* before anybody forks */
	if (path == NULL || path[0] == '\0')
		return;
	if ((file = fopen(path, "a")) == NULL)
		bench_die("cannot write %s", path);
	(void)fprintf(file, "{\"row\":\"%s\",\"figure\":\"%s\",\"value\":%.9g,\"unit\":\"%s\"}\n", row, name,
	    value, unit);
	if (fclose(file) != 0)
		bench_die("cannot write %s", path);
}

/* ---- processes ---- */

#define STARTED_MAX 8

static pid_t started[STARTED_MAX]; /* what ends with this program, however it ends */
static pid_t starter;

static void
started_end_cb(void)
{
	for (size_t i = 0; starter == getpid() && i < STARTED_MAX; i++) {
		if (started[i] > 0)
			(void)kill(started[i], SIGTERM);
	}
}

void
bench_own(pid_t pid)
{
	if (starter == 0) {
		starter = getpid();
		(void)atexit(started_end_cb);
	}
	for (size_t i = 0; i < STARTED_MAX; i++) {
		if (started[i] == 0) {
			started[i] = pid;
			return;
		}
	}
}

char *
bench_built(const char *program)
{
	const char *top = getenv("top_builddir");

	return file_join(top != NULL ? top : ".", program);
}

void
bench_shell(const char *fmt, ...)
{
	char    command[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(command, sizeof command, fmt, args);
	va_end(args);
	if (system(command) != 0)
		bench_die("failed: %s", command);
}

/* 0: there is none yet. */
static pid_t
child_find(pid_t parent, const char *name, const char *role)
{
	char  command[128];
	FILE *pipe;
	int   pid = 0;

	(void)snprintf(command, sizeof command, "pgrep -P %d -f '%s: %s'", (int)parent, name, role);
	if ((pipe = popen(command, "r")) == NULL)
		bench_die("cannot run pgrep");
	if (fscanf(pipe, "%d", &pid) != 1)
		pid = 0;
	(void)pclose(pipe);
	return pid;
}

/* The child of the supervisor whose title ends in `role`, which it takes a moment after the start line. */
static pid_t
child_of(pid_t parent, const char *name, const char *role)
{
	pid_t pid;

	for (int i = 0; i < CHILD_TRIES; i++) {
		if ((pid = child_find(parent, name, role)) != 0)
			return pid;
		(void)usleep(10000);
	}
	bench_die("%s has no %s", name, role);
}

/* The start line says the port. */
static void
daemon_wait(struct bench_daemon *daemon, const char *log)
{
	static const char address[] = "127.0.0.1:";
	struct error      err = {0};

	while (daemon->port == 0) {
		AUTO_BYTES  text = {0};
		const char *at;

		if (waitpid(daemon->supervisor, NULL, WNOHANG) != 0)
			bench_die("the daemon did not start; see %s", log);
		(void)usleep(10000);
		if (file_read(log, 65536, &text, &err) != 0)
			continue;
		bytes_append_u8(&text, '\0');
		if ((at = strstr((char *)text.data, address)) != NULL)
			daemon->port = atoi(at + strlen(address));
	}
}

void
bench_daemon_start(struct bench_daemon *daemon, const char *name, const char *state,
    const char *config, const char *log)
{
	char path[64];

	(void)snprintf(path, sizeof path, "src/%s", name);
	AUTO_FREE char *program = bench_built(path);
	*daemon = (struct bench_daemon){.under = daemon->under, .no_fork = daemon->no_fork};
	if ((daemon->supervisor = fork()) < 0)
		bench_die("cannot start %s", program);
	if (daemon->supervisor == 0) {
		if (freopen(log, "w", stderr) != NULL)
			(void)execl("/bin/sh", "sh", "-c",
			    "under=$1; shift; exec $under \"$@\" --listen 127.0.0.1:0", "sh",
			    daemon->under != NULL ? daemon->under : "", program, "--state-dir", state, "--config",
			    config, daemon->no_fork ? "--no-fork" : NULL, (char *)NULL);
		_exit(127);
	}
	bench_own(daemon->supervisor);
	daemon_wait(daemon, log);
	if (daemon->under != NULL || daemon->no_fork)
		return;
	daemon->front = child_of(daemon->supervisor, name, "front");
	daemon->keeper = child_of(daemon->supervisor, name, "keeper");
}

void
bench_stop(pid_t pid)
{
	for (size_t i = 0; i < STARTED_MAX; i++)
		started[i] = started[i] == pid ? 0 : started[i];
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
}

double
bench_cpu_of(pid_t pid)
{
	char               path[64];
	char               text[1024] = "";
	unsigned long long user = 0;
	unsigned long long system = 0;
	FILE              *file;
	const char        *at;

	(void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	if ((file = fopen(path, "r")) == NULL || fgets(text, sizeof text, file) == NULL ||
	    (at = strrchr(text, ')')) == NULL ||
	    sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) !=
	        2)
		bench_die("cannot read %s", path);
	(void)fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double
bench_cpu_exact_of(pid_t pid)
{
	char               path[300];
	unsigned long long sum = 0;
	DIR               *tasks;

	(void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	if ((tasks = opendir(path)) == NULL)
		bench_die("cannot read %s", path);
	for (const struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
		unsigned long long used = 0;
		FILE              *file;

		(void)snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", (int)pid, entry->d_name);
		if (entry->d_name[0] == '.' || (file = fopen(path, "r")) == NULL)
			continue;
		if (fscanf(file, "%llu", &used) == 1)
			sum += used;
		(void)fclose(file);
	}
	(void)closedir(tasks);
	return (double)sum / 1e3;
}

long
bench_pss_of(pid_t pid)
{
	char  path[64];
	char  line[256];
	long  pss = 0;
	FILE *file;

	(void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	if ((file = fopen(path, "r")) == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL) {
		if (sscanf(line, "Pss: %ld", &pss) == 1)
			break;
	}
	(void)fclose(file);
	return pss;
}

/* ---- clients ---- */

struct client {
	const struct bench_clients *plan;
	size_t                      done;
	size_t                      sample_count;
	float                      *samples;
	pthread_t                   thread;
};

static atomic_bool stop;

double
bench_now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void *
client_main(void *arg)
{
	struct client *client = arg;
	void          *state = client->plan->open(client->plan->arg);

	while (!atomic_load(&stop)) {
		double took = client->plan->once(state);

		if (client->sample_count < SAMPLES_MAX)
			client->samples[client->sample_count++] = (float)took;
		client->done++;
	}
	client->plan->close(state);
	return NULL;
}

static int
compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a;
	float y = *(const float *)b;

	return x < y ? -1 : x > y;
}

static void
clients_wait(const struct bench_clients *plan)
{
	int status = 0;

	if (plan->beside == 0)
		(void)usleep((useconds_t)(plan->seconds * 1e6));
	else if (waitpid(plan->beside, &status, 0) != plan->beside || status != 0)
		bench_die("what ran beside the clients failed");
}

struct bench_outcome
bench_clients_run(const struct bench_clients *plan)
{
	AUTO_FREE struct client *clients = memory_new(plan->count * sizeof *clients);
	AUTO_FREE float     *samples = memory_new(plan->count * SAMPLES_MAX * sizeof *samples);
	struct bench_outcome outcome = {0};
	size_t               count = 0;
	double               begin = bench_now_ms();

	atomic_store(&stop, false);
	for (size_t i = 0; i < plan->count; i++) {
		clients[i].plan = plan;
		clients[i].samples = memory_new(SAMPLES_MAX * sizeof(float));
		if (pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) != 0)
			bench_die("cannot start a thread");
	}
	clients_wait(plan);
	atomic_store(&stop, true);
	for (size_t i = 0; i < plan->count; i++) {
		(void)pthread_join(clients[i].thread, NULL);
		outcome.done += clients[i].done;
		outcome.fewest = i == 0 || clients[i].done < outcome.fewest ? clients[i].done : outcome.fewest;
		outcome.most = clients[i].done > outcome.most ? clients[i].done : outcome.most;
		memcpy(samples + count, clients[i].samples, clients[i].sample_count * sizeof *samples);
		count += clients[i].sample_count;
		free(clients[i].samples);
	}
	outcome.wall = (bench_now_ms() - begin) / 1e3;
	qsort(samples, count, sizeof *samples, compare_floats);
	if (count != 0) {
		outcome.p50 = (double)samples[count / 2];
		outcome.p99 = (double)samples[count * 99 / 100];
	}
	return outcome;
}

void
bench_connect_from(struct bench_connection *connection, unsigned source, int port)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int                one = 1;
	int                fd = socket(AF_INET, SOCK_STREAM, 0);

	from.sin_addr.s_addr = htonl(source);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		bench_die("cannot connect to port %d", port);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	*connection = (struct bench_connection){.fd = fd};
}

void
bench_connect(struct bench_connection *connection, int port, SSL_CTX *tls)
{
	bench_connect_from(connection, INADDR_ANY, port);
	if (tls != NULL && ((connection->ssl = SSL_new(tls)) == NULL ||
	                       SSL_set_fd(connection->ssl, connection->fd) != 1 || SSL_connect(connection->ssl) != 1))
		bench_die("no TLS with port %d", port);
}

void
bench_disconnect(struct bench_connection *connection)
{
	if (connection->ssl != NULL)
		(void)SSL_shutdown(connection->ssl);
	SSL_free(connection->ssl);
	(void)close(connection->fd);
}

static size_t
connection_receive(struct bench_connection *connection, char *into, size_t size)
{
	ssize_t got = connection->ssl != NULL ? SSL_read(connection->ssl, into, (int)size)
	                                      : recv(connection->fd, into, size, 0);

	if (got <= 0)
		bench_die("the server closed the connection");
	return (size_t)got;
}

/* Returns the body. */
static char *
connection_exchange(struct bench_connection *connection, const char *request, size_t length,
    char *answer, size_t size)
{
	static const char field[] = "\r\nContent-Length:";
	ssize_t           sent = connection->ssl != NULL
	              ? SSL_write(connection->ssl, request, (int)length)
	              : send(connection->fd, request, length, MSG_NOSIGNAL);
	size_t            got = 0;

	if (sent != (ssize_t)length)
		bench_die("cannot send");
	for (;;) {
		const char *end;
		const char *declared;

		got += connection_receive(connection, answer + got, size - 1 - got);
		answer[got] = '\0';
		if ((end = strstr(answer, "\r\n\r\n")) == NULL)
			continue;
		declared = strcasestr(answer, field);
		if (strncmp(answer, "HTTP/1.1 204", 12) == 0)
			return answer + (end + 4 - answer);
		if (declared == NULL || declared > end)
			bench_die("an answer without Content-Length");
		if (got < (size_t)(end + 4 - answer) + strtoul(declared + strlen(field), NULL, 10))
			continue;
		return answer + (end + 4 - answer);
	}
}

char *
bench_exchange(struct bench_connection *connection, const char *request, size_t length,
    char *answer, size_t size)
{
	char *body = connection_exchange(connection, request, length, answer, size);

	if (strncmp(answer, "HTTP/1.1 2", 10) != 0)
		bench_die("%.*s", 1024, answer);
	return body;
}

int
bench_exchange_refused(struct bench_connection *connection, const char *request, size_t length,
    char *answer, size_t size)
{
	int status = 0;

	(void)connection_exchange(connection, request, length, answer, size);
	if (sscanf(answer, "HTTP/1.1 %d", &status) != 1)
		bench_die("%.*s", 1024, answer);
	return status;
}

/* ---- the bare work ---- */

static double
thread_cpu(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double
bench_time_each(void (*operation)(void))
{
	double begin = thread_cpu();
	size_t count = 0;

	do {
		for (int i = 0; i < 50; i++)
			operation();
		count += 50;
	} while (thread_cpu() - begin < 0.5);
	return (thread_cpu() - begin) / (double)count * 1e6;
}

static struct bufferevent *
bare_accept_cb(struct event_base *base, void *arg)
{
	return bufferevent_openssl_socket_new(base, -1, SSL_new(arg), BUFFEREVENT_SSL_ACCEPTING,
	    BEV_OPT_CLOSE_ON_FREE);
}

pid_t
bench_bare_start(void (*answer_cb)(struct evhttp_request *, void *), SSL_CTX *tls, int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t          size = sizeof at;
	int                one = 1;
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	pid_t              pid;

	/* Accepted sockets inherit it; else head and body wait for each other's acknowledgement. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 128) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		bench_die("cannot listen");
	*port = ntohs(at.sin_port);
	if ((pid = fork()) == 0) {
		struct event_base *base = event_base_new();
		struct evhttp     *http = evhttp_new(base);

		(void)signal(SIGPIPE, SIG_IGN);
		evhttp_set_gencb(http, answer_cb, NULL);
		if (tls != NULL)
			evhttp_set_bevcb(http, bare_accept_cb, tls);
		(void)evhttp_accept_socket(http, fd);
		(void)event_base_dispatch(base);
		_exit(0);
	}
	(void)close(fd);
	bench_own(pid);
	return pid;
}
