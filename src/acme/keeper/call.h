/*
 * One question on its way through the keeper: decoded, looked at in its worker's
 * thread (read, prove, sign), carried out in the writer's transaction, and
 * answered once that is on disk.
 */
#ifndef ACME_KEEPER_CALL_H
#define ACME_KEEPER_CALL_H

#include <stdbool.h>
#include <stdint.h>

#include "acme/keeper/statement.h"
#include "acme/message.h"
#include "store/acme/acme.h"
#include "store/writer.h"
#include "util/bytes.h"
#include "util/error.h"

struct acme_worker;
struct keeper_question;
struct call_operation;

/* What is logged when all went well. */
struct call_note {
	const char *event; /* NULL: nothing */
	char        object[STORE_ID_SIZE];
	char       *name;
	char       *reason;
};

struct acme_call {
	struct store_job             job;
	struct acme_worker          *worker;
	struct keeper_question      *question;
	const struct call_operation *operation;
	struct bytes                 body;  /* that `asked` points into */
	struct acme_question         asked;
	int64_t                      now;
	struct bytes                 answer;
	struct bytes                 refusal; /* in place of the plain one of `err` */
	bool                         failed;
	struct error                 err;
	struct call_note             note;

	/* What looking found out for the change; cleared with the call. */
	struct statement_verdict verdict;
	struct store_problem     problem;
	struct store_issued      issued;
};

/*
 * What is done for a kind of question. `look` runs in the worker's thread with
 * its own store; when it leaves no answer and there is a `change`, that runs in
 * the writer's transaction and must look again at whatever may have changed.
 * Either returns 0, or -1 with the refusal.
 */
struct call_operation {
	const char *name; /* for the log */
	int (*look)(struct acme_call *call, struct store *store, struct error *err);
	int (*change)(struct acme_call *call, struct store *store, struct error *err);
};

/* Takes a question from a front; answers it now or later. */
void call_begin(struct acme_worker *worker, struct keeper_question *question, struct view body);

/* ACCOUNT_DOES_NOT_EXIST, or ACCOUNT_DEACTIVATED when it is; the caller clears *account. */
int call_account(struct acme_call *call, struct store *store, struct store_account *account,
    struct error *err);

/* The same for operations that need no more of it. */
int call_check_account(struct acme_call *call, struct store *store, struct error *err);

/* Refuses with more than a sentence. Returns -1. */
int call_refuse(struct acme_call *call, const struct acme_refusal *refusal, struct error *err);

/* Copies an id; NOT_FOUND when it cannot be one. */
int call_id(struct view view, char id[STORE_ID_SIZE], struct error *err);

/* Notes what happened, for the log once it is on disk; all but the event may be NULL. */
void call_note(struct acme_call *call, const char *event, const char *object, const char *name,
    const char *reason);

#endif
