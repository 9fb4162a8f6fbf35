/*
 * Landlock by itself: what it leaves, what it takes, and kernels of which a part is missing. The
 * program is linked so that its system calls by syscall(2) come here.
 */
#include "config.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/landlock.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"

#define CREATE   444
#define ADD      445
#define RESTRICT 446

/* What the kernel plays. */
static struct {
	bool   plays;
	long   version;
	long   fails;    /* the call that fails */
	int    ruleset;  /* what it hands out as one */
	size_t size;     /* of the rules as they came */
	uint64_t allowed; /* by the last rule */
	unsigned restricted;
} kernel;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Of Landlock's calls; at most four arguments. */
long
__wrap_syscall(long number, ...)
{
	va_list args;
	void   *a[4];

	va_start(args, number);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(args, void *);
	va_end(args);
	if (!kernel.plays || number < CREATE || number > RESTRICT)
		return __real_syscall(number, a[0], a[1], a[2], a[3]);
	if (number == CREATE && a[0] == NULL)
		return kernel.version;
	if (number == CREATE)
		kernel.size = (size_t)(uintptr_t)a[1];
	if (number == ADD)
		memcpy(&kernel.allowed, a[2], sizeof kernel.allowed); /* which is its first field */
	if (number == kernel.fails) {
		errno = EPERM;
		return -1;
	}
	if (number == CREATE)
		return kernel.ruleset = dup(STDIN_FILENO);
	kernel.restricted += number == RESTRICT;
	return 0;
}

/* Whether what was handed out is still open. */
static bool
ruleset_is_open(void)
{
	return fcntl(kernel.ruleset, F_GETFD) >= 0;
}

START_TEST(enter_of_a_kernel_without_it_does_nothing)
{
	struct error err = {0};

	kernel.plays = true;
	kernel.version = -1;
	unit_ok(landlock_enter(0, NULL, 0, &err), &err);
	ck_assert_int_eq(landlock_version(), 0);
	kernel.version = 3; /* knows of files alone */
	unit_ok(landlock_enter(LANDLOCK_LEAVE_FILES, NULL, 0, &err), &err);
	ck_assert_uint_eq(kernel.restricted, 0);
}
END_TEST

/* The rules grow with the versions; a kernel refuses what it does not know. */
START_TEST(enter_tells_a_kernel_what_it_knows)
{
	static const struct {
		long   version;
		size_t size;
	} sizes[] = {{1, 8}, {3, 8}, {4, 16}, {5, 16}, {6, 24}, {99, 24}};
	struct error err = {0};

	kernel.plays = true;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		kernel.version = sizes[i].version;
		unit_ok(landlock_enter(0, NULL, 0, &err), &err);
		ck_assert_uint_eq(kernel.size, sizes[i].size);
		ck_assert_uint_eq(kernel.restricted, i + 1);
		ck_assert(!ruleset_is_open());
	}
}
END_TEST

#define EXECUTE    UINT64_C(1)
#define WRITE_FILE UINT64_C(2)
#define READ_FILE  UINT64_C(4)
#define TRUNCATE   UINT64_C(0x4000) /* version 3 */
#define IOCTL      UINT64_C(0x8000) /* version 5 */

/* What a rule about a file allows, of what a kernel of that version knows. */
static const struct {
	long                 version;
	struct landlock_path path;
	uint64_t             allowed;
} rules[] = {
    {5, {.path = "/dev/null"}, READ_FILE},
    {5, {.path = "/dev/null", .writable = true}, READ_FILE | WRITE_FILE | TRUNCATE},
    {2, {.path = "/dev/null", .writable = true}, READ_FILE | WRITE_FILE},
    {5, {.path = "/dev/null", .device = true}, READ_FILE | IOCTL},
    {4, {.path = "/dev/null", .device = true}, READ_FILE},
    {5, {.path = "/dev/null", .executable = true}, READ_FILE | EXECUTE},
    {5, {.path = "/dev/null", .writable = true, .device = true, .executable = true},
        READ_FILE | WRITE_FILE | TRUNCATE | IOCTL | EXECUTE},
};

START_TEST(enter_allows_of_a_file_what_is_said)
{
	struct error err = {0};

	kernel.plays = true;
	kernel.version = rules[_i].version;
	unit_ok(landlock_enter(0, &rules[_i].path, 1, &err), &err);
	ck_assert_uint_eq(kernel.allowed, rules[_i].allowed);
}
END_TEST

START_TEST(enter_that_fails_says_where)
{
	static const struct {
		long        call;
		const char *says;
	} failures[] = {
	    {CREATE, "making the sandbox of files: Operation not permitted"},
	    {ADD, "allowing / in the sandbox: Operation not permitted"},
	    {RESTRICT, "entering the sandbox of files: Operation not permitted"},
	};
	const struct landlock_path paths[] = {{.path = "/", .writable = true}};
	struct error               err = {0};

	kernel.plays = true;
	kernel.version = 7;
	kernel.fails = failures[_i].call;
	unit_fails(landlock_enter(0, paths, 1, &err), &err, ERROR_INTERNAL, failures[_i].says);
	ck_assert(_i == 0 || !ruleset_is_open());
}
END_TEST

START_TEST(enter_with_a_path_that_cannot_be_opened_says_so)
{
	char                       path[5000];
	const struct landlock_path paths[] = {{.path = path, .writable = true}};
	struct error               err = {0};

	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	kernel.plays = true;
	kernel.version = 7;
	ck_assert_int_eq(landlock_enter(0, paths, 1, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "opening /aaaaa"));
}
END_TEST

/* All files stay, so that the test can end as others do. */
START_TEST(enter_leaves_what_is_named_and_takes_the_network)
{
	const struct landlock_path paths[] = {{.path = "/", .writable = true}, {.path = "/attest-is-not-there", .writable = true}, {.path = "/etc/passwd", .writable = true}};
	struct sockaddr_in         address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct error               err = {0};
	char                       directory[SCRATCH_SIZE];
	int                        fd;

	if (landlock_version() < 1) {
		printf("# skipped: no Landlock in this kernel\n");
		return;
	}
	unit_ok(landlock_enter(0, paths, 3, &err), &err);
	scratch_make(directory);
	scratch_remove(directory);
	ck_assert_int_ge(fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 0);
	if (landlock_version() >= 4)
		ck_assert(bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 && errno == EACCES);
	(void)close(fd);
}
END_TEST

/* A request that the device does not know: ENOTTY says that it was asked. */
START_TEST(enter_leaves_the_control_of_a_device_that_is_one)
{
	const struct landlock_path paths[] = {{.path = "/", .writable = true}, {.path = "/dev/zero", .device = true}};
	struct error               err = {0};
	int                        zero;
	int                        null;

	if (landlock_version() < 5) {
		printf("# skipped: no Landlock for devices in this kernel\n");
		return;
	}
	unit_ok(landlock_enter(0, paths, 2, &err), &err);
	ck_assert_int_ge(zero = open("/dev/zero", O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_ge(null = open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_eq(ioctl(zero, TIOCOUTQ, &(int){0}), -1);
	ck_assert_int_eq(errno, ENOTTY);
	ck_assert_int_eq(ioctl(null, TIOCOUTQ, &(int){0}), -1);
	ck_assert_int_eq(errno, EACCES);
	(void)close(zero);
	(void)close(null);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("landlock");
	TCase *tc = tcase_create("landlock");

	tcase_add_test(tc, enter_of_a_kernel_without_it_does_nothing);
	tcase_add_test(tc, enter_tells_a_kernel_what_it_knows);
	tcase_add_loop_test(tc, enter_allows_of_a_file_what_is_said, 0, sizeof rules / sizeof rules[0]);
	tcase_add_loop_test(tc, enter_that_fails_says_where, 0, 3);
	tcase_add_test(tc, enter_with_a_path_that_cannot_be_opened_says_so);
	tcase_add_test(tc, enter_leaves_what_is_named_and_takes_the_network);
	tcase_add_test(tc, enter_leaves_the_control_of_a_device_that_is_one);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
