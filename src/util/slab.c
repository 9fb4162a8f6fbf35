/* Owns chunks of cells; a chunk is freed when it is empty and another has room. */
#include "config.h"

#include "util/slab.h"

#include <stdlib.h>
#include <string.h>

#include <sys/queue.h>

#include "util/bytes.h"

#define CHUNK_BITS  8
#define CHUNK_CELLS (UINT32_C(1) << CHUNK_BITS)

struct chunk {
	LIST_ENTRY(chunk) roomy; /* in the list, unless it is full */
	uint32_t          index;
	uint32_t          used;    /* cells taken */
	uint32_t          touched; /* cells ever taken: those above are free, too */
	uint32_t          given;   /* the first cell given back, which holds the next; or CHUNK_CELLS */
	uint64_t          cells[];
};

struct slab {
	size_t         words;  /* of a cell */
	struct chunk **chunks; /* NULL: none of this index */
	uint32_t       count;
	LIST_HEAD(, chunk) roomy;
};

struct slab *
slab_new(size_t size)
{
	struct slab *slab = memory_new(sizeof *slab);

	slab->words = (size + sizeof(uint64_t) - 1) / sizeof(uint64_t);
	LIST_INIT(&slab->roomy);
	return slab;
}

void
slab_free(struct slab *slab)
{
	if (slab == NULL)
		return;
	for (uint32_t i = 0; i < slab->count; i++)
		free(slab->chunks[i]);
	free(slab->chunks);
	free(slab);
}

static void *
chunk_cell(const struct slab *slab, struct chunk *chunk, uint32_t cell)
{
	return &chunk->cells[cell * slab->words];
}

/* An index without a chunk; doubles their number when there is none. */
static uint32_t
slab_index(struct slab *slab)
{
	uint32_t       index = 0;
	uint32_t       room;
	struct chunk **grown;

	while (index < slab->count && slab->chunks[index] != NULL)
		index++;
	if (index < slab->count)
		return index;
	room = slab->count != 0 ? 2 * slab->count : 4;
	if (room > SLAB_NUMBERS / CHUNK_CELLS)
		abort(); /* out of memory, as memory_new */
	grown = memory_new(room * sizeof(struct chunk *));
	if (slab->count != 0)
		memcpy(grown, slab->chunks, slab->count * sizeof(struct chunk *));
	free(slab->chunks);
	slab->chunks = grown;
	slab->count = room;
	return index;
}

static struct chunk *
chunk_new(struct slab *slab)
{
	struct chunk *chunk = memory_new(sizeof *chunk + CHUNK_CELLS * slab->words * sizeof(uint64_t));

	chunk->index = slab_index(slab);
	chunk->given = CHUNK_CELLS;
	slab->chunks[chunk->index] = chunk;
	LIST_INSERT_HEAD(&slab->roomy, chunk, roomy);
	return chunk;
}

uint32_t
slab_take(struct slab *slab)
{
	struct chunk *chunk = LIST_FIRST(&slab->roomy);
	uint32_t      cell;

	if (chunk == NULL)
		chunk = chunk_new(slab);
	cell = chunk->given;
	if (cell != CHUNK_CELLS)
		memcpy(&chunk->given, chunk_cell(slab, chunk, cell), sizeof chunk->given);
	else
		cell = chunk->touched++;
	if (++chunk->used == CHUNK_CELLS)
		LIST_REMOVE(chunk, roomy);
	return chunk->index << CHUNK_BITS | cell;
}

void *
slab_at(const struct slab *slab, uint32_t number)
{
	return chunk_cell(slab, slab->chunks[number >> CHUNK_BITS], number & (CHUNK_CELLS - 1));
}

/* The last one with room stays, so that a single cell is not paid for with a chunk each time. */
static void
chunk_release(struct slab *slab, struct chunk *chunk)
{
	if (LIST_FIRST(&slab->roomy) == chunk && LIST_NEXT(chunk, roomy) == NULL)
		return;
	LIST_REMOVE(chunk, roomy);
	slab->chunks[chunk->index] = NULL;
	free(chunk);
}

void
slab_give(struct slab *slab, uint32_t number)
{
	struct chunk *chunk = slab->chunks[number >> CHUNK_BITS];
	uint32_t      cell = number & (CHUNK_CELLS - 1);

	memcpy(chunk_cell(slab, chunk, cell), &chunk->given, sizeof chunk->given);
	chunk->given = cell;
	if (chunk->used-- == CHUNK_CELLS)
		LIST_INSERT_HEAD(&slab->roomy, chunk, roomy);
	if (chunk->used == 0)
		chunk_release(slab, chunk);
}
