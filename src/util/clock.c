/* The only file that reads the system's clocks. */
#include "config.h"

#include "util/clock.h"

#include <stdio.h>
#include <string.h>
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
	/* The year is formatted here because strftime does not pad it to four digits. */
	(void)snprintf(text, CLOCK_TEXT_SIZE, "%04d", tm.tm_year + 1900);
	(void)strftime(text + 4, CLOCK_TEXT_SIZE - 4, "-%m-%dT%H:%M:%SZ", &tm);
}

/* Reads a number of exactly `digits` digits, at most `max`, and advances past it. */
static bool
clock_number(const char **text, int digits, int max, int *number)
{
	*number = 0;
	for (int i = 0; i < digits; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return *number <= max;
}

/* Advances past one character of `set`. */
static bool
clock_mark(const char **text, const char *set)
{
	return **text != '\0' && strchr(set, *(*text)++) != NULL;
}

static bool
clock_fraction(const char **text)
{
	if (**text != '.')
		return true;
	(*text)++;
	if (**text < '0' || **text > '9')
		return false;
	*text += strspn(*text, "0123456789");
	return true;
}

/* Reads an offset from UTC, in seconds; east is positive. */
static bool
clock_offset(const char **text, int *offset)
{
	char sign = **text;
	int  hours;
	int  minutes;

	*offset = 0;
	if (!clock_mark(text, "Zz+-"))
		return false;
	if (sign == 'Z' || sign == 'z')
		return true;
	if (!clock_number(text, 2, 23, &hours) || !clock_mark(text, ":") ||
	    !clock_number(text, 2, 59, &minutes))
		return false;
	*offset = (hours * 60 + minutes) * 60 * (sign == '-' ? -1 : 1);
	return true;
}

bool
clock_parse(const char *text, int64_t *when)
{
	struct tm tm = {0};
	struct tm normal;
	int       offset;

	if (!clock_number(&text, 4, 9999, &tm.tm_year) || !clock_mark(&text, "-") ||
	    !clock_number(&text, 2, 12, &tm.tm_mon) || !clock_mark(&text, "-") ||
	    !clock_number(&text, 2, 31, &tm.tm_mday) || !clock_mark(&text, "Tt") ||
	    !clock_number(&text, 2, 23, &tm.tm_hour) || !clock_mark(&text, ":") ||
	    !clock_number(&text, 2, 59, &tm.tm_min) || !clock_mark(&text, ":") ||
	    !clock_number(&text, 2, 60, &tm.tm_sec) || !clock_fraction(&text) ||
	    !clock_offset(&text, &offset) || *text != '\0')
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	normal = tm;
	normal.tm_sec = 0;
	*when = (int64_t)timegm(&normal) + tm.tm_sec - offset;
	/* timegm turned a date that the calendar does not have into another day. */
	return normal.tm_mday == tm.tm_mday && normal.tm_mon == tm.tm_mon;
}
