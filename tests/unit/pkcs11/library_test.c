/* The module's start and end, its slots, and forks. */
#include "config.h"

#include <sys/wait.h>

#include <stdbool.h>
#include <unistd.h>

#include "module_support.h"
#include "pkcs11/library.h"
#include "pkcs11/queue.h"

START_TEST(initialize_twice_is_refused_and_after_finalize_goes_again)
{
	ck_assert_uint_eq(C_Initialize(NULL), CKR_CRYPTOKI_ALREADY_INITIALIZED);
	ck_assert_uint_eq(C_Finalize(directories), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_Finalize(NULL), CKR_OK);
	ck_assert_uint_eq(C_Finalize(NULL), CKR_CRYPTOKI_NOT_INITIALIZED);
	ck_assert_uint_eq(C_Initialize(NULL), CKR_OK);
}
END_TEST

START_TEST(initialize_with_some_of_the_callbacks_is_refused)
{
	CK_C_INITIALIZE_ARGS all = module_arguments();
	CK_C_INITIALIZE_ARGS some[] = {all, all, all, all, all};

	ck_assert_uint_eq(C_Finalize(NULL), CKR_OK);
	some[0].CreateMutex = NULL;
	some[1].DestroyMutex = NULL;
	some[2].LockMutex = NULL;
	some[3].UnlockMutex = NULL;
	some[4].pReserved = directories;
	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
		ck_assert_uint_eq(C_Initialize(&some[i]), CKR_ARGUMENTS_BAD);
	ck_assert_uint_eq(C_Initialize(&all), CKR_OK);
}
END_TEST

START_TEST(finalize_ends_sessions_and_forgets_the_directories)
{
	CK_SESSION_HANDLE session = module_session(0);
	CK_SESSION_INFO   info;
	CK_ULONG          count = 0;

	ck_assert_uint_eq(C_Finalize(NULL), CKR_OK);
	(void)setenv("ATTEST_PKCS11_STATE", directories[1], 1);
	ck_assert_uint_eq(C_Initialize(NULL), CKR_OK);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_SESSION_HANDLE_INVALID);
	ck_assert_uint_eq(C_GetSlotList(CK_FALSE, NULL, &count), CKR_OK);
	ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(slot_that_is_none_is_invalid)
{
	CK_SLOT_INFO      slot;
	CK_TOKEN_INFO     token;
	CK_SESSION_HANDLE session;
	CK_ULONG          count;
	CK_MECHANISM_INFO mechanism;

	ck_assert_uint_eq(C_GetSlotInfo(MODULE_SLOTS, &slot), CKR_SLOT_ID_INVALID);
	ck_assert_uint_eq(C_GetTokenInfo(MODULE_SLOTS, &token), CKR_SLOT_ID_INVALID);
	ck_assert_uint_eq(C_GetMechanismList(MODULE_SLOTS, NULL, &count), CKR_SLOT_ID_INVALID);
	ck_assert_uint_eq(C_GetMechanismInfo(MODULE_SLOTS, CKM_ECDSA, &mechanism), CKR_SLOT_ID_INVALID);
	ck_assert_uint_eq(C_OpenSession(MODULE_SLOTS, CKF_SERIAL_SESSION, NULL, NULL, &session),
	    CKR_SLOT_ID_INVALID);
	ck_assert_uint_eq(C_CloseAllSessions(MODULE_SLOTS), CKR_SLOT_ID_INVALID);
}
END_TEST

START_TEST(slot_of_an_empty_directory_has_no_token)
{
	CK_SLOT_INFO      slot;
	CK_TOKEN_INFO     token;
	CK_SESSION_HANDLE session;

	ck_assert_uint_eq(C_GetSlotInfo(1, &slot), CKR_OK);
	ck_assert_uint_eq(slot.flags & CKF_TOKEN_PRESENT, 0);
	ck_assert_uint_eq(C_GetTokenInfo(1, &token), CKR_TOKEN_NOT_PRESENT);
	ck_assert_uint_eq(C_OpenSession(1, CKF_SERIAL_SESSION, NULL, NULL, &session), CKR_TOKEN_NOT_PRESENT);
}
END_TEST

START_TEST(slot_list_writes_no_more_than_there_is_room_for)
{
	CK_SLOT_ID list[] = {77, 77};
	CK_ULONG   count = 1;

	ck_assert_uint_eq(C_GetSlotList(CK_FALSE, list, &count), CKR_BUFFER_TOO_SMALL);
	ck_assert_uint_eq(count, MODULE_SLOTS);
	ck_assert_uint_eq(list[0], 0);
	ck_assert_uint_eq(list[1], 77);
	ck_assert_uint_eq(C_GetSlotList(CK_TRUE, list, &count), CKR_OK);
	ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(token_is_looked_at_again_each_time)
{
	CK_TOKEN_INFO token;

	ck_assert_uint_eq(C_GetTokenInfo(0, &token), CKR_OK);
	ck_assert_mem_eq(token.label, "attest-ca: the TPM is not there ", 32);
	pki_write(directories[0], "tpm", "", 0);
	ck_assert_uint_eq(C_GetTokenInfo(0, &token), CKR_OK);
	ck_assert_mem_eq(token.label, "attest-ca laptop ", 17);
	made_write(&two, directories[0], "device");
	ck_assert_uint_eq(C_GetTokenInfo(0, &token), CKR_OK);
	ck_assert_mem_eq(token.label, "attest-ca desktop ", 18);
}
END_TEST

/* ---- forks ---- */

/* Runs it in a child, which must not wait for anybody; the line of the first thing that is not so. */
static int
in_child(int (*run)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key), CK_SESSION_HANDLE session,
    CK_OBJECT_HANDLE key)
{
	pid_t child = fork();
	int   status = 0;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)alarm(20);
		unit_exit(run(session, key)); /* it has forgotten memory, by design, which a sanitizer would tell */
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "the child ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

#define MUST(what)                        \
	do {                              \
		if (!(what))              \
			return __LINE__;  \
	} while (0)

static int
child_begins(CK_SESSION_HANDLE before, CK_OBJECT_HANDLE key)
{
	CK_SESSION_INFO   info;
	CK_SESSION_HANDLE session = 0;

	MUST(C_GetSessionInfo(before, &info) == CKR_CRYPTOKI_NOT_INITIALIZED);
	MUST(C_Initialize(NULL) == CKR_OK);
	MUST(C_GetSessionInfo(before, &info) == CKR_SESSION_HANDLE_INVALID);
	MUST(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
	MUST(module_sign(session, key) == CKR_DEVICE_ERROR);
	return 0;
}

START_TEST(fork_child_begins_anew_and_knows_the_keys)
{
	CK_SESSION_HANDLE session = module_session(0);
	CK_SESSION_INFO   info;

	ck_assert_int_eq(in_child(child_begins, session, module_object(session, CKO_PRIVATE_KEY)), 0);
	ck_assert_uint_eq(C_GetSessionInfo(session, &info), CKR_OK);
}
END_TEST

START_TEST(fork_while_the_lock_and_the_tpm_are_taken_leaves_the_child_both)
{
	CK_SESSION_HANDLE session = module_session(0);
	CK_OBJECT_HANDLE  key = module_object(session, CKO_PRIVATE_KEY);
	int               line;

	ck_assert_uint_eq(library_enter(), CKR_OK);
	queue_enter();
	line = in_child(child_begins, session, key);
	queue_leave();
	library_leave();
	ck_assert_int_eq(line, 0);
}
END_TEST

/* GLib's connection to the bus is the parent's: the child asks by a program, which has its own. */
static int
child_signs_by_a_program(CK_SESSION_HANDLE before, CK_OBJECT_HANDLE key)
{
	CK_SESSION_HANDLE session = 0;

	(void)before;
	MUST(C_Initialize(NULL) == CKR_OK);
	MUST(C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &session) == CKR_OK);
	MUST(module_sign(session, key) == CKR_DEVICE_ERROR);
	return 0;
}

START_TEST(fork_child_reaches_the_daemon_of_a_tpm_by_a_program)
{
	static const char script[] = "#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$ASKED\"\n";
	AUTO_FREE char   *program = file_join(directories[1], "tpm2_send");
	AUTO_FREE char   *asked = file_join(directories[1], "asked");
	AUTO_FREE char   *path = memory_new(4096);
	AUTO_BYTES        text = {0};
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE  key;
	struct error      err = {0};

	(void)signal(SIGPIPE, SIG_IGN); /* it ends, and does not answer */
	pki_write(directories[1], "tpm2_send", script, sizeof script - 1);
	ck_assert_int_eq(chmod(program, 0755), 0);
	(void)snprintf(path, 4096, "%s:%s", directories[1], getenv("PATH"));
	(void)setenv("PATH", path, 1);
	(void)setenv("ASKED", asked, 1);
	(void)setenv("ATTEST_PKCS11_TPM", "tabrmd:bus_name=org.example.none,bus_type=none", 1);
	ck_assert_uint_eq(C_Finalize(NULL), CKR_OK);
	ck_assert_uint_eq(C_Initialize(NULL), CKR_OK);
	session = module_session(0);
	key = module_object(session, CKO_PRIVATE_KEY);
	ck_assert_uint_eq(module_sign(session, key), CKR_DEVICE_ERROR);
	ck_assert_int_ne(access(asked, F_OK), 0); /* not the parent */
	ck_assert_int_eq(in_child(child_signs_by_a_program, session, key), 0);
	unit_ok(file_read(asked, 200, &text, &err), &err);
	ck_assert(view_equal(bytes_view(&text), view_text("-T\ntabrmd:bus_name=org.example.none,bus_type=none\n")));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("library");
	TCase *tc = tcase_create("library");

	tcase_add_checked_fixture(tc, module_setup, module_teardown);
	tcase_add_test(tc, initialize_twice_is_refused_and_after_finalize_goes_again);
	tcase_add_test(tc, initialize_with_some_of_the_callbacks_is_refused);
	tcase_add_test(tc, finalize_ends_sessions_and_forgets_the_directories);
	tcase_add_test(tc, slot_that_is_none_is_invalid);
	tcase_add_test(tc, slot_of_an_empty_directory_has_no_token);
	tcase_add_test(tc, slot_list_writes_no_more_than_there_is_room_for);
	tcase_add_test(tc, token_is_looked_at_again_each_time);
	tcase_add_test(tc, fork_child_begins_anew_and_knows_the_keys);
	tcase_add_test(tc, fork_child_reaches_the_daemon_of_a_tpm_by_a_program);
	tcase_add_test(tc, fork_while_the_lock_and_the_tpm_are_taken_leaves_the_child_both);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
