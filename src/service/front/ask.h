/* Questions of a front to its keeper, for an exchange or without one. */
#ifndef SERVICE_FRONT_ASK_H
#define SERVICE_FRONT_ASK_H

#include "util/bytes.h"

struct ask;
struct channel;
struct error;
struct http_exchange;

/*
 * Runs once: with the keeper's answer, which is valid until this returns, and err NULL;
 * or with an error: OVERLOADED when the keeper has gone or has too many questions, which it
 * says by an empty answer.
 */
typedef void ask_done_cb(struct view answer, const struct error *err, void *arg);

/*
 * Asks. The handle lives until `done` runs, in a later turn of the loop, or until
 * ask_forget. Returns NULL with OVERLOADED or TOO_LARGE when the question cannot be asked.
 */
struct ask *ask_new(struct channel *channel, struct view question, ask_done_cb *done, void *arg,
    struct error *err);

/* Cancels the question: `done` does not run. NULL is allowed. */
void ask_forget(struct ask *ask);

/*
 * Asks on behalf of an exchange; `done` answers the exchange or asks again, and may
 * run before this returns. If the client disconnects first, the question is cancelled
 * and `gone` runs instead: it frees what `done` would have freed. One question at a
 * time.
 */
void ask_for(struct http_exchange *exchange, struct channel *channel, struct view question,
    ask_done_cb *done, void (*gone)(void *arg), void *arg);

#endif
