/*
 * An attacker who owns a directory, as a thread: it moves things there as fast as it can, while
 * the test works in it.
 */
#ifndef TESTS_UNIT_RACE_H
#define TESTS_UNIT_RACE_H

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>

#include "util/clock.h"

/* A race is a thousand tries, and as many more as it takes for each side to win some. */
#define RACES   1000
#define WINS    20
#define RACE_MS 20000

#define RACE_PATH_SIZE 64

/* Two names that change places, or a beginning of names and where links in their place lead. */
struct swap {
	int           directory;
	const char   *one;
	const char   *other;
	atomic_bool   ended;
	unsigned long count;
	pthread_t     thread;
};

static inline void *
swap_main(void *arg)
{
	struct swap *swap = arg;

	while (!swap->ended)
		swap->count += renameat2(swap->directory, swap->one, swap->directory, swap->other,
		                   RENAME_EXCHANGE) == 0;
	return NULL;
}

static inline void
swap_begin(struct swap *swap)
{
	ck_assert_int_eq(pthread_create(&swap->thread, NULL, swap_main, swap), 0);
}

/* Puts away each directory whose name begins with `one`, and a link to `other` in its place. */
static inline void *
capture_main(void *arg)
{
	struct swap *swap = arg;

	while (!swap->ended) {
		int            copy = openat(swap->directory, ".", O_RDONLY | O_DIRECTORY);
		DIR           *here = copy >= 0 ? fdopendir(copy) : NULL;
		struct dirent *entry;

		while (here != NULL && (entry = readdir(here)) != NULL) {
			char away[300];

			if (strncmp(entry->d_name, swap->one, strlen(swap->one)) != 0)
				continue;
			(void)snprintf(away, sizeof away, "away%s", entry->d_name);
			if (renameat2(swap->directory, entry->d_name, swap->directory, away,
			        RENAME_NOREPLACE) == 0 &&
			    symlinkat(swap->other, swap->directory, entry->d_name) == 0)
				swap->count++;
		}
		if (here != NULL)
			(void)closedir(here);
	}
	return NULL;
}

static inline void
capture_begin(struct swap *swap)
{
	ck_assert_int_eq(pthread_create(&swap->thread, NULL, capture_main, swap), 0);
}

/* Ends either; it has moved something. */
static inline void
swap_end(struct swap *swap)
{
	swap->ended = true;
	ck_assert_int_eq(pthread_join(swap->thread, NULL), 0);
	ck_assert_uint_gt(swap->count, 0);
}

/* Counts of a race's outcomes; {0} at first. */
struct score {
	int64_t  deadline;
	unsigned tries;
	unsigned worked;
	unsigned refused;
};

static inline bool
score_goes_on(struct score *score)
{
	if (score->deadline == 0)
		score->deadline = clock_monotonic_ms() + RACE_MS;
	if (clock_monotonic_ms() >= score->deadline)
		return false;
	if (score->tries % 8 == 0)
		(void)sched_yield(); /* a machine of one processor has a race, too */
	return score->tries++ < RACES || score->worked < WINS || score->refused < WINS;
}

static inline void
score_check(const struct score *score)
{
	ck_assert_uint_ge(score->tries, RACES);
	ck_assert_uint_ge(score->worked, WINS);
	ck_assert_uint_ge(score->refused, WINS);
}

/* In memory, if possible: thousands of fsyncs take none of its time. */
static inline void
race_directory_make(char path[RACE_PATH_SIZE])
{
	(void)strcpy(path, "/dev/shm/attest.XXXXXX");
	if (mkdtemp(path) == NULL) {
		(void)strcpy(path, "/tmp/attest.XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(path));
	}
}

#endif
