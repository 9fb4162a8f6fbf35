/* Whether a daemon runs on a state directory: it holds a lock in it for as long as it lives. */
#ifndef CA_RUNNING_H
#define CA_RUNNING_H

#include "util/file_lock.h"

struct error;
struct folder;

enum running {
	RUNNING_NEVER, /* no daemon has ever run on it */
	RUNNING_NOT,   /* one did, and none does now */
	RUNNING_NOW,
};

/*
 * Holds the lock until file_lock_close or the end of the process. Several daemons may hold it,
 * as one does that takes over from another. INTERNAL.
 */
int running_hold(const struct folder *state, struct file_lock *lock, struct error *err);

/* Looks, and makes no file. INTERNAL when the lock cannot be looked at. */
int running_look(const struct folder *state, enum running *running, struct error *err);

#endif
