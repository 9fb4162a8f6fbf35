#include "config.h"

#include <stdio.h>
#include <string.h>

#include "acme/front/nonce.h"
#include "cleansed.h"
#include "unit.h"
#include "util/error.h"

#define NOW 1000000

static struct nonces *
nonces_make(uint32_t window)
{
	struct nonces *nonces = NULL;
	struct error   err = {0};

	unit_ok(nonces_new(window, &nonces, &err), &err);
	return nonces;
}

START_TEST(use_fresh_nonce_works_once)
{
	struct nonces *nonces = nonces_make(64);
	char           text[NONCE_TEXT_SIZE];
	struct error   err = {0};

	nonces_issue(nonces, NOW, text);
	ck_assert_uint_eq(strlen(text), NONCE_TEXT_SIZE - 1);
	unit_ok(nonces_use(nonces, text, NOW, &err), &err);
	unit_fails(nonces_use(nonces, text, NOW, &err), &err, ERROR_BAD_NONCE,
	    "the nonce was used already");
	nonces_free(nonces);
}
END_TEST

START_TEST(use_in_any_order_works)
{
	struct nonces *nonces = nonces_make(64);
	char           text[64][NONCE_TEXT_SIZE];
	struct error   err = {0};

	for (size_t i = 0; i < 64; i++)
		nonces_issue(nonces, NOW, text[i]);
	for (size_t i = 0; i < 64; i++)
		unit_ok(nonces_use(nonces, text[i * 37 % 64], NOW, &err), &err);
	for (size_t i = 0; i < 64; i++)
		ck_assert_int_eq(nonces_use(nonces, text[i], NOW, &err), -1);
	nonces_free(nonces);
}
END_TEST

/* The next ones have the places of those. */
START_TEST(use_after_the_window_was_used_up_works_once)
{
	struct nonces *nonces = nonces_make(64);
	char           text[NONCE_TEXT_SIZE];
	struct error   err = {0};

	for (int i = 0; i < 3 * 64; i++) {
		nonces_issue(nonces, NOW, text);
		unit_ok(nonces_use(nonces, text, NOW, &err), &err);
		unit_fails(nonces_use(nonces, text, NOW, &err), &err, ERROR_BAD_NONCE,
		    "the nonce was used already");
	}
	nonces_free(nonces);
}
END_TEST

START_TEST(use_after_an_hour_is_a_bad_nonce)
{
	struct nonces *nonces = nonces_make(64);
	char           first[NONCE_TEXT_SIZE];
	char           second[NONCE_TEXT_SIZE];
	struct error   err = {0};

	nonces_issue(nonces, NOW, first);
	nonces_issue(nonces, NOW, second);
	unit_ok(nonces_use(nonces, first, NOW + NONCE_LIFE_MS, &err), &err);
	unit_fails(nonces_use(nonces, second, NOW + NONCE_LIFE_MS + 1, &err), &err, ERROR_BAD_NONCE,
	    "the nonce is older than an hour");
	nonces_free(nonces);
}
END_TEST

/* What the set has forgotten, used or not, never works again. */
START_TEST(use_outside_the_window_is_a_bad_nonce)
{
	struct nonces *nonces = nonces_make(64);
	char           used[NONCE_TEXT_SIZE];
	char           unused[NONCE_TEXT_SIZE];
	char           later[NONCE_TEXT_SIZE];
	struct error   err = {0};

	nonces_issue(nonces, NOW, used);
	nonces_issue(nonces, NOW, unused);
	unit_ok(nonces_use(nonces, used, NOW, &err), &err);
	for (int i = 0; i < 64; i++)
		nonces_issue(nonces, NOW, later);
	unit_fails(nonces_use(nonces, used, NOW, &err), &err, ERROR_BAD_NONCE,
	    "the nonce was used already");
	unit_fails(nonces_use(nonces, unused, NOW, &err), &err, ERROR_BAD_NONCE,
	    "the nonce was used already");
	unit_ok(nonces_use(nonces, later, NOW, &err), &err);
	nonces_free(nonces);
}
END_TEST

/* A server that started again, and any single character that is another. */
START_TEST(use_nonce_of_another_set_is_a_bad_nonce)
{
	struct nonces *before = nonces_make(64);
	struct nonces *after = nonces_make(64);
	char           text[NONCE_TEXT_SIZE];
	struct error   err = {0};

	nonces_issue(before, NOW, text);
	nonces_issue(after, NOW, text);
	nonces_issue(before, NOW, text);
	unit_fails(nonces_use(after, text, NOW, &err), &err, ERROR_BAD_NONCE,
	    "the nonce is none of this server, or from before it started");
	nonces_free(before);
	nonces_free(after);
}
END_TEST

START_TEST(use_changed_nonce_is_refused)
{
	struct nonces *nonces = nonces_make(64);
	char           text[NONCE_TEXT_SIZE];
	struct error   err = {0};

	nonces_issue(nonces, NOW, text);
	for (size_t i = 0; i < NONCE_TEXT_SIZE - 1; i++) {
		char changed[NONCE_TEXT_SIZE];

		memcpy(changed, text, sizeof changed);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		ck_assert_int_eq(nonces_use(nonces, changed, NOW, &err), -1);
	}
	unit_ok(nonces_use(nonces, text, NOW, &err), &err);
	nonces_free(nonces);
}
END_TEST

START_TEST(use_what_is_no_nonce_is_refused)
{
	struct nonces *nonces = nonces_make(64);
	struct error   err = {0};

	unit_fails(nonces_use(nonces, "", NOW, &err), &err, ERROR_BAD_NONCE,
	    "the nonce is none of this server");
	unit_fails(nonces_use(nonces, "AAAA", NOW, &err), &err, ERROR_BAD_NONCE,
	    "the nonce is none of this server");
	ck_assert_int_eq(nonces_use(nonces, "no base64url!", NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	nonces_free(nonces);
}
END_TEST

/* Their key: whoever has it makes nonces. */
START_TEST(free_cleanses_the_key)
{
	struct nonces *nonces = nonces_make(64);

	cleansed_watch();
	nonces_free(nonces);
	ck_assert_uint_eq(cleansed_count(32, (struct view){NULL, 0}), 1);
	ck_assert_uint_eq(cleansed_count(0, (struct view){NULL, 0}), 1);
}
END_TEST

static bool no_random;

int __real_RAND_priv_bytes(unsigned char *out, int size);
int __wrap_RAND_priv_bytes(unsigned char *out, int size);
int
__wrap_RAND_priv_bytes(unsigned char *out, int size)
{
	return no_random ? 0 : __real_RAND_priv_bytes(out, size);
}

/* A key that was not drawn would be known to everybody. */
START_TEST(new_without_random_numbers_is_an_error)
{
	struct nonces *set = NULL;
	struct error   err = {0};

	no_random = true;
	ck_assert_int_eq(nonces_new(64, &set, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_ptr_null(set);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("nonce");
	TCase *use = tcase_create("use");

	tcase_add_test(use, use_fresh_nonce_works_once);
	tcase_add_test(use, use_in_any_order_works);
	tcase_add_test(use, use_after_the_window_was_used_up_works_once);
	tcase_add_test(use, use_after_an_hour_is_a_bad_nonce);
	tcase_add_test(use, use_outside_the_window_is_a_bad_nonce);
	tcase_add_test(use, use_nonce_of_another_set_is_a_bad_nonce);
	tcase_add_test(use, use_changed_nonce_is_refused);
	tcase_add_test(use, use_what_is_no_nonce_is_refused);
	tcase_add_test(use, free_cleanses_the_key);
	tcase_add_test(use, new_without_random_numbers_is_an_error);
	suite_add_tcase(suite, use);
	return unit_run(suite);
}
