/*
 * A whole daemon in the fuzzer's process: a front and a keeper in threads of their own, joined by a
 * channel as ever, and a listener on TCP. The fuzzer is the client, from many addresses, since there
 * are bounds for each.
 */
#ifndef TESTS_FUZZ_SERVED_H
#define TESTS_FUZZ_SERVED_H

#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "daemon/supervisor.h"
#include "util/bytes.h"

int         LLVMFuzzerInitialize(int *argc, char ***argv);
const char *__asan_default_options(void); /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c) */

/* To keep thirty frames of every allocation takes a tenth of the time. */
const char *
__asan_default_options(void) /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c) */
{
	return "malloc_context_size=6";
}

/*
 * What the threads have not freed yet when an execution ends looks like a leak: libFuzzer then searches
 * all memory, a thousand times, which is most of a short run. The search at the end of the process stays.
 */
int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char option[] = "-detect_leaks=0";
	static char *arguments[64];
	size_t      count = (size_t)*argc;

	if (count + 2 > sizeof arguments / sizeof arguments[0])
		return 0;
	memcpy(arguments, *argv, count * sizeof arguments[0]);
	arguments[count] = option;
	*argv = arguments;
	(*argc)++;
	return 0;
}

#define SERVED_SECONDS_MAX 30 /* of an answer: more is a hang */
#define SERVED_ANSWER_MAX  ((size_t)256 * 1024)

static struct {
	struct sockaddr_in      address;
	struct supervisor_child child;
	int                     channel;
	int                     listener;
	int (*run)(const struct supervisor_child *child);
} served;

static inline void *
served_main(void *arg)
{
	(void)arg;
	(void)served.run(&served.child);
	abort(); /* it runs as long as we do */
}

/* Starts a front that asks the keeper at the other end of `channel`. */
static inline void
served_start(int channel, int (*run)(const struct supervisor_child *child))
{
	socklen_t size = sizeof served.address;
	pthread_t thread;

	served.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	served.address = (struct sockaddr_in){
	    .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (bind(served.listener, (struct sockaddr *)&served.address, sizeof served.address) != 0 ||
	    getsockname(served.listener, (struct sockaddr *)&served.address, &size) != 0 ||
	    listen(served.listener, 128) != 0)
		abort();
	served.channel = channel;
	served.run = run;
	served.child = (struct supervisor_child){.role = SUPERVISOR_ROLE_FRONT,
	    .channels = &served.channel,
	    .channel_count = 1,
	    .listeners = &served.listener,
	    .listener_count = 1,
	    .sandbox = SANDBOX_OFF};
	if (pthread_create(&thread, NULL, served_main, NULL) != 0)
		abort();
}

/* A connection from the next of some sixty thousand addresses. */
static inline int
served_connect(void)
{
	static uint32_t       from = 0x7f010001;
	const struct timeval  patience = {.tv_sec = SERVED_SECONDS_MAX};
	struct sockaddr_in    source = {.sin_family = AF_INET};
	int                   on = 1;
	int                   fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	from = from >= 0x7f01fffe ? 0x7f010001 : from + 1;
	source.sin_addr.s_addr = htonl(from);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	/* When the thread has not begun to serve, the kernel keeps the connection until it does. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&source, sizeof source) != 0 ||
	    connect(fd, (struct sockaddr *)&served.address, sizeof served.address) != 0)
		abort();
	return fd;
}

/* Closes without leaving a port behind for a minute. */
static inline void
served_close(int fd)
{
	const struct linger rude = {1, 0};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &rude, sizeof rude);
	(void)close(fd);
}

/* All that comes until the server closes, which it does after the answers to what was sent. */
static inline void
served_answers(int fd, struct bytes *answers)
{
	uint8_t piece[16384];
	ssize_t got;

	while ((got = recv(fd, piece, sizeof piece, 0)) > 0 && answers->size < SERVED_ANSWER_MAX)
		bytes_append(answers, piece, (size_t)got);
	/* A reset is an answer too; silence is none. */
	assert(got >= 0 || errno == ECONNRESET);
	bytes_append_u8(answers, '\0');
	answers->size--;
}

/* The value of a header field, up to its line end, or an empty text. */
static inline void
served_field(const char *head, const char *name, char *out, size_t size)
{
	const char *at = strcasestr(head, name);

	out[0] = '\0';
	if (at != NULL)
		(void)snprintf(out, size, "%.*s", (int)strcspn(at + strlen(name), "\r"), at + strlen(name));
}

/* How many octets the first answer has; 0 while its head is not whole. */
static inline size_t
served_size(const struct bytes *answer)
{
	char        length[32];
	const char *text = (const char *)answer->data;
	const char *end = strstr(text, "\r\n\r\n");

	if (end == NULL)
		return 0;
	served_field(text, "\r\nContent-Length: ", length, sizeof length);
	return (size_t)(end + 4 - text) + strtoul(length, NULL, 10);
}

/* One answer; false when none comes any more, or no other does after it. */
static inline bool
served_answer(int fd, struct bytes *answer)
{
	uint8_t piece[16384];
	char    word[16];
	size_t  wanted = 0;
	ssize_t got = 1;

	while (wanted == 0 || answer->size < wanted) {
		if ((got = recv(fd, piece, sizeof piece, 0)) <= 0)
			break;
		bytes_append(answer, piece, (size_t)got);
		bytes_append_u8(answer, '\0');
		answer->size--;
		wanted = served_size(answer);
	}
	assert(got >= 0 || errno == ECONNRESET);
	bytes_append_u8(answer, '\0');
	answer->size--;
	served_field((const char *)answer->data, "\r\nConnection: ", word, sizeof word);
	return got > 0 && strcasecmp(word, "close") != 0;
}

/*
 * The status of the first answer, 0 when there is none. None of the answers is a failure of the
 * server's, or a page of a library's.
 */
static inline unsigned
served_status(const struct bytes *answers)
{
	const char *text = (const char *)answers->data;

	if (answers->size < 12 || strncmp(text, "HTTP/1.", 7) != 0)
		return 0;
	for (const char *at = text; (at = strstr(at, "HTTP/1.1 ")) != NULL; at++)
		assert(at[9] != '5' || (at != text && at[-1] != '\n'));
	assert(strcasestr(text, "\r\nContent-Type: text/html") == NULL);
	return (unsigned)strtoul(text + 9, NULL, 10);
}

/* The body of the first answer, up to the end. */
static inline struct view
served_body(const struct bytes *answers)
{
	const uint8_t *end = memmem(answers->data, answers->size, "\r\n\r\n", 4);

	if (end == NULL)
		return (struct view){NULL, 0};
	return (struct view){end + 4, (size_t)(answers->data + answers->size - end - 4)};
}

#endif
