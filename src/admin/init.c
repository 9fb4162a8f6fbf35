/* attest-ca init: makes keys and certificates in memory first, and the directory last. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "admin/access.h"
#include "admin/commands.h"
#include "admin/store.h"
#include "ca/directory.h"
#include "ca/files.h"
#include "command/print.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/key_uri.h"
#include "store/store.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/utf8.h"

#define INIT_NAME         "Attestation CA"
#define INIT_ROOT_NAME    "%s Root"
#define INIT_ISSUING_NAME "%s Issuing"

/* RFC 5280 allows 64 characters in a CN; the words after the name take 8. */
#define INIT_NAME_MAX 56
#define INIT_CN_SIZE  (4 * 64 + 1)

struct init {
	struct access_options access;
	const char           *name;
	const char           *key_type;
	int64_t               root_lifetime;
	int64_t               issuing_lifetime;
	const char           *issuing_key;
};

static const struct command_option init_rows[] = {
    {OPTION(TEXT, "name", "NAME", struct init, name, "what both certificates' CN begins with"),
        .value = INIT_NAME},
    {OPTION(TEXT, "key-type", "TYPE", struct init, key_type, "p256, p384, rsa3072 or rsa4096"),
        .value = "p256"},
    {OPTION(DURATION, "root-lifetime", "DURATION", struct init, root_lifetime,
         "how long the root is valid"),
        .value = "20y"},
    {OPTION(DURATION, "issuing-lifetime", "DURATION", struct init, issuing_lifetime,
         "how long the issuing certificate is"),
        .value = "10y"},
    {OPTION(TEXT, "issuing-key", "URI", struct init, issuing_key,
        "the issuing CA's key, in a token, a TPM or a file; none is made")},
    {0},
};

static command_run admin_init;

const struct command admin_init_command = {
    .name = "init",
    .summary = "make the CA: root, issuing certificate, empty inventory",
    .size = sizeof(struct init),
    .options = {{init_rows, 0}, {access_rows, offsetof(struct init, access)}},
    .check = admin_store_check_own,
    .run = admin_init,
};

/* The options given. */
struct init_plan {
	const char   *name;
	enum key_type type;
	const char   *type_word;
	int64_t       root_lifetime;
	int64_t       issuing_lifetime;
	char         *issuing_uri; /* --issuing-key; NULL: one is made */
	struct access access;      /* the secret that unlocks it */
	char          root_name[INIT_CN_SIZE];
	char          issuing_name[INIT_CN_SIZE];
};

/* The results. */
struct init_result {
	struct ca root;
	struct ca issuing;
	char      fingerprint[CERTIFICATE_FINGERPRINT_SIZE]; /* the root's */
};

enum { INIT_ROOT_KEY, INIT_ROOT_PEM, INIT_ROOT_CRL, INIT_ISSUING_KEY, INIT_ISSUING_PEM, INIT_FILES };

static int
init_check_name(const char *name, struct error *err)
{
	size_t   length = strlen(name);
	size_t   characters = 0;
	uint32_t character = 0;
	size_t   used;

	for (size_t i = 0; i < length; i += used, characters++) {
		used = utf8_decode((const uint8_t *)name + i, length - i, &character);
		if (used == 0 || utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "octet %zu of --name is no text in UTF-8", i + 1);
	}
	if (characters == 0 || characters > INIT_NAME_MAX)
		return error_set(err, ERROR_MALFORMED, "--name has 1 to %d characters, not %zu",
		    INIT_NAME_MAX, characters);
	return 0;
}

static int
init_read(const struct init *init, struct init_plan *plan, struct error *err)
{
	*plan = (struct init_plan){
	    .name = init->name,
	    .type_word = init->key_type,
	    .root_lifetime = init->root_lifetime,
	    .issuing_lifetime = init->issuing_lifetime,
	};
	if (init_check_name(plan->name, err) != 0 ||
	    key_type_parse(plan->type_word, &plan->type, err) != 0)
		return -1;
	if (plan->issuing_lifetime > plan->root_lifetime)
		return error_set(err, ERROR_MALFORMED,
		    "the issuing certificate cannot outlive its root: --issuing-lifetime is above "
		    "--root-lifetime");
	(void)snprintf(plan->root_name, sizeof plan->root_name, INIT_ROOT_NAME, plan->name);
	(void)snprintf(plan->issuing_name, sizeof plan->issuing_name, INIT_ISSUING_NAME, plan->name);
	return 0;
}

static int
init_make(const struct init_plan *plan, int64_t now, struct init_result *made, struct error *err)
{
	if (key_generate(plan->type, &made->root.key, err) != 0 ||
	    ca_root_create(made->root.key, plan->root_name, now, plan->root_lifetime,
	        &made->root.certificate, err) != 0)
		return error_wrap(err, "making the root");
	if (plan->issuing_uri != NULL) {
		if (key_open(plan->issuing_uri, &plan->access.key, &made->issuing.key, err) != 0)
			return error_wrap(err, "--issuing-key");
	} else if (key_generate(plan->type, &made->issuing.key, err) != 0) {
		return error_wrap(err, "making the issuing key");
	}
	if (ca_issuing_create(&made->root, made->issuing.key, plan->issuing_name, now,
	        plan->issuing_lifetime, &made->issuing.certificate, err) != 0)
		return error_wrap(err, "making the issuing certificate");
	return certificate_fingerprint(made->root.certificate, made->fingerprint, err);
}

/* The root's CRL is valid as long as the root: it revokes nothing, and the key may be offline. */
static int
init_encode(const struct init_plan *plan, const struct init_result *made, int64_t now,
    struct directory_file files[INIT_FILES], struct error *err)
{
	int64_t lifetime = certificate_not_after(made->root.certificate) - now;

	if (key_encode(made->root.key, &files[INIT_ROOT_KEY].content, err) != 0 ||
	    certificate_encode_pem(made->root.certificate, &files[INIT_ROOT_PEM].content, err) != 0 ||
	    ca_crl_create(&made->root, 1, NULL, 0, now, lifetime, &files[INIT_ROOT_CRL].content,
	        err) != 0 ||
	    certificate_encode_pem(made->issuing.certificate, &files[INIT_ISSUING_PEM].content,
	        err) != 0)
		return -1;
	if (plan->issuing_uri == NULL)
		return key_encode(made->issuing.key, &files[INIT_ISSUING_KEY].content, err);
	files[INIT_ISSUING_KEY].name = STATE_ISSUING_URI;
	bytes_append(&files[INIT_ISSUING_KEY].content, plan->issuing_uri, strlen(plan->issuing_uri));
	bytes_append_u8(&files[INIT_ISSUING_KEY].content, '\n');
	return 0;
}

static json_t *
init_describe(const char *name, const X509 *certificate, const char *pem, const char *key)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format(certificate_not_after(certificate), until);
	return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "not_after", until, "certificate", pem,
	    "key", key);
}

static void
init_say_json(const struct command_call *call, const struct init_plan *plan,
    const struct init_result *made)
{
	json_t *root = init_describe(plan->root_name, made->root.certificate, STATE_ROOT_PEM,
	    STATE_ROOT_KEY);

	(void)json_object_set_new(root, "crl", json_string(STATE_ROOT_CRL));
	(void)json_object_set_new(root, "sha256", json_string(made->fingerprint));
	print_json(json_pack("{s:o*, s:s, s:o, s:o, s:s}",
	    "state_dir", json_string(call->state_dir), /* omitted if a path is not UTF-8 */
	    "key_type", plan->type_word, "root", root, "issuing",
	    init_describe(plan->issuing_name, made->issuing.certificate, STATE_ISSUING_PEM,
	        plan->issuing_uri != NULL ? STATE_ISSUING_URI : STATE_ISSUING_KEY),
	    "store", store_files(STORE_INVENTORY, call->state_dir)[0]));
}

static void
init_say_certificate(const char *file, const char *name, const X509 *certificate)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format(certificate_not_after(certificate), until);
	(void)printf("  %-13s\"", file);
	print_text(stdout, name);
	(void)printf("\", valid until %.10s\n", until);
}

/* A program and, where it is not the default, our state directory. */
static void
init_say_program(const struct command_call *call, const char *program)
{
	(void)printf("  %s", program);
	if (strcmp(call->state_dir, STATE_DIR_DEFAULT) == 0)
		return;
	(void)printf(" --state-dir ");
	print_text(stdout, call->state_dir);
}

/* attestd is started first: it makes the CRL, which the ACME server is to be given with the root. */
static void
init_say_next(const struct command_call *call)
{
	(void)printf("next:\n");
	init_say_program(call, "attestd");
	(void)printf("\n  attest-device ek --hash        on a device: prints its HASH\n");
	init_say_program(call, "attest-ca");
	(void)printf(" enroll HASH --name NAME\n"
	             "  give the ACME server the root, and the CRL again and again, which attestd makes:\n"
	             "    attest-acmed init --attestation-roots ");
	print_text(stdout, call->state_dir);
	(void)printf("/" STATE_ROOT_PEM " --dns-name NAME\n    attest-acmed --attestation-crl ");
	print_text(stdout, call->state_dir);
	(void)printf("/" STATE_CRL_PEM "\n");
}

static void
init_say(const struct command_call *call, const struct init_plan *plan,
    const struct init_result *made)
{
	(void)printf("made an attestation CA (%s keys) in ", plan->type_word);
	print_text(stdout, call->state_dir);
	(void)printf(":\n");
	init_say_certificate(STATE_ROOT_PEM, plan->root_name, made->root.certificate);
	(void)printf("  %-13sits key; attestd does not need it: move it to a safe place offline\n",
	    STATE_ROOT_KEY);
	(void)printf("  %-13sits CRL, empty\n", STATE_ROOT_CRL);
	init_say_certificate(STATE_ISSUING_PEM, plan->issuing_name, made->issuing.certificate);
	if (plan->issuing_uri == NULL)
		(void)printf("  %-13sits key, which signs AK certificates\n", STATE_ISSUING_KEY);
	else
		(void)printf("  %-13swhere its key is, which signs AK certificates\n", STATE_ISSUING_URI);
	(void)printf("  %-13sthe inventory, empty\n\n",
	    store_files(STORE_INVENTORY, call->state_dir)[0]);
	(void)printf("the root's SHA-256 fingerprint, by which whoever is given it knows it:\n  %s\n\n",
	    made->fingerprint);
	init_say_next(call);
}

static int
init_make_store(const char *directory, void *arg, struct error *err)
{
	(void)arg;
	return store_create(directory, err);
}

static int
init_run(const struct command_call *call, const struct init_plan *plan, struct directory_file *files,
    struct error *err)
{
	struct directory_plan place = {files, INIT_FILES, store_files(STORE_INVENTORY, call->state_dir),
	    init_make_store, NULL, NULL};
	struct init_result    made = {.root = {NULL, NULL}};
	int                   rc = -1;

	if (init_make(plan, call->now, &made, err) == 0 &&
	    init_encode(plan, &made, call->now, files, err) == 0 &&
	    directory_make(call->state_dir, &place, err) == 0) {
		if (call->json)
			init_say_json(call, plan, &made);
		else
			init_say(call, plan, &made);
		rc = 0;
	}
	ca_clear(&made.root);
	ca_clear(&made.issuing);
	return rc;
}

static int
admin_init(const struct command_call *call, struct error *err)
{
	struct directory_file files[INIT_FILES] = {
	    [INIT_ROOT_KEY] = {STATE_ROOT_KEY, 0600, {0}},
	    [INIT_ROOT_PEM] = {STATE_ROOT_PEM, 0644, {0}},
	    [INIT_ROOT_CRL] = {STATE_ROOT_CRL, 0644, {0}},
	    [INIT_ISSUING_KEY] = {STATE_ISSUING_KEY, 0600, {0}},
	    [INIT_ISSUING_PEM] = {STATE_ISSUING_PEM, 0644, {0}},
	};
	const struct init *init = call->options;
	struct init_plan   plan;
	int                rc;

	if (init_read(init, &plan, err) != 0)
		return COMMAND_USAGE;
	/* Checked before the keys are made, which may take seconds. */
	if (directory_check(call->state_dir, err) != 0)
		return -1;
	if (access_read(&init->access, &plan.access, err) != 0)
		return access_status(err);
	if (init->issuing_key != NULL)
		plan.issuing_uri = key_uri_absolute(init->issuing_key);
	rc = init_run(call, &plan, files, err);
	access_clear(&plan.access);
	free(plan.issuing_uri);
	for (size_t i = 0; i < INIT_FILES; i++)
		bytes_clear(&files[i].content);
	return rc;
}
