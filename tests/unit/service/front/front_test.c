/* A front's worker: it serves as the first greeting says, and takes over what a later one may change. */
#include "config.h"

#include "service/front/front.h"

#include "daemon/front.h"
#include "service/file.h"
#include "service/greeting.h"
#include "service_world.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static struct front_worker worker;
static int                 listener;
static int                 opened; /* states that are not freed yet */
static size_t              greeted;

static void
front_cb(struct http_exchange *exchange, void *arg)
{
	ck_assert_ptr_eq(arg, worker.state);
	hello_cb(exchange, NULL);
}

static const struct http_route front_routes[] = {
    {"GET", "/hello", front_cb},
    {"POST", "/echo", echo_cb},
    {0},
};

static const struct service_front_program plain = {
    .name = "front_test", .routes = front_routes, .problem_namespace = "urn:test:"};

static void *
open_cb(struct service_front *front)
{
	ck_assert_ptr_eq(front->http.worker, &worker);
	ck_assert_ptr_nonnull(front->files);
	opened++;
	return &opened;
}

static void
close_cb(void *state)
{
	ck_assert_ptr_eq(state, &opened);
	opened--;
}

/* Its own greeting is an octet before the common one. */
static int
greet_cb(struct service_front *front, struct view greeting, struct service_greeting *common,
    struct error *err)
{
	ck_assert_ptr_eq(front->state, &opened);
	greeted++;
	if (greeting.size == 0 || greeting.data[0] != 0)
		return error_set(err, ERROR_MALFORMED, "it does not begin with 0");
	return service_greeting_decode((struct view){greeting.data + 1, greeting.size - 1}, common, err);
}

static const struct service_front_program own = {
    .name = "front_test", .routes = front_routes, .open = open_cb, .greet = greet_cb, .close = close_cb};

static const struct service_greeting greeting = {
    .body_max = 10, .header_max = HEADER_MAX, .connections_max = 8, .idle_ms = 60000, .request_ms = 10000};

static void
setup(void)
{
	world_make(routes);
	listener = client_listener(&address);
	worker = (struct front_worker){
	    .base = base, .channel = channel, .listeners = &listener, .listener_count = 1};
}

static void
teardown(void)
{
	service_front_close_cb(&worker);
	ck_assert_ptr_null(worker.state);
	ck_assert_int_eq(opened, 0);
	world_clear();
}

static int
tell(const struct service_front_program *program, const struct service_greeting *told, struct error *err)
{
	AUTO_BYTES body = {0};

	if (program->greet != NULL)
		bytes_append_u8(&body, 0);
	service_greeting_encode(told, &body);
	return service_front_tell(&worker, program, bytes_view(&body), err);
}

static struct http_server *
serving(void)
{
	return ((const struct service_front *)worker.state)->http.server;
}

START_TEST(tell_the_first_greeting_serves_as_it_says)
{
	struct http_client client;
	struct error       err = {0};

	unit_ok(tell(&plain, &greeting, &err), &err);
	ask(&client, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client_begins(&client, "HTTP/1.1 200 ");
	client_has(&client, "hello");
	client_close(&client);
	ask(&client, "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10\r\n\r\n0123456789");
	client_begins(&client, "HTTP/1.1 200 ");
	client_close(&client);
	ask(&client, "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 11\r\n\r\n0123456789a");
	client_begins(&client, "HTTP/1.1 413 ");
	client_has(&client, "urn:test:");
	client_close(&client);
}
END_TEST

START_TEST(tell_the_first_greeting_is_the_daemons_own)
{
	struct http_client client;
	struct error       err = {0};

	unit_ok(tell(&own, &greeting, &err), &err);
	ck_assert_uint_eq(greeted, 1);
	ck_assert_int_eq(opened, 1);
	ask(&client, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
	client_begins(&client, "HTTP/1.1 200 ");
	client_close(&client);
}
END_TEST

START_TEST(tell_news_of_a_file_serves_nothing)
{
	AUTO_BYTES   news = {0};
	struct error err = {0};

	file_news_encode(&(struct file_news){VIEW("crl"), 7, false}, &news);
	unit_ok(service_front_tell(&worker, &own, bytes_view(&news), &err), &err);
	ck_assert_int_eq(opened, 1);
	ck_assert_uint_eq(greeted, 0);
	ck_assert_ptr_null(serving());
	ck_assert(service_front_idle_cb(&worker));
}
END_TEST

START_TEST(tell_what_is_no_greeting_is_malformed)
{
	struct error err = {0};

	ck_assert_int_eq(service_front_tell(&worker, &plain, VIEW("\x01"), &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(serving());
}
END_TEST

START_TEST(tell_what_is_not_its_own_greeting_is_malformed)
{
	struct error err = {0};

	unit_fails(service_front_tell(&worker, &own, VIEW("\x01"), &err), &err, ERROR_MALFORMED,
	    "it does not begin with 0");
	ck_assert_ptr_null(serving());
}
END_TEST

START_TEST(tell_a_key_that_is_none_serves_nothing)
{
	struct service_greeting bad = greeting;
	struct error            err = {0};

	bad.tls_chain = VIEW("no certificate");
	ck_assert_int_eq(tell(&plain, &bad, &err), -1);
	ck_assert_ptr_null(serving());
}
END_TEST

START_TEST(tell_a_network_that_is_none_serves_nothing)
{
	struct service_greeting bad = greeting;
	struct error            err = {0};

	bad.networks[0] = VIEW("192.0.2.0/24");
	bad.networks[1] = VIEW("0.0.0.0/0");
	bad.network_count = 2;
	unit_fails(tell(&plain, &bad, &err), &err, ERROR_MALFORMED,
	    "0.0.0.0/0 has every address: any client could be anybody");
	ck_assert_ptr_null(serving());
}
END_TEST

START_TEST(tell_a_second_greeting_goes_on_serving)
{
	struct service_greeting second = greeting;
	struct http_server     *first;
	struct http_client      client;
	struct error            err = {0};

	unit_ok(tell(&own, &greeting, &err), &err);
	first = serving();
	ck_assert_ptr_nonnull(first);
	second.body_max = 20;
	unit_ok(tell(&own, &second, &err), &err);
	ck_assert_uint_eq(greeted, 2);
	ck_assert_int_eq(opened, 1);
	ck_assert_ptr_eq(serving(), first);
	ask(&client, "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 11\r\n\r\n0123456789a");
	client_begins(&client, "HTTP/1.1 413 ");
	client_close(&client);
}
END_TEST

START_TEST(drain_idle_and_close_before_the_first_message_do_nothing)
{
	service_front_drain_cb(&worker);
	ck_assert(service_front_idle_cb(&worker));
	service_front_close_cb(&worker);
	ck_assert_ptr_null(worker.state);
	(void)close(listener);
}
END_TEST

START_TEST(idle_with_a_connection_is_false)
{
	struct http_client client;
	struct error       err = {0};

	unit_ok(tell(&plain, &greeting, &err), &err);
	ck_assert(service_front_idle_cb(&worker));
	client_connect(&client, base, &address);
	world_wait(!service_front_idle_cb(&worker));
	service_front_drain_cb(&worker);
	world_wait(service_front_idle_cb(&worker));
	client_close(&client);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("front");
	TCase *tc = tcase_create("front");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, tell_the_first_greeting_serves_as_it_says);
	tcase_add_test(tc, tell_the_first_greeting_is_the_daemons_own);
	tcase_add_test(tc, tell_news_of_a_file_serves_nothing);
	tcase_add_test(tc, tell_what_is_no_greeting_is_malformed);
	tcase_add_test(tc, tell_what_is_not_its_own_greeting_is_malformed);
	tcase_add_test(tc, tell_a_key_that_is_none_serves_nothing);
	tcase_add_test(tc, tell_a_network_that_is_none_serves_nothing);
	tcase_add_test(tc, tell_a_second_greeting_goes_on_serving);
	tcase_add_test(tc, drain_idle_and_close_before_the_first_message_do_nothing);
	tcase_add_test(tc, idle_with_a_connection_is_false);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
