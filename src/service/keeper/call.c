/* Owns a question from its arrival to its answer; the daemon provides the steps. */
#include "config.h"

#include "service/keeper/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/keeper.h"
#include "daemon/worker.h"
#include "store/store.h"
#include "util/clock.h"
#include "util/log_refusal.h"

struct call_worker *
call_worker_new(const struct call_service *service, void *keeper, struct worker *worker,
    struct store *store, struct store_writer *writer)
{
	struct call_worker *state = memory_new(sizeof *state);

	*state = (struct call_worker){service, keeper, worker, store, writer, turns_new(),
	    CALL_WAITING_MAX, CALL_PATIENCE_MS};
	return state;
}

void
call_worker_close_cb(void *state)
{
	struct call_worker *worker = state;

	turns_free(worker->turns);
	store_close(worker->store);
	free(worker);
}

void
call_asker_set(struct call_asker *asker, uint64_t request, const char *kind, struct view name)
{
	(void)log_number(request, asker->request);
	asker->kind = kind;
	(void)snprintf(asker->name, sizeof asker->name, "%.*s", (int)name.size,
	    name.size != 0 ? (const char *)name.data : "");
}

static void
note_clear(struct call_note *note)
{
	for (size_t i = 0; i < CALL_NOTE_FIELDS; i++)
		free(note->values[i]);
	*note = (struct call_note){0};
}

void
call_note(struct call *call, const char *event, const struct log_field *fields)
{
	struct call_note *note = &call->note;

	note_clear(note);
	note->event = event;
	for (size_t i = 0; i < CALL_NOTE_FIELDS && fields[i].key != NULL; i++) {
		note->keys[i] = fields[i].key;
		note->values[i] = fields[i].value != NULL ? memory_strdup(fields[i].value) : NULL;
	}
}

static void
call_log_note(const struct call *call)
{
	const struct call_note *note = &call->note;
	struct log_field        fields[3 + CALL_NOTE_FIELDS + 1] = {
            {"request", call->asker.request},
            {"event", note->event},
            {"", NULL}, /* a field without a key ends the fields; one without a value is left out */
        };

	if (note->event == NULL)
		return;
	if (call->asker.kind != NULL)
		fields[2] = (struct log_field){call->asker.kind, call->asker.name};
	for (size_t i = 0; i < CALL_NOTE_FIELDS && note->keys[i] != NULL; i++)
		fields[3 + i] = (struct log_field){note->keys[i], note->values[i]};
	log_write(LOG_LEVEL_INFO, fields);
}

static void
call_log_refusal(const struct call *call)
{
	const char *what = call->operation != NULL ? call->operation->name : "question";
	const char *who = call->asker.kind != NULL ? call->asker.kind : "";

	if (call->question == NULL)
		LOG(ERROR, {"request", call->asker.request}, {"event", what}, {who, call->asker.name},
		    {"reason", call->err.detail});
	else if (call->err.kind == ERROR_INTERNAL)
		LOG(ERROR, {"request", call->asker.request}, {"event", "failed"}, {"what", what},
		    {who, call->asker.name}, {"reason", call->err.detail});
	else if (log_refusal(&call->source, error_type(call->err.kind), clock_monotonic_ms()))
		LOG(INFO, {"request", call->asker.request}, {"event", "refused"}, {"what", what},
		    {who, call->asker.name}, {"kind", error_type(call->err.kind)},
		    {"reason", call->err.detail});
}

static void
call_free(struct call *call)
{
	const struct call_operation *operation = call->operation;

	if (operation != NULL && operation->clear != NULL && call->state != NULL)
		operation->clear(call->state);
	if (call->held != NULL)
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): nothing is held without a worker */
		call->service->release(call->worker->keeper, call->held);
	free(call->state);
	free(call->asked);
	note_clear(&call->note);
	bytes_clear(&call->body);
	bytes_clear(&call->answer);
	bytes_clear(&call->refusal);
	free(call);
}

/* Internal errors are logged; the client only learns that there was one. */
static void
call_refuse(struct call *call)
{
	struct error public = call->err;

	if (public.kind == ERROR_INTERNAL)
		error_set(&public, ERROR_INTERNAL, "the server failed; its log says why");
	if (call->refusal.size == 0)
		call->service->refuse(&public, &call->refusal);
	keeper_answer(call->question, bytes_view(&call->refusal));
}

/* Sends the answer or the refusal, and ends the call. */
static void
call_finish(struct call *call)
{
	const struct call_operation *operation = call->operation;

	if (operation != NULL && operation->told != NULL)
		call->rc = operation->told(call, call->rc, &call->err);
	if (call->rc == 0)
		call_log_note(call);
	else
		call_log_refusal(call);
	if (call->question != NULL) {
		if (call->rc == 0)
			keeper_answer(call->question, bytes_view(&call->answer));
		else
			call_refuse(call);
	}
	call_free(call);
}

static void
call_finish_cb(void *arg)
{
	call_finish(arg);
}

/* In the writer's thread, inside its transaction. */
static int
call_change_cb(struct store *store, void *arg, struct error *err)
{
	struct call *call = arg;

	if (call->service->act != NULL)
		call->service->act(&call->asker, store);
	return call->operation->change(call, store, err);
}

/* In the writer's thread, after the commit. */
static void
call_changed_cb(void *arg, const struct error *err)
{
	struct call *call = arg;

	if (err != NULL) {
		call->rc = -1;
		call->err = *err;
	}
	if (call->worker != NULL)
		worker_post(call->worker->worker, call_finish_cb, call);
	else
		call_finish(call);
}

static struct call *
call_new(const struct call_service *service)
{
	struct call *call = memory_new(sizeof *call);

	call->service = service;
	call->now = clock_now();
	call->job = (struct store_job){.run = call_change_cb, .done = call_changed_cb, .arg = call};
	return call;
}

static int
call_look(struct call *call, struct error *err)
{
	call->state = memory_new(call->operation->state_size);
	return call->operation->look(call, call->worker->store, err);
}

static void
call_begin(struct call *call)
{
	call->now = clock_now();
	if (call->service->hold != NULL)
		call->held = call->service->hold(call->worker->keeper);
	call->rc = call_look(call, &call->err);
	if (call->rc == 0 && call->answer.size == 0 && call->operation->change != NULL)
		store_writer_submit(call->worker->writer, &call->job);
	else
		call_finish(call);
}

/* Nothing was begun, and nothing is said but that. */
static void
call_drop(struct call *call, const char *reason)
{
	LOG(DEBUG, {"request", call->asker.request}, {"event", "dropped"},
	    {"what", call->operation->name}, {"reason", reason});
	turns_remove(call->worker->turns, &call->turn);
	keeper_answer(call->question, (struct view){NULL, 0});
	call_free(call);
}

static struct call *
call_of_turn(struct turn *turn)
{
	return (struct call *)(void *)((uint8_t *)turn - offsetof(struct call, turn));
}

void
call_ask_cb(void *state, struct keeper_question *question, struct view body)
{
	struct call_worker *worker = state;
	struct call        *call = call_new(worker->service);

	call->worker = worker;
	call->question = question;
	call->since = clock_monotonic_ms();
	call->asked = memory_new(worker->service->asked_size);
	bytes_append(&call->body, body.data, body.size);
	if ((call->rc = worker->service->decode(call, &call->err)) != 0) {
		call_finish(call);
		return;
	}
	keeper_question_own(question, call);
	turns_add(worker->turns, &call->turn, &call->source, call->subject,
	    sizeof *call + worker->service->asked_size + body.size);
	while (turns_size(worker->turns) > worker->waiting_max)
		call_drop(call_of_turn(turns_fullest(worker->turns)), "too many questions wait");
}

void
call_forget_cb(void *state, struct keeper_question *question)
{
	struct call *call = keeper_question_owner(question);

	(void)state;
	if (call != NULL && call->turn.party != NULL)
		call_drop(call, "nobody waits for it");
}

bool
call_turn_cb(void *state)
{
	struct call_worker *worker = state;
	int64_t             begun = clock_monotonic_ms();
	int64_t             now = begun;
	struct turn        *turn;

	/* The clock has milliseconds: the turn ends with the one after that in which it began. */
	while (now <= begun + 1 && (turn = turns_next(worker->turns)) != NULL) {
		struct call *call = call_of_turn(turn);

		if (now - call->since > worker->patience_ms)
			call_drop(call, "it waited too long");
		else
			call_begin(call);
		now = clock_monotonic_ms();
	}
	return turns_count(worker->turns) != 0;
}

void
call_submit(const struct call_service *service, struct store_writer *writer,
    const struct call_operation *operation, const struct call_asker *asker, const void *state)
{
	struct call *call = call_new(service);

	call->operation = operation;
	if (asker != NULL)
		call->asker = *asker;
	call->state = memory_new(operation->state_size);
	memcpy(call->state, state, operation->state_size);
	store_writer_submit(writer, &call->job);
}
