/*
 * Names of many devices on their way into or out of the store, in order: names that
 * are neighbours in the index go together, and its pages are written once and not
 * once for each. Knows nothing of SQLite.
 */
#ifndef STORE_SQLITE_NAME_RUN_H
#define STORE_SQLITE_NAME_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct name_run_entry {
	int64_t  device;
	uint32_t text; /* where it begins */
	uint32_t position;
};

/* {0} is the empty one. */
struct name_run {
	struct bytes texts;   /* each with its NUL */
	struct bytes entries; /* struct name_run_entry */
};

/* How many octets one may grow to, about; name_run_is_full says that it has. */
#define NAME_RUN_MAX ((size_t)8 * 1024 * 1024)

void name_run_add(struct name_run *run, const char *name, int64_t device, uint32_t position);
bool name_run_is_full(const struct name_run *run);

/* By name, as SQLite orders octets. */
void name_run_sort(struct name_run *run);

size_t                       name_run_count(const struct name_run *run);
const struct name_run_entry *name_run_at(const struct name_run *run, size_t index);
const char                  *name_run_text(const struct name_run *run, size_t index);

/* Makes it empty and keeps its memory; frees it. */
void name_run_reset(struct name_run *run);
void name_run_clear(struct name_run *run);

#endif
