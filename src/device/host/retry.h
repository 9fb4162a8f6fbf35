/* When a request that failed is made again: one policy for every request of the device. */
#ifndef DEVICE_HOST_RETRY_H
#define DEVICE_HOST_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* A server's Retry-After counts up to an hour. */
#define RETRY_AFTER_MAX_S 3600

/* After what a request is repeated; all but the first: also when it never was sent. */
enum retry_rule {
	RETRY_NONE,    /* nothing at all: whoever asks repeats it at a pace of its own */
	RETRY_UNSENT,  /* no answer: it may have been done, and must not be done twice */
	RETRY_REFUSED, /* 429 and 503, with which a server says that it has not done it */
	RETRY_SAFE     /* also 500, 502, 504 and a lost connection: doing it twice does no harm */
};

/* True when this HTTP status is for now only, and the request may be repeated after it. */
bool retry_status(long status, enum retry_rule rule);

/* The first pause and the longest, in milliseconds. */
struct retry_pace {
	int64_t first;
	int64_t longest;
};

/*
 * How long to pause, in milliseconds, before try number `tried` + 2 (`tried` from 0): half as
 * long again each time, and up to a fifth more or less by `random`, so that machines
 * that began together do not stay together. A server that names a time in `retry_after`
 * (seconds, 0: none) is not asked before it, up to an hour.
 */
int64_t retry_pause(const struct retry_pace *pace, unsigned int tried, long retry_after,
    uint32_t random);

/* The same, varied by the system's randomness. */
int64_t retry_pause_now(const struct retry_pace *pace, unsigned int tried, long retry_after);

#endif
