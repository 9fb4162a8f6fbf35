#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/listener.h"
#include "unit.h"
#include "util/error.h"

static char         text[LISTENER_TEXT_SIZE];
static struct error err;

static unsigned
port_of(const char *address)
{
	return (unsigned)strtoul(strrchr(address, ':') + 1, NULL, 10);
}

static int
connect_to(const char *host, unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int                fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(inet_pton(AF_INET, host, &address.sin_addr), 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
close_all(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		(void)close(fds[i]);
}

START_TEST(open_port_0_gives_all_the_same_free_port)
{
	int                fds[4];
	struct sockaddr_in address;
	socklen_t          size;

	unit_ok(listener_open("127.0.0.1:0", 4, fds, text, &err), &err);
	ck_assert_int_eq(strncmp(text, "127.0.0.1:", 10), 0);
	for (int i = 0; i < 4; i++) {
		size = sizeof address;
		ck_assert_int_eq(getsockname(fds[i], (struct sockaddr *)&address, &size), 0);
		ck_assert_uint_eq(ntohs(address.sin_port), port_of(text));
		ck_assert_int_ne(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, 0);
		ck_assert_int_ne(fcntl(fds[i], F_GETFL) & O_NONBLOCK, 0);
		ck_assert_int_lt(accept(fds[i], NULL, NULL), 0);
		ck_assert_int_eq(errno, EAGAIN); /* it listens */
	}
	close_all(fds, 4);
}
END_TEST

START_TEST(open_port_in_use_by_us_says_so)
{
	int  fds[2];
	int  second[2];
	char address[LISTENER_TEXT_SIZE];
	char wanted[256];

	unit_ok(listener_open("127.0.0.1:0", 2, fds, address, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "port %u on 127.0.0.1 is in use; stop what listens there, "
	    "or choose another with --listen", port_of(address));
	unit_fails(listener_open(address, 2, second, text, &err), &err, ERROR_CONFLICT, wanted);
	close_all(fds, 2);
	unit_ok(listener_open(address, 2, second, text, &err), &err); /* and free again */
	ck_assert_str_eq(text, address);
	close_all(second, 2);
}
END_TEST

START_TEST(open_port_in_use_on_all_addresses_says_so)
{
	int  fds[1];
	int  second[1];
	char address[LISTENER_TEXT_SIZE];
	char any[LISTENER_TEXT_SIZE];

	unit_ok(listener_open("127.0.0.1:0", 1, fds, address, &err), &err);
	(void)snprintf(any, sizeof any, ":%u", port_of(address));
	ck_assert_int_eq(listener_open(any, 1, second, text, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	close_all(fds, 1);
}
END_TEST

/* Connections of the last run that the kernel still remembers are no obstacle. */
START_TEST(open_after_a_restart_with_old_connections_works)
{
	int  fds[1];
	int  client;
	int  server;
	char address[LISTENER_TEXT_SIZE];

	unit_ok(listener_open("127.0.0.1:0", 1, fds, address, &err), &err);
	client = connect_to("127.0.0.1", port_of(address));
	server = accept(fds[0], NULL, NULL);
	ck_assert_int_ge(server, 0);
	(void)close(server); /* our side closes first: it is the one to wait */
	(void)close(client);
	(void)close(fds[0]);
	unit_ok(listener_open(address, 1, fds, text, &err), &err);
	(void)close(fds[0]);
}
END_TEST

START_TEST(open_no_address_takes_all_of_both_families)
{
	int fds[2];
	int client;

	unit_ok(listener_open(":0", 2, fds, text, &err), &err);
	client = connect_to("127.0.0.1", port_of(text));
	ck_assert_int_ge(client, 0);
	(void)close(client);
	close_all(fds, 2);
}
END_TEST

START_TEST(open_ipv6_has_brackets)
{
	int fds[1];

	if (listener_open("[::1]:0", 1, fds, text, &err) != 0) {
		ck_assert_ptr_nonnull(strstr(err.detail, "::1")); /* a machine without IPv6 */
		return;
	}
	ck_assert_int_eq(strncmp(text, "[::1]:", 6), 0);
	(void)close(fds[0]);
}
END_TEST

#define NO_PORT(address) {ERROR_MALFORMED, address, "\"" address                   \
	"\" has no port from 0 to 65535 behind its last colon; "                     \
	"write ADDR:PORT, [ADDR6]:PORT or :PORT"}
#define NO_HOST(address) {ERROR_MALFORMED, address, "\"" address                   \
	"\" has no numeric address of this machine; "                                \
	"write ADDR:PORT, [ADDR6]:PORT or :PORT, as in 127.0.0.1:8443"}

static const struct {
	enum error_kind kind;
	const char     *address;
	const char     *detail;
} refused[] = {
    NO_PORT(""),
    NO_PORT("8443"),
    NO_PORT("127.0.0.1"),
    NO_PORT("127.0.0.1:"),
    NO_PORT("127.0.0.1:http"),
    NO_PORT("127.0.0.1:-1"),
    NO_PORT("127.0.0.1:+1"),
    NO_PORT("127.0.0.1: 1"),
    NO_PORT("127.0.0.1:65536"),
    NO_PORT("127.0.0.1:18446744073709551617"),
    NO_PORT("127.0.0.1:1x"),
    NO_PORT("[::1]"),
    NO_HOST("localhost:8443"),
    NO_HOST("127.1:8443"),
    NO_HOST("127.0.0.1.:8443"),
    NO_HOST("::1:8443"),
    NO_HOST("[::1:8443"),
    NO_HOST("[]:8443"),
    NO_HOST("[127.0.0.1]:8443"),
    NO_HOST("[:8443"),
    NO_HOST("]:8443"),
    NO_HOST("[::1]x:8443"),
    NO_HOST("[fe80::1%nosuchinterface]:8443"),
    {ERROR_NOT_FOUND, "192.0.2.1:8443",
        "192.0.2.1 is no address of this machine; choose one that \"ip address\" shows"},
};

START_TEST(open_impossible_address_says_why)
{
	int fds[1];

	unit_fails(listener_open(refused[_i].address, 1, fds, text, &err), &err, refused[_i].kind,
	    refused[_i].detail);
}
END_TEST

START_TEST(open_endless_address_is_malformed)
{
	char address[4096];
	int  fds[1];

	memset(address, '1', sizeof address);
	memcpy(address + sizeof address - sizeof ":80", ":80", sizeof ":80");
	ck_assert_int_eq(listener_open(address, 1, fds, text, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(share_gives_descriptors_of_one_queue)
{
	int fds[3];
	int one;
	int flags;

	unit_ok(listener_open("127.0.0.1:0", 1, &one, text, &err), &err);
	(void)fcntl(one, F_SETFL, 0);
	(void)strcpy(text, "");
	unit_ok(listener_share(one, 3, fds, text, &err), &err);
	ck_assert_int_eq(strncmp(text, "127.0.0.1:", 10), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_ne(fds[i], one);
		flags = fcntl(fds[i], F_GETFL);
		ck_assert_int_ne(flags & O_NONBLOCK, 0);
		ck_assert_int_ne(fcntl(fds[i], F_GETFD) & FD_CLOEXEC, 0);
	}
}
END_TEST

START_TEST(share_of_what_does_not_listen_says_what_to_write)
{
	static const char wanted[] = "descriptor %d of the service manager is no socket that listens for "
	                             "TCP connections; write ListenStream= with a port into its unit";
	char              detail[256];
	int               fds[1];
	int               others[] = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
	                  socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0),
	                  socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), open("/dev/null", O_RDONLY | O_CLOEXEC)};

	ck_assert_int_eq(listen(others[1], 1) == 0 ? 0 : errno, EINVAL); /* it has no address */
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		(void)snprintf(detail, sizeof detail, wanted, others[i]);
		unit_fails(listener_share(others[i], 1, fds, text, &err), &err, ERROR_CONFLICT, detail);
	}
}
END_TEST

START_TEST(passed_for_another_process_are_none_and_no_child_sees_them)
{
	char pid[24];
	int  open_fds = 0;

	ck_assert_uint_eq(listener_passed(), 0);
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)setenv("LISTEN_PID", "1", 1);
	ck_assert_uint_eq(listener_passed(), 0);
	ck_assert_ptr_null(getenv("LISTEN_FDS"));
	(void)snprintf(pid, sizeof pid, "%ld", (long)getpid());
	ck_assert_int_ge(dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), LISTENER_PASSED_FIRST), 0);
	(void)setenv("LISTEN_FDS", "1", 1);
	(void)setenv("LISTEN_PID", pid, 1);
	ck_assert_uint_eq(listener_passed(), 1);
	ck_assert_int_eq(fcntl(LISTENER_PASSED_FIRST, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_ptr_null(getenv("LISTEN_PID"));
	(void)setenv("LISTEN_FDS", "200", 1); /* not so many are open */
	(void)setenv("LISTEN_PID", pid, 1);
	while (fcntl(LISTENER_PASSED_FIRST + open_fds, F_GETFD) >= 0)
		open_fds++;
	ck_assert_uint_eq(listener_passed(), (size_t)open_fds);
	(void)setenv("LISTEN_FDS", "many", 1);
	(void)setenv("LISTEN_PID", pid, 1);
	ck_assert_uint_eq(listener_passed(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("listener");
	TCase *tc = tcase_create("listener");

	tcase_add_test(tc, open_port_0_gives_all_the_same_free_port);
	tcase_add_test(tc, open_port_in_use_by_us_says_so);
	tcase_add_test(tc, open_port_in_use_on_all_addresses_says_so);
	tcase_add_test(tc, open_after_a_restart_with_old_connections_works);
	tcase_add_test(tc, open_no_address_takes_all_of_both_families);
	tcase_add_test(tc, open_ipv6_has_brackets);
	tcase_add_loop_test(tc, open_impossible_address_says_why, 0, sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, open_endless_address_is_malformed);
	tcase_add_test(tc, share_gives_descriptors_of_one_queue);
	tcase_add_test(tc, share_of_what_does_not_listen_says_what_to_write);
	tcase_add_test(tc, passed_for_another_process_are_none_and_no_child_sees_them);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
