/*
 * What every keeper does: it greets, answers for the shelf and the daemon, watches and reads
 * again. This test is the daemon, the supervisor and the front.
 */
#include "config.h"

#include "service/keeper/keeper.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bare_front.h"
#include "daemon/keeper.h"
#include "scratch.h"
#include "service/file.h"
#include "service/greeting.h"
#include "service/keeper/call.h"
#include "service/keeper/shelf.h"
#include "service/reread.h"
#include "service/settings.h"
#include "store/store.h"
#include "unit.h"
#include "util/clock.h"
#include "util/config_file.h"
#include "util/error.h"
#include "util/file.h"
#include "util/log.h"
#include "util/shared.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})

static char                    directory[SCRATCH_SIZE];
static struct service_settings settings;
static struct service_keeper   keeper;
static int                     own; /* the daemon's keeper: only its address counts */

static pthread_t  thread;
static int        control[2];
static int        front; /* of the first worker */
static int        other; /* of the second */
static bool       running;
static sem_t      ticked;
static atomic_int watched;
static atomic_int readied;
static atomic_int reloaded;
static atomic_int reload_rc;
static atomic_int revisions; /* that are not freed */
static _Atomic(const void *) greeted; /* the revision of the last greeting */

/* ---- the daemon ---- */

/* The settings are all of a revision here. */
static void *
revision_new(const struct service_settings *of)
{
	struct service_settings *revision = memory_new(sizeof *revision);

	*revision = *of;
	revisions++;
	return revision;
}

static void
revision_free(void *revision)
{
	revisions--;
	free(revision);
}

static int
look_cb(struct call *call, struct store *store, struct error *err)
{
	(void)err;
	ck_assert_ptr_eq(service_keeper_state(call), &own);
	ck_assert_ptr_ne(store, keeper.store);
	ck_assert_int_eq(((const struct service_settings *)service_keeper_revision(call))->serving, 2);
	bytes_append(&call->answer, "looked", 6);
	return 0;
}

static const struct call_operation looking = {.name = "look", .look = look_cb};

static int
decode_cb(struct call *call, struct error *err)
{
	(void)err;
	call->operation = &looking;
	return 0;
}

static void
refuse_cb(const struct error *err, struct bytes *answer)
{
	bytes_append(answer, err->detail, strlen(err->detail));
}

static const struct call_service questions = {
    .asked_size = 1,
    .decode = decode_cb,
    .refuse = refuse_cb,
    .hold = service_keeper_hold,
    .release = service_keeper_release,
};

static const struct config_schema *
schema_of(void)
{
	static const struct config_row rows[] = {
	    {.name = "workers", .kind = CONFIG_NUMBER, .least = "0", .most = "64",
	        .offset = offsetof(struct service_settings, workers)},
	    {.name = "connections", .kind = CONFIG_NUMBER, .least = "1", .most = "64", .value = "9",
	        .offset = offsetof(struct service_settings, connections), .reload = CONFIG_RELOAD},
	};
	static const struct config_schema schema = {.rows = rows, .count = 2, .reloads = true};

	return &schema;
}

static void
greet_cb(const void *revision, const struct service_greeting *common, struct bytes *out)
{
	atomic_store(&greeted, revision);
	bytes_append_u8(out, 0);
	service_greeting_encode(common, out);
}

static void
ready_cb(void *state)
{
	ck_assert_ptr_eq(state, &own);
	readied++;
}

static void
watch_cb(void *state, int64_t now)
{
	ck_assert_ptr_eq(state, &own);
	ck_assert_int_ge(clock_now(), now);
	watched++;
}

static void
tick_cb(void *state, struct keeper *all)
{
	ck_assert_ptr_eq(state, &own);
	(void)all;
	(void)sem_post(&ticked);
}

static int
reload_cb(void *state, const void *fresh, struct error *err)
{
	struct bytes chain = {0};
	struct bytes key = {0};

	ck_assert_ptr_eq(state, &own);
	reloaded++;
	if (reload_rc != 0)
		return error_set(err, ERROR_MALFORMED, "it cannot be read");
	bytes_append(&chain, "later", 5);
	service_keeper_take_tls(&keeper, &chain, &key);
	service_keeper_take(&keeper, revision_new(fresh));
	return 0;
}

static const char *
issuer_cb(const void *state)
{
	ck_assert_ptr_eq(state, &own);
	return "0123";
}

static atomic_int opens_left = -1; /* negative: any number */

static int
open_cb(const char *of, struct store **out, struct error *err)
{
	if (opens_left == 0)
		return error_set(err, ERROR_INTERNAL, "no store for a worker");
	if (opens_left > 0)
		opens_left--;
	return store_open(of, out, err);
}

static struct service_keeper_program program = {
    .questions = &questions,
    .schema = schema_of,
    .settings_size = sizeof(struct service_settings),
    .free = revision_free,
    .open = open_cb,
    .watch = watch_cb,
    .tick = tick_cb,
    .reload = reload_cb,
    .issuer = issuer_cb,
};

/* ---- the supervisor ---- */

static void
setup(void)
{
	struct error err = {0};

	log_open("keeper_test", LOG_LEVEL_ERROR);
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	settings = (struct service_settings){
	    .state_dir = directory,
	    .store = directory,
	    .workers = 2,
	    .serving = 2,
	    .connections = 9,
	    .request_timeout = 10,
	    .idle_timeout = 60,
	    .level = LOG_LEVEL_ERROR,
	};
	(void)sem_init(&ticked, 0, 0);
	service_keeper_init(&keeper, &program, &settings, &own);
}

static void *
keeper_main(void *arg)
{
	struct error err = {0};

	(void)arg;
	unit_ok(service_keeper_run(&keeper, control[1], true, &err), &err);
	(void)close(control[1]);
	return NULL;
}

/* Greets one front with two workers; the first has what comes. */
static void
start(void)
{
	struct error   err = {0};
	struct timeval patience = {.tv_sec = 20};
	sigset_t       hangup;
	int            ends[2][2];
	int            theirs[2];

	service_keeper_take(&keeper, revision_new(&settings));
	unit_ok(service_keeper_open(&keeper, &err), &err);
	unit_ok(service_keeper_write(&keeper, &err), &err);
	unit_ok(channel_pair(control, &err), &err);
	(void)sigemptyset(&hangup);
	(void)sigaddset(&hangup, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &hangup, NULL); /* all threads leave it to the keeper */
	ck_assert_int_eq(pthread_create(&thread, NULL, keeper_main, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		unit_ok(channel_pair(ends[i], &err), &err);
		theirs[i] = ends[i][1];
	}
	unit_ok(supervisor_channels_send(control[0], theirs, 2, &err), &err);
	for (size_t i = 0; i < 2; i++)
		(void)close(theirs[i]);
	front = ends[0][0];
	other = ends[1][0];
	(void)setsockopt(front, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	running = true;
}

static void
teardown(void)
{
	if (running) {
		(void)close(control[0]);
		(void)pthread_join(thread, NULL);
		ck_assert_ptr_null(keeper.writer);
		(void)close(front);
		(void)close(other);
	}
	service_keeper_clear(&keeper);
	ck_assert_int_eq(revisions, 0);
	scratch_remove(directory);
}

/* Receives what the front is told next. */
static void
told(struct bytes *body)
{
	static uint8_t        packet[CHANNEL_MESSAGE_MAX + sizeof(struct channel_header)];
	struct channel_header header;
	ssize_t               got = recv(front, packet, sizeof packet, 0);

	ck_assert_int_ge(got, (ssize_t)sizeof header);
	memcpy(&header, packet, sizeof header);
	ck_assert_uint_eq(header.kind, CHANNEL_TELL);
	bytes_clear(body);
	bytes_append(body, packet + sizeof header, (size_t)got - sizeof header);
}

static void
assert_answer(struct view question, struct bytes *body)
{
	struct channel_header header;

	front_send(front, CHANNEL_ASK, 5, question);
	ck_assert(front_hear(front, &header, body));
	ck_assert_uint_eq(header.kind, CHANNEL_SAY);
	ck_assert_uint_eq(header.id, 5);
}

/* ---- the tests ---- */

START_TEST(open_and_write_without_a_store_fail)
{
	char         nowhere[] = "/nonexistent";
	struct error err = {0};

	settings.store = nowhere;
	ck_assert_int_eq(service_keeper_open(&keeper, &err), -1);
	ck_assert_ptr_null(keeper.store);
	ck_assert_int_eq(service_keeper_write(&keeper, &err), -1);
	ck_assert_ptr_null(keeper.writer);
}
END_TEST

START_TEST(stop_ends_the_writer_once)
{
	struct error err = {0};

	service_keeper_stop(&keeper);
	unit_ok(service_keeper_write(&keeper, &err), &err);
	ck_assert_ptr_nonnull(keeper.writer);
	service_keeper_stop(&keeper);
	ck_assert_ptr_null(keeper.writer);
	service_keeper_stop(&keeper);
}
END_TEST

START_TEST(take_tls_takes_over_what_it_is_given)
{
	struct bytes chain = {0};
	struct bytes key = {0};

	bytes_append(&chain, "chain", 5);
	bytes_append(&key, "key", 3);
	service_keeper_take_tls(&keeper, &chain, &key);
	ck_assert_ptr_null(chain.data);
	ck_assert_ptr_null(key.data);
	ck_assert(view_equal(bytes_view(&keeper.tls_chain), VIEW("chain")));
	ck_assert(view_equal(bytes_view(&keeper.tls_key), VIEW("key")));
	bytes_append(&chain, "other", 5);
	service_keeper_take_tls(&keeper, &chain, &key);
	ck_assert(view_equal(bytes_view(&keeper.tls_chain), VIEW("other")));
	ck_assert_uint_eq(keeper.tls_key.size, 0);
}
END_TEST

START_TEST(watch_waits_for_a_minute)
{
	service_keeper_watch(&keeper);
	ck_assert_int_eq(watched, 1);
	ck_assert_int_ge(keeper.next_watch, clock_now() + 55);
	ck_assert_int_le(keeper.next_watch, clock_now() + 60);
	service_keeper_watch(&keeper);
	ck_assert_int_eq(watched, 1);
	keeper.next_watch = clock_now();
	service_keeper_watch(&keeper);
	ck_assert_int_eq(watched, 2);
}
END_TEST

START_TEST(watch_after_the_clock_was_set_back_does_not_wait)
{
	keeper.next_watch = clock_now() + 3600;
	service_keeper_watch(&keeper);
	ck_assert_int_eq(watched, 1);
}
END_TEST

/* Each worker has a store of its own; a keeper without one of them does not begin. */
START_TEST(run_without_a_store_for_a_worker_says_so)
{
	struct error err = {0};
	int          ends[2][2];
	int          theirs[2];
	int          rc;

	service_keeper_take(&keeper, revision_new(&settings));
	unit_ok(service_keeper_open(&keeper, &err), &err);
	unit_ok(service_keeper_write(&keeper, &err), &err);
	unit_ok(channel_pair(control, &err), &err);
	for (size_t i = 0; i < 2; i++) {
		unit_ok(channel_pair(ends[i], &err), &err);
		theirs[i] = ends[i][1];
	}
	unit_ok(supervisor_channels_send(control[0], theirs, 2, &err), &err);
	opens_left = 1;
	rc = service_keeper_run(&keeper, control[1], false, &err);
	opens_left = -1;
	unit_fails(rc, &err, ERROR_INTERNAL, "no store for a worker");
	for (size_t i = 0; i < 2; i++) {
		(void)close(ends[i][0]);
		(void)close(ends[i][1]);
	}
	(void)close(control[0]);
	(void)close(control[1]);
	service_keeper_stop(&keeper);
}
END_TEST

START_TEST(run_greets_a_front_after_the_files)
{
	struct service_greeting greeting;
	struct file_news        news;
	AUTO_BYTES              body = {0};
	struct bytes            chain = {0};
	struct bytes            key = {0};
	struct error            err = {0};

	bytes_append(&chain, "chain", 5);
	bytes_append(&key, "key", 3);
	service_keeper_take_tls(&keeper, &chain, &key);
	unit_ok(shelf_put(keeper.shelf, "root.pem", VIEW("root"), &err), &err);
	start();
	told(&body);
	unit_ok(file_news_decode(bytes_view(&body), &news, &err), &err);
	ck_assert(view_equal(news.name, VIEW("root.pem")));
	told(&body);
	unit_ok(service_greeting_decode(bytes_view(&body), &greeting, &err), &err);
	ck_assert_uint_eq(greeting.body_max, 65536);
	ck_assert_uint_eq(greeting.header_max, 8192);
	ck_assert_uint_eq(greeting.connections_max, 5); /* of nine, for each of two workers */
	ck_assert_uint_eq(greeting.idle_ms, 60000);
	ck_assert_uint_eq(greeting.request_ms, 10000);
	ck_assert_uint_eq(greeting.log_level, LOG_LEVEL_ERROR);
	ck_assert(view_equal(greeting.tls_chain, VIEW("chain")));
	ck_assert(view_equal(greeting.tls_key, VIEW("key")));
}
END_TEST

START_TEST(run_greets_with_the_daemons_own_greeting)
{
	struct service_greeting greeting;
	AUTO_BYTES              body = {0};
	struct error            err = {0};

	program.greet = greet_cb;
	program.ready = ready_cb;
	start();
	told(&body);
	ck_assert_uint_eq(body.data[0], 0);
	unit_ok(service_greeting_decode((struct view){body.data + 1, body.size - 1}, &greeting, &err), &err);
	ck_assert_uint_eq(greeting.body_max, 65536);
	ck_assert_ptr_eq(atomic_load(&greeted), keeper.settings);
	(void)sem_wait(&ticked);
	ck_assert_int_eq(readied, 1);
	ck_assert_int_eq(watched, 1);
}
END_TEST

START_TEST(run_answers_for_the_shelf_and_for_the_daemon)
{
	struct file_piece piece;
	AUTO_BYTES        asked = {0};
	AUTO_BYTES        file = {0};
	AUTO_BYTES        text = {0};
	struct error      err = {0};

	unit_ok(shelf_put(keeper.shelf, "root.pem", VIEW("root"), &err), &err);
	start();
	file_question_encode(&(struct file_question){.name = VIEW("root.pem")}, &asked);
	assert_answer(bytes_view(&asked), &file);
	unit_ok(file_piece_decode(bytes_view(&file), &piece, &err), &err);
	ck_assert(view_equal(piece.data, VIEW("root")));
	assert_answer(VIEW("\x01"), &text);
	ck_assert(view_equal(bytes_view(&text), VIEW("looked")));
}
END_TEST

/* Of two ticks after it, one is that of the reload. */
static void
hang_up(void)
{
	(void)sem_wait(&ticked);
	while (sem_trywait(&ticked) == 0)
		;
	ck_assert_int_eq(kill(getpid(), SIGHUP), 0);
	(void)sem_wait(&ticked);
	(void)sem_wait(&ticked);
}

START_TEST(reload_greets_the_front_again)
{
	struct service_greeting greeting;
	AUTO_BYTES              body = {0};
	struct error            err = {0};

	start();
	told(&body);
	hang_up();
	told(&body);
	unit_ok(service_greeting_decode(bytes_view(&body), &greeting, &err), &err);
	ck_assert(view_equal(greeting.tls_chain, VIEW("later")));
	ck_assert_uint_eq(greeting.connections_max, 5);
	ck_assert_int_eq(reloaded, 1);
	ck_assert_int_eq(revisions, 1); /* the one before has gone */
}
END_TEST

START_TEST(reload_that_fails_goes_on)
{
	AUTO_BYTES answer = {0};

	reload_rc = -1;
	start();
	hang_up();
	assert_answer(VIEW("\x01"), &answer);
	ck_assert(view_equal(bytes_view(&answer), VIEW("looked")));
	ck_assert_int_eq(reloaded, 1);
	ck_assert_int_eq(revisions, 1);
	ck_assert_uint_eq(keeper.tls_chain.size, 0);
}
END_TEST

/* The settings of the file, from the start on; the caller frees what it returns. */
static struct reread *
settings_read(const char *path, const char *text)
{
	struct service_settings given = {.connections = 0};
	struct error            err = {0};
	struct reread          *reread;

	unit_ok(file_replace(path, text, strlen(text), 0600, &err), &err);
	reread = reread_new(schema_of(), sizeof given, &given, path);
	settings.reread = reread;
	return reread;
}

START_TEST(reload_of_a_file_with_a_fault_reads_nothing_else)
{
	AUTO_FREE char *path = file_join(directory, "daemon.conf");
	struct reread  *reread = settings_read(path, "workers = 2\n");
	struct error    err = {0};

	start();
	unit_ok(file_replace(path, "workers = 2000\n", 15, 0600, &err), &err);
	hang_up();
	ck_assert_int_eq(reloaded, 0);
	unit_ok(file_replace(path, "workers = 3\n", 12, 0600, &err), &err);
	hang_up();
	ck_assert_int_eq(reloaded, 1);
	ck_assert_int_eq(keeper.settings->workers, 2); /* that waits for a restart */
	reread_free(reread);
}
END_TEST

START_TEST(reload_takes_over_what_the_file_says)
{
	AUTO_FREE char         *path = file_join(directory, "daemon.conf");
	struct reread          *reread = settings_read(path, "workers = 2\n");
	struct service_greeting greeting;
	AUTO_BYTES              body = {0};
	AUTO_BYTES              answer = {0};
	struct error            err = {0};

	start();
	told(&body);
	unit_ok(file_replace(path, "workers = 2\nconnections = 20\n", 29, 0600, &err), &err);
	hang_up();
	told(&body);
	unit_ok(service_greeting_decode(bytes_view(&body), &greeting, &err), &err);
	ck_assert_uint_eq(greeting.connections_max, 11);
	assert_answer(VIEW("\x01"), &answer);
	ck_assert(view_equal(bytes_view(&answer), VIEW("looked")));
	reread_free(reread);
}
END_TEST

/* What a question holds is freed after its answer, and no sooner. */
START_TEST(hold_keeps_a_revision_that_was_replaced)
{
	struct shared_version *held;

	service_keeper_take(&keeper, revision_new(&settings));
	held = service_keeper_hold(&keeper);
	ck_assert_ptr_eq(held->value, keeper.settings);
	service_keeper_take(&keeper, revision_new(&settings));
	ck_assert_ptr_ne(held->value, keeper.settings);
	ck_assert_int_eq(revisions, 2);
	ck_assert_int_eq(((const struct service_settings *)held->value)->serving, 2);
	service_keeper_release(&keeper, held);
	ck_assert_int_eq(revisions, 1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("keeper");
	TCase *tc = tcase_create("keeper");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, open_and_write_without_a_store_fail);
	tcase_add_test(tc, stop_ends_the_writer_once);
	tcase_add_test(tc, take_tls_takes_over_what_it_is_given);
	tcase_add_test(tc, watch_waits_for_a_minute);
	tcase_add_test(tc, watch_after_the_clock_was_set_back_does_not_wait);
	tcase_add_test(tc, run_without_a_store_for_a_worker_says_so);
	tcase_add_test(tc, run_greets_a_front_after_the_files);
	tcase_add_test(tc, run_greets_with_the_daemons_own_greeting);
	tcase_add_test(tc, run_answers_for_the_shelf_and_for_the_daemon);
	tcase_add_test(tc, reload_greets_the_front_again);
	tcase_add_test(tc, reload_that_fails_goes_on);
	tcase_add_test(tc, reload_of_a_file_with_a_fault_reads_nothing_else);
	tcase_add_test(tc, reload_takes_over_what_the_file_says);
	tcase_add_test(tc, hold_keeps_a_revision_that_was_replaced);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
