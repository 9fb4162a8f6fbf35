/* An import: what it enrolls, what it refuses, and what others see of it meanwhile. */
#include "config.h"

#include "batch_world.h"

START_TEST(commit_enrolls_all_with_everything_and_one_entry)
{
	struct store_batch *batch = begin(count_step_cb);
	struct store_device disabled = device(9, TEXT("nine"), TEXT("site-9"));
	struct store_device found;
	char                entry[128] = "";
	struct audit_filter all = {0};
	uint64_t            count;

	disabled.enabled = false;
	unit_ok(add(batch, 200, "two hundred", 2), &err);
	unit_ok(store_batch_add(batch, &disabled, 3, &err), &err);
	unit_ok(add(batch, 1, NULL, 4), &err);
	unit_ok(store_batch_check(batch, &count, &err), &err);
	ck_assert_uint_eq(count, 0);
	ck_assert_uint_eq(steps, 5);
	ck_assert_uint_eq(count_enrolled(), 0);
	unit_ok(store_batch_commit(batch, "fleet.csv", NOW, &err), &err);
	ck_assert_uint_eq(steps, 10);
	ck_assert_uint_eq(store_batch_count(batch), 3);
	ck_assert_uint_eq(store_batch_units(batch), 5);
	store_batch_free(batch);

	ck_assert_uint_eq(count_enrolled(), 3);
	ck_assert_int_eq(ask("SELECT count(*) FROM batch"), 0);
	unit_ok(store_device_resolve(other, "nine", &found, &err), &err);
	ck_assert_uint_eq(found.ek_hash[0], 9);
	ck_assert(!found.enabled);
	ck_assert_int_eq(found.enrolled, NOW);
	ck_assert_str_eq(found.note, "a note");
	ck_assert_uint_eq(found.tag_count, 1);
	ck_assert_str_eq(found.tags[0], "site-9");
	store_device_clear(&found);
	unit_ok(store_audit_list(other, &all, entry_cb, entry, &err), &err);
	ck_assert_str_eq(entry, "import 3 devices from fleet.csv");
	ck_assert_int_eq(ask("SELECT count(*) FROM audit"), 1);
}
END_TEST

START_TEST(commit_takes_devices_off_the_waiting_list_with_what_is_known)
{
	struct store_batch *batch = begin(NULL);

	(void)ask("INSERT INTO waiting (ek_hash, denied, verdict, reason, manufacturer, model, version,"
	          " root, peer, source, first_seen, last_seen, times)"
	          " SELECT hash, 0, 'absent', '', 'id:1234', '', '', x'', '', '', 1, 77, 1 FROM"
	          " (SELECT x'0500000000000000000000000000000000000000000000000000000000000000' AS hash"
	          " UNION SELECT x'0600000000000000000000000000000000000000000000000000000000000000')");
	unit_ok(add(batch, 5, NULL, 2), &err);
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	store_batch_free(batch);
	ck_assert_int_eq(ask("SELECT count(*) FROM waiting"), 1);
	ck_assert_int_eq(ask("SELECT hex(substr(ek_hash, 1, 1)) = '06' FROM waiting"), 1);
	ck_assert_int_eq(ask("SELECT checked FROM ek_certificate WHERE manufacturer = 'id:1234'"), 77);
}
END_TEST

START_TEST(commit_after_a_commit_of_others_gives_a_larger_revision)
{
	struct store_batch *batch = begin(NULL);
	struct store_device first;
	struct store_device second;

	unit_ok(enroll(1, NULL), &err);
	unit_ok(add(batch, 2, NULL, 2), &err);
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	store_batch_free(batch);
	unit_ok(enroll(3, NULL), &err);
	unit_ok(store_device_find(other, (uint8_t[STORE_HASH_SIZE]){2}, &first, &err), &err);
	unit_ok(store_device_find(other, (uint8_t[STORE_HASH_SIZE]){3}, &second, &err), &err);
	ck_assert_int_eq(first.revision, 2);
	ck_assert_int_eq(second.revision, 3);
	store_device_clear(&first);
	store_device_clear(&second);
}
END_TEST

/* Called last when all rows are there and none is active. */
static void
look_step_cb(uint64_t units, void *arg)
{
	struct store_certificate certificate = {.serial = {1}, .serial_size = 1, .ek_hash = {1},
	    .ak_name = {1}, .ak_name_size = 1};
	bool                     more;

	(void)arg;
	(void)units;
	if (ask("SELECT count(*) FROM device") != 2 || ask("SELECT count(*) FROM name") != 2)
		return;
	steps++;
	ck_assert(!is_enrolled(1));
	ck_assert_uint_eq(count_enrolled(), 0);
	ck_assert_int_eq(store_certificate_add(other, &certificate, 1, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	ck_assert_int_eq(store_device_remove(other, certificate.ek_hash, NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
	unit_fails(enroll(1, NULL), &err, ERROR_CONFLICT,
	    "an import that is under way has EK"
	    " 0100000000000000000000000000000000000000000000000000000000000000; try again when it is"
	    " done");
	unit_fails(enroll(3, "two"), &err, ERROR_CONFLICT,
	    "an import that is under way has name \"two\"; choose another name, or try again when it"
	    " is done");
	unit_ok(store_batch_sweep(other, &more, &err), &err);
	ck_assert(!more);
	ck_assert_int_eq(ask("SELECT count(*) FROM device"), 2);
	unit_ok(enroll(4, "four"), &err);
}

START_TEST(devices_are_reserved_and_invisible_until_all_are_there)
{
	struct store_batch *batch = begin(look_step_cb);

	unit_ok(add(batch, 1, "one", 2), &err);
	unit_ok(add(batch, 2, "two", 3), &err);
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	store_batch_free(batch);
	ck_assert_uint_eq(steps, 1);
	ck_assert_uint_eq(count_enrolled(), 3);
}
END_TEST

START_TEST(begin_while_another_imports_is_conflict)
{
	const struct store_batch_watch watch = {NULL, NULL, NULL};
	struct store_batch            *first = begin(NULL);
	struct store_batch            *second = NULL;
	char                           wanted[SCRATCH_SIZE + 128];

	(void)snprintf(wanted, sizeof wanted,
	    "another import is under way; wait for its end, or run \"fuser %s/import.lock\" to see"
	    " whose it is", directory);
	unit_fails(store_batch_begin(other, &watch, &second, &err), &err, ERROR_CONFLICT, wanted);
	store_batch_free(first);
	unit_ok(store_batch_begin(other, &watch, &second, &err), &err);
	store_batch_free(second);
	store_batch_free(NULL);
}
END_TEST

START_TEST(add_refuses_what_needs_no_other)
{
	struct store_batch *batch = begin(NULL);

	unit_fails(add(batch, 1, "a/b", 2), &err, ERROR_MALFORMED,
	    "name 1: an identifier cannot hold a \"/\"");
	unit_fails(add(batch, 1, "a\xe2\x80\x8b" "b", 2), &err, ERROR_MALFORMED,
	    "octet 2 of the name begins a character that cannot be seen, U+200B");
	unit_ok(add(batch, 1, "sha256:01", 2), &err);
	unit_fails(add(batch, 1,
	               "sha256:0200000000000000000000000000000000000000000000000000000000000000", 3),
	    &err, ERROR_CONFLICT,
	    "name \"sha256:0200000000000000000000000000000000000000000000000000000000000000\" is the"
	    " hash of another EK; choose another name");
	ck_assert_uint_eq(store_batch_count(batch), 1);
	store_batch_free(batch);
}
END_TEST

/* A device whose texts tell which it is, with as many names and tags as that. */
static void
assert_as_numbered(uint8_t number)
{
	struct store_device found;
	char                wanted[32];

	unit_ok(store_device_find(other, (uint8_t[STORE_HASH_SIZE]){number}, &found, &err), &err);
	ck_assert_uint_eq(found.name_count, number % 4);
	ck_assert_uint_eq(found.tag_count, number % 5);
	(void)snprintf(wanted, sizeof wanted, "note %u", number);
	ck_assert_str_eq(found.note, wanted);
	ck_assert_int_eq(found.enabled, number % 3 != 0);
	for (unsigned i = 0; i < number % 4U; i++) {
		(void)snprintf(wanted, sizeof wanted, "n%u-%u", i, number);
		ck_assert_str_eq(found.names[i], wanted);
	}
	for (unsigned i = 0; i < number % 5U; i++) {
		(void)snprintf(wanted, sizeof wanted, "t%u-%u", i, number);
		ck_assert_str_eq(found.tags[i], wanted);
	}
	store_device_clear(&found);
}

static void
add_numbered(struct store_batch *batch, uint8_t number)
{
	char                names[4][32];
	char                tags[5][32];
	char               *name_list[4];
	char               *tag_list[5];
	char                note[32];
	struct store_device d = device(number, NULL, NULL);

	for (unsigned i = 0; i < 4; i++) {
		(void)snprintf(names[i], sizeof names[i], "n%u-%u", i, number);
		name_list[i] = names[i];
	}
	for (unsigned i = 0; i < 5; i++) {
		(void)snprintf(tags[i], sizeof tags[i], "t%u-%u", i, number);
		tag_list[i] = tags[i];
	}
	(void)snprintf(note, sizeof note, "note %u", number);
	d.names = name_list;
	d.name_count = number % 4;
	d.tags = tag_list;
	d.tag_count = number % 5;
	d.note = note;
	d.enabled = number % 3 != 0;
	unit_ok(store_batch_add(batch, &d, number, &err), &err);
}

/* Rows are written eight at a time: of every number of devices each has what is its own. */
START_TEST(commit_of_any_number_gives_each_its_own)
{
	struct store_batch *batch = begin(NULL);
	uint8_t             count = (uint8_t)_i;
	uint64_t            faulty;

	for (uint8_t number = 1; number <= count; number++)
		add_numbered(batch, number);
	unit_ok(store_batch_check(batch, &faulty, &err), &err);
	ck_assert_uint_eq(faulty, 0);
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	store_batch_free(batch);
	ck_assert_uint_eq(count_enrolled(), count);
	for (uint8_t number = 1; number <= count; number++)
		assert_as_numbered(number);
}
END_TEST

/* Hashes that only differ at their end are others, wherever they are among those of the same beginning. */
START_TEST(check_tells_hashes_of_the_same_beginning_apart)
{
	static const uint8_t ends[] = {1, 2, 1, 3, 0xff, 2};
	struct store_batch  *batch = begin(NULL);
	uint64_t             count;

	for (size_t i = 0; i < sizeof ends; i++) {
		struct store_device d = {.ek_hash = {0xab}, .enabled = true};

		d.ek_hash[STORE_HASH_SIZE - 1] = ends[i];
		unit_ok(store_batch_add(batch, &d, i + 2, &err), &err);
	}
	unit_ok(store_batch_check(batch, &count, &err), &err);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(faults,
	    "4: EK ab00000000000000000000000000000000000000000000000000000000000001 is on line 2 already\n"
	    "7: EK ab00000000000000000000000000000000000000000000000000000000000002 is on line 3 already\n");
	store_batch_free(batch);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("batch");
	TCase *tc = tcase_create("batch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, check_tells_hashes_of_the_same_beginning_apart);
	tcase_add_test(tc, commit_enrolls_all_with_everything_and_one_entry);
	tcase_add_test(tc, commit_takes_devices_off_the_waiting_list_with_what_is_known);
	tcase_add_test(tc, commit_after_a_commit_of_others_gives_a_larger_revision);
	tcase_add_test(tc, devices_are_reserved_and_invisible_until_all_are_there);
	tcase_add_test(tc, begin_while_another_imports_is_conflict);
	tcase_add_test(tc, add_refuses_what_needs_no_other);
	tcase_add_loop_test(tc, commit_of_any_number_gives_each_its_own, 7, 18);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
