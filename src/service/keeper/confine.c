/* Owns the list of the places that the keeper's sandbox leaves. Opens none of them. */
#include "config.h"

#include "service/keeper/confine.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/landlock.h"
#include "daemon/sandbox.h"
#include "daemon/service.h"
#include "pki/key_needs.h"
#include "service/reread.h"
#include "service/settings.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/config_file.h"
#include "util/error.h"

/* More than all rows, with lists of files, have in a sensible configuration; others are refused. */
#define PLACES_MAX 1024

struct confinement {
	size_t               count;
	struct landlock_path places[PLACES_MAX]; /* each without links; the texts are ours */
};

/* What the libraries look at: time zone, OpenSSL's configuration, random numbers. */
static const char *const system_places[] = {
    "/etc/ssl", "/etc/localtime", "/usr/share/zoneinfo", "/dev/null", "/dev/urandom",
    "/proc/sys/vm/overcommit_memory", "/proc/self/status",
};

/* Of a path that is not there, what is left of it once its last name is cut off, and so on. */
static char *
place_resolve(const char *path)
{
	AUTO_FREE char *rest = memory_strdup(path);
	char           *found = realpath(rest, NULL);
	char           *slash;

	while (found == NULL && (slash = strrchr(rest, '/')) != NULL && slash != rest) {
		*slash = '\0';
		found = realpath(rest, NULL);
	}
	return found != NULL ? found : memory_strdup(path);
}

/* Cuts off the last name; a file in the root directory stands for itself. */
static void
place_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash != NULL && slash != path)
		*slash = '\0';
}

static int
confinement_add(struct confinement *all, char *place, bool writable, struct error *err)
{
	if (all->count == PLACES_MAX) {
		free(place);
		return error_set(err, ERROR_INTERNAL, "the settings name more files than a sandbox takes");
	}
	all->places[all->count++] = (struct landlock_path){place, writable};
	return 0;
}

/* A directory, or with `file` the one that it is in, by the name that is written and the real one. */
static int
confinement_add_named(struct confinement *all, const char *path, bool file, bool writable,
    struct error *err)
{
	AUTO_FREE char *directory = memory_strdup(strchr(path, '/') != NULL ? path : "./");
	char           *real;

	if (!file)
		return confinement_add(all, place_resolve(path), writable, err);
	if ((real = realpath(path, NULL)) != NULL) {
		place_parent(real);
		if (confinement_add(all, real, writable, err) != 0)
			return -1;
	}
	place_parent(directory);
	return confinement_add(all, place_resolve(directory), writable, err);
}

/* Calls `each` with every path of a row that is a place. */
static int
row_each(const struct config_row *row, const void *settings,
    int (*each)(void *arg, const struct config_row *row, const char *path, struct error *err),
    void *arg, struct error *err)
{
	const void *field = (const char *)settings + row->offset;
	int         rc = 0;

	if (row->place == CONFIG_NO_PLACE)
		return 0;
	if (row->kind == CONFIG_LIST) {
		const struct config_list *list = field;

		for (size_t i = 0; i < list->count && rc == 0; i++)
			rc = each(arg, row, list->texts[i], err);
	} else if (*(char *const *)field != NULL) {
		rc = each(arg, row, *(char *const *)field, err);
	}
	return rc;
}

static int
row_add(void *arg, const struct config_row *row, const char *path, struct error *err)
{
	return confinement_add_named(arg, path, row->place == CONFIG_FILE, row->place == CONFIG_DIRECTORY,
	    err);
}

static int
confinement_fill(struct confinement *all, const struct config_schema *schema, const void *settings,
    const struct key_needs *keys, struct error *err)
{
	const struct service_settings *service = settings;
	const char                    *credentials = getenv("CREDENTIALS_DIRECTORY");
	const char                    *config = reread_path(service->reread);
	const char                    *store = store_directory(service->store);
	int                            rc;

	rc = confinement_add_named(all, service->state_dir, false, true, err);
	if (rc == 0 && store != NULL)
		rc = confinement_add_named(all, store, false, true, err);
	if (rc == 0 && credentials != NULL)
		rc = confinement_add_named(all, credentials, false, false, err);
	if (rc == 0 && config != NULL)
		rc = confinement_add_named(all, config, true, false, err);
	for (size_t i = 0; i < keys->files.count && rc == 0; i++)
		rc = confinement_add_named(all, keys->files.texts[i], true, false, err);
	for (size_t i = 0; i < schema->count && rc == 0; i++)
		rc = row_each(&schema->rows[i], settings, row_add, all, err);
	for (size_t i = 0; i < sizeof system_places / sizeof system_places[0] && rc == 0; i++)
		rc = confinement_add(all, memory_strdup(system_places[i]), false, err);
	return rc;
}

void
confine_prepare(const struct service_settings *settings)
{
	const char *store = store_directory(settings->store);

	if (store != NULL)
		(void)setenv("SQLITE_TMPDIR", store, 1);
}

int
confine(const struct config_schema *schema, const void *settings, const struct key_needs *keys,
    struct confinement **out, struct error *err)
{
	const struct service_settings *service = settings;
	enum sandbox_keys              kind = keys->command ? SANDBOX_KEYS_COMMAND
	    : keys->module                                  ? SANDBOX_KEYS_MODULE
	                                                    : SANDBOX_KEYS_FILES;
	struct confinement            *all;

	*out = NULL;
	service_connect();
	if (service->containment == SANDBOX_OFF || !WITH_SANDBOX)
		return 0;
	all = memory_new(sizeof *all);
	if (kind == SANDBOX_KEYS_FILES && landlock_version() > 0)
		*out = all;
	if (confinement_fill(all, schema, settings, keys, err) != 0 ||
	    sandbox_enter_keeper(service->containment, kind, all->places, all->count, err) != 0) {
		if (*out == NULL)
			confinement_free(all);
		return -1;
	}
	if (*out == NULL) /* every file of its user's is open to it */
		confinement_free(all);
	return 0;
}

/* True when it is that place, or below. */
static bool
place_covers(const struct landlock_path *place, const char *path, bool writable)
{
	size_t length = strlen(place->path);

	return (place->writable || !writable) && strncmp(place->path, path, length) == 0 &&
	    (path[length] == '\0' || path[length] == '/');
}

static int
row_check(void *arg, const struct config_row *row, const char *path, struct error *err)
{
	const struct confinement *all = arg;
	AUTO_FREE char           *real = place_resolve(path);

	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0; /* whoever opens it says so */
	for (size_t i = 0; i < all->count; i++)
		if (place_covers(&all->places[i], real, row->place == CONFIG_DIRECTORY))
			return 0;
	return error_set(err, ERROR_INTERNAL,
	    "%s: %.256s is outside of what this process may open since its start; restart it to use that",
	    row->name, path);
}

int
confinement_check(const struct confinement *confinement, const struct config_schema *schema,
    const void *settings, struct error *err)
{
	int rc = 0;

	if (confinement == NULL)
		return 0;
	for (size_t i = 0; i < schema->count && rc == 0; i++)
		rc = row_each(&schema->rows[i], settings, row_check,
		    (void *)(uintptr_t)confinement, err);
	return rc;
}

void
confinement_free(struct confinement *confinement)
{
	if (confinement == NULL)
		return;
	for (size_t i = 0; i < confinement->count; i++)
		free((void *)(uintptr_t)confinement->places[i].path);
	free(confinement);
}
