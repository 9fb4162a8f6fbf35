/* What is made from rows: the sample says what the rows say, and so does the manual page. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acme/settings.h"
#include "attestation/settings.h"
#include "device/device_settings.h"
#include "unit.h"
#include "util/config_change.h"
#include "util/config_file.h"
#include "util/config_print.h"

static const struct config_row rows[] = {
    {.name = "place", .kind = CONFIG_TEXT, .value = "a\"b\\c", .title = "The place",
        .option = "place", .letter = 'p', .argument = "DIR", .help = "where it is",
        .manual = "Where it is (`a b`). See x(8), and `\\n`."},
    {.name = "time", .kind = CONFIG_DURATION, .value = "1h", .least = "1m", .most = "2h",
        .option = "time", .argument = "TIME", .help = "how long",
        .manual = ".Words of a paragraph that is so long that it does not fit into one line of "
                  "the sample."},
    {.name = "list", .kind = CONFIG_LIST, .value = "one, two", .title = "The rest",
        .manual = "A list, as in `{\"x\"}`."},
    {.name = "empty", .kind = CONFIG_LIST, .manual = "An empty list."},
    {.name = "file", .kind = CONFIG_TEXT, .example = "/x", .manual = "A file."},
    {.name = "flag", .kind = CONFIG_FLAG, .value = "true", .manual = "A flag."},
    {.name = "odd", .kind = CONFIG_TEXT, .manual = "A tick ` and no end"},
};

static const struct config_schema schema = {.rows = rows, .count = sizeof rows / sizeof rows[0]};

static const struct {
	void (*print)(const struct config_schema *schema, FILE *out);
	const char *text;
} printed[] = {
    {config_print_sample,
        "\n# ---- The place ----\n"
        "\n# Where it is (\"a b\"). See x(8), and \"\\n\".\n#place = \"a\\\"b\\\\c\"\n"
        "\n# .Words of a paragraph that is so long that it does not fit into one line of\n"
        "# the sample. From 1m to 2h.\n#time = \"1h\"\n"
        "\n# ---- The rest ----\n"
        "\n# A list, as in {\"x\"}.\n#list = {\"one\", \"two\"}\n"
        "\n# An empty list.\n#empty = {}\n"
        "\n# A file.\n# Example:\n#file = \"/x\"\n"
        "\n# A flag.\n#flag = true\n"
        "\n# A tick \" and no end\n#odd = \"\"\n"},
    {config_print_manual,
        ".Ss The place\n.Bl -tag -width Ds\n"
        ".It Cm place\nWhere it is\n.Ql ( \"a b\" ) .\nSee\n.Xr x 8 ,\nand\n.Ql \"\\en\" .\n"
        "Default: \"a\\e\"b\\e\\ec\".\nOption:\n.Fl -place .\n"
        ".It Cm time\n\\&.Words of a paragraph that is so long that it does not fit into one line of "
        "the sample.\nDefault: \"1h\"; from 1m to 2h.\nOption:\n.Fl -time .\n"
        ".El\n.Ss The rest\n.Bl -tag -width Ds\n"
        ".It Cm list\nA list, as in\n.Ql \"{\\(dqx\\(dq}\" .\nDefault: {\"one\", \"two\"}.\n"
        ".It Cm empty\nAn empty list.\nDefault: {}.\n"
        ".It Cm file\nA file.\nExample: \"/x\".\n"
        ".It Cm flag\nA flag.\nDefault: true.\n"
        ".It Cm odd\nA tick ` and no end\nDefault: \"\".\n"
        ".El\n"},
    {config_print_synopsis, ".Op Fl p Ar DIR\n.Op Fl -time Ar TIME\n"},
    {config_print_options,
        ".It Fl p , Fl -place Ar DIR\nWhere it is.\nSee\n.Cm place\nin\n.Sx CONFIGURATION .\n"
        ".It Fl -time Ar TIME\nHow long.\nSee\n.Cm time\nin\n.Sx CONFIGURATION .\n"},
};

START_TEST(print_rows_is_what_they_say)
{
	char  *text = NULL;
	size_t size = 0;
	FILE  *out = open_memstream(&text, &size);

	printed[_i].print(&schema, out);
	(void)fclose(out);
	ck_assert_str_eq(text, printed[_i].text);
	free(text);
}
END_TEST

static const struct config_row reloaded_rows[] = {
    {.name = "place", .kind = CONFIG_TEXT, .value = "a", .title = "T", .manual = "Where.",
        .option = "place", .argument = "DIR", .help = "where it is"},
    {.name = "time", .kind = CONFIG_DURATION, .value = "1h", .least = "1m", .most = "2h",
        .manual = "How long.", .reload = CONFIG_RELOAD},
    {.name = "file", .kind = CONFIG_TEXT, .example = "/x", .manual = "A file.",
        .reload = CONFIG_RELOAD_VALUE},
};

START_TEST(print_of_a_program_that_reloads_says_when_a_change_counts)
{
	const struct config_schema reloaded = {.rows = reloaded_rows, .count = 3, .reloads = true};
	char                      *text = NULL;
	size_t                     size = 0;
	FILE                      *out = open_memstream(&text, &size);

	config_print_sample(&reloaded, out);
	config_print_manual(&reloaded, out);
	(void)fclose(out);
	ck_assert_str_eq(text,
	    "\n# ---- T ----\n"
	    "\n# Where. A change needs a restart.\n#place = \"a\"\n"
	    "\n# How long. From 1m to 2h. A reload takes a change over.\n#time = \"1h\"\n"
	    "\n# A file. A reload takes another value over; to set or remove it needs a\n"
	    "# restart.\n# Example:\n#file = \"/x\"\n"
	    ".Ss T\n.Bl -tag -width Ds\n"
	    ".It Cm place\nWhere.\nDefault: \"a\".\nA change needs a restart.\nOption:\n.Fl -place .\n"
	    ".It Cm time\nHow long.\nDefault: \"1h\"; from 1m to 2h.\nA reload takes a change over.\n"
	    ".It Cm file\nA file.\nExample: \"/x\".\n"
	    "A reload takes another value over; to set or remove it needs a restart.\n"
	    ".El\n");
	free(text);
}
END_TEST

/* What a reload cannot change, and nothing else: a new row has to say. */
START_TEST(rows_of_the_daemons_say_what_needs_a_restart)
{
	const struct config_schema *program =
	    _i == 0 ? attestation_settings_schema() : acme_settings_schema();
	uint64_t restart = 0;
	char     names[128];

	ck_assert(program->reloads);
	ck_assert(!device_settings_schema()->reloads);
	for (size_t i = 0; i < program->count; i++) {
		if (program->rows[i].reload == CONFIG_RESTART)
			restart |= UINT64_C(1) << i;
	}
	config_names(program, restart, names, sizeof names);
	ck_assert_str_eq(names, "state_dir, store, listen, workers, front_user, sandbox, key_paths, key_sockets, "
	    "proxy_protocol");
}
END_TEST

/* Every row of every program can be shown: a sentence, a value, and an option that is whole. */
START_TEST(rows_of_the_programs_are_complete)
{
	const struct config_schema *programs[] = {
	    attestation_settings_schema(),
	    acme_settings_schema(),
	    device_settings_schema(),
	};
	const struct config_schema *program = programs[_i];

	ck_assert_ptr_nonnull(program->rows[0].title);
	for (size_t i = 0; i < program->count; i++) {
		const struct config_row *row = &program->rows[i];
		size_t                   ticks = 0;

		ck_assert_msg(row->manual != NULL && row->manual[strlen(row->manual) - 1] == '.',
		    "%s ends with no full stop", row->name);
		for (const char *tick = row->manual; (tick = strchr(tick, '`')) != NULL; tick++)
			ticks++;
		ck_assert_msg(ticks % 2 == 0, "%s: a ` without another", row->name);
		ck_assert_msg(row->value != NULL || row->example != NULL || row->kind == CONFIG_LIST,
		    "%s has nothing to show", row->name);
		ck_assert_msg((row->least == NULL) == (row->most == NULL), "%s: half of a range",
		    row->name);
		ck_assert_msg((row->option == NULL) == (row->help == NULL) &&
		        (row->option == NULL) == (row->argument == NULL),
		    "%s: half of an option", row->name);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(row->name, program->rows[j].name);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config_print");
	TCase *tc = tcase_create("config_print");

	tcase_add_loop_test(tc, print_rows_is_what_they_say, 0, sizeof printed / sizeof printed[0]);
	tcase_add_test(tc, print_of_a_program_that_reloads_says_when_a_change_counts);
	tcase_add_loop_test(tc, rows_of_the_daemons_say_what_needs_a_restart, 0, 2);
	tcase_add_loop_test(tc, rows_of_the_programs_are_complete, 0, 3);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
