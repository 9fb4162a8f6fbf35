/* Entries of the audit: each field, whose they are, what is cut, and what a list takes. */
#include "config.h"

#include "audit_world.h"

START_TEST(add_keeps_every_field)
{
	static const struct store_actor actor = {"attestd", "192.0.2.1:5", "7f-1"};

	store_actor_set(store, &actor);
	add_at(AUDIT_CERTIFY, 9, "serial \x1b[31m 01", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000000|attestd|192.0.2.1:5|7f-1|certify|9|done|serial \x1b[31m 01");
	add_at(AUDIT_TRUST_IMPORT, 0, NULL, NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000000|attestd|192.0.2.1:5|7f-1|trust import|-1|done|");
}
END_TEST

START_TEST(add_without_actor_is_the_users)
{
	char wanted[64];
	int  length = snprintf(wanted, sizeof wanted, "1000000|uid %u", (unsigned)getuid());

	ck_assert_int_eq(unsetenv("SUDO_UID"), 0);
	add_at(AUDIT_SET, 0, "", NOW);
	ck_assert_int_eq(strncmp(list(&(struct audit_filter){0}).last, wanted, (size_t)length), 0);
	ck_assert_ptr_null(strstr(list(&(struct audit_filter){0}).last, "sudo"));
}
END_TEST

/* SUDO_UID, and how the actor ends. */
static const struct {
	const char *sudo;
	const char *wanted;
} sudos[] = {
    {"4000000001", ", sudo by uid 4000000001|"},
    {"0", ", sudo by uid 0 (root)|"},
    {"", NULL},
    {"-1", NULL},
    {" 1", NULL},
    {"1x", NULL},
    {"4294967296", NULL},
    {"99999999999", NULL},
};

START_TEST(add_by_sudo_names_both)
{
	struct seen seen;

	ck_assert_int_eq(setenv("SUDO_UID", sudos[_i].sudo, 1), 0);
	add_at(AUDIT_SET, 0, "", NOW);
	ck_assert_int_eq(unsetenv("SUDO_UID"), 0);
	seen = list(&(struct audit_filter){0});
	if (sudos[_i].wanted != NULL)
		ck_assert_ptr_nonnull(strstr(seen.last, sudos[_i].wanted));
	else
		ck_assert_ptr_null(strstr(seen.last, "sudo"));
}
END_TEST

START_TEST(actor_set_to_nobody_is_the_users_again)
{
	static const struct store_actor actor = {"attestd", "192.0.2.1:5", "7f-1"};

	store_actor_set(store, &actor);
	store_actor_set(store, &(struct store_actor){0});
	add_at(AUDIT_SET, 0, "", NOW);
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last, "|uid "));
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last, "|||set|"));
}
END_TEST

/* Fills a text of `size` octets from a character. */
static void
fill(char *text, size_t size, const char *character)
{
	size_t length = strlen(character);

	text[0] = 'x';
	for (size_t i = 1; i < size; i++)
		text[i] = character[(i - 1) % length];
	text[size] = '\0';
}

/* A character, how long the actor and the detail become of one octet and many of it. */
static const struct {
	const char *character;
	size_t      actor;
	size_t      detail;
} cuts[] = {
    {"a", 128, 512},
    {"\xc3\xa9", 127, 511},
    {"\xe2\x82\xac", 127, 511}, /* 1 + 42 * 3, 1 + 170 * 3 */
    {"\xf0\x9f\x98\x80", 125, 509},
};

START_TEST(add_long_text_is_cut_between_characters)
{
	char               text[2048];
	char               wanted[2048];
	struct store_actor actor = {text, text, text};

	fill(text, sizeof text - 1, cuts[_i].character);
	store_actor_set(store, &actor);
	unit_ok(store_audit_add(store, AUDIT_SET, NULL, text, text, NOW, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "1000000|%.*s|%.*s|%.*s|set|-1|%.*s|%.*s",
	    (int)cuts[_i].actor, text, (int)cuts[_i].actor, text, (int)cuts[_i].actor, text,
	    (int)cuts[_i].actor, text, (int)cuts[_i].detail, text);
	ck_assert_int_eq(strncmp(list(&(struct audit_filter){0}).last, wanted, 1023), 0);
	ck_assert_int_eq(verify(NULL, NULL), 1);
}
END_TEST

START_TEST(add_text_that_fits_is_kept_whole)
{
	char text[513];
	char wanted[1024];

	fill(text, 512, "a");
	unit_ok(store_audit_add(store, AUDIT_SET, NULL, "done", text, NOW, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "|done|%s", text);
	ck_assert_ptr_nonnull(strstr(list(&(struct audit_filter){0}).last, wanted));
}
END_TEST

START_TEST(add_in_a_transaction_goes_with_it)
{
	unit_ok(store_begin(store, &err), &err);
	add_many(2);
	store_rollback(store);
	listed(&(struct audit_filter){0}, "");
	unit_ok(store_begin(store, &err), &err);
	add_many(1);
	unit_ok(store_mark(store, &err), &err);
	add_many(1);
	store_release(store, false);
	add_many(1);
	unit_ok(store_commit(store, &err), &err);
	listed(&(struct audit_filter){0}, "1 2");
	ck_assert_int_eq(verify(NULL, NULL), 2);
}
END_TEST

START_TEST(add_of_two_writers_is_one_chain)
{
	struct store *other = NULL;

	unit_ok(store_open(directory, &other, &err), &err);
	for (int i = 0; i < 4; i++)
		unit_ok(store_audit_add(i % 2 == 0 ? store : other, AUDIT_SET, NULL, "done", "", NOW,
		            &err),
		    &err);
	store_close(other);
	ck_assert_int_eq(verify(NULL, NULL), 4);
}
END_TEST

START_TEST(device_changes_are_on_record)
{
	char               *names[] = {(char[]){"laptop"}, (char[]){"spare"}};
	struct store_device device = {.ek_hash = {7}, .names = names, .name_count = 2};

	store_actor_set(store, &(struct store_actor){"somebody", NULL, NULL});
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000000|somebody|||enroll|7|done|as laptop and 1 more");
	ck_assert_int_eq(store_device_enroll(store, &device, NOW, &err), -1);
	unit_ok(store_device_remove(store, device.ek_hash, NOW + 1, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).last,
	    "1000001|somebody|||remove|7|done|certificates revoked: 0");
	ck_assert_int_eq(store_device_remove(store, device.ek_hash, NOW, &err), -1);
	listed(&(struct audit_filter){0}, "1 2");
}
END_TEST

START_TEST(names_are_those_at_the_time_of_the_act)
{
	char               *names[] = {(char[]){"laptop"}, (char[]){"spare"}};
	const char         *others[] = {"desk"};
	struct store_device device = {.ek_hash = {7}, .names = names, .name_count = 2};
	struct store_edit   edit = {.set_names = true, .names = others, .name_count = 1};
	size_t              revoked;

	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "laptop\nspare");
	unit_ok(store_device_set(store, device.ek_hash, &edit, NOW, &revoked, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "laptop\nspare");
	add_at(AUDIT_CERTIFY, 7, "", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "desk");
	unit_ok(store_device_remove(store, device.ek_hash, NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "desk");
	add_at(AUDIT_WAIT, 7, "", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "");
	add_at(AUDIT_TRUST_IMPORT, 0, "", NOW);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, "");
	ck_assert_int_eq(verify(NULL, NULL), 6);
}
END_TEST

/* Of a device that was read before the entry is the same, and the chain holds. */
START_TEST(names_of_a_device_that_was_read_are_the_same)
{
	static char         texts[STORE_DEVICE_NAMES_MAX][200];
	char               *names[STORE_DEVICE_NAMES_MAX];
	struct store_device device = {.ek_hash = {7}, .names = names};
	struct store_device read;
	char                found[sizeof(struct seen)];
	int64_t             count;
	uint8_t             head[32];

	for (size_t i = 0; i < STORE_DEVICE_NAMES_MAX; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "%u-%0180d", (unsigned)i, 1);
		names[i] = texts[i];
	}
	device.name_count = _i == 0 ? 0 : _i == 1 ? 2 : STORE_DEVICE_NAMES_MAX;
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	unit_ok(store_device_find(store, device.ek_hash, &read, &err), &err);
	unit_ok(store_audit_add(store, AUDIT_CERTIFY, device.ek_hash, "done", "", NOW, &err), &err);
	(void)snprintf(found, sizeof found, "%s", list(&(struct audit_filter){0}).names);
	unit_ok(store_audit_add_of(store, AUDIT_CERTIFY, &read, "done", "", NOW, &err), &err);
	ck_assert_str_eq(list(&(struct audit_filter){0}).names, found);
	ck_assert_uint_eq(list(&(struct audit_filter){.ek_hash = device.ek_hash}).count, 3);
	unit_ok(store_audit_verify(store, NULL, &count, head, &err), &err);
	ck_assert_int_eq(count, 3);
	store_device_clear(&read);
}
END_TEST

START_TEST(names_that_do_not_fit_are_said_to_be_more)
{
	char                texts[STORE_DEVICE_NAMES_MAX][IDENTIFIER_MAX + 1];
	char               *names[STORE_DEVICE_NAMES_MAX];
	struct store_device device = {.ek_hash = {7}, .names = names, .name_count = STORE_DEVICE_NAMES_MAX};
	struct seen         seen;
	size_t              length;

	for (size_t i = 0; i < STORE_DEVICE_NAMES_MAX; i++) {
		memset(texts[i], 'a' + (int)i % 26, IDENTIFIER_MAX);
		texts[i][0] = (char)('A' + i / 26);
		texts[i][IDENTIFIER_MAX] = '\0';
		names[i] = texts[i];
	}
	unit_ok(store_device_enroll(store, &device, NOW, &err), &err);
	seen = list(&(struct audit_filter){0});
	length = strlen(seen.names);
	ck_assert_int_eq(strncmp(seen.names, names[0], IDENTIFIER_MAX), 0);
	ck_assert_uint_lt(length, 1025);
	ck_assert_int_eq(seen.names[length - 1], '\n');
	ck_assert_uint_eq(length % (IDENTIFIER_MAX + 1), 0); /* whole names */
	ck_assert_int_eq(verify(NULL, NULL), 1);
}
END_TEST

/* Listing. */

START_TEST(list_takes_what_the_filter_says)
{
	static const uint8_t one[STORE_HASH_SIZE] = {1};
	static const uint8_t none[STORE_HASH_SIZE] = {99};

	add_many(9);
	listed(&(struct audit_filter){0}, "1 2 3 4 5 6 7 8 9");
	listed(&(struct audit_filter){.after = 7}, "8 9");
	listed(&(struct audit_filter){.after = 9}, "");
	listed(&(struct audit_filter){.since = NOW + 6}, "7 8 9");
	listed(&(struct audit_filter){.since = NOW + 9}, "");
	listed(&(struct audit_filter){.ek_hash = one}, "2 5 8");
	listed(&(struct audit_filter){.ek_hash = one, .after = 2, .since = NOW + 5}, "8");
	listed(&(struct audit_filter){.ek_hash = none}, "");
}
END_TEST

/* A clock that went back: what was recorded since then is not lost. */
START_TEST(list_since_is_of_the_time_and_not_of_the_order)
{
	add_at(AUDIT_SET, 0, "", NOW + 100);
	add_at(AUDIT_SET, 0, "", NOW);
	add_at(AUDIT_SET, 0, "", NOW + 50);
	listed(&(struct audit_filter){.since = NOW + 50}, "1 3");
}
END_TEST

START_TEST(list_stops_when_told)
{
	struct seen seen = {.stop = 2};

	add_many(5);
	unit_ok(store_audit_list(store, &(struct audit_filter){0}, see_cb, &seen, &err), &err);
	ck_assert_str_eq(seen.text, "1 2");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("audit");
	TCase *tc = tcase_create("audit");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, add_keeps_every_field);
	tcase_add_test(tc, add_without_actor_is_the_users);
	tcase_add_loop_test(tc, add_by_sudo_names_both, 0, sizeof sudos / sizeof sudos[0]);
	tcase_add_test(tc, actor_set_to_nobody_is_the_users_again);
	tcase_add_loop_test(tc, add_long_text_is_cut_between_characters, 0, sizeof cuts / sizeof cuts[0]);
	tcase_add_test(tc, add_text_that_fits_is_kept_whole);
	tcase_add_test(tc, add_in_a_transaction_goes_with_it);
	tcase_add_test(tc, add_of_two_writers_is_one_chain);
	tcase_add_test(tc, device_changes_are_on_record);
	tcase_add_test(tc, names_are_those_at_the_time_of_the_act);
	tcase_add_loop_test(tc, names_of_a_device_that_was_read_are_the_same, 0, 3);
	tcase_add_test(tc, names_that_do_not_fit_are_said_to_be_more);
	tcase_add_test(tc, list_takes_what_the_filter_says);
	tcase_add_test(tc, list_since_is_of_the_time_and_not_of_the_order);
	tcase_add_test(tc, list_stops_when_told);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
