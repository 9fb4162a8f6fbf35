/* Owns the cells, in a slab for each size, which are made when they are needed. */
#include "config.h"

#include "attestation/keeper/challenge_cell.h"

#include <stdlib.h>
#include <string.h>

#include "util/ek_hash.h"
#include "util/slab.h"
#include "util/source.h"

/* Six bits of a number are the size, the others the cell in its slab. */
#define CELL_BITS 24
#define SIZES     64U

/* Sizes are 8 octets apart up to what an RSA-2048 AK takes, and then 16. */
#define FINE_STEP  8U
#define FINE_SIZES 40U
#define FINE_MAX   (FINE_STEP * FINE_SIZES)
#define STEP       16U

_Static_assert(FINE_MAX + STEP * (SIZES - FINE_SIZES - 1) >= CELL_TAIL_MAX, "every tail has a size");
_Static_assert(SIZES << CELL_BITS == SHARE_NUMBERS, "numbers are the share tree's");

struct cells {
	struct slab *slabs[SIZES];
};

struct cells *
cells_new(void)
{
	return memory_new(sizeof(struct cells));
}

void
cells_free(struct cells *cells)
{
	if (cells == NULL)
		return;
	for (size_t i = 0; i < SIZES; i++)
		slab_free(cells->slabs[i]);
	free(cells);
}

static uint32_t
size_for(size_t tail)
{
	if (tail > CELL_TAIL_MAX)
		abort();
	return (uint32_t)(tail <= FINE_MAX ? (tail + FINE_STEP - 1) / FINE_STEP :
	                                     FINE_SIZES + (tail - FINE_MAX + STEP - 1) / STEP);
}

static size_t
size_tail(uint32_t size)
{
	return size <= FINE_SIZES ? FINE_STEP * size : FINE_MAX + STEP * (size - FINE_SIZES);
}

uint32_t
cells_take(struct cells *cells, size_t tail)
{
	uint32_t size = size_for(tail);
	uint32_t cell;

	if (cells->slabs[size] == NULL)
		cells->slabs[size] = slab_new(sizeof(struct challenge_cell) + size_tail(size));
	cell = slab_take(cells->slabs[size]);
	if (cell >> CELL_BITS != 0)
		abort(); /* a table has at most ten million */
	return size << CELL_BITS | cell;
}

struct challenge_cell *
cells_at(const struct cells *cells, uint32_t number)
{
	return slab_at(cells->slabs[number >> CELL_BITS], number & ((UINT32_C(1) << CELL_BITS) - 1));
}

void
cells_give(struct cells *cells, uint32_t number)
{
	slab_give(cells->slabs[number >> CELL_BITS], number & ((UINT32_C(1) << CELL_BITS) - 1));
}

/* ---- tails ---- */

/* The prefix, whose bits are whole octets (util/source.h), without what is zero behind it. */
static size_t
source_size(uint8_t bits)
{
	return bits / 8U;
}

size_t
cell_tail_size(const struct share_parts *parts, struct view own)
{
	return (parts->has_source ? 1 + source_size(parts->source.bits) : 0) +
	    (parts->has_subject ? parts->subject.size : 0) + own.size;
}

void
cell_tail_put(struct challenge_cell *cell, const struct share_parts *parts, struct view own)
{
	uint8_t *to = cell->tail;

	cell->has_source = parts->has_source;
	cell->subject = !parts->has_subject                     ? CELL_SHARED :
	    parts->subject.size == sizeof(struct ek_hash) ? CELL_EK :
	                                                    CELL_ROW;
	if (parts->has_source) {
		*to++ = parts->source.bits;
		memcpy(to, parts->source.octets, source_size(parts->source.bits));
		to += source_size(parts->source.bits);
	}
	if (parts->has_subject) {
		memcpy(to, parts->subject.data, parts->subject.size);
		to += parts->subject.size;
	}
	if (own.size != 0)
		memcpy(to, own.data, own.size);
}

struct view
cell_parts(const struct challenge_cell *cell, struct share_parts *parts, size_t own_size)
{
	const uint8_t *from = cell->tail;

	*parts = (struct share_parts){.has_source = cell->has_source, .has_subject = cell->subject != CELL_SHARED};
	if (parts->has_source) {
		parts->source.bits = *from++;
		memcpy(parts->source.octets, from, source_size(parts->source.bits));
		from += source_size(parts->source.bits);
	}
	if (parts->has_subject) {
		parts->subject = (struct view){from, cell->subject == CELL_EK ? sizeof(struct ek_hash) : CELL_ROW_SIZE};
		from += parts->subject.size;
	}
	return (struct view){from, own_size};
}
