#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "util/own_command.h"

START_TEST(own_command_of_what_was_not_set_is_the_program)
{
	ck_assert_str_eq(own_command("attest-ca"), "attest-ca");
	own_command_set("attest-acmed", "/srv/acme", "/var/lib/attest-acmed", NULL);
	ck_assert_str_eq(own_command("attest-ca"), "attest-ca");
}
END_TEST

static const struct {
	const char *directory;
	const char *store;
	const char *words;
} places[] = {
    {"/var/lib/attest-ca", NULL, "attest-ca"},
    {"/var/lib/attest-ca", "/var/lib/attest-ca", "attest-ca"},
    {"/srv/ca", NULL, "attest-ca --state-dir /srv/ca"},
    {"/srv/ca", "/srv/ca", "attest-ca --state-dir /srv/ca"},
    {"/srv/ca", "sqlite:/db", "attest-ca --state-dir /srv/ca --store sqlite:/db"},
    {"/var/lib/attest-ca", "/db/a b", "attest-ca --store '/db/a b'"},
    {"/srv/our ca", NULL, "attest-ca --state-dir '/srv/our ca'"},
    {"x; id > pwned", NULL, "attest-ca --state-dir 'x; id > pwned'"},
    {"/srv/\x1b[2J", NULL, "attest-ca --state-dir $'/srv/\\033[2J'"},
};

START_TEST(own_command_names_the_place)
{
	own_command_set("attest-ca", places[_i].directory, "/var/lib/attest-ca", places[_i].store);
	ck_assert_str_eq(own_command("attest-ca"), places[_i].words);
}
END_TEST

START_TEST(own_command_of_a_long_place_has_placeholders)
{
	char directory[300];

	memset(directory, 'x', sizeof directory - 1);
	directory[0] = '/';
	directory[sizeof directory - 1] = '\0';
	own_command_set("attest-ca", directory, "/var/lib/attest-ca", NULL);
	ck_assert_str_eq(own_command("attest-ca"), "attest-ca --state-dir DIR");
	own_command_set("attest-ca", "/srv/ca", "/var/lib/attest-ca", directory);
	ck_assert_str_eq(own_command("attest-ca"), "attest-ca --state-dir /srv/ca --store PLACE");
}
END_TEST

START_TEST(own_command_of_a_relative_directory_is_absolute)
{
	char here[PATH_MAX];
	char wanted[PATH_MAX + 64];

	ck_assert_int_eq(chdir("/usr/lib"), 0);
	ck_assert_ptr_nonnull(realpath(".", here));
	(void)snprintf(wanted, sizeof wanted, "attest-ca --state-dir %s", here);
	own_command_set("attest-ca", ".", "/var/lib/attest-ca", ".");
	ck_assert_str_eq(own_command("attest-ca"), wanted);
}
END_TEST

/* Whatever its length: the whole directory or the placeholder, and the store's option whole. */
START_TEST(own_command_of_any_length_is_never_cut)
{
	char directory[160];
	char wanted[256];

	for (size_t length = 2; length < sizeof directory; length++) {
		const char *words;

		memset(directory, 'x', length);
		directory[0] = '/';
		directory[length] = '\0';
		own_command_set("attest-ca", directory, "/var/lib/attest-ca", "sqlite:/a/quite/long/place");
		words = own_command("attest-ca");
		ck_assert_uint_lt(strlen(words), OWN_COMMAND_SIZE);
		(void)snprintf(wanted, sizeof wanted, "attest-ca --state-dir %s --store ", directory);
		if (strncmp(words, wanted, strlen(wanted)) != 0)
			ck_assert_int_eq(strncmp(words, "attest-ca --state-dir DIR --store ", 34), 0);
		ck_assert(strcmp(strstr(words, "--store "), "--store PLACE") == 0 ||
		    strcmp(strstr(words, "--store "), "--store sqlite:/a/quite/long/place") == 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("own_command");
	TCase *tc = tcase_create("own_command");

	tcase_add_test(tc, own_command_of_what_was_not_set_is_the_program);
	tcase_add_loop_test(tc, own_command_names_the_place, 0, sizeof places / sizeof places[0]);
	tcase_add_test(tc, own_command_of_a_long_place_has_placeholders);
	tcase_add_test(tc, own_command_of_a_relative_directory_is_absolute);
	tcase_add_test(tc, own_command_of_any_length_is_never_cut);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
