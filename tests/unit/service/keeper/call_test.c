/*
 * The way of a question through a keeper: a real keeper with one worker, a real store and
 * writer, and questions of our own. This test is the supervisor, and the front.
 */
#include "config.h"

#include <sys/resource.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
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

static void
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

static void
state_clear_cb(void *arg)
{
	struct state *state = arg;

	if (state->text != NULL)
		fixture.states--;
	free(state->text);
}

static void
answer(struct call *call, const char *text)
{
	bytes_append(&call->answer, text, strlen(text));
}

static int
look(struct call *call, struct store *store, struct error *err)
{
	(void)err;
	ck_assert_ptr_eq(call->worker->store, store);
	ck_assert_ptr_eq(call->worker->keeper, &fixture);
	state_fill(call);
	return 0;
}

static int
look_answer(struct call *call, struct store *store, struct error *err)
{
	answer(call, "read");
	return look(call, store, err);
}

static int
look_slowly(struct call *call, struct store *store, struct error *err)
{
	(void)sem_post(&fixture.entered);
	(void)sem_wait(&fixture.release);
	return look_answer(call, store, err);
}

static int
look_refuse(struct call *call, struct store *store, struct error *err)
{
	(void)look(call, store, err);
	return error_set(err, ERROR_NOT_ENROLLED, "not you");
}

static int
look_fail(struct call *call, struct store *store, struct error *err)
{
	(void)look(call, store, err);
	return error_set(err, ERROR_INTERNAL, "the path of a file");
}

static int
look_refuse_at_length(struct call *call, struct store *store, struct error *err)
{
	bytes_append(&call->refusal, "at length", 9);
	return look_refuse(call, store, err);
}

static int
change(struct call *call, struct store *store, struct error *err)
{
	const struct asked *asked = call->asked;
	struct store_device device = {.ek_hash = {asked->device}};

	ck_assert_ptr_ne(call->worker->store, store);
	ck_assert(((struct state *)call->state)->looked);
	answer(call, "written");
	return store_device_enroll(store, &device, clock_now(), err);
}

static int
change_and_refuse(struct call *call, struct store *store, struct error *err)
{
	if (change(call, store, err) != 0)
		return -1;
	return error_set(err, ERROR_RATE_LIMITED, "on second thoughts");
}

static int
change_held(struct call *call, struct store *store, struct error *err)
{
	(void)sem_post(&fixture.entered);
	(void)sem_wait(&fixture.release);
	return change(call, store, err);
}

/* Only what others see of the store says that it was committed. */
static bool
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
static int
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

static int
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

static void
act_cb(const struct call_asker *asker, struct store *store)
{
	store_actor_set(store, &(struct store_actor){"test", asker->name, asker->request});
}

static void
refuse_cb(const struct error *err, struct bytes *out)
{
	const char *kind = error_type(err->kind);

	bytes_append(out, kind, strlen(kind));
	bytes_append(out, ": ", 2);
	bytes_append(out, err->detail, strlen(err->detail));
}

static void *
hold_cb(void *keeper)
{
	ck_assert_ptr_nonnull(keeper);
	fixture.held++;
	return &fixture;
}

static void
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

static int
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

static void
greet_cb(void *state, struct channel *channel)
{
	(void)state;
	(void)channel;
}

static void
ready_cb(void *arg)
{
	(void)arg;
}

static void
tick_cb(void *arg, struct keeper *keeper)
{
	(void)arg;
	(void)keeper;
}

static void
finish_cb(void *arg)
{
	(void)arg;
	store_writer_stop(fixture.writer);
}

static void *
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

static void
setup(void)
{
	struct error err = {0};

	log_open("call_test", LOG_LEVEL_ERROR);
	scratch_make(fixture.directory);
	(void)sem_init(&fixture.entered, 0, 0);
	(void)sem_init(&fixture.release, 0, 0);
	unit_ok(store_create(fixture.directory, &err), &err);
	unit_ok(writer_start(fixture.directory, &fixture.writer, &err), &err);
	unit_ok(channel_pair(fixture.control, &err), &err);
	ck_assert_int_eq(pthread_create(&fixture.thread, NULL, keeper_main, NULL), 0);
	fixture.front = front_open(fixture.control[0]);
}

/* Four questions of a worker may wait. */
static void
setup_narrow(void)
{
	fixture.waiting_max = 4 * (sizeof(struct call) + sizeof(struct asked) + 2);
	setup();
}

/* It is always too late. */
static void
setup_impatient(void)
{
	fixture.patience_ms = -1;
	setup();
}

/* Nothing is asked any more, and what was asked is finished. */
static void
stop(void)
{
	(void)close(fixture.control[0]);
	(void)pthread_join(fixture.thread, NULL);
	fixture.stopped = true;
}

/* Whatever became of the calls, they are freed. */
static void
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

static uint8_t
operation_number(const char *name)
{
	uint8_t number = 0;

	while (strcmp(operations[number].name, name) != 0)
		number++;
	return number;
}

/* Asks for the device of that number; above a hundred, for it once more. */
static void
ask(const char *name, uint32_t id)
{
	uint8_t body[] = {operation_number(name), (uint8_t)(id % 100)};

	front_send(fixture.front, CHANNEL_ASK, id, (struct view){body, sizeof body});
}

static void
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

static bool
nothing_is_said(void)
{
	char octet;

	return recv(fixture.front, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
}

static void
assert_closed(void)
{
	struct channel_header header;
	AUTO_BYTES            body = {0};

	ck_assert(!front_hear(fixture.front, &header, &body));
}

static void
forget(uint32_t id)
{
	front_send(fixture.front, CHANNEL_FORGET, id, (struct view){NULL, 0});
}

/* ---- whose turn it is ---- */

/* The worker is held by a first question while others come. */
static void
hold(void)
{
	ask("slow", 1);
	(void)sem_wait(&fixture.entered);
}

static void
let_go(void)
{
	(void)sem_post(&fixture.release);
	assert_answer(1, "read");
}

START_TEST(ask_by_many_sources_has_a_turn_for_each)
{
	hold();
	for (uint32_t id = 20; id < 24; id++)
		ask("read", id);
	ask("read", 30);
	ask("read", 31);
	ask("read", 40);
	let_go();
	assert_answer(20, "read");
	assert_answer(30, "read");
	assert_answer(40, "read");
	assert_answer(21, "read");
	assert_answer(31, "read");
	assert_answer(22, "read");
	assert_answer(23, "read");
}
END_TEST

START_TEST(forget_of_a_question_that_waits_drops_it)
{
	hold();
	ask("write", 2);
	ask("write", 3);
	forget(2);
	let_go();
	assert_answer(2, "");
	assert_answer(3, "written");
	ck_assert(!present(2));
	ck_assert(present(3));
	/* Its slot is free. */
	ask("write", 2);
	assert_answer(2, "written");
}
END_TEST

/* What was begun is carried out, and answered. */
START_TEST(forget_of_a_question_that_was_begun_changes_nothing)
{
	ask("held", 2);
	(void)sem_wait(&fixture.entered);
	forget(2);
	forget(2);
	forget(77);
	(void)sem_post(&fixture.release);
	assert_answer(2, "written");
	ck_assert(present(2));
	forget(2);
	ask("read", 3);
	assert_answer(3, "read");
}
END_TEST

/* A front that is gone waits for nothing. */
START_TEST(ask_of_a_front_that_goes_is_dropped)
{
	hold();
	ask("write", 2);
	(void)close(fixture.front);
	(void)sem_post(&fixture.release);
	fixture.front = front_open(fixture.control[0]);
	ask("read", 3);
	assert_answer(3, "read");
	ck_assert(!present(2));
}
END_TEST

/* More than may wait: the last of whoever has most are dropped, and the others stay. */
START_TEST(ask_of_too_much_drops_the_last_of_the_fullest)
{
	hold();
	for (uint32_t id = 20; id < 24; id++)
		ask("read", id);
	ask("read", 30);
	ask("read", 31);
	let_go();
	assert_answer(23, ""); /* when 30 comes, and 22 when 31 does: four may wait */
	assert_answer(22, "");
	assert_answer(20, "read");
	assert_answer(30, "read");
	assert_answer(21, "read");
	assert_answer(31, "read");
}
END_TEST

START_TEST(ask_that_waited_too_long_is_dropped)
{
	ask("write", 2);
	assert_answer(2, "");
	ck_assert(!present(2));
}
END_TEST

/* ---- answered or refused by the look ---- */

START_TEST(ask_answered_by_the_look_changes_nothing)
{
	ask("read", 1);
	assert_answer(1, "read");
	ck_assert(!present(1));
}
END_TEST

START_TEST(ask_that_cannot_be_decoded_is_refused)
{
	front_send(fixture.front, CHANNEL_ASK, 9, view_text("longer"));
	assert_answer(9, "malformed: no question");
	front_send(fixture.front, CHANNEL_ASK, 9, view_text("\xff\x01"));
	assert_answer(9, "malformed: no question");
}
END_TEST

START_TEST(ask_refused_by_the_look_changes_nothing)
{
	ask("no", 1);
	assert_answer(1, "notEnrolled: not you");
	ck_assert(!present(1));
}
END_TEST

START_TEST(ask_refused_with_more_than_a_sentence_says_that)
{
	ask("long-no", 1);
	assert_answer(1, "at length");
}
END_TEST

START_TEST(ask_that_fails_inside_tells_no_detail)
{
	ask("broken", 1);
	assert_answer(1, "serverInternal: the server failed; its log says why");
}
END_TEST

/* ---- changed by the writer ---- */

static bool
actor_cb(const struct audit_entry *entry, void *arg)
{
	bool *found = arg;

	*found = strcmp(entry->actor, "test") == 0 && strcmp(entry->peer, "192.0.2.1") == 0 &&
	    strcmp(entry->request, "1") == 0;
	return true;
}

START_TEST(ask_changed_is_on_disk_when_it_is_answered)
{
	struct audit_filter filter = {0};
	struct store       *store = NULL;
	struct error        err = {0};
	bool                found = false;

	ask("write", 1);
	assert_answer(1, "written");
	ck_assert(present(1));
	unit_ok(store_open(fixture.directory, &store, &err), &err);
	unit_ok(store_audit_list(store, &filter, actor_cb, &found, &err), &err);
	store_close(store);
	ck_assert(found);
}
END_TEST

START_TEST(ask_refused_by_the_change_is_undone)
{
	ask("undone", 1);
	assert_answer(1, "rateLimited: on second thoughts");
	ck_assert(!present(1));
}
END_TEST

/* The first is carried out, and the second, of the same transaction, is not yet. */
START_TEST(ask_says_nothing_before_the_commit)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	ask("write", 2); /* these two gather while the writer is held */
	ask("held", 3);
	ask("read", 4); /* and this says that the worker has taken them */
	assert_answer(4, "read");
	(void)sem_post(&fixture.release);
	assert_answer(1, "written");
	(void)sem_wait(&fixture.entered);
	ck_assert(nothing_is_said());
	ck_assert(!present(2));
	(void)sem_post(&fixture.release);
	assert_answer(2, "written");
	assert_answer(3, "written");
	ck_assert(present(2));
}
END_TEST

#define DEVICE_2 "0200000000000000000000000000000000000000000000000000000000000000"

START_TEST(ask_that_fails_beside_others_is_refused_alone)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	ask("write", 2);
	ask("undone", 3);
	ask("write", 102); /* which is there by then */
	ask("read", 4);
	assert_answer(4, "read");
	(void)sem_post(&fixture.release);
	assert_answer(1, "written");
	assert_answer(2, "written");
	assert_answer(3, "rateLimited: on second thoughts");
	assert_answer(102, "conflict: EK " DEVICE_2 " is enrolled already; see \"attest-ca show " DEVICE_2 "\"");
	ck_assert(present(2));
	ck_assert(!present(3));
}
END_TEST

/* Nothing can be written from now on: what a full disk does. */
static void
disk_limit(rlim_t octets)
{
	struct rlimit limit = {octets, RLIM_INFINITY};

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(ask_whose_commit_fails_is_refused)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	disk_limit(4096);
	(void)sem_post(&fixture.release);
	assert_answer(1, "serverInternal: the server failed; its log says why");
	disk_limit(RLIM_INFINITY);
	ck_assert(!present(1));
	ask("write", 2);
	assert_answer(2, "written");
}
END_TEST

/* ---- what is left to do after the commit ---- */

START_TEST(told_runs_after_the_commit_and_its_word_counts)
{
	ask("told", 1);
	assert_answer(1, "notEnrolled: told: committed");
	ck_assert(present(1));
}
END_TEST

START_TEST(told_runs_after_a_refusal_and_its_word_counts)
{
	ask("refused-and-told", 1);
	assert_answer(1, "overloaded: told: refused");
	ck_assert(!present(1));
}
END_TEST

/* ---- fronts that go, and a keeper that stops ---- */

/* The worker looks at the first while the others come and the front goes. */
START_TEST(ask_of_a_front_that_is_gone_is_dropped)
{
	ask("slow", 1);
	(void)sem_wait(&fixture.entered);
	ask("write", 2);
	ask("read", 3);
	ask("no", 4);
	(void)close(fixture.front);
	fixture.front = front_open(fixture.control[0]);
	(void)sem_post(&fixture.release);
	ask("write", 5);
	assert_answer(5, "written");
}
END_TEST

START_TEST(ask_whose_front_goes_before_the_commit_is_carried_out)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	(void)close(fixture.front);
	fixture.front = front_open(fixture.control[0]);
	ask("read", 2); /* of the next front, to the same worker */
	assert_answer(2, "read");
	(void)sem_post(&fixture.release);
	ask("write", 3);
	assert_answer(3, "written");
	ck_assert(present(1));
}
END_TEST

START_TEST(ask_in_the_writer_when_the_keeper_stops_is_answered)
{
	ask("held", 1);
	(void)sem_wait(&fixture.entered);
	(void)close(fixture.control[0]);
	(void)sem_post(&fixture.release);
	(void)pthread_join(fixture.thread, NULL);
	fixture.stopped = true;
	assert_answer(1, "written");
	assert_closed();
	ck_assert(present(1));
}
END_TEST

/* The worker is gone and with it what waited: nothing is carried out that nobody answers for. */
START_TEST(ask_of_a_keeper_that_has_stopped_is_not_taken)
{
	struct channel_header header = {CHANNEL_ASK, 1};

	stop();
	(void)send(fixture.front, &header, sizeof header, MSG_NOSIGNAL);
	assert_closed();
	ck_assert(!present(1));
}
END_TEST

/* ---- changes that nobody waits for ---- */

static int
alone_change(struct call *call, struct store *store, struct error *err)
{
	const uint8_t      *number = call->state;
	struct store_device device = {.ek_hash = {*number}};

	ck_assert_ptr_null(call->worker);
	ck_assert_ptr_null(call->asked);
	return store_device_enroll(store, &device, clock_now(), err);
}

static int
alone_told(struct call *call, int rc, struct error *err)
{
	const uint8_t *number = call->state;

	(void)err;
	ck_assert(present(*number));
	fixture.told_rc = rc;
	fixture.told++;
	return rc;
}

static const struct call_operation alone = {
    .name = "alone",
    .state_size = 1,
    .change = alone_change,
    .told = alone_told,
};

START_TEST(submit_is_carried_out_with_a_copy_of_the_state)
{
	struct call_asker asker = {.request = "1", .kind = "peer", .name = "192.0.2.1"};
	uint8_t           number = 7;

	call_submit(&service, fixture.writer, &alone, &asker, &number);
	number = 8;
	stop();
	ck_assert_int_eq(fixture.told, 1);
	ck_assert_int_eq(fixture.told_rc, 0);
	ck_assert(present(7));
	ck_assert(!present(8));
}
END_TEST

START_TEST(submit_that_fails_is_told)
{
	uint8_t number = 7;

	call_submit(&service, fixture.writer, &alone, NULL, &number);
	call_submit(&service, fixture.writer, &alone, NULL, &number);
	stop();
	ck_assert_int_eq(fixture.told, 2);
	ck_assert_int_eq(fixture.told_rc, -1);
}
END_TEST

static TCase *
call_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	suite_add_tcase(suite, tc);
	return tc;
}

int
main(void)
{
	Suite *suite = suite_create("call");
	TCase *narrow = tcase_create("narrow");
	TCase *impatient = tcase_create("impatient");
	TCase *tc = call_case(suite, "look");

	tcase_add_checked_fixture(narrow, setup_narrow, teardown);
	tcase_add_test(narrow, ask_of_too_much_drops_the_last_of_the_fullest);
	suite_add_tcase(suite, narrow);
	tcase_add_checked_fixture(impatient, setup_impatient, teardown);
	tcase_add_test(impatient, ask_that_waited_too_long_is_dropped);
	suite_add_tcase(suite, impatient);

	tcase_add_test(tc, ask_by_many_sources_has_a_turn_for_each);
	tcase_add_test(tc, forget_of_a_question_that_waits_drops_it);
	tcase_add_test(tc, forget_of_a_question_that_was_begun_changes_nothing);
	tcase_add_test(tc, ask_of_a_front_that_goes_is_dropped);
	tcase_add_test(tc, ask_answered_by_the_look_changes_nothing);
	tcase_add_test(tc, ask_that_cannot_be_decoded_is_refused);
	tcase_add_test(tc, ask_refused_by_the_look_changes_nothing);
	tcase_add_test(tc, ask_refused_with_more_than_a_sentence_says_that);
	tcase_add_test(tc, ask_that_fails_inside_tells_no_detail);
	tc = call_case(suite, "change");
	tcase_add_test(tc, ask_changed_is_on_disk_when_it_is_answered);
	tcase_add_test(tc, ask_refused_by_the_change_is_undone);
	tcase_add_test(tc, ask_says_nothing_before_the_commit);
	tcase_add_test(tc, ask_that_fails_beside_others_is_refused_alone);
	tcase_add_test(tc, ask_whose_commit_fails_is_refused);
	tc = call_case(suite, "told");
	tcase_add_test(tc, told_runs_after_the_commit_and_its_word_counts);
	tcase_add_test(tc, told_runs_after_a_refusal_and_its_word_counts);
	tc = call_case(suite, "end");
	tcase_add_test(tc, ask_of_a_front_that_is_gone_is_dropped);
	tcase_add_test(tc, ask_whose_front_goes_before_the_commit_is_carried_out);
	tcase_add_test(tc, ask_in_the_writer_when_the_keeper_stops_is_answered);
	tcase_add_test(tc, ask_of_a_keeper_that_has_stopped_is_not_taken);
	tc = call_case(suite, "submit");
	tcase_add_test(tc, submit_is_carried_out_with_a_copy_of_the_state);
	tcase_add_test(tc, submit_that_fails_is_told);
	return unit_run(suite);
}
