#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/fleet/device_file.h"
#include "admin/fleet/fault.h"
#include "store/inventory/device.h"
#include "unit.h"
#include "util/error.h"

#define A "aa00000000000000000000000000000000000000000000000000000000000000"
#define B "bb00000000000000000000000000000000000000000000000000000000000000"

static struct error err;

/*
 * What a text holds: "line:hash's first octet[names][tags]note state;" of each, "line!fault;"
 * of what is none.
 */
static char *
render(const char *format, const char *text)
{
	struct device_file  file;
	struct store_device device;
	char               *shown = NULL;
	size_t              size;
	FILE               *out = open_memstream(&shown, &size);
	FILE               *in = tmpfile();
	int                 rc;

	ck_assert(in != NULL && out != NULL);
	ck_assert_uint_eq(fwrite(text, 1, strlen(text), in), strlen(text));
	rewind(in);
	if (device_file_open(&file, device_format_find(format), in, &err) != 0) {
		(void)fprintf(out, "%" PRIu64 "!%s;", file.line, err.detail);
	} else {
		while ((rc = device_file_read(&file, &device, &err)) != 0) {
			if (rc < 0) {
				ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
				(void)fprintf(out, "%" PRIu64 "!%s;", file.line, err.detail);
				continue;
			}
			if (file.is_removed) {
				(void)fprintf(out, "%" PRIu64 ":%02x-%s-%lld-%s-%s;", file.line,
				    file.removed.ek_hash[0], file.removed.names, (long long)file.removed.at,
				    file.removed.actor, file.removed.reason);
				continue;
			}
			(void)fprintf(out, "%" PRIu64 ":%02x[", file.line, device.ek_hash[0]);
			for (size_t i = 0; i < device.name_count; i++)
				(void)fprintf(out, "%s%s", i != 0 ? "|" : "", device.names[i]);
			(void)fprintf(out, "][");
			for (size_t i = 0; i < device.tag_count; i++)
				(void)fprintf(out, "%s%s", i != 0 ? "|" : "", device.tags[i]);
			(void)fprintf(out, "]%s%s;", device.note != NULL ? device.note : "NULL",
			    device.enabled ? "" : " off");
		}
		device_file_close(&file);
	}
	(void)fclose(in);
	ck_assert_int_eq(fclose(out), 0);
	return shown;
}

#define COLUMNS \
	"; the header names ek_hash, and name, note, tags, enabled, removed, removed_by, removed_reason if they are there, with commas" \
	" between;"

static const struct {
	const char *text;
	const char *shown;
} csv_texts[] = {
    {"ek_hash\n" A "\n", "2:aa[][]NULL;"},
    {"name,ek_hash,enabled,tags,note\none," A ",false,x y,\"a, b\"\n", "2:aa[one][x|y]a, b off;"},
    {"ek_hash,name,enabled\n" A ",\"one\ntwo\r\nthree\",\nsha256:" B ",,true\n",
        "2:aa[one|two|three][]NULL;5:bb[][]NULL;"},
    {"ek_hash,name\n" A ",\"one\n\"\n", "2:aa[one|][]NULL;"}, /* an empty name, which enrolling refuses */
    {"ek_hash,tags\n" A ",a  b\n", "2:aa[][a||b]NULL;"},
    {"", "1!there is no header, \"ek_hash,name,note,tags\";"},
    {"\n\nname\n", "3!there is no column \"ek_hash\";"},
    {"ek_hash,name,name\n", "1!column \"name\" is there twice;"},
    {"ek_hash,owner\n", "1!there is no column \"owner\"" COLUMNS},
    {"ek_hash;name\n", "1!there is no column \"ek_hash;name\"" COLUMNS},
    {"ek_hash, name\n", "1!there is no column \" name\"" COLUMNS},
    {A ",one\n", "1!there is no column \"" A "\"" COLUMNS},
    {"\"ek_hash\n", "1!a quote is not closed;"},
    {"ek_hash,name\n" A "\n" B ",b,c\n" A ",a\n",
        "2!1 cells, the header has 2;3!3 cells, the header has 2;4:aa[a][]NULL;"},
    {"ek_hash,name\n" A ",a\"b\n" B ",b\n",
        "2!a quote inside a cell that does not begin with one;3:bb[b][]NULL;"},
    {"ek_hash,name,removed,removed_by,removed_reason\n" A ",\"one\ntwo\n\",1970-01-01T00:00:09Z,"
     "ann,lost\n" B ",b,,,\n", "2:aa-one\ntwo\n-9-ann-lost;5:bb[b][]NULL;"},
    {"ek_hash,removed\n" A ",yesterday\n",
        "2!\"removed\" is a time of RFC 3339, not \"yesterday\";"},
    {"ek_hash,removed\n" A ",0000-01-01T00:00:00+01:00\n",
        "2!\"removed\" is a time of RFC 3339, not \"0000-01-01T00:00:00+01:00\";"},
    {"ek_hash,removed,name\n" A ",1970-01-01T00:00:09Z,\"a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\n"
     "a\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\na\"\n", "2!a device had at most 32 names;"},
    {"ek_hash,removed_by\n" A ",ann\n", "2!who removed it and why, but not when (\"removed\");"},
    {"ek_hash,removed,tags\n" A ",1970-01-01T00:00:09Z,x\n",
        "2!a removed EK has former names, and nothing else;"},
    {"ek_hash,removed,enabled\n" A ",1970-01-01T00:00:09Z,false\n",
        "2!a removed EK has former names, and nothing else;"},
    /* The line end of another system separates names; of a tag it is a part. */
    {"ek_hash,name,tags\n" A ",\"one\",\"x\r y\"\n", "2:aa[one][x\r|y]NULL;"},
    {"ek_hash,enabled\n" A ",yes\n", "2!enabled is true or false, not \"yes\";"},
};

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

START_TEST(csv_is_read_by_its_header)
{
	char *shown = render("csv", csv_texts[_i].text);

	ck_assert_str_eq(shown, csv_texts[_i].shown);
	free(shown);
}
END_TEST

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

/* More than a device may have: one too many arrives, so that enrolling can refuse it. */
START_TEST(too_many_names_are_one_too_many)
{
	struct device_file  file;
	struct store_device device;
	FILE               *in = tmpfile();

	(void)fprintf(in, "ek_hash,name,tags\n" A ",\"0");
	for (int i = 1; i < 40; i++)
		(void)fprintf(in, "\n%d", i);
	(void)fprintf(in, "\",0");
	for (int i = 1; i < 40; i++)
		(void)fprintf(in, " %d", i);
	rewind(in);
	unit_ok(device_file_open(&file, device_format_find("csv"), in, &err), &err);
	ck_assert_int_eq(device_file_read(&file, &device, &err), 1);
	ck_assert_uint_eq(device.name_count, STORE_DEVICE_NAMES_MAX + 1);
	ck_assert_uint_eq(device.tag_count, STORE_DEVICE_TAGS_MAX + 1);
	ck_assert_str_eq(device.names[STORE_DEVICE_NAMES_MAX], "32");
	device_file_close(&file);
	(void)fclose(in);
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

	tcase_add_loop_test(tc, csv_is_read_by_its_header, 0, sizeof csv_texts / sizeof csv_texts[0]);
	tcase_add_loop_test(tc, jsonl_is_read_line_by_line, 0,
	    sizeof jsonl_texts / sizeof jsonl_texts[0]);
	tcase_add_test(tc, line_of_jsonl_at_the_limit);
	tcase_add_test(tc, jsonl_with_a_nul_or_that_fails_is_refused);
	tcase_add_test(tc, tombstone_with_texts_that_are_too_long_is_malformed);
	tcase_add_test(tc, too_many_names_are_one_too_many);
	tcase_add_loop_test(tc, what_is_written_is_read_again, 0, 2);
	tcase_add_test(tc, format_is_found_by_name_and_path);
	tcase_add_test(tc, faults_keep_the_first_by_line);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
