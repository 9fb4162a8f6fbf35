/*
 * What the client asks of libcurl: whom it trusts, and how long it waits. Two of libcurl's functions
 * are this program's own, which hand everything on: one gives libcurl a system's directory of roots,
 * the other remembers the numbers.
 */
#include "config.h"

#include <sys/socket.h>

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/ssl.h>

#include "device/host/http_client.h"
#include "pki_support.h"
#include "util/clock.h"
#include "wrong_server.h"

#undef curl_easy_setopt

#define OPTIONS_MAX CURLOPTTYPE_OBJECTPOINT /* all that are numbers are below */

static char *system_roots; /* the directory, or NULL */
static long  numbers[OPTIONS_MAX]; /* by option */

/* The function of the library behind this program's. */
static void *
behind(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	ck_assert_ptr_nonnull(function);
	return function;
}

CURLcode
curl_easy_setopt(CURL *curl, CURLoption option, ...)
{
	CURLcode (*set)(CURL *, CURLoption, ...) = behind("curl_easy_setopt");
	CURLcode code;
	va_list  list;

	va_start(list, option);
	if ((int)option < OPTIONS_MAX) {
		numbers[option] = va_arg(list, long);
		code = set(curl, option, numbers[option]);
	} else {
		ck_assert_int_lt((int)option, CURLOPTTYPE_OFF_T); /* pointers, to data or functions */
		code = set(curl, option, va_arg(list, void *));
	}
	va_end(list);
	return code;
}

CURL *
curl_easy_init(void)
{
	CURL *(*init)(void) = behind("curl_easy_init");
	CURL *curl = init();

	if (system_roots != NULL)
		ck_assert_int_eq(curl_easy_setopt(curl, CURLOPT_CAPATH, system_roots), CURLE_OK);
	return curl;
}

/* ---- whom it trusts ---- */

static SSL_CTX *tls;

/* One connection after the other; one whose client does not trust us ends in the handshake. */
static void *
tls_run(void *arg)
{
	char text[4096];

	for (;;) {
		int  peer = accept(server.listener, NULL, NULL);
		SSL *ssl = SSL_new(tls);

		SSL_set_fd(ssl, peer);
		if (SSL_accept(ssl) == 1 && SSL_read(ssl, text, sizeof text) > 0) {
			(void)SSL_write(ssl, OK, sizeof OK - 1);
			(void)SSL_shutdown(ssl);
		}
		SSL_free(ssl);
		(void)close(peer);
	}
	return arg;
}

static void
tls_listen(X509 *certificate, EVP_PKEY *key)
{
	char plain[sizeof server.url];

	server_bind();
	memcpy(plain, server.url, sizeof plain);
	(void)snprintf(server.url, sizeof server.url, "https%s", strchr(plain, ':'));
	tls = SSL_CTX_new(TLS_server_method());
	ck_assert_int_eq(SSL_CTX_use_certificate(tls, certificate), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(tls, key), 1);
	ck_assert_int_eq(listen(server.listener, 16), 0);
	ck_assert_int_eq(pthread_create(&server.thread, NULL, tls_run, NULL), 0);
}

/* A server's certificate, which is its own root. */
static X509 *
root_make(EVP_PKEY *key, const char *name)
{
	return pki_forge(&(struct pki_forgery){.key = key, .common_name = name,
	    .extensions = "[ext]\nsubjectAltName=IP:127.0.0.1\n",
	    .not_before = clock_now() - 60, .not_after = clock_now() + 3600});
}

/* One request of a new client. */
static int
ask(const char *tls_roots, int64_t end_ms, struct http_answer *answer, struct error *err)
{
	const struct http_request request = {HTTP_GET, server.url, NULL, NULL};
	AUTO_HTTP_CLIENT          client = NULL;

	unit_ok(http_client_new(tls_roots, end_ms, &client, err), err);
	return http_client_request(client, &request, RETRY_NONE, answer, err);
}

START_TEST(tls_root_stands_in_place_of_the_systems)
{
	EVP_PKEY       *keys[] = {EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"),
	          EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")};
	X509           *ours = root_make(keys[0], "ours");
	X509           *other = root_make(keys[1], "other");
	char           *directory = pki_directory();
	AUTO_FREE char *given = file_join(directory, "ours.pem");
	AUTO_FREE char *wrong = file_join(directory, "other.pem");
	char            hashed[32];
	AUTO_ANSWER     by_system = {0};
	AUTO_ANSWER     by_option = {0};
	AUTO_ANSWER     refused = {0};
	struct error    err = {0};

	pki_write_certificate(directory, "ours.pem", ours);
	pki_write_certificate(directory, "other.pem", other);
	tls_listen(ours, keys[0]);

	/* The system does not know it: only the option can say that it is good. */
	ck_assert_int_eq(ask(NULL, 0, &by_option, &err), -1);
	unit_ok(ask(given, 0, &by_option, &err), &err);
	ck_assert_int_eq(by_option.status, 200);

	/* The system knows it, which is of no use where the option says otherwise. */
	(void)snprintf(hashed, sizeof hashed, "%08lx.0", X509_subject_name_hash(ours));
	pki_write_certificate(directory, hashed, ours);
	system_roots = directory;
	unit_ok(ask(NULL, 0, &by_system, &err), &err);
	ck_assert_int_eq(by_system.status, 200);
	ck_assert_int_eq(ask(wrong, 0, &refused, &err), -1);
	ck_assert_msg(strstr(err.detail, "its TLS certificate is not trusted; name the root that "
	                                 "signed it with --tls-root FILE") != NULL, "%s", err.detail);

	pki_directory_remove(directory);
	X509_free(ours);
	X509_free(other);
	EVP_PKEY_free(keys[0]);
	EVP_PKEY_free(keys[1]);
}
END_TEST

/* ---- how long it waits ---- */

/* The time that a client has, and the least and the most that it gives one answer; milliseconds. */
static const struct {
	int64_t has;
	long    least;
	long    most;
} limits[] = {
    {0, 60000, 60000},
    {600000, 60000, 60000},
    {30000, 20000, 30000},
};

START_TEST(request_has_a_limit)
{
	AUTO_ANSWER  answer = {0};
	struct error err = {0};

	server_bind();
	server_listen(OK, NULL);
	unit_ok(ask(NULL, limits[_i].has != 0 ? clock_monotonic_ms() + limits[_i].has : 0, &answer, &err),
	    &err);
	ck_assert_int_ge(numbers[CURLOPT_TIMEOUT_MS], limits[_i].least);
	ck_assert_int_le(numbers[CURLOPT_TIMEOUT_MS], limits[_i].most);
	ck_assert_int_eq(numbers[CURLOPT_CONNECTTIMEOUT], 10);
}
END_TEST

static void
setup(void)
{
	(void)unsetenv("http_proxy");
	(void)unsetenv("https_proxy");
	(void)unsetenv("HTTPS_PROXY");
	(void)unsetenv("all_proxy");
	(void)unsetenv("ALL_PROXY");
	(void)signal(SIGPIPE, SIG_IGN);
}

int
main(void)
{
	Suite *suite = suite_create("http_client_options");
	TCase *tc = tcase_create("http_client_options");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, tls_root_stands_in_place_of_the_systems);
	tcase_add_loop_test(tc, request_has_a_limit, 0, sizeof limits / sizeof limits[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
