/* The writer of a test: it opens the inventory itself. */
#ifndef TESTS_UNIT_STORE_WRITER_H
#define TESTS_UNIT_STORE_WRITER_H

#include "store/store.h"
#include "store/writer.h"

static inline int
writer_start(const char *place, struct store_writer **out, struct error *err)
{
	struct store *store = NULL;

	return store_open(place, &store, err) == 0 ? store_writer_start(store, out, err) : -1;
}

#endif
