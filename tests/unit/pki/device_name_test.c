#include "config.h"

#include <string.h>

#include "pki/device_name.h"
#include "unit.h"
#include "util/identifier.h"

#define A47 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A45 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A64 A47 "aaaaaaaaaaaaaaaaa"

/* The hashes are what sha256sum prints. */
static const struct {
	const char *identifier;
	const char *name;
	bool        whole;
} names[] = {
    {"laptop", "laptop", true},
    {A64, A64, true},
    {A64 "a", A47 "-635361c48bb9eab1", false},
    {A64 "b", A47 "-3e63da2d835edc34", false},
    {A47 "-635361c48bb9eab1", A47 "-635361c48bb9eab1", true},
    /* an octet of the character would be the 48th, two of it the 47th and 48th */
    {A45 "\xc3\xa4\xc3\xa4" A64, A45 "\xc3\xa4-17764fcd354f07f8", false},
    {A45 "a\xc3\xa4" A64, A45 "a-6185f5b36daad855", false},
    {A45 "\xf0\x9f\x98\x80" A64, A45 "-5e589fddd5f0d83c", false},
};

START_TEST(common_name_is_whole_or_a_prefix_and_a_hash)
{
	char name[DEVICE_COMMON_NAME_SIZE];

	ck_assert_int_eq(device_common_name(names[_i].identifier, name), names[_i].whole);
	ck_assert_str_eq(name, names[_i].name);
	if (!names[_i].whole)
		ck_assert_uint_le(strlen(name), 64);
}
END_TEST

/* 64 characters of four octets fill the place. */
START_TEST(common_name_of_the_most_octets_fits)
{
	char identifier[IDENTIFIER_MAX + 1] = "";
	char name[DEVICE_COMMON_NAME_SIZE];

	while (strlen(identifier) + 4 <= IDENTIFIER_MAX && strlen(identifier) < 256)
		strcat(identifier, "\xf0\x9f\x98\x80");
	ck_assert(device_common_name(identifier, name));
	ck_assert_str_eq(name, identifier);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_name");
	TCase *tc = tcase_create("device_name");

	tcase_add_loop_test(tc, common_name_is_whole_or_a_prefix_and_a_hash, 0,
	    sizeof names / sizeof names[0]);
	tcase_add_test(tc, common_name_of_the_most_octets_fits);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
