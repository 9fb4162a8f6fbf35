/*
 * A channel between front and keeper: a SOCK_SEQPACKET socketpair on an event
 * loop. Either side asks questions and the other answers; each message is
 * bounded. The channel does not know what messages mean, and does not trust its
 * peer: a message that is too long or of an unknown kind, an answer to no
 * question, or a peer that does not read its notifications closes it.
 *
 * A message is one packet: struct channel_header, then the body. The low 12 bits
 * of a question's id are its slot, and no slot holds two open questions, so that
 * both sides look ids up in a table of CHANNEL_ASKS_MAX slots.
 *
 * A channel belongs to the thread of its loop. It never calls back from inside
 * channel_ask, channel_say or channel_tell: a broken channel is reported by
 * `closed` in a later turn of the loop, after every open question got its
 * callback without data.
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

/* The longest body of a message, in octets: a decoded 64 KiB request, and some room. */
#define CHANNEL_MESSAGE_MAX ((size_t)96 * 1024)

/* Most open questions of one side of a channel. */
#define CHANNEL_ASKS_MAX 4096U

/* Precedes the body; in host byte order, as both ends are the same program. */
enum channel_kind { CHANNEL_ASK = 1, CHANNEL_SAY, CHANNEL_TELL, CHANNEL_FORGET };
struct channel_header {
	uint32_t kind;
	uint32_t id; /* of the question; 0 in a notification */
};

/*
 * The handlers of a channel's owner; all run on its event loop. If ask or tell
 * is NULL, the peer must not ask or tell.
 */
struct channel_handlers {
	/* A question has come; answer it now or later by channel_say with this id. The body is valid
	 * until this returns. */
	void (*ask)(struct channel *channel, uint32_t id, struct view body, void *arg);
	/* A notification has come, which has no answer. */
	void (*tell)(struct channel *channel, struct view body, void *arg);
	/* Runs once: the peer is gone or broke the rules (`reason`); free the channel here or later. */
	void (*closed)(struct channel *channel, const char *reason, void *arg);
	/*
	 * Optional. The peer no longer waits for the answer to an open question; answer it
	 * soon all the same, with an empty body when nothing was done: that frees its slot.
	 */
	void (*forget)(struct channel *channel, uint32_t id, void *arg);
	/* Optional. The messages that had arrived, or a bounded number of them, are handled. */
	void (*drained)(struct channel *channel, void *arg);
};

/* The answer to a question; body.data is NULL only when the channel closed before it came. */
typedef void channel_answer_cb(struct view body, void *arg);

/* Makes the two ends of a channel, close-on-exec, with room for the longest message. */
int channel_pair(int fds[2], struct error *err);

/* Takes ownership of the descriptor, also on failure. `handlers` must outlive the channel. */
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

/*
 * Cancels the callback of an open question, and tells the peer, unless the question has
 * not been sent: then it never is. An answer that still comes is dropped.
 */
void channel_forget(struct channel *channel, uint32_t id);

/* Answers question `id`. A second answer is dropped, and so is one on a closed channel. */
void channel_say(struct channel *channel, uint32_t id, struct view body);

/* Sends a notification, which has no answer. */
void channel_tell(struct channel *channel, struct view body);

/* Closes and frees; open questions get their answer callback with no data. Not inside any callback
 * but `closed`. */
void channel_free(struct channel *channel);

#endif
