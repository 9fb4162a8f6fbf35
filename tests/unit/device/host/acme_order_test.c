/* An order at an ACME server of which any request fails, or any pause is interrupted: it is said, once. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include "device/host/acme_client.h"
#include "device/host/acme_order.h"
#include "device/host/http_client.h"
#include "device/host/retry.h"
#include "device/interrupt.h"
#include "failing.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"

#define SERVER "https://acme.example"

/* What is asked for in this order, and the answer. */
struct step {
	const char *path;
	long        status;
	const char *location;
	const char *body;
};

static const struct step honest[] = {
    {"/directory", 200, NULL,
        "{\"newNonce\":\"" SERVER "/nonce\",\"newAccount\":\"" SERVER "/account\",\"newOrder\":\"" SERVER
        "/new-order\"}"},
    {"/nonce", 200, NULL, ""},
    {"/account", 201, SERVER "/account/1", "{\"status\":\"valid\"}"},
    {"/nonce", 200, NULL, ""},
    {"/new-order", 201, SERVER "/order",
        "{\"status\":\"pending\",\"authorizations\":[\"" SERVER "/authz\"],\"finalize\":\"" SERVER "/finalize\"}"},
    {"/nonce", 200, NULL, ""},
    {"/authz", 200, NULL,
        "{\"status\":\"pending\",\"challenges\":[{\"type\":\"device-attest-01\",\"url\":\"" SERVER
        "/challenge\",\"token\":\"dG9rZW4\",\"status\":\"pending\"}]}"},
    {"/nonce", 200, NULL, ""},
    {"/challenge", 200, NULL, "{\"type\":\"device-attest-01\",\"url\":\"" SERVER "/challenge\",\"status\":\"processing\"}"},
    {"/nonce", 200, NULL, ""},
    {"/authz", 200, NULL, "{\"status\":\"pending\"}"},
    {"/nonce", 200, NULL, ""},
    {"/authz", 200, NULL, "{\"status\":\"valid\"}"},
    {"/nonce", 200, NULL, ""},
    {"/order", 200, NULL, "{\"status\":\"ready\",\"finalize\":\"" SERVER "/finalize\"}"},
    {"/nonce", 200, NULL, ""},
    {"/finalize", 200, NULL, "{\"status\":\"processing\"}"},
    {"/nonce", 200, NULL, ""},
    {"/order", 200, NULL, "{\"status\":\"valid\",\"certificate\":\"" SERVER "/certificate\"}"},
    {"/nonce", 200, NULL, ""},
    {"/certificate", 200, NULL, "the chain"},
    {NULL, 0, NULL, NULL},
};

static const struct step *next;   /* the answer to the next request */
static const char        *nonce;  /* what the server gives as one */
static int64_t            end_ms; /* of the client */

/* ---- in place of the network and of time ---- */

int
__wrap_http_client_request(struct http_client *client, const struct http_request *request, enum retry_rule rule,
    struct http_answer *answer, struct error *err);
int
__wrap_http_client_request(struct http_client *client, const struct http_request *request, enum retry_rule rule,
    struct http_answer *answer, struct error *err)
{
	(void)client;
	(void)rule;
	*answer = (struct http_answer){.status = next->status};
	if (failing_now())
		return error_set(err, ERROR_INTERNAL, "the network of this test");
	ck_assert_ptr_nonnull(next->path);
	ck_assert_str_eq(request->url + strlen(SERVER), next->path);
	bytes_append(&answer->body, next->body, strlen(next->body));
	answer->location = next->location != NULL ? memory_strdup(next->location) : NULL;
	answer->nonce = strcmp(next->path, "/nonce") == 0 ? memory_strdup(nonce) : NULL;
	next++;
	return 0;
}

int __wrap_device_interrupt_sleep(int64_t ms, struct error *err);
int
__wrap_device_interrupt_sleep(int64_t ms, struct error *err)
{
	ck_assert_int_gt(ms, 0);
	return failing_now() ? error_set(err, ERROR_INTERNAL, "interrupted") : 0;
}

int64_t __wrap_http_client_end(const struct http_client *client);
int64_t
__wrap_http_client_end(const struct http_client *client)
{
	(void)client;
	return end_ms;
}

/* ---- the device ---- */

static int
attest_cb(void *arg, const char *key_authorization, struct bytes *object, struct error *err)
{
	(void)arg;
	ck_assert_int_eq(strncmp(key_authorization, "dG9rZW4.", 8), 0);
	if (failing_now())
		return error_set(err, ERROR_INTERNAL, "the TPM of this test");
	bytes_append(object, "object", 6);
	return 0;
}

static int
request_cb(void *arg, struct bytes *csr, struct error *err)
{
	(void)arg;
	if (failing_now())
		return error_set(err, ERROR_INTERNAL, "the key of this test");
	bytes_append(csr, "csr", 3);
	return 0;
}

static void
progress_cb(void *arg, const char *what)
{
	(void)arg;
	(void)what;
}

static const struct acme_applicant applicant = {attest_cb, request_cb, progress_cb, NULL};
static EVP_PKEY                   *key;

static void
setup(void)
{
	key = EVP_EC_gen("P-256");
	ck_assert_ptr_nonnull(key);
	nonce = "bm9uY2U";
	end_ms = 0;
}

static void
teardown(void)
{
	EVP_PKEY_free(key);
}

/* Orders for this name by these answers. */
static int
order(const struct step *steps, const char *name, struct error *err)
{
	AUTO_ACME_CLIENT client = {0};
	AUTO_BYTES       pem = {0};

	next = steps;
	if (acme_client_open(&client, NULL, key, SERVER "/directory", err) != 0 ||
	    acme_order_run(&client, name, &applicant, &pem, err) != 0)
		return -1;
	ck_assert(view_equal(bytes_view(&pem), view_text("the chain")));
	ck_assert_ptr_null(next->path);
	return 0;
}

static int
honest_order(const void *arg, struct error *err)
{
	return order(arg, "laptop", err);
}

START_TEST(order_of_which_anything_fails_says_so)
{
	failing_each(honest_order, honest);
}
END_TEST

START_TEST(order_for_a_name_that_is_no_text_is_refused)
{
	struct error err = {0};

	unit_fails(order(honest, "\xff", &err), &err, ERROR_MALFORMED, "the name is no UTF-8");
}
END_TEST

/* RFC 8555 §6.5.1: what is no base64url is no nonce. */
START_TEST(order_with_a_nonce_that_is_none_is_refused)
{
	struct error err = {0};

	nonce = _i == 0 ? "not one" : "";
	unit_fails(order(honest, "laptop", &err), &err, ERROR_MALFORMED,
	    "the ACME account: " SERVER "/nonce gives no nonce (HTTP 200)");
}
END_TEST

START_TEST(order_that_would_wait_behind_the_deadline_ends_there)
{
	struct error err = {0};

	end_ms = clock_monotonic_ms() + 1;
	unit_fails(order(honest, "laptop", &err), &err, ERROR_TIMEOUT, SERVER "/authz is still \"pending\" after 0 s");
}
END_TEST

/* A URL that a server gave in a header is octets; JSON has text only. */
START_TEST(post_to_a_url_that_is_no_text_is_refused)
{
	struct acme_client client = {.key = key, .nonce = (char[]){"bm9uY2U"}, .new_account = (char[]){SERVER "/new-account"},
	    .new_order = (char[]){SERVER "/new-order"}, .jwk = (char[]){"{}"}};
	AUTO_ANSWER        answer = {0};
	struct error       err = {0};

	unit_fails(acme_client_post(&client, SERVER "/\xff", "{}", &answer, &err), &err, ERROR_MALFORMED,
	    "the server's nonce or URL is no UTF-8");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("acme_order");
	TCase *tc = tcase_create("acme_order");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, order_of_which_anything_fails_says_so);
	tcase_add_test(tc, order_for_a_name_that_is_no_text_is_refused);
	tcase_add_loop_test(tc, order_with_a_nonce_that_is_none_is_refused, 0, 2);
	tcase_add_test(tc, order_that_would_wait_behind_the_deadline_ends_there);
	tcase_add_test(tc, post_to_a_url_that_is_no_text_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
