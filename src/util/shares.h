/*
 * Who gives way in a bounded table that strangers fill. Entries count for their source, for
 * the network above it, and for a subject (an EK, an account); the oldest entry of whoever
 * has most gives way, so that a newcomer from a quiet source always gets in. Entries that are
 * held, which have proven themselves, never give way and count for nobody.
 *
 * Embedded in the entries of the table, which owns them, and guarded by its lock.
 * Every function is O(log n).
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

/* What an entry of a table embeds; zeroed before shares_enter. */
struct share_entry {
	TAILQ_ENTRY(share_entry) link;
	struct share            *pair; /* of its source and subject; NULL: it has not entered */
	bool                     held;
};

/* The entry of a table, by what it embeds: SHARES_ITEM(victim, struct challenge, share). */
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

/* Takes the entry out; one that has not entered stays as it is. */
void shares_leave(struct shares *shares, struct share_entry *entry);

/* Holds the entry, or lets it go as its source's newest; no change when it is so already. */
void shares_hold(struct shares *shares, struct share_entry *entry, bool held);

/*
 * The entry that gives way, still counted; NULL when there is none but held ones. The oldest
 * one of the source and subject that has most entries, within the source that has most, within
 * the network that has most; or, when a subject has more than any network, within that
 * subject. Of equals, whoever came first.
 */
struct share_entry *shares_victim(const struct shares *shares);

/* How many entries there are, held ones too. */
size_t shares_count(const struct shares *shares);

/* How many entries of the source and subject are held. */
size_t shares_held(const struct shares *shares, const struct source *source, struct view subject);

#endif
