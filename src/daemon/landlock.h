/*
 * Landlock: which files this process may open, and whom it may reach, from now on and for ever.
 * Threads that exist already are not confined: call it before they are made. Linux only; Debian
 * has no library for it.
 */
#ifndef DAEMON_LANDLOCK_H
#define DAEMON_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

struct error;

/* A directory, or a file, and what is below it. */
struct landlock_path {
	const char *path;
	bool        writable; /* also: write, make, rename and remove files and directories */
};

/* The version of the kernel's interface; 0 when there is none, or it is switched off. */
int landlock_version(void);

/*
 * Refuses to open, make or remove any file that is not listed, to bind and connect TCP sockets
 * (version 4), and to signal other processes or reach their abstract sockets (version 6). What is
 * open stays open. A path that does not exist is left out. Nothing is ever executable. Without
 * Landlock it does nothing. With `files` false files are left as they are. INTERNAL.
 */
int landlock_enter(bool files, const struct landlock_path *paths, size_t count, struct error *err);

#endif
