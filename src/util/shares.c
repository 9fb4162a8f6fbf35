/* Owns a cell for each entry of a share tree, with what the entry counts for. */
#include "config.h"

#include "util/shares.h"

#include <stdlib.h>
#include <string.h>

#include "util/share_tree.h"
#include "util/slab.h"
#include "util/source.h"

_Static_assert(SHARES_SUBJECT_MAX == SHARE_SUBJECT_MAX, "subjects fit the tree");

struct cell {
	struct share_entry *entry;
	struct share_link   link;
	struct source       source;
	uint8_t             subject_size;
	uint8_t             subject[SHARES_SUBJECT_MAX];
};

struct shares {
	struct slab       *cells;
	struct share_tree *tree;
};

static struct share_link *
cell_link(const void *table, uint32_t number)
{
	return &((struct cell *)slab_at(table, number))->link;
}

static uint32_t
cell_weight(const void *table, uint32_t number)
{
	(void)table;
	(void)number;
	return 1;
}

static void
cell_parts(const void *table, uint32_t number, struct share_parts *parts)
{
	const struct cell *cell = slab_at(table, number);

	*parts = (struct share_parts){true, true, cell->source, {cell->subject, cell->subject_size}};
}

static const struct share_owner cells = {cell_link, cell_weight, cell_parts};

struct shares *
shares_new(void)
{
	struct shares *shares = memory_new(sizeof *shares);

	shares->cells = slab_new(sizeof(struct cell));
	shares->tree = share_tree_new(&cells, shares->cells);
	return shares;
}

void
shares_free(struct shares *shares)
{
	if (shares == NULL)
		return;
	share_tree_free(shares->tree);
	slab_free(shares->cells);
	free(shares);
}

void
shares_enter(struct shares *shares, struct share_entry *entry, const struct source *source,
    struct view subject, bool held)
{
	struct cell *cell;

	if (subject.size > SHARES_SUBJECT_MAX)
		abort();
	entry->number = slab_take(shares->cells);
	entry->entered = true;
	cell = slab_at(shares->cells, entry->number);
	*cell = (struct cell){.entry = entry, .source = *source, .subject_size = (uint8_t)subject.size};
	if (subject.size != 0)
		memcpy(cell->subject, subject.data, subject.size);
	share_tree_enter(shares->tree, entry->number, source, subject, held);
}

void
shares_leave(struct shares *shares, struct share_entry *entry)
{
	if (!entry->entered)
		return;
	share_tree_leave(shares->tree, entry->number);
	slab_give(shares->cells, entry->number);
	entry->entered = false;
}

void
shares_hold(struct shares *shares, struct share_entry *entry, bool held)
{
	if (entry->entered)
		share_tree_hold(shares->tree, entry->number, held);
}

bool
shares_holds(const struct shares *shares, const struct share_entry *entry)
{
	return share_link_held(cell_link(shares->cells, entry->number));
}

struct share_entry *
shares_victim(const struct shares *shares)
{
	uint32_t number = share_tree_victim(shares->tree);

	return number != SLAB_NONE ? ((struct cell *)slab_at(shares->cells, number))->entry : NULL;
}

size_t
shares_count(const struct shares *shares)
{
	return share_tree_count(shares->tree);
}

size_t
shares_held(const struct shares *shares, const struct source *source, struct view subject)
{
	return share_tree_held(shares->tree, source, subject);
}

size_t
shares_of_source(const struct shares *shares, const struct source *source)
{
	return share_tree_of_source(shares->tree, source);
}
