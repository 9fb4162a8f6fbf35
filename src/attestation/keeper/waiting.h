/*
 * The treatment of an EK that passed every rule and is not enrolled: it is put on the
 * waiting list for an administrator, and refused. Three steps of the call.
 */
#ifndef ATTESTATION_KEEPER_WAITING_H
#define ATTESTATION_KEEPER_WAITING_H

#include <stdbool.h>

#include "store/inventory/waiting.h"
#include "util/ek_hash.h"

struct attestation_challenge;
struct call;
struct error;
struct store;

/* The states of an EK that is not enrolled. */
enum waiting_state { WAITING_UNKNOWN, WAITING_CROWDED, WAITING_LISTED, WAITING_DENIED };

/* An EK to be listed; {0} before waiting_look, except name_taken. */
struct waiting {
	enum waiting_state   state;
	struct ek_hash       ek;
	bool                 name_taken; /* its name for self-enrolment belongs to another EK */
	struct store_waiting entry;
	bool                 written; /* or is about to be */
};

/*
 * `asked` is the EK's question. Returns 0 when waiting_change must put the EK on the list; or -1 with the refusal, which says
 * whether it is waiting, was denied or is just not enrolled. Nothing is written for a denied
 * EK, while the list is disabled, or more often than throttle.h allows.
 */
int waiting_look(struct waiting *waiting, const struct call *call, struct store *store,
    const struct attestation_challenge *asked, const struct ek_hash *ek,
    const struct store_evidence *evidence, struct error *err);

/* Puts it on the list, in the writer's transaction. */
int waiting_change(struct waiting *waiting, const struct call *call, struct store *store,
    struct error *err);

/* The refusal, after the list was written or could not be written; otherwise returns `rc`. */
int waiting_told(struct waiting *waiting, int rc, struct error *err);

#endif
