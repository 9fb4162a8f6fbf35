#include "config.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "scratch.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/similar.h"
#include "store/sqlite/name_run.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1000000

static char          directory[SCRATCH_SIZE];
static struct store *store; /* the importer's */
static struct store *other; /* somebody else's */
static struct error  err;

static char   faults[4096]; /* "line: detail\n" of each */
static size_t steps;

static void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_open(directory, &other, &err), &err);
	faults[0] = '\0';
	steps = 0;
}

static void
teardown(void)
{
	store_close(store);
	store_close(other);
	scratch_remove(directory);
}

static void
fault_cb(uint64_t line, const struct error *why, void *arg)
{
	size_t used = strlen(faults);

	(void)arg;
	(void)snprintf(faults + used, sizeof faults - used, "%" PRIu64 ": %.500s\n", line, why->detail);
}

static void
count_step_cb(uint64_t units, void *arg)
{
	(void)arg;
	steps += units;
}

static struct store_batch *
begin(void (*step)(uint64_t, void *))
{
	const struct store_batch_watch watch = {fault_cb, step, NULL};
	struct store_batch            *batch = NULL;

	unit_ok(store_batch_begin(store, &watch, &batch, &err), &err);
	return batch;
}

/* A device whose hash begins with the octet, with up to one name and one tag. */
static struct store_device
device(uint8_t first, char *const *name, char *const *tag)
{
	return (struct store_device){.ek_hash = {first},
	    .names = (char **)(uintptr_t)name,
	    .name_count = name != NULL,
	    .tags = (char **)(uintptr_t)tag,
	    .tag_count = tag != NULL,
	    .note = (char *)(uintptr_t)"a note",
	    .enabled = true};
}

#define TEXT(text) ((char *const[]){(char *)(uintptr_t)(text)})

static int
add(struct store_batch *batch, uint8_t first, const char *name, uint64_t line)
{
	struct store_device d = device(first, name != NULL ? TEXT(name) : NULL, TEXT("site-1"));

	return store_batch_add(batch, &d, line, &err);
}

static int
enroll(uint8_t first, const char *name)
{
	struct store_device d = device(first, name != NULL ? TEXT(name) : NULL, NULL);

	return store_device_enroll(other, &d, NOW, &err);
}

static bool
is_enrolled(uint8_t first)
{
	uint8_t             hash[STORE_HASH_SIZE] = {first};
	struct store_device found;

	if (store_device_find(other, hash, &found, &err) != 0) {
		ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
		return false;
	}
	store_device_clear(&found);
	return true;
}

static bool
count_cb(const struct store_device *d, void *arg)
{
	(void)d;
	++*(size_t *)arg;
	return true;
}

static size_t
count_enrolled(void)
{
	size_t count = 0;

	unit_ok(store_device_list(other, count_cb, &count, &err), &err);
	return count;
}

/* A number that SQL gives behind the store's back. */
static int
ask(const char *sql)
{
	return store_tamper_ask(directory, sql);
}

static int
rows_left(void)
{
	return ask("SELECT (SELECT count(*) FROM device) + (SELECT count(*) FROM name)"
	           " + (SELECT count(*) FROM tag) + (SELECT count(*) FROM batch)");
}

static bool
entry_cb(const struct audit_entry *entry, void *arg)
{
	(void)snprintf(arg, 128, "%s %s", entry->action, entry->detail);
	return true;
}

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

#define HIDDEN_NAMES \
	"SELECT count(*) FROM name JOIN device ON device.id = name.device WHERE batch IS NOT NULL"

/* Ends the process when all rows are there and none is active. */
static void
die_step_cb(uint64_t units, void *arg)
{
	(void)units;
	(void)arg;
	if (ask(HIDDEN_NAMES) == 2)
		(void)raise(SIGKILL);
}

/* Devices 1, "one", and 2, "two", of an import that was killed. */
static void
import_and_die(void)
{
	pid_t child = fork();
	int   status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct store_batch *batch;

		unit_ok(store_open(directory, &store, &err), &err);
		batch = begin(die_step_cb);
		(void)add(batch, 1, "one", 2);
		(void)add(batch, 2, "two", 3);
		(void)store_batch_commit(batch, "-", NOW, &err);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_assert_int_eq(ask(HIDDEN_NAMES), 2);
	ck_assert(!is_enrolled(1) && !is_enrolled(2));
}

START_TEST(dead_import_gives_way_to_enrolments)
{
	import_and_die();
	unit_ok(enroll(1, "mine"), &err);
	unit_ok(enroll(3, "two"), &err);
	ck_assert_int_eq(ask("SELECT count(*) FROM device"), 2);
	ck_assert_uint_eq(count_enrolled(), 2);
	ck_assert(is_enrolled(1) && is_enrolled(3));
}
END_TEST

START_TEST(dead_import_gives_way_to_the_next)
{
	struct store_batch *batch;
	uint64_t            count;

	import_and_die();
	batch = begin(NULL);
	unit_ok(add(batch, 2, "one", 2), &err);
	unit_ok(store_batch_check(batch, &count, &err), &err);
	ck_assert_uint_eq(count, 0);
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	store_batch_free(batch);
	ck_assert_int_eq(rows_left(), 3); /* device, name, tag */
	ck_assert_uint_eq(count_enrolled(), 1);
}
END_TEST

START_TEST(dead_import_is_swept_away_and_nothing_else)
{
	bool more = true;

	unit_ok(enroll(7, "seven"), &err);
	import_and_die();
	unit_ok(enroll(8, "eight"), &err);
	while (more)
		unit_ok(store_batch_sweep(other, &more, &err), &err);
	ck_assert_int_eq(rows_left(), 4);
	ck_assert(is_enrolled(7) && is_enrolled(8));
	unit_ok(store_batch_sweep(other, &more, &err), &err);
	ck_assert(!more);
}
END_TEST

/* More than one transaction takes, whatever the machine. */
START_TEST(commit_of_many_is_in_several_transactions)
{
	struct store_batch *batch = begin(count_step_cb);
	sqlite3            *watch = store_tamper_open(STORE_INVENTORY, directory);
	int                 before;
	int                 after;

	for (unsigned int i = 0; i < 9000; i++) {
		char                name[32];
		struct store_device d = device(0, TEXT(name), NULL);

		(void)snprintf(name, sizeof name, "host %u", i * 7919 % 9000);
		d.ek_hash[0] = (uint8_t)i;
		d.ek_hash[1] = (uint8_t)(i >> 8);
		unit_ok(store_batch_add(batch, &d, i + 2, &err), &err);
	}
	before = store_tamper_commits(watch);
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	after = store_tamper_commits(watch);
	ck_assert_int_eq(sqlite3_close(watch), SQLITE_OK);
	store_batch_free(batch);
	ck_assert_int_gt(after, before);
	ck_assert_uint_eq(steps, 18000);
	ck_assert_uint_eq(count_enrolled(), 9000);
	ck_assert_int_eq(ask("SELECT count(*) FROM name JOIN device ON device.id = name.device"
	                     " WHERE substr(name.name, 1, 5) = 'host '"), 9000);
}
END_TEST

/* Names enough that they do not wait for the last device. */
START_TEST(commit_of_very_many_names_is_in_several_runs)
{
	const unsigned int  devices = NAME_RUN_MAX / (STORE_DEVICE_NAMES_MAX * 250) + 10;
	struct store_batch *batch = begin(NULL);
	static char         texts[STORE_DEVICE_NAMES_MAX][250];
	char               *names[STORE_DEVICE_NAMES_MAX];

	for (unsigned int i = 0; i < devices; i++) {
		struct store_device d = {.ek_hash = {(uint8_t)i, (uint8_t)(i >> 8)},
		    .names = names,
		    .name_count = STORE_DEVICE_NAMES_MAX,
		    .enabled = true};

		for (unsigned int j = 0; j < STORE_DEVICE_NAMES_MAX; j++) {
			names[j] = texts[j];
			(void)snprintf(texts[j], sizeof texts[j], "%u-%u-%0230u", i * 7919 % devices, j, i);
		}
		unit_ok(store_batch_add(batch, &d, i + 2, &err), &err);
	}
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	store_batch_free(batch);
	ck_assert_int_eq(ask("SELECT count(*) FROM name"), (int)(devices * STORE_DEVICE_NAMES_MAX));
	ck_assert_int_eq(ask("SELECT count(*) FROM name JOIN device ON device.id = name.device"
	                     " WHERE CAST(substr(name, -230) AS INTEGER) % 256"
	                     " = instr('0123456789ABCDEF', substr(hex(ek_hash), 1, 1)) * 16 - 16"
	                     " + instr('0123456789ABCDEF', substr(hex(ek_hash), 2, 1)) - 1"),
	    (int)(devices * STORE_DEVICE_NAMES_MAX));
}
END_TEST

START_TEST(commit_without_room_leaves_nothing_that_is_seen)
{
	struct store_batch *batch = begin(NULL);
	struct rlimit       before;
	struct rlimit       limit;
	bool                more = true;

	for (unsigned int i = 0; i < 5000; i++) {
		struct store_device d = device(0, NULL, TEXT("site-1"));

		d.ek_hash[0] = (uint8_t)i;
		d.ek_hash[1] = (uint8_t)(i >> 8);
		unit_ok(store_batch_add(batch, &d, i + 2, &err), &err);
	}
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = (struct rlimit){(rlim_t)400 * 1024, before.rlim_max};
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(store_batch_commit(batch, "-", NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	store_batch_free(batch);
	ck_assert_uint_eq(count_enrolled(), 0);
	while (more)
		unit_ok(store_batch_sweep(other, &more, &err), &err);
	ck_assert_int_eq(rows_left(), 0);
	unit_ok(enroll(1, NULL), &err);
}
END_TEST

static bool
is_alive(pid_t child)
{
	siginfo_t info = {.si_pid = 0};

	return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/* Stopped at some instants, it lets others write: else they would wait until they give up. */
START_TEST(stopped_import_holds_nobody_up)
{
	pid_t child = fork();
	int   status = 0;
	int   stops = 0;
	int   before;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct store_batch *batch;

		(void)setpgid(0, 0); /* an orphaned group would not stop */
		unit_ok(store_open(directory, &store, &err), &err);
		batch = begin(NULL);
		for (unsigned int i = 0; i < 20000; i++) {
			struct store_device d = device(0, NULL, TEXT("site-1"));

			d.ek_hash[0] = (uint8_t)i;
			d.ek_hash[1] = (uint8_t)(i >> 8);
			(void)store_batch_add(batch, &d, i + 2, &err);
		}
		_exit(store_batch_commit(batch, "-", NOW, &err));
	}
	while (ask("SELECT count(*) FROM batch") == 0 && waitpid(child, &status, WNOHANG) == 0)
		continue;
	while (stops < 20 && kill(child, SIGTSTP) == 0 && waitpid(child, &status, WUNTRACED) == child &&
	    WIFSTOPPED(status)) {
		struct store_device d = device(0xff, NULL, NULL);

		d.ek_hash[2] = (uint8_t)++stops;
		unit_ok(store_device_enroll(other, &d, NOW, &err), &err);
		before = ask("SELECT max(id) FROM device");
		(void)kill(child, SIGCONT);
		/* It has gone on, and this takes a while, too: the next stop is somewhere else. */
		while (ask("SELECT max(id) FROM device") == before && is_alive(child))
			continue;
		for (int i = 0; i < stops % 8; i++)
			(void)ask("SELECT count(*) FROM device");
	}
	if (stops == 20)
		ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_gt(stops, 0);
	ck_assert_uint_eq(count_enrolled(), (size_t)stops + 20000);
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
	Suite *suite = suite_create("store_batch");
	TCase *tc = tcase_create("batch");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, commit_enrolls_all_with_everything_and_one_entry);
	tcase_add_test(tc, commit_takes_devices_off_the_waiting_list_with_what_is_known);
	tcase_add_test(tc, commit_after_a_commit_of_others_gives_a_larger_revision);
	tcase_add_test(tc, devices_are_reserved_and_invisible_until_all_are_there);
	tcase_add_test(tc, begin_while_another_imports_is_conflict);
	tcase_add_test(tc, add_refuses_what_needs_no_other);
	tcase_add_test(tc, check_names_each_collision_with_its_line);
	tcase_add_test(tc, check_names_those_that_look_alike);
	tcase_add_test(tc, check_that_allows_them_imports_names_that_look_alike);
	tcase_add_test(tc, commit_whose_name_looks_like_a_new_one_leaves_nothing);
	tcase_add_test(tc, commit_that_collides_leaves_nothing);
	tcase_add_test(tc, commit_whose_name_collides_leaves_nothing);
	tcase_add_test(tc, commit_whose_device_is_taken_away_leaves_nothing);
	tcase_add_loop_test(tc, commit_of_any_number_gives_each_its_own, 7, 18);
	tcase_add_test(tc, dead_import_gives_way_to_enrolments);
	tcase_add_test(tc, dead_import_gives_way_to_the_next);
	tcase_add_test(tc, dead_import_is_swept_away_and_nothing_else);
	tcase_add_test(tc, commit_of_many_is_in_several_transactions);
	tcase_add_test(tc, commit_of_very_many_names_is_in_several_runs);
	tcase_add_test(tc, commit_without_room_leaves_nothing_that_is_seen);
	tcase_add_test(tc, stopped_import_holds_nobody_up);
	tcase_add_test(tc, names_of_a_run_are_sorted_by_octets);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
