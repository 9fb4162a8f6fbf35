/* What an ACME server may send in place of the certificate that was ordered. */
#include "config.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "device/chain.h"
#include "device/issued.h"
#include "forge.h"
#include "pki/certificate.h"
#include "pki/permanent_identifier.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/der.h"
#include "util/error.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

/* One certificate; what is not said is as it should be. */
struct made {
	const char *cn;
	const char *identifiers[2];
	int64_t     from;
	int64_t     to;
	const char *issuer;
	EVP_PKEY   *signer;
	EVP_PKEY   *key;
};

static EVP_PKEY   *ours, *others, *issuing, *top;
static TPMT_PUBLIC area;

static void
identifiers_add(X509 *certificate, const char *const identifiers[2])
{
	AUTO_BYTES           der = {0};
	size_t               list = der_begin(&der, DER_SEQUENCE);
	const unsigned char *at;
	GENERAL_NAMES       *names;

	for (int i = 0; i < 2 && identifiers[i] != NULL; i++) {
		if (identifiers[i][0] == '.') /* a DNS name */
			der_append(&der, DER_CONTEXT(2), view_text(identifiers[i] + 1));
		else
			permanent_identifier_append(&der, identifiers[i]);
	}
	der_end(&der, list);
	at = der.data;
	ck_assert_ptr_nonnull(names = d2i_GENERAL_NAMES(NULL, &at, (long)der.size));
	ck_assert_int_eq(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0), 1);
	GENERAL_NAMES_free(names);
}

static void
name_set(X509_NAME *name, const char *cn)
{
	ck_assert_int_eq(
	    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, (const unsigned char *)cn, -1,
	        -1, 0),
	    1);
}

/* Appends it as PEM. */
static void
make(const struct made *made, struct bytes *pem)
{
	X509        *certificate = X509_new();
	int64_t      from = made->from != 0 ? made->from : NOW - DAY;
	int64_t      to = made->to != 0 ? made->to : NOW + 30 * DAY;
	struct error err = {0};

	ck_assert_int_eq(X509_set_version(certificate, X509_VERSION_3), 1);
	ck_assert_int_eq(ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1), 1);
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notBefore(certificate), from));
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(certificate), to));
	if (made->cn != NULL)
		name_set(X509_get_subject_name(certificate), made->cn);
	name_set(X509_get_issuer_name(certificate), made->issuer != NULL ? made->issuer : "issuing");
	if (made->identifiers[0] != NULL)
		identifiers_add(certificate, made->identifiers);
	ck_assert_int_eq(X509_set_pubkey(certificate, made->key != NULL ? made->key : ours), 1);
	ck_assert_int_gt(
	    X509_sign(certificate, made->signer != NULL ? made->signer : issuing, EVP_sha256()), 0);
	unit_ok(certificate_encode_pem(certificate, pem, &err), &err);
	X509_free(certificate);
}

/* The leaf, and the certificate that issued it. */
static void
chain(const struct made *leaf, struct bytes *pem)
{
	const struct made above = {.cn = "issuing", .issuer = "top", .signer = top, .key = issuing};

	make(leaf, pem);
	make(&above, pem);
}

static int
judge(const struct bytes *sent, struct bytes *pem, struct error *err)
{
	const struct issued_order order = {&area, "laptop", NOW};

	return issued_read(bytes_view(sent), &order, pem, err);
}

static const struct made good[] = {
    {.cn = "laptop"},
    {.cn = "laptop", .identifiers = {"laptop"}},
    {.identifiers = {"laptop"}},
    {.cn = "a prefix of what does not fit", .identifiers = {"laptop"}},
    {.cn = "a prefix of what does not fit", .identifiers = {".laptop.example", "laptop"}},
    {.cn = "laptop", .from = NOW, .to = NOW},
    {.cn = "laptop", .to = NOW + DEVICE_CHAIN_LIFETIME_MAX},
};

START_TEST(read_what_was_ordered_is_taken)
{
	AUTO_BYTES   sent = {0};
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	chain(&good[_i], &sent);
	unit_ok(judge(&sent, &pem, &err), &err);
	ck_assert(view_equal(bytes_view(&sent), bytes_view(&pem)));
}
END_TEST

#define OTHER_NAME "the issued certificate is for another name than \"laptop\""
#define HERE       ", and it is 2027-01-15T08:00:00Z here; are both clocks right?"

static const struct {
	struct made leaf;
	const char *detail;
} bad[] = {
    {{.cn = "desktop"}, OTHER_NAME},
    {{.cn = "laptop2"}, OTHER_NAME},
    {{.cn = "lapto"}, OTHER_NAME},
    {{.cn = NULL}, OTHER_NAME},
    {{.cn = "laptop", .identifiers = {"desktop"}}, OTHER_NAME},
    {{.cn = "laptop", .identifiers = {"laptop", "desktop"}}, OTHER_NAME},
    {{.cn = "laptop", .to = NOW - 1},
        "the issued certificate: it expired at 2027-01-15T07:59:59Z" HERE},
    {{.cn = "laptop", .from = NOW + 1},
        "the issued certificate: it is not valid before 2027-01-15T08:00:01Z" HERE},
    {{.cn = "laptop", .to = NOW + DEVICE_CHAIN_LIFETIME_MAX + 1},
        "the issued certificate is valid for more than ten years"},
};

START_TEST(read_another_name_or_lifetime_is_malformed)
{
	AUTO_BYTES   sent = {0};
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	chain(&bad[_i].leaf, &sent);
	unit_fails(judge(&sent, &pem, &err), &err, ERROR_MALFORMED, bad[_i].detail);
	ck_assert_uint_eq(pem.size, 0);
}
END_TEST

START_TEST(read_another_key_is_malformed)
{
	const struct made leaf = {.cn = "laptop", .key = others};
	AUTO_BYTES        sent = {0};
	AUTO_BYTES        pem = {0};
	struct error      err = {0};

	chain(&leaf, &sent);
	unit_fails(judge(&sent, &pem, &err), &err, ERROR_MALFORMED,
	    "the issued certificate is for another key than ours");
}
END_TEST

START_TEST(read_expired_above_is_malformed)
{
	const struct made leaf = {.cn = "laptop"};
	const struct made above = {
	    .cn = "issuing", .issuer = "top", .signer = top, .key = issuing, .to = NOW - 1};
	AUTO_BYTES   sent = {0};
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	make(&leaf, &sent);
	make(&above, &sent);
	unit_fails(judge(&sent, &pem, &err), &err, ERROR_MALFORMED,
	    "a certificate of the issued chain: it expired at 2027-01-15T07:59:59Z" HERE);
}
END_TEST

START_TEST(read_another_issuer_is_bad)
{
	const struct made leaf = {.cn = "laptop", .issuer = "elsewhere"};
	AUTO_BYTES        sent = {0};
	AUTO_BYTES        pem = {0};
	struct error      err = {0};

	chain(&leaf, &sent);
	unit_fails(judge(&sent, &pem, &err), &err, ERROR_BAD_ATTESTATION,
	    "certificate 0 of the chain was not issued by the next");
}
END_TEST

START_TEST(read_signature_of_a_namesake_is_bad)
{
	const struct made leaf = {.cn = "laptop", .signer = top};
	AUTO_BYTES        sent = {0};
	AUTO_BYTES        pem = {0};
	struct error      err = {0};

	chain(&leaf, &sent);
	ck_assert_int_eq(judge(&sent, &pem, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "the signature of certificate 0 of the chain"));
}
END_TEST

/* What stands before and behind a good chain. */
static const struct {
	const char *before;
	const char *behind;
	bool        taken;
} around[] = {
    {"\n \r\n", "\n\n", true},
    {"", "\033]0;pwned\007", false},
    {"\033[2J", "", false},
    {"hello\n", "", false},
    {"", "hello", false},
    {"", "-----BEGIN CERTIFICATE-----\nMIIB\n", false},
    {"", "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", false},
    {"", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", false},
    {"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "", false},
    {"", "-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n", false},
};

START_TEST(read_anything_around_it_is_malformed)
{
	AUTO_BYTES   sent = {0};
	AUTO_BYTES   clean = {0};
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	chain(&good[0], &clean);
	bytes_append(&sent, around[_i].before, strlen(around[_i].before));
	bytes_append(&sent, clean.data, clean.size);
	bytes_append(&sent, around[_i].behind, strlen(around[_i].behind));
	if (around[_i].taken) {
		unit_ok(judge(&sent, &pem, &err), &err);
		ck_assert(view_equal(bytes_view(&clean), bytes_view(&pem)));
	} else {
		unit_fails(judge(&sent, &pem, &err), &err, ERROR_MALFORMED,
		    "the answer is no chain of 1 to 8 certificates in PEM");
		ck_assert_uint_eq(pem.size, 0);
	}
}
END_TEST

START_TEST(read_header_lines_are_malformed)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
	static const char header[] = "X-Note: hello\n\n";
	AUTO_BYTES        sent = {0};
	AUTO_BYTES        clean = {0};
	AUTO_BYTES        pem = {0};
	struct error      err = {0};

	chain(&good[0], &clean);
	bytes_append(&sent, begin, strlen(begin));
	bytes_append(&sent, header, strlen(header));
	bytes_append(&sent, clean.data + strlen(begin), clean.size - strlen(begin));
	unit_fails(judge(&sent, &pem, &err), &err, ERROR_MALFORMED,
	    "the answer is no chain of 1 to 8 certificates in PEM");
}
END_TEST

START_TEST(read_a_ninth_certificate_is_malformed)
{
	const struct made self = {.cn = "issuing", .issuer = "issuing", .key = issuing};
	AUTO_BYTES        sent = {0};
	AUTO_BYTES        pem = {0};
	struct error      err = {0};

	make(&good[0], &sent);
	for (int i = 0; i < 7; i++)
		make(&self, &sent);
	unit_ok(judge(&sent, &pem, &err), &err);
	make(&self, &sent);
	unit_fails(judge(&sent, &pem, &err), &err, ERROR_MALFORMED,
	    "the answer is no chain of 1 to 8 certificates in PEM");
}
END_TEST

START_TEST(read_nothing_is_malformed)
{
	AUTO_BYTES   sent = {0};
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	unit_fails(judge(&sent, &pem, &err), &err, ERROR_MALFORMED,
	    "the answer is no chain of 1 to 8 certificates in PEM");
}
END_TEST

static const struct {
	struct made leaf;
	const char *name; /* NULL: none */
} named[] = {
    {{.cn = "laptop"}, "laptop"},
    {{.cn = "a prefix of what does not fit", .identifiers = {"laptop"}}, "laptop"},
    {{.identifiers = {"laptop", "desktop"}}, "laptop"},
    {{.cn = "laptop", .identifiers = {"a/b"}}, NULL},
    {{.cn = "a/b"}, NULL},
    {{.cn = NULL}, NULL},
};

START_TEST(name_of_a_certificate_is_its_identifier_or_else_its_cn)
{
	AUTO_BYTES   pem = {0};
	char         name[IDENTIFIER_MAX + 1] = "";
	BIO         *bio;
	X509        *leaf;

	make(&named[_i].leaf, &pem);
	ck_assert_ptr_nonnull(bio = BIO_new_mem_buf(pem.data, (int)pem.size));
	ck_assert_ptr_nonnull(leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL));
	ck_assert_int_eq(issued_name(leaf, name), named[_i].name != NULL);
	ck_assert_str_eq(name, named[_i].name != NULL ? named[_i].name : "");
	X509_free(leaf);
	BIO_free(bio);
}
END_TEST

/* The TPM's area is not what any key of ours has. */
START_TEST(read_for_a_key_that_cannot_be_read_is_refused)
{
	const struct issued_order order = {&(const TPMT_PUBLIC){.type = TPM2_ALG_NULL}, "laptop", NOW};
	AUTO_BYTES                sent = {0};
	AUTO_BYTES                pem = {0};
	struct error              err = {0};

	chain(&good[0], &sent);
	ck_assert_int_eq(issued_read(bytes_view(&sent), &order, &pem, &err), -1);
	ck_assert_msg(err.detail[0] != '\0', "it does not say why");
	ck_assert_uint_eq(pem.size, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("issued");
	TCase *tc = tcase_create("issued");

	ours = forge_key(FORGE_P256, 0);
	others = forge_key(FORGE_P256, 1);
	issuing = forge_key(FORGE_P256, 2);
	top = forge_key(FORGE_P256, 3);
	forge_public_key(ours, &area);
	tcase_add_loop_test(tc, read_what_was_ordered_is_taken, 0, sizeof good / sizeof good[0]);
	tcase_add_loop_test(tc, read_another_name_or_lifetime_is_malformed, 0, sizeof bad / sizeof bad[0]);
	tcase_add_test(tc, read_another_key_is_malformed);
	tcase_add_test(tc, read_expired_above_is_malformed);
	tcase_add_test(tc, read_another_issuer_is_bad);
	tcase_add_test(tc, read_signature_of_a_namesake_is_bad);
	tcase_add_loop_test(tc, read_anything_around_it_is_malformed, 0,
	    sizeof around / sizeof around[0]);
	tcase_add_test(tc, read_header_lines_are_malformed);
	tcase_add_test(tc, read_a_ninth_certificate_is_malformed);
	tcase_add_test(tc, read_nothing_is_malformed);
	tcase_add_loop_test(tc, name_of_a_certificate_is_its_identifier_or_else_its_cn, 0,
	    sizeof named / sizeof named[0]);
	tcase_add_test(tc, read_for_a_key_that_cannot_be_read_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
