/*
 * Challenges that wait for their secret: bounded, expiring, single use. The
 * table is keyed by SHA-256 of the secret and holds no secrets. Any thread.
 */
#ifndef ATTESTATION_KEEPER_PENDING_H
#define ATTESTATION_KEEPER_PENDING_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct challenge;
struct ek_hash;
struct error;
struct pending;
struct source;

/*
 * Makes a table for challenges that weigh `max` together and live `lifetime_ms` each. One weighs 1,
 * and 1 more for each FACTS_OCTETS that are kept with it. When the table is full, as many
 * as the new one weighs are evicted by share_tree.h, and never the new one: anyone can request
 * credentials for another machine's EK, from many addresses or from behind the machine's own, but
 * cannot open them. A challenge counts for its device's row, or for its EK where it has none. Of an EK
 * that has answered from a source, a weight of `held_max` of challenges made for that source is never
 * evicted; of all such EKs together, half of `max`, so that the others always have room.
 */
struct pending *pending_new(size_t max, size_t held_max, int64_t lifetime_ms);
void            pending_free(struct pending *pending);

/*
 * Takes other bounds from now on. Above a lower `max`, challenges are evicted as by new ones; each
 * that is open keeps its lifetime.
 */
void pending_limit(struct pending *pending, size_t max, size_t held_max, int64_t lifetime_ms);

/*
 * Adds a copy of the challenge; removes expired ones, some with each call. `now_ms` is of a monotonic clock. Returns 0; or
 * -1: OVERLOADED when protected ones leave no room for it, which happens after `max` was lowered
 * or when it weighs more than half of the table, or INTERNAL.
 */
int pending_put(struct pending *pending, struct view secret, const struct challenge *challenge,
    int64_t now_ms, struct error *err);

/*
 * Takes out the challenge of this secret, so that it works once. UNKNOWN_SECRET,
 * always with the same text, when it never existed, has expired or was used. Where the challenge
 * has a row, `ek` has its first octets only: the caller finds the device by row and revision. The
 * caller frees *out.
 */
int pending_take(struct pending *pending, struct view secret, int64_t now_ms,
    struct challenge **out, struct error *err);

/*
 * Records that the EK answered from the source, where its challenges are protected from now on. For a
 * device that is enrolled: a stranger answers for any number of keys in software.
 */
void pending_answered(struct pending *pending, const struct ek_hash *ek, const struct source *source);

/* Number of challenges, including expired ones; for tests. */
size_t pending_count(struct pending *pending);

#endif
