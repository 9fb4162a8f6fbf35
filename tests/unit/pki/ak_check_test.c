#include "config.h"

#include <string.h>

#include "pki/ak_check.h"
#include "pki/ak_certificate.h"
#include "pki_support.h"

static struct pki pki;
static EVP_PKEY  *ak_key;

static void
setup(void)
{
	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_ptr_nonnull(ak_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
}

static void
teardown(void)
{
	pki_clear(&pki);
	EVP_PKEY_free(ak_key);
}

START_TEST(check_of_what_we_issue_gives_the_names)
{
	static const char *const names[] = {"laptop", "l\xc3\xa4ptop 2"};
	AUTO_BYTES               spki = pki_spki(ak_key);
	struct ak_profile        profile = {
	    .spki = bytes_view(&spki),
	    .ek_urn = "urn:ek:sha256:LqjwD0l3y2lR1uvcQ6eLMR1WN0dCsVaYfB0vIqzPA5Y=",
	    .manufacturer = "id:4E544300",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = 2,
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	uint8_t         serial[CERTIFICATE_SERIAL_SIZE];
	int64_t         not_after;
	AUTO_BYTES      der = {0};
	X509           *certificate = NULL;
	struct ak_names found;
	struct error    err = {0};

	unit_ok(ak_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, &err), &err);
	unit_ok(certificate_decode(bytes_view(&der), &certificate, &err), &err);
	unit_ok(ak_certificate_check(certificate, &found, &err), &err);
	ck_assert_uint_eq(found.count, 2);
	ck_assert_str_eq(found.values[0], names[0]);
	ck_assert_str_eq(found.values[1], names[1]);
	ck_assert(ak_names_have(&found, (struct view){(const uint8_t *)"laptop", 6}));
	ck_assert(!ak_names_have(&found, (struct view){(const uint8_t *)"laptop", 5}));
	ck_assert(!ak_names_have(&found, (struct view){(const uint8_t *)"laptop", 7}));
	ck_assert(!ak_names_have(&found, (struct view){(const uint8_t *)"Laptop", 6}));
	ck_assert(!ak_names_have(&found, (struct view){NULL, 0}));
	ak_names_clear(&found);
	ck_assert_uint_eq(found.count, 0);
	ck_assert(!ak_names_have(&found, (struct view){(const uint8_t *)"laptop", 6}));
	X509_free(certificate);
}
END_TEST

/* A right AK certificate, of which each row spoils one thing. */
#define BASICS "basicConstraints=critical,CA:FALSE\n"
#define USAGE "keyUsage=critical,digitalSignature\n"
#define PURPOSE "extendedKeyUsage=2.23.133.8.3\n"
#define SAN "subjectAltName=critical,@san\n"
#define NAMES "dirName=tpm\n"
#define PI "otherName.1=1.3.6.1.5.5.7.8.3;SEQUENCE:pi\n"
#define TPM "a.2.23.133.2.1=id:4E544300\nb.2.23.133.2.2=NPCT75x\nc.2.23.133.2.3=id:00070002\n"
#define VALUE "value=UTF8:laptop\n"

struct spoiled {
	const char *subject;
	const char *extensions;
	const char *names;
	const char *tpm;
	const char *identifier;
	const char *detail; /* for an accepted one, its one name, or NULL for none */
};

static const struct spoiled accepted[] = {
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, TPM, VALUE, "laptop"},
    {NULL, PURPOSE SAN, NAMES PI, TPM, VALUE, "laptop"},
    {NULL, BASICS USAGE "extendedKeyUsage=2.23.133.8.3,clientAuth\n" SAN, NAMES PI, TPM, VALUE, "laptop"},
    /* Windows: one RDN of several values, any order. */
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI,
        "a.2.23.133.2.3=id:13\nb.+2.23.133.2.2=NPCT6xx\nc.+2.23.133.2.1=id:4E544300\n", VALUE, "laptop"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES, TPM, VALUE, NULL},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES "otherName.1=1.2.3.4;UTF8:laptop\n", TPM, VALUE, NULL},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, TPM, "value=UTF8:laptop\nassigner=OID:1.2.3\n", NULL},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, TPM, "assigner=OID:1.2.3\n", NULL},
};

#define IDENTIFIER "the AK certificate: "

static const struct spoiled refused[] = {
    {"x", BASICS USAGE PURPOSE SAN, NAMES PI, TPM, VALUE, "the AK certificate's subject is not empty"},
    {NULL, "basicConstraints=critical,CA:TRUE\n" USAGE PURPOSE SAN, NAMES PI, TPM, VALUE,
        "the AK certificate is a CA's"},
    {NULL, BASICS "keyUsage=critical,keyEncipherment\n" PURPOSE SAN, NAMES PI, TPM, VALUE,
        "the AK certificate's key usage is not digitalSignature"},
    {NULL, BASICS USAGE SAN, NAMES PI, TPM, VALUE, "the AK certificate has no extended key usage"},
    {NULL, BASICS USAGE "extendedKeyUsage=clientAuth,2.23.133.8.3\n" SAN, NAMES PI, TPM, VALUE,
        "the first extended key usage of the AK certificate is not tcg-kp-AIKCertificate (2.23.133.8.3)"},
    {NULL, BASICS USAGE "extendedKeyUsage=2.23.133.8.1\n" SAN, NAMES PI, TPM, VALUE,
        "the first extended key usage of the AK certificate is not tcg-kp-AIKCertificate (2.23.133.8.3)"},
    {NULL, BASICS USAGE "extendedKeyUsage=DER:3000\n" SAN, NAMES PI, TPM, VALUE, /* without any */
        "the first extended key usage of the AK certificate is not tcg-kp-AIKCertificate (2.23.133.8.3)"},
    {NULL, BASICS USAGE PURPOSE, NAMES PI, TPM, VALUE,
        "the AK certificate has no subject alternative name"},
    {NULL, BASICS USAGE PURPOSE "subjectAltName=@san\n", NAMES PI, TPM, VALUE,
        "the AK certificate's subject alternative name is not critical"},
    {NULL, BASICS USAGE PURPOSE "subjectAltName=critical,DER:30ff\n", NAMES PI, TPM, VALUE,
        "an extension of the AK certificate cannot be decoded"},
    {NULL, BASICS USAGE PURPOSE SAN, PI, TPM, VALUE, "the AK certificate does not name the TPM's manufacturer"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, "b.2.23.133.2.2=m\nc.2.23.133.2.3=v\n", VALUE,
        "the AK certificate does not name the TPM's manufacturer"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, "a.2.23.133.2.1=m\nc.2.23.133.2.3=v\n", VALUE,
        "the AK certificate does not name the TPM's model"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, "a.2.23.133.2.1=m\nb.2.23.133.2.2=\nc.2.23.133.2.3=v\n", VALUE,
        "the AK certificate does not name the TPM's model"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, "a.2.23.133.2.1=m\nb.2.23.133.2.2=m\n", VALUE,
        "the AK certificate does not name the TPM's version"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES "otherName.1=1.3.6.1.5.5.7.8.3;UTF8:laptop\n", TPM, VALUE,
        IDENTIFIER "a PermanentIdentifier that is no SEQUENCE"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, TPM, "value=IA5:laptop\n",
        IDENTIFIER "a PermanentIdentifier cannot be decoded"},
    {NULL, BASICS USAGE PURPOSE
        "subjectAltName=critical,DER:3019a01706082b06010505070803a00b30090c076c6170746f7000\n",
        NAMES PI, TPM, VALUE,
        IDENTIFIER "the value of a PermanentIdentifier: octet 7 of the identifier is a control character"},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, TPM, "value=UTF8:lap/top\n",
        IDENTIFIER "the value of a PermanentIdentifier: an identifier cannot hold a \"/\""},
    {NULL, BASICS USAGE PURPOSE SAN, NAMES PI, TPM, "value=UTF8:\n",
        IDENTIFIER "the value of a PermanentIdentifier: an identifier cannot be empty"},
    /* A value in two pieces: BER, which other readers join or cut. */
    {NULL, BASICS USAGE PURPOSE
        "subjectAltName=critical,DER:301ca01a06082b06010505070803a00e300c2c0a0c036c61700c03746f70\n",
        NAMES PI, TPM, VALUE, IDENTIFIER "a PermanentIdentifier that is not DER"},
};

static X509 *
spoil(const struct spoiled *spoiled)
{
	char text[2048];

	(void)snprintf(text, sizeof text, "[ext]\n%s[san]\n%s[tpm]\n%s[pi]\n%s", spoiled->extensions,
	    spoiled->names, spoiled->tpm, spoiled->identifier);
	return pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing,
	    .key = ak_key,
	    .common_name = spoiled->subject,
	    .extensions = text,
	});
}

START_TEST(check_of_a_right_one_gives_its_name)
{
	X509           *certificate = spoil(&accepted[_i]);
	const char     *name = accepted[_i].detail;
	struct ak_names found;
	struct error    err = {0};

	unit_ok(ak_certificate_check(certificate, &found, &err), &err);
	ck_assert_uint_eq(found.count, name != NULL);
	if (name != NULL)
		ck_assert_str_eq(found.values[0], name);
	ak_names_clear(&found);
	X509_free(certificate);
}
END_TEST

START_TEST(check_of_a_spoiled_one_says_what_is_wrong)
{
	X509           *certificate = spoil(&refused[_i]);
	struct ak_names found;
	struct error    err = {0};

	ck_assert_int_eq(ak_certificate_check(certificate, &found, &err), -1);
	ck_assert_msg(strncmp(err.detail, refused[_i].detail, strlen(refused[_i].detail)) == 0,
	    "%s, not %s", err.detail, refused[_i].detail);
	ck_assert_int_eq((int)err.kind, ERROR_BAD_ATTESTATION);
	ck_assert_ptr_null(found.values);
	X509_free(certificate);
}
END_TEST

START_TEST(check_of_version_1_says_so)
{
	X509 *certificate =
	    pki_forge(&(struct pki_forgery){.issuer = &pki.issuing, .key = ak_key, .version = 1});
	struct ak_names found;
	struct error    err = {0};

	unit_fails(ak_certificate_check(certificate, &found, &err), &err, ERROR_BAD_ATTESTATION,
	    "the AK certificate is version 1, not 3");
	X509_free(certificate);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ak_check");
	TCase *tc = tcase_create("ak_check");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, check_of_what_we_issue_gives_the_names);
	tcase_add_loop_test(tc, check_of_a_right_one_gives_its_name, 0,
	    sizeof accepted / sizeof accepted[0]);
	tcase_add_loop_test(tc, check_of_a_spoiled_one_says_what_is_wrong, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, check_of_version_1_says_so);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
