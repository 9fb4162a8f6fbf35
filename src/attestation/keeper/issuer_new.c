/* Loads an issuing CA for the workers from its files. */
#include "config.h"

#include "attestation/keeper/issuer_new.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "attestation/keeper/issuers.h"
#include "attestation/message.h"
#include "attestation/settings.h"
#include "ca/files.h"
#include "pki/ca_request.h"
#include "pki/certificate.h"
#include "pki/trust.h"
#include "util/error.h"
#include "util/folder.h"

#define URL_MARK "{issuer}"

bool
issuer_url_names(const char *url)
{
	return strstr(url, URL_MARK) != NULL;
}

static char *
issuer_url_expand(const char *url, const char *id)
{
	struct bytes text = {0};
	const char  *mark;

	while ((mark = strstr(url, URL_MARK)) != NULL) {
		bytes_append(&text, url, (size_t)(mark - url));
		bytes_append(&text, id, strlen(id));
		url = mark + strlen(URL_MARK);
	}
	bytes_append(&text, url, strlen(url) + 1);
	return (char *)text.data;
}

static int
issuer_chain_encode(STACK_OF(X509) *chain, struct bytes *out, struct error *err)
{
	struct bytes ders[ATTESTATION_CHAIN_MAX] = {{0}};
	struct view  views[ATTESTATION_CHAIN_MAX];
	int          count = sk_X509_num(chain);
	int          rc = 0;

	if (count > (int)ATTESTATION_CHAIN_MAX)
		return error_set(err, ERROR_INTERNAL, "%d certificates in %s", count, STATE_ISSUING_PEM);
	for (int i = 0; rc == 0 && i < count; i++) {
		rc = certificate_encode(sk_X509_value(chain, i), &ders[i], err);
		views[i] = bytes_view(&ders[i]);
	}
	if (rc == 0)
		rc = attestation_chain_encode(views, (size_t)count, out, err);
	for (int i = 0; i < count; i++)
		bytes_clear(&ders[i]);
	return rc;
}

static int
issuer_fill(struct issuer *issuer, const struct attestation_settings *settings,
    const struct folder *state, const struct key_access *access, int64_t now, struct trust *chain,
    struct trust *roots, struct error *err)
{
	if (issuer_files_load_valid(state, access, now, &issuer->files, err) != 0 ||
	    trust_add_in(roots, state, STATE_ROOT_PEM, err) != 0 ||
	    trust_add_in(chain, state, STATE_ISSUING_PEM, err) != 0)
		return -1;
	if (ca_request_check(&issuer->files.ca, trust_stack(chain), roots, now, err) != 0) {
		err->kind = ERROR_INTERNAL;
		return error_wrap(err, "%s/%s", state->path, STATE_ISSUING_PEM);
	}
	if (issuer_chain_encode(trust_stack(chain), &issuer->chain, err) != 0)
		return -1;
	if (settings->crl_url != NULL)
		issuer->crl_url = issuer_url_expand(settings->crl_url, issuer->files.id);
	return 0;
}

int
issuer_new(const struct attestation_settings *settings, const struct folder *state,
    const struct key_access *access, int64_t now, struct issuer **out, struct error *err)
{
	struct issuer *issuer = memory_new(sizeof *issuer);
	struct trust  *chain = trust_new();
	struct trust  *roots = trust_new();
	int            rc = issuer_fill(issuer, settings, state, access, now, chain, roots, err);

	trust_free(chain);
	trust_free(roots);
	if (rc == 0)
		*out = issuer;
	else
		issuer_free(issuer);
	return rc;
}

void
issuer_free(void *value)
{
	struct issuer *issuer = value;

	if (issuer == NULL)
		return;
	issuer_files_clear(&issuer->files);
	bytes_clear(&issuer->chain);
	free(issuer->crl_url);
	free(issuer);
}
