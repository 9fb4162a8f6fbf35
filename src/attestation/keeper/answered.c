/* Remembers the EKs that answered challenges, for pending.c. */
#include "config.h"

#include "attestation/keeper/answered.h"

#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/source.h"

#define ANSWERED_PLACES 8192U
#define ANSWERED_PROBES 8U /* associativity: slots per EK, which may have several sources */

struct place {
	struct ek_hash ek;
	struct source  source;
	uint64_t       turn; /* time of the last answer; 0: free */
};

struct answered {
	uint64_t     turn;
	struct place places[ANSWERED_PLACES];
};

struct answered *
answered_new(void)
{
	return memory_new(sizeof(struct answered));
}

void
answered_free(struct answered *answered)
{
	free(answered);
}

/* The slot of this EK and source; else a free one, or the oldest. */
static size_t
answered_place(const struct answered *answered, const struct ek_hash *ek,
    const struct source *source)
{
	size_t first = ((size_t)ek->bytes[0] << 8 | ek->bytes[1]) % ANSWERED_PLACES;
	size_t oldest = first;

	for (size_t i = 0; i < ANSWERED_PROBES; i++) {
		size_t              index = (first + i) % ANSWERED_PLACES;
		const struct place *place = &answered->places[index];

		if (place->turn != 0 && memcmp(&place->ek, ek, sizeof *ek) == 0 &&
		    source_equal(&place->source, source))
			return index;
		if (place->turn < answered->places[oldest].turn)
			oldest = index;
	}
	return oldest;
}

void
answered_add(struct answered *answered, const struct ek_hash *ek, const struct source *source)
{
	answered->places[answered_place(answered, ek, source)] =
	    (struct place){*ek, *source, ++answered->turn};
}

bool
answered_has(const struct answered *answered, const struct ek_hash *ek,
    const struct source *source)
{
	const struct place *place = &answered->places[answered_place(answered, ek, source)];

	return place->turn != 0 && memcmp(&place->ek, ek, sizeof *ek) == 0 &&
	    source_equal(&place->source, source);
}
