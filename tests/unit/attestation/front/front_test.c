/* The front of attestd, whose keeper is this test: what an answer that is none, and a refusal, become for a client. */
#include "config.h"

#include "attestation/front/front.h"

#include "attestation/message.h"
#include "daemon/front.h"
#include "http_fixture.h"
#include "service/front/ask.h"
#include "service/front/front.h"

static struct http_client   client;
static struct front_worker  worker;
static struct service_front front = {.http.worker = &worker};
static struct bytes         answer; /* of the keeper */
static struct error         failure; /* of the question, where there is one */

/* ---- what is in place of the worker and of the channel ---- */

int __wrap_front_run(const struct supervisor_child *child, const struct front_handlers *handlers);
int
__wrap_front_run(const struct supervisor_child *child, const struct front_handlers *handlers)
{
	struct error ignored;

	(void)child;
	return handlers->tell(&worker, view_text("hello"), &ignored);
}

int __wrap_service_front_tell(struct front_worker *told, const struct service_front_program *program, struct view body,
    struct error *err);
int
__wrap_service_front_tell(struct front_worker *told, const struct service_front_program *program, struct view body,
    struct error *err)
{
	(void)told, (void)body, (void)err;
	settings.routes = program->routes;
	return 0;
}

void __wrap_ask_for(struct http_exchange *exchange, struct channel *channel, struct view question, ask_done_cb *done,
    void (*gone)(void *arg), void *arg);
void
__wrap_ask_for(struct http_exchange *exchange, struct channel *channel, struct view question, ask_done_cb *done,
    void (*gone)(void *arg), void *arg)
{
	(void)exchange, (void)channel, (void)gone;
	ck_assert_uint_gt(question.size, 0);
	done(bytes_view(&answer), failure.detail[0] != '\0' ? &failure : NULL, arg);
}

static void
setup(void)
{
	fixture_setup();
	ck_assert_int_eq(attestation_front_run(NULL), 0);
	settings.arg = &front;
	fixture_start();
}

static void
teardown(void)
{
	client_close(&client);
	fixture_teardown();
	bytes_clear(&answer);
}

static void
ask_secret(void)
{
	ask(&client, "POST /secret HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n"
	             "Content-Length: 21\r\n\r\n{\"secret\":\"AAECAwQF\"}");
}

/* ---- answers ---- */

START_TEST(secret_is_answered_with_the_chain)
{
	const struct view above = view_text("above");
	AUTO_BYTES        chain = {0};
	struct error      err = {0};

	unit_ok(attestation_chain_encode(&above, 1, &chain, &err), &err);
	attestation_answer_encode(&(struct attestation_answer){view_text("leaf"), bytes_view(&chain)}, &answer);
	ask_secret();
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "\r\n\r\n{\"chain\":[\"bGVhZg==\",\"YWJvdmU=\"]}");
}
END_TEST

START_TEST(answer_whose_chain_is_none_is_no_answer)
{
	attestation_answer_encode(&(struct attestation_answer){view_text("leaf"), view_text("rubbish")}, &answer);
	ask_secret();
	client_begins(&client, "HTTP/1.1 4");
	client_has(&client, "application/problem+json");
	client_has_not(&client, "bGVhZg==");
}
END_TEST

static const struct {
	enum error_kind kind;
	const char     *status;
	bool            told;
} failures[] = {
    {ERROR_OVERLOADED, "HTTP/1.1 503 ", true},
    {ERROR_NOT_ENROLLED, "HTTP/1.1 403 ", true},
    {ERROR_INTERNAL, "HTTP/1.1 500 ", false}, /* the log alone has its cause */
};

START_TEST(question_that_fails_is_refused_with_its_kind)
{
	error_set(&failure, failures[_i].kind, "this is why");
	ask_secret();
	client_begins(&client, failures[_i].status);
	if (failures[_i].told) {
		client_has(&client, "this is why");
		return;
	}
	client_has_not(&client, "this is why");
	client_has(&client, "the server failed; its log says why");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("front");
	TCase *tc = tcase_create("front");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, secret_is_answered_with_the_chain);
	tcase_add_test(tc, answer_whose_chain_is_none_is_no_answer);
	tcase_add_loop_test(tc, question_that_fails_is_refused_with_its_kind, 0, sizeof failures / sizeof failures[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
