/*
 * A value that many threads read while one replaces it as a whole: whoever reads
 * holds on to one version from beginning to end, and the last reader of a version
 * that was replaced frees it.
 */
#ifndef UTIL_SHARED_H
#define UTIL_SHARED_H

struct shared;

/* One version, held between shared_acquire and shared_release; `value` is not to be changed. */
struct shared_version {
	void    *value;
	unsigned users; /* the rest is its owner's */
};

/* Holds nothing yet. `release` frees a value; it may run in any thread that reads. */
struct shared *shared_new(void (*release)(void *value));

/* Frees the value too: nobody may hold it any more. Takes NULL. */
void shared_free(struct shared *shared);

/* Takes the value over, in place of the last. NULL: there is nothing from now on. */
void shared_replace(struct shared *shared, void *value);

/* What it is now, or NULL when there is nothing; to be given back, also when NULL. */
struct shared_version *shared_acquire(struct shared *shared);
void                   shared_release(struct shared *shared, struct shared_version *version);

#endif
