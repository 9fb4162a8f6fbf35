/* Owns the order in which the files of issuing CAs change; callers check what may replace what. */
#include "config.h"

#include "ca/issuer_replace.h"

#include <stdlib.h>
#include <string.h>

#include "ca/files.h"
#include "ca/issuer.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"


static int
put_file(const struct folder *state, const char *name, struct view content, mode_t mode,
    struct error *err)
{
	return folder_replace(state, name, content.data, content.size, mode, err);
}

static int
make_directory(const struct folder *state, struct error *err)
{
	AUTO_FOLDER issuers = {.fd = -1};

	if (folder_make(state, STATE_ISSUERS, &issuers, err) != 0)
		return -1;
	return folder_sync(state, err);
}

/* *suffix: the form of a CA's key in issuers/; NULL if there is none. */
static int
placed_suffix(const struct folder *state, const char *id, const char **suffix, struct error *err)
{
	AUTO_FREE char *uri_name = issuer_files_name(id, "uri");
	AUTO_FREE char *key_name = issuer_files_name(id, "key");
	bool            uri;
	bool            key;

	*suffix = NULL;
	if (folder_find(state, uri_name, &uri, err) != 0 || folder_find(state, key_name, &key, err) != 0)
		return -1;
	if (uri || key)
		*suffix = uri ? "uri" : "key";
	return 0;
}

/* Puts the old CA's key under its identifier, unless it is there after a crash; a CA may no longer
 * have one. */
static int
keep_old_key(const struct folder *state, const struct issuer_files *old, struct error *err)
{
	AUTO_FREE char *key_name = issuer_files_name(old->id, "key");
	AUTO_FREE char *uri_name = issuer_files_name(old->id, "uri");
	bool            is_uri;
	const char     *kept;
	AUTO_BYTES      key = {0};

	if (folder_find(state, STATE_ISSUING_URI, &is_uri, err) != 0 ||
	    placed_suffix(state, old->id, &kept, err) != 0)
		return -1;
	if (kept != NULL)
		return 0;
	if (folder_read(state, is_uri ? STATE_ISSUING_URI : STATE_ISSUING_KEY, STATE_PEM_MAX, &key, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return put_file(state, is_uri ? uri_name : key_name, bytes_view(&key), 0600, err);
}

static int
keep_old(const struct folder *state, const struct issuer_files *old, struct error *err)
{
	AUTO_FREE char *pem_name = issuer_files_name(old->id, "pem");

	if (keep_old_key(state, old, err) != 0)
		return -1;
	return put_file(state, pem_name, bytes_view(&old->pem), 0644, err);
}

static int
rename_if_there(const struct folder *state, const char *from, const char *to, struct error *err)
{
	return folder_rename(state, from, to, err) == 0 || err->kind == ERROR_NOT_FOUND ? 0 : -1;
}

/* Puts the key of the next CA under its identifier; *suffix is its form. */
static int
place_key(const struct folder *state, const struct issuer_next *next, const char **suffix,
    struct error *err)
{
	AUTO_FREE char *key_name = issuer_files_name(next->id, "key");
	AUTO_FREE char *uri_name = issuer_files_name(next->id, "uri");
	AUTO_BYTES      line = {0};

	if (next->waiting) {
		if (rename_if_there(state, STATE_NEXT_KEY, key_name, err) != 0 ||
		    rename_if_there(state, STATE_NEXT_URI, uri_name, err) != 0 ||
		    placed_suffix(state, next->id, suffix, err) != 0)
			return -1;
		return *suffix != NULL
		    ? 0
		    : error_set(err, ERROR_INTERNAL, "the key of the next CA is not in %s", state->path);
	}
	*suffix = next->uri != NULL ? "uri" : "key";
	if (next->uri == NULL)
		return put_file(state, key_name, next->key, 0600, err);
	bytes_append(&line, next->uri, strlen(next->uri));
	bytes_append_u8(&line, '\n');
	return put_file(state, uri_name, bytes_view(&line), 0600, err);
}

/*
 * Moves the new CA's key to its usual place. First removes the old CA's key in the other
 * form: as long as the new key is in issuers/, the replacement is not complete.
 */
static int
settle_key(const struct folder *state, const char *id, const char *suffix, struct error *err)
{
	AUTO_FREE char *name = issuer_files_name(id, suffix);
	bool            is_uri = strcmp(suffix, "uri") == 0;

	if (folder_remove(state, is_uri ? STATE_ISSUING_KEY : STATE_ISSUING_URI, err) != 0)
		return -1;
	return folder_rename(state, name, is_uri ? STATE_ISSUING_URI : STATE_ISSUING_KEY, err);
}

static int
sync_all(const struct folder *state, struct error *err)
{
	AUTO_FOLDER issuers = {.fd = -1};

	if (folder_open_in(state, STATE_ISSUERS, &issuers, err) != 0 || folder_sync(&issuers, err) != 0)
		return -1;
	return folder_sync(state, err);
}

/* Replaces the root and then the certificate: the commit point, after which the next CA signs. */
static int
commit(const struct folder *state, const struct issuer_next *next, struct error *err)
{
	if (next->root_pem.size != 0 &&
	    put_file(state, STATE_ROOT_PEM, next->root_pem, 0644, err) != 0)
		return -1;
	return put_file(state, STATE_ISSUING_PEM, next->pem, 0644, err);
}

bool
issuer_is_unsettled(const struct folder *state, const char *id)
{
	const char  *suffix;
	struct error ignored;

	return placed_suffix(state, id, &suffix, &ignored) != 0 || suffix != NULL;
}

int
issuer_settle(const struct folder *state, struct error *err)
{
	struct issuer_files now = {.id = ""};
	const char         *suffix = NULL;
	int                 rc = issuer_files_load(state, NULL, &now, err);

	if (rc == 0)
		rc = placed_suffix(state, now.id, &suffix, err);
	if (rc == 0 && suffix != NULL) {
		rc = settle_key(state, now.id, suffix, err);
		if (rc == 0)
			rc = sync_all(state, err);
	}
	issuer_files_clear(&now);
	return rc;
}

int
issuer_replace(const struct folder *state, const struct issuer_files *old,
    const struct issuer_next *next, struct error *err)
{
	const char *suffix = "key";

	if (strcmp(old->id, next->id) == 0) {
		if (commit(state, next, err) != 0 ||
		    folder_remove(state, STATE_NEXT_KEY, err) != 0 ||
		    folder_remove(state, STATE_NEXT_URI, err) != 0)
			return -1;
		return folder_sync(state, err);
	}
	if (make_directory(state, err) != 0 || keep_old(state, old, err) != 0 ||
	    place_key(state, next, &suffix, err) != 0 || sync_all(state, err) != 0 ||
	    commit(state, next, err) != 0 ||
	    settle_key(state, next->id, suffix, err) != 0)
		return -1;
	return sync_all(state, err);
}
