/* Hexadecimal text. */
#ifndef UTIL_HEX_H
#define UTIL_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * size lower-case digits and a NUL to text, which holds 2 * size + 1. */
void hex_encode(const uint8_t *data, size_t size, char *text);

/*
 * Decodes exactly 2 * size digits of either case; no NUL need follow. Returns
 * false, with data undefined, when one of them is not a digit.
 */
bool hex_decode(const char *text, uint8_t *data, size_t size);

#endif
