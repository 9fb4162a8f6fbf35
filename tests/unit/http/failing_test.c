/* A server without memory: it is made, or says why not, and leaves nothing behind. */
#include "config.h"

#include <openssl/ssl.h>

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
	tcase_add_test(tc, listen_on_what_is_no_socket_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
