/* Counts the readers of each version; the lock is held for counting only. */
#include "config.h"

#include "util/shared.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/bytes.h"

struct shared {
	pthread_mutex_t        mutex; /* guards `current`, and `users` of every version */
	struct shared_version *current;
	void (*release)(void *value);
};

struct shared *
shared_new(void (*release)(void *value))
{
	struct shared *shared = memory_new(sizeof *shared);

	(void)pthread_mutex_init(&shared->mutex, NULL);
	shared->release = release;
	return shared;
}

void
shared_free(struct shared *shared)
{
	if (shared == NULL)
		return;
	shared_replace(shared, NULL);
	(void)pthread_mutex_destroy(&shared->mutex);
	free(shared);
}

void
shared_replace(struct shared *shared, void *value)
{
	struct shared_version *fresh = NULL;
	struct shared_version *old;

	if (value != NULL) {
		fresh = memory_new(sizeof *fresh);
		*fresh = (struct shared_version){.value = value, .users = 1};
	}
	(void)pthread_mutex_lock(&shared->mutex);
	old = shared->current;
	shared->current = fresh;
	(void)pthread_mutex_unlock(&shared->mutex);
	shared_release(shared, old);
}

struct shared_version *
shared_acquire(struct shared *shared)
{
	struct shared_version *version;

	(void)pthread_mutex_lock(&shared->mutex);
	if ((version = shared->current) != NULL)
		version->users++;
	(void)pthread_mutex_unlock(&shared->mutex);
	return version;
}

void
shared_release(struct shared *shared, struct shared_version *version)
{
	bool last;

	if (version == NULL)
		return;
	(void)pthread_mutex_lock(&shared->mutex);
	last = --version->users == 0;
	(void)pthread_mutex_unlock(&shared->mutex);
	if (!last)
		return;
	shared->release(version->value);
	free(version);
}
