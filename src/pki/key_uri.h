/* Keys of a CA by URI: a file, a TPM's key file, a token; with what opens them. */
#ifndef PKI_KEY_URI_H
#define PKI_KEY_URI_H

#include <openssl/types.h>

#include "util/bytes.h"

struct error;

/* What opens a key; {0} opens one that is not locked. */
struct key_access {
	struct view secret;        /* passphrase, PIN or authorization value */
	const char *pkcs11_module; /* for URIs that name none; may be NULL */
};

/*
 * Loads the one private key that `uri` names: a path or a URI of OSSL_STORE; a
 * "TSS2 PRIVATE KEY" or "handle:", through tpm2-openssl; "pkcs11:", through libp11.
 * Nobody is asked for anything. NOT_FOUND when there is no key, MALFORMED for a bad
 * URI, else INTERNAL. The caller frees *key with signing_key_free.
 */
int key_open(const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err);

/*
 * A URI as it can be kept: that of a file, when `uri` names one here, becomes its
 * absolute path. The caller frees it.
 */
char *key_uri_absolute(const char *uri);

#endif
