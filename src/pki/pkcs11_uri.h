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

/* A parsed URI; an attribute that it lacks is NULL or empty. Emptied by pkcs11_uri_clear. */
struct pkcs11_uri {
#define X(field, name) char *field;
	PKCS11_URI_TEXTS(X)
#undef X
	struct bytes id;
	bool         has_id;
	bool         has_slot;
	uint64_t     slot;
	char        *module_path;
	char        *pin_source; /* a path, without "file:" */
};

/* True when a URI has the scheme "pkcs11:". */
bool pkcs11_uri_is(const char *text);

/*
 * Reads the URI of a private key. MALFORMED when it is not well-formed, has an
 * attribute twice, an attribute that we cannot match, or a type other than
 * "private"; and when it holds a PIN (pin-value): URIs stand in command lines,
 * logs and files, so the message does not repeat it.
 */
int  pkcs11_uri_parse(const char *text, struct pkcs11_uri *uri, struct error *err);
void pkcs11_uri_clear(struct pkcs11_uri *uri);

#endif
