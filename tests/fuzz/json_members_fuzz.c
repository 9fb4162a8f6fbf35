/*
 * Against jansson: what it takes as it stands, it takes with only the members that are read
 * too, and they are the same; what it refuses as it stands and takes then, it refused for what
 * nobody reads, and never for its grammar.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "util/error.h"
#include "util/json_members.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct json_member inner[] = {JSON_VALUE("b"), JSON_VALUE("crit"), {0}};
static const struct json_member claims[] = {JSON_VALUE("m"), JSON_OBJECT("o", inner), {0}};
static const struct json_member members[] = {
    JSON_VALUE("a"),
    JSON_VALUE("crit"),
    JSON_OBJECT("o", inner),
    JSON_LIST("l", inner),
    JSON_ADVISORY("i", claims),
    {0},
};

static json_t *
parse(const void *text, size_t size, json_error_t *why)
{
	return json_loadb(text != NULL ? text : "", size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, why);
}

static bool same(const json_t *whole, const json_t *kept, const struct json_member *wanted, bool advisory);

/* Every member that is read is in both, or in none; and `kept` has no other. */
static bool
same_object(const json_t *whole, const json_t *kept, const struct json_member *wanted, bool advisory)
{
	size_t count = 0;

	for (; wanted != NULL && wanted->name != NULL; wanted++) {
		const json_t *value = json_object_get(whole, wanted->name);
		const json_t *other = json_object_get(kept, wanted->name);

		if ((value == NULL) != (other == NULL) ||
		    (value != NULL && !same(value, other, wanted, advisory || wanted->advisory)))
			return false;
		count += value != NULL;
	}
	return json_object_size(kept) == count;
}

static bool
same_list(const json_t *whole, const json_t *kept, const struct json_member *wanted, bool advisory)
{
	const struct json_member item = {.members = wanted->members};

	if (!wanted->list)
		return json_array_size(kept) == 0;
	if (json_array_size(whole) != json_array_size(kept))
		return false;
	for (size_t i = 0; i < json_array_size(whole); i++) {
		if (!same(json_array_get(whole, i), json_array_get(kept, i), &item, advisory))
			return false;
	}
	return true;
}

static bool
same(const json_t *whole, const json_t *kept, const struct json_member *wanted, bool advisory)
{
	if (advisory && json_is_null(kept) && json_is_number(whole))
		return true; /* one that a parser might refuse */
	if (json_typeof(whole) != json_typeof(kept))
		return false;
	if (json_is_object(whole))
		return same_object(whole, kept, wanted->list ? NULL : wanted->members, advisory);
	if (json_is_array(whole))
		return same_list(whole, kept, wanted, advisory);
	return json_equal(whole, kept) == 1;
}

static size_t
depth_of(const json_t *value)
{
	size_t      deepest = 0;
	size_t      index;
	const char *key;
	json_t     *child;

	json_array_foreach (value, index, child)
		deepest = depth_of(child) > deepest ? depth_of(child) : deepest;
	json_object_foreach ((json_t *)(uintptr_t)value, key, child)
		deepest = depth_of(child) > deepest ? depth_of(child) : deepest;
	return json_is_array(value) || json_is_object(value) ? deepest + 1 : 0;
}

/* The refusals that may be for what nobody reads. */
static bool
may_be_unread(const json_error_t *why)
{
	switch (json_error_code(why)) {
	case json_error_numeric_overflow:
	case json_error_duplicate_key:
	case json_error_null_byte_in_key:
	case json_error_stack_overflow:
		return true;
	default:
		return strncmp(why->text, "invalid Unicode '", 17) == 0;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct json_member root = {.members = members};
	json_error_t                    why;
	struct error                    err = {0};
	json_t                         *whole = parse(data, size, &why);
	json_t                         *kept;

	if (json_members_decode((struct view){data, size}, members, &kept, &err) != 0) {
		assert(err.kind == ERROR_MALFORMED && err.detail[0] != '\0' && kept == NULL);
		assert(!json_is_object(whole) || strstr(err.detail, "deeper than 2048") != NULL ||
		    memchr(data, '\0', size) != NULL); /* jansson loses the octet behind a number */
		json_decref(whole);
		return 0;
	}
	assert(depth_of(kept) <= JSON_DEPTH_MAX);
	if (whole != NULL)
		assert(same(whole, kept, &root, false));
	else
		assert(may_be_unread(&why));
	json_decref(whole);
	json_decref(kept);
	return 0;
}
