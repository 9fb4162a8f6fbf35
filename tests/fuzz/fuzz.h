/* What fuzzers share: an input of several parts, each with its size before it. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <sys/mman.h>

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the fuzzer where what it begins with cannot be made. */
static inline void
fuzz_must(int rc, const struct error *err)
{
	if (rc == 0)
		return;
	(void)fprintf(stderr, "%s\n", err->detail);
	abort();
}

/* A path at which these octets are read: a file in memory, of which there is one. */
static inline const char *
fuzz_file(struct view octets)
{
	static char path[64];
	static int  fd = -1;

	if (fd < 0 && (fd = memfd_create("fuzz", MFD_CLOEXEC)) < 0)
		abort();
	if (ftruncate(fd, 0) != 0 ||
	    (octets.size != 0 && pwrite(fd, octets.data, octets.size, 0) != (ssize_t)octets.size))
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return path;
}

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
