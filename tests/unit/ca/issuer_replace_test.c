/*
 * A new issuing CA in place of the old, ended after every single change of a file: what
 * is there is always one CA with its key, the old one or the new one.
 */
#include "config.h"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "ca/directory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "ca/issuer_replace.h"
#include "failing.h"
#include "failing_calls.h"
#include "pki/key_uri.h"
#include "pki_support.h"
#include "util/folder.h"

/* ---- the end of the world ---- */

/* Changes that may still happen; the one after them ends the process. Negative: any number. */
static int changes_left = -1;

static void
change(void)
{
	if (changes_left == 0)
		_exit(9);
	if (changes_left > 0)
		changes_left--;
}

/* Instead of the C library's: every change of a name in the directory passes here. */
int
renameat(int from_directory, const char *from, int to_directory, const char *to)
{
	change();
	return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, 0);
}

int
unlinkat(int directory, const char *name, int flags)
{
	change();
	return (int)syscall(SYS_unlinkat, directory, name, flags);
}

int
mkdirat(int directory, const char *name, mode_t mode)
{
	change();
	return (int)syscall(SYS_mkdirat, directory, name, mode);
}

/* ---- a CA ---- */

static const struct key_access open_access = {.pkcs11_module = NULL};

static struct {
	struct folder state;
	char      *directory;
	struct pki pki;
	struct ca  next;
	char       old_id[ISSUER_ID_SIZE];
	char       next_id[ISSUER_ID_SIZE];
	struct bytes next_pem;
	struct bytes next_key;
	char      *outside; /* where a key of a URI lies */
} world;

static void
put(const char *name, const void *data, size_t size)
{
	AUTO_FREE char *path = file_join(world.directory, name);
	struct error    err = {0};

	unit_ok(file_replace(path, data, size, 0600, &err), &err);
}

static void
put_key(const char *name, EVP_PKEY *key)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	unit_ok(key_encode(key, &pem, &err), &err);
	put(name, pem.data, pem.size);
}

static void
put_uri(const char *name, const char *key_name)
{
	AUTO_FREE char *path = file_join(world.directory, key_name);
	char            line[512];

	(void)snprintf(line, sizeof line, "%s\n", path);
	put(name, line, strlen(line));
}

static bool
is_there(const char *name)
{
	AUTO_FREE char *path = file_join(world.directory, name);

	return access(path, F_OK) == 0;
}

static void
setup(void)
{
	struct error err = {0};

	world.directory = pki_directory();
	unit_ok(folder_open(world.directory, &world.state, &err), &err);
	world.outside = file_join(world.directory, "outside.key");
	pki_make(&world.pki, KEY_TYPE_P256);
	unit_ok(key_generate(KEY_TYPE_P256, &world.next.key, &err), &err);
	unit_ok(ca_issuing_create(&world.pki.root, world.next.key, "Next", PKI_NOW, PKI_YEAR,
	            &world.next.certificate, &err), &err);
	unit_ok(issuer_files_id(world.pki.issuing.certificate, world.old_id, &err), &err);
	unit_ok(issuer_files_id(world.next.certificate, world.next_id, &err), &err);
	unit_ok(certificate_encode_pem(world.next.certificate, &world.next_pem, &err), &err);
	unit_ok(key_encode(world.next.key, &world.next_key, &err), &err);
}

static void
teardown(void)
{
	free(world.outside);
	bytes_clear(&world.next_pem);
	bytes_clear(&world.next_key);
	ca_clear(&world.next);
	pki_clear(&world.pki);
	folder_close(&world.state);
	pki_directory_remove(world.directory);
}

/* What the old CA's key is, and the new one's. */
enum form { FORM_KEY, FORM_URI, FORM_WAITING_KEY, FORM_WAITING_URI };
static const struct {
	enum form old;
	enum form next;
} passages[] = {
    {FORM_KEY, FORM_KEY},
    {FORM_KEY, FORM_URI},
    {FORM_URI, FORM_KEY},
    {FORM_URI, FORM_URI},
    {FORM_KEY, FORM_WAITING_KEY},
    {FORM_KEY, FORM_WAITING_URI},
    {FORM_URI, FORM_WAITING_KEY},
    {FORM_URI, FORM_WAITING_URI},
};

/* The directory before the passage. */
static void
prepare(enum form old, enum form next)
{
	char command[512];

	(void)snprintf(command, sizeof command, "rm -rf '%s'/*", world.directory);
	ck_assert_int_eq(system(command), 0);
	pki_write_certificate(world.directory, STATE_ROOT_PEM, world.pki.root.certificate);
	pki_write_certificate(world.directory, STATE_ISSUING_PEM, world.pki.issuing.certificate);
	put_key("old.key", world.pki.issuing.key);
	put_key("outside.key", world.next.key);
	if (old == FORM_KEY)
		put_key(STATE_ISSUING_KEY, world.pki.issuing.key);
	else
		put_uri(STATE_ISSUING_URI, "old.key");
	if (next == FORM_WAITING_KEY)
		put_key(STATE_NEXT_KEY, world.next.key);
	if (next == FORM_WAITING_URI)
		put_uri(STATE_NEXT_URI, "outside.key");
}

static int
pass(enum form next, struct error *err)
{
	struct issuer_files old = {.id = ""};
	struct issuer_next  coming = {
	     .id = world.next_id,
	     .pem = bytes_view(&world.next_pem),
	     .waiting = next == FORM_WAITING_KEY || next == FORM_WAITING_URI,
	     .uri = next == FORM_URI ? world.outside : NULL,
        };
	int rc = issuer_files_load(&world.state, NULL, &old, err);

	if (next == FORM_KEY)
		coming.key = bytes_view(&world.next_key);
	if (rc == 0)
		rc = issuer_replace(&world.state, &old, &coming, err);
	issuer_files_clear(&old);
	return rc;
}

/* Whose directory it is: asserts that it is somebody's, with the key. */
static bool
is_next(void)
{
	struct issuer_files files = {.id = ""};
	struct error        err = {0};
	bool                next;

	unit_ok(issuer_files_load(&world.state, &open_access, &files, &err), &err);
	next = strcmp(files.id, world.next_id) == 0;
	ck_assert(next || strcmp(files.id, world.old_id) == 0);
	issuer_files_clear(&files);
	return next;
}

/* The old CA is kept, with its key. */
static void
assert_old_is_kept(void)
{
	struct issuer_files files = {.id = ""};
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t       count = 0;
	struct error err = {0};

	unit_ok(issuer_files_list(&world.state, &ids, &count, &err), &err);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(ids[0], world.old_id);
	free(ids);
	unit_ok(issuer_files_load_earlier(&world.state, world.old_id, &open_access, &files, &err), &err);
	issuer_files_clear(&files);
}

static void
assert_settled(enum form next)
{
	bool uri = next == FORM_URI || next == FORM_WAITING_URI;

	ck_assert(!issuer_is_unsettled(&world.state, world.next_id));
	ck_assert(is_there(uri ? STATE_ISSUING_URI : STATE_ISSUING_KEY));
	ck_assert(!is_there(uri ? STATE_ISSUING_KEY : STATE_ISSUING_URI));
	ck_assert(!is_there(STATE_NEXT_KEY) && !is_there(STATE_NEXT_URI));
}

START_TEST(replace_ended_after_any_change_leaves_one_ca)
{
	enum form    next = passages[_i].next;
	struct error err = {0};
	bool         passed = false;
	int          ends = 0;
	int          status = -1;

	for (int changes = 0; status != 0; changes++) {
		pid_t child;

		prepare(passages[_i].old, next);
		if ((child = fork()) == 0) {
			changes_left = changes;
			_exit(pass(next, &err) == 0 ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9));
		if (is_next()) {
			passed = true;
			assert_old_is_kept();
			unit_ok(issuer_settle(&world.state, &err), &err);
			ck_assert(is_next());
			assert_old_is_kept();
			assert_settled(next);
		} else {
			ck_assert_msg(!passed, "after more changes it was the old one again");
			/* Nothing is lost: it can be done once more. */
			unit_ok(pass(next, &err), &err);
			ck_assert(is_next());
			assert_old_is_kept();
			assert_settled(next);
		}
		ends++;
	}
	ck_assert(passed);
	ck_assert_int_ge(ends, 5);
}
END_TEST

/* The same when a call fails and the program goes on. */
static int
pass_once(const void *arg, struct error *err)
{
	const enum form *next = arg;
	enum form        old = next[-1];
	struct error     later = {0};
	int              rc;

	prepare(old, *next);
	failing_calls(EIO);
	failing_on();
	rc = pass(*next, err);
	failing_off();
	if (is_next()) {
		unit_ok(issuer_settle(&world.state, &later), &later);
	} else {
		ck_assert_int_eq(rc, -1);
		unit_ok(pass(*next, &later), &later);
	}
	ck_assert(is_next());
	assert_old_is_kept();
	assert_settled(*next);
	return rc;
}

START_TEST(replace_whose_calls_fail_leaves_one_ca)
{
	const enum form passage[] = {passages[_i].old, passages[_i].next};

	/* Each call for the key behind a URI, which nobody finds if it is not kept; of the others one in four. */
	if (passage[0] != FORM_URI || passage[1] != FORM_KEY)
		failing_every(4, (unsigned)_i % 4);
	failing_each(pass_once, &passage[1]);
}
END_TEST

START_TEST(replace_of_the_same_key_changes_the_certificate_only)
{
	struct issuer_files old = {.id = ""};
	struct issuer_files now = {.id = ""};
	X509               *again = NULL;
	AUTO_BYTES          pem = {0};
	struct error        err = {0};

	prepare(FORM_KEY, FORM_KEY);
	unit_ok(ca_issuing_create(&world.pki.root, world.pki.issuing.key, "Test Issuing CA", PKI_NOW,
	            2 * PKI_YEAR, &again, &err), &err);
	unit_ok(certificate_encode_pem(again, &pem, &err), &err);
	unit_ok(issuer_files_load(&world.state, NULL, &old, &err), &err);
	unit_ok(issuer_replace(&world.state, &old,
	            &(struct issuer_next){.id = world.old_id, .pem = bytes_view(&pem)}, &err), &err);
	unit_ok(issuer_files_load(&world.state, &open_access, &now, &err), &err);
	ck_assert_int_eq(X509_cmp(now.ca.certificate, again), 0);
	ck_assert(!is_there(STATE_ISSUERS));
	issuer_files_clear(&now);
	issuer_files_clear(&old);
	X509_free(again);
}
END_TEST

/* The same key with another certificate: whatever fails, the next time it is there, and no key waits. */
static int
renew_once(const void *arg, struct error *err)
{
	const struct issuer_next next = {.id = world.old_id, .pem = bytes_view(arg)};
	struct issuer_files      old = {.id = ""};
	struct issuer_files      now = {.id = ""};
	struct error             later = {0};
	int                      rc;

	failing_off();
	prepare(FORM_KEY, FORM_KEY);
	unit_ok(issuer_files_load(&world.state, NULL, &old, &later), &later);
	failing_on();
	rc = issuer_replace(&world.state, &old, &next, err);
	failing_off();
	if (rc != 0)
		unit_ok(issuer_replace(&world.state, &old, &next, &later), &later);
	unit_ok(issuer_files_load(&world.state, &open_access, &now, &later), &later);
	ck_assert(!is_there(STATE_NEXT_KEY) && !is_there(STATE_NEXT_URI) && !is_there(STATE_ISSUERS));
	issuer_files_clear(&now);
	issuer_files_clear(&old);
	return rc;
}

START_TEST(replace_of_the_same_key_whose_calls_fail_is_tried_again)
{
	X509        *again = NULL;
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	failing_calls(EIO);
	failing_every(3, 0);
	unit_ok(ca_issuing_create(&world.pki.root, world.pki.issuing.key, "Test Issuing CA", PKI_NOW,
	            2 * PKI_YEAR, &again, &err), &err);
	unit_ok(certificate_encode_pem(again, &pem, &err), &err);
	failing_each(renew_once, &pem);
	X509_free(again);
}
END_TEST

static int
store_make(const struct folder *folder, void *arg, struct error *err)
{
	(void)folder;
	(void)arg;
	(void)err;
	return 0;
}

/* A directory that cannot be made, or filled, is not there, or is empty where somebody may have put another. */
static int
make_once(const void *arg, struct error *err)
{
	static const struct directory_file files[] = {{"issuers/a.key", 0600, {(uint8_t *)(uintptr_t)"x", 1, 1}}};
	const struct directory_plan        plan = {files, 1, (const char *const[]){NULL}, store_make, NULL, STATE_ISSUERS};
	AUTO_FREE char                    *path = file_join(world.directory, "new");
	AUTO_FREE char                    *inside = file_join(path, "issuers/a.key");
	AUTO_FREE char                    *command = memory_new(4096);
	int                                rc;

	(void)arg;
	failing_on();
	rc = directory_make(path, &plan, err);
	failing_off();
	if (rc == 0)
		ck_assert_int_eq(access(inside, F_OK), 0);
	else if (!failing_lasts())
		ck_assert_msg(access(path, F_OK) != 0 || access(inside, F_OK) == 0 || rmdir(path) == 0, "%s", err->detail);
	(void)snprintf(command, 4096, "rm -rf '%s' '%s'/.attest-ca-init.*", path, world.directory);
	ck_assert_int_eq(system(command), 0);
	return rc;
}

START_TEST(directory_whose_calls_fail_is_whole_or_not_there)
{
	failing_calls(EIO);
	failing_each(make_once, NULL);
}
END_TEST

/* ---- loading ---- */

START_TEST(load_key_of_nobody_says_so)
{
	struct issuer_files files = {.id = ""};
	char                detail[512];
	struct error        err = {0};

	prepare(FORM_KEY, FORM_KEY);
	put_key(STATE_ISSUING_KEY, world.next.key);
	(void)snprintf(detail, sizeof detail,
	    "no private key in %s is that of its issuing certificate (key identifier %.40s)",
	    world.directory, world.old_id);
	unit_fails(issuer_files_load(&world.state, &open_access, &files, &err), &err, ERROR_INTERNAL,
	    detail);
	free(pki_run(world.directory, "rm issuing.key"));
	ck_assert_int_eq(issuer_files_load(&world.state, &open_access, &files, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	/* Who needs no key has the certificate. */
	unit_ok(issuer_files_load(&world.state, NULL, &files, &err), &err);
	ck_assert_ptr_null(files.ca.key);
	issuer_files_clear(&files);
}
END_TEST

START_TEST(load_uri_without_a_line_says_so)
{
	struct issuer_files files = {.id = ""};
	char                detail[512];
	struct error        err = {0};

	prepare(FORM_KEY, FORM_KEY);
	put(STATE_ISSUING_URI, "\n", 1);
	(void)snprintf(detail, sizeof detail, "there is no URI in the first line of %s/%s",
	    world.directory, STATE_ISSUING_URI);
	unit_fails(issuer_files_load(&world.state, &open_access, &files, &err), &err, ERROR_INTERNAL,
	    detail);
}
END_TEST

START_TEST(list_passes_by_what_is_no_certificate)
{
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t       count = 7;
	struct error err = {0};

	prepare(FORM_KEY, FORM_KEY);
	unit_ok(issuer_files_list(&world.state, &ids, &count, &err), &err);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(ids);
	free(pki_run(world.directory,
	    "mkdir issuers && cd issuers && touch 0b.pem 0a.pem 0a.key 0c.crl .pem xy.pem 0A.pem 0a.pem.x1y2z3"));
	unit_ok(issuer_files_list(&world.state, &ids, &count, &err), &err);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(ids[0], "0a");
	ck_assert_str_eq(ids[1], "0b");
	free(ids);
}
END_TEST

START_TEST(remove_takes_all_of_one_and_nothing_of_another)
{
	AUTO_FREE char *left = NULL;
	struct error    err = {0};

	prepare(FORM_KEY, FORM_KEY);
	free(pki_run(world.directory,
	    "mkdir issuers && cd issuers && touch 0a.pem 0a.key 0a.uri 0a.crl 0b.pem 0b.key"));
	unit_ok(issuer_files_remove(&world.state, "0a", &err), &err);
	unit_ok(issuer_files_remove(&world.state, "0a", &err), &err);
	left = pki_run(world.directory, "ls issuers");
	ck_assert_str_eq(left, "0b.key\n0b.pem\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("issuer_replace");
	TCase *tc = tcase_create("issuer_replace");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, replace_ended_after_any_change_leaves_one_ca, 0,
	    sizeof passages / sizeof passages[0]);
	tcase_add_loop_test(tc, replace_whose_calls_fail_leaves_one_ca, 0,
	    sizeof passages / sizeof passages[0]);
	tcase_add_test(tc, replace_of_the_same_key_changes_the_certificate_only);
	tcase_add_test(tc, replace_of_the_same_key_whose_calls_fail_is_tried_again);
	tcase_add_test(tc, directory_whose_calls_fail_is_whole_or_not_there);
	tcase_add_test(tc, load_key_of_nobody_says_so);
	tcase_add_test(tc, load_uri_without_a_line_says_so);
	tcase_add_test(tc, list_passes_by_what_is_no_certificate);
	tcase_add_test(tc, remove_takes_all_of_one_and_nothing_of_another);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
