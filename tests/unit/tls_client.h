/*
 * For tests of a server with TLS: keys and certificates of its own, and a client that shares
 * the server's loop. Beside http_fixture.h.
 */
#ifndef TESTS_UNIT_TLS_CLIENT_H
#define TESTS_UNIT_TLS_CLIENT_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "http_fixture.h"

static inline void
pem_take(BIO *bio, struct bytes *out)
{
	char *data;
	long  size = BIO_get_mem_data(bio, &data);

	bytes_clear(out);
	bytes_append(out, data, (size_t)size);
	BIO_free(bio);
}

static inline void
pem_of_key(EVP_PKEY *key, const EVP_CIPHER *cipher, struct bytes *out)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, key, cipher, (const unsigned char *)"secret", 6, NULL, NULL);
	pem_take(bio, out);
}

static inline void
pem_of_certificate(EVP_PKEY *key, struct bytes *out)
{
	BIO  *bio = BIO_new(BIO_s_mem());
	X509 *certificate = X509_new();

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
	    (const unsigned char *)"a", -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	X509_set_pubkey(certificate, key);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	PEM_write_bio_X509(bio, certificate);
	X509_free(certificate);
	pem_take(bio, out);
}

/* A TLS client; the loop runs whenever it has to wait. */
struct tls_client {
	struct http_client tcp;
	SSL_CTX           *ctx;
	SSL               *ssl;
	struct bytes       got;
};

/* True when the call must be repeated; the loop has made a pass meanwhile. */
static inline bool
tls_client_wait(struct tls_client *client, int result)
{
	int why = SSL_get_error(client->ssl, result);

	event_base_loop(base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

/* Connects from a loopback address; sends nothing. */
static inline void
tls_client_open(struct tls_client *client, const char *from, int version, const char *ciphers)
{
	*client = (struct tls_client){0};
	client_connect_from(&client->tcp, base, from, &address);
	event_del(client->tcp.readable);
	fcntl(client->tcp.fd, F_SETFL, O_NONBLOCK);
	client->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(client->ctx, version);
	SSL_CTX_set_max_proto_version(client->ctx, version);
	SSL_CTX_set_security_level(client->ctx, 0);
	if (ciphers != NULL)
		ck_assert_int_eq(SSL_CTX_set_cipher_list(client->ctx, ciphers), 1);
	client->ssl = SSL_new(client->ctx);
	SSL_set_fd(client->ssl, client->tcp.fd);
}

/* Returns 0, or -1 when the server refuses. */
static inline int
tls_client_handshake(struct tls_client *client)
{
	int result;

	while ((result = SSL_connect(client->ssl)) != 1 && tls_client_wait(client, result))
		;
	return result == 1 ? 0 : -1;
}

static inline int
tls_client_connect(struct tls_client *client, int version, const char *ciphers)
{
	tls_client_open(client, "127.0.0.1", version, ciphers);
	return tls_client_handshake(client);
}

/* True when something of the server's has come and was not read. */
static inline bool
tls_client_has_input(const struct tls_client *client)
{
	char octet;

	return recv(client->tcp.fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

static inline void
tls_client_send(struct tls_client *client, const char *text)
{
	int result;

	while ((result = SSL_write(client->ssl, text, (int)strlen(text))) <= 0)
		ck_assert(tls_client_wait(client, result));
}

/* Reads until the text has come `times` times, or the end (NULL). */
static inline void
tls_client_read(struct tls_client *client, const char *text, size_t times)
{
	char piece[4096];
	int  result;

	for (;;) {
		size_t count = 0;

		bytes_append_u8(&client->got, '\0');
		client->got.size--;
		for (const char *p = (const char *)client->got.data;
		     text != NULL && (p = strstr(p, text)) != NULL; p++)
			count++;
		if (text != NULL && count >= times)
			return;
		result = SSL_read(client->ssl, piece, sizeof piece);
		if (result > 0)
			bytes_append(&client->got, piece, (size_t)result);
		else if (!tls_client_wait(client, result))
			break;
	}
	ck_assert_ptr_null(text);
}

static inline void
tls_client_close(struct tls_client *client)
{
	SSL_free(client->ssl);
	SSL_CTX_free(client->ctx);
	bytes_clear(&client->got);
	client_close(&client->tcp);
}

#endif
