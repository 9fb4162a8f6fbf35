/*
 * What a certificate costs attest-acmed, beside the bare work of the same run: an
 * HTTPS server in one process that does for the same exchanges nothing but the
 * cryptography that nobody can leave out, before the same clients. Each issuance
 * has a TLS connection and an account of its own. CPU time of front and keeper,
 * not of the clients, which play TPM and device in software.
 *
 *   acme_bench [--seconds N] [--connections N]…      (make bench)
 */
#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "bench.h"
#include "forge.h"
#include "http/tls.h"
#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/server_certificate.h"
#include "tpm/spki.h"
#include "util/base64.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "webauthn/object.h"

#define DEVICE       "bench"
#define EXCHANGES    7 /* a nonce and six signed requests */
#define REQUEST_SIZE 16384
#define ANSWER_SIZE  32768
#define TEXT_SIZE    512

/* An exchange of the first issuance, for the clients of the bare server. */
struct exchange {
	char  *request;
	size_t length;
	char  *answer;
};

static struct {
	char                directory[64];
	double              seconds;
	struct bench_daemon daemon;
	SSL_CTX            *client_tls;
	struct exchange     exchanges[EXCHANGES];

	/* the device: what vouches for it, and what it asks for */
	X509           *root;
	struct ca       attestation;
	struct forge_ak ak;
	struct bytes    ak_certificate;
	struct bytes    issuing;
	struct bytes    csr;
} bench = {.seconds = 5};

/* ---- an issuance ---- */

/* Before which server. */
struct plan {
	int  port;
	bool bare; /* sends what the first issuance sent, and goes on with what it got */
	bool recording;
};

struct issuance {
	const struct plan      *plan;
	struct bench_connection connection;
	size_t                  exchange;
	EVP_PKEY               *key; /* of the account */
	char                    jwk[TEXT_SIZE];
	char                    thumbprint[64];
	char                    nonce[TEXT_SIZE];
	char                    kid[TEXT_SIZE];
	char                    answer[ANSWER_SIZE];
	char                    ignored[ANSWER_SIZE]; /* what the bare server said */
};

static void
issuance_exchange(struct issuance *issuance, const char *request, size_t length)
{
	struct exchange *recorded = &bench.exchanges[issuance->exchange++];

	if (issuance->plan->bare) {
		(void)bench_exchange(&issuance->connection, recorded->request, recorded->length,
		    issuance->ignored, sizeof issuance->ignored);
		(void)snprintf(issuance->answer, sizeof issuance->answer, "%s", recorded->answer);
		return;
	}
	(void)bench_exchange(&issuance->connection, request, length, issuance->answer,
	    sizeof issuance->answer);
	if (issuance->plan->recording)
		*recorded = (struct exchange){memory_strdup(request), length,
		    memory_strdup(issuance->answer)};
}

/* Copies what stands in the answer between `before` and a character of `end`. */
static void
answer_take(const struct issuance *issuance, const char *before, const char *end, char out[TEXT_SIZE])
{
	const char *at = strcasestr(issuance->answer, before);

	if (at == NULL)
		bench_die("no %s in %s", before, issuance->answer);
	at += strlen(before);
	(void)snprintf(out, TEXT_SIZE, "%.*s", (int)strcspn(at, end), at);
}

/* The first text that a member of the JSON holds. */
static void
answer_member(const struct issuance *issuance, const char *key, char out[TEXT_SIZE])
{
	const char *at = strstr(issuance->answer, key);

	if (at == NULL || (at = strchr(at + strlen(key), '"')) == NULL)
		bench_die("no %s in %s", key, issuance->answer);
	(void)snprintf(out, TEXT_SIZE, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
}

/* r and s, one after the other: RFC 7518 §3.4. */
static char *
issuance_sign(struct issuance *issuance, const char *input)
{
	EVP_MD_CTX          *ctx = EVP_MD_CTX_new();
	uint8_t              der[128];
	uint8_t              raw[64];
	const unsigned char *at = der;
	size_t               size = sizeof der;
	ECDSA_SIG           *signature;

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, issuance->key) != 1 ||
	    EVP_DigestSign(ctx, der, &size, (const unsigned char *)input, strlen(input)) != 1 ||
	    (signature = d2i_ECDSA_SIG(NULL, &at, (long)size)) == NULL)
		bench_die("cannot sign a request");
	(void)BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32);
	(void)BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(ctx);
	return base64_encode(BASE64_URL, raw, sizeof raw);
}

/* POSTs a payload to a URL of the server. */
static void
issuance_post(struct issuance *issuance, const char *url, const char *payload)
{
	bool known = issuance->kid[0] != '\0';
	char header[4 * TEXT_SIZE];
	char request[REQUEST_SIZE];
	int  length = snprintf(header, sizeof header,
	     "{\"alg\":\"ES256\",%s%s%s,\"nonce\":\"%s\",\"url\":\"%s\"}",
	     known ? "\"kid\":\"" : "\"jwk\":", known ? issuance->kid : issuance->jwk,
	     known ? "\"" : "", issuance->nonce, url);
	AUTO_FREE char *protected = base64_encode(BASE64_URL, (const uint8_t *)header, (size_t)length);
	AUTO_FREE char *body = base64_encode(BASE64_URL, (const uint8_t *)payload, strlen(payload));
	AUTO_FREE char *input = NULL;
	AUTO_FREE char *jws = NULL;
	const char     *path = strstr(url, "/acme/");

	if (asprintf(&input, "%s.%s", protected, body) < 0)
		bench_die("out of memory");
	AUTO_FREE char *signature = issuance_sign(issuance, input);
	if (asprintf(&jws, "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", protected,
	        body, signature) < 0 ||
	    path == NULL)
		bench_die("no request for %s", url);
	length = snprintf(request, sizeof request,
	    "POST %s HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: application/jose+json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    path, bench.daemon.port, strlen(jws), jws);
	if ((size_t)length >= sizeof request)
		bench_die("a request of %d octets", length);
	issuance_exchange(issuance, request, (size_t)length);
	answer_take(issuance, "\r\nReplay-Nonce: ", "\r", issuance->nonce);
}

/* A new key for a new account; its thumbprint is RFC 7638's. */
static void
issuance_key(struct issuance *issuance)
{
	uint8_t point[65];
	uint8_t hash[32];
	size_t  size = 0;

	if ((issuance->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")) == NULL ||
	    EVP_PKEY_get_octet_string_param(issuance->key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
	        sizeof point, &size) != 1 ||
	    size != sizeof point)
		bench_die("no account key");
	AUTO_FREE char *x = base64_encode(BASE64_URL, point + 1, 32);
	AUTO_FREE char *y = base64_encode(BASE64_URL, point + 33, 32);
	(void)snprintf(issuance->jwk, sizeof issuance->jwk,
	    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	if (EVP_Digest(issuance->jwk, strlen(issuance->jwk), hash, NULL, EVP_sha256(), NULL) != 1)
		bench_die("no thumbprint");
	AUTO_FREE char *text = base64_encode(BASE64_URL, hash, sizeof hash);
	(void)snprintf(issuance->thumbprint, sizeof issuance->thumbprint, "%s", text);
}

/* What a TPM says of the device's key, as the payload of the challenge's answer. */
static char *
issuance_attest(const struct issuance *issuance, const char *token)
{
	struct forge_certify certify = {0};
	AUTO_BYTES           object = {0};
	char                 authorization[TEXT_SIZE + 64];
	char                *payload = NULL;

	(void)snprintf(authorization, sizeof authorization, "%s.%s", token, issuance->thumbprint);
	forge_certify_make(&bench.ak, FORGE_AK_P256, FORGE_P256,
	    (struct view){(const uint8_t *)authorization, strlen(authorization)}, FORGE_CERTIFY_NONE,
	    &certify);
	webauthn_object_encode_tpm(
	    &(struct webauthn_statement){
	        .alg = -7, /* ES256 */
	        .chain = {bytes_view(&bench.ak_certificate), bytes_view(&bench.issuing)},
	        .chain_count = 2,
	        .signature = bytes_view(&certify.sig),
	        .cert_info = bytes_view(&certify.info),
	        .pub_area = bytes_view(&certify.area),
	    },
	    &object);
	forge_certify_clear(&certify);
	AUTO_FREE char *text = base64_encode(BASE64_URL, object.data, object.size);
	if (asprintf(&payload, "{\"attObj\":\"%s\"}", text) < 0)
		bench_die("out of memory");
	return payload;
}

/* The challenge of the authorization whose answer was the last. */
static void
issuance_prove(struct issuance *issuance)
{
	char challenge[TEXT_SIZE];
	char token[TEXT_SIZE];

	answer_member(issuance, "\"url\":", challenge);
	answer_member(issuance, "\"token\":", token);
	AUTO_FREE char *payload = issuance_attest(issuance, token);
	issuance_post(issuance, challenge, payload);
	if (strstr(issuance->answer, "\"valid\"") == NULL)
		bench_die("the attestation was refused: %s", issuance->answer);
}

static void
issuance_finalize(struct issuance *issuance, const char *url)
{
	AUTO_FREE char *csr = base64_encode(BASE64_URL, bench.csr.data, bench.csr.size);
	AUTO_FREE char *payload = NULL;
	char            certificate[TEXT_SIZE];

	if (asprintf(&payload, "{\"csr\":\"%s\"}", csr) < 0)
		bench_die("out of memory");
	issuance_post(issuance, url, payload);
	answer_member(issuance, "\"certificate\":", certificate);
	issuance_post(issuance, certificate, "");
	if (strstr(issuance->answer, "-----BEGIN CERTIFICATE-----") == NULL)
		bench_die("no certificate: %s", issuance->answer);
}

/* From the connection to the certificate. */
static void
issuance_run(struct issuance *issuance)
{
	static const char order[] = "{\"identifiers\":[{\"type\":\"permanent-identifier\","
	                            "\"value\":\"" DEVICE "\"}]}";
	char              url[TEXT_SIZE];
	char              finalize[TEXT_SIZE];
	int length = snprintf(url, sizeof url,
	    "GET /acme/new-nonce HTTP/1.1\r\nHost: localhost:%d\r\n\r\n", bench.daemon.port);

	issuance_key(issuance);
	bench_connect(&issuance->connection, issuance->plan->port, bench.client_tls);
	issuance_exchange(issuance, url, (size_t)length);
	answer_take(issuance, "\r\nReplay-Nonce: ", "\r", issuance->nonce);

	(void)snprintf(url, sizeof url, "https://localhost:%d/acme/new-account", bench.daemon.port);
	issuance_post(issuance, url, "{\"termsOfServiceAgreed\":true}");
	answer_take(issuance, "\r\nLocation: ", "\r", issuance->kid);
	(void)snprintf(url, sizeof url, "https://localhost:%d/acme/new-order", bench.daemon.port);
	issuance_post(issuance, url, order);
	answer_member(issuance, "\"authorizations\":", url);
	answer_member(issuance, "\"finalize\":", finalize);
	issuance_post(issuance, url, "");
	issuance_prove(issuance);
	issuance_finalize(issuance, finalize);

	bench_disconnect(&issuance->connection);
	EVP_PKEY_free(issuance->key);
}

static void *
client_open(void *arg)
{
	struct issuance *issuance = memory_new(sizeof *issuance);

	issuance->plan = arg;
	return issuance;
}

static double
client_once(void *state)
{
	struct issuance *issuance = state;
	double           begin = bench_now_ms();

	issuance->exchange = 0;
	issuance->kid[0] = '\0';
	issuance_run(issuance);
	return bench_now_ms() - begin;
}

static struct bench_outcome
clients_run(int port, size_t connections, bool bare, double seconds)
{
	struct plan plan = {port, bare, false};

	return bench_clients_run(&(struct bench_clients){
	    .count = connections,
	    .seconds = seconds,
	    .open = client_open,
	    .once = client_once,
	    .close = free,
	    .arg = &plan,
	});
}

/* The first issuance, which also makes the keys that all clients share. */
static void
exchanges_record(void)
{
	struct plan      plan = {bench.daemon.port, false, true};
	struct issuance *issuance = client_open(&plan);

	(void)client_once(issuance);
	free(issuance);
}

/* ---- the bare work ---- */

static EVP_PKEY *work_key;
static uint8_t   work_message[600] = {1}; /* about what is signed */
static uint8_t   work_signature[128];
static size_t    work_signature_size;

static void
operation_sign(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	work_signature_size = sizeof work_signature;
	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, work_key) != 1 ||
	    EVP_DigestSign(ctx, work_signature, &work_signature_size, work_message,
	        sizeof work_message) != 1)
		bench_die("sign");
	EVP_MD_CTX_free(ctx);
}

static void
operation_verify(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, work_key) != 1 ||
	    EVP_DigestVerify(ctx, work_signature, work_signature_size, work_message,
	        sizeof work_message) != 1)
		bench_die("verify");
	EVP_MD_CTX_free(ctx);
}

static X509_STORE *work_store;

/* The AK certificate, as it came, and who issued it, up to the root. */
static void
operation_chain(void)
{
	const unsigned char *leaf_at = bench.ak_certificate.data;
	const unsigned char *issuing_at = bench.issuing.data;
	X509                *leaf = d2i_X509(NULL, &leaf_at, (long)bench.ak_certificate.size);
	X509                *issuing = d2i_X509(NULL, &issuing_at, (long)bench.issuing.size);
	STACK_OF(X509)      *untrusted = sk_X509_new_null();
	X509_STORE_CTX      *ctx = X509_STORE_CTX_new();

	if (leaf == NULL || issuing == NULL || sk_X509_push(untrusted, issuing) != 1 ||
	    X509_STORE_CTX_init(ctx, work_store, leaf, untrusted) != 1 || X509_verify_cert(ctx) != 1)
		bench_die("chain: %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	X509_free(issuing);
	X509_free(leaf);
}

static void
operation_csr(void)
{
	const unsigned char *at = bench.csr.data;
	X509_REQ            *csr = d2i_X509_REQ(NULL, &at, (long)bench.csr.size);

	if (csr == NULL || X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) != 1)
		bench_die("CSR");
	X509_REQ_free(csr);
}

/* Seven signatures are verified in all: six of requests, one of the AK. */
static void
bare_answer_cb(struct evhttp_request *request, void *arg)
{
	const char      *path = evhttp_request_get_uri(request);
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	if (evhttp_request_get_command(request) == EVHTTP_REQ_POST)
		operation_verify();
	if (strstr(path, "/challenge/") != NULL) {
		operation_chain();
		operation_verify();
	} else if (strstr(path, "/finalize") != NULL) {
		operation_csr();
		operation_sign();
	}
	evbuffer_add(body, work_message, sizeof work_message); /* about as long as the real ones */
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

/* A certificate and settings as attest-acmed's own. */
static SSL_CTX *
bare_tls(void)
{
	static const char *const names[] = {"localhost"};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	struct server_profile    profile = {
	       .names = names,
	       .name_count = 1,
	       .not_before = clock_now(),
	       .not_after = clock_now() + 86400,
        };
	struct error err = {0};
	AUTO_BYTES   der = {0};
	AUTO_BYTES   pem = {0};
	AUTO_BYTES   key = {0};
	X509        *certificate = NULL;
	SSL_CTX     *tls = NULL;

	if (key_generate(KEY_TYPE_P256, &profile.key, &err) != 0 ||
	    server_certificate_issue(&bench.attestation, &profile, serial, &profile.not_after, &der,
	        &err) != 0 ||
	    certificate_decode(bytes_view(&der), &certificate, &err) != 0 ||
	    certificate_encode_pem(certificate, &pem, &err) != 0 ||
	    certificate_encode_pem(bench.attestation.certificate, &pem, &err) != 0 ||
	    key_encode(profile.key, &key, &err) != 0 ||
	    tls_server_new(bytes_view(&pem), bytes_view(&key), &tls, &err) != 0)
		bench_die("%s", err.detail);
	X509_free(certificate);
	EVP_PKEY_free(profile.key);
	return tls;
}

static pid_t
bare_start(int *port)
{
	SSL_CTX *tls = bare_tls();
	pid_t    pid;

	if ((work_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")) == NULL ||
	    (work_store = X509_STORE_new()) == NULL || X509_STORE_add_cert(work_store, bench.root) != 1)
		bench_die("no bare server");
	operation_sign();
	pid = bench_bare_start(bare_answer_cb, tls, port);
	SSL_CTX_free(tls);
	return pid;
}

/* ---- the benchmark ---- */

static void
csr_prepare(void)
{
	X509_REQ      *request = X509_REQ_new();
	EVP_PKEY      *key = forge_key(FORGE_P256, 2); /* the one that forge_certify_make certifies */
	unsigned char *octets = NULL;
	int            size;

	if (X509_REQ_set_pubkey(request, key) != 1 ||
	    X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(request), NID_commonName,
	        MBSTRING_UTF8, (const unsigned char *)DEVICE, -1, -1, 0) != 1 ||
	    X509_REQ_sign(request, key, EVP_sha256()) <= 0 ||
	    (size = i2d_X509_REQ(request, &octets)) <= 0)
		bench_die("no CSR");
	bytes_append(&bench.csr, octets, (size_t)size);
	OPENSSL_free(octets);
	X509_REQ_free(request);
}

static void
device_prepare(void)
{
	static const char *const names[] = {DEVICE};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	struct ak_profile        profile = {
	           .ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	           .manufacturer = "id:4E544300",
	           .model = "bench",
	           .version = "id:00070002",
	           .names = names,
	           .name_count = 1,
	           .not_before = clock_now() - 60,
	           .not_after = clock_now() + 86400,
        };
	AUTO_BYTES   spki = {0};
	struct error err = {0};

	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &bench.ak);
	if (spki_encode(bench.ak.key, &spki, &err) != 0)
		bench_die("%s", err.detail);
	profile.spki = bytes_view(&spki);
	if (ak_certificate_issue(&bench.attestation, &profile, serial, &profile.not_after,
	        &bench.ak_certificate, &err) != 0 ||
	    certificate_encode(bench.attestation.certificate, &bench.issuing, &err) != 0)
		bench_die("%s", err.detail);
	csr_prepare();
	if ((bench.client_tls = SSL_CTX_new(TLS_client_method())) == NULL)
		bench_die("no TLS");
}

/* An attestation CA and, trusting it, a server. */
static void
state_prepare(void)
{
	static const char config[] = "orders_per_hour = 1000000000\n"
	                             "accounts_per_hour = 1000000000\n";
	AUTO_FREE char *attest_ca = bench_built("src/attest-ca");
	AUTO_FREE char *acmed = bench_built("src/attest-acmed");
	struct error    err = {0};

	(void)snprintf(bench.directory, sizeof bench.directory, "/tmp/acme_bench.XXXXXX");
	if (mkdtemp(bench.directory) == NULL)
		bench_die("cannot make %s", bench.directory);
	AUTO_FREE char *conf = file_join(bench.directory, "conf");
	AUTO_FREE char *root = file_join(bench.directory, "ca/root.pem");
	AUTO_FREE char *issuing = file_join(bench.directory, "ca/issuing.pem");
	AUTO_FREE char *key = file_join(bench.directory, "ca/issuing.key");
	bench_shell("%s --state-dir %s/ca init >/dev/null", attest_ca, bench.directory);
	bench_shell("%s init --state-dir %s/acme --dns-name localhost --attestation-roots %s >/dev/null",
	    acmed, bench.directory, root);
	if (file_replace(conf, config, sizeof config - 1, 0600, &err) != 0 ||
	    certificate_load(root, &bench.root, &err) != 0 ||
	    certificate_load(issuing, &bench.attestation.certificate, &err) != 0 ||
	    key_load(key, &bench.attestation.key, &err) != 0)
		bench_die("%s", err.detail);
}

static void
daemon_start(void)
{
	AUTO_FREE char *config = file_join(bench.directory, "conf");
	AUTO_FREE char *state = file_join(bench.directory, "acme");
	AUTO_FREE char *log = file_join(bench.directory, "log");

	bench_daemon_start(&bench.daemon, "attest-acmed", state, config, log);
}

static long
daemon_pss(void)
{
	return bench_pss_of(bench.daemon.front) + bench_pss_of(bench.daemon.keeper);
}

/* Adds the CPU seconds of the bare server, and for how many issuances. */
static struct bench_outcome
bare_run(size_t connections, int port, pid_t bare, double *cpu, size_t *done)
{
	double               begin = bench_cpu_of(bare);
	struct bench_outcome outcome = clients_run(port, connections, true, bench.seconds / 4);

	*cpu += bench_cpu_of(bare) - begin;
	*done += outcome.done;
	return outcome;
}

/* The bare work before and after, for a machine that others use meanwhile. */
static size_t
report(size_t connections, int bare_port, pid_t bare)
{
	double work = 0;
	size_t worked = 0;
	double front;
	double keeper;

	(void)bare_run(connections, bare_port, bare, &work, &worked);
	front = bench_cpu_of(bench.daemon.front);
	keeper = bench_cpu_of(bench.daemon.keeper);
	struct bench_outcome real = clients_run(bench.daemon.port, connections, false, bench.seconds);
	front = (bench_cpu_of(bench.daemon.front) - front) / (double)real.done * 1e6;
	keeper = (bench_cpu_of(bench.daemon.keeper) - keeper) / (double)real.done * 1e6;
	struct bench_outcome plain = bare_run(connections, bare_port, bare, &work, &worked);
	work = work / (double)worked * 1e6;

	printf("%zu connections: %zu issuances in %.1f s\n", connections, real.done, real.wall);
	printf("  front          %8.1f us CPU each\n", front);
	printf("  keeper         %8.1f us CPU each\n", keeper);
	printf("  bare work      %8.1f us CPU each: TLS, seven exchanges and verifications, chain, CSR, "
	       "signature\n", work);
	printf("  ratio          %8.2f\n", (front + keeper) / work);
	printf("  latency        %8.2f ms p50, %.2f ms p99, connection to certificate (bare: %.2f, "
	       "%.2f)\n", real.p50, real.p99, plain.p50, plain.p99);
	printf("  PSS            %8ld KiB front, %ld KiB keeper, %ld KiB supervisor\n",
	    bench_pss_of(bench.daemon.front), bench_pss_of(bench.daemon.keeper),
	    bench_pss_of(bench.daemon.supervisor));
	(void)fflush(stdout);
	return real.done;
}

static void
bench_clear(void)
{
	bench_shell("rm -rf %s", bench.directory);
	for (size_t i = 0; i < EXCHANGES; i++) {
		free(bench.exchanges[i].request);
		free(bench.exchanges[i].answer);
	}
	SSL_CTX_free(bench.client_tls);
	X509_free(bench.root);
	ca_clear(&bench.attestation);
	forge_ak_clear(&bench.ak);
	bytes_clear(&bench.ak_certificate);
	bytes_clear(&bench.issuing);
	bytes_clear(&bench.csr);
	X509_STORE_free(work_store);
	EVP_PKEY_free(work_key);
}

static void
operations_print(void)
{
	printf("bare cryptography: ES256 verify %.1f us, chain %.1f us, ",
	    bench_time_each(operation_verify), bench_time_each(operation_chain));
	printf("CSR %.1f us, P-256 sign %.1f us\n", bench_time_each(operation_csr),
	    bench_time_each(operation_sign));
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
	    {"seconds", required_argument, NULL, 's'},
	    {"connections", required_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0},
	};
	size_t connections[8] = {2, 16};
	size_t runs = 0;
	size_t done = 0;
	long   before;
	int    bare_port;
	int    option;
	pid_t  bare;

	while ((option = getopt_long(argc, argv, "s:c:", options, NULL)) != -1) {
		if (option == 's')
			bench.seconds = atof(optarg);
		else if (option == 'c' && runs < 8)
			connections[runs++] = strtoul(optarg, NULL, 10);
		else
			bench_die("usage: acme_bench [--seconds N] [--connections N]...");
	}
	state_prepare();
	device_prepare();
	bare = bare_start(&bare_port);
	daemon_start();
	before = daemon_pss();
	exchanges_record();
	operations_print();
	for (size_t i = 0; i < (runs != 0 ? runs : 2); i++) {
		if (connections[i] == 0 || connections[i] > BENCH_CLIENTS_MAX)
			bench_die("from 1 to %d connections", BENCH_CLIENTS_MAX);
		done += report(connections[i], bare_port, bare);
	}
	printf("PSS of front and keeper: %ld KiB at the start, %ld KiB after %zu issuances: %.1f octets "
	       "each\n", before, daemon_pss(), done,
	    (double)(daemon_pss() - before) * 1024 / (double)(done != 0 ? done : 1));
	bench_stop(bare);
	bench_stop(bench.daemon.supervisor);
	bench_clear();
	return EXIT_SUCCESS;
}
