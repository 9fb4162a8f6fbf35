/*
 * A fair queue (ticket lock) in a file. The file's content is the number of the
 * last ticket drawn; a writer locks the octet of its ticket until it has written,
 * and waits while an octet before it is locked. flock(2) alone is not fair: a
 * writer that releases it and retries at once gets it again, while the waiters are
 * still waking up. This lock is only about fairness: SQLite's own lock protects
 * the store if it fails.
 *
 * Who finds nobody waiting draws no ticket: it locks the octet before all tickets,
 * and then sees that none is held. Whoever draws one meanwhile does it the other
 * way round, locks first and then looks at the octets before its own, so that at least one
 * of the two sees the other, and who has no ticket gives way.
 */
#include "config.h"

#include "util/file_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/shell_quote.h"

/* Octets of the lock file: the gate guards the ticket number; the octet of ticket n, which is at
 * least 1, is n behind that of a writer who found nobody waiting. */
#define LOCK_GATE  ((off_t)0)
#define LOCK_ALONE ((off_t)16)
#define LOCK_LAST    (INT64_MAX / 2)

/* Poll intervals: short for the next in line, longer for the others. */
#define LOCK_GLANCE_US 250
#define LOCK_GLANCES   16

int
file_lock_open(const struct folder *folder, const char *name, struct file_lock *lock,
    struct error *err)
{
	AUTO_FREE char *path = file_join(folder->path, name);
	int             fd = openat(folder->fd, name,
	                O_RDWR | O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct stat     st;
	int             rc;

	if (fd < 0)
		return error_set_errno(err, ERROR_INTERNAL, "opening %s", path);
	rc = fstat(fd, &st) == 0 ? folder_check_file(folder->fd, &st, path, true, err)
	                         : error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	/* A file that root makes in a service's directory must be one that the service can open. */
	if (rc == 0 && folder_give(folder->fd, fd) != 0)
		rc = error_set_errno(err, ERROR_INTERNAL, "giving %s to the directory's owner", path);
	if (rc == 0)
		*lock = (struct file_lock){fd, memory_strdup(path), 0};
	else
		(void)close(fd);
	return rc;
}

void
file_lock_close(struct file_lock *lock)
{
	if (lock->path == NULL)
		return;
	(void)close(lock->fd);
	free(lock->path);
	*lock = (struct file_lock){.fd = -1};
}

static void
lock_pause(unsigned int glances)
{
	struct timespec pause = {0, 1000L * LOCK_GLANCE_US * glances};

	(void)nanosleep(&pause, NULL);
}

/* Locks or unlocks one octet, without waiting. */
static bool
lock_set(const struct file_lock *lock, off_t octet, short type)
{
	struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = octet, .l_len = 1};

	return fcntl(lock->fd, F_OFD_SETLK, &range) == 0;
}

/* Takes the lock if nobody holds a ticket. */
static bool
lock_alone(struct file_lock *lock)
{
	struct flock tickets = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_ALONE + 1};

	if (!lock_set(lock, LOCK_ALONE, F_WRLCK))
		return false;
	lock->octet = LOCK_ALONE;
	if (fcntl(lock->fd, F_OFD_GETLK, &tickets) == 0 && tickets.l_type == F_UNLCK)
		return true;
	file_lock_release(lock);
	return false;
}

/*
 * Distance to an earlier octet that is still held, capped; 0 when it is our turn. Who cannot look
 * waits.
 */
static unsigned int
lock_ahead(const struct file_lock *lock)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_ALONE,
	    .l_len = lock->octet - LOCK_ALONE};
	off_t        ahead;

	if (fcntl(lock->fd, F_OFD_GETLK, &range) != 0)
		return 1;
	if (range.l_type == F_UNLCK)
		return 0;
	ahead = lock->octet - range.l_start;
	return ahead < LOCK_GLANCES ? (unsigned int)ahead : LOCK_GLANCES;
}

/* Draws the next ticket; the caller holds the gate. */
static int
lock_draw(struct file_lock *lock, struct error *err)
{
	int64_t last = 0;
	off_t   ticket;

	if (pread(lock->fd, &last, sizeof last, 0) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "reading %s", lock->path);
	if (last < 0 || last >= LOCK_LAST)
		last = 0;
	/* A ticket of this number is held already only if the file was truncated. */
	for (ticket = last + 1; !lock_set(lock, LOCK_ALONE + ticket, F_WRLCK); ticket++)
		if (errno != EAGAIN && errno != EACCES)
			return error_set_errno(err, ERROR_INTERNAL, "locking %s", lock->path);
	last = ticket;
	if (pwrite(lock->fd, &last, sizeof last, 0) != (ssize_t)sizeof last) {
		error_set_errno(err, ERROR_INTERNAL, "writing %s", lock->path);
		(void)lock_set(lock, LOCK_ALONE + ticket, F_UNLCK);
		return -1;
	}
	lock->octet = LOCK_ALONE + ticket;
	return 0;
}

static int
lock_busy(const struct file_lock *lock, int64_t patience_ms, struct error *err)
{
	AUTO_FREE char *word = shell_word(lock->path);

	return error_set(err, ERROR_OVERLOADED,
	    "others have been writing for %" PRId64 " s; run \"fuser %s\" to see who",
	    patience_ms / 1000, word);
}

int
file_lock_acquire(struct file_lock *lock, int64_t patience_ms, struct error *err)
{
	int64_t      deadline = clock_monotonic_ms() + patience_ms;
	unsigned int ahead;
	int          rc;

	if (lock_alone(lock))
		return 0;
	while (!lock_set(lock, LOCK_GATE, F_WRLCK)) {
		if (errno != EAGAIN && errno != EACCES)
			return error_set_errno(err, ERROR_INTERNAL, "locking %s", lock->path);
		if (clock_monotonic_ms() >= deadline)
			return lock_busy(lock, patience_ms, err);
		lock_pause(1);
	}
	rc = lock_draw(lock, err);
	(void)lock_set(lock, LOCK_GATE, F_UNLCK);
	if (rc != 0)
		return -1;

	while ((ahead = lock_ahead(lock)) != 0) {
		if (clock_monotonic_ms() >= deadline) {
			file_lock_release(lock);
			return lock_busy(lock, patience_ms, err);
		}
		lock_pause(ahead);
	}
	return 0;
}

void
file_lock_release(struct file_lock *lock)
{
	if (lock->octet == 0)
		return;
	(void)lock_set(lock, lock->octet, F_UNLCK);
	lock->octet = 0;
}

bool
file_lock_is_awaited(const struct file_lock *lock)
{
	struct flock behind = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = lock->octet + 1};

	return fcntl(lock->fd, F_OFD_GETLK, &behind) == 0 && behind.l_type != F_UNLCK;
}

int
file_lock_try(struct file_lock *lock, bool *taken, struct error *err)
{
	*taken = lock_set(lock, LOCK_GATE, F_WRLCK);
	if (!*taken && errno != EAGAIN && errno != EACCES)
		return error_set_errno(err, ERROR_INTERNAL, "locking %s", lock->path);
	return 0;
}

int
file_lock_look(const struct file_lock *lock, bool *taken, struct error *err)
{
	struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_GATE, .l_len = 1};

	if (fcntl(lock->fd, F_OFD_GETLK, &range) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at the lock %s", lock->path);
	*taken = range.l_type != F_UNLCK;
	return 0;
}

int
file_lock_share(struct file_lock *lock, struct error *err)
{
	return lock_set(lock, LOCK_GATE, F_RDLCK)
	    ? 0
	    : error_set_errno(err, ERROR_INTERNAL, "locking %s", lock->path);
}
