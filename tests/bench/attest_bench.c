/*
 * What an attestation costs attestd, beside the bare work of the same run: an
 * HTTP server in one process that does for the same two exchanges nothing but the
 * cryptography that nobody can leave out, before the same clients. CPU time of
 * front and keeper, not of the clients, which open each credential in software as
 * a TPM would.
 *
 *   attest_bench [--seconds N] [--connections N]…      (make bench)
 */
#include "config.h"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <getopt.h>
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

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "forge.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "util/base64.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"

#define CONNECTIONS_MAX 256
#define SAMPLES_MAX 2000000

static struct {
	char            directory[64];
	char            hash[EK_HASH_TEXT_SIZE];
	struct forge_ek ek;
	struct forge_ak ak;
	char           *attest_body;
	char           *credential; /* an answer, for the clients of the bare server */
	pid_t           supervisor;
	pid_t           front;
	pid_t           keeper;
	int             port;
	double          seconds;
} bench = {.seconds = 5};

__attribute__((noreturn, format(printf, 1, 2)))
static void
die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vfprintf(stderr, fmt, args);
	va_end(args);
	(void)fputc('\n', stderr);
	exit(EXIT_FAILURE);
}

/* ---- processes ---- */

static char *
built(const char *program)
{
	const char *top = getenv("top_builddir");

	return file_join(top != NULL ? top : ".", program);
}

__attribute__((format(printf, 1, 2)))
static void
shell(const char *fmt, ...)
{
	char    command[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(command, sizeof command, fmt, args);
	va_end(args);
	if (system(command) != 0)
		die("failed: %s", command);
}

/* The child of the supervisor whose title ends in `role`. */
static pid_t
child_of(pid_t parent, const char *role)
{
	char  command[128];
	FILE *pipe;
	int   pid = 0;

	(void)snprintf(command, sizeof command, "pgrep -P %d -f 'attestd: %s'", (int)parent, role);
	if ((pipe = popen(command, "r")) == NULL || fscanf(pipe, "%d", &pid) != 1)
		die("attestd has no %s", role);
	(void)pclose(pipe);
	return pid;
}

/* Its log goes to a file, as it would in service; the start line says the port. */
static void
attestd_start(void)
{
	AUTO_FREE char *program = built("src/attestd");
	AUTO_FREE char *config = file_join(bench.directory, "attestd.conf");
	AUTO_FREE char *state = file_join(bench.directory, "ca");
	AUTO_FREE char *log = file_join(bench.directory, "log");
	struct error    err = {0};

	if ((bench.supervisor = fork()) < 0)
		die("cannot start attestd");
	if (bench.supervisor == 0) {
		if (freopen(log, "w", stderr) != NULL)
			(void)execl(program, program, "--state-dir", state, "--config", config, "--listen",
			    "127.0.0.1:0", (char *)NULL);
		_exit(127);
	}
	while (bench.port == 0) {
		AUTO_BYTES  text = {0};
		const char *at;

		if (waitpid(bench.supervisor, NULL, WNOHANG) != 0)
			die("attestd did not start; see %s", log);
		(void)usleep(10000);
		if (file_read(log, 65536, &text, &err) != 0)
			continue;
		bytes_append_u8(&text, '\0');
		if ((at = strstr((char *)text.data, "127.0.0.1:")) != NULL)
			bench.port = atoi(at + strlen("127.0.0.1:"));
	}
	bench.front = child_of(bench.supervisor, "front");
	bench.keeper = child_of(bench.supervisor, "keeper");
}

/* CPU seconds that the process has used. */
static double
cpu_of(pid_t pid)
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
		die("cannot read %s", path);
	(void)fclose(file);
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* Proportional set size in KiB. */
static long
pss_of(pid_t pid)
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

/* ---- a client ---- */

struct client {
	int       port;
	bool      bare; /* the same octets and the same work, before the bare server */
	size_t    done;
	size_t    sample_count;
	float    *samples; /* milliseconds of both exchanges together */
	pthread_t thread;
};

static atomic_bool stop;

static int
client_connect(int port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int                one = 1;
	int                fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("cannot connect to port %d", port);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

/* One exchange; returns the body, which lives in `answer`. */
static char *
client_exchange(int fd, const char *path, const char *body, char *answer, size_t size)
{
	char   request[16384];
	int    length = snprintf(request, sizeof request,
	      "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n%s", path,
	      strlen(body), body);
	size_t got = 0;

	if (send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
		die("cannot send");
	for (;;) {
		ssize_t     more = recv(fd, answer + got, size - 1 - got, 0);
		const char *end;
		const char *declared;

		if (more <= 0)
			die("the server closed the connection");
		got += (size_t)more;
		answer[got] = '\0';
		if ((end = strstr(answer, "\r\n\r\n")) == NULL)
			continue;
		declared = strcasestr(answer, "\r\nContent-Length:");
		if (declared == NULL || declared > end)
			die("an answer without Content-Length");
		if (got >= (size_t)(end + 4 - answer) + strtoul(declared + 17, NULL, 10)) {
			if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
				die("%.*s", 512, answer);
			return answer + (end + 4 - answer);
		}
	}
}

static void
member_decode(const char *json, const char *key, struct bytes *out)
{
	const char  *at = strstr(json, key);
	struct error err = {0};

	if (at == NULL || (at = strchr(at + strlen(key), '"')) == NULL)
		die("no %s in %s", key, json);
	at++;
	if (base64_decode(BASE64_STANDARD, at, strcspn(at, "\""), out, &err) != 0)
		die("%s", err.detail);
}

static void
client_activate(const char *answer, char *body, size_t size)
{
	AUTO_BYTES credential = {0};
	AUTO_BYTES encrypted = {0};
	AUTO_BYTES secret = {0};

	member_decode(answer, "\"credential\":", &credential);
	member_decode(answer, "\"secret\":", &encrypted);
	if (!forge_activate(&bench.ek, &bench.ak.name, bytes_view(&credential), bytes_view(&encrypted),
	        &secret))
		die("the credential does not open");
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, secret.data, secret.size);
	(void)snprintf(body, size, "{\"secret\":\"%s\"}", text);
}

static double
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static void *
client_main(void *arg)
{
	struct client *client = arg;
	int            fd = client_connect(client->port);
	char           answer[16384];
	char           secret[256];

	while (!atomic_load(&stop)) {
		double begin = now_ms();
		char  *body = client_exchange(fd, "/attest", bench.attest_body, answer, sizeof answer);
		double first = now_ms() - begin;

		client_activate(client->bare ? bench.credential : body, secret, sizeof secret);
		begin = now_ms();
		(void)client_exchange(fd, "/secret", secret, answer, sizeof answer);
		if (client->sample_count < SAMPLES_MAX / CONNECTIONS_MAX)
			client->samples[client->sample_count++] = (float)(first + now_ms() - begin);
		client->done++;
	}
	(void)close(fd);
	return NULL;
}

static int
compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a;
	float y = *(const float *)b;

	return x < y ? -1 : x > y;
}

/* What a run of clients came to. */
struct outcome {
	size_t done;
	double wall;
	double p50;
	double p99;
};

static struct outcome
clients_run(int port, size_t connections, bool bare, double seconds)
{
	struct client  clients[CONNECTIONS_MAX] = {{0}};
	AUTO_FREE float *samples = memory_new(SAMPLES_MAX * sizeof *samples);
	struct outcome outcome = {0};
	size_t         count = 0;
	double         begin = now_ms();

	atomic_store(&stop, false);
	for (size_t i = 0; i < connections; i++) {
		clients[i].port = port;
		clients[i].bare = bare;
		clients[i].samples = memory_new(SAMPLES_MAX / CONNECTIONS_MAX * sizeof(float));
		if (pthread_create(&clients[i].thread, NULL, client_main, &clients[i]) != 0)
			die("cannot start a thread");
	}
	(void)usleep((useconds_t)(seconds * 1e6));
	atomic_store(&stop, true);
	for (size_t i = 0; i < connections; i++) {
		(void)pthread_join(clients[i].thread, NULL);
		outcome.done += clients[i].done;
		memcpy(samples + count, clients[i].samples, clients[i].sample_count * sizeof *samples);
		count += clients[i].sample_count;
		free(clients[i].samples);
	}
	outcome.wall = (now_ms() - begin) / 1e3;
	qsort(samples, count, sizeof *samples, compare_floats);
	if (count != 0) {
		outcome.p50 = (double)samples[count / 2];
		outcome.p99 = (double)samples[count * 99 / 100];
	}
	return outcome;
}

/* ---- the bare work ---- */

static double
thread_cpu(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Repeats an operation for a while; microseconds of CPU each. */
static double
time_each(void (*operation)(void))
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

static EVP_PKEY *issuing_key;
static uint8_t   digest[32] = {1};
static uint8_t   signature[512];
static size_t    signature_size;

/* The AK's signature over its creation. */
static void
operation_verify(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bench.ak.key, NULL);

	if (EVP_PKEY_verify_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_verify(ctx, signature, signature_size, digest, sizeof digest) != 1)
		die("verify");
	EVP_PKEY_CTX_free(ctx);
}

static void
verify_prepare(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bench.ak.key, NULL);

	signature_size = sizeof signature;
	if (EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_sign(ctx, signature, &signature_size, digest, sizeof digest) != 1)
		die("sign");
	EVP_PKEY_CTX_free(ctx);
}

/* The seed of a credential, to the EK. */
static void
operation_encrypt(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bench.ek.key, NULL);
	uint8_t       out[512];
	size_t        size = sizeof out;

	if (EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_encrypt(ctx, out, &size, digest, sizeof digest) != 1)
		die("encrypt");
	EVP_PKEY_CTX_free(ctx);
}

/* The AK certificate, by the issuing key. */
static void
operation_sign(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(issuing_key, NULL);
	uint8_t       out[128];
	size_t        size = sizeof out;

	if (EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_sign(ctx, out, &size, digest, sizeof digest) != 1)
		die("sign");
	EVP_PKEY_CTX_free(ctx);
}

static void
bare_request_cb(struct evhttp_request *request, void *arg)
{
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	if (strcmp(evhttp_request_get_uri(request), "/secret") == 0) {
		operation_sign();
	} else {
		operation_verify();
		operation_encrypt();
	}
	evbuffer_add(body, bench.attest_body, 1200); /* as long as a chain */
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

/* The bare work, in a process of its own. */
static pid_t
bare_start(int *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET};
	socklen_t          size = sizeof at;
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	pid_t              pid;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 128) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &size) != 0)
		die("cannot listen");
	*port = ntohs(at.sin_port);
	if ((pid = fork()) == 0) {
		struct event_base *base = event_base_new();
		struct evhttp     *http = evhttp_new(base);

		evhttp_set_gencb(http, bare_request_cb, NULL);
		(void)evhttp_accept_socket(http, fd);
		(void)event_base_dispatch(base);
		_exit(0);
	}
	(void)close(fd);
	return pid;
}

/* ---- the benchmark ---- */

static void
device_prepare(void)
{
	static const char *const keys[] = {"public", "createData", "createAttestation",
	    "createSignature"};
	const struct bytes *values[] = {&bench.ak.public, &bench.ak.create_data, &bench.ak.attestation,
	    &bench.ak.signature};
	struct ek_hash      hash;
	struct error        err = {0};
	AUTO_BYTES          body = {0};

	forge_ek_make(FORGE_RSA2048, &bench.ek);
	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &bench.ak);
	if (ek_hash_of_key(bench.ek.key, &hash, &err) != 0)
		die("%s", err.detail);
	ek_hash_format(&hash, bench.hash);
	AUTO_FREE char *spki = base64_encode(BASE64_STANDARD, bench.ek.spki.data, bench.ek.spki.size);
	AUTO_FREE char *public =
	    base64_encode(BASE64_STANDARD, bench.ek.public.data, bench.ek.public.size);
	AUTO_FREE char *head = NULL;
	if (asprintf(&head,
	        "{\"tpmInfo\":{\"version\":2,\"manufacturer\":\"1229081856\",\"model\":\"bench\","
	        "\"firmwareVersion\":\"1.2\"},\"ek\":\"%s\",\"ekPublic\":\"%s\",\"params\":{",
	        spki, public) < 0)
		die("out of memory");
	bytes_append(&body, head, strlen(head));
	for (int i = 0; i < 4; i++) {
		AUTO_FREE char *value = base64_encode(BASE64_STANDARD, values[i]->data, values[i]->size);
		AUTO_FREE char *member = NULL;

		if (asprintf(&member, "%s\"%s\":\"%s\"", i == 0 ? "" : ",", keys[i], value) < 0)
			die("out of memory");
		bytes_append(&body, member, strlen(member));
	}
	bytes_append(&body, "}}", 3);
	bench.attest_body = (char *)body.data;
	body = (struct bytes){0};
}

/* A credential as attestd makes them, to be opened again and again. */
static void
credential_prepare(void)
{
	static const uint8_t secret[32] = {1};
	struct tpm_ek        ek = {0};
	AUTO_BYTES           credential = {0};
	AUTO_BYTES           encrypted = {0};
	struct error         err = {0};

	if (tpm_ek_decode(bytes_view(&bench.ek.spki), bytes_view(&bench.ek.public), &ek, &err) != 0 ||
	    tpm_credential_make(&ek, &bench.ak.name, (struct view){secret, sizeof secret}, &credential,
	        &encrypted, &err) != 0)
		die("%s", err.detail);
	AUTO_FREE char *first = base64_encode(BASE64_STANDARD, credential.data, credential.size);
	AUTO_FREE char *second = base64_encode(BASE64_STANDARD, encrypted.data, encrypted.size);
	if (asprintf(&bench.credential, "{\"credential\":\"%s\",\"secret\":\"%s\"}", first, second) <
	    0)
		die("out of memory");
	tpm_ek_clear(&ek);
}

static void
state_prepare(void)
{
	static const char config[] = "device_challenges = 100000\n"
	                             "challenges = 100000\n";
	AUTO_FREE char *admin = built("src/attest-ca");
	AUTO_FREE char *path = NULL;
	struct error    err = {0};

	(void)snprintf(bench.directory, sizeof bench.directory, "/tmp/attest_bench.XXXXXX");
	if (mkdtemp(bench.directory) == NULL)
		die("cannot make %s", bench.directory);
	path = file_join(bench.directory, "attestd.conf");
	if (file_replace(path, config, sizeof config - 1, 0600, &err) != 0)
		die("%s", err.detail);
	shell("%s --state-dir %s/ca init >/dev/null", admin, bench.directory);
	shell("%s --state-dir %s/ca enroll %s --name bench >/dev/null", admin, bench.directory,
	    bench.hash);
}

static void
report(size_t connections, int bare_port, pid_t bare)
{
	double         begin_bare = cpu_of(bare);
	struct outcome plain = clients_run(bare_port, connections, true, bench.seconds / 2);
	double         work = (cpu_of(bare) - begin_bare) / (double)plain.done * 1e6;
	double         begin_front = cpu_of(bench.front);
	double         begin_keeper = cpu_of(bench.keeper);
	struct outcome real = clients_run(bench.port, connections, false, bench.seconds);
	double         front = (cpu_of(bench.front) - begin_front) / (double)real.done * 1e6;
	double         keeper = (cpu_of(bench.keeper) - begin_keeper) / (double)real.done * 1e6;

	printf("%zu connections: %zu attestations in %.1f s\n", connections, real.done, real.wall);
	printf("  front          %8.1f us CPU each\n", front);
	printf("  keeper         %8.1f us CPU each\n", keeper);
	printf("  bare work      %8.1f us CPU each: two exchanges, verify, encrypt, sign\n", work);
	printf("  ratio          %8.2f\n", (front + keeper) / work);
	printf("  latency        %8.2f ms p50, %.2f ms p99, both exchanges\n", real.p50, real.p99);
	printf("  PSS            %8ld KiB front, %ld KiB keeper, %ld KiB supervisor\n",
	    pss_of(bench.front), pss_of(bench.keeper), pss_of(bench.supervisor));
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {"connections", required_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0},
	};
	size_t connections[8] = {2, 64};
	size_t runs = 0;
	double verify;
	double encrypt;
	double sign;
	int    bare_port;
	int    option;
	pid_t  bare;

	while ((option = getopt_long(argc, argv, "s:c:", options, NULL)) != -1) {
		if (option == 's')
			bench.seconds = atof(optarg);
		else if (option == 'c' && runs < 8)
			connections[runs++] = strtoul(optarg, NULL, 10);
		else
			die("usage: attest_bench [--seconds N] [--connections N]...");
	}
	device_prepare();
	credential_prepare();
	if ((issuing_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")) == NULL)
		die("no key");
	verify_prepare();
	bare = bare_start(&bare_port);
	state_prepare();
	attestd_start();
	verify = time_each(operation_verify);
	encrypt = time_each(operation_encrypt);
	sign = time_each(operation_sign);
	printf("bare cryptography: RSA-2048 verify %.1f us, RSA-2048 OAEP %.1f us, P-256 sign %.1f us\n",
	    verify, encrypt, sign);
	for (size_t i = 0; i < (runs != 0 ? runs : 2); i++) {
		if (connections[i] == 0 || connections[i] > CONNECTIONS_MAX)
			die("from 1 to %d connections", CONNECTIONS_MAX);
		report(connections[i], bare_port, bare);
	}
	(void)kill(bare, SIGTERM);
	(void)kill(bench.supervisor, SIGTERM);
	(void)waitpid(bare, NULL, 0);
	(void)waitpid(bench.supervisor, NULL, 0);
	shell("rm -rf %s", bench.directory);
	EVP_PKEY_free(issuing_key);
	forge_ek_clear(&bench.ek);
	forge_ak_clear(&bench.ak);
	free(bench.attest_body);
	free(bench.credential);
	return EXIT_SUCCESS;
}
