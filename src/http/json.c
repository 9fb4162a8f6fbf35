/* Reads octets and texts of decoded bodies, and writes answers; does not know what members mean. */
#include "config.h"

#include "http/json.h"

#include <stdlib.h>
#include <string.h>

#include "http/server.h"
#include "util/base64.h"
#include "util/error.h"

void
json_init(void)
{
	json_object_seed(0);
}

/* *out is NULL when an optional member is missing. */
static int
json_get(const json_t *object, const char *key, bool required, const json_t **out,
    struct error *err)
{
	const json_t *value = json_object_get(object, key);

	*out = json_is_null(value) ? NULL : value;
	if (*out == NULL && required)
		return error_set(err, ERROR_MALFORMED, "\"%s\" is missing", key);
	return 0;
}

/* Reads a string: at most `max` octets, which need at most `text_max` characters. */
static int
json_text(const json_t *value, const char *name, size_t text_max, size_t max, struct error *err)
{
	if (!json_is_string(value))
		return error_set(err, ERROR_MALFORMED, "\"%s\" is not a string", name);
	if (json_string_length(value) > text_max)
		return error_set(err, ERROR_MALFORMED, "\"%s\" is larger than %zu octets", name,
		    max);
	return 0;
}

int
json_bytes(const json_t *value, const char *name, size_t max, struct bytes *out,
    struct error *err)
{
	size_t before = out->size;

	if (json_text(value, name, (max + 2) / 3 * 4, max, err) != 0)
		return -1;
	if (base64_decode(BASE64_STANDARD, json_string_value(value), json_string_length(value), out,
	        err) != 0)
		return error_wrap(err, "\"%s\"", name);
	if (out->size - before > max)
		return error_set(err, ERROR_MALFORMED, "\"%s\" is larger than %zu octets", name,
		    max);
	return 0;
}

int
json_get_bytes(const json_t *object, const char *key, size_t max, bool required,
    struct bytes *out, struct error *err)
{
	const json_t *value;

	if (json_get(object, key, required, &value, err) != 0)
		return -1;
	return value != NULL ? json_bytes(value, key, max, out, err) : 0;
}

int
json_get_text(const json_t *object, const char *key, size_t max, bool required,
    const char **out, struct error *err)
{
	const json_t *value;

	*out = NULL;
	if (json_get(object, key, required, &value, err) != 0)
		return -1;
	if (value == NULL)
		return 0;
	if (json_text(value, key, max, max, err) != 0)
		return -1;
	if (memchr(json_string_value(value), '\0', json_string_length(value)) != NULL)
		return error_set(err, ERROR_MALFORMED, "\"%s\" holds a NUL", key);
	*out = json_string_value(value);
	return 0;
}

void
json_append_octets(struct view octets, struct bytes *text)
{
	bytes_append_u8(text, '"');
	base64_append(BASE64_STANDARD, octets, text);
	bytes_append_u8(text, '"');
}

void
json_reply(struct http_exchange *exchange, int status, struct view text)
{
	http_reply_header(exchange, "Cache-Control", "no-store");
	http_reply(exchange, status, "application/json", text);
}
