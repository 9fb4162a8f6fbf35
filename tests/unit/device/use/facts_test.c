/* What is known of the key that programs are to use: by the settings, and of which user. */
#include "config.h"

#include "device/use/facts.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/device_settings.h"
#include "device/pair.h"
#include "pki_support.h"
#include "scratch.h"

#define NOBODY 65534

static char                   directory[SCRATCH_SIZE];
static char                   state[SCRATCH_SIZE + 32];
static char                   other[SCRATCH_SIZE + 32];
static struct device_settings settings;
static struct device_settings usual;
static struct use_facts       facts;
static struct error           err;

/* A directory with the chain of a device of this name. */
static void
chain_make(char path[SCRATCH_SIZE + 32], const char *name, const char *common_name)
{
	AUTO_FREE char *file = NULL;
	AUTO_BYTES      pem = {0};
	struct pki      pki;
	struct ca       device = {.key = pki_key(KEY_TYPE_P256, 0)};

	(void)snprintf(path, SCRATCH_SIZE + 32, "%s/%s", directory, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	pki_make(&pki, KEY_TYPE_P256);
	device.certificate =
	    pki_forge(&(struct pki_forgery){.issuer = &pki.issuing, .key = device.key, .common_name = common_name});
	unit_ok(certificate_encode_pem(device.certificate, &pem, &err), &err);
	file = file_join(path, PAIR_CHAIN);
	unit_ok(file_create(file, pem.data, pem.size, 0644, &err), &err);
	ca_clear(&device);
	pki_clear(&pki);
}

static void
setup(void)
{
	ck_assert_int_eq(chmod(directory, 0755), 0);
	chain_make(state, "attest-device", "laptop");
	chain_make(other, "other", "tablet");
	(void)unsetenv("XDG_STATE_HOME");
	(void)unsetenv("HOME");
	settings = (struct device_settings){.state_dir = state};
	usual = (struct device_settings){0};
}

static void
directory_clear(const char *path)
{
	scratch_clear(path);
	(void)rmdir(path);
}

static void
teardown(void)
{
	use_facts_clear(&facts);
	directory_clear(state);
	directory_clear(other);
}

static void
find(void)
{
	unit_ok(use_facts_find(&settings, &usual, "/lib/module.so", &facts, &err), &err);
}

START_TEST(find_tells_place_and_names)
{
	char whole[PATH_MAX];

	find();
	ck_assert_str_eq(facts.name, "laptop");
	ck_assert_str_eq(facts.issuer, "Test Issuing CA");
	ck_assert_str_eq(facts.module, "/lib/module.so");
	ck_assert_str_eq(facts.directory, realpath(state, whole));
	ck_assert_str_eq(facts.state, whole); /* the module does not look there by itself */
	ck_assert_ptr_null(facts.tpm);
}
END_TEST

START_TEST(find_where_the_module_looks_itself_needs_no_variable)
{
	usual.state_dir = state;
	find();
	ck_assert_ptr_null(facts.state);
}
END_TEST

/* The certificate is elsewhere: the module looks there only when device.conf says so too. */
START_TEST(find_goes_by_out)
{
	char whole[PATH_MAX];

	settings.out = other;
	usual.state_dir = state;
	usual.out = _i == 0 ? NULL : other;
	find();
	ck_assert_str_eq(facts.name, "tablet");
	ck_assert_str_eq(facts.directory, realpath(other, whole));
	if (_i == 0)
		ck_assert_str_eq(facts.state, whole);
	else
		ck_assert_ptr_null(facts.state);
}
END_TEST

START_TEST(find_path_that_a_shell_reads_as_its_own_is_malformed)
{
	char spoilt[SCRATCH_SIZE + 32];

	chain_make(spoilt, "it's", "laptop");
	settings.state_dir = spoilt;
	unit_fails(use_facts_find(&settings, &usual, "/lib/module.so", &facts, &err), &err, ERROR_MALFORMED,
	    "the path of the certificate has a character that configuration files read as their own");
	directory_clear(spoilt);
}
END_TEST

/* A user's own state directory counts when it has a certificate. */
START_TEST(find_of_a_user_is_at_home)
{
	settings.state_dir = NULL;
	if (geteuid() == 0)
		ck_assert_int_eq(setuid(NOBODY), 0);
	ck_assert_int_eq(setenv("XDG_STATE_HOME", directory, 1), 0);
	find();
	ck_assert_str_eq(facts.name, "laptop");
	ck_assert_ptr_null(facts.state);
	ck_assert_int_eq(unsetenv("XDG_STATE_HOME"), 0);
	if (access("/var/lib/attest-device/" PAIR_CHAIN, F_OK) != 0) { /* this machine is not enrolled */
		struct use_facts none = {0};

		ck_assert_int_eq(use_facts_find(&settings, &usual, "/lib/module.so", &none, &err), -1);
		use_facts_clear(&none);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("facts");
	TCase *tc = tcase_create("facts");
	TCase *user = tcase_create("user");
	int    rc;

	(void)snprintf(directory, sizeof directory, "/tmp/attest-ca-facts.XXXXXX");
	if (mkdtemp(directory) == NULL) /* here, since a case that gives root up cannot remove it */
		return EXIT_FAILURE;
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_checked_fixture(user, setup, NULL);
	tcase_add_test(tc, find_tells_place_and_names);
	tcase_add_test(tc, find_where_the_module_looks_itself_needs_no_variable);
	tcase_add_loop_test(tc, find_goes_by_out, 0, 2);
	tcase_add_test(tc, find_path_that_a_shell_reads_as_its_own_is_malformed);
	tcase_add_test(user, find_of_a_user_is_at_home);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, user);
	rc = unit_run(suite);
	(void)snprintf(state, sizeof state, "%s/attest-device", directory);
	(void)snprintf(other, sizeof other, "%s/other", directory);
	directory_clear(state);
	directory_clear(other);
	(void)rmdir(directory);
	return rc;
}
