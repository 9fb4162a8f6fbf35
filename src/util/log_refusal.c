/* Owns the counts of refusals of this second; the lines are the callers'. */
#include "config.h"

#include "util/log_refusal.h"

#include <pthread.h>
#include <string.h>

#include "util/log.h"
#include "util/source.h"

/* Sources and kinds that are counted by name in one second. */
#define PLACES 256

struct place {
	struct source source;
	const char   *kind; /* NULL: free */
	unsigned      lines;
	uint64_t      skipped;
};

/* One of a process, as the log is. */
static struct {
	int64_t      second;
	unsigned     lines;
	size_t       used;
	uint64_t     skipped; /* of those without a place */
	struct place places[PLACES];
} refusals;

static pthread_mutex_t refusals_mutex = PTHREAD_MUTEX_INITIALIZER;

static void
refusals_log(const char *source, const char *kind, uint64_t count)
{
	char number[LOG_NUMBER_SIZE];

	if (count != 0)
		LOG(INFO, {"event", "refusals"}, {"source", source}, {"kind", kind},
		    {"count", log_number(count, number)},
		    {"reason", "as many more were refused within a second"});
}

/* What a second left to say. */
struct report {
	struct place places[LOG_REFUSAL_SOURCES];
	size_t       count;
	uint64_t     skipped; /* of the others */
};

/* Takes what the second before left to say, and begins this one. The caller holds the lock. */
static void
refusals_turn(int64_t second, struct report *report)
{
	if (second == refusals.second)
		return;
	report->skipped = refusals.skipped;
	for (size_t i = 0; i < refusals.used; i++) {
		const struct place *place = &refusals.places[i];

		if (place->skipped == 0)
			continue;
		if (report->count < LOG_REFUSAL_SOURCES)
			report->places[report->count++] = *place;
		else
			report->skipped += place->skipped;
	}
	refusals.second = second;
	refusals.lines = 0;
	refusals.used = 0;
	refusals.skipped = 0;
}

/* Without the lock: writing a line is a system call. */
static void
report_log(const struct report *report)
{
	char text[SOURCE_TEXT_SIZE];

	for (size_t i = 0; i < report->count; i++)
		refusals_log(source_format(&report->places[i].source, text), report->places[i].kind,
		    report->places[i].skipped);
	refusals_log(NULL, NULL, report->skipped);
}

/* NULL when there is no place left. */
static struct place *
refusals_place(const struct source *source, const char *kind)
{
	for (size_t i = 0; i < refusals.used; i++) {
		struct place *place = &refusals.places[i];

		if (strcmp(place->kind, kind) == 0 && source_equal(&place->source, source))
			return place;
	}
	if (refusals.used == PLACES)
		return NULL;
	refusals.places[refusals.used] = (struct place){.source = *source, .kind = kind};
	return &refusals.places[refusals.used++];
}

static bool
refusals_admit(const struct source *source, const char *kind)
{
	struct place *place = refusals_place(source, kind);

	if (place == NULL) {
		refusals.skipped++;
		return false;
	}
	if (place->lines == LOG_REFUSALS_OF_SOURCE || refusals.lines == LOG_REFUSALS) {
		place->skipped++;
		return false;
	}
	place->lines++;
	refusals.lines++;
	return true;
}

bool
log_refusal(const struct source *source, const char *kind, int64_t now_ms)
{
	struct report report = {.count = 0};
	bool          admitted;

	if (log_wants(LOG_LEVEL_DEBUG))
		return true;
	(void)pthread_mutex_lock(&refusals_mutex);
	refusals_turn(now_ms / 1000, &report);
	admitted = refusals_admit(source, kind);
	(void)pthread_mutex_unlock(&refusals_mutex);
	report_log(&report);
	return admitted;
}

void
log_refusal_flush(int64_t now_ms)
{
	struct report report = {.count = 0};

	(void)pthread_mutex_lock(&refusals_mutex);
	refusals_turn(now_ms / 1000, &report);
	(void)pthread_mutex_unlock(&refusals_mutex);
	report_log(&report);
}
