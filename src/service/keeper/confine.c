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
#include "pki/key_needs.h"
#include "service/reread.h"
#include "service/settings.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/process.h"

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

/* What a token's module or a TPM's provider reads, when it is loaded and later. */
static const char *const library_places[] = {
    "/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/ld.so.conf",
    "/etc/softhsm", "/etc/opensc", "/etc/pkcs11", "/etc/tpm2-tss", "/etc/tpm2_pkcs11",
};

/* Which names its configuration. */
static const char *const library_variables[] = {"SOFTHSM2_CONF", "OPENSSL_CONF", "OPENSC_CONF"};

/* How it finds a host by its name. */
static const char *const network_places[] = {
    "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf",
    "/etc/services",
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

static enum sandbox_keys
confine_keys(const struct key_needs *keys)
{
	if (keys->command)
		return SANDBOX_KEYS_COMMAND;
	return keys->module ? SANDBOX_KEYS_MODULE : SANDBOX_KEYS_FILES;
}

static unsigned
confine_sockets(const struct service_settings *service, const struct key_needs *keys)
{
	return service->key_socket_bits | (keys->sockets ? SANDBOX_SOCKET_BIT(UNIX) : 0) |
	    (keys->network ? SANDBOX_SOCKET_BIT(INET) : 0);
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
	all->places[all->count++] = (struct landlock_path){.path = place, .writable = writable};
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
confinement_add_all(struct confinement *all, const char *const *places, size_t count, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = confinement_add(all, memory_strdup(places[i]), false, err);
	return rc;
}

/* To read and write; when it `must` be there, it is. */
static int
confinement_add_key_path(struct confinement *all, const char *path, bool must, struct error *err)
{
	char *real = realpath(path, NULL);

	if (real == NULL && must)
		return error_set_errno(err, ERROR_INTERNAL, "key_paths: %.256s", path);
	if (real == NULL)
		return 0;
	if (confinement_add(all, real, true, err) != 0)
		return -1;
	all->places[all->count - 1].device = true;
	return 0;
}

/* A program may be anywhere, and reads what it likes. */
static int
confinement_add_programs(struct confinement *all, struct error *err)
{
	if (confinement_add(all, memory_strdup("/dev/null"), true, err) != 0 ||
	    confinement_add(all, memory_strdup("/"), false, err) != 0)
		return -1;
	all->places[all->count - 1].executable = true;
	return 0;
}

/* What the keys in tokens and TPMs need beside what every keeper has. */
static int
confinement_add_library(struct confinement *all, const struct service_settings *service,
    const struct key_needs *keys, struct error *err)
{
	int rc = confinement_add_all(all, library_places, sizeof library_places / sizeof library_places[0], err);

	for (size_t i = 0; i < service->key_paths.count && rc == 0; i++)
		rc = confinement_add_key_path(all, service->key_paths.texts[i], true, err);
	for (size_t i = 0; i < keys->devices.count && rc == 0; i++)
		rc = confinement_add_key_path(all, keys->devices.texts[i], false, err);
	for (size_t i = 0; i < sizeof library_variables / sizeof library_variables[0] && rc == 0; i++) {
		const char *file = getenv(library_variables[i]);

		if (file != NULL)
			rc = confinement_add_named(all, file, true, false, err);
	}
	if (rc == 0 && (confine_sockets(service, keys) & SANDBOX_SOCKET_BIT(INET)) != 0)
		rc = confinement_add_all(all, network_places, sizeof network_places / sizeof network_places[0],
		    err);
	if (rc == 0 && keys->command)
		rc = confinement_add_programs(all, err);
	return rc;
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
	if (rc == 0)
		rc = confinement_add_all(all, system_places, sizeof system_places / sizeof system_places[0], err);
	if (rc == 0 && confine_keys(keys) != SANDBOX_KEYS_FILES)
		rc = confinement_add_library(all, service, keys, err);
	return rc;
}

void
confine_prepare(const struct service_settings *settings)
{
	const char *store = store_directory(settings->store);

	if (store != NULL)
		(void)setenv("SQLITE_TMPDIR", store, 1);
	/* A service's home is its state directory, and p11-kit loads what a user's configuration names. */
	process_forget_home();
}

static int
row_writable(void *arg, const struct config_row *row, const char *path, struct error *err)
{
	(void)err;
	if (row->place == CONFIG_DIRECTORY)
		config_list_append(arg, path);
	return 0;
}

void
confine_writable(const struct config_schema *schema, const void *settings, struct key_needs *keys)
{
	const struct service_settings *service = settings;
	const char                    *store = store_directory(service->store);
	struct error                   ignored = {0};

	if (service->containment == SANDBOX_OFF || !WITH_SANDBOX)
		return;
	config_list_append(&keys->writable, service->state_dir);
	if (store != NULL)
		config_list_append(&keys->writable, store);
	for (size_t i = 0; i < service->key_paths.count; i++)
		config_list_append(&keys->writable, service->key_paths.texts[i]);
	for (size_t i = 0; i < schema->count; i++)
		(void)row_each(&schema->rows[i], settings, row_writable, &keys->writable, &ignored);
}

static int
confine_enter(const struct confinement *all, const struct service_settings *service,
    const struct key_needs *keys, struct error *err)
{
	const struct sandbox_keeper keeper = {
	    .keys = confine_keys(keys),
	    .sockets = confine_sockets(service, keys),
	    .paths = all->places,
	    .count = all->count,
	};

	return sandbox_enter_keeper(service->containment, &keeper, err);
}

int
confine(const struct config_schema *schema, const void *settings, const struct key_needs *keys,
    struct confinement **out, struct error *err)
{
	const struct service_settings *service = settings;
	struct confinement            *all;
	bool                           files;
	int                            rc;

	*out = NULL;
	if (service->containment == SANDBOX_OFF || !WITH_SANDBOX)
		return 0;
	files = landlock_version() > 0;
	all = memory_new(sizeof *all);
	if ((rc = confinement_fill(all, schema, settings, keys, err)) == 0)
		rc = confine_enter(all, service, keys, err);
	if (files)
		*out = all;
	else /* every file of its user's is open to it */
		confinement_free(all);
	return rc;
}

/* True when it is that place, or below. */
static bool
place_covers(const struct landlock_path *place, const char *path, bool writable)
{
	return (place->writable || !writable) && file_is_below(place->path, path);
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
