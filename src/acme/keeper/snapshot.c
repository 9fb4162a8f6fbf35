/* Turns stored objects into answers, and applies expiry. */
#include "config.h"

#include "acme/keeper/snapshot.h"

#include "acme/keeper/transition.h"
#include "acme/message.h"
#include "store/acme/acme.h"

static struct acme_problem
problem_of(const struct store_problem *problem)
{
	if (problem->detail == NULL)
		return (struct acme_problem){0};
	return (struct acme_problem){problem->kind, view_text(problem->detail)};
}

void
snapshot_account(const struct store_account *account, bool created, struct bytes *answer)
{
	struct acme_answer message = {.kind = ACME_ANSWER_ACCOUNT};

	message.account = (struct acme_account){
	    .id = view_text(account->id),
	    .status = account->status,
	    .jwk = view_text(account->jwk),
	    .thumbprint = view_text(account->thumbprint),
	    .contact_count = account->contact_count,
	    .terms_agreed = account->terms_agreed,
	    .created = created,
	};
	for (size_t i = 0; i < account->contact_count; i++)
		message.account.contacts[i] = view_text(account->contacts[i]);
	acme_answer_encode(&message, answer);
}

void
snapshot_order(const struct store_order *order, int64_t now, struct bytes *answer)
{
	struct acme_answer message = {.kind = ACME_ANSWER_ORDER};

	message.order = (struct acme_order){
	    .id = view_text(order->id),
	    .status = transition_order_status(order, now),
	    .expires = order->expires,
	    .not_before = order->not_before,
	    .not_after = order->not_after,
	    .identifier_count = order->authorization_count,
	    .authorization_count = order->authorization_count,
	    .certificate = view_text(order->certificate),
	    .error = problem_of(&order->problem),
	};
	if (message.order.status != order->status)
		message.order.error = (struct acme_problem){ERROR_MALFORMED,
		    view_text("the order was not finalized in time; make a new one")};
	for (size_t i = 0; i < order->authorization_count; i++) {
		const struct store_authorization *authorization = &order->authorizations[i];

		message.order.identifiers[i] = (struct acme_identifier){view_text(authorization->type),
		    view_text(authorization->value)};
		message.order.authorizations[i] = view_text(authorization->id);
	}
	acme_answer_encode(&message, answer);
}

void
snapshot_authorization(const struct store_authorization *authorization, int64_t now,
    struct bytes *answer)
{
	struct acme_answer message = {.kind = ACME_ANSWER_AUTHORIZATION};

	message.authorization = (struct acme_authorization){
	    .id = view_text(authorization->id),
	    .status = transition_authorization_status(authorization, now),
	    .expires = authorization->expires,
	    .identifier = {view_text(authorization->type), view_text(authorization->value)},
	    .challenge_status = authorization->challenge,
	    .token = view_text(authorization->token),
	    .validated = authorization->validated,
	    .error = problem_of(&authorization->problem),
	};
	acme_answer_encode(&message, answer);
}
