/* Owns nodes and their heaps; entries are share_tree.c's. */
#include "config.h"

#include "util/share_node.h"

#include <stdlib.h>
#include <string.h>

#include "util/slab.h"

#define HEAP_LEAST 4

_Static_assert(sizeof(struct share_key) == 2 + sizeof(struct source) + SHARE_SUBJECT_MAX,
    "a key has no gaps");

void
share_key_make(struct share_key *key, enum share_kind kind, const struct source *source,
    struct view subject)
{
	memset(key, 0, sizeof *key);
	key->kind = (uint8_t)kind;
	if (source != NULL)
		key->source = *source;
	if (subject.size == 0)
		return;
	if (subject.size > sizeof key->subject)
		abort();
	key->subject_size = (uint8_t)subject.size;
	memcpy(key->subject, subject.data, subject.size);
}

struct share_node *
share_node_at(const struct slab *nodes, uint32_t number)
{
	return slab_at(nodes, number);
}

uint32_t
share_node_new(struct slab *nodes, const struct share_key *key)
{
	uint32_t number = slab_take(nodes);

	*share_node_at(nodes, number) = (struct share_node){
	    .key = *key, .first = SLAB_NONE, .last = SLAB_NONE};
	return number;
}

void
share_node_free(struct slab *nodes, uint32_t number)
{
	free(share_node_at(nodes, number)->heap);
	slab_give(nodes, number);
}

struct slab *
share_nodes_new(void)
{
	struct slab           *nodes = slab_new(sizeof(struct share_node));
	const struct share_key key = {.kind = SHARE_ROOT};

	if (share_node_new(nodes, &key) != SHARE_SUBJECTS || share_node_new(nodes, &key) != SHARE_NETWORKS)
		abort();
	return nodes;
}

void
share_nodes_free(struct slab *nodes)
{
	share_node_free(nodes, SHARE_SUBJECTS);
	share_node_free(nodes, SHARE_NETWORKS);
	slab_free(nodes);
}

uint32_t
share_node_rank(const struct share_node *node)
{
	return node->loose_count > 1 ? node->loose : node->loose_count;
}

/* ---- heaps ---- */

static bool
node_is_fuller(const struct slab *nodes, uint32_t a, uint32_t b)
{
	const struct share_node *one = share_node_at(nodes, a);
	const struct share_node *other = share_node_at(nodes, b);
	uint32_t                 rank = share_node_rank(one);
	uint32_t                 other_rank = share_node_rank(other);

	return rank != other_rank ? rank > other_rank : one->since < other->since;
}

static struct share_standing *
node_standing(struct share_node *node, uint32_t above)
{
	return &node->standings[node->standings[0].above == above ? 0 : 1];
}

static void
heap_place(struct slab *nodes, uint32_t above, uint32_t number, uint32_t index)
{
	share_node_at(nodes, above)->heap[index] = number;
	node_standing(share_node_at(nodes, number), above)->index = index;
}

static void
heap_rise(struct slab *nodes, uint32_t above, uint32_t index)
{
	const uint32_t *heap = share_node_at(nodes, above)->heap;
	uint32_t        number = heap[index];

	for (; index > 0 && node_is_fuller(nodes, number, heap[(index - 1) / 2]); index = (index - 1) / 2)
		heap_place(nodes, above, heap[(index - 1) / 2], index);
	heap_place(nodes, above, number, index);
}

static void
heap_sink(struct slab *nodes, uint32_t above, uint32_t index)
{
	const struct share_node *parent = share_node_at(nodes, above);
	uint32_t                 number = parent->heap[index];

	for (uint32_t child; (child = 2 * index + 1) < parent->heap_count; index = child) {
		if (child + 1 < parent->heap_count &&
		    node_is_fuller(nodes, parent->heap[child + 1], parent->heap[child]))
			child++;
		if (!node_is_fuller(nodes, parent->heap[child], number))
			break;
		heap_place(nodes, above, parent->heap[child], index);
	}
	heap_place(nodes, above, number, index);
}

static void
heap_grow(struct share_node *parent)
{
	uint32_t  room = parent->heap_room != 0 ? 2 * parent->heap_room : HEAP_LEAST;
	uint32_t *grown = memory_new(room * sizeof *grown);

	if (parent->heap_count != 0)
		memcpy(grown, parent->heap, parent->heap_count * sizeof *grown);
	free(parent->heap);
	parent->heap = grown;
	parent->heap_room = room;
}

void
share_node_stand(struct slab *nodes, uint32_t number, uint32_t above)
{
	struct share_node *node = share_node_at(nodes, number);
	struct share_node *parent = share_node_at(nodes, above);

	if (parent->heap_count == parent->heap_room)
		heap_grow(parent);
	node->standings[node->standing_count++] = (struct share_standing){above, parent->heap_count};
	parent->heap[parent->heap_count++] = number;
	parent->members++;
	heap_rise(nodes, above, parent->heap_count - 1);
}

static void
heap_remove(struct slab *nodes, uint32_t above, uint32_t index)
{
	struct share_node *parent = share_node_at(nodes, above);
	uint32_t           last = parent->heap[--parent->heap_count];

	if (index == parent->heap_count)
		return;
	heap_place(nodes, above, last, index);
	heap_rise(nodes, above, index);
	heap_sink(nodes, above, node_standing(share_node_at(nodes, last), above)->index);
}

void
share_node_fall(struct slab *nodes, uint32_t number)
{
	struct share_node *node = share_node_at(nodes, number);

	for (uint8_t i = 0; i < node->standing_count; i++)
		heap_remove(nodes, node->standings[i].above, node->standings[i].index);
	node->standing_count = 0;
}

void
share_node_change(struct slab *nodes, uint32_t number, const struct share_change *change)
{
	struct share_node *node = share_node_at(nodes, number);

	node->loose += change->weight;
	node->loose_count += change->count;
	if (change->came != 0)
		node->since = change->came;
	for (uint8_t i = 0; i < node->standing_count; i++) {
		const struct share_standing *standing = &node->standings[i];

		heap_rise(nodes, standing->above, standing->index);
		heap_sink(nodes, standing->above, standing->index);
		share_node_change(nodes, standing->above, change);
	}
}
