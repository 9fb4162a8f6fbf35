/* What is said of a failed check: the line that tells why, and what this user may not open. */
#include "config.h"

#include <sys/stat.h>

#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/access.h"
#include "device/use/check.h"
#include "device/use/facts.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static const struct {
	const char *said;
	const char *line;
} lines[] = {
    {"", ""},
    {"\n \n", ""},
    {"one\ntwo\n", "two"},
    {"curl: (58) failed to load it\nProcessed 1 CA certificate(s).\n\n", "curl: (58) failed to load it"},
    {"first Error\nsecond error\nend", "second error"},
    {"Permission denied", "Permission denied"},
};

START_TEST(line_is_the_last_complaint)
{
	struct view found = use_check_line(view_text(lines[_i].said));

	ck_assert_msg(view_equal(found, view_text(lines[_i].line)), "%.*s", (int)found.size,
	    found.data != NULL ? (const char *)found.data : "");
}
END_TEST

/* Root may open all: the rest is asked as another user, in the test's own process. */
START_TEST(closed_files_are_told_with_their_group)
{
	char             directory[SCRATCH_SIZE];
	struct error     err;
	char             why[256];
	AUTO_FREE char  *key = NULL;
	AUTO_FREE char  *tcti = NULL;
	AUTO_FREE char  *absent = memory_strdup("swtpm:path=/nonexistent");
	struct use_facts facts = {0};

	if (geteuid() != 0 || setgroups(0, NULL) != 0)
		return;
	scratch_make(directory);
	ck_assert_int_eq(chmod(directory, 0755), 0);
	facts.keyfile = key = file_join(directory, "key");
	facts.tcti = tcti = file_join("device:", key);
	memmove(tcti + 7, tcti + 8, strlen(tcti + 8) + 1);
	unit_ok(file_replace(key, "k", 1, 0640, &err), &err);
	ck_assert(!use_access_is_missing(&facts, why, sizeof why));
	ck_assert_int_eq(setresgid(12345, 12345, 0), 0);
	ck_assert_int_eq(setresuid(12345, 12345, 0), 0); /* access() goes by the real user */
	ck_assert(use_access_is_missing(&facts, why, sizeof why));
	ck_assert_msg(strstr(why, "/key; join the group root") != NULL, "%s", why);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(key, 0600), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert(use_access_is_missing(&facts, why, sizeof why));
	ck_assert_msg(strstr(why, "name a group of yours as key_group") != NULL, "%s", why);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(key, 0644), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert(use_access_is_missing(&facts, why, sizeof why)); /* the TPM is not to be written to */
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(key, 0666), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert(!use_access_is_missing(&facts, why, sizeof why));
	facts.tcti = absent;
	ck_assert(use_access_is_missing(&facts, why, sizeof why));
	ck_assert_str_eq(why, "there is no TPM at /nonexistent");
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chown(key, 0, 54321), 0);
	ck_assert_int_eq(chmod(key, 0640), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert(use_access_is_missing(&facts, why, sizeof why)); /* the group has no name */
	ck_assert_msg(strstr(why, "/key; join the group 54321") != NULL, "%s", why);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(directory, 0700), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert(use_access_is_missing(&facts, why, sizeof why));
	ck_assert_msg(strstr(why, "this user may not enter the directory of ") == why, "%s", why);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setresuid(0, 0, 0), 0);
	ck_assert_int_eq(setresgid(0, 0, 0), 0);
	scratch_remove(directory);
}
END_TEST

/* Where nothing names a TPM it is the kernel's, with a resource manager. */
START_TEST(tpm_that_nothing_names_is_the_kernels)
{
	char             why[256] = "";
	struct use_facts facts = {.keyfile = (char[]){"/dev/null"}};

	ck_assert_int_eq(unsetenv("ATTEST_PKCS11_TPM"), 0);
	ck_assert_int_eq(setenv("TPM2TOOLS_TCTI", "", 1), 0);
	if (access("/dev/tpmrm0", F_OK) == 0)
		return;
	ck_assert(use_access_is_missing(&facts, why, sizeof why));
	ck_assert_str_eq(why, "there is no TPM at /dev/tpmrm0");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("access");
	TCase *tc = tcase_create("access");

	tcase_add_loop_test(tc, line_is_the_last_complaint, 0, sizeof lines / sizeof lines[0]);
	tcase_add_test(tc, closed_files_are_told_with_their_group);
	tcase_add_test(tc, tpm_that_nothing_names_is_the_kernels);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
