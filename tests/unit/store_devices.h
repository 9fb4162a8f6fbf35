/* What suites of a store with devices share: to enrol some, and to meddle behind its back. */
#ifndef TESTS_UNIT_STORE_DEVICES_H
#define TESTS_UNIT_STORE_DEVICES_H

#include "store/inventory/device.h"
#include "store_fixture.h"
#include "store_tamper.h"

#define NOW 1000000

#define HASH_1 "0100000000000000000000000000000000000000000000000000000000000000"

/* A device whose hash begins with the two octets; names end with NULL. */
static inline struct store_device
device(uint8_t first, uint8_t second, const char *const *names)
{
	struct store_device d = {.ek_hash = {first, second}, .names = (char **)(uintptr_t)names};

	while (names != NULL && names[d.name_count] != NULL)
		d.name_count++;
	return d;
}

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static inline int
enroll(uint8_t first, uint8_t second, const char *const *names)
{
	struct store_device d = device(first, second, names);

	return store_device_enroll(store, &d, NOW, &err);
}

static inline int64_t
revision_of(uint8_t first)
{
	uint8_t             hash[STORE_HASH_SIZE] = {first};
	struct store_device found;
	int64_t             revision;

	unit_ok(store_device_find(store, hash, &found, &err), &err);
	revision = found.revision;
	store_device_clear(&found);
	return revision;
}

/* Runs SQL on the file behind the store's back. */
static inline void
meddle(const char *sql)
{
	store_tamper(directory, sql);
}

#endif
