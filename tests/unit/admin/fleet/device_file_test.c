/* What is common to the formats of devices: tombstones, what is written and read again, and faults by line. */
#include "config.h"

#include "admin/fleet/fault.h"
#include "device_records.h"

START_TEST(tombstone_is_read_as_it_was_written)
{
	const struct device_format *format = device_format_find(_i == 0 ? "csv" : "jsonl");
	struct store_device         device = {.ek_hash = {0xbb}, .note = (char[]){"n"}, .enabled = true};
	const struct store_removed  removed = {.ek_hash = {0xaa}, .at = 9, .names = "=one\nt,wo\n",
	     .actor = "uid 0 (root)", .reason = "replaced by " B};
	char                       *text = NULL;
	char                       *shown;
	size_t                      size;
	FILE                       *out = open_memstream(&text, &size);

	format->begin(out, true);
	format->write(out, &device, true);
	format->write_removed(out, &removed);
	ck_assert_int_eq(fclose(out), 0);
	shown = render(format->name, text);
	ck_assert_str_eq(shown, _i == 0
	        ? "2:bb[][]n;3:aa-=one\nt,wo\n-9-uid 0 (root)-replaced by " B ";"
	        : "1:bb[][]n;2:aa-=one\nt,wo\n-9-uid 0 (root)-replaced by " B ";");
	free(shown);
	free(text);
}
END_TEST

/* Longer than any that the store has made. */
START_TEST(tombstone_with_texts_that_are_too_long_is_malformed)
{
	char  *text = NULL;
	size_t size;
	FILE  *out = open_memstream(&text, &size);
	char  *shown;

	(void)fprintf(out, "ek_hash,name,removed,removed_by\n" A ",\"");
	for (int i = 0; i < 32; i++)
		(void)fprintf(out, "%s%0255d", i != 0 ? "\n" : "", i);
	(void)fprintf(out, "\",1970-01-01T00:00:09Z,ann\n" B ",one,1970-01-01T00:00:09Z,%0*d\n",
	    STORE_REMOVED_TEXT_MAX + 1, 0);
	ck_assert_int_eq(fclose(out), 0);
	shown = render("csv", text);
	ck_assert_msg(strstr(shown, "2!its former names have more than ") != NULL, "%s", shown);
	ck_assert_msg(strstr(shown, "!\"removed_by\" has more than ") != NULL, "%s", shown);
	free(shown);
	free(text);
}
END_TEST

static const char *const formats[] = {"csv", "jsonl"};

START_TEST(what_is_written_is_read_again)
{
	const struct device_format *format = device_format_find(formats[_i]);
	const char                 *names[] = {"a, b", "\"quoted\"", "caf\xc3\xa9 ; x", "=1", " c "};
	const char                 *tags[] = {"x/y", "z=1"};
	struct store_device         device = {.ek_hash = {0xaa},
	            .names = (char **)(uintptr_t)names,
	            .name_count = 5,
	            .tags = (char **)(uintptr_t)tags,
	            .tag_count = 2,
	            .note = (char *)(uintptr_t) "say \"hi\", \\n"};
	struct store_device         bare = {
	            .ek_hash = {0xbb}, .note = (char *)(uintptr_t) "", .enabled = true};
	char                       *text = NULL;
	char                       *shown;
	size_t                      size;
	FILE                       *out = open_memstream(&text, &size);

	format->begin(out, false);
	format->write(out, &device, false);
	format->write(out, &bare, false);
	ck_assert_int_eq(fclose(out), 0);
	shown = render(formats[_i], text);
	ck_assert_ptr_nonnull(strstr(shown,
	    "aa[a, b|\"quoted\"|caf\xc3\xa9 ; x|=1| c ][x/y|z=1]say \"hi\", \\n off;"));
	ck_assert_ptr_nonnull(strstr(shown, "bb[][];"));
	free(shown);
	free(text);
}
END_TEST

START_TEST(format_is_found_by_name_and_path)
{
	ck_assert_ptr_eq(device_format_find("csv"), device_csv());
	ck_assert_ptr_eq(device_format_find("jsonl"), device_jsonl());
	ck_assert_ptr_null(device_format_find("xml"));
	ck_assert_ptr_eq(device_format_guess("/tmp/a.b.csv"), device_csv());
	ck_assert_ptr_null(device_format_guess("/tmp/csv"));
	ck_assert_ptr_null(device_format_guess("-"));
}
END_TEST

START_TEST(faults_keep_the_first_by_line)
{
	struct faults faults = {.count = 0};
	json_t       *list;

	for (uint64_t line = 30; line > 10; line--)
		faults_add(&faults, line, line == 11 ? "eleven\xff" : "some");
	faults_add(&faults, 500, "late");
	ck_assert_uint_eq(faults.count, 21);
	ck_assert_uint_eq(faults.first[0].line, 11);
	ck_assert_str_eq(faults.first[0].text, "eleven\xff");
	ck_assert_uint_eq(faults.first[FAULTS_MAX - 1].line, 20);
	list = faults_json(&faults);
	ck_assert_uint_eq(json_array_size(list), FAULTS_MAX);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "fault")),
	    "eleven\\xff");
	json_decref(list);
	faults_clear(&faults);
	ck_assert_uint_eq(faults.count, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_file");
	TCase *tc = tcase_create("device_file");

	tcase_add_loop_test(tc, tombstone_is_read_as_it_was_written, 0, 2);
	tcase_add_test(tc, tombstone_with_texts_that_are_too_long_is_malformed);
	tcase_add_loop_test(tc, what_is_written_is_read_again, 0, 2);
	tcase_add_test(tc, format_is_found_by_name_and_path);
	tcase_add_test(tc, faults_keep_the_first_by_line);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
