/* An HTTP server that does what a case tells it, octet for octet; in a thread of the case's process. */
#ifndef TESTS_UNIT_WRONG_SERVER_H
#define TESTS_UNIT_WRONG_SERVER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
#define STATUS(number, more)                                                      \
	"HTTP/1.1 " number " x\r\nContent-Length: 0\r\nConnection: close\r\n" more "\r\n"

#define RESET   "reset"   /* closes without an answer, with RST */
#define SILENCE "silence" /* answers nothing for a long time */

/* A server that gives its answers one after the other, the last one again and again. */
static struct {
	int         listener;
	char       *answers[4]; /* its own, since its thread outlives a test's texts */
	int         drip_ms; /* between octets; 0: all at once */
	atomic_int  asked;
	char        first[65536]; /* the first request */
	char        url[64];
	pthread_t   thread;
} server;

static inline void
pause_ms(long ms)
{
	const struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	(void)nanosleep(&time, NULL);
}

/* Reads a head and the body that it announces. */
static inline void
request_read(int peer, char *text, size_t size)
{
	size_t length = 0;
	size_t wanted = size - 1;

	while (length < wanted) {
		ssize_t     got = read(peer, text + length, wanted - length);
		const char *end;
		const char *announced;

		if (got <= 0)
			break;
		length += (size_t)got;
		text[length] = '\0';
		if ((end = strstr(text, "\r\n\r\n")) == NULL)
			continue;
		announced = strcasestr(text, "Content-Length:");
		wanted = (size_t)(end - text) + 4 +
		    (announced != NULL ? strtoul(announced + 15, NULL, 10) : 0);
	}
	text[length] = '\0';
}

static inline void
answer_send(int peer, const char *answer)
{
	const struct linger rude = {1, 0};

	if (strcmp(answer, SILENCE) == 0) {
		pause_ms(20000);
	} else if (strcmp(answer, RESET) == 0) {
		(void)setsockopt(peer, SOL_SOCKET, SO_LINGER, &rude, sizeof rude);
	} else if (server.drip_ms == 0) {
		(void)!write(peer, answer, strlen(answer));
	} else {
		for (; *answer != '\0' && send(peer, answer, 1, MSG_NOSIGNAL) == 1; answer++)
			pause_ms(server.drip_ms);
	}
	(void)close(peer);
}

static inline void *
server_run(void *arg)
{
	static char text[65536];
	size_t      at = 0;

	(void)arg;
	for (;;) {
		int peer = accept(server.listener, NULL, NULL);

		request_read(peer, text, sizeof text);
		if (server.asked++ == 0)
			memcpy(server.first, text, sizeof server.first);
		answer_send(peer, server.answers[at]);
		if (at + 1 < sizeof server.answers / sizeof server.answers[0] &&
		    server.answers[at + 1] != NULL)
			at++;
	}
	return NULL;
}

/* Takes an address, on which nobody listens yet. */
static inline void
server_bind(void)
{
	struct sockaddr_in address = {
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof address;

	server.listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(server.listener, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(getsockname(server.listener, (struct sockaddr *)&address, &length), 0);
	(void)snprintf(server.url, sizeof server.url, "http://127.0.0.1:%u/x", ntohs(address.sin_port));
}

static inline void
server_listen(const char *first, const char *second)
{
	server.answers[0] = strdup(first);
	server.answers[1] = second != NULL ? strdup(second) : NULL;
	ck_assert_int_eq(listen(server.listener, 16), 0);
	ck_assert_int_eq(pthread_create(&server.thread, NULL, server_run, NULL), 0);
}

#endif
