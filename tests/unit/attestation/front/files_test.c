#include "config.h"

#include <stdio.h>
#include <string.h>

#include "attestation/front/files.h"
#include "unit.h"
#include "util/error.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static struct front_files files;

static void
teardown(void)
{
	front_files_clear(&files);
}

static int
take(enum attestation_file_name name, struct view issuer, uint64_t total, uint64_t offset,
    struct view chunk, struct error *err)
{
	return front_files_take(&files, &(struct attestation_file){name, issuer, total, offset, chunk}, err);
}

START_TEST(take_in_pieces_is_served_when_the_last_has_come)
{
	struct http_file *before;
	struct error      err = {0};

	ck_assert_ptr_null(front_files_find(&files, ATTESTATION_FILE_ROOT));
	unit_ok(take(ATTESTATION_FILE_ROOT, VIEW(""), 6, 0, VIEW("abc"), &err), &err);
	ck_assert_ptr_null(front_files_find(&files, ATTESTATION_FILE_ROOT));
	unit_ok(take(ATTESTATION_FILE_ROOT, VIEW(""), 6, 3, VIEW("def"), &err), &err);
	ck_assert_ptr_nonnull(before = front_files_find(&files, ATTESTATION_FILE_ROOT));
	/* Half of another one changes nothing yet. */
	unit_ok(take(ATTESTATION_FILE_ROOT, VIEW(""), 6, 0, VIEW("ABC"), &err), &err);
	ck_assert_ptr_eq(front_files_find(&files, ATTESTATION_FILE_ROOT), before);
	unit_ok(take(ATTESTATION_FILE_ROOT, VIEW(""), 6, 3, VIEW("DEF"), &err), &err);
	ck_assert_ptr_ne(front_files_find(&files, ATTESTATION_FILE_ROOT), before);
	ck_assert_ptr_null(front_files_find(&files, ATTESTATION_FILE_CRL));
}
END_TEST

START_TEST(take_out_of_order_is_malformed)
{
	struct error err = {0};

	unit_fails(take(ATTESTATION_FILE_ROOT, VIEW(""), 6, 3, VIEW("def"), &err), &err, ERROR_MALFORMED,
	    "a piece of a file came out of order");
	unit_ok(take(ATTESTATION_FILE_ROOT, VIEW(""), 6, 0, VIEW("abc"), &err), &err);
	unit_fails(take(ATTESTATION_FILE_ROOT, VIEW(""), 6, 4, VIEW("ef"), &err), &err, ERROR_MALFORMED,
	    "a piece of a file came out of order");
}
END_TEST

START_TEST(find_crl_is_that_of_the_issuer)
{
	struct error err = {0};

	unit_ok(take(ATTESTATION_FILE_ISSUING, VIEW(""), 1, 0, VIEW("i"), &err), &err);
	unit_ok(take(ATTESTATION_FILE_CRL, VIEW("0a"), 1, 0, VIEW("x"), &err), &err);
	unit_ok(take(ATTESTATION_FILE_EARLIER_CRL, VIEW("0b"), 1, 0, VIEW("y"), &err), &err);
	unit_ok(take(ATTESTATION_FILE_EARLIER_CRL, VIEW("0c"), 1, 0, VIEW("z"), &err), &err);
	ck_assert_ptr_eq(front_files_find_crl(&files, "0a"), front_files_find(&files, ATTESTATION_FILE_CRL));
	ck_assert_ptr_nonnull(front_files_find_crl(&files, "0b"));
	ck_assert_ptr_nonnull(front_files_find_crl(&files, "0c"));
	ck_assert_ptr_ne(front_files_find_crl(&files, "0b"), front_files_find_crl(&files, "0c"));
	ck_assert_ptr_null(front_files_find_crl(&files, ""));
	ck_assert_ptr_null(front_files_find_crl(&files, "0"));
	ck_assert_ptr_null(front_files_find_crl(&files, "0d"));
	/* The issuer that signs is another one from now on. */
	unit_ok(take(ATTESTATION_FILE_CRL, VIEW("0d"), 1, 0, VIEW("w"), &err), &err);
	ck_assert_ptr_nonnull(front_files_find_crl(&files, "0d"));
	ck_assert_ptr_null(front_files_find_crl(&files, "0a"));
}
END_TEST

START_TEST(take_nothing_is_gone)
{
	struct error err = {0};

	unit_ok(take(ATTESTATION_FILE_EARLIER_CRL, VIEW("0b"), 1, 0, VIEW("y"), &err), &err);
	unit_ok(take(ATTESTATION_FILE_EARLIER_CRL, VIEW("0c"), 1, 0, VIEW("z"), &err), &err);
	unit_ok(take(ATTESTATION_FILE_EARLIER_CRL, VIEW("0b"), 0, 0, VIEW(""), &err), &err);
	unit_ok(take(ATTESTATION_FILE_EARLIER_CRL, VIEW("0b"), 0, 0, VIEW(""), &err), &err);
	ck_assert_ptr_null(front_files_find_crl(&files, "0b"));
	ck_assert_ptr_nonnull(front_files_find_crl(&files, "0c"));
}
END_TEST

START_TEST(take_more_than_there_can_be_is_malformed)
{
	char         id[8];
	struct error err = {0};
	size_t       taken = 0;
	int          rc = 0;

	while (rc == 0 && taken < 1000) {
		(void)snprintf(id, sizeof id, "%zu", taken);
		rc = take(ATTESTATION_FILE_EARLIER_CRL, view_text(id), 1, 0,
		    VIEW("x"), &err);
		taken += rc == 0;
	}
	ck_assert_uint_eq(taken, ATTESTATION_EARLIER_MAX + ATTESTATION_FILE_COUNT);
	ck_assert_str_eq(err.detail, "more files than there can be");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("front_files");
	TCase *tc = tcase_create("front_files");

	tcase_add_checked_fixture(tc, NULL, teardown);
	tcase_add_test(tc, take_in_pieces_is_served_when_the_last_has_come);
	tcase_add_test(tc, take_out_of_order_is_malformed);
	tcase_add_test(tc, find_crl_is_that_of_the_issuer);
	tcase_add_test(tc, take_nothing_is_gone);
	tcase_add_test(tc, take_more_than_there_can_be_is_malformed);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
