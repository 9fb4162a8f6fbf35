/* Memory that runs out while the module reads a directory and makes objects: nothing leaks, none is half. */
#include "config.h"

#include "failing.h"
#include "material_support.h"
#include "pkcs11/material.h"
#include "pkcs11/object.h"
#include "pkcs11/public_key.h"
#include "util/file.h"

static char       *directory;
static struct pki  pki;
static struct made made;

static void
setup(void)
{
	AUTO_BYTES   pem = {0};
	struct error err = {0};

	directory = pki_directory();
	pki_make(&pki, KEY_TYPE_P256);
	made_new(&made, "laptop", &pki.issuing);
	made_write_key(&made, directory, "device.key");
	unit_ok(certificate_encode_pem(made.certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	pki_write(directory, "device.pem", pem.data, pem.size);
}

static void
teardown(void)
{
	made_clear(&made);
	pki_clear(&pki);
	pki_directory_remove(directory);
}

static int
op_read(const void *arg, struct error *err)
{
	const struct material_place place = {directory, directory};
	AUTO_MATERIAL               material;

	(void)arg;
	material_read(&place, &material);
	if (material.fault == MATERIAL_WHOLE) {
		failing_off();
		ck_assert_uint_eq(material.count, 1);
		ck_assert_uint_ge(material.pairs[0].count, 1);
		return 0;
	}
	*err = material.why;
	return -1;
}

START_TEST(read_without_memory_is_a_fault_that_is_told)
{
	failing_each(op_read, NULL);
}
END_TEST

/* Private and public key, and two certificates; or none of them. */
static int
op_make(const void *arg, struct error *err)
{
	const struct material_pair *pair = arg;
	struct object              *objects[OBJECT_PAIR_MAX];
	size_t                      count = object_make(pair, objects, err);

	for (size_t i = 0; i < count; i++)
		object_free(objects[i]);
	ck_assert(count == 0 || count == 4);
	return count == 4 ? 0 : -1;
}

START_TEST(objects_without_memory_are_made_all_or_none)
{
	const struct material_place place = {directory, directory};
	AUTO_MATERIAL               material;

	object_free(NULL);
	material_read(&place, &material);
	ck_assert_uint_eq(material.pairs[0].count, 2);
	failing_each(op_make, &material.pairs[0]);
}
END_TEST

static int
op_public(const void *arg, struct error *err)
{
	struct public_key key;
	uint8_t           hash[32];
	int               rc = public_key_read(arg, &key, err);

	public_key_clear(&key);
	return rc == 0 ? public_key_hash(arg, hash, err) : rc;
}

START_TEST(numbers_without_memory_are_told)
{
	static const uint8_t numbers[] = {0x30, 0x06, 0x02, 0x01, 0x05, 0x02, 0x01, 0x03};
	X509                *of_rsa = X509_new();

	ck_assert_int_eq(X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(of_rsa), OBJ_nid2obj(NID_rsaEncryption),
	                     V_ASN1_NULL, NULL, OPENSSL_memdup(numbers, sizeof numbers), sizeof numbers), 1);
	failing_each(op_public, made.certificate);
	failing_each(op_public, of_rsa);
	X509_free(of_rsa);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failing");
	TCase *tc = tcase_create("failing");

	failing_prepare();
	failing_every(9, 20);
	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, read_without_memory_is_a_fault_that_is_told);
	tcase_add_test(tc, objects_without_memory_are_made_all_or_none);
	tcase_add_test(tc, numbers_without_memory_are_told);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
