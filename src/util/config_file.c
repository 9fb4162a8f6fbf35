/* Reads configuration files by table; knows nothing of what the options mean. */
#include "config.h"

#include "util/config_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "util/bytes.h"
#include "util/duration.h"
#include "util/error.h"

/* libconfuse gives its error callback no argument. */
static char config_message[256];

__attribute__((format(printf, 2, 0)))
static void
config_error_cb(cfg_t *cfg, const char *fmt, va_list args)
{
	int used = snprintf(config_message, sizeof config_message, "%s line %d: ",
	    cfg->filename != NULL ? cfg->filename : "configuration", cfg->line);

	if (used > 0 && (size_t)used < sizeof config_message)
		(void)vsnprintf(config_message + used, sizeof config_message - (size_t)used, fmt, args);
}

void
config_list_append(struct config_list *list, const char *text)
{
	char **texts = memory_new((list->count + 1) * sizeof *texts);

	if (list->count != 0)
		memcpy(texts, list->texts, list->count * sizeof *texts);
	texts[list->count] = memory_strdup(text);
	free(list->texts);
	list->texts = texts;
	list->count++;
}

void
config_list_clear(struct config_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->texts[i]);
	free(list->texts);
	*list = (struct config_list){0};
}

static void *
config_field(const struct config_row *row, void *settings)
{
	return (char *)settings + row->offset;
}

static int
config_number(const char *text, int64_t *number, struct error *err)
{
	char *end = NULL;

	errno = 0;
	*number = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == ' ')
		return error_set(err, ERROR_MALFORMED, "\"%.32s\" is no number", text);
	return 0;
}

static int
config_quantity(const struct config_row *row, const char *text, int64_t *value, struct error *err)
{
	if (row->kind == CONFIG_DURATION)
		return duration_parse(text, value, err);
	return config_number(text, value, err);
}

static int
config_take_quantity(const struct config_row *row, const char *text, int64_t *field,
    struct error *err)
{
	int64_t least = 0;
	int64_t most = 0;

	if (config_quantity(row, text, field, err) != 0 ||
	    config_quantity(row, row->least, &least, err) != 0 ||
	    config_quantity(row, row->most, &most, err) != 0)
		return error_wrap(err, "%s", row->name);
	if (*field < least || *field > most)
		return error_set(err, ERROR_MALFORMED, "%s must lie between %s and %s", row->name,
		    row->least, row->most);
	return 0;
}

static int
config_take_flag(const struct config_row *row, const char *text, bool *field, struct error *err)
{
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return error_set(err, ERROR_MALFORMED, "%s is true or false, not \"%.32s\"", row->name,
		    text);
	*field = text[0] == 't';
	return 0;
}

/* One value of the row, from the file or its default; NULL when there is neither. */
static int
config_take(const struct config_row *row, cfg_t *file, void *settings, struct error *err)
{
	void       *field = config_field(row, settings);
	const char *text = file != NULL && row->kind != CONFIG_LIST ? cfg_getstr(file, row->name) : NULL;

	if (text == NULL)
		text = row->value;
	switch (row->kind) {
	case CONFIG_TEXT:
		if (*(char **)field == NULL && text != NULL)
			*(char **)field = memory_strdup(text);
		return 0;
	case CONFIG_NUMBER:
	case CONFIG_DURATION:
		return *(int64_t *)field != 0 || text == NULL
		    ? 0
		    : config_take_quantity(row, text, field, err);
	case CONFIG_FLAG:
		return config_take_flag(row, text, field, err);
	case CONFIG_LIST:
		break;
	}
	if (((struct config_list *)field)->count != 0)
		return 0;
	/* A list that is written down empty is empty. */
	if (file != NULL && (cfg_getopt(file, row->name)->flags & CFGF_MODIFIED) != 0) {
		for (unsigned i = 0; i < cfg_size(file, row->name); i++)
			config_list_append(field, cfg_getnstr(file, row->name, i));
	} else if (text != NULL) {
		config_list_append(field, text);
	}
	return 0;
}

static int
config_take_all(const struct config_row *rows, size_t count, cfg_t *file, void *settings,
    struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		if (config_take(&rows[i], file, settings, err) != 0)
			return -1;
	}
	return 0;
}

static int
config_parse(const struct config_row *rows, size_t count, cfg_t *file, const char *path,
    void *settings, struct error *err)
{
	(void)cfg_set_error_function(file, config_error_cb);
	config_message[0] = '\0';
	switch (cfg_parse(file, path)) {
	case CFG_SUCCESS:
		if (config_take_all(rows, count, file, settings, err) != 0)
			return error_wrap(err, "%s", path);
		return 0;
	case CFG_FILE_ERROR:
		return error_set_errno(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL,
		    "opening %s", path);
	default:
		return error_set(err, ERROR_MALFORMED, "%s", config_message);
	}
}

int
config_file_complete(const struct config_row *rows, size_t count, const char *path,
    void *settings, struct error *err)
{
	cfg_opt_t options[CONFIG_ROWS_MAX + 1];
	cfg_t    *file;
	int       rc;

	if (path == NULL)
		return config_take_all(rows, count, NULL, settings, err);
	if (count > CONFIG_ROWS_MAX)
		return error_set(err, ERROR_INTERNAL, "more than %d options", CONFIG_ROWS_MAX);
	for (size_t i = 0; i < count; i++) {
		options[i] = rows[i].kind == CONFIG_LIST
		    ? (cfg_opt_t)CFG_STR_LIST(rows[i].name, NULL, CFGF_NONE)
		    : (cfg_opt_t)CFG_STR(rows[i].name, NULL, CFGF_NONE);
	}
	options[count] = (cfg_opt_t)CFG_END();
	if ((file = cfg_init(options, CFGF_NONE)) == NULL)
		return error_set(err, ERROR_INTERNAL, "preparing to read %s", path);
	rc = config_parse(rows, count, file, path, settings, err);
	cfg_free(file);
	return rc;
}

void
config_file_clear(const struct config_row *rows, size_t count, void *settings)
{
	for (size_t i = 0; i < count; i++) {
		void *field = config_field(&rows[i], settings);

		if (rows[i].kind == CONFIG_TEXT) {
			free(*(char **)field);
			*(char **)field = NULL;
		} else if (rows[i].kind == CONFIG_LIST) {
			config_list_clear(field);
		}
	}
}
