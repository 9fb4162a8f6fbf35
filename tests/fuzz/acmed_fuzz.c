/*
 * attest-acmed from a TLS connection's octets to its keeper's decision: the front, the keeper, its
 * store and its CA, all real. A client with an account sends a valid request, by the first octet, with
 * edits (edits.h) of its payload, its JWS, its head, and of what it attests; the second octet says who
 * signs. By the first octet also the rest is what the client sends as it stands.
 *
 * No answer is a failure of the server's. A request that another key signed changes nothing; what is
 * attested is what the AK said; a certificate is for the key that was attested.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "check_alone.h"
#include "acme/front/front.h"
#include "acme_world.h"
#include "daemon/channel.h"
#include "device/host/account_key.h"
#include "edits.h"
#include "forge.h"
#include "fuzz.h"
#include "pki/certificate.h"
#include "served.h"
#include "unit.h"
#include "util/base64.h"
#include "util/log.h"
#include "webauthn/object.h"

enum target {
	TARGET_RAW,
	TARGET_ACCOUNT_NEW,
	TARGET_ACCOUNT,
	TARGET_ORDERS,
	TARGET_KEY_CHANGE,
	TARGET_ORDER_NEW,
	TARGET_ORDER,
	TARGET_AUTHORIZATION,
	TARGET_CHALLENGE,
	TARGET_FINALIZE,
	TARGET_CERTIFICATE,
	TARGET_REVOKE,
	TARGET_DIRECTORY,
	TARGET_COUNT
};

enum flag {
	FLAG_JWK = 1,   /* the key itself stands in the header */
	FLAG_OTHER = 2, /* another key signs */
	FLAG_STEPS = 4, /* before finalize: the challenge is answered, with the edits */
};

enum place {
	PLACE_PAYLOAD,
	PLACE_PROTECTED,
	PLACE_JWS,
	PLACE_HEAD,
	PLACE_PATH,
	PLACE_OBJECT,
	PLACE_INFO,
	PLACE_AREA,
	PLACE_SIGNATURE,
	PLACE_AK,
	PLACE_CSR,
	PLACE_COUNT
};

static struct world world;

static struct {
	SSL_CTX   *tls;
	SSL       *ssl;
	int        fd;
	EVP_PKEY  *key;
	EVP_PKEY  *other;
	char      *jwk;
	char      *other_jwk;
	char      *thumbprint;
	char      *base;
	char       nonce[64];
	char       account[256];
	char       orders[256];
	char       order[256];
	char       finalize[256];
	char       authorization[256];
	char       challenge[256];
	char       token[64];
	char       certificate[256];
} client = {.fd = -1};

/* ---- the connection ---- */

static void
hang_up(void)
{
	SSL_free(client.ssl);
	client.ssl = NULL;
	if (client.fd >= 0)
		served_close(client.fd);
	client.fd = -1;
}

static void
call(void)
{
	if (client.ssl != NULL)
		return;
	client.fd = served_connect();
	client.ssl = SSL_new(client.tls);
	assert(SSL_set_fd(client.ssl, client.fd) == 1);
	assert(SSL_connect(client.ssl) == 1);
}

/* Reads one whole answer, or what comes before the end. */
static void
receive(struct bytes *answer)
{
	size_t wanted = 0;

	while (answer->size < (wanted != 0 ? wanted : SERVED_ANSWER_MAX)) {
		uint8_t piece[16384];
		int     got = SSL_read(client.ssl, piece, sizeof piece);

		if (got <= 0) {
			assert(errno != EAGAIN && errno != EWOULDBLOCK);
			break;
		}
		bytes_append(answer, piece, (size_t)got);
		bytes_append_u8(answer, '\0');
		answer->size--;
		wanted = served_size(answer);
	}
	bytes_append_u8(answer, '\0');
	answer->size--;
}

static void
send_and_receive(struct view octets, bool last, struct bytes *answer)
{
	call();
	errno = 0;
	if (octets.size != 0)
		(void)SSL_write(client.ssl, octets.data, (int)octets.size);
	if (last) {
		(void)SSL_shutdown(client.ssl);
		(void)shutdown(client.fd, SHUT_WR);
	}
	receive(answer);
}

/*
 * Sends octets and reads the answer, whose status is returned. With `more` there may be several
 * answers, or none: these octets have a connection to themselves, and the other one, whose handshake
 * takes as long as several requests, stays.
 */
static unsigned
exchange(struct view octets, bool more, struct bytes *answer)
{
	char     word[64];
	unsigned status;
	SSL     *kept = more ? client.ssl : NULL;
	int      kept_fd = more ? client.fd : -1;

	if (more) {
		client.ssl = NULL;
		client.fd = -1;
	}
	send_and_receive(octets, more, answer);
	if (!more && answer->size == 0) {
		hang_up(); /* it was idle for too long */
		send_and_receive(octets, false, answer);
	}
	status = served_status(answer);
	served_field((const char *)answer->data, "\r\nReplay-Nonce: ", client.nonce, sizeof client.nonce);
	served_field((const char *)answer->data, "\r\nConnection: ", word, sizeof word);
	if (more || status == 0 || strcasecmp(word, "close") == 0)
		hang_up();
	if (more) {
		client.ssl = kept;
		client.fd = kept_fd;
	}
	return status;
}

/* ---- signed requests ---- */

static void
nonce_get(void)
{
	const char request[] = "GET /acme/new-nonce HTTP/1.1\r\nHost: localhost\r\n\r\n";
	AUTO_BYTES answer = {0};

	while (client.nonce[0] == '\0') {
		bytes_clear(&answer);
		(void)exchange(view_text(request), false, &answer);
	}
}

static void
header_make(const char *url, unsigned flags, struct bytes *out)
{
	AUTO_FREE char *text = NULL;
	int             rc;

	nonce_get();
	if ((flags & FLAG_JWK) != 0)
		rc = asprintf(&text, "{\"alg\":\"ES256\",\"nonce\":\"%s\",\"url\":\"%s\",\"jwk\":%s}", client.nonce, url,
		    (flags & FLAG_OTHER) != 0 ? client.other_jwk : client.jwk);
	else
		rc = asprintf(&text, "{\"alg\":\"ES256\",\"nonce\":\"%s\",\"url\":\"%s\",\"kid\":\"%s\"}", client.nonce,
		    url, client.account);
	assert(rc > 0);
	bytes_append(out, text, strlen(text));
}

static const struct edits no_edits;

/* Posts a payload to a URL of ours. */
static unsigned
post(const char *url, const struct bytes *text, unsigned flags, const struct edits *edits,
    struct bytes *answer)
{
	AUTO_BYTES      payload = {0};
	AUTO_BYTES      protected = {0};
	AUTO_BYTES      path = {0};
	AUTO_BYTES      body = {0};
	AUTO_BYTES      request = {0};
	AUTO_FREE char *header = NULL;
	AUTO_FREE char *content = NULL;
	AUTO_FREE char *target = NULL;
	char           *jws = NULL;
	struct error    err = {0};
	char            head[512];
	bool            framed;

	header_make(url, flags, &protected);
	(void)edits_apply(edits, PLACE_PROTECTED, &protected);
	if (text->size != 0)
		bytes_append(&payload, text->data, text->size);
	(void)edits_apply(edits, PLACE_PAYLOAD, &payload);
	header = view_dup(bytes_view(&protected));
	content = view_dup(bytes_view(&payload));
	fuzz_must(account_key_sign((flags & FLAG_OTHER) != 0 ? client.other : client.key, header, content, &jws,
	              &err), &err);
	bytes_append(&body, jws, strlen(jws));
	free(jws);
	(void)edits_apply(edits, PLACE_JWS, &body);
	bytes_append(&path, url + strlen(client.base), strlen(url) - strlen(client.base));
	(void)edits_apply(edits, PLACE_PATH, &path);
	target = view_dup(bytes_view(&path));
	(void)snprintf(head, sizeof head,
	    "POST %.200s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jose+json\r\n"
	    "Content-Length: %zu\r\n\r\n", target, body.size);
	bytes_append(&request, head, strlen(head));
	framed = edits_apply(edits, PLACE_HEAD, &request) || strpbrk(target, "\r\n ") != NULL;
	bytes_append(&request, body.data, body.size);
	return exchange(bytes_view(&request), framed, answer);
}

static json_t *
object_of(const struct bytes *answer)
{
	struct view body = served_body(answer);

	return body.size != 0 ? json_loadb((const char *)body.data, body.size, 0, NULL) : NULL;
}

static void
member(const json_t *object, const char *name, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(object, name));

	(void)snprintf(out, size, "%s", text != NULL ? text : "");
}

static void
url_of(const char *path, char *out, size_t size)
{
	(void)snprintf(out, size, "%s%s", client.base, path);
}

/* ---- what there is to ask about ---- */

static void
key_make(void)
{
	struct error err = {0};

	EVP_PKEY_free(client.key);
	free(client.jwk);
	free(client.thumbprint);
	client.key = EVP_EC_gen("P-256");
	fuzz_must(account_key_jwk(client.key, &client.jwk, &err), &err);
	fuzz_must(account_key_thumbprint(client.jwk, &client.thumbprint, &err), &err);
}

/* The account of the key; a new one, of a new key, when that account has ended. */
static void
account_make(void)
{
	const struct bytes payload = {(uint8_t *)(uintptr_t)"{\"termsOfServiceAgreed\":true}", 29, 0};
	AUTO_BYTES         answer = {0};
	char               url[256];
	json_t            *object;

	url_of("/acme/new-account", url, sizeof url);
	if (client.key == NULL || post(url, &payload, FLAG_JWK, &no_edits, &answer) / 100 != 2) {
		key_make();
		bytes_clear(&answer);
		assert(post(url, &payload, FLAG_JWK, &no_edits, &answer) == 201);
	}
	served_field((const char *)answer.data, "\r\nLocation: ", client.account, sizeof client.account);
	object = object_of(&answer);
	member(object, "orders", client.orders, sizeof client.orders);
	json_decref(object);
}

static void
order_make(void)
{
	static const char  text[] = "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"laptop\"}]}";
	const struct bytes payload = {(uint8_t *)(uintptr_t)text, sizeof text - 1, 0};
	const struct bytes none = {0};
	AUTO_BYTES         answer = {0};
	AUTO_BYTES         second = {0};
	char               url[256];
	json_t            *object;
	const json_t      *challenge;

	url_of("/acme/new-order", url, sizeof url);
	assert(post(url, &payload, 0, &no_edits, &answer) == 201);
	served_field((const char *)answer.data, "\r\nLocation: ", client.order, sizeof client.order);
	object = object_of(&answer);
	member(object, "finalize", client.finalize, sizeof client.finalize);
	(void)snprintf(client.authorization, sizeof client.authorization, "%s",
	    json_string_value(json_array_get(json_object_get(object, "authorizations"), 0)));
	json_decref(object);
	assert(post(client.authorization, &none, 0, &no_edits, &second) == 200);
	object = object_of(&second);
	challenge = json_array_get(json_object_get(object, "challenges"), 0);
	member(challenge, "url", client.challenge, sizeof client.challenge);
	member(challenge, "token", client.token, sizeof client.token);
	json_decref(object);
}

/* {"name":"base64url"} */
static void
payload_make(const char *name, const struct bytes *octets, struct bytes *payload)
{
	bytes_append(payload, "{\"", 2);
	bytes_append(payload, name, strlen(name));
	bytes_append(payload, "\":\"", 3);
	base64_append(BASE64_URL, bytes_view(octets), payload);
	bytes_append(payload, "\"}", 2);
}

/* Applies edits; true when other octets come of them. */
static bool
changed(const struct edits *edits, enum place place, struct bytes *octets)
{
	AUTO_BYTES before = {0};

	bytes_append(&before, octets->data, octets->size);
	(void)edits_apply(edits, place, octets);
	return !view_equal(bytes_view(&before), bytes_view(octets));
}

/* The attestation of the device's key, with its edits; true when what proves it is other than it was. */
static bool
object_make(const struct edits *edits, struct bytes *object)
{
	static struct bytes       ak; /* its certificate, always the same */
	static const char *const  name = "laptop";
	struct world_statement    made = {.ak = {0}};
	struct webauthn_statement statement = {.alg = -7, .chain_count = 2};
	AUTO_FREE char           *authorization = NULL;
	struct error              err = {0};
	bool                      edited;

	if (ak.size == 0)
		world_ak_certificate(&world.attestation, world.ak.key, &name, 1, &ak);
	bytes_append(&made.ak, ak.data, ak.size);
	fuzz_must(certificate_encode(world.attestation.certificate, &made.issuing, &err), &err);
	assert(asprintf(&authorization, "%s.%s", client.token, client.thumbprint) > 0);
	forge_certify_make(&world.ak, FORGE_AK_P256, FORGE_P256, view_text(authorization), FORGE_CERTIFY_NONE,
	    &made.certify);
	edited = changed(edits, PLACE_INFO, &made.certify.info);
	edited = changed(edits, PLACE_AREA, &made.certify.area) || edited;
	edited = changed(edits, PLACE_SIGNATURE, &made.certify.sig) || edited;
	edited = changed(edits, PLACE_AK, &made.ak) || edited;
	statement.chain[0] = bytes_view(&made.ak);
	statement.chain[1] = bytes_view(&made.issuing);
	statement.signature = bytes_view(&made.certify.sig);
	statement.cert_info = bytes_view(&made.certify.info);
	statement.pub_area = bytes_view(&made.certify.area);
	webauthn_object_encode_tpm(&statement, object);
	(void)edits_apply(edits, PLACE_OBJECT, object);
	world_statement_clear(&made);
	return edited;
}

/* Whether the key of a CSR is the device's. */
static bool
csr_is_ours(const struct bytes *csr)
{
	const unsigned char *at = csr->data;
	X509_REQ            *request = d2i_X509_REQ(NULL, &at, (long)csr->size);
	bool                 ours = request != NULL &&
	    EVP_PKEY_eq(X509_REQ_get0_pubkey(request), world_device_key()) == 1;

	X509_REQ_free(request);
	return ours;
}

/* ---- requests ---- */

static void
challenge_answer(unsigned flags, const struct edits *edits)
{
	AUTO_BYTES object = {0};
	AUTO_BYTES payload = {0};
	AUTO_BYTES answer = {0};
	bool       edited;
	unsigned   status;
	json_t    *told;
	char       word[32];

	order_make();
	edited = object_make(edits, &object);
	payload_make("attObj", &object, &payload);
	status = post(client.challenge, &payload, flags, edits, &answer);
	told = object_of(&answer);
	member(told, "status", word, sizeof word);
	assert(status != 200 || strcmp(word, "valid") != 0 || !edited);
	assert(strcmp(word, "valid") == 0 || edits != &no_edits || flags != 0);
	json_decref(told);
}

static void
order_finalize(unsigned flags, const struct edits *edits)
{
	AUTO_BYTES csr = {0};
	AUTO_BYTES payload = {0};
	AUTO_BYTES answer = {0};
	json_t    *told;
	char       word[32];

	challenge_answer(0, (flags & FLAG_STEPS) != 0 ? edits : &no_edits);
	world_csr(world_device_key(), "laptop", NULL, &csr);
	(void)edits_apply(edits, PLACE_CSR, &csr);
	payload_make("csr", &csr, &payload);
	(void)post(client.finalize, &payload, flags, edits, &answer);
	told = object_of(&answer);
	member(told, "status", word, sizeof word);
	if (strcmp(word, "valid") == 0) {
		assert(csr_is_ours(&csr));
		member(told, "certificate", client.certificate, sizeof client.certificate);
	}
	json_decref(told);
}

static const struct {
	const char *path; /* NULL: see `url` */
	const char *url;
	const char *payload;
} requests[TARGET_COUNT] = {
    [TARGET_ACCOUNT_NEW] = {"/acme/new-account", NULL,
        "{\"termsOfServiceAgreed\":true,\"contact\":[\"mailto:a@b.example\"],\"onlyReturnExisting\":false}"},
    [TARGET_ACCOUNT] = {NULL, client.account, "{\"contact\":[\"mailto:a@b.example\"]}"},
    [TARGET_ORDERS] = {NULL, client.orders, ""},
    [TARGET_KEY_CHANGE] = {"/acme/key-change", NULL,
        "{\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"payload\":\"e30\",\"signature\":\"AAAA\"}"},
    [TARGET_ORDER_NEW] = {"/acme/new-order", NULL,
        "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"laptop\"}],"
        "\"notBefore\":\"2026-01-01T00:00:00Z\",\"notAfter\":\"2036-01-01T00:00:00Z\"}"},
    [TARGET_ORDER] = {NULL, client.order, ""},
    [TARGET_AUTHORIZATION] = {NULL, client.authorization, "{\"status\":\"deactivated\"}"},
    [TARGET_CERTIFICATE] = {NULL, client.certificate, ""},
    [TARGET_REVOKE] = {"/acme/revoke-cert", NULL, "{\"certificate\":\"MIIB\",\"reason\":1}"},
    [TARGET_DIRECTORY] = {"/acme/directory", NULL, ""},
};

static void
request(enum target target, unsigned flags, const struct edits *edits)
{
	char               made[256];
	const char        *url = requests[target].url;
	const char        *text = requests[target].payload;
	const struct bytes payload = {(uint8_t *)(uintptr_t)text, strlen(text), 0};
	AUTO_BYTES         answer = {0};
	unsigned           status;

	if (requests[target].path != NULL)
		url_of(requests[target].path, made, sizeof made);
	else
		(void)snprintf(made, sizeof made, "%s", url);
	if (made[0] == '\0')
		return;
	status = post(made, &payload, flags, edits, &answer);
	/* An account may end by its own request. */
	if (target == TARGET_ACCOUNT || target == TARGET_AUTHORIZATION)
		account_make();
	if (flags == FLAG_OTHER)
		assert(status / 100 != 2);
}

static void
raw(struct view input)
{
	AUTO_BYTES answer = {0};

	(void)exchange(input, true, &answer);
}

/* ---- the beginning ---- */

static void
world_remove(void)
{
	scratch_remove(world.state_dir);
}

static void
begin(void)
{
	int          ends[2];
	struct error err = {0};

	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 1);
	log_open("acmed_fuzz", LOG_LEVEL_ERROR);
	world_make(&world);
	forge_ak_clear(&world.ak);
	forge_ak_make(FORGE_AK_P256, FORGE_FLAW_NONE, &world.ak); /* which signs faster than an RSA key */
	free(world.settings.service.log_level);
	world.settings.service.log_level = memory_strdup("error");
	world.settings.service.level = LOG_LEVEL_ERROR;
	world.settings.policy.orders_per_hour = world.settings.policy.accounts_per_hour = 1000000000;
	if (atexit(world_remove) != 0)
		abort();
	world_start(&world);
	client.base = view_dup(world.greeting.base);
	unit_ok(channel_pair(ends, &err), &err);
	unit_ok(supervisor_channels_send(world.supervisor, &ends[1], 1, &err), &err);
	(void)close(ends[1]);
	served_start(ends[0], acme_front_run);
	client.tls = SSL_CTX_new(TLS_client_method());
	client.other = EVP_EC_gen("P-256");
	fuzz_must(account_key_jwk(client.other, &client.other_jwk, &err), &err);
	account_make();
	order_make();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool  begun;
	struct edits edits;
	enum target  target;
	unsigned     flags;

	if (!begun)
		begin();
	begun = true;
	if (size < 2)
		return 0;
	target = (enum target)(data[0] % TARGET_COUNT);
	flags = data[1] & 7;
	edits_read((struct view){data + 2, size - 2}, PLACE_COUNT, &edits);
	if (target == TARGET_RAW)
		raw((struct view){data + 1, size - 1});
	else if (target == TARGET_CHALLENGE)
		challenge_answer(flags, &edits);
	else if (target == TARGET_FINALIZE)
		order_finalize(flags, &edits);
	else
		request(target, flags, &edits);
	return 0;
}
