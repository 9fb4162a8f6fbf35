/*
 * The EKs that answered challenges recently, and their sources: bounded, in memory, and
 * guarded by its owner's lock. Only an enrolled machine gets an entry, so that no stranger takes one's
 * place.
 */
#ifndef ATTESTATION_KEEPER_ANSWERED_H
#define ATTESTATION_KEEPER_ANSWERED_H

#include <stdbool.h>

#include "util/ek_hash.h"

struct answered;
struct source;

struct answered *answered_new(void);
void             answered_free(struct answered *answered); /* takes NULL too */

/* Records that the EK answered from the source; evicts the oldest entry of its set. */
void answered_add(struct answered *answered, const struct ek_hash *ek, const struct source *source);

/* True when the EK answered from the source and was not evicted. */
bool answered_has(const struct answered *answered, const struct ek_hash *ek,
    const struct source *source);

#endif
