/*
 * Owns the places of entries, and chooses the victim of an eviction; the table owns the entries.
 *
 * Two trees of counts share their leaves: network, source, pair, and subject, pair, where a pair is a
 * source together with a subject. A count is made only when a second entry comes for it: until then its
 * single entry is in the list of the node above, alone. An entry alone with its subject has neither
 * a pair nor a subject; the index finds it by its subject, and, where it is alone with its network or source
 * too, by that. The second one moves it down (tree_move_down), and what was made stays as long as it has members.
 */
#include "config.h"

#include "util/share_tree.h"

#include <stdlib.h>
#include <string.h>

#include "util/hash_index.h"
#include "util/siphash.h"
#include "util/slab.h"
#include "util/source.h"

/* In the place of a link: the entry is held. */
#define SHARE_HELD (UINT32_C(1) << 31)

/* What the index has: a node, or an entry by its subject, or by the network or source it is alone with. */
enum share_ref { REF_NODE, REF_SUBJECT, REF_PLACE };
#define REF_SHIFT 30

struct share_tree {
	const struct share_owner *owner;
	const void               *table;
	struct hash_index        *index;
	struct siphash_key        hash_key; /* random: nobody chooses collisions */
	struct slab              *nodes;
	uint64_t                  clock;
	size_t                    count;
};

/* ---- entries ---- */

static struct share_link *
tree_link(const struct share_tree *tree, uint32_t number)
{
	return tree->owner->link(tree->table, number);
}

static uint32_t
link_place(const struct share_link *link)
{
	return link->place & ~SHARE_HELD;
}

bool
share_link_entered(const struct share_link *link)
{
	return link->place != 0;
}

bool
share_link_held(const struct share_link *link)
{
	return (link->place & SHARE_HELD) != 0;
}

/* The whole of it; right as long as fewer than 2^32 entries have come since. */
static uint64_t
link_since(const struct share_tree *tree, const struct share_link *link)
{
	return tree->clock - (uint32_t)((uint32_t)tree->clock - link->since);
}

void
share_tree_parts(const struct share_tree *tree, uint32_t number, struct share_parts *parts)
{
	const struct share_node *place = share_node_at(tree->nodes, link_place(tree_link(tree, number)));

	*parts = (struct share_parts){0};
	tree->owner->parts(tree->table, number, parts);
	if (!parts->has_source)
		parts->source = place->key.source;
	if (!parts->has_subject)
		parts->subject = (struct view){place->key.subject, place->key.subject_size};
	parts->has_source = true;
	parts->has_subject = true;
}

static void
list_append(struct share_tree *tree, uint32_t place, uint32_t number)
{
	struct share_node *node = share_node_at(tree->nodes, place);
	struct share_link *link = tree_link(tree, number);

	link->before = node->last;
	link->after = SLAB_NONE;
	*(node->last != SLAB_NONE ? &tree_link(tree, node->last)->after : &node->first) = number;
	node->last = number;
}

static void
list_remove(struct share_tree *tree, const struct share_link *link)
{
	struct share_node *node = share_node_at(tree->nodes, link_place(link));

	*(link->before != SLAB_NONE ? &tree_link(tree, link->before)->after : &node->first) = link->after;
	*(link->after != SLAB_NONE ? &tree_link(tree, link->after)->before : &node->last) = link->before;
}

/* ---- the index ---- */

/* The key of the network or source that the entry is alone with, below its place. */
static void
key_below(struct share_key *key, uint32_t place, const struct source *source)
{
	struct source above = source_above(source);

	share_key_make(key, SHARE_SOURCE, place == SHARE_NETWORKS ? &above : source, (struct view){0});
}

static void
ref_key(const struct share_tree *tree, uint32_t ref, struct share_key *key)
{
	uint32_t           number = ref & (SHARE_NUMBERS - 1);
	struct share_parts parts;

	if (ref >> REF_SHIFT == REF_NODE) {
		*key = share_node_at(tree->nodes, number)->key;
		return;
	}
	share_tree_parts(tree, number, &parts);
	if (ref >> REF_SHIFT == REF_SUBJECT)
		share_key_make(key, SHARE_SUBJECT, NULL, parts.subject);
	else
		key_below(key, link_place(tree_link(tree, number)), &parts.source);
}

static uint64_t
key_hash(const struct share_tree *tree, const struct share_key *key)
{
	return siphash(&tree->hash_key, (struct view){(const uint8_t *)key, sizeof *key});
}

static uint64_t
ref_hash(const void *table, uint32_t ref)
{
	const struct share_tree *tree = table;
	struct share_key         key;

	ref_key(tree, ref, &key);
	return key_hash(tree, &key);
}

static bool
ref_match(const void *table, uint32_t ref, const void *wanted)
{
	struct share_key key;

	ref_key(table, ref, &key);
	return memcmp(&key, wanted, sizeof key) == 0;
}

/* The node of this key, or the entry that stands for it; HASH_INDEX_NONE. */
static uint32_t
tree_find(const struct share_tree *tree, const struct share_key *key)
{
	return hash_index_find(tree->index, key_hash(tree, key), ref_match, key);
}

static uint32_t
ref_of(enum share_ref kind, uint32_t number)
{
	return (uint32_t)kind << REF_SHIFT | number;
}

static bool
ref_is_node(uint32_t ref)
{
	return ref != HASH_INDEX_NONE && ref >> REF_SHIFT == REF_NODE;
}

static bool
ref_is_entry(uint32_t ref)
{
	return ref != HASH_INDEX_NONE && ref >> REF_SHIFT != REF_NODE;
}

/* ---- places ---- */

/* Whether the next node below is the source's pair, not its network or itself. */
static bool
place_is_source(const struct share_tree *tree, uint32_t place, const struct source *source)
{
	return place != SHARE_NETWORKS && source_equal(&share_node_at(tree->nodes, place)->key.source, source);
}

static bool
place_is_pair(const struct share_tree *tree, uint32_t place)
{
	return share_node_at(tree->nodes, place)->key.kind == SHARE_PAIR;
}

/* Makes a node with what it counts at first, which the nodes above count already. */
static uint32_t
tree_make(struct share_tree *tree, const struct share_key *key, uint32_t above,
    const struct share_change *first)
{
	uint32_t           number = share_node_new(tree->nodes, key);
	struct share_node *node = share_node_at(tree->nodes, number);

	node->loose = first->weight;
	node->loose_count = first->count;
	node->since = first->came;
	share_node_stand(tree->nodes, number, above);
	hash_index_add(tree->index, number);
	return number;
}

/* Finds or makes the pair of a source and subject, neither of which a single entry stands for. */
static uint32_t
tree_pair(struct share_tree *tree, uint32_t of_source, const struct source *source, struct view subject,
    const struct share_change *first)
{
	struct share_key key;
	uint32_t         pair;
	uint32_t         above;

	share_key_make(&key, SHARE_PAIR, source, subject);
	pair = tree_find(tree, &key);
	if (ref_is_node(pair))
		return pair;
	pair = tree_make(tree, &key, of_source, first);
	if (subject.size == 0)
		return pair;
	share_key_make(&key, SHARE_SUBJECT, NULL, subject);
	above = tree_find(tree, &key);
	if (!ref_is_node(above))
		above = tree_make(tree, &key, SHARE_SUBJECTS, first);
	share_node_stand(tree->nodes, pair, above);
	return pair;
}

/* ---- entries that stand for what they are alone with ---- */

/* Adds the entry, which is alone below its place, to the index, or removes it. */
static void
tree_index(struct share_tree *tree, uint32_t number, const struct share_parts *parts,
    void (*change)(struct hash_index *index, uint32_t ref))
{
	if (!place_is_source(tree, link_place(tree_link(tree, number)), &parts->source))
		change(tree->index, ref_of(REF_PLACE, number));
	if (parts->subject.size != 0)
		change(tree->index, ref_of(REF_SUBJECT, number));
}

/* Makes the next node below the place of the entry, which is alone there, and moves it in. */
static void
tree_move_down(struct share_tree *tree, uint32_t number)
{
	struct share_link  *link = tree_link(tree, number);
	uint32_t            held = link->place & SHARE_HELD;
	uint32_t            place = link_place(link);
	uint32_t            weight = tree->owner->weight(tree->table, number);
	struct share_change first = {0};
	struct share_parts  parts;
	struct share_key    key;
	uint32_t            below;

	share_tree_parts(tree, number, &parts);
	tree_index(tree, number, &parts, hash_index_remove);
	if (held == 0) {
		list_remove(tree, link);
		first = (struct share_change){1, weight, link_since(tree, link)};
	}
	if (place_is_source(tree, place, &parts.source)) {
		below = tree_pair(tree, place, &parts.source, parts.subject, &first);
		share_node_at(tree->nodes, below)->held += held != 0 ? weight : 0;
	} else {
		key_below(&key, place, &parts.source);
		below = tree_make(tree, &key, place, &first);
	}
	share_node_at(tree->nodes, place)->members--; /* which the node is in its stead */
	share_node_at(tree->nodes, below)->members++;
	link->place = below | held;
	if (held == 0)
		list_append(tree, below, number);
	if (place_is_pair(tree, below))
		return;
	if (parts.subject.size == 0 && place_is_source(tree, below, &parts.source))
		tree_move_down(tree, number); /* nothing would find it there */
	else
		tree_index(tree, number, &parts, hash_index_add);
}

/* ---- the way down ---- */

/* What the index has of a subject, before one more comes: a node, in the end, if it has any entry. */
static bool
tree_split_subject(struct share_tree *tree, struct view subject)
{
	struct share_key key;
	uint32_t         ref;

	if (subject.size == 0)
		return false;
	share_key_make(&key, SHARE_SUBJECT, NULL, subject);
	while (ref_is_entry(ref = tree_find(tree, &key)))
		tree_move_down(tree, ref & (SHARE_NUMBERS - 1));
	return ref_is_node(ref);
}

/*
 * The place of a newcomer: the pair, if `whole`; or the deepest node that there is on the way to
 * it, below which it is alone.
 */
static uint32_t
tree_place(struct share_tree *tree, const struct source *source, struct view subject, bool whole)
{
	static const struct share_change none = {0};
	uint32_t                         place = SHARE_NETWORKS;
	struct share_key                 key;

	while (!place_is_source(tree, place, source)) {
		uint32_t ref;

		key_below(&key, place, source);
		ref = tree_find(tree, &key);
		if (ref_is_node(ref))
			place = ref;
		else if (ref_is_entry(ref))
			tree_move_down(tree, ref & (SHARE_NUMBERS - 1));
		else if (whole)
			place = tree_make(tree, &key, place, &none);
		else
			return place;
	}
	return whole || subject.size == 0 ? tree_pair(tree, place, source, subject, &none) : place;
}

/* Removes one member; a node without members is freed and removed from those above. */
static void
tree_drop(struct share_tree *tree, uint32_t number)
{
	struct share_node *node = share_node_at(tree->nodes, number);
	struct share_node  was;

	if (--node->members != 0 || node->key.kind == SHARE_ROOT)
		return;
	hash_index_remove(tree->index, number);
	was = *node;
	share_node_fall(tree->nodes, number);
	share_node_free(tree->nodes, number);
	for (uint8_t i = 0; i < was.standing_count; i++)
		tree_drop(tree, was.standings[i].above);
}

/* ---- the tree ---- */

struct share_tree *
share_tree_new(const struct share_owner *owner, const void *table)
{
	struct share_tree *tree = memory_new(sizeof *tree);

	tree->owner = owner;
	tree->table = table;
	tree->index = hash_index_new(ref_hash, tree);
	tree->nodes = share_nodes_new();
	siphash_key_draw(&tree->hash_key);
	return tree;
}

void
share_tree_free(struct share_tree *tree)
{
	if (tree == NULL)
		return;
	hash_index_free(tree->index);
	share_nodes_free(tree->nodes);
	free(tree);
}

void
share_tree_reserve(struct share_tree *tree, size_t count)
{
	hash_index_reserve(tree->index, count);
}

void
share_tree_ask(const struct share_tree *tree, const struct source *source, struct view subject,
    struct share_parts *parts)
{
	struct share_key key;

	share_key_make(&key, SHARE_PAIR, source, subject);
	*parts = (struct share_parts){.source = *source, .subject = subject};
	parts->has_subject = !ref_is_node(tree_find(tree, &key));
	share_key_make(&key, SHARE_SOURCE, source, (struct view){0});
	parts->has_source = !ref_is_node(tree_find(tree, &key));
}

static void
entry_count(struct share_tree *tree, uint32_t number)
{
	struct share_link *link = tree_link(tree, number);
	uint32_t           place = link_place(link);
	uint32_t           weight = tree->owner->weight(tree->table, number);

	if (share_link_held(link)) {
		share_node_at(tree->nodes, place)->held += place_is_pair(tree, place) ? weight : 0;
		return;
	}
	list_append(tree, place, number);
	link->since = (uint32_t)++tree->clock;
	share_node_change(tree->nodes, place, &(struct share_change){1, weight, tree->clock});
}

static void
entry_discount(struct share_tree *tree, uint32_t number)
{
	const struct share_link *link = tree_link(tree, number);
	uint32_t                 place = link_place(link);
	uint32_t                 weight = tree->owner->weight(tree->table, number);

	if (share_link_held(link)) {
		share_node_at(tree->nodes, place)->held -= place_is_pair(tree, place) ? weight : 0;
		return;
	}
	list_remove(tree, link);
	share_node_change(tree->nodes, place, &(struct share_change){0U - 1, 0U - weight, 0});
}

void
share_tree_enter(struct share_tree *tree, uint32_t number, const struct source *source,
    struct view subject, bool held)
{
	bool               whole = tree_split_subject(tree, subject);
	uint32_t           place = tree_place(tree, source, subject, whole);
	struct share_parts parts = {.source = *source, .subject = subject};

	if (number >= SHARE_NUMBERS)
		abort();
	tree_link(tree, number)->place = place | (held ? SHARE_HELD : 0);
	share_node_at(tree->nodes, place)->members++;
	if (!place_is_pair(tree, place))
		tree_index(tree, number, &parts, hash_index_add);
	entry_count(tree, number);
	tree->count++;
}

void
share_tree_leave(struct share_tree *tree, uint32_t number)
{
	struct share_link *link = tree_link(tree, number);
	uint32_t           place = link_place(link);
	struct share_parts parts;

	if (!share_link_entered(link))
		return;
	entry_discount(tree, number);
	if (!place_is_pair(tree, place)) {
		share_tree_parts(tree, number, &parts);
		tree_index(tree, number, &parts, hash_index_remove);
	}
	tree_drop(tree, place);
	link->place = 0;
	tree->count--;
}

void
share_tree_hold(struct share_tree *tree, uint32_t number, bool held)
{
	struct share_link *link = tree_link(tree, number);

	if (!share_link_entered(link) || share_link_held(link) == held)
		return;
	entry_discount(tree, number);
	link->place ^= SHARE_HELD;
	entry_count(tree, number);
}

/* The most that anybody has below the node, alone or not. */
static uint32_t
node_most(const struct share_tree *tree, const struct share_node *node)
{
	uint32_t most = node->heap_count != 0 ? share_node_rank(share_node_at(tree->nodes, node->heap[0])) : 0;

	return most == 0 && node->first != SLAB_NONE ? 1 : most;
}

/* Whether the oldest of the node's own entries gives way, not one of the node below with the most. */
static bool
node_is_victim(const struct share_tree *tree, const struct share_node *node)
{
	const struct share_node *below;
	uint32_t                 rank;

	if (node->first == SLAB_NONE)
		return false;
	if (node->heap_count == 0)
		return true;
	below = share_node_at(tree->nodes, node->heap[0]);
	rank = share_node_rank(below);
	return rank == 0 ||
	    (rank == 1 && link_since(tree, tree_link(tree, node->first)) < below->since);
}

uint32_t
share_tree_victim(const struct share_tree *tree)
{
	const struct share_node *node = share_node_at(tree->nodes, SHARE_NETWORKS);
	const struct share_node *subjects = share_node_at(tree->nodes, SHARE_SUBJECTS);

	if (node_most(tree, node) == 0)
		return SLAB_NONE;
	if (node_most(tree, subjects) > node_most(tree, node))
		node = subjects;
	while (!node_is_victim(tree, node))
		node = share_node_at(tree->nodes, node->heap[0]);
	return node->first;
}

size_t
share_tree_count(const struct share_tree *tree)
{
	return tree->count;
}

/* The entry that is alone with this source, or alone with the network above it; HASH_INDEX_NONE. */
static uint32_t
tree_alone(const struct share_tree *tree, const struct source *source)
{
	struct source    above = source_above(source);
	struct share_key key;
	uint32_t         ref;

	share_key_make(&key, SHARE_SOURCE, source, (struct view){0});
	ref = tree_find(tree, &key);
	if (ref == HASH_INDEX_NONE) {
		share_key_make(&key, SHARE_SOURCE, &above, (struct view){0});
		ref = tree_find(tree, &key);
	}
	return ref_is_entry(ref) ? ref & (SHARE_NUMBERS - 1) : HASH_INDEX_NONE;
}

/* The entry that is alone with this subject; HASH_INDEX_NONE. */
static uint32_t
tree_alone_with(const struct share_tree *tree, struct view subject)
{
	struct share_key key;
	uint32_t         ref;

	share_key_make(&key, SHARE_SUBJECT, NULL, subject);
	ref = tree_find(tree, &key);
	return ref_is_entry(ref) ? ref & (SHARE_NUMBERS - 1) : HASH_INDEX_NONE;
}

size_t
share_tree_held(const struct share_tree *tree, const struct source *source, struct view subject)
{
	struct share_parts parts;
	struct share_key   key;
	uint32_t           found;

	share_key_make(&key, SHARE_PAIR, source, subject);
	found = tree_find(tree, &key);
	if (ref_is_node(found))
		return share_node_at(tree->nodes, found)->held;
	found = subject.size != 0 ? tree_alone_with(tree, subject) : tree_alone(tree, source);
	if (found == HASH_INDEX_NONE || !share_link_held(tree_link(tree, found)))
		return 0;
	share_tree_parts(tree, found, &parts);
	return source_equal(&parts.source, source) && view_equal(parts.subject, subject) ?
	    tree->owner->weight(tree->table, found) : 0;
}

size_t
share_tree_of_source(const struct share_tree *tree, const struct source *source)
{
	struct source      above;
	struct share_parts parts;
	struct share_key   key;
	uint32_t           found;

	share_key_make(&key, SHARE_SOURCE, source, (struct view){0});
	found = tree_find(tree, &key);
	if (ref_is_node(found))
		return share_node_at(tree->nodes, found)->loose;
	found = tree_alone(tree, source);
	if (found == HASH_INDEX_NONE || share_link_held(tree_link(tree, found)))
		return 0;
	share_tree_parts(tree, found, &parts);
	above = source_above(&parts.source);
	return source_equal(&parts.source, source) || source_equal(&above, source) ?
	    tree->owner->weight(tree->table, found) : 0;
}
