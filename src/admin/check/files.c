/*
 * Checks a state directory in the file system: permissions, leftovers and free
 * space. Opens no file.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/backup/manifest.h"
#include "admin/check/report.h"
#include "ca/files.h"
#include "command/command.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/own_command.h"

/* A store that cannot write serves no one; the WAL alone may take 64 MiB. */
#define CHECK_MIB          ((uint64_t)1024 * 1024)
#define CHECK_ROOM_WARNING (512 * CHECK_MIB)
#define CHECK_ROOM_ERROR   (64 * CHECK_MIB)

/* Files besides keys that only the owner may read. */
static bool
file_is_private(const char *directory, const char *name)
{
	return backup_name_is_key(name) || store_has_file(STORE_INVENTORY, directory, name);
}

/* Reports the first wrong permission or owner, with the chmod or chown that corrects it. */
static void
file_report(const char *path, const struct stat *st, mode_t most, uid_t owner,
    struct check_report *report)
{
	char verb[32];

	if ((st->st_mode & 07777 & ~most) != 0) {
		check_add(report, "permissions", CHECK_ERROR, "%s has mode %04o: others can access it",
		    path, (unsigned)(st->st_mode & 07777));
		(void)snprintf(verb, sizeof verb, "chmod %04o", (unsigned)most);
		check_add_command(report, verb, path);
	}
	if (st->st_uid != owner) {
		check_add(report, "owner", CHECK_ERROR,
		    "%s belongs to uid %lu, and the directory to uid %lu", path,
		    (unsigned long)st->st_uid, (unsigned long)owner);
		(void)snprintf(verb, sizeof verb, "chown %lu", (unsigned long)owner);
		check_add_command(report, verb, path);
	}
}

/* A file of the CA's that is a link is a fault of its own, which who reads the file reports. */
static void
file_look(const struct folder *directory, const char *name, uid_t owner,
    struct check_report *report)
{
	AUTO_FREE char *path = file_join(directory->path, name);
	struct stat     st;

	if (folder_look(directory, name, &st) != 0 || S_ISLNK(st.st_mode))
		return; /* gone meanwhile, or a link of the administrator's own */
	file_report(path, &st,
	    S_ISDIR(st.st_mode)                           ? 0700
	        : file_is_private(directory->path, name) ? 0600
	                                                  : 0644,
	    owner, report);
}

/* Checks the directory's files, and those of the directory of earlier issuers. */
static void
files_walk(const struct folder *directory, uid_t owner, bool deeper, struct check_report *report)
{
	struct dirent **entries = NULL;
	struct error    err;
	int             count = folder_list(directory, &entries, &err);

	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		AUTO_FOLDER inside = {.fd = -1};

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			file_look(directory, name, owner, report);
			if (deeper && strcmp(name, STATE_ISSUERS) == 0 &&
			    folder_open_in(directory, name, &inside, &err) == 0)
				files_walk(&inside, owner, false, report);
		}
		free(entries[i]);
	}
	free(entries);
}

static bool
name_is_leftover(const char *name)
{
	static const char *const prefixes[] = {
	    ".attest-ca-init.", ".attest-ca-backup.", ".attest-ca-restore."};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/* Private directories left by a killed init, restore or backup; some contain keys. */
static void
files_find_leftovers(const struct folder *place, struct check_report *report)
{
	struct dirent **entries = NULL;
	struct error    err;
	int             count = folder_list(place, &entries, &err);

	for (int i = 0; i < count; i++) {
		AUTO_FREE char *path = file_join(place->path, entries[i]->d_name);
		struct stat     st;

		if (name_is_leftover(entries[i]->d_name) &&
		    folder_look(place, entries[i]->d_name, &st) == 0 && S_ISDIR(st.st_mode)) {
			check_add(report, "leftovers", CHECK_WARNING,
			    "%s is of a command that was killed, or still runs, and may hold private keys; "
			    "if none runs, remove it",
			    path);
			check_add_command(report, "rm -r", path);
		}
		free(entries[i]);
	}
	free(entries);
}

static void
files_check_room(const struct folder *directory, struct check_report *report)
{
	struct statvfs room;
	uint64_t       octets;

	if (fstatvfs(directory->fd, &room) != 0) {
		check_add(report, "disk space", CHECK_WARNING, "unknown: %s", strerror(errno));
		return;
	}
	octets = (uint64_t)room.f_bavail * room.f_frsize;
	check_add(report, "disk space",
	    octets < CHECK_ROOM_ERROR          ? CHECK_ERROR
	        : octets < CHECK_ROOM_WARNING ? CHECK_WARNING
	                                      : CHECK_OK,
	    "%" PRIu64 " MiB are free%s", octets / CHECK_MIB,
	    octets < CHECK_ROOM_WARNING ? "; make room on the disk" : "");
}

void
check_files(const struct command_call *call, struct check_report *report)
{
	const struct folder *directory = call->state;
	AUTO_FREE char      *copy = memory_strdup(directory->path);
	AUTO_FOLDER          parent = {.fd = -1};
	size_t               before = report->count;
	struct stat          st;
	struct error         ignored;

	if (fstat(directory->fd, &st) != 0) {
		check_add(report, "permissions", CHECK_ERROR, "looking at %s: %s", directory->path,
		    strerror(errno));
		return;
	}
	file_report(directory->path, &st, 0700, st.st_uid, report);
	files_walk(directory, st.st_uid, true, report);
	if (report->count == before)
		check_add(report, "permissions", CHECK_OK, "only uid %lu can access %s",
		    (unsigned long)st.st_uid, directory->path);
	files_find_leftovers(directory, report);
	if (folder_open(dirname(copy), &parent, &ignored) == 0)
		files_find_leftovers(&parent, report);
	files_check_room(directory, report);
}
