/* Durations as text, with a unit. */
#ifndef UTIL_DURATION_H
#define UTIL_DURATION_H

#include <stdint.h>

struct error;

/*
 * Reads "90s", "10m", "24h", "90d", "12w" or "10y" (365 days) into seconds.
 * Refused as MALFORMED: no unit, zero, a sign, anything after the unit, and
 * more than 100 years.
 */
int duration_parse(const char *text, int64_t *seconds, struct error *err);

#endif
