/*
 * Open challenges of one EK from one source that have everything in common but the number of the AK:
 * most of what is kept of them is kept once. Guarded by the lock of pending.c, which owns the
 * challenges themselves.
 */
#ifndef ATTESTATION_KEEPER_CHALLENGE_GROUP_H
#define ATTESTATION_KEEPER_CHALLENGE_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/ek_hash.h"
#include "util/shares.h"
#include "util/source.h"

/* A challenge counts as one more for each so many octets that come with it. */
#define GROUP_OCTETS 2048U

/* Freed with its last challenge. */
struct group {
	struct share_entry share; /* with the number and the weight of all its challenges */
	struct source      source;
	struct ek_hash     ek;
	bool               held;   /* they are never evicted */
	size_t             weight; /* of each challenge, 1 or more */
	uint32_t           oldest; /* of its challenges, as pending.c numbers them */
	uint32_t           newest;
	size_t             common_size;
	uint8_t            common[]; /* challenge_pack's */
};

struct groups;

struct groups *groups_new(void);
void           groups_free(struct groups *groups); /* without a challenge left; takes NULL too */

/*
 * Adds a challenge to the group of this source, EK and `common`, `held` or not, which it makes when there
 * is none: then `oldest` and `newest` are SLAB_NONE, for the caller to set.
 */
struct group *groups_add(struct groups *groups, const struct source *source, const struct ek_hash *ek,
    bool held, struct view common);

/* Takes one challenge away from the group, and frees the group with its last. */
void groups_remove(struct groups *groups, struct group *group);

/* The group whose oldest challenge is evicted next, by shares.h; NULL when all are held. */
struct group *groups_victim(const struct groups *groups);

/* The weight of a challenge with these octets of `common`. */
size_t group_weight(struct view common);

/* The weight of all challenges, of those that are held, and of the held ones of an EK at a source. */
size_t groups_weight(const struct groups *groups);
size_t groups_held_weight(const struct groups *groups);
size_t groups_held(const struct groups *groups, const struct source *source, const struct ek_hash *ek);

#endif
