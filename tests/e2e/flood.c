/*
 * A crowd of strangers before attestd: requests that were made to cost the server as much
 * as can be, over as many connections as it is told, for a time or a number that is bounded.
 *
 *   flood make IN OUT ATTACK [CA.der]   a request like IN's with an EK of its own, and with
 *       certificates for it: p384, p521 or rsa8192 (two for the EK, six CAs that share such a
 *       key and name each other); and, with a CA, in its name.
 *   flood run PORT SOURCE CONNECTIONS SECONDS FILE…   from the local address SOURCE; says
 *       "ready" when they are open, and what was answered, by status. Each request is another.
 *       After SIGTERM it ends when a thousand were refused.
 *   flood burst PORT SOURCE OCTETS FILE   that many octets over as many connections as it
 *       takes, all closed at once and no answer read
 *   flood hello PORT SOURCE CONNECTIONS SECONDS   as run, but of TLS: each connection sends the
 *       same ClientHello, which costs the server a signature, reads what comes and is closed
 *   flood update PORT SOURCE CONNECTIONS SECONDS   of TLS 1.3: a handshake on each connection, and
 *       then KeyUpdate messages without an end; says how many went, and how often it was closed
 *   flood cost PORT COUNT FILE   one after the other; says microseconds for each
 */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "util/base64.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define CONNECTIONS_MAX 1000
#define ENOUGH 1000 /* requests refused */
#define DAY 86400

__attribute__((noreturn))
static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* ---- what is sent ---- */

/* A public RSA key of 8192 bits that nobody has the other half of. */
static EVP_PKEY *
rsa8192(void)
{
	EVP_PKEY_CTX   *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	BIGNUM         *n = BN_new();
	BIGNUM         *e = BN_new();
	EVP_PKEY       *key = NULL;

	(void)BN_rand(n, 8192, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD);
	(void)BN_set_word(e, 65537);
	(void)OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
	(void)OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
	(void)EVP_PKEY_fromdata_init(context);
	if (EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, OSSL_PARAM_BLD_to_param(builder)) != 1)
		die("rsa8192");
	return key;
}

static X509_NAME *
name_of(const char *text)
{
	X509_NAME *name = X509_NAME_new();

	(void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
	return name;
}

static void
extend(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (extension == NULL || X509_add_ext(x, extension, -1) != 1)
		die(value);
	X509_EXTENSION_free(extension);
}

/* Appends a certificate in base64; `subject` is NULL for an EK's. */
static void
certificate_add(json_t *list, const X509_NAME *issuer, const char *subject, EVP_PKEY *key,
    EVP_PKEY *signer)
{
	static long     serial = 1;
	X509           *x = X509_new();
	unsigned char  *der = NULL;
	AUTO_FREE char *text = NULL;
	int             size;

	(void)X509_set_version(x, 2);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	(void)X509_set_issuer_name(x, issuer);
	if (subject != NULL)
		(void)X509_set_subject_name(x, name_of(subject));
	(void)X509_gmtime_adj(X509_getm_notBefore(x), -DAY);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), 365L * DAY);
	(void)X509_set_pubkey(x, key);
	extend(x, NID_basic_constraints, subject != NULL ? "critical,CA:TRUE" : "critical,CA:FALSE");
	extend(x, NID_key_usage, subject != NULL ? "critical,keyCertSign" : "critical,keyEncipherment");
	if (subject == NULL)
		extend(x, NID_ext_key_usage, "2.23.133.8.1");
	(void)X509_sign(x, signer, EVP_sha256());
	size = i2d_X509(x, &der);
	text = base64_encode(BASE64_STANDARD, der, (size_t)size);
	(void)json_array_append_new(list, json_string(text));
	OPENSSL_free(der);
	X509_free(x);
}

static X509 *
ca_load(const char *path)
{
	AUTO_BYTES           der = {0};
	struct error         err = {0};
	const unsigned char *p;

	if (file_read(path, 65536, &der, &err) != 0)
		die(err.detail);
	p = der.data;
	return d2i_X509(NULL, &p, (long)der.size);
}

static int
command_make(const char *in, const char *out, const char *attack, const char *ca)
{
	json_t         *request = json_load_file(in, 0, NULL);
	json_t         *list = json_array();
	EVP_PKEY       *ek = EVP_EC_gen("P-256");
	EVP_PKEY       *signer = EVP_EC_gen("P-256");
	EVP_PKEY       *slow = strcmp(attack, "rsa8192") == 0 ? rsa8192()
	            : EVP_EC_gen(strcmp(attack, "p521") == 0 ? "P-521" : "P-384");
	X509           *named = ca != NULL ? ca_load(ca) : NULL;
	unsigned char  *spki = NULL;
	int             size = i2d_PUBKEY(ek, &spki);
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, spki, (size_t)size);

	(void)json_object_set_new(request, "ek", json_string(text));
	(void)json_object_del(request, "ekPublic");
	certificate_add(list, name_of("A"), NULL, ek, signer);
	certificate_add(list, name_of("B"), NULL, ek, signer);
	for (int i = 0; i < 6; i++) {
		const char      *subject = i % 2 == 0 ? "A" : "B";
		const X509_NAME *issuer = i >= 4 && named != NULL ? X509_get_subject_name(named)
		                                                  : name_of(i % 2 == 0 ? "B" : "A");

		certificate_add(list, issuer, subject, slow, signer);
	}
	(void)json_object_set_new(request, "ekCerts", list);
	if (json_dump_file(request, out, JSON_COMPACT) != 0)
		die(out);
	return EXIT_SUCCESS;
}

/* ---- sending ---- */

static int64_t
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
request_load(const char *path, struct bytes *request)
{
	AUTO_BYTES   body = {0};
	struct error err = {0};
	char         head[200];
	int          size;

	if (file_read(path, (size_t)1 << 20, &body, &err) != 0)
		die(err.detail);
	size = snprintf(head, sizeof head,
	    "POST /attest HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	    "Content-Length: %zu\r\n\r\n", body.size);
	bytes_append(request, head, (size_t)size);
	bytes_append(request, body.data, body.size);
}

static int
connect_from(const char *port, const char *source)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)inet_pton(AF_INET, source, &from.sin_addr);
	(void)inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
		die("connecting");
	return fd;
}

struct stranger {
	int          fd;
	size_t       sent;
	struct bytes request; /* its own, as it is another each time */
};

/* Makes it a request that was never sent before, by octets of the last certificate's signature. */
static void
request_vary(struct bytes *request)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static unsigned   number;
	unsigned          rest = ++number;

	for (size_t i = 0; i < 5; i++, rest /= 64)
		request->data[request->size - 20 + i] = (uint8_t)alphabet[rest % 64];
}

static struct {
	unsigned answered[6]; /* by the first digit of the status */
	unsigned closed;      /* connections */
} tally;

/* Sends the rest of a request, or reads an answer, which is less than a packet, and begins again. */
static void
stranger_serve(struct stranger *stranger, short events)
{
	struct bytes *request = &stranger->request;
	char          answer[8192];
	ssize_t       got = -1;

	if ((events & POLLOUT) != 0 && stranger->sent < request->size) {
		got = send(stranger->fd, request->data + stranger->sent, request->size - stranger->sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (got > 0)
			stranger->sent += (size_t)got;
	} else if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) {
		got = recv(stranger->fd, answer, sizeof answer, MSG_DONTWAIT);
		if (got > 9 && memcmp(answer, "HTTP/1.1 ", 9) == 0 && answer[9] >= '1' && answer[9] <= '5')
			tally.answered[answer[9] - '0']++;
		if (got > 0) {
			stranger->sent = 0;
			request_vary(request);
		}
	} else
		return;
	if (got == 0) {
		tally.closed++;
		(void)close(stranger->fd);
		stranger->fd = -1;
	}
}

static volatile sig_atomic_t stopped;

static void
stop_cb(int number)
{
	(void)number;
	stopped = 1;
}

static int
command_run(const char *port, const char *source, int count, int seconds, char **files, int file_count)
{
	static struct stranger strangers[CONNECTIONS_MAX];
	static struct pollfd   fds[CONNECTIONS_MAX];
	int64_t                end = now_us() + (int64_t)seconds * 1000000;

	(void)signal(SIGTERM, stop_cb);
	for (int i = 0; i < count; i++) {
		strangers[i].fd = connect_from(port, source);
		request_load(files[i % file_count], &strangers[i].request);
		request_vary(&strangers[i].request);
	}
	puts("ready");
	(void)fflush(stdout);
	while (now_us() < end && !(stopped && tally.answered[4] >= ENOUGH)) {
		for (int i = 0; i < count; i++) {
			bool sending;

			if (strangers[i].fd < 0) {
				strangers[i].fd = connect_from(port, source);
				strangers[i].sent = 0;
			}
			sending = strangers[i].sent < strangers[i].request.size;
			fds[i] = (struct pollfd){.fd = strangers[i].fd,
			    .events = (short)(sending ? POLLIN | POLLOUT : POLLIN)};
		}
		(void)poll(fds, (nfds_t)count, 100);
		for (int i = 0; i < count; i++)
			stranger_serve(&strangers[i], fds[i].revents);
	}
	printf("2xx %u 4xx %u 5xx %u closed %u\n", tally.answered[2], tally.answered[4],
	    tally.answered[5], tally.closed);
	return EXIT_SUCCESS;
}

/* Each connection takes what its buffers hold, for half a second at most. */
static int
command_burst(const char *port, const char *source, size_t octets, const char *file)
{
	AUTO_BYTES request = {0};
	int        fds[CONNECTIONS_MAX];
	size_t     sent = 0;
	int        count = 0;

	request_load(file, &request);
	while (sent < octets && count < CONNECTIONS_MAX) {
		int fd = fds[count++] = connect_from(port, source);

		request_vary(&request);
		for (int i = 0; i < 20 && sent < octets; i++) {
			ssize_t got = send(fd, request.data, request.size, MSG_NOSIGNAL | MSG_DONTWAIT);

			if (got > 0)
				sent += (size_t)got;
			if (got < (ssize_t)request.size)
				break;
		}
	}
	for (int i = 0; i < count; i++)
		(void)close(fds[i]);
	printf("%zu octets, %d connections\n", sent, count);
	return EXIT_SUCCESS;
}

/* A ClientHello as a client would record it. */
static void
hello_make(struct bytes *hello)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL     *ssl = SSL_new(ctx);
	BIO     *sent = BIO_new(BIO_s_mem());
	char    *data;
	long     size;

	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), sent);
	(void)SSL_connect(ssl);
	size = BIO_get_mem_data(sent, &data);
	bytes_append(hello, data, (size_t)size);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static int
command_hello(const char *port, const char *source, int count, int seconds)
{
	static struct pollfd fds[CONNECTIONS_MAX];
	AUTO_BYTES           hello = {0};
	char                 answer[8192];
	unsigned             answered = 0;
	unsigned             closed = 0;
	int64_t              end = now_us() + (int64_t)seconds * 1000000;

	hello_make(&hello);
	for (int i = 0; i < count; i++)
		fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	puts("ready");
	(void)fflush(stdout);
	while (now_us() < end) {
		for (int i = 0; i < count; i++) {
			if (fds[i].fd >= 0)
				continue;
			fds[i].fd = connect_from(port, source);
			(void)send(fds[i].fd, hello.data, hello.size, MSG_NOSIGNAL | MSG_DONTWAIT);
		}
		(void)poll(fds, (nfds_t)count, 100);
		for (int i = 0; i < count; i++) {
			if (fds[i].revents == 0)
				continue;
			if (recv(fds[i].fd, answer, sizeof answer, MSG_DONTWAIT) > 0)
				answered++;
			else
				closed++;
			(void)close(fds[i].fd);
			fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
		}
	}
	printf("answered %u closed %u\n", answered, closed);
	return EXIT_SUCCESS;
}

/* A connection whose handshake is complete; NULL when the server does not want one. */
static SSL *
update_connect(SSL_CTX *ctx, const char *port, const char *source)
{
	SSL *ssl = SSL_new(ctx);
	int  fd = connect_from(port, source);

	(void)SSL_set_fd(ssl, fd);
	if (SSL_connect(ssl) != 1) {
		SSL_free(ssl);
		(void)close(fd);
		return NULL;
	}
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return ssl;
}

/* Sends as many as there is room for, 100 at most; false when the server has closed. */
static bool
update_send(SSL *ssl, unsigned long *sent)
{
	for (int i = 0; i < 100; i++) {
		int rc = 1;

		if (SSL_get_key_update_type(ssl) == SSL_KEY_UPDATE_NONE)
			rc = SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
		if (rc == 1)
			rc = SSL_do_handshake(ssl);
		if (rc != 1)
			return SSL_get_error(ssl, rc) == SSL_ERROR_WANT_WRITE;
		(*sent)++;
	}
	return true;
}

static int
command_update(const char *port, const char *source, int count, int seconds)
{
	static SSL           *all[CONNECTIONS_MAX];
	static struct pollfd  fds[CONNECTIONS_MAX];
	SSL_CTX              *ctx = SSL_CTX_new(TLS_client_method());
	unsigned long         sent = 0;
	unsigned              closed = 0;
	int64_t               end = now_us() + (int64_t)seconds * 1000000;

	(void)signal(SIGPIPE, SIG_IGN);
	puts("ready");
	(void)fflush(stdout);
	while (now_us() < end) {
		for (int i = 0; i < count; i++) {
			if (all[i] == NULL)
				all[i] = update_connect(ctx, port, source);
			fds[i] = (struct pollfd){
			    .fd = all[i] != NULL ? SSL_get_fd(all[i]) : -1, .events = POLLOUT};
		}
		(void)poll(fds, (nfds_t)count, 100);
		for (int i = 0; i < count; i++) {
			if (fds[i].revents == 0 || update_send(all[i], &sent))
				continue;
			SSL_free(all[i]);
			(void)close(fds[i].fd);
			all[i] = NULL;
			closed++;
		}
	}
	printf("sent %lu closed %u\n", sent, closed);
	SSL_CTX_free(ctx);
	return EXIT_SUCCESS;
}

static int
command_cost(const char *port, int count, const char *file)
{
	struct stranger stranger = {.fd = connect_from(port, "127.0.0.1")};
	int64_t         begun = now_us();

	request_load(file, &stranger.request);
	for (int done = 0; done < count;) {
		struct pollfd fd = {stranger.fd, stranger.sent < stranger.request.size ? POLLOUT : POLLIN, 0};

		(void)poll(&fd, 1, 10000);
		stranger_serve(&stranger, fd.revents);
		done = (int)(tally.answered[2] + tally.answered[4] + tally.answered[5]);
		if (stranger.fd < 0)
			die("the server closed");
	}
	bytes_clear(&stranger.request);
	printf("%lld us 2xx %u 4xx %u 5xx %u\n", (long long)((now_us() - begun) / count),
	    tally.answered[2], tally.answered[4], tally.answered[5]);
	return EXIT_SUCCESS;
}

int
main(int argc, char **argv)
{
	if (argc >= 5 && argc <= 6 && strcmp(argv[1], "make") == 0)
		return command_make(argv[2], argv[3], argv[4], argv[5]);
	if (argc >= 7 && strcmp(argv[1], "run") == 0 && atoi(argv[4]) <= CONNECTIONS_MAX)
		return command_run(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]), argv + 6, argc - 6);
	if (argc == 6 && strcmp(argv[1], "hello") == 0 && atoi(argv[4]) <= CONNECTIONS_MAX)
		return command_hello(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
	if (argc == 6 && strcmp(argv[1], "update") == 0 && atoi(argv[4]) <= CONNECTIONS_MAX)
		return command_update(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]));
	if (argc == 6 && strcmp(argv[1], "burst") == 0)
		return command_burst(argv[2], argv[3], (size_t)atol(argv[4]), argv[5]);
	if (argc == 5 && strcmp(argv[1], "cost") == 0)
		return command_cost(argv[2], atoi(argv[3]), argv[4]);
	(void)fputs("usage: flood make|run|hello|update|burst|cost …\n", stderr);
	return EXIT_FAILURE;
}
