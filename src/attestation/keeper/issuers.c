/*
 * Owns the issuing CAs and their CRLs while attestd runs. Everything new is loaded and
 * checked beside the old, which it then replaces in one step.
 */
#include "config.h"

#include "attestation/keeper/issuers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "attestation/keeper/issuer_new.h"
#include "attestation/keeper/retention.h"
#include "attestation/settings.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "ca/issuer_replace.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "service/file.h"
#include "service/keeper/shelf.h"
#include "store/inventory/audit.h"
#include "store/inventory/issuer.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

#define ROOT_MAX ((size_t)256 * 1024)
#define CRL_MAX  FILE_SIZE_MAX

/* Earlier CAs at most: each has a file on the shelf, beside the four of the present one. */
#define EARLIER_MAX ((size_t)64)
_Static_assert(EARLIER_MAX + 5 <= FILE_COUNT_MAX, "not every CRL can be served");

/* Where the CRL of the issuer that signs is served; below it, each by its issuer. */
#define SERVED_CRL "crl"

/* How often it is looked whether an earlier CA is still needed, and how long after it was the one that signs. */
#define RETIRE_SECONDS 3600

/* From when on it is said that the issuing certificate ends. */
#define END_SECONDS ((int64_t)30 * 24 * 60 * 60)

/*
 * A CA whose CRL is kept up: `files` of an earlier one; the one that signs has its own
 * elsewhere. It stays where it is, as the CRL points into it.
 */
struct keepsake {
	struct issuer_files files;
	int64_t             row;
	struct crl_keeper  *crl; /* NULL: the key is not there, and the file is served as it is */
	char                id[ISSUER_ID_SIZE];
	bool                current;
};

struct issuers {
	const struct attestation_settings *settings;
	struct shared         *current;
	struct shared_version *held; /* of it, for the CRL */
	struct keepsake      **kept; /* the one that signs first */
	size_t                 kept_count;
	int64_t                next_retire;
	bool                   bundle_due;
	struct shelf          *shelf;
};

struct issuers *
issuers_new(const struct attestation_settings *settings, struct shelf *shelf)
{
	struct issuers *issuers = memory_new(sizeof *issuers);

	issuers->settings = settings;
	issuers->current = shared_new(issuer_free);
	issuers->shelf = shelf;
	return issuers;
}

static void
keepsake_free(struct keepsake *keepsake)
{
	crl_keeper_free(keepsake->crl);
	issuer_files_clear(&keepsake->files);
	free(keepsake);
}

static void
kept_free(struct keepsake **kept, size_t count)
{
	for (size_t i = 0; i < count; i++)
		keepsake_free(kept[i]);
	free(kept);
}

void
issuers_free(struct issuers *issuers)
{
	if (issuers == NULL)
		return;
	kept_free(issuers->kept, issuers->kept_count);
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

/* ---- what is served ---- */

/* What cannot be put there is logged: the fronts go on serving the last one. */
static void
serve(struct issuers *issuers, const char *name, struct view content)
{
	struct error err = {0};

	if (shelf_put(issuers->shelf, name, content, &err) != 0)
		LOG(ERROR, {"event", "file"}, {"reason", err.detail});
}

/* A CRL is found by its issuer's key identifier; that of the issuer that signs also without. */
static void
serve_crl(struct issuers *issuers, const struct keepsake *kept, struct view der)
{
	char name[sizeof SERVED_CRL + ISSUER_ID_SIZE];

	(void)snprintf(name, sizeof name, SERVED_CRL "/%s", kept->id);
	serve(issuers, name, der);
	if (kept->current)
		serve(issuers, SERVED_CRL, der);
}

static void
serve_crl_no_more(struct issuers *issuers, const struct keepsake *kept)
{
	char name[sizeof SERVED_CRL + ISSUER_ID_SIZE];

	(void)snprintf(name, sizeof name, SERVED_CRL "/%s", kept->id);
	shelf_remove(issuers->shelf, name);
}

/* The CRLs of all, as they lie there. */
static void
serve_bundle(struct issuers *issuers)
{
	AUTO_FREE char *path = file_join(issuers->settings->service.state_dir, STATE_CRL_PEM);
	AUTO_BYTES      pem = {0};
	struct error    err = {0};

	if (file_read(path, FILE_SIZE_MAX, &pem, &err) == 0)
		serve(issuers, STATE_CRL_PEM, bytes_view(&pem));
	else
		LOG(ERROR, {"event", "file"}, {"reason", err.detail});
}

/* ---- loading ---- */

/* Serves the CRL that lies there: of a CA whose key is not at hand. */
static void
serve_file(struct issuers *issuers, const struct keepsake *kept)
{
	AUTO_FREE char *name = issuer_files_name(kept->id, "crl");
	AUTO_FREE char *path = file_join(issuers->settings->service.state_dir, name);
	AUTO_BYTES      der = {0};
	struct error    err = {0};

	if (file_read(path, CRL_MAX, &der, &err) == 0)
		serve_crl(issuers, kept, bytes_view(&der));
	else
		LOG(ERROR, {"event", "crl"}, {"issuer", kept->id}, {"reason", err.detail});
}

/* An earlier CA, with its key where that can be had. */
static int
keep_earlier(const struct issuers *issuers, struct store *store, const char *id,
    const struct key_access *access, int64_t now, struct keepsake *kept, struct error *err)
{
	const char     *dir = issuers->settings->service.state_dir;
	AUTO_FREE char *crl_name = issuer_files_name(id, "crl");
	struct error    key_err = {0};

	(void)snprintf(kept->id, sizeof kept->id, "%s", id);
	if (issuer_files_load_earlier(dir, id, access, &kept->files, &key_err) != 0) {
		LOG(ERROR, {"event", "issuer"}, {"issuer", id},
		    {"consequence", "its CRL is not signed again"}, {"reason", key_err.detail});
		if (issuer_files_load_earlier(dir, id, NULL, &kept->files, err) != 0)
			return -1;
	}
	if (issuer_record(store, kept->files.ca.certificate, now, &kept->row, err) != 0)
		return -1;
	if (kept->files.ca.key != NULL)
		kept->crl = crl_keeper_new(dir, crl_name, crl_source_inventory(), kept->row,
		    &kept->files.ca, issuers->settings->service.crl_lifetime);
	return 0;
}

/* All earlier ones; one that is no certificate is logged and left. */
static int
keep_all(const struct issuers *issuers, struct store *store, const struct key_access *access,
    int64_t now, struct keepsake ***kept, size_t *count, struct error *err)
{
	char (*ids)[ISSUER_ID_SIZE] = NULL;
	size_t       listed = 0;
	struct error one = {0};

	if (issuer_files_list(issuers->settings->service.state_dir, &ids, &listed, err) != 0)
		return -1;
	*kept = memory_new((listed + 1) * sizeof **kept);
	(*kept)[0] = memory_new(sizeof ***kept); /* for the one that signs */
	*count = 1;
	for (size_t i = 0; i < listed; i++) {
		struct keepsake *next = memory_new(sizeof *next);

		if (*count > EARLIER_MAX) {
			error_set(&one, ERROR_INTERNAL, "there are too many earlier ones");
		} else if (keep_earlier(issuers, store, ids[i], access, now, next, &one) == 0) {
			(*kept)[(*count)++] = next;
			continue;
		}
		LOG(ERROR, {"event", "issuer"}, {"issuer", ids[i]}, {"reason", one.detail});
		keepsake_free(next);
	}
	free(ids);
	return 0;
}

static bool
is_kept(struct keepsake *const *kept, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(kept[i]->id, id) == 0)
			return true;
	}
	return false;
}

/* Takes the new ones, and serves what is known of them. */
static void
take(struct issuers *issuers, struct issuer *issuer, struct keepsake **kept, size_t count,
    const struct bytes *root_pem, int64_t now)
{
	const struct attestation_settings *settings = issuers->settings;
	AUTO_FREE char        *next_crl = file_join(settings->service.state_dir, STATE_NEXT_CRL);
	bool                   first = issuers->kept == NULL;

	memcpy(kept[0]->id, issuer->files.id, sizeof kept[0]->id);
	if (!first && !is_kept(kept, count, issuers->kept[0]->id))
		serve_crl_no_more(issuers, issuers->kept[0]);
	kept_free(issuers->kept, issuers->kept_count);
	shared_release(issuers->current, issuers->held);
	shared_replace(issuers->current, issuer);
	issuers->held = shared_acquire(issuers->current);
	issuers->kept = kept;
	issuers->kept_count = count;
	kept[0]->current = true;
	kept[0]->row = issuer->row;
	kept[0]->crl = crl_keeper_new(settings->service.state_dir, STATE_ISSUING_CRL, crl_source_inventory(),
	    issuer->row, &issuer->files.ca, settings->service.crl_lifetime);
	(void)unlink(next_crl); /* crl.der is signed at once */
	serve(issuers, STATE_ROOT_PEM, bytes_view(root_pem));
	serve(issuers, STATE_ISSUING_PEM, bytes_view(&issuer->files.pem));
	for (size_t i = 1; i < count; i++) {
		if (kept[i]->crl == NULL)
			serve_file(issuers, kept[i]);
	}
	issuers->bundle_due = true;
	/* What the one before has just signed may not be on record yet. */
	issuers->next_retire = first ? now : now + RETIRE_SECONDS;
}

static void
warn_of_end(const X509 *certificate, int64_t now)
{
	int64_t end = certificate_not_after(certificate);
	char    when[CLOCK_TEXT_SIZE];

	if (end - now > END_SECONDS)
		return;
	clock_format(end, when);
	LOG(WARNING, {"event", "issuer"}, {"until", when},
	    {"reason", "the issuing certificate ends soon, and AK certificates with it; run: attest-ca issuing renew"});
}

static int
settle_cb(struct store *store, void *arg, struct error *err)
{
	(void)store; /* nobody else changes the files while the store is ours to write */
	return issuer_settle(arg, err);
}

/* What a crash left of a renewal is ended; when that fails, the key stays where it was found. */
static void
settle(char *state_dir, const char *id, struct store *store)
{
	struct error err = {0};

	if (!issuer_is_unsettled(state_dir, id) ||
	    store_change(store, settle_cb, state_dir, &err) == 0)
		return;
	LOG(WARNING, {"event", "issuer"}, {"issuer", id}, {"reason", err.detail});
}

/* Earlier ones go on record first: certificates without an issuer are the first one's. */
static int
load(struct issuers *issuers, struct store *store, const struct key_access *access, int64_t now,
    struct error *err)
{
	const struct attestation_settings *settings = issuers->settings;
	AUTO_FREE char        *root = file_join(settings->service.state_dir, STATE_ROOT_PEM);
	AUTO_BYTES             root_pem = {0};
	struct issuer         *issuer = NULL;
	struct keepsake      **kept = NULL;
	size_t                 count = 0;

	if (file_read(root, ROOT_MAX, &root_pem, err) != 0 ||
	    issuer_new(settings, access, now, &issuer, err) != 0)
		return -1;
	if (keep_all(issuers, store, access, now, &kept, &count, err) != 0 ||
	    issuer_record(store, issuer->files.ca.certificate, now, &issuer->row, err) != 0) {
		kept_free(kept, count);
		issuer_free(issuer);
		return -1;
	}
	if (count > 1 && settings->crl_url != NULL && !issuer_url_names(settings->crl_url))
		LOG(WARNING, {"event", "crl-url"},
		    {"reason", "crl_url has no {issuer}, so that certificates of earlier issuing CAs lead to "
		               "the CRL of another"});
	settle(settings->service.state_dir, issuer->files.id, store);
	warn_of_end(issuer->files.ca.certificate, now);
	take(issuers, issuer, kept, count, &root_pem, now);
	return 0;
}

int
issuers_load(struct issuers *issuers, struct store *store, int64_t now, struct error *err)
{
	const struct attestation_settings *settings = issuers->settings;
	AUTO_BYTES             secret = {0};
	struct key_access      access;

	if (issuer_files_access(settings->service.passphrase_file, settings->service.pkcs11_module, &secret, &access,
	        err) != 0)
		return -1;
	return load(issuers, store, &access, now, err);
}

/* ---- CRLs ---- */

static int
refresh_one(struct issuers *issuers, struct keepsake *kept, struct store *store, int64_t now,
    struct error *err)
{
	bool fresh = false;
	int  rc;

	if (kept->crl == NULL) /* its file is served as it is */
		return 0;
	rc = crl_keeper_refresh(kept->crl, store, now, &fresh, err);
	if (fresh) {
		serve_crl(issuers, kept, crl_keeper_der(kept->crl));
		issuers->bundle_due = true;
	}
	return rc == 0 ? 0 : error_wrap(err, "issuer %.40s", kept->id);
}

static int
retire(struct issuers *issuers, const struct keepsake *kept, struct store *store, int64_t now,
    struct error *err)
{
	char detail[ISSUER_ID_SIZE + 128];

	(void)snprintf(detail, sizeof detail,
	    "the earlier issuing key %.40s was removed: its last certificate has expired", kept->id);
	if (store_audit_add(store, AUDIT_ISSUER, NULL, "done", detail, now, err) != 0 ||
	    issuer_files_remove(issuers->settings->service.state_dir, kept->id, err) != 0)
		return -1;
	LOG(INFO, {"event", "issuer-removed"}, {"issuer", kept->id},
	    {"reason", "its last certificate has expired"});
	serve_crl_no_more(issuers, kept);
	issuers->bundle_due = true;
	return 0;
}

/* Lets go of earlier CAs that have no valid certificate. */
static int
retire_all(struct issuers *issuers, struct store *store, int64_t now, struct error *err)
{
	size_t left = 1;
	bool   believed = false;
	int    rc = 0;

	if (now < issuers->next_retire && issuers->next_retire - now <= RETIRE_SECONDS)
		return 0;
	issuers->next_retire = now + RETIRE_SECONDS;
	if (issuers->kept_count > 1)
		rc = retention_check_clock(store, now, &believed, err);
	for (size_t i = 1; i < issuers->kept_count; i++) {
		struct keepsake *kept = issuers->kept[i];
		bool             needed = true;

		if (rc == 0 && believed)
			rc = store_issuer_needed(store, kept->row, now, &needed, err);
		if (rc == 0 && !needed && (rc = retire(issuers, kept, store, now, err)) == 0)
			keepsake_free(kept);
		else
			issuers->kept[left++] = kept;
	}
	issuers->kept_count = left;
	return rc;
}

int
issuers_refresh(struct issuers *issuers, struct store *store, int64_t now, struct error *err)
{
	struct error one;
	int          rc = retire_all(issuers, store, now, err);

	for (size_t i = 0; i < issuers->kept_count; i++) {
		/* What keeps one from being signed keeps no other; the first failure is told. */
		if (refresh_one(issuers, issuers->kept[i], store, now, rc == 0 ? err : &one) != 0)
			rc = -1;
	}
	if (issuers->bundle_due) {
		if (crl_bundle_write(issuers->settings->service.state_dir, rc == 0 ? err : &one) == 0) {
			issuers->bundle_due = false;
			serve_bundle(issuers);
		} else {
			rc = -1;
		}
	}
	return rc;
}
