/* When a certificate is to be renewed. */
#ifndef DEVICE_RENEWAL_H
#define DEVICE_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

/* Two thirds of the way from notBefore to notAfter; seconds since 1970. */
int64_t renewal_time(int64_t not_before, int64_t not_after);

/* True from that time on. */
bool renewal_is_due(int64_t not_before, int64_t not_after, int64_t now);

/* How often attest-device-renew.timer looks, its random delay included, in seconds. */
#define RENEWAL_TIMER (INT64_C(65) * 60)

/*
 * How often renewal must be looked for, in seconds, so that it is tried twice in the last third: half of
 * that; at least 1.
 */
int64_t renewal_interval(int64_t not_before, int64_t not_after);

/* Says on standard error what to set when an interval is shorter than the timer's. */
void renewal_interval_note(int64_t seconds);

/* Room for renewal_left_format. */
#define RENEWAL_LEFT_SIZE 48

/* "12 days", below two days "30 h 5 min", below an hour "5 min 20 s"; of what is over "0 min 0 s". */
void renewal_left_format(int64_t seconds, char text[RENEWAL_LEFT_SIZE]);

/* Whole days until `when`, rounded down; negative when it is over. */
int64_t renewal_days_left(int64_t when, int64_t now);

#endif
