/*
 * Walks files and directories and finds certificates in them, by content and never
 * by name. Does not judge them, and follows no links inside a tree.
 */
#include "config.h"

#include "admin/trust/scan.h"

#include <sys/stat.h>

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "pki/certificate_reader.h"
#include "util/error.h"
#include "util/file.h"
#include "util/file_named.h"

#define SCAN_DIRECTORIES_MAX 32 /* nesting of archives */
#define SCAN_ARCHIVES_MAX    4
#define SCAN_SOURCE_SIZE     1024

static const char pem_begin[] = "-----BEGIN ";

/* A scan inside an archive: its name and depth. */
struct scan_inside {
	struct trust_scan *scan;
	const char        *source;
	int                depth;
	bool               named; /* the error has the place */
};

static int scan_content(struct trust_scan *scan, struct view content, const char *source, int depth,
    struct error *err);

/* Reads one certificate after the other; reports broken ones and continues. */
static int
scan_read(struct trust_scan *scan, struct certificate_reader *reader, const char *source,
    struct error *err)
{
	X509                     *certificate = NULL;
	char                      named[SCAN_SOURCE_SIZE + 32];
	struct error              why = {0};
	int                       rc;

	for (size_t number = 1; (rc = certificate_reader_next(reader, &certificate, &why)) != 0;
	     number++) {
		if (scan->budget.certificates == 0) {
			if (rc > 0)
				X509_free(certificate);
			return error_set(err, ERROR_TOO_LARGE,
			    "there are more certificates than the limit");
		}
		scan->budget.certificates--;
		/* The first certificate of a file is reported under the file's name. */
		(void)snprintf(named, sizeof named, number > 1 ? "%.1000s, certificate %zu" : "%.1000s",
		    source, number);
		if (rc > 0)
			scan->certificate(certificate, named, scan->arg);
		else
			scan->unreadable(named, why.detail, scan->arg);
	}
	return 0;
}

static int
scan_certificates(struct trust_scan *scan, struct view content, const char *source,
    struct error *err)
{
	struct certificate_reader reader = {.rest = content, .bags = true};
	int                       rc = scan_read(scan, &reader, source, err);

	certificate_reader_clear(&reader);
	return rc;
}

static int
scan_member_cb(const char *name, struct view content, void *arg, struct error *err)
{
	struct scan_inside *inside = arg;
	char                source[SCAN_SOURCE_SIZE];

	(void)snprintf(source, sizeof source, name[0] != '\0' ? "%s: %s" : "%s", inside->source, name);
	inside->scan->step(inside->scan->arg);
	if (content.data == NULL) {
		inside->scan->unreadable(source, "it is too large", inside->scan->arg);
		return 0;
	}
	if (scan_content(inside->scan, content, source, inside->depth + 1, err) == 0)
		return 0;
	inside->named = true;
	return -1;
}

static int
scan_archive(struct trust_scan *scan, struct view content, const char *source, int depth,
    struct error *err)
{
	struct scan_inside inside = {scan, source, depth, false};

	if (depth >= SCAN_ARCHIVES_MAX)
		return error_set(err, ERROR_TOO_LARGE, "%s: more than %d nested archives", source,
		    SCAN_ARCHIVES_MAX);
	if (trust_archive_read(content, &scan->budget, scan_member_cb, &inside, err) == 0)
		return 0;
	return inside.named ? -1 : error_wrap(err, "%s", source);
}

/* True for a SEQUENCE with a long or indefinite length, or the header of certificates in TPMs. */
static bool
scan_is_der(struct view content)
{
	return content.size > 7 && ((content.data[0] == 0x30 && content.data[1] >= 0x80) ||
	    memcmp(content.data, "\x10\x01\x00", 3) == 0);
}

_Static_assert(TRUST_MEMBER_MAX <= INT_MAX, "what is read fits OpenSSL's sizes");

static int
scan_content(struct trust_scan *scan, struct view content, const char *source, int depth,
    struct error *err)
{
	if (trust_archive_is(content))
		return scan_archive(scan, content, source, depth, err);
	else if (scan_is_der(content) ||
	    memmem(content.data, content.size, pem_begin, sizeof pem_begin - 1) != NULL)
		return scan_certificates(scan, content, source, err);
	else
		scan->others++;
	return 0;
}

int
trust_scan_content(struct trust_scan *scan, struct view content, const char *source,
    struct error *err)
{
	if (content.size > 0)
		return scan_content(scan, content, source, 0, err);
	scan->others++;
	return 0;
}

static int
scan_file(struct trust_scan *scan, const char *path, struct error *err)
{
	AUTO_BYTES content = {0};

	scan->step(scan->arg);
	if (file_read(path, TRUST_MEMBER_MAX, &content, err) != 0) {
		if (err->kind != ERROR_TOO_LARGE)
			return -1;
		scan->unreadable(path, "it is too large", scan->arg);
		return 0;
	}
	return trust_scan_content(scan, bytes_view(&content), path, err);
}

static int scan_directory(struct trust_scan *scan, const char *path, int depth, struct error *err);

/* Scans the entries of a directory. */
static int
scan_entry(struct trust_scan *scan, const char *path, int depth, struct error *err)
{
	struct stat st;

	if (file_named_stat(path, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", path);
	if (scan->budget.entries == 0)
		return error_set(err, ERROR_TOO_LARGE, "there are more files than the limit");
	scan->budget.entries--;
	if (S_ISDIR(st.st_mode))
		return scan_directory(scan, path, depth + 1, err);
	if (S_ISLNK(st.st_mode))
		scan->links++;
	else if (S_ISREG(st.st_mode))
		return scan_file(scan, path, err);
	else
		scan->others++;
	return 0;
}

static int
scan_directory(struct trust_scan *scan, const char *path, int depth, struct error *err)
{
	struct dirent **entries = NULL;
	int             count;
	int             rc = 0;

	if (depth > SCAN_DIRECTORIES_MAX)
		return error_set(err, ERROR_TOO_LARGE, "%s: more than %d nested directories",
		    path, SCAN_DIRECTORIES_MAX);
	if ((count = file_named_scan(path, &entries)) < 0)
		return error_set_errno(err, ERROR_INTERNAL, "reading %s", path);
	for (int i = 0; i < count; i++) {
		const char     *name = entries[i]->d_name;
		AUTO_FREE char *inside = file_join(path, name);

		if (rc == 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
			rc = scan_entry(scan, inside, depth, err);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int
trust_scan_path(struct trust_scan *scan, const char *path, struct error *err)
{
	struct stat st;

	int         fd = file_named_fd(path);

	if ((fd >= 0 ? fstat(fd, &st) : stat(path, &st)) == 0 && S_ISDIR(st.st_mode))
		return scan_directory(scan, path, 1, err);
	return scan_file(scan, path, err);
}
