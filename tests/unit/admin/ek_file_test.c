/* EKs in files: what is read, and each file that is none. The forms are ek_content_test's. */
#include "config.h"

#include "admin/ek_file.h"

#include <sys/stat.h>

#include <stdio.h>
#include <string.h>

#include "forge.h"
#include "scratch.h"
#include "tpm/ek.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

#define KIB 1024

static char           directory[SCRATCH_SIZE];
static char          *path;
static struct forge_ek ek;
static struct ek_hash hash;
static struct error   err;

static void
setup(void)
{
	scratch_make(directory);
	path = file_join(directory, "ek");
	forge_ek_make(FORGE_P256, &ek);
}

static void
teardown(void)
{
	forge_ek_clear(&ek);
	free(path);
	scratch_remove(directory);
}

/* The EK's public key, with octets behind it up to `size`. */
static void
write_file(size_t size)
{
	AUTO_BYTES content = {0};

	bytes_append(&content, ek.spki.data, ek.spki.size);
	while (content.size < size)
		bytes_append_u8(&content, '\n');
	unit_ok(file_replace(path, content.data, content.size, 0600, &err), &err);
}

START_TEST(hash_of_a_file_is_its_keys)
{
	struct ek_hash wanted;

	unit_ok(ek_hash_of_key(ek.key, &wanted, &err), &err);
	write_file(0);
	unit_ok(ek_file_hash(path, &hash, &err), &err);
	ck_assert_mem_eq(hash.bytes, wanted.bytes, sizeof hash.bytes);
}
END_TEST

START_TEST(hash_of_what_is_not_there_is_not_found)
{
	char detail[SCRATCH_SIZE + 64];

	(void)snprintf(detail, sizeof detail, "opening %s: No such file or directory", path);
	unit_fails(ek_file_hash(path, &hash, &err), &err, ERROR_NOT_FOUND, detail);
}
END_TEST

START_TEST(hash_of_a_directory_is_refused)
{
	ck_assert_int_eq(ek_file_hash(directory, &hash, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, directory) != NULL, "%s", err.detail);
}
END_TEST

/* At 256 KiB it is read, and found to be something else. */
START_TEST(hash_beyond_256_kib_is_too_large)
{
	char detail[SCRATCH_SIZE + 128];

	write_file((size_t)256 * KIB);
	(void)snprintf(detail, sizeof detail,
	    "%s holds neither a public key nor a certificate, PEM or DER, nor a TPM's public area", path);
	unit_fails(ek_file_hash(path, &hash, &err), &err, ERROR_MALFORMED, detail);
	write_file((size_t)256 * KIB + 1);
	ck_assert_int_eq(ek_file_hash(path, &hash, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
	ck_assert_msg(strstr(err.detail, path) != NULL, "%s", err.detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_file");
	TCase *tc = tcase_create("ek_file");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, hash_of_a_file_is_its_keys);
	tcase_add_test(tc, hash_of_what_is_not_there_is_not_found);
	tcase_add_test(tc, hash_of_a_directory_is_refused);
	tcase_add_test(tc, hash_beyond_256_kib_is_too_large);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
