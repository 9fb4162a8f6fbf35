/*
 * The files of a CA, while who owns the state directory puts links, FIFOs and other directories
 * in their place: a thousand times each.
 */
#include "config.h"

#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ca/crl_bundle.h"
#include "ca/directory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "pki/certificate.h"
#include "pki_support.h"
#include "race.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/folder_file.h"

/* Key identifiers: of an earlier issuer of ours, and of one in root's directory. */
#define OURS  "0a"
#define ROOTS "0b"

static char          place[RACE_PATH_SIZE];
static struct folder state;
static struct pki    pki;
static struct error  err;

static void
put(const char *path, struct view content)
{
	unit_ok(file_create(path, content.data, content.size, 0600, &err), &err);
}

static void
put_certificate(const char *path, const X509 *certificate)
{
	AUTO_BYTES pem = {0};

	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	put(path, bytes_view(&pem));
}

static void
setup(void)
{
	race_directory_make(place);
	ck_assert_int_eq(chdir(place), 0);
	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_int_eq(mkdir("state", 0700), 0);
	ck_assert_int_eq(mkdir("state/issuers", 0700), 0);
	ck_assert_int_eq(mkdir("roots", 0700), 0);
	put_certificate("state/issuing.pem", pki.issuing.certificate);
	put_certificate("state/issuers/" OURS ".pem", pki.issuing.certificate);
	put_certificate("roots/" ROOTS ".pem", pki.root.certificate);
	put_certificate("roots/" OURS ".pem", pki.root.certificate);
	put("state/root.crl", view_text("public"));
	put("roots/secret", view_text("secret"));
	ck_assert_int_eq(symlink("../roots", "state/elsewhere"), 0);
	ck_assert_int_eq(symlink("../roots/secret", "state/link"), 0);
	ck_assert_int_eq(mkfifo("state/fifo", 0600), 0);
	unit_ok(folder_open("state", &state, &err), &err);
}

static void
teardown(void)
{
	char command[96];

	folder_close(&state);
	pki_clear(&pki);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", place);
	ck_assert_int_eq(system(command), 0);
}

/* Root's directory has what setup put there, and nothing else. */
static void
roots_is_as_before(void)
{
	DIR   *roots = opendir("roots");
	size_t count = 0;

	ck_assert_ptr_nonnull(roots);
	while (readdir(roots) != NULL)
		count++;
	(void)closedir(roots);
	ck_assert_uint_eq(count, 5);
}

START_TEST(list_never_has_what_is_behind_a_link)
{
	struct swap  swap = {.directory = state.fd, .one = "issuers", .other = "elsewhere"};
	struct score score = {0};

	swap_begin(&swap);
	while (score_goes_on(&score)) {
		char (*ids)[ISSUER_ID_SIZE] = NULL;
		size_t count = 0;

		if (issuer_files_list(&state, &ids, &count, &err) != 0) {
			ck_assert_ptr_nonnull(strstr(err.detail, "/issuers is no directory, or a link"));
			score.refused++;
			continue;
		}
		score.worked++;
		ck_assert_uint_eq(count, 1);
		ck_assert_str_eq(ids[0], OURS);
		free(ids);
	}
	swap_end(&swap);
	score_check(&score);
}
END_TEST

START_TEST(earlier_issuer_is_never_one_behind_a_link)
{
	struct swap  swap = {.directory = state.fd, .one = "issuers", .other = "elsewhere"};
	struct score score = {0};

	swap_begin(&swap);
	while (score_goes_on(&score)) {
		struct issuer_files files = {.id = ""};

		if (issuer_files_load_earlier(&state, OURS, NULL, &files, &err) != 0) {
			score.refused++;
			continue;
		}
		score.worked++;
		ck_assert_int_eq(X509_cmp(files.ca.certificate, pki.issuing.certificate), 0);
		issuer_files_clear(&files);
	}
	swap_end(&swap);
	score_check(&score);
}
END_TEST

START_TEST(removal_never_goes_behind_a_link)
{
	struct swap  swap = {.directory = state.fd, .one = "issuers", .other = "elsewhere"};
	struct score score = {0};

	swap_begin(&swap);
	while (score_goes_on(&score)) {
		int rc = issuer_files_remove(&state, OURS, &err);

		*(rc == 0 ? &score.worked : &score.refused) += 1;
	}
	swap_end(&swap);
	score_check(&score);
	roots_is_as_before();
}
END_TEST

/* A link to a secret, and a FIFO for which nobody waits. */
static const char *const instead[] = {"link", "fifo"};

START_TEST(bundle_waits_for_no_fifo_and_follows_no_link)
{
	struct swap  swap = {.directory = state.fd, .one = STATE_ROOT_CRL, .other = instead[_i]};
	struct score score = {0};

	swap_begin(&swap);
	while (score_goes_on(&score)) {
		AUTO_BYTES pem = {0};

		if (crl_bundle_append(&state, view_text("crl"), &pem, &err) != 0) {
			ck_assert_ptr_nonnull(strstr(err.detail, "/root.crl is no regular file"));
			score.refused++;
			continue;
		}
		score.worked++;
		ck_assert_ptr_null(memmem(pem.data, pem.size, "c2VjcmV0", 8)); /* "secret" in base64 */
	}
	swap_end(&swap);
	score_check(&score);
}
END_TEST

static int
make_store(const struct folder *directory, void *arg, struct error *failed)
{
	(void)arg;
	(void)sched_yield();
	return folder_create(directory, "store", "store", 5, 0600, failed);
}

/* What init and restore do: the directory that they fill is put away, and a link put there. */
START_TEST(directory_that_is_captured_while_it_is_made_fills_no_other)
{
	static const char *const     store_files[] = {"store", NULL};
	const struct directory_file  files[] = {{STATE_ROOT_KEY, 0600, {0}},
	    {"issuers/" OURS ".key", 0600, {0}}};
	const struct directory_plan  plan = {files, 2, store_files, make_store, NULL, STATE_ISSUERS};
	struct swap  swap = {.directory = state.fd, .one = ".attest-ca-init.", .other = "../roots"};
	int64_t      deadline = clock_monotonic_ms() + RACE_MS;
	unsigned     made = 0;

	capture_begin(&swap);
	for (unsigned tries = 0; (tries < RACES || made < 1) && clock_monotonic_ms() < deadline;
	     tries++) {
		if (directory_make("state/new", &plan, &err) != 0) {
			(void)unlink("state/new"); /* the attacker's link, if it was renamed */
			continue;
		}
		made++;
		ck_assert_int_eq(unlink("state/new/" STATE_ROOT_KEY), 0);
		ck_assert_int_eq(unlink("state/new/store"), 0);
		ck_assert_int_eq(unlink("state/new/issuers/" OURS ".key"), 0);
		ck_assert_int_eq(rmdir("state/new/issuers"), 0);
		ck_assert_int_eq(rmdir("state/new"), 0);
	}
	swap_end(&swap);
	ck_assert_uint_gt(made, 0);
	roots_is_as_before();
}
END_TEST

static int
make_store_fails(const struct folder *directory, void *arg, struct error *failed)
{
	(void)directory;
	(void)arg;
	return error_set(failed, ERROR_INTERNAL, "no store");
}

/* A failure leaves nothing: neither the directory nor, where that was there, its files. */
START_TEST(directory_that_cannot_be_filled_is_empty_again)
{
	const struct directory_file files[] = {{STATE_ROOT_KEY, 0600, {0}}, {"issuers/" OURS ".key", 0600, {0}}};
	const struct directory_plan plan = {files, 2, (const char *const[]){NULL}, make_store_fails, NULL,
	    STATE_ISSUERS};

	unit_fails(directory_make("state/new", &plan, &err), &err, ERROR_INTERNAL, "no store");
	ck_assert_int_ne(access("state/new", F_OK), 0);
	ck_assert_int_eq(mkdir("state/new", 0700), 0);
	unit_fails(directory_make("state/new", &plan, &err), &err, ERROR_INTERNAL, "no store");
	ck_assert_int_eq(rmdir("state/new"), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("race");
	TCase *tc = tcase_create("race");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, list_never_has_what_is_behind_a_link);
	tcase_add_test(tc, earlier_issuer_is_never_one_behind_a_link);
	tcase_add_test(tc, removal_never_goes_behind_a_link);
	tcase_add_loop_test(tc, bundle_waits_for_no_fifo_and_follows_no_link, 0,
	    sizeof instead / sizeof instead[0]);
	tcase_add_test(tc, directory_that_cannot_be_filled_is_empty_again);
	tcase_add_test(tc, directory_that_is_captured_while_it_is_made_fills_no_other);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
