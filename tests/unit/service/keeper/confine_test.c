/* Which places a keeper's sandbox leaves, and what it says of others. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/landlock.h"
#include "scratch.h"
#include "pki/key_needs.h"
#include "service/keeper/confine.h"
#include "service/settings.h"
#include "unit.h"
#include "util/config_file.h"
#include "util/error.h"

struct settings {
	struct service_settings service;
	char                   *file;
	struct config_list      files;
	char                   *folder;
};

static const struct config_row rows[] = {
    {.name = "file", .kind = CONFIG_TEXT, .offset = offsetof(struct settings, file), .place = CONFIG_FILE},
    {.name = "files", .kind = CONFIG_LIST, .offset = offsetof(struct settings, files), .place = CONFIG_FILE},
    {.name = "folder", .kind = CONFIG_TEXT, .offset = offsetof(struct settings, folder),
        .place = CONFIG_DIRECTORY},
};

static const struct config_schema schema = {.rows = rows, .count = 3};

/* state/, store/, read/ with a file, link/ with a link to that file, away/ with a file. */
static char            base[SCRATCH_SIZE];
static struct settings settings;

#define PATHS_MAX 32

/* Stays until the end of the case. */
static char *
path_of(const char *name)
{
	static char   paths[PATHS_MAX][SCRATCH_SIZE + 32];
	static size_t count;

	ck_assert_uint_lt(count, PATHS_MAX);
	(void)snprintf(paths[count], sizeof paths[count], "%s/%s", base, name);
	return paths[count++];
}

static bool
can_open(const char *name, int flags)
{
	int fd = open(path_of(name), flags | O_CLOEXEC, 0600);

	return fd >= 0 && close(fd) == 0;
}

static void
setup(void)
{
	static const char *const folders[] = {"state", "store", "read", "link", "away", "out", "readers"};
	char                    *target;
	char                    *link;

	scratch_make(base);
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		ck_assert_int_eq(mkdir(path_of(folders[i]), 0700), 0);
	ck_assert(can_open("read/file", O_WRONLY | O_CREAT));
	ck_assert(can_open("read/other", O_WRONLY | O_CREAT));
	ck_assert(can_open("away/file", O_WRONLY | O_CREAT));
	ck_assert(can_open("readers/file", O_WRONLY | O_CREAT));
	target = path_of("read/file");
	link = path_of("link/file");
	ck_assert_int_eq(symlink(target, link), 0);
	settings = (struct settings){
	    .service = {.state_dir = path_of("state"), .store = path_of("store")},
	    .file = link,
	};
}

static void
teardown(void)
{
	char command[SCRATCH_SIZE + 16];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", base);
	ck_assert_int_eq(system(command), 0);
}

/* Runs it in a process of its own, as a sandbox is for good; asserts that it returns 0. */
static void
inside_with(const struct key_needs *keys, int (*act)(struct confinement *confinement))
{
	struct confinement *confinement = NULL;
	struct error        err = {0};
	int                 status = -1;
	pid_t               pid = fork();

	if (pid == 0) {
		if (confine(&schema, &settings, keys, &confinement, &err) != 0) {
			fprintf(stderr, "%s\n", err.detail);
			_exit(99);
		}
		_exit(act(confinement));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void
inside(int (*act)(struct confinement *confinement))
{
	inside_with(&(struct key_needs){.module = false}, act);
}

static int
act_look(struct confinement *confinement)
{
	(void)confinement;
	if (!can_open("state/new", O_WRONLY | O_CREAT) || !can_open("store/new", O_WRONLY | O_CREAT))
		return 1;
	if (!can_open("link/file", O_RDONLY) || can_open("read/file", O_WRONLY))
		return 2;
	if (!can_open("read/other", O_RDONLY)) /* a file may be replaced: its directory is open */
		return 4;
	return can_open("away/file", O_RDONLY) || can_open("out/new", O_WRONLY | O_CREAT) ? 3 : 0;
}

#define NEEDS_LANDLOCK()                                                                      \
	do {                                                                                  \
		if (!WITH_SANDBOX || landlock_version() == 0) {                               \
			printf("# skipped: no Landlock in this build or kernel\n");             \
			return;                                                               \
		}                                                                             \
	} while (0)

START_TEST(confine_leaves_the_state_to_write_and_the_files_of_settings_to_read)
{
	NEEDS_LANDLOCK();
	inside(act_look);
}
END_TEST

static int
act_check(struct confinement *confinement)
{
	struct settings fresh = settings;
	struct error    err = {0};
	char            wanted[2 * SCRATCH_SIZE];

	if (confinement_check(confinement, &schema, &fresh, &err) != 0)
		return 1;
	fresh.file = path_of("away/file");
	(void)snprintf(wanted, sizeof wanted,
	    "file: %s is outside of what this process may open since its start; restart it to use that",
	    fresh.file);
	if (confinement_check(confinement, &schema, &fresh, &err) == 0 || strcmp(err.detail, wanted) != 0)
		return 2;
	fresh.file = path_of("readers/file");
	if (confinement_check(confinement, &schema, &fresh, &err) == 0)
		return 8;
	fresh.file = path_of("read/new");
	config_list_append(&fresh.files, path_of("link/new"));
	if (confinement_check(confinement, &schema, &fresh, &err) != 0)
		return 3;
	config_list_append(&fresh.files, path_of("away/new")); /* its reader says that it is not there */
	if (confinement_check(confinement, &schema, &fresh, &err) != 0)
		return 7;
	config_list_append(&fresh.files, path_of("away/file"));
	if (confinement_check(confinement, &schema, &fresh, &err) == 0)
		return 4;
	fresh.files = (struct config_list){0};
	fresh.folder = path_of("read"); /* is there to read alone */
	if (confinement_check(confinement, &schema, &fresh, &err) == 0)
		return 5;
	fresh.folder = path_of("state/below");
	return confinement_check(confinement, &schema, &fresh, &err) == 0 ? 0 : 6;
}

START_TEST(check_of_settings_that_name_other_places_says_to_restart)
{
	NEEDS_LANDLOCK();
	inside(act_check);
}
END_TEST

static int
act_off(struct confinement *confinement)
{
	struct settings fresh = settings;
	struct error    err = {0};

	fresh.file = path_of("away/file");
	if (confinement != NULL || confinement_check(confinement, &schema, &fresh, &err) != 0)
		return 1;
	return can_open("away/file", O_RDONLY) ? 0 : 2;
}

START_TEST(confine_when_off_leaves_everything)
{
	settings.service.containment = SANDBOX_OFF;
	inside(act_off);
}
END_TEST

/* What another's library opens is not known, so that a reload may name any file too. */
START_TEST(confine_for_a_module_or_a_program_leaves_the_files)
{
	settings.service.containment = SANDBOX_AVAILABLE;
	inside_with(&(struct key_needs){.module = true}, act_off);
	inside_with(&(struct key_needs){.command = true}, act_off);
}
END_TEST

START_TEST(confine_of_more_places_than_a_sandbox_takes_is_refused)
{
	struct key_needs keys = {.module = false};
	struct confinement *confinement = NULL;
	struct error        err = {0};
	char                path[SCRATCH_SIZE + 32];

	NEEDS_LANDLOCK();
	for (int i = 0; i < 1100; i++) {
		(void)snprintf(path, sizeof path, "%s/away/%d", base, i);
		config_list_append(&settings.files, path);
	}
	unit_fails(confine(&schema, &settings, &keys, &confinement, &err), &err, ERROR_INTERNAL,
	    "the settings name more files than a sandbox takes");
	confinement_free(confinement);
	config_list_clear(&settings.files);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("confine");
	TCase *tc = tcase_create("confine");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, confine_leaves_the_state_to_write_and_the_files_of_settings_to_read);
	tcase_add_test(tc, check_of_settings_that_name_other_places_says_to_restart);
	tcase_add_test(tc, confine_when_off_leaves_everything);
	tcase_add_test(tc, confine_for_a_module_or_a_program_leaves_the_files);
	tcase_add_test(tc, confine_of_more_places_than_a_sandbox_takes_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
