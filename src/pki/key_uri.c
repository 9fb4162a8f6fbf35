/* Chooses the loader of a key. Separate from key.c, which a device uses too: a device needs no
 * other loader. */
#include "config.h"

#include "pki/key_uri.h"

#include <stdlib.h>

#include "pki/key.h"
#include "pki/pkcs11.h"
#include "pki/pkcs11_uri.h"
#include "pki/tpm_key.h"

char *
key_uri_absolute(const char *uri)
{
	char *path = realpath(uri, NULL);

	return path != NULL ? path : memory_strdup(uri);
}

int
key_open(const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	if (pkcs11_uri_is(uri))
		return pkcs11_key_load(uri, access->secret, access->pkcs11_module, key, err);
	if (tpm_key_is(uri))
		return tpm_key_load(uri, access->secret, key, err);
	return key_load_in(uri, access->secret, NULL, key, err);
}
