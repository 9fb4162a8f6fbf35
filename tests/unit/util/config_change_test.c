/* What a reload takes over of settings that have changed, and what waits for a restart. */
#include "config.h"

#include "util/config_change.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "util/bytes.h"

/* One setting of each kind that is taken over, and of each that is not. */
struct settings {
	char              *text;
	struct config_list list;
	int64_t            number;
	int64_t            duration;
	bool               flag;
	char              *place;
	struct config_list addresses;
	int64_t            workers;
	bool               fixed;
	char              *file;
	int                derived; /* no row */
};

#define ROW(field, type, when) \
	{.name = #field, .kind = CONFIG_##type, .offset = offsetof(struct settings, field), .reload = CONFIG_##when}

static const struct config_row rows[] = {
    ROW(text, TEXT, RELOAD),
    ROW(list, LIST, RELOAD),
    ROW(number, NUMBER, RELOAD),
    ROW(duration, DURATION, RELOAD),
    ROW(flag, FLAG, RELOAD),
    ROW(place, TEXT, RESTART),
    ROW(addresses, LIST, RESTART),
    ROW(workers, NUMBER, RESTART),
    ROW(fixed, FLAG, RESTART),
    ROW(file, TEXT, RELOAD_VALUE),
};

static const struct config_schema schema = {.rows = rows, .count = sizeof rows / sizeof rows[0]};

static struct settings running;
static struct settings fresh;

static void
fill(struct settings *settings)
{
	*settings = (struct settings){.number = 3, .duration = 60, .workers = 2, .derived = 7};
	settings->text = memory_strdup("a");
	settings->place = memory_strdup("/here");
	settings->file = memory_strdup("/file");
	config_list_append(&settings->list, "x");
	config_list_append(&settings->list, "y");
	config_list_append(&settings->addresses, "[::1]:1");
}

static void
text_set(char **text, const char *value)
{
	free(*text);
	*text = value != NULL ? memory_strdup(value) : NULL;
}

static void
setup(void)
{
	fill(&running);
	fill(&fresh);
}

static void
teardown(void)
{
	config_file_clear(&schema, &running);
	config_file_clear(&schema, &fresh);
}

static void change_nothing(void) {}
static void change_text(void) { text_set(&fresh.text, "b"); }
static void change_text_to_none(void) { text_set(&fresh.text, NULL); }
static void change_text_from_none(void) { text_set(&running.text, NULL); }
static void change_number(void) { fresh.number = -1; }
static void change_duration(void) { fresh.duration = 61; }
static void change_flag(void) { fresh.flag = true; }
static void change_place(void) { text_set(&fresh.place, "/there"); }
static void change_place_to_none(void) { text_set(&fresh.place, NULL); }
static void change_workers(void) { fresh.workers = 0; }
static void change_fixed(void) { fresh.fixed = true; }
static void change_file(void) { text_set(&fresh.file, "/other"); }
static void change_file_to_none(void) { text_set(&fresh.file, NULL); }
static void change_file_from_none(void) { text_set(&running.file, NULL); }

static void
change_list_order(void)
{
	config_list_clear(&fresh.list);
	config_list_append(&fresh.list, "y");
	config_list_append(&fresh.list, "x");
}

static void
change_list_length(void)
{
	config_list_append(&fresh.list, "z");
}

static void
change_addresses(void)
{
	config_list_clear(&fresh.addresses);
}

static void
change_several(void)
{
	change_text();
	change_workers();
	change_flag();
	change_place();
}

static const struct {
	void (*change)(void);
	const char *taken;
	const char *waiting;
} changes[] = {
    {change_nothing, "", ""},
    {change_text, "text", ""},
    {change_text_to_none, "text", ""},
    {change_text_from_none, "text", ""},
    {change_list_order, "list", ""},
    {change_list_length, "list", ""},
    {change_number, "number", ""},
    {change_duration, "duration", ""},
    {change_flag, "flag", ""},
    {change_place, "", "place"},
    {change_place_to_none, "", "place"},
    {change_addresses, "", "addresses"},
    {change_workers, "", "workers"},
    {change_fixed, "", "fixed"},
    {change_file, "file", ""},
    {change_file_to_none, "", "file"},
    {change_file_from_none, "", "file"},
    {change_several, "text, flag", "place, workers"},
};

START_TEST(take_over_says_what_is_taken_and_what_waits)
{
	struct config_changes found;
	char                  names[CONFIG_NAMES_SIZE];

	changes[_i].change();
	config_take_over(&schema, &running, &fresh, &found);
	config_names(&schema, found.taken, names, sizeof names);
	ck_assert_str_eq(names, changes[_i].taken);
	config_names(&schema, found.waiting, names, sizeof names);
	ck_assert_str_eq(names, changes[_i].waiting);
	/* What waits is as it was by now, so that nothing of it is left the second time. */
	config_take_over(&schema, &running, &fresh, &found);
	config_names(&schema, found.taken, names, sizeof names);
	ck_assert_str_eq(names, changes[_i].taken);
	ck_assert_uint_eq(found.waiting, 0);
}
END_TEST

START_TEST(take_over_leaves_what_runs_and_gives_copies_of_it)
{
	struct config_changes found;

	change_several();
	change_addresses();
	config_take_over(&schema, &running, &fresh, &found);
	ck_assert_str_eq(running.text, "a");
	ck_assert_str_eq(running.place, "/here");
	ck_assert_int_eq(running.workers, 2);
	ck_assert_str_eq(fresh.text, "b");
	ck_assert(fresh.flag);
	ck_assert_int_eq(fresh.workers, 2);
	ck_assert_str_eq(fresh.place, "/here");
	ck_assert_ptr_ne(fresh.place, running.place);
	ck_assert_uint_eq(fresh.addresses.count, 1);
	ck_assert_str_eq(fresh.addresses.texts[0], "[::1]:1");
	ck_assert_ptr_ne(fresh.addresses.texts[0], running.addresses.texts[0]);
}
END_TEST

START_TEST(copy_owns_what_it_has)
{
	struct settings       copy;
	struct config_changes found;

	config_copy(&schema, sizeof copy, &running, &copy);
	ck_assert_int_eq(copy.derived, 7);
	config_take_over(&schema, &running, &copy, &found);
	ck_assert_uint_eq(found.taken | found.waiting, 0);
	ck_assert_ptr_ne(copy.text, running.text);
	ck_assert_ptr_ne(copy.list.texts, running.list.texts);
	config_file_clear(&schema, &copy);
	ck_assert_str_eq(running.text, "a");
	ck_assert_str_eq(running.list.texts[1], "y");
}
END_TEST

START_TEST(names_without_room_are_cut)
{
	char names[8];

	config_names(&schema, UINT64_MAX >> (64 - schema.count), names, sizeof names);
	ck_assert_str_eq(names, "text, l");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config_change");
	TCase *tc = tcase_create("change");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, take_over_says_what_is_taken_and_what_waits, 0,
	    sizeof changes / sizeof changes[0]);
	tcase_add_test(tc, take_over_leaves_what_runs_and_gives_copies_of_it);
	tcase_add_test(tc, copy_owns_what_it_has);
	tcase_add_test(tc, names_without_room_are_cut);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
