/*
 * The way of a question through a keeper: a real keeper with one worker, a real store and
 * writer, and questions of our own. The test is the supervisor, and the front.
 */
#ifndef TESTS_UNIT_SERVICE_KEEPER_CALL_WORLD_H
#define TESTS_UNIT_SERVICE_KEEPER_CALL_WORLD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bare_front.h"
#include "daemon/keeper.h"
#include "scratch.h"
#include "service/keeper/call.h"
#include "store/inventory/audit.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "store_writer.h"
#include "unit.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/* What is asked: two octets, which operation and of which device. */
struct asked {
	char    operation;
	uint8_t device;
};

static struct {
	char                 directory[SCRATCH_SIZE];
	struct store_writer *writer;
	pthread_t            thread;
	int                  control[2];
	int                  front;
	sem_t                entered; /* a step that is held has begun */
	sem_t                release; /* and waits there for this */
	sem_t                ending;  /* orders the end behind it, where a sanitizer sees it */
	atomic_int           held;    /* questions in work that hold the keeper's revision */
	atomic_int           states;  /* of operations that are not cleared yet */
	atomic_int           told;    /* changes without a question that ended */
	atomic_int           told_rc;
	bool                 stopped;
	size_t               waiting_max; /* 0: as ever */
	int64_t              patience_ms; /* 0: as ever */
} fixture;

/* ---- the operations ---- */

/* The state of each: zeros at first, and something to clear. */
struct state {
	bool  looked;
	char *text;
};

static inline void
state_fill(struct call *call)
{
	struct state *state = call->state;

	ck_assert(!state->looked);
	ck_assert_ptr_eq(call->held, &fixture);
	ck_assert_ptr_null(state->text);
	state->looked = true;
	state->text = memory_strdup("found out by the look");
	fixture.states++;
}

static inline void
state_clear_cb(void *arg)
{
	struct state *state = arg;

	if (state->text != NULL)
		fixture.states--;
	free(state->text);
}

static inline void
answer(struct call *call, const char *text)
{
	bytes_append(&call->answer, text, strlen(text));
}

static inline int
look(struct call *call, struct store *store, struct error *err)
{
	(void)err;
	ck_assert_ptr_eq(call->worker->store, store);
	ck_assert_ptr_eq(call->worker->keeper, &fixture);
	state_fill(call);
	return 0;
}

static inline int
look_answer(struct call *call, struct store *store, struct error *err)
{
	answer(call, "read");
	return look(call, store, err);
}

static inline int
look_slowly(struct call *call, struct store *store, struct error *err)
{
	(void)sem_post(&fixture.entered);
	(void)sem_wait(&fixture.release);
	return look_answer(call, store, err);
}

static inline int
look_refuse(struct call *call, struct store *store, struct error *err)
{
	(void)look(call, store, err);
	return error_set(err, ERROR_NOT_ENROLLED, "not you");
}

static inline int
look_fail(struct call *call, struct store *store, struct error *err)
{
	(void)look(call, store, err);
	return error_set(err, ERROR_INTERNAL, "the path of a file");
}

static inline int
look_refuse_at_length(struct call *call, struct store *store, struct error *err)
{
	bytes_append(&call->refusal, "at length", 9);
	return look_refuse(call, store, err);
}

static inline int
change(struct call *call, struct store *store, struct error *err)
{
	const struct asked *asked = call->asked;
	struct store_device device = {.ek_hash = {asked->device}};

	ck_assert_ptr_ne(call->worker->store, store);
	ck_assert(((struct state *)call->state)->looked);
	answer(call, "written");
	return store_device_enroll(store, &device, clock_now(), err);
}

static inline int
change_and_refuse(struct call *call, struct store *store, struct error *err)
{
	if (change(call, store, err) != 0)
		return -1;
	return error_set(err, ERROR_RATE_LIMITED, "on second thoughts");
}

static inline int
change_held(struct call *call, struct store *store, struct error *err)
{
	(void)sem_post(&fixture.entered);
	(void)sem_wait(&fixture.release);
	return change(call, store, err);
}

/* Only what others see of the store says that it was committed. */
static inline bool
present(uint8_t number)
{
	uint8_t             hash[STORE_HASH_SIZE] = {number};
	struct store_device found = {0};
	struct store       *store = NULL;
	struct error        err = {0};
	int                 rc;

	unit_ok(store_open(fixture.directory, &store, &err), &err);
	rc = store_device_find(store, hash, &found, &err);
	store_device_clear(&found);
	store_close(store);
	return rc == 0;
}

/* Makes a commit a refusal, and a refusal another. */
static inline int
told(struct call *call, int rc, struct error *err)
{
	const struct asked *asked = call->asked;

	ck_assert_int_eq(rc == 0, present(asked->device));
	if (rc != 0)
		return error_set(err, ERROR_OVERLOADED, "told: %s", err->kind == ERROR_RATE_LIMITED ? "refused" : "failed");
	return error_set(err, ERROR_ENROLMENT_WAITS, "told: committed");
}

#define OPERATION(...) {.state_size = sizeof(struct state), .clear = state_clear_cb, __VA_ARGS__}

static const struct call_operation operations[] = {
    OPERATION(.name = "read", .look = look_answer, .change = change),
    OPERATION(.name = "slow", .look = look_slowly),
    OPERATION(.name = "write", .look = look, .change = change),
    OPERATION(.name = "no", .look = look_refuse, .change = change),
    OPERATION(.name = "long-no", .look = look_refuse_at_length, .change = change),
    OPERATION(.name = "broken", .look = look_fail, .change = change),
    OPERATION(.name = "undone", .look = look, .change = change_and_refuse),
    OPERATION(.name = "held", .look = look, .change = change_held),
    OPERATION(.name = "told", .look = look, .change = change, .told = told),
    OPERATION(.name = "refused-and-told", .look = look, .change = change_and_refuse, .told = told),
};

static inline int
decode_cb(struct call *call, struct error *err)
{
	struct asked *asked = call->asked;

	ck_assert_int_eq(asked->operation, 0);
	if (call->body.size != 2 || call->body.data[0] >= sizeof operations / sizeof operations[0])
		return error_set(err, ERROR_MALFORMED, "no question");
	*asked = (struct asked){(char)call->body.data[0], call->body.data[1]};
	call_asker_set(&call->asker, asked->device, "peer", view_text("192.0.2.1"));
	call->operation = &operations[(size_t)asked->operation];
	/* Devices of one tens are of one source. */
	call->source = (struct source){.octets = {asked->device / 10}, .bits = 32};
	return 0;
}

static inline void
act_cb(const struct call_asker *asker, struct store *store)
{
	store_actor_set(store, &(struct store_actor){"test", asker->name, asker->request});
}

static inline void
refuse_cb(const struct error *err, struct bytes *out)
{
	const char *kind = error_type(err->kind);

	bytes_append(out, kind, strlen(kind));
	bytes_append(out, ": ", 2);
	bytes_append(out, err->detail, strlen(err->detail));
}

static inline void *
hold_cb(void *keeper)
{
	ck_assert_ptr_nonnull(keeper);
	fixture.held++;
	return &fixture;
}

static inline void
release_cb(void *keeper, void *held)
{
	ck_assert_ptr_nonnull(keeper);
	ck_assert_ptr_eq(held, &fixture);
	fixture.held--;
}

static const struct call_service service = {
    .asked_size = sizeof(struct asked),
    .decode = decode_cb,
    .act = act_cb,
    .refuse = refuse_cb,
    .hold = hold_cb,
    .release = release_cb,
};

/* ---- the keeper ---- */

static inline int
worker_open_cb(void *arg, struct worker *worker, void **state, struct error *err)
{
	struct store       *store = NULL;
	struct call_worker *state_new;

	if (store_open(fixture.directory, &store, err) != 0)
		return -1;
	*state = state_new = call_worker_new(&service, arg, worker, store, fixture.writer);
	ck_assert_uint_eq(state_new->waiting_max, (size_t)16 << 20);
	ck_assert_int_eq(state_new->patience_ms, 10000);
	if (fixture.waiting_max != 0)
		state_new->waiting_max = fixture.waiting_max;
	if (fixture.patience_ms != 0)
		state_new->patience_ms = fixture.patience_ms;
	return 0;
}

static inline void
greet_cb(void *state, struct channel *channel)
{
	(void)state;
	(void)channel;
}

static inline void
ready_cb(void *arg)
{
	(void)arg;
}

static inline void
tick_cb(void *arg, struct keeper *keeper)
{
	(void)arg;
	(void)keeper;
}

static inline void
finish_cb(void *arg)
{
	(void)arg;
	(void)sem_wait(&fixture.ending);
	store_writer_stop(fixture.writer);
}

static inline void *
keeper_main(void *arg)
{
	static const struct keeper_handlers handlers = {
	    .worker_open = worker_open_cb,
	    .worker_close = call_worker_close_cb,
	    .greet = greet_cb,
	    .ask = call_ask_cb,
    .forget = call_forget_cb,
    .turn = call_turn_cb,
	    .ready = ready_cb,
	    .tick = tick_cb,
	    .reload = tick_cb,
	    .finish = finish_cb,
	};
	struct error err = {0};

	(void)arg;
	unit_ok(keeper_run(fixture.control[1], 1, false, &handlers, &fixture, &err), &err);
	(void)close(fixture.control[1]);
	return NULL;
}

static inline void
setup(void)
{
	struct error err = {0};

	log_open("call_test", LOG_LEVEL_ERROR);
	scratch_make(fixture.directory);
	(void)sem_init(&fixture.entered, 0, 0);
	(void)sem_init(&fixture.release, 0, 0);
	(void)sem_init(&fixture.ending, 0, 0);
	unit_ok(store_create(fixture.directory, &err), &err);
	unit_ok(writer_start(fixture.directory, &fixture.writer, &err), &err);
	unit_ok(channel_pair(fixture.control, &err), &err);
	ck_assert_int_eq(pthread_create(&fixture.thread, NULL, keeper_main, NULL), 0);
	fixture.front = front_open(fixture.control[0]);
}

/* Nothing is asked any more, and what was asked is finished. ThreadSanitizer does not know that the end of a
 * socket comes behind close(2). */
static inline void
stop(void)
{
	(void)sem_post(&fixture.ending);
	(void)close(fixture.control[0]);
	(void)pthread_join(fixture.thread, NULL);
	fixture.stopped = true;
}

/* Whatever became of the calls, they are freed. */
static inline void
teardown(void)
{
	if (!fixture.stopped)
		stop();
	(void)close(fixture.front);
	ck_assert_int_eq(fixture.states, 0);
	ck_assert_int_eq(fixture.held, 0);
	scratch_remove(fixture.directory);
}

/* ---- the front ---- */

static inline uint8_t
operation_number(const char *name)
{
	uint8_t number = 0;

	while (strcmp(operations[number].name, name) != 0)
		number++;
	return number;
}

/* Asks for the device of that number; above a hundred, for it once more. */
static inline void
ask(const char *name, uint32_t id)
{
	uint8_t body[] = {operation_number(name), (uint8_t)(id % 100)};

	front_send(fixture.front, CHANNEL_ASK, id, (struct view){body, sizeof body});
}

static inline void
assert_answer(uint32_t id, const char *wanted)
{
	struct channel_header header;
	AUTO_BYTES            body = {0};
	AUTO_FREE char       *text = NULL;

	ck_assert(front_hear(fixture.front, &header, &body));
	text = view_dup(bytes_view(&body));
	ck_assert_str_eq(text, wanted);
	ck_assert_uint_eq(header.id, id);
}

/* ---- changes that nobody waits for ---- */

static inline TCase *
call_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return tc;
}

#endif
