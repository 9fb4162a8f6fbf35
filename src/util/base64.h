/* Strict base64 (RFC 4648) in the standard and the URL alphabet. */
#ifndef UTIL_BASE64_H
#define UTIL_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct error;

/* RFC 4648 §4 with padding; §5 without padding, as JOSE requires. */
enum base64_alphabet { BASE64_STANDARD, BASE64_URL };

/* Appends the text. */
void base64_append(enum base64_alphabet alphabet, struct view octets, struct bytes *text);

/* Returns the text, NUL-terminated; the caller frees. */
char *base64_encode(enum base64_alphabet alphabet, const uint8_t *data, size_t size);

/*
 * Appends to *out what the `length` characters of text decode to. Refused as
 * MALFORMED: characters outside the alphabet (white space too), wrong padding,
 * and spare bits that are not zero, so that every octet string has one
 * spelling; *out then holds undefined octets after its old content.
 */
int base64_decode(enum base64_alphabet alphabet, const char *text, size_t length,
    struct bytes *out, struct error *err);

#endif
