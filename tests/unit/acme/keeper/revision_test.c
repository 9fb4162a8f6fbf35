/* What attest-acmed runs with: read from its files, refused whole, and the chains of CAs that were replaced. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "acme/keeper/revision.h"
#include "acme/keeper/roots.h"
#include "acme/settings.h"
#include "ca/files.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "scratch.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

#define DAY ((int64_t)86400)

/* More than are remembered. */
#define REPLACED (ACME_EARLIER_MAX + 1)

static char                      dir[SCRATCH_SIZE];
static struct ca                 root;
static struct ca                 issuing;
static struct acme_settings      settings;
static struct folder             state;
static struct acme_revision_plan plan;
static struct acme_revision     *revision;
static struct error              err;

static void
put(const char *name, const void *data, size_t size)
{
	AUTO_FREE char *path = file_join(dir, name);
	FILE           *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

static void
put_pem(const char *name, const X509 *certificate)
{
	AUTO_BYTES pem = {0};

	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	put(name, pem.data, pem.size);
}

/* Another issuing CA, in place of the one that was there. */
static void
issuing_make(const char *name)
{
	AUTO_BYTES key = {0};

	ca_clear(&issuing);
	unit_ok(key_generate(KEY_TYPE_P256, &issuing.key, &err), &err);
	unit_ok(ca_issuing_create(&root, issuing.key, name, clock_now(), 30 * DAY, &issuing.certificate, &err),
	    &err);
	unit_ok(key_encode(issuing.key, &key, &err), &err);
	put(STATE_ISSUING_KEY, key.data, key.size);
	put_pem(STATE_ISSUING_PEM, issuing.certificate);
}

static void
setup(void)
{
	scratch_make(dir);
	unit_ok(key_generate(KEY_TYPE_P256, &root.key, &err), &err);
	unit_ok(ca_root_create(root.key, "Root", clock_now(), 40 * DAY, &root.certificate, &err), &err);
	put_pem(STATE_ROOT_PEM, root.certificate);
	put_pem(STATE_ATTESTATION_ROOTS, root.certificate);
	put(STATE_DNS_NAMES, "ca.example\nca.home.example\n", 27);
	issuing_make("Issuing");
	unit_ok(folder_open(dir, &state, &err), &err);
	settings.service.state_dir = memory_strdup(dir);
	unit_ok(config_file_complete(acme_settings_schema(), NULL, &settings, &err), &err);
	plan = (struct acme_revision_plan){.settings = &settings,
	    .listening = "https://127.0.0.1:4711,https://[::1]:4712", .state = &state, .only_check = true};
}

static void
teardown(void)
{
	acme_revision_free(revision);
	revision = NULL;
	config_file_clear(acme_settings_schema(), &settings);
	folder_close(&state);
	ca_clear(&root);
	ca_clear(&issuing);
	scratch_remove(dir);
}

/* A certificate of the CA that signs now, as the server has it in its store. */
static void
certify(struct bytes *der)
{
	struct ca device = {0};

	unit_ok(key_generate(KEY_TYPE_P256, &device.key, &err), &err);
	unit_ok(ca_issuing_create(&issuing, device.key, "Device", clock_now(), DAY, &device.certificate, &err),
	    &err);
	unit_ok(certificate_encode(device.certificate, der, &err), &err);
	ca_clear(&device);
}

/* Reads again, as a reload does. */
static void
replace(void)
{
	struct acme_revision *after = NULL;

	plan.before = revision;
	unit_ok(acme_revision_new(&plan, &after, &err), &err);
	acme_revision_free(revision);
	revision = after;
}

START_TEST(new_reads_what_the_state_directory_has)
{
	AUTO_BYTES root_pem = {0};
	AUTO_BYTES pem = {0};

	unit_ok(certificate_encode_pem(root.certificate, &root_pem, &err), &err);
	unit_ok(certificate_encode_pem(issuing.certificate, &pem, &err), &err);
	unit_ok(acme_revision_new(&plan, &revision, &err), &err);
	ck_assert_int_eq(X509_cmp(revision->issuing.ca.certificate, issuing.certificate), 0);
	ck_assert_int_eq(EVP_PKEY_eq(revision->issuing.ca.key, issuing.key), 1);
	ck_assert(view_equal(bytes_view(&revision->issuing.pem), bytes_view(&pem)));
	ck_assert(view_equal(bytes_view(&revision->root_pem), bytes_view(&root_pem)));
	ck_assert_uint_eq(revision->dns_names.count, 2);
	ck_assert_str_eq(revision->dns_names.texts[1], "ca.home.example");
	ck_assert_str_eq(revision->settings.service.state_dir, dir);
	ck_assert_ptr_ne(revision->settings.service.state_dir, settings.service.state_dir);
	ck_assert_ptr_nonnull(revision->roots);
	ck_assert_uint_eq(revision->earlier_count, 0);
}
END_TEST

/* What is configured, what is served, and the URLs that follow. */
static const struct {
	const char *url;
	const char *crl_url;
	const char *listening;
	const char *base;
	const char *crl;
} urls[] = {
    {NULL, NULL, "https://127.0.0.1:4711,https://[::1]:4712", "https://ca.example:4711", "https://ca.example:4711/crl"},
    {NULL, NULL, "https://[::]:8443", "https://ca.example:8443", "https://ca.example:8443/crl"},
    {"https://acme.example", NULL, "https://[::]:8443", "https://acme.example", "https://acme.example/crl"},
    {NULL, "http://crl.example/list", "https://[::]:8443", "https://ca.example:8443", "http://crl.example/list"},
    {NULL, "none", "https://[::]:8443", "https://ca.example:8443", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static void
is_text(const char *text, const char *wanted)
{
	if (wanted == NULL)
		ck_assert_ptr_null(text);
	else
		ck_assert_str_eq(text, wanted);
}

static char *
copy(const char *text)
{
	return text != NULL ? memory_strdup(text) : NULL;
}

START_TEST(new_finds_the_urls_for_clients)
{
	settings.url = copy(urls[_i].url);
	settings.crl_url = copy(urls[_i].crl_url);
	plan.listening = urls[_i].listening;
	unit_ok(acme_revision_new(&plan, &revision, &err), &err);
	is_text(revision->base, urls[_i].base);
	is_text(revision->crl_url, urls[_i].crl);
}
END_TEST

START_TEST(new_without_a_port_asks_for_the_url)
{
	plan.listening = "";
	unit_fails(acme_revision_new(&plan, &revision, &err), &err, ERROR_MALFORMED,
	    "where clients reach the server is not known; give --url https://NAME:PORT");
	ck_assert_ptr_null(revision);
}
END_TEST

START_TEST(new_names_the_file_that_is_missing)
{
	static const char *const names[] = {STATE_ROOT_PEM, STATE_ISSUING_PEM, STATE_ISSUING_KEY, STATE_DNS_NAMES,
	    STATE_ATTESTATION_ROOTS};
	AUTO_FREE char          *path = file_join(dir, names[_i]);

	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(acme_revision_new(&plan, &revision, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, names[_i] == names[2] ? "issuing" : names[_i]));
	ck_assert_ptr_null(revision);
}
END_TEST

START_TEST(chain_of_a_replaced_ca_is_its_own)
{
	AUTO_BYTES  old = {0};
	AUTO_BYTES  pem = {0};
	AUTO_BYTES  new = {0};
	struct view rubbish = view_text("no certificate");

	certify(&old);
	unit_ok(certificate_encode_pem(issuing.certificate, &pem, &err), &err);
	unit_ok(acme_revision_new(&plan, &revision, &err), &err);
	ck_assert(view_equal(acme_revision_chain(revision, bytes_view(&old)), bytes_view(&pem)));
	replace(); /* by itself */
	ck_assert_uint_eq(revision->earlier_count, 0);
	issuing_make("Next");
	certify(&new);
	replace();
	ck_assert_uint_eq(revision->earlier_count, 1);
	ck_assert(view_equal(acme_revision_chain(revision, bytes_view(&old)), bytes_view(&pem)));
	ck_assert(view_equal(acme_revision_chain(revision, bytes_view(&new)), bytes_view(&revision->issuing.pem)));
	ck_assert(view_equal(acme_revision_chain(revision, rubbish), bytes_view(&revision->issuing.pem)));
}
END_TEST

START_TEST(chain_of_the_oldest_of_many_is_forgotten)
{
	struct bytes ders[REPLACED] = {{0}};
	struct bytes pems[REPLACED] = {{0}};

	unit_ok(acme_revision_new(&plan, &revision, &err), &err);
	for (size_t i = 0; i < REPLACED; i++) {
		certify(&ders[i]);
		unit_ok(certificate_encode_pem(issuing.certificate, &pems[i], &err), &err);
		issuing_make("Next");
		replace();
	}
	ck_assert_uint_eq(revision->earlier_count, ACME_EARLIER_MAX);
	ck_assert(view_equal(acme_revision_chain(revision, bytes_view(&ders[0])), bytes_view(&revision->issuing.pem)));
	for (size_t i = 0; i < REPLACED; i++) {
		if (i != 0)
			ck_assert(view_equal(acme_revision_chain(revision, bytes_view(&ders[i])), bytes_view(&pems[i])));
		bytes_clear(&ders[i]);
		bytes_clear(&pems[i]);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("revision");
	TCase *tc = tcase_create("revision");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, new_reads_what_the_state_directory_has);
	tcase_add_loop_test(tc, new_finds_the_urls_for_clients, 0, sizeof urls / sizeof urls[0]);
	tcase_add_test(tc, new_without_a_port_asks_for_the_url);
	tcase_add_loop_test(tc, new_names_the_file_that_is_missing, 0, 5);
	tcase_add_test(tc, chain_of_a_replaced_ca_is_its_own);
	tcase_add_test(tc, chain_of_the_oldest_of_many_is_forgotten);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
