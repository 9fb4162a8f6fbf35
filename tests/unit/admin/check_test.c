/* What "check" finds in a CA that something is wrong with. */
#include "config.h"

#include <sys/prctl.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "command_answer.h"
#include "pki/ca.h"
#include "pki/key_uri.h"
#include "pki_support.h"
#include "store/inventory/audit.h"
#include "store/store.h"
#include "store_tamper.h"
#include "util/clock.h"
#include "util/file.h"

#define RUN(wanted, ...) answer_run(&attest_ca_program, state, wanted, ANSWER_WORDS(__VA_ARGS__))
#define LATER_THAN_ALL INT64_C(4102444800) /* 2100-01-01 */
#define FINDS(text) ck_assert_msg(strstr(answered.out, text) != NULL, "%s", answered.out)

static char        *place;
static char        *state;
static struct error err;

static void
setup(void)
{
	place = pki_directory();
	state = file_join(place, "state");
	(void)RUN(0, "init", "--name", "Test", "--key-type", "p256");
	(void)RUN(0, "crl");
}

static void
teardown(void)
{
	free(state);
	pki_directory_remove(place);
}

/* ---- what takes long ---- */

/* Named so by the linker: each look at the clock is a second after the one before, or no time passes at all. */
static bool    stands;
static bool    hurries;
static int64_t hurried;
int64_t        __real_clock_monotonic_ms(void);
int64_t        __wrap_clock_monotonic_ms(void);
int64_t
__wrap_clock_monotonic_ms(void)
{
	return stands ? 0 : __real_clock_monotonic_ms() + (hurries ? hurried += 1000 : 0);
}

/* And one that does not shows nothing that comes and goes. */
START_TEST(check_that_takes_long_shows_where_it_is)
{
	int         ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int         theirs;
	char        shown[4096];
	ssize_t     size;
	FILE       *out = tmpfile();
	const char *words[] = {"check", NULL};

	store_tamper(state, "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 2000)"
	                    " INSERT INTO removed (ek_hash, removed_at, names, actor, reason)"
	                    " SELECT cast(printf('%032d', n) AS BLOB), 1, '', 'a', 'b' FROM number");
	ck_assert(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
	ck_assert_int_ge(theirs = open(ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC), 0);
	hurries = _i == 0;
	stands = _i == 1;
	(void)answer_status(&attest_ca_program, state, words, fileno(out), theirs);
	hurries = stands = false;
	ck_assert_int_eq(write(theirs, "end", 3), 3);
	size = read(ours, shown, sizeof shown - 1);
	ck_assert_int_gt(size, 0);
	shown[size] = '\0';
	ck_assert_msg((strstr(shown, "checking the store") != NULL) == (_i == 0), "%s", shown);
	(void)fclose(out);
	(void)close(theirs);
	(void)close(ours);
}
END_TEST

/* ---- findings ---- */

START_TEST(check_of_an_entry_in_the_future_says_that_the_clock_is_wrong)
{
	struct store *store;

	unit_ok(store_open(state, &store, &err), &err);
	unit_ok(store_audit_add(store, AUDIT_BACKUP, NULL, "done", "test", LATER_THAN_ALL, &err), &err);
	unit_ok(store_audit_add(store, AUDIT_BACKUP, NULL, "done", "test", LATER_THAN_ALL - 1, &err), &err);
	store_close(store);
	(void)RUN(1, "check");
	FINDS("the audit trail has an entry of 2100-01-01T00:00:00Z, in the future");
}
END_TEST

START_TEST(check_without_the_issuing_key_looks_at_its_certificate_still)
{
	AUTO_FREE char *key = file_join(state, STATE_ISSUING_KEY);

	ck_assert_int_eq(unlink(key), 0);
	(void)RUN(1, "check");
	FINDS("error    issuing key");
	FINDS("ok       issuing certificate");
}
END_TEST

/* A CRL that none of this directory's CAs has signed, and no list of the earlier ones. */
START_TEST(check_of_a_crl_of_somebody_else_is_an_error)
{
	AUTO_FREE char *path = file_join(state, STATE_ISSUING_CRL);
	AUTO_FREE char *issuers = file_join(state, STATE_ISSUERS);
	struct pki      other;
	AUTO_BYTES      crl = {0};

	pki_make(&other, KEY_TYPE_P256);
	unit_ok(ca_crl_create(&other.issuing, 1, NULL, 0, clock_now(), PKI_DAY, &crl, &err), &err);
	pki_clear(&other);
	unit_ok(file_replace(path, crl.data, crl.size, 0644, &err), &err);
	unit_ok(file_create(issuers, "", 0, 0600, &err), &err);
	(void)RUN(1, "check");
	FINDS("error    CRL");
}
END_TEST

/* Certificates of an earlier CA that has expired need no CRL. */
START_TEST(check_of_an_earlier_ca_that_has_expired_asks_for_no_crl)
{
	AUTO_FREE char         *path = file_join(state, STATE_ROOT_PEM);
	AUTO_FREE char         *root_key = file_join(state, STATE_ROOT_KEY);
	AUTO_FREE char         *issuers = file_join(state, STATE_ISSUERS);
	const struct key_access none = {.pkcs11_module = NULL};
	struct ca               root = {0};
	struct ca               earlier = {.key = pki_key(KEY_TYPE_P256, 0)};
	char                    id[ISSUER_ID_SIZE];
	AUTO_FREE char         *name = NULL;
	AUTO_FREE char         *key_name = NULL;
	AUTO_BYTES              pem = {0};
	AUTO_BYTES              key = {0};

	unit_ok(certificate_load(path, &root.certificate, &err), &err);
	unit_ok(key_open(root_key, &none, &root.key, &err), &err);
	earlier.certificate = pki_forge(&(struct pki_forgery){.issuer = &root, .key = earlier.key,
	    .common_name = "Test Issuing 0", .not_before = clock_now() - 10 * PKI_DAY,
	    .not_after = clock_now() - 5 * PKI_DAY, .extensions = "[ext]\nbasicConstraints=critical,CA:TRUE,pathlen:0\n"
	        "keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"});
	unit_ok(issuer_files_id(earlier.certificate, id, &err), &err);
	unit_ok(certificate_encode_pem(earlier.certificate, &pem, &err), &err);
	unit_ok(key_encode(earlier.key, &key, &err), &err);
	(void)mkdir(issuers, 0700);
	name = issuer_files_name(id, "pem");
	key_name = issuer_files_name(id, "key");
	pki_write(state, name, pem.data, pem.size);
	pki_write(state, key_name, key.data, key.size);
	ca_clear(&root);
	ca_clear(&earlier);
	(void)answer_status(&attest_ca_program, state, ANSWER_WORDS("check"), STDERR_FILENO, STDERR_FILENO);
	(void)RUN(1, "check"); /* the permissions of what was written */
	FINDS("ok       earlier issuer");
	ck_assert_ptr_null(strstr(answered.out, "earlier CRL"));
}
END_TEST

/* The command to run stays whole: on a line of its own when it does not fit. */
START_TEST(check_on_a_terminal_keeps_commands_whole)
{
	AUTO_FREE char *leftover = file_join(state, ".attest-ca-init.abcdefghijklmnopqrstuvwxyz");

	ck_assert_int_eq(mkdir(leftover, 0700), 0);
	(void)answer_run_on_terminal(&attest_ca_program, state, 80, ANSWER_WORDS("check"));
	FINDS("; run:\n         rm -r ");
	FINDS("/.attest-ca-init.abcdefghijklmnopqrstuvwxyz\n");
	ck_assert_int_eq(rmdir(leftover), 0);
}
END_TEST

/* Whoever may not even come to the directory. */
START_TEST(check_by_somebody_else_says_whose_it_is)
{
	bool root = geteuid() == 0;

	ck_assert_int_eq(chmod(place, root ? 0700 : 0), 0);
	ck_assert(!root || seteuid(12345) == 0);
	(void)RUN(1, "check");
	ck_assert(!root || (seteuid(0) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0)); /* for a sanitizer */
	ck_assert_int_eq(chmod(place, 0700), 0);
	FINDS("may not come to ");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admin/check");
	TCase *tc = tcase_create("check");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, check_that_takes_long_shows_where_it_is, 0, 2);
	tcase_add_test(tc, check_of_an_entry_in_the_future_says_that_the_clock_is_wrong);
	tcase_add_test(tc, check_without_the_issuing_key_looks_at_its_certificate_still);
	tcase_add_test(tc, check_of_a_crl_of_somebody_else_is_an_error);
	tcase_add_test(tc, check_of_an_earlier_ca_that_has_expired_asks_for_no_crl);
	tcase_add_test(tc, check_on_a_terminal_keeps_commands_whole);
	tcase_add_test(tc, check_by_somebody_else_says_whose_it_is);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
