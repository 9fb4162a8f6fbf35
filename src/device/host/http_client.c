/* Transfers bodies and describes transport failures; does not look into the bodies. */
#include "config.h"

#include "device/host/http_client.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "device/interrupt.h"
#include "pki/certificate.h"
#include "util/clock.h"
#include "util/error.h"

#define CONNECT_SECONDS 10L
#define TOTAL_MS        INT64_C(60000)
#define BODY_MAX        ((size_t)256 * 1024)

static const struct retry_pace pace = {500, 30000};

struct http_client {
	CURL              *curl;
	const char        *root_option; /* the option that sets tls_roots */
	int64_t            end_ms;      /* 0: none */
	int64_t            patience_ms; /* end of retries */
	bool               said;        /* a retry was reported */
	char               reason[CURL_ERROR_SIZE];
	struct error       clock; /* why a server's certificate is not valid now; no detail: it is */
};

/* Why a retry may succeed. */
enum passing { LASTS, UNSENT, LOST };

/* The remedy for a failure. */
static const struct {
	CURLcode     code;
	enum passing passing;
	const char  *remedy;
} remedies[] = {
    {CURLE_URL_MALFORMAT, LASTS, "it must be an http:// or https:// URL"},
    {CURLE_UNSUPPORTED_PROTOCOL, LASTS, "it must be an http:// or https:// URL"},
    {CURLE_COULDNT_RESOLVE_HOST, UNSENT, "is the host's name right?"},
    {CURLE_COULDNT_CONNECT, UNSENT, "is the server running there?"},
    {CURLE_PEER_FAILED_VERIFICATION, LASTS,
        "its TLS certificate is not trusted; name the root that signed it with"},
    {CURLE_SSL_CONNECT_ERROR, LASTS, "does it speak TLS on this port?"},
    {CURLE_GOT_NOTHING, LASTS, "does it speak HTTPS on this port?"},
    {CURLE_OPERATION_TIMEDOUT, LOST, "it does not answer in time"},
    {CURLE_SEND_ERROR, LOST, "the connection was lost"},
    {CURLE_RECV_ERROR, LOST, "the connection was lost"},
    {CURLE_WRITE_ERROR, LASTS, "its answer is too long"},
};

void
http_answer_clear(struct http_answer *answer)
{
	bytes_clear(&answer->body);
	free(answer->location);
	free(answer->nonce);
	*answer = (struct http_answer){0};
}

static size_t
body_cb(char *data, size_t size, size_t count, void *arg)
{
	struct bytes *body = arg;

	if (size * count > BODY_MAX - body->size)
		return 0;
	bytes_append(body, data, size * count);
	return size * count;
}

/* The value of a header line if its name is `name`, without white space; else NULL. */
static char *
header_value(const char *line, size_t size, const char *name)
{
	size_t length = strlen(name);
	char  *value;

	if (size <= length || strncasecmp(line, name, length) != 0 || line[length] != ':')
		return NULL;
	line += length + 1;
	size -= length + 1;
	while (size > 0 && isspace((unsigned char)*line)) {
		line++;
		size--;
	}
	while (size > 0 && isspace((unsigned char)line[size - 1]))
		size--;
	value = memory_new(size + 1);
	memcpy(value, line, size);
	value[size] = '\0';
	return value;
}

static size_t
header_cb(char *line, size_t size, size_t count, void *arg)
{
	struct http_answer *answer = arg;
	char               *value;

	if ((value = header_value(line, size * count, "Location")) != NULL) {
		free(answer->location);
		answer->location = value;
	} else if ((value = header_value(line, size * count, "Replay-Nonce")) != NULL) {
		free(answer->nonce);
		answer->nonce = value;
	}
	return size * count;
}

static int
progress_cb(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total, curl_off_t up)
{
	(void)arg;
	(void)down_total;
	(void)down;
	(void)up_total;
	(void)up;
	return device_interrupt_pending() ? 1 : 0;
}

/* Verifies as OpenSSL does, and notes which times of the certificate do not fit our clock. */
static int
verify_cb(X509_STORE_CTX *context, void *arg)
{
	struct http_client *client = arg;
	int                 verdict = X509_verify_cert(context);
	const X509         *at = X509_STORE_CTX_get_current_cert(context);
	int                 code = X509_STORE_CTX_get_error(context);

	client->clock.detail[0] = '\0';
	if (verdict != 1 && at != NULL &&
	    (code == X509_V_ERR_CERT_NOT_YET_VALID || code == X509_V_ERR_CERT_HAS_EXPIRED))
		(void)certificate_check_time(at, clock_now(), &client->clock);
	return verdict;
}

static CURLcode
tls_cb(CURL *curl, void *context, void *arg)
{
	(void)curl;
	SSL_CTX_set_cert_verify_callback(context, verify_cb, arg);
	return CURLE_OK;
}

int
http_client_new(const char *tls_roots, int64_t end_ms, struct http_client **out, struct error *err)
{
	struct http_client *client;

	*out = NULL;
	if (tls_roots != NULL && access(tls_roots, R_OK) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "the TLS root %s", tls_roots);
	/* libcurl counts these: each client holds one, and the last one cleans up. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set(err, ERROR_INTERNAL, "libcurl does not start");
	client = memory_new(sizeof *client);
	*client = (struct http_client){.curl = curl_easy_init(), .root_option = "--tls-root FILE",
	    .end_ms = end_ms,
	    .patience_ms = end_ms != 0 ? end_ms : clock_monotonic_ms() + HTTP_PATIENCE_MS};
	if (client->curl == NULL ||
	    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
	    (tls_roots != NULL &&
	        (curl_easy_setopt(client->curl, CURLOPT_CAINFO, tls_roots) != CURLE_OK ||
	            curl_easy_setopt(client->curl, CURLOPT_CAPATH, NULL) != CURLE_OK))) {
		http_client_free(client);
		return error_set(err, ERROR_INTERNAL, "starting the HTTP client");
	}
	/* Where curl was built without OpenSSL, it says less. */
	(void)curl_easy_setopt(client->curl, CURLOPT_SSL_CTX_FUNCTION, tls_cb);
	(void)curl_easy_setopt(client->curl, CURLOPT_SSL_CTX_DATA, client);
	(void)curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->reason);
	(void)curl_easy_setopt(client->curl, CURLOPT_USERAGENT, "attest-device/" PACKAGE_VERSION);
	(void)curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	(void)curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, body_cb);
	(void)curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, header_cb);
	(void)curl_easy_setopt(client->curl, CURLOPT_XFERINFOFUNCTION, progress_cb);
	(void)curl_easy_setopt(client->curl, CURLOPT_NOPROGRESS, 0L);
	*out = client;
	return 0;
}

void
http_client_free(struct http_client *client)
{
	if (client == NULL)
		return;
	curl_easy_cleanup(client->curl);
	curl_global_cleanup();
	free(client);
}

void
http_client_cleanup(struct http_client **client)
{
	http_client_free(*client);
	*client = NULL;
}

/* Joins base, without its trailing slashes, and path, which begins with one. */
static char *
url_join(const char *base, const char *path)
{
	size_t length = strlen(base);
	size_t size;
	char  *url;

	while (length > 0 && base[length - 1] == '/')
		length--;
	size = length + strlen(path) + 1;
	url = memory_new(size);
	(void)snprintf(url, size, "%.*s%s", (int)length, base, path);
	return url;
}

static int
transport_error(const struct http_client *client, CURLcode code, const char *base,
    struct http_answer *answer, struct error *err)
{
	const char *reason = client->reason[0] != '\0' ? client->reason : curl_easy_strerror(code);

	if (code == CURLE_ABORTED_BY_CALLBACK)
		return device_interrupt_check(err) != 0
		    ? -1
		    : error_set(err, ERROR_INTERNAL, "asking %s: %s", base, reason);
	if (code == CURLE_PEER_FAILED_VERIFICATION && client->clock.detail[0] != '\0')
		return error_set(err, ERROR_INTERNAL, "asking %s: its TLS certificate: %s", base,
		    client->clock.detail);
	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
		if (remedies[i].code != code)
			continue;
		answer->unsent = remedies[i].passing == UNSENT;
		answer->lost = remedies[i].passing == LOST;
		return error_set(err, ERROR_INTERNAL, "asking %s: %s%s%s (%s)", base,
		    remedies[i].remedy,
		    code == CURLE_PEER_FAILED_VERIFICATION ? " " : "",
		    code == CURLE_PEER_FAILED_VERIFICATION ? client->root_option : "", reason);
	}
	return error_set(err, ERROR_INTERNAL, "asking %s: %s", base, reason);
}

void
http_client_root_option(struct http_client *client, const char *option)
{
	client->root_option = option;
}

static struct curl_slist *
headers_make(const struct http_request *request)
{
	/* No "Expect: 100-continue", which costs a second with servers that do not support it. */
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	char               line[64];

	if (request->content_type != NULL) {
		(void)snprintf(line, sizeof line, "Content-Type: %s", request->content_type);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

/* Sets the method first, because that resets options of an earlier request. */
static bool
request_set(struct http_client *client, const struct http_request *request)
{
	CURLcode code;

	switch (request->method) {
	case HTTP_POST:
		code = curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
		if (code == CURLE_OK)
			code = curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, request->body);
		break;
	case HTTP_HEAD:
		code = curl_easy_setopt(client->curl, CURLOPT_NOBODY, 1L);
		break;
	default: /* HTTP_GET */
		code = curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
		break;
	}
	return code == CURLE_OK &&
	    curl_easy_setopt(client->curl, CURLOPT_URL, request->url) == CURLE_OK;
}

/* Time limit for one answer, in milliseconds; 0: no time left. */
static long
time_limit(const struct http_client *client)
{
	int64_t left = client->end_ms - clock_monotonic_ms();

	if (client->end_ms == 0 || left > TOTAL_MS)
		return (long)TOTAL_MS;
	return left > 0 ? (long)left : 0;
}

/* Performs it once; `base` names the server in errors. */
static int
request_perform(struct http_client *client, const struct http_request *request, const char *base,
    struct http_answer *answer, struct error *err)
{
	struct curl_slist *headers;
	curl_off_t         retry_after = 0;
	long               limit = time_limit(client);
	CURLcode           code;

	*answer = (struct http_answer){0};
	if (limit == 0)
		return error_set(err, ERROR_INTERNAL, "asking %s: no time is left", base);
	headers = headers_make(request);
	client->reason[0] = '\0';
	(void)curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, limit);
	(void)curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &answer->body);
	(void)curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, answer);
	(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
	code = request_set(client, request) ? curl_easy_perform(client->curl) : CURLE_FAILED_INIT;
	(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (code != CURLE_OK) {
		http_answer_clear(answer);
		return transport_error(client, code, base, answer, err);
	}
	(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	/* Seconds or a date (RFC 9110 §10.2.3): libcurl converts both to seconds. */
	if (curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK &&
	    retry_after > 0)
		answer->retry_after = (long)retry_after;
	return 0;
}

void
http_client_retries_end(struct http_client *client, int64_t end_ms)
{
	if (end_ms != 0 && end_ms < client->patience_ms)
		client->patience_ms = end_ms;
}

int64_t
http_client_end(const struct http_client *client)
{
	return client->end_ms;
}

bool
http_client_again(struct http_client *client, const struct http_answer *answer, unsigned int tried,
    struct error *err)
{
	int64_t ms = retry_pause_now(&pace, tried, answer->retry_after);

	if (clock_monotonic_ms() + ms >= client->patience_ms)
		return false;
	if (!client->said)
		(void)fprintf(stderr, "attest-device: trying again: %s\n", err->detail);
	client->said = true;
	return device_interrupt_sleep(ms, err) == 0;
}

/* Performs it until there is a final answer or the time is over. */
static int
request_repeat(struct http_client *client, const struct http_request *request, const char *base,
    enum retry_rule rule, struct http_answer *answer, struct error *err)
{
	for (unsigned int tried = 0;; tried++) {
		int rc = request_perform(client, request, base, answer, err);

		if (rc == 0 && !retry_status(answer->status, rule))
			return 0;
		if (rc != 0 && !(answer->unsent && rule >= RETRY_UNSENT) &&
		    !(answer->lost && rule >= RETRY_SAFE))
			return -1;
		if (rc == 0)
			(void)error_set(err, ERROR_INTERNAL, "%s answered HTTP %ld", base, answer->status);
		if (!http_client_again(client, answer, tried, err))
			return rc == 0 && !device_interrupt_pending() ? 0 : -1;
		http_answer_clear(answer);
	}
}

int
http_client_request(struct http_client *client, const struct http_request *request,
    enum retry_rule rule, struct http_answer *answer, struct error *err)
{
	return request_repeat(client, request, request->url, rule, answer, err);
}

int
http_client_post(struct http_client *client, const char *base, const char *path, const char *json,
    enum retry_rule rule, struct http_answer *answer, struct error *err)
{
	AUTO_FREE char     *url = url_join(base, path);
	struct http_request request = {HTTP_POST, url, "application/json", json};

	return request_repeat(client, &request, base, rule, answer, err);
}
