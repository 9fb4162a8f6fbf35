/* Progress of a long command on one line of a terminal; nothing without a terminal. */
#ifndef COMMAND_PROGRESS_H
#define COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* {0} shows nothing. */
struct progress {
	FILE       *stream; /* NULL: no terminal */
	const char *label;
	uint64_t    total; /* 0: unknown */
	uint64_t    done;
	int64_t     begun; /* of clock_monotonic_ms */
	int64_t     drawn;
	size_t      width; /* columns drawn on the line */
};

/*
 * Begins; draws if `stream` is a terminal. `label` names the activity ("importing") and
 * must outlive the progress; it is printed unescaped. `total` is a number of any units,
 * such as octets of a file. Without units only the time is shown.
 */
void progress_begin(struct progress *progress, FILE *stream, const char *label, uint64_t total);

/* Adds completed units, or 0 to show that it goes on. Draws at most ten times a second, so it may be called for each unit. */
void progress_step(struct progress *progress, uint64_t units);

/* Clears the line, for other output; the next step draws it again. */
void progress_end(struct progress *progress);

/*
 * Writes the line as it is after `elapsed` milliseconds, at most `columns` wide, with a NUL
 * into `text`, which holds PROGRESS_LINE_MAX. For tests.
 */
#define PROGRESS_LINE_MAX 256
void progress_format(const struct progress *progress, int64_t elapsed, size_t columns,
    char text[PROGRESS_LINE_MAX]);

#endif
