/* Reads and writes single items; their meaning is the caller's affair. */
#include "config.h"

#include "util/cbor.h"

#include <cbor.h>

#include "util/error.h"

static struct cbor_value *
cbor_fill(void *context, enum cbor_kind kind, uint64_t number)
{
	struct cbor_value *value = context;

	*value = (struct cbor_value){.kind = kind, .number = number};
	return value;
}

#define NUMBER_CB(name, kind, type)                \
	static void name(void *context, type number) \
	{                                            \
		cbor_fill(context, kind, number);    \
	}
NUMBER_CB(cbor_unsigned8_cb, CBOR_KIND_UNSIGNED, uint8_t)
NUMBER_CB(cbor_unsigned16_cb, CBOR_KIND_UNSIGNED, uint16_t)
NUMBER_CB(cbor_unsigned32_cb, CBOR_KIND_UNSIGNED, uint32_t)
NUMBER_CB(cbor_unsigned64_cb, CBOR_KIND_UNSIGNED, uint64_t)
NUMBER_CB(cbor_negative8_cb, CBOR_KIND_NEGATIVE, uint8_t)
NUMBER_CB(cbor_negative16_cb, CBOR_KIND_NEGATIVE, uint16_t)
NUMBER_CB(cbor_negative32_cb, CBOR_KIND_NEGATIVE, uint32_t)
NUMBER_CB(cbor_negative64_cb, CBOR_KIND_NEGATIVE, uint64_t)
NUMBER_CB(cbor_array_cb, CBOR_KIND_ARRAY, size_t)
NUMBER_CB(cbor_map_cb, CBOR_KIND_MAP, size_t)
NUMBER_CB(cbor_tag_cb, CBOR_KIND_TAG, uint64_t)

#define STRING_CB(name, kind)                                              \
	static void name(void *context, cbor_data data, size_t size)       \
	{                                                                  \
		cbor_fill(context, kind, size)->data = (struct view){data, size}; \
	}
STRING_CB(cbor_bytes_cb, CBOR_KIND_BYTES)
STRING_CB(cbor_text_cb, CBOR_KIND_TEXT)

#define INDEFINITE_CB(name, kind)                            \
	static void name(void *context)                      \
	{                                                    \
		cbor_fill(context, kind, 0)->indefinite = true; \
	}
INDEFINITE_CB(cbor_bytes_start_cb, CBOR_KIND_BYTES)
INDEFINITE_CB(cbor_text_start_cb, CBOR_KIND_TEXT)
INDEFINITE_CB(cbor_array_start_cb, CBOR_KIND_ARRAY)
INDEFINITE_CB(cbor_map_start_cb, CBOR_KIND_MAP)

static void
cbor_break_cb(void *context)
{
	cbor_fill(context, CBOR_KIND_BREAK, 0);
}

static void
cbor_float_cb(void *context, float number)
{
	(void)number;
	cbor_fill(context, CBOR_KIND_FLOAT, 0);
}

static void
cbor_double_cb(void *context, double number)
{
	(void)number;
	cbor_fill(context, CBOR_KIND_FLOAT, 0);
}

static void
cbor_boolean_cb(void *context, bool number)
{
	cbor_fill(context, CBOR_KIND_SIMPLE, number ? 21 : 20);
}

static void
cbor_null_cb(void *context)
{
	cbor_fill(context, CBOR_KIND_SIMPLE, 22);
}

static void
cbor_undefined_cb(void *context)
{
	cbor_fill(context, CBOR_KIND_SIMPLE, 23);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = cbor_unsigned8_cb,
    .uint16 = cbor_unsigned16_cb,
    .uint32 = cbor_unsigned32_cb,
    .uint64 = cbor_unsigned64_cb,
    .negint8 = cbor_negative8_cb,
    .negint16 = cbor_negative16_cb,
    .negint32 = cbor_negative32_cb,
    .negint64 = cbor_negative64_cb,
    .byte_string = cbor_bytes_cb,
    .byte_string_start = cbor_bytes_start_cb,
    .string = cbor_text_cb,
    .string_start = cbor_text_start_cb,
    .array_start = cbor_array_cb,
    .indef_array_start = cbor_array_start_cb,
    .map_start = cbor_map_cb,
    .indef_map_start = cbor_map_start_cb,
    .tag = cbor_tag_cb,
    .float2 = cbor_float_cb,
    .float4 = cbor_float_cb,
    .float8 = cbor_double_cb,
    .boolean = cbor_boolean_cb,
    .null = cbor_null_cb,
    .undefined = cbor_undefined_cb,
    .indef_break = cbor_break_cb,
};

int
cbor_read(struct cbor_reader *reader, struct cbor_value *value, struct error *err)
{
	struct cbor_decoder_result result;

	*value = (struct cbor_value){0};
	if (reader->rest.size == 0)
		return error_set(err, ERROR_MALFORMED, "the CBOR ends where an item is wanted");
	result = cbor_stream_decode(reader->rest.data, reader->rest.size, &callbacks, value);
	if (result.status != CBOR_DECODER_FINISHED || result.read > reader->rest.size ||
	    value->kind == CBOR_KIND_NONE)
		return error_set(err, ERROR_MALFORMED, "the CBOR is cut off or broken");
	reader->rest.data += result.read;
	reader->rest.size -= result.read;
	return 0;
}

/* Reads an item that must have the given kind, a definite length, and at most `max` octets or
 * items. */
static int
cbor_read_kind(struct cbor_reader *reader, enum cbor_kind kind, uint64_t max,
    struct cbor_value *value, struct error *err)
{
	if (cbor_read(reader, value, err) != 0)
		return -1;
	if (value->kind != kind || value->indefinite)
		return error_set(err, ERROR_MALFORMED, "a CBOR item is of another kind than wanted");
	if (value->number > max)
		return error_set(err, ERROR_MALFORMED, "a CBOR item is larger than %llu",
		    (unsigned long long)max);
	return 0;
}

int
cbor_read_list(struct cbor_reader *reader, uint64_t max, uint64_t *count, struct error *err)
{
	struct cbor_value value;

	if (cbor_read_kind(reader, CBOR_KIND_ARRAY, max, &value, err) != 0)
		return -1;
	*count = value.number;
	return 0;
}

int
cbor_read_array(struct cbor_reader *reader, uint64_t count, struct error *err)
{
	uint64_t found = 0;

	if (cbor_read_list(reader, count, &found, err) != 0)
		return -1;
	if (found != count)
		return error_set(err, ERROR_MALFORMED, "a CBOR array has %llu items, not %llu",
		    (unsigned long long)found, (unsigned long long)count);
	return 0;
}

int
cbor_read_unsigned(struct cbor_reader *reader, uint64_t max, uint64_t *number, struct error *err)
{
	struct cbor_value value;

	if (cbor_read_kind(reader, CBOR_KIND_UNSIGNED, max, &value, err) != 0)
		return -1;
	*number = value.number;
	return 0;
}

int
cbor_read_bytes(struct cbor_reader *reader, size_t max, struct view *data, struct error *err)
{
	struct cbor_value value;

	if (cbor_read_kind(reader, CBOR_KIND_BYTES, max, &value, err) != 0)
		return -1;
	*data = value.data;
	return 0;
}

int
cbor_read_text(struct cbor_reader *reader, size_t max, struct view *text, struct error *err)
{
	struct cbor_value value;

	if (cbor_read_kind(reader, CBOR_KIND_TEXT, max, &value, err) != 0)
		return -1;
	*text = value.data;
	return 0;
}

int
cbor_read_end(const struct cbor_reader *reader, struct error *err)
{
	if (reader->rest.size != 0)
		return error_set(err, ERROR_MALFORMED, "%zu octets are left over after the CBOR",
		    reader->rest.size);
	return 0;
}

typedef size_t cbor_encoder(uint64_t number, unsigned char *buffer, size_t size);

static void
cbor_write_head(struct bytes *out, cbor_encoder *encode, uint64_t number)
{
	unsigned char head[9];

	bytes_append(out, head, encode(number, head, sizeof head));
}

void
cbor_write_array(struct bytes *out, uint64_t count)
{
	cbor_write_head(out, cbor_encode_array_start, count);
}

void
cbor_write_map(struct bytes *out, uint64_t count)
{
	cbor_write_head(out, cbor_encode_map_start, count);
}

void
cbor_write_unsigned(struct bytes *out, uint64_t number)
{
	cbor_write_head(out, cbor_encode_uint, number);
}

void
cbor_write_integer(struct bytes *out, int64_t number)
{
	if (number < 0)
		cbor_write_head(out, cbor_encode_negint, (uint64_t)(-1 - number));
	else
		cbor_write_unsigned(out, (uint64_t)number);
}

void
cbor_write_bytes(struct bytes *out, const void *data, size_t size)
{
	cbor_write_head(out, cbor_encode_bytestring_start, size);
	bytes_append(out, data, size);
}

void
cbor_write_text(struct bytes *out, const char *text, size_t length)
{
	cbor_write_head(out, cbor_encode_string_start, length);
	bytes_append(out, text, length);
}
