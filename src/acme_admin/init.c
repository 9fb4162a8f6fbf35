/* attest-acmed init: makes keys and certificates in memory first, and the directory last. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "acme/keeper/server_key.h"
#include "acme_admin/commands.h"
#include "admin/access.h"
#include "admin/new_ca.h"
#include "admin/store.h"
#include "ca/directory.h"
#include "ca/files.h"
#include "command/print.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/trust.h"
#include "store/acme/acme.h"
#include "util/clock.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/folder.h"
#include "util/own_command.h"
#include "util/shell_quote.h"
#include "util/utf8.h"

#define INIT_NAME "Device CA"

#define INIT_LIST_MAX 64

struct init {
	struct access_options access;
	struct new_ca_options ca;
	struct option_list    attestation_roots;
	struct option_list    dns_names;
	const char           *ca_cert; /* both or neither */
	const char           *ca_key;
};

static const struct command_option init_rows[] = {
    {OPTION(LIST, "attestation-roots", "FILE", struct init, attestation_roots,
         "whose AK certificates count, PEM; may be repeated"),
        .required = true, .named = true},
    {OPTION(LIST, "dns-name", "NAME", struct init, dns_names,
         "of this server, or its address; may be repeated"),
        .required = true},
    NEW_CA_ROWS(struct init, INIT_NAME),
    {OPTION(TEXT, "ca-cert", "FILE", struct init, ca_cert,
         "an issuing CA of yours, its chain behind it, PEM …"),
        .named = true},
    {OPTION(TEXT, "ca-key", "URI", struct init, ca_key,
        "… and its key: a file, a TPM's key file, or pkcs11:")},
    {0},
};

static command_run acme_admin_init;

const struct command acme_admin_init_command = {
    .name = "init",
    .summary = "make the state directory: root, issuing certificate, empty store",
    .size = sizeof(struct init),
    .options = {{init_rows, 0}, {access_rows, offsetof(struct init, access)}},
    .check = admin_store_check_own,
    .run = acme_admin_init,
};

/* The options given. */
struct init_plan {
	struct new_ca      ca;
	const char        *ca_cert; /* both or neither */
	const char        *ca_key;
	struct config_list roots;
	struct config_list dns_names;
	char fingerprint[CERTIFICATE_FINGERPRINT_SIZE]; /* of the root that is made or given */
};

enum init_file {
	INIT_ROOT_PEM,
	INIT_ISSUING_PEM,
	INIT_ATTESTATION_ROOTS,
	INIT_DNS_NAMES,
	INIT_ISSUING_KEY, /* or INIT_ISSUING_URI */
	INIT_ROOT_KEY,    /* of a root of our own */
	INIT_ROOT_CRL,
	INIT_FILES,
};

static int
init_read_list(const char *option, const struct option_list *given, struct config_list *list,
    struct error *err)
{
	if (given->count > INIT_LIST_MAX)
		return error_set(err, ERROR_MALFORMED, "--%s may be given %d times", option,
		    INIT_LIST_MAX);
	for (size_t i = 0; i < given->count; i++)
		config_list_append(list, given->texts[i]);
	return 0;
}

static int
init_read(const struct init *init, struct init_plan *plan, struct error *err)
{
	*plan = (struct init_plan){
	    .ca_cert = init->ca_cert,
	    .ca_key = init->ca_key,
	};
	if ((plan->ca_cert == NULL) != (plan->ca_key == NULL))
		return error_set(err, ERROR_MALFORMED, "--ca-cert and --ca-key go together");
	if (new_ca_plan(&init->ca, &plan->ca, err) != 0 ||
	    init_read_list("attestation-roots", &init->attestation_roots, &plan->roots, err) != 0 ||
	    init_read_list("dns-name", &init->dns_names, &plan->dns_names, err) != 0)
		return -1;
	return 0;
}

/* Joins all trusted certificates in one file; each must be a CA's. */
static int
init_encode_roots(const struct init_plan *plan, struct bytes *pem, struct error *err)
{
	struct trust *trust = trust_new();
	int           rc = 0;

	for (size_t i = 0; rc == 0 && i < plan->roots.count; i++)
		rc = trust_add_file(trust, plan->roots.texts[i], err);
	for (int i = 0; rc == 0 && i < sk_X509_num(trust_stack(trust)); i++)
		rc = certificate_encode_pem(sk_X509_value(trust_stack(trust), i), pem, err);
	trust_free(trust);
	return rc;
}

/* The CA that clients trust is the last of the file. */
static void
init_take_root(const STACK_OF(X509) *chain, struct ca *root)
{
	root->certificate = sk_X509_value(chain, sk_X509_num(chain) - 1);
	(void)X509_up_ref(root->certificate);
}

/* Reads the certificates above the issuing CA: the intermediates, and the last one of the file. */
static int
init_encode_theirs(const STACK_OF(X509) *chain, struct directory_file *files, struct error *err)
{
	int count = sk_X509_num(chain);
	int last = count > 1 ? count - 1 : count;
	int rc = 0;

	for (int i = 0; rc == 0 && i < last; i++)
		rc = certificate_encode_pem(sk_X509_value(chain, i), &files[INIT_ISSUING_PEM].content, err);
	return rc == 0
	    ? certificate_encode_pem(sk_X509_value(chain, count - 1), &files[INIT_ROOT_PEM].content, err)
	    : -1;
}

/* Uses an operator's CA; its key stays where it is. */
static int
init_take_theirs(const struct command_call *call, const struct init_plan *plan, struct ca *root,
    struct ca *issuing, struct directory_file *files, struct error *err)
{
	const struct init *init = call->options;
	struct trust      *chain = trust_new();
	struct access      access = {.secret = {0}};
	AUTO_FREE char    *uri = key_uri_absolute(plan->ca_key);
	int                rc = -1;

	if (trust_add_file(chain, plan->ca_cert, err) == 0 &&
	    certificate_load(plan->ca_cert, &issuing->certificate, err) == 0 &&
	    access_read(&init->access, &access, err) == 0 &&
	    key_open(uri, &access.key, &issuing->key, err) == 0 && ca_check_pair(issuing, err) == 0)
		rc = init_encode_theirs(trust_stack(chain), files, err);
	if (rc == 0)
		init_take_root(trust_stack(chain), root);
	trust_free(chain);
	access_clear(&access);
	new_ca_point(&files[INIT_ISSUING_KEY], uri);
	return rc;
}

/* Checks now, and not at the first start, that the issuer can certify these names. */
static int
init_check_names(const struct ca *issuing, const struct init_plan *plan, int64_t now,
    struct error *err)
{
	struct server_key key = {0};

	if (server_key_make(issuing, (struct view){0}, &plan->dns_names, NULL, now, 3600, &key,
	        err) != 0)
		return error_wrap(err, "--dns-name");
	bytes_clear(&key.chain);
	bytes_clear(&key.key);
	return 0;
}

static int
init_make(const struct command_call *call, struct init_plan *plan, struct ca *root,
    struct ca *issuing, struct directory_file *files, struct error *err)
{
	int rc;

	if (init_encode_roots(plan, &files[INIT_ATTESTATION_ROOTS].content, err) != 0)
		return error_wrap(err, "--attestation-roots");
	for (size_t i = 0; i < plan->dns_names.count; i++) {
		bytes_append(&files[INIT_DNS_NAMES].content, plan->dns_names.texts[i],
		    strlen(plan->dns_names.texts[i]));
		bytes_append_u8(&files[INIT_DNS_NAMES].content, '\n');
	}
	if (plan->ca_cert != NULL)
		rc = init_take_theirs(call, plan, root, issuing, files, err);
	else if ((rc = new_ca_make(&plan->ca, call->now, root, issuing, err)) == 0 &&
	    (rc = new_ca_encode(root, issuing, call->now, files, INIT_FILES, err)) == 0)
		rc = key_encode(issuing->key, &files[INIT_ISSUING_KEY].content, err);
	if (rc != 0 || init_check_names(issuing, plan, call->now, err) != 0)
		return -1;
	return certificate_fingerprint(root->certificate, plan->fingerprint, err);
}

/*
 * The attestation CA's CRL lies beside its root, where that is attestd's own; elsewhere it is
 * to be fetched.
 */
static void
init_say_crl(const struct init_plan *plan)
{
	AUTO_FREE char *directory = memory_strdup(plan->roots.texts[0]);
	char           *slash = strrchr(directory, '/');
	AUTO_FREE char *crl = NULL;

	if (slash != NULL)
		*slash = '\0';
	crl = file_join(slash != NULL ? directory : ".", STATE_CRL_PEM);
	if (access(crl, R_OK) == 0) {
		AUTO_FREE char *word = shell_word(crl);

		(void)printf("%s\n", word);
	} else {
		(void)printf("CRL\n  where CRL is a file that holds attestd's " STATE_CRL_PEM ", and is kept up to date: it is\n"
		             "  in attestd's state directory, and at http://ATTESTD/" STATE_CRL_PEM "\n");
	}
}

static void
init_say_next(const struct init_plan *plan)
{
	const char *name = plan->dns_names.texts[0];
	bool        is_ipv6 = strchr(name, ':') != NULL;

	(void)printf("next:\n  %s", own_command("attest-acmed"));
	(void)printf(" --listen :8443 --url https://%s", is_ipv6 ? "[" : "");
	print_text(stdout, name);
	(void)printf("%s:8443 \\\n    --attestation-crl ", is_ipv6 ? "]" : "");
	init_say_crl(plan);
}

static void
init_say(const struct command_call *call, const struct init_plan *plan, const struct ca *issuing)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format(certificate_not_after(issuing->certificate), until);
	(void)printf("made an ACME server's state directory ");
	print_text(stdout, call->state_dir);
	(void)printf(":\n  %-22sgive it to clients, and to verifiers of device certificates\n",
	    STATE_ROOT_PEM);
	if (plan->ca_cert == NULL)
		(void)printf("  %-22sits key; the server does not need it: move it to a safe place"
		             " offline\n", STATE_ROOT_KEY);
	(void)printf("  %-22ssigns device certificates, valid until %.10s\n", STATE_ISSUING_PEM, until);
	(void)printf("  %-22sroots of AK certificates to trust\n", STATE_ATTESTATION_ROOTS);
	(void)printf("  %-22sthe server's names\n", STATE_DNS_NAMES);
	(void)printf("  %-22saccounts, orders and certificates, empty\n\n"
	             "the root's SHA-256 fingerprint, to be compared wherever it is installed:\n  %s\n\n",
	    store_files(STORE_ACME, call->state_dir)[0], plan->fingerprint);
	init_say_next(plan);
}

static void
init_say_json(const struct command_call *call, const struct init_plan *plan,
    const struct ca *issuing)
{
	char until[CLOCK_TEXT_SIZE];

	clock_format(certificate_not_after(issuing->certificate), until);
	print_json(json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:s, s:b}",
	    "state_dir", print_json_text(call->state_dir),
	    "root", STATE_ROOT_PEM, "issuing", STATE_ISSUING_PEM, "issuing_not_after", until,
	    "attestation_roots", STATE_ATTESTATION_ROOTS, "store",
	    print_json_text(store_files(STORE_ACME, call->state_dir)[0]),
	    "root_sha256", plan->fingerprint, "own_root", plan->ca_cert == NULL));
}

static int
init_make_store(const struct folder *directory, void *arg, struct error *err)
{
	(void)arg;
	return store_acme_create(directory->path, err);
}

static int
init_run(const struct command_call *call, struct init_plan *plan, struct directory_file *files,
    struct error *err)
{
	struct directory_plan place = {files, INIT_FILES, store_files(STORE_ACME, call->state_dir),
	    init_make_store, NULL, NULL};
	struct ca         root = {0};
	struct ca         issuing = {0};
	int               rc = init_make(call, plan, &root, &issuing, files, err);

	if (plan->ca_cert != NULL)
		place.count = INIT_ROOT_KEY; /* the operator writes the rest */
	if (rc == 0)
		rc = directory_make(call->state_dir, &place, err);
	if (rc == 0 && call->json)
		init_say_json(call, plan, &issuing);
	else if (rc == 0)
		init_say(call, plan, &issuing);
	ca_clear(&root);
	ca_clear(&issuing);
	return rc;
}

static int
acme_admin_init(const struct command_call *call, struct error *err)
{
	struct directory_file files[INIT_FILES] = {
	    [INIT_ROOT_PEM] = {STATE_ROOT_PEM, 0644, {0}},
	    [INIT_ISSUING_PEM] = {STATE_ISSUING_PEM, 0644, {0}},
	    [INIT_ATTESTATION_ROOTS] = {STATE_ATTESTATION_ROOTS, 0644, {0}},
	    [INIT_DNS_NAMES] = {STATE_DNS_NAMES, 0644, {0}},
	    [INIT_ISSUING_KEY] = {STATE_ISSUING_KEY, 0600, {0}},
	    [INIT_ROOT_KEY] = {STATE_ROOT_KEY, 0600, {0}},
	    [INIT_ROOT_CRL] = {STATE_ROOT_CRL, 0644, {0}},
	};
	struct init_plan plan = {.ca_cert = NULL};
	int              rc = COMMAND_USAGE;

	/* Checked before the keys are made, which may take seconds. */
	if (init_read(call->options, &plan, err) == 0 && (rc = directory_check(call->state_dir, err)) == 0)
		rc = init_run(call, &plan, files, err);
	for (size_t i = 0; i < INIT_FILES; i++)
		bytes_clear(&files[i].content);
	config_list_clear(&plan.roots);
	config_list_clear(&plan.dns_names);
	return rc;
}
