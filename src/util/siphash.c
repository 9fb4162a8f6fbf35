/* SipHash-2-4, with 64 bits of output. */
#include "config.h"

#include "util/siphash.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

struct state {
	uint64_t a, b, c, d;
};

void
siphash_key_draw(struct siphash_key *key)
{
	if (getrandom(key, sizeof *key, 0) != (ssize_t)sizeof *key)
		abort();
}

static uint64_t
rotated(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static void
state_round(struct state *s)
{
	s->a += s->b;
	s->b = rotated(s->b, 13) ^ s->a;
	s->a = rotated(s->a, 32);
	s->c += s->d;
	s->d = rotated(s->d, 16) ^ s->c;
	s->a += s->d;
	s->d = rotated(s->d, 21) ^ s->a;
	s->c += s->b;
	s->b = rotated(s->b, 17) ^ s->c;
	s->c = rotated(s->c, 32);
}

static void
state_add(struct state *s, uint64_t word)
{
	s->d ^= word;
	state_round(s);
	state_round(s);
	s->a ^= word;
}

uint64_t
siphash(const struct siphash_key *key, struct view data)
{
	uint64_t     zero = le64toh(key->halves[0]);
	uint64_t     one = le64toh(key->halves[1]);
	struct state s = {zero ^ UINT64_C(0x736f6d6570736575), one ^ UINT64_C(0x646f72616e646f6d),
	    zero ^ UINT64_C(0x6c7967656e657261), one ^ UINT64_C(0x7465646279746573)};
	size_t       whole = data.size / 8 * 8;
	uint64_t     word;

	for (size_t i = 0; i < whole; i += 8) {
		memcpy(&word, data.data + i, sizeof word);
		state_add(&s, le64toh(word));
	}
	word = (uint64_t)data.size << 56;
	for (size_t i = whole; i < data.size; i++)
		word |= (uint64_t)data.data[i] << (8 * (i - whole));
	state_add(&s, word);
	s.c ^= 0xff;
	for (int i = 0; i < 4; i++)
		state_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
