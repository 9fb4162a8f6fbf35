/*
 * Devices as JSON lines: an object each, {"ek_hash": "…", "name": ["…", …], "note": "…",
 * "tags": ["…", …], "enabled": true}. A single name may be a string instead of an array,
 * and "names" is accepted for "name"; null counts as missing.
 */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "admin/fleet/device_file.h"
#include "command/print.h"
#include "store/hash.h"
#include "store/inventory/device.h"
#include "util/ek_hash.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/json_depth.h"

#define JSONL_LINE_MAX ((size_t)64 * 1024)
#define JSONL_DEPTH    2

static int
jsonl_open(struct device_file *file, struct error *err)
{
	(void)file;
	(void)err;
	return 0;
}

/* Reads a line without its end and skips what does not fit. 1, 0 at the end, -1. */
static int
jsonl_read_line(struct device_file *file, struct error *err)
{
	size_t size = 0;
	int    c;

	file->text.size = 0;
	while ((c = getc_unlocked(file->in)) != EOF && c != '\n')
		if (++size <= JSONL_LINE_MAX)
			bytes_append_u8(&file->text, (uint8_t)c);
	if (ferror(file->in) != 0)
		return error_set_errno(err, ERROR_INTERNAL, "reading");
	if (c == EOF && size == 0)
		return 0;
	file->line = ++file->lines;
	if (size > JSONL_LINE_MAX)
		return error_set(err, ERROR_MALFORMED, "longer than 64 KiB");
	return 1;
}

static struct view
jsonl_trim(const struct device_file *file)
{
	struct view line = bytes_view(&file->text);

	if (file->line == 1 && line.size >= 3 && memcmp(line.data, "\xef\xbb\xbf", 3) == 0)
		line = (struct view){line.data + 3, line.size - 3};
	while (line.size != 0 && strchr(" \t\r", line.data[line.size - 1]) != NULL &&
	    line.data[line.size - 1] != '\0')
		line.size--;
	return line;
}

/* Reads the next line that is not blank. */
static int
jsonl_next(struct device_file *file, struct view *line, struct error *err)
{
	int rc;

	do {
		rc = jsonl_read_line(file, err);
		if (rc <= 0)
			return rc;
		*line = jsonl_trim(file);
	} while (line->size == 0);
	return 1;
}

static int
jsonl_parse(struct device_file *file, struct view line, struct error *err)
{
	json_error_t why;

	json_decref(file->object);
	file->object = NULL;
	if (memchr(line.data, '\0', line.size) != NULL)
		return error_set(err, ERROR_MALFORMED,
		    "a NUL octet; if the file is UTF-16, save it as UTF-8");
	/* jansson recurses as deep as the text nests. */
	if (json_depth_exceeds(line, JSONL_DEPTH))
		return error_set(err, ERROR_MALFORMED, "JSON deeper than %d brackets", JSONL_DEPTH);
	file->object =
	    json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
	if (file->object == NULL)
		return error_set(err, ERROR_MALFORMED, "not JSON: column %d: %s", why.column, why.text);
	if (!json_is_object(file->object))
		return error_set(err, ERROR_MALFORMED, "not a JSON object");
	return 0;
}

static int
jsonl_read_text(const json_t *value, const char *key, const char **text, struct error *err)
{
	if (!json_is_string(value))
		return error_set(err, ERROR_MALFORMED, "\"%s\" is not a string", key);
	if (strlen(json_string_value(value)) != json_string_length(value))
		return error_set(err, ERROR_MALFORMED, "\"%s\" holds a NUL", key);
	*text = json_string_value(value);
	return 0;
}

/* Reads an array of strings, or one string if `single`. Beyond the maximum it keeps one, so that
 * the store refuses the device. */
static int
jsonl_read_list(const json_t *value, const char *key, bool single, char **texts, size_t max,
    size_t *count, struct error *err)
{
	const char   *text = NULL;
	const json_t *item;
	size_t        index;

	if (single && json_is_string(value)) {
		if (jsonl_read_text(value, key, &text, err) != 0)
			return -1;
		texts[0] = (char *)(uintptr_t)text;
		*count = 1;
		return 0;
	}
	if (!json_is_array(value))
		return error_set(err, ERROR_MALFORMED, "\"%s\" is not an array of strings", key);
	json_array_foreach (value, index, item) {
		if (jsonl_read_text(item, key, &text, err) != 0)
			return -1;
		if (index < max) {
			texts[index] = (char *)(uintptr_t)text;
			*count = index + 1;
		}
	}
	return 0;
}

static int
jsonl_read_hash(const json_t *value, struct store_device *device, struct error *err)
{
	const char    *text = NULL;
	struct ek_hash hash;

	if (jsonl_read_text(value, "ek_hash", &text, err) != 0 || ek_hash_parse(text, &hash, err) != 0)
		return -1;
	memcpy(device->ek_hash, hash.bytes, STORE_HASH_SIZE);
	return 0;
}

#define JSONL_WORD(name, ...)   #name ", "
#define JSONL_FORMAT(name, ...) "s:s, "
#define JSONL_PAIR(name, ...)   #name, device->name,

static const char *const jsonl_removed[] = {"removed", "removed_by", "removed_reason"};

static int
jsonl_read_field(struct device_file *file, const char *key, const json_t *value,
    struct store_device *device, struct error *err)
{
	const char *text = NULL;

	if (strcmp(key, "ek_hash") == 0)
		return jsonl_read_hash(value, device, err);
	if (strcmp(key, "name") == 0 || strcmp(key, "names") == 0) {
		if (device->name_count != 0)
			return error_set(err, ERROR_MALFORMED, "both \"name\" and \"names\"");
		return jsonl_read_list(value, key, true, file->names, STORE_DEVICE_NAMES_MAX + 1,
		    &device->name_count, err);
	}
	if (strcmp(key, "tags") == 0)
		return jsonl_read_list(value, key, false, file->tags, STORE_DEVICE_TAGS_MAX + 1,
		    &device->tag_count, err);
#define X(name, ...)                                                                          \
	if (strcmp(key, #name) == 0) {                                                        \
		if (jsonl_read_text(value, key, &text, err) != 0)                             \
			return -1;                                                            \
		device->name = (char *)(uintptr_t)text;                                       \
		return 0;                                                                     \
	}
	DEVICE_TEXTS(X)
#undef X
	if (strcmp(key, "enabled") == 0) {
		if (!json_is_boolean(value))
			return error_set(err, ERROR_MALFORMED, "\"enabled\" is not true or false");
		device->enabled = json_is_true(value);
		return 0;
	}
	for (size_t i = 0; i < sizeof jsonl_removed / sizeof jsonl_removed[0]; i++)
		if (strcmp(key, jsonl_removed[i]) == 0)
			return jsonl_read_text(value, key, &file->removed_texts[i], err);
	return error_set(err, ERROR_MALFORMED,
	    "there is no field \"%.80s\"; there are ek_hash, name, " DEVICE_TEXTS(JSONL_WORD)
	    "tags, enabled, removed, removed_by and removed_reason", key);
}

static int
jsonl_read(struct device_file *file, struct store_device *device, struct error *err)
{
	struct view line = {0};
	const char *key;
	json_t     *value;
	bool        found = false;
	int         rc = jsonl_next(file, &line, err);

	if (rc <= 0)
		return rc;
	if (jsonl_parse(file, line, err) != 0)
		return -1;
	json_object_foreach (file->object, key, value) {
		if (!json_is_null(value) && jsonl_read_field(file, key, value, device, err) != 0)
			return -1;
		found = found || (strcmp(key, "ek_hash") == 0 && !json_is_null(value));
	}
	return found ? 1 : error_set(err, ERROR_MALFORMED, "there is no \"ek_hash\"");
}

static void
jsonl_begin(FILE *out, bool removed)
{
	(void)out;
	(void)removed;
}

/* Adds a text to a list; without one, or if it is not UTF-8, there is none any more: NULL. */
static json_t *
jsonl_add(json_t *list, const char *text)
{
	if (list == NULL || json_array_append_new(list, json_string(text)) == 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *
jsonl_list(char *const *texts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		list = jsonl_add(list, texts[i]);
	return list;
}

/* A terminal gets ASCII, so that nothing controls it. */
static size_t
jsonl_flags(FILE *out)
{
	return isatty(fileno(out)) == 1 ? JSON_ENSURE_ASCII : 0;
}

/* Frees the object; false when there is none, as a text was not UTF-8. */
static bool
jsonl_write_line(FILE *out, json_t *object)
{
	if (object == NULL)
		return false;
	(void)json_dumpf(object, out, JSON_COMPACT | jsonl_flags(out));
	(void)putc_unlocked('\n', out);
	json_decref(object);
	return true;
}

static bool
jsonl_write(FILE *out, const struct store_device *device, bool removed)
{
	char hash[STORE_HASH_TEXT_SIZE];

	(void)removed;
	store_hash_format(device->ek_hash, hash);
	return jsonl_write_line(out, json_pack("{s:s, s:o, " DEVICE_TEXTS(JSONL_FORMAT) "s:o, s:b}", "ek_hash", hash,
	    "name", jsonl_list(device->names, device->name_count), DEVICE_TEXTS(JSONL_PAIR)
	    "tags", jsonl_list(device->tags, device->tag_count), "enabled", device->enabled));
}

/* Lines as an array: an empty one at the end stands for those that did not fit. */
static json_t *
jsonl_lines(const char *text)
{
	AUTO_FREE char *copy = memory_strdup(text);
	char           *rest = *copy != '\0' ? copy : NULL;
	char           *line;
	json_t         *list = json_array();

	while ((line = strsep(&rest, "\n")) != NULL)
		list = jsonl_add(list, line);
	return list;
}

static bool
jsonl_write_removed(FILE *out, const struct store_removed *removed)
{
	char hash[STORE_HASH_TEXT_SIZE];
	char when[CLOCK_TEXT_SIZE];

	store_hash_format(removed->ek_hash, hash);
	clock_format(removed->at, when);
	return jsonl_write_line(out, json_pack("{s:s, s:o, s:s, s:o, s:o}", "ek_hash", hash, "name",
	    jsonl_lines(removed->names), "removed", when, "removed_by", print_json_text(removed->actor),
	    "removed_reason", print_json_text(removed->reason)));
}

const struct device_format *
device_jsonl(void)
{
	static const struct device_format format = {
	    .name = "jsonl",
	    .open = jsonl_open,
	    .read = jsonl_read,
	    .begin = jsonl_begin,
	    .write = jsonl_write,
	    .write_removed = jsonl_write_removed,
	};

	return &format;
}
