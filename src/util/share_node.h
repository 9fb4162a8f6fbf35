/*
 * The counts of a share tree (share_tree.h): each has those below it in a max-heap by what they have, and
 * a list of numbered entries. Nodes are found by number; 0 and 1 are the roots.
 */
#ifndef UTIL_SHARE_NODE_H
#define UTIL_SHARE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/source.h"

struct slab;

/* Octets of a subject: a SHA-256 digest, or an identifier. */
#define SHARE_SUBJECT_MAX 32

enum share_kind { SHARE_ROOT, SHARE_SOURCE, SHARE_SUBJECT, SHARE_PAIR };

/* What a node is found by; octets without gaps, compared and hashed as such. */
struct share_key {
	uint8_t       kind;
	uint8_t       subject_size;
	struct source source;
	uint8_t       subject[SHARE_SUBJECT_MAX];
};

/* Makes the key; a source or subject that it has not is NULL or empty. */
void share_key_make(struct share_key *key, enum share_kind kind, const struct source *source,
    struct view subject);

/* The roots, above networks and above subjects; and no node's parent. */
#define SHARE_SUBJECTS 0U
#define SHARE_NETWORKS 1U

/* Where a node stands: in the heap of the node above. */
struct share_standing {
	uint32_t above;
	uint32_t index;
};

/* A pair stands below its source and below its subject, all others in one place. */
#define SHARE_STANDINGS_MAX 2

struct share_node {
	struct share_key      key;
	uint8_t               standing_count;
	uint32_t              members; /* entries, and nodes below; freed with the last one */
	uint64_t              since;   /* when its newest evictable entry came: orders equals */
	uint32_t              loose;   /* weight of evictable entries, its own and those below */
	uint32_t              loose_count;
	uint32_t              held;  /* weight of a pair's held entries */
	uint32_t              first; /* its evictable entries, the oldest first; SLAB_NONE: none */
	uint32_t              last;
	uint32_t              heap_count;
	uint32_t              heap_room;
	uint32_t             *heap;
	struct share_standing standings[SHARE_STANDINGS_MAX];
};

/* A change of what evictable entries there are. Differences are modulo 2^32. */
struct share_change {
	uint32_t count;
	uint32_t weight;
	uint64_t came; /* the time when an entry came; 0: one has left */
};

/* A slab with the two roots. */
struct slab *share_nodes_new(void);
void         share_nodes_free(struct slab *nodes); /* when only the roots are left */

struct share_node *share_node_at(const struct slab *nodes, uint32_t number);

/* A node that stands nowhere yet and has no members. */
uint32_t share_node_new(struct slab *nodes, const struct share_key *key);

/* Frees a node that stands nowhere. */
void share_node_free(struct slab *nodes, uint32_t number);

/* Puts it into the heap of the node above, as one of its members. */
void share_node_stand(struct slab *nodes, uint32_t number, uint32_t above);

/* Takes it out of all heaps; the nodes above still count it as a member. */
void share_node_fall(struct slab *nodes, uint32_t number);

/* Makes the change here and in all nodes above. */
void share_node_change(struct slab *nodes, uint32_t number, const struct share_change *change);

/* How full it is: a single entry is as good as any other single one. */
uint32_t share_node_rank(const struct share_node *node);

#endif
