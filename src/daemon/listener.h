/* Listening sockets, opened before the processes part. */
#ifndef DAEMON_LISTENER_H
#define DAEMON_LISTENER_H

#include <stddef.h>

struct error;

/* "[2001:db8::1]:65535" and a NUL. */
#define LISTENER_TEXT_SIZE 80

/*
 * Opens `count` sockets that listen on the one address "ADDR:PORT", "[ADDR6]:PORT"
 * or ":PORT" (all addresses), non-blocking, close-on-exec, SO_REUSEPORT; port 0
 * picks a free one for all of them. A port that is in use, even by another daemon
 * of ours, is an error that says so. Writes the address with its real port to
 * text.
 */
int listener_open(const char *address, size_t count, int *fds, char text[LISTENER_TEXT_SIZE],
    struct error *err);

#endif
