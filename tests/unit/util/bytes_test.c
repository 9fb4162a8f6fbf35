#include "config.h"

#include <signal.h>
#include <string.h>

#include "cleansed.h"
#include "unit.h"
#include "util/bytes.h"

START_TEST(append_grows_and_keeps_what_was_there)
{
	AUTO_BYTES b = {0};

	for (unsigned i = 0; i < 100000; i++) {
		uint8_t octets[3] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};

		bytes_append(&b, octets, sizeof octets);
	}
	ck_assert_uint_eq(b.size, 300000);
	ck_assert_uint_ge(b.capacity, b.size);
	for (unsigned i = 0; i < 100000; i++)
		ck_assert_uint_eq(
		    b.data[3 * i] | (unsigned)b.data[3 * i + 1] << 8 | (unsigned)b.data[3 * i + 2] << 16, i);
}
END_TEST

START_TEST(append_nothing_allocates_nothing)
{
	AUTO_BYTES b = {0};

	bytes_append(&b, NULL, 0);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(bytes_view(&b).size, 0);
	bytes_append_u8(&b, 7);
	bytes_append(&b, NULL, 0);
	ck_assert_uint_eq(b.size, 1);
	ck_assert_uint_eq(b.data[0], 7);
}
END_TEST

START_TEST(clear_leaves_the_empty_one_and_may_be_repeated)
{
	struct bytes b = {0};

	bytes_append(&b, "secret", 6);
	bytes_clear(&b);
	ck_assert_ptr_null(b.data);
	ck_assert_uint_eq(b.size, 0);
	ck_assert_uint_eq(b.capacity, 0);
	bytes_clear(&b);
	bytes_append(&b, "again", 5);
	ck_assert(view_equal(bytes_view(&b), view_text("again")));
	bytes_clear(&b);
}
END_TEST

START_TEST(append_more_than_there_can_be_aborts)
{
	AUTO_BYTES b = {0};

	bytes_append_u8(&b, 1);
	bytes_append(&b, b.data, SIZE_MAX / 2);
}
END_TEST

static const struct {
	const char *a;
	const char *b;
	bool        equal;
} pairs[] = {
    {"", "", true},
    {"a", "a", true},
    {"a", "b", false},
    {"ab", "a", false},
    {"a", "ab", false},
    {"", "a", false},
};

START_TEST(view_equal_same_octets_only)
{
	ck_assert(view_equal(view_text(pairs[_i].a), view_text(pairs[_i].b)) == pairs[_i].equal);
}
END_TEST

START_TEST(view_equal_without_data_is_the_empty_one)
{
	struct view none = {NULL, 0};

	ck_assert(view_equal(none, none));
	ck_assert(view_equal(none, view_text("")));
	ck_assert(!view_equal(none, view_text("a")));
}
END_TEST

START_TEST(cleanse_overwrites_that_much)
{
	uint8_t data[] = {1, 2, 3, 4};

	bytes_cleanse(data, 3);
	ck_assert_uint_eq(data[0] | data[1] | data[2], 0);
	ck_assert_uint_eq(data[3], 4);
	bytes_cleanse(NULL, 0);
}
END_TEST

START_TEST(view_text_and_view_dup_are_each_others_inverse)
{
	AUTO_FREE char *copy = view_dup(view_text("text"));
	AUTO_FREE char *part = view_dup((struct view){(const uint8_t *)"text", 2});
	AUTO_FREE char *none = view_dup((struct view){NULL, 0});

	ck_assert_str_eq(copy, "text");
	ck_assert_str_eq(part, "te");
	ck_assert_str_eq(none, "");
	ck_assert_uint_eq(view_text("").size, 0);
}
END_TEST

START_TEST(memory_new_is_zero_and_never_null)
{
	AUTO_FREE uint8_t *some = memory_new(1000);
	AUTO_FREE uint8_t *none = memory_new(0);
	AUTO_FREE char    *copy = memory_strdup("text");

	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(some[i], 0);
	ck_assert_ptr_nonnull(none);
	ck_assert_str_eq(copy, "text");
}
END_TEST

START_TEST(memory_free_cleanup_frees_and_forgets)
{
	char *text = memory_strdup("text");

	memory_free_cleanup(&text);
	ck_assert_ptr_null(text);
	memory_free_cleanup(&text);
}
END_TEST

START_TEST(cleanse_is_what_clear_and_growth_do)
{
	const struct view secret = view_text("secret");
	struct bytes      b = {0};
	size_t            first;
	size_t            second;

	bytes_append(&b, secret.data, secret.size);
	first = b.capacity;
	cleansed_watch();
	(void)bytes_extend(&b, first);
	second = b.capacity;
	ck_assert_uint_gt(second, first);
	ck_assert_uint_eq(cleansed_count(first, secret), 1);
	bytes_clear(&b);
	ck_assert_uint_eq(cleansed_count(second, secret), 1);
	ck_assert_uint_eq(cleansed_count(0, secret), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("bytes");
	TCase *tc = tcase_create("bytes");

	tcase_add_test(tc, append_grows_and_keeps_what_was_there);
	tcase_add_test(tc, append_nothing_allocates_nothing);
	tcase_add_test(tc, clear_leaves_the_empty_one_and_may_be_repeated);
	tcase_add_test_raise_signal(tc, append_more_than_there_can_be_aborts, SIGABRT);
	tcase_add_loop_test(tc, view_equal_same_octets_only, 0, sizeof pairs / sizeof pairs[0]);
	tcase_add_test(tc, view_equal_without_data_is_the_empty_one);
	tcase_add_test(tc, view_text_and_view_dup_are_each_others_inverse);
	tcase_add_test(tc, cleanse_overwrites_that_much);
	tcase_add_test(tc, memory_new_is_zero_and_never_null);
	tcase_add_test(tc, memory_free_cleanup_frees_and_forgets);
	tcase_add_test(tc, cleanse_is_what_clear_and_growth_do);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
