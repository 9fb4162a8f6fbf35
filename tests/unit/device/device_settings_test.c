#include "config.h"

#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "device/device_settings.h"
#include "device/state.h"
#include "scratch.h"
#include "unit.h"
#include "util/error.h"
#include "util/file.h"

static char directory[SCRATCH_SIZE];

static void
setup(void)
{
	scratch_make(directory);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

/* Writes a device.conf; the caller frees its path. */
static char *
config_write(const char *text)
{
	char        *path = file_join(directory, "device.conf");
	struct error err = {0};

	unit_ok(file_replace(path, text, strlen(text), 0600, &err), &err);
	return path;
}

static void
remember(const struct device_settings *all, struct device_state *state)
{
	struct error err = {0};

	unit_ok(device_settings_remember(all, state, &err), &err);
}

START_TEST(line_goes_before_file_and_file_before_memory)
{
	AUTO_FREE char *path = config_write("name = \"file\"\nacme = \"file\"\nkey_type = \"\"\n");
	AUTO_STATE      state = {.folder = {.fd = -1}};
	AUTO_SETTINGS   settings = {0};
	const struct device_settings before = {
	    .name = "memory", .acme = "memory", .attestation_url = "memory", .key_type = "memory"};
	const struct device_settings line = {.name = "line", .config = path};
	struct error                  err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	remember(&before, &state);
	unit_ok(device_settings_read(&line, true, &settings, &err), &err);
	ck_assert_ptr_null(settings.all.attestation_url);
	unit_ok(device_settings_recall(&settings, &state, &err), &err);
	ck_assert_str_eq(settings.all.name, "line");
	ck_assert_str_eq(settings.all.acme, "file");
	ck_assert_str_eq(settings.all.attestation_url, "memory");
	ck_assert_str_eq(settings.all.key_type, "memory"); /* an empty text says nothing */
	ck_assert_ptr_null(settings.all.ek);
}
END_TEST

START_TEST(remember_makes_paths_absolute_and_leaves_out_what_is_of_one_run)
{
	AUTO_STATE    state = {.folder = {.fd = -1}};
	AUTO_SETTINGS settings = {0};
	const struct device_settings before = {
	    .attestation_root = "/tmp/../tmp", .exec = "true", .owner_auth_file = "x", .ak_type = "p256"};
	struct error err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	remember(&before, &state);
	unit_ok(device_settings_recall(&settings, &state, &err), &err);
	ck_assert_str_eq(settings.all.attestation_root, "/tmp");
	ck_assert_ptr_null(settings.all.exec);
	ck_assert_ptr_null(settings.all.owner_auth_file);
	ck_assert_ptr_null(settings.all.ak_type);
}
END_TEST

START_TEST(recall_without_memory_is_nothing)
{
	AUTO_STATE    state = {.folder = {.fd = -1}};
	AUTO_SETTINGS settings = {0};
	struct error  err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	unit_ok(device_settings_recall(&settings, &state, &err), &err);
	ck_assert_ptr_null(settings.all.name);
}
END_TEST

START_TEST(recall_broken_memory_fails)
{
	AUTO_STATE        state = {.folder = {.fd = -1}};
	AUTO_SETTINGS     settings = {0};
	const struct view broken = {(const uint8_t *)"{", 1};
	struct error      err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	unit_ok(device_state_write(&state, DEVICE_STATE_SETTINGS, broken, &err), &err);
	ck_assert_int_eq(device_settings_recall(&settings, &state, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_ptr_nonnull(strstr(err.detail, DEVICE_STATE_SETTINGS));
}
END_TEST

START_TEST(read_unknown_option_is_malformed)
{
	AUTO_FREE char *path = config_write("colour = \"blue\"\n");
	AUTO_SETTINGS   settings = {0};
	const struct device_settings line = {.config = path};
	struct error                  err = {0};

	ck_assert_int_eq(device_settings_read(&line, false, &settings, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

/* Of the machine's settings a named key takes part; of the first key's none. */
START_TEST(named_key_has_a_file_of_its_own_and_the_machines_settings)
{
	static const char own[] = "name = \"own\"\nattestation_url = \"own\"\n";
	AUTO_FREE char *path = config_write("name = \"first\"\nacme = \"first\"\nacme_root = \"/first\"\n"
	                                    "key_type = \"ecc-p384\"\nrekey = \"7d\"\nout = \"/first\"\n"
	                                    "exec = \"first\"\nattestation_url = \"machine\"\n"
	                                    "tls_root = \"/machine\"\nkey_group = \"machine\"\n"
	                                    "state_dir = \"/machine\"\ntcti = \"machine\"\n");
	AUTO_FREE char *keys = file_join(directory, "keys");
	AUTO_FREE char *file = file_join(keys, "vpn.conf");
	AUTO_SETTINGS   settings = {0};
	AUTO_SETTINGS   other = {0};
	const struct device_settings vpn = {.key = "vpn", .config = path};
	const struct device_settings wifi = {.key = "wifi", .config = path};
	struct error                 err = {0};

	ck_assert_int_eq(mkdir(keys, 0700), 0);
	unit_ok(file_create(file, own, strlen(own), 0600, &err), &err);
	unit_ok(device_settings_read(&vpn, true, &settings, &err), &err);
	ck_assert_str_eq(settings.all.name, "own");
	ck_assert_str_eq(settings.all.attestation_url, "own");
	ck_assert_ptr_null(settings.all.acme);
	ck_assert_ptr_null(settings.all.acme_root);
	ck_assert_ptr_null(settings.all.key_type);
	ck_assert_ptr_null(settings.all.rekey);
	ck_assert_ptr_null(settings.all.out);
	ck_assert_ptr_null(settings.all.exec);
	ck_assert_str_eq(settings.all.tls_root, "/machine");
	ck_assert_str_eq(settings.all.key_group, "machine");
	ck_assert_str_eq(settings.all.state_dir, "/machine");
	ck_assert_str_eq(settings.all.tcti, "machine");
	unit_ok(device_settings_read(&wifi, true, &other, &err), &err);
	ck_assert_ptr_null(other.all.name);
	ck_assert_str_eq(other.all.attestation_url, "machine");
	(void)unlink(file);
	(void)rmdir(keys);
}
END_TEST

START_TEST(named_key_with_a_path_for_a_name_is_malformed)
{
	AUTO_SETTINGS                settings = {0};
	const struct device_settings line = {.key = "../device"};
	struct error                 err = {0};

	ck_assert_int_eq(device_settings_read(&line, false, &settings, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

static const struct {
	struct device_settings settings;
	const char             *detail; /* NULL: right */
} checks[] = {
    {{.attestation_url = "u", .acme = "a"}, NULL},
    {{.attestation_url = "u", .acme = "a", .name = "n", .key_type = "ecc-p384", .ak_type = "p256", .ek = "H-3"}, NULL},
    {{.acme = "a"}, "no attestation host is named: --attestation-url, or attestation_url in device.conf"},
    {{.attestation_url = "u"}, "no ACME server is named: --acme, or acme in device.conf"},
    {{.attestation_url = "u", .key = "vpn"},
        "no ACME server is named for the key vpn: --acme, or acme in keys/vpn.conf beside device.conf, "
        "whose own acme is the first key's"},
    {{.attestation_url = "u", .acme = "a", .key_type = "dsa"},
        "no key type is called \"dsa\"; there are ecc-p256, ecc-p384 and rsa-2048"},
    {{.attestation_url = "u", .acme = "a", .ak_type = "dsa"}, "no AK type is called \"dsa\""},
    {{.attestation_url = "u", .acme = "a", .ek = "dsa"}, "no EK is called \"dsa\""},
    {{.attestation_url = "u", .acme = "a", .rekey = "never"}, NULL},
    {{.attestation_url = "u", .acme = "a", .rekey = "90d"}, NULL},
    {{.attestation_url = "u", .acme = "a", .rekey = "soon"},
        "rekey, which is \"never\" or an age such as 90d: \"soon\" is no duration; write a number and "
        "one of s, m, h, d, w, y, as in 90d"},
};

START_TEST(check_says_what_is_missing_or_unknown)
{
	struct error err = {0};

	if (checks[_i].detail == NULL)
		unit_ok(device_settings_check(&checks[_i].settings, &err), &err);
	else
		unit_fails(device_settings_check(&checks[_i].settings, &err), &err, ERROR_MALFORMED,
		    checks[_i].detail);
}
END_TEST

START_TEST(named_key_whose_file_is_malformed_fails)
{
	AUTO_FREE char *path = config_write("name = \"first\"\n");
	AUTO_FREE char *keys = file_join(directory, "keys");
	AUTO_FREE char *file = file_join(keys, "abcdefghijklmnopqrstuvwxyz012345.conf"); /* the longest name */
	AUTO_SETTINGS   settings = {0};
	const struct device_settings line = {.key = "abcdefghijklmnopqrstuvwxyz012345", .config = path};
	struct error                 err = {0};

	ck_assert_int_eq(mkdir(keys, 0700), 0);
	unit_ok(file_create(file, "colour = \"blue\"\n", 16, 0600, &err), &err);
	ck_assert_int_eq(device_settings_read(&line, true, &settings, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_msg(strstr(err.detail, "colour") != NULL, "%s", err.detail);
	(void)unlink(file);
	(void)rmdir(keys);
}
END_TEST

/* On a machine that has been set up it is there. */
START_TEST(read_without_a_file_that_must_be_there_is_not_found)
{
	AUTO_SETTINGS                settings = {0};
	const struct device_settings line = {.name = "laptop"};
	struct error                 err = {0};

	if (device_settings_read(&line, true, &settings, &err) == 0)
		return;
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
	ck_assert_msg(strncmp(err.detail, "there is no /", 13) == 0 &&
	        strstr(err.detail, "/device.conf; make it from the sample, or name another with --config") != NULL,
	    "%s", err.detail);
	unit_ok(device_settings_read(&line, false, &settings, &err), &err);
	ck_assert_str_eq(settings.all.name, "laptop");
}
END_TEST

START_TEST(recall_of_a_text_with_a_nul_is_malformed)
{
	AUTO_STATE        state = {.folder = {.fd = -1}};
	AUTO_SETTINGS     settings = {0};
	const struct view cut = view_text("{\"name\": \"lap\\u0000top\"}");
	struct error      err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	unit_ok(device_state_write(&state, DEVICE_STATE_SETTINGS, cut, &err), &err);
	ck_assert_int_eq(device_settings_recall(&settings, &state, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_msg(strstr(err.detail, "/" DEVICE_STATE_SETTINGS ": \"name\" holds a NUL") != NULL, "%s", err.detail);
	ck_assert_ptr_null(settings.all.name);
}
END_TEST

/* Such a path was left out of what is remembered, so that a renewal went without it. */
START_TEST(what_is_kept_must_be_utf8)
{
	AUTO_STATE                   state = {.folder = {.fd = -1}};
	AUTO_SETTINGS                settings = {0};
	AUTO_FREE char              *path = config_write("name = \"laptop\"\n");
	const struct device_settings bad = {.config = path, .tls_root = "/etc/\xff.pem"};
	const struct device_settings fleeting = {.config = path, .exec = "echo \xff"};
	struct error                 err = {0};

	unit_ok(device_state_open(directory, NULL, &state, &err), &err);
	ck_assert_int_eq(device_settings_read(&bad, _i == 0, &settings, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_str_eq(err.detail, "tls_root is kept for renewals, and must be UTF-8: \"/etc/\xff.pem\" is not");
	ck_assert_int_eq(device_settings_remember(&bad, &state, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_int_eq(faccessat(state.folder.fd, DEVICE_STATE_SETTINGS, F_OK, 0), -1);
	device_settings_clear(&settings);
	unit_ok(device_settings_read(&fleeting, false, &settings, &err), &err);
	remember(&fleeting, &state);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_settings");
	TCase *tc = tcase_create("device_settings");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, line_goes_before_file_and_file_before_memory);
	tcase_add_test(tc, remember_makes_paths_absolute_and_leaves_out_what_is_of_one_run);
	tcase_add_test(tc, recall_without_memory_is_nothing);
	tcase_add_test(tc, recall_broken_memory_fails);
	tcase_add_test(tc, read_unknown_option_is_malformed);
	tcase_add_test(tc, named_key_has_a_file_of_its_own_and_the_machines_settings);
	tcase_add_test(tc, named_key_with_a_path_for_a_name_is_malformed);
	tcase_add_loop_test(tc, check_says_what_is_missing_or_unknown, 0,
	    (int)(sizeof checks / sizeof checks[0]));
	tcase_add_test(tc, named_key_whose_file_is_malformed_fails);
	tcase_add_test(tc, read_without_a_file_that_must_be_there_is_not_found);
	tcase_add_test(tc, recall_of_a_text_with_a_nul_is_malformed);
	tcase_add_loop_test(tc, what_is_kept_must_be_utf8, 0, 2);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
