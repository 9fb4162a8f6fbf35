/*
 * Encodes and decodes fields between structs and the wire. Knows no messages:
 * their owners have the tables.
 */
#include "config.h"

#include "service/fields.h"

#include <stdbool.h>
#include <string.h>

#include "util/cbor.h"
#include "util/error.h"
#include "util/status.h"
#include "util/utf8.h"

/* The type of a choice: an enum without negative values is an unsigned int. */
_Static_assert(sizeof(enum status) == sizeof(unsigned) && sizeof(enum error_kind) == sizeof(unsigned),
    "an enum is not as long as unsigned");

static const void *
field_at(const void *base, size_t offset)
{
	return (const char *)base + offset;
}

static void *
field_in(void *base, size_t offset)
{
	return (char *)base + offset;
}

static unsigned
choice_get(const void *at)
{
	unsigned choice;

	memcpy(&choice, at, sizeof choice);
	return choice;
}

static void field_write(const struct field *field, const void *base, struct bytes *out);

static void
list_write(const struct field *list, const void *base, struct bytes *out)
{
	const char *items = field_at(base, list->offset);
	size_t      count = *(const size_t *)field_at(base, list->count);

	cbor_write_array(out, count);
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < list->item_fields; j++)
			field_write(&list->item[j], items + i * list->item_size, out);
	}
}

static void
field_write(const struct field *field, const void *base, struct bytes *out)
{
	const void        *at = field_at(base, field->offset);
	const struct view *view = at;

	switch (field->kind) {
	case FIELD_TEXT:
	case FIELD_OCTETS:
		cbor_write_bytes(out, view->data, view->size);
		break;
	case FIELD_NUMBER:
		cbor_write_unsigned(out, *(const uint64_t *)at);
		break;
	case FIELD_TIME:
	case FIELD_SIGNED:
		cbor_write_integer(out, *(const int64_t *)at);
		break;
	case FIELD_FLAG:
		cbor_write_unsigned(out, *(const bool *)at ? 1 : 0);
		break;
	case FIELD_CHOICE:
		cbor_write_unsigned(out, choice_get(at));
		break;
	case FIELD_LIST:
		list_write(field, base, out);
		break;
	}
}

static int
text_read(struct cbor_reader *reader, size_t max, struct view *text, struct error *err)
{
	size_t used = 0;

	if (cbor_read_bytes(reader, max, text, err) != 0)
		return -1;
	while (used < text->size) {
		uint32_t character = 0;
		size_t   size = utf8_decode(text->data + used, text->size - used, &character);

		if (size == 0 || utf8_is_control(character))
			return error_set(err, ERROR_MALFORMED,
			    "a text is no UTF-8 or has control characters");
		used += size;
	}
	return 0;
}

static int
signed_read(struct cbor_reader *reader, int64_t *number, struct error *err)
{
	struct cbor_value value;

	if (cbor_read(reader, &value, err) != 0)
		return -1;
	if ((value.kind != CBOR_KIND_UNSIGNED && value.kind != CBOR_KIND_NEGATIVE) ||
	    value.number > INT64_MAX)
		return error_set(err, ERROR_MALFORMED, "a number is not valid, or too large");
	*number = value.kind == CBOR_KIND_NEGATIVE ? -1 - (int64_t)value.number : (int64_t)value.number;
	return 0;
}

static int
choice_read(struct cbor_reader *reader, uint64_t max, void *at, struct error *err)
{
	uint64_t number = 0;
	unsigned choice;

	if (cbor_read_unsigned(reader, max, &number, err) != 0)
		return -1;
	choice = (unsigned)number;
	memcpy(at, &choice, sizeof choice);
	return 0;
}

static int field_read(const struct field *field, struct cbor_reader *reader, void *base,
    struct error *err);

/* The count is set after all items, so that no reader walks over half a list. */
static int
list_read(const struct field *list, struct cbor_reader *reader, void *base, struct error *err)
{
	char    *items = field_in(base, list->offset);
	uint64_t count = 0;

	if (cbor_read_list(reader, list->max, &count, err) != 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < list->item_fields; j++) {
			if (field_read(&list->item[j], reader, items + i * list->item_size, err) != 0)
				return -1;
		}
	}
	*(size_t *)field_in(base, list->count) = (size_t)count;
	return 0;
}

static int
field_read(const struct field *field, struct cbor_reader *reader, void *base, struct error *err)
{
	void    *at = field_in(base, field->offset);
	uint64_t number = 0;

	switch (field->kind) {
	case FIELD_TEXT:
		return text_read(reader, (size_t)field->max, at, err);
	case FIELD_OCTETS:
		return cbor_read_bytes(reader, (size_t)field->max, at, err);
	case FIELD_NUMBER:
		return cbor_read_unsigned(reader, field->max, at, err);
	case FIELD_SIGNED:
		return signed_read(reader, at, err);
	case FIELD_TIME:
		if (cbor_read_unsigned(reader, INT64_MAX, &number, err) != 0)
			return -1;
		*(int64_t *)at = (int64_t)number;
		return 0;
	case FIELD_FLAG:
		if (cbor_read_unsigned(reader, 1, &number, err) != 0)
			return -1;
		*(bool *)at = number != 0;
		return 0;
	case FIELD_CHOICE:
		return choice_read(reader, field->max, at, err);
	case FIELD_LIST:
		break;
	}
	return list_read(field, reader, base, err);
}

/* The parts of a message of this kind; a table without kinds sends every row. */
static unsigned
fields_parts(const struct fields *fields, uint64_t kind)
{
	return fields->kinds != NULL ? fields->kinds[kind] : 0;
}

static bool
field_is_sent(const struct fields *fields, const struct field *field, unsigned parts)
{
	return fields->kinds == NULL || (field->part & parts) != 0;
}

static uint64_t
fields_items(const struct fields *fields, unsigned parts)
{
	uint64_t items = fields->kinds != NULL;

	for (size_t i = 0; i < fields->row_count; i++)
		items += field_is_sent(fields, &fields->rows[i], parts);
	return items;
}

void
fields_encode(const struct fields *fields, const void *message, struct bytes *out)
{
	unsigned kind = fields->kinds != NULL ? choice_get(field_at(message, fields->kind)) : 0;
	unsigned parts = fields_parts(fields, kind);

	cbor_write_array(out, fields_items(fields, parts));
	if (fields->kinds != NULL)
		cbor_write_unsigned(out, kind);
	for (size_t i = 0; i < fields->row_count; i++) {
		if (field_is_sent(fields, &fields->rows[i], parts))
			field_write(&fields->rows[i], message, out);
	}
}

/* Reads the head and the kind, and returns the parts of that kind. */
static int
head_read(const struct fields *fields, struct cbor_reader *reader, void *message, unsigned *parts,
    struct error *err)
{
	void    *at = field_in(message, fields->kind);
	uint64_t count = 0;

	*parts = 0;
	if (fields->kinds == NULL)
		return cbor_read_array(reader, fields->row_count, err);
	if (cbor_read_list(reader, 1 + fields->row_count, &count, err) != 0 ||
	    choice_read(reader, fields->kind_count - 1, at, err) != 0)
		return -1;
	*parts = fields_parts(fields, choice_get(at));
	if (*parts == 0 || count != fields_items(fields, *parts))
		return error_set(err, ERROR_MALFORMED, "no %s of kind %u has %u items", fields->noun,
		    choice_get(at), (unsigned)count);
	return 0;
}

int
fields_decode(const struct fields *fields, struct view body, void *message, struct error *err)
{
	struct cbor_reader reader = {body};
	unsigned           parts;

	memset(message, 0, fields->size);
	if (head_read(fields, &reader, message, &parts, err) != 0)
		return -1;
	for (size_t i = 0; i < fields->row_count; i++) {
		if (field_is_sent(fields, &fields->rows[i], parts) &&
		    field_read(&fields->rows[i], &reader, message, err) != 0)
			return -1;
	}
	return cbor_read_end(&reader, err);
}
