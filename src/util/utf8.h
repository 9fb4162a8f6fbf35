/* UTF-8, character by character: RFC 3629. */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decodes the character at the start of `left` octets, at least one: shortest
 * form only, no surrogates, at most U+10FFFF. Returns how many octets it has, 0
 * when they are not UTF-8 (*character is then undefined).
 */
size_t utf8_decode(const uint8_t *text, size_t left, uint32_t *character);

/* Encodes a character that is one: no surrogate, at most U+10FFFF. Returns its octets. */
#define UTF8_MAX 4
size_t utf8_encode(uint32_t character, uint8_t octets[UTF8_MAX]);

/*
 * Copies a remote text as one line of valid UTF-8 of at most `size` - 1 octets, with its NUL:
 * control characters and octets that are not UTF-8 are left out, blanks at the ends too, and a
 * character that does not fit ends it. "" when nothing is left.
 */
void utf8_clean(const uint8_t *text, size_t length, char *out, size_t size);

/* True when a text is UTF-8 of at least `least` and at most `most` characters. */
bool utf8_has_characters(const char *text, size_t least, size_t most);

/* True for C0, DEL and C1. */
bool utf8_is_control(uint32_t character);

#endif
