/*
 * Owns what every keeper has, and the handlers of daemon/keeper.h. Knows neither the
 * questions nor what expires.
 */
#include "config.h"

#include "service/keeper/keeper.h"

#include "daemon/channel.h"
#include "daemon/keeper.h"
#include "service/greeting.h"
#include "service/keeper/call.h"
#include "service/keeper/deadlines.h"
#include "service/keeper/shelf.h"
#include "service/reread.h"
#include "service/settings.h"
#include "store/store.h"
#include "store/writer.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

#define BODY_MAX   ((size_t)64 * 1024)
#define HEADER_MAX ((size_t)8 * 1024)

/* A minute is soon enough for what ends in days. */
#define WATCH_SECONDS 60

/* The names of the settings that have changed. */
#define RELOAD_NAMES_SIZE 1024

void
service_keeper_init(struct service_keeper *keeper, const struct service_keeper_program *program,
    const struct service_settings *settings, void *state)
{
	*keeper = (struct service_keeper){
	    .program = program,
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
	return keeper->program->open(keeper->settings->store, &keeper->store, err);
}

int
service_keeper_write(struct service_keeper *keeper, struct error *err)
{
	struct store *store = NULL;

	if (keeper->program->open(keeper->settings->store, &store, err) != 0)
		return -1;
	return store_writer_start_on(store, &keeper->writer, err);
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
	shelf_free(keeper->shelf);
	store_close(keeper->store);
	bytes_clear(&keeper->tls_chain);
	bytes_clear(&keeper->tls_key);
	(void)pthread_mutex_destroy(&keeper->tls_lock);
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
	const struct service_settings *settings = keeper->settings;
	struct service_greeting        greeting = {
	           .body_max = BODY_MAX,
	           .header_max = HEADER_MAX,
	           .connections_max = (uint64_t)(settings->connections / settings->workers + 1),
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
		keeper->program->greet(keeper->state, &greeting, out);
	else
		service_greeting_encode(&greeting, out);
	(void)pthread_mutex_unlock(&keeper->tls_lock);
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

	LOG(INFO, {"event", "start"}, {"listen", keeper->listening}, {"url", keeper->url},
	    {"state_dir", settings->state_dir},
	    {"workers", log_number((uint64_t)settings->workers, workers)});
	if (keeper->program->ready != NULL)
		keeper->program->ready(keeper->state);
	service_keeper_watch(keeper);
}

static void
keeper_tick_cb(void *arg, struct keeper *all)
{
	struct service_keeper *keeper = arg;

	keeper->program->tick(keeper->state, all);
}

/* A failed reload changes nothing: questions are answered with the old data. */
static void
keeper_reload_cb(void *arg, struct keeper *all)
{
	struct service_keeper *keeper = arg;
	char                   changed[RELOAD_NAMES_SIZE];
	struct error           err = {0};

	if (reread_changed(keeper->settings->reread, changed, sizeof changed, &err) != 0 ||
	    keeper->program->reload(keeper->state, all, &err) != 0)
		LOG(ERROR, {"event", "reload"}, {"consequence", "nothing has changed"},
		    {"reason", err.detail});
	else if (changed[0] != '\0')
		LOG(WARNING, {"event", "reload"}, {"settings", changed},
		    {"reason", "these settings have changed in the file, and need a restart"});
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

	return keeper_run(control, (size_t)keeper->settings->workers, signals, &handlers, keeper, err);
}
