/*
 * How a challenge waits: in a cell of its size, linked by numbers, with what is its own behind a head of
 * 48 octets. Guarded by the lock of pending.c.
 */
#ifndef ATTESTATION_KEEPER_CHALLENGE_CELL_H
#define ATTESTATION_KEEPER_CHALLENGE_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/bytes.h"
#include "util/share_tree.h"

/* Octets of SHA-256 that are kept: nobody guesses one of 2^24 secrets behind 128 bits. */
#define CELL_DIGEST_SIZE 16

#define CELL_ROW_SIZE 8U

/* What tells whose it is, and counts for fairness: eight octets where thirty-two would do the same. */
enum cell_subject {
	CELL_SHARED, /* the share tree has it */
	CELL_ROW,    /* of an enrolled device, with the beginning of its EK's hash */
	CELL_EK,     /* of any other: its hash */
};

struct challenge_cell {
	uint8_t           digest[CELL_DIGEST_SIZE]; /* of its secret */
	struct share_link share;
	uint32_t          older; /* in the order in which all were made */
	uint32_t          newer;
	uint32_t          expires;    /* the low half of the millisecond */
	uint32_t          facts : 28; /* challenge_facts.h */
	uint32_t          has_source : 1; /* in the tail; else the share tree has it */
	uint32_t          subject : 2;    /* enum cell_subject */
	uint8_t           tail[];         /* source, subject and challenge_pack's own octets */
};

struct cells;

/* Cells with tails up to CELL_TAIL_MAX octets. */
#define CELL_TAIL_MAX 640U
struct cells *cells_new(void);
void          cells_free(struct cells *cells); /* with all that are taken; takes NULL too */

/* Takes a cell, whose octets are undefined, and returns its number, below SHARE_NUMBERS. */
uint32_t cells_take(struct cells *cells, size_t tail);

/* A cell that was taken; it stays where it is until cells_give. */
struct challenge_cell *cells_at(const struct cells *cells, uint32_t number);
void                   cells_give(struct cells *cells, uint32_t number);

/* The parts of the tail that the cell has been given, in the order of `share_parts`, and the rest. */
struct view cell_parts(const struct challenge_cell *cell, struct share_parts *parts, size_t own_size);

/* How many octets the parts that are to be kept and `own` take up; and puts them there. */
size_t cell_tail_size(const struct share_parts *parts, struct view own);
void   cell_tail_put(struct challenge_cell *cell, const struct share_parts *parts, struct view own);

#endif
