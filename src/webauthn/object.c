/*
 * Owns the outer map of an attestation object and the table of formats. Keys come in
 * any order, so the map is read twice: first for "fmt" and the position of attStmt,
 * then attStmt.
 */
#include "config.h"

#include "webauthn/object.h"

#include <string.h>

#include "util/cbor.h"
#include "util/error.h"
#include "webauthn/format.h"
#include "webauthn/item.h"
#include "webauthn/tpm.h"

struct webauthn_format {
	const char *name; /* "fmt" */
	int (*decode)(struct item_reader *reader, struct webauthn_statement *statement,
	    struct error *err);
};

#define FORMAT(name, text) {text, webauthn_##name##_decode},
static const struct webauthn_format formats[] = {WEBAUTHN_FORMATS(FORMAT)};

static const struct webauthn_format *
format_find(struct view name)
{
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (item_is(name, formats[i].name))
			return &formats[i];
	}
	return NULL;
}

static int
format_decode(struct item_reader *reader, struct view *format, struct error *err)
{
	if (item_text(reader, "fmt", WEBAUTHN_FORMAT_MAX, format, err) != 0)
		return -1;
	if (format->size == 0)
		return error_set(err, ERROR_MALFORMED, "fmt is empty");
	for (size_t i = 0; i < format->size; i++) {
		uint8_t c = format->data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '_')
			return error_set(err, ERROR_MALFORMED,
			    "fmt has characters that no format's name has");
	}
	return 0;
}

/* Reads the whole map: finds the start of the statement and checks that everything is
 * well-formed. */
static int
object_survey(struct item_reader *reader, struct view *format, struct cbor_reader *statement,
    struct error *err)
{
	struct item_walk map;
	struct view      key;
	bool             more = false;
	bool             found = false;

	if (item_map(reader, "the attestation object", &map, err) != 0)
		return -1;
	for (;;) {
		if (item_map_next(reader, &map, &key, &more, err) != 0)
			return -1;
		if (!more)
			break;
		if (item_is(key, "fmt")) {
			if (format_decode(reader, format, err) != 0)
				return -1;
			continue;
		}
		if (item_is(key, "attStmt")) {
			*statement = reader->cbor;
			found = true;
		}
		if (item_skip(reader, 1, err) != 0)
			return -1;
	}
	if (format->size == 0)
		return error_set(err, ERROR_MALFORMED, "the attestation object has no fmt");
	if (!found)
		return error_set(err, ERROR_MALFORMED, "the attestation object has no attStmt");
	return cbor_read_end(&reader->cbor, err);
}

int
webauthn_object_decode(struct view input, struct webauthn_object *object, struct error *err)
{
	const struct webauthn_format *format;
	struct item_reader            reader;
	struct cbor_reader            statement = {{NULL, 0}};

	*object = (struct webauthn_object){0};
	if (input.size > WEBAUTHN_OBJECT_MAX)
		return error_set(err, ERROR_MALFORMED, "the attestation object is larger than %u octets",
		    WEBAUTHN_OBJECT_MAX);
	item_reader_init(&reader, input, &object->store);
	if (object_survey(&reader, &object->format, &statement, err) != 0)
		return -1;
	format = format_find(object->format);
	if (format == NULL)
		return 0;
	reader.cbor = statement;
	if (format->decode(&reader, &object->statement, err) != 0)
		return -1;
	object->known = true;
	return 0;
}

void
webauthn_object_clear(struct webauthn_object *object)
{
	bytes_clear(&object->store);
	*object = (struct webauthn_object){0};
}

void
webauthn_object_encode_tpm(const struct webauthn_statement *statement, struct bytes *out)
{
	cbor_write_map(out, 2);
	cbor_write_text(out, "fmt", strlen("fmt"));
	cbor_write_text(out, "tpm", strlen("tpm"));
	cbor_write_text(out, "attStmt", strlen("attStmt"));
	webauthn_tpm_encode(statement, out);
}
