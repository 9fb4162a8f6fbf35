/* CSV, RFC 4180: read row by row, written cell by cell. Knows no columns. */
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

/* A file being read; made by csv_open, emptied by csv_close. */
struct csv {
	FILE        *in;
	uint64_t     line;  /* line of the next octet */
	uint64_t     begun; /* first line of the last row */
	size_t       size;  /* octets of it */
	uint8_t      head[3]; /* the file's first octets, which may be a byte order mark */
	size_t       head_size;
	size_t       head_used;
	int          next;  /* the octet read ahead, or a mark private to csv.c */
	struct bytes text;  /* the cells of a row, each followed by a NUL */
	const char  *cells[CSV_CELLS_MAX];
	size_t       count;
};

/* Begins at the first line; skips a byte order mark. The caller keeps the stream. */
void csv_open(struct csv *csv, FILE *in);
void csv_close(struct csv *csv);

/*
 * Reads the next row: csv->cells, until the next is read, and csv->begun, its line. Rows end
 * with LF or CRLF, the last one with the file; empty lines are skipped. Inside quotes
 * everything is literal, and a doubled quote is one. The ' that keeps a cell from being a
 * formula is left out.
 *
 * Returns 1; 0 at the end; or -1 with MALFORMED when it is not CSV, has a NUL, more than
 * CSV_CELLS_MAX cells or CSV_ROW_MAX octets: then the rest of that line is skipped, and the
 * next call continues after it. After any other kind of error reading cannot continue.
 */
int csv_read(struct csv *csv, struct error *err);

/*
 * Whether a spreadsheet takes the cell for a formula: it begins with = + - @, also in their wide
 * forms, a tab or a CR, behind any number of ' and then of spaces.
 */
bool csv_is_formula(const char *text);

/*
 * Writes a cell, in quotes if needed, and the separator before it. A formula gets a ' in
 * front, which csv_read takes off again: every cell is read back as it was. Not from a terminal, where
 * control characters, and what else print_text shows, are shown.
 */
void csv_write_cell(FILE *out, const char *text, bool first);
void csv_write_end(FILE *out); /* LF, for line-based tools */

#endif
