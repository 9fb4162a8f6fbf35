/* The engine-independent part of imports: checks of single devices, and counting. */
#include "config.h"

#include "store/inventory/batch.h"

#include "store/inventory/batch_engine.h"
#include "store/inventory/device_check.h"
#include "store/inventory/name_check.h"
#include "store/inventory/rows.h"

int
store_batch_begin(struct store *store, const struct store_batch_watch *watch,
    struct store_batch **out, struct error *err)
{
	if (sql_batch_engine(store)->begin(store, out, err) != 0)
		return -1;
	**out = (struct store_batch){.store = store, .watch = *watch};
	return 0;
}

int
store_batch_add(struct store_batch *batch, const struct store_device *device, uint64_t line,
    struct error *err)
{
	if (store_device_check(device, err) != 0)
		return -1;
	for (size_t i = 0; i < device->name_count; i++)
		if (name_check_visible(device->names[i], err) != 0)
			return -1;
	if (sql_batch_engine(batch->store)->add(batch, device, line, err) != 0)
		return -1;
	batch->count++;
	batch->units += 1 + device->name_count;
	return 0;
}

int
store_batch_add_removed(struct store_batch *batch, const struct store_removed *removed,
    uint64_t line, struct error *err)
{
	if (store_removed_check(removed, err) != 0 ||
	    sql_batch_engine(batch->store)->add_removed(batch, removed, line, err) != 0)
		return -1;
	batch->removed++;
	batch->units++;
	return 0;
}

int
store_batch_check(struct store_batch *batch, uint64_t *faults, struct error *err)
{
	return sql_batch_engine(batch->store)->check(batch, faults, err);
}

int
store_batch_commit(struct store_batch *batch, const char *source, int64_t now, struct error *err)
{
	return sql_batch_engine(batch->store)->commit(batch, source, now, err);
}

uint64_t
store_batch_count(const struct store_batch *batch)
{
	return batch->count;
}

uint64_t
store_batch_removed(const struct store_batch *batch)
{
	return batch->removed;
}

uint64_t
store_batch_units(const struct store_batch *batch)
{
	return batch->units;
}

void
store_batch_free(struct store_batch *batch)
{
	if (batch != NULL)
		sql_batch_engine(batch->store)->free(batch);
}

int
store_batch_sweep(struct store *store, bool *more, struct error *err)
{
	const struct store_batch_engine *engine = sql_batch_engine(store);

	*more = false;
	return engine->sweep != NULL ? engine->sweep(store, more, err) : 0;
}

int
store_batch_abandoned(struct store *store, bool *abandoned, struct error *err)
{
	const struct store_batch_engine *engine = sql_batch_engine(store);

	*abandoned = false;
	return engine->abandoned != NULL ? engine->abandoned(store, abandoned, err) : 0;
}

int
batch_yield_hash(struct store *store, const uint8_t *ek_hash, struct error *err)
{
	const struct store_batch_engine *engine = sql_batch_engine(store);

	return engine->yield_hash != NULL ? engine->yield_hash(store, ek_hash, err) : 0;
}

int
batch_yield_name(struct store *store, const char *name, struct error *err)
{
	const struct store_batch_engine *engine = sql_batch_engine(store);

	return engine->yield_name != NULL ? engine->yield_name(store, name, err) : 0;
}
