/*
 * Inputs that change what is valid: a list of edits, each of which names one of several places, where
 * in its octets, how many of them go, and what comes there instead. So a fuzzer needs no key to get
 * past the signatures, and what it finds holds for any key.
 */
#ifndef TESTS_FUZZ_EDITS_H
#define TESTS_FUZZ_EDITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

#define EDITS_MAX 64U

struct edit {
	unsigned    place;
	size_t      at;   /* modulo the size of the place and one */
	size_t      gone; /* octets */
	struct view put;
};

struct edits {
	struct edit list[EDITS_MAX];
	size_t      count;
};

/* Reads an octet for the place, two for `at`, one each for `gone` and the size of `put`, and that. */
static inline void
edits_read(struct view input, unsigned places, struct edits *edits)
{
	edits->count = 0;
	while (input.size >= 5 && edits->count < EDITS_MAX) {
		struct edit *edit = &edits->list[edits->count++];

		edit->place = input.data[0] % places;
		edit->at = (size_t)(input.data[1] << 8 | input.data[2]);
		edit->gone = input.data[3];
		edit->put = (struct view){input.data + 5, input.data[4]};
		if (edit->put.size > input.size - 5)
			edit->put.size = input.size - 5;
		input.data += 5 + edit->put.size;
		input.size -= 5 + edit->put.size;
	}
}

/* Applies those of one place; true when there was one. */
static inline bool
edits_apply(const struct edits *edits, unsigned place, struct bytes *octets)
{
	bool any = false;

	for (size_t i = 0; i < edits->count; i++) {
		const struct edit *edit = &edits->list[i];
		struct bytes       made = {0};
		size_t             at = edit->at % (octets->size + 1);
		size_t             gone = edit->gone;

		if (edit->place != place)
			continue;
		if (gone > octets->size - at)
			gone = octets->size - at;
		if (at != 0)
			bytes_append(&made, octets->data, at);
		if (edit->put.size != 0)
			bytes_append(&made, edit->put.data, edit->put.size);
		if (octets->size != at + gone)
			bytes_append(&made, octets->data + at + gone, octets->size - at - gone);
		bytes_clear(octets);
		*octets = made;
		any = true;
	}
	return any;
}

/* One edit of a seed. */
static inline void
edits_append(struct bytes *out, unsigned place, size_t at, size_t gone, struct view put)
{
	bytes_append_u8(out, (uint8_t)place);
	bytes_append_u8(out, (uint8_t)(at >> 8));
	bytes_append_u8(out, (uint8_t)at);
	bytes_append_u8(out, (uint8_t)gone);
	bytes_append_u8(out, (uint8_t)put.size);
	if (put.size != 0)
		bytes_append(out, put.data, put.size);
}

#endif
