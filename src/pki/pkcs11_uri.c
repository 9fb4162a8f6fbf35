/* Parses PKCS #11 URIs; pkcs11.c finds what they name. */
#include "config.h"

#include "pki/pkcs11_uri.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/error.h"
#include "util/hex.h"

#define URI_SCHEME "pkcs11:"

/* Longest value of an attribute, a path, in octets. */
#define URI_VALUE_MAX 4096

/* The fields of the text attributes. */
static const struct {
	const char *name;
	size_t      offset;
	bool        query; /* query attribute, after the "?" */
} texts[] = {
#define X(field, name) {name, offsetof(struct pkcs11_uri, field), false},
    PKCS11_URI_TEXTS(X)
#undef X
    {"module-path", offsetof(struct pkcs11_uri, module_path), true},
    {"pin-source", offsetof(struct pkcs11_uri, pin_source), true},
};

bool
pkcs11_uri_is(const char *text)
{
	return strncasecmp(text, URI_SCHEME, strlen(URI_SCHEME)) == 0;
}

/* RFC 7512 §2.3: characters that need no percent-encoding. */
static bool
uri_char_is_plain(char c, bool query)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
		return true;
	return c != '\0' && strchr(query ? "-._~:[]@!$'()*+,=/?|" : "-._~:[]@!$'()*+,=&", c) != NULL;
}

static int
uri_decode(const char *value, size_t length, bool query, struct bytes *out, struct error *err)
{
	for (size_t i = 0; i < length; i++) {
		char    digits[3] = {0};
		uint8_t octet = (uint8_t)value[i];

		if (value[i] == '%') {
			memcpy(digits, value + i + 1, length - i - 1 < 2 ? length - i - 1 : 2);
			if (!hex_decode(digits, &octet, 1))
				return error_set(err, ERROR_MALFORMED,
				    "a %% of the PKCS #11 URI is not followed by two hexadecimal digits");
			i += 2;
		} else if (!uri_char_is_plain(value[i], query)) {
			return error_set(err, ERROR_MALFORMED,
			    "a character of the PKCS #11 URI must be percent-encoded (%%%02x)", octet);
		}
		bytes_append_u8(out, octet);
	}
	if (out->size > URI_VALUE_MAX)
		return error_set(err, ERROR_MALFORMED, "an attribute of the PKCS #11 URI is too long");
	return 0;
}

static int
uri_set_text(char **field, const char *name, const struct bytes *value, struct error *err)
{
	if (*field != NULL)
		return error_set(err, ERROR_MALFORMED, "the PKCS #11 URI has \"%s\" twice", name);
	if (value->size == 0 || memchr(value->data, '\0', value->size) != NULL)
		return error_set(err, ERROR_MALFORMED, "\"%s\" of the PKCS #11 URI is no text", name);
	*field = memory_new(value->size + 1);
	memcpy(*field, value->data, value->size);
	return 0;
}

static int
uri_set_id(struct pkcs11_uri *uri, const struct bytes *value, struct error *err)
{
	if (uri->has_id)
		return error_set(err, ERROR_MALFORMED, "the PKCS #11 URI has \"id\" twice");
	uri->has_id = true;
	bytes_append(&uri->id, value->data, value->size);
	return 0;
}

static int
uri_set_slot(struct pkcs11_uri *uri, struct bytes *value, struct error *err)
{
	char *end = NULL;

	bytes_append_u8(value, '\0');
	errno = 0;
	uri->slot = strtoull((const char *)value->data, &end, 10);
	if (uri->has_slot || value->data[0] < '0' || value->data[0] > '9' || *end != '\0' || errno != 0)
		return error_set(err, ERROR_MALFORMED, "\"slot-id\" of the PKCS #11 URI is not one number");
	uri->has_slot = true;
	return 0;
}

static int
uri_check_type(const struct bytes *value, struct error *err)
{
	if (value->size != strlen("private") || memcmp(value->data, "private", value->size) != 0)
		return error_set(err, ERROR_MALFORMED,
		    "the PKCS #11 URI names no private key: its type is not \"private\"");
	return 0;
}

/* Stores one attribute; `name` ends at `value` - 1. */
static int
uri_set(struct pkcs11_uri *uri, const char *name, bool query, struct bytes *value,
    struct error *err)
{
	if (query && strcmp(name, "pin-value") == 0)
		return error_set(err, ERROR_MALFORMED,
		    "a PKCS #11 URI must not hold the PIN (pin-value): it would be shown wherever the "
		    "URI is; give it by descriptor, credential or file, or let pin-source name that");
	if (!query && strcmp(name, "id") == 0)
		return uri_set_id(uri, value, err);
	if (!query && strcmp(name, "type") == 0)
		return uri_check_type(value, err);
	if (!query && strcmp(name, "slot-id") == 0)
		return uri_set_slot(uri, value, err);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		if (texts[i].query == query && strcmp(texts[i].name, name) == 0)
			return uri_set_text((char **)(void *)((char *)uri + texts[i].offset), name, value,
			    err);
	}
	return error_set(err, ERROR_MALFORMED,
	    "the attribute \"%.64s\" of the PKCS #11 URI is not supported", name);
}

/* Reads "name=value" of `length` characters. */
static int
uri_take(struct pkcs11_uri *uri, const char *part, size_t length, bool query, struct error *err)
{
	const char *equals = memchr(part, '=', length);
	char        name[65];
	AUTO_BYTES  value = {0};
	size_t      name_length = equals != NULL ? (size_t)(equals - part) : 0;

	if (name_length == 0 || name_length >= sizeof name)
		return error_set(err, ERROR_MALFORMED,
		    "the PKCS #11 URI has a part that is no name=value");
	memcpy(name, part, name_length);
	name[name_length] = '\0';
	if (uri_decode(equals + 1, length - name_length - 1, query, &value, err) != 0)
		return -1;
	return uri_set(uri, name, query, &value, err);
}

/* Reads attributes separated by `separator`, up to `end`. */
static int
uri_take_all(struct pkcs11_uri *uri, const char *text, const char *end, char separator,
    struct error *err)
{
	while (text < end) {
		const char *next = memchr(text, separator, (size_t)(end - text));
		size_t      length = next != NULL ? (size_t)(next - text) : (size_t)(end - text);

		if (uri_take(uri, text, length, separator == '&', err) != 0)
			return -1;
		text += length + 1;
	}
	return 0;
}

/* "file:/path", "file:///path" and a path mean the file; "|command" is refused. */
static int
uri_settle_pin_source(struct pkcs11_uri *uri, struct error *err)
{
	char       *source = uri->pin_source;
	const char *path = source;

	if (source == NULL)
		return 0;
	if (strncmp(path, "file:", 5) == 0)
		path += 5;
	if (strncmp(path, "///", 3) == 0)
		path += 2;
	if (*path != '/')
		return error_set(err, ERROR_MALFORMED,
		    "pin-source of the PKCS #11 URI is not the absolute path of a file");
	memmove(source, path, strlen(path) + 1);
	return 0;
}

int
pkcs11_uri_parse(const char *text, struct pkcs11_uri *uri, struct error *err)
{
	const char *path = text + strlen(URI_SCHEME);
	const char *query;
	size_t      length;

	*uri = (struct pkcs11_uri){.token = NULL};
	if (!pkcs11_uri_is(text))
		return error_set(err, ERROR_MALFORMED, "a PKCS #11 URI begins with \"" URI_SCHEME "\"");
	length = strcspn(path, "?");
	query = path[length] == '?' ? path + length + 1 : path + length;
	if (uri_take_all(uri, path, path + length, ';', err) == 0 &&
	    uri_take_all(uri, query, query + strlen(query), '&', err) == 0 &&
	    uri_settle_pin_source(uri, err) == 0)
		return 0;
	pkcs11_uri_clear(uri);
	return -1;
}

void
pkcs11_uri_clear(struct pkcs11_uri *uri)
{
#define X(field, name) free(uri->field);
	PKCS11_URI_TEXTS(X)
#undef X
	bytes_clear(&uri->id);
	free(uri->module_path);
	free(uri->pin_source);
	*uri = (struct pkcs11_uri){.token = NULL};
}
