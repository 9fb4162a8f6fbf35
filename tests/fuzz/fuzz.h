/* What fuzzers share: an input of several parts, each with its size before it. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Takes the next part: two octets of size, big-endian, and so many octets, or what is left. */
static inline struct view
fuzz_part(struct view *rest)
{
	struct view part = {rest->data, 0};
	size_t      wanted;

	if (rest->size < 2)
		return part;
	wanted = (size_t)(rest->data[0] << 8 | rest->data[1]);
	part = (struct view){rest->data + 2, rest->size - 2};
	if (wanted < part.size)
		part.size = wanted;
	*rest = (struct view){part.data + part.size, rest->size - 2 - part.size};
	return part;
}

/* The same the other way, for seeds. */
static inline void
fuzz_append_part(struct bytes *out, struct view part)
{
	bytes_append_u8(out, (uint8_t)(part.size >> 8));
	bytes_append_u8(out, (uint8_t)part.size);
	bytes_append(out, part.data, part.size);
}

#endif
