/*
 * A JSON text (RFC 8259) and the place in it: where its tokens end, and faults with their line
 * and column. Makes no values.
 */
#ifndef UTIL_JSON_TEXT_H
#define UTIL_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

struct json_text {
	struct view   octets;
	size_t        at; /* where the next token begins */
	struct error *err;
};

/* Size of the buffer for a name: those that are longer are read by nobody. */
#define JSON_TEXT_NAME_SIZE 64

/* The octet at this place, 0 behind the end. */
uint8_t json_text_octet(const struct json_text *text, size_t at);

/* Goes to the next octet that is no white space. */
void json_text_blanks(struct json_text *text);

/* Set MALFORMED with the line and column of this place, and return -1. */
int json_text_fault(const struct json_text *text, size_t at, const char *what);

/* The same at `end`, with the octets of the token that ends there. */
int json_text_fault_near(const struct json_text *text, size_t end, const char *what);

/*
 * Find the end of the token that begins here: a string (its '"' is known), a number, or one of
 * true, false and null. MALFORMED where it is none.
 *
 * json_text_string checks escapes and UTF-8. *half: it has half of a surrogate pair. `name`, of
 * JSON_TEXT_NAME_SIZE, becomes its text, or "" when it is longer or has more than ASCII; may be
 * NULL. json_text_number sets *large when 64 bits or a double may not hold the number.
 */
int json_text_string(const struct json_text *text, size_t *end, bool *half, char *name);
int json_text_number(const struct json_text *text, size_t *end, bool *large);
int json_text_word(const struct json_text *text, size_t *end);

/* Appends a string that json_text_string found good, without half pairs, with escapes undone. */
void json_text_unescape(const struct json_text *text, size_t end, struct bytes *out);

#endif
