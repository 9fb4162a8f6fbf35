/*
 * The queue of writers of one store: first come, first served, over all threads
 * and processes. Locks belong to open files, so a writer that dies leaves none
 * behind.
 */
#ifndef UTIL_FILE_LOCK_H
#define UTIL_FILE_LOCK_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

struct error;
struct folder;

/* One writer's place in the queue. Not for two threads at a time. */
struct file_lock {
	int   fd;
	char *path;
	off_t octet; /* that is locked in the file; 0 while neither waiting nor holding */
};

/*
 * Opens the lock file of the directory and makes it, with permissions 0600, if it is missing;
 * root gives it to the directory's owner. INTERNAL when that fails, and when it is a link, no
 * regular file, or has another name elsewhere: it is written in place.
 */
int  file_lock_open(const struct folder *folder, const char *name, struct file_lock *lock,
     struct error *err);
void file_lock_close(struct file_lock *lock);

/*
 * Takes the lock when nobody waits for it; otherwise draws a ticket and waits for those
 * before it, at most `patience_ms` milliseconds; after that OVERLOADED, and the place in the
 * queue is given up.
 */
int  file_lock_acquire(struct file_lock *lock, int64_t patience_ms, struct error *err);
void file_lock_release(struct file_lock *lock);

/* Whether others wait for the lock, which the caller holds. False when that cannot be seen. */
bool file_lock_is_awaited(const struct file_lock *lock);

/*
 * An exclusive lock on a separate file, without tickets. file_lock_try sets *taken to
 * whether we hold it from now on, until file_lock_close or the end of the process;
 * file_lock_look sets it to whether another process or open file holds it.
 */
int file_lock_try(struct file_lock *lock, bool *taken, struct error *err);
int file_lock_look(const struct file_lock *lock, bool *taken, struct error *err);

/*
 * A shared lock on such a file, held as long: others may share it too, and file_lock_look
 * sees it. Does not wait; INTERNAL when somebody holds the file by file_lock_try.
 */
int file_lock_share(struct file_lock *lock, struct error *err);

#endif
