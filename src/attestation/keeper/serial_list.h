/* Serial numbers of EK certificates, as an administrator lists them in a file. */
#ifndef ATTESTATION_KEEPER_SERIAL_LIST_H
#define ATTESTATION_KEEPER_SERIAL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;
struct serial_list;

/* Digits of a serial number, and a NUL; certificates have 40 at most, if they keep to RFC 5280. */
#define SERIAL_TEXT_SIZE 65

/*
 * Reads a list: a serial number to a line, in hexadecimal of either case, with or without
 * ":" between the octets, "0x" before and zeros in front; what follows a "#" is a comment.
 * Lines end with LF or CRLF, and the byte order mark of UTF-8 may stand before the first.
 * MALFORMED naming the line, or saying that the text is UTF-16. The caller frees *out.
 */
int  serial_list_parse(struct view text, struct serial_list **out, struct error *err);
void serial_list_free(void *list);

size_t serial_list_count(const struct serial_list *list);

/* True when it has this number: lower-case digits, an even count of them, no zero octet in front. */
bool serial_list_has(const struct serial_list *list, const char *serial);

#endif
