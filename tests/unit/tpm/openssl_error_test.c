/* What OpenSSL says, behind what we say. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

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

int
main(void)
{
	Suite *suite = suite_create("openssl_error");
	TCase *tc = tcase_create("set");

	tcase_add_test(tc, set_with_an_empty_queue_says_the_detail_alone);
	tcase_add_test(tc, set_says_the_first_reason_and_empties_the_queue);
	tcase_add_test(tc, set_without_memory_is_internal);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
