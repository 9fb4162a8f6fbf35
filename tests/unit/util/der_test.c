#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/bytes.h"
#include "util/der.h"
#include "util/error.h"

#define OCTETS(text) {(const uint8_t *)(text), sizeof(text) - 1}

/* X.690 §8.1.3: the shortest form of each length, at both sides of every step. */
static const struct {
	size_t      size;
	struct view head;
} lengths[] = {
    {0, OCTETS("\x04\x00")},
    {1, OCTETS("\x04\x01")},
    {127, OCTETS("\x04\x7f")},
    {128, OCTETS("\x04\x81\x80")},
    {255, OCTETS("\x04\x81\xff")},
    {256, OCTETS("\x04\x82\x01\x00")},
    {65535, OCTETS("\x04\x82\xff\xff")},
    {65536, OCTETS("\x04\x83\x01\x00\x00")},
};

/* Asserts the head of length `_i`, before its content and after what stood there. */
static void
value_is(const struct bytes *out, int i, const uint8_t *content)
{
	ck_assert_uint_eq(out->size, 1 + lengths[i].head.size + lengths[i].size);
	ck_assert_uint_eq(out->data[0], '!');
	ck_assert_mem_eq(out->data + 1, lengths[i].head.data, lengths[i].head.size);
	if (lengths[i].size != 0)
		ck_assert_mem_eq(out->data + 1 + lengths[i].head.size, content, lengths[i].size);
}

START_TEST(append_of_every_length_has_the_shortest_form)
{
	AUTO_BYTES content = {0};
	AUTO_BYTES out = {0};

	for (size_t i = 0; i < lengths[_i].size; i++)
		bytes_append_u8(&content, (uint8_t)(i * 7));
	bytes_append_u8(&out, '!');
	der_append(&out, DER_OCTET_STRING, bytes_view(&content));
	value_is(&out, _i, content.data);
}
END_TEST

START_TEST(end_of_every_length_has_the_shortest_form)
{
	AUTO_BYTES content = {0};
	AUTO_BYTES out = {0};
	size_t     begun;

	bytes_append_u8(&out, '!');
	begun = der_begin(&out, DER_OCTET_STRING);
	for (size_t i = 0; i < lengths[_i].size; i++) {
		bytes_append_u8(&content, (uint8_t)(i * 7));
		bytes_append_u8(&out, (uint8_t)(i * 7));
	}
	der_end(&out, begun);
	value_is(&out, _i, content.data);
}
END_TEST

START_TEST(end_of_nested_values_is_each_in_its_place)
{
	static const char wanted[] = "\x30\x0a\xa3\x05\x03\x03\x00\xde\xad\x01\x01\xff";
	AUTO_BYTES        out = {0};
	size_t            outer = der_begin(&out, DER_SEQUENCE);
	size_t            inner = der_begin(&out, DER_CONTEXT_AROUND(3));
	size_t            bits = der_begin_bits(&out);

	bytes_append(&out, "\xde\xad", 2);
	der_end(&out, bits);
	der_end(&out, inner);
	der_append(&out, DER_BOOLEAN, (struct view)OCTETS("\xff"));
	der_end(&out, outer);
	ck_assert_uint_eq(out.size, sizeof wanted - 1);
	ck_assert_mem_eq(out.data, wanted, sizeof wanted - 1);
}
END_TEST

static const struct {
	struct view magnitude;
	struct view wanted;
} numbers[] = {
    {OCTETS(""), OCTETS("\x02\x01\x00")},
    {OCTETS("\x00\x00"), OCTETS("\x02\x01\x00")},
    {OCTETS("\x7f"), OCTETS("\x02\x01\x7f")},
    {OCTETS("\x80"), OCTETS("\x02\x02\x00\x80")},
    {OCTETS("\x00\x00\x01\x00\x01"), OCTETS("\x02\x03\x01\x00\x01")},
    {OCTETS("\x00\xff"), OCTETS("\x02\x02\x00\xff")},
};

START_TEST(append_unsigned_is_the_shortest_that_is_not_negative)
{
	AUTO_BYTES out = {0};

	der_append_unsigned(&out, numbers[_i].magnitude);
	ck_assert(view_equal(bytes_view(&out), numbers[_i].wanted));
}
END_TEST

/* RFC 5280 §4.1.2.5. */
static const struct {
	int64_t     when;
	const char *wanted;
} times[] = {
    {1795262400, "\x17\x0d" "261121120000Z"},
    {2524607999, "\x17\x0d" "491231235959Z"},
    {2524608000, "\x18\x0f" "20500101000000Z"},
    {-631152000, "\x17\x0d" "500101000000Z"},
    {-631152001, "\x18\x0f" "19491231235959Z"},
    {253402300799, "\x18\x0f" "99991231235959Z"},
};

START_TEST(append_time_is_utc_time_until_2049)
{
	AUTO_BYTES   out = {0};
	struct error err = {0};

	unit_ok(der_append_time(&out, times[_i].when, &err), &err);
	ck_assert(view_equal(bytes_view(&out), view_text(times[_i].wanted)));
}
END_TEST

static const int64_t beyond[] = {253402300800, INT64_MAX, INT64_MIN, -62167219201};

START_TEST(append_time_beyond_four_digits_fails)
{
	AUTO_BYTES   out = {0};
	struct error err = {0};

	unit_fails(der_append_time(&out, beyond[_i], &err), &err, ERROR_INTERNAL,
	    "a time that a certificate cannot express");
	ck_assert_uint_eq(out.size, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("der");
	TCase *tc = tcase_create("der");

	tcase_add_loop_test(tc, append_of_every_length_has_the_shortest_form, 0,
	    sizeof lengths / sizeof lengths[0]);
	tcase_add_loop_test(tc, end_of_every_length_has_the_shortest_form, 0,
	    sizeof lengths / sizeof lengths[0]);
	tcase_add_test(tc, end_of_nested_values_is_each_in_its_place);
	tcase_add_loop_test(tc, append_unsigned_is_the_shortest_that_is_not_negative, 0,
	    sizeof numbers / sizeof numbers[0]);
	tcase_add_loop_test(tc, append_time_is_utc_time_until_2049, 0, sizeof times / sizeof times[0]);
	tcase_add_loop_test(tc, append_time_beyond_four_digits_fails, 0,
	    sizeof beyond / sizeof beyond[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
