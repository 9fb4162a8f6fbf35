/* Devices by the million in random order, for the benchmarks. */
#ifndef TESTS_BENCH_DEVICES_H
#define TESTS_BENCH_DEVICES_H

#include <stdint.h>

#include "store/store.h"

/* An EK hash, as evenly spread as real ones and never the same; always the same series. */
void devices_draw_hash(uint8_t hash[STORE_HASH_SIZE]);

/* Writes so many devices as CSV for attest-ca import. */
void devices_write(const char *path, uint64_t devices);

#endif
