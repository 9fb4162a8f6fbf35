/* Owns the names and modes of the state files; does not judge their content. */
#include "config.h"

#include "device/state.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "device/certificate_files.h"
#include "device/evidence.h"
#include "device/interrupt.h"
#include "device/pair.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/key_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/identity.h"

#define STATE_FILE_MAX ((size_t)64 * 1024)

char *
device_state_default(void)
{
	const char     *base = getenv("XDG_STATE_HOME");
	const char     *home = getenv("HOME");
	AUTO_FREE char *local = NULL;

	if (geteuid() == 0)
		return memory_strdup("/var/lib/attest-device");
	if (base != NULL && base[0] == '/')
		return file_join(base, "attest-device");
	if (home == NULL || home[0] != '/')
		return NULL;
	local = file_join(home, ".local/state");
	return file_join(local, "attest-device");
}

/* mkdir -p with mode 0700. */
static int
directory_make(const char *path, struct error *err)
{
	AUTO_FREE char *copy = memory_strdup(path);
	const char     *parent;

	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	if (errno != ENOENT)
		return error_set_errno(err, ERROR_INTERNAL, "making the state directory %s", path);
	parent = dirname(copy);
	if (strcmp(parent, path) == 0 || directory_make(parent, err) != 0)
		return -1;
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_INTERNAL, "making the state directory %s", path);
	return 0;
}

/* Polls, because flock restarts after a signal handler. */
static int
state_lock(const struct device_state *state, struct error *err)
{
	const struct timespec step = {.tv_nsec = 20L * 1000 * 1000};

	while (flock(state->folder.fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set_errno(err, ERROR_INTERNAL, "locking %s", state->folder.path);
		if (device_interrupt_check(err) != 0)
			return -1;
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

/*
 * Root works in root's directory only. It cannot take on its owner's identity, as the CA's
 * administration does: it needs the TPM for long, writes certificates where root alone may, and
 * its --exec command is root's.
 */
static int
state_check_way(const char *path, struct error *err)
{
	struct identity owner = {0};

	if (geteuid() != 0)
		return 0;
	if (identity_find(path, &owner, err) != 0)
		return -1;
	return owner.other ? error_set(err, ERROR_INTERNAL,
	                         "root does not keep its state in %s, which is uid %lu's; run this as "
	                         "that user, or give another --state-dir",
	                         path, (unsigned long)owner.uid)
	                   : 0;
}

/* The same of what was opened. */
static int
state_check_open(const struct device_state *state, struct error *err)
{
	const char *path = state->folder.path;
	struct stat st;

	if (fstat(state->folder.fd, &st) == 0 && st.st_uid != geteuid() &&
	    faccessat(state->folder.fd, ".", W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES)
		return error_set(err, ERROR_INTERNAL,
		    "the state directory %s is uid %lu's; run this as that user (for programs that use the key, "
		    "\"attest-device use\" does without)",
		    path, (unsigned long)st.st_uid);
	if (fstat(state->folder.fd, &st) != 0 ||
	    faccessat(state->folder.fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "the state directory %s", path);
	if (geteuid() != 0)
		return 0;
	if (st.st_uid != 0)
		return error_set(err, ERROR_INTERNAL, "%s was replaced while it was opened", path);
	if ((st.st_mode & S_IWOTH) == 0 && ((st.st_mode & S_IWGRP) == 0 || st.st_gid == 0))
		return 0;
	return error_set(err, ERROR_INTERNAL,
	    "root does not keep its state in %s, where others may write; run \"chmod go-w %s\" when "
	    "you have looked at what is in it",
	    path, path);
}

/* Opens it, or says who may. */
static int
place_open(const char *path, struct folder *folder, struct error *err)
{
	struct stat st;

	if (folder_open(path, folder, err) == 0)
		return 0;
	if (eaccess(path, R_OK | X_OK) == 0 || errno != EACCES)
		return -1;
	if (stat(path, &st) != 0)
		return error_set(err, ERROR_INTERNAL,
		    "this user may not enter the directory of %s; run this as the user whose it is", path);
	if (!S_ISDIR(st.st_mode)) /* which has been said: nobody may go into a file, root neither */
		return -1;
	return error_set(err, ERROR_INTERNAL,
	    "%s is uid %lu's, and closed to this user; run this as that user (for programs that use the "
	    "key: key_group in device.conf names a group of theirs, as key_group = \"attest-device\", and "
	    "\"attest-device renew\", run as that user, opens the directory and the key to it)",
	    path, (unsigned long)st.st_uid);
}

/* Opens the directory itself, without its lock. */
static int
state_open(const char *path, bool make, struct device_state *state, struct error *err)
{
	AUTO_FREE char *place = path != NULL ? memory_strdup(path) : device_state_default();

	*state = (struct device_state){.folder = {.fd = -1}};
	if (place == NULL)
		return error_set(err, ERROR_INTERNAL,
		    "neither XDG_STATE_HOME nor HOME is set; name a directory with --state-dir");
	if (state_check_way(place, err) != 0 || (make && directory_make(place, err) != 0))
		return -1;
	if (place_open(place, &state->folder, err) != 0)
		return error_wrap(err, "the state directory");
	return state_check_open(state, err);
}

/* Goes on to the directory of a named key. */
static int
named_open(struct device_state *state, const char *key, bool make, struct error *err)
{
	int (*open_one)(const struct folder *, const char *, struct folder *, struct error *) =
	    make ? folder_make : folder_open_in;

	state->above[0] = state->folder;
	state->above[1] = state->folder = (struct folder){.fd = -1};
	state->named = true;
	return open_one(&state->above[0], DEVICE_STATE_KEYS, &state->above[1], err) == 0 &&
	        open_one(&state->above[1], key, &state->folder, err) == 0
	    ? state_check_open(state, err)
	    : -1;
}

static int
any_open(const char *path, const char *key, bool make, struct device_state *state, struct error *err)
{
	*state = (struct device_state){.folder = {.fd = -1}};
	if (key != NULL && device_state_key_check(key, err) != 0)
		return -1;
	return state_open(path, make, state, err) == 0 &&
	        (key == NULL || named_open(state, key, make, err) == 0)
	    ? state_lock(state, err)
	    : -1;
}

int
device_state_open(const char *path, const char *key, struct device_state *state, struct error *err)
{
	return any_open(path, key, true, state, err);
}

int
device_state_open_there(const char *path, const char *key, struct device_state *state,
    struct error *err)
{
	return any_open(path, key, false, state, err);
}

static int
folder_show(const struct folder *folder, struct error *err)
{
	struct stat st;

	if (fstat(folder->fd, &st) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "looking at %s", folder->path);
	if ((st.st_mode & 0755) == 0755)
		return 0;
	return fchmod(folder->fd, (st.st_mode & 07777) | 0755) == 0
	    ? 0
	    : error_set_errno(err, ERROR_INTERNAL, "setting the permissions of %s", folder->path);
}

int
device_state_show(const struct device_state *state, struct error *err)
{
	if (state->named &&
	    (folder_show(&state->above[0], err) != 0 || folder_show(&state->above[1], err) != 0))
		return -1;
	return folder_show(&state->folder, err);
}

const char *
device_state_out(const struct device_state *state, const char *out)
{
	return out != NULL ? out : state->folder.path;
}

void
device_state_close(struct device_state *state)
{
	if (state->named) {
		folder_close(&state->above[0]);
		folder_close(&state->above[1]);
	}
	state->named = false;
	folder_close(&state->folder);
}

/* ---- named keys ---- */

static bool
key_name_is_good(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

	return name[0] != '\0' && strchr(letters, name[0]) != NULL &&
	    strspn(name, all) == strlen(name) && strlen(name) <= DEVICE_STATE_KEY_NAME_MAX;
}

int
device_state_key_check(const char *name, struct error *err)
{
	return key_name_is_good(name)
	    ? 0
	    : error_set(err, ERROR_MALFORMED,
	          "a key cannot be called \"%.64s\": it has 1 to %d letters, digits and . _ -, and begins "
	          "with a letter or a digit", name, DEVICE_STATE_KEY_NAME_MAX);
}

/* Takes the directories with good names. */
static void
names_take(const struct folder *keys, struct dirent **entries, int count,
    struct device_state_names *names)
{
	names->names = memory_new(((size_t)count + 1) * sizeof *names->names);
	for (int i = 0; i < count; i++) {
		struct stat st;

		if (key_name_is_good(entries[i]->d_name) &&
		    folder_look(keys, entries[i]->d_name, &st) == 0 && S_ISDIR(st.st_mode))
			names->names[names->count++] = memory_strdup(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

int
device_state_names_read(const char *path, struct device_state_names *names, struct error *err)
{
	AUTO_FREE char *place = path != NULL ? memory_strdup(path) : device_state_default();
	AUTO_FOLDER     state = {.fd = -1};
	AUTO_FOLDER     keys = {.fd = -1};
	struct dirent **entries = NULL;
	int             count;

	*names = (struct device_state_names){0};
	if (place == NULL)
		return 0;
	if (place_open(place, &state, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : error_wrap(err, "the state directory");
	if (folder_open_in(&state, DEVICE_STATE_KEYS, &keys, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if ((count = folder_list(&keys, &entries, err)) < 0)
		return -1;
	names_take(&keys, entries, count, names);
	return 0;
}

bool
device_state_first_is_there(const char *path)
{
	AUTO_FREE char *place = path != NULL ? memory_strdup(path) : device_state_default();
	AUTO_FOLDER     state = {.fd = -1};
	struct error    ignored;

	return place != NULL && folder_open(place, &state, &ignored) == 0 &&
	    (folder_has(&state, DEVICE_STATE_SETTINGS) || folder_has(&state, PAIR_CHAIN));
}

int
device_state_names_find(const struct device_state_names *names, const char *key, struct error *err)
{
	char   list[256] = "";
	size_t used = 0;

	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i], key) == 0)
			return 0;
		if (used + strlen(names->names[i]) + sizeof ", ..." < sizeof list)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
			    names->names[i]);
	}
	return error_set(err, ERROR_NOT_FOUND,
	    "there is no key \"%.64s\" (there is: %s); \"attest-device certificate --key\" makes one", key,
	    names->count > 0 ? list : "none but the first, which has no name");
}

void
device_state_names_free(struct device_state_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	*names = (struct device_state_names){0};
}

/* ---- the files ---- */

int
device_state_read(const struct device_state *state, const char *name, struct bytes *out,
    struct error *err)
{
	return folder_read(&state->folder, name, STATE_FILE_MAX, out, err);
}

int
device_state_write(const struct device_state *state, const char *name, struct view data,
    struct error *err)
{
	return folder_replace(&state->folder, name, data.data, data.size, 0600, err);
}

int
device_state_ak_load(const struct device_state *state, struct device_ak *ak, struct error *err)
{
	AUTO_BYTES pem = {0};
	AUTO_BYTES evidence = {0};

	*ak = (struct device_ak){0};
	if (device_state_read(state, DEVICE_STATE_AK, &pem, err) != 0 ||
	    device_state_read(state, DEVICE_STATE_AK_CREATION, &evidence, err) != 0)
		return -1;
	if (device_key_decode(bytes_view(&pem), &ak->key, err) != 0)
		return error_wrap(err, DEVICE_STATE_AK);
	if (device_evidence_decode(bytes_view(&evidence), ak, err) != 0 ||
	    device_ak_check(ak, err) != 0) {
		device_ak_clear(ak);
		return error_wrap(err, DEVICE_STATE_AK_CREATION);
	}
	return 0;
}

int
device_state_ak_save(const struct device_state *state, const struct device_ak *ak,
    struct error *err)
{
	AUTO_FREE char *evidence = device_evidence_encode(ak);
	AUTO_BYTES      pem = {0};

	if (device_key_encode(&ak->key, &pem, err) != 0)
		return -1;
	if (folder_remove(&state->folder, DEVICE_STATE_AK_CHAIN, err) != 0)
		return -1;
	if (device_state_write(state, DEVICE_STATE_AK_CREATION,
	        view_text(evidence), err) != 0)
		return -1;
	return device_state_write(state, DEVICE_STATE_AK, bytes_view(&pem), err);
}

int
device_state_chain_save(const struct device_state *state, struct view pem, char **path,
    struct error *err)
{
	*path = file_join(state->folder.path, DEVICE_STATE_AK_CHAIN);
	return device_state_write(state, DEVICE_STATE_AK_CHAIN, pem, err);
}

int
device_state_chain_load(const struct device_state *state, struct bytes *pem, struct error *err)
{
	return device_state_read(state, DEVICE_STATE_AK_CHAIN, pem, err);
}
