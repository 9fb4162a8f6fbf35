/*
 * How many refusals are logged one by one: strangers cause them, as fast as they like. What is
 * above is counted, and logged as a number for each source and kind.
 */
#ifndef UTIL_LOG_REFUSAL_H
#define UTIL_LOG_REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

struct source;

/* Lines in a second: of one source and kind, and of all in the process. */
#define LOG_REFUSALS_OF_SOURCE 32
#define LOG_REFUSALS           128

/*
 * True when a refusal of this kind, a literal, is to be logged now; else it is counted. The
 * first call of this or of log_refusal_flush in a later second logs what was counted before, at
 * most LOG_REFUSAL_SOURCES sources and kinds by name and the others together. `now_ms` is of a
 * monotonic clock. Any thread. At log level debug everything is logged.
 */
#define LOG_REFUSAL_SOURCES 16
bool log_refusal(const struct source *source, const char *kind, int64_t now_ms);

/* Logs what was counted in a second that is over; from a timer. INT64_MAX, at the end: all. */
void log_refusal_flush(int64_t now_ms);

#endif
