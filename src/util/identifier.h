/* Permanent identifiers, the names of devices: RFC 4043, draft-ietf-acme-device-attest. */
#ifndef UTIL_IDENTIFIER_H
#define UTIL_IDENTIFIER_H

#include <stddef.h>

struct error;

/* Octets that an identifier may have, without the NUL. */
#define IDENTIFIER_MAX 255

/*
 * Checks that the `length` octets are a permanent identifier that we accept: 1
 * to 255 octets of well-formed UTF-8, no "/" (it would begin an assigner), no
 * control characters (C0, DEL, C1). Returns 0, or -1 with MALFORMED and a
 * detail that says which rule failed.
 */
int identifier_check(const char *text, size_t length, struct error *err);

#endif
