/*
 * EKs of enrolled machines that attested lately, decoded: a machine comes back within seconds
 * when something fails, and reading a key and preparing it for its use takes as long as an
 * encryption with it. Bounded (util/lru.h). Any thread.
 */
#ifndef ATTESTATION_KEEPER_EK_KEYS_H
#define ATTESTATION_KEEPER_EK_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tpm/ek.h"
#include "util/bytes.h"
#include "util/lru.h"

struct error;
struct ek_keys;

/* An EK, and the octets that it was read from, as a digest. {0} is empty. */
struct ek_read {
	struct tpm_ek ek;
	uint8_t       digest[LRU_KEY_SIZE];
	bool          kept;
};

/* An empty table for at most `max` EKs, some 4 KiB each. */
struct ek_keys *ek_keys_new(size_t max);
void            ek_keys_free(struct ek_keys *keys); /* NULL is nothing */

/*
 * As tpm_ek_decode (tpm/ek.h); what was kept from the same octets is returned without decoding
 * them again. Its key may be shared with others, who only use it as well. ek_read_clear
 * empties *read.
 */
int  ek_keys_decode(struct ek_keys *keys, struct view spki, struct view public, struct ek_read *read,
     struct error *err);
void ek_read_clear(struct ek_read *read);

/* Keeps an EK; call it for those of enrolled machines, so that strangers displace none. */
void ek_keys_keep(struct ek_keys *keys, const struct ek_read *read);

/* Number of EKs; for tests. */
size_t ek_keys_count(struct ek_keys *keys);

#endif
