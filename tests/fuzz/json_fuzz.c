/* What json_decode takes is an object of bounded depth that survives being written and read again. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "http/json.h"
#include "util/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_member inner[] = {JSON_VALUE("a"), JSON_LIST("b", NULL), {0}};
static const struct json_member members[] = {
    JSON_VALUE("a"), JSON_VALUE("b"), JSON_LIST("l", inner), JSON_OBJECT("o", inner), {0}};

static size_t
depth_of(const json_t *value)
{
	size_t        deepest = 0;
	size_t        index;
	const char   *key;
	const json_t *child;
	json_t       *object = NULL;

	if (json_is_array(value)) {
		json_array_foreach (value, index, child)
			deepest = depth_of(child) > deepest ? depth_of(child) : deepest;
		return deepest + 1;
	}
	if (json_is_object(value)) {
		object = json_deep_copy(value);
		json_object_foreach (object, key, child)
			deepest = depth_of(child) > deepest ? depth_of(child) : deepest;
		json_decref(object);
		return deepest + 1;
	}
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t      *object = NULL;
	json_t      *again = NULL;
	AUTO_BYTES   bytes = {0};
	const char  *text;
	struct error err = {0};
	char        *written;

	if (json_members_decode((struct view){data, size}, members, &object, &err) != 0) {
		assert(object == NULL && err.kind == ERROR_MALFORMED && err.detail[0] != '\0');
		return 0;
	}
	assert(json_is_object(object) && depth_of(object) <= JSON_DEPTH_MAX);
	if (json_get_bytes(object, "a", 16, false, &bytes, &err) == 0)
		assert(bytes.size <= 16);
	if (json_get_text(object, "b", 16, false, &text, &err) == 0)
		assert(text == NULL || strlen(text) <= 16);
	written = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(17));
	assert(json_members_decode((struct view){(const uint8_t *)written, strlen(written)}, members,
	           &again, &err) == 0);
	assert(json_equal(object, again));
	free(written);
	json_decref(object);
	json_decref(again);
	return 0;
}
