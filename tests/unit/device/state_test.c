#include "config.h"

#include <sys/stat.h>

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device/evidence.h"
#include "device/state.h"
#include "device/tpm/device_ak.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"
#include "util/identity.h"

static char scratch[] = "/tmp/state_test.XXXXXX";

static int
remove_cb(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

START_TEST(default_of_the_user_follows_xdg)
{
	AUTO_FREE char *path = NULL;

	ck_assert_int_eq(setenv("HOME", "/home/u", 1), 0);
	ck_assert_int_eq(setenv("XDG_STATE_HOME", "/xdg", 1), 0);
	path = device_state_default();
	ck_assert_str_eq(path, geteuid() == 0 ? "/var/lib/attest-device" : "/xdg/attest-device");
}
END_TEST

/* Variables of a user, and the place that follows; NULL: not set. */
static const struct {
	const char *xdg;
	const char *home;
	const char *path;
} homes[] = {
    {"/xdg", "/home/u", "/xdg/attest-device"},
    {NULL, "/home/u", "/home/u/.local/state/attest-device"},
    {"relative", "/home/u", "/home/u/.local/state/attest-device"},
    {"", "", NULL},
    {NULL, "relative", NULL},
    {NULL, NULL, NULL},
};

START_TEST(default_of_a_user_is_at_home)
{
	AUTO_FREE char *path = NULL;

	if (geteuid() == 0)
		ck_assert_int_eq(setuid(65534), 0);
	(void)(homes[_i].xdg != NULL ? setenv("XDG_STATE_HOME", homes[_i].xdg, 1) : unsetenv("XDG_STATE_HOME"));
	(void)(homes[_i].home != NULL ? setenv("HOME", homes[_i].home, 1) : unsetenv("HOME"));
	path = device_state_default();
	if (homes[_i].path == NULL)
		ck_assert_ptr_null(path);
	else
		ck_assert_str_eq(path, homes[_i].path);
}
END_TEST

START_TEST(open_missing_directories_makes_them_private)
{
	AUTO_FREE char *deep = file_join(scratch, "a/b/c");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct stat     status;
	struct error    err = {0};

	unit_ok(device_state_open(deep, NULL, &state, &err), &err);
	ck_assert_int_eq(stat(deep, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
}
END_TEST

START_TEST(open_there_makes_nothing)
{
	AUTO_FREE char *deep = file_join(scratch, "there/b");
	AUTO_FREE char *above = file_join(scratch, "there");
	AUTO_FREE char *keys = file_join(scratch, "there/keys");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	AUTO_STATE      named = {.folder = {.fd = -1}};
	struct error    err = {0};

	ck_assert_int_eq(device_state_open_there(deep, NULL, &state, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	ck_assert_int_ne(access(above, F_OK), 0);
	ck_assert_int_eq(mkdir(above, 0700), 0);
	ck_assert_int_eq(device_state_open_there(above, "vpn", &named, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	ck_assert_int_ne(access(keys, F_OK), 0);
	unit_ok(device_state_open_there(above, NULL, &state, &err), &err);
}
END_TEST

START_TEST(open_of_another_users_directory_names_the_owner)
{
	AUTO_FREE char *shared = file_join(scratch, "shared");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct error    err = {0};
	int             rc;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(scratch, 0755), 0);
	ck_assert_int_eq(mkdir(shared, 0755), 0);
	ck_assert_int_eq(chmod(shared, 0755), 0);
	ck_assert_int_eq(seteuid(12345), 0);
	rc = device_state_open_there(shared, NULL, &state, &err);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(rc, -1);
	ck_assert_msg(strstr(err.detail, "/shared is uid 0's; run this as that user") != NULL, "%s", err.detail);
}
END_TEST

START_TEST(open_file_in_the_way_fails)
{
	AUTO_FREE char *file = file_join(scratch, "file");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct error    err = {0};
	char            wanted[512];

	unit_ok(file_replace(file, "", 0, 0600, &err), &err);
	(void)snprintf(wanted, sizeof wanted, "the state directory: %s is not a directory", file);
	unit_fails(device_state_open(file, NULL, &state, &err), &err, ERROR_INTERNAL, wanted);
}
END_TEST

START_TEST(ak_load_empty_directory_is_not_found)
{
	AUTO_FREE char *directory = file_join(scratch, "empty");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	AUTO_AK         ak = {0};
	struct error    err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	ck_assert_int_eq(device_state_ak_load(&state, &ak, &err), -1);
	ck_assert_int_eq((int)err.kind, (int)ERROR_NOT_FOUND);
}
END_TEST

START_TEST(ak_load_garbage_is_malformed)
{
	AUTO_FREE char *directory = file_join(scratch, "garbage");
	AUTO_FREE char *key = file_join(directory, DEVICE_STATE_AK);
	AUTO_FREE char *creation = file_join(directory, DEVICE_STATE_AK_CREATION);
	AUTO_STATE      state = {.folder = {.fd = -1}};
	AUTO_AK         ak = {0};
	struct error    err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	unit_ok(file_replace(key, "x", 1, 0600, &err), &err);
	unit_ok(file_replace(creation, "{}", 2, 0600, &err), &err);
	unit_fails(device_state_ak_load(&state, &ak, &err), &err, ERROR_MALFORMED,
	    "ak.pem: no TSS2 PRIVATE KEY");
}
END_TEST

/* Each member of the proof is needed. */
START_TEST(ak_evidence_without_a_member_is_malformed)
{
	static const char *const names[] = {"createData", "createAttestation", "createSignature"};

	for (size_t without = 0; without <= 3; without++) {
		char         text[256] = "{\"x\": 1";
		char         detail[64];
		AUTO_AK      ak = {0};
		struct error err = {0};

		for (size_t i = 0; i < 3; i++)
			if (i != without)
				(void)snprintf(text + strlen(text), sizeof text - strlen(text), ", \"%s\": \"YWI=\"", names[i]);
		(void)strcat(text, "}");
		if (without == 3) {
			unit_ok(device_evidence_decode(view_text(text), &ak, &err), &err);
			ck_assert(view_equal(bytes_view(&ak.signature), view_text("ab")));
			continue;
		}
		(void)snprintf(detail, sizeof detail, "no string \"%s\"", names[without]);
		unit_fails(device_evidence_decode(view_text(text), &ak, &err), &err, ERROR_MALFORMED, detail);
	}
}
END_TEST

START_TEST(chain_save_is_for_the_owner_alone)
{
	AUTO_FREE char *directory = file_join(scratch, "chain");
	AUTO_FREE char *path = NULL;
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct stat     status;
	struct error    err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	unit_ok(device_state_chain_save(&state, (struct view){(const uint8_t *)"x", 1}, &path, &err),
	    &err);
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

/* Directories in which root keeps no state: whose, with which mode, of whom the one above. */
static const struct {
	uid_t       owner;
	gid_t       group;
	mode_t      mode;
	uid_t       parent;
	const char *wanted; /* in the refusal; NULL: it is taken */
} places[] = {
    {0, 0, 0700, 0, NULL},
    {0, 0, 0770, 0, NULL}, /* root's own group */
    {12345, 12345, 0700, 0,
        ", which is uid 12345's; run this as that user, or give another --state-dir"},
    {0, 12345, 0770, 0, ", where others may write; run \"chmod go-w /"},
    {0, 0, 0702, 0, ", where others may write; run \"chmod go-w /"},
    {0, 0, 0700, 12345, ": uid 12345, whose it is not, may put another in its place; run this as its "
                        "owner"},
};

START_TEST(open_by_root_takes_roots_directory_only)
{
	AUTO_FREE char *parent = NULL;
	AUTO_FREE char *directory = NULL;
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct error    err = {0};
	char            name[16];

	if (geteuid() != 0)
		return;
	(void)snprintf(name, sizeof name, "place%d", _i);
	parent = file_join(scratch, name);
	directory = file_join(parent, "state");
	ck_assert_int_eq(mkdir(parent, 0755), 0);
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	ck_assert_int_eq(chown(directory, places[_i].owner, places[_i].group), 0);
	ck_assert_int_eq(chmod(directory, places[_i].mode), 0);
	ck_assert_int_eq(chown(parent, places[_i].parent, 0), 0);
	if (places[_i].wanted == NULL) {
		unit_ok(device_state_open(directory, NULL, &state, &err), &err);
		return;
	}
	ck_assert_int_eq(device_state_open(directory, NULL, &state, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, places[_i].wanted) != NULL, "%s", err.detail);
}
END_TEST

START_TEST(open_by_root_makes_nothing_in_the_directory_of_another)
{
	AUTO_FREE char *home = file_join(scratch, "home");
	AUTO_FREE char *inside = file_join(home, "state");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct error    err = {0};

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir(home, 0755), 0);
	ck_assert_int_eq(chown(home, 12345, 12345), 0);
	ck_assert_int_eq(device_state_open(inside, NULL, &state, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "uid 12345"));
	ck_assert_int_eq(access(inside, F_OK), -1);
}
END_TEST

START_TEST(read_follows_no_link_and_waits_for_no_fifo)
{
	AUTO_FREE char *directory = file_join(scratch, "links");
	AUTO_FREE char *link = file_join(directory, DEVICE_STATE_AK_CHAIN);
	AUTO_FREE char *fifo = file_join(directory, DEVICE_STATE_SETTINGS);
	AUTO_STATE      state = {.folder = {.fd = -1}};
	AUTO_BYTES      content = {0};
	struct error    err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	ck_assert_int_eq(symlink("/etc/passwd", link), 0);
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(device_state_chain_load(&state, &content, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, DEVICE_STATE_AK_CHAIN " is no regular file"));
	ck_assert_int_eq(device_state_read(&state, DEVICE_STATE_SETTINGS, &content, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, DEVICE_STATE_SETTINGS " is no regular file"));
	ck_assert_uint_eq(content.size, 0);
}
END_TEST

static const char *const names_good[] = {"vpn", "a", "0", "A.b_c-d", "abcdefghijklmnopqrstuvwxyz012345"};
static const char *const names_bad[] = {"", ".", "..", ".x", "-x", "_x", "a/b", "a b", "\xc3\xa4",
    "abcdefghijklmnopqrstuvwxyz0123456"};

START_TEST(key_names_are_plain)
{
	struct error err = {0};

	for (size_t i = 0; i < sizeof names_good / sizeof names_good[0]; i++)
		unit_ok(device_state_key_check(names_good[i], &err), &err);
	for (size_t i = 0; i < sizeof names_bad / sizeof names_bad[0]; i++) {
		ck_assert_int_eq(device_state_key_check(names_bad[i], &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
}
END_TEST

START_TEST(open_named_key_makes_a_directory_of_its_own)
{
	AUTO_FREE char  *directory = file_join(scratch, "named");
	AUTO_FREE char  *inside = file_join(directory, "keys/vpn");
	AUTO_FREE char  *file = file_join(inside, "x");
	AUTO_STATE       first = {.folder = {.fd = -1}};
	AUTO_STATE       vpn = {.folder = {.fd = -1}};
	AUTO_STATE       bad = {.folder = {.fd = -1}};
	AUTO_STATE_NAMES names = {0};
	struct stat      status;
	struct error     err = {0};

	unit_ok(device_state_names_read(directory, &names, &err), &err);
	ck_assert_uint_eq(names.count, 0);
	unit_ok(device_state_open(directory, NULL, &first, &err), &err); /* one does not wait for the other */
	unit_ok(device_state_open(directory, "vpn", &vpn, &err), &err);
	unit_ok(device_state_write(&vpn, "x", view_text("y"), &err), &err);
	ck_assert_int_eq(stat(inside, &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	ck_assert_int_eq(access(file, F_OK), 0);
	ck_assert_int_eq(device_state_open(directory, "../x", &bad, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	unit_ok(device_state_show(&vpn, &err), &err);
	for (int i = 0; i < 3; i++) {
		static const char *const shown[] = {"named", "named/keys", "named/keys/vpn"};
		AUTO_FREE char          *path = file_join(scratch, shown[i]);

		ck_assert_int_eq(stat(path, &status), 0);
		ck_assert_uint_eq(status.st_mode & 07777, 0755);
	}
}
END_TEST

START_TEST(names_are_those_of_directories)
{
	AUTO_FREE char  *directory = file_join(scratch, "listed");
	AUTO_FREE char  *keys = file_join(directory, "keys");
	AUTO_FREE char  *file = file_join(keys, "file");
	AUTO_FREE char  *link = file_join(keys, "link");
	AUTO_FREE char  *hidden = file_join(keys, ".hidden");
	AUTO_STATE_NAMES names = {0};
	struct error     err = {0};

	for (int i = 0; i < 2; i++) {
		static const char *const made[] = {"wifi", "vpn"};
		AUTO_STATE               state = {.folder = {.fd = -1}};

		unit_ok(device_state_open(directory, made[i], &state, &err), &err);
	}
	unit_ok(file_create(file, "x", 1, 0600, &err), &err);
	ck_assert_int_eq(symlink("vpn", link), 0);
	ck_assert_int_eq(mkdir(hidden, 0700), 0);
	ck_assert(!device_state_first_is_there(directory));
	unit_ok(device_state_names_read(directory, &names, &err), &err);
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.names[0], "vpn");
	ck_assert_str_eq(names.names[1], "wifi");
	unit_ok(device_state_names_find(&names, "wifi", &err), &err);
	unit_fails(device_state_names_find(&names, "wif", &err), &err, ERROR_NOT_FOUND,
	    "there is no key \"wif\" (there is: vpn, wifi); \"attest-device certificate --key\" makes one");
}
END_TEST

START_TEST(open_named_key_through_a_link_fails)
{
	AUTO_FREE char *directory = file_join(scratch, "linked");
	AUTO_FREE char *keys = file_join(directory, "keys");
	AUTO_STATE      first = {.folder = {.fd = -1}};
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct error    err = {0};

	unit_ok(device_state_open(directory, NULL, &first, &err), &err);
	ck_assert_int_eq(symlink("/tmp", keys), 0);
	ck_assert_int_eq(device_state_open(directory, "vpn", &state, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.detail, "a link: it is not followed"));
}
END_TEST

/* A user without a home names a directory, and has no keys until then. */
START_TEST(open_without_a_home_says_so)
{
	struct device_state_names names = {0};
	AUTO_STATE                state = {.folder = {.fd = -1}};
	struct error              err = {0};

	if (geteuid() == 0)
		ck_assert_int_eq(setuid(65534), 0);
	ck_assert_int_eq(unsetenv("XDG_STATE_HOME"), 0);
	ck_assert_int_eq(unsetenv("HOME"), 0);
	unit_fails(device_state_open(NULL, NULL, &state, &err), &err, ERROR_INTERNAL,
	    "neither XDG_STATE_HOME nor HOME is set; name a directory with --state-dir");
	unit_ok(device_state_names_read(NULL, &names, &err), &err);
	ck_assert_uint_eq(names.count, 0);
	device_state_names_free(&names);
}
END_TEST

/* A user works in a directory of its own, whoever owns what is above. */
START_TEST(open_by_a_user_takes_its_own_directory)
{
	AUTO_FREE char *directory = file_join(scratch, "users");
	AUTO_FREE char *inside = file_join(directory, "a/b");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct error    err = {0};

	ck_assert_int_eq(mkdir(directory, 0777), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(scratch, 0755), 0);
		ck_assert_int_eq(chown(directory, 65534, 65534), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	unit_ok(device_state_open(inside, NULL, &state, &err), &err);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

/* Evidence that is no JSON, and a member that is no base64. */
static const struct {
	const char *text;
	const char *detail;
} evidences[] = {
    {"{", "not JSON: "},
    {"{\"createData\": \"a\", \"createAttestation\": \"\", \"createSignature\": \"\"}", "createData: base64 of 1 character"},
};

START_TEST(evidence_that_cannot_be_decoded_says_which)
{
	struct device_ak ak = {0};
	struct error     err = {0};

	ck_assert_int_eq(device_evidence_decode(view_text(evidences[_i].text), &ak, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_msg(strncmp(err.detail, evidences[_i].detail, strlen(evidences[_i].detail)) == 0, "%s", err.detail);
	device_ak_clear(&ak);
}
END_TEST

static bool replaced; /* the directory becomes another user's once its way was looked at */

int __real_identity_find(const char *path, struct identity *out, struct error *err);
int __wrap_identity_find(const char *path, struct identity *out, struct error *err);
int
__wrap_identity_find(const char *path, struct identity *out, struct error *err)
{
	int rc = __real_identity_find(path, out, err);

	if (replaced)
		ck_assert_int_eq(chown(path, 12345, 12345), 0);
	return rc;
}

START_TEST(open_by_root_of_what_is_replaced_meanwhile_fails)
{
	AUTO_FREE char *directory = file_join(scratch, "replaced");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	struct error    err = {0};

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir(directory, 0700), 0);
	replaced = true;
	ck_assert_int_eq(device_state_open(directory, NULL, &state, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, "/replaced was replaced while it was opened") != NULL, "%s", err.detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state");
	TCase *tc = tcase_create("state");
	int    status;

	if (mkdtemp(scratch) == NULL)
		return EXIT_FAILURE;
	tcase_add_test(tc, default_of_the_user_follows_xdg);
	tcase_add_loop_test(tc, default_of_a_user_is_at_home, 0, sizeof homes / sizeof homes[0]);
	tcase_add_test(tc, open_missing_directories_makes_them_private);
	tcase_add_test(tc, open_there_makes_nothing);
	tcase_add_test(tc, open_of_another_users_directory_names_the_owner);
	tcase_add_test(tc, open_file_in_the_way_fails);
	tcase_add_test(tc, ak_load_empty_directory_is_not_found);
	tcase_add_test(tc, ak_load_garbage_is_malformed);
	tcase_add_test(tc, ak_evidence_without_a_member_is_malformed);
	tcase_add_test(tc, chain_save_is_for_the_owner_alone);
	tcase_add_loop_test(tc, open_by_root_takes_roots_directory_only, 0,
	    sizeof places / sizeof places[0]);
	tcase_add_test(tc, open_by_root_makes_nothing_in_the_directory_of_another);
	tcase_add_test(tc, read_follows_no_link_and_waits_for_no_fifo);
	tcase_add_test(tc, key_names_are_plain);
	tcase_add_test(tc, open_named_key_makes_a_directory_of_its_own);
	tcase_add_test(tc, names_are_those_of_directories);
	tcase_add_test(tc, open_named_key_through_a_link_fails);
	tcase_add_test(tc, open_without_a_home_says_so);
	tcase_add_test(tc, open_by_a_user_takes_its_own_directory);
	tcase_add_loop_test(tc, evidence_that_cannot_be_decoded_says_which, 0, sizeof evidences / sizeof evidences[0]);
	tcase_add_test(tc, open_by_root_of_what_is_replaced_meanwhile_fails);
	suite_add_tcase(suite, tc);
	status = unit_run(suite);
	(void)nftw(scratch, remove_cb, 8, FTW_DEPTH | FTW_PHYS);
	return status;
}
