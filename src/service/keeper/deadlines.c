/* Owns what was said of which thing, and when; looks at no certificate. */
#include "config.h"

#include "service/keeper/deadlines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/log.h"

#define DEADLINES_HOUR ((int64_t)60 * 60)
#define DEADLINES_DAY  (24 * DEADLINES_HOUR)
#define DEADLINES_SOON (90 * DEADLINES_DAY)

struct deadline {
	char                what[129];
	enum deadline_state state;
	int64_t             said; /* when */
	struct deadline    *next;
};

struct deadlines {
	struct deadline *first;
};

struct deadlines *
deadlines_new(void)
{
	return memory_new(sizeof(struct deadlines));
}

void
deadlines_free(struct deadlines *deadlines)
{
	struct deadline *next;

	for (struct deadline *d = deadlines != NULL ? deadlines->first : NULL; d != NULL; d = next) {
		next = d->next;
		free(d);
	}
	free(deadlines);
}

static struct deadline *
deadline_find(struct deadlines *deadlines, const char *what)
{
	char             key[sizeof deadlines->first->what];
	struct deadline *d;

	(void)snprintf(key, sizeof key, "%s", what);
	for (d = deadlines->first; d != NULL; d = d->next)
		if (strcmp(d->what, key) == 0)
			return d;
	d = memory_new(sizeof *d);
	memcpy(d->what, key, sizeof key);
	d->next = deadlines->first;
	deadlines->first = d;
	return d;
}

enum deadline_state
deadlines_judge(int64_t begin, int64_t end, int64_t now)
{
	int64_t soon = (end - begin) / 3;

	if (end <= now)
		return DEADLINE_OVER;
	return end - now <= (soon < DEADLINES_SOON ? soon : DEADLINES_SOON) ? DEADLINE_SOON : DEADLINE_FINE;
}

void
deadlines_say(struct deadlines *deadlines, const char *what, enum deadline_state state, int64_t end,
    int64_t now, const char *reason)
{
	struct deadline *d = deadline_find(deadlines, what);
	int64_t          pause = state == DEADLINE_OVER ? DEADLINES_HOUR : DEADLINES_DAY;
	char             until[CLOCK_TEXT_SIZE];

	/* A clock that was set back says it again. */
	if (state == DEADLINE_FINE || (state == d->state && now >= d->said && now - d->said < pause)) {
		d->state = state;
		return;
	}
	d->state = state;
	d->said = now;
	clock_format(end, until);
	log_write(state == DEADLINE_OVER ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
	    (const struct log_field[]){{"event", "expiry"}, {"what", d->what}, {"until", until},
	        {"reason", reason}, {NULL, NULL}});
}

void
deadlines_watch(struct deadlines *deadlines, const char *what, int64_t begin, int64_t end,
    int64_t now, const char *remedy)
{
	enum deadline_state state = deadlines_judge(begin, end, now);
	char                reason[512];

	(void)snprintf(reason, sizeof reason, "%s; %s",
	    state == DEADLINE_OVER ? "it has expired" : "it expires soon", remedy);
	deadlines_say(deadlines, what, state, end, now, reason);
}
