/*
 * A hostile peer of a channel: the input is what it does, one action after the
 * other, and what it sends. The owner of the channel asks now and then, so that
 * its answers have questions to hit; every question must be answered or lost once.
 */
#include "config.h"

#include <sys/socket.h>

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "daemon/channel.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the peer does next: one octet of the input, and what follows it. */
enum action {
	ACTION_SEND,     /* a packet of the next octet's length, header and all */
	ACTION_MESSAGE,  /* a well-formed header of one octet each, and so a body */
	ACTION_LONG,     /* a packet of the next octet * 512 octets */
	ACTION_READ,     /* reads a packet */
	ACTION_ASK,      /* the channel's owner asks */
	ACTION_FORGET,   /* the owner asks and forgets it */
	ACTION_TURN,     /* the loop turns */
	ACTION_COUNT,
};

static struct {
	int      open;  /* questions that must be answered or lost */
	int      closed;
	uint32_t heard[8];
	size_t   heard_count;
} owner;

static void
ask_cb(struct channel *channel, uint32_t id, struct view body, void *arg)
{
	(void)arg;
	assert(owner.closed == 0 && body.data != NULL && body.size <= CHANNEL_MESSAGE_MAX);
	if (id % 2 == 0) {
		channel_say(channel, id, body);
		return;
	}
	owner.heard[owner.heard_count++ % 8] = id; /* answered later, if at all */
	channel_say(channel, owner.heard[id % 8], body);
}

static void
tell_cb(struct channel *channel, struct view body, void *arg)
{
	(void)arg;
	assert(owner.closed == 0 && body.data != NULL);
	channel_tell(channel, body);
}

static void
closed_cb(struct channel *channel, const char *reason, void *arg)
{
	(void)channel;
	(void)arg;
	assert(owner.closed == 0 && reason != NULL && owner.open == 0);
	owner.closed = 1;
}

static void
forget_cb(struct channel *channel, uint32_t id, void *arg)
{
	(void)arg;
	assert(owner.closed == 0);
	if (id % 3 != 0)
		channel_say(channel, id, (struct view){NULL, 0});
}

static void
drained_cb(struct channel *channel, void *arg)
{
	(void)arg;
	assert(owner.closed == 0);
	channel_say(channel, owner.heard[owner.heard_count % 8], (struct view){NULL, 0});
}

static const struct channel_handlers handlers = {
    .ask = ask_cb, .tell = tell_cb, .closed = closed_cb, .forget = forget_cb, .drained = drained_cb};

static void
answer_cb(struct view body, void *arg)
{
	(void)arg;
	assert(body.data != NULL || body.size == 0);
	owner.open--;
	assert(owner.open >= 0);
}

static void
owner_ask(struct channel *channel)
{
	struct error err = {0};
	struct view  body = {(const uint8_t *)"?", 1};
	uint32_t     id = 0;

	if (channel_ask(channel, body, answer_cb, NULL, &id, &err) == 0)
		owner.open++;
}

/* A forgotten question's answer, which may come, must reach nobody. */
static void
owner_forget(struct channel *channel)
{
	struct error err = {0};
	uint32_t     id = 0;
	struct view  body = {(const uint8_t *)"!", 1};

	if (channel_ask(channel, body, answer_cb, NULL, &id, &err) == 0)
		channel_forget(channel, id);
}

/* Takes up to `wanted` octets of the input. */
static struct view
take(struct view *input, size_t wanted)
{
	struct view taken = {input->data, wanted < input->size ? wanted : input->size};

	input->data += taken.size;
	input->size -= taken.size;
	return taken;
}

static void
peer_send(int peer, const void *data, size_t size)
{
	if (size != 0) /* an empty packet is an end; once is enough, and the input's end is one */
		(void)send(peer, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
peer_message(int peer, struct view *input)
{
	struct view           head = take(input, 3);
	struct channel_header header = {0};
	struct view           body;
	uint8_t               packet[sizeof header + 256];

	if (head.size < 3)
		return;
	header.kind = head.data[0] % 5;
	header.id = head.data[1];
	body = take(input, head.data[2]);
	memcpy(packet, &header, sizeof header);
	memcpy(packet + sizeof header, body.data, body.size);
	peer_send(peer, packet, sizeof header + body.size);
}

static void
peer_act(int peer, struct channel *channel, struct event_base *base, struct view *input)
{
	static uint8_t buffer[256 * 512];
	enum action    action = (enum action)(take(input, 1).data[0] % ACTION_COUNT);
	struct view    length = {NULL, 0};
	struct view    packet;

	switch (action) {
	case ACTION_SEND:
		length = take(input, 1);
		packet = take(input, length.size != 0 ? length.data[0] : 0);
		peer_send(peer, packet.data, packet.size);
		break;
	case ACTION_MESSAGE:
		peer_message(peer, input);
		break;
	case ACTION_LONG:
		length = take(input, 1);
		memset(buffer, 0, sizeof(struct channel_header));
		buffer[0] = CHANNEL_TELL;
		peer_send(peer, buffer, length.size != 0 ? length.data[0] * (size_t)512 : 0);
		break;
	case ACTION_READ:
		(void)recv(peer, buffer, sizeof buffer, MSG_DONTWAIT);
		break;
	case ACTION_ASK:
		owner_ask(channel);
		break;
	case ACTION_FORGET:
		owner_forget(channel);
		break;
	case ACTION_TURN:
	case ACTION_COUNT:
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view        input = {data, size};
	struct event_base *base = event_base_new();
	struct channel    *channel = NULL;
	struct error       err = {0};
	int                fds[2];

	memset(&owner, 0, sizeof owner);
	if (base == NULL || channel_pair(fds, &err) != 0 ||
	    channel_new(base, fds[0], &handlers, NULL, &channel, &err) != 0)
		abort();
	while (input.size != 0)
		peer_act(fds[1], channel, base, &input);
	(void)close(fds[1]);
	while (owner.closed == 0)
		(void)event_base_loop(base, EVLOOP_ONCE);
	channel_free(channel);
	assert(owner.open == 0);
	event_base_free(base);
	return 0;
}
