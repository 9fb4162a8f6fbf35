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

int
main(void)
{
	Suite *suite = suite_create("tcti");
	TCase *tc = tcase_create("tcti");

	tcase_add_loop_test(tc, path_is_that_of_a_device_or_socket, 0, sizeof names / sizeof names[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
