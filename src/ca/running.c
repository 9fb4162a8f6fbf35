/* Owns the daemon's lock file, which stays when the daemon ends. */
#include "config.h"

#include "ca/running.h"

#include <sys/stat.h>

#include <errno.h>

#include "ca/files.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

int
running_hold(const char *state_dir, struct file_lock *lock, struct error *err)
{
	AUTO_FREE char *path = file_join(state_dir, STATE_DAEMON_LOCK);

	return file_lock_open(path, lock, err) == 0 ? file_lock_share(lock, err) : -1;
}

int
running_look(const char *state_dir, enum running *running, struct error *err)
{
	AUTO_FREE char  *path = file_join(state_dir, STATE_DAEMON_LOCK);
	struct file_lock lock = {.fd = -1};
	struct stat      st;
	bool             taken = false;
	int              rc;

	*running = RUNNING_NEVER;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0
		                       : error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	rc = file_lock_open(path, &lock, err);
	if (rc == 0)
		rc = file_lock_look(&lock, &taken, err);
	file_lock_close(&lock);
	*running = taken ? RUNNING_NOW : RUNNING_NOT;
	return rc;
}
