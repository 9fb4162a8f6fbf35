/* Arithmetic on validity times; looks at no clock and no file. */
#include "config.h"

#include "device/renewal.h"

#define DAY (INT64_C(24) * 60 * 60)

int64_t
renewal_time(int64_t not_before, int64_t not_after)
{
	/* "99991231235959Z" and a notAfter before notBefore are both dates that exist. */
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
