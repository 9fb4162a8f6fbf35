/* attest-ca init: makes keys and certificates in memory first, and the directory last. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "admin/access.h"
#include "admin/commands.h"
#include "admin/new_ca.h"
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
#include "util/file.h"
#include "util/folder.h"
#include "util/own_command.h"
#include "util/shell_quote.h"
#include "util/utf8.h"

#define INIT_NAME "Attestation CA"

struct init {
	struct access_options access;
	struct new_ca_options ca;
	const char           *issuing_key;
};

static const struct command_option init_rows[] = {
    NEW_CA_ROWS(struct init, INIT_NAME),
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
	struct new_ca ca;
	const char   *type_word;
	char         *issuing_uri; /* --issuing-key; NULL: one is made */
	struct access access;      /* the secret that unlocks it */
};

/* The results. */
struct init_result {
	struct ca root;
	struct ca issuing;
	char      fingerprint[CERTIFICATE_FINGERPRINT_SIZE]; /* the root's */
};

enum { INIT_ROOT_KEY, INIT_ROOT_PEM, INIT_ROOT_CRL, INIT_ISSUING_KEY, INIT_ISSUING_PEM, INIT_FILES };

static int
init_make(const struct init_plan *plan, int64_t now, struct init_result *made, struct error *err)
{
	if (plan->issuing_uri != NULL &&
	    key_open(plan->issuing_uri, &plan->access.key, &made->issuing.key, err) != 0)
		return error_wrap(err, "--issuing-key");
	if (new_ca_make(&plan->ca, now, &made->root, &made->issuing, err) != 0)
		return -1;
	return certificate_fingerprint(made->root.certificate, made->fingerprint, err);
}

static int
init_encode(const struct init_plan *plan, const struct init_result *made, int64_t now,
    struct directory_file files[INIT_FILES], struct error *err)
{
	if (new_ca_encode(&made->root, &made->issuing, now, files, INIT_FILES, err) != 0)
		return -1;
	if (plan->issuing_uri == NULL)
		return key_encode(made->issuing.key, &files[INIT_ISSUING_KEY].content, err);
	new_ca_point(&files[INIT_ISSUING_KEY], plan->issuing_uri);
	return 0;
}

static json_t *
init_describe(const char *name, const X509 *certificate, const char *pem, const char *key)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format(certificate_not_after(certificate), until);
	return json_pack("{s:o, s:s, s:s, s:s}", "name", print_json_text(name), "not_after", until, "certificate", pem,
	    "key", key);
}

static void
init_say_json(const struct command_call *call, const struct init_plan *plan,
    const struct init_result *made)
{
	json_t *root = init_describe(plan->ca.root_name, made->root.certificate, STATE_ROOT_PEM,
	    STATE_ROOT_KEY);

	(void)json_object_set_new(root, "crl", json_string(STATE_ROOT_CRL));
	(void)json_object_set_new(root, "sha256", json_string(made->fingerprint));
	print_json(json_pack("{s:o, s:s, s:o, s:o, s:o}",
	    "state_dir", print_json_text(call->state_dir),
	    "key_type", plan->type_word, "root", root, "issuing",
	    init_describe(plan->ca.issuing_name, made->issuing.certificate, STATE_ISSUING_PEM,
	        plan->issuing_uri != NULL ? STATE_ISSUING_URI : STATE_ISSUING_KEY),
	    "store", print_json_text(store_files(STORE_INVENTORY, call->state_dir)[0])));
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

/* attestd is started first: it makes the CRL, which the ACME server is to be given with the root. */
static void
init_say_next(const struct command_call *call)
{
	AUTO_FREE char *root = file_join(call->state_dir, STATE_ROOT_PEM);
	AUTO_FREE char *crl = file_join(call->state_dir, STATE_CRL_PEM);
	AUTO_FREE char *root_word = shell_word(root);
	AUTO_FREE char *crl_word = shell_word(crl);
	AUTO_FREE char *directory = shell_word(call->state_dir);
	bool            usual = strcmp(call->state_dir, STATE_DIR_DEFAULT) == 0;

	(void)printf("next:\n  %s%s\n",
	    usual ? "systemctl enable --now attestd    (or, without systemd: attestd)" : "attestd --state-dir ",
	    usual ? "" : directory);
	(void)printf("  attest-device ek --hash        on a device: prints its HASH\n");
	(void)printf("  %s enroll HASH --name NAME\n", own_command("attest-ca"));
	(void)printf("  for the ACME server, which reads the CRL again whenever attestd has signed it:\n"
	             "    attest-acmed init --attestation-roots %s --dns-name NAME\n"
	             "    attest-acmed --attestation-crl %s\n", root_word, crl_word);
}

static void
init_say(const struct command_call *call, const struct init_plan *plan,
    const struct init_result *made)
{
	(void)printf("made an attestation CA (%s keys) in ", plan->type_word);
	print_text(stdout, call->state_dir);
	(void)printf(":\n");
	init_say_certificate(STATE_ROOT_PEM, plan->ca.root_name, made->root.certificate);
	(void)printf("  %-13sits key; attestd does not need it: move it to a safe place offline\n",
	    STATE_ROOT_KEY);
	(void)printf("  %-13sits CRL, empty\n", STATE_ROOT_CRL);
	init_say_certificate(STATE_ISSUING_PEM, plan->ca.issuing_name, made->issuing.certificate);
	if (plan->issuing_uri == NULL)
		(void)printf("  %-13sits key, which signs AK certificates\n", STATE_ISSUING_KEY);
	else
		(void)printf("  %-13swhere its key is, which signs AK certificates\n", STATE_ISSUING_URI);
	(void)printf("  %-13sthe inventory, empty\n\n",
	    store_files(STORE_INVENTORY, call->state_dir)[0]);
	(void)printf("the root's SHA-256 fingerprint, to be compared wherever it is installed:\n  %s\n\n",
	    made->fingerprint);
	init_say_next(call);
}

static int
init_make_store(const struct folder *directory, void *arg, struct error *err)
{
	(void)arg;
	return store_create(directory->path, err);
}

static int
init_run(const struct command_call *call, const struct init_plan *plan, struct directory_file *files,
    struct error *err)
{
	struct directory_plan place = {files, INIT_FILES, store_files(STORE_INVENTORY, call->state_dir),
	    init_make_store, NULL, NULL};
	struct init_result    made = {0};
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
	struct init_plan   plan = {.type_word = init->ca.key_type};
	int                rc;

	if (new_ca_plan(&init->ca, &plan.ca, err) != 0)
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
