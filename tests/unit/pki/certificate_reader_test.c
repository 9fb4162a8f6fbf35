#include "config.h"

#include <limits.h>
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include "ek_support.h"
#include "pki/certificate_reader.h"
#include "pki/pem.h"
#include "pki/pkcs7.h"

static struct ca  ca;
static struct bytes der;
static struct bytes pem;

static void
setup(void)
{
	struct error err = {0};

	ca = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	der = ek_der(ca.certificate);
	unit_ok(certificate_encode_pem(ca.certificate, &pem, &err), &err);
}

static void
teardown(void)
{
	bytes_clear(&der);
	bytes_clear(&pem);
	ca_clear(&ca);
}

/*
 * What is read, by letters: D is the certificate as DER, P as PEM, H a header, B a broken
 * certificate in PEM, K a key in PEM, 0 and 1 padding, T text.
 */
static const struct {
	const char *content;
	const char *read; /* C for each certificate, ! for what cannot be read */
} contents[] = {
    {"", ""},
    {"D", "C"},
    {"D0", "C"},
    {"D01", "C"},
    {"HD0", "C"},
    {"DD", "CC"},
    {"DDD", "CCC"},
    {"DDD00", "CCC"},
    {"DHD", "CC"},
    {"DT", "C!"},
    {"DP", "CC"}, /* it is PEM from there on */
    {"D0D", "C!"}, /* nobody pads between */
    {"HT", "!"},
    {"T", "!"},
    {"0", "!"},
    {"P", "C"},
    {"PT", "C"},
    {"TPTPT", "CC"},
    {"KPKPK", "CC"},
    {"PBP", "C!C"},
    {"BP", "!C"},
    {"B", "!"},
    {"K", ""},
    {"PD", "C"}, /* it is PEM, with something in it */
};

static void
append(struct bytes *out, char letter)
{
	static const char broken[] = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
	static const char key[] = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n";

	switch (letter) {
	case 'D':
		bytes_append(out, der.data, der.size);
		break;
	case 'P':
		bytes_append(out, pem.data, pem.size);
		break;
	case 'H':
		bytes_append(out, "\x10\x01\x00\x04\x64\x10\x02", 7);
		break;
	case 'B':
		bytes_append(out, broken, sizeof broken - 1);
		break;
	case 'K':
		bytes_append(out, key, sizeof key - 1);
		break;
	case '0':
		bytes_append(out, "\0\0", 2);
		break;
	case '1':
		bytes_append(out, "\xff", 1);
		break;
	default:
		bytes_append(out, "text\n", 5);
	}
}

START_TEST(next_reads_what_is_there)
{
	AUTO_BYTES                content = {0};
	struct certificate_reader reader = {0};
	X509                     *certificate = NULL;
	char                      read[16] = "";
	struct error              err = {0};
	int                       rc;

	for (const char *p = contents[_i].content; *p != '\0'; p++)
		append(&content, *p);
	reader.rest = bytes_view(&content);
	while ((rc = certificate_reader_next(&reader, &certificate, &err)) != 0) {
		ck_assert_uint_lt(strlen(read), sizeof read - 1);
		strcat(read, rc > 0 ? "C" : "!");
		if (rc > 0)
			ck_assert_int_eq(X509_cmp(certificate, ca.certificate), 0);
		else
			ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		ck_assert_int_eq(rc > 0, certificate != NULL);
		X509_free(certificate);
	}
	ck_assert_ptr_null(certificate);
	ck_assert_msg(strcmp(read, contents[_i].read) == 0, "%s: %s", contents[_i].content, read);
}
END_TEST

/* ---- PKCS#7, and what OpenSSL puts behind certificates ---- */

/* PKCS#7 of so many copies of the certificate, as "openssl crl2pkcs7 -nocrl" makes it. */
static void
make_pkcs7(int copies, struct bytes *out)
{
	PKCS7         *bag = PKCS7_new();
	unsigned char *data = NULL;
	int            size;

	ck_assert_int_eq(PKCS7_set_type(bag, NID_pkcs7_signed), 1);
	ck_assert_int_eq(PKCS7_content_new(bag, NID_pkcs7_data), 1);
	(void)PKCS7_set_detached(bag, 1);
	for (int i = 0; i < copies; i++)
		ck_assert_int_eq(PKCS7_add_certificate(bag, ca.certificate), 1);
	ck_assert_int_gt(size = i2d_PKCS7(bag, &data), 0);
	bytes_append(out, data, (size_t)size);
	OPENSSL_free(data);
	PKCS7_free(bag);
}

/* A trusted certificate: for a use, and, if it is said, rejected for another. */
static void
make_trusted(bool rejected, struct bytes *out)
{
	X509          *copy = X509_dup(ca.certificate);
	unsigned char *data = NULL;
	int            size;

	(void)X509_add1_trust_object(copy, OBJ_nid2obj(NID_server_auth));
	if (rejected)
		(void)X509_add1_reject_object(copy, OBJ_nid2obj(NID_email_protect));
	(void)X509_alias_set1(copy, (const unsigned char *)"alias", 5);
	ck_assert_int_gt(size = i2d_X509_AUX(copy, &data), 0);
	bytes_append(out, data, (size_t)size);
	OPENSSL_free(data);
	X509_free(copy);
}

static void
append_block(struct bytes *out, const char *label, const struct bytes *octets)
{
	struct error err = {0};

	unit_ok(pem_wrap(label, bytes_view(octets), out, &err), &err);
}

/* What is read: C for each certificate, ! for what cannot be read; *why is of the last. */
static const char *
read_all(struct view content, bool bags, struct error *why)
{
	static char               read[16];
	struct certificate_reader reader = {.rest = content, .bags = bags};
	X509                     *certificate = NULL;
	int                       rc;

	read[0] = '\0';
	*why = (struct error){0};
	while ((rc = certificate_reader_next(&reader, &certificate, why)) != 0) {
		ck_assert_uint_lt(strlen(read), sizeof read - 1);
		strcat(read, rc > 0 ? "C" : "!");
		if (rc > 0)
			ck_assert_int_eq(X509_cmp(certificate, ca.certificate), 0);
		else
			ck_assert_int_eq((int)why->kind, ERROR_MALFORMED);
		X509_free(certificate);
	}
	certificate_reader_clear(&reader);
	return read;
}

START_TEST(next_of_pkcs7_reads_each)
{
	AUTO_BYTES   bag = {0};
	AUTO_BYTES   text = {0};
	struct error why;

	make_pkcs7(3, &bag);
	ck_assert_str_eq(read_all(bytes_view(&bag), true, &why), "CCC");
	append_block(&text, "PKCS7", &bag);
	bytes_append(&text, pem.data, pem.size);
	append_block(&text, "PKCS #7 SIGNED DATA", &bag);
	append_block(&text, "CMS", &bag);
	append_block(&text, "CERTIFICATE", &bag);
	ck_assert_str_eq(read_all(bytes_view(&text), true, &why), "CCCCCCCCCCCCC");
}
END_TEST

/* Who did not ask for bags gets no certificate out of one. */
START_TEST(next_of_pkcs7_unasked_reads_none)
{
	AUTO_BYTES   bag = {0};
	AUTO_BYTES   trusted = {0};
	AUTO_BYTES   text = {0};
	struct error why;

	make_pkcs7(1, &bag);
	make_trusted(false, &trusted);
	append_block(&text, "PKCS7", &bag);
	append_block(&text, "TRUSTED CERTIFICATE", &trusted);
	ck_assert_str_eq(read_all(bytes_view(&text), false, &why), "");
	ck_assert_str_eq(read_all(bytes_view(&bag), false, &why), "!");
}
END_TEST

START_TEST(next_of_pkcs7_without_certificates_says_so)
{
	AUTO_BYTES   bag = {0};
	struct error why;

	make_pkcs7(0, &bag);
	ck_assert_str_eq(read_all(bytes_view(&bag), true, &why), "!");
	ck_assert_str_eq(why.detail, "PKCS#7 without certificates");
}
END_TEST

/* Wherever it is cut, nothing comes out of it; nor when anything stands behind it. */
START_TEST(next_of_pkcs7_not_whole_reads_none)
{
	AUTO_BYTES   bag = {0};
	struct error why;
	struct view  none;

	make_pkcs7(2, &bag);
	for (size_t size = 1; size < bag.size; size++) {
		struct view cut = {bag.data, size};

		ck_assert_int_eq(pkcs7_certificates(cut, &none, &why), -1);
		ck_assert_msg(strchr(read_all(cut, true, &why), 'C') == NULL, "cut at %zu", size);
	}
	bytes_append(&bag, "\0", 1);
	ck_assert_str_eq(read_all(bytes_view(&bag), true, &why), "!");
	ck_assert_str_eq(why.detail, "not PKCS#7 in DER, or not all of it");
}
END_TEST

/* Each octet before the certificates counts: no other structure is taken for PKCS#7. */
START_TEST(next_of_pkcs7_flipped_reads_none)
{
	AUTO_BYTES   bag = {0};
	struct error why;
	struct view  certificates;
	size_t       before;

	make_pkcs7(2, &bag);
	unit_ok(pkcs7_certificates(bytes_view(&bag), &certificates, &why), &why);
	before = (size_t)(certificates.data - bag.data);
	for (size_t i = 0; i < before; i++) {
		/* version's number, and whose content it is, which nobody looks at */
		if ((i >= 2 && memcmp(bag.data + i - 2, "\x02\x01\x01", 3) == 0) ||
		    (i + 4 + 11 >= before && i + 4 < before))
			continue;
		bag.data[i] ^= 0x40;
		ck_assert_msg(strchr(read_all(bytes_view(&bag), true, &why), 'C') == NULL,
		    "octet %zu flipped", i);
		bag.data[i] ^= 0x40;
	}
	ck_assert_str_eq(read_all(bytes_view(&bag), true, &why), "CC");
}
END_TEST

/* A value with its length in two octets, or of indefinite length. */
static void
append_value(struct bytes *out, uint8_t tag, const struct bytes *content, bool indefinite)
{
	bytes_append_u8(out, tag);
	bytes_append_u8(out, indefinite ? 0x80 : 0x82);
	if (!indefinite) {
		bytes_append_u8(out, (uint8_t)(content->size >> 8));
		bytes_append_u8(out, (uint8_t)content->size);
	}
	bytes_append(out, content->data, content->size);
	if (indefinite)
		bytes_append(out, "\0\0", 2);
}

/* What SignedData is made of, and whether it is read. */
static const struct {
	const char *inside; /* behind the certificate */
	const char *behind; /* crls and signerInfos, and more */
	size_t      behind_size;
	bool        indefinite; /* the set of certificates is of that length */
	bool        ber;        /* the certificate is */
	const char *read;
	uint8_t     tag; /* of the certificates; 0: [0] */
} shapes[] = {
    {"", "\x31\0", 2, false, false, "C", 0},
    {"", "\xa1\0\x31\0", 4, false, false, "C", 0},
    {"\x30", "\x31\0", 2, false, false, "!", 0}, /* what may be a certificate begins, and that is all */
    {"\x30\x05", "\x31\0", 2, false, false, "!", 0},
    {"", "\x31\0\x31\0", 4, false, false, "!", 0},
    {"", "\xa1\0", 2, false, false, "!", 0},
    {"", "\x31\0", 2, true, false, "!", 0},
    {"", "\xa2\0\x31\0", 4, false, false, "!", 0},  /* [2] is no set of CRLs */
    {"", "\x31\0", 2, false, false, "!", 0xa2},   /* nor of certificates */
    {"", "\x31\0", 2, false, false, "!", 0x60},   /* nor is [APPLICATION 0] */
    {"", "\x31\0", 2, false, true, "!", 0}, /* which d2i_X509 would take */
};

START_TEST(next_of_pkcs7_of_another_shape_reads_none)
{
	AUTO_BYTES   content = {0};
	AUTO_BYTES   certificates = {0};
	AUTO_BYTES   data = {0};
	AUTO_BYTES   sequence = {0};
	AUTO_BYTES   info = {0};
	AUTO_BYTES   bag = {0};
	struct error why;

	bytes_append(&content, der.data + 4, der.size - 4);
	append_value(&certificates, 0x30, &content, shapes[_i].ber);
	bytes_append(&certificates, shapes[_i].inside, strlen(shapes[_i].inside));
	bytes_append(&data, "\x02\x01\x01\x31\0\x30\0", 7);
	append_value(&data, shapes[_i].tag != 0 ? shapes[_i].tag : 0xa0, &certificates,
	    shapes[_i].indefinite);
	bytes_append(&data, shapes[_i].behind, shapes[_i].behind_size);
	append_value(&sequence, 0x30, &data, false);
	bytes_append(&info, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02", 11);
	append_value(&info, 0xa0, &sequence, false);
	append_value(&bag, 0x30, &info, false);
	ck_assert_str_eq(read_all(bytes_view(&bag), true, &why), shapes[_i].read);
	if (shapes[_i].read[0] == '!')
		ck_assert_str_eq(why.detail, "not PKCS#7 in DER, or not all of it");
}
END_TEST

/* Padding is zeros or ones; anything else may be another certificate, in part. */
START_TEST(next_of_a_block_with_more_than_padding_is_none)
{
	AUTO_BYTES   more = {0};
	AUTO_BYTES   text = {0};
	struct error why;

	bytes_append(&more, der.data, der.size);
	bytes_append(&more, "\x30\x05", 2);
	append_block(&text, "CERTIFICATE", &more);
	append_block(&text, "CERTIFICATE", &der);
	ck_assert_str_eq(read_all(bytes_view(&text), true, &why), "!C");
}
END_TEST

START_TEST(next_of_a_block_with_a_header_is_none)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	AUTO_BYTES        text = {0};
	struct error      why;

	bytes_append(&text, begin, sizeof begin - 1);
	bytes_append(&text, "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n",
	    23 + 55 + 1);
	bytes_append(&text, pem.data + sizeof begin - 1, pem.size - (sizeof begin - 1));
	bytes_append(&text, pem.data, pem.size);
	ck_assert_str_eq(read_all(bytes_view(&text), true, &why), "!C");
}
END_TEST

/* A certificate that is broken costs no other. */
START_TEST(next_of_pkcs7_broken_certificate_is_one)
{
	AUTO_BYTES   bag = {0};
	struct error why;
	struct view  certificates;

	make_pkcs7(3, &bag);
	unit_ok(pkcs7_certificates(bytes_view(&bag), &certificates, &why), &why);
	bag.data[(size_t)(certificates.data - bag.data) + der.size + 4] = 0x31;
	ck_assert_str_eq(read_all(bytes_view(&bag), true, &why), "C!C");
}
END_TEST

START_TEST(next_of_ber_says_how_to_rewrite_it)
{
	static const uint8_t ber[] = {0x30, 0x80, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
	    0x07, 0x02, 0xa0, 0x80, 0x00, 0x00};
	struct view          none;
	struct error         why;

	ck_assert_str_eq(read_all((struct view){ber, sizeof ber}, true, &why), "!");
	ck_assert_str_eq(why.detail,
	    "PKCS#7 in BER, not DER; \"openssl pkcs7 -inform DER -outform DER\" rewrites it");
	unit_fails(pkcs7_certificates((struct view){ber, 2}, &none, &why), &why, ERROR_MALFORMED,
	    "PKCS#7 in BER, not DER; \"openssl pkcs7 -inform DER -outform DER\" rewrites it");
	unit_fails(pkcs7_certificates((struct view){ber, 1}, &none, &why), &why, ERROR_MALFORMED,
	    "not PKCS#7 in DER, or not all of it");
}
END_TEST

START_TEST(next_of_a_trusted_certificate_reads_it)
{
	AUTO_BYTES   trusted = {0};
	AUTO_BYTES   text = {0};
	struct error why;

	make_trusted(false, &trusted);
	append_block(&text, "TRUSTED CERTIFICATE", &trusted);
	append_block(&text, "TRUSTED CERTIFICATE", &der); /* as OpenSSL writes one of which it has nothing to say */
	ck_assert_str_eq(read_all(bytes_view(&text), true, &why), "CC");
}
END_TEST

START_TEST(next_of_a_rejected_certificate_says_so)
{
	AUTO_BYTES   rejected = {0};
	AUTO_BYTES   text = {0};
	struct error why;

	make_trusted(true, &rejected);
	append_block(&text, "TRUSTED CERTIFICATE", &rejected);
	ck_assert_str_eq(read_all(bytes_view(&text), true, &why), "!");
	ck_assert_str_eq(why.detail,
	    "it is marked as rejected for some use; \"openssl x509 -clrreject\" removes the mark");
}
END_TEST

START_TEST(next_of_a_trusted_certificate_not_whole_is_none)
{
	AUTO_BYTES   trusted = {0};
	struct error why;

	make_trusted(false, &trusted);
	for (size_t size = der.size + 1; size <= trusted.size + 1; size++) {
		AUTO_BYTES text = {0};
		AUTO_BYTES part = {0};

		if (size == trusted.size)
			continue; /* all of it */
		bytes_append(&part, trusted.data, size <= trusted.size ? size : trusted.size);
		if (size > trusted.size)
			bytes_append_u8(&part, 0);
		append_block(&text, "TRUSTED CERTIFICATE", &part);
		ck_assert_str_eq(read_all(bytes_view(&text), true, &why), "!");
		ck_assert_str_eq(why.detail, "the trust settings after the certificate cannot be decoded");
	}
}
END_TEST

START_TEST(next_of_a_trusted_block_that_is_no_certificate_says_so)
{
	AUTO_BYTES   trusted = {0};
	AUTO_BYTES   text = {0};
	struct error why;

	make_trusted(false, &trusted);
	trusted.data[0] = 0x31; /* no SEQUENCE */
	append_block(&text, "TRUSTED CERTIFICATE", &trusted);
	ck_assert_str_eq(read_all(bytes_view(&text), true, &why), "!");
	ck_assert_int_eq((int)why.kind, ERROR_MALFORMED);
	ck_assert_ptr_null(strstr(why.detail, "trust settings"));
}
END_TEST

/* More than OpenSSL can be told of is not even looked at. */
START_TEST(next_of_more_than_there_can_be_is_none)
{
	struct certificate_reader reader = {.rest = {der.data, (size_t)INT_MAX + 1}, .bags = true};
	X509                     *certificate = NULL;
	struct error              err = {0};

	unit_fails(certificate_reader_next(&reader, &certificate, &err), &err, ERROR_MALFORMED,
	    "2147483648 octets are too many");
	ck_assert_ptr_null(certificate);
	certificate_reader_clear(&reader);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("certificate_reader");
	TCase *tcase = tcase_create("next");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, next_reads_what_is_there, 0,
	    (int)(sizeof contents / sizeof contents[0]));
	tcase_add_test(tcase, next_of_a_block_with_more_than_padding_is_none);
	tcase_add_test(tcase, next_of_pkcs7_reads_each);
	tcase_add_test(tcase, next_of_pkcs7_unasked_reads_none);
	tcase_add_test(tcase, next_of_pkcs7_without_certificates_says_so);
	tcase_add_test(tcase, next_of_pkcs7_not_whole_reads_none);
	tcase_add_test(tcase, next_of_pkcs7_flipped_reads_none);
	tcase_add_loop_test(tcase, next_of_pkcs7_of_another_shape_reads_none, 0,
	    (int)(sizeof shapes / sizeof shapes[0]));
	tcase_add_test(tcase, next_of_a_block_with_a_header_is_none);
	tcase_add_test(tcase, next_of_pkcs7_broken_certificate_is_one);
	tcase_add_test(tcase, next_of_ber_says_how_to_rewrite_it);
	tcase_add_test(tcase, next_of_a_trusted_certificate_reads_it);
	tcase_add_test(tcase, next_of_a_rejected_certificate_says_so);
	tcase_add_test(tcase, next_of_a_trusted_certificate_not_whole_is_none);
	tcase_add_test(tcase, next_of_a_trusted_block_that_is_no_certificate_says_so);
	tcase_add_test(tcase, next_of_more_than_there_can_be_is_none);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
