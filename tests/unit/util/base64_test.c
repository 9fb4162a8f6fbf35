#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/base64.h"
#include "util/error.h"

/* RFC 4648 §10. */
static const char *const vectors[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

START_TEST(both_ways_rfc4648_vectors_agree)
{
	const char      *plain = vectors[_i][0];
	AUTO_FREE char *text = base64_encode(BASE64_STANDARD, (const uint8_t *)plain, strlen(plain));
	AUTO_BYTES       back = {0};
	struct error     err = {0};

	ck_assert_str_eq(text, vectors[_i][1]);
	unit_ok(base64_decode(BASE64_STANDARD, text, strlen(text), &back, &err), &err);
	ck_assert(view_equal(bytes_view(&back),
	    view_text(plain)));
}
END_TEST

START_TEST(encode_url_alphabet_has_no_padding)
{
	static const uint8_t data[] = {0xfb, 0xff, 0xfe, 0xff};
	AUTO_FREE char      *text = base64_encode(BASE64_URL, data, sizeof data);

	ck_assert_str_eq(text, "-__-_w");
}
END_TEST

static const struct {
	enum base64_alphabet alphabet;
	const char          *text;
	const char          *detail;
} refused[] = {
    {BASE64_STANDARD, "Zg", "base64 of 2 characters: not a multiple of 4"},
    {BASE64_STANDARD, "Zg=a", "character 3 is not of the base64 alphabet"},
    {BASE64_STANDARD, "Z===", "character 2 is not of the base64 alphabet"},
    {BASE64_STANDARD, "====", "character 1 is not of the base64 alphabet"},
    {BASE64_STANDARD, "Zm9 ", "character 4 is not of the base64 alphabet"},
    {BASE64_STANDARD, "-_==", "character 1 is not of the base64 alphabet"},
    {BASE64_STANDARD, "Zh==", "base64 with spare bits that are not zero"},
    {BASE64_URL, "Zg==", "character 3 is not of the base64 alphabet"},
    {BASE64_URL, "Z", "base64 of a length that no octets have"},
    {BASE64_URL, "+/", "character 1 is not of the base64 alphabet"},
    {BASE64_URL, "Zh", "base64 with spare bits that are not zero"},
};

START_TEST(decode_other_spelling_is_malformed)
{
	AUTO_BYTES   out = {0};
	struct error err = {0};

	unit_fails(base64_decode(refused[_i].alphabet, refused[_i].text, strlen(refused[_i].text),
	               &out, &err),
	    &err, ERROR_MALFORMED, refused[_i].detail);
}
END_TEST

START_TEST(append_nothing_to_nothing_is_nothing)
{
	struct bytes text = {0};

	base64_append(BASE64_URL, (struct view){NULL, 0}, &text);
	ck_assert_ptr_null(text.data);
	ck_assert_uint_eq(text.size, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base64");
	TCase *tc = tcase_create("base64");

	tcase_add_loop_test(tc, both_ways_rfc4648_vectors_agree, 0, sizeof vectors / sizeof vectors[0]);
	tcase_add_test(tc, encode_url_alphabet_has_no_padding);
	tcase_add_loop_test(tc, decode_other_spelling_is_malformed, 0,
	    sizeof refused / sizeof refused[0]);
	tcase_add_test(tc, append_nothing_to_nothing_is_nothing);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
