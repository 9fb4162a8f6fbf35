/* The arithmetic of back-off and a table; makes no request and does not sleep. */
#include "config.h"

#include "device/host/retry.h"

#include <sys/random.h>

#include <stddef.h>

static const struct {
	long            status;
	enum retry_rule least;
} statuses[] = {
    {429, RETRY_REFUSED},
    {503, RETRY_REFUSED},
    {500, RETRY_SAFE},
    {502, RETRY_SAFE},
    {504, RETRY_SAFE},
};

bool
retry_status(long status, enum retry_rule rule)
{
	for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
		if (statuses[i].status == status)
			return rule >= statuses[i].least;
	}
	return false;
}

int64_t
retry_pause(const struct retry_pace *pace, unsigned int tried, long retry_after, uint32_t random)
{
	int64_t ms = pace->first;
	int64_t fifth;

	for (unsigned int i = 0; i < tried && ms < pace->longest; i++)
		ms += ms / 2;
	if (ms > pace->longest)
		ms = pace->longest;
	fifth = ms / 5;
	ms += (int64_t)((uint64_t)random * (uint64_t)(2 * fifth) >> 32) - fifth;
	if (retry_after > RETRY_AFTER_MAX_S)
		retry_after = RETRY_AFTER_MAX_S;
	return retry_after * 1000 > ms ? (int64_t)retry_after * 1000 : ms;
}

int64_t
retry_pause_now(const struct retry_pace *pace, unsigned int tried, long retry_after)
{
	uint32_t random;

	if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
		random = UINT32_MAX / 2; /* getrandom can fail early in the boot */
	return retry_pause(pace, tried, retry_after, random);
}
