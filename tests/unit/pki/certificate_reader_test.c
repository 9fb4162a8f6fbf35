#include "config.h"

#include <string.h>

#include "ek_support.h"
#include "pki/certificate_reader.h"

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

int
main(void)
{
	Suite *suite = suite_create("certificate_reader");
	TCase *tcase = tcase_create("next");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, next_reads_what_is_there, 0,
	    (int)(sizeof contents / sizeof contents[0]));
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
