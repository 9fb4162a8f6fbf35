/*
 * Owns the keys, the store and the open challenges of a running attestation CA:
 * loads them, hands questions to challenge.c and certify.c, keeps the CRL fresh.
 */
#include "config.h"

#include "attestation/keeper/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/copies.h"
#include "attestation/keeper/issuer_new.h"
#include "attestation/keeper/issuers.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/operation.h"
#include "attestation/keeper/ek_keys.h"
#include "attestation/keeper/pending.h"
#include "attestation/keeper/quota.h"
#include "attestation/keeper/refusals.h"
#include "attestation/keeper/retention.h"
#include "attestation/keeper/revision.h"
#include "attestation/keeper/throttle.h"
#include "attestation/keeper/vendor_trust.h"
#include "attestation/keeper/watch.h"
#include "attestation/message.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "ca/running.h"
#include "pki/key_uri.h"
#include "service/keeper/confine.h"
#include "service/keeper/shelf.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/inventory/waiting_shares.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"
#include "util/own_command.h"
#include "util/shared.h"

/* Time per tick for removing leftovers of an import; one transaction may take longer. */
#define SWEEP_MS 50

/* EKs that are kept: 1 MiB. */
#define EK_KEYS_MAX 256

/* Reads the vendors' certificates again if these settings want them and they have changed. */
static int
keeper_vendors_refresh(struct attestation_keeper *keeper,
    const struct attestation_settings *settings, struct error *err)
{
	struct shared_version *version;
	char                   count[LOG_NUMBER_SIZE];
	bool                   fresh = false;

	if (settings->ek_mode == EK_POLICY_IGNORE)
		return 0;
	if (vendor_trust_refresh(keeper->vendors, keeper->service.store, &fresh, err) != 0)
		return -1;
	if (fresh) {
		version = shared_acquire(keeper->vendors);
		(void)log_number(((const struct vendor_set *)version->value)->count, count);
		shared_release(keeper->vendors, version);
		LOG(INFO, {"event", "trust"}, {"certificates", count});
	}
	return 0;
}

/* Removes some leftovers of a killed import; the rest at the next tick. */
static void
keeper_sweep_import(struct attestation_keeper *keeper)
{
	int64_t      deadline = clock_monotonic_ms() + SWEEP_MS;
	struct error err = {0};
	bool         more = true;

	while (more && clock_monotonic_ms() < deadline)
		if (store_batch_sweep(keeper->service.store, &more, &err) != 0) {
			LOG(ERROR, {"event", "import"}, {"reason", err.detail});
			return;
		}
}

/* Logs a reason once, and not every second while a token is missing. */
static void
keeper_complain_of_crl(struct attestation_keeper *keeper, const char *reason)
{
	if (strcmp(keeper->crl_failure, reason) == 0)
		return;
	(void)snprintf(keeper->crl_failure, sizeof keeper->crl_failure, "%s", reason);
	LOG(ERROR, {"event", "crl"}, {"reason", reason});
}

/* Logs each reason once, as for the CRL. */
static void
keeper_copy(struct attestation_keeper *keeper)
{
	struct error err = {0};

	if (copies_refresh(keeper->copies, keeper->service.shelf, &err) == 0) {
		keeper->copies_failure[0] = '\0';
	} else if (strcmp(keeper->copies_failure, err.detail) != 0) {
		(void)snprintf(keeper->copies_failure, sizeof keeper->copies_failure, "%s", err.detail);
		LOG(ERROR, {"event", "publish"}, {"reason", err.detail});
	}
}

static void
keeper_tick(void *state, struct keeper *all)
{
	struct attestation_keeper *keeper = state;
	struct error               err = {0};

	if (issuers_refresh(keeper->issuers, keeper->service.store, clock_now(), &err) != 0)
		keeper_complain_of_crl(keeper, err.detail);
	else
		keeper->crl_failure[0] = '\0';
	keeper_copy(keeper);
	service_keeper_watch(&keeper->service);
	if (keeper_vendors_refresh(keeper, &keeper->revision->settings, &err) != 0)
		LOG(ERROR, {"event", "trust"}, {"reason", err.detail});
	if (auto_enroll_refresh(keeper->revision->auto_enroll, false, &err) != 0)
		LOG(ERROR, {"event", "auto-enroll"}, {"reason", err.detail});
	retention_tick(keeper->retention, clock_monotonic_ms());
	shelf_tell(keeper->service.shelf, all);
	keeper_sweep_import(keeper);
}

/* The settings and files of this revision, which it takes over, are for all questions from now on. */
static void
keeper_take(struct attestation_keeper *keeper, struct attestation_revision *revision)
{
	const struct attestation_settings *settings = &revision->settings;

	service_keeper_take_tls(&keeper->service, &revision->tls_chain, &revision->tls_key);
	service_keeper_take(&keeper->service, revision);
	keeper->revision = revision;
	copies_free(keeper->copies);
	keeper->copies = copies_new(settings->publish);
	keeper->copies_failure[0] = '\0';
}

static void
keeper_limit(struct attestation_keeper *keeper)
{
	const struct attestation_settings *settings = &keeper->revision->settings;

	pending_limit(keeper->pending, (size_t)settings->challenges, (size_t)settings->device_challenges,
	    settings->challenge_lifetime * 1000);
	quota_limit(keeper->quota, settings->device_certificates);
	retention_limit(keeper->retention, settings);
}

static bool
is_same(const char *one, const char *other)
{
	return one == other || (one != NULL && other != NULL && strcmp(one, other) == 0);
}

/*
 * Everything is read and checked before anything of it is taken: the TLS files, the list of serial
 * numbers, the vendors' certificates, and the issuing certificate with its key, which comes last,
 * since loading takes it.
 */
static int
keeper_reload(void *state, const void *settings, struct error *err)
{
	struct attestation_keeper   *keeper = state;
	struct attestation_revision *revision = NULL;

	if (attestation_revision_new(settings, keeper->revision, &revision, err) != 0)
		return -1;
	/* A directory that was in use and is gone must not keep new keys and lists out. */
	if (!is_same(revision->settings.publish, keeper->revision->settings.publish) &&
	    copies_check(revision->settings.publish, err) != 0) {
		attestation_revision_free(revision);
		return -1;
	}
	if (keeper_vendors_refresh(keeper, settings, err) != 0 ||
	    issuers_load(keeper->issuers, &revision->settings, keeper->service.store, clock_now(), err) != 0) {
		attestation_revision_free(revision);
		return -1;
	}
	keeper_take(keeper, revision);
	keeper_limit(keeper);
	return 0;
}

static const char *
keeper_issuer(const void *state)
{
	const struct attestation_keeper *keeper = state;

	return issuers_id(keeper->issuers);
}

static void
keeper_watch(void *state, int64_t now)
{
	attestation_watch_deadlines(state, now);
}

static const struct service_keeper_program program = {
    .questions = &attestation_operation_service,
    .schema = attestation_settings_schema,
    .settings_size = sizeof(struct attestation_settings),
    .free = attestation_revision_free,
    .open = store_open,
    .watch = keeper_watch,
    .tick = keeper_tick,
    .reload = keeper_reload,
    .issuer = keeper_issuer,
};

static void
keeper_load_tables(struct attestation_keeper *keeper)
{
	const struct attestation_settings *settings = &keeper->revision->settings;

	keeper->refusals = refusals_new(keeper->service.writer);
	keeper->retention = retention_new(settings, keeper->service.writer);
	keeper->ek_keys = ek_keys_new(EK_KEYS_MAX);
	keeper->quota = quota_new(settings->device_certificates);
	keeper->throttle = throttle_new();
	keeper->waiting_shares = waiting_shares_new();
	keeper->pending = pending_new((size_t)settings->challenges, (size_t)settings->device_challenges,
	    settings->challenge_lifetime * 1000);
	keeper->vendors = vendor_trust_new();
}

/* The store comes first: its error says that a directory without one was never initialised. */
static int
keeper_load(struct attestation_keeper *keeper, const struct attestation_settings *settings,
    struct error *err)
{
	struct attestation_revision *revision = NULL;

	keeper->issuers = issuers_new(&keeper->state, keeper->service.shelf, service_keeper_needs(&keeper->service));
	if (service_keeper_open(&keeper->service, err) != 0 ||
	    folder_open(settings->service.state_dir, &keeper->state, err) != 0 ||
	    running_hold(&keeper->state, &keeper->running, err) != 0)
		return -1;
	store_actor_set(keeper->service.store, &(struct store_actor){.name = "attestd"});
	if (issuers_load(keeper->issuers, settings, keeper->service.store, clock_now(), err) != 0 ||
	    attestation_revision_new(settings, NULL, &revision, err) != 0)
		return -1;
	keeper_take(keeper, revision);
	if (service_keeper_confine(&keeper->service, err) != 0 || service_keeper_write(&keeper->service, err) != 0)
		return -1;
	keeper_load_tables(keeper);
	if (keeper_vendors_refresh(keeper, settings, err) != 0 ||
	    issuers_refresh(keeper->issuers, keeper->service.store, clock_now(), err) != 0)
		return -1;
	keeper_copy(keeper); /* an ACME server that waits for READY reads the copies at once */
	return 0;
}

static void
keeper_clear(struct attestation_keeper *keeper)
{
	service_keeper_stop(&keeper->service);
	issuers_free(keeper->issuers);
	folder_close(&keeper->state);
	copies_free(keeper->copies);
	refusals_free(keeper->refusals);
	retention_free(keeper->retention);
	pending_free(keeper->pending);
	shared_free(keeper->vendors);
	ek_keys_free(keeper->ek_keys);
	quota_free(keeper->quota);
	throttle_free(keeper->throttle);
	waiting_shares_free(keeper->waiting_shares);
	file_lock_close(&keeper->running);
	service_keeper_clear(&keeper->service);
}

int
attestation_keeper_run(const void *all, int control, bool signals, const char *listening,
    struct error *err)
{
	const struct attestation_settings *settings = all;
	struct attestation_keeper          keeper = {.state = {.fd = -1}};
	int                                rc;

	own_command_set("attest-ca", settings->service.state_dir, STATE_DIR_DEFAULT, settings->service.store);
	service_keeper_init(&keeper.service, &program, &settings->service, &keeper);
	keeper.service.listening = listening;
	keeper.service.contained = signals;
	rc = keeper_load(&keeper, settings, err);
	if (rc == 0)
		rc = service_keeper_run(&keeper.service, control, signals, err);
	keeper_clear(&keeper);
	return rc;
}

int
attestation_keeper_check(const void *all, struct error *err)
{
	const struct attestation_settings *settings = all;
	AUTO_BYTES                         secret = {0};
	struct attestation_revision       *revision = NULL;
	struct key_access                  access;
	struct issuer                     *issuer = NULL;
	struct store                      *store = NULL;
	struct folder                      state = {.fd = -1};
	int                                rc = -1;

	own_command_set("attest-ca", settings->service.state_dir, STATE_DIR_DEFAULT, settings->service.store);
	if (store_open(settings->service.store, &store, err) == 0 &&
	    folder_open(settings->service.state_dir, &state, err) == 0 &&
	    issuer_files_access(settings->service.passphrase_file, settings->service.pkcs11_module,
	        &secret, &access, err) == 0 &&
	    issuer_new(settings, &state, &access, clock_now(), &issuer, err) == 0)
		rc = attestation_revision_new(settings, NULL, &revision, err);
	if (rc == 0 && (copies_check(settings->publish, err) != 0 ||
	                   issuer_module_check(settings->service.pkcs11_module, err) != 0))
		rc = -1;
	attestation_revision_free(revision);
	issuer_free(issuer);
	folder_close(&state);
	store_close(store);
	return rc;
}
