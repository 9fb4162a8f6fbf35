/* TLS contexts, and what a server with one does on its port. */
#include "config.h"

#include <limits.h>
#include <signal.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http/tls.h"
#include "http_fixture.h"
#include "tls_client.h"

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

/* OpenSSL's memory, so that a test can see what happens without. */
static bool no_memory;

static void *
test_malloc(size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return no_memory ? NULL : malloc(size);
}

static void *
test_realloc(void *old, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return no_memory ? NULL : realloc(old, size);
}

static void
test_free(void *memory, const char *file, int line)
{
	(void)file;
	(void)line;
	free(memory);
}

static struct bytes chain_pem;
static struct bytes key_pem;
static struct bytes other_key_pem;
static struct bytes secret_key_pem; /* encrypted */
static SSL_CTX     *tls;

static void
setup(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	EVP_PKEY *other = EVP_EC_gen("P-256");

	fixture_setup();
	pem_of_certificate(key, &chain_pem);
	pem_of_key(key, NULL, &key_pem);
	pem_of_key(other, NULL, &other_key_pem);
	pem_of_key(key, EVP_aes_128_cbc(), &secret_key_pem);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void
teardown(void)
{
	fixture_teardown();
	SSL_CTX_free(tls);
	bytes_clear(&chain_pem);
	bytes_clear(&key_pem);
	bytes_clear(&other_key_pem);
	bytes_clear(&secret_key_pem);
}

static void
start(void)
{
	struct error err;

	unit_ok(tls_server_new(bytes_view(&chain_pem), bytes_view(&key_pem), &tls, &err), &err);
	settings.tls = tls;
	fixture_start();
}

START_TEST(request_is_answered_over_tls)
{
	static const int  versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, versions[_i], NULL), 0);
	for (size_t i = 1; i <= 20; i++) {
		tls_client_send(&client, GET_HELLO);
		tls_client_read(&client, "\r\n\r\nhello", i);
	}
	ck_assert_uint_eq(http_server_connections(server), 1);
	tls_client_close(&client);
	client_wait(&client.tcp, http_server_connections(server) == 0);
}
END_TEST

START_TEST(request_pipelined_over_tls_is_answered)
{
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	tls_client_send(&client, GET_HELLO GET_HELLO GET_HELLO);
	tls_client_read(&client, "\r\n\r\nhello", 3);
	tls_client_close(&client);
}
END_TEST

START_TEST(body_at_the_bound_passes_over_tls_and_one_more_does_not)
{
	struct tls_client client;
	char             *request = memory_new(BODY_MAX + 200);
	int               used;

	start();
	for (int more = 0; more <= 1; more++) {
		used = snprintf(request, 200,
		    "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n",
		    BODY_MAX + more);
		memset(request + used, 'x', (size_t)(BODY_MAX + more));
		request[used + BODY_MAX + more] = '\0';
		ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
		tls_client_send(&client, request);
		tls_client_read(&client, NULL, 0);
		ck_assert_int_eq(strncmp((const char *)client.got.data,
		    more == 0 ? "HTTP/1.1 200" : "HTTP/1.1 413", 12), 0);
		if (more == 0)
			ck_assert_uint_gt(client.got.size, BODY_MAX);
		tls_client_close(&client);
	}
	free(request);
}
END_TEST

START_TEST(malformed_request_over_tls_is_a_problem)
{
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_2_VERSION, NULL), 0);
	tls_client_send(&client, GET_HELLO "this is no request line\r\n\r\n");
	tls_client_read(&client, NULL, 0);
	ck_assert_ptr_nonnull(strstr((const char *)client.got.data, "HTTP/1.1 200 OK\r\n"));
	ck_assert_ptr_nonnull(strstr((const char *)client.got.data, "HTTP/1.1 400 "));
	ck_assert_ptr_null(strcasestr((const char *)client.got.data, "<html"));
	tls_client_close(&client);
}
END_TEST

START_TEST(slow_request_over_tls_ends_at_its_deadline)
{
	struct tls_client client;

	settings.request_ms = 500; /* the handshake counts, too */
	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	tls_client_send(&client, "GET /hel");
	tls_client_read(&client, NULL, 0);
	ck_assert_int_eq(strncmp((const char *)client.got.data, "HTTP/1.1 408 ", 13), 0);
	tls_client_close(&client);
}
END_TEST

/* SSL_read does not return while they come, so nobody else would be served. */
START_TEST(key_updates_without_an_end_end_the_connection)
{
	struct tls_client client;
	int               sent = 0;
	int               rc = 1;

	start();
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	while (rc == 1 && sent < 10000) {
		(void)SSL_key_update(client.ssl, _i == 0 ? SSL_KEY_UPDATE_NOT_REQUESTED : SSL_KEY_UPDATE_REQUESTED);
		while ((rc = SSL_do_handshake(client.ssl)) != 1 && tls_client_wait(&client, rc))
			;
		sent++;
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	ck_assert_int_ne(rc, 1);
	client_wait(&client.tcp, http_server_connections(server) == 0);
	tls_client_close(&client);
}
END_TEST

/* They stand in the socket before the server reads the first of them. */
START_TEST(key_updates_that_have_come_are_not_all_read)
{
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	for (int i = 0; i < 1000; i++) {
		(void)SSL_key_update(client.ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		ck_assert_int_eq(SSL_do_handshake(client.ssl), 1);
	}
	ck_assert_int_gt(SSL_write(client.ssl, GET_HELLO, (int)strlen(GET_HELLO)), 0);
	tls_client_read(&client, NULL, 0);
	ck_assert_uint_eq(client.got.size, 0);
	tls_client_close(&client);
}
END_TEST

START_TEST(some_key_updates_are_a_clients_right)
{
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	for (size_t i = 1; i <= 20; i++) {
		(void)SSL_key_update(client.ssl, SSL_KEY_UPDATE_REQUESTED);
		ck_assert_int_eq(SSL_do_handshake(client.ssl), 1);
		tls_client_send(&client, GET_HELLO);
		tls_client_read(&client, "\r\n\r\nhello", i);
	}
	tls_client_close(&client);
}
END_TEST

START_TEST(client_that_goes_before_the_answer_over_tls_cancels_it)
{
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	tls_client_send(&client, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	client_wait(&client.tcp, kept_count == 1);
	tls_client_close(&client);
	client_wait(&client.tcp, http_server_connections(server) == 0);
	ck_assert_uint_eq(cancelled_count, 1);
}
END_TEST

/* A close_notify ends the client's side only (RFC 8446 §6.1). */
START_TEST(client_that_half_closes_over_tls_gets_its_answer)
{
	static const int  versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, versions[_i % 2], NULL), 0);
	tls_client_send(&client, _i < 2 ? GET_HELLO : "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
	(void)SSL_shutdown(client.ssl);
	if (_i >= 2) {
		client_wait(&client.tcp, kept_count == 1);
		for (int i = 0; i < 10; i++)
			event_base_loop(base, EVLOOP_NONBLOCK);
		ck_assert_uint_eq(cancelled_count, 0);
		http_reply(kept[0], 200, "text/plain", (struct view){(const uint8_t *)"hello", 5});
	}
	tls_client_read(&client, "\r\n\r\nhello", 1);
	tls_client_close(&client);
}
END_TEST

/* Extensions of chunks, and an empty line before the request. */
START_TEST(framing_over_tls_is_read_as_without)
{
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	tls_client_send(&client, "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "4;a=b\r\nbody\r\n");
	tls_client_send(&client, "0;c\r\n\r\n");
	tls_client_read(&client, "\r\n\r\nbody", 1);
	tls_client_close(&client);
	ck_assert_int_eq(tls_client_connect(&client, TLS1_3_VERSION, NULL), 0);
	tls_client_send(&client, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
	tls_client_read(&client, "HTTP/1.1 400 the chunks of the body cannot be read\r\n", 1);
	tls_client_close(&client);
}
END_TEST

START_TEST(plaintext_on_the_tls_port_gets_no_http)
{
	struct http_client client;

	start();
	ask(&client, GET_HELLO);
	client_has_not(&client, "HTTP/1");
	client_has_not(&client, "hello");
	ck_assert_uint_eq(asked_count, 0);
	client_wait(&client, http_server_connections(server) == 0);
	client_close(&client);
}
END_TEST

/* evhttp, given no bufferevent, would make a plain one of its own. */
START_TEST(plaintext_gets_no_http_when_there_is_no_memory_for_tls)
{
	struct http_client client;

	start();
	client_connect(&client, base, &address);
	client_send(&client, GET_HELLO);
	no_memory = true;
	client_wait(&client, client.ended);
	no_memory = false;
	ck_assert_uint_eq(client.got.size, 0);
	ck_assert_uint_eq(asked_count, 0);
	ck_assert_uint_eq(http_server_connections(server), 0);
	client_close(&client);
}
END_TEST

START_TEST(handshake_that_does_not_come_ends_at_the_deadline)
{
	struct http_client client;

	settings.request_ms = 50;
	start();
	client_connect(&client, base, &address);
	client_send_bytes(&client, "\x16\x03\x01\x02", 4);
	client_wait(&client, client.ended);
	client_wait(&client, http_server_connections(server) == 0);
	client_close(&client);
}
END_TEST

static const struct {
	int         version;
	const char *ciphers;
	int         result;
} handshakes[] = {
    {TLS1_3_VERSION, NULL, 0},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", 0},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", 0},
    {TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305", 0},
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", -1}, /* no AEAD */
    {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", -1},
    {TLS1_2_VERSION, "AES128-GCM-SHA256", -1}, /* no forward secrecy */
    {TLS1_2_VERSION, "DHE-RSA-AES128-GCM-SHA256", -1},
    {TLS1_1_VERSION, NULL, -1},
    {TLS1_VERSION, NULL, -1},
};

START_TEST(handshake_takes_modern_tls_only)
{
	struct tls_client client;

	start();
	ck_assert_int_eq(
	    tls_client_connect(&client, handshakes[_i].version, handshakes[_i].ciphers),
	    handshakes[_i].result);
	tls_client_close(&client);
	client_wait(&client.tcp, http_server_connections(server) == 0);
}
END_TEST

START_TEST(session_cannot_be_resumed)
{
	static const int  versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	struct tls_client client;

	start();
	ck_assert_int_eq(tls_client_connect(&client, versions[_i], NULL), 0);
	tls_client_send(&client, GET_HELLO);
	tls_client_read(&client, "hello", 1);
	ck_assert(!SSL_SESSION_is_resumable(SSL_get0_session(client.ssl)));
	ck_assert(!SSL_SESSION_has_ticket(SSL_get0_session(client.ssl)));
	tls_client_close(&client);
}
END_TEST

START_TEST(renegotiation_is_refused)
{
	struct tls_client client;
	int               result;

	start();
	ck_assert_int_eq(tls_client_connect(&client, TLS1_2_VERSION, NULL), 0);
	ck_assert_int_eq(SSL_renegotiate(client.ssl), 1);
	while ((result = SSL_do_handshake(client.ssl)) != 1 && tls_client_wait(&client, result))
		;
	ck_assert_int_ne(result, 1);
	tls_client_close(&client);
}
END_TEST

START_TEST(context_takes_a_chain)
{
	STACK_OF(X509) *chain = NULL;
	AUTO_BYTES      both = {0};
	struct error    err;

	bytes_append(&both, chain_pem.data, chain_pem.size);
	bytes_append(&both, chain_pem.data, chain_pem.size);
	unit_ok(tls_server_new(bytes_view(&both), bytes_view(&key_pem), &tls, &err), &err);
	SSL_CTX_get0_chain_certs(tls, &chain);
	ck_assert_int_eq(sk_X509_num(chain), 1);
}
END_TEST

/* More than OpenSSL can be told of is not even looked at. */
START_TEST(context_of_more_than_there_can_be_is_refused)
{
	const struct view chain = bytes_view(&chain_pem);
	const struct view key = bytes_view(&key_pem);
	const struct view many_certificates = {chain.data, (size_t)INT_MAX + 1};
	const struct view much_key = {key.data, (size_t)INT_MAX + 1};
	struct error      err = {0};

	ck_assert_ptr_null(tls);
	ck_assert_int_eq(tls_server_new(many_certificates, key, &tls, &err), -1);
	ck_assert_int_eq(strncmp(err.detail, "setting up TLS", 14), 0);
	ck_assert_int_eq(tls_server_new(chain, much_key, &tls, &err), -1);
	ck_assert_int_eq(strncmp(err.detail, "setting up TLS", 14), 0);
}
END_TEST

START_TEST(context_of_what_is_no_pair_is_malformed)
{
	static const char garbage[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
	const struct view nothing = {NULL, 0};
	const struct view broken = {(const uint8_t *)garbage, sizeof garbage - 1};
	const struct view chain = bytes_view(&chain_pem);
	const struct view key = bytes_view(&key_pem);
	AUTO_BYTES        half = {0};
	AUTO_BYTES        many = {0};
	struct {
		struct view chain;
		struct view key;
		const char *detail;
	} cases[] = {
	    {nothing, key, "reading the TLS certificate"},
	    {key, key, "reading the TLS certificate"},
	    {broken, key, "reading the TLS certificate"},
	    {chain, nothing, "reading the TLS key"},
	    {chain, chain, "reading the TLS key"},
	    {chain, bytes_view(&secret_key_pem), "reading the TLS key"},
	    {chain, bytes_view(&other_key_pem), "the TLS key does not belong to the TLS certificate"},
	    {{NULL, 0}, key, "reading the chain of the TLS certificate"},
	    {{NULL, 0}, key, "more than 16 TLS certificates"},
	};
	struct error err;

	bytes_append(&half, chain.data, chain.size);
	bytes_append(&half, garbage, sizeof garbage - 1);
	cases[7].chain = bytes_view(&half);
	for (int i = 0; i < 20; i++)
		bytes_append(&many, chain.data, chain.size);
	cases[8].chain = bytes_view(&many);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_int_eq(tls_server_new(cases[i].chain, cases[i].key, &tls, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		ck_assert_msg(strncmp(err.detail, cases[i].detail, strlen(cases[i].detail)) == 0,
		    "%zu: %s", i, err.detail);
		ck_assert_ptr_null(tls);
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls");
	TCase *tcase = tcase_create("tls");

	if (CRYPTO_set_mem_functions(test_malloc, test_realloc, test_free) != 1)
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30); /* a busy machine is no failure */
	tcase_add_loop_test(tcase, request_is_answered_over_tls, 0, 2);
	tcase_add_loop_test(tcase, key_updates_without_an_end_end_the_connection, 0, 2);
	tcase_add_test(tcase, key_updates_that_have_come_are_not_all_read);
	tcase_add_test(tcase, some_key_updates_are_a_clients_right);
	tcase_add_test(tcase, request_pipelined_over_tls_is_answered);
	tcase_add_test(tcase, body_at_the_bound_passes_over_tls_and_one_more_does_not);
	tcase_add_test(tcase, malformed_request_over_tls_is_a_problem);
	tcase_add_test(tcase, slow_request_over_tls_ends_at_its_deadline);
	tcase_add_test(tcase, client_that_goes_before_the_answer_over_tls_cancels_it);
	tcase_add_loop_test(tcase, client_that_half_closes_over_tls_gets_its_answer, 0, 4);
	tcase_add_test(tcase, framing_over_tls_is_read_as_without);
	tcase_add_test(tcase, plaintext_on_the_tls_port_gets_no_http);
	tcase_add_test(tcase, plaintext_gets_no_http_when_there_is_no_memory_for_tls);
	tcase_add_test(tcase, handshake_that_does_not_come_ends_at_the_deadline);
	tcase_add_loop_test(tcase, handshake_takes_modern_tls_only, 0,
	    sizeof handshakes / sizeof handshakes[0]);
	tcase_add_loop_test(tcase, session_cannot_be_resumed, 0, 2);
	tcase_add_test(tcase, renegotiation_is_refused);
	tcase_add_test(tcase, context_takes_a_chain);
	tcase_add_test(tcase, context_of_more_than_there_can_be_is_refused);
	tcase_add_test(tcase, context_of_what_is_no_pair_is_malformed);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
