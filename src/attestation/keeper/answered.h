/*
 * Which EKs answered challenges of late, and from where: bounded, in memory, and guarded by
 * its owner's lock. No stranger gets into it, who cannot open a credential.
 */
#ifndef ATTESTATION_KEEPER_ANSWERED_H
#define ATTESTATION_KEEPER_ANSWERED_H

#include <stdbool.h>

#include "tpm/ek.h"

struct answered;
struct source;

struct answered *answered_new(void);
void             answered_free(struct answered *answered); /* takes NULL too */

/* The EK answered from the source; whoever answered there longest ago is forgotten for it. */
void answered_add(struct answered *answered, const struct ek_hash *ek, const struct source *source);

/* True when the EK answered from the source, and is not forgotten. */
bool answered_has(const struct answered *answered, const struct ek_hash *ek,
    const struct source *source);

#endif
