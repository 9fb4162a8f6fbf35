/* The commands "trust …" on what is odd: certificates that cannot be read, names that are ambiguous or too long. */
#include "config.h"

#include "admin/trust/trust.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <openssl/rsa.h>

#include "admin/commands.h"
#include "admin/trust/archive.h"
#include "command_answer.h"
#include "ek_support.h"
#include "store/inventory/audit.h"
#include "store_fixture.h"
#include "util/clock.h"

#define RUN(wanted, ...) answer_run(&attest_ca_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))
#define RUN_JSON(wanted, ...) answer_run_json(&attest_ca_program, directory, wanted, ANSWER_WORDS(__VA_ARGS__))

/* Where the files lie that are named on command lines. */
static char place[SCRATCH_SIZE];

static void
setup_place(void)
{
	setup();
	scratch_make(place);
}

static void
teardown_place(void)
{
	scratch_remove(place);
	teardown();
}

static const char *
path_of(const char *name)
{
	static char path[SCRATCH_SIZE + 300];

	(void)snprintf(path, sizeof path, "%s/%s", place, name);
	return path;
}

static void
put(const char *name, struct view content)
{
	unit_ok(file_create(path_of(name), content.data, content.size, 0600, &err), &err);
}

static void
put_certificate(const char *name, const X509 *certificate)
{
	AUTO_BYTES der = {0};

	unit_ok(certificate_encode(certificate, &der, &err), &err);
	put(name, bytes_view(&der));
}

static void
trust_add(const uint8_t fingerprint[STORE_FINGERPRINT_SIZE], struct view der)
{
	struct store_trusted trusted = {.root = true, .certificate = der.data, .certificate_size = der.size,
	    .source = "file", .added = 1};
	bool                 added;

	memcpy(trusted.fingerprint, fingerprint, sizeof trusted.fingerprint);
	unit_ok(store_trust_add(store, &trusted, &added, &err), &err);
}

START_TEST(clean_replaces_what_is_no_text_and_ends_where_it_must)
{
	char out[8];

	trust_clean("a\x1b\xff" "b", out, sizeof out);
	ck_assert_str_eq(out, "a??b");
	trust_clean("abcdefgh", out, sizeof out);
	ck_assert_str_eq(out, "abcdefg");
	trust_clean("abcdef\xc3\xa9", out, sizeof out); /* no half of a character */
	ck_assert_str_eq(out, "abcdef");
}
END_TEST

/* One that an earlier version took, and this one cannot read. */
START_TEST(certificate_that_cannot_be_read_is_listed_and_vouches_for_nothing)
{
	static const uint8_t fingerprint[STORE_FINGERPRINT_SIZE] = {7};
	struct ca            ca = ek_forge_ca(NULL, "Vendor", EK_CA);
	json_t              *list;

	trust_add(fingerprint, view_text("no certificate"));
	list = RUN_JSON(0, "trust", "list", "--json");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_ptr_null(json_object_get(json_array_get(list, 0), "subject"));
	json_decref(list);
	ck_assert_ptr_nonnull(strstr(RUN(0, "trust", "list"), "070000"));
	put_certificate("ca.der", ca.certificate);
	ca_clear(&ca);
	(void)RUN(1, "trust", "verify", path_of("ca.der"));
	ck_assert_msg(strstr(answered.err, "the imported certificate 0700000000") != NULL &&
	        strstr(answered.err, " is left out: ") != NULL, "%s", answered.err);
	(void)RUN(0, "trust", "remove", "07000000000000");
	ck_assert_str_eq(RUN(0, "trust", "list", "--json"), "[]\n");
}
END_TEST

START_TEST(remove_of_what_two_have_is_conflict)
{
	static const uint8_t one[STORE_FINGERPRINT_SIZE] = {7, 7, 7, 7, 7, 7, 7, 7, 1};
	static const uint8_t two[STORE_FINGERPRINT_SIZE] = {7, 7, 7, 7, 7, 7, 7, 7, 2};

	trust_add(one, view_text("one"));
	trust_add(two, view_text("two"));
	(void)RUN(1, "trust", "remove", "0707070707070707");
	ck_assert_msg(strstr(answered.err, "2 imported certificates have fingerprints that begin with 0707070707070707; "
	                                   "give more of it") != NULL, "%s", answered.err);
	(void)RUN(0, "trust", "remove", "070707070707070702");
	(void)RUN(0, "trust", "remove", "0707070707070707");
}
END_TEST

/* The first ten are named. */
START_TEST(import_of_many_that_cannot_be_read_names_some)
{
	struct ca ca = ek_forge_ca(NULL, "Vendor", EK_CA);
	char      name[32];

	for (int i = 0; i < 12; i++) {
		(void)snprintf(name, sizeof name, "broken%02d.pem", i);
		put(name, view_text("-----BEGIN CERTIFICATE-----\nno base64!\n"));
	}
	put_certificate("ca.der", ca.certificate);
	ca_clear(&ca);
	(void)RUN(0, "trust", "import", place);
	ck_assert_msg(strstr(answered.out, "12 cannot be read, and skipped:\n") != NULL, "%s", answered.out);
	ck_assert_ptr_nonnull(strstr(answered.out, "broken09.pem"));
	ck_assert_ptr_null(strstr(answered.out, "broken10.pem"));
	ck_assert_ptr_nonnull(strstr(answered.out, "  and 2 more; --json names them\n"));
}
END_TEST

/* What is too large is passed by; the rest is taken. */
START_TEST(import_of_a_file_that_is_too_large_says_so)
{
	struct ca ca = ek_forge_ca(NULL, "Vendor", EK_CA);
	int       fd = open(path_of("large"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_eq(ftruncate(fd, (off_t)TRUST_MEMBER_MAX + 1), 0);
	(void)close(fd);
	put_certificate("ca.der", ca.certificate);
	ca_clear(&ca);
	(void)RUN(0, "trust", "import", place);
	ck_assert_msg(strstr(answered.out, "  it is too large, in ") != NULL, "%s", answered.out);
	ck_assert_ptr_nonnull(strstr(answered.out, "imported 1 root and 0 intermediates"));
}
END_TEST

static bool
detail_cb(const struct audit_entry *entry, void *arg)
{
	(void)snprintf(arg, 4096, "%s", entry->detail);
	return true;
}

/* The record names as many files as it has room for, each whole. */
START_TEST(import_of_many_files_records_those_that_fit)
{
	const struct audit_filter all = {.after = 0};
	struct ca                 ca = ek_forge_ca(NULL, "Vendor", EK_CA);
	char                      paths[4][SCRATCH_SIZE + 300];
	char                      name[201];
	char                      detail[4096];

	for (size_t i = 0; i < 4; i++) {
		memset(name, (int)('a' + i), sizeof name - 1);
		name[sizeof name - 1] = '\0';
		put_certificate(name, ca.certificate);
		(void)snprintf(paths[i], sizeof paths[i], "%s", path_of(name));
	}
	ca_clear(&ca);
	(void)RUN(0, "trust", "import", paths[0], paths[1], paths[2], paths[3]);
	unit_ok(store_audit_list(store, &all, detail_cb, detail, &err), &err);
	ck_assert_msg(strstr(detail, paths[0]) != NULL, "%s", detail);
	ck_assert_ptr_null(strstr(detail, "dddd"));
	ck_assert_int_eq(detail[strlen(detail) - 1], 'a' + (strstr(detail, paths[2]) != NULL ? 2 : strstr(detail, paths[1]) != NULL));
}
END_TEST

/* An RSA key as no TPM makes it. */
static EVP_PKEY *
key_of_exponent_3(void)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	EVP_PKEY     *key = NULL;
	BIGNUM       *three = BN_new();

	ck_assert_int_eq(BN_set_word(three, 3), 1);
	ck_assert_int_eq(EVP_PKEY_keygen_init(context), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048), 1);
	ck_assert_int_eq(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, three), 1);
	ck_assert_int_eq(EVP_PKEY_keygen(context, &key), 1);
	EVP_PKEY_CTX_free(context);
	BN_free(three);
	return key;
}

/* A vendor's certificate of a key that attestd takes for no EK. */
START_TEST(verify_of_a_key_that_is_no_ek_says_so)
{
	struct ca   ca = ek_forge_ca(NULL, "Vendor", EK_CA);
	const char *types[] = {"RSA", "ED25519", "RSA-PKCS1"};

	put_certificate("ca.der", ca.certificate);
	(void)RUN(0, "trust", "import", path_of("ca.der"));
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *key = i == 0 ? EVP_PKEY_Q_keygen(NULL, NULL, types[i], (size_t)1024)
		            : i == 1 ? EVP_PKEY_Q_keygen(NULL, NULL, types[i])
		                     : key_of_exponent_3();
		X509     *ek = ek_forge(&ca, key, i != 1
		            ? "[ext]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment\n"
		              "extendedKeyUsage=2.23.133.8.1\nauthorityKeyIdentifier=keyid\n" EK_TPM
		            : EK_EXTENSIONS);

		put_certificate(types[i], ek);
		(void)RUN(1, "trust", "verify", path_of(types[i]));
		ck_assert_ptr_null(strstr(answered.out, "verified\n"));
		X509_free(ek);
		EVP_PKEY_free(key);
	}
	ca_clear(&ca);
}
END_TEST

/* Descriptors run out while the files of a directory are opened. */
START_TEST(import_of_more_files_than_can_be_open_takes_none)
{
	struct ca     ca = ek_forge_ca(NULL, "Vendor", EK_CA);
	char          name[16];
	int           first = dup(STDIN_FILENO);
	struct rlimit limit = {(rlim_t)first + 8, (rlim_t)first + 8};

	(void)close(first);
	for (int i = 0; i < 12; i++) {
		(void)snprintf(name, sizeof name, "%d.der", i);
		put_certificate(name, ca.certificate);
	}
	ca_clear(&ca);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	(void)RUN(1, "trust", "import", place);
	ck_assert_msg(strstr(answered.err, "nothing was imported: opening ") != NULL, "%s", answered.err);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("trust/trust");
	TCase *tc = tcase_create("trust");

	tcase_add_checked_fixture(tc, setup_place, teardown_place);
	tcase_add_test(tc, clean_replaces_what_is_no_text_and_ends_where_it_must);
	tcase_add_test(tc, certificate_that_cannot_be_read_is_listed_and_vouches_for_nothing);
	tcase_add_test(tc, remove_of_what_two_have_is_conflict);
	tcase_add_test(tc, import_of_many_that_cannot_be_read_names_some);
	tcase_add_test(tc, import_of_a_file_that_is_too_large_says_so);
	tcase_add_test(tc, import_of_many_files_records_those_that_fit);
	tcase_add_test(tc, verify_of_a_key_that_is_no_ek_says_so);
	tcase_add_test(tc, import_of_more_files_than_can_be_open_takes_none);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
