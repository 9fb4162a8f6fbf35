/* The file of a CRL that others write too, that is not ours, or that cannot be written. */
#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <string.h>
#include <unistd.h>

#include "crl_support.h"
#include "rename_watch.h"
#include "store/inventory/issuer.h"

/* The file. */

START_TEST(file_that_another_has_signed_is_taken_over)
{
	struct crl_keeper *other = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);

	ck_assert(refresh(crl, PKI_NOW));
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	unit_ok(crl_keeper_sign(other, store, PKI_NOW + 1, &err), &err);
	ck_assert(refresh(crl, PKI_NOW + 2));
	ck_assert_uint_eq(number_of(crl), number_of(other));
	ck_assert(view_equal(crl_keeper_der(crl), crl_keeper_der(other)));
	ck_assert(!refresh(crl, PKI_NOW + 3));
	crl_keeper_free(other);
}
END_TEST

/* The store is as it was when the two were last compared: the file is not. */
START_TEST(file_that_another_has_signed_is_compared_with_the_store)
{
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(!refresh(crl, PKI_NOW));
	write_crl(&pki.issuing, 500, PKI_NOW); /* names nothing, and is no number of the store's */
	ck_assert(refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), 501);
	ck_assert_uint_eq(number_in_file(), 501);
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert(!refresh(crl, PKI_NOW + 2));
}
END_TEST

/* The number is the store's, the content is not. */
START_TEST(file_with_the_last_number_and_another_list_is_not_believed)
{
	int64_t number;

	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	unit_ok(store_crl_number_next(store, issuer, 0, &number, &err), &err);
	write_crl(&pki.issuing, (uint64_t)number, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW + 1));
	ck_assert_int_eq((int64_t)number_of(crl), number + 1);
	ck_assert_uint_eq(count_of(crl), 1);
}
END_TEST

/* RFC 5280 section 5.2.3: a number stands for one CRL. */
START_TEST(file_that_is_another_of_the_same_number_is_signed_anew)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	write_crl(&pki.issuing, number, PKI_NOW - 60);
	ck_assert(refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_uint_eq(number_in_file(), number + 1);
	ck_assert(!refresh(crl, PKI_NOW + 2));
}
END_TEST

START_TEST(file_that_is_written_again_as_it_was_changes_nothing)
{
	struct view der;
	uint64_t    number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	der = crl_keeper_der(crl);
	pki_write(directory, STATE_ISSUING_CRL, der.data, der.size);
	ck_assert(!refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), number);
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

START_TEST(file_that_is_older_is_put_back)
{
	uint64_t number;

	write_crl(&pki.issuing, 7, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW));
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	write_crl(&pki.issuing, 7, PKI_NOW);
	ck_assert(!refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

START_TEST(file_that_is_not_ours_is_replaced)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	puts_wrong[_i]();
	ck_assert(!refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), number);
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

START_TEST(file_that_cannot_be_written_is_written_later)
{
	AUTO_FREE char *path = file_join(directory, STATE_ISSUING_CRL);
	bool            fresh = false;
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(fresh);
	ck_assert_uint_eq(count_of(crl), 1);
	number = number_of(crl);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(!fresh);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert(!refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

/* The file that is there stays as it was, and only the new one cannot be made. */
START_TEST(file_whose_replacement_failed_is_replaced_later)
{
	AUTO_FREE char *temporary = file_join(directory, STATE_ISSUING_CRL ".new");
	bool            fresh = false;
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_in_file();
	ck_assert_int_eq(mkdir(temporary, 0700), 0);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(fresh);
	ck_assert_uint_eq(number_in_file(), number);
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(!fresh);
	ck_assert_int_eq(rmdir(temporary), 0);
	ck_assert(!refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number + 1);
	ck_assert(!refresh(crl, PKI_NOW));
}
END_TEST

/* A token that is away: the key is there, and signs nothing. */
START_TEST(signature_that_failed_is_tried_again)
{
	EVP_PKEY     *key = pki.issuing.key;
	EVP_PKEY     *public_half = X509_get_pubkey(pki.issuing.certificate);
	bool          fresh = false;
	uint64_t      number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	pki.issuing.key = public_half;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW + 1, &fresh, &err), -1);
		ck_assert(!fresh);
		ck_assert_ptr_eq(strstr(err.detail, "signing the CRL"), err.detail);
		ck_assert_uint_eq(number_of(crl), number);
		ck_assert_uint_eq(number_in_file(), number);
	}
	pki.issuing.key = key;
	EVP_PKEY_free(public_half);
	ck_assert(refresh(crl, PKI_NOW + 2));
	ck_assert_uint_gt(number_of(crl), number);
	ck_assert_uint_eq(number_in_file(), number_of(crl));
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert(!refresh(crl, PKI_NOW + 3));
}
END_TEST

START_TEST(file_that_was_renamed_is_there_after_a_crash)
{
	rename_watch_begin();
	ck_assert(refresh(crl, PKI_NOW));
	rename_watch_end(1);
	rename_watch_begin();
	unit_ok(crl_bundle_write(&state, &err), &err);
	rename_watch_end(1);
}
END_TEST

/* Several sign at once: no number is used twice, and the newest stays. */

enum { SIGNERS = 4, EACH = 8 };

static int
sign_some(int out)
{
	struct crl_keeper *own = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	struct store      *own_store = NULL;
	struct error       own_err = {0};
	int                rc = store_open(directory, &own_store, &own_err);

	for (int i = 0; rc == 0 && i < EACH; i++) {
		uint64_t number;

		rc = crl_keeper_sign(own, own_store, PKI_NOW, &own_err);
		number = number_of(own);
		if (rc == 0 && write(out, &number, sizeof number) != (ssize_t)sizeof number)
			rc = -1;
	}
	crl_keeper_free(own);
	store_close(own_store);
	return rc == 0 ? 0 : 1;
}

START_TEST(signers_at_once_leave_the_newest)
{
	pid_t    children[SIGNERS];
	uint64_t numbers[SIGNERS * EACH];
	uint64_t greatest = 0;
	int      pipes[2];
	int      status;

	store_close(store);
	store = NULL;
	ck_assert_int_eq(pipe(pipes), 0);
	for (int i = 0; i < SIGNERS; i++) {
		ck_assert_int_ge(children[i] = fork(), 0);
		if (children[i] == 0)
			_exit(sign_some(pipes[1]));
	}
	for (int i = 0; i < SIGNERS; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(read(pipes[0], numbers, sizeof numbers), (ssize_t)sizeof numbers);
	for (size_t i = 0; i < SIGNERS * EACH; i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(numbers[i], numbers[j]);
		greatest = numbers[i] > greatest ? numbers[i] : greatest;
	}
	ck_assert_uint_eq(number_in_file(), greatest);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("crl_file");
	TCase *tc = case_of("file");

	tcase_add_test(tc, file_that_another_has_signed_is_taken_over);
	tcase_add_test(tc, file_that_another_has_signed_is_compared_with_the_store);
	tcase_add_test(tc, file_with_the_last_number_and_another_list_is_not_believed);
	tcase_add_test(tc, file_that_is_another_of_the_same_number_is_signed_anew);
	tcase_add_test(tc, file_that_is_written_again_as_it_was_changes_nothing);
	tcase_add_test(tc, file_that_is_older_is_put_back);
	tcase_add_loop_test(tc, file_that_is_not_ours_is_replaced, 0,
	    (int)(sizeof puts_wrong / sizeof puts_wrong[0]));
	tcase_add_test(tc, file_that_cannot_be_written_is_written_later);
	tcase_add_test(tc, file_whose_replacement_failed_is_replaced_later);
	tcase_add_test(tc, file_that_was_renamed_is_there_after_a_crash);
	tcase_add_test(tc, signature_that_failed_is_tried_again);
	tcase_add_test(tc, signers_at_once_leave_the_newest);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
