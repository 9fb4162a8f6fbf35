/* An import whose transactions are shorter while others wait to write. */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "batch_world.h"
#include "util/clock.h"

#define DEVICES 200U

/* A clock that goes on by a millisecond whenever somebody looks. */
int64_t __wrap_clock_monotonic_ms(void);

int64_t
__wrap_clock_monotonic_ms(void)
{
	static int64_t now;

	return ++now;
}

static size_t transactions;

static void
transaction_cb(uint64_t units, void *arg)
{
	(void)arg;
	transactions += units != 0;
}

/* How many transactions it takes to write the devices, each with a name if `named`. */
static size_t
import(bool named)
{
	struct store_batch *batch = begin(transaction_cb);

	for (unsigned int i = 0; i < DEVICES; i++) {
		char                name[32];
		struct store_device d = device((uint8_t)i, named ? TEXT(name) : NULL, NULL);

		(void)snprintf(name, sizeof name, "host %u", i);
		unit_ok(store_batch_add(batch, &d, i + 2, &err), &err);
	}
	transactions = 0;
	unit_ok(store_batch_commit(batch, "-", NOW, &err), &err);
	store_batch_free(batch);
	ck_assert_uint_eq(count_enrolled(), DEVICES);
	return transactions;
}

/* A writer who waits behind everybody: its ticket is one that nobody else draws. */
static int
wait_behind_all(void)
{
	AUTO_FREE char *path = file_join(directory, "store.lock");
	struct flock    ticket = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = INT64_MAX / 4, .l_len = 1};
	int             fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &ticket), 0);
	return fd;
}

/* A transaction takes 25 ms, and 8 when somebody waits: a row takes one here. Names have their own. */
START_TEST(commit_gives_way_to_who_waits)
{
	bool awaited = _i >= 2;
	bool named = _i % 2 != 0;
	int  fd = awaited ? wait_behind_all() : -1;

	ck_assert_uint_eq(import(named), (named ? 2U : 1U) * DEVICES / (awaited ? 8U : 25U));
	if (awaited)
		(void)close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("batch_yield");
	TCase *tc = tcase_create("batch_yield");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, commit_gives_way_to_who_waits, 0, 4);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
