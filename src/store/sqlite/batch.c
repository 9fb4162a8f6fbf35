/*
 * The reading part of imports: devices are staged until all are compared with each
 * other and with the inventory. Writes nothing.
 */
#include "config.h"

#include "store/sqlite/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/inventory/rows.h"
#include "store/inventory/similar.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/leftover.h"
#include "store/sqlite/stage.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/shell_quote.h"

/* Progress is reported in steps, not for each device. */
#define BATCH_STEP 256

void
sqlite_batch_tell(struct sqlite_batch *batch)
{
	if (batch->batch.watch.step != NULL)
		batch->batch.watch.step(batch->steps, batch->batch.watch.arg);
	batch->steps = 0;
}

static void
batch_step(struct sqlite_batch *batch)
{
	if (++batch->steps == BATCH_STEP)
		sqlite_batch_tell(batch);
}

static void
batch_free(struct store_batch *head)
{
	struct sqlite_batch *batch = sqlite_batch_of(head);

	sqlite_stage_close(batch->stage);
	name_run_clear(&batch->names);
	name_run_clear(&batch->tags);
	file_lock_close(&batch->lock);
	free(batch);
}

static int
batch_busy(const struct sqlite_batch *batch, struct error *err)
{
	AUTO_FREE char *word = shell_word(batch->lock.path);

	return error_set(err, ERROR_CONFLICT,
	    "another import is under way; wait for its end, or run \"fuser %s\" to see whose it is", word);
}

static int
batch_begin(struct store *store, struct store_batch **out, struct error *err)
{
	struct sqlite_batch *batch = memory_new(sizeof *batch);
	bool                 taken = false;
	int                  rc;

	batch->sqlite = sqlite_of(store);
	batch->lock.fd = -1;
	batch->checked = -1;
	rc = sqlite_leftover_lock_open(store, &batch->lock, err);
	if (rc == 0)
		rc = file_lock_try(&batch->lock, &taken, err);
	if (rc == 0 && !taken)
		rc = batch_busy(batch, err);
	if (rc != 0 || sqlite_stage_open(&batch->stage, err) != 0) {
		batch_free(&batch->batch);
		return -1;
	}
	*out = &batch->batch;
	return 0;
}

static int
batch_add(struct store_batch *head, const struct store_device *device, uint64_t line,
    struct error *err)
{
	return sqlite_stage_add(sqlite_batch_of(head)->stage, device, line, err);
}

static int
batch_add_removed(struct store_batch *head, const struct store_removed *removed, uint64_t line,
    struct error *err)
{
	return sqlite_stage_add_removed(sqlite_batch_of(head)->stage, removed, line, err);
}

static int
batch_fault(struct sqlite_batch *batch, uint64_t line, const struct error *why, uint64_t *faults)
{
	if (why->kind != ERROR_CONFLICT)
		return -1;
	++*faults;
	if (batch->batch.watch.fault != NULL)
		batch->batch.watch.fault(line, why, batch->batch.watch.arg);
	return 0;
}

static int
batch_check_hashes(struct sqlite_batch *batch, uint64_t *faults, struct error *err)
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
			bad = batch->others ? device_check_hash(batch->batch.store, last, err) : 0;
		}
		if (bad != 0 && batch_fault(batch, item.line, err, faults) != 0)
			return -1;
		batch_step(batch);
	}
	return rc;
}

int
sqlite_batch_check_similar(struct sqlite_batch *batch, const char *name, const uint8_t *owner,
    struct error *err)
{
	struct store        *store = batch->batch.store;
	struct store_similar other;

	if (store_similar_find(store, name, owner, &other, err) != 0)
		return err->kind == ERROR_NOT_FOUND ? 0 : -1;
	return similar_found(store, name, &other, err);
}

/* The last name of the walk that was news, with its line and device. */
struct batch_last {
	struct store_similar name;
	struct bytes         skeleton;
	uint64_t             line; /* 0: there was none */
};

static void
batch_last_keep(struct batch_last *last, const struct sqlite_stage_item *item)
{
	(void)snprintf(last->name.name, sizeof last->name.name, "%s", item->name);
	memcpy(last->name.ek_hash, item->device.ek_hash, sizeof last->name.ek_hash);
	last->skeleton.size = 0;
	bytes_append(&last->skeleton, item->skeleton, strlen(item->skeleton) + 1);
	last->line = item->line;
}

/* Compares a name with the one before, to which it is equal, or which it looks like. */
static int
batch_check_last(struct sqlite_batch *batch, const struct batch_last *last,
    const struct sqlite_stage_item *item, struct error *err)
{
	if (last->line == 0 || strcmp((const char *)last->skeleton.data, item->skeleton) != 0)
		return 0;
	if (strcmp(last->name.name, item->name) == 0)
		return error_set(err, ERROR_CONFLICT, "name \"%s\" is on line %" PRIu64 " already",
		    item->name, last->line);
	if (memcmp(last->name.ek_hash, item->device.ek_hash, STORE_HASH_SIZE) == 0 ||
	    similar_found(batch->batch.store, item->name, &last->name, err) == 0)
		return 0;
	return error_set(err, ERROR_CONFLICT,
	    "name \"%.128s\" looks like \"%.128s\" on line %" PRIu64
	    "; choose another name, or allow it with --similar-names warn", item->name,
	    last->name.name, last->line);
}

static int
batch_check_other_names(struct sqlite_batch *batch, const struct sqlite_stage_item *item, struct error *err)
{
	if (!batch->other_names)
		return 0;
	if (device_check_name(batch->batch.store, item->name, item->device.ek_hash, err) != 0)
		return -1;
	return sqlite_batch_check_similar(batch, item->name, item->device.ek_hash, err);
}

static int
batch_check_names(struct sqlite_batch *batch, uint64_t *faults, struct error *err)
{
	struct sqlite_stage_item item;
	struct batch_last        last = {.line = 0};
	int                      rc;

	sqlite_stage_sort(batch->stage, SQLITE_STAGE_NAMES);
	while ((rc = sqlite_stage_next(batch->stage, &item, err)) > 0) {
		int bad = batch_check_last(batch, &last, &item, err);

		if (bad == 0) {
			batch_last_keep(&last, &item);
			bad = batch_check_other_names(batch, &item, err);
		}
		if (bad != 0 && batch_fault(batch, item.line, err, faults) != 0) {
			rc = -1;
			break;
		}
		batch_step(batch);
	}
	bytes_clear(&last.skeleton);
	return rc;
}

int
sqlite_batch_ask(struct sqlite_batch *batch, const char *text, int64_t *answer, struct error *err)
{
	struct sql_statement *statement = sql_prepare(batch->batch.store, text, err);

	return statement == NULL ? -1 : sql_one_number(statement, "looking at the inventory", answer, err);
}

/*
 * What there is to compare with. What is enrolled from now on changes the revision, and is compared
 * when the batch is written.
 */
static int
batch_look(struct sqlite_batch *batch, struct error *err)
{
	int64_t devices;
	int64_t names;

	if (sqlite_batch_ask(batch, SQLITE_BATCH_REVISION, &batch->checked, err) != 0 ||
	    sqlite_batch_ask(batch, "SELECT EXISTS (SELECT 1 FROM device)", &devices, err) != 0 ||
	    sqlite_batch_ask(batch, "SELECT EXISTS (SELECT 1 FROM name)", &names, err) != 0)
		return -1;
	batch->others = devices != 0;
	batch->other_names = names != 0;
	return 0;
}

static int
batch_check(struct store_batch *head, uint64_t *faults, struct error *err)
{
	struct sqlite_batch *batch = sqlite_batch_of(head);

	*faults = 0;
	if (batch_look(batch, err) != 0 || batch_check_hashes(batch, faults, err) != 0 || batch_check_names(batch, faults, err) != 0) {
		sqlite_stage_rest(batch->stage);
		return -1;
	}
	sqlite_batch_tell(batch);
	return 0;
}

const struct store_batch_engine sqlite_batch_engine = {
    .begin = batch_begin,
    .add = batch_add,
    .add_removed = batch_add_removed,
    .check = batch_check,
    .commit = sqlite_batch_commit,
    .free = batch_free,
    .sweep = sqlite_leftover_sweep,
    .abandoned = sqlite_leftover_abandoned,
    .yield_hash = sqlite_leftover_yield_hash,
    .yield_name = sqlite_leftover_yield_name,
};
