/* Which device certificates go when the AK certificate that attested their key is revoked. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "acme/keeper/attested.h"
#include "acme/keeper/roots.h"
#include "acme_world.h"
#include "pki/certificate.h"
#include "pki/crl_reason.h"
#include "pki_support.h"
#include "scratch.h"
#include "store/acme/acme.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

#define DEVICES 3

static char               dir[SCRATCH_SIZE];
static struct pki         pki;
static struct ca          impostor; /* of the issuing CA's name, with a key of its own */
static char              *roots_path;
static struct folder      folder;
static char              *crl_path;
static struct config_list crls;
static struct config_list any_name;
static struct roots      *roots;
static struct store      *store;
static struct attested    attested;
static struct bytes       aks[DEVICES]; /* the certificate of each device's AK */
static uint64_t           crl_number;
static struct error       err;

/* The serial number of an AK certificate, as a CRL has it. */
static struct ca_revoked
revoked_entry(size_t device, int reason)
{
	struct ca_revoked   entry = {.when = PKI_NOW, .reason = reason};
	X509               *ak = NULL;
	const ASN1_INTEGER *serial;

	unit_ok(certificate_decode(bytes_view(&aks[device]), &ak, &err), &err);
	serial = X509_get0_serialNumber(ak);
	entry.serial_size = (size_t)ASN1_STRING_length(serial);
	memcpy(entry.serial, ASN1_STRING_get0_data(serial), entry.serial_size);
	X509_free(ak);
	return entry;
}

/* Puts a CRL in place of the last: of this device's AK certificate, or of none when it is none. */
static void
crl_write(const struct ca *ca, size_t device, int reason)
{
	struct ca_revoked entry = {.when = 0};
	AUTO_BYTES        der = {0};

	if (device < DEVICES)
		entry = revoked_entry(device, reason);
	unit_ok(ca_crl_create(ca, ++crl_number, &entry, device < DEVICES ? 1 : 0, PKI_NOW, PKI_DAY, &der,
	            &err), &err);
	unit_ok(file_replace(crl_path, der.data, der.size, 0600, &err), &err);
}

static void
device_certify(size_t device)
{
	static const char *const names[] = {"laptop-0", "laptop-1", "laptop-2"};
	struct store_issued      issued = {.serial = {0x40, (uint8_t)device}, .serial_size = 2,
	         .not_before = PKI_NOW, .not_after = PKI_NOW + PKI_DAY};
	struct ca_revoked        entry;

	unit_ok(store_id_draw(issued.id, &err), &err);
	issued.names = memory_strdup(names[device]);
	bytes_append(&issued.der, "der", 3);
	world_ak_certificate(&pki.issuing, impostor.key, &names[device], 1, &aks[device]);
	entry = revoked_entry(device, 0);
	bytes_append(&issued.ak_serial, entry.serial, entry.serial_size);
	bytes_append(&issued.chain, aks[device].data, aks[device].size);
	unit_ok(certificate_encode(pki.issuing.certificate, &issued.chain, &err), &err);
	unit_ok(store_issued_add(store, &issued, &err), &err);
	store_issued_clear(&issued);
}

static void
roots_open(void)
{
	static struct roots_files files;

	files = (struct roots_files){
	    .state = &folder, .roots = "roots.pem", .crls = &crls, .any_name = &any_name, .store = store};
	unit_ok(roots_new(&files, &roots, &err), &err);
}

static void
setup(void)
{
	AUTO_BYTES pem = {0};

	scratch_make(dir);
	pki_make(&pki, KEY_TYPE_P256);
	unit_ok(key_generate(KEY_TYPE_P256, &impostor.key, &err), &err);
	impostor.certificate = pki.issuing.certificate;
	roots_path = file_join(dir, "roots.pem");
	unit_ok(folder_open(dir, &folder, &err), &err);
	crl_path = file_join(dir, "list.crl");
	unit_ok(certificate_encode_pem(pki.root.certificate, &pem, &err), &err);
	unit_ok(file_replace(roots_path, pem.data, pem.size, 0600, &err), &err);
	config_list_append(&crls, crl_path);
	unit_ok(store_acme_create(dir, &err), &err);
	unit_ok(store_acme_open(dir, &store, &err), &err);
	crl_number = 0;
	attested = (struct attested){0};
	crl_write(&pki.issuing, DEVICES, 0);
	roots_open();
	for (size_t i = 0; i < DEVICES; i++)
		device_certify(i);
}

static void
teardown(void)
{
	roots_free(roots);
	store_close(store);
	for (size_t i = 0; i < DEVICES; i++)
		bytes_clear(&aks[i]);
	config_list_clear(&crls);
	EVP_PKEY_free(impostor.key);
	pki_clear(&pki);
	free(roots_path);
	folder_close(&folder);
	free(crl_path);
	scratch_remove(dir);
}

static bool
states_cb(const struct store_issued *issued, void *arg)
{
	char *text = arg;
	char  state[16] = "good";

	if (issued->revoked != 0)
		(void)snprintf(state, sizeof state, "%d", issued->reason);
	(void)strcat(strcat(text, text[0] != '\0' ? " " : ""), state);
	return true;
}

/* "good 5 good": what became of each, in the order of issue. */
static const char *
states(void)
{
	static char text[128];

	text[0] = '\0';
	unit_ok(store_issued_list(store, states_cb, text, &err), &err);
	return text;
}

static void
refresh(void)
{
	unit_ok(roots_refresh(roots, &err), &err);
	unit_ok(attested_refresh(&attested, store, roots, PKI_NOW, &err), &err);
}

/* The reason that the attestation CA gave, and what the device's certificate is revoked for. */
static const struct {
	int         reason;
	const char *states;
} reasons[] = {
    {REASON_UNSPECIFIED, "good 0 good"},
    {REASON_KEY_COMPROMISE, "good 1 good"},
    {REASON_AFFILIATION_CHANGED, "good 3 good"},
    {REASON_SUPERSEDED, "good good good"},
    {REASON_CESSATION_OF_OPERATION, "good 5 good"},
    {REASON_PRIVILEGE_WITHDRAWN, "good 9 good"},
    {6, "good 0 good"}, /* certificateHold is none that we give */
};

START_TEST(refresh_ak_certificate_that_is_listed_takes_its_own_with_it)
{
	refresh();
	ck_assert_str_eq(states(), "good good good");
	crl_write(&pki.issuing, 1, reasons[_i].reason);
	refresh();
	ck_assert_str_eq(states(), reasons[_i].states);
}
END_TEST

START_TEST(refresh_again_leaves_what_is_revoked_as_it_was)
{
	crl_write(&pki.issuing, 0, REASON_KEY_COMPROMISE);
	refresh();
	crl_write(&pki.issuing, 0, REASON_CESSATION_OF_OPERATION);
	refresh();
	ck_assert_str_eq(states(), "1 good good");
}
END_TEST

/* The name and the key identifier are the CA's, the signature is not. */
START_TEST(refresh_crl_that_the_issuer_did_not_sign_revokes_nothing)
{
	crl_write(&impostor, 1, REASON_KEY_COMPROMISE);
	refresh();
	ck_assert_str_eq(states(), "good good good");
}
END_TEST

/* The root signs no AK certificate: that it lists a serial number says nothing of one. */
START_TEST(refresh_crl_of_another_ca_revokes_nothing)
{
	crl_write(&pki.root, 1, REASON_KEY_COMPROMISE);
	refresh();
	ck_assert_str_eq(states(), "good good good");
}
END_TEST

/* Another certificate that the same AK certificate attested. */
static void
certify_again(size_t device)
{
	struct store_issued last = {.serial = {0x41}, .serial_size = 1, .not_before = PKI_NOW,
	    .not_after = PKI_NOW + PKI_DAY};
	struct ca_revoked   entry = revoked_entry(device, 0);

	unit_ok(store_id_draw(last.id, &err), &err);
	last.names = memory_strdup("laptop-2");
	bytes_append(&last.der, "der", 3);
	bytes_append(&last.ak_serial, entry.serial, entry.serial_size);
	bytes_append(&last.chain, aks[device].data, aks[device].size);
	unit_ok(certificate_encode(pki.issuing.certificate, &last.chain, &err), &err);
	unit_ok(store_issued_add(store, &last, &err), &err);
	store_issued_clear(&last);
}

/* Signed in the look, with a CRL that has changed before the commit. */
START_TEST(refresh_certificate_that_came_after_the_crl_is_revoked)
{
	crl_write(&pki.issuing, 2, REASON_CESSATION_OF_OPERATION);
	refresh();
	ck_assert_str_eq(states(), "good good 5");
	certify_again(2);
	refresh();
	ck_assert_str_eq(states(), "good good 5 5");
}
END_TEST

/* As soon as the first of two is revoked, somebody else revokes the second. */
START_TEST(refresh_leaves_what_was_revoked_meanwhile)
{
	certify_again(2);
	ck_assert_int_eq(store_tamper_try(STORE_ACME, dir,
	                     "CREATE TRIGGER meanwhile AFTER UPDATE OF revoked ON certificate WHEN new.reason != 4"
	                     " BEGIN UPDATE certificate SET revoked = 7, reason = 4 WHERE revoked = 0; END"),
	    SQLITE_OK);
	crl_write(&pki.issuing, 2, REASON_CESSATION_OF_OPERATION);
	refresh();
	ck_assert_str_eq(states(), "4 4 5 4");
}
END_TEST

START_TEST(refresh_after_a_restart_looks_at_all)
{
	refresh();
	roots_free(roots);
	attested = (struct attested){0};
	crl_write(&pki.issuing, 0, REASON_PRIVILEGE_WITHDRAWN);
	roots_open();
	refresh();
	ck_assert_str_eq(states(), "9 good good");
}
END_TEST

START_TEST(refresh_crl_of_the_same_content_after_a_restart_counts_too)
{
	crl_write(&pki.issuing, 0, REASON_PRIVILEGE_WITHDRAWN);
	unit_ok(roots_refresh(roots, &err), &err); /* seen, and nothing was done yet */
	roots_free(roots);
	roots_open();
	refresh();
	ck_assert_str_eq(states(), "9 good good");
}
END_TEST

/* ---- what cannot be looked at ---- */

static int             decodes = -1; /* so many certificates can be decoded; -1: all */
static enum error_kind finds;        /* what finding a certificate by its id fails with, where it does */
static bool            finds_none;

int __real_certificate_decode_first(struct view der, X509 **out, size_t *used, struct error *why);
int __wrap_certificate_decode_first(struct view der, X509 **out, size_t *used, struct error *why);
int
__wrap_certificate_decode_first(struct view der, X509 **out, size_t *used, struct error *why)
{
	if (decodes == 0)
		return error_set(why, ERROR_INTERNAL, "no memory");
	decodes -= decodes > 0;
	return __real_certificate_decode_first(der, out, used, why);
}

int __real_store_issued_find(struct store *on, const char *id, struct store_issued *out, struct error *why);
int __wrap_store_issued_find(struct store *on, const char *id, struct store_issued *out, struct error *why);
int
__wrap_store_issued_find(struct store *on, const char *id, struct store_issued *out, struct error *why)
{
	return finds_none ? error_set(why, finds, "not in this test") : __real_store_issued_find(on, id, out, why);
}

/* Nothing is revoked by half, and all of it the next time. */
START_TEST(refresh_that_cannot_look_is_tried_again)
{
	crl_write(&pki.issuing, 1, REASON_KEY_COMPROMISE);
	unit_ok(roots_refresh(roots, &err), &err);
	decodes = _i < 2 ? _i : -1;
	finds_none = _i == 2;
	finds = ERROR_INTERNAL;
	ck_assert_int_eq(attested_refresh(&attested, store, roots, PKI_NOW, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_str_eq(states(), "good good good");
	decodes = -1;
	finds_none = false;
	unit_ok(attested_refresh(&attested, store, roots, PKI_NOW, &err), &err);
	ck_assert_str_eq(states(), "good 1 good");
}
END_TEST

/* What is gone meanwhile is nobody's to revoke. */
START_TEST(refresh_of_what_is_removed_meanwhile_goes_on)
{
	crl_write(&pki.issuing, 1, REASON_KEY_COMPROMISE);
	unit_ok(roots_refresh(roots, &err), &err);
	finds_none = true;
	finds = ERROR_NOT_FOUND;
	unit_ok(attested_refresh(&attested, store, roots, PKI_NOW, &err), &err);
	ck_assert_str_eq(states(), "good good good");
}
END_TEST

/* While no CRL counts nothing is revoked, and then it is. */
START_TEST(refresh_without_roots_that_count_waits)
{
	AUTO_BYTES before = {0};

	crl_write(&pki.issuing, 1, REASON_KEY_COMPROMISE);
	unit_ok(file_read(crl_path, 4096, &before, &err), &err);
	unit_ok(file_replace(crl_path, "rubbish", 7, 0600, &err), &err);
	ck_assert_int_eq(roots_refresh(roots, &err), -1);
	unit_ok(attested_refresh(&attested, store, roots, PKI_NOW, &err), &err);
	ck_assert_str_eq(states(), "good good good");
	unit_ok(file_replace(crl_path, before.data, before.size, 0600, &err), &err);
	refresh();
	ck_assert_str_eq(states(), "good 1 good");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("attested");
	TCase *tc = tcase_create("refresh");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, refresh_ak_certificate_that_is_listed_takes_its_own_with_it, 0,
	    sizeof reasons / sizeof reasons[0]);
	tcase_add_test(tc, refresh_again_leaves_what_is_revoked_as_it_was);
	tcase_add_test(tc, refresh_crl_that_the_issuer_did_not_sign_revokes_nothing);
	tcase_add_test(tc, refresh_crl_of_another_ca_revokes_nothing);
	tcase_add_test(tc, refresh_certificate_that_came_after_the_crl_is_revoked);
	tcase_add_test(tc, refresh_leaves_what_was_revoked_meanwhile);
	tcase_add_loop_test(tc, refresh_that_cannot_look_is_tried_again, 0, 3);
	tcase_add_test(tc, refresh_of_what_is_removed_meanwhile_goes_on);
	tcase_add_test(tc, refresh_without_roots_that_count_waits);
	tcase_add_test(tc, refresh_after_a_restart_looks_at_all);
	tcase_add_test(tc, refresh_crl_of_the_same_content_after_a_restart_counts_too);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
