#include "config.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/identity.h"

/* A user and a group without names, and another user. */
#define SERVICE 12345
#define GROUP   12346
#define OTHER   12347

static char         place[] = "/tmp/attest.XXXXXX";
static struct error err;

/* Only root changes what it is: else there is nothing to test. */
static bool
setup(void)
{
	(void)strcpy(place + sizeof place - 7, "XXXXXX");
	if (geteuid() != 0)
		return false;
	ck_assert_ptr_nonnull(mkdtemp(place));
	ck_assert_int_eq(chmod(place, 0755), 0);
	ck_assert_int_eq(chdir(place), 0);
	return true;
}

static void
teardown(void)
{
	char command[64];

	(void)snprintf(command, sizeof command, "rm -rf '%s'", place);
	ck_assert_int_eq(system(command), 0);
}

static void
make(const char *name, uid_t uid, mode_t mode)
{
	ck_assert_int_eq(mkdir(name, 0700), 0);
	ck_assert_int_eq(chmod(name, mode), 0);
	ck_assert_int_eq(chown(name, uid, uid == 0 ? 0 : GROUP), 0);
}

START_TEST(find_gives_the_owner_of_the_directory_or_of_the_one_above)
{
	static const struct {
		const char *path;
		uid_t       uid;
	} rows[] = {
	    {"state", SERVICE}, {"./state/", SERVICE}, {"state/none", SERVICE},
	    {"state/none/deeper", SERVICE}, {"root", 0}, {"root/none", 0}, {"link", SERVICE},
	    {"root/../state", SERVICE}, {"sqlite:state", SERVICE}, {"/", 0}, {".", 0},
	};
	struct identity found;

	if (!setup())
		return;
	make("state", SERVICE, 0700);
	make("root", 0, 0700);
	ck_assert_int_eq(symlink("state", "link"), 0);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unit_ok(identity_find(rows[i].path, &found, &err), &err);
		ck_assert_msg(found.uid == rows[i].uid, "%s: uid %u", rows[i].path, (unsigned)found.uid);
		ck_assert(found.other == (rows[i].uid != 0));
		ck_assert_uint_eq(found.gid, rows[i].uid == 0 ? 0 : GROUP);
	}
	teardown();
}
END_TEST

/* The C library's, but for a user whose name has as many characters as the case wants. */
static char long_name[IDENTITY_NAME_SIZE + 1];

int
getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
	(void)buffer;
	(void)size;
	*found = NULL;
	if (uid == SERVICE && long_name[0] != '\0') {
		*entry = (struct passwd){.pw_name = long_name, .pw_uid = uid, .pw_gid = OTHER};
		*found = entry;
	}
	return 0;
}

START_TEST(find_gives_a_name_that_fits)
{
	struct identity found;

	if (!setup())
		return;
	make("state", SERVICE, 0700);
	memset(long_name, 'n', IDENTITY_NAME_SIZE - 1);
	ck_assert_int_eq(close(0), 0); /* and by the first descriptor */
	unit_ok(identity_find("state", &found, &err), &err);
	ck_assert_str_eq(found.name, long_name);
	ck_assert_uint_eq(found.gid, OTHER);
	long_name[IDENTITY_NAME_SIZE - 1] = 'n';
	unit_ok(identity_find("state", &found, &err), &err);
	ck_assert_str_eq(found.name, "");
	ck_assert_uint_eq(found.gid, GROUP);
	teardown();
}
END_TEST

START_TEST(find_by_another_user_is_that_user)
{
	struct identity found;
	pid_t           child;
	int             status = 0;

	if (!setup())
		return;
	make("state", SERVICE, 0700);
	if ((child = fork()) == 0) {
		if (setresuid(OTHER, OTHER, OTHER) != 0)
			_exit(2);
		_exit(identity_find("state", &found, &err) == 0 && !found.other && found.uid == OTHER ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	teardown();
}
END_TEST

/* Each row is one way in which somebody could put another directory in the place of it. */
START_TEST(find_where_another_can_replace_it_is_refused)
{
	static const struct {
		uid_t  above;
		mode_t mode;
		uid_t  state;
		bool   good;
	} rows[] = {
	    {0, 0755, SERVICE, true},
	    {SERVICE, 0755, SERVICE, true},
	    {0, 01777, SERVICE, true},
	    {0, 01777, 0, true},
	    {SERVICE, 0755, 0, false},
	    {SERVICE, 0755, OTHER, false},
	    {0, 0777, SERVICE, false},
	    {0, 0777, 0, false},
	    {OTHER, 01777, SERVICE, false},
	    {SERVICE, 0770, SERVICE, true}, /* its own group */
	    {SERVICE, 0777, SERVICE, false},
	};
	struct identity found;

	if (!setup())
		return;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		make("above", rows[i].above, rows[i].mode);
		make("above/state", rows[i].state, 0700);
		ck_assert_msg((identity_find("above/state", &found, &err) == 0) == rows[i].good, "row %zu",
		    i);
		if (!rows[i].good)
			ck_assert_ptr_nonnull(strstr(err.detail, "root does not work in above/state"));
		ck_assert_int_eq(rmdir("above/state"), 0);
		ck_assert_int_eq(rmdir("above"), 0);
	}
	teardown();
}
END_TEST

/* A link of a third user's in a directory where everybody may make one. */
START_TEST(find_over_a_link_of_another_is_refused)
{
	struct identity found;

	if (!setup())
		return;
	make("state", SERVICE, 0700);
	make("public", 0, 01777);
	ck_assert_int_eq(symlink("../state", "public/link"), 0);
	unit_ok(identity_find("public/link", &found, &err), &err);
	ck_assert_int_eq(lchown("public/link", OTHER, GROUP), 0);
	ck_assert_int_eq(identity_find("public/link", &found, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "uid 12347"));
	ck_assert_int_eq(lchown("public/link", SERVICE, GROUP), 0);
	unit_ok(identity_find("public/link", &found, &err), &err);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(identity_find("loop", &found, &err), -1);
	teardown();
}
END_TEST

static int
taken(void)
{
	struct identity found;
	uid_t           uid[3];
	gid_t           gid[3];
	gid_t           groups[1] = {4};

	if (setgroups(1, groups) != 0 || identity_find("state", &found, &err) != 0 ||
	    identity_take(&found, "state", &err) != 0)
		return 2;
	if (getresuid(&uid[0], &uid[1], &uid[2]) != 0 || getresgid(&gid[0], &gid[1], &gid[2]) != 0)
		return 3;
	for (int i = 0; i < 3; i++)
		if (uid[i] != SERVICE || gid[i] != GROUP)
			return 4;
	if (getgroups(0, NULL) != 0)
		return 5;
	if (setuid(0) == 0 || seteuid(0) == 0 || setresuid(0, 0, 0) == 0 || setgid(0) == 0)
		return 6;
	if (access("closed/file", F_OK) == 0 || chown("state", 0, 0) == 0)
		return 7;
	if (prctl(PR_GET_DUMPABLE) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return 8;
	return identity_origin() == 0 ? 0 : 9;
}

START_TEST(take_leaves_nothing_of_root)
{
	pid_t child;
	int   status = 0;
	FILE *file;

	ck_assert_uint_eq(identity_origin(), getuid());
	if (!setup())
		return;
	make("state", SERVICE, 0700);
	make("closed", 0, 0700);
	ck_assert_ptr_nonnull(file = fopen("closed/file", "w"));
	(void)fclose(file);
	if ((child = fork()) == 0)
		unit_exit(taken());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
	teardown();
}
END_TEST

START_TEST(take_where_the_owner_cannot_go_says_so)
{
	pid_t child;
	int   status = 0;

	if (!setup())
		return;
	make("closed", 0, 0700);
	make("closed/state", SERVICE, 0700);
	if ((child = fork()) == 0) {
		struct identity found;

		unit_exit(identity_find("closed/state", &found, &err) == 0 &&
		            identity_take(&found, "closed/state", &err) == -1 &&
		            strstr(err.detail, "cannot reach closed/state") != NULL
		        ? 0
		        : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	teardown();
}
END_TEST

/* Root's group is no more the owner's own than root's files are. */
START_TEST(find_of_an_owner_that_nobody_knows_has_no_group_of_roots)
{
	struct identity found;

	if (!setup())
		return;
	make("state", OTHER + 1000, 0700);
	ck_assert_int_eq(chown("state", OTHER + 1000, 0), 0);
	unit_ok(identity_find("state", &found, &err), &err);
	ck_assert_uint_eq(found.uid, OTHER + 1000);
	ck_assert_uint_eq(found.gid, 65534);
	ck_assert(found.other);
	teardown();
}
END_TEST

/* Named so by the linker. */
static bool no_link;
static bool still_root;

ssize_t __real_readlinkat(int at, const char *name, char *target, size_t size);
ssize_t __wrap_readlinkat(int at, const char *name, char *target, size_t size);
ssize_t __wrap___readlinkat_chk(int at, const char *name, char *target, size_t size, size_t room);
ssize_t
__wrap_readlinkat(int at, const char *name, char *target, size_t size)
{
	errno = EIO;
	return no_link ? -1 : __real_readlinkat(at, name, target, size);
}

ssize_t
__wrap___readlinkat_chk(int at, const char *name, char *target, size_t size, size_t room)
{
	return size <= room ? __wrap_readlinkat(at, name, target, size) : -1;
}

int __real_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int __wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved);
int
__wrap_getresuid(uid_t *real, uid_t *effective, uid_t *saved)
{
	int rc = __real_getresuid(real, effective, saved);

	if (still_root)
		*saved = 0;
	return rc;
}

START_TEST(find_over_a_link_that_cannot_be_read_fails)
{
	struct identity found;

	if (!setup())
		return;
	make("state", SERVICE, 0700);
	ck_assert_int_eq(symlink("state", "link"), 0);
	no_link = true;
	unit_fails(identity_find("link", &found, &err), &err, ERROR_INTERNAL, "looking at link: Input/output error");
	no_link = false;
	teardown();
}
END_TEST

/* A kernel that says yes, and leaves root in one of the three. */
START_TEST(take_that_leaves_root_is_refused)
{
	pid_t child;
	int   status = 0;

	if (!setup())
		return;
	make("state", SERVICE, 0700);
	if ((child = fork()) == 0) {
		struct identity found;

		still_root = true;
		unit_exit(identity_find("state", &found, &err) == 0 && identity_take(&found, "state", &err) == -1 &&
		            strstr(err.detail, "the owner of state: root is not left") != NULL
		        ? 0
		        : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	teardown();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("identity");
	TCase *tc = tcase_create("identity");

	tcase_add_test(tc, find_gives_the_owner_of_the_directory_or_of_the_one_above);
	tcase_add_test(tc, find_gives_a_name_that_fits);
	tcase_add_test(tc, find_by_another_user_is_that_user);
	tcase_add_test(tc, find_where_another_can_replace_it_is_refused);
	tcase_add_test(tc, find_over_a_link_of_another_is_refused);
	tcase_add_test(tc, take_leaves_nothing_of_root);
	tcase_add_test(tc, take_where_the_owner_cannot_go_says_so);
	tcase_add_test(tc, find_of_an_owner_that_nobody_knows_has_no_group_of_roots);
	tcase_add_test(tc, find_over_a_link_that_cannot_be_read_fails);
	tcase_add_test(tc, take_that_leaves_root_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
