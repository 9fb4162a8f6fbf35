/*
 * What becomes of an EK that passed every rule and is not enrolled: it is put on the
 * waiting list for an administrator, and refused. Three steps of the call that asked.
 */
#ifndef ATTESTATION_KEEPER_WAITING_H
#define ATTESTATION_KEEPER_WAITING_H

#include <stdbool.h>

#include "store/inventory/waiting.h"
#include "tpm/ek.h"

struct call;
struct error;
struct store;

/* What an EK that is not enrolled can find out about itself. */
enum waiting_state { WAITING_UNKNOWN, WAITING_CROWDED, WAITING_LISTED, WAITING_DENIED };

/* Octets of " --state-dir DIR" in the command that a refusal names, and a NUL. */
#define WAITING_STATE_DIR_SIZE 128

/* An EK on its way to the list; {0} before waiting_look but for name_taken. */
struct waiting {
	enum waiting_state   state;
	struct ek_hash       ek;
	bool                 name_taken; /* that it would enrol itself under: the name is another EK's */
	char                 state_dir[WAITING_STATE_DIR_SIZE]; /* "": the default */
	struct store_waiting entry;
	bool                 written; /* or is about to be */
};

/*
 * Returns 0 when the EK is to be put on the list, with waiting_change; or -1 with the refusal,
 * which says whether it waits, was denied or is only not enrolled. Nothing is written for an EK
 * that was denied, while the list is off, or more often than throttle.h allows.
 */
int waiting_look(struct waiting *waiting, const struct call *call, struct store *store,
    const struct ek_hash *ek, const struct store_evidence *evidence, struct error *err);

/* Puts it on the list, in the writer's transaction. */
int waiting_change(struct waiting *waiting, const struct call *call, struct store *store,
    struct error *err);

/* The refusal when the list is on disk, or could not be written; else `rc` as it is. */
int waiting_told(struct waiting *waiting, int rc, struct error *err);

#endif
