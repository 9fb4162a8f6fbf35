/*
 * What an attestation costs attestd, beside the bare work of the same run: an
 * HTTP server in one process that does for the same two exchanges nothing but the
 * cryptography that nobody can leave out, before the same clients: the AK and the
 * EK made from the numbers that a request brings, a signature verified, a seed
 * encrypted, a certificate signed. CPU time of front and keeper, not of the
 * clients, which open each credential in software as a TPM would.
 *
 *   attest_bench [--ek-certificate] [--hostile] [--seconds N] [--connections N]…   (make bench)
 *   attest_bench [--ek-certificate] --count N [--no-fork] [--under COMMAND]   (count.py)
 *
 * With --ek-certificate the machine shows one, below an RSA-2048 root and CA that are
 * imported, which the bare work verifies too: two signatures, by keys that are there.
 * With --hostile strangers' requests follow, with what each costs beside an attestation.
 *
 * With --count it measures nothing: one client makes so many attestations at an attestd
 * with one worker, started by a command that counts.
 */
#include "config.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "bench.h"
#include "forge.h"
#include "hostile.h"
#include "tpm/credential.h"
#include "tpm/ek.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/file.h"

/* Requests of each hostile kind: each source's first ones. */
#define HOSTILE_SOURCES  25
#define HOSTILE_REQUESTS 8

static struct {
	char            directory[64];
	char            hash[EK_HASH_TEXT_SIZE];
	struct forge_ek ek;
	struct forge_ak ak;
	char           *attest_body;
	char           *credential; /* an answer, for the clients of the bare server */
	double          seconds;
	size_t          count; /* of attestations; 0: as many as there is time for */
	bool            shows; /* an EK certificate */
	bool            hostile;

	struct bench_daemon daemon;
} bench = {.seconds = 5};

/* ---- a client ---- */

/* Before which server a client is. */
struct plan {
	int  port;
	bool bare; /* the same octets and the same work, before the bare server */
};

struct client {
	const struct plan      *plan;
	struct bench_connection connection;
};

static void *
client_open(void *arg)
{
	struct client *client = memory_new(sizeof *client);

	client->plan = arg;
	bench_connect(&client->connection, client->plan->port, NULL);
	return client;
}

static void
client_close(void *state)
{
	struct client *client = state;

	bench_disconnect(&client->connection);
	free(client);
}

/* One exchange; returns the body, which lives in `answer`. */
static char *
client_exchange(struct client *client, const char *path, const char *body, char *answer,
    size_t size)
{
	char request[16384];
	int  length = snprintf(request, sizeof request,
	     "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n%s", path,
	     strlen(body), body);

	return bench_exchange(&client->connection, request, (size_t)length, answer, size);
}

static void
member_decode(const char *json, const char *key, struct bytes *out)
{
	const char  *at = strstr(json, key);
	struct error err = {0};

	if (at == NULL || (at = strchr(at + strlen(key), '"')) == NULL)
		bench_die("no %s in %s", key, json);
	at++;
	if (base64_decode(BASE64_STANDARD, at, strcspn(at, "\""), out, &err) != 0)
		bench_die("%s", err.detail);
}

static void
client_activate(const struct forge_ek *ek, const char *answer, char *body, size_t size)
{
	AUTO_BYTES credential = {0};
	AUTO_BYTES encrypted = {0};
	AUTO_BYTES secret = {0};

	member_decode(answer, "\"credential\":", &credential);
	member_decode(answer, "\"secret\":", &encrypted);
	if (!forge_activate(ek, &bench.ak.name, bytes_view(&credential), bytes_view(&encrypted),
	        &secret))
		bench_die("the credential does not open");
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, secret.data, secret.size);
	(void)snprintf(body, size, "{\"secret\":\"%s\"}", text);
}

/* An attestation; the time to open the credential is not the servers'. */
static double
client_once(void *state)
{
	struct client *client = state;
	char           answer[16384];
	char           secret[256];
	double         begin = bench_now_ms();
	char *body = client_exchange(client, "/attest", bench.attest_body, answer, sizeof answer);
	double         first = bench_now_ms() - begin;

	client_activate(&bench.ek, client->plan->bare ? bench.credential : body, secret, sizeof secret);
	begin = bench_now_ms();
	(void)client_exchange(client, "/secret", secret, answer, sizeof answer);
	return first + bench_now_ms() - begin;
}

static struct bench_outcome
clients_run(int port, size_t connections, bool bare, double seconds)
{
	struct plan plan = {port, bare};

	return bench_clients_run(&(struct bench_clients){
	    .count = connections,
	    .seconds = seconds,
	    .open = client_open,
	    .once = client_once,
	    .close = client_close,
	    .arg = &plan,
	});
}

/* ---- the bare work ---- */

static EVP_PKEY *issuing_key;
static uint8_t   digest[32] = {1};
static uint8_t   signature[512];
static size_t    signature_size;

/* The numbers of AK and EK: each request brings its own, and no key can be kept for the next. */
static OSSL_PARAM *ak_numbers;
static OSSL_PARAM *ek_numbers;

static EVP_PKEY *
key_make(OSSL_PARAM *numbers)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY     *key = NULL;

	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, numbers) != 1)
		bench_die("fromdata");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
numbers_prepare(void)
{
	if (EVP_PKEY_todata(bench.ak.key, EVP_PKEY_PUBLIC_KEY, &ak_numbers) != 1 ||
	    EVP_PKEY_todata(bench.ek.key, EVP_PKEY_PUBLIC_KEY, &ek_numbers) != 1)
		bench_die("todata");
}

/* The AK's signature over its creation. */
static void
operation_verify(void)
{
	EVP_PKEY     *key = key_make(ak_numbers);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	if (EVP_PKEY_verify_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_verify(ctx, signature, signature_size, digest, sizeof digest) != 1)
		bench_die("verify");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static void
verify_prepare(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bench.ak.key, NULL);

	signature_size = sizeof signature;
	if (EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_sign(ctx, signature, &signature_size, digest, sizeof digest) != 1)
		bench_die("sign");
	EVP_PKEY_CTX_free(ctx);
}

/* What an EK certificate costs at the least: its signature, and that of the CA above it. */
static void
operation_verify_chain(void)
{
	for (int i = 0; i < 2; i++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(bench.ak.key, NULL);

		if (EVP_PKEY_verify_init(ctx) != 1 ||
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
		    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
		    EVP_PKEY_verify(ctx, signature, signature_size, digest, sizeof digest) != 1)
			bench_die("verify");
		EVP_PKEY_CTX_free(ctx);
	}
}

/* The seed of a credential, to the EK. */
static void
operation_encrypt(void)
{
	EVP_PKEY     *key = key_make(ek_numbers);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t       out[512];
	size_t        size = sizeof out;

	if (EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_encrypt(ctx, out, &size, digest, sizeof digest) != 1)
		bench_die("encrypt");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

/* The AK certificate, by the issuing key. */
static void
operation_sign(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(issuing_key, NULL);
	uint8_t       out[128];
	size_t        size = sizeof out;

	if (EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_sign(ctx, out, &size, digest, sizeof digest) != 1)
		bench_die("sign");
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
		if (bench.shows)
			operation_verify_chain();
		operation_encrypt();
	}
	evbuffer_add(body, bench.attest_body, 1200); /* as long as a chain */
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

/* ---- the benchmark ---- */

static void
directory_make(void)
{
	(void)snprintf(bench.directory, sizeof bench.directory, "/tmp/attest_bench.XXXXXX");
	if (mkdtemp(bench.directory) == NULL)
		bench_die("cannot make %s", bench.directory);
}

/* A vendor's root and CA, and the EK certificate that they vouch for. */
static void
certificate_append(struct bytes *body)
{
	static const char ca[] = "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n"
	                         "subjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n";
	static const char ek[] =
	    "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, keyEncipherment\n"
	    "extendedKeyUsage = 2.23.133.8.1\nauthorityKeyIdentifier = keyid\n"
	    "subjectAltName = critical, dirName:tpm\n[tpm]\nx.2.23.133.2.1 = id:4E544300\n"
	    "y.2.23.133.2.2 = bench\nz.2.23.133.2.3 = id:00070002\n";
	AUTO_FREE char *ca_path = file_join(bench.directory, "ca.ext");
	AUTO_FREE char *ek_path = file_join(bench.directory, "ek.ext");
	AUTO_FREE char *spki = file_join(bench.directory, "ek.spki");
	AUTO_FREE char *path = file_join(bench.directory, "ek.der");
	AUTO_BYTES      der = {0};
	struct error    err = {0};

	if (file_replace(ca_path, ca, sizeof ca - 1, 0600, &err) != 0 ||
	    file_replace(ek_path, ek, sizeof ek - 1, 0600, &err) != 0 ||
	    file_replace(spki, bench.ek.spki.data, bench.ek.spki.size, 0600, &err) != 0)
		bench_die("%s", err.detail);
	bench_shell("exec 2>%s/openssl.log && cd %s &&"
	            " openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=Root"
	            " -days 30 && "
	            " openssl req -newkey rsa:2048 -nodes -keyout ca.key -out ca.csr -subj /CN=CA &&"
	            " openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -CAcreateserial"
	            " -extfile ca.ext -out ca.pem -days 30 &&"
	            " openssl x509 -new -force_pubkey ek.spki -subj / -CA ca.pem -CAkey ca.key"
	            " -CAcreateserial -extfile ek.ext -outform DER -out ek.der -days 30",
	    bench.directory, bench.directory);
	if (file_read(path, 65536, &der, &err) != 0)
		bench_die("%s", err.detail);
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, der.data, der.size);
	bytes_append(body, ",\"ekCerts\":[\"", 13);
	bytes_append(body, text, strlen(text));
	bytes_append(body, "\"]", 2);
}

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
		bench_die("%s", err.detail);
	ek_hash_format(&hash, bench.hash);
	AUTO_FREE char *spki = base64_encode(BASE64_STANDARD, bench.ek.spki.data, bench.ek.spki.size);
	AUTO_FREE char *public =
	    base64_encode(BASE64_STANDARD, bench.ek.public.data, bench.ek.public.size);
	AUTO_FREE char *head = NULL;
	if (asprintf(&head,
	        "{\"tpmInfo\":{\"version\":2,\"manufacturer\":\"1229081856\",\"model\":\"bench\","
	        "\"firmwareVersion\":\"1.2\"},\"ek\":\"%s\",\"ekPublic\":\"%s\",\"params\":{",
	        spki, public) < 0)
		bench_die("out of memory");
	bytes_append(&body, head, strlen(head));
	for (int i = 0; i < 4; i++) {
		AUTO_FREE char *value = base64_encode(BASE64_STANDARD, values[i]->data, values[i]->size);
		AUTO_FREE char *member = NULL;

		if (asprintf(&member, "%s\"%s\":\"%s\"", i == 0 ? "" : ",", keys[i], value) < 0)
			bench_die("out of memory");
		bytes_append(&body, member, strlen(member));
	}
	bytes_append(&body, "}", 1);
	if (bench.shows)
		certificate_append(&body);
	bytes_append(&body, "}", 2);
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
		bench_die("%s", err.detail);
	AUTO_FREE char *first = base64_encode(BASE64_STANDARD, credential.data, credential.size);
	AUTO_FREE char *second = base64_encode(BASE64_STANDARD, encrypted.data, encrypted.size);
	if (asprintf(&bench.credential, "{\"credential\":\"%s\",\"secret\":\"%s\"}", first, second) <
	    0)
		bench_die("out of memory");
	tpm_ek_clear(&ek);
}

static void
state_prepare(void)
{
	static const char config[] = "device_challenges = 100000\n"
	                             "device_certificates = 0\n"
	                             "challenges = 100000\n";
	/* One that is shown must be verified, or nothing works. */
	const char     *mode = bench.shows ? "ek_certificate = \"require\"\n"
	                                   : "ek_certificate = \"record\"\n";
	AUTO_FREE char *admin = bench_built("src/attest-ca");
	AUTO_FREE char *path = file_join(bench.directory, "attestd.conf");
	AUTO_FREE char *text = NULL;
	struct error    err = {0};

	if (asprintf(&text, "%s%s%s", config, mode, bench.count != 0 ? "workers = 1\n" : "") < 0)
		bench_die("out of memory");
	if (file_replace(path, text, strlen(text), 0600, &err) != 0)
		bench_die("%s", err.detail);
	bench_shell("%s --state-dir %s/ca init >/dev/null", admin, bench.directory);
	bench_shell("%s --state-dir %s/ca enroll %s --name bench >/dev/null", admin, bench.directory,
	    bench.hash);
	if (bench.shows)
		bench_shell("%s --state-dir %s/ca trust import %s/root.pem %s/ca.pem >/dev/null", admin,
		    bench.directory, bench.directory, bench.directory);
}

static void
vendors_import(void)
{
	AUTO_FREE char *admin = bench_built("src/attest-ca");

	hostile_vendors_write(bench.directory);
	bench_shell("%s --state-dir %s/ca trust import %s/*.der >/dev/null", admin, bench.directory,
	    bench.directory);
}

static void
attestd_start(void)
{
	AUTO_FREE char *config = file_join(bench.directory, "attestd.conf");
	AUTO_FREE char *state = file_join(bench.directory, "ca");
	AUTO_FREE char *log = file_join(bench.directory, "log");

	bench_daemon_start(&bench.daemon, "attestd", state, config, log);
}

/* CPU microseconds of front and keeper since they began. */
static double
daemon_cpu(void)
{
	return bench_cpu_exact_of(bench.daemon.front) + bench_cpu_exact_of(bench.daemon.keeper);
}

/* Sends a request; returns the status, and adds the CPU microseconds to *cpu. */
static int
hostile_exchange(struct bench_connection *connection, const char *path, const char *body, size_t size,
    char *answer, size_t answer_size, double *cpu)
{
	static char request[131072];
	int         length = snprintf(request, sizeof request,
	            "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\n\r\n%.*s", path, size,
	            (int)size, body);
	double      begin = daemon_cpu();
	int status = bench_exchange_refused(connection, request, (size_t)length, answer, answer_size);

	*cpu += daemon_cpu() - begin;
	return status;
}

/* One attack, of one request or two; returns their number. */
static size_t
hostile_once(const struct hostile *hostile, struct forge_ek *ek, struct bench_connection *connection,
    double *cpu)
{
	AUTO_BYTES body = {0};
	char       answer[16384];
	char       secret[256];
	int        status;

	hostile_make(hostile, bench.attest_body, hostile->answers ? ek->key : NULL, &body);
	status = hostile_exchange(connection, "/attest", (const char *)body.data, body.size, answer,
	    sizeof answer, cpu);
	if (status == 403)
		return 1;
	if (status != 200)
		bench_die("%s: %s", hostile->name, answer);
	if (!hostile->answers)
		return 1;
	client_activate(ek, strstr(answer, "\r\n\r\n"), secret, sizeof secret);
	status = hostile_exchange(connection, "/secret", secret, strlen(secret), answer, sizeof answer, cpu);
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
	hostile_make(hostile, bench.attest_body, NULL, &first); /* its keys take their time */
	for (size_t i = 0; i < HOSTILE_SOURCES; i++) {
		bench_connect_from(&connection, source += 257, bench.daemon.port);
		for (size_t j = 0; j < HOSTILE_REQUESTS; j++)
			count += hostile_once(hostile, &ek, &connection, &cpu);
		bench_disconnect(&connection);
	}
	forge_ek_clear(&ek);
	return cpu / (double)count;
}

/* One after the other, as hostile_cost's. */
static double
honest_cost(void)
{
	struct plan plan = {bench.daemon.port, false};
	void       *client = client_open(&plan);
	double      cpu = 0;

	for (size_t i = 0; i < HOSTILE_SOURCES * HOSTILE_REQUESTS; i++) {
		double begin = daemon_cpu();

		(void)client_once(client);
		cpu += daemon_cpu() - begin;
	}
	client_close(client);
	return cpu / (HOSTILE_SOURCES * HOSTILE_REQUESTS);
}

static void
report_hostile(void)
{
	double honest = honest_cost();

	printf("one after the other, front and keeper:\n");
	printf("  an attestation                 %8.1f us CPU each\n", honest);
	for (const struct hostile *hostile = hostiles; hostile->name != NULL; hostile++) {
		double cost = hostile_cost(hostile);

		printf("  %-30s %8.1f us CPU each, ratio %.2f\n", hostile->name, cost, cost / honest);
	}
}

static void
report(size_t connections, int bare_port, pid_t bare)
{
	double               begin_bare = bench_cpu_of(bare);
	struct bench_outcome plain = clients_run(bare_port, connections, true, bench.seconds / 2);
	double work = (bench_cpu_of(bare) - begin_bare) / (double)plain.done * 1e6;
	double begin_front = bench_cpu_of(bench.daemon.front);
	double begin_keeper = bench_cpu_of(bench.daemon.keeper);
	struct bench_outcome real =
	    clients_run(bench.daemon.port, connections, false, bench.seconds);
	double front = (bench_cpu_of(bench.daemon.front) - begin_front) / (double)real.done * 1e6;
	double keeper = (bench_cpu_of(bench.daemon.keeper) - begin_keeper) / (double)real.done * 1e6;

	printf("%zu connections: %zu attestations in %.1f s\n", connections, real.done, real.wall);
	printf("  front          %8.1f us CPU each\n", front);
	printf("  keeper         %8.1f us CPU each\n", keeper);
	printf("  bare work      %8.1f us CPU each: two exchanges, two keys, verify, encrypt, sign\n", work);
	printf("  ratio          %8.2f\n", (front + keeper) / work);
	printf("  latency        %8.2f ms p50, %.2f ms p99, both exchanges\n", real.p50, real.p99);
	printf("  PSS            %8ld KiB front, %ld KiB keeper, %ld KiB supervisor\n",
	    bench_pss_of(bench.daemon.front), bench_pss_of(bench.daemon.keeper),
	    bench_pss_of(bench.daemon.supervisor));
}

/* So many attestations, one after the other. */
static void
count_run(void)
{
	struct plan plan = {bench.daemon.port, false};
	void       *client = client_open(&plan);

	for (size_t i = 0; i < bench.count; i++)
		(void)client_once(client);
	client_close(client);
}

static void
measure(const size_t *connections, size_t runs)
{
	int    bare_port;
	pid_t  bare = bench_bare_start(bare_request_cb, NULL, &bare_port);
	double verify = bench_time_each(operation_verify);
	double encrypt = bench_time_each(operation_encrypt);
	double sign = bench_time_each(operation_sign);

	printf("bare cryptography: RSA-2048 verify %.1f us, RSA-2048 OAEP %.1f us, both with the key made; "
	       "P-256 sign %.1f us\n",
	    verify, encrypt, sign);
	for (size_t i = 0; i < runs; i++)
		report(connections[i], bare_port, bare);
	bench_stop(bare);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {"connections", required_argument, NULL, 'c'},
	    {"ek-certificate", no_argument, NULL, 'e'},
	    {"count", required_argument, NULL, 'n'},
	    {"no-fork", no_argument, NULL, 'f'},
	    {"under", required_argument, NULL, 'u'},
	    {"hostile", no_argument, NULL, 'h'},
	    {NULL, 0, NULL, 0},
	};
	size_t connections[8] = {2, 64};
	size_t runs = 0;
	int    option;

	while ((option = getopt_long(argc, argv, "s:c:", options, NULL)) != -1) {
		if (option == 's')
			bench.seconds = atof(optarg);
		else if (option == 'c' && runs < 8)
			connections[runs++] = strtoul(optarg, NULL, 10);
		else if (option == 'e')
			bench.shows = true;
		else if (option == 'h')
			bench.hostile = true;
		else if (option == 'n')
			bench.count = strtoul(optarg, NULL, 10);
		else if (option == 'f')
			bench.daemon.no_fork = true;
		else if (option == 'u')
			bench.daemon.under = optarg;
		else
			bench_die("usage: attest_bench [--ek-certificate] [--hostile] [--seconds N] [--connections N]...\n"
			          "       attest_bench [--ek-certificate] --count N [--no-fork] [--under COMMAND]");
	}
	for (size_t i = 0; i < runs; i++) {
		if (connections[i] == 0 || connections[i] > BENCH_CLIENTS_MAX)
			bench_die("from 1 to %d connections", BENCH_CLIENTS_MAX);
	}
	if ((bench.daemon.under != NULL || bench.daemon.no_fork) && bench.count == 0)
		bench_die("--under and --no-fork need --count: CPU time is measured by process");
	directory_make();
	device_prepare();
	credential_prepare();
	if ((issuing_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")) == NULL)
		bench_die("no key");
	verify_prepare();
	numbers_prepare();
	state_prepare();
	if (bench.hostile)
		vendors_import();
	attestd_start();
	if (bench.count != 0)
		count_run();
	else
		measure(connections, runs != 0 ? runs : 2);
	if (bench.hostile)
		report_hostile();
	bench_stop(bench.daemon.supervisor);
	bench_shell("rm -rf %s", bench.directory);
	EVP_PKEY_free(issuing_key);
	OSSL_PARAM_free(ak_numbers);
	OSSL_PARAM_free(ek_numbers);
	forge_ek_clear(&bench.ek);
	forge_ak_clear(&bench.ak);
	free(bench.attest_body);
	free(bench.credential);
	return EXIT_SUCCESS;
}
