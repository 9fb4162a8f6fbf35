/* Bounds the nesting of JSON before a recursive parser sees it. */
#ifndef UTIL_JSON_DEPTH_H
#define UTIL_JSON_DEPTH_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

/* True when more than `max` brackets are open at once. Brackets inside strings do not count. */
bool json_depth_exceeds(struct view text, size_t max);

#endif
