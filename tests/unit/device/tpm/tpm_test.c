/* Why a TPM does not open. */
#include "config.h"

#include "device/tpm/tpm.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"
#include "unit.h"
#include "util/error.h"

#define NOBODY 65534

static char               directory[SCRATCH_SIZE];
static char               file[SCRATCH_SIZE + 8];
static char               conf[SCRATCH_SIZE + 16];
static struct device_tpm *tpm;
static struct error       err;

static void
setup(void)
{
	(void)snprintf(file, sizeof file, "%s/tpm", directory);
	(void)snprintf(conf, sizeof conf, "device:%s", file);
}

static void
refused(enum error_kind kind, const char *begin)
{
	ck_assert_int_eq(device_tpm_open(conf, &tpm, &err), -1);
	ck_assert_ptr_null(tpm);
	ck_assert_int_eq((int)err.kind, (int)kind);
	ck_assert_msg(strncmp(err.detail, begin, strlen(begin)) == 0, "%s", err.detail);
}

START_TEST(open_names_the_device_that_is_missing)
{
	char begin[SCRATCH_SIZE + 64];

	(void)snprintf(begin, sizeof begin, "there is no TPM at %s: switch it on", file);
	refused(ERROR_NOT_FOUND, begin);
}
END_TEST

START_TEST(open_names_the_device_that_this_user_may_not_open)
{
	char begin[SCRATCH_SIZE + 64];

	int  fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(chmod(directory, 0711), 0);
	if (geteuid() == 0) /* who may open everything */
		ck_assert_int_eq(setuid(NOBODY), 0);
	(void)snprintf(begin, sizeof begin, "no permission to open %s: run as root", file);
	refused(ERROR_INTERNAL, begin);
}
END_TEST

START_TEST(open_names_what_is_no_device)
{
	char begin[SCRATCH_SIZE + 64];

	(void)unlink(file);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	(void)snprintf(begin, sizeof begin, "the TPM \"%s\" does not open; see tss2-tctildr(3): ", conf);
	refused(ERROR_INTERNAL, begin);
	ck_assert_int_eq(rmdir(file), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_tpm");
	TCase *tc = tcase_create("open");
	int    rc;

	(void)setenv("TSS2_LOG", "all+NONE", 0);
	(void)snprintf(directory, sizeof directory, "/tmp/attest-ca-open.XXXXXX");
	if (mkdtemp(directory) == NULL) /* here, since a case that gives root up cannot remove it */
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, open_names_the_device_that_is_missing);
	tcase_add_test(tc, open_names_the_device_that_this_user_may_not_open);
	tcase_add_test(tc, open_names_what_is_no_device);
	suite_add_tcase(suite, tc);
	rc = unit_run(suite);
	scratch_remove(directory);
	return rc;
}
