/*
 * The way of one question through a keeper: decoded and looked at in its worker's
 * thread (read, prove, sign), carried out in the writer's transaction, answered when
 * that is on disk, logged and freed. What the question means is the daemon's business.
 * A change that nobody waits for goes the same way without a question.
 */
#ifndef SERVICE_KEEPER_CALL_H
#define SERVICE_KEEPER_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "store/writer.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"

struct call;
struct keeper_question;
struct store;
struct worker;

/* Who asks, for the log and the audit trail; {0} is nobody. */
struct call_asker {
	char        request[LOG_NUMBER_SIZE]; /* number of the request in the front's log */
	const char *kind;                     /* of `name`, as the log's key: "peer", "account" */
	char        name[72];
};

/*
 * What is done for one kind of question. Each step returns 0, or -1 with the refusal
 * in *err.
 */
struct call_operation {
	const char *name;           /* for the log */
	size_t      state_size;     /* octets of call->state, which is zeros at first */
	void (*clear)(void *state); /* frees what the state holds; NULL: it holds nothing */

	/*
	 * In the worker's thread, with the worker's store. When it leaves no answer and there
	 * is a `change`, that follows.
	 */
	int (*look)(struct call *call, struct store *store, struct error *err);

	/* In the writer's transaction: looks again at whatever may have changed, and writes. */
	int (*change)(struct call *call, struct store *store, struct error *err);

	/*
	 * After the commit or the refusal, before anything is said, in the worker's thread
	 * (the writer's when nobody waits; it must not block then). `rc` is 0, or -1 when *err
	 * refuses; what it returns counts in its place. NULL: nothing is left to do.
	 */
	int (*told)(struct call *call, int rc, struct error *err);
};

/* What all questions of a daemon have in common. */
struct call_service {
	size_t asked_size; /* octets of call->asked, which is zeros at first */

	/*
	 * Decodes call->body into call->asked, and fills call->asker and call->operation;
	 * call->asker also when it refuses, as far as it is known.
	 */
	int (*decode)(struct call *call, struct error *err);

	/* Says on whose behalf the store changes, before each change; NULL: nobody asks it. */
	void (*act)(const struct call_asker *asker, struct store *store);

	/* Encodes the answer that refuses. */
	void (*refuse)(const struct error *err, struct bytes *answer);
};

/* One worker of a keeper: the state of its daemon/keeper.h handlers. */
struct call_worker {
	const struct call_service *service;
	void                      *keeper; /* the daemon's */
	struct worker             *worker;
	struct store              *store;  /* its own */
	struct store_writer       *writer; /* the keeper's */
};

/* What is logged when all went well; call_note fills it. */
#define CALL_NOTE_FIELDS 3
struct call_note {
	const char *event; /* NULL: nothing */
	const char *keys[CALL_NOTE_FIELDS];
	char       *values[CALL_NOTE_FIELDS];
};

struct call {
	const struct call_operation *operation; /* NULL until it is decoded */
	struct call_worker          *worker;    /* NULL: nobody waits */
	struct call_asker            asker;
	struct bytes                 body; /* that `asked` may point into */
	void                        *asked;
	void                        *state;
	int64_t                      now;     /* when it began, in seconds since 1970 */
	struct bytes                 answer;  /* said when all went well */
	struct bytes                 refusal; /* said in place of what `refuse` makes of an error */

	/* call.c's own. */
	const struct call_service *service;
	struct keeper_question    *question;
	struct store_job           job;
	struct call_note           note;
	int                        rc;
	struct error               err;
};

/* Makes a worker's state; takes the store over. Free it with call_worker_close_cb. */
struct call_worker *call_worker_new(const struct call_service *service, void *keeper,
    struct worker *worker, struct store *store, struct store_writer *writer);
void call_worker_close_cb(void *state);

/* Takes a question from a front; it is answered now, or after the commit. */
void call_ask_cb(void *state, struct keeper_question *question, struct view body);

/*
 * Submits a change that nobody waits for: `operation` without `look`, on behalf of `asker`
 * (NULL: of the daemon itself), with a copy of `state`. Its failure is logged. Any thread.
 */
void call_submit(const struct call_service *service, struct store_writer *writer,
    const struct call_operation *operation, const struct call_asker *asker, const void *state);

/* Fills *asker with the number of a request and a name, cut where it is too long. */
void call_asker_set(struct call_asker *asker, uint64_t request, const char *kind, struct view name);

/*
 * Notes what happened, for the log once it is on disk: an event (a literal) and at most
 * CALL_NOTE_FIELDS fields, which end with one without a key. Values are copied, and may be NULL.
 */
void call_note(struct call *call, const char *event, const struct log_field *fields);

#endif
