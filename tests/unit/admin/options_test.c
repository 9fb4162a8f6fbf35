/* What the commands of attest-ca refuse, and say when it is rare: options that contradict, what cannot be opened. */
#include "config.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "acme_admin/commands.h"
#include "admin/commands.h"
#include "command_answer.h"
#include "pki_support.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"
#include "store/store.h"
#include "store_tamper.h"

#define ZEROS  "000000000000000000000000000000000000000000000000000000000000"
#define HASH_1 "0100" ZEROS
#define HASH_2 "0200" ZEROS

#define RUN(wanted, ...) answer_run(&attest_ca_program, state, wanted, ANSWER_WORDS(__VA_ARGS__))
#define SAYS(text) ck_assert_msg(strstr(answered.err, text) != NULL, "%s", answered.err)

static char        *place;
static char        *state;
static struct error err;

/* Device 1, "laptop". */
static void
setup(void)
{
	place = pki_directory();
	state = file_join(place, "state");
	(void)RUN(0, "init", "--name", "Test", "--key-type", "p256");
	(void)RUN(0, "enroll", HASH_1, "--name", "laptop");
}

static void
teardown(void)
{
	free(state);
	pki_directory_remove(place);
}

/* ---- secrets ---- */

static const char *const with_secrets[][4] = {
    {"crl"}, {"check"}, {"issuing", "csr"}, {"issuing", "renew"}, {"issuing", "install", "file"}};

START_TEST(passphrase_from_a_closed_descriptor_is_an_error)
{
	const char *words[6] = {NULL};
	size_t      count = 0;

	for (; count < 4 && with_secrets[_i][count] != NULL; count++)
		words[count] = with_secrets[_i][count];
	words[count++] = "--passphrase-fd";
	words[count] = "99";
	(void)answer_run(&attest_ca_program, state, 1, words);
	SAYS("--passphrase-fd 99: reading a passphrase");
}
END_TEST

START_TEST(init_with_a_key_that_cannot_be_had_makes_nothing)
{
	AUTO_FREE char *other = file_join(place, "other");

	(void)answer_run(&attest_ca_program, other, 1, ANSWER_WORDS("init", "--issuing-key", "/nonexistent/key"));
	SAYS("--issuing-key: ");
	(void)answer_run(&attest_ca_program, other, 1, ANSWER_WORDS("init", "--passphrase-fd", "99"));
	SAYS("--passphrase-fd 99: ");
	ck_assert_int_ne(access(other, F_OK), 0);
}
END_TEST

START_TEST(key_type_of_an_init_that_is_given_is_that_of_the_next)
{
	(void)RUN(0, "issuing", "renew", "--key-type", "p384");
	ck_assert_ptr_nonnull(strstr(answered.out, "Test Issuing 2"));
}
END_TEST

/* ---- contradictions ---- */

START_TEST(options_that_contradict_are_malformed)
{
	char serial[256];

	memset(serial, '4', sizeof serial - 1);
	serial[sizeof serial - 1] = '\0';
	(void)RUN(2, "set", "laptop", "--tag", "lab", "--no-tags");
	SAYS("--tag and --no-tags contradict each other");
	(void)RUN(1, "revoke", "--serial", serial);
	SAYS("a serial number has at most ");
	(void)RUN(2, "export", "--unseen", "soon");
	SAYS("--unseen");
	(void)RUN(2, "audit", "--expect", "00");
	SAYS("--expect");
	(void)RUN(2, "revoke", "laptop", "--reason", "boredom");
}
END_TEST

/* ---- what is printed rarely ---- */

START_TEST(replace_of_a_disabled_one_says_that_it_stays_so)
{
	(void)RUN(0, "disable", "laptop");
	(void)RUN(0, "replace", "laptop", HASH_2);
	ck_assert_ptr_nonnull(strstr(answered.out, "it is disabled, as the old one was; \""));
}
END_TEST

START_TEST(pending_says_why_a_certificate_does_not_verify)
{
	struct waiting_shares *shares = waiting_shares_new();
	struct store_waiting   entry = {.ek_hash = {3}, .peer = "192.0.2.1:1", .source = "192.0.2.1", .first_seen = 1,
	      .last_seen = 1, .times = 1, .evidence = {.verdict = STORE_VERDICT_REFUSED, .reason = "it has expired"}};
	struct store          *store;
	bool                   denied;

	unit_ok(store_open(state, &store, &err), &err);
	unit_ok(store_waiting_add(store, &entry, 10, 1, shares, &denied, &err), &err);
	waiting_shares_free(shares);
	store_close(store);
	ck_assert_ptr_nonnull(strstr(RUN(0, "pending", "--long"), ": it has expired; the TPM is what the machine claims"));
}
END_TEST

/* More names than are kept look like others: the rest is counted. */
START_TEST(import_of_many_similar_names_warns_of_the_first)
{
	AUTO_FREE char *path = file_join(place, "devices.csv");
	FILE           *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	(void)fprintf(file, "ek_hash,name\n");
	for (int i = 0; i < 12; i++) {
		(void)fprintf(file, "%02x00" ZEROS ",pc-%c0\n", 0x10 + i, 'a' + i);
		(void)fprintf(file, "%02x00" ZEROS ",pc-%cO\n", 0x30 + i, 'a' + i);
	}
	ck_assert_int_eq(fclose(file), 0);
	(void)RUN(0, "import", path, "--similar-names", "warn");
	SAYS("warning: name \"pc-");
	SAYS("more names look like another device's\n");
}
END_TEST

/* ---- files and streams ---- */

/* From a pipe, whose size nobody knows. */
START_TEST(import_from_a_pipe_reads_all)
{
	char line[STORE_HASH_SIZE * 2 + 2];
	int  ends[2];
	int  before = dup(STDIN_FILENO);

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(write(ends[1], "ek_hash\n", 8), 8);
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(line, sizeof line, "ff%04x%s\n", i, &(ZEROS "00")[4]);
		ck_assert_uint_eq(strlen(line), sizeof line - 1);
		ck_assert_int_eq(write(ends[1], line, sizeof line - 1), (ssize_t)sizeof line - 1);
	}
	(void)close(ends[1]);
	ck_assert_int_ge(dup2(ends[0], STDIN_FILENO), 0);
	clearerr(stdin);
	ck_assert_ptr_nonnull(strstr(RUN(0, "import", "-", "--format", "csv"), "imported 300 devices from -"));
	(void)dup2(before, STDIN_FILENO);
	(void)close(before);
	(void)close(ends[0]);
}
END_TEST

START_TEST(backup_goes_to_no_terminal)
{
	int ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int theirs;

	ck_assert(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
	ck_assert_int_ge(theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC), 0);
	ck_assert_int_eq(answer_status(&attest_ca_program, state, ANSWER_WORDS("backup", "-"), theirs, STDERR_FILENO), 1);
	(void)close(theirs);
	(void)close(ours);
}
END_TEST

START_TEST(crl_of_a_state_directory_that_is_not_there_names_it)
{
	AUTO_FREE char *other = file_join(place, "other");

	(void)answer_run(&acme_admin_program, other, 1, ANSWER_WORDS("crl"));
	SAYS("there is no state directory ");
	SAYS(" init\"");
}
END_TEST

START_TEST(restore_of_what_is_not_there_is_not_found)
{
	AUTO_FREE char *other = file_join(place, "other");

	(void)answer_run(&attest_ca_program, other, 1, ANSWER_WORDS("restore", "/nonexistent/backup"));
	SAYS("opening /nonexistent/backup: No such file or directory");
}
END_TEST

/* ---- following ---- */

START_TEST(follow_of_a_trail_that_cannot_be_read_ends)
{
	store_tamper(state, "ALTER TABLE audit RENAME TO gone");
	(void)RUN(1, "audit", "--follow");
	SAYS("no such table");
}
END_TEST

START_TEST(follow_ends_when_nobody_reads)
{
	FILE *errors = tmpfile();
	int   ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	(void)close(ends[0]);
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(answer_status(&attest_ca_program, state, ANSWER_WORDS("audit", "--follow"), ends[1],
	                     fileno(errors)), 1);
	(void)fclose(errors);
	(void)close(ends[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admin/options");
	TCase *tc = tcase_create("options");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, passphrase_from_a_closed_descriptor_is_an_error, 0,
	    sizeof with_secrets / sizeof with_secrets[0]);
	tcase_add_test(tc, init_with_a_key_that_cannot_be_had_makes_nothing);
	tcase_add_test(tc, key_type_of_an_init_that_is_given_is_that_of_the_next);
	tcase_add_test(tc, options_that_contradict_are_malformed);
	tcase_add_test(tc, replace_of_a_disabled_one_says_that_it_stays_so);
	tcase_add_test(tc, pending_says_why_a_certificate_does_not_verify);
	tcase_add_test(tc, import_of_many_similar_names_warns_of_the_first);
	tcase_add_test(tc, import_from_a_pipe_reads_all);
	tcase_add_test(tc, backup_goes_to_no_terminal);
	tcase_add_test(tc, crl_of_a_state_directory_that_is_not_there_names_it);
	tcase_add_test(tc, restore_of_what_is_not_there_is_not_found);
	tcase_add_test(tc, follow_of_a_trail_that_cannot_be_read_ends);
	tcase_add_test(tc, follow_ends_when_nobody_reads);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
