/*
 * The threads of this process that somebody else's library has started: what a thread can do to itself
 * alone, done in each of them.
 */
#ifndef DAEMON_THREADS_H
#define DAEMON_THREADS_H

#include <stddef.h>

/* How many there are besides the calling one; 0 without /proc. */
size_t threads_besides(void);

/*
 * Calls `work` in every other thread, by a signal that interrupts it, one after another, and in those that
 * they make meanwhile. It returns 0 when it is done, and may only do what a signal handler may. One thread
 * at a time calls this, while nobody changes the process's user. Returns how many it was not done in,
 * because it failed there, or because the thread does not take the signal within a second; then no later
 * setuid(2) reaches all threads.
 */
size_t threads_each(int (*work)(void *arg), void *arg);

#endif
