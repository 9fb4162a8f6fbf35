/* Reads what the settings and the state directory name, and checks it; knows no thread. */
#include "config.h"

#include "acme/keeper/revision.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "acme/keeper/dns_names.h"
#include "acme/keeper/roots.h"
#include "ca/files.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "util/clock.h"
#include "util/config_change.h"
#include "util/error.h"
#include "util/folder_file.h"

static int
revision_load_issuing(struct acme_revision *revision, const struct acme_revision_plan *plan,
    struct error *err)
{
	const struct service_settings *service = &revision->settings.service;
	const struct folder           *state = plan->state;
	AUTO_BYTES                     secret = {0};
	struct key_access              access;

	if (issuer_files_access(service->passphrase_file, service->pkcs11_module, &secret, &access, err) != 0 ||
	    folder_read(state, STATE_ROOT_PEM, STATE_PEM_MAX, &revision->root_pem, err) != 0)
		return -1;
	access.needs = plan->needs;
	return issuer_files_load_valid(state, &access, clock_now(), &revision->issuing, err);
}

/* The base URL for clients: as configured, or the first name and the first port. */
static int
revision_find_base(struct acme_revision *revision, const char *listening, struct error *err)
{
	const char *end = listening + strcspn(listening, ",");
	const char *colon = end;
	char        base[512];

	if (revision->settings.url != NULL) {
		revision->base = memory_strdup(revision->settings.url);
		return 0;
	}
	while (colon > listening && *colon != ':')
		colon--;
	if (revision->dns_names.count == 0 || *colon != ':')
		return error_set(err, ERROR_MALFORMED,
		    "where clients reach the server is not known; give --url https://NAME:PORT");
	(void)snprintf(base, sizeof base, "https://%s%.*s", revision->dns_names.texts[0],
	    (int)(end - colon), colon);
	revision->base = memory_strdup(base);
	return 0;
}

static void
revision_find_crl_url(struct acme_revision *revision)
{
	const char *configured = revision->settings.crl_url;
	char        url[1024];

	if (configured != NULL) {
		revision->crl_url = strcmp(configured, "none") == 0 ? NULL : memory_strdup(configured);
		return;
	}
	(void)snprintf(url, sizeof url, "%s/crl", revision->base);
	revision->crl_url = memory_strdup(url);
}

static int
revision_load_roots(struct acme_revision *revision, const struct acme_revision_plan *plan,
    struct error *err)
{
	const struct acme_settings *settings = &revision->settings;
	struct roots_files          files = {
	             .state = plan->state,
	             .roots = STATE_ATTESTATION_ROOTS,
	             .crls = &settings->attestation_crls,
	             .any_name = &settings->any_name_roots,
	             .tolerate_stale = settings->tolerate_stale_crl,
	             .require_crl = settings->require_crl,
	             .store = plan->store,
	             .only_check = plan->only_check,
        };

	return roots_new(&files, &revision->roots, err);
}

static void
revision_add_earlier(struct acme_revision *revision, X509 *certificate, const struct bytes *pem)
{
	struct acme_earlier *earlier;

	if (revision->earlier_count == ACME_EARLIER_MAX)
		return;
	earlier = &revision->earlier[revision->earlier_count++];
	(void)X509_up_ref(certificate);
	earlier->certificate = certificate;
	bytes_append(&earlier->pem, pem->data, pem->size);
}

/* Those that `before` knows, and its own CA if that is another one now. */
static void
revision_keep_earlier(struct acme_revision *revision, const struct acme_revision *before)
{
	if (before == NULL)
		return;
	if (X509_cmp(before->issuing.ca.certificate, revision->issuing.ca.certificate) != 0)
		revision_add_earlier(revision, before->issuing.ca.certificate, &before->issuing.pem);
	for (size_t i = 0; i < before->earlier_count; i++)
		revision_add_earlier(revision, before->earlier[i].certificate, &before->earlier[i].pem);
}

static int
revision_load(struct acme_revision *revision, const struct acme_revision_plan *plan,
    struct error *err)
{
	if (revision_load_issuing(revision, plan, err) != 0 ||
	    dns_names_load(plan->state, &revision->dns_names, err) != 0)
		return -1;
	if (plan->listening != NULL) {
		if (revision_find_base(revision, plan->listening, err) != 0)
			return -1;
		revision_find_crl_url(revision);
	}
	revision_keep_earlier(revision, plan->before);
	return revision_load_roots(revision, plan, err);
}

int
acme_revision_new(const struct acme_revision_plan *plan, struct acme_revision **out,
    struct error *err)
{
	struct acme_revision *revision = memory_new(sizeof *revision);

	config_copy(acme_settings_schema(), sizeof *plan->settings, plan->settings, &revision->settings);
	if (revision_load(revision, plan, err) != 0) {
		acme_revision_free(revision);
		return -1;
	}
	*out = revision;
	return 0;
}

void
acme_revision_free(void *value)
{
	struct acme_revision *revision = value;

	if (revision == NULL)
		return;
	roots_free(revision->roots);
	issuer_files_clear(&revision->issuing);
	for (size_t i = 0; i < revision->earlier_count; i++) {
		X509_free(revision->earlier[i].certificate);
		bytes_clear(&revision->earlier[i].pem);
	}
	bytes_clear(&revision->root_pem);
	config_list_clear(&revision->dns_names);
	free(revision->base);
	free(revision->crl_url);
	config_file_clear(acme_settings_schema(), &revision->settings);
	free(revision);
}

/* OpenSSL caches what it finds in a certificate, under a lock of its own. */
static bool
is_issuer(const X509 *issuer, const X509 *certificate)
{
	return X509_check_issued((X509 *)(uintptr_t)issuer, (X509 *)(uintptr_t)certificate) == X509_V_OK;
}

struct view
acme_revision_chain(const struct acme_revision *revision, struct view der)
{
	struct view  chain = bytes_view(&revision->issuing.pem);
	X509        *certificate = NULL;
	struct error ignored;

	if (revision->earlier_count == 0 || certificate_decode(der, &certificate, &ignored) != 0)
		return chain;
	for (size_t i = 0; !is_issuer(revision->issuing.ca.certificate, certificate) &&
	     i < revision->earlier_count; i++) {
		if (is_issuer(revision->earlier[i].certificate, certificate)) {
			chain = bytes_view(&revision->earlier[i].pem);
			break;
		}
	}
	X509_free(certificate);
	return chain;
}
