/* Owns the order in which the files of issuing CAs change; callers check what may replace what. */
#include "config.h"

#include "ca/issuer_replace.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/files.h"
#include "ca/issuer.h"
#include "util/error.h"
#include "util/file.h"


static int
put_file(const char *state_dir, const char *name, struct view content, mode_t mode,
    struct error *err)
{
	AUTO_FREE char *path = file_join(state_dir, name);

	if (file_replace(path, content.data, content.size, mode, err) != 0)
		return -1;
	return file_give(state_dir, path, err);
}

static bool
is_there(const char *state_dir, const char *name)
{
	AUTO_FREE char *path = file_join(state_dir, name);

	return access(path, F_OK) == 0;
}

static int
move_file(const char *state_dir, const char *from_name, const char *to_name, struct error *err)
{
	AUTO_FREE char *from = file_join(state_dir, from_name);
	AUTO_FREE char *to = file_join(state_dir, to_name);

	if (rename(from, to) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "renaming %s to %s", from, to);
	return 0;
}

static int
remove_file(const char *state_dir, const char *name, struct error *err)
{
	AUTO_FREE char *path = file_join(state_dir, name);

	if (unlink(path) != 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_INTERNAL, "removing %s", path);
	return 0;
}

static int
make_directory(const char *state_dir, struct error *err)
{
	AUTO_FREE char *path = file_join(state_dir, STATE_ISSUERS);

	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return error_set_errno(err, ERROR_INTERNAL, "making %s", path);
	if (issuer_files_check(state_dir, err) != 0)
		return -1;
	if (file_give(state_dir, path, err) != 0)
		return -1;
	return file_sync_directory(state_dir, err);
}

/* Puts the old CA's key under its identifier, unless it is there after a crash; a CA may no longer
 * have one. */
static int
keep_old_key(const char *state_dir, const struct issuer_files *old, struct error *err)
{
	AUTO_FREE char *key_name = issuer_files_name(old->id, "key");
	AUTO_FREE char *uri_name = issuer_files_name(old->id, "uri");
	bool            is_uri = is_there(state_dir, STATE_ISSUING_URI);
	AUTO_FREE char *from = file_join(state_dir, is_uri ? STATE_ISSUING_URI : STATE_ISSUING_KEY);
	AUTO_BYTES      key = {0};

	if (is_there(state_dir, key_name) || is_there(state_dir, uri_name))
		return 0;
	if (file_read(from, STATE_PEM_MAX, &key, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return put_file(state_dir, is_uri ? uri_name : key_name, bytes_view(&key), 0600, err);
}

static int
keep_old(const char *state_dir, const struct issuer_files *old, struct error *err)
{
	AUTO_FREE char *pem_name = issuer_files_name(old->id, "pem");

	if (keep_old_key(state_dir, old, err) != 0)
		return -1;
	return put_file(state_dir, pem_name, bytes_view(&old->pem), 0644, err);
}

/* Puts the key of the next CA under its identifier; *suffix is its form. */
static int
place_key(const char *state_dir, const struct issuer_next *next, const char **suffix,
    struct error *err)
{
	AUTO_FREE char *key_name = issuer_files_name(next->id, "key");
	AUTO_FREE char *uri_name = issuer_files_name(next->id, "uri");
	AUTO_BYTES      line = {0};

	if (next->waiting) {
		if (is_there(state_dir, STATE_NEXT_KEY) &&
		    move_file(state_dir, STATE_NEXT_KEY, key_name, err) != 0)
			return -1;
		if (is_there(state_dir, STATE_NEXT_URI) &&
		    move_file(state_dir, STATE_NEXT_URI, uri_name, err) != 0)
			return -1;
		*suffix = is_there(state_dir, uri_name) ? "uri" : "key";
		return 0;
	}
	*suffix = next->uri != NULL ? "uri" : "key";
	if (next->uri == NULL)
		return put_file(state_dir, key_name, next->key, 0600, err);
	bytes_append(&line, next->uri, strlen(next->uri));
	bytes_append_u8(&line, '\n');
	return put_file(state_dir, uri_name, bytes_view(&line), 0600, err);
}

/*
 * Moves the new CA's key to its usual place. First removes the old CA's key in the other
 * form: as long as the new key is in issuers/, the replacement is not complete.
 */
static int
settle_key(const char *state_dir, const char *id, const char *suffix, struct error *err)
{
	AUTO_FREE char *name = issuer_files_name(id, suffix);
	bool            is_uri = strcmp(suffix, "uri") == 0;

	if (remove_file(state_dir, is_uri ? STATE_ISSUING_KEY : STATE_ISSUING_URI, err) != 0)
		return -1;
	return move_file(state_dir, name, is_uri ? STATE_ISSUING_URI : STATE_ISSUING_KEY, err);
}

static int
sync_all(const char *state_dir, struct error *err)
{
	AUTO_FREE char *path = file_join(state_dir, STATE_ISSUERS);

	if (file_sync_directory(path, err) != 0)
		return -1;
	return file_sync_directory(state_dir, err);
}

/* Replaces the root and then the certificate: the commit point, after which the next CA signs. */
static int
commit(const char *state_dir, const struct issuer_next *next, struct error *err)
{
	if (next->root_pem.size != 0 &&
	    put_file(state_dir, STATE_ROOT_PEM, next->root_pem, 0644, err) != 0)
		return -1;
	return put_file(state_dir, STATE_ISSUING_PEM, next->pem, 0644, err);
}

/* The form of a CA's key in issuers/; NULL if there is none. */
static const char *
placed_suffix(const char *state_dir, const char *id)
{
	AUTO_FREE char *uri_name = issuer_files_name(id, "uri");
	AUTO_FREE char *key_name = issuer_files_name(id, "key");

	if (is_there(state_dir, uri_name))
		return "uri";
	return is_there(state_dir, key_name) ? "key" : NULL;
}

bool
issuer_is_unsettled(const char *state_dir, const char *id)
{
	return placed_suffix(state_dir, id) != NULL;
}

int
issuer_settle(const char *state_dir, struct error *err)
{
	struct issuer_files now = {.id = ""};
	const char         *suffix;
	int                 rc = issuer_files_load(state_dir, NULL, &now, err);

	if (rc == 0 && (suffix = placed_suffix(state_dir, now.id)) != NULL) {
		rc = settle_key(state_dir, now.id, suffix, err);
		if (rc == 0)
			rc = sync_all(state_dir, err);
	}
	issuer_files_clear(&now);
	return rc;
}

int
issuer_replace(const char *state_dir, const struct issuer_files *old,
    const struct issuer_next *next, struct error *err)
{
	const char *suffix = "key";

	if (strcmp(old->id, next->id) == 0) {
		if (commit(state_dir, next, err) != 0 ||
		    remove_file(state_dir, STATE_NEXT_KEY, err) != 0 ||
		    remove_file(state_dir, STATE_NEXT_URI, err) != 0)
			return -1;
		return file_sync_directory(state_dir, err);
	}
	if (make_directory(state_dir, err) != 0 || keep_old(state_dir, old, err) != 0 ||
	    place_key(state_dir, next, &suffix, err) != 0 || sync_all(state_dir, err) != 0 ||
	    commit(state_dir, next, err) != 0 ||
	    settle_key(state_dir, next->id, suffix, err) != 0)
		return -1;
	return sync_all(state_dir, err);
}
