/*
 * A fair queue: round robin over networks (IPv6 /48; an IPv4 address is its own), within each
 * over its sources (IPv6 /64), and within each of those over its subjects, such as accounts. The
 * entries of one subject keep their order. A subject is what a peer says it is: it gets nobody a
 * turn more than its source has. Embedded in its entries, which it does not own. One thread.
 */
#ifndef UTIL_TURNS_H
#define UTIL_TURNS_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/queue.h>

#include "util/bytes.h"
#include "util/source.h"

struct turns;
struct turns_party;

/* What an entry embeds; zeroed at first. */
struct turn {
	TAILQ_ENTRY(turn)   link;
	struct turns_party *party; /* NULL: it does not wait */
	size_t              size;
};

/* The entry that embeds this member: TURNS_ITEM(turn, struct http_connection, turn). */
#define TURNS_ITEM(entry, type, member) ((type *)(void *)((char *)(entry) - offsetof(type, member)))

struct turns *turns_new(void);
void           turns_free(struct turns *turns); /* when nothing waits; takes NULL too */

/* Octets of a subject that count. */
#define TURNS_SUBJECT_MAX 32

/*
 * Puts the entry behind those of its subject ({0} is one too) at its source. `size`: the octets
 * that it holds.
 */
void turns_add(struct turns *turns, struct turn *turn, const struct source *source,
    struct view subject, size_t size);

/* Takes the entry out; one that does not wait stays as it is. */
void turns_remove(struct turns *turns, struct turn *turn);

/* Takes out the entry that has the next turn; NULL when nothing waits. */
struct turn *turns_next(struct turns *turns);

/*
 * The entry to evict when there are too many: the last one of the subject that has most octets,
 * at the source that has most, in the network that has most. Still in the queue; NULL when nothing waits.
 */
struct turn *turns_fullest(const struct turns *turns);

/* Entries that wait, and the octets that they hold. */
size_t turns_count(const struct turns *turns);
size_t turns_size(const struct turns *turns);

#endif
