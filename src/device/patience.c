/* Owns the bounds of a try; does not wait itself. */
#include "config.h"

#include "device/patience.h"

int64_t
patience_end(int64_t now, int64_t end)
{
	if (end == 0 || end > now + PATIENCE_MS)
		return now + PATIENCE_MS;
	return end > now + PATIENCE_LEAST_MS ? end : now + PATIENCE_LEAST_MS;
}
