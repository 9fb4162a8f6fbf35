/*
 * What challenges have in common, kept once for all of them: facts that are alike octet for octet have one
 * number. Guarded by the lock of pending.c.
 */
#ifndef ATTESTATION_KEEPER_CHALLENGE_FACTS_H
#define ATTESTATION_KEEPER_CHALLENGE_FACTS_H

#include <stdint.h>

#include "util/bytes.h"

/* A challenge counts as one more for each so many octets that come with it. */
#define FACTS_OCTETS 2048U

/* Numbers of facts are below this. */
#define FACTS_NUMBERS (UINT32_C(1) << 28)

struct facts;

struct facts *facts_new(void);
void          facts_free(struct facts *facts); /* when none is taken; takes NULL too */

/* The number of these octets, challenge_pack's, with one more reference to them. */
uint32_t facts_take(struct facts *facts, struct view common);

/* Gives a reference back; the octets are freed with the last one. */
void facts_give(struct facts *facts, uint32_t number);

/* The octets of a number that is taken, borrowed until it is given back. */
struct view facts_view(const struct facts *facts, uint32_t number);

/* The weight of a challenge with these octets, 1 or more. */
uint32_t facts_weight(struct view common);

#endif
