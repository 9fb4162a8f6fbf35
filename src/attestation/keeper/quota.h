/*
 * Quota of AK certificates per machine and day: in memory, bounded, any thread. All
 * valid certificates of a removed machine go on the CRL, which must stay small.
 *
 * The table needs no shares of sources (util/shares.h): only an enrolled machine gets into it, once
 * its TPM has opened the credential, and never in another's place.
 */
#ifndef ATTESTATION_KEEPER_QUOTA_H
#define ATTESTATION_KEEPER_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

struct ek_hash;
struct quota;

/* The burst, and the number per day; 0: unlimited. */
struct quota *quota_new(int64_t per_day);
void          quota_free(struct quota *quota); /* takes NULL too */

/* Another number from now on; what was taken counts as the share of a day that it was. */
void quota_limit(struct quota *quota, int64_t per_day);

/*
 * Takes one from the quota of the EK, whose possession is proven; false when none is
 * left. `now_ms` is of a monotonic clock. If many machines ask at a time, some are not
 * counted.
 */
bool quota_take(struct quota *quota, const struct ek_hash *ek, int64_t now_ms);

#endif
