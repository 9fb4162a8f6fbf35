/* Keeps with a connection what becomes of names that look alike. */
#include "config.h"

#include "store/similar.h"

#include "store/engine.h"

const struct similar_watch *
similar_watch_of(const struct store *store)
{
	return &store->similar;
}

void
similar_watch_set(struct store *store, const struct similar_watch *watch)
{
	store->similar = *watch;
}
