/* What an issuing CA is known by, and the files of it that cannot be used. */
#include "config.h"

#include <sys/stat.h>

#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "ca/directory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "pki/key_uri.h"
#include "pki_support.h"
#include "store/store.h"
#include "util/folder.h"

#define OCTETS_16 "000102030405060708090a0b0c0d0e0f"
#define NO_KEY_ID "the issuing certificate has no subjectKeyIdentifier of 1 to 64 octets"

static struct pki    pki;
static char         *directory;
static struct folder state;
static struct error  err;

static void
setup(void)
{
	err = (struct error){0};
	directory = pki_directory();
	unit_ok(folder_open(directory, &state, &err), &err);
	pki_make(&pki, KEY_TYPE_P256);
}

static void
teardown(void)
{
	(void)unsetenv("CREDENTIALS_DIRECTORY");
	pki_clear(&pki);
	folder_close(&state);
	pki_directory_remove(directory);
}

/* A certificate of the issuing key whose key identifier is this, as OpenSSL's configuration says it. */
static X509 *
forge(const char *extension)
{
	char text[400];

	(void)snprintf(text, sizeof text, "[ext]\nbasicConstraints = critical, CA:TRUE\n%s\n", extension);
	return pki_forge(&(struct pki_forgery){
	    .issuer = &pki.root, .key = pki.issuing.key, .common_name = "Issuing", .extensions = text});
}

START_TEST(id_is_the_key_identifier_in_hexadecimal)
{
	X509 *certificate = forge("subjectKeyIdentifier = 00:01:fe:ff");
	char  id[ISSUER_ID_SIZE];

	unit_ok(issuer_files_id(certificate, id, &err), &err);
	ck_assert_str_eq(id, "0001feff");
	X509_free(certificate);
}
END_TEST

/* None, one that is empty, and one of 65 octets. */
START_TEST(id_of_a_certificate_without_a_usable_key_identifier_is_refused)
{
	static const char *const extensions[] = {
	    "keyUsage = keyCertSign",
	    "subjectKeyIdentifier = DER:0400",
	    "subjectKeyIdentifier = DER:0441" OCTETS_16 OCTETS_16 OCTETS_16 OCTETS_16 "00",
	};
	X509               *certificate = forge(extensions[_i]);
	struct issuer_files files = {.id = ""};
	char                detail[400];
	char                id[ISSUER_ID_SIZE];

	unit_fails(issuer_files_id(certificate, id, &err), &err, ERROR_INTERNAL, NO_KEY_ID);
	pki_write_certificate(directory, STATE_ISSUING_PEM, certificate);
	(void)snprintf(detail, sizeof detail, "%s/%s: " NO_KEY_ID, directory, STATE_ISSUING_PEM);
	unit_fails(issuer_files_load(&state, NULL, &files, &err), &err, ERROR_INTERNAL, detail);
	X509_free(certificate);
}
END_TEST

START_TEST(record_of_a_certificate_without_a_key_identifier_is_refused)
{
	X509         *certificate = forge("keyUsage = keyCertSign");
	struct store *store = NULL;
	int64_t       issuer;

	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_fails(issuer_record(store, certificate, PKI_NOW, &issuer, &err), &err, ERROR_INTERNAL,
	    "the issuing certificate has no subjectKeyIdentifier");
	store_close(store);
	X509_free(certificate);
}
END_TEST

START_TEST(load_valid_refuses_an_issuer_outside_of_its_time)
{
	struct issuer_files files = {.id = ""};
	char                detail[400];

	pki_write_certificate(directory, STATE_ISSUING_PEM, pki.issuing.certificate);
	unit_ok(issuer_files_load_valid(&state, NULL, PKI_NOW + PKI_DAY, &files, &err), &err);
	issuer_files_clear(&files);
	ck_assert_int_eq(issuer_files_load_valid(&state, NULL, PKI_NOW + 6 * PKI_YEAR, &files, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	(void)snprintf(detail, sizeof detail, "the issuing certificate %s/%s: it expired at ", directory,
	    STATE_ISSUING_PEM);
	ck_assert_ptr_eq(strstr(err.detail, detail), err.detail);
	ck_assert_ptr_null(files.ca.certificate);
}
END_TEST

/* The passphrase of the service manager goes before the file, and one that cannot be read is no lack of it. */
START_TEST(access_takes_the_credential_first)
{
	AUTO_FREE char   *file = file_join(directory, "passphrase");
	AUTO_BYTES        secret = {0};
	struct key_access access = {.pkcs11_module = NULL};

	pki_write(directory, "passphrase", "of the file\n", 12);
	ck_assert_int_eq(chmod(file, 0600), 0);
	pki_write(directory, ISSUER_CREDENTIAL, "of the manager\n", 15);
	unit_ok(issuer_files_access(file, "module.so", &secret, &access, &err), &err);
	ck_assert(view_equal(access.secret, view_text("of the file")));
	ck_assert_str_eq(access.pkcs11_module, "module.so");
	bytes_clear(&secret);

	(void)setenv("CREDENTIALS_DIRECTORY", directory, 1);
	unit_ok(issuer_files_access(file, NULL, &secret, &access, &err), &err);
	ck_assert(view_equal(access.secret, view_text("of the manager")));
	bytes_clear(&secret);

	pki_write(directory, ISSUER_CREDENTIAL, "\n", 1);
	ck_assert_int_eq(issuer_files_access(file, NULL, &secret, &access, &err), -1);
}
END_TEST

START_TEST(directory_of_an_unknown_kind_of_store_is_refused)
{
	ck_assert_int_eq(directory_check("", &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

/* Named so by the linker. */
static bool no_der;

int __real_certificate_encode(const X509 *certificate, struct bytes *der, struct error *failed);
int __wrap_certificate_encode(const X509 *certificate, struct bytes *der, struct error *failed);
int
__wrap_certificate_encode(const X509 *certificate, struct bytes *der, struct error *failed)
{
	return no_der ? error_set(failed, ERROR_INTERNAL, "no memory")
	              : __real_certificate_encode(certificate, der, failed);
}

START_TEST(record_of_a_certificate_that_cannot_be_encoded_says_so)
{
	X509         *certificate = forge("subjectKeyIdentifier = hash");
	struct store *store = NULL;
	int64_t       issuer = 0;

	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	no_der = true;
	unit_fails(issuer_record(store, certificate, PKI_NOW, &issuer, &err), &err, ERROR_INTERNAL, "no memory");
	no_der = false;
	unit_ok(issuer_record(store, certificate, PKI_NOW, &issuer, &err), &err);
	store_close(store);
	X509_free(certificate);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("issuer");
	TCase *tc = tcase_create("files");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, id_is_the_key_identifier_in_hexadecimal);
	tcase_add_loop_test(tc, id_of_a_certificate_without_a_usable_key_identifier_is_refused, 0, 3);
	tcase_add_test(tc, record_of_a_certificate_without_a_key_identifier_is_refused);
	tcase_add_test(tc, load_valid_refuses_an_issuer_outside_of_its_time);
	tcase_add_test(tc, access_takes_the_credential_first);
	tcase_add_test(tc, directory_of_an_unknown_kind_of_store_is_refused);
	tcase_add_test(tc, record_of_a_certificate_that_cannot_be_encoded_says_so);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
