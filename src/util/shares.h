/*
 * Eviction from a bounded table that untrusted clients fill. Entries count for their source,
 * for the network above it, and for a subject (an EK, an account). The oldest entry of the
 * fullest of these is evicted, so that a newcomer from a quiet source always gets in. Held
 * entries, which have proven themselves, are never evicted and count for none.
 *
 * An entry may weigh more than others: several of one source count with their weight, but whoever
 * has a single one has no more than others with a single one, whatever it weighs.
 *
 * Embedded in the entries of the table, which owns them, and guarded by its lock. Every
 * function is O(log n).
 */
#ifndef UTIL_SHARES_H
#define UTIL_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/queue.h>

#include "util/bytes.h"

struct share;
struct shares;
struct source;

/* Octets of a subject: a SHA-256 digest, or an identifier. */
#define SHARES_SUBJECT_MAX 32

/* Embedded in an entry of a table; zeroed before shares_enter. */
struct share_entry {
	TAILQ_ENTRY(share_entry) link;
	struct share            *pair; /* of its source and subject; NULL: it has not entered */
	size_t                   weight; /* of all that it stands for */
	uint32_t                 count;  /* as how many it counts */
	bool                     held;
};

/* The entry that embeds this member: SHARES_ITEM(victim, struct group, share). */
#define SHARES_ITEM(entry, type, member) \
	((type *)(void *)((char *)(entry) - offsetof(type, member)))

struct shares *shares_new(void);
void           shares_free(struct shares *shares); /* all entries have left; takes NULL too */

/*
 * Counts the entry as its source's newest. `subject` has SHARES_SUBJECT_MAX octets at most;
 * entries without one, an empty view, count for their source alone.
 */
void shares_enter(struct shares *shares, struct share_entry *entry, const struct source *source,
    struct view subject, bool held);

/*
 * The entry, which has entered and counted as one that weighs 1, counts as so many from now on, which
 * weigh so much together; not as none. Those that are added count as its source's newest.
 */
void shares_weigh(struct shares *shares, struct share_entry *entry, uint32_t count, size_t weight);

/* Removes the entry; no change if it has not entered. */
void shares_leave(struct shares *shares, struct share_entry *entry);

/* Holds the entry, or releases it as its source's newest; no change if it is in that state
 * already. */
void shares_hold(struct shares *shares, struct share_entry *entry, bool held);

/*
 * The victim of the next eviction, still counted; NULL when all entries are held. It is the
 * oldest one of the source and subject with the most, within the source with the most, within the
 * network with the most; or, if a subject has more than any network, within that subject. Whoever
 * has several has their weight, and whoever has a single one has 1. Among equals, the one that has
 * been quiet for longest: so the newest of all entries is the last to become the victim.
 */
struct share_entry *shares_victim(const struct shares *shares);

/* Number of entries, held ones included. */
size_t shares_count(const struct shares *shares);

/* The weight of evictable entries of a source, and of all below it when it is a network. */
size_t shares_of_source(const struct shares *shares, const struct source *source);

/* The weight of held entries of the source and subject. */
size_t shares_held(const struct shares *shares, const struct source *source, struct view subject);

#endif
