/* Devices as CSV: what each header and row is read as, and what is written. */
#include "config.h"

#include "device_records.h"

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

START_TEST(csv_is_read_by_its_header)
{
	char *shown = render("csv", csv_texts[_i].text);

	ck_assert_str_eq(shown, csv_texts[_i].shown);
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

static const char *const names[] = {"a, b", "two"};
static const char *const tags[] = {"x/y", "z"};

/* The text of the header, of a device with everything, of a bare one, and where `removed` of a tombstone. */
static char *
written(bool removed)
{
	const struct device_format *format = device_csv();
	const struct store_device   device = {.ek_hash = {0xaa}, .names = (char **)(uintptr_t)names, .name_count = 2,
	      .tags = (char **)(uintptr_t)tags, .tag_count = 2, .note = (char[]){"say \"hi\""}};
	const struct store_device   bare = {.ek_hash = {0xbb}, .note = (char[]){""}, .enabled = true};
	const struct store_removed  gone = {.ek_hash = {0xaa}, .at = 9, .names = "one\ntwo\n", .actor = "ann",
	     .reason = "lost"};
	char                       *text = NULL;
	size_t                      size;
	FILE                       *out = open_memstream(&text, &size);

	format->begin(out, removed);
	format->write(out, &device, removed);
	format->write(out, &bare, removed);
	if (removed)
		format->write_removed(out, &gone);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

START_TEST(write_has_a_row_for_each_with_the_headers_cells)
{
	char *text = written(false);

	ck_assert_str_eq(text, "ek_hash,name,note,tags,enabled\n"
	    A ",\"a, b\ntwo\",\"say \"\"hi\"\"\",x/y z,false\n"
	    B ",,,,true\n");
	free(text);
}
END_TEST

START_TEST(write_with_tombstones_has_their_columns_in_each_row)
{
	char *text = written(true);

	ck_assert_str_eq(text, "ek_hash,name,note,tags,enabled,removed,removed_by,removed_reason\n"
	    A ",\"a, b\ntwo\",\"say \"\"hi\"\"\",x/y z,false,,,\n"
	    B ",,,,true,,,\n"
	    A ",\"one\ntwo\n\",,,,1970-01-01T00:00:09Z,ann,lost\n");
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("device_csv");
	TCase *tc = tcase_create("device_csv");

	tcase_add_loop_test(tc, csv_is_read_by_its_header, 0, sizeof csv_texts / sizeof csv_texts[0]);
	tcase_add_test(tc, too_many_names_are_one_too_many);
	tcase_add_test(tc, write_has_a_row_for_each_with_the_headers_cells);
	tcase_add_test(tc, write_with_tombstones_has_their_columns_in_each_row);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
