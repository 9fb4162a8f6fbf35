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
#include "attestation/message.h"
#include "attestation/settings.h"
#include "ca/issuer.h"
#include "daemon/channel.h"
#include "daemon/keeper.h"
#include "pki/ca.h"
#include "pki/certificate.h"
#include "pki/key_uri.h"
#include "pki/pem.h"
#include "service/keeper/deadlines.h"
#include "service/keeper/shelf.h"
#include "service/reread.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/store.h"
#include "store/writer.h"
#include "tpm/openssl_error.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"
#include "util/shared.h"

#define PEM_MAX ((size_t)256 * 1024)
#define BODY_MAX ((size_t)64 * 1024)
#define HEADER_MAX ((size_t)8 * 1024)

/* Time per tick for removing leftovers of an import; one transaction may take longer. */
#define SWEEP_MS 50

#define WATCH_SECONDS 60

/* The names of settings that have changed. */
#define RELOAD_NAMES_SIZE 1024

static void
keeper_ask_cb(void *state, struct keeper_question *question, struct view body)
{
	struct call_worker        *worker = state;
	struct attestation_keeper *keeper = worker->keeper;

	if (!shelf_answer(keeper->shelf, question, body))
		call_ask_cb(state, question, body);
}

/* What every front is told. */
static void
keeper_greeting(struct attestation_keeper *keeper, struct bytes *greeting)
{
	const struct attestation_settings *settings = keeper->settings;

	(void)pthread_mutex_lock(&keeper->tls_lock);
	attestation_greeting_encode(
	    &(struct attestation_greeting){
	        .body_max = BODY_MAX,
	        .header_max = HEADER_MAX,
	        .connections_max = (uint64_t)(settings->service.connections / settings->service.workers) + 1,
	        .idle_ms = (uint64_t)settings->service.idle_timeout * 1000,
	        .request_ms = (uint64_t)settings->service.request_timeout * 1000,
	        .log_level = settings->service.level,
	        .tls_chain = bytes_view(&keeper->tls_chain),
	        .tls_key = bytes_view(&keeper->tls_key),
	    },
	    greeting);
	(void)pthread_mutex_unlock(&keeper->tls_lock);
}

/* The files come first, because the greeting makes the front begin to serve. */
static void
keeper_greet_cb(void *state, struct channel *channel)
{
	struct call_worker        *worker = state;
	struct attestation_keeper *keeper = worker->keeper;
	AUTO_BYTES                 greeting = {0};

	shelf_greet(keeper->shelf, channel);
	keeper_greeting(keeper, &greeting);
	channel_tell(channel, bytes_view(&greeting));
}

static int
keeper_worker_open_cb(void *arg, struct worker *worker, void **state, struct error *err)
{
	struct attestation_keeper *keeper = arg;
	struct store              *store = NULL;

	if (store_open(keeper->settings->service.store, &store, err) != 0)
		return -1;
	*state = call_worker_new(&attestation_operation_service, keeper, worker, store, keeper->writer);
	return 0;
}

/* Each minute is soon enough for what ends in days. */
static void
keeper_watch(struct attestation_keeper *keeper)
{
	int64_t now = clock_now();

	if (now < keeper->next_watch && keeper->next_watch - now <= WATCH_SECONDS)
		return;
	keeper->next_watch = now + WATCH_SECONDS;
	watch_deadlines(keeper, now);
}

static void
keeper_ready_cb(void *arg)
{
	struct attestation_keeper *keeper = arg;
	char                       workers[LOG_NUMBER_SIZE];

	LOG(INFO, {"event", "start"}, {"listen", keeper->listening},
	    {"state_dir", keeper->settings->service.state_dir},
	    {"workers", log_number((uint64_t)keeper->settings->service.workers, workers)});
	keeper_watch(keeper);
}

/* Reads the vendors' certificates again if they have changed. */
static int
keeper_vendors_refresh(struct attestation_keeper *keeper, struct error *err)
{
	struct shared_version *version;
	char                   count[LOG_NUMBER_SIZE];
	bool                   fresh = false;

	if (keeper->vendors == NULL)
		return 0;
	if (vendor_trust_refresh(keeper->vendors, keeper->store, &fresh, err) != 0)
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
		if (store_batch_sweep(keeper->store, &more, &err) != 0) {
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

	if (copies_refresh(keeper->copies, keeper->shelf, &err) == 0) {
		keeper->copies_failure[0] = '\0';
	} else if (strcmp(keeper->copies_failure, err.detail) != 0) {
		(void)snprintf(keeper->copies_failure, sizeof keeper->copies_failure, "%s", err.detail);
		LOG(ERROR, {"event", "publish"}, {"reason", err.detail});
	}
}

static void
keeper_tick_cb(void *arg, struct keeper *all)
{
	struct attestation_keeper *keeper = arg;
	struct error               err = {0};

	if (issuers_refresh(keeper->issuers, keeper->store, clock_now(), &err) != 0)
		keeper_complain_of_crl(keeper, err.detail);
	else
		keeper->crl_failure[0] = '\0';
	keeper_copy(keeper);
	keeper_watch(keeper);
	if (keeper_vendors_refresh(keeper, &err) != 0)
		LOG(ERROR, {"event", "trust"}, {"reason", err.detail});
	if (auto_enroll_refresh(keeper->auto_enroll, false, &err) != 0)
		LOG(ERROR, {"event", "auto-enroll"}, {"reason", err.detail});
	retention_tick(keeper->retention, clock_monotonic_ms());
	shelf_tell(keeper->shelf, all);
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
	if (file_read(settings->tls_cert, PEM_MAX, chain, err) != 0 ||
	    file_read(settings->tls_key, PEM_MAX, key, err) != 0)
		return -1;
	/* What was read is what is checked: the files may change in between. */
	if (certificate_decode_pem(chain, settings->tls_cert, &pair.certificate, err) == 0 &&
	    keeper_decode_key(key, settings->tls_key, &pair.key, err) == 0 &&
	    (rc = ca_check_pair(&pair, err)) != 0)
		error_wrap(err, "%s and %s", settings->tls_cert, settings->tls_key);
	ca_clear(&pair);
	return rc;
}

/* From now on fronts serve with these, which are taken over. */
static void
keeper_take_tls(struct attestation_keeper *keeper, struct bytes *chain, struct bytes *key)
{
	(void)pthread_mutex_lock(&keeper->tls_lock);
	bytes_clear(&keeper->tls_chain);
	bytes_clear(&keeper->tls_key);
	keeper->tls_chain = *chain;
	keeper->tls_key = *key;
	(void)pthread_mutex_unlock(&keeper->tls_lock);
	*chain = (struct bytes){0};
	*key = (struct bytes){0};
}

/*
 * Everything is read and checked before anything of it is taken: the TLS files, the list of serial
 * numbers, and the issuing certificate with its key, which comes last, since loading takes it.
 */
static int
keeper_reload(struct attestation_keeper *keeper, struct bytes *chain, struct bytes *key,
    char changed[RELOAD_NAMES_SIZE], struct error *err)
{
	struct auto_enroll *list = NULL;

	if (reread_changed(keeper->settings->service.reread, changed, RELOAD_NAMES_SIZE, err) != 0 ||
	    keeper_read_tls(keeper->settings, chain, key, err) != 0 ||
	    auto_enroll_new(keeper->settings, &list, err) != 0)
		return -1;
	auto_enroll_free(list);
	return issuers_load(keeper->issuers, keeper->store, clock_now(), err);
}

static void
keeper_reload_log(struct attestation_keeper *keeper, const char *changed)
{
	struct shared_version *version = issuers_acquire(keeper->issuers);

	LOG(INFO, {"event", "reload"}, {"issuer", ((const struct issuer *)version->value)->files.id},
	    {"reason", "certificates, keys and lists were read again"});
	if (changed[0] != '\0')
		LOG(WARNING, {"event", "reload"}, {"settings", changed},
		    {"reason", "these settings have changed in the file, and need a restart"});
	issuers_release(keeper->issuers, version);
}

/* A failed reload changes nothing: questions are answered with the old data. */
static void
keeper_reload_cb(void *arg, struct keeper *all)
{
	struct attestation_keeper *keeper = arg;
	AUTO_BYTES                 chain = {0};
	AUTO_BYTES                 key = {0};
	AUTO_BYTES                 greeting = {0};
	char                       changed[RELOAD_NAMES_SIZE];
	struct error               err = {0};

	if (keeper_reload(keeper, &chain, &key, changed, &err) != 0) {
		LOG(ERROR, {"event", "reload"}, {"consequence", "nothing has changed"},
		    {"reason", err.detail});
	} else {
		keeper_take_tls(keeper, &chain, &key);
		if (auto_enroll_refresh(keeper->auto_enroll, true, &err) != 0)
			LOG(ERROR, {"event", "auto-enroll"}, {"reason", err.detail});
		keeper->next_watch = 0;
		keeper_greeting(keeper, &greeting);
		keeper_tell(all, bytes_view(&greeting));
		keeper_reload_log(keeper, changed);
	}
	keeper_tick_cb(arg, all);
}

static void
keeper_finish_cb(void *arg)
{
	struct attestation_keeper *keeper = arg;

	store_writer_stop(keeper->writer);
	keeper->writer = NULL;
}

static const struct keeper_handlers handlers = {
    .worker_open = keeper_worker_open_cb,
    .worker_close = call_worker_close_cb,
    .greet = keeper_greet_cb,
    .ask = keeper_ask_cb,
    .forget = call_forget_cb,
    .turn = call_turn_cb,
    .ready = keeper_ready_cb,
    .tick = keeper_tick_cb,
    .reload = keeper_reload_cb,
    .finish = keeper_finish_cb,
};


/* The store comes first: its error says that a directory without one was never initialised. */
static int
keeper_load(struct attestation_keeper *keeper, struct error *err)
{
	const struct attestation_settings *settings = keeper->settings;

	keeper->shelf = shelf_new();
	keeper->copies = copies_new(settings->publish);
	keeper->deadlines = deadlines_new();
	keeper->issuers = issuers_new(settings, keeper->shelf);
	if (store_open(settings->service.store, &keeper->store, err) != 0)
		return -1;
	store_actor_set(keeper->store, &(struct store_actor){.name = "attestd"});
	if (issuers_load(keeper->issuers, keeper->store, clock_now(), err) != 0 ||
	    keeper_read_tls(settings, &keeper->tls_chain, &keeper->tls_key, err) != 0 ||
	    store_writer_start(settings->service.store, &keeper->writer, err) != 0)
		return -1;
	keeper->refusals = refusals_new(keeper->writer);
	keeper->retention = retention_new(settings, keeper->writer);
	keeper->quota = quota_new(settings->device_certificates);
	keeper->throttle = throttle_new();
	keeper->pending = pending_new((size_t)settings->challenges, (size_t)settings->device_challenges,
	    settings->challenge_lifetime * 1000);
	if (settings->ek_mode != EK_POLICY_IGNORE)
		keeper->vendors = vendor_trust_new();
	if (keeper_vendors_refresh(keeper, err) != 0 ||
	    auto_enroll_new(settings, &keeper->auto_enroll, err) != 0)
		return -1;
	if (issuers_refresh(keeper->issuers, keeper->store, clock_now(), err) != 0)
		return -1;
	keeper_copy(keeper); /* an ACME server that waits for READY reads the copies at once */
	return 0;
}

static void
keeper_clear(struct attestation_keeper *keeper)
{
	if (keeper->writer != NULL)
		store_writer_stop(keeper->writer);
	issuers_free(keeper->issuers);
	copies_free(keeper->copies);
	deadlines_free(keeper->deadlines);
	shelf_free(keeper->shelf);
	refusals_free(keeper->refusals);
	retention_free(keeper->retention);
	pending_free(keeper->pending);
	shared_free(keeper->vendors);
	auto_enroll_free(keeper->auto_enroll);
	quota_free(keeper->quota);
	throttle_free(keeper->throttle);
	store_close(keeper->store);
	bytes_clear(&keeper->tls_chain);
	bytes_clear(&keeper->tls_key);
	(void)pthread_mutex_destroy(&keeper->tls_lock);
}

int
attestation_keeper_run(const void *all, int control, bool signals, const char *listening,
    struct error *err)
{
	const struct attestation_settings *settings = all;
	struct attestation_keeper          keeper = {.settings = settings, .listening = listening};
	int                                rc;

	(void)pthread_mutex_init(&keeper.tls_lock, NULL);
	rc = keeper_load(&keeper, err);
	if (rc == 0)
		rc = keeper_run(control, (size_t)settings->service.workers, signals, &handlers,
		    &keeper, err);
	keeper_clear(&keeper);
	return rc;
}

int
attestation_keeper_check(const void *all, struct error *err)
{
	const struct attestation_settings *settings = all;
	struct attestation_keeper          keeper = {.settings = settings};
	AUTO_BYTES                         secret = {0};
	struct key_access                  access;
	struct issuer                     *issuer = NULL;
	int                                rc = -1;

	(void)pthread_mutex_init(&keeper.tls_lock, NULL);
	if (store_open(settings->service.store, &keeper.store, err) == 0 &&
	    issuer_files_access(settings->service.passphrase_file, settings->service.pkcs11_module,
	        &secret, &access, err) == 0 &&
	    issuer_new(settings, &access, clock_now(), &issuer, err) == 0 &&
	    keeper_read_tls(settings, &keeper.tls_chain, &keeper.tls_key, err) == 0)
		rc = auto_enroll_new(settings, &keeper.auto_enroll, err);
	if (issuer != NULL)
		issuer_free(issuer);
	keeper_clear(&keeper);
	return rc;
}
