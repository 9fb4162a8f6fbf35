/* TLS handshakes: whose turn it is, and how those that wait end. */
#include "config.h"

#include <openssl/ssl.h>

#include "http/tls.h"
#include "http_fixture.h"
#include "tls_client.h"

#define CROWD 24
#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define CROWD_HEADER "PROXY TCP4 198.51.100.9 192.0.2.2 1 443\r\n"
#define QUIET_HEADER "PROXY TCP4 192.0.2.1 192.0.2.2 51442 443\r\n"

static SSL_CTX     *tls;
static struct bytes hello; /* a ClientHello, recorded */

/* The ports of the peers that a certificate was looked for, before its key signs: in order. */
static uint16_t signed_ports[4 * CROWD];
static size_t   signed_count;
static int      sign_ms;       /* what it costs */
static size_t   started_count; /* handshakes of which something was read */

static uint16_t
port_of(int fd, bool own)
{
	struct sockaddr_in at = {0};
	socklen_t          size = sizeof at;

	ck_assert_int_eq((own ? getsockname : getpeername)(fd, (struct sockaddr *)&at, &size), 0);
	return ntohs(at.sin_port);
}

static int
sign_cb(SSL *ssl, void *arg)
{
	int64_t until = clock_monotonic_ms() + sign_ms;

	(void)arg;
	ck_assert_uint_lt(signed_count, sizeof signed_ports / sizeof signed_ports[0]);
	signed_ports[signed_count++] = port_of(SSL_get_fd(ssl), false);
	while (clock_monotonic_ms() < until)
		;
	return 1;
}

static void
start_cb(const SSL *ssl, int where, int result)
{
	(void)ssl;
	(void)result;
	if ((where & SSL_CB_HANDSHAKE_START) != 0)
		started_count++;
}

static void
hello_record(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL     *ssl = SSL_new(ctx);
	BIO     *sent = BIO_new(BIO_s_mem());
	char    *data;
	long     size;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), sent);
	ck_assert_int_eq(SSL_connect(ssl), -1);
	size = BIO_get_mem_data(sent, &data);
	bytes_clear(&hello);
	bytes_append(&hello, data, (size_t)size);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void
setup(void)
{
	struct bytes chain = {0};
	struct bytes pem = {0};
	struct error err;
	EVP_PKEY    *key = EVP_EC_gen("P-256");

	fixture_setup();
	pem_of_certificate(key, &chain);
	pem_of_key(key, NULL, &pem);
	EVP_PKEY_free(key);
	unit_ok(tls_server_new(bytes_view(&chain), bytes_view(&pem), &tls, &err), &err);
	SSL_CTX_set_cert_cb(tls, sign_cb, NULL);
	SSL_CTX_set_info_callback(tls, start_cb);
	bytes_clear(&chain);
	bytes_clear(&pem);
	hello_record();
	sign_ms = 3;
	settings.tls = tls;
}

static void
teardown(void)
{
	fixture_teardown();
	SSL_CTX_free(tls);
	bytes_clear(&hello);
}

/* ---- turns ---- */

static struct http_client crowd[CROWD];

static void
crowd_connect(const char *from)
{
	for (size_t i = 0; i < CROWD; i++)
		client_connect_from(&crowd[i], base, from, &address);
}

/* Lets each of the crowd send, and nothing be read of it. */
static void
crowd_send(const void *data, size_t size)
{
	for (size_t i = 0; i < CROWD; i++)
		client_send_bytes(&crowd[i], data, size);
}

static void
crowd_close(void)
{
	for (size_t i = 0; i < CROWD; i++)
		client_close(&crowd[i]);
}

/* Signatures that were made before the client's. */
static size_t
place_of(const struct http_client *client)
{
	uint16_t port = port_of(client->fd, true);
	size_t   place = 0;

	while (place < signed_count && signed_ports[place] != port)
		place++;
	return place;
}

/* What comes back is a record with the handshake's next message. */
static void
answered(struct http_client *client)
{
	client_wait(client, client->got.size >= 6 || client->ended);
	ck_assert_uint_ge(client->got.size, 6);
	ck_assert_uint_eq(client->got.data[0], 0x16);
	ck_assert_uint_eq(client->got.data[5], 2); /* ServerHello */
}

/* The ClientHello in two records; the first has this many octets of it. */
static void
hello_fragment(size_t first, struct bytes *out)
{
	size_t rest = hello.size - 5 - first;

	bytes_append(out, hello.data, 3);
	bytes_append_u8(out, (uint8_t)(first >> 8));
	bytes_append_u8(out, (uint8_t)first);
	bytes_append(out, hello.data + 5, first);
	bytes_append(out, hello.data, 3);
	bytes_append_u8(out, (uint8_t)(rest >> 8));
	bytes_append_u8(out, (uint8_t)rest);
	bytes_append(out, hello.data + 5 + first, rest);
}

/* The crowd's first octets are read before the rest comes, which all comes before the quiet one's. */
START_TEST(sources_take_turns_whatever_was_read_before)
{
	static const size_t before[] = {0, 1, 5, 100, 5 + 1, 5 + 60};
	struct http_client  quiet;
	struct bytes        octets = {0};
	size_t              first = before[_i];

	if (_i < 4)
		bytes_append(&octets, hello.data, hello.size);
	else
		hello_fragment(first - 5, &octets);
	fixture_start();
	crowd_connect("127.0.0.2");
	crowd_send(octets.data, first);
	client_wait(&crowd[0], http_server_connections(server) == CROWD);
	client_wait(&crowd[0], started_count == (first != 0 ? CROWD : 0));
	ck_assert_uint_eq(signed_count, 0);
	crowd_send(octets.data + first, octets.size - first);
	client_connect(&quiet, base, &address);
	client_send_bytes(&quiet, octets.data, octets.size);
	answered(&quiet);
	/* Its connection is accepted in the pass in which the others' turns begin. */
	ck_assert_uint_le(place_of(&quiet), 3);
	ck_assert_uint_lt(signed_count, CROWD / 2);
	for (size_t i = 0; i < CROWD; i++)
		answered(&crowd[i]);
	ck_assert_uint_eq(signed_count, CROWD + 1);
	client_close(&quiet);
	crowd_close();
	bytes_clear(&octets);
}
END_TEST

/* The server takes another group than the clients guess: it signs for the second ClientHello. */
START_TEST(second_client_hello_waits_for_a_turn_too)
{
	static struct tls_client clients[CROWD];
	struct http_client       quiet;
	size_t                   before;

	ck_assert_int_eq(SSL_CTX_set1_groups_list(tls, "P-384"), 1);
	fixture_start();
	for (size_t i = 0; i < CROWD; i++) {
		tls_client_open(&clients[i], "127.0.0.2", TLS1_3_VERSION, NULL);
		ck_assert_int_eq(SSL_connect(clients[i].ssl), -1);
	}
	for (size_t i = 0; i < CROWD; i++)
		client_wait(&clients[0].tcp, tls_client_has_input(&clients[i]));
	for (size_t i = 0; i < CROWD; i++)
		ck_assert_int_eq(SSL_connect(clients[i].ssl), -1);
	before = signed_count;
	client_connect(&quiet, base, &address);
	client_send_bytes(&quiet, hello.data, hello.size);
	answered(&quiet);
	ck_assert_uint_le(place_of(&quiet) - before, 3);
	ck_assert_uint_lt(signed_count - before, CROWD / 2);
	client_close(&quiet);
	for (size_t i = 0; i < CROWD; i++)
		tls_client_close(&clients[i]);
}
END_TEST

START_TEST(request_is_answered_between_handshakes)
{
	struct tls_client client;

	fixture_start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	tls_client_send(&client, GET_HELLO);
	tls_client_read(&client, "\r\n\r\nhello", 1);
	signed_count = 0;
	crowd_connect("127.0.0.1"); /* the source is the same */
	crowd_send(hello.data, hello.size);
	client_wait(&crowd[0], signed_count == 1);
	tls_client_send(&client, GET_HELLO);
	tls_client_read(&client, "\r\n\r\nhello", 2);
	ck_assert_uint_lt(signed_count, CROWD / 2);
	tls_client_close(&client);
	crowd_close();
}
END_TEST

/* ---- PROXY ---- */

static void
proxy_start(void)
{
	struct error err;

	settings.proxies.protocol = PROXY_PROTOCOL_V1;
	unit_ok(proxies_add(&settings.proxies, view_text("127.0.0.1"), &err), &err);
	fixture_start();
}

/* Header and ClientHello come in one packet. */
START_TEST(source_is_whom_the_proxy_names)
{
	struct http_client quiet;
	struct bytes       octets = {0};

	proxy_start();
	crowd_connect("127.0.0.1");
	bytes_append(&octets, CROWD_HEADER, sizeof CROWD_HEADER - 1);
	bytes_append(&octets, hello.data, hello.size);
	crowd_send(octets.data, octets.size);
	bytes_clear(&octets);
	bytes_append(&octets, QUIET_HEADER, sizeof QUIET_HEADER - 1);
	bytes_append(&octets, hello.data, hello.size);
	client_connect(&quiet, base, &address);
	client_send_bytes(&quiet, octets.data, octets.size);
	answered(&quiet);
	ck_assert_uint_le(place_of(&quiet), 3);
	for (size_t i = 0; i < CROWD; i++)
		answered(&crowd[i]);
	client_close(&quiet);
	crowd_close();
	bytes_clear(&octets);
}
END_TEST

START_TEST(request_behind_a_proxy_is_answered)
{
	static const int  versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_client client;

	proxy_start();
	tls_client_open(&client, "127.0.0.1", versions[_i], NULL);
	client_send(&client.tcp, QUIET_HEADER);
	ck_assert_int_eq(tls_client_handshake(&client), 0);
	tls_client_send(&client, GET_HELLO);
	tls_client_read(&client, "\r\n\r\nhello", 1);
	tls_client_close(&client);
	client_wait(&client.tcp, http_server_connections(server) == 0);
}
END_TEST

/* ---- what comes ---- */

START_TEST(hello_in_single_octets_is_answered)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	for (size_t i = 0; i < hello.size; i++) {
		ck_assert_uint_eq(client.got.size, 0);
		client_send_bytes(&client, hello.data + i, 1);
		for (int turn = 0; turn < 3; turn++)
			ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
	}
	answered(&client);
	client_close(&client);
}
END_TEST

/* The end of its side comes with its last octets of the handshake, and is no end before them. */
START_TEST(client_that_sends_no_more_gets_its_answer)
{
	struct tls_client client;

	fixture_start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	ck_assert_int_eq(SSL_write(client.ssl, GET_HELLO, sizeof GET_HELLO - 1), sizeof GET_HELLO - 1);
	(void)SSL_shutdown(client.ssl);
	ck_assert_int_eq(shutdown(client.tcp.fd, SHUT_WR), 0);
	tls_client_read(&client, "\r\n\r\nhello", 1);
	tls_client_close(&client);
}
END_TEST

#define FOREIGN(octets) {(const uint8_t *)(octets), sizeof(octets) - 1}

static const struct view foreign[] = {
    FOREIGN(GET_HELLO),
    FOREIGN("SSH-2.0-OpenSSH_9.2p1\r\n"),
    FOREIGN("\x16\x03\x01\xff\xff\x01"),   /* too long a record */
    FOREIGN("\x16\x03\x01\0\4\x0e\0\0\0"), /* no ClientHello */
    FOREIGN("\x17\x03\x03\0\5hello"),
};

START_TEST(what_is_no_tls_is_refused)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send_bytes(&client, foreign[_i].data, foreign[_i].size);
	client_wait(&client, client.ended);
	client_has_not(&client, "HTTP");
	ck_assert_uint_eq(signed_count, 0);
	ck_assert_uint_eq(asked_count, 0);
	client_wait(&client, http_server_connections(server) == 0);
	client_close(&client);
}
END_TEST

/* ---- how a connection ends ---- */

/* It says nothing, a part of its ClientHello, or nothing after it. */
START_TEST(silent_client_is_ended_at_its_deadline)
{
	const size_t       sizes[] = {0, 100, hello.size};
	struct http_client client;

	settings.request_ms = 50;
	fixture_start();
	client_connect(&client, base, &address);
	client_send_bytes(&client, hello.data, sizes[_i]);
	client_wait(&client, client.ended);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&client);
}
END_TEST

START_TEST(client_that_waits_is_ended_at_its_deadline)
{
	settings.request_ms = 60;
	sign_ms = 20;
	fixture_start();
	crowd_connect("127.0.0.1");
	crowd_send(hello.data, hello.size);
	for (size_t i = 0; i < CROWD; i++)
		client_wait(&crowd[i], crowd[i].ended);
	ck_assert_uint_eq(http_server_connections(server), 0);
	ck_assert_uint_ge(signed_count, 1);
	ck_assert_uint_lt(signed_count, CROWD);
	crowd_close();
}
END_TEST

/* Closed or reset, before any of it is read or while it waits. */
START_TEST(nothing_is_signed_for_a_client_that_has_gone)
{
	static const struct linger reset = {.l_onoff = 1, .l_linger = 0};
	size_t                     before = 0;

	fixture_start();
	crowd_connect("127.0.0.1");
	crowd_send(hello.data, hello.size);
	if (_i >= 2)
		client_wait(&crowd[0], (before = signed_count) != 0);
	for (size_t i = 0; i < CROWD; i++) {
		if (_i % 2 != 0)
			ck_assert_int_eq(setsockopt(crowd[i].fd, SOL_SOCKET, SO_LINGER, &reset,
			                     sizeof reset), 0);
		client_close(&crowd[i]);
	}
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0); /* accepts them */
	client_wait(&crowd[0], http_server_connections(server) == 0);
	/* One turn may come in the pass in which the end is seen. */
	ck_assert_uint_le(signed_count, before == 0 ? 0 : before + 1);
}
END_TEST

START_TEST(connection_that_waits_makes_room)
{
	struct http_client quiet;

	settings.connections_max = 4;
	fixture_start();
	crowd_connect("127.0.0.2");
	crowd_send(hello.data, hello.size);
	client_connect(&quiet, base, &address);
	client_send_bytes(&quiet, hello.data, hello.size);
	answered(&quiet);
	ck_assert_uint_le(http_server_connections(server), 5);
	ck_assert(!quiet.ended);
	client_close(&quiet);
	crowd_close();
}
END_TEST

START_TEST(connections_that_wait_end_with_the_server)
{
	fixture_start();
	crowd_connect("127.0.0.2");
	crowd_send(hello.data, hello.size);
	client_wait(&crowd[0], signed_count != 0);
	ck_assert_uint_lt(signed_count, CROWD);
	if (_i == 0)
		http_server_drain(server);
	http_server_free(server);
	server = NULL;
	for (size_t i = 0; i < CROWD; i++)
		client_wait(&crowd[i], crowd[i].ended);
	crowd_close();
}
END_TEST

/* A client that was accepted takes its end for a failure. */
START_TEST(drain_lets_a_handshake_and_its_first_request_be_finished)
{
	static const int   versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_client  client;
	struct http_client silent;

	settings.request_ms = 120000; /* longer than the case */
	fixture_start();
	client_connect(&silent, base, &address);
	client_send_bytes(&silent, hello.data, 100);
	tls_client_open(&client, "127.0.0.1", versions[_i], NULL);
	ck_assert_int_eq(SSL_connect(client.ssl), -1); /* its ClientHello */
	client_wait(&client.tcp, tls_client_has_input(&client) && http_server_connections(server) == 2);
	http_server_drain(server);
	ck_assert_uint_eq(http_server_connections(server), 2);
	ck_assert_int_eq(tls_client_handshake(&client), 0);
	tls_client_send(&client, GET_HELLO);
	tls_client_read(&client, "\r\n\r\nhello", 1);
	ck_assert(!silent.ended);
	client_wait(&silent, silent.ended);
	client_wait(&silent, http_server_connections(server) == 0);
	tls_client_close(&client);
	client_close(&silent);
}
END_TEST

/* Of the second that a handshake has, one that is complete wants none. */
START_TEST(drain_leaves_a_handshake_and_the_request_after_it_a_second_each)
{
	const struct timeval part = {.tv_usec = 100000};
	struct tls_client    client;
	int64_t              begun;

	fixture_start();
	tls_client_open(&client, "127.0.0.1", TLS1_3_VERSION, NULL);
	ck_assert_int_eq(SSL_connect(client.ssl), -1);
	client_wait(&client.tcp, tls_client_has_input(&client));
	http_server_drain(server);
	begun = clock_monotonic_ms();
	ck_assert_int_eq(event_base_loopexit(base, &part), 0);
	ck_assert_int_eq(event_base_dispatch(base), 0);
	ck_assert_int_eq(tls_client_handshake(&client), 0);
	client_wait(&client.tcp, http_server_connections(server) == 0);
	ck_assert_int_ge(clock_monotonic_ms() - begun, 1090);
	tls_client_close(&client);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("handshake");
	TCase *tcase = tcase_create("handshake");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30); /* a busy machine is no failure */
	tcase_add_loop_test(tcase, sources_take_turns_whatever_was_read_before, 0, 6);
	tcase_add_test(tcase, second_client_hello_waits_for_a_turn_too);
	tcase_add_test(tcase, request_is_answered_between_handshakes);
	tcase_add_test(tcase, source_is_whom_the_proxy_names);
	tcase_add_loop_test(tcase, request_behind_a_proxy_is_answered, 0, 2);
	tcase_add_test(tcase, hello_in_single_octets_is_answered);
	tcase_add_test(tcase, client_that_sends_no_more_gets_its_answer);
	tcase_add_loop_test(tcase, what_is_no_tls_is_refused, 0, sizeof foreign / sizeof foreign[0]);
	tcase_add_loop_test(tcase, silent_client_is_ended_at_its_deadline, 0, 3);
	tcase_add_test(tcase, client_that_waits_is_ended_at_its_deadline);
	tcase_add_loop_test(tcase, nothing_is_signed_for_a_client_that_has_gone, 0, 4);
	tcase_add_test(tcase, connection_that_waits_makes_room);
	tcase_add_loop_test(tcase, connections_that_wait_end_with_the_server, 0, 2);
	tcase_add_loop_test(tcase, drain_lets_a_handshake_and_its_first_request_be_finished, 0, 2);
	tcase_add_test(tcase, drain_leaves_a_handshake_and_the_request_after_it_a_second_each);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
