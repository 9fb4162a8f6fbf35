/*
 * Owns the keys, the store and the trust of a running ACME server: loads them,
 * dispatches questions, updates CRL, server certificate and trust, and sweeps
 * the store.
 */
#include "config.h"

#include "acme/keeper/keeper.h"

#include "acme/keeper/crl_source.h"
#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/newcomers.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/revision.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/server_key.h"
#include "acme/keeper/watch.h"
#include "acme/message.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "service/greeting.h"
#include "service/keeper/confine.h"
#include "service/keeper/shelf.h"
#include "store/acme/acme.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/log.h"
#include "util/own_command.h"

/* Paths of the served files, without their "/". */
#define SERVED_ROOT    "root.pem"
#define SERVED_CRL     "crl"
#define SERVED_CRL_PEM "crl.pem"

/*
 * Interval and size of sweeps: many short transactions instead of a long one.
 * Accounts are swept less often, because each sweep examines all that stay.
 */
#define HOUR          3600
#define SWEEP_SECONDS 60
#define SWEEP_ACCOUNTS_SECONDS 3600
#define SWEEP_ROWS    100U
#define SWEEP_ROUNDS  20

/* The greeting for every front. */
static void
keeper_greet(const void *value, const struct service_greeting *common, struct bytes *out)
{
	const struct acme_revision *revision = value;
	const struct acme_settings *settings = &revision->settings;

	acme_greeting_encode(
	    &(struct acme_greeting){
	        .service = *common,
	        .base = view_text(revision->base),
	        .terms = view_text(settings->terms != NULL ? settings->terms : ""),
	        .website = view_text(settings->website != NULL ? settings->website : ""),
	    },
	    out);
}

static void
keeper_warn_of_crls(const struct acme_settings *settings)
{
	if (settings->attestation_crls.count == 0)
		LOG(WARNING, {"event", "attestation-crl"},
		    {"reason", "there is no attestation CRL: devices that were removed or revoked at the "
		               "attestation CA still get certificates; set attestation_crls"});
}

static void
keeper_ready(void *state)
{
	const struct acme_keeper *keeper = state;

	keeper_warn_of_crls(&keeper->revision->settings);
}

/* The CRL and the root's, as crl.pem has them. */
static int
keeper_serve_pem(const struct acme_keeper *keeper, struct error *err)
{
	AUTO_BYTES pem = {0};

	if (crl_bundle_append(&keeper->state, crl_keeper_der(keeper->crl), &pem, err) != 0)
		return -1;
	return shelf_put(keeper->service.shelf, SERVED_CRL_PEM, bytes_view(&pem), err);
}

/* Updates the CRL, its files and its served copies. */
static int
keeper_refresh_crl(struct acme_keeper *keeper, struct error *err)
{
	struct error one;
	bool         other = false;
	int          rc = crl_keeper_refresh(keeper->crl, keeper->service.store, clock_now(), &other, err);

	if (other) { /* also when its file could not be written */
		keeper->bundle_due = true;
		if (shelf_put(keeper->service.shelf, SERVED_CRL, crl_keeper_der(keeper->crl),
		        rc == 0 ? err : &one) != 0)
			rc = -1;
	}
	if (keeper->bundle_due && keeper_serve_pem(keeper, rc == 0 ? err : &one) != 0)
		rc = -1;
	if (rc == 0 && keeper->bundle_due && (rc = crl_bundle_write(&keeper->state, err)) == 0)
		keeper->bundle_due = false;
	return rc;
}

/* Makes a key and a certificate for the server itself. */
static int
keeper_make_tls(const struct acme_revision *revision, int64_t now, struct server_key *key,
    struct error *err)
{
	if (server_key_make(&revision->issuing.ca, bytes_view(&revision->issuing.pem),
	        &revision->dns_names, revision->crl_url, now, revision->settings.tls_lifetime, key, err) != 0)
		return error_wrap(err, "making the server's certificate");
	return 0;
}

static void
keeper_take_tls(struct acme_keeper *keeper, struct server_key *key, int64_t now)
{
	service_keeper_take_tls(&keeper->service, &key->chain, &key->key);
	keeper->tls_begin = now;
	keeper->tls_end = key->not_after;
	keeper->tls_until = now + (key->not_after - now) / 2;
}

/* Renews them after half of their life. */
static int
keeper_refresh_tls(struct acme_keeper *keeper, bool *fresh, struct error *err)
{
	struct server_key key = {0};
	int64_t           now = clock_now();

	/* A certificate from before the clock was set back begins in the future, and clients refuse it. */
	if (now >= keeper->tls_begin && now < keeper->tls_until)
		return 0;
	if (keeper_make_tls(keeper->revision, now, &key, err) != 0)
		return -1;
	keeper_take_tls(keeper, &key, now);
	*fresh = true;
	return 0;
}

/* Whether what is done every so many seconds is not due yet: a clock that was set back does not delay it. */
static bool
keeper_waits(int64_t next, int64_t seconds, int64_t now)
{
	return now < next && next - now <= seconds;
}

/* Sweeps expired objects; logs a failure, and retries the next time. */
static int
keeper_sweep(struct acme_keeper *keeper, struct error *err)
{
	const struct acme_settings *settings = &keeper->revision->settings;
	int64_t                     now = clock_now();
	int64_t                     named = crl_keeper_content(keeper->crl)->this_update;
	struct store_sweep          sweep = {
	             .orders = now - settings->order_retention,
	             .certificates = now - settings->certificate_retention,
	             .accounts = INT64_MIN,
	             .newcomers = now - settings->newcomer_retention,
        };
	uint64_t removed = 1;

	if (sweep.certificates > named) /* the next CRL has newly expired ones once more */
		sweep.certificates = named;

	if (keeper_waits(keeper->next_sweep, SWEEP_SECONDS, now))
		return 0;
	keeper->next_sweep = now + SWEEP_SECONDS;
	if (!keeper_waits(keeper->next_account_sweep, SWEEP_ACCOUNTS_SECONDS, now)) {
		sweep.accounts = now - settings->account_retention;
		keeper->next_account_sweep = now + SWEEP_ACCOUNTS_SECONDS;
	}
	for (int round = 0; round < SWEEP_ROUNDS && removed != 0; round++) {
		if (store_acme_sweep(keeper->service.store, &sweep, SWEEP_ROWS, &removed, err) != 0)
			return -1;
	}
	if (removed != 0) { /* there is more */
		keeper->next_sweep = now;
		if (sweep.accounts != INT64_MIN)
			keeper->next_account_sweep = now;
	}
	return 0;
}

static void
keeper_complain(const char *event, const struct error *err)
{
	LOG(ERROR, {"event", event}, {"reason", err->detail});
}

static void
keeper_refresh_roots(struct acme_keeper *keeper)
{
	struct error err = {0};

	if (roots_refresh(keeper->revision->roots, &err) != 0)
		keeper_complain("attestation-roots", &err);
}

static void
keeper_tick(void *state, struct keeper *all)
{
	struct acme_keeper *keeper = state;
	struct error        err = {0};
	bool                fresh = false;

	keeper_refresh_roots(keeper);
	/* Before the CRL, which has them in the same turn. */
	if (keeper->revision->settings.revoke_with_attestation &&
	    attested_refresh(&keeper->attested, keeper->service.store, keeper->revision->roots, clock_now(), &err) != 0)
		keeper_complain("revoke-with-attestation", &err);
	if (keeper_refresh_crl(keeper, &err) != 0)
		keeper_complain("crl", &err);
	if (keeper_refresh_tls(keeper, &fresh, &err) != 0)
		keeper_complain("server-certificate", &err);
	service_keeper_watch(&keeper->service);
	if (keeper_sweep(keeper, &err) != 0)
		keeper_complain("sweep", &err);
	shelf_tell(keeper->service.shelf, all);
	if (fresh)
		service_keeper_greet(&keeper->service, all);
}

/* This revision, which it takes over, is for all questions from now on. */
static void
keeper_use(struct acme_keeper *keeper, struct acme_revision *revision)
{
	/* Its CA is that of the revision before. */
	crl_keeper_free(keeper->crl);
	service_keeper_take(&keeper->service, revision);
	keeper->revision = revision;
	keeper->service.url = revision->base;
	keeper->crl = crl_keeper_new(&keeper->state, STATE_ISSUING_CRL,
	    crl_source_acme(), 0, &revision->issuing.ca, revision->settings.service.crl_lifetime);
	keeper->bundle_due = true;
}

static void
keeper_take(struct acme_keeper *keeper, struct acme_revision *revision)
{
	const struct acme_settings *before = &keeper->revision->settings;
	const struct acme_settings *settings = &revision->settings;
	bool         accounts = settings->account_retention != before->account_retention;
	bool         bare = settings->attestation_crls.count < before->attestation_crls.count;
	struct error err = {0};

	keeper_use(keeper, revision);
	if (bare)
		keeper_warn_of_crls(settings);
	keeper->attested = (struct attested){0};
	keeper->next_sweep = 0;
	if (accounts)
		keeper->next_account_sweep = 0;
	if (shelf_put(keeper->service.shelf, SERVED_ROOT, bytes_view(&revision->root_pem), &err) != 0)
		keeper_complain("root", &err);
}

/*
 * Everything is read, checked and made before anything of it is taken: the issuing key, names and
 * roots, and the server's own certificate, which the issuing CA signs. What was verified with the
 * roots before is recorded first, so that no older CRL gets past that.
 */
static int
keeper_reload(void *state, const void *settings, struct error *err)
{
	struct acme_keeper       *keeper = state;
	struct acme_revision_plan plan = {
	    .settings = settings,
	    .listening = keeper->service.listening,
	    .state = &keeper->state,
	    .needs = service_keeper_needs(&keeper->service),
	    .store = keeper->service.store,
	    .before = keeper->revision,
	    .only_check = true,
	};
	struct acme_revision *revision = NULL;
	struct server_key     key = {0};
	int64_t               now = clock_now();

	keeper_refresh_roots(keeper);
	if (acme_revision_new(&plan, &revision, err) != 0)
		return -1;
	if (keeper_make_tls(revision, now, &key, err) != 0) {
		acme_revision_free(revision);
		return -1;
	}
	keeper_take(keeper, revision);
	keeper_take_tls(keeper, &key, now);
	return 0;
}

static const char *
keeper_issuer(const void *state)
{
	const struct acme_keeper *keeper = state;

	return keeper->revision->issuing.id;
}

static void
keeper_watch(void *state, int64_t now)
{
	acme_watch_deadlines(state, now);
}

static const struct service_keeper_program program = {
    .questions = &operation_service,
    .schema = acme_settings_schema,
    .settings_size = sizeof(struct acme_settings),
    .free = acme_revision_free,
    .open = store_acme_open,
    .greet = keeper_greet,
    .ready = keeper_ready,
    .watch = keeper_watch,
    .tick = keeper_tick,
    .reload = keeper_reload,
    .issuer = keeper_issuer,
};

/* Who asked for them before the start is not known: they are one source's. */
static void
keeper_unattested_cb(const char *id, const char *account, int64_t created, void *keeper)
{
	newcomers_add(((struct acme_keeper *)keeper)->unattested, id, (struct view){0},
	    view_text(account), created);
}

/* The store comes first: its error says that a directory without one was never initialised. */
static int
keeper_load(struct acme_keeper *keeper, const struct acme_settings *settings, struct error *err)
{
	struct acme_revision_plan plan = {
	    .settings = settings,
	    .listening = keeper->service.listening,
	    .state = &keeper->state,
	    .needs = service_keeper_needs(&keeper->service),
	};
	struct acme_revision     *revision = NULL;
	bool                      fresh = false;

	keeper->newcomers = newcomers_new(HOUR);
	keeper->unattested = newcomers_new(settings->order_lifetime + settings->order_retention);
	if (service_keeper_open(&keeper->service, err) != 0 ||
	    folder_open(settings->service.state_dir, &keeper->state, err) != 0 ||
	    store_order_unattested(keeper->service.store, keeper_unattested_cb, keeper, err) != 0)
		return -1;
	plan.store = keeper->service.store;
	if (acme_revision_new(&plan, &revision, err) != 0)
		return -1;
	keeper_use(keeper, revision);
	if (shelf_put(keeper->service.shelf, SERVED_ROOT, bytes_view(&revision->root_pem), err) != 0 ||
	    keeper_refresh_crl(keeper, err) != 0 || keeper_refresh_tls(keeper, &fresh, err) != 0)
		return -1;
	if (service_keeper_confine(&keeper->service, err) != 0)
		return -1;
	return service_keeper_write(&keeper->service, err);
}

static void
keeper_clear(struct acme_keeper *keeper)
{
	service_keeper_stop(&keeper->service);
	crl_keeper_free(keeper->crl);
	newcomers_free(keeper->newcomers);
	newcomers_free(keeper->unattested);
	folder_close(&keeper->state);
	service_keeper_clear(&keeper->service);
}

int
acme_keeper_run(const void *all, int control, bool signals, const char *listening,
    struct error *err)
{
	const struct acme_settings *settings = all;
	struct acme_keeper          keeper = {.state = {.fd = -1}};
	int                         rc;

	own_command_set("attest-acmed", settings->service.state_dir, ACME_STATE_DIR_DEFAULT, settings->service.store);
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
acme_keeper_check(const void *all, struct error *err)
{
	const struct acme_settings *settings = all;
	struct folder               state = {.fd = -1};
	struct acme_revision_plan   plan = {.settings = settings, .state = &state, .only_check = true};
	struct acme_revision       *revision = NULL;
	int                         rc = -1;

	own_command_set("attest-acmed", settings->service.state_dir, ACME_STATE_DIR_DEFAULT, settings->service.store);
	if (store_acme_open(settings->service.store, &plan.store, err) == 0 &&
	    folder_open(settings->service.state_dir, &state, err) == 0)
		rc = acme_revision_new(&plan, &revision, err);
	if (rc == 0)
		rc = issuer_module_check(settings->service.pkcs11_module, err);
	acme_revision_free(revision);
	folder_close(&state);
	store_close(plan.store);
	return rc;
}
