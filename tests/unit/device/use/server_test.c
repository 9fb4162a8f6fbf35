/* The test server takes this machine's certificate with a signature, and nothing else. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "device/use/server.h"
#include "pki/certificate.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

/* A certificate and its key. */
struct identity {
	EVP_PKEY *key;
	X509     *certificate;
};

static void
identity_clear(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

#define AUTO_IDENTITY_OF_TEST __attribute__((cleanup(identity_clear))) struct identity

/* Signed by `issuer`, or by itself when that is NULL. */
static void
identity_make(const char *name, bool authority, const struct identity *issuer, struct identity *out)
{
	X509_EXTENSION *basic = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints,
	    authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	X509           *made = X509_new();

	out->key = EVP_EC_gen("P-256");
	out->certificate = made;
	ck_assert_int_eq(X509_set_version(made, X509_VERSION_3), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(made), 7), 1);
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(made), -60));
	ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(made), 600));
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
	                     (const unsigned char *)name, -1, -1, 0), 1);
	ck_assert_int_eq(X509_set_issuer_name(made,
	                     X509_get_subject_name(issuer != NULL ? issuer->certificate : made)), 1);
	ck_assert_int_eq(X509_set_pubkey(made, out->key), 1);
	ck_assert_int_eq(X509_add_ext(made, basic, -1), 1);
	ck_assert_int_gt(X509_sign(made, issuer != NULL ? issuer->key : out->key, EVP_sha256()), 0);
	X509_EXTENSION_free(basic);
}

/* What a client brings. */
enum brought { BROUGHT_OURS, BROUGHT_OURS_WITH_CHAIN, BROUGHT_NONE, BROUGHT_SISTER, BROUGHT_STRANGER };

struct client {
	uint16_t               port;
	const struct identity *identity;
	X509                  *above;
	bool                   asks; /* for TLS in PostgreSQL's protocol first */
	bool                   answered;
};

/* SSLRequest, and what a server answers that has TLS. */
static bool
request_send(int fd)
{
	static const char request[] = {0, 0, 0, 8, 4, (char)210, 22, 47};
	char              answer = 0;

	return send(fd, request, sizeof request, 0) == (ssize_t)sizeof request &&
	    recv(fd, &answer, 1, 0) == 1 && answer == 'S';
}

static void *
client_run(void *arg)
{
	struct client     *client = arg;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(client->port),
	    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	SSL_CTX           *context = SSL_CTX_new(TLS_client_method());
	SSL               *tls;
	char               answer[200];
	int                fd = socket(AF_INET, SOCK_STREAM, 0);

	if (client->identity != NULL) {
		(void)SSL_CTX_use_certificate(context, client->identity->certificate);
		(void)SSL_CTX_use_PrivateKey(context, client->identity->key);
		if (client->above != NULL)
			(void)SSL_CTX_add1_chain_cert(context, client->above);
		else
			(void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
	}
	tls = SSL_new(context);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
	    (!client->asks || request_send(fd)) && SSL_set_fd(tls, fd) == 1 && SSL_connect(tls) == 1 && SSL_write(tls, "GET /\r\n\r\n", 9) == 9)
		client->answered = SSL_read(tls, answer, sizeof answer) > 12 && memcmp(answer + 9, "200", 3) == 0;
	SSL_free(tls);
	SSL_CTX_free(context);
	(void)close(fd);
	return NULL;
}

static const struct {
	enum brought brought;
	int          certificates; /* 0: refused */
	const char  *fault;
	bool         tls12_only;
	bool         asks;
} rows[] = {
    {BROUGHT_OURS, 1, "", false, false},
    {BROUGHT_OURS, 1, "", true, false},
    {BROUGHT_OURS, 1, "", false, true},
    {BROUGHT_OURS_WITH_CHAIN, 2, "", false, false},
    {BROUGHT_NONE, 0, "the handshake failed: peer did not return a certificate", false, false},
    {BROUGHT_NONE, 0, "the handshake failed: peer did not return a certificate", true, true},
    {BROUGHT_SISTER, 0, "the client has another certificate", false, false},
    {BROUGHT_STRANGER, 0, "the handshake failed: certificate verify failed", false, false},
};

START_TEST(serve_takes_our_certificate_only)
{
	AUTO_IDENTITY_OF_TEST authority = {0};
	AUTO_IDENTITY_OF_TEST ours = {0};
	AUTO_IDENTITY_OF_TEST sister = {0};
	AUTO_IDENTITY_OF_TEST stranger = {0};
	const struct identity *brought[] = {&ours, &ours, NULL, &sister, &stranger};
	AUTO_BYTES             pem = {0};
	struct use_server     *server = NULL;
	struct client          client = {0};
	pthread_t              thread;
	struct error           err = {0};

	identity_make("authority", true, NULL, &authority);
	identity_make("ours", false, &authority, &ours);
	identity_make("sister", false, &authority, &sister);
	identity_make("stranger", false, NULL, &stranger);
	unit_ok(certificate_encode_pem(ours.certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(authority.certificate, &pem, &err), &err);
	unit_ok(use_server_new(bytes_view(&pem), rows[_i].tls12_only, &server, &err), &err);
	client.asks = rows[_i].asks;
	client.port = use_server_port(server);
	client.identity = brought[rows[_i].brought];
	client.above = rows[_i].brought == BROUGHT_OURS_WITH_CHAIN ? authority.certificate : NULL;
	ck_assert_int_eq(pthread_create(&thread, NULL, client_run, &client), 0);
	use_server_serve(server, 10000);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(use_server_seen(server)->connected);
	ck_assert_int_eq(use_server_seen(server)->proved, rows[_i].certificates != 0);
	ck_assert_int_eq(client.answered, rows[_i].certificates != 0);
	ck_assert_int_eq(use_server_seen(server)->certificates, rows[_i].certificates);
	ck_assert_str_eq(use_server_seen(server)->fault, rows[_i].fault);
	if (rows[_i].certificates != 0)
		ck_assert_str_eq(use_server_seen(server)->protocol,
		    rows[_i].tls12_only ? "TLSv1.2" : "TLSv1.3");
	use_server_free(server);
}
END_TEST

START_TEST(new_without_certificates_is_malformed)
{
	struct use_server *server;
	struct error       err = {0};

	ck_assert_int_eq(use_server_new(view_text("none"), false, &server, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(server);
	use_server_free(NULL);
}
END_TEST

START_TEST(serve_without_a_client_ends)
{
	AUTO_IDENTITY_OF_TEST ours = {0};
	AUTO_BYTES            pem = {0};
	struct use_server    *server = NULL;
	struct error          err = {0};

	identity_make("ours", true, NULL, &ours);
	unit_ok(certificate_encode_pem(ours.certificate, &pem, &err), &err);
	unit_ok(use_server_new(bytes_view(&pem), false, &server, &err), &err);
	use_server_serve(server, 1);
	ck_assert(!use_server_seen(server)->connected);
	use_server_free(server);
}
END_TEST

static bool gone; /* who connects is gone before it is taken */

int __real_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags);
int
__wrap_accept4(int fd, struct sockaddr *address, socklen_t *size, int flags)
{
	if (!gone)
		return __real_accept4(fd, address, size, flags);
	errno = ECONNABORTED;
	return -1;
}

START_TEST(serve_of_a_client_that_is_gone_goes_on)
{
	AUTO_IDENTITY_OF_TEST ours = {0};
	AUTO_BYTES            pem = {0};
	struct use_server    *server = NULL;
	struct sockaddr_in    address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct error          err = {0};
	int                   fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	identity_make("ours", true, NULL, &ours);
	unit_ok(certificate_encode_pem(ours.certificate, &pem, &err), &err);
	unit_ok(use_server_new(bytes_view(&pem), false, &server, &err), &err);
	address.sin_port = htons((uint16_t)use_server_port(server));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
	gone = true;
	use_server_serve(server, 1000);
	ck_assert(!use_server_seen(server)->connected);
	gone = false;
	(void)close(fd);
	use_server_serve(server, 1000);
	ck_assert(use_server_seen(server)->connected);
	ck_assert(!use_server_seen(server)->proved);
	use_server_free(server);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("server");
	TCase *tc = tcase_create("server");

	(void)signal(SIGPIPE, SIG_IGN); /* as attest-device does */
	tcase_add_loop_test(tc, serve_takes_our_certificate_only, 0, sizeof rows / sizeof rows[0]);
	tcase_add_test(tc, new_without_certificates_is_malformed);
	tcase_add_test(tc, serve_without_a_client_ends);
	tcase_add_test(tc, serve_of_a_client_that_is_gone_goes_on);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
