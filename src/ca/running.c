/* Owns the daemon's lock file, which stays when the daemon ends. */
#include "config.h"

#include "ca/running.h"

#include <errno.h>

#include "ca/files.h"
#include "util/error.h"
#include "util/folder.h"

int
running_hold(const struct folder *state, struct file_lock *lock, struct error *err)
{
	return file_lock_open(state, STATE_DAEMON_LOCK, lock, err) == 0 ? file_lock_share(lock, err) : -1;
}

int
running_look(const struct folder *state, enum running *running, struct error *err)
{
	struct file_lock lock = {.fd = -1};
	struct stat      st;
	bool             taken = false;
	int              rc;

	*running = RUNNING_NEVER;
	if (folder_look(state, STATE_DAEMON_LOCK, &st) != 0)
		return errno == ENOENT ? 0
		                       : error_set_errno(err, ERROR_INTERNAL, "looking at %s/%s",
		                             state->path, STATE_DAEMON_LOCK);
	rc = file_lock_open(state, STATE_DAEMON_LOCK, &lock, err);
	if (rc == 0)
		rc = file_lock_look(&lock, &taken, err);
	file_lock_close(&lock);
	*running = taken ? RUNNING_NOW : RUNNING_NOT;
	return rc;
}
