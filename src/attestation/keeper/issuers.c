/*
 * Owns the issuing CAs and their CRLs while attestd runs. A new set is loaded and
 * checked beside the old one, and then replaces it in one step. crl_issuers.c has the
 * list of CRLs, publish.c the names under which they are served.
 */
#include "config.h"

#include "attestation/keeper/issuers.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/x509.h>

#include "attestation/keeper/crl_issuers.h"
#include "attestation/keeper/issuer_new.h"
#include "attestation/keeper/publish.h"
#include "attestation/keeper/retention.h"
#include "attestation/settings.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/files.h"
#include "ca/issuer_replace.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "store/inventory/audit.h"
#include "store/inventory/issuer.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"
#include "util/log.h"
#include "util/own_command.h"

/*
 * How often issuers_refresh looks for earlier CAs that are no longer needed, and the
 * minimum age of a replaced CA for that.
 */
#define REMOVAL_SECONDS 3600

/* How long before its end we warn about the issuing certificate. */
#define END_SECONDS ((int64_t)30 * 24 * 60 * 60)

struct issuers {
	const struct folder   *state;
	struct shared         *current;
	struct shared_version *held; /* its URL for the CRL */
	struct crl_issuers     crls;
	int64_t                next_removal;
	bool                   bundle_due; /* crl.pem must be rewritten */
	struct shelf          *shelf;
	struct key_needs      *needs;
};

struct issuers *
issuers_new(const struct folder *state, struct shelf *shelf, struct key_needs *needs)
{
	struct issuers *issuers = memory_new(sizeof *issuers);

	issuers->state = state;
	issuers->current = shared_new(issuer_free);
	issuers->shelf = shelf;
	issuers->needs = needs;
	return issuers;
}

void
issuers_free(struct issuers *issuers)
{
	if (issuers == NULL)
		return;
	crl_issuers_clear(&issuers->crls);
	shared_release(issuers->current, issuers->held);
	shared_free(issuers->current);
	free(issuers);
}

struct shared_version *
issuers_acquire(struct issuers *issuers)
{
	return shared_acquire(issuers->current);
}

void
issuers_release(struct issuers *issuers, struct shared_version *version)
{
	shared_release(issuers->current, version);
}

const char *
issuers_id(const struct issuers *issuers)
{
	return ((const struct issuer *)issuers->held->value)->files.id;
}

/* ---- loading ---- */

static void
issuers_publish(const struct issuers *issuers, const struct issuer *issuer, struct view root_pem)
{
	publish_file(issuers->shelf, STATE_ROOT_PEM, root_pem);
	publish_file(issuers->shelf, STATE_ISSUING_PEM, bytes_view(&issuer->files.pem));
	for (size_t i = 1; i < issuers->crls.count; i++) {
		if (issuers->crls.items[i]->crl == NULL)
			publish_crl_file(issuers->shelf, issuers->state, issuers->crls.items[i]->id);
	}
}

/* Replaces the CA that signs and the list of CRLs; empties `list`. */
static void
issuers_replace(struct issuers *issuers, const struct attestation_settings *settings,
    struct issuer *issuer, struct crl_issuers *crls, int64_t now)
{
	bool         first = issuers->crls.count == 0;
	struct error ignored;

	crl_issuers_set_current(crls, settings, issuers->state, issuer);
	if (!first && !crl_issuers_have(crls, issuers->crls.items[0]->id))
		publish_crl_remove(issuers->shelf, issuers->crls.items[0]->id);
	crl_issuers_clear(&issuers->crls);
	shared_release(issuers->current, issuers->held);
	shared_replace(issuers->current, issuer);
	issuers->held = shared_acquire(issuers->current);
	issuers->crls = *crls;
	*crls = (struct crl_issuers){0};
	/* crl.der is signed immediately */
	(void)folder_remove(issuers->state, STATE_NEXT_CRL, &ignored);
	issuers->bundle_due = true;
	/* The last certificates of the previous CA may not be recorded yet. */
	issuers->next_removal = first ? now : now + REMOVAL_SECONDS;
}

static void
issuers_warn_of_end(const X509 *certificate, int64_t now)
{
	int64_t end = certificate_not_after(certificate);
	char    when[CLOCK_TEXT_SIZE];
	char    reason[128 + OWN_COMMAND_SIZE];

	if (end - now > END_SECONDS)
		return;
	clock_format(end, when);
	(void)snprintf(reason, sizeof reason,
	    "the issuing certificate ends soon, and AK certificates with it; run: %s issuing renew",
	    own_command("attest-ca"));
	LOG(WARNING, {"event", "issuer"}, {"until", when}, {"reason", reason});
}

static void
issuers_warn_of_crl_url(const char *url, size_t count)
{
	if (count > 1 && url != NULL && !issuer_url_names(url))
		LOG(WARNING, {"event", "crl-url"},
		    {"reason", "crl_url has no {issuer}, so that certificates of earlier issuing CAs lead to "
		               "the CRL of another"});
}

static int
issuers_finish_renewal_cb(struct store *store, void *arg, struct error *err)
{
	const struct issuers *issuers = arg;

	(void)store; /* the write transaction protects the files from other processes */
	return issuer_settle(issuers->state, err);
}

/* Completes a renewal that a crash interrupted; if that fails, the key stays where it was found. */
static void
issuers_finish_renewal(struct issuers *issuers, const char *id, struct store *store)
{
	struct error err = {0};

	if (!issuer_is_unsettled(issuers->state, id) ||
	    store_change(store, issuers_finish_renewal_cb, issuers, &err) == 0)
		return;
	LOG(WARNING, {"event", "issuer"}, {"issuer", id}, {"reason", err.detail});
}

/* Earlier CAs are recorded first: certificates without an issuer belong to the first one. */
static int
issuers_load_keys(struct issuers *issuers, const struct attestation_settings *settings,
    struct store *store, const struct key_access *access, int64_t now, struct error *err)
{
	AUTO_BYTES         root_pem = {0};
	struct issuer     *issuer = NULL;
	struct crl_issuers crls = {0};

	if (folder_read(issuers->state, STATE_ROOT_PEM, STATE_PEM_MAX, &root_pem, err) != 0 ||
	    issuer_new(settings, issuers->state, access, now, &issuer, err) != 0)
		return -1;
	if (crl_issuers_load(settings, issuers->state, store, access, now, &crls, err) != 0 ||
	    issuer_record(store, issuer->files.ca.certificate, now, &issuer->row, err) != 0) {
		crl_issuers_clear(&crls);
		issuer_free(issuer);
		return -1;
	}
	issuers_warn_of_crl_url(settings->crl_url, crls.count);
	issuers_finish_renewal(issuers, issuer->files.id, store);
	issuers_warn_of_end(issuer->files.ca.certificate, now);
	issuers_replace(issuers, settings, issuer, &crls, now);
	issuers_publish(issuers, issuer, bytes_view(&root_pem));
	return 0;
}

int
issuers_load(struct issuers *issuers, const struct attestation_settings *settings,
    struct store *store, int64_t now, struct error *err)
{
	AUTO_BYTES        secret = {0};
	struct key_access access;

	if (issuer_files_access(settings->service.passphrase_file, settings->service.pkcs11_module, &secret, &access,
	        err) != 0)
		return -1;
	access.needs = issuers->needs;
	return issuers_load_keys(issuers, settings, store, &access, now, err);
}

/* ---- CRLs ---- */

static int
issuers_refresh_crl(struct issuers *issuers, struct crl_issuer *issuer, struct store *store,
    int64_t now, struct error *err)
{
	bool fresh = false;
	int  rc;

	if (issuer->crl == NULL) /* its file is served unchanged */
		return 0;
	rc = crl_keeper_refresh(issuer->crl, store, now, &fresh, err);
	if (fresh) {
		publish_crl(issuers->shelf, issuer->id, issuer->current, crl_keeper_der(issuer->crl));
		issuers->bundle_due = true;
	}
	return rc == 0 ? 0 : error_wrap(err, "issuer %.40s", issuer->id);
}

static int
issuers_remove_earlier(struct issuers *issuers, const struct crl_issuer *issuer,
    struct store *store, int64_t now, struct error *err)
{
	char detail[ISSUER_ID_SIZE + 128];

	(void)snprintf(detail, sizeof detail,
	    "the earlier issuing key %.40s was removed: its last certificate has expired", issuer->id);
	if (store_audit_add(store, AUDIT_ISSUER, NULL, "done", detail, now, err) != 0 ||
	    issuer_files_remove(issuers->state, issuer->id, err) != 0)
		return -1;
	LOG(INFO, {"event", "issuer-removed"}, {"issuer", issuer->id},
	    {"reason", "its last certificate has expired"});
	publish_crl_remove(issuers->shelf, issuer->id);
	issuers->bundle_due = true;
	return 0;
}

/* Removes earlier CAs that have no valid certificate. */
static int
issuers_remove_unneeded(struct issuers *issuers, struct store *store, int64_t now, struct error *err)
{
	struct crl_issuers *crls = &issuers->crls;
	size_t              left = 1;
	bool                believed = false;
	int                 rc = 0;

	if (now < issuers->next_removal && issuers->next_removal - now <= REMOVAL_SECONDS)
		return 0;
	issuers->next_removal = now + REMOVAL_SECONDS;
	if (crls->count > 1)
		rc = retention_check_clock(store, now, &believed, err);
	for (size_t i = 1; i < crls->count; i++) {
		struct crl_issuer *issuer = crls->items[i];
		bool               needed = true;

		if (rc == 0 && believed)
			rc = store_issuer_needed(store, issuer->row, now, &needed, err);
		if (rc == 0 && !needed &&
		    (rc = issuers_remove_earlier(issuers, issuer, store, now, err)) == 0)
			crl_issuer_free(issuer);
		else
			crls->items[left++] = issuer;
	}
	crls->count = left;
	return rc;
}

int
issuers_refresh(struct issuers *issuers, struct store *store, int64_t now, struct error *err)
{
	struct error one;
	int          rc = issuers_remove_unneeded(issuers, store, now, err);

	for (size_t i = 0; i < issuers->crls.count; i++) {
		/* A failure of one does not stop the others; the first failure is reported. */
		if (issuers_refresh_crl(issuers, issuers->crls.items[i], store, now, rc == 0 ? err : &one) != 0)
			rc = -1;
	}
	if (issuers->bundle_due) {
		if (crl_bundle_write(issuers->state, rc == 0 ? err : &one) == 0) {
			issuers->bundle_due = false;
			publish_bundle(issuers->shelf, issuers->state);
		} else {
			rc = -1;
		}
	}
	return rc;
}
