/* The cryptography of an attestation that nobody can leave out, alone and in an HTTP server. */
#include "config.h"

#include "attest_bare.h"

#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rsa.h>

#include "bench.h"
#include "machine.h"

static const struct machine *machine; /* whose numbers and keys */
static bool                 with_chain;
static EVP_PKEY            *issuing_key;
static uint8_t   digest[32] = {1};
static uint8_t   signature[512];
static size_t    signature_size;

/* The numbers of AK and EK: each request brings its own, and no key can be kept for the next. */
static OSSL_PARAM *ak_numbers;
static OSSL_PARAM *ek_numbers;

static EVP_PKEY *
key_make(OSSL_PARAM *numbers)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY     *key = NULL;

	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, numbers) != 1)
		bench_die("fromdata");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void
numbers_prepare(void)
{
	if (EVP_PKEY_todata(machine->ak.key, EVP_PKEY_PUBLIC_KEY, &ak_numbers) != 1 ||
	    EVP_PKEY_todata(machine->ek.key, EVP_PKEY_PUBLIC_KEY, &ek_numbers) != 1)
		bench_die("todata");
}

/* The AK's signature over its creation. */
static void
operation_verify(void)
{
	EVP_PKEY     *key = key_make(ak_numbers);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

	if (EVP_PKEY_verify_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_verify(ctx, signature, signature_size, digest, sizeof digest) != 1)
		bench_die("verify");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static void
verify_prepare(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(machine->ak.key, NULL);

	signature_size = sizeof signature;
	if (EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_sign(ctx, signature, &signature_size, digest, sizeof digest) != 1)
		bench_die("sign");
	EVP_PKEY_CTX_free(ctx);
}

/* What an EK certificate costs at the least: its signature, and that of the CA above it. */
static void
operation_verify_chain(void)
{
	for (int i = 0; i < 2; i++) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(machine->ak.key, NULL);

		if (EVP_PKEY_verify_init(ctx) != 1 ||
		    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
		    EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1 ||
		    EVP_PKEY_verify(ctx, signature, signature_size, digest, sizeof digest) != 1)
			bench_die("verify");
		EVP_PKEY_CTX_free(ctx);
	}
}

/* The seed of a credential, to the EK. */
static void
operation_encrypt(void)
{
	EVP_PKEY     *key = key_make(ek_numbers);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t       out[512];
	size_t        size = sizeof out;

	if (EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) != 1 ||
	    EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) != 1 ||
	    EVP_PKEY_encrypt(ctx, out, &size, digest, sizeof digest) != 1)
		bench_die("encrypt");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
}

/* The AK certificate, by the issuing key. */
static void
operation_sign(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(issuing_key, NULL);
	uint8_t       out[128];
	size_t        size = sizeof out;

	if (EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_sign(ctx, out, &size, digest, sizeof digest) != 1)
		bench_die("sign");
	EVP_PKEY_CTX_free(ctx);
}

static void
bare_request_cb(struct evhttp_request *request, void *arg)
{
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	if (strcmp(evhttp_request_get_uri(request), "/secret") == 0) {
		operation_sign();
	} else {
		operation_verify();
		if (with_chain)
			operation_verify_chain();
		operation_encrypt();
	}
	evbuffer_add(body, machine->body, 1200); /* as long as a chain */
	evhttp_send_reply(request, 200, "OK", body);
	evbuffer_free(body);
}

pid_t
attest_bare_start(const struct machine *of, bool chain, int *port)
{
	machine = of;
	with_chain = chain;
	if ((issuing_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")) == NULL)
		bench_die("no key");
	verify_prepare();
	numbers_prepare();
	return bench_bare_start(bare_request_cb, NULL, port);
}

void
attest_bare_operations(double *verify, double *encrypt, double *sign)
{
	*verify = bench_time_each(operation_verify);
	*encrypt = bench_time_each(operation_encrypt);
	*sign = bench_time_each(operation_sign);
}

void
attest_bare_stop(pid_t bare)
{
	bench_stop(bare);
	EVP_PKEY_free(issuing_key);
	OSSL_PARAM_free(ak_numbers);
	OSSL_PARAM_free(ek_numbers);
}
