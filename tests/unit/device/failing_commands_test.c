/*
 * attest-device on a machine where one command of the TPM, or one system call, fails: what it is asked for it does,
 * or it says what failed. Nothing is left loaded in the TPM.
 */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>

#include "command_failing.h"
#include "device/certificate_files.h"
#include "device/commands.h"
#include "device/device_settings.h"
#include "device/host/acme_client.h"
#include "device/host/acme_order.h"
#include "device/host/http_client.h"
#include "device/interrupt.h"
#include "device/state.h"
#include "device/tpm/ak_type.h"
#include "device/tpm/device_ak.h"
#include "device/tpm/device_credential.h"
#include "device/tpm/device_ek.h"
#include "device/tpm/esys.h"
#include "device/tpm/key_file.h"
#include "device/tpm/sign_key.h"
#include "device/tpm/template.h"
#include "failing_calls.h"
#include "failing_crypto.h"
#include "failing_tpm.h"
#include "pki/ak_certificate.h"
#include "pki/csr.h"
#include "pki/device_certificate.h"
#include "pki_support.h"
#include "tpm/public.h"
#include "tpm/spki.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/folder.h"

#define EK_FIRST 0x81010001U /* where EKs are kept */

static struct pki   pki;
static struct error err;

/* The next AK's chain. */
static const char *const  laptop[] = {"laptop"};
static const char        *many[32];
static const char *const *chain_names = laptop;
static size_t             chain_name_count = 1;
static int64_t            chain_ends = 7 * PKI_DAY; /* from now */

/* ---- what the device has ---- */

/* A certificate by the issuing CA, which began some minutes ago, and the CA's own. */
static void
chain_make(EVP_PKEY *key, int64_t lifetime, struct bytes *pem)
{
	AUTO_BYTES               spki = {0};
	AUTO_BYTES               der = {0};
	uint8_t                  serial[CERTIFICATE_SERIAL_SIZE];
	X509                    *certificate = NULL;
	struct ak_profile        profile = {.ek_urn = "urn:ek:sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
	           .manufacturer = "id:4E544300", .model = "NPCT75x", .version = "id:00070002", .names = chain_names,
	           .name_count = chain_name_count, .not_before = clock_now() - 500, .not_after = clock_now() + lifetime};

	unit_ok(spki_encode(key, &spki, &err), &err);
	profile.spki = bytes_view(&spki);
	unit_ok(ak_certificate_issue(&pki.issuing, &profile, serial, &profile.not_after, &der, &err), &err);
	unit_ok(certificate_decode(bytes_view(&der), &certificate, &err), &err);
	unit_ok(certificate_encode_pem(certificate, pem, &err), &err);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, pem, &err), &err);
	X509_free(certificate);
}

/* The issuing CA, as of today. */
static void
authority_make(void)
{
	pki.root.key = pki_key(KEY_TYPE_P256, 0);
	pki.issuing.key = pki_key(KEY_TYPE_P256, 1);
	unit_ok(ca_root_create(pki.root.key, "Root", clock_now() - 600, PKI_YEAR, &pki.root.certificate, &err), &err);
	unit_ok(ca_issuing_create(&pki.root, pki.issuing.key, "Issuing", clock_now() - 600, PKI_YEAR,
	            &pki.issuing.certificate, &err), &err);
}

static EVP_PKEY *
public_of(const struct device_key *key)
{
	AUTO_BYTES spki = {0};
	EVP_PKEY  *public = NULL;

	unit_ok(tpm_public_spki(&key->public.publicArea, &spki, &err), &err);
	unit_ok(spki_decode(bytes_view(&spki), "the key", &public, &err), &err);
	return public;
}

static void
pair_make(struct device_tpm *tpm, const struct device_state *here)
{
	struct device_key key;
	EVP_PKEY         *public = NULL;
	AUTO_BYTES        pem = {0};
	AUTO_BYTES        chain = {0};

	unit_ok(sign_key_create(tpm, sign_key_type_find("ecc-p256"), &key, &err), &err);
	unit_ok(device_key_encode(&key, &pem, &err), &err);
	public = public_of(&key);
	chain_make(public, PKI_DAY, &chain);
	EVP_PKEY_free(public);
	unit_ok(device_state_write(here, "device.key", bytes_view(&pem), &err), &err);
	unit_ok(device_state_write(here, "device.pem", bytes_view(&chain), &err), &err);
}

/* An AK with its chain, a key with its certificate, in the state directory or that of a named key. */
static void
key_fill(struct device_tpm *tpm, const char *name)
{
	AUTO_AK    ak = {0};
	AUTO_BYTES chain = {0};
	AUTO_STATE here = {.folder = {.fd = -1}};
	EVP_PKEY  *public = NULL;
	uint32_t   handle;

	unit_ok(device_ak_create(tpm, device_ak_type_find("p256"), &ak, &handle, &err), &err);
	device_tpm_release(tpm, &handle);
	unit_ok(device_state_open(state, name, &here, &err), &err);
	unit_ok(device_state_ak_save(&here, &ak, &err), &err);
	public = public_of(&ak.key);
	chain_make(public, chain_ends, &chain);
	EVP_PKEY_free(public);
	unit_ok(device_state_write(&here, DEVICE_STATE_AK_CHAIN, bytes_view(&chain), &err), &err);
	pair_make(tpm, &here);
}

static void
state_fill(void)
{
	AUTO_TPM tpm = NULL;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	key_fill(tpm, NULL);
	key_fill(tpm, "web");
}

/* The EKs that every TPM has stay in this one, so that none is made each time. */
static void
eks_keep(void)
{
	static const char *const kinds[] = {"rsa2048", "p256"};
	AUTO_TPM                 tpm = NULL;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	for (TPM2_HANDLE i = 0; i < 2; i++) {
		AUTO_EK  ek = {0};
		uint32_t handle;
		ESYS_TR  stays;

		unit_ok(device_ek_load(tpm, device_template_find(kinds[i]), &ek, &handle, &err), &err);
		ck_assert_uint_eq(Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE,
		                      ESYS_TR_NONE, EK_FIRST + i, &stays), TSS2_RC_SUCCESS);
		(void)Esys_TR_Close(tpm->esys, &stays);
		device_tpm_release(tpm, &handle);
	}
}

static const struct failing_command certify = {&attest_device_program, {"certificate", "--acme", "https://acme.test/directory",
    "--attestation-url", "http://attest.test", "--key", "web", "--rekey", "90d", "--tcti", "of this test", NULL}};

/* Once, for all cases: the key "web" has its certificate from the server, and is young. */
static void
setup(void)
{
	AUTO_FREE char *module = NULL;

	authority_make();
	state_make();
	eks_keep();
	state_fill();
	state_keep();
	unit_ok(command_try(&certify, &err), &err);
	module = file_join(place, "module.so");
	unit_ok(file_create(module, "", 0, 0600, &err), &err);
	state_keep();
}

static void
teardown(void)
{
	pki_clear(&pki);
	state_remove();
}

/* ---- what fails of our own ---- */

static bool no_ek; /* the TPM makes none */

/* A wrapped call is named so by the linker: where somebody calls it, it fails when it has to. */
#define FAILS(name, parameters, ...)                                                              \
	int __real_##name parameters;                                                             \
	int __wrap_##name parameters;                                                             \
	int __wrap_##name parameters                                                              \
	{                                                                                         \
		return failing_now() ? error_set(why, ERROR_INTERNAL, #name " of this test fails") \
		                     : __real_##name(__VA_ARGS__);                                 \
	}

FAILS(certificate_files_key_made, (const char *directory, int64_t *made, struct error *why), directory, made, why)
FAILS(device_interrupt_check, (struct error *why), why)
FAILS(device_key_encode, (const struct device_key *key, struct bytes *pem, struct error *why), key, pem, why)
FAILS(device_ek_present, (struct device_tpm *tpm, const struct device_template *template, bool *present,
    struct error *why), tpm, template, present, why)
FAILS(device_settings_read, (const struct device_settings *line, bool must_have, struct device_sources *sources,
    struct error *why), line, must_have, sources, why)
FAILS(folder_list, (const struct folder *folder, struct dirent ***entries, struct error *why), folder, entries, why)
FAILS(http_client_new, (const char *roots, int64_t end_ms, struct http_client **out, struct error *why), roots,
    end_ms, out, why)
FAILS(sign_key_check, (struct device_tpm *tpm, const struct device_key *key, struct error *why), tpm, key, why)
FAILS(tpm_public_key, (const TPMT_PUBLIC *public, EVP_PKEY **key, struct error *why), public, key, why)
FAILS(tpm_public_spki, (const TPMT_PUBLIC *public, struct bytes *spki, struct error *why), public, spki, why)

static int salt; /* of the TPM's signatures by RSA keys; -1: it does not sign */

int __real_sign_key_pss_salt(struct device_tpm *tpm, const struct device_key *key, int *length, struct error *why);
int __wrap_sign_key_pss_salt(struct device_tpm *tpm, const struct device_key *key, int *length, struct error *why);
int
__wrap_sign_key_pss_salt(struct device_tpm *tpm, const struct device_key *key, int *length, struct error *why)
{
	if (salt == 0)
		return __real_sign_key_pss_salt(tpm, key, length, why);
	*length = salt;
	return salt > 0 ? 0 : error_set(why, ERROR_INTERNAL, "the TPM of this test does not sign");
}

int __real_device_ek_load(struct device_tpm *tpm, const struct device_template *template, struct device_ek *ek,
    uint32_t *handle, struct error *why);
int __wrap_device_ek_load(struct device_tpm *tpm, const struct device_template *template, struct device_ek *ek,
    uint32_t *handle, struct error *why);
int
__wrap_device_ek_load(struct device_tpm *tpm, const struct device_template *template, struct device_ek *ek,
    uint32_t *handle, struct error *why)
{
	return no_ek ? error_set(why, ERROR_NOT_FOUND, "no such EK") : __real_device_ek_load(tpm, template, ek, handle, why);
}

static bool host_answers; /* nonsense, behind a challenge */

int __real_device_credential_activate(struct device_tpm *tpm, const struct device_credential_keys *keys,
    const TPM2B_ID_OBJECT *credential, const TPM2B_ENCRYPTED_SECRET *secret, struct bytes *opened, struct error *why);
int __wrap_device_credential_activate(struct device_tpm *tpm, const struct device_credential_keys *keys,
    const TPM2B_ID_OBJECT *credential, const TPM2B_ENCRYPTED_SECRET *secret, struct bytes *opened, struct error *why);
int
__wrap_device_credential_activate(struct device_tpm *tpm, const struct device_credential_keys *keys,
    const TPM2B_ID_OBJECT *credential, const TPM2B_ENCRYPTED_SECRET *secret, struct bytes *opened, struct error *why)
{
	if (!host_answers)
		return __real_device_credential_activate(tpm, keys, credential, secret, opened, why);
	bytes_append(opened, "secret", 6);
	return 0;
}

/* No host answers, or one that is none. */
int __wrap_http_client_post(struct http_client *client, const char *base, const char *path, const char *text,
    enum retry_rule rule, struct http_answer *answer, struct error *why);
int
__wrap_http_client_post(struct http_client *client, const char *base, const char *path, const char *text,
    enum retry_rule rule, struct http_answer *answer, struct error *why)
{
	static const char challenge[] = "{\"credential\":\"AANhYmM=\",\"secret\":\"AAJ4eQ==\"}";
	static const char nonsense[] = "<html>";
	bool              first = strcmp(path, "/attest") == 0;

	(void)client, (void)base, (void)text, (void)rule;
	if (!host_answers)
		return error_set(why, ERROR_INTERNAL, "the host of this test is away");
	*answer = (struct http_answer){.status = 200};
	bytes_append(&answer->body, first ? challenge : nonsense, first ? sizeof challenge - 1 : sizeof nonsense - 1);
	return 0;
}

/* ---- the ACME server ---- */

int __wrap_acme_client_open(struct acme_client *client, struct http_client *http, EVP_PKEY *key, const char *url,
    struct error *why);
int
__wrap_acme_client_open(struct acme_client *client, struct http_client *http, EVP_PKEY *key, const char *url,
    struct error *why)
{
	(void)client, (void)http, (void)key, (void)url;
	return failing_now() ? error_set(why, ERROR_INTERNAL, "the server of this test is away") : 0;
}

/* Asks what a server asks for, and issues. */
int __wrap_acme_order_run(struct acme_client *client, const char *name, const struct acme_applicant *applicant,
    struct bytes *pem, struct error *why);
int
__wrap_acme_order_run(struct acme_client *client, const char *name, const struct acme_applicant *applicant,
    struct bytes *pem, struct error *why)
{
	struct device_profile profile = {.identifier = name, .usages = DEVICE_USAGE_CLIENT,
	    .not_before = clock_now() - 60, .not_after = clock_now() + PKI_DAY};
	struct csr            csr;
	uint8_t               serial[CERTIFICATE_SERIAL_SIZE];
	AUTO_BYTES            object = {0};
	AUTO_BYTES            request = {0};
	AUTO_BYTES            der = {0};
	X509                 *certificate = NULL;

	(void)client;
	if (applicant->attest(applicant->arg, "token.thumbprint", &object, why) != 0 ||
	    applicant->request(applicant->arg, &request, why) != 0)
		return -1;
	failing_off();
	applicant->progress(applicant->arg, "issuing");
	unit_ok(csr_decode(bytes_view(&request), &csr, &err), &err);
	profile.key = csr.key;
	unit_ok(device_certificate_issue(&pki.issuing, &profile, serial, &profile.not_after, &der, &err), &err);
	unit_ok(certificate_decode(bytes_view(&der), &certificate, &err), &err);
	unit_ok(certificate_encode_pem(certificate, pem, &err), &err);
	unit_ok(certificate_encode_pem(pki.issuing.certificate, pem, &err), &err);
	X509_free(certificate);
	csr_clear(&csr);
	failing_on();
	return 0;
}

/* ---- what it does ---- */

#define COMMAND(...) {&attest_device_program, {__VA_ARGS__, "--tcti", "of this test", NULL}}
#define SERVERS      "--acme", "https://acme.test/directory", "--attestation-url", "http://attest.test"

static const struct failing_command commands[] = {
    COMMAND("status"),
    COMMAND("ek"),
    COMMAND("ek", "--hash"),
    COMMAND("certificate", SERVERS, "--key", "web", "--key-group", "0"),
    COMMAND("renew"), /* nothing is due */
    COMMAND("use", "--key", "web", "--module", "@module.so"),
    COMMAND("renew", "--force", "--key", "web"),
    COMMAND("renew", "--force", "--new-key", "--key", "web"),
};

static int
command_run_once(const void *arg, struct error *why)
{
	int rc = command_try(arg, why);

	ck_assert_msg(failing_tpm_loaded() == 0, "%s: something stays loaded", said);
	return rc;
}

START_TEST(command_that_fails_says_so)
{
	failing_every(67, 5);
	failing_each(command_run_once, &commands[_i]);
}
END_TEST

/* It is what the others see of it. */
START_TEST(status_tells_the_ak_and_each_key)
{
	unit_ok(command_try(&commands[0], &err), &err);
	ck_assert_msg(strstr(said, "AK           p256\n") != NULL, "%s", said);
	ck_assert_msg(strstr(said, "certificate  laptop\n") != NULL, "%s", said);
	ck_assert_msg(strstr(said, "key          web\n") != NULL, "%s", said);
	ck_assert_msg(strstr(said, "problem") == NULL, "%s", said);
}
END_TEST

/* ---- what it says ---- */

/* What the last certification of a key leaves. */
static void
settings_put(const char *name, const char *text)
{
	AUTO_STATE here = {.folder = {.fd = -1}};

	unit_ok(device_state_open(state, name, &here, &err), &err);
	unit_ok(device_state_write(&here, DEVICE_STATE_SETTINGS, view_text(text), &err), &err);
}

static void
assert_says(int wanted, const char *text, const struct failing_command *command)
{
	ck_assert_int_eq(command_try(command, &err), wanted);
	ck_assert_msg(strstr(said, text) != NULL, "%s", said);
}

START_TEST(tpm_without_an_ek_has_none_to_show)
{
	static const struct failing_command status = COMMAND("status");
	static const struct failing_command ek = COMMAND("ek");

	no_ek = true;
	assert_says(0, "TPM          ", &status);
	ck_assert_ptr_null(strstr(said, "\nEK "));
	assert_says(-1, "this TPM makes no EK that TCG's templates describe", &ek);
}
END_TEST

/* Each is said, and the others are shown. */
START_TEST(certificates_that_have_ended_are_a_failure_of_status)
{
	static const struct failing_command status = COMMAND("status");
	AUTO_TPM                            tpm = NULL;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	state_restore();
	chain_ends = -60;
	key_fill(tpm, "old");
	device_tpm_cleanup(&tpm);
	state_keep();
	assert_says(-1, "key          old\nAK           ak-chain.pem: it expired at ", &status);
	ck_assert_msg(strstr(said, "key          web\n") != NULL, "%s", said);
}
END_TEST

/* TPMs that sign with the longest salt are common: TLS 1.3 takes no such signature. */
START_TEST(certificate_of_an_rsa_key_notes_a_salt_that_is_too_long)
{
	static const struct failing_command command = COMMAND("certificate", SERVERS, "--key", "web", "--key-type", "rsa-2048");

	salt = 222;
	assert_says(0, "note: this TPM signs RSA-PSS with a salt of 222 octets, where TLS 1.3 requires 32: ", &command);
	salt = -1;
	assert_says(-1, "the TPM of this test does not sign", &command);
}
END_TEST

/* What another TPM has wrapped is not loaded: the machine has a new mainboard. */
static void
ak_lose(const char *name)
{
	AUTO_STATE        here = {.folder = {.fd = -1}};
	AUTO_BYTES        pem = {0};
	AUTO_BYTES        lost = {0};
	struct device_key ak;

	state_restore();
	unit_ok(device_state_open(state, name, &here, &err), &err);
	unit_ok(device_state_read(&here, DEVICE_STATE_AK, &pem, &err), &err);
	unit_ok(device_key_decode(bytes_view(&pem), &ak, &err), &err);
	ak.private.buffer[ak.private.size - 1] ^= 1;
	unit_ok(device_key_encode(&ak, &lost, &err), &err);
	unit_ok(device_state_write(&here, DEVICE_STATE_AK, bytes_view(&lost), &err), &err);
	device_state_close(&here);
	here.folder.fd = -1;
	state_keep();
}

#define LOST "the keys of this machine no longer load: the TPM was cleared or replaced; run "

/* The failure of each key is said, and the first is told. */
START_TEST(renew_of_keys_that_are_lost_says_so_of_each)
{
	static const struct failing_command all = COMMAND("renew");
	static const struct failing_command web = COMMAND("renew", "--key", "web");
	static const struct failing_command late = COMMAND("renew", "--key", "late");
	AUTO_TPM                            tpm = NULL;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	state_restore();
	chain_ends = 60;
	key_fill(tpm, "late");
	device_tpm_cleanup(&tpm);
	settings_put("late", "{\"acme\": \"https://acme.test\", \"attestation_url\": \"http://attest.test\"}");
	state_keep();
	ak_lose(NULL);
	ak_lose("late");
	ak_lose("web");
	assert_says(-1, LOST, &web);
	assert_says(-1, LOST, &late);
	assert_says(-1, "attest-device: key web: ", &all);
	ck_assert_msg(strstr(said, "attest-device: key late: ") != NULL, "%s", said);
}
END_TEST

/* A new AK is made, and the host is away, or something fails before. */
static const struct failing_command ask = COMMAND("certificate", SERVERS, "--key", "web", "--new-ak");

START_TEST(certificate_of_which_the_host_is_away_never_succeeds)
{
	failing_every(67, 5);
	failing_refuses(command_run_once, &ask);
}
END_TEST

START_TEST(certificate_of_which_the_host_answers_nonsense_says_so)
{
	host_answers = true;
	ck_assert_int_eq(command_try(&ask, &err), -1);
	ck_assert_msg(strstr(said, "the answer is not JSON: line 1, column 0: '{' expected") != NULL, "%s", said);
	ck_assert_uint_eq(failing_tpm_loaded(), 0);
}
END_TEST

START_TEST(use_of_a_program_that_is_not_installed_checks_nothing)
{
	static const struct failing_command command = COMMAND("use", "stunnel", "--check", "--key", "web", "--module", "@module.so");

	ck_assert_int_eq(setenv("PATH", "/nonexistent", 1), 0);
	ck_assert_int_eq(command_try(&command, &err), -1);
	if (strstr(said, "stunnel is not installed") == NULL)
		ck_assert_msg(strstr(said, "stunnel") != NULL, "%s", said); /* it is in a directory of root's programs */
}
END_TEST

/* Nobody is asked while the chain is good. */
static const struct {
	struct failing_command command;
	int64_t                chain_ends;
} askers[] = {
    {COMMAND("certificate", SERVERS, "--key", "late", "--new-ak"), 7 * PKI_DAY},
    {COMMAND("certificate", SERVERS, "--key", "late"), 60},
};

START_TEST(certificate_with_a_chain_near_its_end_asks_the_host)
{
	AUTO_TPM tpm = NULL;

	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	state_restore();
	chain_ends = askers[_i].chain_ends;
	key_fill(tpm, "late");
	device_tpm_cleanup(&tpm);
	state_keep();
	assert_says(-1, "the host of this test is away", &askers[_i].command);
}
END_TEST

/* As many as fit are named. */
START_TEST(certificate_for_one_of_many_names_lists_some)
{
	static const struct failing_command command = COMMAND("certificate", SERVERS, "--key", "many");
	static char                         texts[32][64];
	AUTO_TPM                            tpm = NULL;

	for (size_t i = 0; i < 32; i++) {
		(void)snprintf(texts[i], sizeof texts[i], "name-%02zu-of-a-machine-that-has-many-of-them-by-now", i);
		many[i] = texts[i];
	}
	chain_names = many;
	chain_name_count = 32;
	unit_ok(device_tpm_open("of this test", &tpm, &err), &err);
	state_restore();
	key_fill(tpm, "many");
	device_tpm_cleanup(&tpm);
	state_keep();
	assert_says(-1, "the attestation host gives this machine 32 names; choose one with name in device.conf, or --name of"
	    " \"attest-device certificate\": \"name-00-of-a-machine-that-has-many-of-them-by-now\", \"name-01", &command);
	ck_assert_msg(strstr(said, "by-now\", ...") != NULL, "%s", said);
}
END_TEST

/* What the last certification left was changed by somebody. */
static const char *const changed[][2] = {
    {"{\"acme\": \"https://acme.test\", \"attestation_url\": \"http://attest.test\", \"rekey\": \"soon\"}",
        "rekey, which is \"never\" or an age such as 90d"},
    {"{\"name\": \"lap\\u0000top\"}", "/certificate.json: \"name\" holds a NUL"},
    {"{", "/certificate.json: "},
};

START_TEST(renew_with_settings_that_are_none_says_which)
{
	static const struct failing_command command = COMMAND("renew", "--force", "--key", "web");

	state_restore();
	settings_put("web", changed[_i][0]);
	state_keep();
	assert_says(-1, changed[_i][1], &command);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device/failing_commands");
	TCase *tc = tcase_create("failing_commands");

	failing_paths();
	failing_calls(EIO);
	failing_crypto();
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	tcase_set_timeout(tc, 120);
	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_test(tc, status_tells_the_ak_and_each_key);
	tcase_add_loop_test(tc, command_that_fails_says_so, 0, sizeof commands / sizeof commands[0]);
	tcase_add_test(tc, tpm_without_an_ek_has_none_to_show);
	tcase_add_test(tc, certificate_of_an_rsa_key_notes_a_salt_that_is_too_long);
	tcase_add_test(tc, renew_of_keys_that_are_lost_says_so_of_each);
	tcase_add_test(tc, certificate_of_which_the_host_is_away_never_succeeds);
	tcase_add_test(tc, certificate_of_which_the_host_answers_nonsense_says_so);
	tcase_add_test(tc, use_of_a_program_that_is_not_installed_checks_nothing);
	tcase_add_test(tc, certificates_that_have_ended_are_a_failure_of_status);
	tcase_add_loop_test(tc, certificate_with_a_chain_near_its_end_asks_the_host, 0, sizeof askers / sizeof askers[0]);
	tcase_add_test(tc, certificate_for_one_of_many_names_lists_some);
	tcase_add_loop_test(tc, renew_with_settings_that_are_none_says_which, 0, sizeof changed / sizeof changed[0]);
	suite_add_tcase(suite, tc);
	return failing_tpm_run(suite);
}
