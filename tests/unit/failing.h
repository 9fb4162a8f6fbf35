/*
 * Memory that runs out: the n-th allocation of a library fails, for n = 1, 2, … until the operation
 * needs no more than n - 1. Our own allocations are left alone, since they abort by design.
 */
#ifndef TESTS_UNIT_FAILING_H
#define TESTS_UNIT_FAILING_H

#include <stdbool.h>

#include "util/error.h"

/* What is tried: 0 when it succeeded, -1 with *err when it failed. It frees what it made. */
typedef int failing_operation(const void *arg, struct error *err);

/*
 * Puts counted allocators into OpenSSL and SQLite (without memory for JSON we abort). The first thing
 * that main does: OpenSSL takes none once it has allocated.
 */
void failing_prepare(void);

/* The same for libevent, before its first use. */
void failing_prepare_events(void);

/* The same for ICU, before its first use. */
void failing_prepare_names(void);

/*
 * Runs the operation without a failure, then with the n-th allocation failing, and for some n once
 * more with all from the n-th on. Asserts that the operation succeeds or tells an error each time, that it
 * succeeds when nothing fails, that no n is beyond bounds, and that neither memory nor a descriptor
 * is leaked.
 */
void failing_each(failing_operation *operation, const void *arg);

/* The same for an operation that must succeed: what fails is tried again, or not needed. */
void failing_succeeds(failing_operation *operation, const void *arg);

/* The same for an operation that must fail, whatever else fails: a verdict that is no. */
void failing_refuses(failing_operation *operation, const void *arg);

/* One run that must fail, with the n-th allocation failing: for what is remembered once it is verified. */
void failing_refuses_at(failing_operation *operation, const void *arg, unsigned n);

/* From now on only the first four and every n-th behind the first `from` are tried: for an operation that is
 * slow. */
void failing_every(unsigned n, unsigned from);

/*
 * From now on a point is tried once for each way in which it is come to, the last calls that are under way there,
 * by whichever case of the program: each branch that tells an error is taken, and none in vain a second time. The
 * first thing that main does, before cases fork.
 */
void failing_paths(void);

/*
 * Allocations of the operation fail only between these two: it prepares before the first, if it calls
 * that, and looks at its result behind the second.
 */
void failing_on(void);
void failing_off(void);

/*
 * From now on no allocation fails: what stands in for something else is less, so that each of it can be tried.
 */
void failing_spare_memory(void);

/* Nothing more fails in this run, although failing_on is called. */
void failing_spare(void);

/* True when all behind the one that failed fail too: what was begun could not be undone. */
bool failing_lasts(void);

/* Other threads of the test open and close descriptors meanwhile: they are not counted from now on. */
void failing_among_threads(void);

/* For what stands in for something that can fail: true when it has to, now. */
bool failing_now(void);

#endif
