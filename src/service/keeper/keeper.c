/*
 * Owns what every keeper has, and the handlers of daemon/keeper.h. Knows neither the
 * questions nor what expires.
 */
#include "config.h"

#include "service/keeper/keeper.h"

#include <stdlib.h>
#include <unistd.h>

#include "daemon/channel.h"
#include "daemon/keeper.h"
#include "service/greeting.h"
#include "service/keeper/call.h"
#include "service/keeper/confine.h"
#include "service/keeper/deadlines.h"
#include "service/keeper/reload.h"
#include "service/keeper/shelf.h"
#include "service/reread.h"
#include "service/settings.h"
#include "store/store.h"
#include "store/writer.h"
#include "util/clock.h"
#include "util/config_change.h"
#include "util/error.h"
#include "util/log.h"
#include "util/shared.h"

#define BODY_MAX   ((size_t)64 * 1024)
#define HEADER_MAX ((size_t)8 * 1024)

/* The largest greeting is a message: a front that cannot be told ends, and so does the next. A
 * daemon's own part and what precedes each field have the rest. */
_Static_assert(SERVICE_GREETING_CHAIN_MAX + SERVICE_GREETING_KEY_MAX +
        (size_t)PROXIES_MAX * PROXY_NETWORK_MAX + (size_t)8 * 1024 <= CHANNEL_MESSAGE_MAX,
    "a greeting is a message");

/* A minute is soon enough for what ends in days. */
#define WATCH_SECONDS 60

void
service_keeper_init(struct service_keeper *keeper, const struct service_keeper_program *program,
    const struct service_settings *settings, void *state)
{
	*keeper = (struct service_keeper){
	    .program = program,
	    .revisions = shared_new(program->free),
	    .settings = settings,
	    .state = state,
	    .shelf = shelf_new(),
	    .deadlines = deadlines_new(),
	};
	(void)pthread_mutex_init(&keeper->tls_lock, NULL);
}

int
service_keeper_open(struct service_keeper *keeper, struct error *err)
{
	if (keeper->contained) {
		confine_prepare(keeper->settings);
		confine_writable(keeper->program->schema(), keeper->settings, &keeper->key_needs);
	}
	return keeper->program->open(keeper->settings->store, &keeper->store, err);
}

struct key_needs *
service_keeper_needs(struct service_keeper *keeper)
{
	return keeper->contained ? &keeper->key_needs : NULL;
}

int
service_keeper_confine(struct service_keeper *keeper, struct error *err)
{
	if (!keeper->contained)
		return 0;
	if (confine(keeper->program->schema(), keeper->settings, &keeper->key_needs, &keeper->confinement, err) != 0)
		return -1;
	return key_needs_settle(&keeper->key_needs, err);
}

int
service_keeper_write(struct service_keeper *keeper, struct error *err)
{
	struct store *store = NULL;

	if (keeper->program->open(keeper->settings->store, &store, err) != 0)
		return -1;
	return store_writer_start(store, &keeper->writer, err);
}

void
service_keeper_stop(struct service_keeper *keeper)
{
	if (keeper->writer != NULL)
		store_writer_stop(keeper->writer);
	keeper->writer = NULL;
}

void
service_keeper_clear(struct service_keeper *keeper)
{
	service_keeper_stop(keeper);
	deadlines_free(keeper->deadlines);
	confinement_free(keeper->confinement);
	key_needs_clear(&keeper->key_needs);
	shelf_free(keeper->shelf);
	store_close(keeper->store);
	shared_release(keeper->revisions, keeper->held);
	shared_free(keeper->revisions);
	bytes_clear(&keeper->tls_chain);
	bytes_clear(&keeper->tls_key);
	(void)pthread_mutex_destroy(&keeper->tls_lock);
}

void
service_keeper_take(struct service_keeper *keeper, void *revision)
{
	shared_replace(keeper->revisions, revision);
	shared_release(keeper->revisions, keeper->held);
	keeper->held = shared_acquire(keeper->revisions);
	keeper->settings = revision;
}

void
service_keeper_take_tls(struct service_keeper *keeper, struct bytes *chain, struct bytes *key)
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

static void
keeper_greeting(struct service_keeper *keeper, struct bytes *out)
{
	struct shared_version         *version = shared_acquire(keeper->revisions);
	const struct service_settings *settings = version->value;
	struct service_greeting        greeting = {
	           .body_max = BODY_MAX,
	           .header_max = HEADER_MAX,
	           .connections_max = (uint64_t)(settings->connections / settings->serving + 1),
	           .idle_ms = (uint64_t)settings->idle_timeout * 1000,
	           .request_ms = (uint64_t)settings->request_timeout * 1000,
	           .log_level = settings->level,
	           .proxy_protocol = settings->proxies.protocol,
        };

	greeting.network_count = service_settings_networks(settings, greeting.networks);
	(void)pthread_mutex_lock(&keeper->tls_lock);
	greeting.tls_chain = bytes_view(&keeper->tls_chain);
	greeting.tls_key = bytes_view(&keeper->tls_key);
	if (keeper->program->greet != NULL)
		keeper->program->greet(version->value, &greeting, out);
	else
		service_greeting_encode(&greeting, out);
	(void)pthread_mutex_unlock(&keeper->tls_lock);
	shared_release(keeper->revisions, version);
}

void
service_keeper_greet(struct service_keeper *keeper, struct keeper *all)
{
	AUTO_BYTES greeting = {0};

	keeper_greeting(keeper, &greeting);
	keeper_tell(all, bytes_view(&greeting));
}

void
service_keeper_watch(struct service_keeper *keeper)
{
	int64_t now = clock_now();

	/* A clock that was set back does not delay it. */
	if (now < keeper->next_watch && keeper->next_watch - now <= WATCH_SECONDS)
		return;
	keeper->next_watch = now + WATCH_SECONDS;
	keeper->program->watch(keeper->state, now);
}

void *
service_keeper_state(const struct call *call)
{
	const struct service_keeper *keeper = call->worker->keeper;

	return keeper->state;
}

const void *
service_keeper_revision(const struct call *call)
{
	return ((const struct shared_version *)call->held)->value;
}

void *
service_keeper_hold(void *keeper)
{
	return shared_acquire(((struct service_keeper *)keeper)->revisions);
}

void
service_keeper_release(void *keeper, void *held)
{
	shared_release(((struct service_keeper *)keeper)->revisions, held);
}

/* ---- the handlers ---- */

static int
keeper_worker_open_cb(void *arg, struct worker *worker, void **state, struct error *err)
{
	struct service_keeper *keeper = arg;
	struct store          *store = NULL;

	if (keeper->program->open(keeper->settings->store, &store, err) != 0)
		return -1;
	*state = call_worker_new(keeper->program->questions, keeper, worker, store, keeper->writer);
	return 0;
}

/* The files come first, because the greeting makes the front begin to serve. */
static void
keeper_greet_cb(void *state, struct channel *channel)
{
	struct call_worker    *worker = state;
	struct service_keeper *keeper = worker->keeper;
	AUTO_BYTES             greeting = {0};

	shelf_greet(keeper->shelf, channel);
	keeper_greeting(keeper, &greeting);
	channel_tell(channel, bytes_view(&greeting));
}

static void
keeper_ask_cb(void *state, struct keeper_question *question, struct view body)
{
	struct call_worker    *worker = state;
	struct service_keeper *keeper = worker->keeper;

	if (!shelf_answer(keeper->shelf, question, body))
		call_ask_cb(state, question, body);
}

static void
keeper_ready_cb(void *arg)
{
	struct service_keeper         *keeper = arg;
	const struct service_settings *settings = keeper->settings;
	char                           workers[LOG_NUMBER_SIZE];

	if (keeper->program->ready != NULL)
		keeper->program->ready(keeper->state);
	service_keeper_watch(keeper);
	/* The last line of a start: who has read it knows what the others warn of. */
	LOG(INFO, {"event", "start"}, {"listen", keeper->listening}, {"url", keeper->url},
	    {"state_dir", settings->state_dir},
	    {"workers", log_number((uint64_t)settings->serving, workers)});
}

static void
keeper_tick_cb(void *arg, struct keeper *all)
{
	struct service_keeper *keeper = arg;

	keeper->program->tick(keeper->state, all);
	/* As the writer does, for the few changes that are made here. */
	if (store_is_lost(keeper->store))
		_exit(EXIT_FAILURE);
}

static int
keeper_reload(struct service_keeper *keeper, struct config_changes *changes, struct error *err)
{
	const struct service_keeper_program *program = keeper->program;
	const struct config_schema          *schema = program->schema();
	void                                *fresh = NULL;
	int                                  rc;

	if (reread_settings(keeper->settings->reread, schema, program->settings_size, keeper->settings,
	        &fresh, changes, err) != 0)
		return -1;
	rc = confinement_check(keeper->confinement, schema, fresh, err);
	if (rc == 0)
		rc = program->reload(keeper->state, fresh, err);
	reread_settings_free(schema, fresh);
	return rc;
}

/* A failed reload changes nothing: questions are answered with the old data. */
static void
keeper_reload_cb(void *arg, struct keeper *all)
{
	struct service_keeper *keeper = arg;
	struct config_changes  changes;
	struct error           err = {0};

	if (keeper_reload(keeper, &changes, &err) != 0) {
		reload_log_failed(&err);
	} else {
		log_threshold(keeper->settings->level);
		keeper->next_watch = 0;
		service_keeper_greet(keeper, all);
		reload_log(keeper->program->schema(), &changes, keeper->program->issuer(keeper->state));
	}
	keeper->program->tick(keeper->state, all);
}

static void
keeper_finish_cb(void *arg)
{
	service_keeper_stop(arg);
}

int
service_keeper_run(struct service_keeper *keeper, int control, bool signals, struct error *err)
{
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

	return keeper_run(control, (size_t)keeper->settings->serving, signals, &handlers, keeper, err);
}
