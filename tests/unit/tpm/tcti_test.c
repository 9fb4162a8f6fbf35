#include "config.h"

#include <stddef.h>
#include <string.h>

#include "tpm/tcti.h"
#include "unit.h"

static const struct {
	const char *tcti;
	const char *path; /* NULL: none */
} names[] = {
    {"device:/dev/tpmrm0", "/dev/tpmrm0"},
    {"swtpm:path=/run/s", "/run/s"},
    {"swtpm:host=localhost,port=2321", NULL},
    {"tabrmd:bus_type=session", NULL},
    {"cmd:nc -U /run/s", NULL},
    {"mydevice:/dev/tpm0", NULL},
    {"device", NULL},
    {"device:", NULL},
    {"libtss2-tcti-device.so.0:/dev/tpm0", "/dev/tpm0"},
    {"swtpm:host=localhost,path=/run/s", NULL},
    {"", NULL},
};

START_TEST(path_is_that_of_a_device_or_socket)
{
	const char *path = tpm_tcti_path(names[_i].tcti);

	if (names[_i].path == NULL)
		ck_assert_ptr_null(path);
	else
		ck_assert_str_eq(path, names[_i].path);
}
END_TEST

START_TEST(is_takes_a_name_and_a_library)
{
	ck_assert(tpm_tcti_is("cmd:nc", "cmd") && tpm_tcti_is("cmd", "cmd"));
	ck_assert(tpm_tcti_is("libtss2-tcti-cmd.so", "cmd") && tpm_tcti_is("libtss2-tcti-cmd.so.0:nc", "cmd"));
	ck_assert(!tpm_tcti_is("cmds:nc", "cmd") && !tpm_tcti_is("cm", "cmd") && !tpm_tcti_is("", "cmd"));
	ck_assert_str_eq(tpm_tcti_configuration("cmd:nc -U a:b"), "nc -U a:b");
	ck_assert_str_eq(tpm_tcti_configuration("cmd"), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tcti");
	TCase *tc = tcase_create("tcti");

	tcase_add_loop_test(tc, path_is_that_of_a_device_or_socket, 0, sizeof names / sizeof names[0]);
	tcase_add_test(tc, is_takes_a_name_and_a_library);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
