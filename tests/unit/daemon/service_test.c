#include "config.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/service.h"
#include "unit.h"

static int manager;

/* Makes the manager's socket; `size` counts of the address what is its name. */
static void
manager_bind(const struct sockaddr_un *address, size_t size)
{
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(manager, (const struct sockaddr *)address,
	                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size)), 0);
}

static void
assert_told(const char *wanted)
{
	char text[128] = "";

	ck_assert_int_gt(recv(manager, text, sizeof text - 1, MSG_DONTWAIT), 0);
	ck_assert_str_eq(text, wanted);
}

/* The longest abstract name leaves no room for a NUL, and needs none. */
static void
manager_abstract(size_t length)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char               name[sizeof address.sun_path + 1];

	memset(name, 'n', sizeof name);
	(void)snprintf(name, sizeof name, "@attest-service-test-%ld", (long)getpid());
	name[strlen(name)] = '-';
	name[length] = '\0';
	memcpy(address.sun_path + 1, name + 1, length - 1);
	manager_bind(&address, length);
	(void)setenv("NOTIFY_SOCKET", name, 1);
}

static const struct {
	enum service_state state;
	const char        *text;
} states[] = {{SERVICE_READY, "READY=1"}, {SERVICE_STOPPING, "STOPPING=1"},
    {SERVICE_WATCHDOG, "WATCHDOG=1"}};

START_TEST(notify_abstract_socket_is_told_the_state)
{
	manager_abstract(60);
	service_notify(states[_i].state);
	assert_told(states[_i].text);
	(void)close(manager);
}
END_TEST

START_TEST(notify_longest_abstract_name_works)
{
	manager_abstract(107);
	service_notify(SERVICE_READY);
	assert_told("READY=1");
	(void)close(manager);
}
END_TEST

START_TEST(notify_path_socket_is_told_the_state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char               directory[] = "/tmp/service_test.XXXXXX";

	ck_assert_ptr_nonnull(mkdtemp(directory));
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
	manager_bind(&address, strlen(address.sun_path) + 1);
	(void)setenv("NOTIFY_SOCKET", address.sun_path, 1);
	service_notify(SERVICE_READY);
	assert_told("READY=1");
	(void)close(manager);
	(void)unlink(address.sun_path);
	(void)rmdir(directory);
}
END_TEST

START_TEST(notify_reloading_carries_the_time)
{
	struct timespec now;
	char            text[128] = "";
	long long       usec = 0;

	manager_abstract(60);
	service_notify(SERVICE_RELOADING);
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	ck_assert_int_gt(recv(manager, text, sizeof text - 1, MSG_DONTWAIT), 0);
	ck_assert_int_eq(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%lld", &usec), 1);
	ck_assert_int_le(usec / 1000000, now.tv_sec);
	ck_assert_int_ge(usec / 1000000, now.tv_sec - 60);
	(void)close(manager);
}
END_TEST

static const struct {
	const char *name; /* NULL: not set */
	const char *logged;
} silent[] = {
    {NULL, ""},
    {"", ""},
    {"relative", "NOTIFY_SOCKET is neither a path nor an abstract name: relative"},
    {"@", "NOTIFY_SOCKET is neither"},
    {"vsock:2:1", "NOTIFY_SOCKET is neither"},
    {"/nonexistent/socket", "writing to /nonexistent/socket: No such file or directory"},
    {"/a-path-that-is-longer-than-an-address-of-a-socket-can-be/a-path-that-is-longer-than-an-"
     "address-of-a-socket-can-be", "NOTIFY_SOCKET is neither"},
};

/* Nobody to tell, or nobody there: it goes on, and logs the one that is a fault. */
START_TEST(notify_nobody_goes_on)
{
	char line[2048] = "";
	int  log[2];
	int  before = dup(STDERR_FILENO);

	(void)unsetenv("NOTIFY_SOCKET");
	if (silent[_i].name != NULL)
		(void)setenv("NOTIFY_SOCKET", silent[_i].name, 1);
	ck_assert_int_eq(pipe(log), 0);
	(void)dup2(log[1], STDERR_FILENO);
	service_notify(SERVICE_READY);
	(void)dup2(before, STDERR_FILENO);
	(void)close(log[1]);
	ck_assert_int_ge(read(log[0], line, sizeof line - 1), 0);
	ck_assert_msg(strstr(line, silent[_i].logged) != NULL, "%s", line);
	ck_assert_int_eq(line[0] == '\0', silent[_i].logged[0] == '\0');
	(void)close(log[0]);
	(void)close(before);
}
END_TEST

START_TEST(connect_keeps_the_way_to_a_manager_whose_name_is_gone)
{
	manager_abstract(60);
	service_connect();
	(void)setenv("NOTIFY_SOCKET", "/nowhere", 1);
	service_notify(SERVICE_READY);
	assert_told("READY=1");
}
END_TEST

static const struct {
	const char *usec;
	int64_t     ms;
} watchdogs[] = {{"30000000", 30000}, {"0", 0}, {"", 0}, {"-5", 0}, {"10s", 0}, {NULL, 0}};

START_TEST(connect_to_no_manager_or_a_name_that_is_none_only_warns)
{
	(void)unsetenv("NOTIFY_SOCKET");
	service_connect();
	(void)setenv("NOTIFY_SOCKET", "nowhere", 1);
	service_connect();
	service_notify(SERVICE_READY);
}
END_TEST

START_TEST(watchdog_ms_is_of_a_number)
{
	if (watchdogs[_i].usec != NULL)
		(void)setenv("WATCHDOG_USEC", watchdogs[_i].usec, 1);
	else
		(void)unsetenv("WATCHDOG_USEC");
	ck_assert_int_eq(service_watchdog_ms(), watchdogs[_i].ms);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("service");
	TCase *tc = tcase_create("service");

	tcase_add_loop_test(tc, notify_abstract_socket_is_told_the_state, 0,
	    sizeof states / sizeof states[0]);
	tcase_add_test(tc, notify_longest_abstract_name_works);
	tcase_add_test(tc, notify_path_socket_is_told_the_state);
	tcase_add_test(tc, notify_reloading_carries_the_time);
	tcase_add_loop_test(tc, notify_nobody_goes_on, 0, sizeof silent / sizeof silent[0]);
	tcase_add_test(tc, connect_keeps_the_way_to_a_manager_whose_name_is_gone);
	tcase_add_test(tc, connect_to_no_manager_or_a_name_that_is_none_only_warns);
	tcase_add_loop_test(tc, watchdog_ms_is_of_a_number, 0, sizeof watchdogs / sizeof watchdogs[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
