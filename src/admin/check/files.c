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
file_look(const char *directory, const char *name, uid_t owner, struct check_report *report)
{
	AUTO_FREE char *path = *name != '\0' ? file_join(directory, name) : memory_strdup(directory);
	struct stat     st;
	mode_t          most;
	char            verb[32];

	if (lstat(path, &st) != 0 || S_ISLNK(st.st_mode))
		return; /* gone meanwhile, or a link whose target the administrator chose */
	most = S_ISDIR(st.st_mode) ? 0700 : file_is_private(directory, name) ? 0600 : 0644;
	if ((st.st_mode & 07777 & ~most) != 0) {
		check_add(report, "permissions", CHECK_ERROR, "%s has mode %04o: others can access it",
		    path, (unsigned)(st.st_mode & 07777));
		(void)snprintf(verb, sizeof verb, "chmod %04o", (unsigned)most);
		check_add_command(report, verb, path);
	}
	if (st.st_uid != owner) {
		check_add(report, "owner", CHECK_ERROR,
		    "%s belongs to uid %lu, and the directory to uid %lu", path,
		    (unsigned long)st.st_uid, (unsigned long)owner);
		(void)snprintf(verb, sizeof verb, "chown %lu", (unsigned long)owner);
		check_add_command(report, verb, path);
	}
}

/* Checks the directory, its files, and those of the directory of earlier issuers. */
static void
files_walk(const char *directory, uid_t owner, bool deeper, struct check_report *report)
{
	DIR           *entries = opendir(directory);
	struct dirent *entry;

	if (entries == NULL)
		return;
	while ((entry = readdir(entries)) != NULL) {
		AUTO_FREE char *path = file_join(directory, entry->d_name);

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		file_look(directory, entry->d_name, owner, report);
		if (deeper && strcmp(entry->d_name, STATE_ISSUERS) == 0)
			files_walk(path, owner, false, report);
	}
	(void)closedir(entries);
}

/* Private directories left by a killed init, restore or backup; some contain keys. */
static void
files_find_leftovers(const char *place, struct check_report *report)
{
	static const char *const prefixes[] = {
	    ".attest-ca-init.", ".attest-ca-backup.", ".attest-ca-restore."};
	DIR                     *entries = opendir(place);
	struct dirent           *entry;

	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
			AUTO_FREE char *path = file_join(place, entry->d_name);
			struct stat     st;

			if (strncmp(entry->d_name, prefixes[i], strlen(prefixes[i])) != 0 ||
			    lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
				continue;
			check_add(report, "leftovers", CHECK_WARNING,
			    "%s is of a command that was killed, or still runs, and may hold private keys; "
			    "if none runs, remove it",
			    path);
			check_add_command(report, "rm -r", path);
		}
	}
	if (entries != NULL)
		(void)closedir(entries);
}

static void
files_check_room(const char *directory, struct check_report *report)
{
	struct statvfs room;
	uint64_t       octets;

	if (statvfs(directory, &room) != 0) {
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
	const char     *directory = call->state_dir;
	AUTO_FREE char *copy = memory_strdup(directory);
	size_t          before = report->count;
	struct stat     st;

	if (stat(directory, &st) != 0) {
		check_add(report, "state directory", CHECK_ERROR,
		    "%s: %s; give the right --state-dir, or run \"%s init\"", directory, strerror(errno),
		    own_command("attest-ca"));
		return;
	}
	file_look(directory, "", st.st_uid, report);
	files_walk(directory, st.st_uid, true, report);
	if (report->count == before)
		check_add(report, "permissions", CHECK_OK, "only uid %lu can access %s",
		    (unsigned long)st.st_uid, directory);
	files_find_leftovers(directory, report);
	files_find_leftovers(dirname(copy), report);
	files_check_room(directory, report);
}
