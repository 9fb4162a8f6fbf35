/* An issuer, its store and the keeper of its CRL, in a directory of their own. */
#ifndef TESTS_UNIT_CA_CRL_SUPPORT_H
#define TESTS_UNIT_CA_CRL_SUPPORT_H

#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "pki_support.h"
#include "scratch.h"
#include "store/inventory/certificate.h"
#include "store/inventory/change.h"
#include "store/inventory/device.h"
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

static inline struct crl_keeper *
crl_of(struct ca *ca, const char *file, int64_t number)
{
	return crl_keeper_new(&state, file, crl_source_inventory(), number, ca, LIFETIME);
}

static inline void
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

static inline void
teardown(void)
{
	crl_keeper_free(crl);
	store_close(store);
	folder_close(&state);
	scratch_remove(directory);
	pki_clear(&pki);
}

static inline int64_t
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
static inline void
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

static inline void
remove_device(uint8_t first, int64_t now)
{
	uint8_t hash[STORE_HASH_SIZE] = {first};

	unit_ok(store_device_remove(store, hash, now, &err), &err);
}

/* A device that leaves at `now` with one certificate. */
static inline void
leave(uint8_t first, int64_t now, int64_t not_after)
{
	add(first, enroll(first), first, issuer, not_after);
	remove_device(first, now);
}

static inline bool
refresh(struct crl_keeper *which, int64_t now)
{
	bool fresh = false;

	unit_ok(crl_keeper_refresh(which, store, now, &fresh, &err), &err);
	return fresh;
}

static inline uint64_t
number_of(const struct crl_keeper *which)
{
	return crl_keeper_content(which)->number;
}

static inline size_t
count_of(const struct crl_keeper *which)
{
	return crl_keeper_content(which)->revoked.size / sizeof(struct ca_revoked);
}

/* What lies in a file; asserts that the CA signed it. */
static inline struct ca_crl
read_file(const char *file, const struct ca *ca)
{
	AUTO_FREE char *path = file_join(directory, file);
	AUTO_BYTES      der = {0};
	struct ca_crl   content;

	unit_ok(file_read(path, (size_t)64 << 20, &der, &err), &err);
	unit_ok(ca_crl_read(ca->certificate, bytes_view(&der), &content, &err), &err);
	return content;
}

static inline uint64_t
number_in_file(void)
{
	struct ca_crl content = read_file(STATE_ISSUING_CRL, &pki.issuing);
	uint64_t      number = content.number;

	ca_crl_clear(&content);
	return number;
}

static inline void
write_crl(const struct ca *ca, uint64_t number, int64_t this_update)
{
	AUTO_BYTES der = {0};

	unit_ok(ca_crl_create(ca, number, NULL, 0, this_update, LIFETIME, &der, &err), &err);
	pki_write(directory, STATE_ISSUING_CRL, der.data, der.size);
}

static inline void
put_nothing(void)
{
	pki_write(directory, STATE_ISSUING_CRL, "", 0);
}

static inline void
put_garbage(void)
{
	pki_write(directory, STATE_ISSUING_CRL, "0123456789", 10);
}

static inline void
put_half(void)
{
	struct view der = crl_keeper_der(crl);

	pki_write(directory, STATE_ISSUING_CRL, der.data, der.size / 2);
}

/* Greater numbers, which must not be believed. */
static inline void
put_another_issuer(void)
{
	write_crl(&pki.root, 1000000, PKI_NOW);
}

static inline void
put_another_key(void)
{
	struct ca other = {.certificate = pki.issuing.certificate, .key = pki.root.key};

	write_crl(&other, 1000000, PKI_NOW);
}

static inline void
put_another_signature(void)
{
	struct view der = crl_keeper_der(crl);
	AUTO_BYTES  copy = {0};

	bytes_append(&copy, der.data, der.size);
	copy.data[copy.size - 1] ^= 1;
	pki_write(directory, STATE_ISSUING_CRL, copy.data, copy.size);
}

static inline void
put_the_greatest_number(void)
{
	write_crl(&pki.issuing, UINT64_MAX, PKI_NOW);
}

static void (*const puts_wrong[])(void) = {put_nothing, put_garbage, put_half, put_another_issuer,
    put_another_key, put_another_signature, put_the_greatest_number};

static inline TCase *
case_of(const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	return tc;
}

#endif
