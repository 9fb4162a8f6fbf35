/*
 * Requests that are nearly right, one after the other, to a running daemon: valid ones whose
 * structure was changed, of the octets in their base64, their JSON, their signature's header, and
 * their HTTP. Every answer must be a complete one, and none may be a failure of the server's.
 *
 *   storm attestd PORT COUNT SEED REQUEST.json             plain HTTP
 *   storm acmed PORT COUNT SEED ATTESTATION-OBJECT CSR     TLS; both are base64url
 *
 * Prints how many were answered, by the first digit of the status, and what went wrong, with the
 * number of the request: the same SEED makes the same requests, but for nonces. Exit status 1 when
 * something did.
 */
#include "config.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "util/base64.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define ANSWER_MAX ((size_t)256 * 1024)
#define SECONDS_MAX 20 /* of an answer: more is a hang */

/* ---- chance ---- */

static uint64_t chance;

static unsigned
draw(unsigned below)
{
	chance = chance * 6364136223846793005u + 1442695040888963407u;
	return below == 0 ? 0 : (unsigned)(chance >> 33) % below;
}

/* ---- changes ---- */

/* One change of octets, as decoders fear it: sizes, ends, types, repeated pieces. */
static void
change_octets(struct bytes *octets)
{
	static const uint8_t odd[] = {0, 1, 0x7f, 0x80, 0xff, 0x30, 0x5f, 0x9f, 0xbf};
	size_t               at = octets->size != 0 ? draw((unsigned)octets->size) : 0;

	if (octets->size == 0) {
		bytes_append_u8(octets, (uint8_t)draw(256));
		return;
	}
	switch (draw(7)) {
	case 0:
		octets->data[at] ^= (uint8_t)(1u << draw(8));
		break;
	case 1:
		octets->data[at] = odd[draw(sizeof odd)];
		break;
	case 2: /* a size of two octets */
		octets->data[at] = draw(2) != 0 ? 0xff : 0;
		if (at + 1 < octets->size)
			octets->data[at + 1] = (uint8_t)draw(256);
		break;
	case 3:
		octets->size = at;
		break;
	case 4:
		for (unsigned i = draw(64); i > 0; i--)
			bytes_append_u8(octets, (uint8_t)draw(256));
		break;
	case 5: { /* a piece of it again, at its end */
		AUTO_BYTES piece = {0};

		bytes_append(&piece, octets->data + at, octets->size - at);
		bytes_append(octets, piece.data, piece.size);
		break;
	}
	default:
		for (unsigned i = draw(8); i > 0 && at < octets->size; i--, at++)
			octets->data[at]++;
		break;
	}
}

static json_t *
other_value(void)
{
	json_t *nest = json_array();

	switch (draw(9)) {
	case 0:
		for (int i = 0; i < 300; i++) {
			json_t *outer = json_array();

			json_array_append_new(outer, nest);
			nest = outer;
		}
		return nest;
	case 1:
		return nest;
	default:
		break;
	}
	json_decref(nest);
	switch (draw(8)) {
	case 0:
		return json_null();
	case 1:
		return json_true();
	case 2:
		return json_integer(-1);
	case 3:
		return json_real(1e300);
	case 4:
		return json_string("");
	case 5:
		return json_object();
	case 6:
		return json_string("\xe2\x80\xae\xf0\x9f\x94\x91 \x01");
	default:
		return json_integer((json_int_t)1 << 53);
	}
}

/* Another text: what is base64 in it is decoded, changed and encoded again. */
static json_t *
change_text(const char *text)
{
	enum base64_alphabet alphabet = strpbrk(text, "+/=") != NULL ? BASE64_STANDARD : BASE64_URL;
	AUTO_BYTES           octets = {0};
	struct error         err;
	json_t              *value;

	if (draw(8) == 0)
		return other_value();
	if (base64_decode(alphabet, text, strlen(text), &octets, &err) == 0) {
		AUTO_FREE char *encoded = NULL;

		for (unsigned i = 1 + draw(3); i > 0; i--)
			change_octets(&octets);
		encoded = base64_encode(alphabet, octets.data, octets.size);
		return json_string(encoded);
	}
	bytes_clear(&octets);
	bytes_append(&octets, text, strlen(text));
	change_octets(&octets);
	value = json_stringn((const char *)octets.data, octets.size);
	return value != NULL ? value : json_string("?");
}

static json_t *
change_value(json_t *value)
{
	return json_is_string(value) && draw(6) != 0 ? change_text(json_string_value(value))
	                                             : other_value();
}

/* One change somewhere in a value, in place. */
static void
change_json(json_t *value)
{
	unsigned    chosen;
	const char *key;
	json_t     *member;
	size_t      size = json_is_object(value) ? json_object_size(value) : json_array_size(value);

	if (size == 0)
		return;
	chosen = draw((unsigned)size);
	if (json_is_array(value)) {
		member = json_array_get(value, chosen);
		if ((json_is_object(member) || json_is_array(member)) && draw(3) != 0)
			change_json(member);
		else if (draw(4) == 0)
			json_array_append(value, member);
		else
			json_array_set_new(value, chosen, change_value(member));
		return;
	}
	json_object_foreach(value, key, member) {
		if (chosen-- != 0)
			continue;
		if ((json_is_object(member) || json_is_array(member)) && draw(4) != 0)
			change_json(member);
		else if (draw(8) == 0)
			(void)json_object_del(value, key);
		else
			(void)json_object_set_new(value, key, change_value(member));
		return;
	}
}

/* The text of a value, as it is or with a fault in it. */
static void
body_of(const json_t *value, bool faulty, struct bytes *body)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text != NULL)
		bytes_append(body, text, strlen(text));
	free(text);
	if (faulty && draw(12) == 0)
		change_octets(body);
}

/* ---- the connection ---- */

static struct {
	struct sockaddr_in to;
	int                fd;
	SSL_CTX           *tls;
	SSL               *ssl;
	unsigned long      number;
	unsigned long      answered[6];
	unsigned long      wrong;
} storm = {.fd = -1};

__attribute__((format(printf, 1, 2)))
static void
wrong(const char *format, ...)
{
	va_list arguments;

	storm.wrong++;
	(void)printf("request %lu: ", storm.number);
	va_start(arguments, format);
	(void)vprintf(format, arguments);
	va_end(arguments);
	(void)printf("\n");
	(void)fflush(stdout);
}

static void
hang_up(void)
{
	SSL_free(storm.ssl);
	storm.ssl = NULL;
	if (storm.fd >= 0)
		(void)close(storm.fd);
	storm.fd = -1;
}

static bool
call(void)
{
	const struct timeval patience = {.tv_sec = SECONDS_MAX};
	int                  on = 1;

	if (storm.fd >= 0)
		return true;
	storm.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	(void)setsockopt(storm.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(storm.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (connect(storm.fd, (const struct sockaddr *)&storm.to, sizeof storm.to) == 0) {
		if (storm.tls == NULL)
			return true;
		storm.ssl = SSL_new(storm.tls);
		(void)SSL_set_fd(storm.ssl, storm.fd);
		if (SSL_connect(storm.ssl) == 1)
			return true;
	}
	wrong("there is no connection");
	hang_up();
	return false;
}

static bool
send_all(const struct bytes *octets)
{
	size_t done;

	if (storm.ssl != NULL)
		return SSL_write_ex(storm.ssl, octets->data, octets->size, &done) == 1;
	return send(storm.fd, octets->data, octets->size, MSG_NOSIGNAL) == (ssize_t)octets->size;
}

/* A debugger that looks at this process interrupts it, since the socket has a timeout. */
static ssize_t
receive(uint8_t *data, size_t size)
{
	ssize_t got;

	do {
		errno = 0;
		got = storm.ssl != NULL ? SSL_read(storm.ssl, data, (int)size) : recv(storm.fd, data, size, 0);
	} while (got < 0 && errno == EINTR);
	return got;
}

/* The value of a header field in a head that ends with a NUL, or NULL. */
static const char *
field(const char *head, const char *name)
{
	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ':')
			return line + strlen(name) + 1 + strspn(line + strlen(name) + 1, " ");
	}
	return NULL;
}

/* Reads one answer; false when the connection ends before it is complete. */
static bool
answer_read(struct bytes *answer)
{
	char  *end = NULL;
	size_t wanted = ANSWER_MAX;

	while (answer->size < wanted) {
		uint8_t piece[16384];
		ssize_t got = receive(piece, sizeof piece);

		if (got <= 0)
			return false;
		bytes_append(answer, piece, (size_t)got);
		bytes_append_u8(answer, '\0');
		answer->size--;
		if (wanted == ANSWER_MAX &&
		    (end = strstr((char *)answer->data, "\r\n\r\n")) != NULL) {
			const char *length = field((char *)answer->data, "Content-Length");
			bool        empty = strncmp((char *)answer->data, "HTTP/1.1 204", 12) == 0;

			/* An interim answer is followed by the answer. */
			if (strncmp((char *)answer->data, "HTTP/1.1 1", 10) == 0) {
				size_t head = (size_t)(end + 4 - (char *)answer->data);

				memmove(answer->data, answer->data + head, answer->size - head + 1);
				answer->size -= head;
				end = strstr((char *)answer->data, "\r\n\r\n");
				if (end == NULL)
					continue;
				length = field((char *)answer->data, "Content-Length");
			}
			wanted = (size_t)(end + 4 - (char *)answer->data) +
			    (length != NULL && !empty ? (size_t)strtoul(length, NULL, 10) : 0);
		}
	}
	return true;
}

/* ---- requests ---- */

static const char *const methods[] = {"GET", "PUT", "DELETE", "OPTIONS", "PATCH", "POSt", "TRACE"};
static const char *const lines[] = {"Expect: 100-continue\r\n", "X: \x80\xff\r\n",
    "Content-Type: text/plain\r\n", "Connection: close\r\n", "Forwarded: for=\"[::1\r\n",
    "X-Forwarded-For: 1.2.3.4, \r\n", "Accept: */*;q=2\r\n", "Range: bytes=-1\r\n"};

/*
 * A POST of the body, with one more oddity in some. `sound` is false when the server may refuse the
 * framing by closing alone.
 */
static void
request_of(const char *path, const char *type, const struct bytes *body, struct bytes *out, bool *sound)
{
	bool        chunked = draw(10) == 0;
	size_t      claimed = body->size;
	char        head[1024];
	const char *method = draw(40) == 0 ? methods[draw(sizeof methods / sizeof methods[0])] : "POST";

	*sound = true;
	if (draw(60) == 0 && claimed != 0) {
		claimed -= 1 + draw((unsigned)claimed);
		*sound = false; /* the rest is another request */
	}
	(void)snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n", method,
	    path, type);
	bytes_append(out, head, strlen(head));
	if (draw(20) == 0) {
		const char *line = lines[draw(sizeof lines / sizeof lines[0])];

		bytes_append(out, line, strlen(line));
	}
	if (chunked)
		(void)snprintf(head, sizeof head, "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", body->size);
	else
		(void)snprintf(head, sizeof head, "Content-Length: %zu\r\n\r\n", claimed);
	bytes_append(out, head, strlen(head));
	bytes_append(out, body->data, body->size);
	if (chunked)
		bytes_append(out, body->size != 0 ? "\r\n0\r\n\r\n" : "\r\n", body->size != 0 ? 7 : 2);
}

/* Sends a request and judges the answer, whose head and body *answer has; empty when there is none. */
static unsigned
exchange(const char *path, const char *type, const struct bytes *body, struct bytes *answer)
{
	AUTO_BYTES request = {0};
	bool       sound;
	unsigned   status = 0;

	storm.number++;
	if (!call())
		return 0;
	request_of(path, type, body, &request, &sound);
	/* The server may answer, and close, before it has read it all. */
	(void)send_all(&request);
	if (answer_read(answer)) {
		status = (unsigned)strtoul((const char *)answer->data + 9, NULL, 10);
	} else if (sound) {
		wrong("no complete answer (%s): %.*s: %.300s", strerror(errno), 60, (const char *)request.data,
		    answer->size != 0 ? (const char *)answer->data : "");
	}
	storm.answered[status / 100 < 6 ? status / 100 : 0]++;
	if (status >= 500)
		wrong("%.200s", (const char *)answer->data);
	if (!sound || status == 0 || field((const char *)answer->data, "Connection") != NULL)
		hang_up();
	return status;
}

/* ---- attestd ---- */

static json_t *
load(const char *path)
{
	json_error_t why;
	json_t      *value = json_load_file(path, 0, &why);

	if (value == NULL) {
		(void)fprintf(stderr, "storm: %s: %s\n", path, why.text);
		exit(2);
	}
	return value;
}

static void
attestd_storm(unsigned long count, const char *path)
{
	json_t *request = load(path);
	json_t *secret = json_pack("{s:s}", "secret", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");

	while (storm.number < count) {
		bool       first = draw(8) != 0;
		json_t    *copy = json_deep_copy(first ? request : secret);
		AUTO_BYTES body = {0};
		AUTO_BYTES answer = {0};

		for (unsigned i = draw(4); i > 0; i--)
			change_json(copy);
		body_of(copy, true, &body);
		json_decref(copy);
		if (exchange(first ? "/attest" : "/secret", "application/json", &body, &answer) == 200 && !first &&
		    strstr((const char *)answer.data, "\"chain\"") != NULL)
			wrong("a certificate for a secret that nobody gave");
	}
	json_decref(request);
	json_decref(secret);
}

/* ---- attest-acmed ---- */

static struct {
	EVP_PKEY *key;
	json_t   *jwk;
	char      nonce[128];
	char      account[512];
	char      base[64];
} client;

static json_t *
encoded(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = base64_encode(BASE64_URL, data, size);

	return json_string(text);
}

static void
client_make(void)
{
	uint8_t point[65];
	size_t  size = 0;

	client.key = EVP_EC_gen("P-256");
	(void)EVP_PKEY_get_octet_string_param(client.key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
	    &size);
	client.jwk = json_pack("{s:s, s:s, s:o, s:o}", "kty", "EC", "crv", "P-256", "x",
	    encoded(point + 1, 32), "y", encoded(point + 33, 32));
}

/* ES256 is r and s beside each other (RFC 7518 §3.4). */
static json_t *
signature_of(const char *header, const char *payload)
{
	EVP_MD_CTX    *context = EVP_MD_CTX_new();
	AUTO_FREE char *input = NULL;
	uint8_t        der[256];
	const uint8_t *from = der;
	size_t         size = sizeof der;
	uint8_t        raw[64] = {0};
	ECDSA_SIG     *pair;

	if (asprintf(&input, "%s.%s", header, payload) < 0)
		exit(2);
	(void)EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, client.key);
	(void)EVP_DigestSign(context, der, &size, (const uint8_t *)input, strlen(input));
	EVP_MD_CTX_free(context);
	pair = d2i_ECDSA_SIG(NULL, &from, (long)size);
	(void)BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32);
	(void)BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32);
	ECDSA_SIG_free(pair);
	return encoded(raw, sizeof raw);
}

static json_t *
jws_of(json_t *header, const struct bytes *payload)
{
	AUTO_FREE char *text = json_dumps(header, JSON_COMPACT);
	AUTO_FREE char *protected = base64_encode(BASE64_URL, (const uint8_t *)text, strlen(text));
	AUTO_FREE char *content = base64_encode(BASE64_URL, payload->data, payload->size);

	return json_pack("{s:s, s:s, s:o}", "protected", protected, "payload", content, "signature",
	    signature_of(protected, content));
}

static void
answer_take(const struct bytes *answer)
{
	const char *nonce = answer->size != 0 ? field((const char *)answer->data, "Replay-Nonce") : NULL;

	client.nonce[0] = '\0';
	if (nonce != NULL)
		(void)snprintf(client.nonce, sizeof client.nonce, "%.*s", (int)strcspn(nonce, "\r"), nonce);
}

/* Posts a payload to a path, changed in its payload, header or envelope as often as `changes` says. */
static unsigned
post(const char *path, const char *content, unsigned changes, struct bytes *answer)
{
	AUTO_BYTES      payload = {0};
	AUTO_BYTES      body = {0};
	AUTO_FREE char *url = NULL;
	json_t         *value = json_loads(content, JSON_DECODE_ANY, NULL);
	json_t         *header;
	json_t         *jws;
	unsigned        status;

	if (asprintf(&url, "%s%s", client.base, path) < 0)
		exit(2);
	header = json_pack("{s:s, s:s, s:s}", "alg", "ES256", "nonce", client.nonce, "url", url);
	if (client.account[0] != '\0' && strcmp(path, "/acme/new-account") != 0)
		json_object_set_new(header, "kid", json_string(client.account));
	else
		json_object_set(header, "jwk", client.jwk);
	for (unsigned i = changes; i > 0; i--)
		change_json(draw(5) == 0 ? header : value);
	if (value != NULL)
		body_of(value, changes != 0, &payload);
	jws = jws_of(header, &payload);
	if (changes != 0 && draw(6) == 0)
		change_json(jws);
	body_of(jws, changes != 0, &body);
	json_decref(jws);
	json_decref(header);
	json_decref(value);
	status = exchange(path, "application/jose+json", &body, answer);
	answer_take(answer);
	return status;
}

static void
nonce_fetch(void)
{
	AUTO_BYTES none = {0};
	AUTO_BYTES answer = {0};

	(void)exchange("/acme/new-nonce", "application/jose+json", &none, &answer);
	answer_take(&answer);
}

/* The path in a URL of the server's. */
static void
path_of(const struct bytes *answer, const char *start, const char *end, char out[256])
{
	const char *text = answer->size != 0 ? strstr((const char *)answer->data, start) : NULL;

	out[0] = '\0';
	if (text == NULL || (text = strstr(text, client.base)) == NULL)
		return;
	text += strlen(client.base);
	(void)snprintf(out, 256, "%.*s", (int)strcspn(text, end), text);
}

static void
account_make(void)
{
	for (int i = 0; i < 20 && client.account[0] == '\0'; i++) {
		AUTO_BYTES answer = {0};
		char       path[256];

		nonce_fetch();
		if (post("/acme/new-account", "{\"termsOfServiceAgreed\":true}", 0, &answer) / 100 == 2) {
			path_of(&answer, "Location:", "\r", path);
			(void)snprintf(client.account, sizeof client.account, "%s%s", client.base, path);
		}
	}
	if (client.account[0] == '\0')
		wrong("there is no account: %s", client.nonce);
}

/* A new order and its challenge, until there are some. */
static void
order_make(char finalize[256], char challenge[256])
{
	AUTO_BYTES order = {0};
	AUTO_BYTES authorization = {0};
	char       path[256];

	(void)post("/acme/new-order",
	    "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"laptop\"}]}", 0, &order);
	path_of(&order, "\"finalize\"", "\"", finalize);
	path_of(&order, "\"authorizations\"", "\"", path);
	if (path[0] == '\0')
		return;
	(void)post(path, "", 0, &authorization); /* POST-as-GET */
	path_of(&authorization, "\"challenges\"", "\"", challenge);
}

static void
acmed_storm(unsigned long count, const char *object, const char *csr)
{
	AUTO_FREE char *proof = NULL;
	AUTO_FREE char *request = NULL;
	char            finalize[256] = "";
	char            challenge[256] = "";

	if (asprintf(&proof, "{\"attObj\":\"%s\"}", object) < 0 || asprintf(&request, "{\"csr\":\"%s\"}", csr) < 0)
		exit(2);
	(void)snprintf(client.base, sizeof client.base, "https://localhost:%u", ntohs(storm.to.sin_port));
	client_make();
	account_make();
	while (storm.number < count) {
		const char *const targets[][2] = {
		    {"/acme/new-order",
		        "{\"identifiers\":[{\"type\":\"permanent-identifier\",\"value\":\"laptop\"}],"
		        "\"notAfter\":\"2026-01-01T00:00:00Z\"}"},
		    {"/acme/new-account",
		        "{\"termsOfServiceAgreed\":true,\"onlyReturnExisting\":true,\"contact\":[\"mailto:a@b.example\"]}"},
		    {client.account + strlen(client.base), "{\"contact\":[\"mailto:a@b.example\"]}"},
		    {"/acme/revoke-cert", "{\"certificate\":\"MIIB\",\"reason\":1}"},
		    {"/acme/key-change", "{\"protected\":\"e30\",\"payload\":\"e30\",\"signature\":\"AAAA\"}"},
		    {finalize, request},
		    {challenge, proof},
		    {challenge, proof},
		    {challenge, proof},
		};
		unsigned   target = draw(sizeof targets / sizeof targets[0]);
		AUTO_BYTES answer = {0};

		if (client.nonce[0] == '\0')
			nonce_fetch();
		if (finalize[0] == '\0' || challenge[0] == '\0' || draw(20) == 0)
			order_make(finalize, challenge);
		if (targets[target][0][0] != '\0')
			(void)post(targets[target][0], targets[target][1], 1 + draw(3), &answer);
		if (targets[target][0] == challenge && draw(3) != 0)
			challenge[0] = '\0'; /* an answer that was judged ends it */
	}
}

int
main(int argc, char **argv)
{
	bool acmed = argc == 7 && strcmp(argv[1], "acmed") == 0;

	if (!acmed && (argc != 6 || strcmp(argv[1], "attestd") != 0)) {
		(void)fputs("usage: storm attestd|acmed PORT COUNT SEED …\n", stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	storm.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	chance = strtoul(argv[4], NULL, 10) * 2 + 1;
	if (acmed) {
		storm.tls = SSL_CTX_new(TLS_client_method());
		acmed_storm(strtoul(argv[3], NULL, 10), argv[5], argv[6]);
	} else {
		attestd_storm(strtoul(argv[3], NULL, 10), argv[5]);
	}
	hang_up();
	SSL_CTX_free(storm.tls);
	EVP_PKEY_free(client.key);
	json_decref(client.jwk);
	printf("2xx %lu 4xx %lu 5xx %lu none %lu wrong %lu\n", storm.answered[2], storm.answered[4],
	    storm.answered[5], storm.answered[0], storm.wrong);
	return storm.wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
