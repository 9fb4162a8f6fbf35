/* The client's side of RFC 8555 with device-attest-01, no more of it than an issuance takes. */
#include "config.h"

#include "acme_issuance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "util/base64.h"
#include "webauthn/object.h"

#define REQUEST_SIZE 16384
#define ANSWER_SIZE  32768
#define TEXT_SIZE    512

struct issuance {
	const struct acme_plan *plan;
	struct bench_connection connection;
	size_t                  exchange;
	EVP_PKEY               *key; /* of the account */
	char                    jwk[TEXT_SIZE];
	char                    thumbprint[64];
	char                    nonce[TEXT_SIZE];
	char                    kid[TEXT_SIZE];
	char                    answer[ANSWER_SIZE];
	char                    ignored[ANSWER_SIZE]; /* what the bare server said */
};

static void
issuance_exchange(struct issuance *issuance, const char *request, size_t length)
{
	const struct acme_plan *plan = issuance->plan;
	size_t                  at = issuance->exchange++;

	if (plan->replay != NULL) {
		(void)bench_exchange(&issuance->connection, plan->replay->exchanges[at].request,
		    plan->replay->exchanges[at].length, issuance->ignored, sizeof issuance->ignored);
		(void)snprintf(issuance->answer, sizeof issuance->answer, "%s", plan->replay->exchanges[at].answer);
		return;
	}
	(void)bench_exchange(&issuance->connection, request, length, issuance->answer,
	    sizeof issuance->answer);
	if (plan->record != NULL) {
		plan->record->exchanges[at].request = memory_strdup(request);
		plan->record->exchanges[at].length = length;
		plan->record->exchanges[at].answer = memory_strdup(issuance->answer);
		plan->record->count = at + 1;
	}
}

/* Copies what stands in the answer between `before` and a character of `end`. */
static void
answer_take(const struct issuance *issuance, const char *before, const char *end, char out[TEXT_SIZE])
{
	const char *at = strcasestr(issuance->answer, before);

	if (at == NULL)
		bench_die("no %s in %s", before, issuance->answer);
	at += strlen(before);
	(void)snprintf(out, TEXT_SIZE, "%.*s", (int)strcspn(at, end), at);
}

/* The first text that a member of the JSON holds. */
static void
answer_member(const struct issuance *issuance, const char *key, char out[TEXT_SIZE])
{
	const char *at = strstr(issuance->answer, key);

	if (at == NULL || (at = strchr(at + strlen(key), '"')) == NULL)
		bench_die("no %s in %s", key, issuance->answer);
	(void)snprintf(out, TEXT_SIZE, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
}

/* r and s, one after the other: RFC 7518 §3.4. */
static char *
issuance_sign(struct issuance *issuance, const char *input)
{
	EVP_MD_CTX          *ctx = EVP_MD_CTX_new();
	uint8_t              der[128];
	uint8_t              raw[64];
	const unsigned char *at = der;
	size_t               size = sizeof der;
	ECDSA_SIG           *signature;

	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, issuance->key) != 1 ||
	    EVP_DigestSign(ctx, der, &size, (const unsigned char *)input, strlen(input)) != 1 ||
	    (signature = d2i_ECDSA_SIG(NULL, &at, (long)size)) == NULL)
		bench_die("cannot sign a request");
	(void)BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, 32);
	(void)BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + 32, 32);
	ECDSA_SIG_free(signature);
	EVP_MD_CTX_free(ctx);
	return base64_encode(BASE64_URL, raw, sizeof raw);
}

/* POSTs a payload to a URL of the server. */
static void
issuance_post(struct issuance *issuance, const char *url, const char *payload)
{
	bool known = issuance->kid[0] != '\0';
	char header[4 * TEXT_SIZE];
	char request[REQUEST_SIZE];
	int  length = snprintf(header, sizeof header,
	     "{\"alg\":\"ES256\",%s%s%s,\"nonce\":\"%s\",\"url\":\"%s\"}",
	     known ? "\"kid\":\"" : "\"jwk\":", known ? issuance->kid : issuance->jwk,
	     known ? "\"" : "", issuance->nonce, url);
	AUTO_FREE char *protected = base64_encode(BASE64_URL, (const uint8_t *)header, (size_t)length);
	AUTO_FREE char *body = base64_encode(BASE64_URL, (const uint8_t *)payload, strlen(payload));
	AUTO_FREE char *input = NULL;
	AUTO_FREE char *jws = NULL;
	const char     *host = url + strlen("https://");
	const char     *path = strchr(host, '/');

	if (asprintf(&input, "%s.%s", protected, body) < 0)
		bench_die("out of memory");
	AUTO_FREE char *signature = issuance_sign(issuance, input);
	if (asprintf(&jws, "{\"protected\":\"%s\",\"payload\":\"%s\",\"signature\":\"%s\"}", protected,
	        body, signature) < 0 ||
	    path == NULL)
		bench_die("no request for %s", url);
	length = snprintf(request, sizeof request,
	    "POST %s HTTP/1.1\r\nHost: %.*s\r\nContent-Type: application/jose+json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    path, (int)(path - host), host, strlen(jws), jws);
	if ((size_t)length >= sizeof request)
		bench_die("a request of %d octets", length);
	issuance_exchange(issuance, request, (size_t)length);
	answer_take(issuance, "\r\nReplay-Nonce: ", "\r", issuance->nonce);
}

/* A new key for a new account; its thumbprint is RFC 7638's. */
static void
issuance_key(struct issuance *issuance)
{
	uint8_t point[65];
	uint8_t hash[32];
	size_t  size = 0;

	if ((issuance->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")) == NULL ||
	    EVP_PKEY_get_octet_string_param(issuance->key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
	        sizeof point, &size) != 1 ||
	    size != sizeof point)
		bench_die("no account key");
	AUTO_FREE char *x = base64_encode(BASE64_URL, point + 1, 32);
	AUTO_FREE char *y = base64_encode(BASE64_URL, point + 33, 32);
	(void)snprintf(issuance->jwk, sizeof issuance->jwk,
	    "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", x, y);
	if (EVP_Digest(issuance->jwk, strlen(issuance->jwk), hash, NULL, EVP_sha256(), NULL) != 1)
		bench_die("no thumbprint");
	AUTO_FREE char *text = base64_encode(BASE64_URL, hash, sizeof hash);
	(void)snprintf(issuance->thumbprint, sizeof issuance->thumbprint, "%s", text);
}

/* What a TPM says of the device's key, as the payload of the challenge's answer. */
static char *
issuance_attest(const struct issuance *issuance, const char *token)
{
	const struct acme_device *device = issuance->plan->device;
	struct forge_certify certify = {0};
	AUTO_BYTES           object = {0};
	char                 authorization[TEXT_SIZE + 64];
	char                *payload = NULL;

	(void)snprintf(authorization, sizeof authorization, "%s.%s", token, issuance->thumbprint);
	forge_certify_make(&device->ak, device->kind, FORGE_P256,
	    (struct view){(const uint8_t *)authorization, strlen(authorization)}, FORGE_CERTIFY_NONE,
	    &certify);
	webauthn_object_encode_tpm(
	    &(struct webauthn_statement){
	        .alg = device->kind == FORGE_AK_P256 ? -7 : -257, /* ES256, RS256 */
	        .chain = {bytes_view(&device->ak_certificate), bytes_view(&device->issuing)},
	        .chain_count = 2,
	        .signature = bytes_view(&certify.sig),
	        .cert_info = bytes_view(&certify.info),
	        .pub_area = bytes_view(&certify.area),
	    },
	    &object);
	forge_certify_clear(&certify);
	AUTO_FREE char *text = base64_encode(BASE64_URL, object.data, object.size);
	if (asprintf(&payload, "{\"attObj\":\"%s\"}", text) < 0)
		bench_die("out of memory");
	return payload;
}

/* The challenge of the authorization whose answer was the last. */
static void
issuance_prove(struct issuance *issuance)
{
	char challenge[TEXT_SIZE];
	char token[TEXT_SIZE];

	answer_member(issuance, "\"url\":", challenge);
	answer_member(issuance, "\"token\":", token);
	AUTO_FREE char *payload = issuance_attest(issuance, token);
	issuance_post(issuance, challenge, payload);
	if (strstr(issuance->answer, "\"valid\"") == NULL)
		bench_die("the attestation was refused: %s", issuance->answer);
}

static void
issuance_finalize(struct issuance *issuance, const char *url)
{
	AUTO_FREE char *csr = base64_encode(BASE64_URL, issuance->plan->device->csr.data, issuance->plan->device->csr.size);
	AUTO_FREE char *payload = NULL;
	char            certificate[TEXT_SIZE];

	if (asprintf(&payload, "{\"csr\":\"%s\"}", csr) < 0)
		bench_die("out of memory");
	issuance_post(issuance, url, payload);
	answer_member(issuance, "\"certificate\":", certificate);
	issuance_post(issuance, certificate, "");
	if (strstr(issuance->answer, "-----BEGIN CERTIFICATE-----") == NULL)
		bench_die("no certificate: %s", issuance->answer);
}

/* Connects, and gets the first nonce. */
static void
issuance_connect(struct issuance *issuance)
{
	const char *host = issuance->plan->base + strlen("https://");
	const char *path = strchr(host, '/');
	char        request[TEXT_SIZE];
	int         length = snprintf(request, sizeof request, "GET %s/new-nonce HTTP/1.1\r\nHost: %.*s\r\n\r\n", path,
	            (int)(path - host), host);

	bench_connect(&issuance->connection, issuance->plan->port, issuance->plan->device->tls);
	issuance->exchange = 0;
	issuance_exchange(issuance, request, (size_t)length);
	answer_take(issuance, "\r\nReplay-Nonce: ", "\r", issuance->nonce);
}

/* An account with a new key. */
static void
issuance_register(struct issuance *issuance)
{
	char url[TEXT_SIZE];

	EVP_PKEY_free(issuance->key);
	issuance_key(issuance);
	issuance->kid[0] = '\0';
	(void)snprintf(url, sizeof url, "%s/new-account", issuance->plan->base);
	issuance_post(issuance, url, "{\"termsOfServiceAgreed\":true}");
	answer_take(issuance, "\r\nLocation: ", "\r", issuance->kid);
}

/* From the order to the certificate. */
static void
issuance_order(struct issuance *issuance)
{
	static const char order[] = "{\"identifiers\":[{\"type\":\"permanent-identifier\","
	                            "\"value\":\"" ACME_DEVICE "\"}]}";
	char              url[TEXT_SIZE];
	char              finalize[TEXT_SIZE];

	issuance->exchange = 2;
	(void)snprintf(url, sizeof url, "%s/new-order", issuance->plan->base);
	issuance_post(issuance, url, order);
	answer_member(issuance, "\"authorizations\":", url);
	answer_member(issuance, "\"finalize\":", finalize);
	issuance_post(issuance, url, "");
	issuance_prove(issuance);
	issuance_finalize(issuance, finalize);
}

/* What is kept is made with the first. */
void *
acme_issuance_open(void *arg)
{
	struct issuance *issuance = memory_new(sizeof *issuance);

	issuance->plan = arg;
	if (issuance->plan->reuse != ACME_ALL_NEW) {
		issuance_connect(issuance);
		issuance_register(issuance);
	}
	if (issuance->plan->reuse == ACME_ACCOUNT_KEPT)
		bench_disconnect(&issuance->connection);
	return issuance;
}

double
acme_issuance_once(void *state)
{
	struct issuance *issuance = state;
	enum acme_reuse  reuse = issuance->plan->reuse;
	double           begin = bench_now_ms();

	if (reuse != ACME_CONNECTION_KEPT)
		issuance_connect(issuance);
	if (reuse == ACME_ALL_NEW)
		issuance_register(issuance);
	issuance_order(issuance);
	if (reuse != ACME_CONNECTION_KEPT)
		bench_disconnect(&issuance->connection);
	return bench_now_ms() - begin;
}

void
acme_issuance_close(void *state)
{
	struct issuance *issuance = state;

	if (issuance->plan->reuse == ACME_CONNECTION_KEPT)
		bench_disconnect(&issuance->connection);
	EVP_PKEY_free(issuance->key);
	free(issuance);
}

struct bench_outcome
acme_clients_run(const struct acme_plan *plan, size_t clients, double seconds)
{
	struct acme_plan copy = *plan;

	return bench_clients_run(&(struct bench_clients){
	    .count = clients,
	    .seconds = seconds,
	    .open = acme_issuance_open,
	    .once = acme_issuance_once,
	    .close = acme_issuance_close,
	    .arg = &copy,
	});
}

void
acme_record_clear(struct acme_record *record)
{
	for (size_t i = 0; i < ACME_EXCHANGES; i++) {
		free(record->exchanges[i].request);
		free(record->exchanges[i].answer);
	}
}
