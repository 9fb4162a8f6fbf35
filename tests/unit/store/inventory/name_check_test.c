/* Which names a device cannot get because they deceive whoever reads them. */
#include "config.h"

#include "failing.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/name_check.h"
#include "store_fixture.h"
#include "util/bytes.h"

static const char *const good[] = {
    "laptop",
    "db1.example.org",
    "Third floor, left (2)",
    "caf\xc3\xa9",
    "M\xc3\xbcnchen-7",
    "\xd1\x81\xd0\xb5\xd1\x80\xd0\xb2\xd0\xb5\xd1\x80-1",     /* all Cyrillic */
    "\xe6\x9d\xb1\xe4\xba\xac tower",                         /* Han and Latin */
    "\xd7\xa9\xd7\xa8\xd7\xaa",                               /* Hebrew */
    "a_b:c=d+e@f~*[x]'",
};

static const struct {
	const char *name;
	const char *why;
} bad[] = {
    {"a\xff", "octet 2 of the name is not UTF-8"},
    {"a\xe2\x80\xae" "b", "octet 2 of the name begins a character that cannot be seen, U+202E"},
    {"a\xe2\x80\x8b" "b", "octet 2 of the name begins a character that cannot be seen, U+200B"},
    {"web\xe2\x81\xa0", "octet 4 of the name begins a character that cannot be seen, U+2060"},
    {"\xef\xbb\xbfweb", "octet 1 of the name begins a character that cannot be seen, U+FEFF"},
    {"we\xc2\xad" "b", "octet 3 of the name begins a character that cannot be seen, U+00AD"},
    {"\xe2\x81\xa6web", "octet 1 of the name begins a character that cannot be seen, U+2066"},
    {"\xf3\xa0\x81\xa1", "octet 1 of the name begins a character that cannot be seen, U+E0061"},
    {"\xe3\x85\xa4", "octet 1 of the name begins a character that cannot be seen, U+3164"},
    {"w\xd0\xb5" "b", "name \"w\xd0\xb5" "b\" mixes scripts or digits that look alike"},
    {"\xd0\xb0pple", "name \"\xd0\xb0pple\" mixes scripts or digits that look alike"},
    {"\xce\xbf" "ld", "name \"\xce\xbf" "ld\" mixes scripts or digits that look alike"},
    {"1\xd9\xa1", "name \"1\xd9\xa1\" mixes scripts or digits that look alike"},
};

START_TEST(good_name_is_taken)
{
	char               *names[] = {(char *)(uintptr_t)good[_i]};
	struct store_device device = {.ek_hash = {1}, .names = names, .name_count = 1};

	unit_ok(name_check_visible(good[_i], &err), &err);
	unit_ok(store_device_enroll(store, &device, 1, &err), &err);
}
END_TEST

/* Every ASCII character, alone, twice, and among letters and digits: all that a shell or a person sees. */
START_TEST(ascii_name_is_visible)
{
	char name[8];

	for (int c = 1; c < 128; c++) {
		(void)snprintf(name, sizeof name, "%c", c);
		unit_ok(name_check_visible(name, &err), &err);
		(void)snprintf(name, sizeof name, "a%c9%cZ", c, c);
		unit_ok(name_check_visible(name, &err), &err);
		(void)snprintf(name, sizeof name, "%c\xd0\xb5" "a", c);
		ck_assert_int_eq(name_check_visible(name, &err), -1);
	}
}
END_TEST

START_TEST(deceiving_name_is_malformed)
{
	char               *names[] = {(char *)(uintptr_t)bad[_i].name};
	struct store_device device = {.ek_hash = {1}, .names = names, .name_count = 1};
	struct store_device plain = {.ek_hash = {2}};
	struct store_edit   edit = {
	      .set_names = true, .names = (const char *const *)names, .name_count = 1};
	size_t revoked;

	unit_fails(name_check_visible(bad[_i].name, &err), &err, ERROR_MALFORMED, bad[_i].why);
	ck_assert_int_eq(store_device_enroll(store, &device, 1, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	unit_ok(store_device_enroll(store, &plain, 1, &err), &err);
	ck_assert_int_eq(store_device_set(store, plain.ek_hash, &edit, 1, &revoked, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
}
END_TEST

static int
name_try(const void *arg, struct error *name_err)
{
	AUTO_BYTES skeleton = {0};

	if (name_check_visible(arg, name_err) != 0)
		return -1;
	return name_skeleton(arg, &skeleton, name_err);
}

/* Long enough that ICU allocates for it. */
START_TEST(name_without_memory_is_told_as_such)
{
	char name[161];

	for (size_t i = 0; i < sizeof name - 1; i++)
		name[i] = "\xd1\x88"[i % 2];
	name[sizeof name - 1] = '\0';
	failing_each(name_try, name);
}
END_TEST

/* The checker is opened once: a process that could not open it checks no name, and lets none through. */
START_TEST(name_without_a_checker_is_refused)
{
	AUTO_BYTES skeleton = {0};

	failing_refuses_at(name_try, "laptop", (unsigned)_i);
	unit_fails(name_check_visible("laptop", &err), &err, ERROR_INTERNAL, "checking a name: U_MEMORY_ALLOCATION_ERROR");
	ck_assert_int_eq(name_skeleton("laptop", &skeleton, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tc;

	failing_prepare();
	failing_prepare_names();
	suite = suite_create("name_check");
	tc = tcase_create("name");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, good_name_is_taken, 0, sizeof good / sizeof good[0]);
	tcase_add_test(tc, ascii_name_is_visible);
	tcase_add_loop_test(tc, deceiving_name_is_malformed, 0, sizeof bad / sizeof bad[0]);
	suite_add_tcase(suite, tc);
	tc = tcase_create("failing");
	tcase_add_test(tc, name_without_memory_is_told_as_such);
	tcase_add_loop_test(tc, name_without_a_checker_is_refused, 1, 4);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
