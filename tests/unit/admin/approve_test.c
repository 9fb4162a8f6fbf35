/* What "approve" and "deny" do to the waiting list and the inventory, and that they do all or nothing. */
#include "config.h"

#include "admin/commands.h"
#include "command_answer.h"
#include "store/inventory/device.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"
#include "store_fixture.h"

#define ZEROS  "000000000000000000000000000000000000000000000000000000000000"
#define HASH_1 "0100" ZEROS
#define HASH_2 "0200" ZEROS
#define HASH_3 "0300" ZEROS

#define RUN(wanted, ...) answer_run(&attest_ca_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))

/* EK 1 and 2 wait; 3 is enrolled as "laptop". */
static void
setup_waiting(void)
{
	char                  *names[] = {(char[]){"laptop"}};
	struct store_device    device = {.ek_hash = {3}, .names = names, .name_count = 1};
	struct waiting_shares *shares = waiting_shares_new();
	bool                   denied;

	setup();
	for (uint8_t i = 1; i <= 2; i++) {
		struct store_waiting entry = {.ek_hash = {i}, .peer = "192.0.2.1:1", .source = "192.0.2.1",
		    .first_seen = 1, .last_seen = 1, .times = 1};

		unit_ok(store_waiting_add(store, &entry, 10, 1, shares, &denied, &err), &err);
	}
	waiting_shares_free(shares);
	unit_ok(store_device_enroll(store, &device, 1, &err), &err);
}

static bool
is_waiting(uint8_t first, bool denied)
{
	const uint8_t        hash[STORE_HASH_SIZE] = {first};
	struct store_waiting entry;

	return store_waiting_find(store, hash, &entry, &err) == 0 && entry.denied == denied;
}

/* The names of an enrolled device; NULL when it is not. The caller frees. */
static char *
names_of(uint8_t first)
{
	const uint8_t       hash[STORE_HASH_SIZE] = {first};
	struct store_device device;
	char                text[256] = "";

	if (store_device_find(store, hash, &device, &err) != 0)
		return NULL;
	for (size_t i = 0; i < device.name_count; i++)
		(void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", device.names[i]);
	store_device_clear(&device);
	return memory_strdup(text);
}

START_TEST(approve_enrolls_with_what_is_given)
{
	AUTO_FREE char *names = NULL;

	ck_assert_str_eq(RUN(0, "approve", "0100", "--name", "desk", "--name", "pc", "--tag", "lab", "--note", "new"),
	    "approved EK " HASH_1 "\nnames: desk, pc\n");
	ck_assert_ptr_nonnull(names = names_of(1));
	ck_assert_str_eq(names, "desk pc ");
	ck_assert_ptr_nonnull(strstr(RUN(0, "show", HASH_1), "\ntags      lab\n"));
	ck_assert_ptr_nonnull(strstr(answered.out, "\nnote      new\n"));
	ck_assert(!is_waiting(1, false));
	ck_assert(is_waiting(2, false));
}
END_TEST

START_TEST(approve_of_several_tells_each)
{
	json_t *list = answer_run_json(&attest_ca_program, directory, 0,
	    ANSWER_WORDS("approve", "sha256:0200", HASH_1, "--json"));

	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "ek_hash")), HASH_2);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "ek_hash")), HASH_1);
	ck_assert(json_is_true(json_object_get(json_array_get(list, 1), "enabled")));
	json_decref(list);
	ck_assert(!is_waiting(1, false) && !is_waiting(2, false));
}
END_TEST

/* The first is put back when the second cannot be done. */
START_TEST(approve_and_deny_do_all_or_nothing)
{
	static const char *const commands[] = {"approve", "deny"};

	for (size_t i = 0; i < 2; i++) {
		ck_assert_str_eq(RUN(1, commands[i], "0100", "0900"), "");
		ck_assert_ptr_nonnull(strstr(answered.err, "nothing was done"));
		ck_assert(is_waiting(1, false));
	}
	ck_assert_ptr_null(names_of(1));
	ck_assert_str_eq(RUN(1, "approve", "0900"), "");
	ck_assert_ptr_null(strstr(answered.err, "nothing was done"));
}
END_TEST

START_TEST(approve_of_an_enrolled_one_says_where_it_is)
{
	ck_assert_str_eq(RUN(1, "approve", "0300"), "");
	ck_assert_ptr_nonnull(strstr(answered.err, "EK " HASH_3 " is enrolled already; see \""));
	ck_assert_ptr_nonnull(strstr(answered.err, " show " HASH_3 "\""));
	ck_assert_str_eq(RUN(1, "deny", HASH_3), "");
	ck_assert_ptr_nonnull(strstr(answered.err, "is enrolled already"));
}
END_TEST

START_TEST(approve_of_several_takes_no_name)
{
	ck_assert_str_eq(RUN(2, "approve", "0100", "0200", "--name", "desk"), "");
	ck_assert_ptr_nonnull(strstr(answered.err, "--name is for one machine, these are 2"));
	ck_assert(is_waiting(1, false) && is_waiting(2, false));
}
END_TEST

START_TEST(approve_of_a_removed_one_needs_again)
{
	const uint8_t   hash[STORE_HASH_SIZE] = {1};
	AUTO_FREE char *names = NULL;

	unit_ok(store_device_enroll(store, &(struct store_device){.ek_hash = {1}}, 2, &err), &err);
	unit_ok(store_device_remove(store, hash, 3, &err), &err);
	{
		struct store_waiting   entry = {.ek_hash = {1}, .peer = "192.0.2.1:1", .source = "192.0.2.1",
		      .first_seen = 4, .last_seen = 4, .times = 1};
		struct waiting_shares *shares = waiting_shares_new();
		bool                   denied;

		unit_ok(store_waiting_add(store, &entry, 10, 4, shares, &denied, &err), &err);
		waiting_shares_free(shares);
	}
	ck_assert_str_eq(RUN(1, "approve", "0100"), "");
	ck_assert_ptr_nonnull(strstr(answered.err, "removed"));
	ck_assert(is_waiting(1, false));
	ck_assert_str_eq(RUN(0, "approve", "0100", "--again"),
	    "approved EK " HASH_1 "\nit has no name: its AK certificates carry the hash\n");
	ck_assert_ptr_nonnull(names = names_of(1));
}
END_TEST

START_TEST(approve_of_a_name_like_another_warns_when_asked_to)
{
	ck_assert_str_eq(RUN(1, "approve", "0100", "--name", "1aptop"), "");
	ck_assert(is_waiting(1, false));
	ck_assert_ptr_nonnull(strstr(RUN(0, "approve", "0100", "--name", "1aptop", "--similar-names", "warn"), "1aptop"));
	ck_assert_ptr_nonnull(strstr(answered.err, "warning: name \"1aptop\" looks like \"laptop\" of device " HASH_3 "\n"));
}
END_TEST

START_TEST(deny_keeps_it_from_the_list_until_it_is_approved)
{
	json_t *list;

	ck_assert_str_eq(RUN(0, "deny", "0100"), "denied EK " HASH_1 "\n");
	ck_assert(is_waiting(1, true));
	ck_assert_ptr_null(strstr(RUN(0, "pending"), "0100"));
	list = answer_run_json(&attest_ca_program, directory, 0, ANSWER_WORDS("deny", HASH_1, HASH_2, "--json"));
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "ek_hash")), HASH_2);
	ck_assert(json_is_true(json_object_get(json_array_get(list, 1), "denied")));
	json_decref(list);
	ck_assert_str_eq(RUN(0, "approve", "0100"),
	    "approved EK " HASH_1 "\nit has no name: its AK certificates carry the hash\n");
	ck_assert(!is_waiting(1, true));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admin/approve");
	TCase *tc = tcase_create("approve");

	tcase_add_checked_fixture(tc, setup_waiting, teardown);
	tcase_add_test(tc, approve_enrolls_with_what_is_given);
	tcase_add_test(tc, approve_of_several_tells_each);
	tcase_add_test(tc, approve_and_deny_do_all_or_nothing);
	tcase_add_test(tc, approve_of_an_enrolled_one_says_where_it_is);
	tcase_add_test(tc, approve_of_several_takes_no_name);
	tcase_add_test(tc, approve_of_a_removed_one_needs_again);
	tcase_add_test(tc, approve_of_a_name_like_another_warns_when_asked_to);
	tcase_add_test(tc, deny_keeps_it_from_the_list_until_it_is_approved);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
