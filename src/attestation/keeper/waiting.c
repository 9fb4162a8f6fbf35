/*
 * Puts EKs on the waiting list through the writer, and refuses them. No credential is
 * made here.
 */
#include "config.h"

#include "attestation/keeper/waiting.h"

#include <stdio.h>
#include <string.h>

#include "attestation/keeper/auto_enroll.h"
#include "attestation/keeper/keeper_parts.h"
#include "attestation/keeper/operation.h"
#include "attestation/keeper/peer.h"
#include "attestation/keeper/revision.h"
#include "attestation/keeper/throttle.h"
#include "store/inventory/waiting.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/own_command.h"
#include "util/source.h"
#include "util/utf8.h"

/* The refusals: kind, and the words between the hash and the command. */
static const struct {
	enum error_kind kind;
	const char     *words;
	const char     *command;
} refusals[] = {
    [WAITING_UNKNOWN] = {ERROR_NOT_ENROLLED, "is not enrolled; an administrator can run:", "enroll"},
    [WAITING_CROWDED] = {ERROR_NOT_ENROLLED,
        "is not enrolled, nor listed, for too many ask; an administrator can run:", "enroll"},
    [WAITING_LISTED] = {ERROR_ENROLMENT_WAITS, "is not enrolled; to let it in, run:", "approve"},
    [WAITING_DENIED] = {ERROR_ENROLMENT_DENIED,
        "is not enrolled: it was denied; an administrator can still run:", "approve"},
};

static int
waiting_refuse(const struct waiting *waiting, struct error *err)
{
	bool replaces = waiting->name_taken && waiting->state != WAITING_DENIED;
	char hash[EK_HASH_TEXT_SIZE];

	ek_hash_format(&waiting->ek, hash);
	return error_set(err, refusals[waiting->state].kind, "EK %s %s %s %s %s", hash,
	    replaces ? AUTO_ENROLL_NAME_TAKEN : refusals[waiting->state].words,
	    own_command("attest-ca"), replaces ? "replace DEVICE" : refusals[waiting->state].command, hash);
}

static int
waiting_find(struct waiting *waiting, struct store *store, struct error *err)
{
	struct store_waiting entry;

	waiting->state = WAITING_UNKNOWN;
	if (store_waiting_find(store, waiting->ek.bytes, &entry, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	waiting->state = entry.denied ? WAITING_DENIED : WAITING_LISTED;
	return 0;
}

static void
waiting_describe(struct waiting *waiting, const struct call *call, struct view wish,
    const struct store_evidence *evidence)
{
	struct store_waiting *entry = &waiting->entry;
	char                  host[PEER_SIZE];
	char                  source[PEER_SIZE];

	*entry = (struct store_waiting){.evidence = *evidence};
	memcpy(entry->ek_hash, waiting->ek.bytes, sizeof entry->ek_hash);
	peer_host(view_text(call->asker.name), host);
	peer_source(host, source);
	(void)snprintf(entry->peer, sizeof entry->peer, "%s", host);
	(void)snprintf(entry->source, sizeof entry->source, "%s", source);
	utf8_clean(wish.data, wish.size, entry->wish, sizeof entry->wish);
}

int
waiting_look(struct waiting *waiting, const struct call *call, struct store *store,
    const struct attestation_challenge *asked, const struct ek_hash *ek, const struct store_evidence *evidence, struct error *err)
{
	struct attestation_keeper         *keeper = attestation_operation_keeper(call);
	const struct attestation_settings *settings = &attestation_operation_revision(call)->settings;
	struct source                      source;

	waiting->ek = *ek;
	if (waiting_find(waiting, store, err) != 0)
		return -1;
	if (waiting->state != WAITING_DENIED && settings->waiting_max != 0) {
		waiting_describe(waiting, call, asked->wish, evidence);
		source = source_of_text(view_text(call->asker.name));
		waiting->entry.times = throttle_admit(keeper->throttle, &waiting->ek, &source,
		    waiting->state == WAITING_LISTED, clock_monotonic_ms());
		if (waiting->entry.times != 0) {
			waiting->written = true;
			return 0;
		}
		if (waiting->state == WAITING_UNKNOWN)
			waiting->state = WAITING_CROWDED;
	}
	return waiting_refuse(waiting, err);
}

int
waiting_change(struct waiting *waiting, const struct call *call, struct store *store,
    struct error *err)
{
	struct attestation_keeper *keeper = attestation_operation_keeper(call);
	size_t                     most = (size_t)attestation_operation_revision(call)->settings.waiting_max;
	bool                       denied = false;

	if (store_waiting_add(store, &waiting->entry, most, clock_now(), keeper->waiting_shares,
	        &denied, err) != 0)
		return -1;
	if (waiting_find(waiting, store, err) != 0)
		return -1;
	if (waiting->state == WAITING_UNKNOWN) /* it gave way itself */
		waiting->state = WAITING_CROWDED;
	return 0;
}

int
waiting_told(struct waiting *waiting, int rc, struct error *err)
{
	if (!waiting->written)
		return rc;
	if (rc != 0) /* a failure to write the list was reported already */
		waiting->state = WAITING_UNKNOWN;
	return waiting_refuse(waiting, err);
}
