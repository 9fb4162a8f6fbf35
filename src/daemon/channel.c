/*
 * Owns the packets between front and keeper: header, bounds, the open questions of
 * both sides, and the send queue. Does not look into bodies.
 */
#include "config.h"

#include "daemon/channel.h"

#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "util/error.h"

/* Most messages handled in one turn of the loop, so that other events get their turn. */
#define CHANNEL_DRAIN 64

/* Most messages received by one system call. */
#define CHANNEL_BATCH 8

/*
 * Most octets queued for a peer that does not read, besides the socket's buffer.
 * Notifications have their own bound, one message of any size, so that answers cannot block
 * them.
 */
#define CHANNEL_QUEUE_MAX ((size_t)16 * 1024 * 1024)
#define CHANNEL_TOLD_MAX  (sizeof(struct channel_parcel) + CHANNEL_MESSAGE_MAX)

/* The low bits of an id are its slot; the bits above distinguish successive questions in it. */
#define CHANNEL_SLOT(id) ((id) % CHANNEL_ASKS_MAX)
#define CHANNEL_NO_SLOT  CHANNEL_ASKS_MAX
_Static_assert((CHANNEL_ASKS_MAX & (CHANNEL_ASKS_MAX - 1)) == 0, "ids wrap around");

/* A question of ours. */
struct channel_asked {
	channel_answer_cb *answer; /* NULL: forgotten */
	void              *arg;
	uint32_t           id;
	uint32_t           next_free; /* next free slot, while this one is free */
	bool               open;
	struct channel_parcel *parcel; /* the question while it is not sent */
};

/* A question of the peer. */
struct channel_heard {
	uint32_t id;
	bool     open;
};

/* A message that waits for room in the socket. */
struct channel_parcel {
	TAILQ_ENTRY(channel_parcel) link;
	struct channel_header       header;
	size_t                      size;
	uint8_t                     body[];
};
TAILQ_HEAD(channel_parcels, channel_parcel);

/* A message as received; the pages that it does not reach stay untouched memory. */
struct channel_packet {
	struct channel_header header;
	uint8_t               body[CHANNEL_MESSAGE_MAX];
};

struct channel {
	const struct channel_handlers *handlers;
	void                          *arg;
	const char                    *closed_because; /* NULL while the channel works */
	struct event                  *readable;
	struct event                  *writable; /* pending while the queue is not empty */
	struct event                  *broken;   /* made active to report the end */
	struct channel_parcels         queue;
	size_t                         queued; /* octets of questions and answers */
	size_t                         told;   /* octets of notifications */
	uint32_t                       free_slot;
	uint32_t                       used_slots; /* slots ever used; the rest is untouched memory */
	int                            fd;
	bool                           calling; /* a handler or an answer runs */
	struct channel_asked           asked[CHANNEL_ASKS_MAX];
	struct channel_heard           heard[CHANNEL_ASKS_MAX];
	struct channel_packet          packets[CHANNEL_BATCH];
	struct channel_packet          sent;
};

/* A view whose data is never NULL: an answer without octets is still an answer. */
static struct view
channel_view(const uint8_t *data, size_t size)
{
	static const uint8_t nothing;

	return (struct view){size != 0 ? data : &nothing, size};
}

/* A peer that ended breaks no rule. */
static const char peer_gone[] = "the peer is gone";

bool
channel_peer_ended(const struct channel *channel)
{
	return channel->closed_because == peer_gone;
}

/* Marks the channel as broken; its owner's callback runs in a later turn of the loop. */
static void
channel_break(struct channel *channel, const char *reason)
{
	assert(channel->closed_because == NULL); /* nothing is sent or heard any more */
	channel->closed_because = reason;
	(void)event_del(channel->readable);
	(void)event_del(channel->writable);
	(void)shutdown(channel->fd, SHUT_RDWR);
	event_active(channel->broken, 0, 0);
}

/* Frees the slot and returns its content. */
static struct channel_asked
channel_asked_take(struct channel *channel, uint32_t slot)
{
	struct channel_asked taken = channel->asked[slot];

	channel->asked[slot] = (struct channel_asked){
	    .id = taken.id + CHANNEL_ASKS_MAX,
	    .next_free = channel->free_slot,
	};
	channel->free_slot = slot;
	return taken;
}

/* Ends all open questions without an answer. */
static void
channel_asked_end(struct channel *channel)
{
	for (uint32_t slot = 0; slot < channel->used_slots; slot++) {
		struct channel_asked *asked = &channel->asked[slot];
		struct channel_asked  ended;

		if (!asked->open)
			continue;
		ended = channel_asked_take(channel, slot);
		if (ended.answer != NULL)
			ended.answer((struct view){NULL, 0}, ended.arg);
	}
}

static void
channel_broken_cb(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	(void)fd;
	(void)what;
	channel->calling = true;
	channel_asked_end(channel);
	channel->calling = false;
	channel->handlers->closed(channel, channel->closed_because, channel->arg);
}

/*
 * Sends one message. True when the socket took it; else errno says why. In one piece: the keeper's
 * sandbox has no sendmsg(2), which takes an address.
 */
static bool
channel_send(struct channel *channel, const struct channel_header *header, const void *body, size_t size)
{
	struct channel_packet *packet = &channel->sent;
	ssize_t                sent;

	packet->header = *header;
	if (size != 0)
		memcpy(packet->body, body, size);
	do
		sent = send(channel->fd, packet, sizeof packet->header + size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	bytes_cleanse(packet->body, size);
	return sent >= 0;
}

/* The counter that a message of this kind adds to. */
static size_t *
channel_queued(struct channel *channel, uint32_t kind)
{
	return kind == CHANNEL_TELL ? &channel->told : &channel->queued;
}

/* Takes a message out of the queue, when it is sent or of no use. */
static void
channel_parcel_drop(struct channel *channel, struct channel_parcel *parcel)
{
	if (parcel->header.kind == CHANNEL_ASK)
		channel->asked[CHANNEL_SLOT(parcel->header.id)].parcel = NULL;
	TAILQ_REMOVE(&channel->queue, parcel, link);
	*channel_queued(channel, parcel->header.kind) -= sizeof *parcel + parcel->size;
	bytes_cleanse(parcel->body, parcel->size);
	free(parcel);
}

static void
channel_writable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct channel        *channel = arg;
	struct channel_parcel *first;

	(void)fd;
	(void)what;
	while ((first = TAILQ_FIRST(&channel->queue)) != NULL) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the one before was taken off the queue */
		if (!channel_send(channel, &first->header, first->body, first->size)) {
			if (errno != EAGAIN)
				channel_break(channel, peer_gone);
			return;
		}
		channel_parcel_drop(channel, first);
	}
	(void)event_del(channel->writable);
}

static bool
channel_queue_has_room(struct channel *channel, enum channel_kind kind, size_t size)
{
	size_t max = kind == CHANNEL_TELL ? CHANNEL_TOLD_MAX : CHANNEL_QUEUE_MAX;

	if (kind == CHANNEL_FORGET)
		return true; /* there is one for a question at most */
	return *channel_queued(channel, kind) + sizeof(struct channel_parcel) + size <= max;
}

static void
channel_queue(struct channel *channel, struct channel_header header, struct view body)
{
	struct channel_parcel *parcel = memory_new(sizeof *parcel + body.size);

	parcel->header = header;
	parcel->size = body.size;
	if (body.size != 0)
		memcpy(parcel->body, body.data, body.size);
	/* What frees a slot of the peer's waits for no question that takes one. */
	if (header.kind == CHANNEL_FORGET)
		TAILQ_INSERT_HEAD(&channel->queue, parcel, link);
	else
		TAILQ_INSERT_TAIL(&channel->queue, parcel, link);
	if (header.kind == CHANNEL_ASK)
		channel->asked[CHANNEL_SLOT(header.id)].parcel = parcel;
	*channel_queued(channel, header.kind) += sizeof *parcel + body.size;
	(void)event_add(channel->writable, NULL);
}

/* Sends now, or queues; a failure breaks the channel. */
static void
channel_transmit(struct channel *channel, enum channel_kind kind, uint32_t id, struct view body)
{
	struct channel_header header = {.kind = kind, .id = id};

	if (channel->closed_because != NULL)
		return;
	if (body.size > CHANNEL_MESSAGE_MAX) {
		channel_break(channel, "a message of ours is too long");
		return;
	}
	if (TAILQ_EMPTY(&channel->queue)) {
		if (channel_send(channel, &header, body.data, body.size))
			return;
		if (errno != EAGAIN) {
			channel_break(channel, peer_gone);
			return;
		}
	}
	if (channel_queue_has_room(channel, kind, body.size))
		channel_queue(channel, header, body);
	else
		channel_break(channel, "the peer does not read");
}

static void
channel_hear_ask(struct channel *channel, uint32_t id, struct view body)
{
	struct channel_heard *heard = &channel->heard[CHANNEL_SLOT(id)];

	if (channel->handlers->ask == NULL) {
		channel_break(channel, "a question came to the side that asks");
		return;
	}
	if (heard->open) {
		channel_break(channel, "a question came while one with its slot was open");
		return;
	}
	*heard = (struct channel_heard){.id = id, .open = true};
	channel->handlers->ask(channel, id, body, channel->arg);
}

static void
channel_hear_say(struct channel *channel, uint32_t id, struct view body)
{
	struct channel_asked *asked = &channel->asked[CHANNEL_SLOT(id)];
	struct channel_asked  answered;

	if (!asked->open || asked->id != id) {
		channel_break(channel, "an answer came to no question");
		return;
	}
	answered = channel_asked_take(channel, CHANNEL_SLOT(id));
	if (answered.answer != NULL)
		answered.answer(body, answered.arg);
}

static void
channel_hear_tell(struct channel *channel, uint32_t id, struct view body)
{
	if (id != 0) {
		channel_break(channel, "a notification came with an id");
		return;
	}
	if (channel->handlers->tell == NULL) {
		channel_break(channel, "a notification came to the side that sends them");
		return;
	}
	channel->handlers->tell(channel, body, channel->arg);
}

/* The answer may have crossed it: then there is nothing to forget. */
static void
channel_hear_forget(struct channel *channel, uint32_t id, size_t size)
{
	const struct channel_heard *heard = &channel->heard[CHANNEL_SLOT(id)];

	if (channel->handlers->ask == NULL || size != 0)
		channel_break(channel, "a question was forgotten against the rules");
	else if (heard->open && heard->id == id && channel->handlers->forget != NULL)
		channel->handlers->forget(channel, id, channel->arg);
}

static void
channel_hear(struct channel *channel, const struct channel_header *header, struct view body)
{
	channel->calling = true;
	switch (header->kind) {
	case CHANNEL_ASK:
		channel_hear_ask(channel, header->id, body);
		break;
	case CHANNEL_SAY:
		channel_hear_say(channel, header->id, body);
		break;
	case CHANNEL_TELL:
		channel_hear_tell(channel, header->id, body);
		break;
	case CHANNEL_FORGET:
		channel_hear_forget(channel, header->id, body.size);
		break;
	default:
		channel_break(channel, "a message came of an unknown kind");
		break;
	}
	channel->calling = false;
}

/* Octets of the body of a received message. */
static size_t
packet_size(const struct mmsghdr *got)
{
	return got->msg_len > sizeof(struct channel_header) ? got->msg_len - sizeof(struct channel_header)
	                                                    : 0;
}

/* Handles a message as recvmmsg(2) received it. */
static void
channel_handle(struct channel *channel, const struct channel_packet *packet, const struct mmsghdr *got)
{
	if (got->msg_len == 0)
		channel_break(channel, peer_gone);
	else if ((got->msg_hdr.msg_flags & MSG_TRUNC) != 0)
		channel_break(channel, "a message came that is too long");
	else if ((got->msg_hdr.msg_flags & MSG_CTRUNC) != 0)
		channel_break(channel, "a message came with descriptors");
	else if (got->msg_len < sizeof packet->header)
		channel_break(channel, "a message came that is too short");
	else
		channel_hear(channel, &packet->header, channel_view(packet->body, packet_size(got)));
}

/* Receives and handles what has come, a batch at most; returns how many, less when no more waits. */
static int
channel_receive(struct channel *channel)
{
	struct mmsghdr messages[CHANNEL_BATCH] = {0};
	struct iovec   parts[CHANNEL_BATCH];
	int            count;

	for (size_t i = 0; i < CHANNEL_BATCH; i++) {
		parts[i] = (struct iovec){&channel->packets[i], sizeof channel->packets[i]};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
	}
	count = recvmmsg(channel->fd, messages, CHANNEL_BATCH, MSG_DONTWAIT, NULL);
	if (count < 0 && errno != EINTR && errno != EAGAIN)
		channel_break(channel, peer_gone);
	for (int i = 0; i < count; i++) {
		if (channel->closed_because == NULL)
			channel_handle(channel, &channel->packets[i], &messages[i]);
		bytes_cleanse(channel->packets[i].body, packet_size(&messages[i]));
	}
	return count;
}

static void
channel_readable_cb(evutil_socket_t fd, short what, void *arg)
{
	struct channel *channel = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < CHANNEL_DRAIN / CHANNEL_BATCH && channel->closed_because == NULL; i++) {
		if (channel_receive(channel) < CHANNEL_BATCH)
			break;
	}
	if (channel->closed_because == NULL && channel->handlers->drained != NULL) {
		channel->calling = true;
		channel->handlers->drained(channel, channel->arg);
		channel->calling = false;
	}
}

/*
 * Twice the longest message, because the kernel permanently refuses a packet that
 * is larger than the buffer; it doubles the size again for its own overhead.
 */
static int
channel_buffer(int fd, struct error *err)
{
	int       wanted = 2 * (int)CHANNEL_MESSAGE_MAX;
	int       size = 0;
	socklen_t size_size = sizeof size;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &size_size) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "giving a channel its buffer");
	if (size < wanted)
		return error_set(err, ERROR_INTERNAL,
		    "a channel gets a buffer of %d octets and needs %d; set net.core.wmem_max to %d",
		    size, wanted, wanted);
	return 0;
}

int
channel_pair(int fds[2], struct error *err)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "making a channel");
	if (channel_buffer(fds[0], err) == 0 && channel_buffer(fds[1], err) == 0)
		return 0;
	(void)close(fds[0]);
	(void)close(fds[1]);
	return -1;
}

int
channel_new(struct event_base *base, int fd, const struct channel_handlers *handlers, void *arg,
    struct channel **out, struct error *err)
{
	struct channel *channel = memory_new(sizeof *channel);

	channel->fd = fd;
	channel->handlers = handlers;
	channel->arg = arg;
	channel->free_slot = CHANNEL_NO_SLOT;
	TAILQ_INIT(&channel->queue);
	channel->readable = event_new(base, fd, EV_READ | EV_PERSIST, channel_readable_cb, channel);
	channel->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, channel_writable_cb, channel);
	channel->broken = event_new(base, -1, 0, channel_broken_cb, channel);
	if (channel->readable == NULL || channel->writable == NULL || channel->broken == NULL ||
	    event_add(channel->readable, NULL) != 0) {
		channel_free(channel);
		return error_set(err, ERROR_INTERNAL, "putting a channel on the event loop");
	}
	*out = channel;
	return 0;
}

/* Allocates a slot for a question: a free one that was used before, else the next unused one. */
static uint32_t
channel_slot_open(struct channel *channel)
{
	uint32_t slot = channel->free_slot;

	if (slot != CHANNEL_NO_SLOT) {
		channel->free_slot = channel->asked[slot].next_free;
		return slot;
	}
	if (channel->used_slots == CHANNEL_ASKS_MAX)
		return CHANNEL_NO_SLOT;
	slot = channel->used_slots++;
	channel->asked[slot].id = slot;
	return slot;
}

int
channel_ask(struct channel *channel, struct view body, channel_answer_cb *answer, void *arg,
    uint32_t *id, struct error *err)
{
	struct channel_asked *asked;
	uint32_t              slot;

	if (body.size > CHANNEL_MESSAGE_MAX)
		return error_set(err, ERROR_TOO_LARGE, "a question of %zu octets; at most %zu pass",
		    body.size, CHANNEL_MESSAGE_MAX);
	if (channel->closed_because != NULL)
		return error_set(err, ERROR_OVERLOADED, "the channel has closed: %s",
		    channel->closed_because);
	if (!channel_queue_has_room(channel, CHANNEL_ASK, body.size))
		return error_set(err, ERROR_OVERLOADED, "too much waits to be read");
	if ((slot = channel_slot_open(channel)) == CHANNEL_NO_SLOT)
		return error_set(err, ERROR_OVERLOADED, "%u questions are open", CHANNEL_ASKS_MAX);

	asked = &channel->asked[slot];
	asked->answer = answer;
	asked->arg = arg;
	asked->open = true;
	*id = asked->id;
	channel_transmit(channel, CHANNEL_ASK, asked->id, body);
	return 0;
}

void
channel_forget(struct channel *channel, uint32_t id)
{
	struct channel_asked *asked = &channel->asked[CHANNEL_SLOT(id)];

	if (!asked->open || asked->id != id || asked->answer == NULL)
		return;
	asked->answer = NULL;
	if (asked->parcel != NULL) {
		/* The peer never hears of it. */
		channel_parcel_drop(channel, asked->parcel);
		(void)channel_asked_take(channel, CHANNEL_SLOT(id));
		return;
	}
	/* The slot stays taken until the answer comes: an answer to no question would break the
	 * channel. */
	channel_transmit(channel, CHANNEL_FORGET, id, (struct view){NULL, 0});
}

void
channel_say(struct channel *channel, uint32_t id, struct view body)
{
	struct channel_heard *heard = &channel->heard[CHANNEL_SLOT(id)];

	if (!heard->open || heard->id != id)
		return;
	heard->open = false;
	channel_transmit(channel, CHANNEL_SAY, id, body);
}

void
channel_tell(struct channel *channel, struct view body)
{
	channel_transmit(channel, CHANNEL_TELL, 0, body);
}

static void
channel_event_free(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

void
channel_free(struct channel *channel)
{
	if (channel == NULL)
		return;
	assert(!channel->calling);
	if (channel->closed_because == NULL)
		channel->closed_because = "it was freed";
	channel->calling = true;
	channel_asked_end(channel);
	channel_event_free(channel->readable);
	channel_event_free(channel->writable);
	channel_event_free(channel->broken);
	while (!TAILQ_EMPTY(&channel->queue))
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the one before was taken off the queue */
		channel_parcel_drop(channel, TAILQ_FIRST(&channel->queue));
	(void)close(channel->fd);
	free(channel);
}
