/* Owns what a front serves; which file is meant by a path, front.c says. */
#include "config.h"

#include "attestation/front/files.h"

#include <stdlib.h>
#include <string.h>

#include "http/server.h"
#include "util/bytes.h"
#include "util/error.h"

struct front_file {
	enum attestation_file_name name;
	char                   issuer[ATTESTATION_ISSUER_MAX + 1]; /* whose CRL; else empty */
	struct http_file      *file;   /* NULL until it came */
	struct bytes           coming; /* whose last piece is not there yet */
};

static bool
file_is_of(const struct front_file *file, struct view issuer)
{
	return strlen(file->issuer) == issuer.size &&
	    (issuer.size == 0 || memcmp(file->issuer, issuer.data, issuer.size) == 0);
}

static void
file_set_issuer(struct front_file *file, struct view issuer)
{
	memset(file->issuer, 0, sizeof file->issuer);
	if (issuer.size != 0)
		memcpy(file->issuer, issuer.data, issuer.size);
}

/* There is one of each name, but for the CRLs of earlier issuers. */
static struct front_file *
files_slot(const struct front_files *files, const struct attestation_file *piece)
{
	for (size_t i = 0; i < files->count; i++) {
		struct front_file *file = &files->files[i];

		if (file->name == piece->name &&
		    (piece->name != ATTESTATION_FILE_EARLIER_CRL || file_is_of(file, piece->issuer)))
			return file;
	}
	return NULL;
}

static struct front_file *
files_add(struct front_files *files, const struct attestation_file *piece)
{
	struct front_file *file;

	if (files->count == ATTESTATION_FILE_COUNT + ATTESTATION_EARLIER_MAX)
		return NULL;
	file = realloc(files->files, (files->count + 1) * sizeof *file);
	if (file == NULL)
		abort();
	files->files = file;
	file += files->count++;
	*file = (struct front_file){.name = piece->name};
	return file;
}

static void
file_clear(struct front_file *file)
{
	http_file_release(file->file);
	bytes_clear(&file->coming);
}

static void
files_remove(struct front_files *files, struct front_file *file)
{
	file_clear(file);
	*file = files->files[--files->count];
}

int
front_files_take(struct front_files *files, const struct attestation_file *piece, struct error *err)
{
	struct front_file *file = files_slot(files, piece);

	if (piece->total == 0) {
		if (file != NULL)
			files_remove(files, file);
		return 0;
	}
	if (file == NULL && (file = files_add(files, piece)) == NULL)
		return error_set(err, ERROR_MALFORMED, "more files than there can be");
	if (file->name == ATTESTATION_FILE_EARLIER_CRL)
		file_set_issuer(file, piece->issuer);
	if (piece->offset == 0)
		bytes_clear(&file->coming);
	if (piece->offset != file->coming.size)
		return error_set(err, ERROR_MALFORMED, "a piece of a file came out of order");
	bytes_append(&file->coming, piece->chunk.data, piece->chunk.size);
	if (file->coming.size == piece->total) {
		http_file_release(file->file);
		file->file = http_file_new(&file->coming);
		file_set_issuer(file, piece->issuer);
	}
	return 0;
}

void
front_files_clear(struct front_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		file_clear(&files->files[i]);
	free(files->files);
	*files = (struct front_files){NULL, 0};
}

struct http_file *
front_files_find(const struct front_files *files, enum attestation_file_name name)
{
	for (size_t i = 0; i < files->count; i++) {
		if (files->files[i].name == name)
			return files->files[i].file;
	}
	return NULL;
}

struct http_file *
front_files_find_crl(const struct front_files *files, const char *issuer)
{
	struct view id = {(const uint8_t *)issuer, strlen(issuer)};

	if (id.size == 0)
		return NULL;
	for (size_t i = 0; i < files->count; i++) {
		if (file_is_of(&files->files[i], id))
			return files->files[i].file;
	}
	return NULL;
}
