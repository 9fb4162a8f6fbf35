/* Chooses the loader of a key. Separate from key.c, which a device uses too: a device needs no
 * other loader. */
#include "config.h"

#include "pki/key_uri.h"

#include <stdlib.h>

#include "pki/key.h"
#include "pki/key_needs.h"
#include "pki/pkcs11.h"
#include "pki/pkcs11_uri.h"
#include "pki/tpm_key.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

char *
key_uri_absolute(const char *uri)
{
	char *path = realpath(uri, NULL);

	return path != NULL ? path : memory_strdup(uri);
}

int
key_open(const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	if (pkcs11_uri_is(uri)) {
		if (key_needs_module(access->needs, uri, false, err) != 0)
			return -1;
		return pkcs11_key_load(uri, access->secret, access->pkcs11_module, key, err);
	}
	if (key_needs_file(access->needs, uri, err) != 0)
		return -1;
	if (tpm_key_is(uri)) {
		if (key_needs_module(access->needs, uri, true, err) != 0)
			return -1;
		return tpm_key_load(uri, NULL, access->secret, key, err);
	}
	return key_load_in(uri, access->secret, NULL, key, err);
}

int
key_open_in(const struct folder *folder, const char *name, const struct key_access *access,
    EVP_PKEY **key, struct error *err)
{
	AUTO_FREE char *path = file_join(folder->path, name);
	AUTO_BYTES      content = {0};

	if (folder_read(folder, name, KEY_FILE_MAX, &content, err) != 0)
		return error_wrap(err, "no private key at %s", path);
	if (tpm_key_is_content(bytes_view(&content)) && key_needs_module(access->needs, path, true, err) != 0)
		return -1;
	if (tpm_key_is_content(bytes_view(&content)))
		return tpm_key_load(path, &content, access->secret, key, err);
	return key_load_content(&content, path, access->secret, NULL, key, err);
}
