/* Every kind of field: both ways, at its bound and beyond it, and of another kind. */
#include "config.h"

#include "service/fields.h"

#include <stdbool.h>
#include <string.h>

#include "unit.h"
#include "util/error.h"

#define VIEW(text) ((struct view){(const uint8_t *)(text), sizeof(text) - 1})
#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define ITEMS_MAX 3

enum color { RED, GREEN, BLUE };

struct item {
	uint64_t    number;
	struct view text;
};

struct sample {
	enum { FIRST, NONE, SECOND, KINDS } kind;
	struct view text;
	struct view octets;
	uint64_t    number;
	int64_t     when;
	int64_t     balance;
	bool        flag;
	enum color  color;
	struct item items[ITEMS_MAX];
	size_t      item_count;
};

static const struct field item_rows[] = {
    FIELD(0, NUMBER, struct item, number, 9),
    FIELD(0, TEXT, struct item, text, 4),
};

/* A table of each row alone, and one of all. */
static const struct field rows[] = {
    FIELD(1, TEXT, struct sample, text, 4),
    FIELD(1, OCTETS, struct sample, octets, 4),
    FIELD(1, NUMBER, struct sample, number, 300),
    FIELD(1, TIME, struct sample, when, 0),
    FIELD(1, SIGNED, struct sample, balance, 0),
    FIELD(1, FLAG, struct sample, flag, 0),
    FIELD(1, CHOICE, struct sample, color, BLUE),
    FIELD_LIST_OF(1, item_rows, struct sample, items, item_count, ITEMS_MAX),
    FIELD(2 | 4, TEXT, struct sample, text, 4),
};

static struct fields
alone(size_t row)
{
	return (struct fields){"sample", &rows[row], 1, sizeof(struct sample), NULL, 0, 0};
}

static const struct fields all = {"sample", rows, COUNT(rows) - 1, sizeof(struct sample), NULL, 0, 0};

static const unsigned kinds[KINDS] = {[FIRST] = 1, [SECOND] = 2};
static const struct fields by_kind = {
    "sample", rows, COUNT(rows), sizeof(struct sample), kinds, KINDS, offsetof(struct sample, kind)};

static const struct sample full = {
    .kind = FIRST,
    .text = {(const uint8_t *)"n\xc3\xb6r", 4},
    .octets = {(const uint8_t *)"\0\xff\n", 3},
    .number = 300,
    .when = INT64_MAX,
    .balance = INT64_MIN,
    .flag = true,
    .color = BLUE,
    .items = {{9, {(const uint8_t *)"a", 1}}, {0, {(const uint8_t *)"", 0}},
        {1, {(const uint8_t *)"four", 4}}},
    .item_count = ITEMS_MAX,
};

static void
assert_full(const struct sample *sample)
{
	ck_assert(view_equal(sample->text, full.text));
	ck_assert(view_equal(sample->octets, full.octets));
	ck_assert_uint_eq(sample->number, 300);
	ck_assert_int_eq(sample->when, INT64_MAX);
	ck_assert_int_eq(sample->balance, INT64_MIN);
	ck_assert(sample->flag);
	ck_assert_int_eq((int)sample->color, BLUE);
	ck_assert_uint_eq(sample->item_count, ITEMS_MAX);
	for (size_t i = 0; i < ITEMS_MAX; i++) {
		ck_assert_uint_eq(sample->items[i].number, full.items[i].number);
		ck_assert(view_equal(sample->items[i].text, full.items[i].text));
	}
}

START_TEST(decode_every_kind_gives_back_what_was_encoded)
{
	struct sample back;
	AUTO_BYTES    body = {0};
	struct error  err = {0};

	fields_encode(&all, &full, &body);
	memset(&back, 0xff, sizeof back);
	unit_ok(fields_decode(&all, bytes_view(&body), &back, &err), &err);
	assert_full(&back);
}
END_TEST

START_TEST(decode_what_is_not_sent_is_zero)
{
	struct sample back;
	struct sample zero = {0};
	struct fields flag = alone(5);
	AUTO_BYTES    body = {0};
	struct error  err = {0};

	fields_encode(&flag, &zero, &body);
	memset(&back, 0xff, sizeof back);
	unit_ok(fields_decode(&flag, bytes_view(&body), &back, &err), &err);
	ck_assert(!back.flag);
	ck_assert_ptr_null(back.text.data);
	ck_assert_uint_eq(back.number, 0);
	ck_assert_uint_eq(back.item_count, 0);
}
END_TEST

START_TEST(decode_cut_off_anywhere_or_longer_is_malformed)
{
	const struct fields *fields = _i == 0 ? &all : &by_kind;
	struct sample        back;
	AUTO_BYTES           body = {0};
	struct error         err = {0};

	fields_encode(fields, &full, &body);
	for (size_t size = 0; size < body.size; size++) {
		err.kind = ERROR_INTERNAL;
		ck_assert_int_eq(fields_decode(fields, (struct view){body.data, size}, &back, &err), -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	}
	bytes_append_u8(&body, 0);
	unit_fails(fields_decode(fields, bytes_view(&body), &back, &err), &err, ERROR_MALFORMED,
	    "1 octets are left over after the CBOR");
}
END_TEST

/* A row, and a body of that row alone that breaks one bound or is of another kind. */
static const struct {
	size_t      row;
	struct view body;
	const char *detail;
} refused[] = {
    {0, {(const uint8_t *)"\x81\x45" "abcde", 7}, "a CBOR item is larger than 4"},
    {0, {(const uint8_t *)"\x81\x61" "a", 3}, "a CBOR item is of another kind than wanted"},
    {0, {(const uint8_t *)"\x81\x01", 2}, "a CBOR item is of another kind than wanted"},
    {0, {(const uint8_t *)"\x81\x5f\x41" "a\xff", 5}, "a CBOR item is of another kind than wanted"},
    {0, {(const uint8_t *)"\x81\x41\x0a", 3}, "a text is no UTF-8 or has control characters"},
    {0, {(const uint8_t *)"\x81\x41\x00", 3}, "a text is no UTF-8 or has control characters"},
    {0, {(const uint8_t *)"\x81\x41\xff", 3}, "a text is no UTF-8 or has control characters"},
    {0, {(const uint8_t *)"\x81\x42\xc2\x85", 4}, "a text is no UTF-8 or has control characters"},
    {1, {(const uint8_t *)"\x81\x45" "abcde", 7}, "a CBOR item is larger than 4"},
    {1, {(const uint8_t *)"\x81\x80", 2}, "a CBOR item is of another kind than wanted"},
    {2, {(const uint8_t *)"\x81\x19\x01\x2d", 4}, "a CBOR item is larger than 300"},
    {2, {(const uint8_t *)"\x81\x20", 2}, "a CBOR item is of another kind than wanted"},
    {2, {(const uint8_t *)"\x81\x41" "1", 3}, "a CBOR item is of another kind than wanted"},
    {3, {(const uint8_t *)"\x81\x20", 2}, "a CBOR item is of another kind than wanted"},
    {3, {(const uint8_t *)"\x81\x1b\x80\0\0\0\0\0\0\0", 10},
        "a CBOR item is larger than 9223372036854775807"},
    {4, {(const uint8_t *)"\x81\x1b\x80\0\0\0\0\0\0\0", 10}, "a number is not valid, or too large"},
    {4, {(const uint8_t *)"\x81\x3b\x80\0\0\0\0\0\0\0", 10}, "a number is not valid, or too large"},
    {4, {(const uint8_t *)"\x81\x41" "1", 3}, "a number is not valid, or too large"},
    {5, {(const uint8_t *)"\x81\x02", 2}, "a CBOR item is larger than 1"},
    {5, {(const uint8_t *)"\x81\xf5", 2}, "a CBOR item is of another kind than wanted"},
    {6, {(const uint8_t *)"\x81\x03", 2}, "a CBOR item is larger than 2"},
    {6, {(const uint8_t *)"\x81\x20", 2}, "a CBOR item is of another kind than wanted"},
    {7, {(const uint8_t *)"\x81\x84", 2}, "a CBOR item is larger than 3"},
    {7, {(const uint8_t *)"\x81\x9f\xff", 3}, "a CBOR item is of another kind than wanted"},
    {7, {(const uint8_t *)"\x81\x01", 2}, "a CBOR item is of another kind than wanted"},
    {7, {(const uint8_t *)"\x81\x81\x0a\x40", 4}, "a CBOR item is larger than 9"},
    {7, {(const uint8_t *)"\x81\x81\x01\x45" "abcde", 9}, "a CBOR item is larger than 4"},
    {7, {(const uint8_t *)"\x81\x82\x01\x40\x01", 5}, "the CBOR ends where an item is wanted"},
    {7, {(const uint8_t *)"\x81\x81\x01\x40\x40", 5}, "1 octets are left over after the CBOR"},
};

START_TEST(decode_beyond_a_bound_or_of_another_kind_is_malformed)
{
	struct fields fields = alone(refused[_i].row);
	struct sample back;
	struct error  err = {0};

	unit_fails(fields_decode(&fields, refused[_i].body, &back, &err), &err, ERROR_MALFORMED,
	    refused[_i].detail);
}
END_TEST

/* Whoever walks over what was refused finds no item that was not read. */
START_TEST(decode_half_a_list_counts_no_item)
{
	struct fields fields = alone(7);
	struct sample back;
	struct error  err = {0};

	ck_assert_int_eq(fields_decode(&fields, VIEW("\x81\x82\x01\x40\x0a"), &back, &err), -1);
	ck_assert_uint_eq(back.item_count, 0);
}
END_TEST

START_TEST(decode_another_number_of_fields_is_malformed)
{
	struct fields fields = alone(5);
	struct sample back;
	struct error  err = {0};

	ck_assert_int_eq(fields_decode(&fields, VIEW("\x80"), &back, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
	ck_assert_int_eq(fields_decode(&fields, VIEW("\x82\x01\x01"), &back, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
}
END_TEST

START_TEST(kind_says_which_rows_are_sent)
{
	struct sample sample = full;
	struct sample back;
	AUTO_BYTES    body = {0};
	struct error  err = {0};

	fields_encode(&by_kind, &sample, &body);
	unit_ok(fields_decode(&by_kind, bytes_view(&body), &back, &err), &err);
	ck_assert_int_eq((int)back.kind, FIRST);
	assert_full(&back);
	bytes_clear(&body);
	sample.kind = SECOND;
	fields_encode(&by_kind, &sample, &body);
	ck_assert(view_equal(bytes_view(&body), VIEW("\x82\x02\x44n\xc3\xb6r")));
	unit_ok(fields_decode(&by_kind, bytes_view(&body), &back, &err), &err);
	ck_assert_int_eq((int)back.kind, SECOND);
	ck_assert(view_equal(back.text, full.text));
	ck_assert_uint_eq(back.number, 0);
}
END_TEST

static const struct {
	struct view body;
	const char *detail;
} kinds_refused[] = {
    {{(const uint8_t *)"\x82\x01\x40", 3}, "no sample of kind 1 has 2 items"},
    {{(const uint8_t *)"\x83\x02\x40\x40", 4}, "no sample of kind 2 has 3 items"},
    {{(const uint8_t *)"\x81\x02", 2}, "no sample of kind 2 has 1 items"},
    {{(const uint8_t *)"\x82\x00\x40", 3}, "no sample of kind 0 has 2 items"},
    {{(const uint8_t *)"\x82\x03\x40", 3}, "a CBOR item is larger than 2"},
    {{(const uint8_t *)"\x82\x40\x40", 3}, "a CBOR item is of another kind than wanted"},
    {{(const uint8_t *)"\x8b\x02\x40", 3}, "a CBOR item is larger than 10"},
    {{(const uint8_t *)"\x80", 1}, "the CBOR ends where an item is wanted"},
    {{(const uint8_t *)"\x02", 1}, "a CBOR item is of another kind than wanted"},
};

START_TEST(kind_that_is_none_or_with_other_rows_is_malformed)
{
	struct sample back;
	struct error  err = {0};

	unit_fails(fields_decode(&by_kind, kinds_refused[_i].body, &back, &err), &err, ERROR_MALFORMED,
	    kinds_refused[_i].detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fields");
	TCase *tc = tcase_create("fields");

	tcase_add_test(tc, decode_every_kind_gives_back_what_was_encoded);
	tcase_add_test(tc, decode_what_is_not_sent_is_zero);
	tcase_add_loop_test(tc, decode_cut_off_anywhere_or_longer_is_malformed, 0, 2);
	tcase_add_loop_test(tc, decode_beyond_a_bound_or_of_another_kind_is_malformed, 0, COUNT(refused));
	tcase_add_test(tc, decode_half_a_list_counts_no_item);
	tcase_add_test(tc, decode_another_number_of_fields_is_malformed);
	tcase_add_test(tc, kind_says_which_rows_are_sent);
	tcase_add_loop_test(tc, kind_that_is_none_or_with_other_rows_is_malformed, 0,
	    COUNT(kinds_refused));
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
