/*
 * A channel between front and keeper: a SOCK_SEQPACKET socketpair on which either
 * side asks, and the other says, each message bounded, on an event loop. It does
 * not know what the messages mean, and trusts its peer in nothing: a message that
 * is too long, of an unknown kind, or an answer to no question closes it, and so
 * does a peer that does not read what it is told.
 *
 * A message is one packet: struct channel_header, then the body. The low 12 bits
 * of a question's id are its slot, and no slot holds two open questions, so that
 * both sides look ids up in a table of CHANNEL_ASKS_MAX slots.
 *
 * A channel belongs to the thread of its loop. It never calls back from inside
 * channel_ask, channel_say or channel_tell: what they find broken is reported by
 * `closed` in a later turn of the loop, after every open question got no data.
 */
#ifndef DAEMON_CHANNEL_H
#define DAEMON_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct channel;
struct error;
struct event_base;

/* The longest body of a message, in octets: a 64 KiB request, decoded, and room. */
#define CHANNEL_MESSAGE_MAX ((size_t)96 * 1024)

/* Questions that one side may have open on a channel. */
#define CHANNEL_ASKS_MAX 4096U

/* What stands before the body; both ends are one program, so in its own byte order. */
enum channel_kind { CHANNEL_ASK = 1, CHANNEL_SAY, CHANNEL_TELL };
struct channel_header {
	uint32_t kind;
	uint32_t id; /* of the question; 0 when telling */
};

/*
 * What the owner of a channel does with what comes; all run on its event loop.
 * Where ask or tell is NULL, a peer that asks or tells breaks the rules.
 */
struct channel_handlers {
	/* A question; answer it now or later with channel_say and this id. The body lives until this returns. */
	void (*ask)(struct channel *channel, uint32_t id, struct view body, void *arg);
	/* Something told, to which there is no answer. */
	void (*tell)(struct channel *channel, struct view body, void *arg);
	/* Once: the peer is gone or broke the rules (`reason`); free the channel here or later. */
	void (*closed)(struct channel *channel, const char *reason, void *arg);
};

/* The answer to a question; body.data is NULL only when the channel closed before it came. */
typedef void channel_answer_cb(struct view body, void *arg);

/* Makes the two ends of a channel, close-on-exec, with room for the longest message. */
int channel_pair(int fds[2], struct error *err);

/* Takes the descriptor over, whatever it returns. `handlers` must outlive the channel. */
int channel_new(struct event_base *base, int fd, const struct channel_handlers *handlers,
    void *arg, struct channel **out, struct error *err);

/*
 * Asks; `answer` runs exactly once, later, unless channel_forget comes first.
 * OVERLOADED when CHANNEL_ASKS_MAX are open, when the peer does not read, or when
 * the channel has closed; TOO_LARGE above the bound.
 */
int channel_ask(struct channel *channel, struct view body, channel_answer_cb *answer, void *arg,
    uint32_t *id, struct error *err);

/* True when the channel has closed because the peer ended, and not because it broke the rules. */
bool channel_peer_ended(const struct channel *channel);

/* Nobody waits for this answer any more; it may still come, and is dropped. */
void channel_forget(struct channel *channel, uint32_t id);

/* Answers question `id`, once. Answers to a channel that has closed, and second ones, are dropped. */
void channel_say(struct channel *channel, uint32_t id, struct view body);

/* Tells the peer something. */
void channel_tell(struct channel *channel, struct view body);

/* Closes and frees; open questions get their answer callback with no data. Not inside a callback but `closed`. */
void channel_free(struct channel *channel);

#endif
