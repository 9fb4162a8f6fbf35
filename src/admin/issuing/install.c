/* attest-ca issuing install: checks the certificate for the pending key and installs both. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "admin/access.h"
#include "admin/commands.h"
#include "admin/issuing/issuing.h"
#include "ca/files.h"
#include "ca/issuer_replace.h"
#include "pki/ca.h"
#include "pki/ca_request.h"
#include "pki/certificate.h"
#include "pki/signing.h"
#include "pki/trust.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"
#include "util/own_command.h"

struct install {
	struct access_options access;
	const char           *root;
};

static const struct command_option install_rows[] = {
    {OPTION(TEXT, "root", "FILE", struct install, root,
         "the root that it leads to, if not the present one (PEM)"),
        .named = true},
    {0},
};

static command_run admin_issuing_install;

const struct command admin_issuing_install_command = {
    .name = "issuing install",
    .summary = "install the certificate for the pending key, with its chain",
    .size = sizeof(struct install),
    .options = {{install_rows, 0}, {access_rows, offsetof(struct install, access)}},
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .operands_named = true,
    .state = true,
    .run = admin_issuing_install,
};

/* The state of an installation. */
struct installation {
	struct access       access;
	struct issuer_files old;
	struct trust       *file;  /* what came */
	struct trust       *roots; /* --root, or root.pem */
	struct ca           next;  /* with the certificate of the file */
	STACK_OF(X509)     *chain; /* the certificate and its intermediates; also from the file */
	struct bytes        root_pem; /* empty: unchanged */
};

static void
installation_clear(struct installation *installation)
{
	signing_key_free(installation->next.key);
	sk_X509_free(installation->chain);
	trust_free(installation->file);
	trust_free(installation->roots);
	issuer_files_clear(&installation->old);
	access_clear(&installation->access);
	bytes_clear(&installation->root_pem);
}

static bool
is_self_signed(X509 *certificate)
{
	return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

/* Takes the key's certificate, and the others as its chain; roots among them are left out. */
static int
sort_file(struct installation *installation, const char *path, struct error *err)
{
	STACK_OF(X509) *all = trust_stack(installation->file);

	/* From here on nothing that is added can fail: space is reserved. */
	installation->chain = memory_check(sk_X509_new_reserve(NULL, sk_X509_num(all)));
	for (int i = 0; i < sk_X509_num(all); i++) {
		X509 *certificate = sk_X509_value(all, i);

		if (X509_check_private_key(certificate, installation->next.key) == 1) {
			if (installation->next.certificate != NULL)
				return error_set(err, ERROR_MALFORMED,
				    "%s has two certificates for the pending key", path);
			installation->next.certificate = certificate;
			(void)sk_X509_unshift(installation->chain, certificate);
		} else if (!is_self_signed(certificate)) {
			(void)sk_X509_push(installation->chain, certificate);
		}
	}
	if (installation->next.certificate == NULL)
		return error_set(err, ERROR_BAD_ATTESTATION,
		    "no certificate in %s is for the pending key; was it issued for another CSR?", path);
	return 0;
}

/* The key is pending, or a crash has left it under the identifier of its certificate. */
static int
load_key(const struct command_call *call, struct installation *installation, struct error *err)
{
	STACK_OF(X509) *all = trust_stack(installation->file);
	struct error    ignored;
	char            id[ISSUER_ID_SIZE];

	if (issuing_load_waiting(call->state, &installation->access.key, &installation->next.key,
	        err) == 0)
		return 0;
	if (err->kind != ERROR_NOT_FOUND)
		return -1;
	for (int i = 0; i < sk_X509_num(all); i++) {
		if (issuer_files_id(sk_X509_value(all, i), id, &ignored) == 0 &&
		    strcmp(id, installation->old.id) != 0 &&
		    issuing_load_placed(call->state, id, &installation->access.key,
		        &installation->next.key, &ignored) == 0)
			return 0;
	}
	return error_set(err, ERROR_NOT_FOUND,
	    "there is no pending key; \"%s issuing csr\" makes one", own_command("attest-ca"));
}

/* Two issuers must not share a name: some verifiers find CRLs and certificates by name only. */
static int
check_name(const struct command_call *call, const struct installation *installation,
    const char *id, struct error *err)
{
	const X509 *old = installation->old.ca.certificate;
	const X509 *next = installation->next.certificate;
	bool        same_name =
	    X509_NAME_cmp(X509_get_subject_name(old), X509_get_subject_name(next)) == 0;
	bool   same_key = EVP_PKEY_eq(X509_get0_pubkey(old), X509_get0_pubkey(next)) == 1;
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t count = 0;
	int    rc;

	if (same_key && (!same_name || strcmp(id, installation->old.id) != 0))
		return error_set(err, ERROR_CONFLICT,
		    "it has the key of the present issuing CA, but another subject or subjectKeyIdentifier: "
		    "AK certificates of that key would no longer verify");
	if (!same_key && same_name)
		return error_set(err, ERROR_CONFLICT,
		    "it has the name of the present issuing CA, but another key: CRLs are told apart by "
		    "name; ask for another one (issuing csr --name NAME)");
	if (!same_key && strcmp(id, installation->old.id) == 0)
		return error_set(err, ERROR_CONFLICT,
		    "it has the subjectKeyIdentifier of the present issuing CA, but another key");
	rc = issuer_files_list(call->state, &ids, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (strcmp(ids[i], id) == 0)
			rc = error_set(err, ERROR_CONFLICT, "it has the key identifier of an earlier issuing CA");
	}
	free(ids);
	return rc;
}

static bool
is_among(STACK_OF(X509) *certificates, const X509 *one)
{
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		if (X509_cmp(sk_X509_value(certificates, i), one) == 0)
			return true;
	}
	return false;
}

static int
append_pem(STACK_OF(X509) *certificates, STACK_OF(X509) *without, struct bytes *pem,
    struct error *err)
{
	for (int i = 0; i < sk_X509_num(certificates); i++) {
		const X509 *certificate = sk_X509_value(certificates, i);

		if ((without == NULL || !is_among(without, certificate)) &&
		    certificate_encode_pem(certificate, pem, err) != 0)
			return -1;
	}
	return 0;
}

/* With --root: the new roots first, then the old ones, to which earlier AK certificates lead. */
static int
load_roots(const struct command_call *call, struct installation *installation, struct error *err)
{
	const char   *given = ((const struct install *)call->options)->root;
	struct trust *old;
	int           rc;

	if (given == NULL)
		return trust_add_in(installation->roots, call->state, STATE_ROOT_PEM, err);
	if (trust_add_file(installation->roots, given, err) != 0)
		return -1;
	old = trust_new();
	rc = trust_add_in(old, call->state, STATE_ROOT_PEM, err);
	if (rc == 0)
		rc = append_pem(trust_stack(installation->roots), NULL, &installation->root_pem, err);
	if (rc == 0)
		rc = append_pem(trust_stack(old), trust_stack(installation->roots),
		    &installation->root_pem, err);
	trust_free(old);
	return rc;
}

/* `id` is that of its certificate. */
static int
check(const struct command_call *call, struct installation *installation, char id[ISSUER_ID_SIZE],
    struct error *err)
{
	const char *path = call->operands[0];

	if (trust_add_file(installation->file, path, err) != 0 ||
	    issuer_files_load(call->state, NULL, &installation->old, err) != 0 ||
	    load_key(call, installation, err) != 0 || sort_file(installation, path, err) != 0 ||
	    load_roots(call, installation, err) != 0)
		return -1;
	if (ca_request_check(&installation->next, installation->chain, installation->roots, call->now,
	        err) != 0 ||
	    issuer_files_id(installation->next.certificate, id, err) != 0 ||
	    check_name(call, installation, id, err) != 0)
		return error_wrap(err, "the certificate in %s cannot be installed", path);
	return 0;
}

static int
install(const struct command_call *call, struct installation *installation, struct error *err)
{
	char               id[ISSUER_ID_SIZE];
	AUTO_BYTES         pem = {0};
	struct issuer_next next = {.id = id, .waiting = true};

	if (check(call, installation, id, err) != 0 ||
	    append_pem(installation->chain, NULL, &pem, err) != 0)
		return -1;
	next.pem = bytes_view(&pem);
	next.root_pem = bytes_view(&installation->root_pem);
	if (issuing_put(call, &installation->old, &next, &installation->next, err) != 0)
		return -1;
	issuing_say(call, "installed", &installation->old, installation->next.certificate,
	    installation->root_pem.size != 0);
	return 0;
}

static int
admin_issuing_install(const struct command_call *call, struct error *err)
{
	struct installation installation = {
	    .file = trust_new(),
	    .roots = trust_new(),
	};
	const struct install *options = call->options;
	int                   rc;

	rc = access_read(&options->access, &installation.access, err) != 0 ? access_status(err)
	                                                      : install(call, &installation, err);
	installation_clear(&installation);
	return rc;
}
