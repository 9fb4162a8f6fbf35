/* Which group the settings name. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "device/certificate_files.h"
#include "device/device_settings.h"
#include "device/pair.h"
#include "device/sharing.h"
#include "device/state.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"

static char directory[SCRATCH_SIZE];

static void
setup(void)
{
	scratch_make(directory);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

START_TEST(group_is_found_by_name_and_number)
{
	const struct group    *own = getgrgid(getegid());
	struct device_settings settings = {0};
	gid_t                  group = 0;
	struct error           err = {0};

	unit_ok(device_sharing_group(&settings, &group, &err), &err);
	ck_assert_uint_eq(group, PAIR_NO_GROUP);
	settings.key_group = "12346";
	unit_ok(device_sharing_group(&settings, &group, &err), &err);
	ck_assert_uint_eq(group, 12346);
	if (own != NULL) {
		settings.key_group = own->gr_name;
		unit_ok(device_sharing_group(&settings, &group, &err), &err);
		ck_assert_uint_eq(group, getegid());
	}
}
END_TEST

static const char *const unknown[] = {"nobody has this group", "", "4294967295", "-1", "1x"};

START_TEST(group_that_is_none_is_malformed)
{
	struct device_settings settings = {.key_group = unknown[_i]};
	gid_t                  group;
	struct error           err = {0};

	ck_assert_int_eq(device_sharing_group(&settings, &group, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, "(key_group); make it with \"groupadd --system "));
}
END_TEST

START_TEST(apply_opens_the_directory_for_everybody_with_a_group_only)
{
	struct device_settings settings = {0};
	AUTO_STATE             state = {.folder = {.fd = -1}};
	struct stat            st;
	struct error           err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	unit_ok(device_sharing_apply(&settings, &state, &err), &err);
	ck_assert_int_eq(stat(directory, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0700);
	settings.key_group = "12346";
	unit_ok(device_sharing_apply(&settings, &state, &err), &err);
	ck_assert_int_eq(stat(directory, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
}
END_TEST

static int no_answer; /* the error of a list of groups that cannot be read */

int __real_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found);
int __wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found);
int
__wrap_getgrnam_r(const char *name, struct group *entry, char *buffer, size_t size, struct group **found)
{
	*found = NULL;
	return no_answer != 0 ? no_answer : __real_getgrnam_r(name, entry, buffer, size, found);
}

static const struct {
	int             error;
	enum error_kind kind;
} answers[] = {{ENOENT, ERROR_MALFORMED}, {ESRCH, ERROR_MALFORMED}, {EBADF, ERROR_MALFORMED}, {EPERM, ERROR_MALFORMED},
    {EIO, ERROR_INTERNAL}, {ERANGE, ERROR_INTERNAL}};

/* Whether there is such a group is not known: that is no reason to make one. */
START_TEST(group_that_cannot_be_looked_for_is_an_error)
{
	struct device_settings settings = {.key_group = "wheel"};
	gid_t                  group = 0;
	struct error           err = {0};

	no_answer = answers[_i].error;
	ck_assert_int_eq(device_sharing_group(&settings, &group, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)answers[_i].kind);
	ck_assert_int_eq(strncmp(err.detail, "looking for the group \"wheel\": ", 31) == 0,
	    answers[_i].kind == ERROR_INTERNAL);
	ck_assert_uint_eq(group, PAIR_NO_GROUP);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sharing");
	TCase *tc = tcase_create("sharing");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, group_is_found_by_name_and_number);
	tcase_add_loop_test(tc, group_that_is_none_is_malformed, 0, sizeof unknown / sizeof unknown[0]);
	tcase_add_test(tc, apply_opens_the_directory_for_everybody_with_a_group_only);
	tcase_add_loop_test(tc, group_that_cannot_be_looked_for_is_an_error, 0, sizeof answers / sizeof answers[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
