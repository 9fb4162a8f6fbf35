/* Replaces the issuing CA by the next one, which the commands choose. */
#include "config.h"

#include "admin/issuing/issuing.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "admin/store.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "ca/issuer_replace.h"
#include "command/command.h"
#include "command/print.h"
#include "pki/ca_request.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/key_uri.h"
#include "store/inventory/audit.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/folder.h"

int
issuing_name(const struct issuer_files *old, EVP_PKEY *key, char *name, struct error *err)
{
	char present[CA_NAME_SIZE];

	ca_name_read(old->ca.certificate, present);
	if (present[0] == '\0')
		return error_set(err, ERROR_MALFORMED,
		    "the present issuing CA has no common name to continue; give --name");
	if (EVP_PKEY_eq(X509_get0_pubkey(old->ca.certificate), key) == 1)
		(void)memcpy(name, present, sizeof present);
	else
		ca_name_next(present, name);
	return 0;
}

const struct command_option issuing_rows[] = {
    {OPTION(TEXT, "key-type", "TYPE", struct issuing_options, key_type,
        "p256, p384, rsa3072 or rsa4096 (as the present one)")},
    {OPTION(TEXT, "key", "URI", struct issuing_options, key, "use this key, and make none")},
    {0},
};

int
issuing_check_options(const struct issuing_options *options, struct error *err)
{
	enum key_type ignored;

	if (options->key_type == NULL)
		return 0;
	if (options->key != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "--key names an existing key, so --key-type does not apply");
	return key_type_parse(options->key_type, &ignored, err);
}

int
issuing_make_key(const struct issuing_options *options, const struct issuer_files *old,
    EVP_PKEY **key, struct error *err)
{
	const char   *word = options->key_type;
	enum key_type type = KEY_TYPE_P256;

	if (word != NULL)
		(void)key_type_parse(word, &type, err); /* as issuing_check_options has found it to be */
	else
		(void)key_type_of(X509_get0_pubkey(old->ca.certificate), &type);
	return key_generate(type, key, err);
}

/* Loads the key from one of two places: a key file, or a file with its URI. */
static int
load_at(const struct folder *state, const char *key_name, const char *uri_name,
    const struct key_access *access, EVP_PKEY **key, struct error *err)
{
	AUTO_FREE char *uri = NULL;

	if (issuer_files_read_uri(state, uri_name, &uri, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? key_open_in(state, key_name, access, key, err) : -1;
	if (key_open(uri, access, key, err) == 0)
		return 0;
	err->kind = ERROR_INTERNAL; /* it is pending, wherever it is */
	return error_wrap(err, "%s/%s", state->path, uri_name);
}

int
issuing_load_waiting(const struct folder *state, const struct key_access *access, EVP_PKEY **key,
    struct error *err)
{
	return load_at(state, STATE_NEXT_KEY, STATE_NEXT_URI, access, key, err);
}

int
issuing_load_placed(const struct folder *state, const char *id, const struct key_access *access,
    EVP_PKEY **key, struct error *err)
{
	AUTO_FREE char *key_name = issuer_files_name(id, "key");
	AUTO_FREE char *uri_name = issuer_files_name(id, "uri");

	return load_at(state, key_name, uri_name, access, key, err);
}

/* Checks in the transaction that the old CA still is the one that signs. */
static int
check_still_old(const struct folder *state, const struct issuer_files *old, struct error *err)
{
	struct issuer_files now = {.id = ""};
	int                 rc = issuer_files_load(state, NULL, &now, err);

	if (rc == 0 && !view_equal(bytes_view(&now.pem), bytes_view(&old->pem)))
		rc = error_set(err, ERROR_CONFLICT,
		    "the issuing certificate was replaced meanwhile; nothing was changed");
	issuer_files_clear(&now);
	return rc;
}

static int
put_on_record(struct store *store, const struct issuer_files *old, const X509 *certificate,
    int64_t now, struct error *err)
{
	char    name[CA_NAME_SIZE];
	char    until[CLOCK_TEXT_SIZE];
	char    detail[CA_NAME_SIZE + ISSUER_ID_SIZE + 128];
	char    id[ISSUER_ID_SIZE];
	int64_t ignored = 0;

	/* The old one is recorded first: certificates from before issuers were recorded belong to the
	 * first issuer. */
	if (issuer_record(store, old->ca.certificate, now, &ignored, err) != 0 ||
	    issuer_record(store, certificate, now, &ignored, err) != 0 ||
	    issuer_files_id(certificate, id, err) != 0)
		return -1;
	ca_name_read(certificate, name);
	clock_format(certificate_not_after(certificate), until);
	(void)snprintf(detail, sizeof detail,
	    "issuing certificate \"%s\" until %s, key %.40s, in place of key %.40s", name, until, id,
	    old->id);
	return store_audit_add(store, AUDIT_ISSUER, NULL, "done", detail, now, err);
}

/*
 * Publishes the next CA's first CRL in crl.pem before attestd signs with it, because
 * verifiers that use that file refuse an issuer without a CRL. If this fails, attestd
 * does it a moment later.
 */
static void
publish_crl(const struct command_call *call, struct store *store, const struct ca *ca)
{
	struct crl_keeper *crl;
	struct error       ignored;
	int64_t            issuer = 0;

	(void)issuer_record(store, ca->certificate, call->now, &issuer, &ignored); /* it is on record already */
	crl = crl_keeper_new(call->state, STATE_NEXT_CRL, crl_source_inventory(), issuer, ca, 0);
	if (issuer != 0 && crl_keeper_sign(crl, store, call->now, &ignored) == 0)
		(void)crl_bundle_write(call->state, &ignored);
	crl_keeper_free(crl);
}

/* Arguments of the transaction. */
struct issuing_change {
	const struct command_call *call;
	const struct issuer_files *old;
	const struct issuer_next  *next;
	const struct ca           *ca;
};

/* The files are last: everything before them can be rolled back. */
static int
issuing_change_cb(struct store *store, void *arg, struct error *err)
{
	const struct issuing_change *change = arg;
	const struct command_call   *call = change->call;

	if (check_still_old(call->state, change->old, err) != 0 ||
	    put_on_record(store, change->old, change->ca->certificate, call->now, err) != 0)
		return -1;
	return issuer_replace(call->state, change->old, change->next, err);
}

int
issuing_put(const struct command_call *call, const struct issuer_files *old,
    const struct issuer_next *next, const struct ca *ca, struct error *err)
{
	struct store *store = NULL;
	int           rc = admin_store_open(call, &store, err);

	if (rc == 0)
		rc = store_change(store, issuing_change_cb,
		    &(struct issuing_change){call, old, next, ca}, err);
	if (rc == 0 && strcmp(next->id, old->id) != 0)
		publish_crl(call, store, ca);
	store_close(store);
	return rc;
}

static void
say_json(const char *what, const char *name, const char *until, const char *id,
    const struct issuer_files *old, bool root_changed)
{
	print_json(json_pack("{s:s, s:o, s:s, s:s, s:s, s:b}", "done", what, "name", print_json_text(name),
	    "not_after", until, "key_id", id, "earlier_key_id", old->id, "root_changed",
	    root_changed));
}

void
issuing_say(const struct command_call *call, const char *what, const struct issuer_files *old,
    const X509 *certificate, bool root_changed)
{
	char         name[CA_NAME_SIZE];
	char         until[CLOCK_TEXT_SIZE];
	char         id[ISSUER_ID_SIZE] = "";
	struct error ignored;

	ca_name_read(certificate, name);
	clock_format(certificate_not_after(certificate), until);
	(void)issuer_files_id(certificate, id, &ignored);
	if (call->json) {
		say_json(what, name, until, id, old, root_changed);
		return;
	}
	(void)printf("%s: \"", what);
	print_text(stdout, name);
	(void)printf("\", valid until %.10s, key %.40s\n", until, id);
	if (strcmp(id, old->id) != 0)
		(void)printf("the earlier one, key %.40s, is kept in issuers/ as long as AK certificates "
		             "of it are valid\n", old->id);
	(void)printf("next:\n  systemctl reload attestd    (or send it SIGHUP): it signs with the new one\n");
	if (root_changed)
		(void)printf("  give the new root.pem to every ACME server that trusts this CA\n");
}
