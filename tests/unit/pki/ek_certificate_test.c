#include "config.h"

#include <string.h>

#include "ek_support.h"
#include "pki/ek_certificate.h"

static struct ca root;
static EVP_PKEY *key;

static void
setup(void)
{
	root = ek_forge_ca(NULL, "Vendor Root", EK_CA);
	key = ek_key();
}

static void
teardown(void)
{
	EVP_PKEY_free(key);
	ca_clear(&root);
}

static const uint8_t header[] = {0x10, 0x01, 0x00, 0x04, 0x64, 0x10, 0x02};

/* What stands before and behind the certificate, and who takes it. */
static const struct {
	bool        header;
	const char *behind;
	size_t      size;
	bool        decoded;
	bool        read;
} framed[] = {
    {false, "", 0, true, true},
    {false, "\0\0\0", 3, true, true},
    {false, "\xff\xff\xff\xff", 4, true, true},
    {false, "\0\0\xff\xff", 4, true, true},
    {false, "\x11\x11\x11", 3, false, true},
    {false, "\x01", 1, false, false},
    {false, "\xff\xff\x30", 3, false, false},
    {true, "", 0, false, true},
    {true, "\0\0\0", 3, false, true},
    {true, "\x22", 1, false, false},
};

/* Takes the octets through one of the two readers: the same certificate comes out, or MALFORMED. */
static void
check_reader(int (*reader)(struct view, X509 **, struct error *), struct view octets,
    const X509 *wanted)
{
	X509        *read = NULL;
	struct error err = {0};

	if (wanted == NULL) {
		ck_assert_int_eq(reader(octets, &read, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		ck_assert_ptr_null(read);
		return;
	}
	unit_ok(reader(octets, &read, &err), &err);
	ck_assert_int_eq(X509_cmp(read, wanted), 0);
	X509_free(read);
}

START_TEST(read_of_what_stands_in_nv)
{
	X509      *certificate = ek_forge(&root, key, EK_EXTENSIONS);
	AUTO_BYTES der = ek_der(certificate);
	AUTO_BYTES content = {0};

	if (framed[_i].header)
		bytes_append(&content, header, sizeof header);
	bytes_append(&content, der.data, der.size);
	bytes_append(&content, framed[_i].behind, framed[_i].size);
	check_reader(ek_certificate_decode, bytes_view(&content),
	    framed[_i].decoded ? certificate : NULL);
	check_reader(ek_certificate_read, bytes_view(&content), framed[_i].read ? certificate : NULL);
	X509_free(certificate);
}
END_TEST

START_TEST(read_of_pem_takes_the_certificate_in_it)
{
	X509        *certificate = ek_forge(&root, key, EK_EXTENSIONS);
	AUTO_BYTES   pem = {0};
	AUTO_BYTES   der = ek_der(certificate);
	struct error err = {0};

	bytes_append(&pem, "An EK certificate\n", 18);
	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	check_reader(ek_certificate_read, bytes_view(&pem), certificate);
	check_reader(ek_certificate_decode, bytes_view(&pem), NULL);
	pem.size = 0;
	bytes_append(&der, "\xff\xff\xff", 3);
	unit_ok(certificate_wrap_pem(bytes_view(&der), &pem, &err), &err);
	check_reader(ek_certificate_read, bytes_view(&pem), certificate);
	pem.data[60] = '!';
	check_reader(ek_certificate_read, bytes_view(&pem), NULL);
	X509_free(certificate);
}
END_TEST

START_TEST(read_of_something_else_is_malformed)
{
	static const char *const texts[] = {"", "0", "0\x82", "hello", "-----BEGIN ",
	    "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
	    "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"};
	AUTO_BYTES huge = {0};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct view view = view_text(texts[i]);

		check_reader(ek_certificate_read, view, NULL);
		check_reader(ek_certificate_decode, view, NULL);
	}
	check_reader(ek_certificate_read, (struct view){header, sizeof header}, NULL);
	(void)bytes_extend(&huge, (size_t)1 << 20);
	check_reader(ek_certificate_read, bytes_view(&huge), NULL);
	check_reader(ek_certificate_decode, bytes_view(&huge), NULL);
}
END_TEST

/* A certificate is small, whatever stands around it; and a header needs seven octets. */
START_TEST(read_of_too_much_or_too_little_is_malformed)
{
	X509        *certificate = ek_forge(&root, key, EK_EXTENSIONS);
	AUTO_BYTES   der = ek_der(certificate);
	AUTO_BYTES   pem = {0};
	uint8_t     *few = malloc(4);
	struct error err = {0};

	memcpy(few, header, 4);
	check_reader(ek_certificate_read, (struct view){few, 4}, NULL);
	free(few);
	(void)bytes_extend(&der, 60000);
	check_reader(ek_certificate_read, bytes_view(&der), certificate);
	check_reader(ek_certificate_decode, bytes_view(&der), certificate);
	memset(bytes_extend(&pem, 60000), '\n', 60000);
	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	check_reader(ek_certificate_read, bytes_view(&pem), certificate);
	(void)bytes_extend(&der, 6000);
	check_reader(ek_certificate_read, bytes_view(&der), NULL);
	check_reader(ek_certificate_decode, bytes_view(&der), NULL);
	memset(bytes_extend(&pem, 6000), '\n', 6000);
	check_reader(ek_certificate_read, bytes_view(&pem), NULL);
	X509_free(certificate);
}
END_TEST

#define SAN "[ext]\nsubjectAltName=critical,dirName:tpm\n[tpm]\n"
#define SIXTEEN "0123456789abcdef"

/* What a directoryName says, and what is understood. */
static const struct {
	const char *extensions;
	const char *manufacturer;
	const char *vendor;
	const char *model;
	const char *version;
} facts[] = {
    {"[ext]\n" EK_TPM, "id:4E544300", "NTC", "NPCT75x", "id:00070002"},
    /* one RDN of three attributes, in another order and another case */
    {SAN "x.2.23.133.2.3=id:000a0005\n+y.2.23.133.2.2=SLB 9670\n+z.2.23.133.2.1=id:53544d20\n",
        "id:53544D20", "STM", "SLB 9670", "id:000A0005"},
    /* a name of somebody's before it, and one of another TPM behind it */
    {"[ext]\nsubjectAltName=email:a@b.example,dirName:other,dirName:tpm,dirName:more\n"
     "[other]\nCN=other\n[tpm]\nx.2.23.133.2.1=id:49465800\n[more]\nx.2.23.133.2.1=id:4E544300\n",
        "id:49465800", "IFX", "", ""},
    {SAN "x.2.23.133.2.1=id:00001014\nx.2.23.133.2.2=swtpm\nx.2.23.133.2.3=id:20191023\n",
        "id:00001014", "IBM", "swtpm", "id:20191023"},
    {SAN "x.2.23.133.2.1=id:43524F53\n", "id:43524F53", "", "", ""}, /* of no registered vendor */
    {SAN "x.2.23.133.2.1=id:4E544300\nx.2.23.133.2.3=id:13\n", "id:4E544300", "NTC", "", "id:00010003"},
    {SAN "x.2.23.133.2.1=id:4E544300\nx.2.23.133.2.3=id:073f\n", "id:4E544300", "NTC", "", "id:0007003F"},
    {SAN "x.2.23.133.2.1=id:4E544300\nx.2.23.133.2.3=id:073\n", "id:4E544300", "NTC", "", ""},
    {SAN "x.2.23.133.2.1=id:4E544300\nx.2.23.133.2.3=7.2\n", "id:4E544300", "NTC", "", ""},
    {SAN "x.2.23.133.2.1=Nuvoton\nx.2.23.133.2.2=NPCT75x\n", "", "", "NPCT75x", ""},
    {SAN "x.2.23.133.2.1=id:4E5443\n", "", "", "", ""},
    {SAN "x.2.23.133.2.1=id:4E544300\nx.2.23.133.2.2=" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "\n",
        "id:4E544300", "NTC", SIXTEEN SIXTEEN SIXTEEN SIXTEEN, ""},
    {SAN "x.2.23.133.2.1=id:4E544300\nx.2.23.133.2.2=" SIXTEEN SIXTEEN SIXTEEN SIXTEEN "+\n",
        "id:4E544300", "NTC", "", ""},
    {SAN "x.2.23.133.2.1=id:4E544300\nx.2.23.133.2.2=a\\nb\n", "id:4E544300", "NTC", "", ""},
    {"[ext]\nsubjectAltName=DER:0500\n", "", "", "", ""},
    {"[ext]\nsubjectAltName=email:a@b.example\n", "", "", "", ""},
    {NULL, "", "", "", ""},
};

START_TEST(facts_are_what_the_certificate_says)
{
	X509           *certificate = ek_forge(&root, key, facts[_i].extensions);
	struct ek_facts read;

	memset(&read, 0x55, sizeof read);
	ek_certificate_facts(certificate, &read);
	ck_assert_str_eq(read.manufacturer, facts[_i].manufacturer);
	ck_assert_str_eq(read.vendor, facts[_i].vendor);
	ck_assert_str_eq(read.model, facts[_i].model);
	ck_assert_str_eq(read.version, facts[_i].version);
	X509_free(certificate);
}
END_TEST

#define EKU "extendedKeyUsage=2.23.133.8.1\n"

/* What an EK certificate may lack, and what it may not have. */
static const struct {
	const char *extensions;
	const char *detail;
} checked[] = {
    {EK_EXTENSIONS, ""},
    {"[ext]\n" EKU, ""},
    {"[ext]\nextendedKeyUsage=critical,2.23.133.8.1,1.2.3.4\n", ""},
    {"[ext]\n" EK_TPM, ""},
    {"[ext]\nkeyUsage=digitalSignature\n" EK_TPM, ""},
    {"[ext]\nkeyUsage=digitalSignature\n" EKU, ""},
    {"[ext]\nkeyUsage=keyEncipherment\n" EKU, ""}, /* of an EC key */
    {"[ext]\nkeyUsage=keyEncipherment\n", ""},
    {"[ext]\nkeyUsage=keyAgreement\n", ""},
    {"[ext]\nkeyUsage=DER:030100\n", "it has an extension that cannot be decoded"}, /* for nothing */
    {"[ext]\nkeyUsage=keyEncipherment,digitalSignature\n", "nothing in it says that it is an EK's"},
    {"[ext]\nkeyUsage=digitalSignature\n", "nothing in it says that it is an EK's"},
    {NULL, "nothing in it says that it is an EK's"},
    {"[ext]\nextendedKeyUsage=2.23.133.8.3\n" EK_TPM,
        "its extended key usage is for other keys than EKs"},
    {EK_CA EKU, "it is a CA's, not an EK's"},
    {"[ext]\nkeyUsage=keyCertSign\n" EKU, "it is a CA's, not an EK's"},
    {"[ext]\n1.2.3.4=critical,ASN1:NULL\n" EKU, "it has a critical extension that is not understood"},
    {"[ext]\n1.2.3.4=ASN1:NULL\n" EKU, ""},
    {"[ext]\nsubjectAltName=DER:05\n" EKU, "it has an extension that cannot be decoded"},
};

START_TEST(check_of_what_a_certificate_is_for)
{
	X509        *certificate = ek_forge(&root, key, checked[_i].extensions);
	struct error err = {0};

	if (checked[_i].detail[0] == '\0')
		unit_ok(ek_certificate_check(certificate, &err), &err);
	else
		unit_fails(ek_certificate_check(certificate, &err), &err, ERROR_BAD_ATTESTATION,
		    checked[_i].detail);
	X509_free(certificate);
}
END_TEST

static void
check_key(EVP_PKEY *of, const char *detail)
{
	X509        *certificate = ek_forge(&root, of, EK_EXTENSIONS);
	struct error err = {0};

	unit_fails(ek_certificate_check(certificate, &err), &err, ERROR_BAD_ATTESTATION, detail);
	X509_free(certificate);
	EVP_PKEY_free(of);
}

START_TEST(check_of_keys_that_no_ek_has_fails)
{
	check_key(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
	    "an EK of 1024 bits; the minimum is 2048");
	check_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"),
	    "unsupported EK algorithm ED25519, or a curve of it");
	check_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"),
	    "unsupported EK algorithm id-ecPublicKey, or a curve of it");
}
END_TEST

/* As TPMs 1.2 have it; OpenSSL makes no key of it. */
START_TEST(check_of_an_oaep_key_says_so)
{
	EVP_PKEY    *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	X509        *certificate = ek_forge(&root, rsa, EK_EXTENSIONS);
	AUTO_BYTES   der = ek_der(certificate);
	uint8_t     *algorithm;
	X509        *oaep = NULL;
	struct error err = {0};

	/* The last rsaEncryption is the key's: 1.2.840.113549.1.1.1 becomes …1.7. */
	algorithm = memmem(der.data, der.size, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01", 9);
	ck_assert_ptr_nonnull(algorithm);
	algorithm[8] = 7;
	check_reader(ek_certificate_decode, (struct view){der.data, 0}, NULL);
	unit_ok(ek_certificate_decode(bytes_view(&der), &oaep, &err), &err);
	unit_fails(ek_certificate_check(oaep, &err), &err, ERROR_BAD_ATTESTATION,
	    "unsupported EK algorithm id-RSAES-OAEP, which TPMs 1.2 have");
	X509_free(oaep);
	X509_free(certificate);
	EVP_PKEY_free(rsa);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

int
main(void)
{
	Suite *suite = suite_create("ek_certificate");
	TCase *tcase = tcase_create("ek_certificate");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, read_of_what_stands_in_nv, 0, COUNT(framed));
	tcase_add_test(tcase, read_of_pem_takes_the_certificate_in_it);
	tcase_add_test(tcase, read_of_something_else_is_malformed);
	tcase_add_test(tcase, read_of_too_much_or_too_little_is_malformed);
	tcase_add_loop_test(tcase, facts_are_what_the_certificate_says, 0, COUNT(facts));
	tcase_add_loop_test(tcase, check_of_what_a_certificate_is_for, 0, COUNT(checked));
	tcase_add_test(tcase, check_of_keys_that_no_ek_has_fails);
	tcase_add_test(tcase, check_of_an_oaep_key_says_so);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
