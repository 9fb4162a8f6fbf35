/*
 * A device against hostile servers: a thread answers each of its requests, over HTTP, with an answer
 * that would be right and has edits (edits.h), of its status line, head and body. The first octet
 * chooses: an order at an ACME server, from the directory to the certificate; the attestation host's
 * answer to a machine that waits; or one answer, the rest of the input as it stands.
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "device/host/acme_client.h"
#include "device/host/acme_order.h"
#include "device/host/attestation.h"
#include "device/host/http_client.h"
#include "edits.h"
#include "fuzz.h"
#include "http/json.h"
#include "util/clock.h"
#include "util/error.h"

/* No time for a pause before a retry. */
#define TIME_MS INT64_C(400)

#define OK "HTTP/1.1 200 OK\r\nConnection: close\r\nReplay-Nonce: bm9uY2U\r\n"

/* What is asked for, by path, and the answer, in which "@" is the server's URL. */
static const struct {
	const char *path;
	const char *answer;
} story[] = {
    {"/directory",
        OK "\r\n{\"newNonce\":\"@/nonce\",\"newAccount\":\"@/account\",\"newOrder\":\"@/new-order\",\"meta\":{}}"},
    {"/nonce", OK "Content-Length: 0\r\n\r\n"},
    {"/account", "HTTP/1.1 201 x\r\nConnection: close\r\nReplay-Nonce: bg\r\nLocation: @/account/1\r\n\r\n{\"status\":\"valid\"}"},
    {"/new-order", "HTTP/1.1 201 x\r\nConnection: close\r\nReplay-Nonce: bg\r\nLocation: @/order\r\n\r\n"
                   "{\"status\":\"pending\",\"authorizations\":[\"@/authorization\"],\"finalize\":\"@/finalize\"}"},
    {"/authorization", OK "\r\n{\"status\":\"pending\",\"challenges\":[{\"type\":\"device-attest-01\",\"url\":\"@/challenge\","
                          "\"token\":\"dG9rZW4\",\"status\":\"pending\"}]}"},
    {"/challenge", OK "\r\n{\"type\":\"device-attest-01\",\"url\":\"@/challenge\",\"status\":\"valid\",\"token\":\"dG9rZW4\"}"},
    {"/authorization", OK "\r\n{\"status\":\"valid\",\"challenges\":[{\"type\":\"device-attest-01\",\"url\":\"@/challenge\"}]}"},
    {"/finalize", OK "\r\n{\"status\":\"processing\",\"certificate\":\"@/certificate\",\"finalize\":\"@/finalize\"}"},
    {"/order", OK "\r\n{\"status\":\"valid\",\"certificate\":\"@/certificate\",\"finalize\":\"@/finalize\"}"},
    {"/certificate", OK "Content-Type: application/pem-certificate-chain\r\n\r\n-----BEGIN CERTIFICATE-----\n"},
    {"/attest", "HTTP/1.1 403 x\r\nConnection: close\r\nRetry-After: 7\r\n\r\n"
                "{\"type\":\"urn:attest-ca:error:notEnrolled\",\"detail\":\"run: attest-ca enroll 2ea8\",\"enrolment\":\"pending\"}"},
};

#define STORY (sizeof story / sizeof story[0])

/* The device may have given up on a request that the server still answers, hence the lock. */
static struct {
	int             listener;
	char            url[64];
	pthread_mutex_t lock;   /* of what follows */
	struct bytes    input;
	struct edits    edits;  /* of it */
	struct view     whole;  /* the answer to everything, or none */
	bool            proven; /* the challenge was answered */
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t
story_find(const char *path)
{
	for (size_t i = 0; i < STORY; i++)
		if (strcmp(story[i].path, path) == 0 &&
		    (strcmp(path, "/authorization") != 0 || server.proven == (i > 4)))
			return i;
	return STORY - 1;
}

static void
answer_make(const char *path, struct bytes *out)
{
	size_t at = story_find(path);

	if (server.whole.data != NULL) {
		bytes_append(out, server.whole.data, server.whole.size);
		return;
	}
	for (const char *text = story[at].answer; *text != '\0'; text++) {
		if (*text == '@')
			bytes_append(out, server.url, strlen(server.url));
		else
			bytes_append_u8(out, (uint8_t)*text);
	}
	(void)edits_apply(&server.edits, (unsigned)at, out);
	server.proven = server.proven || strcmp(path, "/challenge") == 0;
}

/* Reads a request, and returns its path in `path`. */
static void
request_read(int fd, char path[64])
{
	char   text[16384];
	size_t have = 0;

	path[0] = '\0';
	while (have < sizeof text - 1) {
		ssize_t     got = recv(fd, text + have, sizeof text - 1 - have, 0);
		const char *end;
		const char *length;

		if (got <= 0)
			return;
		have += (size_t)got;
		text[have] = '\0';
		if ((end = strstr(text, "\r\n\r\n")) == NULL)
			continue;
		length = strcasestr(text, "\r\nContent-Length:");
		if (have < (size_t)(end + 4 - text) + (length != NULL ? strtoul(length + 17, NULL, 10) : 0))
			continue;
		(void)sscanf(text, "%*s %63s", path);
		return;
	}
}

static void *
server_main(void *arg)
{
	(void)arg;
	for (;;) {
		int        fd = accept(server.listener, NULL, NULL);
		AUTO_BYTES answer = {0};
		char       path[64];

		request_read(fd, path);
		(void)pthread_mutex_lock(&server.lock);
		answer_make(path, &answer);
		(void)pthread_mutex_unlock(&server.lock);
		if (answer.size != 0)
			(void)!send(fd, answer.data, answer.size, MSG_NOSIGNAL);
		/* The device's end closes first, so that its port is not left behind. */
		(void)shutdown(fd, SHUT_WR);
		(void)close(fd);
	}
	return NULL;
}

static void
server_start(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t          size = sizeof address;
	pthread_t          thread;

	json_init();
	(void)unsetenv("http_proxy");
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(server.listener, (struct sockaddr *)&address, size) != 0 ||
	    getsockname(server.listener, (struct sockaddr *)&address, &size) != 0 ||
	    listen(server.listener, 64) != 0 || pthread_create(&thread, NULL, server_main, NULL) != 0)
		abort();
	(void)snprintf(server.url, sizeof server.url, "http://127.0.0.1:%u", ntohs(address.sin_port));
}

static void
server_takes(unsigned act, struct view input)
{
	(void)pthread_mutex_lock(&server.lock);
	bytes_clear(&server.input);
	if (input.size != 0)
		bytes_append(&server.input, input.data, input.size);
	server.proven = false;
	server.whole = act == 2 ? bytes_view(&server.input) : (struct view){NULL, 0};
	edits_read(bytes_view(&server.input), STORY, &server.edits);
	(void)pthread_mutex_unlock(&server.lock);
}

/* ---- the device ---- */

static int
attest_cb(void *arg, const char *key_authorization, struct bytes *object, struct error *err)
{
	(void)arg;
	(void)err;
	assert(strchr(key_authorization, '.') != NULL);
	bytes_append(object, "object", 6);
	return 0;
}

static int
request_cb(void *arg, struct bytes *csr, struct error *err)
{
	(void)arg;
	(void)err;
	bytes_append(csr, "csr", 3);
	return 0;
}

static void
progress_cb(void *arg, const char *what)
{
	(void)arg;
	(void)what;
}

static void
order(struct http_client *http)
{
	static const struct acme_applicant applicant = {attest_cb, request_cb, progress_cb, NULL};
	static EVP_PKEY                   *key;
	AUTO_ACME_CLIENT                   client = {0};
	AUTO_BYTES                         pem = {0};
	struct error                       err = {0};
	char                               directory[96];

	if (key == NULL)
		key = EVP_EC_gen("P-256");
	(void)snprintf(directory, sizeof directory, "%s/directory", server.url);
	if (acme_client_open(&client, http, key, directory, &err) != 0 ||
	    acme_order_run(&client, "laptop", &applicant, &pem, &err) != 0)
		assert(err.detail[0] != '\0' && err.kind < ERROR_KIND_COUNT);
	else
		assert(server.proven || server.edits.count != 0);
}

static void
knock(struct http_client *http)
{
	struct error err = {0};
	bool         for_now = false;
	long         retry_after = 0;

	if (attestation_knock(http, server.url, "{}", &for_now, &retry_after, &err) != 0)
		assert(err.detail[0] != '\0');
	assert(retry_after >= 0);
}

static void
one(struct http_client *http)
{
	AUTO_ANSWER               answer = {0};
	struct error              err = {0};
	char                      url[96];
	const struct http_request request = {HTTP_GET, url, NULL, NULL};

	(void)snprintf(url, sizeof url, "%s/", server.url);
	if (http_client_request(http, &request, RETRY_NONE, &answer, &err) != 0)
		assert(err.detail[0] != '\0' && answer.body.size == 0);
	else
		assert(answer.status >= 100 && answer.body.size <= (size_t)256 * 1024 && answer.retry_after >= 0);
}

static void (*const acts[])(struct http_client *http) = {order, knock, one};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_HTTP_CLIENT http = NULL;
	struct error     err = {0};
	unsigned         act;

	if (size == 0)
		return 0;
	if (server.url[0] == '\0')
		server_start();
	act = data[0] % (sizeof acts / sizeof acts[0]);
	server_takes(act, (struct view){data + 1, size - 1});
	fuzz_must(http_client_new(NULL, clock_monotonic_ms() + TIME_MS, &http, &err), &err);
	acts[act](http);
	return 0;
}
