/* The front of a keeper as somebody else controls it: an end of a channel, and octets. */
#ifndef TESTS_UNIT_BARE_FRONT_H
#define TESTS_UNIT_BARE_FRONT_H

#include <sys/socket.h>
#include <sys/time.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/supervisor.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

/* A new front of the keeper with one worker at the other end of `control`; close(2) it. */
static inline int
front_open(int control)
{
	struct timeval patience = {.tv_sec = 20};
	struct error   err = {0};
	int            ends[2];

	unit_ok(channel_pair(ends, &err), &err);
	unit_ok(supervisor_channels_send(control, &ends[1], 1, &err), &err);
	(void)close(ends[1]);
	(void)setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return ends[0];
}

static inline void
front_send(int front, uint32_t kind, uint32_t id, struct view body)
{
	struct channel_header header = {.kind = kind, .id = id};
	AUTO_BYTES            packet = {0};

	bytes_append(&packet, &header, sizeof header);
	bytes_append(&packet, body.data, body.size);
	ck_assert_int_eq(send(front, packet.data, packet.size, MSG_NOSIGNAL), (ssize_t)packet.size);
}

/* Receives the next message that is no telling; false when the keeper has closed the channel. */
static inline bool
front_hear(int front, struct channel_header *header, struct bytes *body)
{
	static uint8_t packet[CHANNEL_MESSAGE_MAX + sizeof *header];

	for (;;) {
		ssize_t got = recv(front, packet, sizeof packet, 0);

		ck_assert_msg(got >= 0, "the keeper neither answers nor closes the channel");
		if (got == 0)
			return false;
		ck_assert_int_ge(got, (ssize_t)sizeof *header);
		memcpy(header, packet, sizeof *header);
		if (header->kind == CHANNEL_TELL)
			continue;
		bytes_append(body, packet + sizeof *header, (size_t)got - sizeof *header);
		return true;
	}
}

#endif
