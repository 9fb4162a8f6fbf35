/* How far a long command is, on one line of a terminal; nothing where there is no terminal. */
#ifndef COMMAND_PROGRESS_H
#define COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* {0} shows nothing. */
struct progress {
	FILE       *stream; /* NULL when it is no terminal */
	const char *label;
	uint64_t    total; /* 0: nobody knows */
	uint64_t    done;
	int64_t     begun; /* milliseconds of clock_monotonic_ms */
	int64_t     drawn;
	size_t      width; /* columns that are on the line */
};

/*
 * Begins; draws if `stream` is a terminal. `label` says what is being done ("importing"),
 * is ours, and outlives the progress. Of `total` units nothing is known but their number:
 * octets of a file will do.
 */
void progress_begin(struct progress *progress, FILE *stream, const char *label, uint64_t total);

/* So many units more are done. Draws ten times a second at most: call it for each. */
void progress_step(struct progress *progress, uint64_t units);

/* Clears the line, before anything else is written. More steps draw it again. */
void progress_end(struct progress *progress);

/*
 * Writes the line as it is after `elapsed` milliseconds, at most `columns` wide, with a NUL
 * into `text`, which holds PROGRESS_LINE_MAX. For tests.
 */
#define PROGRESS_LINE_MAX 256
void progress_format(const struct progress *progress, int64_t elapsed, size_t columns,
    char text[PROGRESS_LINE_MAX]);

#endif
