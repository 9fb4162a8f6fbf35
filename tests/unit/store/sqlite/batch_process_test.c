/* Imports that die, stop, find no room, or take several transactions. */
#include "config.h"

#include "batch_world.h"

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

int
main(void)
{
	Suite *suite = suite_create("batch_process");
	TCase *tc = tcase_create("batch_process");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, dead_import_gives_way_to_enrolments);
	tcase_add_test(tc, dead_import_gives_way_to_the_next);
	tcase_add_test(tc, dead_import_is_swept_away_and_nothing_else);
	tcase_add_test(tc, commit_of_many_is_in_several_transactions);
	tcase_add_test(tc, commit_of_very_many_names_is_in_several_runs);
	tcase_add_test(tc, commit_without_room_leaves_nothing_that_is_seen);
	tcase_add_test(tc, stopped_import_holds_nobody_up);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
