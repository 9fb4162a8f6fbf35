/* Draws devices; anybody may run them again and gets the same. */
#include "config.h"

#include "devices.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "util/hex.h"

static uint64_t state = 1;

/* splitmix64: hashes as evenly spread as real ones. */
static uint64_t
draw(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15U);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

void
devices_draw_hash(uint8_t hash[STORE_HASH_SIZE])
{
	for (size_t i = 0; i < STORE_HASH_SIZE; i += sizeof(uint64_t)) {
		uint64_t part = draw();

		memcpy(hash + i, &part, sizeof part);
	}
}

void
devices_write(const char *path, uint64_t devices)
{
	FILE   *out = fopen(path, "w");
	uint8_t hash[STORE_HASH_SIZE];
	char    text[2 * STORE_HASH_SIZE + 1];

	if (out == NULL)
		bench_die("cannot write %s", path);
	(void)fputs("ek_hash,name,note,tags\n", out);
	for (uint64_t i = 0; i < devices; i++) {
		devices_draw_hash(hash);
		hex_encode(hash, sizeof hash, text);
		(void)fprintf(out, "%s,host-%012" PRIx64 ".example.org,\"rack %d, row %d\",site-%d model-%d\n",
		    text, draw() >> 16, (int)(i % 977), (int)(i % 31), (int)(i % 50), (int)(i % 7));
	}
	if (fclose(out) != 0)
		bench_die("cannot write %s", path);
}
