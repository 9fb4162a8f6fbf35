/* Reads the files that issuer_replace.c writes; writes none, and removes only those of earlier
 * CAs. */
#include "config.h"

#include "ca/issuer.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509v3.h>

#include "ca/files.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "pki/signing.h"
#include "store/inventory/issuer.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/hex.h"
#include "util/secret.h"

#define URI_MAX ((size_t)4096)

/* Most retries when a certificate is replaced while it is read. */
#define LOAD_TRIES 3

int
issuer_files_id(const X509 *certificate, char id[ISSUER_ID_SIZE], struct error *err)
{
	const ASN1_OCTET_STRING *key_id =
	    X509_get0_subject_key_id((X509 *)(uintptr_t)certificate); /* fills a cache only */
	int                      size = key_id != NULL ? ASN1_STRING_length(key_id) : 0;

	if (size < 1 || size > ISSUER_KEY_ID_MAX)
		return error_set(err, ERROR_INTERNAL,
		    "the issuing certificate has no subjectKeyIdentifier of 1 to %d octets",
		    ISSUER_KEY_ID_MAX);
	hex_encode(ASN1_STRING_get0_data(key_id), (size_t)size, id);
	return 0;
}

int
issuer_record(struct store *store, const X509 *certificate, int64_t now, int64_t *issuer,
    struct error *err)
{
	const ASN1_OCTET_STRING *key_id =
	    X509_get0_subject_key_id((X509 *)(uintptr_t)certificate); /* fills a cache only */
	AUTO_BYTES               der = {0};

	if (key_id == NULL)
		return error_set(err, ERROR_INTERNAL, "the issuing certificate has no subjectKeyIdentifier");
	if (certificate_encode(certificate, &der, err) != 0)
		return -1;
	return store_issuer_use(store,
	    (struct view){ASN1_STRING_get0_data(key_id), (size_t)ASN1_STRING_length(key_id)},
	    bytes_view(&der), now, issuer, err);
}

char *
issuer_files_name(const char *id, const char *suffix)
{
	char name[sizeof STATE_ISSUERS + ISSUER_ID_SIZE + 16];

	(void)snprintf(name, sizeof name, "%s/%s.%s", STATE_ISSUERS, id, suffix);
	return memory_strdup(name);
}

int
issuer_files_read_uri(const struct folder *state, const char *name, char **uri, struct error *err)
{
	AUTO_BYTES text = {0};

	if (folder_read(state, name, URI_MAX, &text, err) != 0)
		return -1;
	bytes_append_u8(&text, '\0');
	text.data[strcspn((const char *)text.data, "\r\n")] = '\0';
	if (text.data[0] == '\0')
		return error_set(err, ERROR_INTERNAL, "there is no URI in the first line of %s/%s",
		    state->path, name);
	*uri = memory_strdup((const char *)text.data);
	return 0;
}

/* ---- keys ---- */

int
issuer_files_access(const char *passphrase_file, const char *pkcs11_module,
    struct bytes *secret, struct key_access *access, struct error *err)
{
	bool found = false;

	if (secret_read_credential(ISSUER_CREDENTIAL, &found, secret, err) != 0)
		return -1;
	if (!found && passphrase_file != NULL &&
	    secret_read_file(passphrase_file, secret, err) != 0)
		return error_wrap(err, "passphrase_file");
	*access = (struct key_access){.secret = bytes_view(secret), .pkcs11_module = pkcs11_module};
	return 0;
}

int
issuer_module_check(const char *pkcs11_module, struct error *err)
{
	if (pkcs11_module == NULL || strchr(pkcs11_module, '/') == NULL || access(pkcs11_module, R_OK) == 0)
		return 0;
	return error_set_errno(err, ERROR_INTERNAL, "pkcs11_module: %s", pkcs11_module);
}

/* The places of a CA's key, in the order of the search. */
struct place {
	const char *suffix; /* in issuers/; or NULL */
	const char *name;   /* in the state directory */
	bool        is_uri;
};

static const struct place places[] = {
    {"uri", NULL, true},
    {"key", NULL, false},
    {NULL, STATE_ISSUING_URI, true},
    {NULL, STATE_ISSUING_KEY, false},
};

/* True when the file does not exist; other errors are reported when it is opened. */
static bool
place_is_empty(const struct folder *state, const char *name)
{
	struct stat st;

	return folder_look(state, name, &st) != 0 && errno == ENOENT;
}

static int
place_load(const struct place *place, const struct folder *state, const char *name,
    const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	AUTO_FREE char *uri = NULL;

	if (!place->is_uri)
		return key_open_in(state, name, access, key, err);
	if (issuer_files_read_uri(state, name, &uri, err) != 0)
		return -1;
	if (key_open(uri, access, key, err) == 0)
		return 0;
	return error_wrap(err, "%s/%s", state->path, name);
}

/* Its name, which the caller frees. */
static char *
place_name(const struct place *place, const char *id)
{
	return place->suffix != NULL ? issuer_files_name(id, place->suffix) : memory_strdup(place->name);
}

/*
 * Finds the key of the certificate. Skips a place with another CA's key, which a
 * crash may have left, but not one that cannot be read.
 */
static int
files_find_key(const struct folder *state, const struct key_access *access,
    struct issuer_files *files, struct error *err)
{
	bool found = false;

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		AUTO_FREE char *name = place_name(&places[i], files->id);

		if (place_is_empty(state, name))
			continue;
		if (place_load(&places[i], state, name, access, &files->ca.key, err) != 0)
			return -1;
		if (ca_check_pair(&files->ca, err) == 0) {
			ca_prepare(&files->ca);
			return 0;
		}
		found = true;
		signing_key_free(files->ca.key);
		files->ca.key = NULL;
	}
	if (found)
		return error_set(err, ERROR_INTERNAL,
		    "no private key in %s is that of its issuing certificate (key identifier %.40s)",
		    state->path, files->id);
	return error_set(err, ERROR_NOT_FOUND, "no private key at %s/%s", state->path,
	    STATE_ISSUING_KEY);
}

/* ---- certificates ---- */

static int
files_load_certificate(const struct folder *state, const char *name, struct issuer_files *files,
    struct error *err)
{
	AUTO_FREE char *path = file_join(state->path, name);

	if (folder_read(state, name, STATE_PEM_MAX, &files->pem, err) != 0 ||
	    certificate_decode_pem(&files->pem, path, &files->ca.certificate, err) != 0)
		return -1;
	if (issuer_files_id(files->ca.certificate, files->id, err) != 0)
		return error_wrap(err, "%s", path);
	return 0;
}

int
issuer_files_load(const struct folder *state, const struct key_access *access,
    struct issuer_files *out, struct error *err)
{
	char before[ISSUER_ID_SIZE] = "";

	/* The key may move between the two reads: then the certificate has changed too. */
	for (int tries = 0; tries < LOAD_TRIES; tries++) {
		*out = (struct issuer_files){.id = ""};
		if (files_load_certificate(state, STATE_ISSUING_PEM, out, err) == 0 &&
		    (access == NULL || files_find_key(state, access, out, err) == 0))
			return 0;
		if (out->id[0] == '\0' || strcmp(out->id, before) == 0)
			break;
		(void)memcpy(before, out->id, sizeof before);
		issuer_files_clear(out);
	}
	issuer_files_clear(out);
	return -1;
}

int
issuer_files_load_valid(const struct folder *state, const struct key_access *access, int64_t now,
    struct issuer_files *out, struct error *err)
{
	if (issuer_files_load(state, access, out, err) != 0)
		return -1;
	if (certificate_check_time(out->ca.certificate, now, err) == 0)
		return 0;
	issuer_files_clear(out);
	err->kind = ERROR_INTERNAL;
	return error_wrap(err, "the issuing certificate %s/%s", state->path, STATE_ISSUING_PEM);
}

int
issuer_files_load_earlier(const struct folder *state, const char *id, const struct key_access *access,
    struct issuer_files *out, struct error *err)
{
	AUTO_FREE char *name = issuer_files_name(id, "pem");

	*out = (struct issuer_files){.id = ""};
	if (files_load_certificate(state, name, out, err) != 0 ||
	    (access != NULL && files_find_key(state, access, out, err) != 0)) {
		issuer_files_clear(out);
		return -1;
	}
	return 0;
}

void
issuer_files_clear(struct issuer_files *files)
{
	ca_clear(&files->ca);
	bytes_clear(&files->pem);
	*files = (struct issuer_files){.id = ""};
}

/* ---- earlier ones ---- */

/* "ID.pem" */
static bool
entry_is_certificate(const char *name, char id[ISSUER_ID_SIZE])
{
	size_t length = strlen(name);

	if (length <= 4 || length - 4 >= ISSUER_ID_SIZE || strcmp(name + length - 4, ".pem") != 0 ||
	    strspn(name, "0123456789abcdef") != length - 4)
		return false;
	memcpy(id, name, length - 4);
	id[length - 4] = '\0';
	return true;
}

static int
compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The one that signs is not among the earlier ones. */
static int
list_read(const struct folder *state, const struct folder *issuers, struct bytes *list,
    struct error *err)
{
	struct issuer_files current = {.id = ""};
	struct dirent     **entries = NULL;
	int                 count;
	char                id[ISSUER_ID_SIZE];

	if (files_load_certificate(state, STATE_ISSUING_PEM, &current, err) != 0) {
		issuer_files_clear(&current);
		return -1;
	}
	count = folder_list(issuers, &entries, err);
	for (int i = 0; i < count; i++) {
		if (entry_is_certificate(entries[i]->d_name, id) && strcmp(id, current.id) != 0)
			bytes_append(list, id, sizeof id);
		free(entries[i]);
	}
	free(entries);
	issuer_files_clear(&current);
	return count < 0 ? -1 : 0;
}

int
issuer_files_list(const struct folder *state, char (**ids)[ISSUER_ID_SIZE], size_t *count,
    struct error *err)
{
	AUTO_FOLDER  issuers = {.fd = -1};
	struct bytes list = {0};

	*ids = NULL;
	*count = 0;
	if (folder_open_in(state, STATE_ISSUERS, &issuers, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if (list_read(state, &issuers, &list, err) != 0) {
		bytes_clear(&list);
		return -1;
	}
	*count = list.size / ISSUER_ID_SIZE;
	*ids = (char(*)[ISSUER_ID_SIZE])(void *)list.data;
	if (*count > 1)
		qsort(*ids, *count, ISSUER_ID_SIZE, compare_ids);
	return 0;
}

int
issuer_files_remove(const struct folder *state, const char *id, struct error *err)
{
	/* The certificate is last: as long as it exists, the removal will be retried. */
	static const char *const suffixes[] = {"key", "uri", "crl", "pem"};
	AUTO_FOLDER              issuers = {.fd = -1};

	for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
		AUTO_FREE char *name = issuer_files_name(id, suffixes[i]);

		if (folder_remove(state, name, err) != 0)
			return -1;
	}
	return folder_open_in(state, STATE_ISSUERS, &issuers, err) == 0 ? folder_sync(&issuers, err)
	                                                                : -1;
}
