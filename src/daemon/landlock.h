/*
 * Landlock: which files a thread and all that it makes may open, and whom they may reach, from now on
 * and for ever. Other threads are not confined: see daemon/threads.h. Linux only; Debian has no library
 * for it.
 */
#ifndef DAEMON_LANDLOCK_H
#define DAEMON_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* A directory, or a file, and what is below it: to read, and what else is true. */
struct landlock_path {
	const char *path;
	bool        writable;   /* write, make, rename and remove files and directories */
	bool        device;     /* control devices (ioctl; version 5) */
	bool        executable; /* start programs */
};

/* What landlock_enter leaves as it is. */
#define LANDLOCK_LEAVE_FILES    1U
#define LANDLOCK_LEAVE_TCP      2U
#define LANDLOCK_LEAVE_ABSTRACT 4U /* others' abstract sockets */
#define LANDLOCK_LEAVE_SIGNALS  8U

/* The version of the kernel's interface; 0 when there is none, or it is switched off. */
int landlock_version(void);

/*
 * Makes a set of rules that refuses to open, make or remove any file that is not listed, to bind and
 * connect TCP sockets (version 4), and to signal other processes or reach their abstract sockets
 * (version 6). A path that does not exist is left out. `leave` is a sum of LANDLOCK_LEAVE_*. The caller
 * closes *rules; -1: there is nothing to refuse, or no Landlock. INTERNAL.
 */
int landlock_make(unsigned leave, const struct landlock_path *paths, size_t count, int *rules,
    struct error *err);

/*
 * Confines the calling thread to the rules. What is open stays open. May be called in a signal handler;
 * -1 with errno.
 */
int landlock_restrict(int rules);

/* Both, and closes the rules. INTERNAL. */
int landlock_enter(unsigned leave, const struct landlock_path *paths, size_t count, struct error *err);

#endif
