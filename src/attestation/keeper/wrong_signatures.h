/*
 * How many wrong signatures by slow keys a source may have verified: names of vendors' CAs
 * are known to everybody, and refuting a signature by P-384 takes a millisecond. Any thread.
 */
#ifndef ATTESTATION_KEEPER_WRONG_SIGNATURES_H
#define ATTESTATION_KEEPER_WRONG_SIGNATURES_H

#include <stdbool.h>
#include <stdint.h>

struct source;
struct wrong_signatures;

/* A token bucket for each source. */
#define WRONG_SIGNATURES_BURST       8
#define WRONG_SIGNATURES_INTERVAL_MS 1000

struct wrong_signatures *wrong_signatures_new(void);
void                     wrong_signatures_free(struct wrong_signatures *wrong); /* NULL is allowed */

/* True when the source has used up its tokens: verify nothing by a slow key for it now. */
bool wrong_signatures_exceeded(struct wrong_signatures *wrong, const struct source *source,
    int64_t now_ms);

/* Takes `count` tokens. A source without a place in the table takes that of another. */
void wrong_signatures_count(struct wrong_signatures *wrong, const struct source *source,
    unsigned count, int64_t now_ms);

#endif
