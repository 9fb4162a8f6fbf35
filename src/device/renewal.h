/* The time of renewal of a certificate. */
#ifndef DEVICE_RENEWAL_H
#define DEVICE_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

/* Two thirds of the way from notBefore to notAfter; seconds since 1970. */
int64_t renewal_time(int64_t not_before, int64_t not_after);

/* True from that time on. */
bool renewal_is_due(int64_t not_before, int64_t not_after, int64_t now);

/* Interval of attest-device-renew.timer with its random delay, in seconds. */
#define RENEWAL_TIMER (INT64_C(65) * 60)

/*
 * Interval in seconds between renewal checks that gives two tries in the last third of the life:
 * half of that third; at least 1.
 */
int64_t renewal_interval(int64_t not_before, int64_t not_after);

/* Prints the needed setting on standard error when an interval is shorter than the timer's. */
void renewal_interval_note(int64_t seconds);

/* Buffer size for renewal_left_format. */
#define RENEWAL_LEFT_SIZE 48

/* "12 days", below two days "30 h 5 min", below an hour "5 min 20 s"; after the end "0 min 0 s". */
void renewal_left_format(int64_t seconds, char text[RENEWAL_LEFT_SIZE]);

/* Whole days until `when`, rounded down; negative after it. */
int64_t renewal_days_left(int64_t when, int64_t now);

#endif
