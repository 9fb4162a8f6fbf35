/* Prints answers as text and as JSON. Remote text is always escaped for the terminal. */
#ifndef COMMAND_PRINT_H
#define COMMAND_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/*
 * Prints text and escapes everything that could control a terminal or deceive a
 * reader: control characters and invalid UTF-8 as \xHH, directional and
 * invisible characters as \u{HHHH}, a backslash doubled. Wide characters count
 * twice.
 */
void   print_text(FILE *out, const char *text);
size_t print_width(const char *text); /* width of print_text in columns */

/* print_text, padded with spaces to `width` columns plus two. */
void print_cell(FILE *out, const char *text, size_t width);

/*
 * Columns of a line for people: of the terminal that standard output is, 80 when it does not
 * say, 40 at least; SIZE_MAX when it is none, so that programs find a record on one line.
 */
size_t print_columns(void);

/* Whether the answer is for a terminal: hashes are shown by their beginning then. */
bool print_is_narrow(void);

/* The column that the next character of a line takes, and where a line is continued. */
struct print_fold {
	FILE  *out;
	size_t columns; /* print_columns() */
	size_t column;
	size_t indent;
	size_t spaces; /* before the next word, not printed yet: none end a line */
};

/*
 * print_text, folded at spaces: a word that does not fit goes to the next line, behind
 * `indent` spaces. A word that is longer than a line stays whole. Spaces at the end are printed with the
 * word that the next call begins with, if that stays on the line.
 */
void print_folded(struct print_fold *fold, const char *text);

/* "good", "expired" or "revoked TIME": the state of a certificate; `revoked` is 0 for never. */
#define PRINT_STATE_SIZE 48
void print_state(int64_t revoked, int64_t not_after, int64_t now, char text[PRINT_STATE_SIZE]);

/* A time as JSON; the caller frees. */
json_t *print_json_time(int64_t when);

/*
 * Remote text as JSON: octets that are not UTF-8 are escaped as by print_text, because JSON must be UTF-8, and
 * jansson would leave out the text, or all that it is part of. NULL is null. The caller frees.
 */
json_t *print_json_text(const char *text);

/* Prints the object to standard output, in ASCII only if that is a terminal, and frees it. */
void print_json(json_t *object);

/* The same as an item of a list, on one line; `first`: it is the first item. */
void print_json_item(json_t *object, int first);

/* The same as a line of its own, flushed, for readers that follow the output. */
void print_json_line(json_t *object);

/* The flags of jansson with which JSON goes there: for a terminal, what makes it ASCII. */
size_t print_json_flags(void);

#endif
