/* When a failed request is retried: one back-off policy for all requests of the device. */
#ifndef DEVICE_HOST_RETRY_H
#define DEVICE_HOST_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Longest Retry-After that is honoured: an hour. */
#define RETRY_AFTER_MAX_S 3600

/* Which failures are retried. All but the first: also a request that was never sent. */
enum retry_rule {
	RETRY_NONE,    /* none: the caller retries at its own pace */
	RETRY_UNSENT,  /* no answer: not retried, since it may have taken effect */
	RETRY_REFUSED, /* 429 and 503: the server has not carried it out */
	RETRY_SAFE     /* also 500, 502, 504 and a lost connection: idempotent */
};

/* True when this HTTP status is transient and the request may be retried. */
bool retry_status(long status, enum retry_rule rule);

/* The first pause and the longest, in milliseconds. */
struct retry_pace {
	int64_t first;
	int64_t longest;
};

/*
 * Back-off before try number `tried` + 2 (`tried` from 0), in milliseconds: grows by half
 * each time, with a jitter of up to a fifth by `random`, so that machines that began together
 * spread out. Not less than the server's `retry_after` (seconds, 0: none), up to an hour.
 */
int64_t retry_pause(const struct retry_pace *pace, unsigned int tried, long retry_after,
    uint32_t random);

/* The same with the system's randomness. */
int64_t retry_pause_now(const struct retry_pace *pace, unsigned int tried, long retry_after);

#endif
