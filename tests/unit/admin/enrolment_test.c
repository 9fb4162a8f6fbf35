/* A device made of options, and what is printed of it. */
#include "config.h"

#include "admin/enrolment.h"

#include <string.h>
#include <unistd.h>

#include "unit.h"

#define ZEROS "00000000000000000000000000000000000000000000000000000000000000"

static const uint8_t       hash[STORE_HASH_SIZE] = {0xaa};
static const char         *names[] = {"desk", "pc\x1b"};
static const char         *tags[] = {"lab"};
static struct enrolment    enrolment;
static struct store_device device;

static void
setup(void)
{
	enrolment = (struct enrolment){.names = {.texts = names, .count = 2}, .tags = {.texts = tags, .count = 1},
	    .note = "n"};
}

START_TEST(fill_takes_what_the_options_say)
{
	enrolment_fill(&enrolment, hash, 77, &device);
	ck_assert_mem_eq(device.ek_hash, hash, sizeof hash);
	ck_assert_uint_eq(device.name_count, 2);
	ck_assert_str_eq(device.names[0], "desk");
	ck_assert_str_eq(device.names[1], "pc\x1b");
	ck_assert_uint_eq(device.tag_count, 1);
	ck_assert_str_eq(device.tags[0], "lab");
	ck_assert_str_eq(device.note, "n");
	ck_assert(device.enabled);
	ck_assert_int_eq(device.enrolled, 77);
	ck_assert_int_eq(device.seen, 0);
	ck_assert_int_eq(device.revision, 0);
}
END_TEST

/* An option that is not given is an empty text, not NULL. */
START_TEST(rows_have_a_default_for_each_text)
{
	size_t texts = 0;

	for (const struct command_option *row = enrolment_rows; row->name != NULL; row++) {
		if (row->kind != OPTION_TEXT)
			continue;
		ck_assert_str_eq(row->value, "");
		texts++;
	}
	ck_assert_uint_eq(texts, 1);
}
END_TEST

static void
assert_printed(const char *done, const char *wanted)
{
	char  text[512] = "";
	int   before = dup(STDOUT_FILENO);
	FILE *file = tmpfile();

	(void)fflush(stdout);
	ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
	enrolment_print(done, &device);
	(void)fflush(stdout);
	(void)dup2(before, STDOUT_FILENO);
	(void)close(before);
	rewind(file);
	ck_assert_uint_gt(fread(text, 1, sizeof text - 1, file), 0);
	(void)fclose(file);
	ck_assert_str_eq(text, wanted);
}

START_TEST(print_lists_the_names)
{
	enrolment_fill(&enrolment, hash, 77, &device);
	assert_printed("approved", "approved EK aa" ZEROS "\nnames: desk, pc\\x1b\n");
	device.name_count = 1;
	assert_printed("enrolled", "enrolled EK aa" ZEROS "\nname: desk\n");
}
END_TEST

START_TEST(print_without_a_name_says_what_certificates_carry)
{
	enrolment.names.count = 0;
	enrolment_fill(&enrolment, hash, 77, &device);
	assert_printed("enrolled", "enrolled EK aa" ZEROS "\nit has no name: its AK certificates carry the hash\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("enrolment");
	TCase *tc = tcase_create("enrolment");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, fill_takes_what_the_options_say);
	tcase_add_test(tc, rows_have_a_default_for_each_text);
	tcase_add_test(tc, print_lists_the_names);
	tcase_add_test(tc, print_without_a_name_says_what_certificates_carry);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
