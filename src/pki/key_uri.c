/* Chooses the loader of a key. Separate from key.c, which a device uses too: a device needs no
 * other loader. */
#include "config.h"

#include "pki/key_uri.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "pki/key.h"
#include "pki/key_needs.h"
#include "pki/pkcs11.h"
#include "pki/pkcs11_uri.h"
#include "pki/signing.h"
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

/* A module that the loader finds by its name needs no file of the configuration. */
static int
key_needs_path(struct key_needs *needs, const char *path, struct error *err)
{
	return path == NULL || strchr(path, '/') == NULL ? 0 : key_needs_file(needs, path, err);
}

static int
key_needs_pkcs11(const struct key_access *access, const char *text, struct error *err)
{
	struct pkcs11_uri uri;
	const char       *module;
	int               rc;

	if (access->needs == NULL)
		return 0;
	if (key_needs_module(access->needs, text, false, err) != 0 || pkcs11_uri_parse(text, &uri, err) != 0)
		return -1;
	module = uri.module_path != NULL ? uri.module_path : access->pkcs11_module;
	rc = module != NULL ? key_needs_module_place(access->needs, module, err) : 0;
	if (rc == 0)
		rc = key_needs_path(access->needs, module, err);
	if (rc == 0)
		rc = key_needs_path(access->needs, uri.pin_source, err);
	pkcs11_uri_clear(&uri);
	return rc;
}

/* After a key of a token or a TPM was loaded, or was not. */
static int
key_opened(int rc, const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	struct key_needs *needs = access->needs;

	if (rc == 0 && key_needs_try(needs, uri, *key, err) != 0) {
		signing_key_free(*key);
		*key = NULL;
		return -1;
	}
	return rc == 0 ? 0 : key_needs_explain(needs, uri, err);
}

/*
 * A library of somebody else's may start threads when it is used first, and they inherit what this one
 * blocks. One that blocks less than the process's own would take its signals: a reload lost, or the
 * end at once. Not for a program ("cmd:"), which could not be ended either.
 */
static void
signals_block(const struct key_access *access, sigset_t *before)
{
	sigset_t blocked;

	(void)sigemptyset(&blocked);
	if (access->needs != NULL && !access->needs->command) {
		(void)sigaddset(&blocked, SIGHUP);
		(void)sigaddset(&blocked, SIGTERM);
	}
	(void)pthread_sigmask(SIG_BLOCK, &blocked, before);
}

static int
key_open_pkcs11(const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	sigset_t before;
	int      rc;

	if (key_needs_pkcs11(access, uri, err) != 0)
		return -1;
	signals_block(access, &before);
	rc = pkcs11_key_load(uri, access->secret, access->pkcs11_module, key, err);
	rc = key_opened(rc, uri, access, key, err);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

static int
key_open_tpm(const char *uri, const struct bytes *content, const struct key_access *access, EVP_PKEY **key,
    struct error *err)
{
	sigset_t before;
	int      rc;

	if (key_needs_module(access->needs, uri, true, err) != 0)
		return -1;
	signals_block(access, &before);
	rc = tpm_key_load(uri, content, access->secret, key, err);
	rc = key_opened(rc, uri, access, key, err);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

int
key_open(const char *uri, const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	if (pkcs11_uri_is(uri))
		return key_open_pkcs11(uri, access, key, err);
	if (key_needs_file(access->needs, uri, err) != 0)
		return -1;
	if (tpm_key_is(uri))
		return key_open_tpm(uri, NULL, access, key, err);
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
	if (tpm_key_is_content(bytes_view(&content)))
		return key_open_tpm(path, &content, access, key, err);
	return key_load_content(&content, path, access->secret, NULL, key, err);
}
