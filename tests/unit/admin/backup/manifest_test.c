/* Which names a backup may have, and which manifests are none. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "admin/backup/manifest.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

static const struct {
	const char *name;
	bool        taken;
} names[] = {
    {"root.pem", true},
    {"store.db", true},
    {"issuers/0a1b.pem", true},
    {"issuing.next.key", true},
    {"a-b_c+d.9", true},
    {"", false},
    {".", false},
    {"..", false},
    {".hidden", false},
    {"/etc/passwd", false},
    {"../root.pem", false},
    {"issuers", false},
    {"issuers/", false},
    {"issuers/.hidden", false},
    {"issuers/../root.pem", false},
    {"issuers/a/b", false},
    {"other/a", false},
    {"a b", false},
    {"a\\b", false},
    {"\xc3\xa9", false},
    {"manifest.json", false},
    {"store.db-wal", false},
    {"store.db-shm", false},
    {"store.db-journal", false},
    {"store.lock", false},
    {"issuers/x.lock", false},
};

START_TEST(name_check_takes_files_of_a_ca_only)
{
	ck_assert_int_eq(backup_name_check(names[_i].name), names[_i].taken);
}
END_TEST

START_TEST(name_check_of_a_long_one_is_refused)
{
	char name[257];

	memset(name, 'a', sizeof name - 1);
	name[256] = '\0';
	ck_assert(!backup_name_check(name));
	name[255] = '\0';
	ck_assert(backup_name_check(name));
}
END_TEST

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD \
	"{\"format\": \"attest-ca backup\", \"version\": 1, \"program\": \"x\"," \
	" \"created\": \"2026-01-01T00:00:00Z\", \"keys\": true, \"files\": "
#define FILE_OF(name, size, mode) \
	"{\"name\": \"" name "\", \"size\": " size ", \"mode\": \"" mode "\", \"sha256\": \"" HASH "\"}"
#define STORE FILE_OF("store.db", "4096", "0600")

#define DAMAGED "the manifest is damaged, or from another program"

static const struct {
	const char     *text;
	enum error_kind kind;
	const char     *detail;
} refused[] = {
    {"", ERROR_MALFORMED, DAMAGED},
    {"[]", ERROR_MALFORMED, DAMAGED},
    {"{}", ERROR_MALFORMED, DAMAGED},
    {"{\"format\": \"another\", \"version\": 1, \"program\": \"x\","
     " \"created\": \"2026-01-01T00:00:00Z\", \"keys\": true, \"files\": [" STORE "]}",
        ERROR_MALFORMED, DAMAGED},
    {HEAD "[" STORE "]} x", ERROR_MALFORMED, DAMAGED},
    {HEAD "[" STORE "], \"more\": 1}", ERROR_MALFORMED, DAMAGED},
    {HEAD "[" STORE "], \"keys\": true}", ERROR_MALFORMED, DAMAGED},
    {HEAD "{}}", ERROR_MALFORMED, "the backup does not end with a store"},
    {HEAD "[]}", ERROR_MALFORMED, "the backup does not end with a store"},
    {HEAD "[" STORE ", " FILE_OF("root.pem", "1", "0644") "]}", ERROR_MALFORMED,
        "the backup does not end with a store"},
    {HEAD "[1, " STORE "]}", ERROR_MALFORMED, DAMAGED},
    {HEAD "[" FILE_OF("root.pem", "-1", "0644") ", " STORE "]}", ERROR_MALFORMED, DAMAGED},
    {HEAD "[" FILE_OF("root.pem", "\"1\"", "0644") ", " STORE "]}", ERROR_MALFORMED, DAMAGED},
    {HEAD "[{\"name\": \"root.pem\", \"size\": 1, \"mode\": \"0644\", \"sha256\": \"00\"}, " STORE "]}",
        ERROR_MALFORMED, DAMAGED},
    {HEAD "[" FILE_OF("x.lock", "1", "0644") ", " STORE "]}", ERROR_MALFORMED,
        "the backup has a file \"x.lock\", which does not belong to a CA"},
    {HEAD "[" FILE_OF("a", "1", "0644") ", " FILE_OF("a", "1", "0644") ", " STORE "]}",
        ERROR_MALFORMED, "the backup has two files a"},
    {HEAD "[" FILE_OF("a", "67108865", "0644") ", " STORE "]}", ERROR_TOO_LARGE,
        "a has more than 67108864 octets"},
    {HEAD "[" FILE_OF("a", "67108864", "0644") ", " FILE_OF("b", "67108864", "0644") ", "
          FILE_OF("c", "67108864", "0644") ", " FILE_OF("d", "67108864", "0644") ", "
          FILE_OF("e", "1", "0644") ", " STORE "]}",
        ERROR_TOO_LARGE, "the backup's files have more than 268435456 octets"},
};

START_TEST(decode_what_is_no_manifest_is_refused)
{
	struct backup_manifest manifest = {0};
	struct error           err = {0};

	unit_fails(backup_manifest_decode(view_text(refused[_i].text), &manifest, &err), &err,
	    refused[_i].kind, refused[_i].detail);
	ck_assert_ptr_null(manifest.files);
}
END_TEST

START_TEST(decode_gives_what_was_encoded)
{
	struct backup_manifest first = {0};
	struct backup_manifest second = {0};
	AUTO_BYTES             text = {0};
	struct error           err = {0};

	unit_ok(backup_manifest_decode(view_text(HEAD "[" FILE_OF("root.pem", "7", "0644") ", " FILE_OF(
	                                   "root.key", "9", "0644") ", " STORE "]}"),
	            &first, &err),
	    &err);
	backup_manifest_encode(&first, &text);
	unit_ok(backup_manifest_decode(bytes_view(&text), &second, &err), &err);
	ck_assert_int_eq(second.created, 1767225600);
	ck_assert(second.keys);
	ck_assert_uint_eq(second.count, 3);
	ck_assert_str_eq(second.files[0].name, "root.pem");
	ck_assert_uint_eq(second.files[0].size, 7);
	ck_assert_uint_eq(second.files[0].mode, 0644);
	ck_assert_uint_eq(second.files[0].hash[1], 0x11);
	ck_assert_uint_eq(second.files[1].mode, 0600); /* a key's, whatever it says */
	ck_assert_uint_eq(second.files[2].mode, 0600);
	backup_manifest_clear(&first);
	backup_manifest_clear(&second);
}
END_TEST

static Suite *
backup_manifest_suite(void)
{
	Suite *suite = suite_create("backup_manifest");
	TCase *tc = tcase_create("backup_manifest");

	tcase_add_loop_test(tc, name_check_takes_files_of_a_ca_only, 0,
	    (int)(sizeof names / sizeof names[0]));
	tcase_add_test(tc, name_check_of_a_long_one_is_refused);
	tcase_add_loop_test(tc, decode_what_is_no_manifest_is_refused, 0,
	    (int)(sizeof refused / sizeof refused[0]));
	tcase_add_test(tc, decode_gives_what_was_encoded);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return unit_run(backup_manifest_suite());
}
