/* What becomes of the passwords. */
#include "config.h"

#include "device/tpm/auth.h"

#include <stdlib.h>
#include <string.h>
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

/* Only a password that the TPM has refused is called wrong. */
START_TEST(note_names_a_password_that_was_refused)
{
	struct device_tpm *tpm = memory_new(sizeof *tpm);
	struct error       err = {0};

	for (int i = 0; i < 4; i++) {
		tpm->auth[DEVICE_AUTH_OWNER].known = (i & 1) != 0;
		tpm->auth[DEVICE_AUTH_OWNER].refused = (i & 2) != 0;
		(void)error_set(&err, ERROR_INTERNAL, "it failed");
		device_auth_note(tpm, DEVICE_AUTH_OWNER, &err);
		ck_assert_int_eq(strcmp(err.detail, "it failed") != 0, i == 3);
	}
	ck_assert_ptr_nonnull(strstr(err.detail, "its password is wrong"));
	free(tpm);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_auth");
	TCase *tc = tcase_create("device_auth");

	tcase_add_test(tc, note_names_a_password_that_was_refused);
	tcase_add_test(tc, close_cleanses_the_passwords);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
