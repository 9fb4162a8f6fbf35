/* Owns a question until its answer, its cancellation, or the keeper's end. */
#include "config.h"

#include "service/front/ask.h"

#include <stdint.h>
#include <stdlib.h>

#include "daemon/channel.h"
#include "http/server.h"
#include "util/error.h"

struct ask {
	struct channel       *channel;
	struct http_exchange *exchange; /* that waits for the answer, or NULL */
	uint32_t              id;
	ask_done_cb          *done;
	void (*gone)(void *arg);
	void *arg;
};

static void
ask_answer_cb(struct view answer, void *arg)
{
	struct ask   ask = *(struct ask *)arg;
	struct error err = {0};

	free(arg);
	/* The exchange has nothing to cancel now; if `done` asks again, that sets a new callback. */
	if (ask.exchange != NULL)
		http_exchange_on_cancel(ask.exchange, NULL, NULL);
	if (answer.data != NULL && answer.size != 0) {
		ask.done(answer, NULL, ask.arg);
	} else if (answer.data != NULL) {
		error_set(&err, ERROR_OVERLOADED, "the server is busy; try again");
		ask.done((struct view){NULL, 0}, &err, ask.arg);
	} else {
		error_set(&err, ERROR_OVERLOADED, "the server is restarting; try again");
		ask.done((struct view){NULL, 0}, &err, ask.arg);
	}
}

struct ask *
ask_new(struct channel *channel, struct view question, ask_done_cb *done, void *arg,
    struct error *err)
{
	struct ask *ask = memory_new(sizeof *ask);

	*ask = (struct ask){.channel = channel, .done = done, .arg = arg};
	if (channel_ask(channel, question, ask_answer_cb, ask, &ask->id, err) == 0)
		return ask;
	free(ask);
	return NULL;
}

void
ask_forget(struct ask *ask)
{
	if (ask == NULL)
		return;
	channel_forget(ask->channel, ask->id);
	free(ask);
}

static void
ask_cancelled_cb(void *arg)
{
	struct ask *ask = arg;
	void (*gone)(void *arg) = ask->gone;
	void *whose = ask->arg;

	ask_forget(ask);
	gone(whose);
}

void
ask_for(struct http_exchange *exchange, struct channel *channel, struct view question,
    ask_done_cb *done, void (*gone)(void *arg), void *arg)
{
	struct error err = {0};
	struct ask  *ask = ask_new(channel, question, done, arg, &err);

	if (ask == NULL) {
		done((struct view){NULL, 0}, &err, arg);
		return;
	}
	ask->exchange = exchange;
	ask->gone = gone;
	http_exchange_on_cancel(exchange, ask_cancelled_cb, ask);
}
