/*
 * Owns the issuing CAs and their CRLs while attestd runs. Everything new is loaded and
 * checked beside the old, which it then replaces in one step.
 */
#include "config.h"

#include "attestation/keeper/issuers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "attestation/keeper/issuer_new.h"
#include "attestation/keeper/retention.h"
#include "attestation/message.h"
#include "attestation/settings.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/crl_inventory.h"
#include "ca/files.h"
#include "ca/issuer_replace.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "store/inventory/audit.h"
#include "store/inventory/issuer.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"

#define ROOT_MAX ((size_t)256 * 1024)
#define CRL_MAX  ATTESTATION_FILE_MAX

/* How often it is looked whether an earlier CA is still needed, and how long after it was the one that signs. */
#define RETIRE_SECONDS 3600

/* From when on it is said that the issuing certificate ends. */
#define END_SECONDS ((int64_t)30 * 24 * 60 * 60)

/* A file as it is served, and whether the fronts know it. */
struct copy {
	char         id[ISSUER_ID_SIZE];
	struct bytes content;
	enum attestation_file_name name;
	bool         told;
};

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
	pthread_mutex_t        lock; /* over the copies */
	struct copy           *copies;
	size_t                 copy_count;
};

struct issuers *
issuers_new(const struct attestation_settings *settings)
{
	struct issuers *issuers = memory_new(sizeof *issuers);

	issuers->settings = settings;
	issuers->current = shared_new(issuer_free);
	(void)pthread_mutex_init(&issuers->lock, NULL);
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
	for (size_t i = 0; i < issuers->copy_count; i++)
		bytes_clear(&issuers->copies[i].content);
	free(issuers->copies);
	(void)pthread_mutex_destroy(&issuers->lock);
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

static struct copy *
copy_find(struct issuers *issuers, enum attestation_file_name name, const char *id)
{
	for (size_t i = 0; i < issuers->copy_count; i++) {
		struct copy *copy = &issuers->copies[i];

		/* There is one of each name, but for the CRLs of earlier CAs. */
		if (copy->name == name &&
		    (name != ATTESTATION_FILE_EARLIER_CRL || strcmp(copy->id, id) == 0))
			return copy;
	}
	return NULL;
}

/* Serves this from now on; an empty one is served no more. */
static void
copy_set(struct issuers *issuers, enum attestation_file_name name, const char *id, struct view content)
{
	struct copy *copy;

	(void)pthread_mutex_lock(&issuers->lock);
	copy = copy_find(issuers, name, id);
	if (copy == NULL) {
		copy = realloc(issuers->copies, (issuers->copy_count + 1) * sizeof *copy);
		if (copy == NULL)
			abort();
		issuers->copies = copy;
		copy += issuers->copy_count++;
		*copy = (struct copy){.name = name};
	}
	if (strcmp(copy->id, id) != 0 || !view_equal(bytes_view(&copy->content), content)) {
		(void)snprintf(copy->id, sizeof copy->id, "%s", id);
		bytes_clear(&copy->content);
		if (content.size != 0)
			bytes_append(&copy->content, content.data, content.size);
		copy->told = false;
	}
	(void)pthread_mutex_unlock(&issuers->lock);
}

static void
copy_show(const struct copy *copy, issuers_file_cb *each, void *arg)
{
	each(&(struct issuers_file){copy->name, copy->id, copy->content}, arg);
}

void
issuers_greet(struct issuers *issuers, issuers_file_cb *each, void *arg)
{
	(void)pthread_mutex_lock(&issuers->lock);
	for (size_t i = 0; i < issuers->copy_count; i++) {
		if (issuers->copies[i].content.size != 0)
			copy_show(&issuers->copies[i], each, arg);
	}
	(void)pthread_mutex_unlock(&issuers->lock);
}

void
issuers_tell(struct issuers *issuers, issuers_file_cb *each, void *arg)
{
	size_t left = 0;

	(void)pthread_mutex_lock(&issuers->lock);
	for (size_t i = 0; i < issuers->copy_count; i++) {
		struct copy *copy = &issuers->copies[i];

		if (!copy->told)
			copy_show(copy, each, arg);
		copy->told = true;
		if (copy->content.size != 0)
			issuers->copies[left++] = *copy;
	}
	issuers->copy_count = left;
	(void)pthread_mutex_unlock(&issuers->lock);
}

/* ---- loading ---- */

/* Serves the CRL that lies there: of a CA whose key is not at hand. */
static void
serve_file(struct issuers *issuers, const struct keepsake *kept)
{
	AUTO_FREE char *name = issuer_files_name(kept->id, "crl");
	AUTO_FREE char *path = file_join(issuers->settings->state_dir, name);
	AUTO_BYTES      der = {0};
	struct error    err = {0};

	if (file_read(path, CRL_MAX, &der, &err) == 0)
		copy_set(issuers, ATTESTATION_FILE_EARLIER_CRL, kept->id, bytes_view(&der));
	else
		LOG(ERROR, {"event", "crl"}, {"issuer", kept->id}, {"reason", err.detail});
}

/* An earlier CA, with its key where that can be had. */
static int
keep_earlier(const struct issuers *issuers, struct store *store, const char *id,
    const struct key_access *access, int64_t now, struct keepsake *kept, struct error *err)
{
	const char     *dir = issuers->settings->state_dir;
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
		    &kept->files.ca, issuers->settings->crl_lifetime);
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

	if (issuer_files_list(issuers->settings->state_dir, &ids, &listed, err) != 0)
		return -1;
	*kept = memory_new((listed + 1) * sizeof **kept);
	(*kept)[0] = memory_new(sizeof ***kept); /* for the one that signs */
	*count = 1;
	for (size_t i = 0; i < listed; i++) {
		struct keepsake *next = memory_new(sizeof *next);

		if (*count > ATTESTATION_EARLIER_MAX) {
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

/* Takes the new ones, and serves what is known of them. */
static void
take(struct issuers *issuers, struct issuer *issuer, struct keepsake **kept, size_t count,
    const struct bytes *root_pem, int64_t now)
{
	const struct attestation_settings *settings = issuers->settings;
	AUTO_FREE char        *next_crl = file_join(settings->state_dir, STATE_NEXT_CRL);
	bool                   first = issuers->kept == NULL;

	kept_free(issuers->kept, issuers->kept_count);
	shared_release(issuers->current, issuers->held);
	shared_replace(issuers->current, issuer);
	issuers->held = shared_acquire(issuers->current);
	issuers->kept = kept;
	issuers->kept_count = count;
	kept[0]->current = true;
	kept[0]->row = issuer->row;
	memcpy(kept[0]->id, issuer->files.id, sizeof kept[0]->id);
	kept[0]->crl = crl_keeper_new(settings->state_dir, STATE_ISSUING_CRL, crl_source_inventory(),
	    issuer->row, &issuer->files.ca, settings->crl_lifetime);
	(void)unlink(next_crl); /* crl.der is signed at once */
	copy_set(issuers, ATTESTATION_FILE_ROOT, "", bytes_view(root_pem));
	copy_set(issuers, ATTESTATION_FILE_ISSUING, "", bytes_view(&issuer->files.pem));
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
	AUTO_FREE char        *root = file_join(settings->state_dir, STATE_ROOT_PEM);
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
	settle(settings->state_dir, issuer->files.id, store);
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

	if (issuer_files_access(settings->passphrase_file, settings->pkcs11_module, &secret, &access,
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
		copy_set(issuers, kept->current ? ATTESTATION_FILE_CRL : ATTESTATION_FILE_EARLIER_CRL, kept->id,
		    crl_keeper_der(kept->crl));
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
	    issuer_files_remove(issuers->settings->state_dir, kept->id, err) != 0)
		return -1;
	LOG(INFO, {"event", "issuer-removed"}, {"issuer", kept->id},
	    {"reason", "its last certificate has expired"});
	copy_set(issuers, ATTESTATION_FILE_EARLIER_CRL, kept->id, (struct view){NULL, 0});
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

static bool
is_untold(struct issuers *issuers)
{
	bool untold = false;

	(void)pthread_mutex_lock(&issuers->lock);
	for (size_t i = 0; i < issuers->copy_count; i++)
		untold = untold || !issuers->copies[i].told;
	(void)pthread_mutex_unlock(&issuers->lock);
	return untold;
}

int
issuers_refresh(struct issuers *issuers, struct store *store, int64_t now, bool *fresh,
    struct error *err)
{
	struct error one;
	int          rc = retire_all(issuers, store, now, err);

	for (size_t i = 0; i < issuers->kept_count; i++) {
		/* What keeps one from being signed keeps no other; the first failure is told. */
		if (refresh_one(issuers, issuers->kept[i], store, now, rc == 0 ? err : &one) != 0)
			rc = -1;
	}
	if (issuers->bundle_due) {
		if (crl_bundle_write(issuers->settings->state_dir, rc == 0 ? err : &one) == 0)
			issuers->bundle_due = false;
		else
			rc = -1;
	}
	*fresh = is_untold(issuers);
	return rc;
}
