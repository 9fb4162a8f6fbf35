/* A question of a front to its keeper, and for whom it is asked. */
#ifndef SERVICE_FRONT_ASK_H
#define SERVICE_FRONT_ASK_H

#include "util/bytes.h"

struct ask;
struct channel;
struct error;
struct http_exchange;

/*
 * Runs once: with the keeper's answer, which lives until this returns, and err NULL; or
 * with why there is none, OVERLOADED when the keeper has gone or has too many questions.
 */
typedef void ask_done_cb(struct view answer, const struct error *err, void *arg);

/*
 * Asks. The handle lives until `done` runs, in a later turn of the loop, or until
 * ask_forget. Returns NULL with OVERLOADED or TOO_LARGE when the question cannot be asked.
 */
struct ask *ask_new(struct channel *channel, struct view question, ask_done_cb *done, void *arg,
    struct error *err);

/* Nobody waits any more: `done` does not run. NULL is allowed. */
void ask_forget(struct ask *ask);

/*
 * Asks for an exchange, which `done` answers, or asks for again; `done` may run before
 * this returns. When the client hangs up first, the question is forgotten and `gone`
 * runs instead: it frees what `done` would have freed. One question at a time.
 */
void ask_for(struct http_exchange *exchange, struct channel *channel, struct view question,
    ask_done_cb *done, void (*gone)(void *arg), void *arg);

#endif
