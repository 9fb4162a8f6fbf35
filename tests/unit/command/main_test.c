/* A program of its own: how its command line is read, what help says, and what is refused. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "records.h"
#include "scratch.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

struct shared {
	const char *place;
	bool        loud;
};

static const struct command_option shared_rows[] = {
    {OPTION(TEXT, "place", "PLACE", struct shared, place, "where it happens")},
    {OPTION(FLAG, "loud", NULL, struct shared, loud, "say more"), .letter = 'l'},
    {0},
};

struct list {
	struct option_list tags;
	int64_t            limit;
	struct shared      shared; /* not the first member: rows say where it lies */
};

static const struct command_option list_rows[] = {
    {OPTION(LIST, "tag", "TAG", struct list, tags, "those with it")},
    {OPTION(NUMBER, "limit", "N", struct list, limit, "so many"), .letter = 'n', .least = "1",
        .most = "9", .value = "5"},
    {0},
};

/* Says what it was given. */
static int
list_run(const struct command_call *call, struct error *err)
{
	const struct list *list = call->options;

	(void)printf("limit %d place %s loud %d tags", (int)list->limit,
	    list->shared.place != NULL ? list->shared.place : "none", list->shared.loud);
	for (size_t i = 0; i < list->tags.count; i++)
		(void)printf(" %s", list->tags.texts[i]);
	(void)printf(" operands");
	for (size_t i = 0; i < call->operand_count; i++)
		(void)printf(" %s", call->operands[i]);
	(void)printf(" json %d state %s\n", call->json, call->state_dir);
	if (call->answer != NULL)
		(void)json_object_set_new(call->answer, "limit", json_integer(list->limit));
	return list->limit != 9 ? 0 : error_set(err, ERROR_NOT_FOUND, "nine \x1b are too many");
}

static const struct command list_command = {
    .name = "list",
    .summary = "show them",
    .paragraph = "Those that are there.",
    .size = sizeof(struct list),
    .options = {{list_rows, 0}, {shared_rows, offsetof(struct list, shared)}},
    .operands = "NAME",
    .operands_max = 2,
    .run = list_run,
};

struct move {
	const char *to;
};

static const struct command_option move_rows[] = {
    {OPTION(TEXT, "to", "PLACE", struct move, to, "where it goes"), .required = true},
    {0},
};

static int
move_check(const struct command_call *call, struct error *err)
{
	const struct move *move = call->options;

	return strcmp(move->to, call->operands[0]) != 0
	    ? 0
	    : error_set(err, ERROR_MALFORMED, "it is there already");
}

static int
move_run(const struct command_call *call, struct error *err)
{
	const struct move *move = call->options;

	if (strcmp(move->to, "hell") == 0) {
		(void)error_set(err, ERROR_MALFORMED, "found out late");
		return COMMAND_USAGE;
	}
	(void)printf("moved %zu to %s\n", call->operand_count, move->to);
	return 0;
}

static const struct command move_command = {
    .name = "stock move",
    .summary = "move some",
    .size = sizeof(struct move),
    .options = {{move_rows, 0}},
    .operands = "THING",
    .operands_min = 1,
    .operands_max = COMMAND_OPERANDS_ANY,
    .check = move_check,
    .run = move_run,
};

static const struct command remove_command = {
    .name = "stock remove",
    .summary = "remove all",
    .run = list_run, /* it is not run */
};

static const struct command_option options[] = {
    {OPTION(TEXT, "state-dir", "DIR", struct command_call, state_dir, "where it is"),
        .letter = 's', .value = "/there", .filled = true},
    {OPTION(FLAG, "json", NULL, struct command_call, json, "in JSON")},
    COMMAND_OPTION_HELP,
    COMMAND_OPTION_VERSION,
    {0},
};

static const struct command *const commands[] = {
    &list_command, &move_command, &remove_command, NULL};

static const struct command_program program = {
    .name = "shop",
    .about = "Keeps a shop.\n",
    .options = options,
    .early = shared_rows,
    .commands = commands,
};

static const struct command_program answering = {
    .name = "shop",
    .about = "Keeps a shop.\n",
    .options = options,
    .early = shared_rows,
    .commands = commands,
    .last_counts = true,
    .answers = true,
};

static char directory[SCRATCH_SIZE];

static void
setup(void)
{
	scratch_make(directory);
}

static void
teardown(void)
{
	scratch_remove(directory);
}

/*
 * Runs a line of words; returns what it printed on both, which the caller frees. The case
 * runs in a process of its own, whose output nobody else reads.
 */
static char *
answer_of(const struct command_program *asked, int wanted, const char *line)
{
	AUTO_FREE char *path = file_join(directory, "answer");
	AUTO_FREE char *words = memory_strdup(line);
	AUTO_BYTES      content = {0};
	struct error    err = {0};
	char           *argv[16] = {NULL};
	char           *rest = words;
	int             argc = 0;
	int             status;

	for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL;)
		argv[argc++] = word;
	ck_assert_ptr_nonnull(freopen(path, "w", stdout));
	ck_assert_int_eq(dup2(fileno(stdout), STDERR_FILENO), STDERR_FILENO);
	status = command_main(asked, argc, argv);
	(void)fflush(stdout);
	ck_assert_int_eq(status, wanted);
	unit_ok(file_read(path, 1 << 16, &content, &err), &err);
	bytes_append_u8(&content, '\0');
	return memory_strdup((const char *)content.data);
}

/* The whole of what is printed, or with `part` some of it. */
static const struct {
	int         status;
	const char *line;
	const char *text;
	bool        part;
} lines[] = {
    /* what is filled in, and where options may stand */
    {0, "shop list", "limit 5 place none loud 0 tags operands json 0 state /there\n", false},
    {1, "shop list --tag b --limit 9 --tag a x", "nine", true},
    {0, "shop list --tag b a --tag=a -n3 b",
        "limit 3 place none loud 0 tags b a operands a b json 0 state /there\n", false},
    {0, "shop --place here -l -s /x --json list",
        "limit 5 place here loud 1 tags operands json 1 state /x\n", false},
    {0, "shop list -s /x --json --place here --loud",
        "limit 5 place here loud 1 tags operands json 1 state /x\n", false},
    {0, "shop list -- --tag", "operands --tag json", true},
    {0, "shop list --li 2 --pl x", "limit 2 place x", true}, /* what is clear may be shortened */
    {0, "shop stock move a b --to c", "moved 2 to c\n", false},
    /* what is refused */
    {2, "shop list --l 2", "there is no option \"--l\"; see \"shop list --help\"", true},
    {2, "shop list --nonsense", "there is no option \"--nonsense\"; see \"shop list --help\"\n", true},
    {2, "shop list -x", "there is no option \"-x\"", true},
    {2, "shop list --to x", "shop: list does not take --to; see \"shop list --help\"\n", false},
    {2, "shop list --to=x", "list does not take --to", true},
    {2, "shop --place x stock remove", "stock remove does not take --place", true},
    {2, "shop --tag x list", "--tag must follow the command; see \"shop --help\"", true},
    {2, "shop list --limit", "--limit needs an argument", true},
    {2, "shop list -n", "-n needs an argument", true},
    {2, "shop list --json=1", "--json=1: this option takes no argument", true},
    {2, "shop list --limit 1 --limit 2", "--limit is given twice", true},
    {2, "shop --place a list --place b", "--place is given twice", true},
    {2, "shop --json --json list", "--json is given twice", true},
    {2, "shop list --limit 10", "--limit takes a number from 1 to 9, not 10", true},
    {2, "shop list --state-dir=", "--state-dir cannot be empty", true},
    {2, "shop list a b c", "list does not take \"c\"; see \"shop list --help\"", true},
    {2, "shop stock remove a", "stock remove does not take \"a\"", true},
    {2, "shop stock move --to x", "stock move needs an argument: THING", true},
    {2, "shop stock move a", "--to is needed", true},
    {2, "shop stock move a --to a", "it is there already; see \"shop stock move --help\"", true},
    {2, "shop stock move a --to hell", "found out late; see \"shop stock move --help\"", true},
    {1, "shop list -n 9", "shop: nine \\x1b are too many\n", true},
    {2, "shop", "no command given", true},
    {2, "shop", "usage: shop", true},
    /* commands that are none */
    {2, "shop lst", "shop: there is no command \"lst\" (did you mean \"list\"?); see \"shop --help\"\n", false},
    {2, "shop lsit", "did you mean \"list\"?", true},
    {2, "shop stock mvoe", "there is no command \"stock mvoe\" (did you mean \"stock move\"?)", true},
    {2, "shop stok move x", "there is no command \"stok move\" (did you mean \"stock move\"?)", true},
    {2, "shop lst x", "there is no command \"lst\" (did you mean \"list\"?)", true},
    {2, "shop frobnicate", "shop: there is no command \"frobnicate\"; see \"shop --help\"\n", false},
    {2, "shop stock frobnicate", "there is no command \"stock frobnicate\"; see", true},
    {2, "shop stock", "there is no command \"stock\" alone; \"shop help stock\" lists", true},
    {2, "shop help lst", "did you mean \"list\"?", true},
    {2, "shop l", "there is no command \"l\"; see", true},
    /* help */
    {0, "shop help list", "usage: shop list [--tag TAG]... [--limit N] [NAME]\n\nshow them\n\nThose that are there.\n"
        "\noptions:\n"
        "      --tag TAG                     those with it\n"
        "  -n, --limit N                     so many (5)\n"
        "\noptions of every command:\n"
        "  -s, --state-dir DIR               where it is (/there)\n"
        "      --json                        in JSON\n"
        "  -h, --help                        show this, and with a command what that takes\n"
        "  -V, --version                     show the version\n"
        "      --place PLACE                 where it happens\n"
        "  -l, --loud                        say more\n", false},
    {0, "shop list --help", "usage: shop list [--tag TAG]... [--limit N] [NAME]\n", true},
    {0, "shop list a b c d -h", "usage: shop list", true},
    {0, "shop stock move -h", "usage: shop stock move --to PLACE THING...\n", true},
    {0, "shop stock --help", "usage: shop stock COMMAND [ARGUMENT]...\n\ncommands:\n"
        "  stock move        move some\n"
        "  stock remove      remove all\n"
        "\n\"shop help stock COMMAND\" says more.\n", false},
    {0, "shop stock -h", "usage: shop stock COMMAND", true},
    {0, "shop help stock", "usage: shop stock COMMAND", true},
    {0, "shop --help", "usage: shop [--state-dir DIR] [--json] [--place PLACE] [--loud] COMMAND\n           [ARGUMENT]...\n", true},
    {0, "shop -h", "\ncommands:\n  list              show them\n  stock move        move some\n", true},
    {0, "shop help", "\n\"shop help COMMAND\" or \"shop COMMAND --help\" says more.\n", true},
    {0, "shop --version", "shop (" PACKAGE_VERSION_LINE ")\n", false},
    {0, "shop list -V", "shop (" PACKAGE_VERSION_LINE ")\n", false},
};

START_TEST(main_answers)
{
	AUTO_FREE char *text = answer_of(&program, lines[_i].status, lines[_i].line);

	if (lines[_i].part)
		ck_assert_msg(strstr(text, lines[_i].text) != NULL, "%s: %s", lines[_i].line, text);
	else
		ck_assert_str_eq(text, lines[_i].text);
}
END_TEST

START_TEST(main_answering_program_prints_one_object)
{
	AUTO_FREE char *text = answer_of(&answering, 0, "shop list --json");

	ck_assert_ptr_nonnull(strstr(text, "\n{\n \"limit\": 5\n}\n"));
}
END_TEST

START_TEST(main_answering_program_says_why_it_failed)
{
	AUTO_FREE char *text = answer_of(&answering, 1, "shop list --json -n 9");

	ck_assert_ptr_nonnull(strstr(text, "\"limit\": 9"));
	ck_assert_ptr_nonnull(strstr(text, "\"error\": \"notFound\""));
	ck_assert_ptr_nonnull(strstr(text, "\"detail\": \"nine \\u001B are too many\""));
}
END_TEST

START_TEST(main_last_of_what_is_given_twice_counts_where_that_is_said)
{
	AUTO_FREE char *text = answer_of(&answering, 0,
	    "shop --place a list --limit 1 --place b --limit 2 --tag x --tag y");

	ck_assert_ptr_nonnull(strstr(text, "limit 2 place b loud 0 tags x y"));
}
END_TEST

START_TEST(main_answering_program_prints_none_unasked)
{
	AUTO_FREE char *text = answer_of(&answering, 0, "shop list");

	ck_assert_ptr_null(strchr(text, '{'));
}
END_TEST

struct early {
	int64_t size;
};

static const struct command_option early_rows[] = {
    {OPTION(NUMBER, "size", "N", struct early, size, "how large"), .least = "1"},
    {0},
};

static const struct command early_command = {
    .name = "list",
    .summary = "show them",
    .size = sizeof(struct early),
    .options = {{early_rows, 0}},
    .run = list_run, /* it is not run */
};

/* What came before the command is read when the command is known. */
START_TEST(main_early_option_that_is_malformed_is_refused)
{
	static const struct command *const early_commands[] = {&early_command, NULL};
	static const struct command_program early = {.name = "shop", .about = "Sells.\n", .options = options,
	    .commands = early_commands, .early = early_rows};
	AUTO_FREE char *text = answer_of(&early, 2, "shop --size 0 list");

	ck_assert_msg(strstr(text, "--size takes a number, 1 or more, not 0") != NULL, "%s", text);
}
END_TEST

START_TEST(usage_is_folded_before_column_80)
{
	static const struct command_option rows[] = {
	    {OPTION(TEXT, "a-long-name", "ARGUMENT", struct move, to, "x")},
	    {OPTION(TEXT, "b-long-name", "ARGUMENT", struct move, to, "x")},
	    {OPTION(TEXT, "c-long-name", "ARGUMENT", struct move, to, "x")},
	    {0},
	};
	static const struct command         folded = {.name = "fold", .summary = "fold",
	            .size = sizeof(struct move), .options = {{rows, 0}}, .run = move_run};
	static const struct command *const  table[] = {&folded, NULL};
	static const struct command_program folding = {
	    .name = "shop", .about = "", .options = options, .commands = table};
	AUTO_FREE char *text = answer_of(&folding, 0, "shop fold --help");

	ck_assert_ptr_nonnull(strstr(text,
	    "usage: shop fold [--a-long-name ARGUMENT] [--b-long-name ARGUMENT]\n"
	    "           [--c-long-name ARGUMENT]\n"));
}
END_TEST

START_TEST(suggest_is_a_third_of_the_letters_away_at_most)
{
	ck_assert_str_eq(command_suggest(&program, "lis"), "list");
	ck_assert_str_eq(command_suggest(&program, "listt"), "list");
	ck_assert_str_eq(command_suggest(&program, "stokc remvoe"), "stock remove");
	ck_assert_ptr_null(command_suggest(&program, "li"));
	ck_assert_ptr_null(command_suggest(&program, ""));
	ck_assert_ptr_null(command_suggest(&program,
	    "list list list list list list list list list list list"));
}
END_TEST

START_TEST(records_are_whole)
{
	records_check(&program, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("main");
	TCase *tc = tcase_create("main");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, main_answers, 0, (int)(sizeof lines / sizeof lines[0]));
	tcase_add_test(tc, main_answering_program_prints_one_object);
	tcase_add_test(tc, main_answering_program_says_why_it_failed);
	tcase_add_test(tc, main_answering_program_prints_none_unasked);
	tcase_add_test(tc, main_last_of_what_is_given_twice_counts_where_that_is_said);
	tcase_add_test(tc, main_early_option_that_is_malformed_is_refused);
	tcase_add_test(tc, usage_is_folded_before_column_80);
	tcase_add_test(tc, suggest_is_a_third_of_the_letters_away_at_most);
	tcase_add_test(tc, records_are_whole);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
