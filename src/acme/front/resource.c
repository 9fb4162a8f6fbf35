/* Owns the status and headers of each resource's answer; render.c makes the bodies. */
#include "config.h"

#include "acme/front/resource.h"

#include <string.h>

#include "acme/front/render.h"
#include "acme/front/reply.h"
#include "acme/front/state.h"
#include "acme/message.h"
#include "util/error.h"

#define CHAIN_TYPE "application/pem-certificate-chain"

/* Retry-After for an unfinished object. */
#define RETRY_AFTER "2"

void
tell_account_new(struct reply *reply, const struct acme_answer *answer)
{
	reply_url(reply, "Location", ACME_PATH_ACCOUNT, answer->account.id);
	reply_json(reply, answer->account.created ? 201 : 200,
	    render_account(reply->front->base, &answer->account));
}

void
tell_account(struct reply *reply, const struct acme_answer *answer)
{
	reply_url(reply, "Location", ACME_PATH_ACCOUNT, answer->account.id);
	reply_json(reply, 200, render_account(reply->front->base, &answer->account));
}

void
tell_orders(struct reply *reply, const struct acme_answer *answer)
{
	struct view account = view_text(reply->account);

	if (answer->orders.next.size != 0)
		reply_link(reply, "next", ACME_PATH_ORDERS_PAGE, account, answer->orders.next);
	reply_json(reply, 200, render_orders(reply->front->base, &answer->orders));
}

static void
order_tell(struct reply *reply, int status, const struct acme_order *order)
{
	reply_url(reply, "Location", ACME_PATH_ORDER, order->id);
	if (order->status == STATUS_PROCESSING)
		reply_header(reply, "Retry-After", RETRY_AFTER);
	reply_json(reply, status, render_order(reply->front->base, order));
}

void
tell_order_new(struct reply *reply, const struct acme_answer *answer)
{
	order_tell(reply, 201, &answer->order);
}

void
tell_order(struct reply *reply, const struct acme_answer *answer)
{
	order_tell(reply, 200, &answer->order);
}

void
tell_authorization(struct reply *reply, const struct acme_answer *answer)
{
	if (answer->authorization.challenge_status == STATUS_PROCESSING)
		reply_header(reply, "Retry-After", RETRY_AFTER);
	reply_json(reply, 200, render_authorization(reply->front->base, &answer->authorization));
}

void
tell_challenge(struct reply *reply, const struct acme_answer *answer)
{
	const struct acme_authorization *authorization = &answer->authorization;

	reply_link(reply, "up", ACME_PATH_AUTHORIZATION, authorization->id, (struct view){0});
	if (authorization->challenge_status == STATUS_PROCESSING)
		reply_header(reply, "Retry-After", RETRY_AFTER);
	reply_json(reply, 200, render_challenge(reply->front->base, authorization));
}

void
tell_certificate(struct reply *reply, const struct acme_answer *answer)
{
	reply_bytes(reply, 200, CHAIN_TYPE, answer->certificate);
}

void
tell_done(struct reply *reply, const struct acme_answer *answer)
{
	(void)answer;
	reply_bytes(reply, 200, NULL, (struct view){0});
}

void
tell_refusal(struct reply *reply, const struct acme_refusal *refusal)
{
	struct error err = {0};

	error_set(&err, refusal->problem.kind, "%.*s", (int)refusal->problem.detail.size,
	    refusal->problem.detail.size != 0 ? (const char *)refusal->problem.detail.data : "");
	if (refusal->object.size != 0) /* RFC 8555 §7.3.5: the account that has the key */
		reply_url(reply, "Location", ACME_PATH_ACCOUNT, refusal->object);
	reply_problem(reply, &err, refusal);
}
