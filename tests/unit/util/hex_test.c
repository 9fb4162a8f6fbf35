#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/hex.h"

/* RFC 4648 §10, and every digit. */
static const struct {
	const char *octets;
	size_t      size;
	const char *text;
} vectors[] = {
    {"", 0, ""},
    {"f", 1, "66"},
    {"foobar", 6, "666f6f626172"},
    {"\x01\x23\x45\x67\x89\xab\xcd\xef", 8, "0123456789abcdef"},
    {"\x00\xff\x80\x7f", 4, "00ff807f"},
};

START_TEST(both_ways_vectors_agree)
{
	char    text[32];
	uint8_t octets[16];

	hex_encode((const uint8_t *)vectors[_i].octets, vectors[_i].size, text);
	ck_assert_str_eq(text, vectors[_i].text);
	ck_assert(hex_decode(text, octets, vectors[_i].size));
	ck_assert_int_eq(memcmp(octets, vectors[_i].octets, vectors[_i].size), 0);
}
END_TEST

START_TEST(decode_either_case_is_the_same)
{
	static const uint8_t wanted[] = {0xab, 0xcd, 0xef};
	uint8_t              octets[3];

	ck_assert(hex_decode("aBCdEf", octets, sizeof octets));
	ck_assert_int_eq(memcmp(octets, wanted, sizeof wanted), 0);
}
END_TEST

START_TEST(decode_looks_at_no_more_than_wanted)
{
	static const char text[4] = {'1', '2', 'x', 'x'}; /* no NUL */
	uint8_t           octet;

	ck_assert(hex_decode(text, &octet, 1));
	ck_assert_uint_eq(octet, 0x12);
}
END_TEST

START_TEST(decode_every_octet_but_digits_is_refused_in_either_place)
{
	char    high[3] = {(char)_i, '0', '\0'};
	char    low[3] = {'0', (char)_i, '\0'};
	uint8_t octet;
	bool    digit = _i != 0 && strchr("0123456789abcdefABCDEF", _i) != NULL;

	ck_assert(hex_decode(high, &octet, 1) == digit);
	ck_assert(hex_decode(low, &octet, 1) == digit);
}
END_TEST

/* The text may end anywhere; what stands behind its end is not read. */
START_TEST(decode_text_that_ends_early_is_refused)
{
	char    text[] = {'1', '2', '3', '\0'};
	char    empty[] = {'\0'};
	uint8_t octets[2];

	ck_assert(!hex_decode(text, octets, 2));
	ck_assert(!hex_decode(empty, octets, 2));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("hex");
	TCase *tc = tcase_create("hex");

	tcase_add_loop_test(tc, both_ways_vectors_agree, 0, sizeof vectors / sizeof vectors[0]);
	tcase_add_test(tc, decode_either_case_is_the_same);
	tcase_add_test(tc, decode_looks_at_no_more_than_wanted);
	tcase_add_loop_test(tc, decode_every_octet_but_digits_is_refused_in_either_place, 0, 256);
	tcase_add_test(tc, decode_text_that_ends_early_is_refused);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
