#include "config.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "pki_support.h"
#include "rename_watch.h"
#include "scratch.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
#include "store/inventory/issuer.h"
#include "store/store.h"
#include "util/folder.h"

#define LIFETIME (7 * PKI_DAY)

static struct pki         pki;
static char               directory[SCRATCH_SIZE];
static struct folder      state;
static struct store      *store;
static struct crl_keeper *crl;
static int64_t            issuer;
static struct error       err;

static struct crl_keeper *
crl_of(struct ca *ca, const char *file, int64_t number)
{
	return crl_keeper_new(&state, file, crl_source_inventory(), number, ca, LIFETIME);
}

static void
setup(void)
{
	pki_make(&pki, KEY_TYPE_P256);
	scratch_make(directory);
	unit_ok(folder_open(directory, &state, &err), &err);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(issuer_record(store, pki.issuing.certificate, PKI_NOW, &issuer, &err), &err);
	crl = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
}

static void
teardown(void)
{
	crl_keeper_free(crl);
	store_close(store);
	folder_close(&state);
	scratch_remove(directory);
	pki_clear(&pki);
}

static int64_t
enroll(uint8_t first)
{
	struct store_device device = {.ek_hash = {first}};
	struct store_device found;
	int64_t             revision;

	unit_ok(store_device_enroll(store, &device, PKI_NOW, &err), &err);
	unit_ok(store_device_find(store, device.ek_hash, &found, &err), &err);
	revision = found.revision;
	store_device_clear(&found);
	return revision;
}

/* A certificate with a serial number that `serial` is the end of. */
static void
add(uint8_t first, int64_t revision, uint32_t serial, int64_t by, int64_t not_after)
{
	struct store_certificate certificate = {
	    .serial = {0x40, [16] = (uint8_t)(serial >> 24), (uint8_t)(serial >> 16),
	        (uint8_t)(serial >> 8), (uint8_t)serial},
	    .serial_size = 20,
	    .ek_hash = {first},
	    .ak_name = {0, 0x0b},
	    .ak_name_size = 34,
	    .not_before = PKI_NOW,
	    .not_after = not_after,
	    .issuer = by,
	};

	unit_ok(store_certificate_add(store, &certificate, revision, &err), &err);
}

static void
remove_device(uint8_t first, int64_t now)
{
	uint8_t hash[STORE_HASH_SIZE] = {first};

	unit_ok(store_device_remove(store, hash, now, &err), &err);
}

/* A device that leaves at `now` with one certificate. */
static void
leave(uint8_t first, int64_t now, int64_t not_after)
{
	add(first, enroll(first), first, issuer, not_after);
	remove_device(first, now);
}

static bool
refresh(struct crl_keeper *which, int64_t now)
{
	bool fresh = false;

	unit_ok(crl_keeper_refresh(which, store, now, &fresh, &err), &err);
	return fresh;
}

static uint64_t
number_of(const struct crl_keeper *which)
{
	return crl_keeper_content(which)->number;
}

static size_t
count_of(const struct crl_keeper *which)
{
	return crl_keeper_content(which)->revoked.size / sizeof(struct ca_revoked);
}

static const struct ca_revoked *
entry_of(const struct crl_keeper *which, size_t i)
{
	return (const struct ca_revoked *)(const void *)crl_keeper_content(which)->revoked.data + i;
}

/* What lies in a file; asserts that the CA signed it. */
static struct ca_crl
read_file(const char *file, const struct ca *ca)
{
	AUTO_FREE char *path = file_join(directory, file);
	AUTO_BYTES      der = {0};
	struct ca_crl   content;

	unit_ok(file_read(path, (size_t)64 << 20, &der, &err), &err);
	unit_ok(ca_crl_read(ca->certificate, bytes_view(&der), &content, &err), &err);
	return content;
}

static uint64_t
number_in_file(void)
{
	struct ca_crl content = read_file(STATE_ISSUING_CRL, &pki.issuing);
	uint64_t      number = content.number;

	ca_crl_clear(&content);
	return number;
}

static void
write_crl(const struct ca *ca, uint64_t number, int64_t this_update)
{
	AUTO_BYTES der = {0};

	unit_ok(ca_crl_create(ca, number, NULL, 0, this_update, LIFETIME, &der, &err), &err);
	pki_write(directory, STATE_ISSUING_CRL, der.data, der.size);
}

/* When it is signed. */

START_TEST(refresh_without_a_file_signs)
{
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number_of(crl));
	ck_assert_uint_eq(count_of(crl), 0);
	ck_assert_int_eq(crl_keeper_content(crl)->this_update, PKI_NOW);
	ck_assert_int_eq(crl_keeper_content(crl)->next_update, PKI_NOW + LIFETIME);
}
END_TEST

START_TEST(refresh_with_nothing_new_signs_nothing)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	(void)enroll(1);
	ck_assert(!refresh(crl, PKI_NOW + LIFETIME / 2 - 1));
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

START_TEST(refresh_after_a_revocation_names_it)
{
	ck_assert(refresh(crl, PKI_NOW));
	leave(1, PKI_NOW + 5, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW + 6));
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert_uint_eq(entry_of(crl, 0)->serial[19], 1);
	ck_assert_int_eq(entry_of(crl, 0)->when, PKI_NOW + 5);
	ck_assert_int_eq(entry_of(crl, 0)->reason, REASON_CESSATION_OF_OPERATION);
	ck_assert(!refresh(crl, PKI_NOW + 7));
	ck_assert(!refresh(crl, PKI_NOW + 8));
}
END_TEST

START_TEST(refresh_at_half_its_life_signs)
{
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(refresh(crl, PKI_NOW + LIFETIME / 2));
	ck_assert_int_eq(crl_keeper_content(crl)->next_update, PKI_NOW + LIFETIME / 2 + LIFETIME);
}
END_TEST

START_TEST(refresh_of_one_from_the_future_signs)
{
	ck_assert(refresh(crl, PKI_NOW + 3600));
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_int_eq(crl_keeper_content(crl)->this_update, PKI_NOW);
	ck_assert(!refresh(crl, PKI_NOW));
}
END_TEST

START_TEST(refresh_at_a_start_takes_what_is_there)
{
	struct crl_keeper *next = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);

	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	leave(2, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(refresh(next, PKI_NOW + 60));
	ck_assert_uint_eq(number_of(next), number_of(crl));
	ck_assert(view_equal(crl_keeper_der(next), crl_keeper_der(crl)));
	ck_assert(!refresh(next, PKI_NOW + 61));
	crl_keeper_free(next);
}
END_TEST

START_TEST(sign_signs_in_any_case)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW, &err), &err);
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_uint_eq(number_in_file(), number + 1);
}
END_TEST

/* Its number. */

START_TEST(number_grows_when_the_clock_is_set_back_and_the_file_is_gone)
{
	AUTO_FREE char *path = file_join(directory, STATE_ISSUING_CRL);
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	crl_keeper_free(crl);
	ck_assert_int_eq(unlink(path), 0);
	crl = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	ck_assert(refresh(crl, PKI_NOW - PKI_YEAR));
	ck_assert_uint_gt(number_of(crl), number);
}
END_TEST

START_TEST(number_grows_over_an_upgrade)
{
	write_crl(&pki.issuing, (uint64_t)PKI_NOW, PKI_NOW - LIFETIME);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_of(crl), (uint64_t)PKI_NOW + 1);
}
END_TEST

START_TEST(number_grows_when_the_store_is_an_older_one)
{
	ck_assert(refresh(crl, PKI_NOW));
	write_crl(&pki.issuing, 500, PKI_NOW);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_of(crl), 501);
	ck_assert_uint_eq(count_of(crl), 1);
}
END_TEST

START_TEST(number_next_is_at_least_what_is_wanted)
{
	int64_t number;

	unit_ok(store_crl_number_next(store, issuer, 0, &number, &err), &err);
	ck_assert_int_eq(number, 1);
	unit_ok(store_crl_number_next(store, issuer, 1, &number, &err), &err);
	ck_assert_int_eq(number, 2);
	unit_ok(store_crl_number_next(store, issuer, 70, &number, &err), &err);
	ck_assert_int_eq(number, 70);
	unit_ok(store_crl_number_next(store, issuer, 70, &number, &err), &err);
	ck_assert_int_eq(number, 71);
}
END_TEST

static int64_t
number_last(int64_t of)
{
	int64_t number = -1;

	unit_ok(store_crl_number_last(store, of, &number, &err), &err);
	return number;
}

START_TEST(number_last_is_each_issuers_own)
{
	int64_t second;
	int64_t number;

	unit_ok(issuer_record(store, pki.root.certificate, PKI_NOW, &second, &err), &err);
	ck_assert_int_eq(number_last(issuer), 0);
	unit_ok(store_crl_number_next(store, issuer, 0, &number, &err), &err);
	unit_ok(store_crl_number_next(store, second, 0, &number, &err), &err);
	ck_assert_int_eq(number_last(issuer), 1);
	ck_assert_int_eq(number_last(second), 2);
	unit_ok(store_crl_number_next(store, 0, 9, &number, &err), &err);
	ck_assert_int_eq(number_last(issuer), 9);
	ck_assert_int_eq(number_last(second), 9);
	ck_assert_int_eq(number_last(second + 1), 0);
}
END_TEST

/* An older CRL of ours, put back while nobody looks: its number was given out, but is not the last. */
START_TEST(number_of_an_older_file_at_a_start_is_not_believed)
{
	AUTO_FREE char *path = file_join(directory, STATE_ISSUING_CRL);
	AUTO_BYTES      older = {0};
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	unit_ok(file_read(path, 1 << 20, &older, &err), &err);
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW + 1, &err), &err);
	number = number_of(crl);
	crl_keeper_free(crl);
	pki_write(directory, STATE_ISSUING_CRL, older.data, older.size);
	crl = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	ck_assert(refresh(crl, PKI_NOW + 2));
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_uint_eq(number_in_file(), number + 1);
	ck_assert(!refresh(crl, PKI_NOW + 3));
}
END_TEST

/* The file. */

START_TEST(file_that_another_has_signed_is_taken_over)
{
	struct crl_keeper *other = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);

	ck_assert(refresh(crl, PKI_NOW));
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	unit_ok(crl_keeper_sign(other, store, PKI_NOW + 1, &err), &err);
	ck_assert(refresh(crl, PKI_NOW + 2));
	ck_assert_uint_eq(number_of(crl), number_of(other));
	ck_assert(view_equal(crl_keeper_der(crl), crl_keeper_der(other)));
	ck_assert(!refresh(crl, PKI_NOW + 3));
	crl_keeper_free(other);
}
END_TEST

/* The store is as it was when the two were last compared: the file is not. */
START_TEST(file_that_another_has_signed_is_compared_with_the_store)
{
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(!refresh(crl, PKI_NOW));
	write_crl(&pki.issuing, 500, PKI_NOW); /* names nothing, and is no number of the store's */
	ck_assert(refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), 501);
	ck_assert_uint_eq(number_in_file(), 501);
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert(!refresh(crl, PKI_NOW + 2));
}
END_TEST

/* The number is the store's, the content is not. */
START_TEST(file_with_the_last_number_and_another_list_is_not_believed)
{
	int64_t number;

	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	unit_ok(store_crl_number_next(store, issuer, 0, &number, &err), &err);
	write_crl(&pki.issuing, (uint64_t)number, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW + 1));
	ck_assert_int_eq((int64_t)number_of(crl), number + 1);
	ck_assert_uint_eq(count_of(crl), 1);
}
END_TEST

/* RFC 5280 section 5.2.3: a number stands for one CRL. */
START_TEST(file_that_is_another_of_the_same_number_is_signed_anew)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	write_crl(&pki.issuing, number, PKI_NOW - 60);
	ck_assert(refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_uint_eq(number_in_file(), number + 1);
	ck_assert(!refresh(crl, PKI_NOW + 2));
}
END_TEST

START_TEST(file_that_is_written_again_as_it_was_changes_nothing)
{
	struct view der;
	uint64_t    number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	der = crl_keeper_der(crl);
	pki_write(directory, STATE_ISSUING_CRL, der.data, der.size);
	ck_assert(!refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), number);
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

START_TEST(file_that_is_older_is_put_back)
{
	uint64_t number;

	write_crl(&pki.issuing, 7, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW));
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	write_crl(&pki.issuing, 7, PKI_NOW);
	ck_assert(!refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

static void
put_nothing(void)
{
	pki_write(directory, STATE_ISSUING_CRL, "", 0);
}

static void
put_garbage(void)
{
	pki_write(directory, STATE_ISSUING_CRL, "0123456789", 10);
}

static void
put_half(void)
{
	struct view der = crl_keeper_der(crl);

	pki_write(directory, STATE_ISSUING_CRL, der.data, der.size / 2);
}

/* Greater numbers, which must not be believed. */
static void
put_another_issuer(void)
{
	write_crl(&pki.root, 1000000, PKI_NOW);
}

static void
put_another_key(void)
{
	struct ca other = {.certificate = pki.issuing.certificate, .key = pki.root.key};

	write_crl(&other, 1000000, PKI_NOW);
}

static void
put_another_signature(void)
{
	struct view der = crl_keeper_der(crl);
	AUTO_BYTES  copy = {0};

	bytes_append(&copy, der.data, der.size);
	copy.data[copy.size - 1] ^= 1;
	pki_write(directory, STATE_ISSUING_CRL, copy.data, copy.size);
}

static void
put_the_greatest_number(void)
{
	write_crl(&pki.issuing, UINT64_MAX, PKI_NOW);
}

static void (*const puts_wrong[])(void) = {put_nothing, put_garbage, put_half, put_another_issuer,
    put_another_key, put_another_signature, put_the_greatest_number};

START_TEST(file_that_is_not_ours_is_replaced)
{
	uint64_t number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	puts_wrong[_i]();
	ck_assert(!refresh(crl, PKI_NOW + 1));
	ck_assert_uint_eq(number_of(crl), number);
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

START_TEST(file_that_cannot_be_written_is_written_later)
{
	AUTO_FREE char *path = file_join(directory, STATE_ISSUING_CRL);
	bool            fresh = false;
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(fresh);
	ck_assert_uint_eq(count_of(crl), 1);
	number = number_of(crl);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(!fresh);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert(!refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number);
}
END_TEST

/* The file that is there stays as it was, and only the new one cannot be made. */
START_TEST(file_whose_replacement_failed_is_replaced_later)
{
	AUTO_FREE char *temporary = file_join(directory, STATE_ISSUING_CRL ".new");
	bool            fresh = false;
	uint64_t        number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_in_file();
	ck_assert_int_eq(mkdir(temporary, 0700), 0);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(fresh);
	ck_assert_uint_eq(number_in_file(), number);
	ck_assert_uint_eq(number_of(crl), number + 1);
	ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW, &fresh, &err), -1);
	ck_assert(!fresh);
	ck_assert_int_eq(rmdir(temporary), 0);
	ck_assert(!refresh(crl, PKI_NOW));
	ck_assert_uint_eq(number_in_file(), number + 1);
	ck_assert(!refresh(crl, PKI_NOW));
}
END_TEST

/* A token that is away: the key is there, and signs nothing. */
START_TEST(signature_that_failed_is_tried_again)
{
	EVP_PKEY     *key = pki.issuing.key;
	EVP_PKEY     *public_half = X509_get_pubkey(pki.issuing.certificate);
	bool          fresh = false;
	uint64_t      number;

	ck_assert(refresh(crl, PKI_NOW));
	number = number_of(crl);
	leave(1, PKI_NOW, PKI_NOW + PKI_DAY);
	pki.issuing.key = public_half;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(crl_keeper_refresh(crl, store, PKI_NOW + 1, &fresh, &err), -1);
		ck_assert(!fresh);
		ck_assert_ptr_eq(strstr(err.detail, "signing the CRL"), err.detail);
		ck_assert_uint_eq(number_of(crl), number);
		ck_assert_uint_eq(number_in_file(), number);
	}
	pki.issuing.key = key;
	EVP_PKEY_free(public_half);
	ck_assert(refresh(crl, PKI_NOW + 2));
	ck_assert_uint_gt(number_of(crl), number);
	ck_assert_uint_eq(number_in_file(), number_of(crl));
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert(!refresh(crl, PKI_NOW + 3));
}
END_TEST

START_TEST(file_that_was_renamed_is_there_after_a_crash)
{
	rename_watch_begin();
	ck_assert(refresh(crl, PKI_NOW));
	rename_watch_end(1);
	rename_watch_begin();
	unit_ok(crl_bundle_write(&state, &err), &err);
	rename_watch_end(1);
}
END_TEST

/* What is in it. */

START_TEST(entry_that_expired_is_named_once_more)
{
	leave(1, PKI_NOW, PKI_NOW + 100);
	leave(2, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), 2);
	/* That it expires is no reason to sign. */
	ck_assert(!refresh(crl, PKI_NOW + 101));
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW + 102, &err), &err);
	ck_assert_uint_eq(count_of(crl), 2);
	ck_assert(!refresh(crl, PKI_NOW + 103));
	unit_ok(crl_keeper_sign(crl, store, PKI_NOW + 104, &err), &err);
	ck_assert_uint_eq(count_of(crl), 1);
	ck_assert_uint_eq(entry_of(crl, 0)->serial[19], 2);
}
END_TEST

START_TEST(issuers_have_lists_of_their_own)
{
	struct crl_keeper *root;
	int64_t            second;
	int64_t            again;
	int64_t            revision;

	unit_ok(issuer_record(store, pki.root.certificate, PKI_NOW, &second, &err), &err);
	unit_ok(issuer_record(store, pki.issuing.certificate, PKI_NOW, &again, &err), &err);
	ck_assert_int_eq(again, issuer);
	ck_assert_int_ne(second, issuer);
	root = crl_of(&pki.root, STATE_ROOT_CRL, second);
	revision = enroll(1);
	add(1, revision, 0, 0, PKI_NOW + PKI_DAY); /* from before issuers were recorded */
	add(1, revision, 1, issuer, PKI_NOW + PKI_DAY);
	add(1, revision, 2, second, PKI_NOW + PKI_DAY);
	remove_device(1, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert(refresh(root, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), 2);
	ck_assert_uint_eq(entry_of(crl, 0)->serial[19], 0);
	ck_assert_uint_eq(entry_of(crl, 1)->serial[19], 1);
	ck_assert_uint_eq(count_of(root), 1);
	ck_assert_uint_eq(entry_of(root, 0)->serial[19], 2);
	ck_assert_uint_gt(number_of(root), number_of(crl));
	crl_keeper_free(root);
}
END_TEST

START_TEST(issuer_with_a_new_certificate_is_the_same)
{
	X509   *renewed = NULL;
	int64_t again;

	unit_ok(ca_issuing_create(&pki.root, pki.issuing.key, "Test Issuing CA", PKI_NOW, PKI_YEAR,
	            &renewed, &err),
	    &err);
	unit_ok(issuer_record(store, renewed, PKI_NOW, &again, &err), &err);
	ck_assert_int_eq(again, issuer);
	X509_free(renewed);
}
END_TEST

enum { MANY = 3000 };

/* In any order of expiry; and what is read back is what was signed. */
START_TEST(many_entries_are_all_named)
{
	struct crl_keeper *next = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	int64_t            revision = enroll(1);

	unit_ok(store_begin(store, &err), &err);
	for (uint32_t i = 0; i < MANY; i++)
		add(1, revision, 1000 + i, issuer, PKI_NOW + 1 + (i * 7919) % MANY);
	unit_ok(store_commit(store, &err), &err);
	remove_device(1, PKI_NOW);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), MANY);
	ck_assert(refresh(next, PKI_NOW + MANY / 2));
	ck_assert_uint_eq(number_of(next), number_of(crl));
	ck_assert_uint_eq(count_of(next), MANY);
	leave(2, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(next, PKI_NOW + MANY / 2));
	ck_assert_uint_eq(count_of(next), MANY + 1);
	leave(3, PKI_NOW, PKI_NOW + PKI_DAY);
	ck_assert(refresh(next, PKI_NOW + MANY));
	ck_assert_uint_eq(count_of(next), MANY / 2 + 3);
	crl_keeper_free(next);
}
END_TEST

/* Several sign at once: no number is used twice, and the newest stays. */

enum { SIGNERS = 4, EACH = 8 };

static int
sign_some(int out)
{
	struct crl_keeper *own = crl_of(&pki.issuing, STATE_ISSUING_CRL, issuer);
	struct store      *own_store = NULL;
	struct error       own_err = {0};
	int                rc = store_open(directory, &own_store, &own_err);

	for (int i = 0; rc == 0 && i < EACH; i++) {
		uint64_t number;

		rc = crl_keeper_sign(own, own_store, PKI_NOW, &own_err);
		number = number_of(own);
		if (rc == 0 && write(out, &number, sizeof number) != (ssize_t)sizeof number)
			rc = -1;
	}
	crl_keeper_free(own);
	store_close(own_store);
	return rc == 0 ? 0 : 1;
}

START_TEST(signers_at_once_leave_the_newest)
{
	pid_t    children[SIGNERS];
	uint64_t numbers[SIGNERS * EACH];
	uint64_t greatest = 0;
	int      pipes[2];
	int      status;

	store_close(store);
	store = NULL;
	ck_assert_int_eq(pipe(pipes), 0);
	for (int i = 0; i < SIGNERS; i++) {
		ck_assert_int_ge(children[i] = fork(), 0);
		if (children[i] == 0)
			_exit(sign_some(pipes[1]));
	}
	for (int i = 0; i < SIGNERS; i++) {
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(read(pipes[0], numbers, sizeof numbers), (ssize_t)sizeof numbers);
	for (size_t i = 0; i < SIGNERS * EACH; i++) {
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(numbers[i], numbers[j]);
		greatest = numbers[i] > greatest ? numbers[i] : greatest;
	}
	ck_assert_uint_eq(number_in_file(), greatest);
	(void)close(pipes[0]);
	(void)close(pipes[1]);
}
END_TEST

START_TEST(revocations_count_what_revokes_alone)
{
	int64_t before;
	int64_t after;

	add(1, enroll(1), 1, issuer, PKI_NOW + 1);
	(void)enroll(2);
	unit_ok(store_revocations(store, &before, &err), &err);
	remove_device(2, PKI_NOW); /* it had none */
	unit_ok(store_revocations(store, &after, &err), &err);
	ck_assert_int_eq(before, after);
	remove_device(1, PKI_NOW);
	unit_ok(store_revocations(store, &after, &err), &err);
	ck_assert_int_ne(before, after);
}
END_TEST

START_TEST(sweep_removes_the_oldest_that_expired)
{
	uint8_t hash[STORE_HASH_SIZE] = {1};
	int64_t revision = enroll(1);
	size_t  removed;

	for (uint32_t i = 0; i < 5; i++)
		add(1, revision, i, issuer, PKI_NOW + 5 - i);
	unit_ok(store_certificate_sweep(store, PKI_NOW + 4, 2, &removed, &err), &err);
	ck_assert_uint_eq(removed, 2);
	unit_ok(store_certificate_sweep(store, PKI_NOW + 4, 100, &removed, &err), &err);
	ck_assert_uint_eq(removed, 1);
	unit_ok(store_certificate_sweep(store, PKI_NOW + 4, 100, &removed, &err), &err);
	ck_assert_uint_eq(removed, 0);
	unit_ok(store_device_remove(store, hash, PKI_NOW, &err), &err);
	ck_assert(refresh(crl, PKI_NOW));
	ck_assert_uint_eq(count_of(crl), 2);
}
END_TEST

static TCase *
case_of(const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	return tc;
}

/* Without a lifetime of its own, it is due when half of what the CRL says is over. */
START_TEST(crl_without_a_lifetime_lives_as_long_as_the_last)
{
	struct crl_keeper *heir;
	uint64_t           number;

	ck_assert(refresh(crl, PKI_NOW));
	heir = crl_keeper_new(&state, STATE_ISSUING_CRL, crl_source_inventory(), issuer, &pki.issuing, 0);
	number = crl_keeper_content(crl)->number;
	(void)refresh(heir, PKI_NOW + LIFETIME / 2 - 1); /* loads it */
	ck_assert_uint_eq(crl_keeper_content(heir)->number, number);
	ck_assert(refresh(heir, PKI_NOW + LIFETIME / 2));
	ck_assert_uint_gt(crl_keeper_content(heir)->number, number);
	ck_assert(!refresh(heir, PKI_NOW + LIFETIME - 1));
	crl_keeper_free(heir);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_crl");
	TCase *tc = case_of("refresh");

	tcase_add_test(tc, crl_without_a_lifetime_lives_as_long_as_the_last);
	tcase_add_test(tc, refresh_without_a_file_signs);
	tcase_add_test(tc, refresh_with_nothing_new_signs_nothing);
	tcase_add_test(tc, refresh_after_a_revocation_names_it);
	tcase_add_test(tc, refresh_at_half_its_life_signs);
	tcase_add_test(tc, refresh_of_one_from_the_future_signs);
	tcase_add_test(tc, refresh_at_a_start_takes_what_is_there);
	tcase_add_test(tc, sign_signs_in_any_case);
	tcase_add_test(tc, number_grows_when_the_clock_is_set_back_and_the_file_is_gone);
	tcase_add_test(tc, number_grows_over_an_upgrade);
	tcase_add_test(tc, number_grows_when_the_store_is_an_older_one);
	tcase_add_test(tc, number_next_is_at_least_what_is_wanted);
	tcase_add_test(tc, number_last_is_each_issuers_own);
	tcase_add_test(tc, number_of_an_older_file_at_a_start_is_not_believed);
	suite_add_tcase(suite, tc);
	tc = case_of("file");
	tcase_add_test(tc, file_that_another_has_signed_is_taken_over);
	tcase_add_test(tc, file_that_another_has_signed_is_compared_with_the_store);
	tcase_add_test(tc, file_with_the_last_number_and_another_list_is_not_believed);
	tcase_add_test(tc, file_that_is_another_of_the_same_number_is_signed_anew);
	tcase_add_test(tc, file_that_is_written_again_as_it_was_changes_nothing);
	tcase_add_test(tc, file_that_is_older_is_put_back);
	tcase_add_loop_test(tc, file_that_is_not_ours_is_replaced, 0,
	    (int)(sizeof puts_wrong / sizeof puts_wrong[0]));
	tcase_add_test(tc, file_that_cannot_be_written_is_written_later);
	tcase_add_test(tc, file_whose_replacement_failed_is_replaced_later);
	tcase_add_test(tc, file_that_was_renamed_is_there_after_a_crash);
	tcase_add_test(tc, signature_that_failed_is_tried_again);
	tcase_add_test(tc, signers_at_once_leave_the_newest);
	suite_add_tcase(suite, tc);
	tc = case_of("entries");
	tcase_add_test(tc, entry_that_expired_is_named_once_more);
	tcase_add_test(tc, issuers_have_lists_of_their_own);
	tcase_add_test(tc, issuer_with_a_new_certificate_is_the_same);
	tcase_add_test(tc, many_entries_are_all_named);
	tcase_add_test(tc, revocations_count_what_revokes_alone);
	tcase_add_test(tc, sweep_removes_the_oldest_that_expired);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
