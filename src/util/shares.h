/*
 * Eviction from a bounded table that untrusted clients fill, by the rules of share_tree.h, for entries
 * that stay where they are and weigh the same: connections, accounts, places in a list.
 *
 * Embedded in the entries of the table, which owns them, and guarded by its lock. Every
 * function is O(log n).
 */
#ifndef UTIL_SHARES_H
#define UTIL_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct shares;
struct source;

/* Octets of a subject: a SHA-256 digest, or an identifier. */
#define SHARES_SUBJECT_MAX 32

/* Embedded in an entry of a table; zeroed before shares_enter. */
struct share_entry {
	bool     entered;
	uint32_t number; /* of its cell, where it has entered */
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

/* Removes the entry; no change if it has not entered. */
void shares_leave(struct shares *shares, struct share_entry *entry);

/* Holds the entry, or releases it as its source's newest; no change if it is in that state
 * already. */
void shares_hold(struct shares *shares, struct share_entry *entry, bool held);

/* Whether the entry, which has entered, is held. */
bool shares_holds(const struct shares *shares, const struct share_entry *entry);

/* The victim of the next eviction, by share_tree_victim, still counted; NULL when all entries are held. */
struct share_entry *shares_victim(const struct shares *shares);

/* Number of entries, held ones included. */
size_t shares_count(const struct shares *shares);

/* Number of evictable entries of a source, and of all below it when it is a network. */
size_t shares_of_source(const struct shares *shares, const struct source *source);

/* Number of held entries of the source and subject. */
size_t shares_held(const struct shares *shares, const struct source *source, struct view subject);

#endif
