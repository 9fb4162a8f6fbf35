/*
 * Included first by `make analyze`: an analyzer that sees one file at a time cannot know that a
 * function of another file always returns -1.
 */
#ifndef TESTS_ANALYZE_H
#define TESTS_ANALYZE_H

#include "util/error.h"

#define error_set(...)       (error_set(__VA_ARGS__), -1)
#define error_set_errno(...) (error_set_errno(__VA_ARGS__), -1)
#define error_wrap(...)      (error_wrap(__VA_ARGS__), -1)

#endif
