/* Every command of attest-ca, with each statement of its store and each of its system calls, digests, keys and
 * certificates failing. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "admin/commands.h"
#include "ca/files.h"
#include "command_failing.h"
#include "failing_calls.h"
#include "failing_crypto.h"
#include "failing_sql.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "pki_support.h"
#include "store/inventory/audit.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/evidence.h"
#include "store/inventory/trust.h"
#include "store/inventory/waiting.h"
#include "store/inventory/waiting_shares.h"
#include "store/store.h"
#include "util/clock.h"

#define ZEROS  "000000000000000000000000000000000000000000000000000000000000"
#define HASH_1 "0100" ZEROS
#define HASH_2 "0200" ZEROS
#define HASH_3 "0300" ZEROS
#define HASH_4 "0400" ZEROS
#define TRUSTED "0700" ZEROS

static struct pki   pki;
static struct error err;

static void
put(const char *name, const char *text)
{
	AUTO_FREE char *path = file_join(place, name);

	unit_ok(file_create(path, text, strlen(text), 0600, &err), &err);
}

/* Device 1, "laptop", with a certificate and what is known of its EK; EK 3 waits, EK 4 was removed. */
static void
store_fill(void)
{
	static const struct store_evidence verified = {.verdict = STORE_VERDICT_VERIFIED, .manufacturer = "id:1"};
	char                    *names[] = {(char[]){"laptop"}};
	char                    *tags[] = {(char[]){"lab"}};
	struct store_device      device = {.ek_hash = {1}, .names = names, .name_count = 1, .tags = tags, .tag_count = 1};
	struct store_device      gone = {.ek_hash = {4}};
	struct store_certificate certificate = {.serial = {0x40, 1}, .serial_size = 2, .ek_hash = {1},
	    .ak_name = {0, 0x0b, 0xaa}, .ak_name_size = 34, .not_after = INT64_C(4102444800)};
	struct store_waiting     entry = {.ek_hash = {3}, .peer = "192.0.2.1:1", .source = "192.0.2.1",
	    .wish = "newcomer", .first_seen = 1, .last_seen = 1, .times = 1};
	struct store_trusted     trusted = {.fingerprint = {7}, .root = true, .source = "file", .added = 1};
	struct waiting_shares   *shares = waiting_shares_new();
	struct store            *store;
	struct store_device      found;
	AUTO_BYTES               der = {0};
	bool                     flag;

	unit_ok(store_open(state, &store, &err), &err);
	unit_ok(store_device_enroll(store, &device, 1, &err), &err);
	unit_ok(store_device_find(store, device.ek_hash, &found, &err), &err);
	unit_ok(store_certificate_add(store, &certificate, found.revision, &err), &err);
	store_device_clear(&found);
	unit_ok(store_evidence_record(store, device.ek_hash, &verified, view_text("der"), 1, &err), &err);
	unit_ok(store_device_enroll(store, &gone, 1, &err), &err);
	unit_ok(store_device_remove(store, gone.ek_hash, 2, &err), &err);
	unit_ok(store_waiting_add(store, &entry, 10, 1, shares, &flag, &err), &err);
	waiting_shares_free(shares);
	unit_ok(certificate_encode(pki.root.certificate, &der, &err), &err);
	trusted.certificate = der.data;
	trusted.certificate_size = der.size;
	unit_ok(store_trust_add(store, &trusted, &flag, &err), &err);
	store_close(store);
}

static void
setup(void)
{
	static const struct failing_command init = {&attest_ca_program, {"init", NULL}};
	AUTO_BYTES                          pem = {0};

	state_make();
	ck_assert_int_eq(command_try(&init, &err), 0);
	pki_make(&pki, KEY_TYPE_P256);
	store_fill();
	unit_ok(certificate_encode_pem(pki.issuing.certificate, &pem, &err), &err);
	bytes_append_u8(&pem, '\0');
	put("vendor.pem", (const char *)pem.data);
	put("seen.txt", HASH_1 " 2020-01-01T00:00:00Z\n");
	put("devices.csv", "ek_hash,name\n0500" ZEROS ",desk\n");
	state_keep();
}

static void
teardown(void)
{
	pki_clear(&pki);
	state_remove();
}

#define COMMAND(...) {&attest_ca_program, {__VA_ARGS__, NULL}}

static const struct failing_command commands[] = {
    COMMAND("show", HASH_1),
    COMMAND("show", HASH_1, "--json"),
    COMMAND("list"),
    COMMAND("list", "--json"),
    COMMAND("seen", "@seen.txt"),
    COMMAND("audit", "--device", HASH_1),
    COMMAND("audit", "--verify"),
    COMMAND("pending", "--long"),
    COMMAND("approve", "0300", "--name", "newcomer"),
    COMMAND("deny", "0300"),
    COMMAND("enroll", HASH_2, "--name", "desk", "--tag", "lab"),
    COMMAND("enroll", HASH_4),
    COMMAND("remove", "laptop"),
    COMMAND("set", "laptop", "--name", "desk", "--no-tags"),
    COMMAND("disable", "laptop"),
    COMMAND("replace", HASH_1, HASH_2),
    COMMAND("revoke", "laptop", "--serial", "4001"),
    COMMAND("crl"),
    COMMAND("check"),
    COMMAND("export", "--output", "@out.csv"),
    COMMAND("export", "--output", "@out.jsonl", "--format", "jsonl"),
    COMMAND("export", "--tag", "lab"),
    COMMAND("import", "@devices.csv"),
    COMMAND("backup", "@out.tar"),
    COMMAND("issuing", "renew"),
    COMMAND("issuing", "csr", "--output", "@out.csr"),
    COMMAND("trust", "list", "--json"),
    COMMAND("trust", "remove", TRUSTED),
    COMMAND("trust", "import", "@vendor.pem"),
};

START_TEST(command_that_fails_says_so)
{
	struct failing_command command = commands[_i];

	unit_ok(command_try(&command, &err), &err);
	failing_every(5, (unsigned)_i % 5);
	failing_each(command_try, &command);
}
END_TEST

/* Each that uses the store, when there is something else in its place. */
START_TEST(command_without_its_store_says_so)
{
	struct failing_command command = commands[_i];
	bool                   found = false;

	for (size_t i = 0; i < kept_count; i++)
		if (kept[i].content.size > 16 && memcmp(kept[i].content.data, "SQLite format 3", 16) == 0) {
			memset(kept[i].content.data, 'x', kept[i].content.size);
			found = true;
		}
	ck_assert(found);
	if (strcmp(command.words[0], "issuing") == 0 && strcmp(command.words[1], "csr") == 0) {
		unit_ok(command_try(&command, &err), &err); /* which does not */
		return;
	}
	ck_assert_int_eq(command_try(&command, &err), -1);
	ck_assert_msg(strstr(said, "file is not a database") != NULL, "%s", said);
}
END_TEST

/* ---- a state directory that never rests ---- */

static bool     restless;
static unsigned snapshots;

/* Named so by the linker: while the store is copied, a file of the CA grows. */
int __real_store_snapshot(struct store *store, const char *path, struct error *err);
int __wrap_store_snapshot(struct store *store, const char *path, struct error *err);
int
__wrap_store_snapshot(struct store *store, const char *path, struct error *why)
{
	AUTO_FREE char *root = file_join(state, STATE_ROOT_PEM);
	FILE           *file = restless ? fopen(root, "a") : NULL;

	snapshots++;
	if (file != NULL) {
		ck_assert_int_eq(fputc('\n', file), '\n');
		ck_assert_int_eq(fclose(file), 0);
	}
	return __real_store_snapshot(store, path, why);
}

START_TEST(backup_of_files_that_never_rest_says_so)
{
	static const struct failing_command command = COMMAND("backup", "@never.tar");
	AUTO_FREE char                     *archive = file_join(place, "never.tar");

	restless = true;
	ck_assert_int_eq(command_try(&command, &err), -1);
	ck_assert_msg(strstr(said, " change while they are being copied; try again when that is over") != NULL, "%s", said);
	ck_assert_uint_eq(snapshots, 3);
	ck_assert_int_ne(access(archive, F_OK), 0);
	restless = false;
	unit_ok(command_try(&command, &err), &err);
	ck_assert_uint_eq(snapshots, 4);
}
END_TEST

/* Root looks whose the store is before it works there. */
START_TEST(command_by_root_with_a_store_that_leads_nowhere_says_so)
{
	static const struct failing_command command = COMMAND("list", "--store", "@loop/store");
	AUTO_FREE char                     *loop = file_join(place, "loop");
	FILE                               *out = tmpfile();

	if (geteuid() == 0) {
		ck_assert_int_eq(symlink("loop", loop), 0);
		ck_assert_int_eq(program_run(command.program, command.words, fileno(out)), 1);
		rewind(out);
		said[fread(said, 1, sizeof said - 1, out)] = '\0';
		ck_assert_msg(strstr(said, "looking at ") != NULL && strstr(said, "/loop/store: Too many levels of symbolic links") != NULL,
		    "%s", said);
	}
	(void)fclose(out);
}
END_TEST

/* A directory in the place of the file can be opened, and not be read. */
START_TEST(import_of_what_cannot_be_read_says_so)
{
	static const struct failing_command command = COMMAND("import", "@", "--format", "jsonl");

	ck_assert_int_eq(command_try(&command, &err), -1);
	ck_assert_msg(strstr(said, "Is a directory") != NULL, "%s", said);
}
END_TEST

/* Deeper than anybody's tree of certificates: root opens all of it, before it takes on another identity. */
START_TEST(trust_import_of_a_tree_without_end_says_so)
{
	char                      way[SCRATCH_SIZE + 200];
	char                     *operand = place;
	const struct command_call call = {.operands = &operand, .operand_count = 1, .other_identity = true};
	int                       length = snprintf(way, sizeof way, "%s", place);

	for (int i = 0; i < 66; i++) {
		length += snprintf(way + length, sizeof way - (size_t)length, "/d");
		ck_assert_int_eq(mkdir(way, 0700), 0);
	}
	ck_assert_int_eq(admin_trust_import_command.open(&call, NULL, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_TOO_LARGE);
	ck_assert_int_eq(strncmp(err.detail, "nothing was imported: ", 22), 0);
	for (; length > (int)strlen(place); way[length -= 2] = '\0')
		ck_assert_int_eq(rmdir(way), 0);
}
END_TEST

/* Nothing that fails makes a certificate of it that is verified. */
START_TEST(verify_of_what_is_no_ek_never_succeeds)
{
	static const struct failing_command command = COMMAND("trust", "verify", "@vendor.pem");

	ck_assert_int_eq(command_try(&command, &err), -1);
	ck_assert_msg(strstr(said, "it is a CA's, not an EK's") != NULL, "%s", said);
	failing_refuses(command_try, &command);
}
END_TEST

static const struct failing_command install = COMMAND("issuing", "install", "@issued.pem", "--root", "@roots.pem");

/* The pending key has a certificate of another root. */
START_TEST(install_that_fails_says_so)
{
	static const struct failing_command csr = COMMAND("issuing", "csr");
	AUTO_FREE char                     *path = NULL;
	AUTO_BYTES                          pem = {0};
	AUTO_BYTES                          root = {0};
	const struct key_access             none = {.pkcs11_module = NULL};
	X509                               *certificate = NULL;
	EVP_PKEY                           *key = NULL;

	ck_assert_int_eq(command_try(&csr, &err), 0);
	path = file_join(state, STATE_NEXT_KEY);
	unit_ok(key_open(path, &none, &key, &err), &err);
	/* The root's validity began when the test was written; this one's does now. */
	ca_clear(&pki.root);
	pki.root.key = pki_key(KEY_TYPE_P256, 2);
	unit_ok(ca_root_create(pki.root.key, "Another Root", clock_now(), PKI_YEAR, &pki.root.certificate, &err), &err);
	unit_ok(ca_issuing_create(&pki.root, key, "Another", clock_now(), PKI_YEAR / 2, &certificate, &err), &err);
	unit_ok(certificate_encode_pem(certificate, &pem, &err), &err);
	unit_ok(certificate_encode_pem(pki.root.certificate, &root, &err), &err);
	bytes_append_u8(&pem, '\0');
	bytes_append_u8(&root, '\0');
	put("issued.pem", (const char *)pem.data);
	put("roots.pem", (const char *)root.data);
	X509_free(certificate);
	EVP_PKEY_free(key);
	state_keep();
	unit_ok(command_try(&install, &err), &err);
	failing_every(5, 0);
	failing_each(command_try, &install);
}
END_TEST

static const struct failing_command init = COMMAND("init", "--name", "Test CA");
static const struct failing_command backup = COMMAND("backup", "@backup.tar");
static const struct failing_command restore = COMMAND("restore", "@backup.tar");

/* Only a backup is there. */
static void
setup_fresh(void)
{
	char command[SCRATCH_SIZE + 64];

	setup();
	ck_assert_int_eq(command_try(&backup, &err), 0);
	(void)snprintf(command, sizeof command, "rm -rf '%s'", state);
	ck_assert_int_eq(system(command), 0);
	state_keep();
}

START_TEST(init_that_fails_says_so_and_leaves_nothing)
{
	unit_ok(command_try(&init, &err), &err);
	failing_every(5, 0);
	failing_each(command_try_again, &init);
}
END_TEST

START_TEST(restore_that_fails_says_so_and_leaves_nothing)
{
	unit_ok(command_try(&restore, &err), &err);
	failing_every(5, 0);
	failing_each(command_try_again, &restore);
}
END_TEST

int
main(void)
{
	Suite *suite;
	TCase *tc;

	failing_paths();
	failing_calls(EIO);
	failing_crypto();
	failing_sql(SQLITE_IOERR);
	suite = suite_create("admin/failing");
	tc = tcase_create("failing");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, command_that_fails_says_so, 0, sizeof commands / sizeof commands[0]);
	tcase_add_loop_test(tc, command_without_its_store_says_so, 0, sizeof commands / sizeof commands[0]);
	tcase_add_test(tc, command_by_root_with_a_store_that_leads_nowhere_says_so);
	tcase_add_test(tc, backup_of_files_that_never_rest_says_so);
	tcase_add_test(tc, import_of_what_cannot_be_read_says_so);
	tcase_add_test(tc, trust_import_of_a_tree_without_end_says_so);
	tcase_add_test(tc, install_that_fails_says_so);
	tcase_add_test(tc, verify_of_what_is_no_ek_never_succeeds);
	suite_add_tcase(suite, tc);
	tc = tcase_create("fresh");
	tcase_add_checked_fixture(tc, setup_fresh, teardown);
	tcase_add_test(tc, init_that_fails_says_so_and_leaves_nothing);
	tcase_add_test(tc, restore_that_fails_says_so_and_leaves_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
