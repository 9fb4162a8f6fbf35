/*
 * What the keeper does for each kind of question; how a question goes its way is
 * service/keeper/call.h. A record stands at the end of the file that does it.
 */
#ifndef ACME_KEEPER_OPERATION_H
#define ACME_KEEPER_OPERATION_H

#include "acme/message.h"
#include "service/keeper/call.h"
#include "store/acme/acme.h"

struct acme_keeper;

/* Kind of question, and which record is its operation. */
#define OPERATIONS(X)                                                                        \
	X(ACCOUNT_NEW, account_new) X(ACCOUNT_GET, account_get)                              \
	X(ACCOUNT_UPDATE, account_update) X(ACCOUNT_KEY_CHANGE, account_key_change)          \
	X(ACCOUNT_ORDERS, account_orders) X(ORDER_NEW, order_new) X(ORDER_GET, order_get)    \
	X(ORDER_FINALIZE, finalize) X(AUTHORIZATION_GET, authorization_get)                  \
	X(AUTHORIZATION_DEACTIVATE, authorization_deactivate)                                \
	X(CHALLENGE_ANSWER, challenge_answer) X(CHALLENGE_FAIL, challenge_fail)              \
	X(CERTIFICATE_GET, certificate_get) X(CERTIFICATE_REVOKE, certificate_revoke)

#define X(kind, record) extern const struct call_operation operation_##record;
OPERATIONS(X)
#undef X

/* What the questions of the ACME server have in common. */
extern const struct call_service operation_service;

/* What is asked, and of which keeper. */
const struct acme_question *operation_asked(const struct call *call);
struct acme_keeper         *operation_keeper(const struct call *call);

/* ACCOUNT_DOES_NOT_EXIST, or ACCOUNT_DEACTIVATED when it is; the caller clears *account. */
int operation_account(struct call *call, struct store *store, struct store_account *account,
    struct error *err);

/* The same for operations that need no more of it. */
int operation_check_account(struct call *call, struct store *store, struct error *err);

/* Refuses with more than a sentence. Returns -1. */
int operation_refuse(struct call *call, const struct acme_refusal *refusal, struct error *err);

/* Copies an id; NOT_FOUND when it cannot be one. */
int operation_id(struct view view, char id[STORE_ID_SIZE], struct error *err);

/* call_note with the id and name of what it happened to, and why; all but the event may be NULL. */
void operation_note(struct call *call, const char *event, const char *object, const char *name,
    const char *reason);

#endif
