/* Which places a keeper's sandbox leaves, and what it says of others. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/filter.h"
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

START_TEST(writable_is_where_no_module_may_be)
{
	static char      *paths[1];
	struct key_needs  keys = {.module = false};
	struct error      err = {0};
	char              detail[1024];
	char             *inside_of[] = {path_of("state/a.so"), path_of("store/a.so"), path_of("out/a.so"),
	    path_of("away/a.so"), path_of("linked.so")};

	paths[0] = path_of("away");
	settings.folder = path_of("out");
	settings.service.key_paths = (struct config_list){.texts = paths, .count = 1};
	for (size_t i = 0; i < 4; i++)
		ck_assert(can_open(inside_of[i] + strlen(base) + 1, O_WRONLY | O_CREAT));
	ck_assert(can_open("read/a.so", O_WRONLY | O_CREAT) && mkdir(path_of("outer"), 0700) == 0);
	ck_assert(can_open("outer/a.so", O_WRONLY | O_CREAT));
	ck_assert_int_eq(symlink(inside_of[0], inside_of[4]), 0);
	settings.service.containment = SANDBOX_OFF;
	confine_writable(&schema, &settings, &keys);
	ck_assert_uint_eq(keys.writable.count, 0);
	settings.service.containment = SANDBOX_ON;
	confine_writable(&schema, &settings, &keys);
	for (size_t i = 0; WITH_SANDBOX && i < 5; i++) {
		char *real = realpath(inside_of[i], NULL);

		(void)snprintf(detail, sizeof detail,
		    "the PKCS #11 module %s is in %.*s, where this process writes, and its code would run before the "
		    "sandbox; put it where only root may write", real, (int)(strrchr(real, '/') - real), real);
		unit_fails(key_needs_module_place(&keys, inside_of[i], &err), &err, ERROR_INTERNAL, detail);
		free(real);
	}
	unit_ok(key_needs_module_place(&keys, path_of("read/a.so"), &err), &err);
	unit_ok(key_needs_module_place(&keys, path_of("outer/a.so"), &err), &err); /* "out" is another one */
	unit_ok(key_needs_module_place(&keys, path_of("state/not-there.so"), &err), &err);
	unit_ok(key_needs_module_place(NULL, inside_of[0], &err), &err);
	key_needs_clear(&keys);
}
END_TEST

START_TEST(confine_when_off_leaves_everything)
{
	settings.service.containment = SANDBOX_OFF;
	inside(act_off);
}
END_TEST

static int
act_of_module(struct confinement *confinement)
{
	int rc = act_look(confinement);

	if (rc != 0)
		return rc;
	if (!can_open("token/new", O_WRONLY | O_CREAT) || !can_open("device", O_RDWR))
		return 11;
	if (can_open("readers/file", O_WRONLY) || !can_open("readers/file", O_RDONLY)) /* OPENSC_CONF */
		return 12;
	if (open("/usr/lib", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0)
		return 13;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) < 0 && errno == EACCES ? 0 : 14;
}

static int
act_of_daemon(struct confinement *confinement)
{
	(void)confinement;
	if (socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != EACCES)
		return 1;
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 ? 0 : 2;
}

static int
act_of_network(struct confinement *confinement)
{
	(void)confinement;
	if (socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != EACCES)
		return 1;
	if (access("/etc/hosts", R_OK) == 0 && open("/etc/hosts", O_RDONLY | O_CLOEXEC) < 0)
		return 2;
	return socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0 || errno != EACCES ? 0 : 3;
}

#define NEEDS_SECCOMP()                                                                       \
	do {                                                                                  \
		if (!WITH_SANDBOX || !filter_is_available()) {                                \
			printf("# skipped: no seccomp in this build or kernel\n");              \
			return;                                                               \
		}                                                                             \
	} while (0)

START_TEST(confine_for_a_module_leaves_the_paths_of_the_setting_and_of_its_needs)
{
	struct key_needs keys = {.module = true};

	NEEDS_LANDLOCK();
	NEEDS_SECCOMP();
	ck_assert_int_eq(mkdir(path_of("token"), 0700), 0);
	ck_assert(can_open("device", O_WRONLY | O_CREAT));
	config_list_append(&settings.service.key_paths, path_of("token"));
	config_list_append(&keys.devices, path_of("device"));
	config_list_append(&keys.devices, path_of("away/not-there")); /* its directory is none of them */
	ck_assert_int_eq(setenv("OPENSC_CONF", path_of("readers/opensc.conf"), 1), 0);
	inside_with(&keys, act_of_module);
	ck_assert_int_eq(unsetenv("OPENSC_CONF"), 0);
	config_list_clear(&settings.service.key_paths);
	key_needs_clear(&keys);
}
END_TEST

START_TEST(confine_for_a_module_says_when_a_reload_names_other_places)
{
	NEEDS_LANDLOCK();
	inside_with(&(struct key_needs){.module = true}, act_check);
}
END_TEST

START_TEST(confine_for_a_module_leaves_the_sockets_of_the_setting_and_of_its_needs)
{
	NEEDS_SECCOMP();
	inside_with(&(struct key_needs){.module = true, .sockets = true}, act_of_daemon);
	inside_with(&(struct key_needs){.module = true, .network = true}, act_of_network);
	settings.service.key_socket_bits = SANDBOX_SOCKET_BIT(UNIX);
	inside_with(&(struct key_needs){.module = true}, act_of_daemon);
}
END_TEST

/* Keys in files take nothing of it. */
static int
act_without_key_paths(struct confinement *confinement)
{
	(void)confinement;
	return can_open("away/file", O_RDONLY) ? 1 : 0;
}

START_TEST(confine_for_files_leaves_no_path_of_a_token)
{
	NEEDS_LANDLOCK();
	config_list_append(&settings.service.key_paths, path_of("away"));
	inside(act_without_key_paths);
	config_list_clear(&settings.service.key_paths);
}
END_TEST

START_TEST(confine_for_a_module_without_one_of_its_paths_is_refused)
{
	struct confinement *confinement = NULL;
	struct error        err = {0};
	char                wanted[2 * SCRATCH_SIZE];

	if (!WITH_SANDBOX)
		return;
	config_list_append(&settings.service.key_paths, path_of("gone"));
	(void)snprintf(wanted, sizeof wanted, "key_paths: %s: No such file or directory", path_of("gone"));
	unit_fails(confine(&schema, &settings, &(struct key_needs){.module = true}, &confinement, &err), &err,
	    ERROR_INTERNAL, wanted);
	confinement_free(confinement);
	config_list_clear(&settings.service.key_paths);
}
END_TEST

static int
act_of_command(struct confinement *confinement)
{
	(void)confinement;
	if (!can_open("away/file", O_RDONLY) || can_open("away/file", O_WRONLY))
		return 1;
	return system("exec /bin/true </dev/null >/dev/null") == 0 ? 0 : 2;
}

START_TEST(confine_for_a_program_leaves_files_to_read_and_programs_to_start)
{
	NEEDS_LANDLOCK();
	inside_with(&(struct key_needs){.module = true, .command = true}, act_of_command);
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
	tcase_add_test(tc, writable_is_where_no_module_may_be);
	tcase_add_test(tc, confine_when_off_leaves_everything);
	tcase_add_test(tc, confine_for_a_module_leaves_the_paths_of_the_setting_and_of_its_needs);
	tcase_add_test(tc, confine_for_a_module_says_when_a_reload_names_other_places);
	tcase_add_test(tc, confine_for_a_module_leaves_the_sockets_of_the_setting_and_of_its_needs);
	tcase_add_test(tc, confine_for_files_leaves_no_path_of_a_token);
	tcase_add_test(tc, confine_for_a_module_without_one_of_its_paths_is_refused);
	tcase_add_test(tc, confine_for_a_program_leaves_files_to_read_and_programs_to_start);
	tcase_add_test(tc, confine_of_more_places_than_a_sandbox_takes_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
