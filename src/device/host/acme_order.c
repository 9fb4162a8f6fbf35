/* Carries out one order; holds no key and writes no file. */
#include "config.h"

#include "device/host/acme_order.h"

#include <stdlib.h>
#include <string.h>

#include "device/host/account_key.h"
#include "device/host/acme_client.h"
#include "device/host/problem.h"
#include "util/base64.h"
#include "util/error.h"

#define CHALLENGE_TYPE  "device-attest-01"
#define IDENTIFIER_TYPE "permanent-identifier"

/* Most authorizations of an order for one name; each costs a request. */
#define AUTHORIZATIONS_MAX 8U
#define CHALLENGES_MAX     32U

struct order {
	char   *url;
	json_t *object;
};

/* What is read of the answers (RFC 8555 §7.1.3, §7.1.4, §8). */

static const struct json_member order_members[] = {
    JSON_VALUE("status"),
    JSON_LIST("authorizations", NULL),
    JSON_VALUE("finalize"),
    JSON_VALUE("certificate"),
    JSON_ADVISORY("error", problem_members),
    {0},
};

static const struct json_member challenge_members[] = {
    JSON_VALUE("type"),
    JSON_VALUE("url"),
    JSON_VALUE("token"),
    JSON_VALUE("status"),
    JSON_ADVISORY("error", problem_members),
    {0},
};

static const struct json_member authorization_members[] = {
    JSON_VALUE("status"),
    JSON_LIST("challenges", challenge_members),
    {0},
};

/* POSTs {"member": base64url(data)}. */
static int
post_base64(struct acme_client *client, const char *url, const char *member,
    const struct bytes *data, const struct json_member *members, json_t **object, struct error *err)
{
	AUTO_FREE char *text = base64_encode(BASE64_URL, data->data, data->size);
	json_t         *payload = json_pack("{s:s}", member, text);
	char           *body = json_dumps(payload, JSON_COMPACT);
	int             rc;

	json_decref(payload);
	rc = acme_client_post_object(client, url, body, members, object, NULL, err);
	free(body);
	return rc;
}

static int
order_make(struct acme_client *client, const char *name, struct order *order, struct error *err)
{
	json_t *payload = json_pack("{s:[{s:s, s:s}]}", "identifiers", "type", IDENTIFIER_TYPE,
	    "value", name);
	char   *body;
	int     rc;

	if (payload == NULL)
		return error_set(err, ERROR_MALFORMED, "the name is no UTF-8");
	body = json_dumps(payload, JSON_COMPACT);
	json_decref(payload);
	rc = acme_client_post_object(client, client->new_order, body, order_members, &order->object,
	    &order->url, err);
	free(body);
	if (rc != 0)
		return -1;
	return order->url != NULL
	    ? 0
	    : error_set(err, ERROR_MALFORMED, "%s does not say where the order is",
	          client->new_order);
}

/* The device-attest-01 challenge of an authorization; NULL when there is none. Borrowed. */
static const json_t *
challenge_find(const json_t *authorization)
{
	size_t        index;
	const json_t *challenge;

	json_array_foreach(json_object_get(authorization, "challenges"), index, challenge)
	{
		if (strcmp(acme_text(challenge, "type"), CHALLENGE_TYPE) == 0)
			return challenge;
	}
	return NULL;
}

/* Fills *err from the error of the authorization's challenge. Returns -1. */
static int
authorization_refused(const json_t *authorization, struct error *err)
{
	const json_t *challenge = challenge_find(authorization);
	const json_t *problem = json_object_get(challenge, "error");

	if (problem != NULL)
		return problem_error_object(problem, err);
	return error_set(err, ERROR_UNAUTHORIZED, "the authorization is \"%s\"",
	    acme_text(authorization, "status"));
}

/* Answers the challenge and waits until the authorization is decided. */
static int
authorization_pass(struct acme_client *client, const char *url, const json_t *challenge,
    const struct acme_applicant *applicant, json_t **authorization, struct error *err)
{
	static const char *const waiting[] = {"pending", NULL};
	AUTO_FREE char *answer_url = memory_strdup(acme_text(challenge, "url"));
	AUTO_FREE char *key_authorization =
	    account_key_authorization(acme_text(challenge, "token"), client->thumbprint);
	AUTO_BYTES      statement = {0};
	json_t         *answered = NULL;

	if (acme_text(challenge, "token")[0] == '\0' || answer_url[0] == '\0')
		return error_set(err, ERROR_MALFORMED, "%s has a challenge without token or url", url);
	applicant->progress(applicant->arg, "proving that the key lives in this TPM");
	if (applicant->attest(applicant->arg, key_authorization, &statement, err) != 0 ||
	    post_base64(client, answer_url, "attObj", &statement, challenge_members, &answered,
	        err) != 0)
		return -1;
	/* The reason may be in this answer only. */
	if (strcmp(acme_text(answered, "status"), "invalid") == 0) {
		(void)problem_error_object(json_object_get(answered, "error"), err);
		json_decref(answered);
		return -1;
	}
	json_decref(answered);
	json_decref(*authorization);
	if (acme_client_post_object(client, url, NULL, authorization_members, authorization, NULL, err) != 0)
		return -1;
	return acme_client_wait(client, url, waiting, authorization_members, authorization, err);
}

static int
authorization_get(struct acme_client *client, const char *url,
    const struct acme_applicant *applicant, struct error *err)
{
	json_t       *authorization = NULL;
	const json_t *challenge;
	int           rc = 0;

	if (acme_client_post_object(client, url, NULL, authorization_members, &authorization, NULL, err) != 0)
		return -1;
	if (json_array_size(json_object_get(authorization, "challenges")) > CHALLENGES_MAX) {
		json_decref(authorization);
		return error_set(err, ERROR_MALFORMED, "%s has more than %u challenges", url,
		    CHALLENGES_MAX);
	}
	challenge = challenge_find(authorization);
	if (strcmp(acme_text(authorization, "status"), "pending") == 0) {
		rc = challenge == NULL
		    ? error_set(err, ERROR_MALFORMED,
		          "the server offers no challenge " CHALLENGE_TYPE "; is it made for devices?")
		    : authorization_pass(client, url, challenge, applicant, &authorization, err);
	}
	if (rc == 0 && strcmp(acme_text(authorization, "status"), "valid") != 0)
		rc = authorization_refused(authorization, err);
	json_decref(authorization);
	return rc;
}

static int
authorizations_get(struct acme_client *client, const struct order *order,
    const struct acme_applicant *applicant, struct error *err)
{
	const json_t *urls = json_object_get(order->object, "authorizations");
	size_t        index;
	const json_t *url;

	if (json_array_size(urls) == 0)
		return error_set(err, ERROR_MALFORMED, "%s has no authorizations", order->url);
	if (json_array_size(urls) > AUTHORIZATIONS_MAX)
		return error_set(err, ERROR_MALFORMED, "%s has %zu authorizations for one name", order->url,
		    json_array_size(urls));
	json_array_foreach(urls, index, url)
	{
		if (!json_is_string(url) || strlen(json_string_value(url)) != json_string_length(url))
			return error_set(err, ERROR_MALFORMED, "%s has an authorization without URL",
			    order->url);
		if (authorization_get(client, json_string_value(url), applicant, err) != 0)
			return -1;
	}
	return 0;
}

/* Reads the order again, polls while its status is one of `waiting`, and fails unless it is
 * `wanted` then. */
static int
order_reach(struct acme_client *client, struct order *order, const char *const *waiting,
    const char *wanted, struct error *err)
{
	if (acme_client_wait(client, order->url, waiting, order_members, &order->object, err) != 0)
		return -1;
	if (strcmp(acme_text(order->object, "status"), wanted) == 0)
		return 0;
	if (json_object_get(order->object, "error") != NULL)
		return problem_error_object(json_object_get(order->object, "error"), err);
	return error_set(err, ERROR_ORDER_NOT_READY, "the order is \"%s\", and not \"%s\"",
	    acme_text(order->object, "status"), wanted);
}

static int
order_finalize(struct acme_client *client, struct order *order,
    const struct acme_applicant *applicant, struct error *err)
{
	static const char *const waiting[] = {"processing", NULL};
	AUTO_FREE char *url = memory_strdup(acme_text(order->object, "finalize"));
	AUTO_BYTES      csr = {0};
	json_t         *answer = NULL;

	if (url[0] == '\0')
		return error_set(err, ERROR_MALFORMED, "%s has no \"finalize\"", order->url);
	if (applicant->request(applicant->arg, &csr, err) != 0 ||
	    post_base64(client, url, "csr", &csr, order_members, &answer, err) != 0)
		return -1;
	json_decref(order->object);
	order->object = answer;
	return order_reach(client, order, waiting, "valid", err);
}

static int
certificate_get(struct acme_client *client, const struct order *order, struct bytes *pem,
    struct error *err)
{
	const char *url = acme_text(order->object, "certificate");
	AUTO_ANSWER answer = {0};

	if (url[0] == '\0')
		return error_set(err, ERROR_MALFORMED, "%s has no \"certificate\"", order->url);
	if (acme_client_post(client, url, NULL, &answer, err) != 0)
		return -1;
	bytes_append(pem, answer.body.data, answer.body.size);
	return 0;
}

static int
order_run(struct acme_client *client, const char *name, const struct acme_applicant *applicant,
    struct order *order, struct bytes *pem, struct error *err)
{
	static const char *const waiting[] = {"pending", NULL};

	applicant->progress(applicant->arg, "ordering the certificate");
	if (order_make(client, name, order, err) != 0 ||
	    authorizations_get(client, order, applicant, err) != 0)
		return -1;
	json_decref(order->object);
	if (acme_client_post_object(client, order->url, NULL, order_members, &order->object, NULL, err) != 0 ||
	    order_reach(client, order, waiting, "ready", err) != 0)
		return -1;
	applicant->progress(applicant->arg, "requesting the certificate");
	if (order_finalize(client, order, applicant, err) != 0)
		return -1;
	return certificate_get(client, order, pem, err);
}

int
acme_order_run(struct acme_client *client, const char *name,
    const struct acme_applicant *applicant, struct bytes *pem, struct error *err)
{
	struct order order = {0};
	int          rc = order_run(client, name, applicant, &order, pem, err);

	json_decref(order.object);
	free(order.url);
	return rc;
}
