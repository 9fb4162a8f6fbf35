/* The engine's part of imports. Private to batch.c and engines. */
#ifndef STORE_INVENTORY_BATCH_ENGINE_H
#define STORE_INVENTORY_BATCH_ENGINE_H

#include "store/inventory/batch.h"

/* First member of the engine's struct of a batch. */
struct store_batch {
	struct store            *store;
	struct store_batch_watch watch;
	uint64_t                 count; /* devices added */
	uint64_t                 removed; /* tombstones added */
	uint64_t                 units; /* devices, names and tombstones added */
};

/* As store_batch_begin and so on in batch.h. */
struct store_batch_engine {
	int (*begin)(struct store *store, struct store_batch **out, struct error *err);
	int (*add)(struct store_batch *batch, const struct store_device *device, uint64_t line,
	    struct error *err);
	int (*add_removed)(struct store_batch *batch, const struct store_removed *removed, uint64_t line,
	    struct error *err);
	int (*check)(struct store_batch *batch, uint64_t *faults, struct error *err);
	int (*commit)(struct store_batch *batch, const char *source, int64_t now, struct error *err);
	void (*free)(struct store_batch *batch);

	/* NULL for an engine whose imports leave nothing behind and reserve nothing. */
	int (*sweep)(struct store *store, bool *more, struct error *err);
	int (*abandoned)(struct store *store, bool *abandoned, struct error *err);
	int (*yield_hash)(struct store *store, const uint8_t *ek_hash, struct error *err);
	int (*yield_name)(struct store *store, const char *name, struct error *err);
};

#endif
