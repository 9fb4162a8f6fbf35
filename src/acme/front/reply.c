/* Owns the headers of answers (RFC 8555 §6.5, §6.6, §7.1) and their log lines. */
#include "config.h"

#include "acme/front/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/front/nonce.h"
#include "acme/front/render.h"
#include "acme/front/state.h"
#include "http/server.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/log_refusal.h"
#include "util/source.h"

static void
reply_log(const struct reply *reply, const struct error *err)
{
	struct http_exchange *exchange = reply->exchange;
	char                  request[LOG_NUMBER_SIZE];
	char                  elapsed[LOG_NUMBER_SIZE];
	int64_t               now = clock_monotonic_ms();
	struct source         source = source_of_text(view_text(http_exchange_peer(exchange)));

	if (err != NULL && err->kind != ERROR_INTERNAL &&
	    !log_refusal(&source, error_type(err->kind), now))
		return;
	(void)log_number((uint64_t)(now - reply->since), elapsed);
	LOG(INFO, {"request", log_number(http_exchange_id(exchange), request)}, {"event", "request"},
	    {"method", http_exchange_method(exchange)}, {"path", http_exchange_path(exchange)},
	    {"peer", http_exchange_peer(exchange)}, {"account", reply->account}, {"ms", elapsed},
	    {"kind", err != NULL ? error_type(err->kind) : NULL},
	    {"reason", err != NULL ? err->detail : NULL});
}

void
reply_header(struct reply *reply, const char *name, const char *value)
{
	http_reply_header(reply->exchange, name, value);
}

void
reply_url(struct reply *reply, const char *name, const char *path, struct view id)
{
	AUTO_FREE char *url = render_url(reply->front->base, path, id, (struct view){0});

	reply_header(reply, name, url);
}

void
reply_link(struct reply *reply, const char *relation, const char *path, struct view first,
    struct view second)
{
	AUTO_FREE char *url = render_url(reply->front->base, path, first, second);
	AUTO_FREE char *link = render_link(url, relation);

	reply_header(reply, "Link", link);
}

/* Adds a nonce to every answer to a POST and of newNonce, and a link to the directory to all but
 * the directory. */
static void
reply_common(struct reply *reply)
{
	const char *path = http_exchange_path(reply->exchange);
	char        nonce[NONCE_TEXT_SIZE];

	if (strcmp(http_exchange_method(reply->exchange), "POST") == 0 ||
	    strcmp(path, ACME_PATH_NEW_NONCE) == 0) {
		nonces_issue(reply->front->nonces, clock_monotonic_ms(), nonce);
		reply_header(reply, "Replay-Nonce", nonce);
		reply_header(reply, "Cache-Control", "no-store");
	}
	if (strncmp(path, "/acme/", 6) == 0 && strcmp(path, ACME_PATH_DIRECTORY) != 0)
		reply_link(reply, "index", ACME_PATH_DIRECTORY, (struct view){0}, (struct view){0});
}

void
reply_bytes(struct reply *reply, int status, const char *type, struct view body)
{
	reply_log(reply, NULL);
	reply_common(reply);
	http_reply(reply->exchange, status, type, body);
}

void
reply_file(struct reply *reply, const char *type, struct http_file *file)
{
	reply_log(reply, NULL);
	reply_common(reply);
	http_reply_file(reply->exchange, type, file);
}

/* Encodes the object; the caller frees the text, which is NULL when it cannot be encoded. */
static char *
json_text(json_t *object)
{
	char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	return text;
}

void
reply_json(struct reply *reply, int status, json_t *object)
{
	AUTO_FREE char *text = json_text(object);
	struct error    err = {0};

	if (text == NULL) {
		error_set(&err, ERROR_INTERNAL, "the answer cannot be written as JSON");
		reply_problem(reply, &err, NULL);
		return;
	}
	reply_bytes(reply, status, "application/json",
	    view_text(text));
}

static void
reply_retry_after(struct reply *reply, const struct error *err,
    const struct acme_refusal *refusal)
{
	char     text[24];
	uint64_t seconds = refusal != NULL ? refusal->retry_after : 0;

	if (seconds == 0 && err->kind == ERROR_RATE_LIMITED)
		seconds = 60;
	if (seconds == 0 && err->kind == ERROR_OVERLOADED)
		seconds = 5;
	if (seconds == 0)
		return;
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)seconds);
	reply_header(reply, "Retry-After", text);
}

void
reply_problem(struct reply *reply, const struct error *err, const struct acme_refusal *refusal)
{
	struct error    public = *err;
	AUTO_FREE char *text = NULL;

	reply_log(reply, err);
	if (err->kind == ERROR_INTERNAL)
		error_set(&public, ERROR_INTERNAL, "the server failed; its log says why");
	text = json_text(render_problem(&public, refusal));
	if (text == NULL)
		text = memory_strdup("{}");
	reply_common(reply);
	reply_retry_after(reply, err, refusal);
	http_reply(reply->exchange, error_status(err->kind), "application/problem+json",
	    view_text(text));
}
