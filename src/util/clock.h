/* Times as the rest of the program passes them in. */
#ifndef UTIL_CLOCK_H
#define UTIL_CLOCK_H

#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970-01-01T00:00:00Z. */
int64_t clock_now(void);

/* Milliseconds of a clock that nobody sets; for deadlines. */
int64_t clock_monotonic_ms(void);

/* "2026-11-21T09:30:00Z" needs 21 octets; years 0000 to 9999. */
#define CLOCK_TEXT_SIZE 32

/* Writes `when` as RFC 3339, in UTC; "(no date)" when it lies in another year. */
void clock_format(int64_t when, char text[CLOCK_TEXT_SIZE]);

#endif
