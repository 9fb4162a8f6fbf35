/* Keys wherever they live: locked files, and SoftHSM2's tokens. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleansed.h"
#include "pki/key_needs.h"
#include "pki/key_uri.h"
#include "pki/signing.h"
#include "pki_support.h"
#include "util/identity.h"
#include "util/process.h"
#include "util/secret.h"

#define PIN "1234"

static const struct view pin = {(const uint8_t *)PIN, sizeof PIN - 1};
static const struct view wrong = {(const uint8_t *)"4321", 4};

static const char *const places[] = {
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
};

static char       *directory;
static char *module;

static void
setup(void)
{
	directory = pki_directory();
}

static void
teardown(void)
{
	pki_directory_remove(directory);
}

/* SoftHSM2 keeps its tokens in this directory. */
static void
tokens_use(const char *where)
{
	char command[1024];

	(void)snprintf(command, sizeof command,
	    "mkdir -p tokens; printf 'directories.tokendir = %s/tokens\\nlog.level = ERROR\\n' >conf",
	    where);
	free(pki_run(where, command));
	(void)snprintf(command, sizeof command, "%s/conf", where);
	ck_assert_int_eq(setenv("SOFTHSM2_CONF", command, 1), 0);
}

static char *made;

/*
 * A token "ca" with the keys "ec" (id 01) and "rsa" (id 02), and a copy of "ec" in another token:
 * made once, since that is slow; each case has a copy of its own.
 */
static void
tokens_make(void)
{
	made = pki_directory();
	tokens_use(made);
	free(pki_run(made,
	    "softhsm2-util --init-token --free --label ca --pin " PIN " --so-pin 5678 &&"
	    "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ec.pem &&"
	    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem &&"
	    "softhsm2-util --token ca --pin " PIN " --import ec.pem --label ec --id 01 &&"
	    "softhsm2-util --token ca --pin " PIN " --import rsa.pem --label rsa --id 02 &&"
	    "softhsm2-util --init-token --free --label other --pin " PIN " --so-pin 5678 &&"
	    "softhsm2-util --token other --pin " PIN " --import ec.pem --label ec --id 01"));
}

static void
tokens_remove(void)
{
	pki_directory_remove(made);
}

static void
setup_token(void)
{
	char command[1024];

	setup();
	(void)snprintf(command, sizeof command, "cp -a %s/. .", made);
	free(pki_run(directory, command));
	tokens_use(directory);
}

/* ---- files ---- */

static const char *const locked[] = {
    "openssl genpkey -algorithm ED25519 -aes256 -pass pass:" PIN " -out k",
    "openssl genpkey -algorithm ED25519 |"
    " openssl pkcs8 -topk8 -outform DER -passout pass:" PIN " -out k",
    "openssl ecparam -name prime256v1 -genkey -noout | openssl ec -aes128 -passout pass:" PIN " -out k",
};

START_TEST(open_locked_file_wants_its_passphrase)
{
	AUTO_FREE char   *path = file_join(directory, "k");
	struct key_access access = {.secret = pin};
	char              detail[512];
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	free(pki_run(directory, locked[_i]));
	unit_ok(key_open(path, &access, &key, &err), &err);
	ck_assert_ptr_nonnull(key);
	signing_key_free(key);
	key = NULL;

	access.secret = wrong;
	(void)snprintf(detail, sizeof detail, "the passphrase does not open the private key at %s", path);
	unit_fails(key_open(path, &access, &key, &err), &err, ERROR_INTERNAL, detail);
	access.secret = (struct view){NULL, 0};
	(void)snprintf(detail, sizeof detail,
	    "the private key at %s is encrypted, and no passphrase was given", path);
	unit_fails(key_open(path, &access, &key, &err), &err, ERROR_INTERNAL, detail);
	ck_assert_ptr_null(key);
}
END_TEST

/* OpenSSL has room for 1024 octets. */
START_TEST(open_locked_file_with_a_longer_passphrase_does_not_open)
{
	AUTO_FREE char   *path = file_join(directory, "k");
	AUTO_FREE char   *text = memory_new(4096);
	struct key_access access = {.secret = {(const uint8_t *)text, 4096}};
	char              detail[512];
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	memset(text, 'p', 4096);
	free(pki_run(directory, locked[0]));
	(void)snprintf(detail, sizeof detail, "the passphrase does not open the private key at %s", path);
	unit_fails(key_open(path, &access, &key, &err), &err, ERROR_INTERNAL, detail);
	ck_assert_ptr_null(key);
}
END_TEST

START_TEST(open_file_that_is_not_locked_does_not_mind_a_passphrase)
{
	AUTO_FREE char   *path = file_join(directory, "k");
	struct key_access access = {.secret = pin};
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	free(pki_run(directory, "openssl genpkey -algorithm ED25519 -out k"));
	unit_ok(key_open(path, &access, &key, &err), &err);
	signing_key_free(key);
}
END_TEST

/* ---- tokens ---- */

#ifdef HAVE_LIBP11

#include <libp11.h>

#include "failing.h"

/* A wrapped call is named so by the linker. */
#define WRAP(type, name, ...)            \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

static bool locked_pin; /* as a token says after some wrong ones */
static bool final_try;

WRAP(PKCS11_CTX *, PKCS11_CTX_new, void)
{
	return failing_now() ? NULL : __real_PKCS11_CTX_new();
}

WRAP(int, PKCS11_enumerate_slots, PKCS11_CTX *context, PKCS11_SLOT **slots, unsigned *count)
{
	if (failing_now() || __real_PKCS11_enumerate_slots(context, slots, count) != 0)
		return -1;
	for (unsigned i = 0; i < *count; i++)
		if ((*slots)[i].token != NULL) {
			(*slots)[i].token->userPinLocked = locked_pin;
			(*slots)[i].token->userPinFinalTry = final_try;
		}
	return 0;
}

WRAP(int, PKCS11_enumerate_keys, PKCS11_TOKEN *token, PKCS11_KEY **keys, unsigned *count)
{
	return failing_now() ? -1 : __real_PKCS11_enumerate_keys(token, keys, count);
}

WRAP(EVP_PKEY *, PKCS11_get_private_key, PKCS11_KEY *key)
{
	return failing_now() ? NULL : __real_PKCS11_get_private_key(key);
}

WRAP(int, EVP_PKEY_set_ex_data, EVP_PKEY *key, int index, void *data)
{
	return data != NULL && failing_now() ? 0 : __real_EVP_PKEY_set_ex_data(key, index, data);
}

static EVP_PKEY *
token_key(const char *uri)
{
	struct key_access access = {.secret = pin, .pkcs11_module = module};
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	unit_ok(key_open(uri, &access, &key, &err), &err);
	ck_assert_ptr_nonnull(key);
	return key;
}

static const char *const keys[] = {"pkcs11:token=ca;object=ec;type=private", "pkcs11:token=ca;id=%02"};

/* A certificate and a CRL of the token's key, which OpenSSL then verifies. */
static void
sign_with(EVP_PKEY *key)
{
	struct ca         ca = {.key = key};
	struct ca_revoked revoked = {.serial = {1}, .serial_size = 1, .when = PKI_NOW};
	AUTO_BYTES        der = {0};
	X509_CRL         *crl;
	struct error      err = {0};

	unit_ok(ca_root_create(key, "Token CA", PKI_NOW, PKI_YEAR, &ca.certificate, &err), &err);
	ck_assert_int_eq(X509_verify(ca.certificate, X509_get0_pubkey(ca.certificate)), 1);
	unit_ok(ca_check_pair(&ca, &err), &err);
	unit_ok(ca_crl_create(&ca, 1, &revoked, 1, PKI_NOW, PKI_DAY, &der, &err), &err);
	ck_assert_ptr_nonnull(crl = d2i_X509_CRL(NULL, &(const unsigned char *){der.data}, (long)der.size));
	ck_assert_int_eq(X509_CRL_verify(crl, X509_get0_pubkey(ca.certificate)), 1);
	X509_CRL_free(crl);
	X509_free(ca.certificate);
}

START_TEST(open_token_key_signs_certificates_and_crls)
{
	EVP_PKEY *key = token_key(keys[_i]);

	sign_with(key);
	signing_key_free(key);
}
END_TEST

static void *
sign_often(void *key)
{
	for (int i = 0; i < 20; i++)
		sign_with(key);
	return NULL;
}

START_TEST(open_token_keys_sign_from_several_threads)
{
	EVP_PKEY *ec = token_key(keys[0]);
	EVP_PKEY *rsa = token_key(keys[1]);
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, sign_often, i % 2 ? ec : rsa), 0);
	/* Opening and freeing others meanwhile takes nothing from them. */
	for (int i = 0; i < 5; i++)
		signing_key_free(token_key(keys[i % 2]));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	signing_key_free(ec);
	sign_with(rsa);
	signing_key_free(rsa);
	/* The module was let go, and is taken again. */
	signing_key_free(token_key(keys[0]));
}
END_TEST

START_TEST(open_token_key_leaves_no_copy_of_the_pin)
{
	const struct view text = {(const uint8_t *)PIN, sizeof PIN}; /* with its NUL */
	EVP_PKEY         *key;

	cleansed_watch();
	key = token_key(keys[0]);
	ck_assert_uint_eq(cleansed_count(SECRET_MAX + 1, text), 1);
	signing_key_free(key);
}
END_TEST

START_TEST(open_token_key_signs_in_a_child_too)
{
	EVP_PKEY *key = token_key(keys[0]);
	int       status = -1;
	pid_t     child = fork();

	if (child == 0) {
		sign_with(key);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	sign_with(key);
	signing_key_free(key);
}
END_TEST

START_TEST(open_token_keys_by_two_paths_of_the_module)
{
	char              other[256];
	char              command[512];
	struct key_access access = {.secret = pin, .pkcs11_module = other};
	EVP_PKEY         *first = token_key(keys[0]);
	EVP_PKEY         *second = NULL;
	struct error      err = {0};

	(void)snprintf(other, sizeof other, "%s/link.so", directory);
	(void)snprintf(command, sizeof command, "ln -s '%s' link.so", module);
	free(pki_run(directory, command));
	unit_ok(key_open(keys[1], &access, &second, &err), &err);
	signing_key_free(second); /* does not close the other's */
	sign_with(first);
	signing_key_free(first);
}
END_TEST

/* Whoever writes a URI into the state directory does not get root to run his module. */
START_TEST(open_token_key_as_root_with_a_module_of_others_is_refused)
{
	char         command[512];
	char         uri[512];
	EVP_PKEY    *key = NULL;
	struct error err = {0};

	(void)snprintf(command, sizeof command, "cp '%s' mine.so && chmod 755 mine.so", module);
	free(pki_run(directory, command));
	(void)snprintf(uri, sizeof uri, "pkcs11:token=ca;object=ec?module-path=%s/mine.so", directory);
	if (geteuid() == 0) {
		ck_assert_int_eq(key_open(uri, &(struct key_access){.secret = pin}, &key, &err), -1);
		ck_assert_msg(strstr(err.detail, "which others can replace") != NULL, "%s", err.detail);
	}
	(void)snprintf(uri, sizeof uri, "pkcs11:token=ca;object=ec?module-path=%s/none.so", directory);
	ck_assert_int_eq(key_open(uri, &(struct key_access){.secret = pin}, &key, &err), -1);
	ck_assert_msg(strstr(err.detail, "/none.so: No such file or directory") != NULL, "%s",
	    err.detail);
}
END_TEST

/* Whose home that is, root has become: its configuration would name other modules. */
START_TEST(open_token_key_in_place_of_root_takes_no_home_of_the_user)
{
	const struct identity other = {.uid = 12345, .gid = 12345, .other = true};
	const char           *said = _i == 0 ? NULL : "/somewhere";
	struct key_access     access = {.secret = pin, .pkcs11_module = module};
	struct error          err = {0};
	int                   status = -1;
	pid_t                 child;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chmod(directory, 0755), 0);
	if ((child = fork()) == 0) {
		EVP_PKEY *key = NULL;

		if (said != NULL ? setenv("HOME", said, 1) != 0 : unsetenv("HOME") != 0)
			_exit(2);
		(void)unsetenv("XDG_CONFIG_HOME");
		if (identity_take(&other, directory, &err) != 0)
			_exit(3);
		(void)key_open(keys[0], &access, &key, &err);
		if (strcmp(getenv("HOME"), said != NULL ? said : "/nonexistent") != 0)
			_exit(4);
		unit_exit(strcmp(getenv("XDG_CONFIG_HOME"), "/nonexistent") == 0 ? 0 : 5);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* A token whose session is open needs no PIN again. */
START_TEST(open_token_key_beside_another_needs_no_pin)
{
	struct key_access access = {.pkcs11_module = module};
	EVP_PKEY         *first = token_key(keys[0]);
	EVP_PKEY         *second = NULL;
	struct error      err = {0};

	unit_ok(key_open(keys[1], &access, &second, &err), &err);
	sign_with(second);
	signing_key_free(second);
	signing_key_free(first);
}
END_TEST

/* Opens the key as uid 12345, whom root has become or who was that from the start; 0: it did. */
static int
open_as_another(bool in_place_of_root, struct error *err)
{
	const struct identity other = {.uid = 12345, .gid = 12345, .other = true};
	char                  uri[512];
	EVP_PKEY             *key = NULL;

	(void)snprintf(uri, sizeof uri, "pkcs11:token=ca;object=ec?module-path=%s/mine.so", directory);
	if (in_place_of_root ? identity_take(&other, directory, err) != 0 : setuid(12345) != 0)
		return 2;
	return key_open(uri, &(struct key_access){.secret = pin}, &key, err) == 0 ? 0 : 1;
}

/* Who is not root gives nobody more than it has. Root that works as another user still has its terminal. */
START_TEST(open_token_key_by_another_user_takes_its_own_module)
{
	char  command[512];
	int   status = -1;
	pid_t child;

	if (geteuid() != 0)
		return;
	(void)snprintf(command, sizeof command, "cp '%s' mine.so && chown -R 12345 . && chmod 755 .", module);
	free(pki_run(directory, command));
	if ((child = fork()) == 0) {
		struct error err = {0};
		int          rc = open_as_another(_i == 1, &err);

		_exit(rc == 1 && strstr(err.detail, "root does not load") == NULL ? 3 : rc);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), _i);
}
END_TEST

START_TEST(open_token_key_that_came_later_is_found)
{
	EVP_PKEY *key = token_key(keys[0]);
	EVP_PKEY *late;

	free(pki_run(directory,
	    "softhsm2-util --token ca --pin " PIN " --import rsa.pem --label late --id 03"));
	late = token_key("pkcs11:token=ca;object=late");
	sign_with(late);
	sign_with(key);
	signing_key_free(key);
	sign_with(late);
	signing_key_free(late);
}
END_TEST

START_TEST(open_token_key_with_pin_source)
{
	struct key_access access = {.secret = wrong};
	char              uri[512];
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	pki_write(directory, "pin", PIN "\n", 5);
	free(pki_run(directory, "chmod 600 pin"));
	(void)snprintf(uri, sizeof uri, "pkcs11:token=ca;object=ec?module-path=%s&pin-source=file:%s/pin",
	    module, directory);
	unit_ok(key_open(uri, &access, &key, &err), &err);
	signing_key_free(key);
	free(pki_run(directory, "chmod 644 pin"));
	ck_assert_int_eq(key_open(uri, &access, &key, &err), -1);
	ck_assert_msg(strncmp(err.detail, "pin-source: ", 12) == 0 &&
	        strstr(err.detail, "so that others may read") != NULL, "%s", err.detail);
}
END_TEST

/* What is asked for, with which PIN, and what is said; %s stands for the module. */
static const struct {
	const char     *uri;
	const char     *pin;
	enum error_kind kind;
	const char     *detail;
} refused[] = {
    {"pkcs11:token=ca;object=ec", "4321", ERROR_INTERNAL,
        "logging in to the token \"ca\": PIN incorrect"},
    {"pkcs11:token=ca;object=ec", "", ERROR_INTERNAL,
        "the token \"ca\" needs a PIN; give it by descriptor, credential or file"},
    {"pkcs11:token=gone;object=ec", PIN, ERROR_NOT_FOUND,
        "no token of %s matches pkcs11:token=gone;object=ec"},
    {"pkcs11:object=ec", PIN, ERROR_INTERNAL,
        "2 tokens of %s match pkcs11:object=ec; name the token"},
    {"pkcs11:token=ca;serial=1;object=ec", PIN, ERROR_NOT_FOUND,
        "no token of %s matches pkcs11:token=ca;serial=1;object=ec"},
    {"pkcs11:token=ca;manufacturer=Other;object=ec", PIN, ERROR_NOT_FOUND,
        "no token of %s matches pkcs11:token=ca;manufacturer=Other;object=ec"},
    {"pkcs11:token=ca;object=none", PIN, ERROR_NOT_FOUND,
        "no private key in the token \"ca\" matches pkcs11:token=ca;object=none"},
    {"pkcs11:token=ca;object=ec;id=%02", PIN, ERROR_NOT_FOUND,
        "no private key in the token \"ca\" matches pkcs11:token=ca;object=ec;id=%02"},
    {"pkcs11:token=ca", PIN, ERROR_INTERNAL,
        "2 private keys in the token \"ca\" match pkcs11:token=ca; name the key by object or id"},
    {"pkcs11:token=ca;object=ec?pin-value=1234", PIN, ERROR_MALFORMED,
        "a PKCS #11 URI must not hold the PIN (pin-value): it would be shown wherever the URI is; "
        "give it by descriptor, credential or file, or let pin-source name that"},
};

START_TEST(open_token_key_that_is_not_there_says_why)
{
	struct key_access access = {
	    .secret = {(const uint8_t *)refused[_i].pin, strlen(refused[_i].pin)},
	    .pkcs11_module = module,
	};
	const char  *mark = strstr(refused[_i].detail, "%s");
	char         detail[512];
	EVP_PKEY    *key = NULL;
	struct error err = {0};

	if (mark != NULL)
		(void)snprintf(detail, sizeof detail, "%.*s%s%s", (int)(mark - refused[_i].detail),
		    refused[_i].detail, module, mark + 2);
	else
		(void)snprintf(detail, sizeof detail, "%s", refused[_i].detail);
	unit_fails(key_open(refused[_i].uri, &access, &key, &err), &err, refused[_i].kind, detail);
	ck_assert_ptr_null(key);
	/* And nothing is left that keeps the right one out. */
	signing_key_free(token_key(keys[0]));
}
END_TEST

/* Before a sandbox is entered the code of a module runs: it is none that this process could have written. */
START_TEST(open_token_key_by_a_module_where_the_process_writes_is_refused)
{
	struct key_needs  needs = {.module = false};
	struct key_access access = {.secret = view_text(PIN), .pkcs11_module = module, .needs = &needs};
	AUTO_FREE char   *real = realpath(module, NULL);
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	ck_assert_ptr_nonnull(real);
	*strrchr(real, '/') = '\0';
	config_list_append(&needs.writable, directory);
	config_list_append(&needs.writable, real);
	ck_assert_int_eq(key_open("pkcs11:token=ca;object=ec", &access, &key, &err), -1);
	ck_assert_int_eq(err.kind, ERROR_INTERNAL);
	ck_assert_msg(strstr(err.detail, ", where this process writes, and its code would run") != NULL, "%s", err.detail);
	ck_assert_ptr_null(key);
	key_needs_clear(&needs);
}
END_TEST

/* The process that enters a sandbox learns which files the token's library and PIN are. */
START_TEST(open_token_key_notes_what_it_took_and_signs_again)
{
	struct key_needs  needs = {.module = false};
	struct key_access access = {.secret = wrong, .pkcs11_module = "/not/this.so", .needs = &needs};
	char              uri[512];
	char              file[256];
	EVP_PKEY         *key = NULL;
	EVP_PKEY         *again = NULL;
	struct error      err = {0};

	(void)snprintf(file, sizeof file, "%s/pin", directory);
	pki_write(directory, "pin", PIN "\n", 5);
	free(pki_run(directory, "chmod 600 pin"));
	(void)snprintf(uri, sizeof uri, "pkcs11:token=ca;object=ec?module-path=%s&pin-source=file:%s", module, file);
	unit_ok(key_open(uri, &access, &key, &err), &err);
	ck_assert(needs.module && !needs.command && !needs.sockets && !needs.network);
	ck_assert_uint_eq(needs.files.count, 2);
	ck_assert_str_eq(needs.files.texts[0], module);
	ck_assert_str_eq(needs.files.texts[1], file);
	ck_assert_ptr_nonnull(needs.opened);
	unit_ok(key_needs_settle(&needs, &err), &err);
	ck_assert(needs.settled && needs.opened == NULL);
	sign_with(key);
	free(pki_run(directory, "rm -rf tokens/*"));
	ck_assert_int_eq(key_open(uri, &access, &again, &err), -1);
	ck_assert_msg(strncmp(err.detail, "inside the sandbox pkcs11:token=ca;object=ec?module-path=", 57) == 0 &&
	        strstr(err.detail, "name them in key_paths and key_sockets: ") != NULL, "%s", err.detail);
	signing_key_free(key);
	key_needs_clear(&needs);
}
END_TEST

static int
open_one(const void *arg, struct error *err)
{
	struct key_access access = {.secret = pin, .pkcs11_module = module};
	EVP_PKEY         *key = NULL;
	int               rc;

	failing_on();
	rc = key_open(arg, &access, &key, err);
	failing_off();
	ck_assert((key != NULL) == (rc == 0));
	if (rc == 0)
		sign_with(key);
	signing_key_free(key);
	return rc;
}

/* A library that fails at any of its calls: the key is opened, or it is said why not, and the next time it is. */
START_TEST(open_token_key_by_a_library_that_fails_says_so)
{
	failing_each(open_one, keys[0]);
}
END_TEST

START_TEST(open_token_key_whose_pin_is_all_but_locked_does_not_try)
{
	struct key_access access = {.secret = pin, .pkcs11_module = module};
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	final_try = true;
	unit_fails(key_open(keys[0], &access, &key, &err), &err, ERROR_INTERNAL,
	    "one more wrong PIN locks the token \"ca\": it is not tried here; log in by hand first, which resets the "
	    "count");
	locked_pin = true;
	unit_fails(key_open(keys[0], &access, &key, &err), &err, ERROR_INTERNAL,
	    "the PIN of the token \"ca\" is locked; its security officer can set another");
	ck_assert_ptr_null(key);
	locked_pin = final_try = false;
	signing_key_free(token_key(keys[0]));
}
END_TEST

/* Two modules at a time, of which the first is left first. */
START_TEST(open_token_keys_of_two_modules_and_leave_the_first)
{
	char              other[256];
	char              command[512];
	struct key_access access = {.secret = pin, .pkcs11_module = other};
	EVP_PKEY         *first = token_key(keys[0]);
	EVP_PKEY         *second = NULL;
	struct error      err = {0};

	(void)snprintf(other, sizeof other, "%s/other.so", directory);
	(void)snprintf(command, sizeof command, "cp '%s' other.so", module);
	free(pki_run(directory, command));
	unit_ok(key_open(keys[1], &access, &second, &err), &err);
	signing_key_free(first);
	sign_with(second);
	signing_key_free(second);
	sign_with(first = token_key(keys[0]));
	signing_key_free(first);
}
END_TEST

START_TEST(open_token_key_without_a_module_says_so)
{
	struct key_access access = {.secret = pin};
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	unit_fails(key_open("pkcs11:token=ca", &access, &key, &err), &err, ERROR_MALFORMED,
	    "no PKCS #11 module is set for pkcs11:token=ca; add "
	    "?module-path=/path/of/module.so, or set pkcs11_module");
	access.pkcs11_module = "/nonexistent/module.so";
	ck_assert_int_eq(key_open("pkcs11:token=ca", &access, &key, &err), -1);
	ck_assert_msg(strncmp(err.detail, "loading the PKCS #11 module /nonexistent/module.so: ", 51) == 0,
	    "%s", err.detail);
}
END_TEST

START_TEST(open_token_that_is_gone_says_so)
{
	struct key_access access = {.secret = pin, .pkcs11_module = module};
	EVP_PKEY         *key = token_key(keys[0]);
	EVP_PKEY         *again = NULL;
	struct error      err = {0};

	sign_with(key);
	signing_key_free(key);
	free(pki_run(directory, "rm -rf tokens/*"));
	ck_assert_int_eq(key_open(keys[0], &access, &again, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_NOT_FOUND);
}
END_TEST

static void
add_token_cases(Suite *suite)
{
	TCase *tc = tcase_create("token");

	for (size_t i = 0; module == NULL && i < sizeof places / sizeof places[0]; i++)
		module = realpath(places[i], NULL); /* NULL when it is not there */
	tcase_add_unchecked_fixture(tc, tokens_make, tokens_remove);
	tcase_add_checked_fixture(tc, setup_token, teardown);
	tcase_set_timeout(tc, 60);
	if (module != NULL) {
		tcase_add_loop_test(tc, open_token_key_signs_certificates_and_crls, 0, 2);
		tcase_add_test(tc, open_token_keys_sign_from_several_threads);
		tcase_add_test(tc, open_token_key_leaves_no_copy_of_the_pin);
		tcase_add_test(tc, open_token_key_signs_in_a_child_too);
		tcase_add_test(tc, open_token_keys_by_two_paths_of_the_module);
		tcase_add_test(tc, open_token_key_as_root_with_a_module_of_others_is_refused);
		tcase_add_test(tc, open_token_key_beside_another_needs_no_pin);
		tcase_add_loop_test(tc, open_token_key_by_another_user_takes_its_own_module, 0, 2);
		tcase_add_loop_test(tc, open_token_key_in_place_of_root_takes_no_home_of_the_user, 0, 2);
		tcase_add_test(tc, open_token_key_that_came_later_is_found);
		tcase_add_test(tc, open_token_key_with_pin_source);
		tcase_add_loop_test(tc, open_token_key_that_is_not_there_says_why, 0,
		    sizeof refused / sizeof refused[0]);
		tcase_add_test(tc, open_token_key_by_a_module_where_the_process_writes_is_refused);
		tcase_add_test(tc, open_token_key_notes_what_it_took_and_signs_again);
		tcase_add_test(tc, open_token_key_by_a_library_that_fails_says_so);
		tcase_add_test(tc, open_token_key_whose_pin_is_all_but_locked_does_not_try);
		tcase_add_test(tc, open_token_keys_of_two_modules_and_leave_the_first);
		tcase_add_test(tc, open_token_key_without_a_module_says_so);
		tcase_add_test(tc, open_token_that_is_gone_says_so);
	}
	suite_add_tcase(suite, tc);
}

#else

START_TEST(open_token_key_without_libp11_says_so)
{
	struct key_access access = {.secret = pin};
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	unit_fails(key_open("pkcs11:token=ca", &access, &key, &err), &err, ERROR_INTERNAL,
	    "this program was built without PKCS #11; build it with libp11 (configure --with-libp11)");
}
END_TEST

static void
add_token_cases(Suite *suite)
{
	TCase *tc = tcase_create("token");

	(void)setup_token;
	(void)tokens_make;
	(void)tokens_remove;
	(void)places;
	(void)module;
	tcase_add_test(tc, open_token_key_without_libp11_says_so);
	suite_add_tcase(suite, tc);
}

#endif

/* What a process in its sandbox does not reach, it says. */
START_TEST(open_in_a_sandbox_without_modules_says_so)
{
	struct key_needs  needs = {.settled = true};
	struct key_access access = {.needs = &needs};
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	unit_fails(key_open("pkcs11:token=ca", &access, &key, &err), &err, ERROR_INTERNAL,
	    "pkcs11:token=ca is in a token or a TPM, which the sandbox of this process does not reach since "
	    "its start; restart it to use that key");
	unit_fails(key_open("handle:0x81000001", &access, &key, &err), &err, ERROR_INTERNAL,
	    "handle:0x81000001 is in a token or a TPM, which the sandbox of this process does not reach "
	    "since its start; restart it to use that key");
	ck_assert(!needs.module && !needs.command);
	ck_assert_uint_eq(needs.files.count, 0);
}
END_TEST

static const struct {
	const char *tcti;
	bool        command;
	bool        sockets;
	bool        network;
	const char *devices; /* with a space after each */
} tctis[] = {
    {NULL, false, false, false, "/dev/tpmrm0 /dev/tpm0 "},
    {"device", false, false, false, "/dev/tpmrm0 /dev/tpm0 "},
    {"device:", false, false, false, "/dev/tpmrm0 /dev/tpm0 "},
    {"device:/dev/tpmrm1", false, false, false, "/dev/tpmrm1 "},
    {"libtss2-tcti-device.so.0:/dev/tpmrm1", false, false, false, "/dev/tpmrm1 "},
    {"devices:/dev/tpmrm1", false, false, false, ""},
    {"tabrmd", false, true, false, ""},
    {"tabrmd:bus_type=session", false, true, false, ""},
    {"swtpm:path=/run/swtpm/sock", false, true, false, ""},
    {"swtpm:host=localhost,port=2321", false, false, true, ""},
    {"mssim", false, false, true, ""},
    {"cmd:nc -U /run/swtpm/sock", true, false, false, ""},
    {"/opt/odd.so:path=1", false, false, false, ""},
    {"mssim:path=/run/mssim", false, true, false, ""},
    {"/opt/odd.so", false, false, false, ""},
};

START_TEST(needs_tcti_notes_what_reaches_the_tpm)
{
	struct key_needs needs = {.module = false};
	char             devices[64] = "";

	key_needs_tcti(&needs, tctis[_i].tcti);
	for (size_t i = 0; i < needs.devices.count; i++)
		(void)snprintf(devices + strlen(devices), sizeof devices - strlen(devices), "%s ",
		    needs.devices.texts[i]);
	ck_assert_str_eq(devices, tctis[_i].devices);
	ck_assert(needs.command == tctis[_i].command && needs.sockets == tctis[_i].sockets &&
	    needs.network == tctis[_i].network);
	key_needs_clear(&needs);
	ck_assert_uint_eq(needs.devices.count, 0);
}
END_TEST

START_TEST(open_notes_the_files_of_keys_and_what_the_rest_took)
{
	struct key_needs  needs = {.module = false};
	struct key_access access = {.needs = &needs};
	EVP_PKEY         *key = NULL;
	struct error      err = {0};

	(void)signal(SIGPIPE, SIG_IGN); /* as the daemons do: the program ends */
	ck_assert_int_eq(setenv("TPM2OPENSSL_TCTI", "cmd:false", 1), 0);
	ck_assert_int_eq(key_open("/nowhere/key.pem", &access, &key, &err), -1);
	ck_assert_int_eq(key_open("file:/nowhere/other.pem", &access, &key, &err), -1);
	ck_assert(!needs.module && !needs.command);
	ck_assert_int_eq(key_open("handle:0x81000001", &access, &key, &err), -1);
	ck_assert(needs.module && needs.command);
	ck_assert_uint_ge(needs.files.count, 2);
	ck_assert_str_eq(needs.files.texts[0], "/nowhere/key.pem");
	ck_assert_str_eq(needs.files.texts[1], "/nowhere/other.pem");
	key_needs_clear(&needs);
	ck_assert(!needs.module && needs.files.count == 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("key_uri");
	TCase *tc = tcase_create("file");
	int    status;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, open_locked_file_wants_its_passphrase, 0,
	    sizeof locked / sizeof locked[0]);
	tcase_add_test(tc, open_locked_file_with_a_longer_passphrase_does_not_open);
	tcase_add_test(tc, open_file_that_is_not_locked_does_not_mind_a_passphrase);
	tcase_add_test(tc, open_in_a_sandbox_without_modules_says_so);
	tcase_add_loop_test(tc, needs_tcti_notes_what_reaches_the_tpm, 0, sizeof tctis / sizeof tctis[0]);
	tcase_add_test(tc, open_notes_the_files_of_keys_and_what_the_rest_took);
	suite_add_tcase(suite, tc);
	add_token_cases(suite);
	status = unit_run(suite);
	free(module);
	return status;
}
