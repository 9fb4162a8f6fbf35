/* Chooses the loader of a key. Separate from key.c, which a device uses too: a device needs no
 * other loader. */
#include "config.h"

#include "pki/key_uri.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pki/key.h"
#include "pki/pkcs11.h"
#include "pki/pkcs11_uri.h"
#include "pki/tpm_key.h"
#include "util/bytes.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

/* What key_settle says, and whether it has. */
static struct key_needs   needs;
static struct config_list needs_files;
static bool               settled;

char *
key_uri_absolute(const char *uri)
{
	char *path = realpath(uri, NULL);

	return path != NULL ? path : memory_strdup(uri);
}

/* A library of somebody else's is about to be used. */
static int
needs_module(const char *uri, bool tpm, struct error *err)
{
	static const char program[] = "cmd:";
	const char       *tcti = tpm ? getenv("TPM2OPENSSL_TCTI") : NULL;
	bool              command = tcti != NULL && strncmp(tcti, program, sizeof program - 1) == 0;

	if (settled && (!needs.module || (command && !needs.command)))
		return error_set(err, ERROR_INTERNAL,
		    "%.256s is in a token or a TPM, which the sandbox of this process does not reach since its "
		    "start; restart it to use that key", uri);
	needs.module = true;
	needs.command = needs.command || command;
	return 0;
}

/* A file that a URI names, which may be anywhere. */
static int
needs_file(const char *uri, struct error *err)
{
	static const char scheme[] = "file:";
	const char       *path = strncmp(uri, scheme, sizeof scheme - 1) == 0 ? uri + sizeof scheme - 1 : uri;
	int               fd;

	if (!settled) {
		config_list_append(&needs_files, path);
		return 0;
	}
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0)
		return close(fd);
	/* Landlock refuses what access(2) does not know of. */
	if (errno == EACCES && access(path, R_OK) == 0)
		return error_set(err, ERROR_INTERNAL,
		    "%.256s is outside of what this process may open since its start; restart it to use that "
		    "key", path);
	return 0;
}

void
key_settle(struct key_needs *out)
{
	settled = true;
	*out = needs;
	out->files = needs_files.texts;
	out->file_count = needs_files.count;
}

int
key_open(const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	if (pkcs11_uri_is(uri)) {
		if (needs_module(uri, false, err) != 0)
			return -1;
		return pkcs11_key_load(uri, access->secret, access->pkcs11_module, key, err);
	}
	if (needs_file(uri, err) != 0)
		return -1;
	if (tpm_key_is(uri)) {
		if (needs_module(uri, true, err) != 0)
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
	if (tpm_key_is_content(bytes_view(&content)) && needs_module(path, true, err) != 0)
		return -1;
	if (tpm_key_is_content(bytes_view(&content)))
		return tpm_key_load(path, &content, access->secret, key, err);
	return key_load_content(&content, path, access->secret, NULL, key, err);
}
