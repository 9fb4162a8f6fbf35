/* The front of attest-acmed, as a worker calls it: what ends it, and a file that cannot be had. */
#include "config.h"

#include "acme/front/front.h"

#include "acme/front/nonce.h"
#include "acme/front/public.h"
#include "acme/front/reply.h"
#include "acme/front/state.h"
#include "daemon/front.h"
#include "http_fixture.h"
#include "service/front/fetch.h"
#include "service/front/front.h"
#include "util/clock.h"

static bool        no_nonces;
static const char *told; /* what the keeper tells the first worker */
static struct error why;

int __real_nonces_new(uint32_t window, struct nonces **out, struct error *err);
int __wrap_nonces_new(uint32_t window, struct nonces **out, struct error *err);
int
__wrap_nonces_new(uint32_t window, struct nonces **out, struct error *err)
{
	return no_nonces ? error_set(err, ERROR_INTERNAL, "no nonces in this test") : __real_nonces_new(window, out, err);
}

/* One worker, which ends when the keeper's words are none. */
int __wrap_front_run(const struct supervisor_child *child, const struct front_handlers *handlers);
int
__wrap_front_run(const struct supervisor_child *child, const struct front_handlers *handlers)
{
	struct front_worker worker = {.base = NULL};
	int                 rc;

	(void)child;
	rc = handlers->tell(&worker, view_text(told), &why);
	handlers->close(&worker);
	ck_assert_ptr_null(worker.state);
	return rc == 0 ? 0 : 1;
}

START_TEST(run_without_nonces_ends)
{
	no_nonces = true;
	ck_assert_int_eq(acme_front_run(NULL), 1);
}
END_TEST

START_TEST(greeting_that_is_none_ends_the_worker)
{
	told = "hello";
	ck_assert_int_eq(acme_front_run(NULL), 1);
	ck_assert_int_eq((int)why.kind, ERROR_MALFORMED);
}
END_TEST

/* ---- files ---- */

static struct service_front service;
static struct acme_front    front = {.service = &service};
static struct http_client   client;
static struct error         absent;

void __wrap_fetch_get(struct fetch *fetch, const char *name, struct http_exchange *exchange, fetch_done_cb *done,
    void (*gone)(void *arg), void *arg);
void
__wrap_fetch_get(struct fetch *fetch, const char *name, struct http_exchange *exchange, fetch_done_cb *done,
    void (*gone)(void *arg), void *arg)
{
	(void)fetch, (void)gone;
	ck_assert_str_eq(name, "crl.pem");
	done(exchange, NULL, &absent, arg);
}

static void
pem_cb(struct http_exchange *exchange, void *arg)
{
	struct reply reply = {&front, exchange, clock_monotonic_ms(), NULL};

	(void)arg;
	public_pem(&reply);
}

static const struct http_route file_routes[] = {{"GET", "/crl.pem", pem_cb}, {0}};

static void
setup(void)
{
	fixture_setup();
	settings.routes = file_routes;
	fixture_start();
}

static void
teardown(void)
{
	client_close(&client);
	fixture_teardown();
}

static const struct {
	enum error_kind kind;
	const char     *status;
} absences[] = {{ERROR_NOT_FOUND, "HTTP/1.1 404 "}, {ERROR_OVERLOADED, "HTTP/1.1 503 "}, {ERROR_INTERNAL, "HTTP/1.1 500 "}};

START_TEST(file_that_cannot_be_had_is_a_problem)
{
	error_set(&absent, absences[_i].kind, "not in this test");
	ask(&client, "GET /crl.pem HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client_begins(&client, absences[_i].status);
	client_has(&client, "application/problem+json");
	if (absences[_i].kind == ERROR_INTERNAL)
		client_has_not(&client, "not in this test");
	else
		client_has(&client, "not in this test");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("front");
	TCase *tc = tcase_create("front");
	TCase *files = tcase_create("files");

	tcase_add_test(tc, run_without_nonces_ends);
	tcase_add_test(tc, greeting_that_is_none_ends_the_worker);
	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_loop_test(files, file_that_cannot_be_had_is_a_problem, 0, sizeof absences / sizeof absences[0]);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, files);
	return unit_run(suite);
}
