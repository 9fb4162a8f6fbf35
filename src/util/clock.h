/* Reads clocks, and reads and writes RFC 3339 times. Other code is given `now` as an argument. */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);

/* Milliseconds of the monotonic clock; for deadlines. */
int64_t clock_monotonic_ms(void);

/* "2026-11-21T09:30:00Z" needs 21 octets; years 0000 to 9999. */
#define CLOCK_TEXT_SIZE 32

/* Writes `when` as RFC 3339, in UTC; "(no date)" for a year outside 0000 to 9999. */
void clock_format(int64_t when, char text[CLOCK_TEXT_SIZE]);

/*
 * Reads RFC 3339: "2026-11-21T09:30:00.25+01:00". Fractions are cut off; a leap
 * second is read as the second after it. False when the text is no RFC 3339 time or
 * the calendar has no such date.
 */
bool clock_parse(const char *text, int64_t *when);

#endif
