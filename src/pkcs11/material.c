/*
 * Owns the reading of pairs, without the lock of attest-device. That replaces the key first and
 * then the certificate, which in between has ".new" behind its name.
 */
#include "config.h"

#include "pkcs11/material.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "pkcs11/public_key.h"
#include "pki/certificate.h"
#include "pki/pem.h"
#include "tpm/public.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

#define FILE_MAX        ((size_t)64 * 1024)
#define LABEL_MAX       64
#define KEY_NAME_MAX    32U
#define FORMER          "former-"
#define FORMER_ID_SIZE  16U

/* The files of one pair. */
struct pair_files {
	const char *key;
	const char *chains[2]; /* the second, or NULL, counts when the first is not the key's */
};

static const struct pair_files current_files = {"device.key", {"device.pem", "device.pem.new"}};

static void
pair_clear(struct material_pair *pair)
{
	for (size_t i = 0; i < pair->count; i++)
		bytes_clear(&pair->certificates[i]);
	free(pair->label);
	*pair = (struct material_pair){0};
}

void
material_clear(struct material *material)
{
	while (material->count > 0)
		pair_clear(&material->pairs[--material->count]);
}

/* Keeps the first fault. */
static void
fault_set(struct material *material, enum material_fault fault, const struct error *why)
{
	if (material->fault == MATERIAL_WHOLE) {
		material->fault = fault;
		material->why = *why;
	}
}

/* ---- certificates ---- */

/* Reads all certificates of a PEM file. */
static int
chain_read(const struct folder *folder, const char *name, struct material_pair *pair,
    struct error *err)
{
	AUTO_BYTES pem = {0};
	BIO       *bio;
	X509      *certificate;
	int        rc = 0;

	if (folder_read(folder, name, FILE_MAX, &pem, err) != 0)
		return -1;
	if ((bio = pem_open(&pem)) == NULL)
		return error_set(err, ERROR_INTERNAL, "no memory");
	while (rc == 0 && pair->count < MATERIAL_CHAIN_MAX &&
	    (certificate = PEM_read_bio_X509(bio, NULL, pem_no_passphrase_cb, NULL)) != NULL) {
		rc = certificate_encode(certificate, &pair->certificates[pair->count++], err);
		X509_free(certificate);
	}
	if (rc == 0 && pair->count == 0)
		rc = error_set(err, ERROR_MALFORMED, "%s/%s has no certificate", folder->path, name);
	ERR_clear_error();
	BIO_free(bio);
	return rc;
}

/* The common name, or else the name of the file. */
static char *
label_make(X509 *certificate)
{
	X509_NAME *subject = X509_get_subject_name(certificate);
	char       text[LABEL_MAX] = "";

	if (X509_NAME_get_text_by_NID(subject, NID_commonName, text, sizeof text) <= 0)
		return memory_strdup("device");
	return memory_strdup(text);
}

/* Whether the first certificate is the key's. */
static int
pair_check(struct material_pair *pair, struct error *err)
{
	X509      *certificate = NULL;
	AUTO_BYTES spki = {0};
	uint8_t    of_key[32];
	uint8_t    of_certificate[32];
	int        rc = -1;

	if (certificate_decode(bytes_view(&pair->certificates[0]), &certificate, err) != 0)
		return -1;
	if (pair->label == NULL)
		pair->label = label_make(certificate);
	if (!pair->has_key)
		rc = 0;
	else if (tpm_public_spki(&pair->key.public.publicArea, &spki, err) == 0 &&
	    public_key_hash(certificate, of_certificate, err) == 0) {
		rc = EVP_Digest(spki.data, spki.size, of_key, NULL, EVP_sha256(), NULL) == 1 &&
		        memcmp(of_key, of_certificate, sizeof of_key) == 0
		    ? 0
		    : error_set(err, ERROR_CONFLICT, "the certificate is of another key");
	}
	X509_free(certificate);
	return rc;
}

/* ---- a directory ---- */

/* Whether this user may read it; the reason why opening failed is in the text of an error only. */
static bool
is_closed(int fd, const char *name)
{
	return faccessat(fd, name, R_OK, AT_EACCESS) != 0 && errno == EACCES;
}

/* The certificate that belongs to the key, if there is one. */
static int
pair_find_chain(const struct folder *folder, const struct pair_files *files, const char *label,
    struct material_pair *pair, struct error *err)
{
	for (size_t i = 0; i < 2 && files->chains[i] != NULL; i++) {
		struct error other;
		struct error *into = i == 0 ? err : &other; /* the first file's is worth telling */

		while (pair->count > 0)
			bytes_clear(&pair->certificates[--pair->count]);
		free(pair->label);
		pair->label = label != NULL ? memory_strdup(label) : NULL;
		if (chain_read(folder, files->chains[i], pair, into) == 0 && pair_check(pair, into) == 0)
			return 0;
	}
	return -1;
}

static enum material_fault
chain_fault(const struct folder *folder, const struct pair_files *files, const struct error *err)
{
	if (err->kind == ERROR_NOT_FOUND)
		return MATERIAL_ABSENT;
	if (is_closed(folder->fd, files->chains[0]))
		return MATERIAL_CLOSED;
	return err->kind == ERROR_CONFLICT ? MATERIAL_MIXED : MATERIAL_BROKEN;
}

static enum material_fault
key_read(const struct folder *folder, const char *name, struct material_pair *pair,
    struct error *err)
{
	AUTO_BYTES pem = {0};

	if (folder_read(folder, name, FILE_MAX, &pem, err) != 0)
		return is_closed(folder->fd, name) ? MATERIAL_KEY_UNREADABLE : MATERIAL_BROKEN;
	return device_key_decode(bytes_view(&pem), &pair->key, err) == 0 ? MATERIAL_WHOLE
	                                                                  : MATERIAL_BROKEN;
}

/* Reads a pair; `label` is NULL where the certificate has it. */
static void
pair_read(const struct folder *folder, const struct pair_files *files, const char *label,
    bool former, struct material *material)
{
	struct material_pair *pair = &material->pairs[material->count];
	struct error          err = {0};
	struct error          key_err = {0};
	enum material_fault   fault;

	if (material->count == MATERIAL_PAIRS_MAX)
		return;
	*pair = (struct material_pair){.former = former};
	fault = key_read(folder, files->key, pair, &key_err);
	pair->has_key = fault == MATERIAL_WHOLE;
	if (pair_find_chain(folder, files, label, pair, &err) != 0) {
		fault = chain_fault(folder, files, &err);
		pair_clear(pair);
	} else {
		err = key_err;
		material->count++;
	}
	if (fault != MATERIAL_WHOLE && !former)
		fault_set(material, fault, &err);
}

/* ---- the directories ---- */

/* Whether it is "former-", 16 digits and ".pem". */
static bool
is_former_chain(const char *name)
{
	static const char   suffix[] = ".pem";
	static const size_t begin = sizeof FORMER - 1;

	return strncmp(name, FORMER, begin) == 0 &&
	    strspn(name + begin, "0123456789abcdef") == FORMER_ID_SIZE &&
	    strcmp(name + begin + FORMER_ID_SIZE, suffix) == 0;
}

/* Whether it is the name of a key (device/state.h). */
static bool
is_key_name(const char *name)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return *name != '.' && *name != '_' && *name != '-' && *name != '\0' &&
	    strlen(name) <= KEY_NAME_MAX && strspn(name, letters) == strlen(name);
}

/* What is done with each pair: read, or marked. */
typedef void (*pair_cb)(const struct folder *folder, const struct pair_files *files,
    const char *label, bool former, void *arg);

static void
each_former(const struct folder *folder, const char *label, pair_cb cb, void *arg)
{
	struct dirent **entries = NULL;
	struct error    err;
	int             count = folder_list(folder, &entries, &err);

	for (int i = 0; i < count; i++) {
		char              key[sizeof entries[i]->d_name];
		struct pair_files files = {key, {entries[i]->d_name, NULL}};

		if (is_former_chain(entries[i]->d_name)) {
			(void)snprintf(key, sizeof key, FORMER "%.*s.key", (int)FORMER_ID_SIZE,
			    entries[i]->d_name + sizeof FORMER - 1);
			cb(folder, &files, label, true, arg);
		}
		free(entries[i]);
	}
	free(entries);
}

/*
 * Opens the directory that the file "out" of a named key's names: its pair is there (device/state.h).
 * false when there is none, or none that this user may open.
 */
static bool
elsewhere_open(const struct folder *folder, struct folder *elsewhere)
{
	AUTO_BYTES   path = {0};
	struct error err;

	if (folder_read(folder, "out", PATH_MAX, &path, &err) != 0 || path.size == 0 ||
	    path.data[0] != '/' || memchr(path.data, 0, path.size) != NULL)
		return false;
	bytes_append(&path, "", 1);
	return folder_open((const char *)path.data, elsewhere, &err) == 0;
}

/* The pairs of STATE/keys/NAME. What is no such directory is not looked at. */
static void
each_named(const char *state, pair_cb cb, void *arg)
{
	AUTO_FOLDER     above = {.fd = -1};
	AUTO_FOLDER     keys = {.fd = -1};
	struct dirent **entries = NULL;
	struct error    err;
	int             count = 0;

	if (folder_open(state, &above, &err) == 0 && folder_open_in(&above, "keys", &keys, &err) == 0)
		count = folder_list(&keys, &entries, &err);
	for (int i = 0; i < count; i++) {
		AUTO_FOLDER folder = {.fd = -1};
		AUTO_FOLDER elsewhere = {.fd = -1};

		if (is_key_name(entries[i]->d_name) &&
		    folder_open_in(&keys, entries[i]->d_name, &folder, &err) == 0) {
			const struct folder *pair = elsewhere_open(&folder, &elsewhere) ? &elsewhere : &folder;

			cb(pair, &current_files, entries[i]->d_name, false, arg);
			each_former(pair, entries[i]->d_name, cb, arg);
		}
		free(entries[i]);
	}
	free(entries);
}

static void
read_cb(const struct folder *folder, const struct pair_files *files, const char *label,
    bool former, void *arg)
{
	pair_read(folder, files, label, former, arg);
}

void
material_read(const struct material_place *place, struct material *material)
{
	AUTO_FOLDER  folder = {.fd = -1};
	struct error err = {0};

	*material = (struct material){0};
	if (folder_open(place->pair, &folder, &err) == 0) {
		pair_read(&folder, &current_files, NULL, false, material);
		each_former(&folder, NULL, read_cb, material);
	} else {
		fault_set(material, err.kind == ERROR_NOT_FOUND ? MATERIAL_ABSENT : MATERIAL_CLOSED, &err);
	}
	each_named(place->state, read_cb, material);
}

static void
mark_cb(const struct folder *folder, const struct pair_files *files, const char *label,
    bool former, void *arg)
{
	const char *const names[] = {files->key, files->chains[0], files->chains[1]};

	(void)label;
	(void)former;
	for (size_t i = 0; i < 3 && names[i] != NULL; i++) {
		struct file_mark mark;

		folder_mark_take(folder, names[i], &mark);
		bytes_append(arg, &mark, sizeof mark);
	}
}

void
material_mark(const struct material_place *place, struct bytes *marks)
{
	AUTO_FOLDER  folder = {.fd = -1};
	struct error err;

	if (folder_open(place->pair, &folder, &err) == 0) {
		mark_cb(&folder, &current_files, NULL, false, marks);
		each_former(&folder, NULL, mark_cb, marks);
	}
	each_named(place->state, mark_cb, marks);
}
