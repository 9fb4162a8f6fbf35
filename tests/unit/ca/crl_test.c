/* When a CRL is signed, with which number, and what it names. */
#include "config.h"

#include <unistd.h>

#include "crl_support.h"
#include "rename_watch.h"
#include "store/inventory/issuer.h"

static const struct ca_revoked *
entry_of(const struct crl_keeper *which, size_t i)
{
	return (const struct ca_revoked *)(const void *)crl_keeper_content(which)->revoked.data + i;
}

/* When it is signed. */

START_TEST(refresh_without_a_file_signs)
{
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number_of(crl));
	ck_assert_uint_eq(count_of(crl), 0);
	ck_assert_int_eq(crl_keeper_content(crl)->this_update, PKI_NOW);
	ck_assert_int_eq(crl_keeper_content(crl)->next_update, PKI_NOW + LIFETIME);
}
END_TEST

START_TEST(refresh_with_nothing_new_signs_nothing)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	(void)enroll(1);
	ck_assert(!refresh(crl, PKI_NOW + LIFETIME / 2 - 1));
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

START_TEST(refresh_after_a_revocation_names_it)
{
	ck_assert(refresh(crl, PKI_NOW));
	leave(1, PKI_NOW + 5, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW + 6));
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert_uint_eq(entry_of(crl, 0)->serial[19], 1);
	ck_assert_int_eq(entry_of(crl, 0)->when, PKI_NOW + 5);
	ck_assert_int_eq(entry_of(crl, 0)->reason, REASON_CESSATION_OF_OPERATION);
	ck_assert(!refresh(crl, PKI_NOW + 7));
	ck_assert(!refresh(crl, PKI_NOW + 8));
}
END_TEST

START_TEST(refresh_at_half_its_life_signs)
{
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(refresh(crl, PKI_NOW + LIFETIME / 2));
	ck_assert_int_eq(crl_keeper_content(crl)->next_update, PKI_NOW + LIFETIME / 2 + LIFETIME);
}
END_TEST

START_TEST(refresh_of_one_from_the_future_signs)
{
	ck_assert(refresh(crl, PKI_NOW + 3600));
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_int_eq(crl_keeper_content(crl)->this_update, PKI_NOW);
	ck_assert(!refresh(crl, PKI_NOW));
}
END_TEST

START_TEST(refresh_at_a_start_takes_what_is_there)
{
	struct crl_keeper *next = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);

	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	leave(2, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(refresh(next, PKI_NOW + 60));
	ck_assert_uint_eq(number_of(next), number_of(crl));
	ck_assert(view_equal(crl_keeper_der(next), crl_keeper_der(crl)));
	ck_assert(!refresh(next, PKI_NOW + 61));
	crl_keeper_free(next);
}
END_TEST

START_TEST(sign_signs_in_any_case)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW, &err), &err);
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_uint_eq(number_in_file(), number + 1);
}
END_TEST

/* Its number. */

START_TEST(number_grows_when_the_clock_is_set_back_and_the_file_is_gone)
{
	AUTO_FREE char *path = file_join(directory, STATE_ISSUING_CRL);
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	crl_keeper_free(crl);
	ck_assert_int_eq(unlink(path), 0);
	crl = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	ck_assert(refresh(crl, PKI_NOW - PKI_YEAR));
	ck_assert_uint_gt(number_of(crl), number);
}
END_TEST

START_TEST(number_grows_over_an_upgrade)
{
	write_crl(&pki.issuing, (uint64_t)PKI_NOW, PKI_NOW - LIFETIME);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_of(crl), (uint64_t)PKI_NOW + 1);
}
END_TEST

START_TEST(number_grows_when_the_store_is_an_older_one)
{
	ck_assert(refresh(crl, PKI_NOW));
	write_crl(&pki.issuing, 500, PKI_NOW);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_of(crl), 501);
	ck_assert_uint_eq(count_of(crl), 1);
}
END_TEST

START_TEST(number_next_is_at_least_what_is_wanted)
{
	int64_t number;

	unit_ok(store_crl_number_next(store, issuer, 0, &number, &err), &err);
	ck_assert_int_eq(number, 1);
	unit_ok(store_crl_number_next(store, issuer, 1, &number, &err), &err);
	ck_assert_int_eq(number, 2);
	unit_ok(store_crl_number_next(store, issuer, 70, &number, &err), &err);
	ck_assert_int_eq(number, 70);
	unit_ok(store_crl_number_next(store, issuer, 70, &number, &err), &err);
	ck_assert_int_eq(number, 71);
}
END_TEST

static int64_t
number_last(int64_t of)
{
	int64_t number = -1;

	unit_ok(store_crl_number_last(store, of, &number, &err), &err);
	return number;
}

START_TEST(number_last_is_each_issuers_own)
{
	int64_t second;
	int64_t number;

	unit_ok(issuer_record(store, pki.root.certificate, PKI_NOW, &second, &err), &err);
	ck_assert_int_eq(number_last(issuer), 0);
	unit_ok(store_crl_number_next(store, issuer, 0, &number, &err), &err);
	unit_ok(store_crl_number_next(store, second, 0, &number, &err), &err);
	ck_assert_int_eq(number_last(issuer), 1);
	ck_assert_int_eq(number_last(second), 2);
	unit_ok(store_crl_number_next(store, 0, 9, &number, &err), &err);
	ck_assert_int_eq(number_last(issuer), 9);
	ck_assert_int_eq(number_last(second), 9);
	ck_assert_int_eq(number_last(second + 1), 0);
}
END_TEST

/* An older CRL of ours, put back while nobody looks: its number was given out, but is not the last. */
START_TEST(number_of_an_older_file_at_a_start_is_not_believed)
{
	AUTO_FREE char *path = file_join(directory, STATE_ISSUING_CRL);
	AUTO_BYTES      older = {0};
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	unit_ok(file_read(path, 1 << 20, &older, &err), &err);
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW + 1, &err), &err);
	number = number_of(crl);
	crl_keeper_free(crl);
	pki_write(directory, STATE_ISSUING_CRL, older.data, older.size);
	crl = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	ck_assert(refresh(crl, PKI_NOW + 2));
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_uint_eq(number_in_file(), number + 1);
	ck_assert(!refresh(crl, PKI_NOW + 3));
}
END_TEST

/* What is in it. */

START_TEST(entry_that_expired_is_named_once_more)
{
	leave(1, PKI_NOW, PKI_NOW + 100);
	leave(2, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), 2);
	/* That it expires is no reason to sign. */
	ck_assert(!refresh(crl, PKI_NOW + 101));
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW + 102, &err), &err);
	ck_assert_uint_eq(count_of(crl), 2);
	ck_assert(!refresh(crl, PKI_NOW + 103));
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW + 104, &err), &err);
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert_uint_eq(entry_of(crl, 0)->serial[19], 2);
}
END_TEST

START_TEST(issuers_have_lists_of_their_own)
{
	struct crl_keeper *root;
	int64_t            second;
	int64_t            again;
	int64_t            revision;

	unit_ok(issuer_record(store, pki.root.certificate, PKI_NOW, &second, &err), &err);
	unit_ok(issuer_record(store, pki.issuing.certificate, PKI_NOW, &again, &err), &err);
	ck_assert_int_eq(again, issuer);
	ck_assert_int_ne(second, issuer);
	root = crl_of(&pki.root, STATE_ROOT_CRL, second);
	revision = enroll(1);
	add(1, revision, 0, 0, PKI_NOW + PKI_DAY); /* from before issuers were recorded */
	add(1, revision, 1, issuer, PKI_NOW + PKI_DAY);
	add(1, revision, 2, second, PKI_NOW + PKI_DAY);
	remove_device(1, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(refresh(root, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), 2);
	ck_assert_uint_eq(entry_of(crl, 0)->serial[19], 0);
	ck_assert_uint_eq(entry_of(crl, 1)->serial[19], 1);
	ck_assert_uint_eq(count_of(root), 1);
	ck_assert_uint_eq(entry_of(root, 0)->serial[19], 2);
	ck_assert_uint_gt(number_of(root), number_of(crl));
	crl_keeper_free(root);
}
END_TEST

START_TEST(issuer_with_a_new_certificate_is_the_same)
{
	X509   *renewed = NULL;
	int64_t again;

	unit_ok(ca_issuing_create(&pki.root, pki.issuing.key, "Test Issuing CA", PKI_NOW, PKI_YEAR,
	            &renewed, &err),
	    &err);
	unit_ok(issuer_record(store, renewed, PKI_NOW, &again, &err), &err);
	ck_assert_int_eq(again, issuer);
	X509_free(renewed);
}
END_TEST

enum { MANY = 3000 };

/* In any order of expiry; and what is read back is what was signed. */
START_TEST(many_entries_are_all_named)
{
	struct crl_keeper *next = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	int64_t            revision = enroll(1);

	unit_ok(store_begin(store, &err), &err);
	for (uint32_t i = 0; i < MANY; i++)
		add(1, revision, 1000 + i, issuer, PKI_NOW + 1 + (i * 7919) % MANY);
	unit_ok(store_commit(store, &err), &err);
	remove_device(1, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), MANY);
	ck_assert(refresh(next, PKI_NOW + MANY / 2));
	ck_assert_uint_eq(number_of(next), number_of(crl));
	ck_assert_uint_eq(count_of(next), MANY);
	leave(2, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(next, PKI_NOW + MANY / 2));
	ck_assert_uint_eq(count_of(next), MANY + 1);
	leave(3, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(next, PKI_NOW + MANY));
	ck_assert_uint_eq(count_of(next), MANY / 2 + 3);
	crl_keeper_free(next);
}
END_TEST

START_TEST(revocations_count_what_revokes_alone)
{
	int64_t before;
	int64_t after;

	add(1, enroll(1), 1, issuer, PKI_NOW + 1);
	(void)enroll(2);
	unit_ok(store_revocations(store, &before, &err), &err);
	remove_device(2, PKI_NOW); /* it had none */
	unit_ok(store_revocations(store, &after, &err), &err);
	ck_assert_int_eq(before, after);
	remove_device(1, PKI_NOW);
	unit_ok(store_revocations(store, &after, &err), &err);
	ck_assert_int_ne(before, after);
}
END_TEST

START_TEST(sweep_removes_the_oldest_that_expired)
{
	uint8_t hash[STORE_HASH_SIZE] = {1};
	int64_t revision = enroll(1);
	size_t  removed;

	for (uint32_t i = 0; i < 5; i++)
		add(1, revision, i, issuer, PKI_NOW + 5 - i);
	unit_ok(store_certificate_sweep(store, PKI_NOW + 4, 2, &removed, &err), &err);
	ck_assert_uint_eq(removed, 2);
	unit_ok(store_certificate_sweep(store, PKI_NOW + 4, 100, &removed, &err), &err);
	ck_assert_uint_eq(removed, 1);
	unit_ok(store_certificate_sweep(store, PKI_NOW + 4, 100, &removed, &err), &err);
	ck_assert_uint_eq(removed, 0);
	unit_ok(store_device_remove(store, hash, PKI_NOW, &err), &err);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), 2);
}
END_TEST

/* Without a lifetime of its own, it is due when half of what the CRL says is over. */
START_TEST(crl_without_a_lifetime_lives_as_long_as_the_last)
{
	struct crl_keeper *heir;
	uint64_t           number;

	ck_assert(refresh(crl, PKI_NOW));
	heir = crl_keeper_new(&state, STATE_ISSUING_CRL, crl_source_inventory(), issuer, &pki.issuing, 0);
	number = crl_keeper_content(crl)->number;
	(void)refresh(heir, PKI_NOW + LIFETIME / 2 - 1); /* loads it */
	ck_assert_uint_eq(crl_keeper_content(heir)->number, number);
	ck_assert(refresh(heir, PKI_NOW + LIFETIME / 2));
	ck_assert_uint_gt(crl_keeper_content(heir)->number, number);
	ck_assert(!refresh(heir, PKI_NOW + LIFETIME - 1));
	crl_keeper_free(heir);
}
END_TEST

/* With one that is shorter than that of the last, it is due earlier. */
START_TEST(crl_with_a_shorter_lifetime_is_due_earlier)
{
	struct crl_keeper *heir;
	uint64_t           number;

	ck_assert(refresh(crl, PKI_NOW));
	number = crl_keeper_content(crl)->number;
	heir = crl_keeper_new(&state, STATE_ISSUING_CRL, crl_source_inventory(), issuer, &pki.issuing,
	    LIFETIME / 7);
	(void)refresh(heir, PKI_NOW + LIFETIME / 14 - 1); /* loads it */
	ck_assert_uint_eq(crl_keeper_content(heir)->number, number);
	ck_assert(refresh(heir, PKI_NOW + LIFETIME / 14));
	ck_assert_uint_gt(crl_keeper_content(heir)->number, number);
	crl_keeper_free(heir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_crl");
	TCase *tc = case_of("refresh");

	tcase_add_test(tc, crl_without_a_lifetime_lives_as_long_as_the_last);
	tcase_add_test(tc, crl_with_a_shorter_lifetime_is_due_earlier);
	tcase_add_test(tc, refresh_without_a_file_signs);
	tcase_add_test(tc, refresh_with_nothing_new_signs_nothing);
	tcase_add_test(tc, refresh_after_a_revocation_names_it);
	tcase_add_test(tc, refresh_at_half_its_life_signs);
	tcase_add_test(tc, refresh_of_one_from_the_future_signs);
	tcase_add_test(tc, refresh_at_a_start_takes_what_is_there);
	tcase_add_test(tc, sign_signs_in_any_case);
	tcase_add_test(tc, number_grows_when_the_clock_is_set_back_and_the_file_is_gone);
	tcase_add_test(tc, number_grows_over_an_upgrade);
	tcase_add_test(tc, number_grows_when_the_store_is_an_older_one);
	tcase_add_test(tc, number_next_is_at_least_what_is_wanted);
	tcase_add_test(tc, number_last_is_each_issuers_own);
	tcase_add_test(tc, number_of_an_older_file_at_a_start_is_not_believed);
	suite_add_tcase(suite, tc);
	tc = case_of("entries");
	tcase_add_test(tc, entry_that_expired_is_named_once_more);
	tcase_add_test(tc, issuers_have_lists_of_their_own);
	tcase_add_test(tc, issuer_with_a_new_certificate_is_the_same);
	tcase_add_test(tc, many_entries_are_all_named);
	tcase_add_test(tc, revocations_count_what_revokes_alone);
	tcase_add_test(tc, sweep_removes_the_oldest_that_expired);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
