/* Walks a state directory and reads what belongs to the CA; writes nothing. */
#include "config.h"

#include "admin/backup/files.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "admin/backup/manifest.h"
#include "ca/files.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

void
backup_files_clear(struct backup_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		free(files->items[i].name);
		bytes_clear(&files->items[i].content);
	}
	free(files->items);
	free(files->left_out);
	*files = (struct backup_files){0};
}

/* Matches all kinds: "BEGIN ENCRYPTED PRIVATE KEY-----", "BEGIN TSS2 PRIVATE KEY-----". */
static bool
item_is_key(const struct backup_item *item)
{
	static const char mark[] = "PRIVATE KEY-----";

	return backup_name_is_key(item->name) ||
	    memmem(item->content.data, item->content.size, mark, sizeof mark - 1) != NULL;
}

static void
files_append(struct backup_files *files, struct backup_item *item)
{
	struct backup_item *items =
	    memory_check(realloc(files->items, (files->count + 1) * sizeof *files->items));

	files->items = items;
	items[files->count++] = *item;
}

static void
files_leave_out(struct backup_files *files, const char *name)
{
	if (files->left_out == NULL)
		files->left_out = memory_strdup(name);
}

/* A file that disappears meanwhile was another process's temporary file. */
static int
files_read_one(const struct folder *folder, const char *file, const char *name, bool keys,
    struct backup_files *out, struct error *err)
{
	struct backup_item item = {.name = memory_strdup(name)};
	struct stat        st;
	bool               regular = false;
	int                rc;

	if (out->count == BACKUP_FILES_MAX) {
		rc = error_set(err, ERROR_TOO_LARGE, "%s has more than %zu files", folder->path, out->count);
	} else if (folder_read_any(folder, file, BACKUP_FILE_MAX, &item.content, &st, &regular, err) != 0) {
		rc = err->kind == ERROR_NOT_FOUND ? 0 : -1;
	} else if (!regular) {
		files_leave_out(out, name);
		rc = 0;
	} else {
		rc = 0;
		item.mode = (st.st_mode & 0044) == 0044 && !backup_name_is_key(name) ? 0644 : 0600;
		if (keys || !item_is_key(&item)) {
			files_append(out, &item);
			return 0;
		}
	}
	free(item.name);
	bytes_clear(&item.content);
	return rc;
}

/* Files that a state directory may have and no backup needs, by name. */
static bool
name_is_passed_by(const char *state_dir, const char *name)
{
	const char *end = strrchr(name, '.');

	return name[0] == '.' || strcmp(name, STATE_ISSUERS) == 0 ||
	    store_has_file(STORE_INVENTORY, state_dir, name) ||
	    (end != NULL && strcmp(end, ".lock") == 0);
}

/* Reads the files of the directory, or of its one subdirectory. */
static int
files_walk(const char *state_dir, const struct folder *folder, const char *subdirectory, bool keys,
    struct backup_files *out, struct error *err)
{
	struct dirent **entries = NULL;
	int             count = folder_list(folder, &entries, err);
	int             rc = count < 0 ? -1 : 0;

	for (int i = 0; i < count; i++) {
		const char     *file = entries[i]->d_name;
		AUTO_FREE char *name =
		    subdirectory != NULL ? file_join(subdirectory, file) : memory_strdup(file);

		if (rc == 0 && !name_is_passed_by(state_dir, file)) {
			if (backup_name_check(name))
				rc = files_read_one(folder, file, name, keys, out, err);
			else
				files_leave_out(out, name);
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int
backup_files_read(const struct folder *state, bool keys, struct backup_files *out,
    struct error *err)
{
	AUTO_FOLDER issuers = {.fd = -1};
	int         rc = files_walk(state->path, state, NULL, keys, out, err);

	if (rc == 0 && folder_open_in(state, STATE_ISSUERS, &issuers, err) == 0)
		rc = files_walk(state->path, &issuers, STATE_ISSUERS, keys, out, err);
	else if (rc == 0)
		rc = err->kind == ERROR_NOT_FOUND ? 0 : -1;
	if (rc != 0)
		backup_files_clear(out);
	return rc;
}

static bool
item_is_crl(const struct backup_item *item)
{
	const char *end = strrchr(item->name, '.');

	return strncmp(item->name, STATE_ISSUING_CRL, sizeof STATE_ISSUING_CRL - 1) == 0 ||
	    strncmp(item->name, STATE_CRL_PEM, sizeof STATE_CRL_PEM - 1) == 0 ||
	    (end != NULL && strncmp(end, ".crl", 4) == 0);
}

/* The first item from `at` on that is not a CRL. */
static size_t
files_skip(const struct backup_files *files, size_t at)
{
	while (at < files->count && item_is_crl(&files->items[at]))
		at++;
	return at;
}

bool
backup_files_equal(const struct backup_files *a, const struct backup_files *b)
{
	size_t i = files_skip(a, 0);
	size_t j = files_skip(b, 0);

	while (i < a->count && j < b->count) {
		if (strcmp(a->items[i].name, b->items[j].name) != 0 ||
		    !view_equal(bytes_view(&a->items[i].content), bytes_view(&b->items[j].content)))
			return false;
		i = files_skip(a, i + 1);
		j = files_skip(b, j + 1);
	}
	return i == a->count && j == b->count;
}
