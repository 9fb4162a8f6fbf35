/* attest-ca export: which devices, in which format, to which kind of file, and what is left when it fails. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "admin/commands.h"
#include "command_answer.h"
#include "store/inventory/device.h"
#include "store_fixture.h"
#include "util/bytes.h"
#include "util/file.h"

#define ZEROS  "000000000000000000000000000000000000000000000000000000000000"
#define HEADER "ek_hash,name,note,tags,enabled"
#define ONE    "0100" ZEROS ",desk,,lab,true"
#define TWO    "0200" ZEROS ",,,,true"

#define RUN(wanted, ...) answer_run(&attest_ca_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))
#define SAYS(text) ck_assert_msg(strstr(answered.err, text) != NULL, "%s", answered.err)

static char  beside[SCRATCH_SIZE];
static char *path; /* where nothing is, outside the state directory */

/* Device 1, "desk", with a tag, and 2 without a name. */
static void
setup_devices(void)
{
	char               *names[] = {(char[]){"desk"}};
	char               *tags[] = {(char[]){"lab"}};
	struct store_device device = {.ek_hash = {1}, .names = names, .name_count = 1, .tags = tags, .tag_count = 1};

	setup();
	unit_ok(store_device_enroll(store, &device, 60, &err), &err);
	device = (struct store_device){.ek_hash = {2}};
	unit_ok(store_device_enroll(store, &device, 60, &err), &err);
	scratch_make(beside);
	path = file_join(beside, "devices.csv");
}

static void
teardown_devices(void)
{
	free(path);
	scratch_remove(beside);
	teardown();
}

static void
remove_first(void)
{
	const uint8_t hash[STORE_HASH_SIZE] = {1};

	unit_ok(store_device_remove(store, hash, 61, &err), &err);
}

static void
assert_file(const char *name, const char *wanted)
{
	AUTO_BYTES text = {0};

	unit_ok(file_read(name, 4096, &text, &err), &err);
	bytes_append_u8(&text, '\0');
	ck_assert_str_eq((const char *)text.data, wanted);
}

/* ---- what is written ---- */

START_TEST(export_writes_all_devices_as_csv)
{
	ck_assert_str_eq(RUN(0, "export"), HEADER "\n" ONE "\n" TWO "\n");
	ck_assert_str_eq(RUN(0, "export", "--output", "-"), HEADER "\n" ONE "\n" TWO "\n");
}
END_TEST

START_TEST(export_jsonl_has_a_line_for_each)
{
	ck_assert_str_eq(RUN(0, "export", "--format", "jsonl", "--name", "d*"),
	    "{\"ek_hash\":\"0100" ZEROS "\",\"name\":[\"desk\"],\"note\":\"\",\"tags\":[\"lab\"],\"enabled\":true}\n");
}
END_TEST

START_TEST(export_of_all_has_the_tombstones)
{
	remove_first();
	ck_assert_ptr_eq(strstr(RUN(0, "export"),
	    HEADER ",removed,removed_by,removed_reason\n" TWO ",,,\n0100" ZEROS ",desk,,,,1970-01-01T00:01:01Z,"),
	    answered.out);
}
END_TEST

static const char *const selections[][2] = {{"--tag", "lab"}, {"--name", "*"}, {"--unseen", "1"}, {"--never-seen", NULL}};

/* A selection is no inventory: what was removed is not part of it. */
START_TEST(export_of_a_selection_has_no_tombstones)
{
	remove_first();
	ck_assert_str_eq(RUN(0, "export", selections[_i][0], selections[_i][1]),
	    _i == 3 ? HEADER "\n" TWO "\n" : HEADER "\n");
}
END_TEST

/* ---- to a file ---- */

START_TEST(export_to_a_file_says_how_many)
{
	struct stat st;
	char        wanted[2 * SCRATCH_SIZE];

	(void)snprintf(wanted, sizeof wanted, "wrote 2 devices to %s\n", path);
	ck_assert_str_eq(RUN(0, "export", "-o", path), wanted);
	assert_file(path, HEADER "\n" ONE "\n" TWO "\n");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777U, 0600);
	remove_first();
	(void)snprintf(wanted, sizeof wanted, "wrote 1 device and 1 removed EK to %s\n", path);
	ck_assert_str_eq(RUN(0, "export", "-o", path), wanted);
}
END_TEST

START_TEST(export_json_tells_the_numbers)
{
	json_t     *json;
	const char *file = NULL;
	int         devices = 0;
	int         removed = 0;

	remove_first();
	json = answer_run_json(&attest_ca_program, directory, 0, ANSWER_WORDS("export", "-o", path, "--json"));
	ck_assert_int_eq(json_unpack(json, "{s:i, s:i, s:s!}", "devices", &devices, "removed", &removed, "file", &file), 0);
	ck_assert_int_eq(devices, 1);
	ck_assert_int_eq(removed, 1);
	ck_assert_str_eq(file, path);
	json_decref(json);
	(void)RUN(2, "export", "--json");
	SAYS("for JSON give --format jsonl, and --json with --output");
	(void)RUN(2, "export", "--json", "-o", "-");
}
END_TEST

START_TEST(export_through_a_link_leaves_the_link)
{
	AUTO_FREE char *link = file_join(beside, "link");
	struct stat     st;

	ck_assert_int_eq(symlink("devices.csv", link), 0);
	unit_ok(file_replace(path, "old", 3, 0600, &err), &err);
	(void)RUN(0, "export", "-o", link);
	ck_assert_int_eq(lstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	assert_file(path, HEADER "\n" ONE "\n" TWO "\n");
}
END_TEST

/* It stays a device, and is told like a file. */
START_TEST(export_to_a_device_writes_to_it)
{
	struct stat st;

	ck_assert_str_eq(RUN(0, "export", "-o", "/dev/null"), "wrote 2 devices to /dev/null\n");
	ck_assert_int_eq(stat("/dev/null", &st), 0);
	ck_assert(S_ISCHR(st.st_mode));
}
END_TEST

/* ---- failures ---- */

START_TEST(export_to_a_device_that_is_full_is_an_error)
{
	if (access("/dev/full", W_OK) != 0)
		return;
	ck_assert_str_eq(RUN(1, "export", "-o", "/dev/full"), "");
	SAYS("writing /dev/full: No space left on device");
}
END_TEST

START_TEST(export_to_a_directory_is_an_error)
{
	(void)RUN(1, "export", "--output", beside);
	SAYS("opening ");
	SAYS("Is a directory");
}
END_TEST

START_TEST(export_into_the_state_directory_is_refused)
{
	AUTO_FREE char *inside = file_join(directory, "devices.csv");

	(void)RUN(1, "export", "-o", inside);
	SAYS(inside);
	ck_assert_int_ne(access(inside, F_OK), 0);
}
END_TEST

/* What was there stays. */
START_TEST(export_that_fails_leaves_the_file_as_it_was)
{
	AUTO_FREE char *database = file_join(directory, "store.db");

	unit_ok(file_replace(path, "old", 3, 0600, &err), &err);
	(void)RUN(2, "export", "-o", path, "--unseen", "soon");
	SAYS("--unseen: ");
	assert_file(path, "old");
	store_close(store);
	store = NULL;
	ck_assert_int_eq(unlink(database), 0);
	(void)RUN(1, "export", "-o", path);
	assert_file(path, "old");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("export");
	TCase *tc = tcase_create("export");

	tcase_add_checked_fixture(tc, setup_devices, teardown_devices);
	tcase_add_test(tc, export_writes_all_devices_as_csv);
	tcase_add_test(tc, export_jsonl_has_a_line_for_each);
	tcase_add_test(tc, export_of_all_has_the_tombstones);
	tcase_add_loop_test(tc, export_of_a_selection_has_no_tombstones, 0, 4);
	tcase_add_test(tc, export_to_a_file_says_how_many);
	tcase_add_test(tc, export_json_tells_the_numbers);
	tcase_add_test(tc, export_through_a_link_leaves_the_link);
	tcase_add_test(tc, export_to_a_device_writes_to_it);
	tcase_add_test(tc, export_to_a_device_that_is_full_is_an_error);
	tcase_add_test(tc, export_to_a_directory_is_an_error);
	tcase_add_test(tc, export_into_the_state_directory_is_refused);
	tcase_add_test(tc, export_that_fails_leaves_the_file_as_it_was);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
