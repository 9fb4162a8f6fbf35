/*
 * The queue of writers of one store: a ticket each, first come, first served,
 * over all threads and processes. Locks belong to open files, so that nothing
 * that a writer does, dying least of all, leaves one behind.
 */
#ifndef UTIL_FILE_LOCK_H
#define UTIL_FILE_LOCK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct error;

/* One writer's place. Not for two threads at a time. */
struct file_lock {
	int   fd;
	char *path;
	off_t ticket; /* 0 while neither waiting nor holding */
};

/*
 * Opens the lock file, made with permissions 0600 when it is missing; root makes
 * it the directory's owner's. INTERNAL when that fails.
 */
int  file_lock_open(const char *path, struct file_lock *lock, struct error *err);
void file_lock_close(struct file_lock *lock);

/*
 * Draws a ticket and waits until those before it are gone, at most `patience_ms`
 * milliseconds: then OVERLOADED, and the place in the queue is given up.
 */
int  file_lock_acquire(struct file_lock *lock, int64_t patience_ms, struct error *err);
void file_lock_release(struct file_lock *lock);

/*
 * A file of its own, without tickets: *taken says whether it is ours from now on, until
 * file_lock_close or the end of the process. file_lock_look tells whether
 * somebody else has it, whoever that is.
 */
int file_lock_try(struct file_lock *lock, bool *taken, struct error *err);
int file_lock_look(const struct file_lock *lock, bool *taken, struct error *err);

#endif
