/*
 * The keeper process: workers that answer the channels of the current front.
 * The caller knows what the messages mean.
 */
#ifndef DAEMON_KEEPER_H
#define DAEMON_KEEPER_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;
struct channel;
struct keeper;
struct keeper_question;
struct worker;

/* The handlers of a keeper's owner; `arg` is keeper_run's, `state` comes from worker_open. */
struct keeper_handlers {
	/* In keeper_run's thread before serving begins: makes the state of one worker. */
	int (*worker_open)(void *arg, struct worker *worker, void **state, struct error *err);
	/* In keeper_run's thread after the last answer. */
	void (*worker_close)(void *state);
	/* In the worker's thread: a front has come; tell it (channel_tell) its configuration. */
	void (*greet)(void *state, struct channel *channel);
	/* In the worker's thread: answer now or later, once, from the same thread, with
	 * keeper_answer. */
	void (*ask)(void *state, struct keeper_question *question, struct view body);
	/*
	 * In the worker's thread: no one waits for the answer any more, as the client or the
	 * front has gone, or the keeper stops. If nothing was begun, answer with an empty
	 * body; else answer as ever. NULL: every question is carried out.
	 */
	void (*forget)(void *state, struct keeper_question *question);
	/*
	 * In the worker's thread, after a number of questions was taken: works some of them
	 * off; true when there are more, for the next turn of the loop. NULL: nothing is left
	 * by `ask`.
	 */
	bool (*turn)(void *state);
	/* In keeper_run's thread: when all workers serve, before the service manager hears of it;
	 * about once a second; on SIGHUP. */
	void (*ready)(void *arg);
	void (*tick)(void *arg, struct keeper *keeper);
	void (*reload)(void *arg, struct keeper *keeper);
	/* In keeper_run's thread, after the last question and before the workers end: finish open
	 * work. */
	void (*finish)(void *arg);
};

/*
 * Runs `workers` workers, with the channels that come over the supervisor's
 * `control` socket, until SIGTERM or until the supervisor is gone. Without
 * `signals` (both halves in one process) only the latter.
 * Returns 0, or -1 when it could not start.
 */
int keeper_run(int control, size_t workers, bool signals, const struct keeper_handlers *handlers,
    void *arg, struct error *err);

/*
 * Answers and frees the question; an empty body says that it was not carried out, because
 * the asker has gone or too many questions waited. It is no error if the front has gone.
 */
void keeper_answer(struct keeper_question *question, struct view body);

/* What `ask` noted of a question for `forget`; NULL at first. */
void  keeper_question_own(struct keeper_question *question, void *owner);
void *keeper_question_owner(const struct keeper_question *question);

/* Sends a notification to every connected front; call it from tick and reload. */
void keeper_tell(struct keeper *keeper, struct view body);

#endif
