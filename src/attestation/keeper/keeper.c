/*
 * Owns the keys, the store and the open challenges of a running attestation CA:
 * loads them, hands questions to challenge.c and certify.c, keeps the CRL fresh.
 */
#include "config.h"

#include "attestation/keeper/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/copies.h"
#include "attestation/keeper/issuer_new.h"
#include "attestation/keeper/issuers.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/operation.h"
#include "attestation/keeper/pending.h"
#include "attestation/keeper/quota.h"
#include "attestation/keeper/refusals.h"
#include "attestation/keeper/retention.h"
#include "attestation/keeper/throttle.h"
#include "attestation/keeper/vendor_trust.h"
#include "attestation/keeper/watch.h"
#include "attestation/keeper/wrong_signatures.h"
#include "attestation/message.h"
#include "attestation/settings.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "ca/running.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "pki/pem.h"
#include "service/keeper/shelf.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/inventory/waiting_shares.h"
#include "store/store.h"
#include "tpm/openssl_error.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"
#include "util/own_command.h"
#include "util/shared.h"

/* Time per tick for removing leftovers of an import; one transaction may take longer. */
#define SWEEP_MS 50

/* Reads the vendors' certificates again if they have changed. */
static int
keeper_vendors_refresh(struct attestation_keeper *keeper, struct error *err)
{
	struct shared_version *version;
	char                   count[LOG_NUMBER_SIZE];
	bool                   fresh = false;

	if (keeper->vendors == NULL)
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
	if (keeper_vendors_refresh(keeper, &err) != 0)
		LOG(ERROR, {"event", "trust"}, {"reason", err.detail});
	if (auto_enroll_refresh(keeper->auto_enroll, false, &err) != 0)
		LOG(ERROR, {"event", "auto-enroll"}, {"reason", err.detail});
	retention_tick(keeper->retention, clock_monotonic_ms());
	shelf_tell(keeper->service.shelf, all);
	keeper_sweep_import(keeper);
}

static int
keeper_decode_key(const struct bytes *pem, const char *path, EVP_PKEY **key, struct error *err)
{
	BIO *bio = pem_open(pem);

	*key = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, pem_no_passphrase_cb, NULL) : NULL;
	BIO_free(bio);
	return *key != NULL ? 0 : error_set_openssl(err, ERROR_MALFORMED, "no private key in %s", path);
}

/* Reads what fronts serve TLS with, when there is any; what is wrong with it is found out here. */
static int
keeper_read_tls(const struct attestation_settings *settings, struct bytes *chain, struct bytes *key,
    struct error *err)
{
	struct ca pair = {0};
	int       rc = -1;

	if (settings->tls_cert == NULL)
		return 0;
	if (file_read(settings->tls_cert, STATE_PEM_MAX, chain, err) != 0 ||
	    file_read(settings->tls_key, STATE_PEM_MAX, key, err) != 0)
		return -1;
	/* What was read is what is checked: the files may change in between. */
	if (certificate_decode_pem(chain, settings->tls_cert, &pair.certificate, err) == 0 &&
	    keeper_decode_key(key, settings->tls_key, &pair.key, err) == 0 &&
	    (rc = ca_check_pair(&pair, err)) != 0)
		error_wrap(err, "%s and %s", settings->tls_cert, settings->tls_key);
	ca_clear(&pair);
	return rc;
}

/*
 * Everything is read and checked before anything of it is taken: the TLS files, the list of serial
 * numbers, and the issuing certificate with its key, which comes last, since loading takes it.
 */
static int
keeper_read_again(struct attestation_keeper *keeper, struct bytes *chain, struct bytes *key,
    struct error *err)
{
	struct auto_enroll *list = NULL;

	if (keeper_read_tls(keeper->settings, chain, key, err) != 0 ||
	    auto_enroll_new(keeper->settings, &list, err) != 0)
		return -1;
	auto_enroll_free(list);
	return issuers_load(keeper->issuers, keeper->service.store, clock_now(), err);
}

static void
keeper_reload_log(struct attestation_keeper *keeper)
{
	struct shared_version *version = issuers_acquire(keeper->issuers);

	LOG(INFO, {"event", "reload"}, {"issuer", ((const struct issuer *)version->value)->files.id},
	    {"reason", "certificates, keys and lists were read again"});
	issuers_release(keeper->issuers, version);
}

static int
keeper_reload(void *state, struct keeper *all, struct error *err)
{
	struct attestation_keeper *keeper = state;
	AUTO_BYTES                 chain = {0};
	AUTO_BYTES                 key = {0};

	if (keeper_read_again(keeper, &chain, &key, err) != 0)
		return -1;
	service_keeper_take_tls(&keeper->service, &chain, &key);
	if (auto_enroll_refresh(keeper->auto_enroll, true, err) != 0)
		LOG(ERROR, {"event", "auto-enroll"}, {"reason", err->detail});
	keeper->service.next_watch = 0;
	service_keeper_greet(&keeper->service, all);
	keeper_reload_log(keeper);
	return 0;
}

static void
keeper_watch(void *state, int64_t now)
{
	watch_deadlines(state, now);
}

static const struct service_keeper_program program = {
    .questions = &attestation_operation_service,
    .open = store_open,
    .watch = keeper_watch,
    .tick = keeper_tick,
    .reload = keeper_reload,
};

/* The store comes first: its error says that a directory without one was never initialised. */
static int
keeper_load(struct attestation_keeper *keeper, struct error *err)
{
	const struct attestation_settings *settings = keeper->settings;

	keeper->copies = copies_new(settings->publish);
	keeper->issuers = issuers_new(settings, &keeper->state, keeper->service.shelf);
	if (service_keeper_open(&keeper->service, err) != 0 ||
	    folder_open(settings->service.state_dir, &keeper->state, err) != 0)
		return -1;
	if (running_hold(&keeper->state, &keeper->running, err) != 0)
		return -1;
	store_actor_set(keeper->service.store, &(struct store_actor){.name = "attestd"});
	if (issuers_load(keeper->issuers, keeper->service.store, clock_now(), err) != 0 ||
	    keeper_read_tls(settings, &keeper->service.tls_chain, &keeper->service.tls_key, err) != 0 ||
	    service_keeper_write(&keeper->service, err) != 0)
		return -1;
	keeper->refusals = refusals_new(keeper->service.writer);
	keeper->retention = retention_new(settings, keeper->service.writer);
	keeper->quota = quota_new(settings->device_certificates);
	keeper->throttle = throttle_new();
	keeper->waiting_shares = waiting_shares_new();
	keeper->wrong = wrong_signatures_new();
	keeper->pending = pending_new((size_t)settings->challenges, (size_t)settings->device_challenges,
	    settings->challenge_lifetime * 1000);
	if (settings->ek_mode != EK_POLICY_IGNORE)
		keeper->vendors = vendor_trust_new();
	if (keeper_vendors_refresh(keeper, err) != 0 ||
	    auto_enroll_new(settings, &keeper->auto_enroll, err) != 0)
		return -1;
	if (issuers_refresh(keeper->issuers, keeper->service.store, clock_now(), err) != 0)
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
	auto_enroll_free(keeper->auto_enroll);
	quota_free(keeper->quota);
	throttle_free(keeper->throttle);
	waiting_shares_free(keeper->waiting_shares);
	wrong_signatures_free(keeper->wrong);
	file_lock_close(&keeper->running);
	service_keeper_clear(&keeper->service);
}

int
attestation_keeper_run(const void *all, int control, bool signals, const char *listening,
    struct error *err)
{
	const struct attestation_settings *settings = all;
	struct attestation_keeper          keeper = {.settings = settings, .state = {.fd = -1}};
	int                                rc;

	own_command_set("attest-ca", settings->service.state_dir, STATE_DIR_DEFAULT, settings->service.store);
	service_keeper_init(&keeper.service, &program, &settings->service, &keeper);
	keeper.service.listening = listening;
	rc = keeper_load(&keeper, err);
	if (rc == 0)
		rc = service_keeper_run(&keeper.service, control, signals, err);
	keeper_clear(&keeper);
	return rc;
}

int
attestation_keeper_check(const void *all, struct error *err)
{
	const struct attestation_settings *settings = all;
	struct attestation_keeper          keeper = {.settings = settings, .state = {.fd = -1}};
	AUTO_BYTES                         secret = {0};
	struct key_access                  access;
	struct issuer                     *issuer = NULL;
	int                                rc = -1;

	own_command_set("attest-ca", settings->service.state_dir, STATE_DIR_DEFAULT, settings->service.store);
	service_keeper_init(&keeper.service, &program, &settings->service, &keeper);
	if (service_keeper_open(&keeper.service, err) == 0 &&
	    folder_open(settings->service.state_dir, &keeper.state, err) == 0 &&
	    issuer_files_access(settings->service.passphrase_file, settings->service.pkcs11_module,
	        &secret, &access, err) == 0 &&
	    issuer_new(settings, &keeper.state, &access, clock_now(), &issuer, err) == 0 &&
	    keeper_read_tls(settings, &keeper.service.tls_chain, &keeper.service.tls_key, err) == 0)
		rc = auto_enroll_new(settings, &keeper.auto_enroll, err);
	if (issuer != NULL)
		issuer_free(issuer);
	keeper_clear(&keeper);
	return rc;
}
