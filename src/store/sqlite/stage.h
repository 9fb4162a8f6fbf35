/*
 * The staging area of an import: a temporary file that returns the devices sorted.
 * Private to store/.
 */
#ifndef STORE_SQLITE_STAGE_H
#define STORE_SQLITE_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/inventory/device.h"
#include "store/inventory/removed.h"

struct error;
struct sqlite_stage;

/* Opens an empty one, in the directory for temporary files; nothing of it outlives the process. */
int  sqlite_stage_open(struct sqlite_stage **out, struct error *err);
void sqlite_stage_close(struct sqlite_stage *stage);

int sqlite_stage_add(struct sqlite_stage *stage, const struct store_device *device,
    uint64_t line, struct error *err);

int sqlite_stage_add_removed(struct sqlite_stage *stage, const struct store_removed *removed,
    uint64_t line, struct error *err);

/*
 * One walk at a time: sqlite_stage_sort begins it, sqlite_stage_next returns 1 with
 * the next, 0 at the end, which ends it, or -1; sqlite_stage_rest ends it early.
 */
enum sqlite_stage_order {
	SQLITE_STAGE_HASHES,  /* hash and line, of tombstones too, by hash and line */
	SQLITE_STAGE_NAMES,   /* name, its skeleton, hash and line, by skeleton, name and line */
	SQLITE_STAGE_DEVICES, /* whole devices, by hash */
	SQLITE_STAGE_REMOVED, /* tombstones, by hash */
	SQLITE_STAGE_ORDERS
};

/* The current item, valid until the next is read. */
struct sqlite_stage_item {
	uint64_t            line;
	const char         *name;     /* these two of NAMES */
	const char         *skeleton;
	struct store_device device; /* for HASHES and NAMES only its hash */
	struct store_removed removed; /* of REMOVED */
};

void sqlite_stage_sort(struct sqlite_stage *stage, enum sqlite_stage_order order);
int  sqlite_stage_next(struct sqlite_stage *stage, struct sqlite_stage_item *item, struct error *err);
void sqlite_stage_rest(struct sqlite_stage *stage);

#endif
