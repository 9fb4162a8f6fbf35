/* Owns what the file said at the start; takes no setting. */
#include "config.h"

#include "service/reread.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

struct reread {
	const struct config_schema *schema;
	size_t                      size;
	const char                 *path;
	char                       *values[CONFIG_ROWS_MAX]; /* row by row, as text */
};

/* The value of a row as text, the caller's; equal values have equal texts. */
static char *
reread_text(const struct config_row *row, const void *settings)
{
	const void *field = (const char *)settings + row->offset;
	AUTO_BYTES  text = {0};
	char        number[24];

	if (row->kind == CONFIG_TEXT)
		return memory_strdup(*(char *const *)field != NULL ? *(char *const *)field : "");
	if (row->kind == CONFIG_LIST) {
		const struct config_list *list = field;

		for (size_t i = 0; i < list->count; i++) {
			bytes_append(&text, list->texts[i], strlen(list->texts[i]));
			bytes_append_u8(&text, '\n');
		}
		bytes_append_u8(&text, '\0');
		return memory_strdup((const char *)text.data);
	}
	(void)snprintf(number, sizeof number, "%" PRId64,
	    row->kind == CONFIG_FLAG ? (int64_t)*(const bool *)field : *(const int64_t *)field);
	return memory_strdup(number);
}

/* Reads the file alone: what the command line says holds in any case. */
static int
reread_values(const struct config_schema *schema, size_t size, const char *path,
    char *values[CONFIG_ROWS_MAX], struct error *err)
{
	/* Without the rules between settings, of which the command line may have the other half. */
	struct config_schema rows = {.rows = schema->rows, .count = schema->count};
	AUTO_FREE void      *settings = memory_new(size);
	int                  rc = config_file_complete(&rows, path, settings, err);

	for (size_t i = 0; rc == 0 && i < schema->count; i++)
		values[i] = reread_text(&schema->rows[i], settings);
	config_file_clear(schema, settings);
	return rc;
}

struct reread *
reread_new(const struct config_schema *schema, size_t size, const char *path)
{
	struct reread *reread;
	struct error   ignored;

	if (path == NULL)
		return NULL;
	reread = memory_new(sizeof *reread);
	*reread = (struct reread){.schema = schema, .size = size, .path = path};
	if (reread_values(schema, size, path, reread->values, &ignored) == 0)
		return reread;
	reread_free(reread);
	return NULL;
}

void
reread_free(struct reread *reread)
{
	if (reread == NULL)
		return;
	for (size_t i = 0; i < CONFIG_ROWS_MAX; i++)
		free(reread->values[i]);
	free(reread);
}

int
reread_changed(const struct reread *reread, char *names, size_t size, struct error *err)
{
	char  *now[CONFIG_ROWS_MAX] = {NULL};
	size_t used = 0;

	names[0] = '\0';
	if (reread == NULL)
		return 0;
	if (reread_values(reread->schema, reread->size, reread->path, now, err) != 0)
		return -1;
	for (size_t i = 0; i < reread->schema->count; i++) {
		if (strcmp(now[i], reread->values[i]) != 0 && used < size)
			used += (size_t)snprintf(names + used, size - used, "%s%s", used != 0 ? ", " : "",
			    reread->schema->rows[i].name);
		free(now[i]);
	}
	return 0;
}
