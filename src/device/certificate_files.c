/*
 * Replaces two files atomically, or the chain alone.
 *
 * No file system renames two files at once. So the new pair is written beside the old one
 * first, "device.key.new" and then "device.pem.new", each complete and on disk before its name
 * appears. The existence of device.pem.new is the commit point. After it, first the key is
 * renamed into place, then the chain, which removes the commit mark with the last step.
 * Recovery finds one of three cases. Without device.pem.new, nothing was committed, and a
 * leftover device.key.new is removed. With both, both are renamed. With device.pem.new alone,
 * the key is in place already, and the chain is renamed: so it is also when the key is kept and
 * only device.pem.new is written. The state directory's lock keeps two
 * processes from doing this at once.
 */
#include "config.h"

#include "device/certificate_files.h"

#include <sys/stat.h>

#include <errno.h>

#include "device/former.h"
#include "device/pair.h"
#include "device/tpm/key_file.h"
#include "pki/certificate.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"

#define KEY_NEW   PAIR_KEY ".new"
#define CHAIN_NEW PAIR_CHAIN ".new"

/* Opens it; what root makes in it stays root's, whoever owns it. */
static int
directory_open(const char *path, struct folder *directory, struct error *err)
{
	if (folder_open(path, directory, err) != 0)
		return -1;
	directory->ours = true;
	return 0;
}

/* Renames the file if it exists. */
static int
move(const struct folder *directory, const char *from, const char *to, struct error *err)
{
	if (folder_rename(directory, from, to, err) != 0 && err->kind != ERROR_NOT_FOUND)
		return -1;
	return folder_sync(directory, err);
}

static int
recover(const struct folder *directory, struct error *err)
{
	bool decided;

	if (folder_find(directory, CHAIN_NEW, &decided, err) != 0)
		return -1;
	if (!decided)
		return folder_remove(directory, KEY_NEW, err);
	return move(directory, KEY_NEW, PAIR_KEY, err) != 0 ||
	        move(directory, CHAIN_NEW, PAIR_CHAIN, err) != 0
	    ? -1
	    : 0;
}

int
certificate_files_recover(const char *directory, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};

	if (directory_open(directory, &folder, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return recover(&folder, err);
}

/* A failure waits for the next run: what was decided is in place. */
static void
prune(const struct folder *directory)
{
	struct error ignored;

	(void)former_prune(directory, clock_now(), &ignored);
}

static int
chain_write(const struct folder *directory, struct view chain, struct error *err)
{
	if (folder_replace(directory, CHAIN_NEW, chain.data, chain.size, 0644, err) != 0 ||
	    recover(directory, err) != 0)
		return -1;
	prune(directory);
	return 0;
}

int
certificate_files_replace(const char *directory, gid_t group, struct view key, struct view chain,
    struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};

	if (mkdir(directory, 0755) != 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_INTERNAL, "making %s", directory);
	/* Otherwise a commit mark of an earlier run would count for this one. */
	if (directory_open(directory, &folder, err) != 0 || recover(&folder, err) != 0 ||
	    former_keep(&folder, group, clock_now(), err) != 0)
		return -1;
	if (pair_key_write(&folder, KEY_NEW, group, key, err) != 0)
		return -1;
	return chain_write(&folder, chain, err);
}

int
certificate_files_chain_replace(const char *directory, struct view chain, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};

	/* Without it a key that a crash left behind would be put in place with the chain. */
	if (directory_open(directory, &folder, err) != 0 || recover(&folder, err) != 0)
		return -1;
	return chain_write(&folder, chain, err);
}

int
certificate_files_load(const char *directory, X509 **certificate, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};

	if (directory_open(directory, &folder, err) != 0)
		return -1;
	return certificate_load_in(&folder, PAIR_CHAIN, certificate, err);
}

int
certificate_files_key_load(const char *directory, struct device_key *key, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};
	AUTO_BYTES  pem = {0};

	if (directory_open(directory, &folder, err) != 0 ||
	    folder_read(&folder, PAIR_KEY, PAIR_FILE_MAX, &pem, err) != 0)
		return -1;
	return device_key_decode(bytes_view(&pem), key, err) == 0
	    ? 0
	    : error_wrap(err, "%s/%s", directory, PAIR_KEY);
}

int
certificate_files_key_made(const char *directory, int64_t *made, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};
	struct stat st;

	if (directory_open(directory, &folder, err) != 0)
		return -1;
	if (folder_look(&folder, PAIR_KEY, &st) != 0)
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "looking at %s/%s", directory, PAIR_KEY);
	*made = (int64_t)st.st_mtim.tv_sec;
	return 0;
}

int
certificate_files_share(const char *directory, gid_t group, struct error *err)
{
	AUTO_FOLDER folder = {.fd = -1};

	if (group == PAIR_NO_GROUP)
		return 0;
	if (directory_open(directory, &folder, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return pair_key_share(&folder, PAIR_KEY, group, err) == 0 &&
	        former_share(&folder, group, err) == 0
	    ? 0
	    : -1;
}
