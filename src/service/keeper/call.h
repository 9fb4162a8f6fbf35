/*
 * The processing of one question in a keeper: decoded and examined in its worker's
 * thread (read, prove, sign), carried out in the writer's transaction, answered when
 * the commit is on disk, logged and freed. The daemon knows what the question means. A
 * change without a question takes the same way.
 */
#ifndef SERVICE_KEEPER_CALL_H
#define SERVICE_KEEPER_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/writer.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/log.h"
#include "util/source.h"
#include "util/turns.h"

struct call;
struct keeper_question;
struct store;
struct worker;

/* The requester, for the log and the audit trail; {0}: none. */
struct call_asker {
	char        request[LOG_NUMBER_SIZE]; /* the request's number in the front's log */
	const char *kind;                     /* the log's key for `name`: "peer", "account" */
	char        name[72];
};

/*
 * The steps for one kind of question. Each returns 0, or -1 with the refusal in
 * *err.
 */
struct call_operation {
	const char *name;           /* for the log */
	size_t      state_size;     /* size of call->state, which is zeroed at first */
	void (*clear)(void *state); /* frees the content of the state; NULL: nothing to free */

	/*
	 * In the worker's thread, with the worker's store. If it leaves no answer,
	 * `change` follows.
	 */
	int (*look)(struct call *call, struct store *store, struct error *err);

	/* In the writer's transaction: checks again everything that may have changed, and writes. */
	int (*change)(struct call *call, struct store *store, struct error *err);

	/*
	 * After the commit or the refusal and before the answer, in the worker's thread (in
	 * the writer's for a change without a question; it must not block there). `rc` is
	 * 0, or -1 with the refusal in *err; the return value replaces it. NULL: nothing to
	 * do.
	 */
	int (*told)(struct call *call, int rc, struct error *err);
};

/* The steps that all questions of a daemon share. */
struct call_service {
	size_t asked_size; /* size of call->asked, which is zeroed at first */

	/*
	 * Decodes call->body into call->asked, and fills call->asker and
	 * call->operation, and call->source, by which questions take turns, and refusals are
	 * counted in the log, and call->subject; after a refusal call->asker too, as far as known.
	 */
	int (*decode)(struct call *call, struct error *err);

	/* Sets the requester of the store's audit trail, before each change; NULL: not needed. */
	void (*act)(const struct call_asker *asker, struct store *store);

	/* Encodes a refusal as an answer. */
	void (*refuse)(const struct error *err, struct bytes *answer);

	/*
	 * Takes hold of what a question is processed with, such as the settings, from its turn to
	 * its answer: what replaces that meanwhile is for later questions. Any thread. NULL: of
	 * nothing.
	 */
	void *(*hold)(void *keeper);
	void (*release)(void *keeper, void *held);
};

/* Octets of questions that wait for their turn in one worker, and how long one does. */
#define CALL_WAITING_MAX ((size_t)16 * 1024 * 1024)
#define CALL_PATIENCE_MS 10000

/* One worker of a keeper: the state of its daemon/keeper.h handlers. */
struct call_worker {
	const struct call_service *service;
	void                      *keeper; /* its owner's; of a daemon, a struct service_keeper */
	struct worker             *worker;
	struct store              *store;  /* its own */
	struct store_writer       *writer; /* the keeper's */
	struct turns              *turns;  /* questions that are not begun */
	size_t                     waiting_max; /* octets of them; CALL_WAITING_MAX */
	int64_t                    patience_ms; /* how long one waits; CALL_PATIENCE_MS */
};

/* The log line of a success; filled by call_note. */
#define CALL_NOTE_FIELDS 3
struct call_note {
	const char *event; /* NULL: no line */
	const char *keys[CALL_NOTE_FIELDS];
	char       *values[CALL_NOTE_FIELDS];
};

struct call {
	const struct call_operation *operation; /* NULL until decoded */
	struct call_worker          *worker;    /* NULL: a change without a question */
	struct call_asker            asker;
	struct source                source;
	struct view                  subject; /* the account that it says it is of, or {0} */
	struct bytes                 body; /* `asked` may point into it */
	void                        *asked;
	void                        *state;
	void                        *held;    /* by call_service.hold; NULL before its turn */
	int64_t                      now;     /* start time, in seconds since 1970 */
	struct bytes                 answer;  /* the answer on success */
	struct bytes                 refusal; /* the answer to send instead of that of `refuse` */

	/* Private to call.c. */
	const struct call_service *service;
	struct keeper_question    *question;
	struct turn                turn;
	int64_t                    since; /* when it was asked, in ms of the monotonic clock */
	struct store_job           job;
	struct call_note           note;
	int                        rc;
	struct error               err;
};

/* Makes a worker's state; takes ownership of the store. Free it with call_worker_close_cb. */
struct call_worker *call_worker_new(const struct call_service *service, void *keeper,
    struct worker *worker, struct store *store, struct store_writer *writer);
void call_worker_close_cb(void *state);

/*
 * Takes a question from a front; refuses it at once when it cannot be decoded. Others wait for
 * call_turn_cb. When too much waits, the last questions of the source that has most are
 * dropped: their answer is empty.
 */
void call_ask_cb(void *state, struct keeper_question *question, struct view body);

/* Drops a question that is not begun. */
void call_forget_cb(void *state, struct keeper_question *question);

/*
 * Processes questions for about a millisecond, each source's in its turn; each is answered
 * now, or after the commit. Those that waited longer than the worker's patience are dropped. True
 * when more wait.
 */
bool call_turn_cb(void *state);

/*
 * Submits a change without a question: `operation` without `look`, on behalf of `asker`
 * (NULL: the daemon itself), with a copy of `state`. A failure is logged. Any thread.
 */
void call_submit(const struct call_service *service, struct store_writer *writer,
    const struct call_operation *operation, const struct call_asker *asker, const void *state);

/* Fills *asker with the number of a request and a name, which is cut if too long. */
void call_asker_set(struct call_asker *asker, uint64_t request, const char *kind, struct view name);

/*
 * Notes an event to log once the change is on disk: its name (a literal) and at most
 * CALL_NOTE_FIELDS fields, ended by one without a key. Values are copied, and may be NULL.
 */
void call_note(struct call *call, const char *event, const struct log_field *fields);

#endif
