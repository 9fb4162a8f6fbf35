/* A server behind proxies: who its peers are, and who may connect. */
#include "config.h"

#include "http_fixture.h"
#include "util/log.h"

#define GET_PEER "GET /peer HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
#define KEEP_PEER "GET /peer HTTP/1.1\r\nHost: a\r\n"
#define V1_HEADER "PROXY TCP4 192.0.2.1 192.0.2.2 51442 443\r\n"

static void
peer_cb(struct http_exchange *exchange, void *arg)
{
	(void)arg;
	asked_count++;
	http_reply(exchange, 200, "text/plain", view_text(http_exchange_peer(exchange)));
}

static const struct http_route peer_routes[] = {
    {"GET", "/peer", peer_cb},
    {NULL, NULL, NULL},
};

/* Starts a server that takes 127.0.0.1 for a proxy, which the client is, and 127.0.0.9 not. */
static void
start(enum proxy_protocol protocol)
{
	struct error err;

	settings.routes = peer_routes;
	settings.proxies.protocol = protocol;
	unit_ok(proxies_add(&settings.proxies, view_text("127.0.0.1"), &err), &err);
	unit_ok(proxies_add(&settings.proxies, view_text("10.0.0.0/8"), &err), &err);
	fixture_start();
}

static void
ask_from(struct http_client *client, const char *from, const char *octets, size_t size)
{
	client_connect_from(client, base, from, &address);
	client_send_bytes(client, octets, size);
	client_wait(client, client->ended);
}

/* ---- header fields ---- */

static const struct {
	const char *from;
	const char *lines;
	const char *peer;
} requests[] = {
    {"127.0.0.1", "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1:0"},
    {"127.0.0.1", "x-forwarded-for: 192.0.2.9\r\nX-FORWARDED-FOR: 192.0.2.1\r\n", "192.0.2.1:0"},
    {"127.0.0.1", "Forwarded: for=\"[2001:db8::7]:51442\"\r\n", "[2001:db8::7]:51442"},
    {"127.0.0.1", "Forwarded: for=192.0.2.1, for=10.0.0.2\r\n", "192.0.2.1:0"},
    {"127.0.0.1", "Forwarded: for=192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n", "127.0.0.1:"},
    {"127.0.0.1", "Forwarded: for=unknown\r\n", "127.0.0.1:"},
    {"127.0.0.1", "", "127.0.0.1:"},
    {"127.0.0.9", "X-Forwarded-For: 192.0.2.1\r\n", "127.0.0.9:"},
    {"127.0.0.9", "Forwarded: for=192.0.2.1\r\n", "127.0.0.9:"},
    {"127.0.0.9", "Forwarded: for=192.0.2.1, for=127.0.0.1\r\n", "127.0.0.9:"},
};

START_TEST(request_peer_is_whom_a_proxy_names)
{
	struct http_client client;
	char               request[512];
	char               wanted[80];

	start(PROXY_PROTOCOL_OFF);
	(void)snprintf(request, sizeof request, GET_PEER "%s\r\n", requests[_i].lines);
	(void)snprintf(wanted, sizeof wanted, "\r\n\r\n%s", requests[_i].peer);
	ask_from(&client, requests[_i].from, request, strlen(request));
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, wanted);
	client_close(&client);
}
END_TEST

START_TEST(request_peer_is_that_of_each_request)
{
	struct http_client client;

	start(PROXY_PROTOCOL_OFF);
	client_connect(&client, base, &address);
	client_send(&client, KEEP_PEER "X-Forwarded-For: 192.0.2.1\r\n\r\n");
	client_wait(&client, client_count(&client, "\r\n\r\n192.0.2.1:0") == 1);
	client_send(&client, KEEP_PEER "\r\n");
	client_wait(&client, client_count(&client, "\r\n\r\n127.0.0.1:") == 1);
	client_send(&client, KEEP_PEER "X-Forwarded-For: 192.0.2.2\r\n\r\n");
	client_wait(&client, client_count(&client, "\r\n\r\n192.0.2.2:0") == 1);
	client_close(&client);
}
END_TEST

START_TEST(limits_proxy_that_is_none_any_more_is_not_believed)
{
	struct http_client client;

	start(PROXY_PROTOCOL_OFF);
	client_connect(&client, base, &address);
	client_send(&client, KEEP_PEER "X-Forwarded-For: 192.0.2.1\r\n\r\n");
	client_wait(&client, client_count(&client, "\r\n\r\n192.0.2.1:0") == 1);
	settings.proxies.count = 0;
	http_server_limits(server, &settings);
	client_send(&client, KEEP_PEER "X-Forwarded-For: 192.0.2.2\r\n\r\n");
	client_wait(&client, client_count(&client, "\r\n\r\n127.0.0.1:") == 1);
	ck_assert_uint_eq(client_count(&client, "192.0.2.2"), 0);
	client_close(&client);
}
END_TEST

/* The protocol stays: connections have begun with it. */
START_TEST(limits_new_proxy_is_believed_on_new_connections)
{
	static const char  request[] = GET_PEER "X-Forwarded-For: 192.0.2.1\r\n\r\n";
	struct http_client client;
	struct error       err;

	start(PROXY_PROTOCOL_OFF);
	unit_ok(proxies_add(&settings.proxies, view_text("127.0.0.9"), &err), &err);
	settings.proxies.protocol = PROXY_PROTOCOL_V1;
	http_server_limits(server, &settings);
	ask_from(&client, "127.0.0.9", request, sizeof request - 1);
	client_has(&client, "\r\n\r\n192.0.2.1:0");
	client_close(&client);
}
END_TEST

START_TEST(request_without_proxies_names_nobody)
{
	struct http_client client;

	settings.routes = peer_routes;
	fixture_start();
	ask(&client, GET_PEER "X-Forwarded-For: 192.0.2.1\r\n\r\n");
	client_has(&client, "\r\n\r\n127.0.0.1:");
	client_close(&client);
}
END_TEST

/* ---- the PROXY protocol ---- */

START_TEST(header_names_the_peer)
{
	static const char v2[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\2\1\xc0\0\2\2\xc8\xf2\1\xbb\4\0\0"
	                         GET_PEER "X-Forwarded-For: 198.51.100.9\r\n\r\n";
	static const char v1[] = V1_HEADER GET_PEER "X-Forwarded-For: 198.51.100.9\r\n\r\n";
	struct http_client client;

	start(_i == 0 ? PROXY_PROTOCOL_V1 : PROXY_PROTOCOL_V2);
	ask_from(&client, "127.0.0.1", _i == 0 ? v1 : v2, _i == 0 ? sizeof v1 - 1 : sizeof v2 - 1);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	client_has(&client, "\r\n\r\n192.0.2.1:51442");
	client_close(&client);
}
END_TEST

/* Whom the header of the connection names is believed, even where it is a proxy's address. */
START_TEST(header_that_names_a_proxy_makes_no_field_believed)
{
	static const char  request[] = "PROXY TCP4 10.0.0.7 192.0.2.2 51442 443\r\n" GET_PEER
	                               "X-Forwarded-For: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\n\r\n";
	struct http_client client;

	start(PROXY_PROTOCOL_V1);
	ask_from(&client, "127.0.0.1", request, sizeof request - 1);
	client_has(&client, "\r\n\r\n10.0.0.7:51442");
	client_close(&client);
}
END_TEST

START_TEST(header_in_single_octets_is_read)
{
	static const char  octets[] = V1_HEADER GET_PEER "\r\n";
	struct http_client client;

	start(PROXY_PROTOCOL_V1);
	client_connect(&client, base, &address);
	for (size_t i = 0; i < sizeof octets - 1; i++) {
		client_send_bytes(&client, octets + i, 1);
		for (int turn = 0; turn < 3; turn++)
			ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	}
	client_wait(&client, client.ended);
	client_has(&client, "\r\n\r\n192.0.2.1:51442");
	client_close(&client);
}
END_TEST

START_TEST(header_serves_all_requests_of_its_connection)
{
	struct http_client client;

	start(PROXY_PROTOCOL_V1);
	client_connect(&client, base, &address);
	client_send(&client, V1_HEADER KEEP_PEER "\r\n" KEEP_PEER "\r\n");
	client_wait(&client, client_count(&client, "\r\n\r\n192.0.2.1:51442") == 2);
	client_close(&client);
}
END_TEST

START_TEST(header_that_names_nobody_leaves_the_proxy)
{
	static const char  local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0" GET_PEER "\r\n";
	struct http_client client;

	start(PROXY_PROTOCOL_V2);
	ask_from(&client, "127.0.0.1", local, sizeof local - 1);
	client_has(&client, "\r\n\r\n127.0.0.1:");
	client_close(&client);
}
END_TEST

/* What is closed, and hears nothing. */
static const struct {
	const char *from;
	const char *octets;
	const char *why;
} refused[] = {
    {"127.0.0.9", V1_HEADER GET_PEER "\r\n", "the peer is not in proxy_networks"},
    {"127.0.0.9", GET_PEER "\r\n", "the peer is not in proxy_networks"},
    {"127.0.0.1", GET_PEER "\r\n", "the connection does not begin with \\\"PROXY \\\""},
    {"127.0.0.1", "PROXY TCP4 192.0.2.1\r\n" GET_PEER "\r\n", "the PROXY header does not have six words"},
    {"127.0.0.1", "\r\n" V1_HEADER GET_PEER "\r\n", "the connection does not begin with \\\"PROXY \\\""},
};

/* Standard error goes to a file, for what is logged. */
static FILE *
log_catch(void)
{
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
	log_open("proxy_test", LOG_LEVEL_INFO);
	return file;
}

static void
log_has(FILE *file, const char *text)
{
	char   all[8192];
	size_t size;

	rewind(file);
	size = fread(all, 1, sizeof all - 1, file);
	all[size] = '\0';
	ck_assert_msg(strstr(all, text) != NULL, "wanted \"%s\", got \"%s\"", text, all);
}

START_TEST(connection_without_a_header_is_closed_and_logged)
{
	struct http_client client;
	FILE              *log = log_catch();

	start(PROXY_PROTOCOL_V1);
	ask_from(&client, refused[_i].from, refused[_i].octets, strlen(refused[_i].octets));
	ck_assert_uint_eq(client.got.size, 0);
	ck_assert_uint_eq(asked_count, 0);
	ck_assert_uint_eq(http_server_connections(server), 0);
	log_has(log, "event=proxy-protocol");
	log_has(log, refused[_i].from);
	log_has(log, refused[_i].why);
	client_close(&client);
	(void)fclose(log);
}
END_TEST

START_TEST(connection_whose_header_is_late_is_closed_and_logged)
{
	struct http_client client;
	FILE              *log = log_catch();

	settings.request_ms = 50;
	start(PROXY_PROTOCOL_V1);
	ask_from(&client, "127.0.0.1", V1_HEADER, (size_t)_i);
	ck_assert_uint_eq(client.got.size, 0);
	log_has(log, "the PROXY header did not come in time");
	client_close(&client);
	(void)fclose(log);
}
END_TEST

START_TEST(connection_that_ends_in_its_header_is_logged)
{
	struct http_client client;
	FILE              *log = log_catch();

	start(PROXY_PROTOCOL_V1);
	client_connect(&client, base, &address);
	client_send(&client, "PROXY ");
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	client_wait(&client, client.ended);
	log_has(log, "the connection ended within its PROXY header");
	client_close(&client);
	(void)fclose(log);
}
END_TEST

/* Named so by the linker: what was looked at cannot be taken off the socket; the header is not half read. */
static int refusing_fd = -1;

ssize_t __real_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t size, int flags);
ssize_t __wrap___recv_chk(int fd, void *data, size_t size, size_t room, int flags);
ssize_t
__wrap_recv(int fd, void *data, size_t size, int flags)
{
	if (refusing_fd < 0 || fd == refusing_fd || (flags & MSG_PEEK) != 0)
		return __real_recv(fd, data, size, flags);
	errno = EIO;
	return -1;
}

ssize_t
__wrap___recv_chk(int fd, void *data, size_t size, size_t room, int flags)
{
	return size <= room ? __wrap_recv(fd, data, size, flags) : -1;
}

START_TEST(connection_whose_header_cannot_be_taken_is_closed)
{
	struct http_client client;
	FILE              *log = log_catch();

	start(PROXY_PROTOCOL_V1);
	client_connect(&client, base, &address);
	refusing_fd = client.fd; /* which alone is read */
	client_send(&client, V1_HEADER GET_PEER "\r\n");
	client_wait(&client, client.ended);
	refusing_fd = -1;
	ck_assert_uint_eq(asked_count, 0);
	ck_assert_uint_eq(client.got.size, 0);
	log_has(log, "the connection ended within its PROXY header");
	client_close(&client);
	(void)fclose(log);
}
END_TEST

START_TEST(connection_that_ends_at_once_is_not)
{
	struct http_client client;
	FILE              *log = log_catch();

	start(PROXY_PROTOCOL_V1);
	client_connect(&client, base, &address);
	ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
	client_wait(&client, client.ended);
	ck_assert_int_eq(ftell(log), 0);
	ck_assert_int_eq(fseek(log, 0, SEEK_END), 0);
	ck_assert_int_eq(ftell(log), 0);
	client_close(&client);
	(void)fclose(log);
}
END_TEST

START_TEST(connection_that_waits_ends_when_the_server_drains)
{
	struct http_client client;

	start(PROXY_PROTOCOL_V1);
	client_connect(&client, base, &address);
	client_send(&client, "PROXY ");
	client_wait(&client, http_server_connections(server) == 1);
	ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	http_server_drain(server);
	client_wait(&client, client.ended);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&client);
}
END_TEST

/* The clients behind the proxy are told apart: whoever has most loses one, and no other. */
START_TEST(header_decides_whose_connection_is_closed)
{
	struct http_client greedy[3];
	struct http_client quiet;
	struct http_client newest;

	settings.connections_max = 4;
	start(PROXY_PROTOCOL_V1);
	client_connect(&quiet, base, &address);
	client_send(&quiet, V1_HEADER KEEP_PEER "\r\n");
	client_wait(&quiet, client_count(&quiet, "\r\n\r\n192.0.2.1:51442") == 1);
	for (size_t i = 0; i < 3; i++) {
		client_connect(&greedy[i], base, &address);
		client_send(&greedy[i], "PROXY TCP4 198.51.100.9 192.0.2.2 1 443\r\n" KEEP_PEER "\r\n");
		client_wait(&greedy[i], client_count(&greedy[i], "\r\n\r\n198.51.100.9:1") == 1);
	}
	client_connect(&newest, base, &address);
	client_send(&newest, V1_HEADER KEEP_PEER "\r\n");
	client_wait(&newest, client_count(&newest, "\r\n\r\n192.0.2.1:51442") == 1);
	client_wait(&greedy[0], greedy[0].ended);
	ck_assert(!greedy[1].ended && !greedy[2].ended && !quiet.ended);
	client_send(&quiet, KEEP_PEER "\r\n");
	client_wait(&quiet, client_count(&quiet, "\r\n\r\n192.0.2.1:51442") == 2);
	for (size_t i = 0; i < 3; i++)
		client_close(&greedy[i]);
	client_close(&quiet);
	client_close(&newest);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy");
	TCase *tc = tcase_create("proxy");

	tcase_add_checked_fixture(tc, fixture_setup, fixture_teardown);
	tcase_add_loop_test(tc, request_peer_is_whom_a_proxy_names, 0,
	    (int)(sizeof requests / sizeof requests[0]));
	tcase_add_test(tc, request_peer_is_that_of_each_request);
	tcase_add_test(tc, limits_proxy_that_is_none_any_more_is_not_believed);
	tcase_add_test(tc, limits_new_proxy_is_believed_on_new_connections);
	tcase_add_test(tc, request_without_proxies_names_nobody);
	tcase_add_loop_test(tc, header_names_the_peer, 0, 2);
	tcase_add_test(tc, header_that_names_a_proxy_makes_no_field_believed);
	tcase_add_test(tc, header_in_single_octets_is_read);
	tcase_add_test(tc, header_serves_all_requests_of_its_connection);
	tcase_add_test(tc, header_that_names_nobody_leaves_the_proxy);
	tcase_add_loop_test(tc, connection_without_a_header_is_closed_and_logged, 0,
	    (int)(sizeof refused / sizeof refused[0]));
	tcase_add_loop_test(tc, connection_whose_header_is_late_is_closed_and_logged, 0, 8);
	tcase_add_test(tc, connection_that_ends_in_its_header_is_logged);
	tcase_add_test(tc, connection_whose_header_cannot_be_taken_is_closed);
	tcase_add_test(tc, connection_that_ends_at_once_is_not);
	tcase_add_test(tc, connection_that_waits_ends_when_the_server_drains);
	tcase_add_test(tc, header_decides_whose_connection_is_closed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
