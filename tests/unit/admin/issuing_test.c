/* The issuing certificate is replaced: which requests are made, and which certificates are installed. */
#include "config.h"

#include "admin/issuing/issuing.h"

#include <string.h>

#include "admin/commands.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "ca/issuer_replace.h"
#include "command_answer.h"
#include "pki/ca.h"
#include "pki/key_uri.h"
#include "pki_support.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"

#define RUN(wanted, ...) answer_run(&attest_ca_program, state, wanted, ANSWER_WORDS(__VA_ARGS__))
#define SAYS(text) ck_assert_msg(strstr(answered.err, text) != NULL, "%s", answered.err)

#define CA_EXTENSIONS \
	"[ext]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n" \
	"authorityKeyIdentifier=keyid\n"

static char        *place;
static char        *state;
static struct ca    root;
static struct error err;

static char *
in_state(const char *name)
{
	return file_join(state, name);
}

static EVP_PKEY *
key_of(const char *name)
{
	AUTO_FREE char         *path = in_state(name);
	const struct key_access none = {.pkcs11_module = NULL};
	EVP_PKEY               *key = NULL;

	unit_ok(key_open(path, &none, &key, &err), &err);
	return key;
}

static void
setup(void)
{
	AUTO_FREE char *path = NULL;

	place = pki_directory();
	state = file_join(place, "state");
	(void)RUN(0, "init", "--name", "Test", "--key-type", "p256");
	path = in_state(STATE_ROOT_PEM);
	unit_ok(certificate_load(path, &root.certificate, &err), &err);
	root.key = key_of(STATE_ROOT_KEY);
}

static void
teardown(void)
{
	ca_clear(&root);
	free(state);
	pki_directory_remove(place);
}

/* The path of a new PEM file with up to two certificates, which are freed: one that was named is kept open. */
static const char *
file_of(X509 *first, X509 *second)
{
	static char     path[512];
	static unsigned number;
	AUTO_BYTES      pem = {0};

	unit_ok(certificate_encode_pem(first, &pem, &err), &err);
	if (second != NULL)
		unit_ok(certificate_encode_pem(second, &pem, &err), &err);
	X509_free(first);
	X509_free(second);
	(void)snprintf(path, sizeof path, "%s/issued%u.pem", place, number++);
	unit_ok(file_replace(path, pem.data, pem.size, 0600, &err), &err);
	return path;
}

/* A certificate of the root for the key in that file of the state directory. */
static X509 *
certificate_for(const char *key_name, const char *common_name)
{
	EVP_PKEY *key = key_of(key_name);
	X509     *certificate = NULL;

	unit_ok(ca_issuing_create(&root, key, common_name, clock_now(), 1000 * PKI_DAY, &certificate, &err), &err);
	EVP_PKEY_free(key);
	return certificate;
}

/* The same with these extensions more. */
static X509 *
forged_for(const char *key_name, const char *common_name, const char *extensions)
{
	char      all[1024];
	EVP_PKEY *key = key_of(key_name);
	X509     *certificate;

	(void)snprintf(all, sizeof all, "%s%s", CA_EXTENSIONS, extensions);
	certificate = pki_forge(&(struct pki_forgery){.issuer = &root, .key = key, .common_name = common_name,
	    .extensions = all, .not_before = clock_now() - PKI_DAY, .not_after = clock_now() + PKI_YEAR});
	EVP_PKEY_free(key);
	return certificate;
}

/* The key identifier of the CA that signs now. */
static const char *
id_now(void)
{
	static char         id[ISSUER_ID_SIZE];
	struct folder       folder = {.fd = -1};
	struct issuer_files files;

	unit_ok(folder_open(state, &folder, &err), &err);
	unit_ok(issuer_files_load(&folder, NULL, &files, &err), &err);
	(void)memcpy(id, files.id, sizeof id);
	issuer_files_clear(&files);
	folder_close(&folder);
	return id;
}

/* ---- requests ---- */

START_TEST(csr_json_has_the_request_and_its_name)
{
	json_t *json = answer_run_json(&attest_ca_program, state, 0, ANSWER_WORDS("issuing", "csr", "--json"));

	ck_assert_str_eq(json_string_value(json_object_get(json, "name")), "Test Issuing 2");
	ck_assert_ptr_nonnull(strstr(json_string_value(json_object_get(json, "csr")), "BEGIN CERTIFICATE REQUEST"));
	json_decref(json);
}
END_TEST

START_TEST(csr_for_the_present_key_keeps_its_name)
{
	AUTO_FREE char *key = in_state(STATE_ISSUING_KEY);
	json_t         *json = answer_run_json(&attest_ca_program, state, 0,
	            ANSWER_WORDS("issuing", "csr", "--json", "--key", key));

	ck_assert_str_eq(json_string_value(json_object_get(json, "name")), "Test Issuing");
	json_decref(json);
}
END_TEST

START_TEST(csr_of_what_cannot_be_says_so_and_leaves_no_key)
{
	AUTO_FREE char *output = in_state("request.pem");
	AUTO_FREE char *next_key = in_state(STATE_NEXT_KEY);
	AUTO_FREE char *next_uri = in_state(STATE_NEXT_URI);

	(void)RUN(1, "issuing", "csr", "--output", output);
	(void)RUN(1, "issuing", "csr", "--key", "/nonexistent/key");
	SAYS("/nonexistent/key");
	(void)RUN(2, "issuing", "csr", "--key", "/nonexistent/key", "--key-type", "p256");
	SAYS("--key-type does not apply");
	(void)RUN(2, "issuing", "csr", "--key-type", "p257");
	ck_assert_int_ne(access(next_key, F_OK), 0);
	ck_assert_int_ne(access(next_uri, F_OK), 0);
}
END_TEST

START_TEST(name_of_a_ca_without_one_is_to_be_given)
{
	AUTO_FREE char *path = in_state(STATE_ISSUING_PEM);
	X509           *nameless = forged_for(STATE_ISSUING_KEY, NULL, "subjectKeyIdentifier=hash\n");
	AUTO_BYTES      pem = {0};

	unit_ok(certificate_encode_pem(nameless, &pem, &err), &err);
	X509_free(nameless);
	unit_ok(file_replace(path, pem.data, pem.size, 0644, &err), &err);
	(void)RUN(1, "issuing", "csr");
	SAYS("has no common name to continue; give --name");
	(void)RUN(1, "issuing", "renew");
	SAYS("has no common name to continue");
}
END_TEST

/* ---- renewing ---- */

START_TEST(renew_without_a_key_says_where_it_looked)
{
	AUTO_FREE char *path = in_state(STATE_ROOT_KEY);

	(void)RUN(1, "issuing", "renew", "--key", "/nonexistent/key");
	SAYS("/nonexistent/key");
	(void)RUN(2, "issuing", "renew", "--key", "/nonexistent/key", "--key-type", "p256");
	ck_assert_int_eq(unlink(path), 0);
	(void)RUN(1, "issuing", "renew");
	SAYS("the root's key is not in ");
	SAYS("issuing csr");
}
END_TEST

START_TEST(crl_json_has_those_of_earlier_keys)
{
	json_t *json;

	(void)RUN(0, "issuing", "renew");
	json = answer_run_json(&attest_ca_program, state, 0, ANSWER_WORDS("crl", "--json"));
	ck_assert_uint_eq(json_array_size(json_object_get(json, "earlier")), 1);
	json_decref(json);
}
END_TEST

/* ---- installing ---- */

START_TEST(install_of_another_root_adds_it_to_the_old_one)
{
	struct pki      other;
	AUTO_FREE char *roots = NULL;
	AUTO_FREE char *path = in_state(STATE_ROOT_PEM);
	AUTO_BYTES      content = {0};
	EVP_PKEY       *key;
	X509           *certificate = NULL;
	size_t          count = 0;

	(void)RUN(0, "issuing", "csr");
	pki_make(&other, KEY_TYPE_P256);
	key = key_of(STATE_NEXT_KEY);
	unit_ok(ca_issuing_create(&other.root, key, "Test Issuing 2", clock_now(), 100 * PKI_DAY, &certificate, &err), &err);
	EVP_PKEY_free(key);
	ck_assert(X509_up_ref(root.certificate) == 1 && X509_up_ref(other.root.certificate) == 1);
	roots = memory_strdup(file_of(other.root.certificate, root.certificate));
	(void)RUN(1, "issuing", "install", file_of(certificate, NULL), "--root", "/nonexistent/root");
	SAYS("/nonexistent/root");
	(void)RUN(0, "issuing", "install", "--root", roots,
	    file_of(certificate_for(STATE_NEXT_KEY, "Test Issuing 2"), NULL));
	ck_assert_ptr_nonnull(strstr(answered.out, "give the new root.pem to every ACME server"));
	unit_ok(file_read(path, 1 << 16, &content, &err), &err);
	bytes_append_u8(&content, '\0');
	for (const char *at = (const char *)content.data; (at = strstr(at, "BEGIN CERTIFICATE")) != NULL; at++)
		count++;
	ck_assert_uint_eq(count, 2); /* the old one is among those that were given */
	pki_clear(&other);
}
END_TEST

START_TEST(install_of_two_for_the_pending_key_is_malformed)
{
	(void)RUN(0, "issuing", "csr");
	(void)RUN(1, "issuing", "install", file_of(certificate_for(STATE_NEXT_KEY, "Test Issuing 2"),
	    certificate_for(STATE_NEXT_KEY, "Test Issuing 3")));
	SAYS("has two certificates for the pending key");
}
END_TEST

/* A crash left the key where it was to go. */
START_TEST(install_takes_a_key_that_was_put_in_its_place)
{
	X509           *certificate;
	char            id[ISSUER_ID_SIZE];
	AUTO_FREE char *from = in_state(STATE_NEXT_KEY);
	AUTO_FREE char *name = NULL;
	AUTO_FREE char *to = NULL;
	AUTO_FREE char *issuers = in_state(STATE_ISSUERS);

	(void)RUN(0, "issuing", "csr");
	certificate = certificate_for(STATE_NEXT_KEY, "Test Issuing 2");
	unit_ok(issuer_files_id(certificate, id, &err), &err);
	name = issuer_files_name(id, "key");
	to = in_state(name);
	(void)mkdir(issuers, 0700);
	ck_assert_int_eq(rename(from, to), 0);
	(void)RUN(0, "issuing", "install", file_of(certificate, NULL));
	ck_assert_str_eq(id_now(), id);
}
END_TEST

START_TEST(install_with_a_pending_key_that_cannot_be_used_says_which)
{
	AUTO_FREE char *path = in_state(STATE_NEXT_URI);

	unit_ok(file_replace(path, "/nonexistent/key\n", 17, 0600, &err), &err);
	(void)RUN(1, "issuing", "install", file_of(certificate_for(STATE_ISSUING_KEY, "Test Issuing"), NULL));
	SAYS("/" STATE_NEXT_URI);
	(void)RUN(1, "issuing", "csr");
	SAYS("/" STATE_NEXT_URI);
}
END_TEST

START_TEST(install_of_the_present_key_under_another_name_is_refused)
{
	AUTO_FREE char *key = in_state(STATE_ISSUING_KEY);

	(void)RUN(0, "issuing", "csr", "--key", key);
	(void)RUN(1, "issuing", "install", file_of(certificate_for(STATE_ISSUING_KEY, "Another"), NULL));
	SAYS("it has the key of the present issuing CA, but another subject");
}
END_TEST

START_TEST(install_of_a_key_identifier_that_is_taken_is_refused)
{
	char extensions[256];
	char first[ISSUER_ID_SIZE];

	(void)memcpy(first, id_now(), sizeof first);
	(void)RUN(0, "issuing", "csr");
	(void)snprintf(extensions, sizeof extensions, "subjectKeyIdentifier=%s\n", first);
	(void)RUN(1, "issuing", "install", file_of(forged_for(STATE_NEXT_KEY, "Test Issuing 2", extensions), NULL));
	SAYS("it has the subjectKeyIdentifier of the present issuing CA, but another key");
	(void)RUN(0, "issuing", "install", file_of(certificate_for(STATE_NEXT_KEY, "Test Issuing 2"), NULL));
	(void)RUN(0, "issuing", "csr");
	(void)RUN(1, "issuing", "install", file_of(forged_for(STATE_NEXT_KEY, "Test Issuing 3", extensions), NULL));
	SAYS("it has the key identifier of an earlier issuing CA");
}
END_TEST

START_TEST(install_without_a_key_identifier_is_refused)
{
	(void)RUN(0, "issuing", "csr");
	(void)RUN(1, "issuing", "install", file_of(forged_for(STATE_NEXT_KEY, "Test Issuing 2", ""), NULL));
	SAYS("cannot be installed");
}
END_TEST

/* Somebody else has installed one since: the transaction sees it. */
START_TEST(put_after_another_was_put_is_conflict)
{
	struct folder       folder = {.fd = -1};
	struct command_call call = {.state_dir = state, .state = &folder, .now = clock_now()};
	struct issuer_files old;
	struct ca           next = {.certificate = certificate_for(STATE_ISSUING_KEY, "Test Issuing")};

	unit_ok(folder_open(state, &folder, &err), &err);
	unit_ok(issuer_files_load(&folder, NULL, &old, &err), &err);
	bytes_append(&old.pem, "\n", 1);
	ck_assert_int_eq(issuing_put(&call, &old, &(struct issuer_next){.id = old.id}, &next, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.detail, "was replaced meanwhile; nothing was changed"));
	issuer_files_clear(&old);
	folder_close(&folder);
	ca_clear(&next);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("admin/issuing");
	TCase *tc = tcase_create("issuing");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, csr_json_has_the_request_and_its_name);
	tcase_add_test(tc, csr_for_the_present_key_keeps_its_name);
	tcase_add_test(tc, csr_of_what_cannot_be_says_so_and_leaves_no_key);
	tcase_add_test(tc, name_of_a_ca_without_one_is_to_be_given);
	tcase_add_test(tc, renew_without_a_key_says_where_it_looked);
	tcase_add_test(tc, crl_json_has_those_of_earlier_keys);
	tcase_add_test(tc, install_of_another_root_adds_it_to_the_old_one);
	tcase_add_test(tc, install_of_two_for_the_pending_key_is_malformed);
	tcase_add_test(tc, install_takes_a_key_that_was_put_in_its_place);
	tcase_add_test(tc, install_with_a_pending_key_that_cannot_be_used_says_which);
	tcase_add_test(tc, install_of_the_present_key_under_another_name_is_refused);
	tcase_add_test(tc, install_of_a_key_identifier_that_is_taken_is_refused);
	tcase_add_test(tc, install_without_a_key_identifier_is_refused);
	tcase_add_test(tc, put_after_another_was_put_is_conflict);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
