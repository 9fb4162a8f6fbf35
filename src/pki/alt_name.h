/* Names of a SubjectAltName extension: RFC 5280 §4.2.1.6, RFC 4043. */
#ifndef PKI_ALT_NAME_H
#define PKI_ALT_NAME_H

#include <stdbool.h>
#include <stddef.h>

#include "util/bytes.h"

struct error;

/* The attributes of a TPM, TCG EK Credential Profile §3.2.9; each 1 to 255 characters of UTF-8. */
struct alt_name_tpm {
	const char *manufacturer;
	const char *model;
	const char *version;
};

/*
 * True for a DNS name that our certificates may hold: labels of 1 to 63
 * letters, digits and inner hyphens, 253 characters, no dot at the end, no
 * wildcard, and not all digits in the last label (that would be an address).
 */
bool alt_name_dns_is_valid(const char *name, size_t length);

/*
 * Append the DER of a GeneralName to those in *names. INTERNAL when it is not valid; *names
 * then ends in a part of it.
 */
int alt_name_add_uri(struct bytes *names, const char *uri, struct error *err);
int alt_name_add_dns(struct bytes *names, const char *name, struct error *err);
int alt_name_add_ip(struct bytes *names, const char *address, struct error *err);

/* Appends a directoryName with manufacturer, model and version, an RDN each, as UTF8String. */
int alt_name_add_tpm(struct bytes *names, const struct alt_name_tpm *tpm, struct error *err);

#endif
