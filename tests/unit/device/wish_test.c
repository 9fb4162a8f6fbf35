/* The name that a device asks for: which of its settings counts, and what is none. */
#include "config.h"

#include "device/wish.h"

#include <string.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/x509.h>

#include "device/certificate_files.h"
#include "device/device_settings.h"
#include "device/pair.h"
#include "pki/certificate.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static const struct {
	struct device_settings settings;
	const char            *wish;
} cases[] = {
    {{.wish = "cleo"}, "cleo"},
    {{.wish = "cleo", .name = "laptop"}, "cleo"},
    {{.name = "laptop"}, "laptop"},
    {{.wish = "none", .name = "laptop"}, NULL},
    {{.wish = "none"}, NULL},
};

START_TEST(wish_of_settings_is_the_first_that_is_set)
{
	char        text[IDENTIFIER_MAX + 1];
	const char *wish = device_wish(&cases[_i].settings, "/nowhere", text);

	if (cases[_i].wish == NULL)
		ck_assert_ptr_null(wish);
	else
		ck_assert_str_eq(wish, cases[_i].wish);
}
END_TEST

START_TEST(wish_without_settings_is_the_hosts_name)
{
	const struct device_settings settings = {.wish = NULL};
	char                         host[IDENTIFIER_MAX + 1] = "";
	char                         text[IDENTIFIER_MAX + 1];
	const char                  *wish = device_wish(&settings, "/nowhere", text);

	ck_assert_int_eq(gethostname(host, sizeof host), 0);
	if (strcmp(host, "localhost") == 0)
		ck_assert_ptr_null(wish);
	else
		ck_assert_str_eq(wish, host);
}
END_TEST

/* A certificate for `cn`, as a device.pem in `directory`. */
static void
certificate_write(const char *directory, const char *cn)
{
	AUTO_FREE char *path = file_join(directory, PAIR_CHAIN);
	X509           *certificate = X509_new();
	EVP_PKEY       *key = EVP_EC_gen("P-256");
	AUTO_BYTES      pem = {0};
	struct error    err = {0};

	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notBefore(certificate), 0));
	ck_assert_ptr_nonnull(ASN1_TIME_set(X509_getm_notAfter(certificate), 1));
	ck_assert_int_eq(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName,
	                     MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0),
	    1);
	ck_assert_int_eq(X509_set_pubkey(certificate, key), 1);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	unit_ok(file_replace(path, pem.data, pem.size, 0600, &err), &err);
	EVP_PKEY_free(key);
	X509_free(certificate);
}

START_TEST(wish_without_settings_is_the_name_of_the_certificate)
{
	const struct device_settings settings = {.wish = NULL};
	const struct device_settings named = {.name = "laptop"};
	char                         directory[SCRATCH_SIZE];
	char                         text[IDENTIFIER_MAX + 1];

	scratch_make(directory);
	certificate_write(directory, "of the old mainboard");
	ck_assert_str_eq(device_wish(&settings, directory, text), "of the old mainboard");
	ck_assert_str_eq(device_wish(&named, directory, text), "laptop");
	scratch_remove(directory);
}
END_TEST

START_TEST(attest_check_of_a_wish_that_is_no_name_is_malformed)
{
	const struct device_settings settings = {.wish = "a/b"};
	struct error                 err = {0};

	unit_fails(device_settings_attest_check(&settings, &err), &err, ERROR_MALFORMED,
	    "the wish \"a/b\": an identifier cannot hold a \"/\"");
}
END_TEST

static const char *host; /* what the machine is called in a test */

int __real_gethostname(char *name, size_t size);
int __wrap_gethostname(char *name, size_t size);
int
__wrap_gethostname(char *name, size_t size)
{
	if (host == NULL)
		return __real_gethostname(name, size);
	memset(name, 'x', size); /* POSIX lets the NUL be missing where it is cut */
	memcpy(name, host, strlen(host) + 1 < size ? strlen(host) + 1 : size);
	return 0;
}

/* Such as every machine has before somebody names it; and what is no identifier. */
static const char *const hosts[] = {"localhost", "localhost.localdomain", "(none)", "", "a/b"};

START_TEST(wish_of_a_host_without_a_name_is_none)
{
	const struct device_settings settings = {.wish = NULL};
	char                         text[IDENTIFIER_MAX + 1];

	host = hosts[_i];
	ck_assert_ptr_null(device_wish(&settings, "/nowhere", text));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wish");
	TCase *tc = tcase_create("wish");

	tcase_add_loop_test(tc, wish_of_settings_is_the_first_that_is_set, 0,
	    sizeof cases / sizeof cases[0]);
	tcase_add_test(tc, wish_without_settings_is_the_hosts_name);
	tcase_add_test(tc, wish_without_settings_is_the_name_of_the_certificate);
	tcase_add_test(tc, attest_check_of_a_wish_that_is_no_name_is_malformed);
	tcase_add_loop_test(tc, wish_of_a_host_without_a_name_is_none, 0, sizeof hosts / sizeof hosts[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
