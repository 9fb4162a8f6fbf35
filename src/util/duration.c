/* Durations as text, with a unit. */
#include "config.h"

#include "util/duration.h"

#include <string.h>

#include "util/error.h"

static const struct {
	char    unit;
	int64_t seconds;
} units[] = {
    {'s', 1},
    {'m', 60},
    {'h', 3600},
    {'d', 86400},
    {'w', INT64_C(7) * 86400},
    {'y', INT64_C(365) * 86400},
};

#define DURATION_MAX (100 * INT64_C(365) * 86400)

static int64_t
duration_unit(const char *text)
{
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (text[0] == units[i].unit && text[1] == '\0')
			return units[i].seconds;
	}
	return 0;
}

int
duration_parse(const char *text, int64_t *seconds, struct error *err)
{
	const char *p = text;
	int64_t     number = 0;
	int64_t     unit;

	for (; *p >= '0' && *p <= '9'; p++) {
		if (number <= DURATION_MAX) /* saturates: a larger value is refused below */
			number = number * 10 + (*p - '0');
	}
	unit = duration_unit(p);
	if (p == text || unit == 0)
		return error_set(err, ERROR_MALFORMED,
		    "\"%.32s\" is no duration; write a number and one of s, m, h, d, w, y, as in 90d", text);
	if (number == 0 || number > DURATION_MAX / unit)
		return error_set(err, ERROR_MALFORMED, "\"%.32s\" is not between 1s and 100y", text);
	*seconds = number * unit;
	return 0;
}
