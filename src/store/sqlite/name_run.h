/*
 * Names of many devices, sorted: neighbours in the index are written together, so
 * that its pages are written once and not once per name. Independent of SQLite.
 */
#ifndef STORE_SQLITE_NAME_RUN_H
#define STORE_SQLITE_NAME_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/bytes.h"

struct name_run_entry {
	int64_t  device;
	uint32_t text; /* its offset */
	uint32_t position;
};

/* {0} is empty. */
struct name_run {
	struct bytes texts;   /* each with its NUL */
	struct bytes entries; /* struct name_run_entry */
};

/* Approximate limit in octets; name_run_is_full tells when it is reached. */
#define NAME_RUN_MAX ((size_t)8 * 1024 * 1024)

void name_run_add(struct name_run *run, const char *name, int64_t device, uint32_t position);
bool name_run_is_full(const struct name_run *run);

/* Sorts by name, in SQLite's order of octets. */
void name_run_sort(struct name_run *run);

size_t                       name_run_count(const struct name_run *run);
const struct name_run_entry *name_run_at(const struct name_run *run, size_t index);
const char                  *name_run_text(const struct name_run *run, size_t index);

/* Makes it empty and keeps its memory; frees it. */
void name_run_reset(struct name_run *run);
void name_run_clear(struct name_run *run);

#endif
