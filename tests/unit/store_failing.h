/*
 * Steps of what a store does, each run with allocations of SQLite failing, and with each statement, behind those
 * before it: it is done whole, or undone. The program is linked with $(FAILING_SQL).
 */
#ifndef TESTS_UNIT_STORE_FAILING_H
#define TESTS_UNIT_STORE_FAILING_H

#include "failing.h"
#include "scratch.h"
#include "store/store.h"
#include "unit.h"
#include "util/error.h"

#define NOW 1800000000

/* Read only. */
#define TEXT(text) ((char *)(uintptr_t)(text))

static char          directory[SCRATCH_SIZE];
static struct store *store;

typedef int step(struct error *err);

struct scenario {
	step *const        *steps;
	int                 at;
	enum store_database database;
	bool                fresh; /* the store is opened each time: it has no statements prepared */
};

/* Those before it succeed; whatever becomes of it, all is undone. */
static inline int
scenario_run(const void *arg, struct error *err)
{
	const struct scenario *scenario = arg;
	int                    rc;

	if (scenario->fresh)
		unit_ok(store_database_open(scenario->database, directory, &store, err), err);
	unit_ok(store_begin(store, err), err);
	for (int i = 0; i < scenario->at; i++)
		ck_assert_msg(scenario->steps[i](err) == 0, "step %d: %s", i, err->detail);
	failing_on();
	rc = scenario->steps[scenario->at](err);
	failing_off();
	store_rollback(store);
	if (scenario->fresh)
		store_close(store);
	return rc;
}

static inline void
scenario_fail(struct scenario *scenario)
{
	struct error err = {0};

	scratch_make(directory);
	unit_ok(store_database_create(scenario->database, directory, &err), &err);
	unit_ok(store_database_open(scenario->database, directory, &store, &err), &err);
	failing_every(3, (unsigned)scenario->at % 3);
	failing_each(scenario_run, scenario);
	store_close(store);
	scenario->fresh = true;
	failing_every(41, (unsigned)scenario->at); /* a statement that is prepared needs more than that */
	failing_each(scenario_run, scenario);
	failing_spare_memory();
	failing_every(1, 0); /* each statement */
	failing_each(scenario_run, scenario);
	scratch_remove(directory);
}

#endif
