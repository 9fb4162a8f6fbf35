/*
 * How many AK certificates a machine gets in a day: in memory, bounded, and for any
 * thread. All that are valid when it leaves stand on the CRL, which must stay readable.
 */
#ifndef ATTESTATION_KEEPER_QUOTA_H
#define ATTESTATION_KEEPER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct quota;

/* So many at once, and as many a day; 0: without a bound. */
struct quota *quota_new(int64_t per_day);
void          quota_free(struct quota *quota); /* takes NULL too */

/*
 * Takes one for the EK, which has proven itself; false when there is none left. `now_ms`
 * is of a monotonic clock. When many machines ask at a time, some are not counted.
 */
bool quota_take(struct quota *quota, const uint8_t ek_hash[STORE_HASH_SIZE], int64_t now_ms);

#endif
