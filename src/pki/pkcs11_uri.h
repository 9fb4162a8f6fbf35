/* PKCS #11 URIs: RFC 7512. */
#ifndef PKI_PKCS11_URI_H
#define PKI_PKCS11_URI_H

#include <stdbool.h>

#include "util/bytes.h"

struct error;

/* Attributes that name a token or a key: field, name in the URI. */
#define PKCS11_URI_TEXTS(X)                     \
	X(token, "token")                       \
	X(manufacturer, "manufacturer")         \
	X(model, "model")                       \
	X(serial, "serial")                     \
	X(object, "object")                     \
	X(slot_manufacturer, "slot-manufacturer") \
	X(slot_description, "slot-description")

/* What a URI says; NULL and empty are what it does not. Emptied by pkcs11_uri_clear. */
struct pkcs11_uri {
#define X(field, name) char *field;
	PKCS11_URI_TEXTS(X)
#undef X
	struct bytes id;
	bool         has_id;
	bool         has_slot;
	uint64_t     slot;
	char        *module_path;
	char        *pin_source; /* a path: "file:" is taken off */
};

/* True when a URI is of this scheme. */
bool pkcs11_uri_is(const char *text);

/*
 * Reads the URI of a private key. MALFORMED when it is not well-formed, has an
 * attribute twice or one that cannot be matched here, or a type other than
 * "private"; and when it holds a PIN (pin-value): URIs stand in command lines,
 * logs and files, so the message does not repeat it.
 */
int  pkcs11_uri_parse(const char *text, struct pkcs11_uri *uri, struct error *err);
void pkcs11_uri_clear(struct pkcs11_uri *uri);

#endif
