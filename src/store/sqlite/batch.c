/*
 * Imports, as far as they are read: devices wait in a stage until all are compared with
 * each other and with the inventory. Writes nothing.
 */
#include "config.h"

#include "store/inventory/batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/inventory/device_check.h"
#include "store/inventory/rows.h"
#include "store/sqlite/batch.h"
#include "store/sqlite/leftover.h"
#include "store/sqlite/stage.h"
#include "util/bytes.h"
#include "util/error.h"

/* Devices and names are not told of one by one. */
#define BATCH_STEP 256

void
sqlite_batch_tell(struct store_batch *batch)
{
	if (batch->watch.step != NULL)
		batch->watch.step(batch->steps, batch->watch.arg);
	batch->steps = 0;
}

static void
batch_step(struct store_batch *batch)
{
	if (++batch->steps == BATCH_STEP)
		sqlite_batch_tell(batch);
}

int
store_batch_begin(struct store *store, const struct store_batch_watch *watch,
    struct store_batch **out, struct error *err)
{
	struct store_batch *batch = memory_new(sizeof *batch);
	bool                taken = false;
	int                 rc;

	batch->store = store;
	batch->watch = *watch;
	batch->lock.fd = -1;
	rc = sqlite_leftover_lock_open(store, &batch->lock, err);
	if (rc == 0)
		rc = file_lock_try(&batch->lock, &taken, err);
	if (rc == 0 && !taken)
		rc = error_set(err, ERROR_CONFLICT,
		    "another import is under way; wait for its end, or run \"fuser %s\" to see whose it is",
		    batch->lock.path);
	if (rc != 0 || sqlite_stage_open(&batch->stage, err) != 0) {
		store_batch_free(batch);
		return -1;
	}
	*out = batch;
	return 0;
}

void
store_batch_free(struct store_batch *batch)
{
	if (batch == NULL)
		return;
	sqlite_stage_close(batch->stage);
	name_run_clear(&batch->names);
	file_lock_close(&batch->lock);
	free(batch);
}

int
store_batch_add(struct store_batch *batch, const struct store_device *device, uint64_t line,
    struct error *err)
{
	if (store_device_check(device, err) != 0)
		return -1;
	return sqlite_stage_add(batch->stage, device, line, err);
}

uint64_t
store_batch_count(const struct store_batch *batch)
{
	return sqlite_stage_count(batch->stage);
}

uint64_t
store_batch_units(const struct store_batch *batch)
{
	return sqlite_stage_count(batch->stage) + sqlite_stage_count_names(batch->stage);
}

static int
batch_fault(struct store_batch *batch, uint64_t line, const struct error *why, uint64_t *faults)
{
	if (why->kind != ERROR_CONFLICT)
		return -1;
	++*faults;
	if (batch->watch.fault != NULL)
		batch->watch.fault(line, why, batch->watch.arg);
	return 0;
}

static int
batch_check_hashes(struct store_batch *batch, uint64_t *faults, struct error *err)
{
	struct sqlite_stage_item item;
	uint8_t                  last[STORE_HASH_SIZE] = {0};
	char                     hash[STORE_HASH_TEXT_SIZE];
	uint64_t                 line = 0; /* of the last; 0: there was none */
	int                      rc;

	sqlite_stage_sort(batch->stage, SQLITE_STAGE_HASHES);
	while ((rc = sqlite_stage_next(batch->stage, &item, err)) > 0) {
		int bad;

		if (line != 0 && memcmp(last, item.device.ek_hash, sizeof last) == 0) {
			store_hash_format(last, hash);
			bad = error_set(err, ERROR_CONFLICT, "EK %s is on line %" PRIu64 " already", hash,
			    line);
		} else {
			memcpy(last, item.device.ek_hash, sizeof last);
			line = item.line;
			bad = sqlite_device_check_hash(batch->store, last, err);
		}
		if (bad != 0 && batch_fault(batch, item.line, err, faults) != 0)
			return -1;
		batch_step(batch);
	}
	return rc;
}

static int
batch_check_names(struct store_batch *batch, uint64_t *faults, struct error *err)
{
	struct sqlite_stage_item item;
	AUTO_FREE char          *last = memory_strdup("");
	uint64_t                 line = 0;
	int                      rc;

	sqlite_stage_sort(batch->stage, SQLITE_STAGE_NAMES);
	while ((rc = sqlite_stage_next(batch->stage, &item, err)) > 0) {
		int bad;

		if (strcmp(last, item.name) == 0) {
			bad = error_set(err, ERROR_CONFLICT, "name \"%s\" is on line %" PRIu64 " already",
			    last, line);
		} else {
			free(last);
			last = memory_strdup(item.name);
			line = item.line;
			bad = sqlite_device_check_name(batch->store, last, NULL, err);
		}
		if (bad != 0 && batch_fault(batch, item.line, err, faults) != 0)
			return -1;
		batch_step(batch);
	}
	return rc;
}

int
store_batch_check(struct store_batch *batch, uint64_t *faults, struct error *err)
{
	*faults = 0;
	if (batch_check_hashes(batch, faults, err) != 0 || batch_check_names(batch, faults, err) != 0) {
		sqlite_stage_rest(batch->stage);
		return -1;
	}
	sqlite_batch_tell(batch);
	return 0;
}
