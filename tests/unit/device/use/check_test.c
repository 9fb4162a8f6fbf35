/* The check of a program: what its end means, each thing that can go wrong before, and one that does not end. */
#include "config.h"

#include "device/use/check.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/use/facts.h"
#include "device/use/program.h"
#include "device/use/server.h"
#include "pki_support.h"
#include "scratch.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

static char               directory[SCRATCH_SIZE];
static struct use_facts   facts;
static struct use_program program;
static char               what[USE_WHAT_SIZE];
static struct error       err;

/* ---- what fails ---- */

static enum { NOTHING, FILES, SPAWN, WAIT, WAIT_ONCE } fails;
static bool            late;  /* the clock is a minute ahead when it is asked for the fourth time */
static struct use_seen claim; /* what the server has seen, where it is told to say so */
static bool            claims;

int __real_folder_create(const struct folder *folder, const char *name, const void *data, size_t size, mode_t mode,
    struct error *why);
int __wrap_folder_create(const struct folder *folder, const char *name, const void *data, size_t size, mode_t mode,
    struct error *why);
int
__wrap_folder_create(const struct folder *folder, const char *name, const void *data, size_t size, mode_t mode,
    struct error *why)
{
	return fails == FILES ? error_set(why, ERROR_INTERNAL, "no room for %s", name)
	                      : __real_folder_create(folder, name, data, size, mode, why);
}

int __real_posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment);
int __wrap_posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment);
int
__wrap_posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions,
    const posix_spawnattr_t *attributes, char *const *arguments, char *const *environment)
{
	return fails == SPAWN ? EAGAIN : __real_posix_spawn(child, path, actions, attributes, arguments, environment);
}

pid_t __real_waitpid(pid_t child, int *status, int options);
pid_t __wrap_waitpid(pid_t child, int *status, int options);
pid_t
__wrap_waitpid(pid_t child, int *status, int options)
{
	if (fails != WAIT && fails != WAIT_ONCE)
		return __real_waitpid(child, status, options);
	errno = fails == WAIT ? ECHILD : EINTR;
	fails = NOTHING;
	return -1;
}

int64_t __real_clock_monotonic_ms(void);
int64_t __wrap_clock_monotonic_ms(void);
int64_t
__wrap_clock_monotonic_ms(void)
{
	static int asked;

	if (late)
		asked++;
	return __real_clock_monotonic_ms() + (asked > 3 ? 60001 : 0);
}

const struct use_seen *__real_use_server_seen(const struct use_server *server);
const struct use_seen *__wrap_use_server_seen(const struct use_server *server);
const struct use_seen *
__wrap_use_server_seen(const struct use_server *server)
{
	return claims ? &claim : __real_use_server_seen(server);
}

/* ---- the machine ---- */

static void
setup(void)
{
	struct pki pki;
	AUTO_BYTES pem = {0};

	scratch_make(directory);
	ck_assert_int_eq(setenv("TMPDIR", directory, 1), 0);
	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	facts.chain = file_join(directory, "device.pem");
	unit_ok(file_create(facts.chain, pem.data, pem.size, 0600, &err), &err);
	program = (struct use_program){.name = "x", .reads = USE_READS_NOTHING, .checks = USE_CHECK_STATUS, .check = "exit 0"};
	pki_clear(&pki);
}

/* Nothing but the certificate is left in the directory for temporary files. */
static void
teardown(void)
{
	ck_assert_int_eq(unlink(facts.chain), 0);
	ck_assert_int_eq(rmdir(directory), 0);
	free(facts.chain);
}

static int
check(void)
{
	return use_check_run(&program, &facts, view_text("the text\n"), false, what, &err);
}

START_TEST(check_that_ends_well_works)
{
	program.check = "test \"$(cat {config})\" = 'the text' && test -s {ca} && test -s {cert} && test -s {certkey}";
	unit_ok(check(), &err);
	ck_assert_str_eq(what, "yes");
}
END_TEST

static const struct {
	const char    *command;
	enum use_check checks;
	const char    *detail;
} ends[] = {
    {"exit 3", USE_CHECK_STATUS, "x does not use the key: it failed"},
    {"kill -9 $$", USE_CHECK_STATUS, "x does not use the key: it failed"},
    {"echo 'no such key'; echo bye; exit 1", USE_CHECK_STATUS, "x does not use the key: it failed (it says \"no such key\")"},
    {"printf 'can\\tnot fail\\303\\244' >&2; exit 1", USE_CHECK_STATUS,
        "x does not use the key: it failed (it says \"can?not fail??\")"},
    {"rm {directory}/output; exit 1", USE_CHECK_STATUS, "x does not use the key: it failed"},
    {"exit 0", USE_CHECK_SERVER, "x does not use the key: it did not connect"},
};

START_TEST(check_that_ends_otherwise_says_how)
{
	program.check = ends[_i].command;
	program.checks = ends[_i].checks;
	unit_fails(check(), &err, ERROR_INTERNAL, ends[_i].detail);
	ck_assert_str_eq(what, "");
}
END_TEST

START_TEST(check_that_fails_says_what_the_program_needs)
{
	program.check = "exit 3";
	program.checks = USE_CHECK_STATUS;
	program.needs = "a list";
	unit_fails(check(), &err, ERROR_INTERNAL, "x does not use the key: it failed; it needs a list");
	program.needs = NULL;
}
END_TEST

START_TEST(check_of_what_is_not_checked_is_not_found)
{
	program.checks = USE_CHECK_NONE;
	unit_fails(check(), &err, ERROR_NOT_FOUND, "there is no check of x");
	program.checks = USE_CHECK_STATUS;
	program.tools = "no-such-tool";
	unit_fails(check(), &err, ERROR_NOT_FOUND, "x is not checked: no-such-tool is not installed");
}
END_TEST

/* ---- before it runs ---- */

START_TEST(check_without_a_place_for_files_is_an_error)
{
	ck_assert_int_eq(setenv("TMPDIR", "/nonexistent", 1), 0);
	unit_fails(check(), &err, ERROR_INTERNAL, "making a temporary directory: No such file or directory");
	ck_assert_int_eq(setenv("TMPDIR", directory, 1), 0);
	fails = FILES;
	unit_fails(check(), &err, ERROR_INTERNAL, "no room for ca.pem");
}
END_TEST

START_TEST(check_of_a_chain_that_is_none_is_malformed)
{
	unit_ok(file_replace(facts.chain, "none", 4, 0600, &err), &err);
	ck_assert_int_eq(check(), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(check_that_cannot_run_says_so)
{
	fails = SPAWN;
	unit_fails(check(), &err, ERROR_INTERNAL, "running \"exit 0\": Resource temporarily unavailable");
	fails = WAIT;
	unit_fails(check(), &err, ERROR_INTERNAL, "x: waiting for the program: No child processes");
	fails = WAIT_ONCE; /* a signal */
	unit_ok(check(), &err);
}
END_TEST

/* ---- what does not end ---- */

static const struct {
	enum use_check  checks;
	struct use_seen seen;
	const char     *detail; /* NULL: it works */
} endless[] = {
    {USE_CHECK_STATUS, {.connected = false}, "x: it did not end within 60 s"},
    {USE_CHECK_SERVER, {.connected = false}, "x: it did not end within 60 s: it did not connect"},
    {USE_CHECK_SERVER, {.connected = true}, "x: it did not end within 60 s"},
    {USE_CHECK_SERVER, {.connected = true, .fault = "no certificate"}, "x: it did not end within 60 s: no certificate"},
    {USE_CHECK_SERVER, {.connected = true, .proved = true, .certificates = 1, .protocol = "TLSv1.3"}, NULL},
};

/* It is killed, with what it has started; a program that the server has seen may go on until then. */
START_TEST(check_that_does_not_end_is_killed)
{
	AUTO_FREE char *path = file_join(directory, "pid");
	AUTO_BYTES      text = {0};
	char            command[2 * SCRATCH_SIZE];
	pid_t           child;

	(void)snprintf(command, sizeof command, "echo $$ >'%s'; while :; do sleep 1000; done", path);
	program.check = command;
	program.checks = endless[_i].checks;
	claim = endless[_i].seen;
	claims = true;
	late = true;
	if (endless[_i].detail == NULL) {
		unit_ok(check(), &err);
		ck_assert_str_eq(what, "TLSv1.3, 1 certificate sent");
	} else {
		unit_fails(check(), &err, ERROR_INTERNAL, endless[_i].detail);
	}
	if (file_read(path, 32, &text, &err) != 0)
		return; /* it was killed before it could write */
	bytes_append_u8(&text, '\0');
	child = (pid_t)strtol((const char *)text.data, NULL, 10);
	ck_assert(child <= 0 || kill(child, 0) != 0);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("check");
	TCase *tc = tcase_create("check");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, check_that_ends_well_works);
	tcase_add_loop_test(tc, check_that_ends_otherwise_says_how, 0, sizeof ends / sizeof ends[0]);
	tcase_add_test(tc, check_that_fails_says_what_the_program_needs);
	tcase_add_test(tc, check_of_what_is_not_checked_is_not_found);
	tcase_add_test(tc, check_without_a_place_for_files_is_an_error);
	tcase_add_test(tc, check_of_a_chain_that_is_none_is_malformed);
	tcase_add_test(tc, check_that_cannot_run_says_so);
	tcase_add_loop_test(tc, check_that_does_not_end_is_killed, 0, sizeof endless / sizeof endless[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
