/* The administrator's list of serial numbers of EK certificates. */
#ifndef ATTESTATION_KEEPER_SERIAL_LIST_H
#define ATTESTATION_KEEPER_SERIAL_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;
struct serial_list;

/* Buffer size of a serial number with a NUL; by RFC 5280 it has at most 40 digits. */
#define SERIAL_TEXT_SIZE 65

/*
 * Reads a list: a serial number to a line, in hexadecimal of either case, with or without
 * ":" between the octets, "0x" before and zeros in front; what follows a "#" is a comment.
 * Lines end with LF or CRLF, and the byte order mark of UTF-8 may stand before the first.
 * MALFORMED naming the line, or saying that the text is UTF-16. The caller frees *out.
 */
int  serial_list_parse(struct view text, struct serial_list **out, struct error *err);
void serial_list_free(void *list);

/* Number of serial numbers; for tests. */
size_t serial_list_count(const struct serial_list *list);

/* True when the list has this number: lower-case digits, an even number of them, without a leading
 * zero octet. */
bool serial_list_has(const struct serial_list *list, const char *serial);

#endif
