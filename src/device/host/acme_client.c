/* Owns nonces and the form of requests; knows no orders. */
#include "config.h"

#include "device/host/acme_client.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "device/host/account_key.h"
#include "device/host/problem.h"
#include "device/interrupt.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/json_members.h"

/* Servers behind a load balancer may not share nonces; each try uses the newest one. */
#define NONCE_TRIES 5
#define NONCE_MAX   1024U

#define WAIT_DEADLINE_MS  (INT64_C(120) * 1000)
#define WAIT_FIRST_MS     200
#define WAIT_LONGEST_MS   5000
#define POLL_AFTER_MAX_S  60L

void
acme_client_clear(struct acme_client *client)
{
	free(client->jwk);
	free(client->thumbprint);
	free(client->directory);
	free(client->new_nonce);
	free(client->new_account);
	free(client->new_order);
	free(client->nonce);
	free(client->account);
	*client = (struct acme_client){0};
}

const char *
acme_text(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);
	const char   *text = json_string_value(member);

	/* A string with a NUL is not text: it is refused, not cut. */
	return text != NULL && strlen(text) == json_string_length(member) ? text : "";
}

/* ---- requests ---- */

/* True for a valid nonce, §6.5.1: base64url, of limited length. */
static bool
nonce_is_one(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	}
	return length > 0 && length <= NONCE_MAX;
}

/* Keeps the nonce of an answer, if it has a valid one; an invalid one is ignored (§6.5.1). */
static void
nonce_keep(struct acme_client *client, struct http_answer *answer)
{
	if (answer->nonce == NULL || !nonce_is_one(answer->nonce))
		return;
	free(client->nonce);
	client->nonce = answer->nonce;
	answer->nonce = NULL;
}

static int
nonce_get(struct acme_client *client, struct error *err)
{
	const struct http_request request = {.method = HTTP_HEAD, .url = client->new_nonce};
	AUTO_ANSWER               answer = {0};

	if (client->nonce != NULL)
		return 0;
	if (http_client_request(client->http, &request, RETRY_SAFE, &answer, err) != 0)
		return -1;
	nonce_keep(client, &answer);
	if (client->nonce == NULL)
		return error_set(err, ERROR_MALFORMED, "%s gives no nonce (HTTP %ld)",
		    client->new_nonce, answer.status);
	return 0;
}

/* Signs with "jwk" until the account has a URL, then with "kid" (§6.2). Consumes the nonce. */
static int
request_sign(struct acme_client *client, const char *url, const char *payload, char **jws,
    struct error *err)
{
	json_t *header = json_pack("{s:s, s:s, s:s}", "alg", "ES256", "nonce", client->nonce, "url", url);
	char   *text;
	int     rc;

	if (header == NULL)
		return error_set(err, ERROR_MALFORMED, "the server's nonce or URL is no UTF-8");
	if (client->account != NULL)
		(void)json_object_set_new(header, "kid", json_string(client->account));
	else
		(void)json_object_set_new(header, "jwk", json_loads(client->jwk, 0, NULL));
	text = json_dumps(header, JSON_COMPACT);
	json_decref(header);
	rc = account_key_sign(client->key, text, payload != NULL ? payload : "", jws, err);
	free(text);
	free(client->nonce);
	client->nonce = NULL;
	return rc;
}

static int
post_once(struct acme_client *client, const char *url, const char *payload,
    struct http_answer *answer, struct error *err)
{
	AUTO_FREE char     *jws = NULL;
	struct http_request request = {HTTP_POST, url, "application/jose+json", NULL};

	if (nonce_get(client, err) != 0 || request_sign(client, url, payload, &jws, err) != 0)
		return -1;
	request.body = jws;
	/* An answered request consumed the nonce, so acme_client_post signs again. */
	if (http_client_request(client->http, &request, RETRY_UNSENT, answer, err) != 0)
		return -1;
	nonce_keep(client, answer);
	return 0;
}

/* Reading, and finding an account by its key, are idempotent; requests that create something are
 * not. */
static enum retry_rule
post_rule(const struct acme_client *client, const char *url, const char *payload)
{
	return payload == NULL || strcmp(url, client->new_account) == 0 ? RETRY_SAFE : RETRY_REFUSED;
}

int
acme_client_post(struct acme_client *client, const char *url, const char *payload,
    struct http_answer *answer, struct error *err)
{
	enum retry_rule rule = post_rule(client, url, payload);
	unsigned int    nonces = 0;
	unsigned int    tried = 0;

	for (;;) {
		if (device_interrupt_check(err) != 0 ||
		    post_once(client, url, payload, answer, err) != 0)
			return -1;
		if (answer->status == 200 || answer->status == 201)
			return 0;
		(void)problem_error(answer, url, "an ACME server", err);
		if (err->kind == ERROR_BAD_NONCE
		        ? ++nonces == NONCE_TRIES
		        : !retry_status(answer->status, rule) ||
		            !http_client_again(client->http, answer, tried++, err)) {
			http_answer_clear(answer);
			return -1;
		}
		http_answer_clear(answer);
	}
}

static int
object_decode(const struct http_answer *answer, const char *url, const struct json_member *members,
    json_t **object, struct error *err)
{
	struct error why;

	if (json_members_decode(bytes_view(&answer->body), members, object, &why) == 0)
		return 0;
	return error_set(err, ERROR_MALFORMED,
	    "%s answers no JSON object (%s): is this an ACME server?", url, why.detail);
}

/* Sends the request, and gives the object and the headers to the caller. */
static int
post_decode(struct acme_client *client, const char *url, const char *payload,
    const struct json_member *members, json_t **object, char **location, long *retry_after,
    struct error *err)
{
	AUTO_ANSWER answer = {0};

	*object = NULL;
	if (acme_client_post(client, url, payload, &answer, err) != 0 ||
	    object_decode(&answer, url, members, object, err) != 0)
		return -1;
	*retry_after = answer.retry_after;
	if (location != NULL) {
		*location = answer.location;
		answer.location = NULL;
	}
	return 0;
}

int
acme_client_post_object(struct acme_client *client, const char *url, const char *payload,
    const struct json_member *members, json_t **object, char **location, struct error *err)
{
	long ignored;

	return post_decode(client, url, payload, members, object, location, &ignored, err);
}

/* ---- waiting ---- */

int64_t
acme_client_pause(unsigned int tried, long retry_after)
{
	int64_t ms = tried < 8 ? (int64_t)WAIT_FIRST_MS << tried : WAIT_LONGEST_MS;

	if (retry_after > 0)
		return (int64_t)(retry_after < POLL_AFTER_MAX_S ? retry_after : POLL_AFTER_MAX_S) * 1000;
	return ms < WAIT_LONGEST_MS ? ms : WAIT_LONGEST_MS;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (strcmp(word, *words) == 0)
			return true;
	}
	return false;
}

int
acme_client_wait(struct acme_client *client, const char *url, const char *const *waiting,
    const struct json_member *members, json_t **object, struct error *err)
{
	int64_t begin = clock_monotonic_ms();
	int64_t end = begin + WAIT_DEADLINE_MS;
	long    retry_after = 0;

	if (http_client_end(client->http) != 0 && http_client_end(client->http) < end)
		end = http_client_end(client->http);

	for (unsigned int tried = 0; is_one_of(acme_text(*object, "status"), waiting); tried++) {
		int64_t ms = acme_client_pause(tried, retry_after);

		if (clock_monotonic_ms() + ms > end)
			return error_set(err, ERROR_TIMEOUT, "%s is still \"%s\" after %d s", url,
			    acme_text(*object, "status"), (int)((clock_monotonic_ms() - begin) / 1000));
		if (device_interrupt_sleep(ms, err) != 0)
			return -1;
		json_decref(*object);
		if (post_decode(client, url, NULL, members, object, NULL, &retry_after, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the start ---- */

static const struct json_member directory_members[] = {
    JSON_VALUE("newNonce"),
    JSON_VALUE("newAccount"),
    JSON_VALUE("newOrder"),
    {0},
};

static const struct json_member account_members[] = {{0}}; /* only its URL is used */

static int
directory_member(const json_t *directory, const char *name, const char *url, char **out,
    struct error *err)
{
	if (acme_text(directory, name)[0] == '\0')
		return error_set(err, ERROR_MALFORMED,
		    "%s is no ACME directory: it has no \"%s\"", url, name);
	*out = memory_strdup(acme_text(directory, name));
	return 0;
}

static int
directory_read(struct acme_client *client, const char *url, struct error *err)
{
	const struct http_request request = {.method = HTTP_GET, .url = url};
	AUTO_ANSWER               answer = {0};
	json_t                   *directory = NULL;
	int                       rc = -1;

	if (http_client_request(client->http, &request, RETRY_SAFE, &answer, err) != 0)
		return -1;
	if (answer.status != 200)
		return problem_error(&answer, url, "an ACME directory", err);
	if (object_decode(&answer, url, directory_members, &directory, err) != 0)
		return -1;
	if (directory_member(directory, "newNonce", url, &client->new_nonce, err) == 0 &&
	    directory_member(directory, "newAccount", url, &client->new_account, err) == 0 &&
	    directory_member(directory, "newOrder", url, &client->new_order, err) == 0)
		rc = 0;
	json_decref(directory);
	return rc;
}

static int
account_get(struct acme_client *client, struct error *err)
{
	json_t *object = NULL;
	char   *location = NULL;

	if (acme_client_post_object(client, client->new_account, "{\"termsOfServiceAgreed\":true}",
	        account_members, &object, &location, err) != 0)
		return error_wrap(err, "the ACME account");
	json_decref(object);
	if (location == NULL)
		return error_set(err, ERROR_MALFORMED, "%s does not say where the account is",
		    client->new_account);
	client->account = location;
	return 0;
}

int
acme_client_open(struct acme_client *client, struct http_client *http, EVP_PKEY *key,
    const char *url, struct error *err)
{
	*client = (struct acme_client){.http = http, .key = key, .directory = memory_strdup(url)};
	if (account_key_jwk(key, &client->jwk, err) != 0 ||
	    account_key_thumbprint(client->jwk, &client->thumbprint, err) != 0 ||
	    directory_read(client, url, err) != 0)
		return -1;
	return account_get(client, err);
}
