/* Names that collide or look alike: found before the commit, or it leaves nothing. */
#include "config.h"

#include "batch_world.h"

START_TEST(check_names_each_collision_with_its_line)
{
	struct store_batch *batch;
	uint64_t            count;

	unit_ok(enroll(1, "taken"), &err);
	batch = begin(NULL);
	unit_ok(add(batch, 2, "two", 2), &err);
	unit_ok(add(batch, 1, NULL, 3), &err);
	unit_ok(add(batch, 3, "taken", 4), &err);
	unit_ok(add(batch, 2, "another", 5), &err);
	unit_ok(add(batch, 5, "two", 6), &err);
	unit_ok(add(batch, 6, "good", 7), &err);
	unit_ok(store_batch_check(batch, &count, &err), &err);
	ck_assert_uint_eq(count, 4);
	ck_assert_str_eq(faults,
	    "3: EK 0100000000000000000000000000000000000000000000000000000000000000 is enrolled"
	    " already; see \"attest-ca show 0100000000000000000000000000000000000000000000000000000000"
	    "000000\"\n"
	    "5: EK 0200000000000000000000000000000000000000000000000000000000000000 is on line 2"
	    " already\n"
	    "4: name \"taken\" belongs to device 01000000000000000000000000000000000000000000000000000"
	    "00000000000; when this is the EK of its new mainboard, run \"attest-ca replace"
	    " 0100000000000000000000000000000000000000000000000000000000000000"
	    " 0300000000000000000000000000000000000000000000000000000000000000\"; else choose another"
	    " name, or remove that device\n"
	    "6: name \"two\" is on line 2 already\n");
	store_batch_free(batch);
	ck_assert_uint_eq(count_enrolled(), 1);
}
END_TEST

START_TEST(check_names_those_that_look_alike)
{
	struct store_batch *batch = begin(NULL);
	uint64_t            count;

	unit_ok(enroll(1, "Web"), &err);
	unit_ok(add(batch, 2, "web", 2), &err);
	unit_ok(add(batch, 3, "pc-l", 3), &err);
	unit_ok(add(batch, 4, "PC-1", 4), &err);
	unit_ok(add(batch, 5, "pc-2", 5), &err);
	unit_ok(store_batch_check(batch, &count, &err), &err);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(faults,
	    "3: name \"pc-l\" looks like \"PC-1\" on line 4; choose another name, or allow it with"
	    " --similar-names warn\n"
	    "2: name \"web\" looks like \"Web\" of device"
	    " 0100000000000000000000000000000000000000000000000000000000000000; choose another name, or"
	    " allow it with --similar-names warn\n");
	store_batch_free(batch);
	ck_assert_uint_eq(count_enrolled(), 1);
}
END_TEST

static void
similar_cb(const char *name, const struct store_similar *similar, void *arg)
{
	(void)arg;
	(void)snprintf(faults + strlen(faults), sizeof faults - strlen(faults), "%s: %s\n", name,
	    similar->name);
}

START_TEST(check_that_allows_them_imports_names_that_look_alike)
{
	struct store_batch *batch = begin(NULL);
	uint64_t            count;

	store_similar_allow(store, similar_cb, NULL);
	unit_ok(enroll(1, "Web"), &err);
	unit_ok(add(batch, 2, "web", 2), &err);
	unit_ok(add(batch, 3, "pc-l", 3), &err);
	unit_ok(add(batch, 4, "PC-1", 4), &err);
	unit_ok(store_batch_check(batch, &count, &err), &err);
	ck_assert_uint_eq(count, 0);
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	ck_assert_str_eq(faults, "pc-l: PC-1\nweb: Web\n");
	store_batch_free(batch);
	ck_assert_uint_eq(count_enrolled(), 4);
}
END_TEST

START_TEST(commit_whose_name_looks_like_a_new_one_leaves_nothing)
{
	struct store_batch *batch = begin(NULL);
	uint64_t            count;

	unit_ok(add(batch, 1, "one", 2), &err);
	unit_ok(add(batch, 2, "two", 3), &err);
	unit_ok(store_batch_check(batch, &count, &err), &err);
	unit_ok(enroll(3, "TWO"), &err);
	unit_fails(store_batch_commit(batch, "-", NOW, &err), &err, ERROR_CONFLICT,
	    "name \"two\" looks like \"TWO\" of device"
	    " 0300000000000000000000000000000000000000000000000000000000000000; choose another name, or"
	    " allow it with --similar-names warn");
	store_batch_free(batch);
	ck_assert_int_eq(rows_left(), 2);
}
END_TEST

START_TEST(commit_that_collides_leaves_nothing)
{
	struct store_batch *batch = begin(NULL);

	unit_ok(add(batch, 1, "one", 2), &err);
	unit_ok(add(batch, 2, "two", 3), &err);
	unit_ok(enroll(2, "mine"), &err); /* behind the check's back */
	unit_fails(store_batch_commit(batch, "-", NOW, &err), &err, ERROR_CONFLICT,
	    "line 3: EK 0200000000000000000000000000000000000000000000000000000000000000 is enrolled"
	    " already; see \"attest-ca show"
	    " 0200000000000000000000000000000000000000000000000000000000000000\"");
	store_batch_free(batch);
	ck_assert_int_eq(rows_left(), 2);
	unit_ok(enroll(1, "one"), &err);
}
END_TEST

START_TEST(commit_whose_name_collides_leaves_nothing)
{
	struct store_batch *batch = begin(NULL);

	unit_ok(add(batch, 1, "one", 2), &err);
	unit_ok(add(batch, 2, "two", 3), &err);
	unit_ok(enroll(3, "two"), &err);
	unit_fails(store_batch_commit(batch, "-", NOW, &err), &err, ERROR_CONFLICT,
	    "name \"two\" belongs to device"
	    " 0300000000000000000000000000000000000000000000000000000000000000; when this is the EK of"
	    " its new mainboard, run \"attest-ca replace"
	    " 0300000000000000000000000000000000000000000000000000000000000000"
	    " 0200000000000000000000000000000000000000000000000000000000000000\"; else choose another"
	    " name, or remove that device");
	store_batch_free(batch);
	ck_assert_int_eq(rows_left(), 2);
}
END_TEST

/* Takes the first device away when all are there without names, as nobody does while the import lives. */
static void
take_away_step_cb(uint64_t units, void *arg)
{
	(void)units;
	(void)arg;
	if (ask("SELECT count(*) FROM device") == 10 && ask("SELECT count(*) FROM name") == 0)
		ck_assert_int_eq(store_tamper_try(STORE_INVENTORY, directory,
		                     "PRAGMA foreign_keys = ON; DELETE FROM device WHERE id = 1"), SQLITE_OK);
}

START_TEST(commit_whose_device_is_taken_away_leaves_nothing)
{
	struct store_batch *batch = begin(take_away_step_cb);
	char                name[16];

	for (uint8_t i = 1; i <= 10; i++) {
		(void)snprintf(name, sizeof name, "host-%u", i);
		unit_ok(add(batch, i, name, i), &err);
	}
	unit_fails(store_batch_commit(batch, "-", NOW, &err), &err, ERROR_CONFLICT,
	    "importing a name: its device was taken away meanwhile; nothing was imported");
	store_batch_free(batch);
	ck_assert_int_eq(rows_left(), 0);
	unit_ok(enroll(1, "host-1"), &err);
	ck_assert_int_eq(store_tamper_try(STORE_INVENTORY, directory,
	                     "PRAGMA foreign_keys = ON; DELETE FROM device"), SQLITE_OK);
	ck_assert_int_eq(rows_left(), 0);
}
END_TEST

START_TEST(names_of_a_run_are_sorted_by_octets)
{
	static const char *const names[] = {"b", "", "a b", "\xc3\xa9", "a", "B"};
	static const char *const sorted[] = {"", "B", "a", "a b", "b", "\xc3\xa9"};
	struct name_run          run = {0};

	name_run_sort(&run);
	for (uint32_t i = 0; i < 6; i++)
		name_run_add(&run, names[i], 10 + i, i);
	name_run_sort(&run);
	ck_assert_uint_eq(name_run_count(&run), 6);
	for (size_t i = 0; i < 6; i++)
		ck_assert_str_eq(name_run_text(&run, i), sorted[i]);
	ck_assert_int_eq(name_run_at(&run, 1)->device, 15);
	ck_assert_uint_eq(name_run_at(&run, 1)->position, 5);
	ck_assert(!name_run_is_full(&run));
	name_run_reset(&run);
	ck_assert_uint_eq(name_run_count(&run), 0);
	name_run_clear(&run);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("batch_names");
	TCase *tc = tcase_create("batch_names");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, check_names_each_collision_with_its_line);
	tcase_add_test(tc, check_names_those_that_look_alike);
	tcase_add_test(tc, check_that_allows_them_imports_names_that_look_alike);
	tcase_add_test(tc, commit_whose_name_looks_like_a_new_one_leaves_nothing);
	tcase_add_test(tc, commit_that_collides_leaves_nothing);
	tcase_add_test(tc, commit_whose_name_collides_leaves_nothing);
	tcase_add_test(tc, commit_whose_device_is_taken_away_leaves_nothing);
	tcase_add_test(tc, names_of_a_run_are_sorted_by_octets);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
