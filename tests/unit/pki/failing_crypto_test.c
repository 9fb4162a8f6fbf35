/*
 * Certificates, requests, lists and keys with each call of OpenSSL failing that memory never makes fail by itself, or
 * far too deep to be tried: what is made is whole, or an error says that it is not.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "ek_support.h"
#include "failing.h"
#include "failing_calls.h"
#include "failing_crypto.h"
#include "pki/ak_certificate.h"
#include "pki/ca_request.h"
#include "pki/certificate_reader.h"
#include "pki/chain.h"
#include "pki/device_certificate.h"
#include "pki/device_name.h"
#include "pki/key_needs.h"
#include "pki/key_uri.h"
#include "pki/revocation.h"
#include "pki/server_certificate.h"
#include "pki/signing.h"
#include "pki/trust.h"
#include "util/folder.h"

#define CRL  "http://ca.example/crl"
#define NAME "a name of more than sixty-four characters, of which a certificate has the first and a digest"

static struct pki   pki;
static EVP_PKEY    *key;
static struct bytes key_spki;
static char        *directory;

static void
setup(void)
{
	pki_make(&pki, KEY_TYPE_P256);
	key = pki_key(KEY_TYPE_P256, 0);
	key_spki = pki_spki(key);
	directory = pki_directory();
}

static void
teardown(void)
{
	pki_directory_remove(directory);
	bytes_clear(&key_spki);
	EVP_PKEY_free(key);
	pki_clear(&pki);
}

/* ---- a key that has a home, as a token's has ---- */

static int homes_left;

static void
home_leave(void *arg)
{
	ck_assert_ptr_eq(arg, &homes_left);
	homes_left++;
}

static const struct signing_home home = {.leave = home_leave, .arg = &homes_left};

/* A copy of the key that lives there; NULL with *err. */
static EVP_PKEY *
key_at_home(struct error *err)
{
	EVP_PKEY *copy = EVP_PKEY_dup(key);
	int       rc;

	homes_left = 0;
	signing_lock();
	rc = signing_set_home(copy, &home, err);
	signing_unlock();
	if (rc == 0)
		return copy;
	ck_assert_int_eq(homes_left, 0); /* it is still the caller's */
	EVP_PKEY_free(copy);
	return NULL;
}

static void
key_leave(EVP_PKEY *resident)
{
	failing_off();
	signing_key_free(resident);
	ck_assert_int_eq(homes_left, 1);
}

/* ---- what is issued ---- */

static int
check_issued(int rc, const struct bytes *der, struct error *err)
{
	X509        *certificate = NULL;
	struct error ignored = {0};

	failing_off();
	if (rc != 0) {
		ck_assert_uint_eq(der->size, 0);
		return error_set(err, err->kind, "%s", err->detail);
	}
	unit_ok(certificate_decode(bytes_view(der), &certificate, &ignored), &ignored);
	ck_assert_int_eq(X509_verify(certificate, pki.issuing.key), 1);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), key), 1);
	ck_assert_int_eq(X509_get_ext_count(certificate), 7);
	X509_free(certificate);
	return 0;
}

static int
issue_ak(const void *arg, struct error *err)
{
	static const char *const names[] = {"laptop"};
	const struct ak_profile  profile = {
	    .spki = bytes_view(&key_spki),
	    .ek_urn = "urn:ek:sha256:LqjwD0l3y2lR1uvcQ6eLMR1WN0dCsVaYfB0vIqzPA5Y=",
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = 1,
	    .crl_url = CRL,
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	uint8_t    serial[CERTIFICATE_SERIAL_SIZE];
	int64_t    not_after;
	AUTO_BYTES der = {0};

	(void)arg;
	failing_on();
	return check_issued(ak_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, err), &der, err);
}

static int
issue_device(const void *arg, struct error *err)
{
	const struct device_profile profile = {
	    .key = key,
	    .identifier = "laptop",
	    .usages = DEVICE_USAGE_CLIENT,
	    .crl_url = CRL,
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	uint8_t    serial[CERTIFICATE_SERIAL_SIZE];
	int64_t    not_after;
	AUTO_BYTES der = {0};

	(void)arg;
	failing_on();
	return check_issued(device_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, err), &der, err);
}

/* For a key of a token's. */
static int
issue_server(const void *arg, struct error *err)
{
	static const char *const names[] = {"ca.example", "192.0.2.1"};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	int64_t                  not_after;
	AUTO_BYTES               der = {0};
	EVP_PKEY                *resident;
	int                      rc;

	(void)arg;
	failing_on();
	if ((resident = key_at_home(err)) == NULL)
		return -1;
	rc = server_certificate_issue(&pki.issuing,
	    &(struct server_profile){resident, names, 2, CRL, PKI_NOW, PKI_NOW + PKI_DAY}, serial, &not_after, &der,
	    err);
	key_leave(resident);
	return check_issued(rc, &der, err);
}

static int
make_root(const void *arg, struct error *err)
{
	X509 *root = NULL;
	int   rc;

	(void)arg;
	failing_on();
	rc = ca_root_create(key, "Another Root", PKI_NOW, PKI_YEAR, &root, err);
	failing_off();
	ck_assert((root != NULL) == (rc == 0));
	if (rc == 0)
		ck_assert_int_eq(X509_verify(root, key), 1);
	X509_free(root);
	return rc;
}

static int
make_request(const void *arg, struct error *err)
{
	AUTO_BYTES pem = {0};
	EVP_PKEY  *resident;
	int        rc;

	(void)arg;
	failing_on();
	if ((resident = key_at_home(err)) == NULL)
		return -1;
	rc = ca_request_create(resident, "Another CA", &pem, err);
	key_leave(resident);
	ck_assert((pem.size != 0) == (rc == 0));
	return rc;
}

/* ---- what is read ---- */

static int
read_digests(const void *arg, struct error *err)
{
	char    text[CERTIFICATE_FINGERPRINT_SIZE] = "";
	uint8_t hash[32] = {0};
	int     rc;

	(void)arg;
	failing_on();
	rc = certificate_key_hash(pki.root.certificate, hash, err) != 0 ||
	        certificate_fingerprint(pki.root.certificate, text, err) != 0
	    ? -1
	    : 0;
	failing_off();
	ck_assert((strlen(text) == CERTIFICATE_FINGERPRINT_SIZE - 1) == (rc == 0));
	return rc;
}

static int
add_roots(const void *arg, struct error *err)
{
	struct trust   *trust = trust_new();
	AUTO_FREE char *path = file_join(directory, "root.pem");
	int             rc;

	(void)arg;
	pki_write_certificate(directory, "root.pem", pki.root.certificate);
	failing_on();
	rc = trust_add_file(trust, path, err);
	failing_off();
	ck_assert_uint_eq(trust_count(trust), rc == 0 ? 1 : 0);
	trust_free(trust);
	return rc;
}

static int
describe_crl(const void *arg, struct error *err)
{
	struct revocation      *revocation = revocation_new(false);
	struct revocation_facts facts = {.has_number = false};
	AUTO_FREE char         *path = file_join(directory, "crl");
	AUTO_BYTES              der = {0};
	int                     rc;

	(void)arg;
	unit_ok(ca_crl_create(&pki.issuing, 7, NULL, 0, PKI_NOW, PKI_DAY, &der, err), err);
	pki_write(directory, "crl", der.data, der.size);
	failing_on();
	rc = revocation_add_file(revocation, path, err);
	if (rc == 0 && (rc = revocation_describe(revocation, 0, &facts, err)) == 0)
		ck_assert(facts.has_number && facts.number[REVOCATION_NUMBER_MAX - 1] == 7);
	failing_off();
	revocation_facts_clear(&facts);
	revocation_free(revocation);
	return rc;
}

static failing_operation *const operations[] = {
    issue_ak, issue_device, issue_server, make_root, make_request, read_digests, add_roots, describe_crl};

START_TEST(operation_whose_calls_fail_is_whole_or_an_error_is_told)
{
	failing_each(operations[_i], NULL);
}
END_TEST

/* OpenSSL's own words for the algorithm of a key, or ours. */
static int
read_algorithm(const void *arg, struct error *err)
{
	AUTO_BYTES     der = {0};
	struct signing signing;
	int            rc;

	failing_off();
	unit_ok(signing_begin_prepared(key, NULL, &signing, err), err);
	failing_on();
	rc = signing_algorithm(&signing, &der, err);
	failing_off();
	signing_end(&signing);
	if (rc == 0)
		ck_assert(view_equal(bytes_view(&der), bytes_view(arg)));
	else
		ck_assert_str_eq(err->detail, "the key has no signature algorithm");
	return rc;
}

START_TEST(algorithm_of_a_key_is_the_same_by_either_way)
{
	static uint8_t     ecdsa_sha256[] = {0x30, 0x0a, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2};
	const struct bytes wanted = {.data = ecdsa_sha256, .size = sizeof ecdsa_sha256};

	failing_each(read_algorithm, &wanted);
}
END_TEST

/* ---- names ---- */

static int
shorten_name(const void *arg, struct error *err)
{
	char name[DEVICE_COMMON_NAME_SIZE];

	(void)err;
	ck_assert(!device_common_name(arg, name));
	return 0;
}

/* A digest that fails would make two names one. */
START_TEST(name_without_its_digest_aborts)
{
	failing_each(shorten_name, NAME);
}
END_TEST

/* ---- keys by where they live ---- */

static int
open_key(const void *arg, struct error *err)
{
	struct key_needs  needs = {.settled = true, .module = true, .command = true};
	struct key_access access = {.needs = &needs};
	EVP_PKEY         *found = NULL;
	int               rc;

	failing_on();
	rc = key_open(arg, &access, &found, err);
	failing_off();
	ck_assert((found != NULL) == (rc == 0));
	signing_key_free(found);
	return rc;
}

static bool told_of_the_sandbox;

static int
open_file(const void *arg, struct error *err)
{
	int rc = open_key(arg, err);

	told_of_the_sandbox = told_of_the_sandbox ||
	    (rc != 0 && strstr(err->detail, "is outside of what this process may open since its start; restart it") != NULL);
	return rc;
}

/* As Landlock refuses it, and not the file's own mode. */
START_TEST(key_that_its_process_may_not_open_is_told)
{
	AUTO_FREE char *path = file_join(directory, "key.pem");
	AUTO_BYTES      pem = {0};
	struct error    err = {0};

	unit_ok(key_encode(key, &pem, &err), &err);
	pki_write(directory, "key.pem", pem.data, pem.size);
	failing_calls(EACCES);
	failing_each(open_file, path);
	ck_assert(told_of_the_sandbox);
}
END_TEST

START_TEST(key_of_a_tpm_that_is_not_there_is_never_one)
{
	(void)signal(SIGPIPE, SIG_IGN); /* as the daemons do: the program ends */
	ck_assert_int_eq(setenv("TPM2OPENSSL_TCTI", "cmd:false", 1), 0);
	failing_refuses(open_key, "handle:0x81000001");
}
END_TEST

/* By name in a directory: a file that holds a TPM's key. */
START_TEST(key_of_a_tpm_in_a_file_of_a_directory_is_the_tpms)
{
	static const char text[] = "-----BEGIN TSS2 PRIVATE KEY-----\nMAA=\n-----END TSS2 PRIVATE KEY-----\n";
	AUTO_FOLDER       folder = {.fd = -1};
	struct key_needs  needs = {.settled = true};
	struct key_access access = {.needs = &needs};
	EVP_PKEY         *found = NULL;
	struct error      err = {0};

	pki_write(directory, "key.pem", text, sizeof text - 1);
	unit_ok(folder_open(directory, &folder, &err), &err);
	ck_assert_int_eq(key_open_in(&folder, "key.pem", &access, &found, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "/key.pem is in a token or a TPM, which the sandbox of this process"));
	ck_assert_ptr_null(found);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pki/failing_crypto");
	TCase *tcase = tcase_create("failing_crypto");

	failing_crypto();
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, operation_whose_calls_fail_is_whole_or_an_error_is_told, 0,
	    sizeof operations / sizeof operations[0]);
	tcase_add_test(tcase, algorithm_of_a_key_is_the_same_by_either_way);
	tcase_add_test_raise_signal(tcase, name_without_its_digest_aborts, SIGABRT);
	tcase_add_test(tcase, key_that_its_process_may_not_open_is_told);
	tcase_add_test(tcase, key_of_a_tpm_that_is_not_there_is_never_one);
	tcase_add_test(tcase, key_of_a_tpm_in_a_file_of_a_directory_is_the_tpms);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
