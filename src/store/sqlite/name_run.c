/* Names in memory, sorted. */
#include "config.h"

#include "store/sqlite/name_run.h"

#include <stdlib.h>
#include <string.h>

void
name_run_add(struct name_run *run, const char *name, int64_t device, uint32_t position)
{
	struct name_run_entry entry = {device, (uint32_t)run->texts.size, position};

	bytes_append(&run->texts, name, strlen(name) + 1);
	bytes_append(&run->entries, &entry, sizeof entry);
}

bool
name_run_is_full(const struct name_run *run)
{
	return run->texts.size + run->entries.size >= NAME_RUN_MAX;
}

static int
name_run_compare_cb(const void *a, const void *b, void *texts)
{
	const struct name_run_entry *left = a;
	const struct name_run_entry *right = b;

	return strcmp((const char *)texts + left->text, (const char *)texts + right->text);
}

void
name_run_sort(struct name_run *run)
{
	if (run->entries.size != 0)
		qsort_r(run->entries.data, name_run_count(run), sizeof(struct name_run_entry),
		    name_run_compare_cb, run->texts.data);
}

size_t
name_run_count(const struct name_run *run)
{
	return run->entries.size / sizeof(struct name_run_entry);
}

const struct name_run_entry *
name_run_at(const struct name_run *run, size_t index)
{
	return (const struct name_run_entry *)(const void *)run->entries.data + index;
}

const char *
name_run_text(const struct name_run *run, size_t index)
{
	return (const char *)run->texts.data + name_run_at(run, index)->text;
}

void
name_run_reset(struct name_run *run)
{
	run->texts.size = 0;
	run->entries.size = 0;
}

void
name_run_clear(struct name_run *run)
{
	bytes_clear(&run->texts);
	bytes_clear(&run->entries);
}
