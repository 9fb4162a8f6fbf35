/*
 * Owns the keys, the store and the trust of a running ACME server: loads them,
 * dispatches questions, updates CRL, server certificate and trust, and sweeps
 * the store.
 */
#include "config.h"

#include "acme/keeper/keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "acme/keeper/crl_source.h"
#include "acme/keeper/dns_names.h"
#include "acme/keeper/keeper_parts.h"
#include "acme/keeper/newcomers.h"
#include "acme/keeper/operation.h"
#include "acme/keeper/roots.h"
#include "acme/keeper/server_key.h"
#include "acme/keeper/watch.h"
#include "acme/message.h"
#include "acme/settings.h"
#include "ca/crl.h"
#include "ca/crl_bundle.h"
#include "ca/files.h"
#include "ca/issuer.h"
#include "pki/key_uri.h"
#include "service/greeting.h"
#include "service/keeper/shelf.h"
#include "store/acme/acme.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/folder.h"
#include "util/folder_file.h"
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
keeper_greet(const void *state, const struct service_greeting *common, struct bytes *out)
{
	const struct acme_keeper   *keeper = state;
	const struct acme_settings *settings = keeper->settings;

	acme_greeting_encode(
	    &(struct acme_greeting){
	        .service = *common,
	        .base = view_text(keeper->base),
	        .terms = view_text(settings->terms != NULL ? settings->terms : ""),
	        .website = view_text(settings->website != NULL ? settings->website : ""),
	    },
	    out);
}

static void
keeper_ready(void *state)
{
	const struct acme_keeper *keeper = state;

	if (keeper->settings->attestation_crls.count == 0)
		LOG(WARNING, {"event", "attestation-crl"},
		    {"reason", "there is no attestation CRL: devices that were removed or revoked at the "
		               "attestation CA still get certificates; set attestation_crls"});
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

/* Renews the server's own key and certificate after half of their life. */
static int
keeper_refresh_tls(struct acme_keeper *keeper, bool *fresh, struct error *err)
{
	struct server_key key = {0};
	int64_t           now = clock_now();

	if (now < keeper->tls_until)
		return 0;
	if (server_key_make(&keeper->issuing.ca, bytes_view(&keeper->issuing.pem), &keeper->dns_names,
	        keeper->crl_url, now, keeper->settings->tls_lifetime, &key, err) != 0)
		return error_wrap(err, "making the server's certificate");
	service_keeper_take_tls(&keeper->service, &key.chain, &key.key);
	keeper->tls_begin = now;
	keeper->tls_end = key.not_after;
	keeper->tls_until = now + (key.not_after - now) / 2;
	*fresh = true;
	return 0;
}

/* Sweeps expired objects; logs a failure, and retries the next time. */
static int
keeper_sweep(struct acme_keeper *keeper, struct error *err)
{
	const struct acme_settings *settings = keeper->settings;
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

	if (now < keeper->next_sweep)
		return 0;
	keeper->next_sweep = now + SWEEP_SECONDS;
	if (now >= keeper->next_account_sweep) {
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
keeper_tick(void *state, struct keeper *all)
{
	struct acme_keeper *keeper = state;
	struct error        err = {0};
	bool                fresh = false;

	if (roots_refresh(keeper->roots, &err) != 0)
		keeper_complain("attestation-roots", &err);
	/* Before the CRL, which has them in the same turn. */
	if (keeper->settings->revoke_with_attestation &&
	    attested_refresh(&keeper->attested, keeper->service.store, keeper->roots, clock_now(), &err) != 0)
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

/* Roots and CRLs are looked at each tick, and the server's certificate is made by itself. */
static int
keeper_reload(void *state, struct keeper *all, struct error *err)
{
	(void)state;
	(void)all;
	(void)err;
	LOG(INFO, {"event", "reload"}, {"reason", "attestation roots and CRLs are looked at again"});
	return 0;
}

static void
keeper_watch(void *state, int64_t now)
{
	watch_deadlines(state, now);
}

static const struct service_keeper_program program = {
    .questions = &operation_service,
    .open = store_acme_open,
    .greet = keeper_greet,
    .ready = keeper_ready,
    .watch = keeper_watch,
    .tick = keeper_tick,
    .reload = keeper_reload,
};

/* The base URL for clients: as configured, or the first name and the first port. */
static int
keeper_find_base(struct acme_keeper *keeper, struct error *err)
{
	const char *listening = keeper->service.listening;
	const char *end = listening + strcspn(listening, ",");
	const char *colon = end;
	char        base[512];

	if (keeper->settings->url != NULL) {
		keeper->base = memory_strdup(keeper->settings->url);
		return 0;
	}
	while (colon > listening && *colon != ':')
		colon--;
	if (keeper->dns_names.count == 0 || *colon != ':')
		return error_set(err, ERROR_MALFORMED,
		    "where clients reach the server is not known; give --url https://NAME:PORT");
	(void)snprintf(base, sizeof base, "https://%s%.*s", keeper->dns_names.texts[0],
	    (int)(end - colon), colon);
	keeper->base = memory_strdup(base);
	return 0;
}

static void
keeper_find_crl_url(struct acme_keeper *keeper)
{
	const char *configured = keeper->settings->crl_url;
	char        url[1024];

	if (configured != NULL) {
		keeper->crl_url = strcmp(configured, "none") == 0 ? NULL : memory_strdup(configured);
		return;
	}
	(void)snprintf(url, sizeof url, "%s/crl", keeper->base);
	keeper->crl_url = memory_strdup(url);
}

static int
keeper_load_roots(struct acme_keeper *keeper, bool only_check, struct error *err)
{
	const struct acme_settings *settings = keeper->settings;
	struct roots_files          files = {
	             .state = &keeper->state,
	             .roots = STATE_ATTESTATION_ROOTS,
	             .crls = &settings->attestation_crls,
	             .any_name = &settings->any_name_roots,
	             .tolerate_stale = settings->tolerate_stale_crl,
	             .require_crl = settings->require_crl,
	             .store = keeper->service.store,
	             .only_check = only_check,
        };

	return roots_new(&files, &keeper->roots, err);
}

static int
keeper_load_crl(struct acme_keeper *keeper, struct error *err)
{
	keeper->crl = crl_keeper_new(&keeper->state, STATE_ISSUING_CRL, crl_source_acme(), 0,
	    &keeper->issuing.ca, keeper->settings->service.crl_lifetime);
	return keeper_refresh_crl(keeper, err);
}

static int
keeper_load_issuing(struct acme_keeper *keeper, struct error *err)
{
	const struct acme_settings *settings = keeper->settings;
	AUTO_BYTES                  secret = {0};
	struct key_access           access;

	if (issuer_files_access(settings->service.passphrase_file, settings->service.pkcs11_module, &secret, &access,
	        err) != 0 ||
	    folder_read(&keeper->state, STATE_ROOT_PEM, STATE_PEM_MAX, &keeper->root_pem, err) != 0)
		return -1;
	return issuer_files_load_valid(&keeper->state, &access, clock_now(), &keeper->issuing, err);
}

/* Who asked for them before the start is not known: they are one source's. */
static void
keeper_unattested_cb(const char *id, const char *account, int64_t created, void *keeper)
{
	newcomers_add(((struct acme_keeper *)keeper)->unattested, id, (struct view){0},
	    view_text(account), created);
}

/* The store comes first: its error says that a directory without one was never initialised. */
static int
keeper_load(struct acme_keeper *keeper, struct error *err)
{
	bool fresh = false;

	keeper->newcomers = newcomers_new(HOUR);
	keeper->unattested = newcomers_new(
	    keeper->settings->order_lifetime + keeper->settings->order_retention);
	if (service_keeper_open(&keeper->service, err) != 0 ||
	    folder_open(keeper->settings->service.state_dir, &keeper->state, err) != 0 ||
	    store_order_unattested(keeper->service.store, keeper_unattested_cb, keeper, err) != 0 ||
	    keeper_load_issuing(keeper, err) != 0 ||
	    dns_names_load(&keeper->state, &keeper->dns_names, err) != 0 ||
	    keeper_find_base(keeper, err) != 0)
		return -1;
	keeper->service.url = keeper->base;
	keeper_find_crl_url(keeper);
	if (shelf_put(keeper->service.shelf, SERVED_ROOT, bytes_view(&keeper->root_pem), err) != 0)
		return -1;
	if (keeper_load_roots(keeper, false, err) != 0 || keeper_load_crl(keeper, err) != 0 ||
	    keeper_refresh_tls(keeper, &fresh, err) != 0)
		return -1;
	return service_keeper_write(&keeper->service, err);
}

static void
keeper_clear(struct acme_keeper *keeper)
{
	service_keeper_stop(&keeper->service);
	crl_keeper_free(keeper->crl);
	roots_free(keeper->roots);
	newcomers_free(keeper->newcomers);
	newcomers_free(keeper->unattested);
	folder_close(&keeper->state);
	issuer_files_clear(&keeper->issuing);
	bytes_clear(&keeper->root_pem);
	config_list_clear(&keeper->dns_names);
	free(keeper->base);
	free(keeper->crl_url);
	service_keeper_clear(&keeper->service);
}

int
acme_keeper_run(const void *all, int control, bool signals, const char *listening,
    struct error *err)
{
	const struct acme_settings *settings = all;
	struct acme_keeper          keeper = {.settings = settings, .state = {.fd = -1}};
	int                         rc;

	own_command_set("attest-acmed", settings->service.state_dir, ACME_STATE_DIR_DEFAULT, settings->service.store);
	service_keeper_init(&keeper.service, &program, &settings->service, &keeper);
	keeper.service.listening = listening;
	rc = keeper_load(&keeper, err);
	if (rc == 0)
		rc = service_keeper_run(&keeper.service, control, signals, err);
	keeper_clear(&keeper);
	return rc;
}

int
acme_keeper_check(const void *all, struct error *err)
{
	const struct acme_settings *settings = all;
	struct acme_keeper          keeper = {.settings = settings, .state = {.fd = -1}};
	int                         rc = -1;

	own_command_set("attest-acmed", settings->service.state_dir, ACME_STATE_DIR_DEFAULT, settings->service.store);
	service_keeper_init(&keeper.service, &program, &settings->service, &keeper);
	if (service_keeper_open(&keeper.service, err) == 0 &&
	    folder_open(settings->service.state_dir, &keeper.state, err) == 0 &&
	    keeper_load_issuing(&keeper, err) == 0 &&
	    dns_names_load(&keeper.state, &keeper.dns_names, err) == 0)
		rc = keeper_load_roots(&keeper, true, err);
	keeper_clear(&keeper);
	return rc;
}
