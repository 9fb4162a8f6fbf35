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

/* True for C0, DEL and C1. */
bool utf8_is_control(uint32_t character);

#endif
