/* When a certificate is to be renewed. */
#ifndef DEVICE_RENEWAL_H
#define DEVICE_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>

/* Two thirds of the way from notBefore to notAfter; seconds since 1970. */
int64_t renewal_time(int64_t not_before, int64_t not_after);

/* True from that time on. */
bool renewal_is_due(int64_t not_before, int64_t not_after, int64_t now);

/* Whole days until `when`, rounded down; negative when it is over. */
int64_t renewal_days_left(int64_t when, int64_t now);

#endif
