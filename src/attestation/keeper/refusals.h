/*
 * Refusals that an administrator wants to find later: of devices that are known, and of
 * secrets that nobody gave out. Strangers cannot fill the disk with them.
 */
#ifndef ATTESTATION_KEEPER_REFUSALS_H
#define ATTESTATION_KEEPER_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

struct call_asker;
struct refusals;
struct store_writer;

/* Records go to the writer, which must be stopped before refusals_free. */
struct refusals *refusals_new(struct store_writer *writer);
void             refusals_free(struct refusals *refusals);

/*
 * Puts a refusal on record if it is of a kind that belongs there; `ek_hash` is that of a
 * device that is enrolled, or was when its challenge was made, or NULL. Any thread.
 */
void refusals_record(struct refusals *refusals, const struct call_asker *asker,
    const uint8_t *ek_hash, const struct error *why);

/*
 * Whether one of this kind is to be recorded now: of each device and kind one a minute,
 * and of all together so many at once and then one a minute, some hundred kilobytes a
 * day. What is not is counted; *skipped says how many were since the last that was.
 */
#define REFUSALS_BURST 60
bool refusals_admit(struct refusals *refusals, const uint8_t *ek_hash, enum error_kind kind,
    int64_t now_ms, uint64_t *skipped);

#endif
