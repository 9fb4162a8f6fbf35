#include "config.h"

#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "device/chain.h"
#include "forge.h"
#include "pki/ak_certificate.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/trust.h"
#include "tpm/ek.h"
#include "tpm/spki.h"
#include "unit.h"
#include "util/base64.h"
#include "util/error.h"
#include "util/file.h"

#define NOW  1800000000
#define YEAR (365 * 24 * 3600)

static const struct ek_hash ek = {{1, 2, 3}};
static const struct ek_hash other_ek = {{1, 2, 4}};

static struct ca       root, issuing, other_root, other_issuing;
static struct forge_ak ak;
static struct trust   *trust, *other_trust;

static void
ca_make(struct ca *top, struct ca *below, size_t index)
{
	struct error err = {0};

	top->key = forge_key(FORGE_P384, index);
	below->key = forge_key(FORGE_P256, index);
	unit_ok(ca_root_create(top->key, "root", NOW, 10 * YEAR, &top->certificate, &err), &err);
	/* Both issuing CAs have one name, so that only signatures tell them apart. */
	unit_ok(ca_issuing_create(top, below->key, "issuing", NOW, 5 * YEAR, &below->certificate, &err),
	    &err);
}

static struct trust *
trust_make(const struct ca *top)
{
	char          path[] = "/tmp/device_chain_test.XXXXXX";
	struct trust *made = trust_new();
	AUTO_BYTES    pem = {0};
	struct error  err = {0};
	int           fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	unit_ok(certificate_encode_pem(top->certificate, &pem, &err), &err);
	unit_ok(file_replace(path, pem.data, pem.size, 0600, &err), &err);
	unit_ok(trust_add_file(made, path, &err), &err);
	(void)unlink(path);
	return made;
}

/* An AK certificate as JSON has it. */
static json_t *
leaf_make(const struct ca *issuer, EVP_PKEY *key, const struct ek_hash *hash, int64_t from)
{
	static const char *const names[] = {"laptop", "laptop.example"};
	AUTO_FREE char          *urn = ek_hash_urn(hash);
	AUTO_FREE char          *text = NULL;
	AUTO_BYTES               spki = {0};
	struct ak_profile        profile = {
	     .ek_urn = urn,
	     .manufacturer = "id:4E544300",
	     .model = "NPCT75x",
	     .version = "id:00070002",
	     .names = names,
	     .name_count = 2,
	     .not_before = from,
	     .not_after = from + YEAR,
	};
	uint8_t      serial[CERTIFICATE_SERIAL_SIZE];
	AUTO_BYTES   der = {0};
	int64_t      not_after;
	struct error err = {0};

	unit_ok(spki_encode(key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	unit_ok(ak_certificate_issue(issuer, &profile, serial, &not_after, &der, &err), &err);
	text = base64_encode(BASE64_STANDARD, der.data, der.size);
	return json_string(text);
}

static json_t *
ca_string(const X509 *certificate)
{
	AUTO_FREE char *text = NULL;
	AUTO_BYTES      der = {0};
	struct error    err = {0};

	unit_ok(certificate_encode(certificate, &der, &err), &err);
	text = base64_encode(BASE64_STANDARD, der.data, der.size);
	return json_string(text);
}

/* Decodes the two as a chain and verifies it. */
static int
judge(json_t *leaf, const struct ca *issuer, const struct trust *trusted, struct device_chain *chain,
    struct error *err)
{
	json_t *array = json_pack("[o, o]", leaf, ca_string(issuer->certificate));
	int     rc = device_chain_decode(array, chain, err);

	json_decref(array);
	ck_assert_int_eq(rc, 0);
	return device_chain_verify(chain, bytes_view(&ak.public), &ek, trusted, NOW, err);
}

START_TEST(verify_our_chain_gives_its_names)
{
	AUTO_CHAIN      chain = {0};
	AUTO_FREE char *issuer = NULL;
	AUTO_BYTES      pem = {0};
	struct error    err = {0};

	unit_ok(judge(leaf_make(&issuing, ak.key, &ek, NOW - 60), &issuing, trust, &chain, &err), &err);
	ck_assert_uint_eq(chain.names.count, 2);
	ck_assert_str_eq(chain.names.values[0], "laptop");
	ck_assert_str_eq(chain.names.values[1], "laptop.example");
	ck_assert_int_eq(device_chain_not_before(&chain), NOW - 60);
	ck_assert_int_eq(device_chain_not_after(&chain), NOW - 60 + YEAR);
	issuer = device_chain_issuer(&chain);
	ck_assert_str_eq(issuer, "issuing");
	unit_ok(device_chain_encode(&chain, &pem, &err), &err);
	bytes_append_u8(&pem, '\0');
	ck_assert_ptr_nonnull(strstr(strstr((char *)pem.data, "BEGIN") + 1, "BEGIN"));
}
END_TEST

START_TEST(verify_without_trust_needs_none)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};

	unit_ok(judge(leaf_make(&issuing, ak.key, &ek, NOW), &issuing, NULL, &chain, &err), &err);
}
END_TEST

START_TEST(verify_other_key_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};

	unit_fails(judge(leaf_make(&issuing, forge_key(FORGE_RSA2048, 3), &ek, NOW), &issuing, trust,
	               &chain, &err),
	    &err, ERROR_BAD_ATTESTATION, "it is for another key than our AK");
}
END_TEST

START_TEST(verify_other_ek_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};

	unit_fails(judge(leaf_make(&issuing, ak.key, &other_ek, NOW), &issuing, trust, &chain, &err),
	    &err, ERROR_BAD_ATTESTATION, "it does not name our EK");
}
END_TEST

START_TEST(verify_not_yet_valid_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};

	unit_fails(judge(leaf_make(&issuing, ak.key, &ek, NOW + 1), &issuing, trust, &chain, &err),
	    &err, ERROR_BAD_ATTESTATION, "it is not valid before 2027-01-15T08:00:01Z, and it is "
	    "2027-01-15T08:00:00Z here; are both clocks right?");
}
END_TEST

START_TEST(verify_expired_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};
	json_t      *array = json_pack("[o, o]", leaf_make(&issuing, ak.key, &ek, NOW),
	         ca_string(issuing.certificate));

	unit_ok(device_chain_decode(array, &chain, &err), &err);
	json_decref(array);
	unit_fails(device_chain_verify(&chain, bytes_view(&ak.public), &ek, trust, NOW + YEAR + 1, &err),
	    &err, ERROR_BAD_ATTESTATION, "it expired at 2028-01-15T08:00:00Z, and it is "
	    "2028-01-15T08:00:01Z here; are both clocks right?");
}
END_TEST

/* The AK's certificate is good still, the one above it no more. */
START_TEST(verify_expired_above_is_bad)
{
	AUTO_CHAIN   chain = {0};
	X509        *above = X509_dup(issuing.certificate);
	struct error err = {0};
	json_t      *array;

	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(above), NOW + 10));
	ck_assert_int_gt(X509_sign(above, root.key, EVP_sha384()), 0);
	array = json_pack("[o, o]", leaf_make(&issuing, ak.key, &ek, NOW), ca_string(above));
	X509_free(above);
	unit_ok(device_chain_decode(array, &chain, &err), &err);
	json_decref(array);
	unit_ok(device_chain_verify(&chain, bytes_view(&ak.public), &ek, NULL, NOW + 10, &err), &err);
	unit_fails(device_chain_verify(&chain, bytes_view(&ak.public), &ek, NULL, NOW + 11, &err), &err,
	    ERROR_BAD_ATTESTATION, "one above it: it expired at 2027-01-15T08:00:10Z, and it is "
	                           "2027-01-15T08:00:11Z here; are both clocks right?");
}
END_TEST

START_TEST(verify_lifetime_beyond_all_bounds_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};
	json_t      *array = json_pack("[o, o]", leaf_make(&issuing, ak.key, &ek, NOW),
	         ca_string(issuing.certificate));
	X509        *leaf;

	unit_ok(device_chain_decode(array, &chain, &err), &err);
	json_decref(array);
	leaf = sk_X509_value(chain.certificates, 0);
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(leaf), NOW + 10 * 366 * INT64_C(86400) + 1));
	ck_assert_int_gt(X509_sign(leaf, issuing.key, EVP_sha256()), 0);
	unit_fails(device_chain_verify(&chain, bytes_view(&ak.public), &ek, NULL, NOW, &err), &err,
	    ERROR_BAD_ATTESTATION, "it is valid for more than ten years");
}
END_TEST

START_TEST(verify_signature_of_a_namesake_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};

	ck_assert_int_eq(judge(leaf_make(&other_issuing, ak.key, &ek, NOW), &issuing, NULL, &chain,
	                     &err),
	    -1);
	ck_assert_ptr_eq(strstr(err.detail,
	                     "the signature of certificate 0 of the chain does not verify"),
	    err.detail);
}
END_TEST

/* OpenSSL says that memory was short where it verifies with a key that it could not decode. */
START_TEST(verify_by_a_key_of_an_unknown_kind_is_bad)
{
	static const uint8_t id_ec_public_key[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
	AUTO_CHAIN           chain = {0};
	AUTO_BYTES           der = {0};
	struct ca            unknown = {0};
	struct error         err = {0};
	uint8_t             *at;

	unit_ok(certificate_encode(issuing.certificate, &der, &err), &err);
	at = memmem(der.data, der.size, id_ec_public_key, sizeof id_ec_public_key);
	ck_assert_ptr_nonnull(at);
	at[sizeof id_ec_public_key - 1] = 0x7f;
	unit_ok(certificate_decode(bytes_view(&der), &unknown.certificate, &err), &err);
	unit_fails(judge(leaf_make(&issuing, ak.key, &ek, NOW), &unknown, NULL, &chain, &err), &err,
	    ERROR_BAD_ATTESTATION,
	    "the key of certificate 1 of the chain cannot be decoded: decode error");
	X509_free(unknown.certificate);
}
END_TEST

START_TEST(verify_other_issuer_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};

	unit_fails(judge(leaf_make(&issuing, ak.key, &ek, NOW), &root, NULL, &chain, &err), &err,
	    ERROR_BAD_ATTESTATION, "certificate 0 of the chain was not issued by the next");
}
END_TEST

START_TEST(verify_other_root_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};

	ck_assert_int_eq(judge(leaf_make(&issuing, ak.key, &ek, NOW), &issuing, other_trust, &chain,
	                     &err),
	    -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_BAD_ATTESTATION);
}
END_TEST

START_TEST(verify_certificate_of_another_profile_is_bad)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};
	json_t      *array;
	X509        *leaf = NULL;
	AUTO_BYTES   der = {0};
	json_t      *issued = leaf_make(&issuing, ak.key, &ek, NOW);

	/* The same certificate without its extended key usage, signed again. */
	unit_ok(base64_decode(BASE64_STANDARD, json_string_value(issued), json_string_length(issued),
	            &der, &err),
	    &err);
	json_decref(issued);
	unit_ok(certificate_decode(bytes_view(&der), &leaf, &err), &err);
	X509_EXTENSION_free(X509_delete_ext(leaf, X509_get_ext_by_NID(leaf, NID_ext_key_usage, -1)));
	ck_assert_int_gt(X509_sign(leaf, issuing.key, EVP_sha256()), 0);
	array = json_pack("[o, o]", ca_string(leaf), ca_string(issuing.certificate));
	X509_free(leaf);
	unit_ok(device_chain_decode(array, &chain, &err), &err);
	json_decref(array);
	ck_assert_int_eq(device_chain_verify(&chain, bytes_view(&ak.public), &ek, trust, NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_BAD_ATTESTATION);
}
END_TEST

static const struct {
	const char *json;
	const char *detail;
} undecodable[] = {
    {"{}", "the answer's \"chain\" is no list of 1 to 8"},
    {"[]", "the answer's \"chain\" is no list of 1 to 8"},
    {"[\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"]", "the answer's \"chain\" is no list of 1 to 8"},
    {"[7]", "the answer's chain[0] is no string"},
    {"[\"?\"]", "the answer's chain[0]: base64 of 1 characters: not a multiple of 4"},
};

START_TEST(decode_anything_else_is_malformed)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};
	json_t      *array = json_loads(undecodable[_i].json, 0, NULL);

	unit_fails(device_chain_decode(array, &chain, &err), &err, ERROR_MALFORMED,
	    undecodable[_i].detail);
	json_decref(array);
}
END_TEST

START_TEST(decode_no_certificate_is_malformed)
{
	AUTO_CHAIN   chain = {0};
	struct error err = {0};
	json_t      *array = json_loads("[\"MAA=\"]", 0, NULL);

	ck_assert_int_eq(device_chain_decode(array, &chain, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_MALFORMED);
	json_decref(array);
}
END_TEST

static const struct {
	size_t      count;
	const char *after;
	int         rc;
} kept[] = {
    {1, "", 0},
    {8, "", 0},
    {0, "", -1},
    {0, "no certificate", -1},
    {9, "", -1},
    {20, "", -1},
    {2, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", -1},
    {2, "-----BEGIN CERTIFICATE-----\nMII", -1},
};

/* A chain that was written down, and what may have become of its file. */
START_TEST(read_takes_a_whole_chain_or_nothing)
{
	AUTO_CHAIN   chain = {0};
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	for (size_t i = 0; i < kept[_i].count; i++)
		unit_ok(certificate_encode_pem(issuing.certificate, &pem, &err), &err);
	bytes_append(&pem, kept[_i].after, strlen(kept[_i].after));
	if (kept[_i].rc != 0) {
		unit_fails(device_chain_read(&pem, &chain, &err), &err, ERROR_MALFORMED,
		    "no chain of 1 to 8 certificates");
		return;
	}
	unit_ok(device_chain_read(&pem, &chain, &err), &err);
	ck_assert_int_eq(sk_X509_num(chain.certificates), (int)kept[_i].count);
}
END_TEST

/* What every case shares; Check forks after it. */
static void
setup(void)
{
	(void)forge_key(FORGE_RSA2048, 3);
	forge_ak_make(FORGE_AK_RSASSA, FORGE_FLAW_NONE, &ak);
	ca_make(&root, &issuing, 0);
	ca_make(&other_root, &other_issuing, 1);
	trust = trust_make(&root);
	other_trust = trust_make(&other_root);
}

/* Keys are the forge's. */
static void
teardown(void)
{
	trust_free(trust);
	trust_free(other_trust);
	X509_free(root.certificate);
	X509_free(issuing.certificate);
	X509_free(other_root.certificate);
	X509_free(other_issuing.certificate);
	forge_ak_clear(&ak);
}

/* Who takes fewer certificates than there are gets none. */
START_TEST(export_of_more_than_fit_is_an_error)
{
	AUTO_CHAIN   chain = {0};
	struct bytes der[2] = {{0}, {0}};
	struct error err = {0};

	unit_ok(judge(leaf_make(&issuing, ak.key, &ek, NOW - 60), &issuing, trust, &chain, &err), &err);
	unit_fails(device_chain_export(&chain, der, 1, &err), &err, ERROR_INTERNAL, "a chain of 2 certificates");
	ck_assert_uint_eq(der[0].size, 0);
	ck_assert_int_eq(device_chain_export(&chain, der, 2, &err), 2);
	bytes_clear(&der[0]);
	bytes_clear(&der[1]);
}
END_TEST

/* An issuer without a CN is told by its whole name. */
START_TEST(issuer_without_a_cn_is_its_name)
{
	X509               *certificate = X509_new();
	struct device_chain chain = {.certificates = sk_X509_new_null()};
	AUTO_FREE char     *name = NULL;
	AUTO_FREE char     *common = NULL;

	ck_assert_int_gt(sk_X509_push(chain.certificates, certificate), 0);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_get_issuer_name(certificate), "O", MBSTRING_UTF8,
	                     (const unsigned char *)"Example", -1, -1, 0), 1);
	name = device_chain_issuer(&chain);
	ck_assert_str_eq(name, "/O=Example");
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(X509_get_issuer_name(certificate), "CN", MBSTRING_UTF8,
	                     (const unsigned char *)"issuing", -1, -1, 0), 1);
	common = device_chain_issuer(&chain);
	ck_assert_str_eq(common, "issuing");
	device_chain_clear(&chain);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_chain");
	TCase *tc = tcase_create("device_chain");

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, verify_our_chain_gives_its_names);
	tcase_add_test(tc, verify_without_trust_needs_none);
	tcase_add_test(tc, verify_other_key_is_bad);
	tcase_add_test(tc, verify_other_ek_is_bad);
	tcase_add_test(tc, verify_not_yet_valid_is_bad);
	tcase_add_test(tc, verify_expired_is_bad);
	tcase_add_test(tc, verify_expired_above_is_bad);
	tcase_add_test(tc, verify_lifetime_beyond_all_bounds_is_bad);
	tcase_add_test(tc, verify_signature_of_a_namesake_is_bad);
	tcase_add_test(tc, verify_by_a_key_of_an_unknown_kind_is_bad);
	tcase_add_test(tc, verify_other_issuer_is_bad);
	tcase_add_test(tc, verify_other_root_is_bad);
	tcase_add_test(tc, verify_certificate_of_another_profile_is_bad);
	tcase_add_loop_test(tc, decode_anything_else_is_malformed, 0,
	    sizeof undecodable / sizeof undecodable[0]);
	tcase_add_test(tc, decode_no_certificate_is_malformed);
	tcase_add_loop_test(tc, read_takes_a_whole_chain_or_nothing, 0, sizeof kept / sizeof kept[0]);
	tcase_add_test(tc, export_of_more_than_fit_is_an_error);
	tcase_add_test(tc, issuer_without_a_cn_is_its_name);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
