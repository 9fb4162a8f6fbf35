/* attest-ca issuing renew: a new issuing key and certificate under the root. */
#include "config.h"

#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "admin/access.h"
#include "admin/issuing/issuing.h"
#include "ca/files.h"
#include "ca/issuer_replace.h"
#include "command/call.h"
#include "pki/ca.h"
#include "pki/ca_request.h"
#include "pki/certificate.h"
#include "pki/key.h"
#include "pki/signing.h"
#include "pki/trust.h"
#include "util/duration.h"
#include "util/error.h"
#include "util/file.h"

/* Everything a renewal holds. */
struct renewal {
	struct access       access;
	struct access       root_access;
	struct issuer_files old;
	struct ca           root;
	struct ca           next;
	char               *uri; /* --key; or NULL */
	int64_t             lifetime;
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

/* The root of root.pem that has this key: there may be several, when one was replaced. */
static int
find_root(const char *path, struct ca *root, const char *uri, struct error *err)
{
	struct trust *roots = trust_new();
	int           rc = trust_add_file(roots, path, err);

	for (int i = 0; rc == 0 && root->certificate == NULL && i < (int)trust_count(roots); i++) {
		X509 *one = sk_X509_value(trust_stack(roots), i);

		if (X509_check_private_key(one, root->key) == 1 && X509_up_ref(one) == 1)
			root->certificate = one;
	}
	trust_free(roots);
	ERR_clear_error(); /* those that do not fit have complained */
	if (rc == 0 && root->certificate == NULL)
		return error_set(err, ERROR_INTERNAL, "the key %s is that of no certificate in %s", uri, path);
	return rc;
}

/* The root, whose key is here or where --root-key says. */
static int
load_root(const struct admin_call *call, struct renewal *renewal, struct error *err)
{
	AUTO_FREE char *certificate = file_join(call->state_dir, STATE_ROOT_PEM);
	AUTO_FREE char *here = file_join(call->state_dir, STATE_ROOT_KEY);
	const char     *uri = admin_call_value(call, "root-key", here);

	if (key_open(uri, &renewal->root_access.key, &renewal->root.key, err) != 0) {
		if (uri == here && err->kind == ERROR_NOT_FOUND)
			error_set(err, ERROR_NOT_FOUND,
			    "the root's key is not in %s: give --root-key URI, or where it cannot be used "
			    "from here, run \"attest-ca issuing csr\"",
			    call->state_dir);
		return -1;
	}
	return find_root(certificate, &renewal->root, uri, err);
}

static int
make_next(const struct admin_call *call, struct renewal *renewal, struct error *err)
{
	char name[CA_NAME_SIZE];

	if (renewal->uri != NULL) {
		if (key_open(renewal->uri, &renewal->access.key, &renewal->next.key, err) != 0)
			return -1;
	} else if (issuing_make_key(call, &renewal->old, &renewal->next.key, err) != 0) {
		return -1;
	}
	if (issuing_name(&renewal->old, renewal->next.key, name, err) != 0)
		return -1;
	return ca_issuing_create(&renewal->root, renewal->next.key, name, call->now,
	    renewal->lifetime, &renewal->next.certificate, err);
}

/* As it will be verified: under what root.pem holds. */
static int
check_next(const struct admin_call *call, const struct renewal *renewal, struct error *err)
{
	AUTO_FREE char *path = file_join(call->state_dir, STATE_ROOT_PEM);
	struct trust   *roots = trust_new();
	STACK_OF(X509) *chain = sk_X509_new_null();
	int             rc = -1;

	if (chain == NULL)
		abort();
	(void)sk_X509_push(chain, renewal->next.certificate);
	if (trust_add_file(roots, path, err) == 0)
		rc = ca_request_check(&renewal->next, chain, roots, call->now, err);
	sk_X509_free(chain);
	trust_free(roots);
	return rc;
}

static int
put_next(const struct admin_call *call, const struct renewal *renewal, struct error *err)
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
renew(const struct admin_call *call, struct renewal *renewal, struct error *err)
{
	if (issuer_files_load(call->state_dir, NULL, &renewal->old, err) != 0 ||
	    load_root(call, renewal, err) != 0 || make_next(call, renewal, err) != 0 ||
	    check_next(call, renewal, err) != 0 || put_next(call, renewal, err) != 0)
		return -1;
	issuing_say(call, "renewed", &renewal->old, renewal->next.certificate, false);
	return 0;
}

int
admin_issuing_renew(const struct admin_call *call, struct error *err)
{
	struct renewal renewal = {.lifetime = 0};
	const char    *uri = admin_call_value(call, "key", NULL);
	int            rc;

	if (issuing_check_options(call, err) != 0)
		return ADMIN_USAGE;
	if (duration_parse(admin_call_value(call, "lifetime", "10y"), &renewal.lifetime, err) != 0) {
		error_wrap(err, "--lifetime");
		return ADMIN_USAGE;
	}
	renewal.uri = uri != NULL ? key_uri_absolute(uri) : NULL;
	if (access_read(call, &renewal.access, err) != 0 ||
	    access_read_root(call, &renewal.access, &renewal.root_access, err) != 0)
		rc = access_status(err);
	else
		rc = renew(call, &renewal, err);
	renewal_clear(&renewal);
	return rc;
}
