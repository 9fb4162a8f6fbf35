/* Owns the test server, with a CA and a key for this check only; it listens on 127.0.0.1 only. */
#include "config.h"

#include "device/use/server.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "device/chain.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "tpm/openssl_error.h"
#include "util/error.h"

#define CLIENT_SECONDS 10
#define HOUR           3600

struct use_server {
	int                 fd;
	uint16_t            port;
	SSL_CTX            *context;
	struct device_chain chain; /* whose first certificate is ours */
	struct bytes        files[USE_SERVER_FILES];
	struct use_seen     seen;
};

/* ---- its certificate ---- */

static bool
extension_add(X509 *certificate, int nid, const char *value)
{
	X509V3_CTX      context;
	X509_EXTENSION *extension;
	bool            added;

	X509V3_set_ctx_nodb(&context);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return added;
}

static void
extension_remove(X509 *certificate, int nid)
{
	int at = X509_get_ext_by_NID(certificate, nid, -1);

	if (at >= 0)
		X509_EXTENSION_free(X509_delete_ext(certificate, at));
}

static bool
certificate_fill(X509 *certificate, const char *name, EVP_PKEY *key, const X509_NAME *issuer)
{
	X509_NAME *subject = X509_get_subject_name(certificate);

	return X509_set_version(certificate, X509_VERSION_3) == 1 &&
	    /* NSS takes no second certificate with the same issuer and number. */
	    ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer != NULL ? 2 : 1) == 1 &&
	    X509_gmtime_adj(X509_getm_notBefore(certificate), -HOUR) != NULL &&
	    X509_gmtime_adj(X509_getm_notAfter(certificate), HOUR) != NULL &&
	    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0) ==
	        1 &&
	    X509_set_issuer_name(certificate, issuer != NULL ? issuer : subject) == 1 &&
	    X509_set_pubkey(certificate, key) == 1;
}

/* Browsers take no CA's certificate for a server's: it has a CA of its own. */
static int
identity_sign(X509 *ca, EVP_PKEY *ca_key, X509 *own, EVP_PKEY *key, struct error *err)
{
	if (ca == NULL || ca_key == NULL || own == NULL || key == NULL ||
	    !certificate_fill(ca, "attest-device use", ca_key, NULL) ||
	    !extension_add(ca, NID_basic_constraints, "critical,CA:TRUE") ||
	    X509_sign(ca, ca_key, EVP_sha256()) <= 0 ||
	    !certificate_fill(own, "localhost", key, X509_get_subject_name(ca)) ||
	    !extension_add(own, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1") ||
	    !extension_add(own, NID_basic_constraints, "critical,CA:FALSE") ||
	    !extension_add(own, NID_ext_key_usage, "serverAuth") || X509_sign(own, ca_key, EVP_sha256()) <= 0)
		return error_set_openssl(err, ERROR_INTERNAL, "making the test server's certificate");
	return 0;
}

/*
 * A trust anchor by which servers verify that do not take an intermediate for one: it has name and key of
 * the last certificate of the chain, as its issuer. No signature of a trust anchor is verified.
 */
static int
anchor_make(struct use_server *server, EVP_PKEY *any, struct error *err)
{
	STACK_OF(X509) *chain = server->chain.certificates;
	X509           *anchor = X509_dup(sk_X509_value(chain, sk_X509_num(chain) - 1));
	int             rc = -1;

	if (anchor != NULL)
		extension_remove(anchor, NID_authority_key_identifier);
	if (anchor == NULL || X509_set_issuer_name(anchor, X509_get_subject_name(anchor)) != 1 ||
	    X509_sign(anchor, any, EVP_sha256()) <= 0)
		(void)error_set_openssl(err, ERROR_INTERNAL, "making a trust anchor for the check");
	else
		rc = certificate_encode_pem(anchor, &server->files[USE_SERVER_ANCHOR], err);
	X509_free(anchor);
	return rc;
}

static int
identity_make(struct use_server *server, struct error *err)
{
	EVP_PKEY *keys[] = {EVP_EC_gen("P-256"), EVP_EC_gen("P-256")};
	X509     *made[] = {X509_new(), X509_new()};
	int       rc = -1;

	if (identity_sign(made[0], keys[0], made[1], keys[1], err) == 0 &&
	    certificate_encode_pem(made[0], &server->files[USE_SERVER_CA], err) == 0 &&
	    certificate_encode_pem(made[1], &server->files[USE_SERVER_CERTIFICATE], err) == 0 &&
	    key_encode(keys[1], &server->files[USE_SERVER_KEY], err) == 0 && anchor_make(server, keys[0], err) == 0)
		rc = SSL_CTX_use_certificate(server->context, made[1]) == 1 &&
		        SSL_CTX_use_PrivateKey(server->context, keys[1]) == 1
		    ? 0
		    : error_set_openssl(err, ERROR_INTERNAL, "preparing the test server");
	for (int i = 0; i < 2; i++) {
		EVP_PKEY_free(keys[i]);
		X509_free(made[i]);
	}
	return rc;
}

/* ---- what it wants ---- */

static int
trust_set(struct use_server *server, struct error *err)
{
	STACK_OF(X509)    *certificates = server->chain.certificates;
	X509              *top = sk_X509_value(certificates, sk_X509_num(certificates) - 1);
	X509_STORE        *store = SSL_CTX_get_cert_store(server->context);
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(server->context);

	/* The chain ends below its root. */
	if (X509_STORE_add_cert(store, top) != 1 ||
	    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) != 1 ||
	    SSL_CTX_add_client_CA(server->context, top) != 1)
		return error_set_openssl(err, ERROR_INTERNAL, "preparing the test server");
	SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return 0;
}

static int
socket_open(struct use_server *server, struct error *err)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t          size = sizeof address;

	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->fd < 0 || bind(server->fd, (struct sockaddr *)&address, size) != 0 ||
	    listen(server->fd, 8) != 0 ||
	    getsockname(server->fd, (struct sockaddr *)&address, &size) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "listening on 127.0.0.1");
	server->port = ntohs(address.sin_port);
	return 0;
}

int
use_server_new(struct view pem, bool tls12_only, struct use_server **out, struct error *err)
{
	struct use_server *server = memory_new(sizeof *server);
	AUTO_BYTES         copy = {0};

	*server = (struct use_server){.fd = -1, .context = SSL_CTX_new(TLS_server_method())};
	bytes_append(&copy, pem.data, pem.size);
	if (server->context == NULL ||
	    (tls12_only && SSL_CTX_set_max_proto_version(server->context, TLS1_2_VERSION) != 1))
		(void)error_set_openssl(err, ERROR_INTERNAL, "making a TLS server");
	else if (device_chain_read(&copy, &server->chain, err) == 0 && trust_set(server, err) == 0 &&
	    identity_make(server, err) == 0 && socket_open(server, err) == 0) {
		*out = server;
		return 0;
	}
	use_server_free(server);
	*out = NULL;
	return -1;
}

void
use_server_free(struct use_server *server)
{
	if (server == NULL)
		return;
	if (server->fd >= 0)
		(void)close(server->fd);
	SSL_CTX_free(server->context);
	device_chain_clear(&server->chain);
	for (size_t i = 0; i < USE_SERVER_FILES; i++)
		bytes_clear(&server->files[i]);
	free(server);
}

uint16_t
use_server_port(const struct use_server *server)
{
	return server->port;
}

struct view
use_server_file(const struct use_server *server, enum use_server_file file)
{
	return bytes_view(&server->files[file]);
}

const struct use_seen *
use_server_seen(const struct use_server *server)
{
	return &server->seen;
}

/* ---- a client ---- */

static void
fault_note(struct use_server *server, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char   *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	(void)snprintf(server->seen.fault, sizeof server->seen.fault, "%s%s%s", what,
	    reason != NULL ? ": " : "", reason != NULL ? reason : "");
	ERR_clear_error();
}

static void
answer(SSL *tls)
{
	static const char text[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n"
	                           "Connection: close\r\n\r\nok\n";
	char              request[4096];

	(void)SSL_read(tls, request, sizeof request);
	(void)SSL_write(tls, text, sizeof text - 1);
	(void)SSL_shutdown(tls);
	ERR_clear_error();
}

/* PostgreSQL's clients ask for TLS in its protocol first (SSLRequest): it is granted. */
static void
request_answer(int client)
{
	static const uint8_t ssl_request[] = {0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f};
	uint8_t              first[sizeof ssl_request];

	if (recv(client, first, sizeof first, MSG_PEEK | MSG_WAITALL) != (ssize_t)sizeof first ||
	    memcmp(first, ssl_request, sizeof first) != 0)
		return;
	if (recv(client, first, sizeof first, 0) == (ssize_t)sizeof first)
		(void)send(client, "S", 1, MSG_NOSIGNAL);
}

static void
client_serve(struct use_server *server, SSL *tls)
{
	X509           *leaf;
	STACK_OF(X509) *others;

	if (SSL_accept(tls) != 1) {
		fault_note(server, "the handshake failed");
		return;
	}
	leaf = SSL_get0_peer_certificate(tls);
	if (leaf == NULL || SSL_get_verify_result(tls) != X509_V_OK ||
	    X509_cmp(leaf, sk_X509_value(server->chain.certificates, 0)) != 0) {
		fault_note(server, "the client has another certificate");
		return;
	}
	others = SSL_get_peer_cert_chain(tls); /* without the leaf, on the server's side */
	server->seen.proved = true;
	server->seen.certificates = 1 + (others != NULL ? sk_X509_num(others) : 0);
	(void)snprintf(server->seen.protocol, sizeof server->seen.protocol, "%s", SSL_get_version(tls));
	answer(tls);
}

void
use_server_serve(struct use_server *server, int milliseconds)
{
	const struct timeval patience = {.tv_sec = CLIENT_SECONDS};
	struct pollfd        waiting = {.fd = server->fd, .events = POLLIN};
	SSL                 *tls;
	int                  client;

	if (poll(&waiting, 1, milliseconds) <= 0)
		return;
	client = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	server->seen.connected = true;
	(void)setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	request_answer(client);
	tls = SSL_new(server->context);
	if (tls != NULL && SSL_set_fd(tls, client) == 1)
		client_serve(server, tls);
	SSL_free(tls);
	(void)close(client);
}
