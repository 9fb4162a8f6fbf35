/* A server without memory: it is made, or says why not, and leaves nothing behind. */
#include "config.h"

#include <openssl/ssl.h>

#include "daemon/front.h"
#include "failing.h"
#include "http/front.h"
#include "http/tls.h"
#include "http_fixture.h"
#include "pki_support.h"

static struct bytes chain;
static struct bytes key;

/* A chain of two and its key. */
static void
pair_make(void)
{
	struct pki   pki;
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, &chain, &err), &err);
	unit_ok(certificate_encode_pem(pki.root.certificate, &chain, &err), &err);
	unit_ok(key_encode(pki.issuing.key, &key, &err), &err);
	pki_clear(&pki);
}

static void
pair_clear(void)
{
	bytes_clear(&chain);
	bytes_clear(&key);
}

static int
context_make(const void *arg, struct error *err)
{
	SSL_CTX *tls = NULL;
	int      rc = tls_server_new(bytes_view(&chain), bytes_view(&key), &tls, err);

	(void)arg;
	ck_assert((tls != NULL) == (rc == 0));
	SSL_CTX_free(tls);
	return rc;
}

START_TEST(context_without_memory_is_none)
{
	failing_every(41, 7); /* each context takes a thousand allocations */
	failing_each(context_make, NULL);
}
END_TEST

static int
prepare(const void *arg, struct error *err)
{
	(void)arg;
	return http_front_prepare(err);
}

START_TEST(prepare_without_memory_says_so)
{
	failing_every(3, 7);
	failing_each(prepare, NULL);
}
END_TEST

static int
serve(const void *arg, struct error *err)
{
	int fd;
	int rc;

	(void)arg;
	server = NULL;
	fixture_setup();
	fd = client_listener(&address);
	failing_on();
	rc = http_server_new(base, &settings, &server, err);
	if (rc == 0)
		rc = http_server_listen(server, fd, err);
	else
		(void)close(fd);
	failing_off();
	fixture_teardown();
	return rc;
}

/* The socket is closed, also when it is not listened on. */
START_TEST(server_without_memory_is_none)
{
	failing_each(serve, NULL);
}
END_TEST

/* A front's worker: it serves on what it was given, or says why not. */
static int
front_serve(const void *arg, struct error *err)
{
	int                 fd;
	struct front_worker worker = {.listeners = &fd, .listener_count = 1};
	struct http_front   front = {.worker = &worker};
	int                 rc;

	(void)arg;
	fixture_setup();
	worker.base = base;
	fd = client_listener(&address);
	failing_on();
	rc = http_front_serve(&front, &settings, err);
	failing_off();
	if (rc == 0)
		ck_assert(front.server != NULL && http_front_idle(&front));
	if (front.server == NULL)
		(void)close(fd);
	http_front_clear(&front);
	event_base_free(base);
	return rc;
}

START_TEST(front_without_memory_serves_or_says_why_not)
{
	failing_each(front_serve, NULL);
}
END_TEST

/* Named so by the linker: our part of an accepted connection is made, and evhttp's has still to be. */
void __real_server_connection_opened(struct http_server *of);
void __wrap_server_connection_opened(struct http_server *of);
void
__wrap_server_connection_opened(struct http_server *of)
{
	__real_server_connection_opened(of);
	failing_on();
}

static int
accept_one(const void *arg, struct error *err)
{
	struct http_client client;

	(void)arg;
	failing_off();
	server = NULL;
	fixture_setup();
	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
	client_wait(&client, client.ended || client_count(&client, "hello") == 1);
	failing_off();
	if (client.ended) {
		(void)error_set(err, ERROR_INTERNAL, "closed");
		ck_assert_uint_eq(http_server_connections(server), 0);
	}
	client_close(&client);
	fixture_teardown();
	return err->detail[0] == '\0' ? 0 : -1;
}

START_TEST(connection_that_evhttp_gives_up_is_forgotten)
{
	failing_refuses_at(accept_one, NULL, 1);
}
END_TEST

/* Named so by the linker. */
static bool no_ciphers;

int __real_SSL_CTX_set_cipher_list(SSL_CTX *tls, const char *ciphers);
int __wrap_SSL_CTX_set_cipher_list(SSL_CTX *tls, const char *ciphers);
int
__wrap_SSL_CTX_set_cipher_list(SSL_CTX *tls, const char *ciphers)
{
	return no_ciphers ? 0 : __real_SSL_CTX_set_cipher_list(tls, ciphers);
}

/* A library without them would be left with its own. */
START_TEST(context_without_our_ciphers_is_none)
{
	struct error err = {0};

	no_ciphers = true;
	ck_assert_int_eq(context_make(NULL, &err), -1);
	ck_assert_int_eq(strncmp(err.detail, "setting up TLS", 14), 0);
	no_ciphers = false;
	unit_ok(context_make(NULL, &err), &err);
}
END_TEST

START_TEST(listen_on_what_is_no_socket_is_refused)
{
	struct error err = {0};

	fixture_setup();
	unit_ok(http_server_new(base, &settings, &server, &err), &err);
	ck_assert_int_eq(http_server_listen(server, -1, &err), -1);
	ck_assert_int_eq(strncmp(err.detail, "cannot listen: ", 15), 0);
	fixture_teardown();
	http_server_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tc;

	failing_prepare();
	failing_prepare_events();
	suite = suite_create("http_failing");
	tc = tcase_create("http_failing");
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, pair_make, pair_clear);
	tcase_add_test(tc, context_without_memory_is_none);
	tcase_add_test(tc, prepare_without_memory_says_so);
	tcase_add_test(tc, server_without_memory_is_none);
	tcase_add_test(tc, front_without_memory_serves_or_says_why_not);
	tcase_add_test(tc, connection_that_evhttp_gives_up_is_forgotten);
	tcase_add_test(tc, context_without_our_ciphers_is_none);
	tcase_add_test(tc, listen_on_what_is_no_socket_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
