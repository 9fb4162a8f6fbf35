#include "config.h"

#include "pki/certificate.h"
#include "pki/certificate_memory.h"
#include "pki_support.h"

static struct pki                 pki;
static struct bytes               root;
static struct bytes               issuing;
static struct certificate_memory *memory;

static void
setup(void)
{
	struct error err = {0};

	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(certificate_encode(pki.root.certificate, &root, &err), &err);
	unit_ok(certificate_encode(pki.issuing.certificate, &issuing, &err), &err);
	memory = certificate_memory_new(1);
}

static void
teardown(void)
{
	certificate_memory_free(memory);
	certificate_memory_free(NULL);
	bytes_clear(&root);
	bytes_clear(&issuing);
	pki_clear(&pki);
}

static X509 *
decode(const struct bytes *der)
{
	X509        *out = NULL;
	struct error err = {0};

	unit_ok(certificate_memory_decode(memory, bytes_view(der), &out, &err), &err);
	return out;
}

START_TEST(decode_again_gives_the_same_certificate)
{
	X509 *first = decode(&issuing);
	X509 *second = decode(&issuing);

	ck_assert_ptr_eq(first, second);
	ck_assert_int_eq(X509_cmp(first, pki.issuing.certificate), 0);
	X509_free(first);
	X509_free(second);
}
END_TEST

/* What is taken out lives on with its users. */
START_TEST(decode_of_another_displaces_and_gives_its_own)
{
	X509 *first = decode(&issuing);
	X509 *other = decode(&root);
	X509 *again = decode(&issuing);

	ck_assert_int_eq(X509_cmp(first, pki.issuing.certificate), 0);
	ck_assert_int_eq(X509_cmp(other, pki.root.certificate), 0);
	ck_assert_ptr_ne(first, again);
	ck_assert_int_eq(X509_cmp(again, pki.issuing.certificate), 0);
	X509_free(first);
	X509_free(other);
	X509_free(again);
}
END_TEST

/* One octet of the signature makes another certificate of it. */
START_TEST(decode_of_a_changed_octet_is_another_certificate)
{
	X509 *first = decode(&issuing);
	X509 *second;

	issuing.data[issuing.size - 1] ^= 1;
	second = decode(&issuing);
	ck_assert_ptr_ne(first, second);
	ck_assert_int_ne(X509_cmp(first, second), 0);
	X509_free(first);
	X509_free(second);
}
END_TEST

START_TEST(decode_first_takes_one_of_two)
{
	AUTO_BYTES   both = {0};
	X509        *out = NULL;
	size_t       used = 0;
	struct error err = {0};

	bytes_append(&both, issuing.data, issuing.size);
	bytes_append(&both, root.data, root.size);
	for (int i = 0; i < 2; i++) {
		unit_ok(certificate_memory_decode_first(memory, bytes_view(&both), &out, &used, &err), &err);
		ck_assert_uint_eq(used, issuing.size);
		ck_assert_int_eq(X509_cmp(out, pki.issuing.certificate), 0);
		X509_free(out);
	}
}
END_TEST

/* Known or not: the octets behind count. */
START_TEST(decode_with_an_octet_more_is_malformed)
{
	X509        *out = NULL;
	struct error err = {0};

	bytes_append_u8(&issuing, 0);
	for (int i = 0; i < 2; i++)
		unit_fails(certificate_memory_decode(memory, bytes_view(&issuing), &out, &err), &err,
		    ERROR_MALFORMED, "1 octets after a certificate");
	ck_assert_ptr_null(out);
}
END_TEST

static const char *const broken[] = {"", "\x30", "\x30\x80", "\x30\x03\x02\x01", "\x30\x03\x02\x01\x05"};

START_TEST(decode_of_what_is_none_is_malformed)
{
	X509        *out = NULL;
	struct error err = {0};

	ck_assert_int_eq(certificate_memory_decode(memory, view_text(broken[_i]), &out, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("certificate_memory");
	TCase *tc = tcase_create("decode");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, decode_again_gives_the_same_certificate);
	tcase_add_test(tc, decode_of_another_displaces_and_gives_its_own);
	tcase_add_test(tc, decode_of_a_changed_octet_is_another_certificate);
	tcase_add_test(tc, decode_first_takes_one_of_two);
	tcase_add_test(tc, decode_with_an_octet_more_is_malformed);
	tcase_add_loop_test(tc, decode_of_what_is_none_is_malformed, 0, 5);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
