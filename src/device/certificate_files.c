/*
 * Replaces two files atomically.
 *
 * No file system renames two files at once. So the new pair is written beside the old one
 * first, "device.key.new" and then "device.pem.new", each complete and on disk before its name
 * appears. The existence of device.pem.new is the commit point. After it, first the key is
 * renamed into place, then the chain, which removes the commit mark with the last step.
 * Recovery finds one of three cases. Without device.pem.new, nothing was committed, and a
 * leftover device.key.new is removed. With both, both are renamed. With device.pem.new alone,
 * the key is in place already, and the chain is renamed. The state directory's lock keeps two
 * processes from doing this at once.
 */
#include "config.h"

#include "device/certificate_files.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/tpm/key_file.h"
#include "pki/certificate.h"
#include "util/error.h"
#include "util/file.h"

#define KEY_NEW   CERTIFICATE_FILES_KEY ".new"
#define CHAIN_NEW CERTIFICATE_FILES_CHAIN ".new"
#define FILE_MAX  ((size_t)64 * 1024)

static bool
is_there(const char *directory, const char *name)
{
	AUTO_FREE char *path = file_join(directory, name);

	return access(path, F_OK) == 0;
}

static int
write_new(const char *directory, const char *name, struct view data, mode_t mode, struct error *err)
{
	AUTO_FREE char *path = file_join(directory, name);

	return file_replace(path, data.data, data.size, mode, err);
}

/* Renames the file if it exists. */
static int
move(const char *directory, const char *from, const char *to, struct error *err)
{
	AUTO_FREE char *source = file_join(directory, from);
	AUTO_FREE char *target = file_join(directory, to);

	if (rename(source, target) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_INTERNAL, "renaming %s", source);
	return file_sync_directory(directory, err);
}

int
certificate_files_recover(const char *directory, struct error *err)
{
	AUTO_FREE char *leftover = file_join(directory, KEY_NEW);

	if (is_there(directory, CHAIN_NEW))
		return move(directory, KEY_NEW, CERTIFICATE_FILES_KEY, err) != 0 ||
		        move(directory, CHAIN_NEW, CERTIFICATE_FILES_CHAIN, err) != 0
		    ? -1
		    : 0;
	if (unlink(leftover) != 0 && errno != ENOENT && errno != ENOTDIR)
		return error_set_errno(err, ERROR_INTERNAL, "removing %s", leftover);
	return 0;
}

int
certificate_files_replace(const char *directory, struct view key, struct view chain,
    struct error *err)
{
	if (mkdir(directory, 0755) != 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_INTERNAL, "making %s", directory);
	/* Otherwise a commit mark of an earlier run would count for this one. */
	if (certificate_files_recover(directory, err) != 0)
		return -1;
	if (write_new(directory, KEY_NEW, key, 0600, err) != 0 ||
	    write_new(directory, CHAIN_NEW, chain, 0644, err) != 0)
		return -1;
	return certificate_files_recover(directory, err);
}

int
certificate_files_load(const char *directory, X509 **certificate, struct error *err)
{
	AUTO_FREE char *path = file_join(directory, CERTIFICATE_FILES_CHAIN);

	return certificate_load(path, certificate, err);
}

int
certificate_files_key_load(const char *directory, struct device_key *key, struct error *err)
{
	AUTO_FREE char *path = file_join(directory, CERTIFICATE_FILES_KEY);
	AUTO_BYTES      pem = {0};

	if (file_read(path, FILE_MAX, &pem, err) != 0)
		return -1;
	return device_key_decode(bytes_view(&pem), key, err) == 0 ? 0 : error_wrap(err, "%s", path);
}
