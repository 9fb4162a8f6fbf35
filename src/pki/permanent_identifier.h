/* PermanentIdentifier, the otherName that holds a device's name: RFC 4043. */
#ifndef PKI_PERMANENT_IDENTIFIER_H
#define PKI_PERMANENT_IDENTIFIER_H

#include <stdbool.h>

#include <openssl/x509v3.h>

#include "util/bytes.h"

struct error;

/* Appends the DER of a GeneralName: an otherName with identifierValue `value` and no assigner. */
void permanent_identifier_append(struct bytes *names, const char *value);

/* True when an otherName is of type id-on-permanentIdentifier. */
bool permanent_identifier_is(const OTHERNAME *other);

/*
 * Reads one that permanent_identifier_is. MALFORMED unless it is a DER SEQUENCE of
 * the two optional fields, the value one that passes identifier_check (which
 * refuses NUL). Appends the value's octets to *value; appends none when there is no
 * value, or when there is an assigner: such a value is well-formed, but does not
 * name a device of ours and equals no identifier.
 */
int permanent_identifier_decode(const OTHERNAME *other, struct bytes *value, struct error *err);

#endif
