#include "config.h"

#include <string.h>

#include "failing.h"
#include "pki/ak_certificate.h"
#include "pki/ak_check.h"
#include "pki/ca_request.h"
#include "pki/device_certificate.h"
#include "pki/server_certificate.h"
#include "pki/trust.h"
#include "pki_support.h"

#define URN "urn:ek:sha256:LqjwD0l3y2lR1uvcQ6eLMR1WN0dCsVaYfB0vIqzPA5Y="
#define CRL "http://ca.example/crl"

static struct pki   pki;
static EVP_PKEY    *key;
static struct bytes key_spki;

static void
setup(void)
{
	pki_make(&pki, KEY_TYPE_P256);
	ck_assert_ptr_nonnull(key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"));
	key_spki = pki_spki(key);
}

static void
teardown(void)
{
	bytes_clear(&key_spki);
	EVP_PKEY_free(key);
	pki_clear(&pki);
}

/* What was issued is whole: signed by the CA, of the key, with so many extensions. */
static int
check_issued(int rc, const struct bytes *der, int extensions)
{
	X509        *certificate = NULL;
	struct error err = {0};

	failing_off();
	if (rc != 0)
		return rc;
	unit_ok(certificate_decode(bytes_view(der), &certificate, &err), &err);
	ck_assert_int_eq(X509_verify(certificate, pki.issuing.key), 1);
	ck_assert_int_eq(EVP_PKEY_eq(X509_get0_pubkey(certificate), key), 1);
	ck_assert_int_eq(X509_get_ext_count(certificate), extensions);
	ck_assert_int_eq(X509_NAME_cmp(X509_get_issuer_name(certificate),
	                     X509_get_subject_name(pki.issuing.certificate)), 0);
	ck_assert_int_eq(certificate_not_before(certificate), PKI_NOW);
	ck_assert_int_eq(certificate_not_after(certificate), PKI_NOW + PKI_DAY);
	X509_free(certificate);
	return 0;
}

static int
issue_ak(const void *arg, struct error *err)
{
	static const char *const names[] = {"laptop", "l\xc3\xa4ptop 2"};
	struct ak_profile        profile = {
	    .spki = bytes_view(&key_spki),
	    .ek_urn = URN,
	    .manufacturer = "id:4E544300",
	    .model = "NPCT75x",
	    .version = "id:00070002",
	    .names = names,
	    .name_count = 2,
	    .crl_url = CRL,
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	uint8_t    serial[CERTIFICATE_SERIAL_SIZE];
	int64_t    not_after;
	AUTO_BYTES der = {0};

	(void)arg;
	return check_issued(ak_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, err),
	    &der, 7);
}

static int
issue_device(const void *arg, struct error *err)
{
	static const char *const names[] = {"laptop.example", "l.example"};
	struct device_profile    profile = {
	    .key = key,
	    .identifier = "laptop",
	    .dns_names = names,
	    .dns_count = 2,
	    .usages = DEVICE_USAGE_CLIENT | DEVICE_USAGE_SERVER,
	    .crl_url = CRL,
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	uint8_t    serial[CERTIFICATE_SERIAL_SIZE];
	int64_t    not_after;
	AUTO_BYTES der = {0};

	(void)arg;
	return check_issued(device_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, err),
	    &der, 7);
}

static int
issue_server(const void *arg, struct error *err)
{
	static const char *const names[] = {"ca.example", "192.0.2.1", "2001:db8::1"};
	struct server_profile    profile = {
	    .key = key,
	    .names = names,
	    .name_count = 3,
	    .crl_url = CRL,
	    .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY,
	};
	uint8_t    serial[CERTIFICATE_SERIAL_SIZE];
	int64_t    not_after;
	AUTO_BYTES der = {0};

	(void)arg;
	return check_issued(server_certificate_issue(&pki.issuing, &profile, serial, &not_after, &der, err),
	    &der, 7);
}

static int
make_root(const void *arg, struct error *err)
{
	X509 *root = NULL;

	(void)arg;
	if (ca_root_create(key, "Another Root", PKI_NOW, PKI_YEAR, &root, err) != 0)
		return -1;
	failing_off();
	ck_assert_int_eq(X509_verify(root, key), 1);
	ck_assert_int_eq(X509_check_ca(root), 1);
	ck_assert_int_eq(X509_get_ext_count(root), 3);
	X509_free(root);
	return 0;
}

static int
make_issuing(const void *arg, struct error *err)
{
	X509 *issuing = NULL;

	(void)arg;
	if (ca_issuing_create(&pki.root, key, "Another CA", PKI_NOW, PKI_YEAR, &issuing, err) != 0)
		return -1;
	failing_off();
	ck_assert_int_eq(X509_verify(issuing, pki.root.key), 1);
	ck_assert_int_eq(X509_check_ca(issuing), 1);
	ck_assert_int_eq((int)X509_get_pathlen(issuing), 0);
	ck_assert_int_eq(X509_get_ext_count(issuing), 4);
	X509_free(issuing);
	return 0;
}

static int
make_request(const void *arg, struct error *err)
{
	AUTO_BYTES                pem = {0};
	X509_REQ                 *request;
	STACK_OF(X509_EXTENSION) *extensions;
	BIO                      *bio;

	(void)arg;
	if (ca_request_create(key, "Another CA", &pem, err) != 0)
		return -1;
	failing_off();
	bio = BIO_new_mem_buf(pem.data, (int)pem.size);
	ck_assert_ptr_nonnull(request = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL));
	ck_assert_int_eq(X509_REQ_verify(request, key), 1);
	ck_assert_ptr_nonnull(extensions = X509_REQ_get_extensions(request));
	ck_assert_int_eq(sk_X509_EXTENSION_num(extensions), 2);
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	X509_REQ_free(request);
	BIO_free(bio);
	return 0;
}

/* Not read again by key_load: OpenSSL 3.0's own OSSL_STORE_load crashes when memory is short. */
static int
make_key(const void *arg, struct error *err)
{
	const enum key_type *type = arg;
	EVP_PKEY            *made = NULL;
	EVP_PKEY            *back;
	AUTO_BYTES           pem = {0};
	BIO                 *bio;
	int                  rc = -1;

	if (key_generate(*type, &made, err) == 0 && key_encode(made, &pem, err) == 0) {
		failing_off();
		bio = BIO_new_mem_buf(pem.data, (int)pem.size);
		ck_assert_ptr_nonnull(back = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL));
		ck_assert_int_eq(EVP_PKEY_eq(made, back), 1);
		EVP_PKEY_free(back);
		BIO_free(bio);
		rc = 0;
	}
	EVP_PKEY_free(made);
	return rc;
}

static failing_operation *const operations[] = {
    issue_ak, issue_device, issue_server, make_root, make_issuing, make_request};

#define OPERATIONS ((int)(sizeof operations / sizeof operations[0]))

/* The first three also with a CA that is prepared for many. */
START_TEST(issue_without_memory_gives_a_whole_certificate_or_none)
{
	if (_i >= OPERATIONS)
		ca_prepare(&pki.issuing);
	if (operations[_i % OPERATIONS] == make_root || operations[_i % OPERATIONS] == make_issuing)
		failing_every(3, 0); /* most of it is OpenSSL's search for a decoder */
	failing_each(operations[_i % OPERATIONS], NULL);
}
END_TEST

START_TEST(key_made_without_memory_is_written_whole_or_none)
{
	enum key_type type = KEY_TYPE_P256;

	failing_each(make_key, &type);
}
END_TEST

/* ---- lists ---- */

static int
make_crl(const void *arg, struct error *err)
{
	static const struct ca_revoked revoked[] = {
	    {{1, 2, 3}, 3, PKI_NOW - 60, 1}, {{4, 5, 6}, 3, PKI_NOW - 30, 0}};
	AUTO_BYTES           der = {0};
	X509_CRL            *crl;
	const unsigned char *p;

	(void)arg;
	if (ca_crl_create(&pki.issuing, 7, revoked, 2, PKI_NOW, PKI_DAY, &der, err) != 0)
		return -1;
	failing_off();
	p = der.data;
	ck_assert_ptr_nonnull(crl = d2i_X509_CRL(NULL, &p, (long)der.size));
	ck_assert_int_eq(X509_CRL_verify(crl, pki.issuing.key), 1);
	ck_assert_int_eq(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)), 2);
	ck_assert_int_eq(X509_CRL_get_ext_count(crl), 2);
	X509_CRL_free(crl);
	return 0;
}

static int
read_crl(const void *arg, struct error *err)
{
	const struct bytes *der = arg;
	struct ca_crl       crl = {0};
	int                 rc = ca_crl_read(pki.issuing.certificate, bytes_view(der), &crl, err);

	failing_off();
	if (rc == 0) {
		const struct ca_revoked *entries = (const void *)crl.revoked.data;

		ck_assert_uint_eq(crl.number, 7);
		ck_assert_int_eq(crl.this_update, PKI_NOW);
		ck_assert_int_eq(crl.next_update, PKI_NOW + PKI_DAY);
		ck_assert_uint_eq(crl.revoked.size, sizeof *entries);
		ck_assert_uint_eq(entries[0].serial_size, 3);
		ck_assert_int_eq(entries[0].reason, 1);
		ck_assert_int_eq(entries[0].when, PKI_NOW - 60);
	}
	ca_crl_clear(&crl);
	return rc;
}

static struct bytes
crl_of(const struct ca *ca)
{
	struct ca_revoked revoked = {{1, 2, 3}, 3, PKI_NOW - 60, 1};
	struct bytes      der = {0};
	struct error      err = {0};

	unit_ok(ca_crl_create(ca, 7, &revoked, 1, PKI_NOW, PKI_DAY, &der, &err), &err);
	return der;
}

START_TEST(crl_made_and_read_without_memory_is_whole_or_none)
{
	AUTO_BYTES der = crl_of(&pki.issuing);

	failing_each(make_crl, NULL);
	failing_each(read_crl, &der);
}
END_TEST

START_TEST(crl_of_another_ca_without_memory_is_never_ours)
{
	AUTO_BYTES der = crl_of(&pki.root);

	failing_refuses(read_crl, &der);
}
END_TEST

/* ---- a certificate for our request ---- */

struct request_world {
	struct trust   *roots;
	STACK_OF(X509) *chain;
};

static int
check_request(const void *arg, struct error *err)
{
	const struct request_world *world = arg;

	return ca_request_check(&pki.issuing, world->chain, world->roots, PKI_NOW, err);
}

START_TEST(request_check_without_memory_takes_our_certificate_and_never_that_of_another_root)
{
	struct request_world world = {trust_new(), sk_X509_new_null()};
	char                *directory = pki_directory();
	AUTO_FREE char      *path = file_join(directory, "root.pem");
	struct error         err = {0};

	ck_assert_int_gt(sk_X509_push(world.chain, pki.issuing.certificate), 0);
	failing_every(3, 0);
	failing_refuses(check_request, &world);
	pki_write_certificate(directory, "root.pem", pki.root.certificate);
	unit_ok(trust_add_file(world.roots, path, &err), &err);
	failing_each(check_request, &world);
	sk_X509_free(world.chain);
	trust_free(world.roots);
	pki_directory_remove(directory);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tcase;

	failing_prepare();
	suite = suite_create("pki/failing_issue");
	tcase = tcase_create("failing_issue");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, issue_without_memory_gives_a_whole_certificate_or_none, 0,
	    OPERATIONS + 3);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("key");
	tcase_add_test(tcase, key_made_without_memory_is_written_whole_or_none);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("check");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, crl_made_and_read_without_memory_is_whole_or_none);
	tcase_add_test(tcase, crl_of_another_ca_without_memory_is_never_ours);
	tcase_add_test(tcase, request_check_without_memory_takes_our_certificate_and_never_that_of_another_root);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
