/* Owns the TLS settings of our servers; libevent owns the connections. */
#include "config.h"

#include "http/tls.h"

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "util/error.h"

/* For TLS 1.2: AEAD with forward secrecy, as all cipher suites of TLS 1.3. */
#define CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

/*
 * Most records of a client that bring no data: of its handshake, KeyUpdates, alerts. SSL_read takes
 * them one after the other for as long as more have come, and nobody else is served meanwhile.
 */
#define EMPTY_HANDED_MAX 64

/* Most certificates in a chain, so that a wrong file is refused early. */
#define CHAIN_MAX 16

/* As error_set_openssl of tpm/, which http/ must not include. */
static int
tls_error(struct error *err, enum error_kind kind, const char *doing)
{
	unsigned long code = ERR_peek_last_error();
	const char   *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return error_set(err, kind, "%s: %s", doing, reason != NULL ? reason : "no reason given");
}

/* Without it OpenSSL would ask for a passphrase at a terminal. */
static int
tls_no_passphrase_cb(char *passphrase, int size, int writing, void *arg)
{
	(void)passphrase;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static BIO *
tls_bio_new(struct view text)
{
	if (text.size > INT_MAX)
		return NULL;
	return BIO_new_mem_buf(text.size != 0 ? (const void *)text.data : "", (int)text.size);
}

/* True when the last error is only the end of the PEM file. */
static bool
tls_pem_is_over(void)
{
	unsigned long code = ERR_peek_last_error();

	return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

static int
tls_use_chain(SSL_CTX *tls, BIO *bio, struct error *err)
{
	X509 *certificate = PEM_read_bio_X509(bio, NULL, tls_no_passphrase_cb, NULL);
	int   used;

	if (certificate == NULL)
		return tls_error(err, ERROR_MALFORMED, "reading the TLS certificate");
	used = SSL_CTX_use_certificate(tls, certificate);
	X509_free(certificate);
	if (used != 1)
		return tls_error(err, ERROR_MALFORMED, "using the TLS certificate");

	for (int i = 0; i < CHAIN_MAX; i++) {
		certificate = PEM_read_bio_X509(bio, NULL, tls_no_passphrase_cb, NULL);
		if (certificate == NULL && tls_pem_is_over()) {
			ERR_clear_error();
			return 0;
		}
		if (certificate == NULL)
			return tls_error(err, ERROR_MALFORMED, "reading the chain of the TLS certificate");
		if (SSL_CTX_add0_chain_cert(tls, certificate) != 1) {
			X509_free(certificate);
			return tls_error(err, ERROR_MALFORMED, "using the chain of the TLS certificate");
		}
	}
	return error_set(err, ERROR_MALFORMED, "more than %d TLS certificates", CHAIN_MAX);
}

static int
tls_use_key(SSL_CTX *tls, BIO *bio, struct error *err)
{
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, tls_no_passphrase_cb, NULL);
	int       used;

	if (key == NULL)
		return tls_error(err, ERROR_MALFORMED, "reading the TLS key");
	/* Compares the key with the certificate's. */
	used = SSL_CTX_use_PrivateKey(tls, key);
	EVP_PKEY_free(key);
	if (used != 1 || SSL_CTX_check_private_key(tls) != 1)
		return tls_error(err, ERROR_MALFORMED,
		    "the TLS key does not belong to the TLS certificate");
	return 0;
}

/* ---- records that bring no data ---- */

static int tls_counter = -1; /* the index of a connection's number of them */

static void
tls_counter_make(void)
{
	tls_counter = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* The connection has ended, as far as OpenSSL can see: it reads no more of it. */
static long
tls_refuse_cb(BIO *bio, int operation, const char *data, size_t size, int argument, long value,
    int result, size_t *done)
{
	(void)data;
	(void)size;
	(void)argument;
	(void)value;
	(void)done;
	if (operation != BIO_CB_READ)
		return result;
	BIO_clear_retry_flags(bio);
	return 0;
}

/* The type of a record stands in its header, and under the encryption of TLS 1.3. */
static void
tls_message_cb(int sent, int version, int type, const void *data, size_t size, SSL *ssl, void *arg)
{
	const uint8_t *octets = data;
	uintptr_t      count;

	(void)version;
	(void)arg;
	if (sent != 0 || (type != SSL3_RT_HEADER && type != SSL3_RT_INNER_CONTENT_TYPE) || size == 0 ||
	    octets[0] == SSL3_RT_APPLICATION_DATA)
		return;
	count = (uintptr_t)SSL_get_ex_data(ssl, tls_counter) + 1;
	/* What cannot be counted is refused, too. */
	if (count > EMPTY_HANDED_MAX || SSL_set_ex_data(ssl, tls_counter, (void *)count) != 1)
		BIO_set_callback_ex(SSL_get_rbio(ssl), tls_refuse_cb);
}

static int
tls_configure(SSL_CTX *tls, struct error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, tls_counter_make);
	SSL_CTX_set_msg_callback(tls, tls_message_cb);
	(void)SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
	if (SSL_CTX_set_num_tickets(tls, 0) != 1 ||
	    SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(tls, CIPHERS) != 1)
		return tls_error(err, ERROR_INTERNAL, "setting up TLS");
	return 0;
}

int
tls_server_new(struct view chain_pem, struct view key_pem, SSL_CTX **out, struct error *err)
{
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	BIO     *chain = tls_bio_new(chain_pem);
	BIO     *key = tls_bio_new(key_pem);
	int      result = -1;

	if (tls == NULL || chain == NULL || key == NULL)
		(void)tls_error(err, ERROR_INTERNAL, "setting up TLS");
	else if (tls_configure(tls, err) == 0 && tls_use_chain(tls, chain, err) == 0 &&
	    tls_use_key(tls, key, err) == 0)
		result = 0;

	BIO_free(chain);
	BIO_free(key);
	if (result == 0)
		*out = tls;
	else
		SSL_CTX_free(tls);
	return result;
}
