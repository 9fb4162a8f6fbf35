/* The synopsis of a manual page, from records. */
#include "config.h"

#include <stdio.h>

#include "command/command.h"
#include "unit.h"
#include "util/error.h"

struct options {
	const char        *file;
	struct option_list names;
	bool               long_form;
};

static const struct command_option common[] = {
    {OPTION(FLAG, "json", NULL, struct command_call, json, "answer in JSON")},
    COMMAND_OPTION_HELP,
    COMMAND_OPTION_VERSION,
    {0},
};

static const struct command_option early[] = {
    {OPTION(TEXT, "tcti", "CONF", struct options, file, "where the TPM is")},
    {0},
};

static const struct command_option own[] = {
    {OPTION(TEXT, "file", "FILE", struct options, file, "what to read"), .required = true},
    {OPTION(LIST, "name", "NAME", struct options, names, "its name")},
    {OPTION(FLAG, "long", NULL, struct options, long_form, "all of it")},
    {0},
};

static int
run(const struct command_call *call, struct error *err)
{
	(void)call;
	(void)err;
	return 0;
}

static const struct command read_command = {.name = "read", .summary = "reads", .size = sizeof(struct options),
    .options = {{early, 0}, {own, 0}}, .run = run};
static const struct command list_command = {.name = "trust list", .summary = "lists",
    .operands = "HASH", .operands_max = COMMAND_OPERANDS_ANY, .run = run};
static const struct command show_command = {.name = "show", .summary = "shows",
    .operands = "HASH", .operands_min = 1, .operands_max = 1, .run = run};
static const struct command *const commands[] = {&read_command, &list_command, &show_command, NULL};
static const struct command_program program = {
    .name = "test", .about = "", .options = common, .early = early, .commands = commands};

#define COMMON ".Nm\n.Op Fl -tcti Ar CONF\n.Op Fl -json\n"

START_TEST(synopsis_has_each_command_with_its_options)
{
	char  *text = NULL;
	size_t size = 0;
	FILE  *out = open_memstream(&text, &size);

	command_synopsis(out, &program);
	(void)fclose(out);
	ck_assert_str_eq(text,
	    COMMON ".Cm read\n.Fl -file Ar FILE\n.Op Fl -name Ar NAME ...\n.Op Fl -long\n"
	    COMMON ".Cm trust list\n.Op Ar HASH ...\n"
	    COMMON ".Cm show\n.Ar HASH\n");
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("synopsis");
	TCase *tc = tcase_create("synopsis");

	tcase_add_test(tc, synopsis_has_each_command_with_its_options);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
