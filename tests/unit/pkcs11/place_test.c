#include "config.h"

#include <string.h>
#include <unistd.h>

#include "pkcs11/place.h"
#include "unit.h"

static struct place place;

static void
teardown(void)
{
	place_clear(&place);
}

static void
take(const char *text)
{
	AUTO_BYTES copy = {0};

	bytes_append(&copy, text, strlen(text));
	place_take_configuration(&copy, &place);
}

START_TEST(configuration_empty_is_the_default)
{
	take("# state_dir = \"/other\"\n");
	ck_assert_uint_eq(place.count, 1);
	ck_assert_str_eq(place.slots[0].pair, "/var/lib/attest-device");
	ck_assert_str_eq(place.slots[0].state, "/var/lib/attest-device");
	ck_assert_ptr_null(place.tcti);
}
END_TEST

START_TEST(configuration_names_them)
{
	take("name = \"laptop\" # tcti = \"no\"\nstate_dir = \"/state\"\nout = '/etc/keys'\n"
	     "tcti = \"swtpm:path=/s\"\nowner_auth_file = \"/o\"\nparent_auth_file = \"/p\"\n");
	ck_assert_str_eq(place.slots[0].pair, "/etc/keys");
	ck_assert_str_eq(place.slots[0].state, "/state");
	ck_assert_str_eq(place.tcti, "swtpm:path=/s");
	ck_assert_str_eq(place.owner_auth_file, "/o");
	ck_assert_str_eq(place.parent_auth_file, "/p");
}
END_TEST

START_TEST(configuration_empty_values_count_as_none)
{
	take("state_dir = \"\"\nout = \"\"\ntcti = \"\"\n");
	ck_assert_str_eq(place.slots[0].pair, "/var/lib/attest-device");
	ck_assert_ptr_null(place.tcti);
}
END_TEST

START_TEST(environment_replaces_all)
{
	(void)setenv("ATTEST_PKCS11_STATE", "/a::/b", 1);
	(void)setenv("ATTEST_PKCS11_TPM", "cmd:one", 1);
	(void)setenv("TPM2TOOLS_TCTI", "cmd:two", 1);
	place_find(&place);
	ck_assert_uint_eq(place.count, 2);
	ck_assert_str_eq(place.slots[0].pair, "/a");
	ck_assert_str_eq(place.slots[1].state, "/b");
	ck_assert_str_eq(place.tcti, "cmd:one");
}
END_TEST

START_TEST(environment_has_more_than_there_is_room_for)
{
	(void)setenv("ATTEST_PKCS11_STATE", "/1:/2:/3:/4:/5:/6:/7:/8:/9:/10", 1);
	place_find(&place);
	ck_assert_uint_eq(place.count, PLACE_SLOTS_MAX);
	ck_assert_str_eq(place.slots[PLACE_SLOTS_MAX - 1].pair, "/8");
}
END_TEST

START_TEST(environment_empty_counts_as_none)
{
	(void)setenv("ATTEST_PKCS11_STATE", "", 1);
	(void)setenv("ATTEST_PKCS11_TPM", "", 1);
	(void)unsetenv("TPM2TOOLS_TCTI");
	place_find(&place);
	ck_assert_uint_ge(place.count, 1);
	ck_assert_str_ne(place.tcti, "");
}
END_TEST

START_TEST(user_has_a_directory_of_its_own_too)
{
	uid_t self = geteuid();

	(void)unsetenv("ATTEST_PKCS11_STATE");
	(void)setenv("XDG_STATE_HOME", "/home/me/.state", 1);
	(void)setenv("HOME", "/home/me", 1);
	if (self == 0) {
		place_find(&place);
		ck_assert_uint_eq(place.count, 1);
		place_clear(&place);
		if (seteuid(65534) != 0)
			return;
	}
	place_find(&place);
	ck_assert_uint_eq(place.count, 2);
	ck_assert_str_eq(place.slots[1].pair, "/home/me/.state/attest-device");
	place_clear(&place);
	(void)unsetenv("XDG_STATE_HOME");
	place_find(&place);
	ck_assert_str_eq(place.slots[1].pair, "/home/me/.local/state/attest-device");
	ck_assert_int_eq(seteuid(self), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("place");
	TCase *tc = tcase_create("place");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, configuration_empty_is_the_default);
	tcase_add_test(tc, configuration_names_them);
	tcase_add_test(tc, configuration_empty_values_count_as_none);
	tcase_add_test(tc, environment_replaces_all);
	tcase_add_test(tc, environment_has_more_than_there_is_room_for);
	tcase_add_test(tc, environment_empty_counts_as_none);
	tcase_add_test(tc, user_has_a_directory_of_its_own_too);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
