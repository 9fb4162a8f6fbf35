/*
 * Draws the progress of a long task on one line of a terminal, which needs no
 * more than a carriage return.
 */
#include "config.h"

#include "command/progress.h"

#include <sys/ioctl.h>

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "util/clock.h"

#define PROGRESS_INTERVAL_MS 100

/* No estimate before this time, because it would be a guess, nor beyond this many seconds. */
#define PROGRESS_ESTIMATE_MS  1000
#define PROGRESS_ESTIMATE_MAX (99 * 3600.0)

#define PROGRESS_BAR_MIN 10
#define PROGRESS_BAR_MAX 50

/* "1:02:03 left" */
static void
progress_format_time(int64_t seconds, const char *what, char *text, size_t size)
{
	if (seconds >= 3600)
		(void)snprintf(text, size, "%" PRId64 ":%02d:%02d %s", seconds / 3600,
		    (int)(seconds / 60 % 60), (int)(seconds % 60), what);
	else
		(void)snprintf(text, size, "%d:%02d %s", (int)(seconds / 60), (int)(seconds % 60), what);
}

static void
progress_format_bar(double share, size_t width, char *bar)
{
	size_t full = (size_t)(share * (double)width);

	bar[0] = '[';
	memset(bar + 1, '#', full);
	memset(bar + 1 + full, '.', width - full);
	(void)snprintf(bar + 1 + width, 3, "] ");
}

void
progress_format(const struct progress *progress, int64_t elapsed, size_t columns,
    char text[PROGRESS_LINE_MAX])
{
	char   bar[PROGRESS_BAR_MAX + 4] = "";
	char   when[32] = "";
	size_t used;
	double share;
	double left;

	if (columns >= PROGRESS_LINE_MAX)
		columns = PROGRESS_LINE_MAX - 1;
	if (progress->total == 0) {
		progress_format_time(elapsed / 1000, "so far", when, sizeof when);
		if (progress->done == 0)
			(void)snprintf(text, columns + 1, "%s, %s", progress->label, when);
		else
			(void)snprintf(text, columns + 1, "%s %" PRIu64 ", %s", progress->label,
			    progress->done, when);
		return;
	}
	/* A file may grow while it is read. */
	share = progress->done < progress->total
	    ? (double)progress->done / (double)progress->total
	    : 1;
	left = share > 0 ? (double)elapsed * (1 - share) / share / 1000 : PROGRESS_ESTIMATE_MAX;
	if (elapsed >= PROGRESS_ESTIMATE_MS && left < PROGRESS_ESTIMATE_MAX)
		progress_format_time((int64_t)left, "left", when, sizeof when);
	used = strlen(progress->label) + sizeof " [] 100%, 00:00:00 left";
	if (columns >= used + PROGRESS_BAR_MIN)
		progress_format_bar(share,
		    columns - used < PROGRESS_BAR_MAX ? columns - used : PROGRESS_BAR_MAX, bar);
	(void)snprintf(text, columns + 1, "%s %s%3d%%%s%s", progress->label, bar,
	    (int)(share * 100), *when != '\0' ? ", " : "", when);
}

/* The last column stays empty, because many terminals wrap there. */
static size_t
progress_columns(FILE *stream)
{
	struct winsize size;

	return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79;
}

static void
progress_draw(struct progress *progress, int64_t now)
{
	char   text[PROGRESS_LINE_MAX];
	size_t before = progress->width;

	progress_format(progress, now - progress->begun, progress_columns(progress->stream), text);
	progress->width = strlen(text);
	progress->drawn = now;
	(void)fprintf(progress->stream, "\r%s%*s", text,
	    before > progress->width ? (int)(before - progress->width) : 0, "");
	(void)fflush(progress->stream);
}

void
progress_begin(struct progress *progress, FILE *stream, const char *label, uint64_t total)
{
	*progress = (struct progress){.label = label, .total = total};
	if (isatty(fileno(stream)) != 1)
		return;
	progress->stream = stream;
	progress->begun = clock_monotonic_ms();
	progress_draw(progress, progress->begun);
}

void
progress_step(struct progress *progress, uint64_t units)
{
	int64_t now;

	progress->done += units;
	if (progress->stream == NULL)
		return;
	now = clock_monotonic_ms();
	if (now - progress->drawn >= PROGRESS_INTERVAL_MS)
		progress_draw(progress, now);
}

void
progress_end(struct progress *progress)
{
	if (progress->stream == NULL || progress->width == 0)
		return;
	(void)fprintf(progress->stream, "\r%*s\r", (int)progress->width, "");
	(void)fflush(progress->stream);
	progress->width = 0;
}
