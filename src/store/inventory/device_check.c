/* Checks of a device alone, without looking at other devices. */
#include "config.h"

#include "store/inventory/device_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/hash.h"
#include "store/inventory/device.h"
#include "store/store.h"
#include "util/error.h"
#include "util/identifier.h"
#include "util/utf8.h"

void
store_device_clear(struct store_device *device)
{
	for (size_t i = 0; i < device->name_count; i++)
		free(device->names[i]);
	free(device->names);
	for (size_t i = 0; i < device->tag_count; i++)
		free(device->tags[i]);
	free(device->tags);
#define X(name, ...) free(device->name);
	DEVICE_TEXTS(X)
#undef X
	*device = (struct store_device){0};
}

static int
device_check_text(const char *text, const char *name, const char *title, int max,
    struct error *err)
{
	size_t   length = strlen(text);
	uint32_t character = 0;
	size_t   used;

	if (length > (size_t)max)
		return error_set(err, ERROR_MALFORMED, "%s has at most %d octets, this one %zu", title,
		    max, length);
	for (size_t i = 0; i < length; i += used) {
		used = utf8_decode((const uint8_t *)text + i, length - i, &character);
		if (used == 0)
			return error_set(err, ERROR_MALFORMED, "octet %zu of the %s is not UTF-8",
			    i + 1, name);
		if (utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "octet %zu of the %s is a control character", i + 1, name);
	}
	return 0;
}

/* ASCII letters, digits and some punctuation that is safe in a shell, CSV and a terminal. */
static int
device_check_tag(const char *tag, struct error *err)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:@+=/";
	size_t            length = strlen(tag);

	if (length == 0 || length > STORE_TAG_MAX)
		return error_set(err, ERROR_MALFORMED, "a tag has 1 to %d octets, \"%.80s\" has %zu",
		    STORE_TAG_MAX, tag, length);
	if (strspn(tag, alphabet) != length)
		return error_set(err, ERROR_MALFORMED,
		    "tag \"%s\": octet %zu is none of A-Z a-z 0-9 - _ . : @ + = /", tag,
		    strspn(tag, alphabet) + 1);
	return 0;
}

static int
device_check_tags(const struct store_device *device, struct error *err)
{
	if (device->tag_count > STORE_DEVICE_TAGS_MAX)
		return error_set(err, ERROR_MALFORMED, "a device has at most %d tags, this one %zu",
		    STORE_DEVICE_TAGS_MAX, device->tag_count);
	for (size_t i = 0; i < device->tag_count; i++) {
		if (device_check_tag(device->tags[i], err) != 0)
			return -1;
		for (size_t j = 0; j < i; j++)
			if (strcmp(device->tags[i], device->tags[j]) == 0)
				return error_set(err, ERROR_CONFLICT, "tag \"%s\" is given twice",
				    device->tags[i]);
	}
	return 0;
}

int
store_device_check(const struct store_device *device, struct error *err)
{
	uint8_t meant[STORE_HASH_SIZE];

	if (device->name_count > STORE_DEVICE_NAMES_MAX)
		return error_set(err, ERROR_MALFORMED, "a device has at most %d names, this one %zu",
		    STORE_DEVICE_NAMES_MAX, device->name_count);
	for (size_t i = 0; i < device->name_count; i++) {
		const char *name = device->names[i];

		if (identifier_check(name, strlen(name), err) != 0)
			return error_wrap(err, "name %zu", i + 1);
		/* Even an EK that is not enrolled yet owns its hash as a name. */
		if (store_hash_parse(name, meant) &&
		    memcmp(meant, device->ek_hash, STORE_HASH_SIZE) != 0)
			return error_set(err, ERROR_CONFLICT,
			    "name \"%s\" is the hash of another EK; choose another name", name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(name, device->names[j]) == 0)
				return error_set(err, ERROR_CONFLICT, "name \"%s\" is given twice", name);
	}
	if (device_check_tags(device, err) != 0)
		return -1;
#define X(name, FIELD, number, title, max, ...)                                               \
	if (device->name != NULL &&                                                           \
	    device_check_text(device->name, #name, title, max, err) != 0)                     \
		return -1;
	DEVICE_TEXTS(X)
#undef X
	return 0;
}
