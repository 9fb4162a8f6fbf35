/* What the keeper does for each kind of question; see call.h. */
#ifndef ACME_KEEPER_OPERATION_H
#define ACME_KEEPER_OPERATION_H

struct acme_call;
struct error;
struct store;

/* Every step of every operation, file by file. */
#define OPERATION_STEPS(X)                                                              \
	X(account_new_look) X(account_new_change) X(account_get) X(account_update)      \
	X(account_key_change) X(account_orders)                                         \
	X(order_new_look) X(order_new_change) X(order_get)                              \
	X(finalize_look) X(finalize_change)                                             \
	X(authorization_get) X(authorization_deactivate)                                \
	X(challenge_look) X(challenge_change) X(challenge_fail)                         \
	X(certificate_get) X(revoke_look) X(revoke_change)                              \
	X(file_get)

#define X(step) int operation_##step(struct acme_call *call, struct store *store, struct error *err);
OPERATION_STEPS(X)
#undef X

#endif
