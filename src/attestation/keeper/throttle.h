/*
 * Rate limits for disk writes caused by EKs that are not enrolled: in memory, bounded,
 * any thread.
 *
 * These are buckets of fixed number, by source and network, and no table with entries to evict
 * (util/shares.h): a place that holds a source back is never taken from it, collisions cannot be
 * chosen, and quiet sources have a bucket apart.
 */
#ifndef ATTESTATION_KEEPER_THROTTLE_H
#define ATTESTATION_KEEPER_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

struct ek_hash;
struct source;
struct throttle;

/* A listed EK is written again after this time, or when it asks from another source. */
#define THROTTLE_AGAIN_MS INT64_C(60000)

/*
 * Burst, and then one per interval: per source, for all new EKs, and for all listed EKs.
 * One fsync serves several.
 */
#define THROTTLE_SOURCE_BURST       32
#define THROTTLE_SOURCE_INTERVAL_MS INT64_C(1000)
#define THROTTLE_BURST              256
#define THROTTLE_INTERVAL_MS        INT64_C(250)

/*
 * Whoever has had nothing written for so long is quiet. When the others have used up what all
 * have together, this much more is for the quiet ones: a flood keeps no machine off the list.
 */
#define THROTTLE_QUIET_MS       INT64_C(60000)
#define THROTTLE_QUIET_BURST    64

struct throttle *throttle_new(void);
void             throttle_free(struct throttle *throttle); /* takes NULL too */

/*
 * How many requests of this EK to write down now: this one and those that were counted
 * since the last that was. 0: not now; it was counted. `listed` says that the EK is on the
 * list already; `source` is where the request came from, `now_ms` of a monotonic clock. The
 * network above the source has one bound with all of its own.
 */
int64_t throttle_admit(struct throttle *throttle, const struct ek_hash *ek,
    const struct source *source, bool listed, int64_t now_ms);

#endif
