/* An empty store in a directory of its own, before each case. */
#ifndef TESTS_UNIT_STORE_FIXTURE_H
#define TESTS_UNIT_STORE_FIXTURE_H

#include "scratch.h"
#include "store/store.h"
#include "unit.h"
#include "util/error.h"

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

static inline void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
}

static inline void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

#endif
