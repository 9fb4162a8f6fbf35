/* An import into an inventory, beside somebody else's connection to it. */
#ifndef TESTS_UNIT_BATCH_WORLD_H
#define TESTS_UNIT_BATCH_WORLD_H

#include <sys/resource.h>
#include <sys/wait.h>

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "scratch.h"
#include "store/inventory/audit.h"
#include "store/inventory/batch.h"
#include "store/inventory/certificate.h"
#include "store/inventory/device.h"
#include "store/inventory/similar.h"
#include "store/sqlite/name_run.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

#define NOW 1000000

static char          directory[SCRATCH_SIZE];
static struct store *store; /* the importer's */
static struct store *other; /* somebody else's */
static struct error  err;

static char   faults[4096]; /* "line: detail\n" of each */
static size_t steps;

static inline void
setup(void)
{
	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	unit_ok(store_open(directory, &other, &err), &err);
	faults[0] = '\0';
	steps = 0;
}

static inline void
teardown(void)
{
	store_close(store);
	store_close(other);
	scratch_remove(directory);
}

static inline void
fault_cb(uint64_t line, const struct error *why, void *arg)
{
	size_t used = strlen(faults);

	(void)arg;
	(void)snprintf(faults + used, sizeof faults - used, "%" PRIu64 ": %.500s\n", line, why->detail);
}

static inline void
count_step_cb(uint64_t units, void *arg)
{
	(void)arg;
	steps += units;
}

static inline struct store_batch *
begin(void (*step)(uint64_t, void *))
{
	const struct store_batch_watch watch = {fault_cb, step, NULL};
	struct store_batch            *batch = NULL;

	unit_ok(store_batch_begin(store, &watch, &batch, &err), &err);
	return batch;
}

/* A device whose hash begins with the octet, with up to one name and one tag. */
static inline struct store_device
device(uint8_t first, char *const *name, char *const *tag)
{
	return (struct store_device){.ek_hash = {first},
	    .names = (char **)(uintptr_t)name,
	    .name_count = name != NULL,
	    .tags = (char **)(uintptr_t)tag,
	    .tag_count = tag != NULL,
	    .note = (char *)(uintptr_t)"a note",
	    .enabled = true};
}

#define TEXT(text) ((char *const[]){(char *)(uintptr_t)(text)})

static inline int
add(struct store_batch *batch, uint8_t first, const char *name, uint64_t line)
{
	struct store_device d = device(first, name != NULL ? TEXT(name) : NULL, TEXT("site-1"));

	return store_batch_add(batch, &d, line, &err);
}

static inline int
enroll(uint8_t first, const char *name)
{
	struct store_device d = device(first, name != NULL ? TEXT(name) : NULL, NULL);

	return store_device_enroll(other, &d, NOW, &err);
}

static inline bool
is_enrolled(uint8_t first)
{
	uint8_t             hash[STORE_HASH_SIZE] = {first};
	struct store_device found;

	if (store_device_find(other, hash, &found, &err) != 0) {
		ck_assert_int_eq((int)err.kind, ERROR_NOT_ENROLLED);
		return false;
	}
	store_device_clear(&found);
	return true;
}

static inline bool
count_cb(const struct store_device *d, void *arg)
{
	(void)d;
	++*(size_t *)arg;
	return true;
}

static inline size_t
count_enrolled(void)
{
	size_t count = 0;

	unit_ok(store_device_list(other, count_cb, &count, &err), &err);
	return count;
}

/* A number that SQL gives behind the store's back. */
static inline int
ask(const char *sql)
{
	return store_tamper_ask(directory, sql);
}

static inline int
rows_left(void)
{
	return ask("SELECT (SELECT count(*) FROM device) + (SELECT count(*) FROM name)"
	           " + (SELECT count(*) FROM tag) + (SELECT count(*) FROM batch)");
}

static inline bool
entry_cb(const struct audit_entry *entry, void *arg)
{
	(void)snprintf(arg, 128, "%s %s", entry->action, entry->detail);
	return true;
}

#endif
