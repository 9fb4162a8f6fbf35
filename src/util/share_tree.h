/*
 * Eviction from a bounded table that untrusted clients fill. Entries count for their source,
 * for the network above it, and for a subject (an EK, an account). The oldest entry of the
 * fullest of these is evicted, so that a newcomer from a quiet source always gets in. Held
 * entries, which have proven themselves, are never evicted and count for none.
 *
 * An entry may weigh more than others: several of one source count with their weight, but whoever
 * has a single one has no more than others with a single one, whatever it weighs.
 *
 * For tables of many small entries, which have numbers and live in their owner's cells; shares.h has the
 * same for entries found by pointers. An entry that is alone with what it counts for takes up its link
 * and two or three slots of an index, 26 to 32 octets; counts exist where several entries have or had
 * something in common. Guarded by the lock of the table. Every function is O(log n).
 */
#ifndef UTIL_SHARE_TREE_H
#define UTIL_SHARE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/share_node.h"

struct share_tree;
struct source;

/* Numbers of entries are below this. */
#define SHARE_NUMBERS (UINT32_C(1) << 30)

/* Embedded in an entry of a table; zeroed before share_tree_enter. */
struct share_link {
	uint32_t before; /* among the entries of its place */
	uint32_t after;
	uint32_t place; /* a node, with SHARE_HELD; 0: it has not entered */
	uint32_t since; /* the low half of when it came */
};

/* What an entry counts for, as far as the entry itself keeps it. */
struct share_parts {
	bool          has_source;
	bool          has_subject;
	struct source source;
	struct view   subject; /* borrowed from the entry */
};

/* How the tree reads the entries of a table. */
struct share_owner {
	struct share_link *(*link)(const void *table, uint32_t number);
	uint32_t (*weight)(const void *table, uint32_t number); /* 1 or more, and always the same */
	void (*parts)(const void *table, uint32_t number, struct share_parts *parts);
};

/* A tree for the entries of `table`; both arguments are borrowed. */
struct share_tree *share_tree_new(const struct share_owner *owner, const void *table);
void               share_tree_free(struct share_tree *tree); /* all entries have left; takes NULL too */

/* Makes its index large enough for so many entries; it also grows by itself. */
void share_tree_reserve(struct share_tree *tree, size_t count);

/*
 * What an entry of this source and subject must keep itself when it enters now: with its part of
 * *parts false, the tree keeps it. An entry may keep more. `subject` has SHARE_SUBJECT_MAX octets at most,
 * and may be empty: such entries count for their source alone.
 */
void share_tree_ask(const struct share_tree *tree, const struct source *source, struct view subject,
    struct share_parts *parts);

/* Counts the entry, whose parts the owner can tell, as its source's newest. */
void share_tree_enter(struct share_tree *tree, uint32_t number, const struct source *source,
    struct view subject, bool held);

/* Removes the entry; no change if it has not entered. */
void share_tree_leave(struct share_tree *tree, uint32_t number);

/* Holds the entry, or releases it as its source's newest; no change if it is in that state already. */
void share_tree_hold(struct share_tree *tree, uint32_t number, bool held);

/* Whether it has entered; whether it is held. */
bool share_link_entered(const struct share_link *link);
bool share_link_held(const struct share_link *link);

/* What an entry that has entered counts for; the subject is borrowed until it leaves. */
void share_tree_parts(const struct share_tree *tree, uint32_t number, struct share_parts *parts);

/*
 * The victim of the next eviction, still counted; SLAB_NONE when all entries are held. It is the
 * oldest one of the source and subject with the most, within the source with the most, within the
 * network with the most; or, if a subject has more than any network, within that subject. Whoever
 * has several has their weight, and whoever has a single one has 1. Among equals, the one that has
 * been quiet for longest: so the newest of all entries is the last to become the victim.
 */
uint32_t share_tree_victim(const struct share_tree *tree);

/* Number of entries, held ones included. */
size_t share_tree_count(const struct share_tree *tree);

/* The weight of evictable entries of a source, and of all below it when it is a network. */
size_t share_tree_of_source(const struct share_tree *tree, const struct source *source);

/* The weight of held entries of the source and subject. */
size_t share_tree_held(const struct share_tree *tree, const struct source *source, struct view subject);

#endif
