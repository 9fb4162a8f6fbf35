/* Reads archives with libarchive, in memory; never writes a file. */
#include "config.h"

#include "admin/trust/archive.h"

#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "util/error.h"

#define ARCHIVE_CHUNK ((size_t)64 * 1024)

/* Offset of the magic in a tar file. */
#define ARCHIVE_TAR_MAGIC_AT 257

static bool
archive_begins(struct view content, size_t at, const char *magic, size_t size)
{
	return content.size >= at + size && memcmp(content.data + at, magic, size) == 0;
}

/* Filters that compress a whole file. */
static const struct archive_filter {
	const char *magic;
	size_t      size;
	const char *name;
	int (*support)(struct archive *archive);
} filters[] = {
    {"\x1f\x8b\x08", 3, "gzip", archive_read_support_filter_gzip},
    {"\xfd" "7zXZ\0", 6, "xz", archive_read_support_filter_xz},
    {"BZh", 3, "bzip2", archive_read_support_filter_bzip2},
    {"\x28\xb5\x2f\xfd", 4, "zstd", archive_read_support_filter_zstd},
};

static const struct archive_filter *
archive_filter_of(struct view content)
{
	for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
		if (archive_begins(content, 0, filters[i].magic, filters[i].size))
			return &filters[i];
	}
	return NULL;
}

bool
trust_archive_is(struct view content)
{
	return archive_filter_of(content) != NULL || archive_begins(content, 0, "PK\x03\x04", 4) ||
	    archive_begins(content, 0, "PK\x05\x06", 4) || archive_begins(content, 0, "MSCF", 4) ||
	    archive_begins(content, ARCHIVE_TAR_MAGIC_AT, "ustar", 5);
}

/* MALFORMED with libarchive's reason. */
static int
archive_error(struct archive *archive, struct error *err)
{
	const char *reason = archive_error_string(archive);

	return error_set(err, ERROR_MALFORMED, "the archive cannot be read: %.200s",
	    reason != NULL ? reason : "it is damaged");
}

/*
 * Reads the current member to its end; *fits is false when it exceeds the bound. A member that
 * is skipped uses the budget, too: libarchive would unpack it without a bound.
 */
static int
archive_read_member(struct archive *archive, struct trust_budget *budget, struct bytes *content,
    bool *fits, struct error *err)
{
	uint8_t *chunk = memory_new(ARCHIVE_CHUNK);
	la_ssize_t size;
	int        rc = 0;

	*fits = true;
	while (rc == 0 && (size = archive_read_data(archive, chunk, ARCHIVE_CHUNK)) != 0) {
		if (size < 0) {
			rc = archive_error(archive, err);
		} else if ((size_t)size > budget->octets) {
			rc = error_set(err, ERROR_TOO_LARGE, "the archives unpack to more than the limit");
		} else {
			budget->octets -= (size_t)size;
			*fits = *fits && content->size + (size_t)size <= TRUST_MEMBER_MAX;
			if (*fits)
				bytes_append(content, chunk, (size_t)size);
			else
				bytes_clear(content);
		}
	}
	memory_free_cleanup(&chunk);
	return rc;
}

static int
archive_take_member(struct archive *archive, struct archive_entry *entry, bool raw,
    struct trust_budget *budget, trust_member_cb *each, void *arg, struct error *err)
{
	AUTO_BYTES  content = {0};
	const char *name = raw ? "" : archive_entry_pathname(entry);
	struct view view = {NULL, 0};
	bool        fits;

	if (budget->entries == 0)
		return error_set(err, ERROR_TOO_LARGE, "the archives have more members than the limit");
	budget->entries--;
	if (archive_read_member(archive, budget, &content, &fits, err) != 0)
		return -1;
	if (!raw && archive_entry_filetype(entry) != AE_IFREG)
		return 0;
	if (name == NULL) /* the locale lacks a character of the name */
		name = archive_entry_pathname_utf8(entry);
	if (fits)
		view = (struct view){content.size > 0 ? content.data : (const uint8_t *)"", content.size};
	return each(name != NULL ? name : "(no name)", view, arg, err);
}

static int
archive_read_members(struct archive *archive, struct trust_budget *budget, trust_member_cb *each,
    void *arg, struct error *err)
{
	struct archive_entry *entry;
	int                   rc;

	while ((rc = archive_read_next_header(archive, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		bool raw = archive_format(archive) == ARCHIVE_FORMAT_RAW;

		if (archive_take_member(archive, entry, raw, budget, each, arg, err) != 0)
			return -1;
	}
	return rc == ARCHIVE_EOF ? 0 : archive_error(archive, err);
}

/*
 * Enables one decompression filter. A libarchive without the filter's library would run an
 * external program instead: refused.
 */
static int
archive_support_filter(struct archive *archive, const struct archive_filter *filter,
    struct error *err)
{
	if (filter == NULL)
		return 0;
	if (filter->support(archive) != ARCHIVE_OK)
		return error_set(err, ERROR_MALFORMED,
		    "the archive cannot be read: libarchive was built without %s", filter->name);
	(void)archive_read_support_format_raw(archive);
	return 0;
}

/* The budget counts the last filter's output only: refuses a chain of filters. */
static int
archive_check_filters(struct archive *archive, struct error *err)
{
	if (archive_filter_count(archive) <= 2) /* one, and "none" */
		return 0;
	return error_set(err, ERROR_TOO_LARGE, "the file is compressed more than once");
}

int
trust_archive_read(struct view content, struct trust_budget *budget, trust_member_cb *each,
    void *arg, struct error *err)
{
	struct archive *archive = memory_check(archive_read_new());
	int             rc;

	(void)archive_read_support_format_zip(archive);
	(void)archive_read_support_format_cab(archive);
	(void)archive_read_support_format_tar(archive);
	if ((rc = archive_support_filter(archive, archive_filter_of(content), err)) == 0 &&
	    archive_read_open_memory(archive, content.data, content.size) != ARCHIVE_OK)
		rc = archive_error(archive, err);
	if (rc == 0 && (rc = archive_check_filters(archive, err)) == 0)
		rc = archive_read_members(archive, budget, each, arg, err);
	(void)archive_read_free(archive);
	return rc;
}
