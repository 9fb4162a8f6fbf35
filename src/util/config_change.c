/* Owns the comparison of settings; knows no setting. */
#include "config.h"

#include "util/config_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"

_Static_assert(CONFIG_ROWS_MAX <= 64, "each row has a bit");

/* Where a text row has its value. */
static char *const *
text_of(const struct config_row *row, const void *settings)
{
	return (char *const *)(const void *)((const char *)settings + row->offset);
}

static const struct config_list *
list_of(const struct config_row *row, const void *settings)
{
	return (const void *)((const char *)settings + row->offset);
}

/* Octets of the kinds that own nothing. */
static size_t
value_size(const struct config_row *row)
{
	return row->kind == CONFIG_FLAG ? sizeof(bool) : sizeof(int64_t);
}

bool
config_list_equal(const struct config_list *a, const struct config_list *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (strcmp(a->texts[i], b->texts[i]) != 0)
			return false;
	}
	return true;
}

static bool
row_equal(const struct config_row *row, const void *a, const void *b)
{
	const char *one;
	const char *other;

	switch (row->kind) {
	case CONFIG_TEXT:
		one = *text_of(row, a);
		other = *text_of(row, b);
		return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
	case CONFIG_LIST:
		return config_list_equal(list_of(row, a), list_of(row, b));
	case CONFIG_NUMBER:
	case CONFIG_DURATION:
	case CONFIG_FLAG:
		break;
	}
	return memcmp((const char *)a + row->offset, (const char *)b + row->offset, value_size(row)) == 0;
}

/* Gives `to` a copy of the value in `from`, without regard to what `to` has. */
static void
row_copy(const struct config_row *row, const void *from, void *to)
{
	void                     *field = (char *)to + row->offset;
	const struct config_list *list;

	switch (row->kind) {
	case CONFIG_TEXT:
		*(char **)field = *text_of(row, from) != NULL ? memory_strdup(*text_of(row, from)) : NULL;
		break;
	case CONFIG_LIST:
		list = list_of(row, from);
		*(struct config_list *)field = (struct config_list){0};
		for (size_t i = 0; i < list->count; i++)
			config_list_append(field, list->texts[i]);
		break;
	case CONFIG_NUMBER:
	case CONFIG_DURATION:
	case CONFIG_FLAG:
		memcpy(field, (const char *)from + row->offset, value_size(row));
		break;
	}
}

/* The same, and frees what `to` has. */
static void
row_replace(const struct config_row *row, const void *from, void *to)
{
	const struct config_schema one = {.rows = row, .count = 1};

	config_file_clear(&one, to);
	row_copy(row, from, to);
}

void
config_copy(const struct config_schema *schema, size_t size, const void *from, void *to)
{
	memcpy(to, from, size);
	for (size_t i = 0; i < schema->count; i++)
		row_copy(&schema->rows[i], from, to);
}

/* True when the new value of a row that differs is not for a program that runs. */
static bool
row_waits(const struct config_row *row, const void *running, const void *fresh)
{
	switch (row->reload) {
	case CONFIG_RELOAD:
		return false;
	case CONFIG_RELOAD_VALUE:
		return row->kind != CONFIG_TEXT ||
		    (*text_of(row, running) == NULL) != (*text_of(row, fresh) == NULL);
	case CONFIG_RESTART:
		break;
	}
	return true;
}

void
config_take_over(const struct config_schema *schema, const void *running, void *fresh,
    struct config_changes *changes)
{
	*changes = (struct config_changes){0};
	for (size_t i = 0; i < schema->count; i++) {
		const struct config_row *row = &schema->rows[i];

		if (row_equal(row, running, fresh))
			continue;
		if (row_waits(row, running, fresh)) {
			changes->waiting |= UINT64_C(1) << i;
			row_replace(row, running, fresh);
		} else {
			changes->taken |= UINT64_C(1) << i;
		}
	}
}

void
config_names(const struct config_schema *schema, uint64_t rows, char *names, size_t size)
{
	size_t used = 0;

	names[0] = '\0';
	for (size_t i = 0; i < schema->count && used < size; i++) {
		if ((rows >> i & 1) != 0)
			used += (size_t)snprintf(names + used, size - used, "%s%s", used != 0 ? ", " : "",
			    schema->rows[i].name);
	}
}
