/*
 * Owns the steps of a signed request: bound, decode, nonce, key, signature, ask,
 * answer. A kid costs an extra question: the account's key and status are never
 * cached here.
 */
#include "config.h"

#include "acme/front/post.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "acme/front/jwk_memory.h"
#include "acme/front/jws.h"
#include "acme/front/nonce.h"
#include "acme/front/render.h"
#include "acme/front/reply.h"
#include "acme/front/request.h"
#include "acme/front/resource.h"
#include "acme/front/route.h"
#include "acme/front/state.h"
#include "acme/message.h"
#include "daemon/front.h"
#include "http/server.h"
#include "service/front/ask.h"
#include "service/front/front.h"
#include "util/clock.h"
#include "util/error.h"

#define JOSE_TYPE "application/jose+json"
#define ID_SIZE   33 /* and a NUL */

struct post {
	struct reply             reply;
	const struct acme_route *route;
	struct channel          *channel;
	struct jws               jws;
	struct acme_request      request;
	char                     account[ID_SIZE]; /* the account; "" for a key without one */
	char                     object[ID_SIZE];
	char                     cursor[ID_SIZE];
};

static void
post_free(struct post *post)
{
	acme_request_clear(&post->request);
	jws_clear(&post->jws);
	free(post);
}

static void
post_refuse(struct post *post, const struct error *err)
{
	reply_problem(&post->reply, err, NULL);
	post_free(post);
}

/* The route matched the ids, so they fit. */
static void
id_copy(struct view id, char out[ID_SIZE])
{
	(void)snprintf(out, ID_SIZE, "%.*s", (int)id.size,
	    id.size != 0 ? (const char *)id.data : "");
}

/* RFC 8555 §6.2: the media type; parameters are ignored. */
static int
type_check(const struct http_exchange *exchange, struct error *err)
{
	const char *type = http_exchange_header(exchange, "Content-Type");
	size_t      length = type != NULL ? strcspn(type, "; \t") : 0;

	if (length != strlen(JOSE_TYPE) || strncasecmp(type, JOSE_TYPE, length) != 0)
		return error_set(err, ERROR_UNSUPPORTED_MEDIA_TYPE,
		    "the Content-Type of a POST must be " JOSE_TYPE);
	return 0;
}

static int
nonce_use(struct post *post, struct error *err)
{
	if (post->jws.nonce == NULL)
		return error_set(err, ERROR_BAD_NONCE, "the JWS's header has no \"nonce\"");
	return nonces_use(post->reply.front->nonces, post->jws.nonce, clock_monotonic_ms(), err);
}

/* Checks that it is signed by the kind of key that the route requires. */
static int
auth_check(const struct post *post, struct error *err)
{
	enum acme_auth auth = post->route->auth;

	if (auth == ACME_AUTH_JWK && post->jws.kid != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "this request is signed with \"jwk\", the key itself, not with \"kid\"");
	if (auth == ACME_AUTH_KID && post->jws.kid == NULL)
		return error_set(err, ERROR_MALFORMED,
		    "this request is signed with \"kid\", the account's URL, not with \"jwk\"");
	return 0;
}

static int
post_decode(struct post *post, struct error *err)
{
	struct http_exchange *exchange = post->reply.exchange;
	AUTO_FREE char       *url = render_url(post->reply.front->base,
	          http_exchange_path(exchange), (struct view){0}, (struct view){0});

	if (type_check(exchange, err) != 0 ||
	    jws_decode(http_exchange_body(exchange), &post->jws, err) != 0 ||
	    jws_check(&post->jws, url, err) != 0 || auth_check(post, err) != 0)
		return -1;
	return nonce_use(post, err);
}

static void
post_gone_cb(void *arg)
{
	post_free(arg);
}

/* Asks the keeper; `answered` continues. */
static void
post_ask(struct post *post, struct acme_question *question, ask_done_cb *answered)
{
	AUTO_BYTES body = {0};

	question->request = http_exchange_id(post->reply.exchange);
	question->peer = view_text(http_exchange_peer(post->reply.exchange));
	acme_question_encode(question, &body);
	ask_for(post->reply.exchange, post->channel, bytes_view(&body), answered, post_gone_cb, post);
}

/* Decodes an answer that must be of this kind; otherwise answers with the error and returns
 * false. */
static bool
answer_take(struct post *post, struct view body, const struct error *failure,
    enum acme_answer_kind wanted, struct acme_answer *answer)
{
	struct error err = {0};

	if (failure != NULL) {
		err = *failure;
	} else if (acme_answer_decode(body, answer, &err) != 0) {
		err.kind = ERROR_INTERNAL;
	} else if (answer->kind == ACME_ANSWER_REFUSAL) {
		tell_refusal(&post->reply, &answer->refusal);
		post_free(post);
		return false;
	} else if (answer->kind != wanted) {
		error_set(&err, ERROR_INTERNAL, "the keeper answered something else");
	} else {
		return true;
	}
	post_refuse(post, &err);
	return false;
}

static void
answer_cb(struct view body, const struct error *failure, void *arg)
{
	struct post        *post = arg;
	struct acme_answer *answer = memory_new(sizeof *answer);

	if (answer_take(post, body, failure, post->route->answer, answer)) {
		post->route->tell(&post->reply, answer);
		post_free(post);
	}
	free(answer);
}

/* The client is authenticated: decodes the payload, and asks the keeper. */
static void
post_act(struct post *post)
{
	struct acme_question *question = memory_new(sizeof *question);
	struct error          err = {0};
	int                   rc;

	question->account = view_text(post->account);
	question->object = view_text(post->object);
	question->cursor = view_text(post->cursor);
	post->request.jws = &post->jws;
	post->reply.account = post->account[0] != '\0' ? post->account : NULL;
	rc = post->route->serve != NULL ? request_is_empty(&post->jws, &err)
					: post->route->decode(&post->request, question, &err);
	if (rc != 0) {
		post_refuse(post, &err);
	} else if (post->route->serve != NULL) {
		post->route->serve(&post->reply);
		post_free(post);
	} else {
		post_ask(post, question, answer_cb);
	}
	free(question);
}

static int
account_verify(struct post *post, const struct acme_account *account, struct error *err)
{
	struct jwk jwk;
	int        rc = jwk_memory_parse(post->reply.front->keys, account->jwk, &jwk, err);

	if (rc == 0)
		rc = jws_verify(&post->jws, &jwk, err);
	else /* it was checked when the account was made */
		err->kind = ERROR_INTERNAL;
	if (rc == 0)
		memcpy(post->request.signer, jwk.thumbprint, sizeof post->request.signer);
	jwk_clear(&jwk);
	if (rc == 0 && account->status != STATUS_VALID)
		rc = error_set(err, ERROR_ACCOUNT_DEACTIVATED, "the account is %s",
		    account->status == STATUS_DEACTIVATED ? "deactivated" : "revoked");
	return rc;
}

static void
account_cb(struct view body, const struct error *failure, void *arg)
{
	struct post        *post = arg;
	struct acme_answer *answer = memory_new(sizeof *answer);
	struct error        err = {0};

	if (answer_take(post, body, failure, ACME_ANSWER_ACCOUNT, answer)) {
		if (account_verify(post, &answer->account, &err) != 0)
			post_refuse(post, &err);
		else
			post_act(post);
	}
	free(answer);
}

/* Reads the account id from kid, and asks for the account's key. */
static void
post_account(struct post *post)
{
	size_t                base = strlen(post->reply.front->base);
	const char           *kid = post->jws.kid;
	struct view           ids[ACME_ROUTE_IDS];
	struct acme_question *question;
	struct error          err = {0};

	if (strncmp(kid, post->reply.front->base, base) != 0 ||
	    !route_match(ACME_PATH_ACCOUNT, kid + base, ids)) {
		error_set(&err, ERROR_ACCOUNT_DOES_NOT_EXIST,
		    "the kid \"%.200s\" is no account of this server", kid);
		post_refuse(post, &err);
		return;
	}
	id_copy(ids[0], post->account);
	question = memory_new(sizeof *question);
	question->kind = ACME_ACCOUNT_GET;
	question->account = view_text(post->account);
	post_ask(post, question, account_cb);
	free(question);
}

void
post_begin(const struct reply *reply, const struct acme_route *route, const struct view ids[2])
{
	struct post *post = memory_new(sizeof *post);
	struct error err = {0};

	post->reply = *reply;
	post->route = route;
	post->channel = reply->front->service->http.worker->channel;
	id_copy(ids[0], post->object);
	id_copy(ids[1], post->cursor);
	if (post_decode(post, &err) != 0)
		/* NOLINTNEXTLINE(bugprone-branch-clone): the order of the steps is the request's */
		post_refuse(post, &err);
	else if (post->jws.kid != NULL)
		post_account(post);
	else if (jws_verify(&post->jws, &post->jws.jwk, &err) != 0)
		post_refuse(post, &err);
	else
		post_act(post);
}
