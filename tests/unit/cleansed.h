/*
 * What was overwritten before it was given back. A test that asks is linked with functions of its
 * own in place of those that overwrite: they do the same, and keep a copy of what was there.
 */
#ifndef TESTS_UNIT_CLEANSED_H
#define TESTS_UNIT_CLEANSED_H

#include <stddef.h>

#include "util/bytes.h"

/* Begins to record, and forgets what was recorded before. */
void cleansed_watch(void);

/*
 * How many blocks of `size` octets (0: of any size) that held `octets` somewhere have been
 * overwritten by bytes_cleanse since; empty `octets` are in every block.
 */
size_t cleansed_count(size_t size, struct view octets);

/* The same for blocks that OPENSSL_clear_free took back. */
size_t cleansed_freed(size_t size, struct view octets);

#endif
