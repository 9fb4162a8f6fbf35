/*
 * A value with reference-counted versions: many threads read it while one
 * replaces it as a whole. A reader keeps one version from beginning to end, and
 * the last reader of a replaced version frees it.
 */
#ifndef UTIL_SHARED_H
#define UTIL_SHARED_H

struct shared;

/* One version, held between shared_acquire and shared_release; `value` is not to be changed. */
struct shared_version {
	void    *value;
	unsigned users; /* private */
};

/* Makes an empty one. `release` frees a value; it may run in any thread that reads. */
struct shared *shared_new(void (*release)(void *value));

/* Frees the value too: no reader may hold it any more. Takes NULL. */
void shared_free(struct shared *shared);

/* Takes ownership of `value`, which replaces the current one; NULL: no value from now on. */
void shared_replace(struct shared *shared, void *value);

/* The current version, or NULL when there is none. Each acquire needs a release, also of NULL. */
struct shared_version *shared_acquire(struct shared *shared);
void                   shared_release(struct shared *shared, struct shared_version *version);

#endif
