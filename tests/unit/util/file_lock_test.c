#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/file_lock.h"
#include "util/folder.h"

static char directory[SCRATCH_SIZE];
static char path[SCRATCH_SIZE + 16];
static struct folder folder;

static void
setup(void)
{
	struct error err = {0};

	scratch_make(directory);
	(void)snprintf(path, sizeof path, "%s/lock", directory);
	unit_ok(folder_open(directory, &folder, &err), &err);
}

static void
teardown(void)
{
	folder_close(&folder);
	scratch_remove(directory);
}

/* The number of the last ticket drawn, which the lock file begins with. */
static int64_t
last_ticket(void)
{
	int     fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t last = 0;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, &last, sizeof last), 0);
	(void)close(fd);
	return last;
}

START_TEST(open_new_file_is_private)
{
	struct file_lock lock = {.fd = -1};
	struct error      err = {0};
	struct stat       st;

	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	file_lock_close(&lock);
	file_lock_close(&lock);
}
END_TEST

START_TEST(open_symbolic_link_is_refused)
{
	struct file_lock lock = {.fd = -1};
	struct error      err = {0};

	ck_assert_int_eq(symlink("elsewhere", path), 0);
	ck_assert_int_eq(file_lock_open(&folder, "lock", &lock, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_int_eq(access("elsewhere", F_OK), -1);
}
END_TEST

START_TEST(open_fifo_or_second_name_of_a_file_is_refused)
{
	struct file_lock lock = {.fd = -1};
	struct error      err = {0};
	char              other[SCRATCH_SIZE + 16];
	char              wanted[SCRATCH_SIZE + 128];

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	(void)snprintf(wanted, sizeof wanted, "%s is no regular file; a link is not followed: put the file itself there",
	    path);
	unit_fails(file_lock_open(&folder, "lock", &lock, &err), &err, ERROR_INTERNAL, wanted);
	ck_assert_int_eq(unlink(path), 0);
	(void)snprintf(other, sizeof other, "%s/other", directory);
	unit_ok(file_create(other, "content", 7, 0600, &err), &err);
	ck_assert_int_eq(link(other, path), 0);
	(void)snprintf(wanted, sizeof wanted,
	    "%s has another name elsewhere (a hard link); put a copy in its place", path);
	unit_fails(file_lock_open(&folder, "lock", &lock, &err), &err, ERROR_INTERNAL, wanted);
}
END_TEST

START_TEST(acquire_held_by_another_is_overloaded)
{
	struct file_lock first = {.fd = -1};
	struct file_lock second = {.fd = -1};
	struct error      err = {0};
	char              wanted[512];

	unit_ok(file_lock_open(&folder, "lock", &first, &err), &err);
	unit_ok(file_lock_open(&folder, "lock", &second, &err), &err);
	unit_ok(file_lock_acquire(&first, 0, &err), &err);
	(void)snprintf(wanted, sizeof wanted,
	    "others have been writing for 0 s; run \"fuser %s\" to see who", path);
	unit_fails(file_lock_acquire(&second, 2, &err), &err, ERROR_OVERLOADED, wanted);
	file_lock_release(&first);
	/* Who gave up left no ticket behind, and release twice is harmless. */
	file_lock_release(&first);
	unit_ok(file_lock_acquire(&first, 0, &err), &err);
	file_lock_release(&first);
	unit_ok(file_lock_acquire(&second, 0, &err), &err);
	file_lock_close(&second);
	unit_ok(file_lock_acquire(&first, 0, &err), &err);
	file_lock_close(&first);
}
END_TEST

START_TEST(acquire_after_the_holder_was_killed_succeeds)
{
	struct file_lock lock = {.fd = -1};
	struct error      err = {0};
	pid_t             child = fork();
	int               status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (file_lock_open(&folder, "lock", &lock, &err) == 0 &&
		    file_lock_acquire(&lock, 1000, &err) == 0)
			(void)raise(SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	unit_ok(file_lock_acquire(&lock, 0, &err), &err);
	file_lock_close(&lock);
}
END_TEST

/* Locks or unlocks the octet of a ticket, as a writer with that ticket does. */
static void
ticket_set(int fd, off_t ticket, short type)
{
	struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = 16 + ticket, .l_len = 1};

	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &range), 0);
}

static int
open_as_another(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(acquire_alone_draws_no_ticket)
{
	struct file_lock first = {.fd = -1};
	struct file_lock second = {.fd = -1};
	struct error     err = {0};

	unit_ok(file_lock_open(&folder, "lock", &first, &err), &err);
	unit_ok(file_lock_open(&folder, "lock", &second, &err), &err);
	unit_ok(file_lock_acquire(&first, 0, &err), &err);
	ck_assert_int_eq(last_ticket(), 0);
	/* Whoever comes now draws one, and waits. */
	ck_assert_int_eq(file_lock_acquire(&second, 0, &err), -1);
	ck_assert_int_eq(last_ticket(), 1);
	file_lock_close(&first);
	file_lock_close(&second);
}
END_TEST

/* The holder sees who comes after it, whether it holds a ticket or none. */
START_TEST(holder_sees_who_waits)
{
	struct file_lock lock = {.fd = -1};
	struct error     err = {0};
	int              other;

	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	unit_ok(file_lock_acquire(&lock, 0, &err), &err);
	ck_assert(!file_lock_is_awaited(&lock));
	other = open_as_another();
	ticket_set(other, 1, F_WRLCK);
	ck_assert(file_lock_is_awaited(&lock));
	file_lock_release(&lock);
	ticket_set(other, 1, F_UNLCK);

	ticket_set(other, 9, F_WRLCK); /* one that we come before */
	unit_ok(file_lock_acquire(&lock, 0, &err), &err);
	ck_assert(file_lock_is_awaited(&lock));
	ticket_set(other, 9, F_UNLCK);
	ck_assert(!file_lock_is_awaited(&lock));
	file_lock_close(&lock);
	(void)close(other);
}
END_TEST

/* A writer with a ticket, whichever, is not overtaken, and whoever gave way to it can try again. */
START_TEST(acquire_while_a_ticket_is_held_waits)
{
	struct file_lock lock = {.fd = -1};
	struct file_lock next = {.fd = -1};
	struct error     err = {0};
	int              other;

	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	other = open_as_another();
	ticket_set(other, 1, F_WRLCK);
	ck_assert_int_eq(file_lock_acquire(&lock, 0, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_OVERLOADED);
	ticket_set(other, 1, F_UNLCK);
	/* Nor does it hold up the next writer. */
	unit_ok(file_lock_open(&folder, "lock", &next, &err), &err);
	unit_ok(file_lock_acquire(&next, 0, &err), &err);
	file_lock_release(&next);
	unit_ok(file_lock_acquire(&lock, 0, &err), &err);
	ck_assert_int_eq(last_ticket(), 2);
	file_lock_close(&next);
	file_lock_close(&lock);
	(void)close(other);
}
END_TEST

static const int64_t spoilt[] = {-1, INT64_MIN, INT64_MAX, INT64_MAX / 2};

START_TEST(acquire_spoilt_number_starts_again)
{
	struct file_lock holder = {.fd = -1};
	struct file_lock lock = {.fd = -1};
	struct error     err = {0};

	unit_ok(file_replace(path, &spoilt[_i], sizeof spoilt[_i], 0600, &err), &err);
	unit_ok(file_lock_open(&folder, "lock", &holder, &err), &err);
	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	unit_ok(file_lock_acquire(&holder, 0, &err), &err);
	ck_assert_int_eq(file_lock_acquire(&lock, 0, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_OVERLOADED);
	ck_assert_int_eq(last_ticket(), 1);
	file_lock_close(&holder);
	file_lock_close(&lock);
}
END_TEST

START_TEST(acquire_ticket_that_is_out_is_not_drawn_twice)
{
	struct file_lock lock = {.fd = -1};
	struct error     err = {0};
	int              other;

	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	other = open_as_another();
	ticket_set(other, 1, F_WRLCK);
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_int_eq(file_lock_acquire(&lock, 0, &err), -1);
	ck_assert_int_eq(last_ticket(), 2);
	file_lock_close(&lock);
	(void)close(other);
}
END_TEST

#define WAITERS 5

struct waiter {
	pthread_t thread;
	int       number;
};

static pthread_mutex_t order_mutex = PTHREAD_MUTEX_INITIALIZER;
static int             order[WAITERS];
static int             ordered;

static void *
waiter_main(void *arg)
{
	struct waiter    *waiter = arg;
	struct file_lock lock = {.fd = -1};
	struct error      err = {0};

	if (file_lock_open(&folder, "lock", &lock, &err) != 0 ||
	    file_lock_acquire(&lock, 60000, &err) != 0)
		return NULL;
	(void)pthread_mutex_lock(&order_mutex);
	order[ordered++] = waiter->number;
	(void)pthread_mutex_unlock(&order_mutex);
	file_lock_close(&lock);
	return NULL;
}

START_TEST(acquire_by_many_is_first_come_first_served)
{
	struct file_lock lock = {.fd = -1};
	struct waiter     waiters[WAITERS];
	struct error      err = {0};

	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	unit_ok(file_lock_acquire(&lock, 0, &err), &err);
	for (int i = 0; i < WAITERS; i++) {
		waiters[i].number = i;
		ck_assert_int_eq(pthread_create(&waiters[i].thread, NULL, waiter_main, &waiters[i]), 0);
		while (last_ticket() < i + 1)
			(void)sched_yield();
	}
	/* Letting go and asking again at once puts us behind all who wait. */
	file_lock_release(&lock);
	unit_ok(file_lock_acquire(&lock, 60000, &err), &err);
	(void)pthread_mutex_lock(&order_mutex);
	ck_assert_int_eq(ordered, WAITERS);
	for (int i = 0; i < WAITERS; i++)
		ck_assert_int_eq(order[i], i);
	(void)pthread_mutex_unlock(&order_mutex);
	for (int i = 0; i < WAITERS; i++)
		ck_assert_int_eq(pthread_join(waiters[i].thread, NULL), 0);
	file_lock_close(&lock);
}
END_TEST

/* Whoever draws a ticket holds the gate for a moment; one that is stopped meanwhile holds it for long. */
START_TEST(acquire_while_the_gate_is_held_is_overloaded)
{
	struct file_lock lock = {.fd = -1};
	struct flock     all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	AUTO_FREE char  *name = file_join(directory, "lock");
	struct error     err = {0};
	int              fd;

	unit_ok(file_lock_open(&folder, "lock", &lock, &err), &err);
	ck_assert_int_ge(fd = open(name, O_RDWR | O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &all), 0);
	ck_assert_int_eq(file_lock_acquire(&lock, 2, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_OVERLOADED);
	ck_assert_int_eq(close(fd), 0);
	unit_ok(file_lock_acquire(&lock, 0, &err), &err);
	file_lock_release(&lock);
	file_lock_close(&lock);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_lock");
	TCase *tc = tcase_create("store_lock");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_new_file_is_private);
	tcase_add_test(tc, open_symbolic_link_is_refused);
	tcase_add_test(tc, open_fifo_or_second_name_of_a_file_is_refused);
	tcase_add_test(tc, acquire_held_by_another_is_overloaded);
	tcase_add_test(tc, acquire_after_the_holder_was_killed_succeeds);
	tcase_add_test(tc, acquire_alone_draws_no_ticket);
	tcase_add_test(tc, holder_sees_who_waits);
	tcase_add_test(tc, acquire_while_a_ticket_is_held_waits);
	tcase_add_loop_test(tc, acquire_spoilt_number_starts_again, 0,
	    sizeof spoilt / sizeof spoilt[0]);
	tcase_add_test(tc, acquire_ticket_that_is_out_is_not_drawn_twice);
	tcase_add_test(tc, acquire_by_many_is_first_come_first_served);
	tcase_add_test(tc, acquire_while_the_gate_is_held_is_overloaded);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
