/*
 * Puts applicants on the waiting list by way of the writer. It can refuse and nothing
 * else: whatever stands on the list, no credential is made here.
 */
#include "config.h"

#include "attestation/keeper/waiting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/peer.h"
#include "attestation/keeper/state.h"
#include "attestation/keeper/throttle.h"
#include "attestation/settings.h"
#include "daemon/worker.h"
#include "store/inventory/audit.h"
#include "store/inventory/waiting.h"
#include "store/writer.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

/* An applicant on the way to the disk. */
struct wait {
	struct store_job           job;
	struct attestation_worker *worker;
	struct keeper_question    *question;
	struct asker               asker;
	struct ek_hash             ek;
	struct store_waiting       entry;
	bool                       name_taken;
	bool                       denied;
	bool                       failed;
};

/* What an applicant can find out about himself. */
enum wait_state { UNKNOWN, CROWDED, WAITS, DENIED };

/* How he is told: kind, and the words between the hash and the command. */
static const struct {
	enum error_kind kind;
	const char     *words;
	const char     *command;
} refusals[] = {
    [UNKNOWN] = {ERROR_NOT_ENROLLED, "is not enrolled; an administrator can run:", "enroll"},
    [CROWDED] = {ERROR_NOT_ENROLLED,
        "is not enrolled, nor listed, for too many ask; an administrator can run:", "enroll"},
    [WAITS] = {ERROR_ENROLMENT_WAITS, "is not enrolled; to let it in, run:", "approve"},
    [DENIED] = {ERROR_ENROLMENT_DENIED,
        "is not enrolled: it was denied; an administrator can still run:", "approve"},
};

static void
wait_refuse(struct keeper_question *question, const struct asker *asker, const struct ek_hash *ek,
    bool name_taken, enum wait_state state)
{
	bool         replaces = name_taken && state != DENIED;
	struct error err = {0};
	char         hash[EK_HASH_TEXT_SIZE];

	ek_hash_format(ek, hash);
	(void)error_set(&err, refusals[state].kind, "EK %s %s attest-ca %s %s", hash,
	    replaces ? AUTO_ENROLL_NAME_TAKEN : refusals[state].words,
	    replaces ? "replace DEVICE" : refusals[state].command, hash);
	attestation_refuse(question, asker, "challenge", &err);
}

/* In the worker's thread, once the writer is done. A list that cannot be written has said so. */
static void
wait_finish_cb(void *arg)
{
	struct wait *wait = arg;

	wait_refuse(wait->question, &wait->asker, &wait->ek, wait->name_taken,
	    wait->failed ? UNKNOWN : wait->denied ? DENIED : WAITS);
	free(wait);
}

/* In the writer's thread, inside its transaction. */
static int
wait_write_cb(struct store *store, void *arg, struct error *err)
{
	struct wait             *wait = arg;
	const struct store_actor actor = {"attestd", wait->asker.peer, wait->asker.request};

	store_actor_set(store, &actor);
	return store_waiting_add(store, &wait->entry,
	    (size_t)wait->worker->keeper->settings->waiting_max, clock_now(), &wait->denied, err);
}

/* In the writer's thread, after the commit. */
static void
wait_written_cb(void *arg, const struct error *err)
{
	struct wait *wait = arg;

	wait->failed = err != NULL;
	worker_post(wait->worker->worker, wait_finish_cb, wait);
}

static void
wait_submit(struct attestation_worker *worker, const struct applicant *applicant,
    const struct asker *asker, struct keeper_question *question, const struct store_waiting *entry)
{
	struct wait *wait = memory_new(sizeof *wait);

	wait->worker = worker;
	wait->question = question;
	wait->asker = *asker;
	wait->ek = applicant->ek;
	wait->name_taken = applicant->name_taken;
	wait->entry = *entry;
	wait->job = (struct store_job){
	    .run = wait_write_cb,
	    .done = wait_written_cb,
	    .arg = wait,
	};
	store_writer_submit(worker->keeper->writer, &wait->job);
}

static int
wait_look(struct attestation_worker *worker, const struct ek_hash *ek, enum wait_state *state,
    struct error *err)
{
	struct store_waiting entry;

	*state = UNKNOWN;
	if (store_waiting_find(worker->store, ek->bytes, &entry, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	*state = entry.denied ? DENIED : WAITS;
	return 0;
}

static void
wait_describe(const struct applicant *applicant, const struct asker *asker,
    struct store_waiting *entry)
{
	struct view peer = view_text(asker->peer);
	char        host[PEER_SIZE];
	char        source[PEER_SIZE];

	*entry = (struct store_waiting){.evidence = applicant->evidence};
	memcpy(entry->ek_hash, applicant->ek.bytes, sizeof entry->ek_hash);
	peer_host(peer, host);
	peer_source(host, source);
	(void)snprintf(entry->peer, sizeof entry->peer, "%s", host);
	(void)snprintf(entry->source, sizeof entry->source, "%s", source);
}

void
attestation_wait(struct attestation_worker *worker, const struct applicant *applicant,
    const struct asker *asker, struct keeper_question *question)
{
	struct attestation_keeper *keeper = worker->keeper;
	struct store_waiting       entry;
	struct error               err = {0};
	enum wait_state            state;

	if (wait_look(worker, &applicant->ek, &state, &err) != 0) {
		attestation_refuse(question, asker, "challenge", &err);
		return;
	}
	if (state != DENIED && keeper->settings->waiting_max != 0) {
		wait_describe(applicant, asker, &entry);
		entry.times = throttle_admit(keeper->throttle, entry.ek_hash, entry.source,
		    state == WAITS, clock_monotonic_ms());
		if (entry.times != 0) {
			wait_submit(worker, applicant, asker, question, &entry);
			return;
		}
		if (state == UNKNOWN)
			state = CROWDED;
	}
	wait_refuse(question, asker, &applicant->ek, applicant->name_taken, state);
}
