#include "config.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"
#include "util/cbor.h"
#include "util/error.h"
#include "util/hex.h"

/* Octets from hexadecimal, in memory of exactly that size, so that reading beyond is found. */
static struct bytes
octets(const char *hex)
{
	struct bytes b = {0};
	size_t       size = strlen(hex) / 2;

	b.data = memory_new(size);
	b.size = size;
	b.capacity = size;
	ck_assert(hex_decode(hex, b.data, size));
	return b;
}

/* RFC 8949, Appendix A. */
static const struct {
	const char    *hex;
	enum cbor_kind kind;
	uint64_t       number;
	bool           indefinite;
	size_t         used; /* octets of the head and a string; 0: all */
} vectors[] = {
    {"00", CBOR_KIND_UNSIGNED, 0, false, 0},
    {"01", CBOR_KIND_UNSIGNED, 1, false, 0},
    {"0a", CBOR_KIND_UNSIGNED, 10, false, 0},
    {"17", CBOR_KIND_UNSIGNED, 23, false, 0},
    {"1818", CBOR_KIND_UNSIGNED, 24, false, 0},
    {"1864", CBOR_KIND_UNSIGNED, 100, false, 0},
    {"1903e8", CBOR_KIND_UNSIGNED, 1000, false, 0},
    {"1a000f4240", CBOR_KIND_UNSIGNED, 1000000, false, 0},
    {"1b000000e8d4a51000", CBOR_KIND_UNSIGNED, 1000000000000, false, 0},
    {"1bffffffffffffffff", CBOR_KIND_UNSIGNED, UINT64_MAX, false, 0},
    {"c249010000000000000000", CBOR_KIND_TAG, 2, false, 1},
    {"3bffffffffffffffff", CBOR_KIND_NEGATIVE, UINT64_MAX, false, 0},
    {"20", CBOR_KIND_NEGATIVE, 0, false, 0},
    {"29", CBOR_KIND_NEGATIVE, 9, false, 0},
    {"3863", CBOR_KIND_NEGATIVE, 99, false, 0},
    {"3903e7", CBOR_KIND_NEGATIVE, 999, false, 0},
    {"f90000", CBOR_KIND_FLOAT, 0, false, 0},
    {"fa47c35000", CBOR_KIND_FLOAT, 0, false, 0},
    {"fb7e37e43c8800759c", CBOR_KIND_FLOAT, 0, false, 0},
    {"f97e00", CBOR_KIND_FLOAT, 0, false, 0},
    {"f4", CBOR_KIND_SIMPLE, 20, false, 0},
    {"f5", CBOR_KIND_SIMPLE, 21, false, 0},
    {"f6", CBOR_KIND_SIMPLE, 22, false, 0},
    {"f7", CBOR_KIND_SIMPLE, 23, false, 0},
    {"c11a514b67b0", CBOR_KIND_TAG, 1, false, 1},
    {"d74401020304", CBOR_KIND_TAG, 23, false, 1},
    {"d818456449455446", CBOR_KIND_TAG, 24, false, 2},
    {"40", CBOR_KIND_BYTES, 0, false, 0},
    {"4401020304", CBOR_KIND_BYTES, 4, false, 0},
    {"60", CBOR_KIND_TEXT, 0, false, 0},
    {"6449455446", CBOR_KIND_TEXT, 4, false, 0},
    {"80", CBOR_KIND_ARRAY, 0, false, 0},
    {"83010203", CBOR_KIND_ARRAY, 3, false, 1},
    {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", CBOR_KIND_ARRAY, 25, false, 2},
    {"a0", CBOR_KIND_MAP, 0, false, 0},
    {"a201020304", CBOR_KIND_MAP, 2, false, 1},
    {"5f42010243030405ff", CBOR_KIND_BYTES, 0, true, 1},
    {"7f657374726561646d696e67ff", CBOR_KIND_TEXT, 0, true, 1},
    {"9fff", CBOR_KIND_ARRAY, 0, true, 1},
    {"bf61610161629f0203ffff", CBOR_KIND_MAP, 0, true, 1},
    {"ff", CBOR_KIND_BREAK, 0, false, 0},
};

START_TEST(read_rfc8949_vectors_agree)
{
	struct bytes       input = octets(vectors[_i].hex);
	struct cbor_reader reader = {bytes_view(&input)};
	struct cbor_value  value;
	struct error       err = {0};

	unit_ok(cbor_read(&reader, &value, &err), &err);
	ck_assert_int_eq(value.kind, vectors[_i].kind);
	ck_assert_uint_eq(value.number, vectors[_i].number);
	ck_assert(value.indefinite == vectors[_i].indefinite);
	ck_assert_uint_eq(input.size - reader.rest.size,
	    vectors[_i].used != 0 ? vectors[_i].used : input.size);
	ck_assert_ptr_eq(reader.rest.data, input.data + (input.size - reader.rest.size));
	bytes_clear(&input);
}
END_TEST

/* Each vector's head, cut off anywhere. */
START_TEST(read_cut_off_is_malformed_and_consumes_nothing)
{
	size_t whole = vectors[_i].used != 0 ? vectors[_i].used : strlen(vectors[_i].hex) / 2;

	for (size_t size = 0; size < whole; size++) {
		struct bytes       input = octets(vectors[_i].hex);
		struct bytes       cut = {0};
		struct cbor_reader reader;
		struct cbor_value  value;
		struct error       err = {0};

		cut.data = memory_new(size);
		memcpy(cut.data, input.data, size);
		cut.size = cut.capacity = size;
		reader.rest = bytes_view(&cut);
		unit_fails(cbor_read(&reader, &value, &err), &err, ERROR_MALFORMED,
		    size == 0 ? "the CBOR ends where an item is wanted" : "the CBOR is cut off or broken");
		ck_assert_uint_eq(reader.rest.size, size);
		bytes_clear(&cut);
		bytes_clear(&input);
	}
}
END_TEST

/* RFC 8949, Appendix F: what is not well-formed in a head, and lengths that nobody has. */
static const char *const broken[] = {
    "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e",
    "bc", "bd", "be", "dc", "dd", "de", "fc", "fd", "fe",  /* reserved additional information */
    "1f", "3f", "df",                                      /* indefinite, where it cannot be */
    "f800", "f801", "f818", "f81f",                        /* simple values below 32 in two octets */
    "5bffffffffffffffff010203", "7bffffffffffffffff", "5b7fffffffffffffff00",
    "5affffffff00", "590100", "78ff41",
};

START_TEST(read_broken_head_is_malformed)
{
	struct bytes       input = octets(broken[_i]);
	struct cbor_reader reader = {bytes_view(&input)};
	struct cbor_value  value;
	struct error       err = {0};

	unit_fails(cbor_read(&reader, &value, &err), &err, ERROR_MALFORMED,
	    "the CBOR is cut off or broken");
	bytes_clear(&input);
}
END_TEST

/* Every first octet, with enough behind it, is read or refused, and a kind comes of it. */
START_TEST(read_any_first_octet_never_reads_beyond)
{
	struct bytes       input = octets("000102030405060708090a0b0c0d0e0f10111213141516171819");
	struct cbor_reader reader;
	struct cbor_value  value;
	struct error       err = {0};

	input.data[0] = (uint8_t)_i;
	reader.rest = bytes_view(&input);
	if (cbor_read(&reader, &value, &err) == 0) {
		ck_assert_int_ne(value.kind, CBOR_KIND_NONE);
		ck_assert_uint_lt(reader.rest.size, input.size);
	} else
		ck_assert_int_eq(err.kind, ERROR_MALFORMED);
	bytes_clear(&input);
}
END_TEST

enum wanted { LIST, ARRAY_2, UNSIGNED, BYTES, TEXT };

static const struct {
	enum wanted wanted; /* at most 3; the array has 2 */
	const char *hex;
	const char *detail; /* NULL: it is read */
} typed[] = {
    {LIST, "80", NULL},
    {LIST, "83010203", NULL},
    {LIST, "8401020304", "a CBOR item is larger than 3"},
    {LIST, "9bffffffffffffffff", "a CBOR item is larger than 3"},
    {LIST, "9f01ff", "a CBOR item is of another kind than wanted"},
    {LIST, "a0", "a CBOR item is of another kind than wanted"},
    {LIST, "", "the CBOR ends where an item is wanted"},
    {ARRAY_2, "820102", NULL},
    {ARRAY_2, "8101", "a CBOR array has 1 items, not 2"},
    {ARRAY_2, "83010203", "a CBOR item is larger than 2"},
    {ARRAY_2, "9f0102ff", "a CBOR item is of another kind than wanted"},
    {UNSIGNED, "03", NULL},
    {UNSIGNED, "04", "a CBOR item is larger than 3"},
    {UNSIGNED, "20", "a CBOR item is of another kind than wanted"},
    {UNSIGNED, "f5", "a CBOR item is of another kind than wanted"},
    {UNSIGNED, "c101", "a CBOR item is of another kind than wanted"},
    {UNSIGNED, "ff", "a CBOR item is of another kind than wanted"},
    {BYTES, "40", NULL},
    {BYTES, "43010203", NULL},
    {BYTES, "4401020304", "a CBOR item is larger than 3"},
    {BYTES, "63616263", "a CBOR item is of another kind than wanted"},
    {BYTES, "5f4101ff", "a CBOR item is of another kind than wanted"},
    {BYTES, "430102", "the CBOR is cut off or broken"},
    {TEXT, "63616263", NULL},
    {TEXT, "6461626364", "a CBOR item is larger than 3"},
    {TEXT, "43010203", "a CBOR item is of another kind than wanted"},
    {TEXT, "7f6161ff", "a CBOR item is of another kind than wanted"},
};

static int
read_typed(enum wanted wanted, struct cbor_reader *reader, struct error *err)
{
	struct view data = {NULL, 99};
	uint64_t    number = 99;
	int         rc = -1;

	switch (wanted) {
	case LIST:
		rc = cbor_read_list(reader, 3, &number, err);
		break;
	case ARRAY_2:
		return cbor_read_array(reader, 2, err);
	case UNSIGNED:
		rc = cbor_read_unsigned(reader, 3, &number, err);
		break;
	case BYTES:
		rc = cbor_read_bytes(reader, 3, &data, err);
		break;
	case TEXT:
		rc = cbor_read_text(reader, 3, &data, err);
		break;
	}
	ck_assert(rc != 0 || number <= 3 || data.size <= 3);
	ck_assert(rc == 0 || (number == 99 && data.size == 99)); /* not touched */
	return rc;
}

START_TEST(read_typed_takes_that_kind_and_size_only)
{
	struct bytes       input = octets(typed[_i].hex);
	struct cbor_reader reader = {bytes_view(&input)};
	struct error       err = {0};

	if (typed[_i].detail == NULL)
		unit_ok(read_typed(typed[_i].wanted, &reader, &err), &err);
	else
		unit_fails(read_typed(typed[_i].wanted, &reader, &err), &err, ERROR_MALFORMED,
		    typed[_i].detail);
	bytes_clear(&input);
}
END_TEST

START_TEST(read_end_with_octets_left_is_malformed)
{
	static const uint8_t rest[] = {1, 2};
	struct cbor_reader   reader = {{rest, 2}};
	struct error         err = {0};

	unit_fails(cbor_read_end(&reader, &err), &err, ERROR_MALFORMED,
	    "2 octets are left over after the CBOR");
	reader.rest.size = 0;
	unit_ok(cbor_read_end(&reader, &err), &err);
}
END_TEST

static void
assert_written(struct bytes *out, const char *hex)
{
	char text[128];

	ck_assert_uint_lt(out->size, sizeof text / 2);
	hex_encode(out->data, out->size, text);
	ck_assert_str_eq(text, hex);
	bytes_clear(out);
}

static const struct {
	int64_t     number;
	const char *hex;
} integers[] = {
    {0, "00"}, {23, "17"}, {24, "1818"}, {255, "18ff"}, {256, "190100"}, {65535, "19ffff"},
    {65536, "1a00010000"}, {4294967295, "1affffffff"}, {4294967296, "1b0000000100000000"},
    {INT64_MAX, "1b7fffffffffffffff"}, {-1, "20"}, {-10, "29"}, {-24, "37"}, {-25, "3818"},
    {-100, "3863"}, {-1000, "3903e7"}, {-65536, "39ffff"}, {-65537, "3a00010000"},
    {INT64_MIN, "3b7fffffffffffffff"},
};

START_TEST(write_integer_is_the_shortest_form)
{
	struct bytes out = {0};

	cbor_write_integer(&out, integers[_i].number);
	assert_written(&out, integers[_i].hex);
	if (integers[_i].number >= 0) {
		cbor_write_unsigned(&out, (uint64_t)integers[_i].number);
		assert_written(&out, integers[_i].hex);
	}
}
END_TEST

START_TEST(write_heads_and_strings_are_the_shortest_form)
{
	struct bytes out = {0};

	cbor_write_unsigned(&out, UINT64_MAX);
	assert_written(&out, "1bffffffffffffffff");
	cbor_write_array(&out, 0);
	cbor_write_array(&out, 23);
	cbor_write_array(&out, 24);
	assert_written(&out, "80979818");
	cbor_write_map(&out, 2);
	cbor_write_map(&out, 256);
	assert_written(&out, "a2b90100");
	cbor_write_bytes(&out, NULL, 0);
	cbor_write_bytes(&out, "\x01\x02\x03\x04", 4);
	assert_written(&out, "404401020304");
	cbor_write_text(&out, "", 0);
	cbor_write_text(&out, "IETF", 4);
	assert_written(&out, "606449455446");
}
END_TEST

START_TEST(both_ways_long_strings_agree)
{
	static const size_t sizes[] = {23, 24, 255, 256, 65535, 65536};
	size_t              size = sizes[_i];
	AUTO_FREE uint8_t  *data = memory_new(size);
	AUTO_BYTES          out = {0};
	struct cbor_reader  reader;
	struct view         back;
	struct error        err = {0};

	memset(data, 'x', size);
	cbor_write_bytes(&out, data, size);
	cbor_write_text(&out, (const char *)data, size);
	reader.rest = bytes_view(&out);
	unit_ok(cbor_read_bytes(&reader, size, &back, &err), &err);
	ck_assert(view_equal(back, (struct view){data, size}));
	unit_ok(cbor_read_text(&reader, size, &back, &err), &err);
	ck_assert(view_equal(back, (struct view){data, size}));
	unit_ok(cbor_read_end(&reader, &err), &err);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cbor");
	TCase *tc = tcase_create("cbor");

	tcase_add_loop_test(tc, read_rfc8949_vectors_agree, 0, sizeof vectors / sizeof vectors[0]);
	tcase_add_loop_test(tc, read_cut_off_is_malformed_and_consumes_nothing, 0,
	    sizeof vectors / sizeof vectors[0]);
	tcase_add_loop_test(tc, read_broken_head_is_malformed, 0, sizeof broken / sizeof broken[0]);
	tcase_add_loop_test(tc, read_any_first_octet_never_reads_beyond, 0, 256);
	tcase_add_loop_test(tc, read_typed_takes_that_kind_and_size_only, 0,
	    sizeof typed / sizeof typed[0]);
	tcase_add_test(tc, read_end_with_octets_left_is_malformed);
	tcase_add_loop_test(tc, write_integer_is_the_shortest_form, 0,
	    sizeof integers / sizeof integers[0]);
	tcase_add_test(tc, write_heads_and_strings_are_the_shortest_form);
	tcase_add_loop_test(tc, both_ways_long_strings_agree, 0, 6);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
