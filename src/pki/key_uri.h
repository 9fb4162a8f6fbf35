/* Keys of a CA by URI: a file, a TPM's key file, a token; and the secrets that unlock them. */
#ifndef PKI_KEY_URI_H
#define PKI_KEY_URI_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#include "util/bytes.h"

struct error;
struct folder;
struct key_needs;

/* How to open a key; {0} for a key that is not locked. */
struct key_access {
	struct view secret;        /* passphrase, PIN or authorization value */
	const char *pkcs11_module; /* PKCS #11 module for URIs that name none; may be NULL */
	struct key_needs *needs;   /* notes what the key takes (pki/key_needs.h); NULL: nobody asks */
};

/*
 * Loads the one private key that `uri` names: a path or a URI of OSSL_STORE; a
 * "TSS2 PRIVATE KEY" or "handle:", through tpm2-openssl; "pkcs11:", through libp11.
 * With access->needs a key of a token or a TPM signs once, so that one that cannot is found now.
 * Never prompts. NOT_FOUND when there is no key, MALFORMED for a bad URI, else
 * INTERNAL. The caller frees *key with signing_key_free.
 */
int key_open(const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err);

/* The same for the key file `name` in a directory. */
int key_open_in(const struct folder *folder, const char *name, const struct key_access *access,
    EVP_PKEY **key, struct error *err);

/*
 * The URI to keep in the configuration: if `uri` names a file that exists, its
 * absolute path, else `uri`. The caller frees it.
 */
char *key_uri_absolute(const char *uri);

#endif
