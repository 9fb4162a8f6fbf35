/* What OpenSSL says, behind what we say. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "tpm/openssl_error.h"
#include "unit.h"
#include "util/error.h"

START_TEST(set_with_an_empty_queue_says_the_detail_alone)
{
	struct error err = {0};

	ERR_clear_error();
	ck_assert_int_eq(error_set_openssl(&err, ERROR_INTERNAL, "signing %s", "it"), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_str_eq(err.detail, "signing it");
}
END_TEST

/* The first in the queue is the cause; none is left for another to find. */
START_TEST(set_says_the_first_reason_and_empties_the_queue)
{
	char         detail[256];
	struct error err = {0};

	ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
	ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	(void)error_set_openssl(&err, ERROR_MALFORMED, "reading it");
	ck_assert_str_eq(err.detail, "reading it: bad decrypt");
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_SYS, ENOENT);
	(void)error_set_openssl(&err, ERROR_MALFORMED, "reading it");
	(void)snprintf(detail, sizeof detail, "reading it: %s", strerror(ENOENT));
	ck_assert_str_eq(err.detail, detail);
}
END_TEST

/* What was examined may be well-formed: who is told MALFORMED would not try again. */
START_TEST(set_without_memory_is_internal)
{
	struct error err = {0};

	ERR_raise(ERR_LIB_ASN1, ERR_R_MALLOC_FAILURE);
	ERR_raise(ERR_LIB_ASN1, ERR_R_NESTED_ASN1_ERROR);
	(void)error_set_openssl(&err, ERROR_MALFORMED, "reading it");
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ERR_raise(ERR_LIB_ASN1, ERR_R_NESTED_ASN1_ERROR);
	(void)error_set_openssl(&err, ERROR_MALFORMED, "reading it");
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

/* Reasons of what is in the queue, and the kind; 0: nothing is. */
static const struct {
	int             reason;
	enum error_kind kind;
	const char     *detail;
} unlike[] = {
    {PEM_R_NO_START_LINE, ERROR_NOT_FOUND, "no key in it"},
    {ERR_R_MALLOC_FAILURE, ERROR_INTERNAL, "no key in it: malloc failure"},
    {ERR_R_INIT_FAIL, ERROR_INTERNAL, "no key in it: malloc failure"},
    {0, ERROR_INTERNAL, "no key in it, or no memory to read it"},
};

START_TEST(unlike_is_what_it_says_unless_memory_was_short)
{
	struct error err = {0};

	ERR_clear_error();
	if (unlike[_i].reason != 0)
		ERR_raise(ERR_LIB_PEM, unlike[_i].reason);
	unit_fails(error_set_unlike(&err, ERROR_NOT_FOUND, "no %s in it", "key"), &err, unlike[_i].kind,
	    unlike[_i].detail);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("openssl_error");
	TCase *tc = tcase_create("set");

	tcase_add_test(tc, set_with_an_empty_queue_says_the_detail_alone);
	tcase_add_test(tc, set_says_the_first_reason_and_empties_the_queue);
	tcase_add_test(tc, set_without_memory_is_internal);
	tcase_add_loop_test(tc, unlike_is_what_it_says_unless_memory_was_short, 0, sizeof unlike / sizeof unlike[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
