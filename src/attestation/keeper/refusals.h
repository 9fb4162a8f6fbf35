/*
 * Refusals that go to the audit trail: of known devices, and of unknown secrets. They
 * are rate-limited, so that clients cannot fill the disk.
 */
#ifndef ATTESTATION_KEEPER_REFUSALS_H
#define ATTESTATION_KEEPER_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

struct call_asker;
struct refusals;
struct source;
struct store_writer;

/* Records are written by the writer, which must be stopped before refusals_free. */
struct refusals *refusals_new(struct store_writer *writer);
void             refusals_free(struct refusals *refusals);

/*
 * Records a refusal if its kind belongs in the audit trail; `ek_hash` is that of a
 * device that is enrolled, or was when its challenge was made, or NULL where that is not known
 * (any more). Any thread.
 */
void refusals_record(struct refusals *refusals, const struct call_asker *asker,
    const uint8_t *ek_hash, const struct error *why);

/*
 * Decides whether to record one of this kind now: one per minute for each device, source and
 * kind, and for all together a burst and then one per minute. Whoever had none within an hour, nor
 * anybody in the network above it, has a second burst and one per minute more with the others of
 * whom that is true: so much is some hundred kilobytes a day. Others are counted; *skipped is their
 * number since the last record. At most REFUSALS_PLACES are remembered, shared out by util/shares.h.
 * Public for tests: refusals_record asks it.
 */
#define REFUSALS_BURST 60
#define REFUSALS_QUIET_BURST 20
#define REFUSALS_PLACES 128U /* fewer than there can be records in an hour */
bool refusals_admit(struct refusals *refusals, const uint8_t *ek_hash, const struct source *source,
    enum error_kind kind, int64_t now_ms, uint64_t *skipped);

#endif
