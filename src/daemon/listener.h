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

/*
 * The sockets that the service manager passed (LISTEN_FDS and LISTEN_PID, sd_listen_fds(3)): their
 * number, from LISTENER_PASSED_FIRST on; 0: none. They become close-on-exec, and the variables are
 * unset, so that no child takes them for its own.
 */
#define LISTENER_PASSED_FIRST 3
size_t listener_passed(void);

/*
 * Makes `count` descriptors of a socket that listens for TCP connections, which share its queue,
 * and writes its address to text. The caller still owns `fd`. CONFLICT when it is no such socket.
 */
int listener_share(int fd, size_t count, int *fds, char text[LISTENER_TEXT_SIZE], struct error *err);

#endif
