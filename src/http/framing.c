/*
 * Owns the rules of message framing that evhttp does not enforce: it takes the
 * first of several lengths, ignores any Transfer-Encoding but "chunked", and
 * reads no body of HEAD and TRACE, so that the body would be taken for the next
 * request.
 */
#include "config.h"

#include "http/framing.h"

#include <sys/queue.h>

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>

#include "http/head.h"
#include "util/error.h"

/* The header fields that decide about framing: their count and value. */
struct framing {
	unsigned    lengths;
	unsigned    encodings;
	unsigned    hosts;
	const char *length;
	const char *encoding;
};

/* RFC 9110 §5.6.2 */
static bool
framing_is_token(const char *name)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
	                            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	return name[0] != '\0' && name[strspn(name, token)] == '\0';
}

static bool
framing_is_number(const char *value)
{
	return value[0] != '\0' && value[strspn(value, "0123456789")] == '\0';
}

static int
framing_collect(struct evhttp_request *req, struct framing *framing, struct error *err)
{
	struct evkeyval *header;

	TAILQ_FOREACH (header, evhttp_request_get_input_headers(req), next) {
		if (!framing_is_token(header->key))
			return error_set(err, ERROR_MALFORMED,
			    "the name of a header field has an invalid character");
		if (strcasecmp(header->key, "Content-Length") == 0) {
			framing->lengths++;
			framing->length = header->value;
		} else if (strcasecmp(header->key, "Transfer-Encoding") == 0) {
			framing->encodings++;
			framing->encoding = header->value;
		} else if (strcasecmp(header->key, "Host") == 0) {
			framing->hosts++;
		}
	}
	return 0;
}

static int
framing_check_body(const struct evhttp_request *req, const struct framing *framing,
    struct error *err)
{
	bool has_body = framing->encodings != 0 ||
	    (framing->lengths != 0 && strspn(framing->length, "0") != strlen(framing->length));

	if (framing->lengths > 1)
		return error_set(err, ERROR_MALFORMED, "more than one Content-Length");
	if (framing->encodings > 1)
		return error_set(err, ERROR_MALFORMED, "more than one Transfer-Encoding");
	if (framing->lengths != 0 && framing->encodings != 0)
		return error_set(err, ERROR_MALFORMED,
		    "Content-Length and Transfer-Encoding exclude each other");
	if (framing->lengths != 0 && !framing_is_number(framing->length))
		return error_set(err, ERROR_MALFORMED, "Content-Length is no number");
	if (framing->encodings != 0 && strcasecmp(framing->encoding, "chunked") != 0)
		return error_set(err, ERROR_MALFORMED,
		    "no other Transfer-Encoding than chunked can be read");
	if (framing->encodings != 0 && req->minor == 0)
		return error_set(err, ERROR_MALFORMED, "HTTP/1.0 has no Transfer-Encoding");
	if (has_body && (req->type == EVHTTP_REQ_HEAD || req->type == EVHTTP_REQ_TRACE))
		return error_set(err, ERROR_MALFORMED, "HEAD and TRACE have no body");
	return 0;
}

int
framing_check(struct evhttp_request *req, const struct head *head, size_t header_max,
    struct error *err)
{
	struct framing framing = {0};
	const char    *target = evhttp_request_get_uri(req);

	if (head->size > header_max)
		return error_set(err, ERROR_TOO_LARGE, "the header is larger than %zu octets",
		    header_max);
	if (head->foul)
		return error_set(err, ERROR_MALFORMED, "the header holds a control character");
	if (req->major != 1 || req->minor < 0 || req->minor > 1)
		return error_set(err, ERROR_MALFORMED, "only HTTP/1.1 and HTTP/1.0 are supported");
	/* RFC 9112 §3.2: who takes the first space for the target's end sees another request. */
	if (target != NULL && strpbrk(target, " \t") != NULL)
		return error_set(err, ERROR_MALFORMED, "the request's target holds a space");
	if (framing_collect(req, &framing, err) != 0)
		return -1;
	if (framing.hosts > 1 || (framing.hosts == 0 && req->minor == 1))
		return error_set(err, ERROR_MALFORMED, "HTTP/1.1 requires one Host");
	return framing_check_body(req, &framing, err);
}
