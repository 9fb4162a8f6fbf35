/* Owns the format of the manifest and the rules for its names; reads no file. */
#include "config.h"

#include "admin/backup/manifest.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "admin/describe.h"
#include "ca/files.h"
#include "command/print.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/hex.h"

#define MANIFEST_FORMAT  "attest-ca backup"
#define MANIFEST_VERSION 1

/* Largest name, in octets, as in file systems. */
#define MANIFEST_NAME_MAX 255

void
backup_manifest_clear(struct backup_manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		free(manifest->files[i].name);
	free(manifest->files);
	*manifest = (struct backup_manifest){0};
}

static bool
name_ends(const char *name, const char *end)
{
	size_t length = strlen(name);

	return length >= strlen(end) && strcmp(name + length - strlen(end), end) == 0;
}

bool
backup_name_check(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	                              "-_.+";

	if (strncmp(name, STATE_ISSUERS "/", sizeof STATE_ISSUERS) == 0)
		name += sizeof STATE_ISSUERS;
	return *name != '\0' && *name != '.' && strlen(name) <= MANIFEST_NAME_MAX &&
	    strspn(name, letters) == strlen(name) && strcmp(name, STATE_ISSUERS) != 0 &&
	    strcmp(name, BACKUP_MANIFEST_NAME) != 0 &&
	    (strcmp(name, BACKUP_STORE_NAME) == 0 || strncmp(name, BACKUP_STORE_NAME, sizeof BACKUP_STORE_NAME - 1) != 0) &&
	    !name_ends(name, ".lock");
}

bool
backup_name_is_key(const char *name)
{
	return name_ends(name, ".key");
}

void
backup_manifest_encode(const struct backup_manifest *manifest, struct bytes *out)
{
	json_t *files = json_array();
	json_t *object;
	char   *text;

	for (size_t i = 0; i < manifest->count; i++) {
		const struct backup_file *file = &manifest->files[i];

		(void)json_array_append_new(files,
		    json_pack("{s:s, s:I, s:s, s:o}", "name", file->name, "size",
		        (json_int_t)file->size, "mode", file->mode == 0644 ? "0644" : "0600", "sha256",
		        describe_octets(file->hash, sizeof file->hash)));
	}
	object = json_pack("{s:s, s:i, s:o, s:s, s:b, s:o}", "format", MANIFEST_FORMAT, "version",
	    MANIFEST_VERSION, "created", print_json_time(manifest->created), "program",
	    PACKAGE_VERSION_LINE, "keys", manifest->keys, "files", files);
	text = memory_check(json_dumps(object, JSON_INDENT(1))); /* nothing else is missing: the text is ASCII */
	bytes_append(out, text, strlen(text));
	free(text);
	json_decref(object);
}

static int
manifest_refuse(struct error *err)
{
	return error_set(err, ERROR_MALFORMED,
	    "the manifest is damaged, or from another program");
}

static int
manifest_read_file(const json_t *object, struct backup_file *file, struct error *err)
{
	const char *name;
	const char *mode;
	const char *hash;
	json_int_t  size;

	if (json_unpack((json_t *)(uintptr_t)object, "{s:s, s:I, s:s, s:s !}", "name", &name, "size",
	        &size, "mode", &mode, "sha256", &hash) != 0 ||
	    size < 0 || strlen(hash) != 2 * sizeof file->hash ||
	    !hex_decode(hash, file->hash, sizeof file->hash))
		return manifest_refuse(err);
	if (!backup_name_check(name))
		return error_set(err, ERROR_MALFORMED,
		    "the backup has a file \"%.100s\", which does not belong to a CA", name);
	if (strcmp(name, BACKUP_STORE_NAME) != 0 && (uint64_t)size > BACKUP_FILE_MAX)
		return error_set(err, ERROR_TOO_LARGE, "%.100s has more than %zu octets", name,
		    BACKUP_FILE_MAX);
	file->mode = strcmp(mode, "0644") == 0 && !backup_name_is_key(name) ? 0644 : 0600;
	file->size = (uint64_t)size;
	file->name = memory_strdup(name);
	return 0;
}

/* Each name once, the store last, the rest within bounds. */
static int
manifest_check(const struct backup_manifest *manifest, struct error *err)
{
	uint64_t total = 0;

	if (manifest->count == 0 ||
	    strcmp(manifest->files[manifest->count - 1].name, BACKUP_STORE_NAME) != 0)
		return error_set(err, ERROR_MALFORMED, "the backup does not end with a store");
	for (size_t i = 0; i < manifest->count; i++) {
		for (size_t j = 0; j < i; j++)
			if (strcmp(manifest->files[i].name, manifest->files[j].name) == 0)
				return error_set(err, ERROR_MALFORMED, "the backup has two files %.100s",
				    manifest->files[i].name);
		total += i + 1 < manifest->count ? manifest->files[i].size : 0;
	}
	if (total > BACKUP_TOTAL_MAX)
		return error_set(err, ERROR_TOO_LARGE, "the backup's files have more than %llu octets",
		    (unsigned long long)BACKUP_TOTAL_MAX);
	return 0;
}

static int
manifest_read(const json_t *root, struct backup_manifest *out, struct error *err)
{
	const char *format;
	const char *created;
	const char *program;
	json_t     *files;
	int         version;
	int         keys;

	if (root == NULL ||
	    json_unpack((json_t *)(uintptr_t)root, "{s:s, s:i, s:s, s:s, s:b, s:o !}", "format", &format,
	        "version", &version, "created", &created, "program", &program, "keys", &keys, "files",
	        &files) != 0 ||
	    strcmp(format, MANIFEST_FORMAT) != 0 || !clock_parse(created, &out->created) ||
	    json_array_size(files) > BACKUP_FILES_MAX)
		return manifest_refuse(err);
	if (version != MANIFEST_VERSION)
		return error_set(err, ERROR_MALFORMED,
		    "the backup has version %d, and this program reads %d; use a newer one", version,
		    MANIFEST_VERSION);
	out->keys = keys != 0;
	out->files = memory_new((json_array_size(files) + 1) * sizeof *out->files);
	for (size_t i = 0; i < json_array_size(files); i++, out->count++)
		if (manifest_read_file(json_array_get(files, i), &out->files[i], err) != 0)
			return -1;
	return manifest_check(out, err);
}

int
backup_manifest_decode(struct view text, struct backup_manifest *out, struct error *err)
{
	json_t *root = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
	int     rc = manifest_read(root, out, err);

	json_decref(root);
	if (rc != 0)
		backup_manifest_clear(out);
	return rc;
}
