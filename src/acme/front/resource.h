/* Turns the keeper's answers into HTTP answers: status, headers and body of each resource. */
#ifndef ACME_FRONT_RESOURCE_H
#define ACME_FRONT_RESOURCE_H

struct acme_answer;
struct acme_refusal;
struct reply;

/* Each answers the exchange; the answer has the kind that the route expects. */
void tell_account_new(struct reply *reply, const struct acme_answer *answer);
void tell_account(struct reply *reply, const struct acme_answer *answer);
void tell_orders(struct reply *reply, const struct acme_answer *answer);
void tell_order_new(struct reply *reply, const struct acme_answer *answer);
void tell_order(struct reply *reply, const struct acme_answer *answer);
void tell_authorization(struct reply *reply, const struct acme_answer *answer);
void tell_challenge(struct reply *reply, const struct acme_answer *answer);
void tell_certificate(struct reply *reply, const struct acme_answer *answer);
void tell_done(struct reply *reply, const struct acme_answer *answer);

/* Answers with the keeper's refusal. */
void tell_refusal(struct reply *reply, const struct acme_refusal *refusal);

#endif
