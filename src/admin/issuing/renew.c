/* attest-ca issuing renew: makes a new issuing key and certificate under the root. */
#include "config.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "admin/access.h"
#include "admin/commands.h"
#include "admin/issuing/issuing.h"
#include "ca/files.h"
#include "ca/issuer_replace.h"
#include "pki/ca.h"
#include "pki/ca_request.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/signing.h"
#include "pki/trust.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file_named.h"
#include "util/folder.h"
#include "util/own_command.h"

struct renew {
	struct issuing_options issuing;
	struct access_options  access;
	int64_t                lifetime;
	const char            *root_key;
	int                    root_passphrase_fd;
};

static const struct command_option renew_rows[] = {
    {OPTION(DURATION, "lifetime", "DURATION", struct renew, lifetime,
         "how long the certificate is valid"),
        .value = "10y"},
    {OPTION(TEXT, "root-key", "URI", struct renew, root_key,
        "where the root's key is (root.key)")},
    {OPTION(DESCRIPTOR, "root-passphrase-fd", "N", struct renew, root_passphrase_fd,
        "the same for the root's key, when it has another")},
    {0},
};

static command_check renew_check;
static command_open renew_open;
static command_run admin_issuing_renew;

const struct command admin_issuing_renew_command = {
    .name = "issuing renew",
    .summary = "make a new issuing key and certificate under the root",
    .size = sizeof(struct renew),
    .options = {{issuing_rows, offsetof(struct renew, issuing)}, {renew_rows, 0},
        {access_rows, offsetof(struct renew, access)}},
    .check = renew_check,
    .open = renew_open,
    .state = true,
    .run = admin_issuing_renew,
};

/* The state of a renewal. */
struct renewal {
	struct access       access;
	struct access       root_access;
	struct issuer_files old;
	struct ca           root;
	struct ca           next;
	char               *uri; /* --key; or NULL */
};

static void
renewal_clear(struct renewal *renewal)
{
	access_clear(&renewal->access);
	access_clear(&renewal->root_access);
	issuer_files_clear(&renewal->old);
	ca_clear(&renewal->root);
	ca_clear(&renewal->next);
	free(renewal->uri);
}

/* The root in root.pem with this key: there may be several roots after a replacement. */
static int
find_root(const struct folder *state, struct ca *root, const char *uri, struct error *err)
{
	struct trust *roots = trust_new();
	int           rc = trust_add_in(roots, state, STATE_ROOT_PEM, err);

	for (int i = 0; rc == 0 && root->certificate == NULL && i < (int)trust_count(roots); i++) {
		X509 *one = sk_X509_value(trust_stack(roots), i);

		if (X509_check_private_key(one, root->key) == 1 && X509_up_ref(one) == 1)
			root->certificate = one;
	}
	trust_free(roots);
	ERR_clear_error(); /* roots that do not match queued errors */
	if (rc == 0 && root->certificate == NULL)
		return error_set(err, ERROR_INTERNAL, "the key %s belongs to no certificate in %s/%s", uri,
		    state->path, STATE_ROOT_PEM);
	return rc;
}

/* Loads the root, with its key from the directory or from --root-key. */
static int
load_root(const struct command_call *call, struct renewal *renewal, struct error *err)
{
	const char              *given = ((const struct renew *)call->options)->root_key;
	const struct key_access *access = &renewal->root_access.key;
	int                      rc;

	rc = given != NULL ? key_open(given, access, &renewal->root.key, err)
	                   : key_open_in(call->state, STATE_ROOT_KEY, access, &renewal->root.key, err);
	if (rc != 0 && given == NULL && err->kind == ERROR_NOT_FOUND)
		return error_set(err, ERROR_NOT_FOUND,
		    "the root's key is not in %s: give --root-key URI, or where it cannot be used "
		    "from here, run \"%s issuing csr\"",
		    call->state_dir, own_command("attest-ca"));
	if (rc != 0)
		return -1;
	return find_root(call->state, &renewal->root, given != NULL ? given : STATE_ROOT_KEY, err);
}

static int
make_next(const struct command_call *call, struct renewal *renewal, struct error *err)
{
	const struct renew *options = call->options;
	char                name[CA_NAME_SIZE];

	if (renewal->uri != NULL) {
		if (key_open(renewal->uri, &renewal->access.key, &renewal->next.key, err) != 0)
			return -1;
	} else if (issuing_make_key(&options->issuing, &renewal->old, &renewal->next.key, err) != 0) {
		return -1;
	}
	if (issuing_name(&renewal->old, renewal->next.key, name, err) != 0)
		return -1;
	return ca_issuing_create(&renewal->root, renewal->next.key, name, call->now,
	    options->lifetime, &renewal->next.certificate, err);
}

/* Verified as verifiers do: against root.pem. */
static int
check_next(const struct command_call *call, const struct renewal *renewal, struct error *err)
{
	struct trust   *roots = trust_new();
	STACK_OF(X509) *chain = memory_check(sk_X509_new_reserve(NULL, 1));
	int             rc = -1;

	(void)sk_X509_push(chain, renewal->next.certificate); /* cannot fail: space was reserved */
	if (trust_add_in(roots, call->state, STATE_ROOT_PEM, err) == 0)
		rc = ca_request_check(&renewal->next, chain, roots, call->now, err);
	sk_X509_free(chain);
	trust_free(roots);
	return rc;
}

static int
put_next(const struct command_call *call, const struct renewal *renewal, struct error *err)
{
	char               id[ISSUER_ID_SIZE];
	AUTO_BYTES         pem = {0};
	AUTO_BYTES         key = {0};
	struct issuer_next next = {.id = id, .uri = renewal->uri};

	if (issuer_files_id(renewal->next.certificate, id, err) != 0 ||
	    certificate_encode_pem(renewal->next.certificate, &pem, err) != 0 ||
	    (renewal->uri == NULL && key_encode(renewal->next.key, &key, err) != 0))
		return -1;
	next.pem = bytes_view(&pem);
	next.key = bytes_view(&key);
	return issuing_put(call, &renewal->old, &next, &renewal->next, err);
}

static int
renew(const struct command_call *call, struct renewal *renewal, struct error *err)
{
	if (issuer_files_load(call->state, NULL, &renewal->old, err) != 0 ||
	    load_root(call, renewal, err) != 0 || make_next(call, renewal, err) != 0 ||
	    check_next(call, renewal, err) != 0 || put_next(call, renewal, err) != 0)
		return -1;
	issuing_say(call, "renewed", &renewal->old, renewal->next.certificate, false);
	return 0;
}

static int
renew_check(const struct command_call *call, struct error *err)
{
	const struct renew *options = call->options;

	return issuing_check_options(&options->issuing, err);
}

/* The root's key may be where root alone reads: on a stick. The others are the daemon's to read. */
static int
renew_open(const struct command_call *call, void *options, struct error *err)
{
	const struct renew *renew = options;

	(void)call;
	(void)err;
	if (renew->root_key != NULL)
		file_named_open(key_path(renew->root_key));
	return 0;
}

static int
admin_issuing_renew(const struct command_call *call, struct error *err)
{
	const struct renew *options = call->options;
	const char         *uri = options->issuing.key;
	struct renewal      renewal = {.uri = uri != NULL ? key_uri_absolute(uri) : NULL};
	int                 rc;

	if (access_read(&options->access, &renewal.access, err) != 0 ||
	    access_read_root(&options->access, options->root_passphrase_fd, &renewal.access,
	        &renewal.root_access, err) != 0)
		rc = access_status(err);
	else
		rc = renew(call, &renewal, err);
	renewal_clear(&renewal);
	return rc;
}
