/* What becomes of the passwords. */
#include "config.h"

#include "device/tpm/auth.h"

#include <unistd.h>

#include "cleansed.h"
#include "device/tpm/esys.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

START_TEST(close_cleanses_the_passwords)
{
	const struct view  password = view_text("open sesame");
	struct device_tpm *tpm = memory_new(sizeof *tpm); /* as before it is connected */
	char               directory[SCRATCH_SIZE];
	AUTO_FREE char    *path = NULL;
	struct error       err = {0};

	scratch_make(directory);
	path = file_join(directory, "password");
	unit_ok(file_create(path, "open sesame\n", 12, 0600, &err), &err);
	unit_ok(device_auth_read(tpm, DEVICE_AUTH_OWNER, path, &err), &err);
	ck_assert_uint_eq(tpm->auth[DEVICE_AUTH_OWNER].password.size, password.size);
	ck_assert_mem_eq(tpm->auth[DEVICE_AUTH_OWNER].password.buffer, password.data, password.size);
	cleansed_watch();
	device_tpm_close(tpm);
	ck_assert_uint_eq(cleansed_count(sizeof tpm->auth, password), 1);
	scratch_remove(directory);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_auth");
	TCase *tc = tcase_create("device_auth");

	tcase_add_test(tc, close_cleanses_the_passwords);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
