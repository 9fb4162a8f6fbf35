#include "config.h"

#include <string.h>

#include "store/hash.h"
#include "unit.h"
#include "util/hex.h"

#define DIGITS "2ea8f0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c"

static const char *const forms[] = {
    DIGITS,
    "2EA8F0000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C",
    ("sha256:" DIGITS),
    "urn:ek:sha256:LqjwAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxw=",
};

START_TEST(parse_every_form_is_the_hash)
{
	uint8_t hash[STORE_HASH_SIZE];
	char    text[STORE_HASH_TEXT_SIZE];

	ck_assert(store_hash_parse(forms[_i], hash));
	store_hash_format(hash, text);
	ck_assert_str_eq(text, DIGITS);
}
END_TEST

static const char *const no_hash[] = {
    "",
    "laptop",
    "2ea8f0",
    (DIGITS "0"),
    "2ea8f0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1g",
    "sha256:",
    ("sha256:sha256:" DIGITS),
    ("sha1:" DIGITS),
    ("urn:ek:sha256:" DIGITS),
    "urn:ek:sha256:LqjwAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==",
    "urn:ek:sha256:",
};

START_TEST(parse_anything_else_is_no_hash)
{
	uint8_t hash[STORE_HASH_SIZE];

	ck_assert(!store_hash_parse(no_hash[_i], hash));
}
END_TEST

static const struct {
	const char *text;
	const char *least;
	const char *greatest;
} ranges[] = {
    {"2ea8", "2ea8000000000000000000000000000000000000000000000000000000000000",
        "2ea8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"2EA8F", "2ea8f00000000000000000000000000000000000000000000000000000000000",
        "2ea8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {"sha256:2ea8f0", "2ea8f00000000000000000000000000000000000000000000000000000000000",
        "2ea8f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
    {DIGITS, DIGITS, DIGITS},
};

START_TEST(range_of_a_prefix_is_exact)
{
	uint8_t least[STORE_HASH_SIZE];
	uint8_t greatest[STORE_HASH_SIZE];
	char    text[STORE_HASH_TEXT_SIZE];

	ck_assert(store_hash_range(ranges[_i].text, least, greatest));
	store_hash_format(least, text);
	ck_assert_str_eq(text, ranges[_i].least);
	store_hash_format(greatest, text);
	ck_assert_str_eq(text, ranges[_i].greatest);
}
END_TEST

static const char *const no_range[] = {"", "2ea", "2eag", "sha256:2ea", "wxyz", (DIGITS "0")};

START_TEST(range_of_anything_else_is_none)
{
	uint8_t least[STORE_HASH_SIZE];
	uint8_t greatest[STORE_HASH_SIZE];

	ck_assert(!store_hash_range(no_range[_i], least, greatest));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("store_hash");
	TCase *tc = tcase_create("store_hash");

	tcase_add_loop_test(tc, parse_every_form_is_the_hash, 0, sizeof forms / sizeof forms[0]);
	tcase_add_loop_test(tc, parse_anything_else_is_no_hash, 0, sizeof no_hash / sizeof no_hash[0]);
	tcase_add_loop_test(tc, range_of_a_prefix_is_exact, 0, sizeof ranges / sizeof ranges[0]);
	tcase_add_loop_test(tc, range_of_anything_else_is_none, 0,
	    sizeof no_range / sizeof no_range[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
