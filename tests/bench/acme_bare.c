/* The cryptography of an issuance that nobody can leave out, alone and in an HTTPS server. */
#include "config.h"

#include "acme_bare.h"

#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "acme_issuance.h"
#include "bench.h"
#include "http/tls.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/server_certificate.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

static const struct acme_device *device;
static EVP_PKEY                 *work_key;
static uint8_t   work_message[600] = {1}; /* about what is signed */
static uint8_t   work_signature[128];
static size_t    work_signature_size;

static void
operation_sign(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	work_signature_size = sizeof work_signature;
	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, work_key) != 1 ||
	    EVP_DigestSign(ctx, work_signature, &work_signature_size, work_message,
	        sizeof work_message) != 1)
		bench_die("sign");
	EVP_MD_CTX_free(ctx);
}

static void
operation_verify(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, work_key) != 1 ||
	    EVP_DigestVerify(ctx, work_signature, work_signature_size, work_message,
	        sizeof work_message) != 1)
		bench_die("verify");
	EVP_MD_CTX_free(ctx);
}

static X509_STORE *work_store;

/* The AK certificate, as it came, and who issued it, up to the root. */
static void
operation_chain(void)
{
	const unsigned char *leaf_at = device->ak_certificate.data;
	const unsigned char *issuing_at = device->issuing.data;
	X509                *leaf = d2i_X509(NULL, &leaf_at, (long)device->ak_certificate.size);
	X509                *issuing = d2i_X509(NULL, &issuing_at, (long)device->issuing.size);
	STACK_OF(X509)      *untrusted = sk_X509_new_null();
	X509_STORE_CTX      *ctx = X509_STORE_CTX_new();

	if (leaf == NULL || issuing == NULL || sk_X509_push(untrusted, issuing) != 1 ||
	    X509_STORE_CTX_init(ctx, work_store, leaf, untrusted) != 1 || X509_verify_cert(ctx) != 1)
		bench_die("chain: %s", X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	sk_X509_free(untrusted);
	X509_free(issuing);
	X509_free(leaf);
}

static void
operation_csr(void)
{
	const unsigned char *at = device->csr.data;
	X509_REQ            *csr = d2i_X509_REQ(NULL, &at, (long)device->csr.size);

	if (csr == NULL || X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)) != 1)
		bench_die("CSR");
	X509_REQ_free(csr);
}

/* Seven signatures are verified in all: six of requests, one of the AK. */
static void
bare_answer_cb(struct evhttp_request *request, void *arg)
{
	const char      *path = evhttp_request_get_uri(request);
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	if (evhttp_request_get_command(request) == EVHTTP_REQ_POST)
		operation_verify();
	if (strstr(path, "/challenge/") != NULL) {
		operation_chain();
		operation_verify();
	} else if (strstr(path, "/finalize") != NULL) {
		operation_csr();
		operation_sign();
	}
	evbuffer_add(body, work_message, sizeof work_message); /* about as long as the real ones */
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

/* A certificate and settings as attest-acmed's own. */
static SSL_CTX *
bare_tls(const struct ca *attestation)
{
	static const char *const names[] = {"localhost"};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	struct server_profile    profile = {
	       .names = names,
	       .name_count = 1,
	       .not_before = clock_now(),
	       .not_after = clock_now() + 86400,
        };
	struct error err = {0};
	AUTO_BYTES   der = {0};
	AUTO_BYTES   pem = {0};
	AUTO_BYTES   key = {0};
	X509        *certificate = NULL;
	SSL_CTX     *tls = NULL;

	if (key_generate(KEY_TYPE_P256, &profile.key, &err) != 0 ||
	    server_certificate_issue(attestation, &profile, serial, &profile.not_after, &der,
	        &err) != 0 ||
	    certificate_decode(bytes_view(&der), &certificate, &err) != 0 ||
	    certificate_encode_pem(certificate, &pem, &err) != 0 ||
	    certificate_encode_pem(attestation->certificate, &pem, &err) != 0 ||
	    key_encode(profile.key, &key, &err) != 0 ||
	    tls_server_new(bytes_view(&pem), bytes_view(&key), &tls, &err) != 0)
		bench_die("%s", err.detail);
	X509_free(certificate);
	EVP_PKEY_free(profile.key);
	return tls;
}

pid_t
acme_bare_start(const struct acme_device *of, const struct ca *attestation, X509 *root, int *port)
{
	SSL_CTX *tls = bare_tls(attestation);
	pid_t    pid;

	device = of;
	if ((work_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")) == NULL ||
	    (work_store = X509_STORE_new()) == NULL || X509_STORE_add_cert(work_store, root) != 1)
		bench_die("no bare server");
	operation_sign();
	pid = bench_bare_start(bare_answer_cb, tls, port);
	SSL_CTX_free(tls);
	return pid;
}

void
acme_bare_report(void)
{
	static const char row[] = "bare cryptography of an issuance";

	bench_figure(row, "ES256 verify", bench_time_each(operation_verify), "us");
	bench_figure(row, "chain", bench_time_each(operation_chain), "us");
	bench_figure(row, "CSR", bench_time_each(operation_csr), "us");
	bench_figure(row, "P-256 sign", bench_time_each(operation_sign), "us");
}

void
acme_bare_stop(pid_t bare)
{
	bench_stop(bare);
	X509_STORE_free(work_store);
	EVP_PKEY_free(work_key);
}
