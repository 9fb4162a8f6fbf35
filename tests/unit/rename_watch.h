/*
 * Whether what was renamed is on disk: two calls of libc are this header's. One source
 * file of a program includes it.
 */
#ifndef TESTS_UNIT_RENAME_WATCH_H
#define TESTS_UNIT_RENAME_WATCH_H

#include <sys/stat.h>
#include <sys/syscall.h>

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <check.h>

static struct {
	int  renames;
	bool pending;  /* no directory was synced since the last */
	int  unsynced; /* so many were pending when the next came */
} rename_watch;

int
renameat(int from_directory, const char *from, int to_directory, const char *to)
{
	rename_watch.renames++;
	rename_watch.unsynced += rename_watch.pending ? 1 : 0;
	rename_watch.pending = true;
	return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 0);
}

int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		rename_watch.pending = false;
	return (int)syscall(SYS_fsync, fd);
}

static inline void
rename_watch_begin(void)
{
	rename_watch.renames = 0;
	rename_watch.pending = false;
	rename_watch.unsynced = 0;
}

/* So many names were given, and each of them would survive a crash before the next. */
static inline void
rename_watch_end(int least)
{
	ck_assert_int_ge(rename_watch.renames, least);
	ck_assert_int_eq(rename_watch.unsynced, 0);
	ck_assert(!rename_watch.pending);
}

#endif
