/* Moves bodies and words failures of the transport; does not look into the bodies. */
#include "config.h"

#include "device/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "device/interrupt.h"
#include "util/error.h"

#define CONNECT_SECONDS 10L
#define TOTAL_SECONDS   60L
#define BODY_MAX        ((size_t)256 * 1024)

struct http_client {
	CURL              *curl;
	struct curl_slist *headers;
	char               reason[CURL_ERROR_SIZE];
};

/* What people can do about it. */
static const struct {
	CURLcode    code;
	const char *remedy;
} remedies[] = {
    {CURLE_URL_MALFORMAT, "it must be an http:// or https:// URL"},
    {CURLE_UNSUPPORTED_PROTOCOL, "it must be an http:// or https:// URL"},
    {CURLE_COULDNT_RESOLVE_HOST, "is the host's name right?"},
    {CURLE_COULDNT_CONNECT, "is the server running there?"},
    {CURLE_PEER_FAILED_VERIFICATION,
        "its TLS certificate is not trusted; name the root that signed it with --tls-root FILE"},
    {CURLE_SSL_CONNECT_ERROR, "does it speak TLS on this port?"},
    {CURLE_GOT_NOTHING, "does it speak HTTPS on this port?"},
    {CURLE_OPERATION_TIMEDOUT, "it does not answer in time"},
    {CURLE_WRITE_ERROR, "its answer is too long"},
};

void
http_answer_clear(struct http_answer *answer)
{
	bytes_clear(&answer->body);
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

int
http_client_new(const char *tls_roots, struct http_client **out, struct error *err)
{
	struct http_client *client;

	*out = NULL;
	if (tls_roots != NULL && access(tls_roots, R_OK) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "the TLS root %s", tls_roots);
	client = memory_new(sizeof *client);
	*client = (struct http_client){.curl = curl_easy_init()};
	client->headers = curl_slist_append(NULL, "Content-Type: application/json");
	/* No pause for "100 Continue", which costs a second where it is not known. */
	client->headers = curl_slist_append(client->headers, "Expect:");
	if (client->curl == NULL ||
	    curl_easy_setopt(client->curl, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK ||
	    (tls_roots != NULL &&
	        (curl_easy_setopt(client->curl, CURLOPT_CAINFO, tls_roots) != CURLE_OK ||
	            curl_easy_setopt(client->curl, CURLOPT_CAPATH, NULL) != CURLE_OK))) {
		http_client_free(client);
		return error_set(err, ERROR_INTERNAL, "starting the HTTP client");
	}
	(void)curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->reason);
	(void)curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
	(void)curl_easy_setopt(client->curl, CURLOPT_USERAGENT, "attest-device/" PACKAGE_VERSION);
	(void)curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	(void)curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, TOTAL_SECONDS);
	(void)curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, body_cb);
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
	curl_slist_free_all(client->headers);
	free(client);
}

void
http_client_cleanup(struct http_client **client)
{
	http_client_free(*client);
	*client = NULL;
}

/* base without the slashes at its end, and path, which begins with one. */
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
    struct error *err)
{
	const char *reason = client->reason[0] != '\0' ? client->reason : curl_easy_strerror(code);

	if (code == CURLE_ABORTED_BY_CALLBACK)
		return device_interrupt_check(err) != 0
		    ? -1
		    : error_set(err, ERROR_INTERNAL, "asking %s: %s", base, reason);
	for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++) {
		if (remedies[i].code == code)
			return error_set(err, ERROR_INTERNAL, "asking %s: %s (%s)", base,
			    remedies[i].remedy, reason);
	}
	return error_set(err, ERROR_INTERNAL, "asking %s: %s", base, reason);
}

int
http_client_post(struct http_client *client, const char *base, const char *path, const char *json,
    struct http_answer *answer, struct error *err)
{
	AUTO_FREE char *url = url_join(base, path);
	curl_off_t      retry_after = 0;
	CURLcode        code;

	*answer = (struct http_answer){0};
	client->reason[0] = '\0';
	(void)curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &answer->body);
	if (curl_easy_setopt(client->curl, CURLOPT_URL, url) != CURLE_OK ||
	    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, json) != CURLE_OK)
		return error_set(err, ERROR_INTERNAL, "starting a request");
	if ((code = curl_easy_perform(client->curl)) != CURLE_OK) {
		http_answer_clear(answer);
		return transport_error(client, code, base, err);
	}
	(void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
	if (curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &retry_after) == CURLE_OK)
		answer->retry_after = (long)retry_after;
	return 0;
}
