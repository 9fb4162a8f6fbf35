/* Arithmetic on validity times, and their text; reads no clock and no file. */
#include "config.h"

#include "device/renewal.h"

#include <stdio.h>

#define MINUTE INT64_C(60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

int64_t
renewal_time(int64_t not_before, int64_t not_after)
{
	/* Both "99991231235959Z" and a notAfter before notBefore occur in real certificates. */
	return not_after <= not_before ? not_after : not_before + (not_after - not_before) / 3 * 2;
}

bool
renewal_is_due(int64_t not_before, int64_t not_after, int64_t now)
{
	return now >= renewal_time(not_before, not_after);
}

int64_t
renewal_days_left(int64_t when, int64_t now)
{
	int64_t left = when - now;

	return left >= 0 ? left / DAY : -((-left + DAY - 1) / DAY);
}

int64_t
renewal_interval(int64_t not_before, int64_t not_after)
{
	int64_t interval = (not_after - renewal_time(not_before, not_after)) / 2;

	return interval > 1 ? interval : 1;
}

void
renewal_interval_note(int64_t seconds)
{
	if (seconds >= RENEWAL_TIMER)
		return;
	(void)fprintf(stderr,
	    "attest-device: note: these certificates have a short life: have renew run every %lld s at least; "
	    "with \"systemctl edit attest-device-renew.timer\" set OnUnitInactiveSec=%llds and "
	    "RandomizedDelaySec=0\n",
	    (long long)seconds, (long long)seconds);
}

void
renewal_left_format(int64_t seconds, char text[RENEWAL_LEFT_SIZE])
{
	if (seconds < 0)
		seconds = 0;
	if (seconds >= 2 * DAY)
		(void)snprintf(text, RENEWAL_LEFT_SIZE, "%lld days", (long long)(seconds / DAY));
	else if (seconds >= HOUR)
		(void)snprintf(text, RENEWAL_LEFT_SIZE, "%lld h %lld min", (long long)(seconds / HOUR),
		    (long long)(seconds % HOUR / MINUTE));
	else
		(void)snprintf(text, RENEWAL_LEFT_SIZE, "%lld min %lld s", (long long)(seconds / MINUTE),
		    (long long)(seconds % MINUTE));
}
