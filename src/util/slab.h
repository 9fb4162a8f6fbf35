/*
 * Cells of one size, found by number: a number has four octets where a pointer has eight, and a cell
 * has no header of malloc's. For tables of many small things. Guarded by its owner's lock.
 */
#ifndef UTIL_SLAB_H
#define UTIL_SLAB_H

#include <stddef.h>
#include <stdint.h>

struct slab;

/* No cell's number. */
#define SLAB_NONE UINT32_MAX

/* Makes a slab of cells with `size` octets each, aligned for pointers. */
struct slab *slab_new(size_t size);
void         slab_free(struct slab *slab); /* with all its cells; takes NULL too */

/* Takes a cell, whose octets are undefined, and returns its number, below SLAB_NUMBERS. */
#define SLAB_NUMBERS (UINT32_C(1) << 28)
uint32_t slab_take(struct slab *slab);

/* A cell that was taken; it stays where it is until slab_give. */
void *slab_at(const struct slab *slab, uint32_t number);

/* Gives it back; memory that no cell needs any more is freed. */
void slab_give(struct slab *slab, uint32_t number);

#endif
