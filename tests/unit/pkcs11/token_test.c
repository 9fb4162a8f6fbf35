#include "config.h"

#include <sys/stat.h>

#include "failing.h"
#include "failing_crypto.h"
#include "material_support.h"
#include "pkcs11/material.h"
#include "pkcs11/object.h"
#include "pkcs11/token.h"
#include "util/clock.h"

static char         *directory;
static struct token *token;
static struct pki    pki;
static struct made   one;
static struct made   two;

static void
setup(void)
{
	struct material_place place;
	char                  tcti[256];

	directory = pki_directory();
	pki_write(directory, "tpm", "", 0);
	(void)snprintf(tcti, sizeof tcti, "swtpm:path=%s/tpm", directory);
	place = (struct material_place){directory, directory};
	pki_make(&pki, KEY_TYPE_P256);
	made_new(&one, "laptop", &pki.issuing);
	made_new(&two, "laptop", &pki.issuing);
	token = token_new(&place, tcti);
}

static void
teardown(void)
{
	token_free(token);
	made_clear(&one);
	made_clear(&two);
	pki_clear(&pki);
	pki_directory_remove(directory);
}

/* With the issuer behind the certificate, as attest-device writes it. */
static void
put(const struct made *made)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	made_write_key(made, directory, "device.key");
	unit_ok(certificate_encode_pem(made->certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	pki_write(directory, "device.pem", pem.data, pem.size);
	token_refresh(token);
}

static size_t
count_of(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE *handles;
	size_t            found = token_find(token, template, count, &handles);

	free(handles);
	return found;
}

/* The only object that matches. */
static CK_OBJECT_HANDLE
only(const CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE *handles;
	CK_OBJECT_HANDLE  handle;

	ck_assert_uint_eq(token_find(token, template, count, &handles), 1);
	handle = handles[0];
	free(handles);
	return handle;
}

static CK_OBJECT_HANDLE
private_key(void)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;

	return only(&(CK_ATTRIBUTE){CKA_CLASS, &class, sizeof class}, 1);
}

static CK_OBJECT_HANDLE
by_id(CK_OBJECT_CLASS class, CK_OBJECT_HANDLE of)
{
	struct view  id = object_value(token_object(token, of), CKA_ID);
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof class}, {CKA_ID, (void *)(uintptr_t)id.data, id.size}};

	return only(template, 2);
}

static void
label_is(const char *wanted)
{
	CK_TOKEN_INFO info;
	char          padded[33];

	(void)snprintf(padded, sizeof padded, "%-32s", wanted);
	token_describe(token, &info);
	ck_assert_mem_eq(info.label, padded, 32);
}

START_TEST(refresh_nothing_there_is_no_token)
{
	token_refresh(token);
	ck_assert(!token_is_present(token));
	ck_assert_uint_eq(count_of(NULL, 0), 0);
}
END_TEST

START_TEST(refresh_shows_key_and_chain)
{
	put(&one);
	ck_assert(token_is_present(token));
	ck_assert_uint_eq(count_of(NULL, 0), 4);
	label_is("attest-ca laptop");
	ck_assert_ptr_nonnull(object_key(token_object(token, private_key())));
	ck_assert_uint_ne(by_id(CKO_CERTIFICATE, private_key()), 0);
	ck_assert_uint_ne(by_id(CKO_PUBLIC_KEY, private_key()), 0);
}
END_TEST

START_TEST(refresh_without_change_changes_nothing)
{
	unsigned         epoch;
	CK_OBJECT_HANDLE key;

	put(&one);
	epoch = token_epoch(token);
	key = private_key();
	put(&one); /* files anew, and the same in them */
	ck_assert_uint_eq(token_epoch(token), epoch);
	ck_assert_uint_eq(private_key(), key);
}
END_TEST

START_TEST(refresh_with_a_new_key_keeps_the_old_one_for_who_knows_it)
{
	CK_OBJECT_HANDLE old;
	CK_OBJECT_HANDLE old_certificate;
	unsigned         epoch;

	put(&one);
	old = private_key();
	old_certificate = by_id(CKO_CERTIFICATE, old);
	epoch = token_epoch(token);
	put(&two);
	ck_assert_uint_ne(token_epoch(token), epoch);
	ck_assert_uint_ne(private_key(), old);
	ck_assert_uint_eq(count_of(NULL, 0), 4);
	ck_assert_ptr_nonnull(object_key(token_object(token, old)));
	ck_assert_uint_eq(by_id(CKO_PRIVATE_KEY, old), old);
	ck_assert_uint_eq(by_id(CKO_CERTIFICATE, old), old_certificate);
	ck_assert_uint_eq(by_id(CKO_PUBLIC_KEY, private_key()), only(&(CK_ATTRIBUTE){CKA_CLASS,
	    &(CK_OBJECT_CLASS){CKO_PUBLIC_KEY}, sizeof(CK_OBJECT_CLASS)}, 1));
}
END_TEST

/* A new key with a chain of new certificates, as long as is read. */
static void
put_another(void)
{
	struct made  next;
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	made_new(&next, "laptop", &pki.issuing);
	made_write_key(&next, directory, "device.key");
	for (size_t i = 0; i < MATERIAL_CHAIN_MAX; i++) {
		unit_ok(certificate_encode_pem(next.certificate, &pem, &err), &err);
		X509_free(next.certificate);
		next.certificate = pki_forge(&(struct pki_forgery){
		    .issuer = &pki.issuing, .key = next.key, .common_name = "laptop"});
	}
	pki_write(directory, "device.pem", pem.data, pem.size);
	token_refresh(token);
	made_clear(&next);
}

/* Each renewal leaves ten objects, of some 700 that are kept: the oldest go first. */
START_TEST(refresh_after_very_many_renewals_has_forgotten_the_first_key)
{
	CK_OBJECT_HANDLE first;
	CK_OBJECT_HANDLE last = 0;

	put(&one);
	first = private_key();
	for (int i = 0; i < 75; i++) {
		last = private_key();
		put_another();
	}
	ck_assert_ptr_null(token_object(token, first));
	ck_assert_ptr_nonnull(token_object(token, last));
	ck_assert_ptr_nonnull(object_key(token_object(token, private_key())));
}
END_TEST

START_TEST(refresh_with_the_same_key_keeps_its_handle_and_shows_the_new_certificate)
{
	CK_OBJECT_HANDLE key;
	CK_OBJECT_HANDLE old;

	put(&one);
	key = private_key();
	old = by_id(CKO_CERTIFICATE, key);
	X509_free(one.certificate);
	one.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing, .key = one.key, .common_name = "laptop"});
	put(&one);
	ck_assert_uint_eq(private_key(), key);
	ck_assert_uint_ne(by_id(CKO_CERTIFICATE, key), old); /* and that alone, though the ID is the same */
	ck_assert_ptr_nonnull(token_object(token, old));
}
END_TEST

/* As a worker that gave up its rights, or whose files are taken away for a moment. */
START_TEST(refresh_with_a_key_that_cannot_be_read_goes_on)
{
	CK_OBJECT_HANDLE key;

	put(&one);
	key = private_key();
	pki_write(directory, "device.key", "x", 1);
	token_refresh(token);
	ck_assert_uint_eq(private_key(), key);
	label_is("attest-ca laptop");
	/* Nor another certificate, of a key that is not known. */
	pki_write_certificate(directory, "device.pem", two.certificate);
	token_refresh(token);
	ck_assert_uint_eq(private_key(), key);
	/* But another one of the same key. */
	X509_free(one.certificate);
	one.certificate = pki_forge(&(struct pki_forgery){
	    .issuer = &pki.issuing, .key = one.key, .common_name = "laptop"});
	pki_write_certificate(directory, "device.pem", one.certificate);
	token_refresh(token);
	ck_assert_uint_eq(private_key(), key);
	ck_assert_uint_eq(count_of(NULL, 0), 3);
}
END_TEST

/* The objects stay: their handles are good again when the TPM is. */
START_TEST(refresh_without_a_tpm_is_said_by_the_label)
{
	AUTO_FREE char  *tpm = file_join(directory, "tpm");
	CK_OBJECT_HANDLE key;
	unsigned         epoch;

	put(&one);
	key = private_key();
	epoch = token_epoch(token);
	ck_assert_int_eq(unlink(tpm), 0);
	token_refresh(token);
	label_is("attest-ca: the TPM is not there");
	ck_assert_uint_eq(private_key(), key);
	ck_assert_uint_ne(token_epoch(token), epoch);
	pki_write(directory, "tpm", "", 0);
	token_refresh(token);
	label_is("attest-ca laptop");
	/* A key that is unreadable is said first: with a TPM it would not sign either. */
	ck_assert_int_eq(unlink(tpm), 0);
	token_free(token);
	pki_write(directory, "device.key", "x", 1);
	token = token_new(&(struct material_place){directory, directory}, "swtpm:path=/nonexistent");
	token_refresh(token);
	label_is("attest-ca: files do not decode");
}
END_TEST

/* The same key wrapped anew, by another parent or another seed: the TPM takes the new octets only. */
START_TEST(refresh_with_another_private_area_shows_another_key)
{
	CK_OBJECT_HANDLE key;

	put(&one);
	key = private_key();
	one.tpm_key.private.buffer[31] ^= 1;
	put(&one);
	ck_assert_uint_ne(private_key(), key);
	ck_assert_mem_eq(object_key(token_object(token, private_key()))->private.buffer,
	    one.tpm_key.private.buffer, 32);
}
END_TEST

/* What is kept of a key whose file cannot be read is that key, and no other for the certificate. */
START_TEST(refresh_with_a_certificate_of_an_unknown_key_takes_no_other_key)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	struct made     other;
	AUTO_FREE char *path = file_join(directory, "keys");
	AUTO_FREE char *named = file_join(directory, "keys/mail");

	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(mkdir(named, 0700), 0);
	made_write(&two, named, "device");
	put(&one);
	made_new(&other, "laptop", &pki.issuing);
	pki_write_certificate(directory, "device.pem", other.certificate);
	pki_write(directory, "device.key", "x", 1);
	token_refresh(token);
	ck_assert_uint_eq(count_of(&(CK_ATTRIBUTE){CKA_CLASS, &class, sizeof class}, 1), 1);
	ck_assert_mem_eq(object_key(token_object(token, private_key()))->private.buffer,
	    two.tpm_key.private.buffer, 32);
	made_clear(&other);
}
END_TEST

/* Some 200 ms: attest-device is between both renames. */
START_TEST(refresh_first_read_of_two_that_differ_gives_them_time)
{
	int64_t began = clock_monotonic_ms();

	made_write_key(&two, directory, "device.key");
	pki_write_certificate(directory, "device.pem", one.certificate);
	token_refresh(token);
	ck_assert_int_ge(clock_monotonic_ms() - began, 190);
	label_is("attest-ca: key and cert differ");
}
END_TEST

START_TEST(refresh_in_the_middle_of_a_replacement_waits_for_its_end)
{
	CK_OBJECT_HANDLE key;

	put(&one);
	key = private_key();
	made_write_key(&two, directory, "device.key");
	token_refresh(token);
	ck_assert_uint_eq(private_key(), key);
	pki_write_certificate(directory, "device.pem", two.certificate);
	token_refresh(token);
	ck_assert_uint_ne(private_key(), key);
}
END_TEST

START_TEST(refresh_files_are_gone_token_is_gone_and_keys_still_sign)
{
	CK_OBJECT_HANDLE key;

	put(&one);
	key = private_key();
	free(pki_run(directory, "rm device.key device.pem"));
	token_refresh(token);
	ck_assert(!token_is_present(token));
	ck_assert_uint_eq(count_of(NULL, 0), 0);
	ck_assert_ptr_nonnull(object_key(token_object(token, key)));
	put(&one);
	ck_assert_uint_eq(private_key(), key);
}
END_TEST

START_TEST(refresh_faults_are_said)
{
	pki_write_certificate(directory, "device.pem", one.certificate);
	token_refresh(token);
	ck_assert(token_is_present(token));
	label_is("attest-ca: files do not decode");
	ck_assert_uint_eq(count_of(NULL, 0), 2);
	made_write_key(&two, directory, "device.key");
	token_refresh(token);
	label_is("attest-ca: key and cert differ");
}
END_TEST

START_TEST(former_pair_is_found_and_not_shown)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE    template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_ID, NULL, 20}};
	uint8_t         hash[32];
	struct error    err = {0};

	made_write(&two, directory, "former-0123456789abcdef");
	put(&one);
	ck_assert_uint_eq(count_of(NULL, 0), 4);
	unit_ok(certificate_key_hash(two.certificate, hash, &err), &err);
	template[1].pValue = hash;
	ck_assert_mem_eq(object_key(token_object(token, only(template, 2)))->private.buffer,
	    two.tpm_key.private.buffer, 32);
}
END_TEST

/* A key of another name is all that is on the token, and a former one is still known. */
START_TEST(label_is_of_the_first_key_that_is_no_former_one)
{
	AUTO_FREE char *keys = file_join(directory, "keys");
	AUTO_FREE char *mail = file_join(directory, "keys/mail");

	made_write(&two, directory, "former-0123456789abcdef");
	ck_assert_int_eq(mkdir(keys, 0700), 0);
	ck_assert_int_eq(mkdir(mail, 0700), 0);
	made_write(&one, directory, "keys/mail/device");
	token_refresh(token);
	label_is("attest-ca mail");
}
END_TEST

/* A CA without a common name is called by all of its name. */
START_TEST(authority_without_a_common_name_has_its_whole_name)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_UTF8CHAR     whole[] = "O = Vendor";
	CK_ATTRIBUTE    template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, whole, sizeof whole - 1}};
	X509           *plain = X509_dup(pki.issuing.certificate);
	X509_NAME      *name = X509_NAME_new();

	ck_assert_int_eq(X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8,
	                     (const unsigned char *)"Vendor", -1, -1, 0), 1);
	ck_assert_int_eq(X509_set_subject_name(plain, name), 1);
	ck_assert_int_gt(X509_sign(plain, pki.root.key, EVP_sha256()), 0);
	X509_free(pki.issuing.certificate);
	pki.issuing.certificate = plain;
	put(&one);
	(void)only(template, 2);
	X509_NAME_free(name);
}
END_TEST

/* All of them, those without a private key, or none. */
static int
show_pair(const void *arg, struct error *err)
{
	const struct material_place place = {directory, directory};
	struct token               *fresh = token_new(&place, "swtpm:path=/nonexistent");
	CK_OBJECT_HANDLE           *handles;
	size_t                      count;

	(void)arg;
	failing_on();
	token_refresh(fresh);
	failing_off();
	count = token_find(fresh, NULL, 0, &handles);
	free(handles);
	token_free(fresh);
	ck_assert_msg(count == 0 || count == 3 || count == 4, "%zu", count); /* 3: all but the private key */
	return count == 4 ? 0 : error_set(err, ERROR_INTERNAL, "no objects");
}

START_TEST(refresh_without_digests_shows_all_of_a_key_or_nothing)
{
	put(&one);
	failing_each(show_pair, NULL);
}
END_TEST

START_TEST(long_name_is_cut_between_characters)
{
	struct made made;

	made_new(&made, "abcdefghijklmnopqrstu\xc3\xa9 and more", NULL); /* 10 + 21 octets, then two for one letter */
	put(&made);
	label_is("attest-ca abcdefghijklmnopqrstu");
	made_clear(&made);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("token");
	TCase *tc = tcase_create("token");

	failing_crypto();
	tcase_set_timeout(tc, 30);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, refresh_nothing_there_is_no_token);
	tcase_add_test(tc, refresh_shows_key_and_chain);
	tcase_add_test(tc, label_is_of_the_first_key_that_is_no_former_one);
	tcase_add_test(tc, authority_without_a_common_name_has_its_whole_name);
	tcase_add_test(tc, refresh_without_digests_shows_all_of_a_key_or_nothing);
	tcase_add_test(tc, refresh_without_change_changes_nothing);
	tcase_add_test(tc, refresh_with_a_new_key_keeps_the_old_one_for_who_knows_it);
	tcase_add_test(tc, refresh_after_very_many_renewals_has_forgotten_the_first_key);
	tcase_add_test(tc, refresh_with_the_same_key_keeps_its_handle_and_shows_the_new_certificate);
	tcase_add_test(tc, refresh_with_a_key_that_cannot_be_read_goes_on);
	tcase_add_test(tc, refresh_without_a_tpm_is_said_by_the_label);
	tcase_add_test(tc, refresh_with_another_private_area_shows_another_key);
	tcase_add_test(tc, refresh_with_a_certificate_of_an_unknown_key_takes_no_other_key);
	tcase_add_test(tc, refresh_first_read_of_two_that_differ_gives_them_time);
	tcase_add_test(tc, refresh_in_the_middle_of_a_replacement_waits_for_its_end);
	tcase_add_test(tc, refresh_files_are_gone_token_is_gone_and_keys_still_sign);
	tcase_add_test(tc, refresh_faults_are_said);
	tcase_add_test(tc, former_pair_is_found_and_not_shown);
	tcase_add_test(tc, long_name_is_cut_between_characters);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
