/* The text of an EK's hash: every form, what is none, and prefixes. */
#include "config.h"

#include "util/ek_hash.h"

#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

#define DIGITS "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"
#define LOWER  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define BASE64 "ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8="

START_TEST(hash_parse_each_form_is_read)
{
	static const char *const forms[] = {
	    DIGITS, LOWER, "sha256:" DIGITS, "urn:ek:sha256:" BASE64};
	struct ek_hash hash;
	char           text[EK_HASH_TEXT_SIZE];
	struct error   err = {0};
	AUTO_FREE char *urn = NULL;

	unit_ok(ek_hash_parse(forms[_i], &hash, &err), &err);
	ek_hash_format(&hash, text);
	ck_assert_str_eq(text, LOWER);
	hash = (struct ek_hash){.bytes = {0}};
	ck_assert(ek_hash_read(forms[_i], &hash));
	ek_hash_format(&hash, text);
	ck_assert_str_eq(text, LOWER);
	urn = ek_hash_urn(&hash);
	ck_assert_str_eq(urn, "urn:ek:sha256:" BASE64);
}
END_TEST

static const struct {
	const char *text;
	const char *detail;
} hashes[] = {
    {"", "EK hash of 0 characters: it must have 64"},
    {"0011", "EK hash of 4 characters: it must have 64"},
    {DIGITS "0", "EK hash of 65 characters: it must have 64"},
    {"sha256:0011", "EK hash of 4 characters: it must have 64"},
    {"sha256:", "EK hash of 0 characters: it must have 64"},
    {"SHA256:" DIGITS, "EK hash of 71 characters: it must have 64"},
    {"g0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "EK hash with a character that is not a hexadecimal digit"},
    {"sha256: 0112233445566778899aabbccddeeff00112233445566778899aabbccddeef",
        "EK hash of 63 characters: it must have 64"},
    {"0011 2233445566778899aabbccddeeff00112233445566778899aabbccddeef",
        "EK hash with a character that is not a hexadecimal digit"},
    {"urn:ek:sha256:", "EK hash of 0 octets: it must have 32"},
    {"urn:ek:sha256:AAAA", "EK hash of 3 octets: it must have 32"},
    {"urn:ek:sha256:ABEiM0RVZneImaq7zN3u_wARIjNEVWZ3iJmqu8zd7v8=",
        "EK hash: character 21 is not of the base64 alphabet"},
};

START_TEST(hash_parse_garbage_is_malformed)
{
	struct ek_hash hash;
	struct error   err = {0};

	unit_fails(ek_hash_parse(hashes[_i].text, &hash, &err), &err, ERROR_MALFORMED,
	    hashes[_i].detail);
	ck_assert(!ek_hash_read(hashes[_i].text, &hash));
}
END_TEST

#define WHOLE "2ea8f0000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c"

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
    {WHOLE, WHOLE, WHOLE},
};

START_TEST(range_of_a_prefix_is_exact)
{
	struct ek_hash least;
	struct ek_hash greatest;
	char           text[EK_HASH_TEXT_SIZE];

	ck_assert(ek_hash_range(ranges[_i].text, &least, &greatest));
	ek_hash_format(&least, text);
	ck_assert_str_eq(text, ranges[_i].least);
	ek_hash_format(&greatest, text);
	ck_assert_str_eq(text, ranges[_i].greatest);
}
END_TEST

static const char *const no_range[] = {"", "2ea", "2eag", "sha256:2ea", "wxyz", (WHOLE "0")};

START_TEST(range_of_anything_else_is_none)
{
	struct ek_hash least;
	struct ek_hash greatest;

	ck_assert(!ek_hash_range(no_range[_i], &least, &greatest));
}
END_TEST

START_TEST(equal_compares_every_octet)
{
	struct ek_hash a = {{0}};

	for (size_t i = 0; i < EK_HASH_SIZE; i++) {
		struct ek_hash b = a;

		ck_assert(ek_hash_equal(&a, &b));
		b.bytes[i] = 1;
		ck_assert(!ek_hash_equal(&a, &b));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ek_hash");
	TCase *tc = tcase_create("ek_hash");

	tcase_add_loop_test(tc, hash_parse_each_form_is_read, 0, 4);
	tcase_add_loop_test(tc, hash_parse_garbage_is_malformed, 0, sizeof hashes / sizeof hashes[0]);
	tcase_add_loop_test(tc, range_of_a_prefix_is_exact, 0, sizeof ranges / sizeof ranges[0]);
	tcase_add_loop_test(tc, range_of_anything_else_is_none, 0,
	    sizeof no_range / sizeof no_range[0]);
	tcase_add_test(tc, equal_compares_every_octet);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
