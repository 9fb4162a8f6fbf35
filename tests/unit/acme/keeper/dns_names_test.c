/* The names of the server, from the file that init writes and an operator may edit. */
#include "config.h"

#include "acme/keeper/dns_names.h"

#include <string.h>

#include "ca/files.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

static char               directory[SCRATCH_SIZE];
static struct config_list names;
static struct folder      state;
static struct error       err;

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(folder_open(directory, &state, &err), &err);
}

static void
teardown(void)
{
	config_list_clear(&names);
	folder_close(&state);
	scratch_remove(directory);
}

static void
names_write(const void *data, size_t size)
{
	AUTO_FREE char *path = file_join(directory, STATE_DNS_NAMES);

	unit_ok(file_replace(path, data, size, 0600, &err), &err);
}

/* Two names each; an empty line is none. */
static const char *const files[] = {
    "localhost\n192.0.2.1\n",
    "localhost\n192.0.2.1",
    "localhost\r\n192.0.2.1\r\n",
    "\n\nlocalhost\n\n192.0.2.1\n\n\n",
};

START_TEST(load_takes_a_name_from_each_line)
{
	names_write(files[_i], strlen(files[_i]));
	unit_ok(dns_names_load(&state, &names, &err), &err);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.texts[0], "localhost");
	ck_assert_str_eq(names.texts[1], "192.0.2.1");
}
END_TEST

static const char *const empty[] = {"", "\n", "\r\n\r\n"};

START_TEST(load_of_no_name_fails)
{
	names_write(empty[_i], strlen(empty[_i]));
	ck_assert_int_eq(dns_names_load(&state, &names, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_ptr_nonnull(strstr(err.detail, "/" STATE_DNS_NAMES " has no name in it"));
}
END_TEST

START_TEST(load_of_no_file_fails)
{
	ck_assert_int_eq(dns_names_load(&state, &names, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
}
END_TEST

START_TEST(load_of_a_long_file_fails)
{
	AUTO_BYTES text = {0};

	memset(bytes_extend(&text, (size_t)64 * 1024 + 1), 'a', (size_t)64 * 1024 + 1);
	names_write(text.data, text.size);
	ck_assert_int_eq(dns_names_load(&state, &names, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dns_names");
	TCase *tc = tcase_create("dns_names");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, load_takes_a_name_from_each_line, 0, sizeof files / sizeof files[0]);
	tcase_add_loop_test(tc, load_of_no_name_fails, 0, sizeof empty / sizeof empty[0]);
	tcase_add_test(tc, load_of_no_file_fails);
	tcase_add_test(tc, load_of_a_long_file_fails);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
