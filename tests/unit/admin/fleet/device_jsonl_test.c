/* Devices as lines of JSON: what each line is read as, and what is written. */
#include "config.h"

#include "device_records.h"

static const struct {
	const char *text;
	const char *shown;
} jsonl_texts[] = {
    {"", ""},
    {"{\"ek_hash\":\"" A "\"}", "1:aa[][]NULL;"},
    {"\xef\xbb\xbf{\"ek_hash\":\"" A "\"}\r\n\n \n{\"ek_hash\":\"" B "\"}\n",
        "1:aa[][]NULL;4:bb[][]NULL;"},
    {"{\"name\":\"one\",\"ek_hash\":\"" A "\",\"note\":\"n\\u00e9\",\"tags\":[\"x\",\"y\"],"
     "\"enabled\":false}",
        "1:aa[one][x|y]n\xc3\xa9 off;"},
    {"{\"ek_hash\":\"" A "\",\"note\":\"a\\u0000b\"}", "1!\"note\" holds a NUL;"},
    {"{\"ek_hash\":\"" A "\",\"names\":[\"one\\u0000two\"]}", "1!\"names\" holds a NUL;"},
    {"{\"ek_hash\":\"" A "\\u0000\"}", "1!\"ek_hash\" holds a NUL;"},
    {"{\"ek_hash\":\"" A "\",\"names\":[\"one\",\"t,wo\"]}", "1:aa[one|t,wo][]NULL;"},
    {"{\"ek_hash\":\"" A "\",\"name\":null,\"note\":null,\"tags\":null,\"enabled\":null}",
        "1:aa[][]NULL;"},
    {"{}", "1!there is no \"ek_hash\";"},
    {"{\"ek_hash\":null}", "1!there is no \"ek_hash\";"},
    {"{\"ek_hash\":\"" A "\",\"name\":[\"one\",\"two\"],\"removed\":\"1970-01-01T00:00:09Z\","
     "\"removed_by\":\"ann\",\"removed_reason\":\"lost\"}", "1:aa-one\ntwo-9-ann-lost;"},
    {"{\"ek_hash\":\"" A "\",\"removed\":9}", "1!\"removed\" is not a string;"},
    {"{\"ek_hash\":7}", "1!\"ek_hash\" is not a string;"},
    {"{\"ek_hash\":\"" A "\",\"name\":\"a\",\"names\":[\"b\"]}", "1!both \"name\" and \"names\";"},
    {"{\"ek_hash\":\"" A "\",\"name\":[7]}", "1!\"name\" is not a string;"},
    {"{\"ek_hash\":\"" A "\",\"name\":7}", "1!\"name\" is not an array of strings;"},
    {"{\"ek_hash\":\"" A "\",\"tags\":\"x\"}", "1!\"tags\" is not an array of strings;"},
    {"{\"ek_hash\":\"" A "\",\"note\":[]}", "1!\"note\" is not a string;"},
    {"{\"ek_hash\":\"" A "\",\"enabled\":\"false\"}", "1!\"enabled\" is not true or false;"},
    {"{\"ek_hash\":\"" A "\",\"owner\":\"x\"}",
        "1!there is no field \"owner\"; there are ek_hash, name, note, tags, enabled, removed, removed_by and removed_reason;"},
    {"{\"ek_hash\":\"" A "\",\"ek_hash\":\"" B "\"}\n{\"ek_hash\":\"" B "\"}",
        "1!not JSON: column 87: duplicate object key near '\"ek_hash\"';2:bb[][]NULL;"},
    {"[]", "1!not a JSON object;"},
    {"{\"ek_hash\":\"" A "\",\"name\":[[\"a\"]]}", "1!JSON deeper than 2 brackets;"},
    {"{\"ek_hash\":\"" A "\"} x", "1!not JSON: column 80: end of file expected near 'x';"},
};

START_TEST(jsonl_is_read_line_by_line)
{
	char *shown = render("jsonl", jsonl_texts[_i].text);

	ck_assert_str_eq(shown, jsonl_texts[_i].shown);
	free(shown);
}
END_TEST

START_TEST(line_of_jsonl_at_the_limit)
{
	static char text[2 * 65536 + 64];
	char       *shown;
	size_t      used = (size_t)snprintf(text, sizeof text, "{\"ek_hash\":\"" A "\"}");

	memset(text + used, ' ', 65536 - used);
	text[65536] = '\n';
	memset(text + 65537, ' ', 65537);
	(void)snprintf(text + 2 * 65537, 8, "\n{}\n");
	shown = render("jsonl", text);
	ck_assert_str_eq(shown, "1:aa[][]NULL;2!longer than 64 KiB;3!there is no \"ek_hash\";");
	free(shown);
}
END_TEST

/* What is no text, or cannot be read, is no device. */
START_TEST(jsonl_with_a_nul_or_that_fails_is_refused)
{
	static const char   lines[] = "{\"ek_hash\": \"" A "\"}\0\n{\"ek_hash\": \"" B "\", \"names\": \"a\\u0000\"}\n";
	struct device_file  file;
	struct store_device device;
	FILE               *in = tmpfile();
	FILE               *broken = fopen("/", "r");

	ck_assert_uint_eq(fwrite(lines, 1, sizeof lines - 1, in), sizeof lines - 1);
	rewind(in);
	unit_ok(device_file_open(&file, device_format_find("jsonl"), in, &err), &err);
	unit_fails(device_file_read(&file, &device, &err), &err, ERROR_MALFORMED,
	    "a NUL octet; if the file is UTF-16, save it as UTF-8");
	unit_fails(device_file_read(&file, &device, &err), &err, ERROR_MALFORMED, "\"names\" holds a NUL");
	ck_assert_int_eq(device_file_read(&file, &device, &err), 0);
	device_file_close(&file);
	(void)fclose(in);
	ck_assert_ptr_nonnull(broken);
	unit_ok(device_file_open(&file, device_format_find("jsonl"), broken, &err), &err);
	ck_assert_int_eq(device_file_read(&file, &device, &err), -1);
	ck_assert_int_eq((int)err.kind, ERROR_INTERNAL);
	device_file_close(&file);
	(void)fclose(broken);
}
END_TEST

/* More than a device may have: one too many arrives, so that enrolling can refuse it. */
START_TEST(too_many_names_are_one_too_many)
{
	struct device_file  file;
	struct store_device device;
	FILE               *in = tmpfile();

	(void)fprintf(in, "{\"ek_hash\":\"" A "\",\"name\":[\"0\"");
	for (int i = 1; i < 40; i++)
		(void)fprintf(in, ",\"%d\"", i);
	(void)fprintf(in, "],\"tags\":[\"0\"");
	for (int i = 1; i < 40; i++)
		(void)fprintf(in, ",\"%d\"", i);
	(void)fprintf(in, "]}");
	rewind(in);
	unit_ok(device_file_open(&file, device_jsonl(), in, &err), &err);
	ck_assert_int_eq(device_file_read(&file, &device, &err), 1);
	ck_assert_uint_eq(device.name_count, STORE_DEVICE_NAMES_MAX + 1);
	ck_assert_uint_eq(device.tag_count, STORE_DEVICE_TAGS_MAX + 1);
	ck_assert_str_eq(device.names[STORE_DEVICE_NAMES_MAX], "32");
	device_file_close(&file);
	(void)fclose(in);
}
END_TEST

/* What was removed by somebody whose name is no UTF-8 is a line of JSON still. */
START_TEST(write_has_a_line_for_each)
{
	static const char *const    names[] = {"a, b", "two"};
	static const char *const    tags[] = {"x/y"};
	const struct device_format *format = device_jsonl();
	const struct store_device   device = {.ek_hash = {0xaa}, .names = (char **)(uintptr_t)names, .name_count = 2,
	      .tags = (char **)(uintptr_t)tags, .tag_count = 1, .note = (char[]){"n"}};
	const struct store_removed  gone = {.ek_hash = {0xbb}, .at = 9, .names = "one\ntwo\n", .actor = "ann\xff",
	     .reason = ""};
	char                       *text = NULL;
	size_t                      size;
	FILE                       *out = open_memstream(&text, &size);

	format->begin(out, true);
	format->write(out, &device, true);
	format->write_removed(out, &gone);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_str_eq(text,
	    "{\"ek_hash\":\"" A "\",\"name\":[\"a, b\",\"two\"],\"note\":\"n\",\"tags\":[\"x/y\"],\"enabled\":false}\n"
	    "{\"ek_hash\":\"" B "\",\"name\":[\"one\",\"two\",\"\"],\"removed\":\"1970-01-01T00:00:09Z\","
	    "\"removed_by\":\"ann\\\\xff\",\"removed_reason\":\"\"}\n");
	free(text);
}
END_TEST

/* JSON cannot hold it, and half a line, or a line without it, would be read again as another device. */
START_TEST(write_of_what_is_no_utf8_writes_nothing)
{
	const char                 *texts[] = {"a", "x/y", "n", "one\n"};
	char                       *names[2] = {(char[]){"first"}};
	char                       *tags[1];
	const struct device_format *format = device_jsonl();
	struct store_device         device = {.names = names, .name_count = 2, .tags = tags, .tag_count = 1};
	struct store_removed        gone = {.names = "", .actor = "ann"};
	char                       *text = NULL;
	size_t                      size;
	FILE                       *out = open_memstream(&text, &size);

	texts[_i] = "\xc3(";
	names[1] = (char *)(uintptr_t)texts[0];
	tags[0] = (char *)(uintptr_t)texts[1];
	device.note = (char *)(uintptr_t)texts[2];
	(void)snprintf(gone.names, sizeof gone.names, "%s", texts[3]);
	ck_assert_int_eq(format->write(out, &device, true), _i == 3);
	ck_assert_int_eq(format->write_removed(out, &gone), _i != 3);
	ck_assert_int_eq(fclose(out), 0);
	ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* the other's line only */
	ck_assert_str_eq(text + strspn(text, "{"), text + 1);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_jsonl");
	TCase *tc = tcase_create("device_jsonl");

	tcase_add_loop_test(tc, jsonl_is_read_line_by_line, 0, sizeof jsonl_texts / sizeof jsonl_texts[0]);
	tcase_add_test(tc, line_of_jsonl_at_the_limit);
	tcase_add_test(tc, jsonl_with_a_nul_or_that_fails_is_refused);
	tcase_add_test(tc, too_many_names_are_one_too_many);
	tcase_add_test(tc, write_has_a_line_for_each);
	tcase_add_loop_test(tc, write_of_what_is_no_utf8_writes_nothing, 0, 4);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
