/* The only place that asks what time it is. */
#include "config.h"

#include "util/clock.h"

#include <stdio.h>
#include <time.h>

int64_t
clock_now(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec;
}

int64_t
clock_monotonic_ms(void)
{
	struct timespec ts = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_format(int64_t when, char text[CLOCK_TEXT_SIZE])
{
	time_t    seconds = (time_t)when;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		(void)snprintf(text, CLOCK_TEXT_SIZE, "(no date)");
		return;
	}
	/* The year by itself: strftime gives it as many digits as it needs. */
	(void)snprintf(text, CLOCK_TEXT_SIZE, "%04d", tm.tm_year + 1900);
	(void)strftime(text + 4, CLOCK_TEXT_SIZE - 4, "-%m-%dT%H:%M:%SZ", &tm);
}
