/* How deep JSON is, before anything parses it that recurses. */
#ifndef UTIL_JSON_DEPTH_H
#define UTIL_JSON_DEPTH_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

/* True when more than `max` brackets are open at once. Brackets in strings open nothing. */
bool json_depth_exceeds(struct view text, size_t max);

#endif
