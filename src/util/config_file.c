/* Reads configuration files by a table of options; does not know what the options mean. */
#include "config.h"

#include "util/config_file.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <confuse.h>

#include "util/bytes.h"
#include "util/config_scan.h"
#include "util/duration.h"
#include "util/error.h"
#include "util/file.h"

#define CONFIG_FILE_MAX ((size_t)1024 * 1024)

/* A variable, because libconfuse passes no argument to its error callback. */
static const char *config_path;
static char        config_message[256];

/* A file that has been read, and the line of each row's value in it; 0: it says nothing of that
 * row. */
struct config_source {
	const struct config_schema *schema;
	const char                 *path; /* NULL: there is no file */
	cfg_t                      *file;
	unsigned                    lines[CONFIG_ROWS_MAX];
	struct error               *err;
};

__attribute__((format(printf, 2, 0)))
static void
config_error_cb(cfg_t *cfg, const char *fmt, va_list args)
{
	int used = snprintf(config_message, sizeof config_message, "%s line %d: ", config_path,
	    cfg->line);

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
	if (row->kind != CONFIG_DURATION)
		return config_number(text, value, err);
	if (strcmp(text, "0s") != 0)
		return duration_parse(text, value, err);
	*value = 0; /* none at all: the bounds say whether it may be */
	return 0;
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

/* The default of a list, its items separated by ", ". */
static void
config_take_items(const char *text, struct config_list *list)
{
	AUTO_FREE char *items = memory_strdup(text);
	char           *rest = NULL;

	for (char *item = strtok_r(items, ", ", &rest); item != NULL; item = strtok_r(NULL, ", ", &rest))
		config_list_append(list, item);
}

/* An empty list in the file stays empty: no default. */
static void
config_take_list(const struct config_row *row, cfg_t *file, struct config_list *list)
{
	if (list->count != 0)
		return;
	if (file != NULL && (cfg_getopt(file, row->name)->flags & CFGF_MODIFIED) != 0) {
		for (unsigned i = 0; i < cfg_size(file, row->name); i++)
			config_list_append(list, cfg_getnstr(file, row->name, i));
	} else if (row->value != NULL) {
		config_take_items(row->value, list);
	}
}

/* One value of the row, from the file or its default; nothing when there is neither. */
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
		break;
	case CONFIG_NUMBER:
	case CONFIG_DURATION:
		return *(int64_t *)field != 0 || text == NULL
		    ? 0
		    : config_take_quantity(row, text, field, err);
	case CONFIG_FLAG:
		return config_take_flag(row, text, field, err);
	case CONFIG_LIST:
		config_take_list(row, file, field);
		break;
	}
	return 0;
}

/* Names file and line of a row; where there is none, the file. Returns -1. */
static int
config_blame(const struct config_source *source, unsigned line)
{
	if (source->path == NULL)
		return -1;
	if (line == 0)
		return error_wrap(source->err, "%s", source->path);
	return error_wrap(source->err, "%s line %u", source->path, line);
}

/* The line of the setting that a detail begins with; 0 when it begins with none. */
static unsigned
config_line_of(const struct config_source *source, const char *detail)
{
	size_t length = strcspn(detail, ": ");

	for (size_t i = 0; i < source->schema->count; i++) {
		const char *name = source->schema->rows[i].name;

		if (strlen(name) == length && strncmp(name, detail, length) == 0)
			return source->lines[i];
	}
	return 0;
}

static int
config_take_all(const struct config_source *source, void *settings)
{
	const struct config_schema *schema = source->schema;

	for (size_t i = 0; i < schema->count; i++) {
		if (config_take(&schema->rows[i], source->file, settings, source->err) != 0)
			return config_blame(source, source->lines[i]);
	}
	if (schema->check != NULL && schema->check(settings, source->err) != 0)
		return config_blame(source, config_line_of(source, source->err->detail));
	return 0;
}

/* Notes the line of a value, and refuses a text without quotes: a "#" or a blank would cut it. */
static int
config_note(const struct config_word *word, void *arg)
{
	struct config_source *source = arg;
	int                   shown = word->text.size < 64 ? (int)word->text.size : 64;

	for (size_t i = 0; i < source->schema->count; i++) {
		const struct config_row *row = &source->schema->rows[i];

		if (!view_equal(word->name,
		        (struct view){(const uint8_t *)row->name, strlen(row->name)}))
			continue;
		source->lines[i] = word->line;
		if (!word->quoted && (row->kind == CONFIG_TEXT || row->kind == CONFIG_LIST))
			return error_set(source->err, ERROR_MALFORMED,
			    "%s line %u: %s: put the value in double quotes: \"%.*s\"", source->path, word->line,
			    row->name, shown, (const char *)word->text.data);
		break;
	}
	return 0;
}

static int
config_parse(struct config_source *source, void *settings)
{
	AUTO_BYTES text = {0};

	if (file_read(source->path, CONFIG_FILE_MAX, &text, source->err) != 0)
		return -1;
	if (text.size != 0 && memchr(text.data, '\0', text.size) != NULL)
		return error_set(source->err, ERROR_MALFORMED, "%s: it is no text: it has NUL octets",
		    source->path);
	config_scan_blank_comments(&text); /* libconfuse counts the line of a comment three times */
	bytes_append_u8(&text, '\0');
	(void)cfg_set_error_function(source->file, config_error_cb);
	config_path = source->path;
	config_message[0] = '\0';
	if (cfg_parse_buf(source->file, (const char *)text.data) != CFG_SUCCESS) {
		/* libconfuse refuses some texts without a word, an empty name among them. */
		if (config_message[0] == '\0')
			return error_set(source->err, ERROR_MALFORMED, "%s line %d: the name of a setting is expected",
			    source->path, source->file->line);
		return error_set(source->err, ERROR_MALFORMED, "%s", config_message);
	}
	if (config_scan((struct view){text.data, text.size - 1}, config_note, source) != 0)
		return -1;
	return config_take_all(source, settings);
}

int
config_file_complete(const struct config_schema *schema, const char *path, void *settings,
    struct error *err)
{
	struct config_source source = {.schema = schema, .path = path, .err = err};
	cfg_opt_t            options[CONFIG_ROWS_MAX + 1];
	int                  rc;

	assert(schema->count <= CONFIG_ROWS_MAX);
	if (path == NULL)
		return config_take_all(&source, settings);
	for (size_t i = 0; i < schema->count; i++) {
		options[i] = schema->rows[i].kind == CONFIG_LIST
		    ? (cfg_opt_t)CFG_STR_LIST(schema->rows[i].name, NULL, CFGF_NONE)
		    : (cfg_opt_t)CFG_STR(schema->rows[i].name, NULL, CFGF_NONE);
	}
	options[schema->count] = (cfg_opt_t)CFG_END();
	source.file = memory_check(cfg_init(options, CFGF_NONE));
	rc = config_parse(&source, settings);
	cfg_free(source.file);
	return rc;
}

void
config_file_clear(const struct config_schema *schema, void *settings)
{
	for (size_t i = 0; i < schema->count; i++) {
		void *field = config_field(&schema->rows[i], settings);

		if (schema->rows[i].kind == CONFIG_TEXT) {
			free(*(char **)field);
			*(char **)field = NULL;
		} else if (schema->rows[i].kind == CONFIG_LIST) {
			config_list_clear(field);
		}
	}
}
