/*
 * The keeper's operation for each kind of question; service/keeper/call.h runs
 * them. An operation's record stands at the end of its file.
 */
#ifndef ACME_KEEPER_OPERATION_H
#define ACME_KEEPER_OPERATION_H

#include "acme/message.h"
#include "service/keeper/call.h"
#include "store/acme/acme.h"

struct acme_keeper;
struct acme_revision;

/* Kind of question, and the record of its operation. */
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

/* The common steps of the ACME server's questions. */
extern const struct call_service operation_service;

/* A question, and its keeper. */
const struct acme_question *operation_asked(const struct call *call);
struct acme_keeper         *operation_keeper(const struct call *call);

/* What it is processed with, from its turn to its answer, whatever is reloaded meanwhile. */
const struct acme_revision *operation_revision(const struct call *call);

/* ACCOUNT_DOES_NOT_EXIST, or ACCOUNT_DEACTIVATED when it is; the caller clears *account. */
int operation_account(struct call *call, struct store *store, struct store_account *account,
    struct error *err);

/* The same for operations that do not need the account itself. */
int operation_check_account(struct call *call, struct store *store, struct error *err);

/* Refuses with more than a detail. Returns -1. */
int operation_refuse(struct call *call, const struct acme_refusal *refusal, struct error *err);

/* Copies an id; NOT_FOUND when it is not valid. */
int operation_id(struct view view, char id[STORE_ID_SIZE], struct error *err);

/* call_note with the id and name of the object, and the reason; all but the event may be NULL. */
void operation_note(struct call *call, const char *event, const char *object, const char *name,
    const char *reason);

#endif
