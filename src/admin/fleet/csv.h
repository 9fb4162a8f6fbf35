/* Rows of CSV, RFC 4180: read one at a time, written cell by cell. Knows no column. */
#ifndef ADMIN_FLEET_CSV_H
#define ADMIN_FLEET_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/bytes.h"

struct error;

#define CSV_CELLS_MAX 16
#define CSV_ROW_MAX   ((size_t)64 * 1024) /* octets, with quotes and separators */

/* A file that is being read; made by csv_open, emptied by csv_close. */
struct csv {
	FILE        *in;
	uint64_t     line;  /* where the next octet stands */
	uint64_t     begun; /* where the row began that was read last */
	size_t       size;  /* octets of it */
	uint8_t      head[3]; /* the file's first octets, which may be a byte order mark */
	size_t       head_size;
	size_t       head_used;
	int          next;  /* the octet that was looked at last, or a mark of csv.c's */
	struct bytes text;  /* the cells of a row, each with a NUL behind it */
	const char  *cells[CSV_CELLS_MAX];
	size_t       count;
};

/* Begins with the first line; a byte order mark is passed over. The stream stays the caller's. */
void csv_open(struct csv *csv, FILE *in);
void csv_close(struct csv *csv);

/*
 * Reads the next row: csv->cells, until the next is read, and csv->begun, its line. Rows end
 * with LF or CRLF, the last one with the file; empty lines are passed over. Between quotes
 * everything is as it stands, and two of them are one.
 *
 * Returns 1; 0 at the end; or -1 with MALFORMED when it is no CSV, has a NUL, more
 * than CSV_CELLS_MAX cells or CSV_ROW_MAX octets: then the rest of that line is passed over,
 * and the next call goes on behind it. Any other kind is the end of reading.
 */
int csv_read(struct csv *csv, struct error *err);

/* Writes a cell, in quotes if it needs them, and what separates it from the one before. */
void csv_write_cell(FILE *out, const char *text, bool first);
void csv_write_end(FILE *out); /* LF, as line-based tools want it */

#endif
