/*
 * A front under test: an HTTP server whose routes are the test's, its channel, and the
 * other end of that, where the test plays the keeper. All in one thread.
 */
#ifndef TESTS_UNIT_SERVICE_WORLD_H
#define TESTS_UNIT_SERVICE_WORLD_H

#include "config.h"

#include <stdio.h>

#include "daemon/channel.h"
#include "http_fixture.h"

static struct channel *channel;
static int             peer = -1;

/* What the keeper received last. */
static struct channel_header question_header;
static struct bytes          question;
static size_t                question_count;
static size_t                forgotten_count; /* questions that the keeper was told to forget */
static uint32_t              forgotten_id;    /* the last of them */

static inline void
world_tell_cb(struct channel *told, struct view body, void *arg)
{
	(void)told;
	(void)body;
	(void)arg;
}

static inline void
world_closed_cb(struct channel *closed, const char *reason, void *arg)
{
	(void)closed;
	(void)reason;
	(void)arg;
}

static const struct channel_handlers world_handlers = {
    .tell = world_tell_cb, .closed = world_closed_cb};

static inline void
world_make(const struct http_route *its_routes)
{
	struct error err = {0};
	int          fds[2];

	fixture_setup();
	settings.routes = its_routes;
	fixture_start();
	unit_ok(channel_pair(fds, &err), &err);
	unit_ok(channel_new(base, fds[0], &world_handlers, NULL, &channel, &err), &err);
	peer = fds[1];
	question_count = 0;
}

static inline void
world_keeper_dies(void)
{
	if (peer >= 0)
		(void)close(peer);
	peer = -1;
}

/* As a front does: the channel first. */
static inline void
world_clear(void)
{
	channel_free(channel);
	channel = NULL;
	fixture_teardown();
	server = NULL;
	world_keeper_dies();
	bytes_clear(&question);
}

/* Receives what comes next; false when that is no question. */
static inline bool
world_question(void)
{
	static uint8_t packet[sizeof question_header + CHANNEL_MESSAGE_MAX];
	ssize_t        size = recv(peer, packet, sizeof packet, MSG_DONTWAIT);
	struct channel_header header;

	if (size < 0)
		return false;
	ck_assert_int_ge(size, (ssize_t)sizeof header);
	memcpy(&header, packet, sizeof header);
	if (header.kind == CHANNEL_FORGET) {
		forgotten_count++;
		forgotten_id = header.id;
		return false;
	}
	question_header = header;
	ck_assert_uint_eq(question_header.kind, CHANNEL_ASK);
	bytes_clear(&question);
	bytes_append(&question, packet + sizeof question_header, (size_t)size - sizeof question_header);
	question_count++;
	return true;
}

/* Answers the question that was received last. */
static inline void
world_answer(struct view answer)
{
	struct channel_header header = {CHANNEL_SAY, question_header.id};
	AUTO_BYTES            packet = {0};

	bytes_append(&packet, &header, sizeof header);
	bytes_append(&packet, answer.data, answer.size);
	ck_assert_int_eq(send(peer, packet.data, packet.size, MSG_NOSIGNAL), (ssize_t)packet.size);
}

static inline void
world_turn(void)
{
	ck_assert_int_ge(event_base_loop(base, EVLOOP_NONBLOCK), 0);
}

/* Runs front and keeper until the condition holds; Check's timeout ends what never happens. */
#define world_wait(condition)         \
	do {                          \
		while (!(condition))  \
			world_turn(); \
	} while (0)

static inline void
world_request(struct http_client *client, const char *path)
{
	char request[256];

	(void)snprintf(request, sizeof request,
	    "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	client_connect(client, base, &address);
	client_send(client, request);
}

/* The body of an answer; asserts its status. */
static inline struct view
world_body(const struct http_client *client, const char *status)
{
	const char *text = client_text(client);
	const char *body = strstr(text, "\r\n\r\n");
	char        line[32];

	(void)snprintf(line, sizeof line, "HTTP/1.1 %s ", status);
	client_begins(client, line);
	ck_assert_ptr_nonnull(body);
	body += 4;
	return (struct view){(const uint8_t *)body, client->got.size - (size_t)(body - text)};
}

#endif
