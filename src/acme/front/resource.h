/* What the keeper answered, told to the client: status, headers and body of each resource. */
#ifndef ACME_FRONT_RESOURCE_H
#define ACME_FRONT_RESOURCE_H

struct acme_answer;
struct acme_refusal;
struct reply;

/* Each answers the exchange; the answer is of the kind that the route names. */
void tell_account_new(struct reply *reply, const struct acme_answer *answer);
void tell_account(struct reply *reply, const struct acme_answer *answer);
void tell_orders(struct reply *reply, const struct acme_answer *answer);
void tell_order_new(struct reply *reply, const struct acme_answer *answer);
void tell_order(struct reply *reply, const struct acme_answer *answer);
void tell_authorization(struct reply *reply, const struct acme_answer *answer);
void tell_challenge(struct reply *reply, const struct acme_answer *answer);
void tell_certificate(struct reply *reply, const struct acme_answer *answer);
void tell_done(struct reply *reply, const struct acme_answer *answer);

/* The keeper said no. */
void tell_refusal(struct reply *reply, const struct acme_refusal *refusal);

#endif
