/* Integrity checks and copies of a store, done by its engine. */
#include "config.h"

#include "store/check.h"

#include "store/engine.h"

int
store_check_integrity(struct store *store, struct error *err)
{
	return store->engine->check_integrity(store, err);
}

void
store_watch(struct store *store, void (*each)(void *arg), void *arg)
{
	store->engine->watch(store, each, arg);
}

int
store_check_schema(struct store *store, struct error *err)
{
	return store->engine->check_schema(store, err);
}

int
store_snapshot(struct store *store, const char *path, struct error *err)
{
	return store->engine->snapshot(store, path, err);
}
