#include "config.h"

#include <string.h>

#include "scratch.h"
#include "store/inventory/device.h"
#include "store/sqlite/glob.h"
#include "store/store.h"
#include "store_tamper.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"
#include "util/file.h"

static char          directory[SCRATCH_SIZE];
static struct store *store;
static struct error  err;

/* The devices: the first octet of the hash, names, tags, when seen. */
static const struct {
	uint8_t     first;
	const char *names[4];
	const char *tags[3];
	int64_t     seen;
} devices[] = {
    {1, {"web-1", "www.example.org"}, {"web", "berlin"}, 100},
    {2, {"web-2"}, {"web"}, 200},
    {3, {"db-1", "web-like"}, {"berlin"}, 0},
    {4, {"caf\xc3\xa9"}, {NULL}, 300},
    {5, {NULL}, {"web", "spare"}, 400},
    {6, {NULL}, {NULL}, 0},
    {7, {"*"}, {NULL}, 500},
    {8, {"WEB-3"}, {NULL}, 500},
};

static size_t
length(const char *const *list, size_t max)
{
	size_t count = 0;

	while (count < max && list[count] != NULL)
		count++;
	return count;
}

static void
setup(void)
{
	char sql[128];

	scratch_make(directory);
	unit_ok(store_create(directory, &err), &err);
	unit_ok(store_open(directory, &store, &err), &err);
	for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
		struct store_device device = {
		    .ek_hash = {devices[i].first},
		    .names = (char **)(uintptr_t)devices[i].names,
		    .name_count = length(devices[i].names, 4),
		    .tags = (char **)(uintptr_t)devices[i].tags,
		    .tag_count = length(devices[i].tags, 3),
		};

		unit_ok(store_device_enroll(store, &device, 50, &err), &err);
		(void)snprintf(sql, sizeof sql, "UPDATE device SET seen = %lld WHERE id = %zu",
		    (long long)devices[i].seen, i + 1);
		store_tamper(directory, sql);
	}
}

static void
teardown(void)
{
	store_close(store);
	scratch_remove(directory);
}

/* The first octets, as digits. */
struct seen {
	char   text[32];
	size_t count;
	size_t max;
};

static bool
see_cb(const struct store_device *device, void *arg)
{
	struct seen *seen = arg;

	seen->text[seen->count++] = (char)('0' + device->ek_hash[0]);
	return seen->count < seen->max;
}

static const struct {
	struct store_filter filter;
	const char         *wanted;
} filters[] = {
    {{NULL, NULL, 0, false}, "78431256"},
    {{"web", NULL, 0, false}, "125"},
    {{"berlin", NULL, 0, false}, "31"},
    {{"spare", NULL, 0, false}, "5"},
    {{"we", NULL, 0, false}, ""},
    {{"", NULL, 0, false}, ""},
    {{NULL, "web-*", 0, false}, "312"},
    {{NULL, "*", 0, false}, "784312"},
    {{NULL, "\\*", 0, false}, "7"},
    {{NULL, "web-1", 0, false}, "1"},
    {{NULL, "w*org", 0, false}, "1"},
    {{NULL, "caf?", 0, false}, "4"},
    {{NULL, "caf??", 0, false}, ""},
    {{NULL, "[a-d]*-[!2]", 0, false}, "3"},
    {{NULL, "", 0, false}, ""},
    {{NULL, NULL, 200, false}, "1"},
    {{NULL, NULL, 201, false}, "12"},
    {{NULL, NULL, 1, false}, ""},
    {{"web", "web-*", 0, false}, "12"},
    {{"web", NULL, 200, false}, "1"},
    {{NULL, "*-1", 101, false}, "1"},
    {{NULL, "*-1", 100, false}, ""},
    {{"berlin", "w*", 101, false}, "1"},
    {{"web", "db-*", 1000, false}, ""},
    {{NULL, NULL, 0, true}, "36"},
    {{"berlin", NULL, 0, true}, "3"},
    {{NULL, "we*", 0, true}, "3"},
};

START_TEST(search_finds_what_is_meant_in_order)
{
	struct seen seen = {.max = 32};

	unit_ok(store_device_search(store, &filters[_i].filter, see_cb, &seen, &err), &err);
	ck_assert_str_eq(seen.text, filters[_i].wanted);
}
END_TEST

START_TEST(search_ends_when_told)
{
	struct seen seen = {.max = 2};

	unit_ok(store_device_search(store, &filters[1].filter, see_cb, &seen, &err), &err);
	ck_assert_str_eq(seen.text, "12");
	seen = (struct seen){.max = 7};
	unit_ok(store_device_search(store, &filters[0].filter, see_cb, &seen, &err), &err);
	ck_assert_str_eq(seen.text, "7843125");
}
END_TEST

START_TEST(search_by_no_pattern_is_malformed)
{
	struct seen         seen = {.max = 32};
	struct store_filter filter = {.name_glob = "a\\"};

	unit_fails(store_device_search(store, &filter, see_cb, &seen, &err), &err, ERROR_MALFORMED,
	    "\"a\\\" ends with a backslash");
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* Patterns of the shell, and how SQLite has them; NULL: refused. */
static const struct {
	const char *pattern;
	const char *wanted;
} globs[] = {
    {"", ""},
    {"a*b?c", "a*b?c"},
    {"[a-z]", "[a-z]"},
    {"[!a-z]x", "[^a-z]x"},
    {"[^a]", "[^a]"},
    {"[]a]", "[]a]"},
    {"[!]a]", "[^]a]"},
    {"[a!]", "[a!]"},
    {"a[b", "a[[]b"},
    {"a]b", "a]b"},
    {"\\*\\?\\[\\\\\\a", "[*][?][[]\\a"},
    {"[\\-a]", "[-a]"},
    {"[a\\]", "[[]a]"},
    {"[]", "[[]]"},
    {"[[:alpha:]]", NULL},
    {"[a\\]b]", NULL},
    {"a\\", NULL},
};

START_TEST(glob_translate_means_the_same)
{
	AUTO_BYTES out = {0};
	int        rc = sqlite_glob(globs[_i].pattern, &out, &err);

	if (globs[_i].wanted == NULL) {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq((int)err.kind, ERROR_MALFORMED);
		return;
	}
	unit_ok(rc, &err);
	ck_assert_str_eq((const char *)out.data, globs[_i].wanted);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])

int
main(void)
{
	Suite *suite = suite_create("store_list");
	TCase *tc = tcase_create("search");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, search_finds_what_is_meant_in_order, 0, COUNT(filters));
	tcase_add_test(tc, search_ends_when_told);
	tcase_add_test(tc, search_by_no_pattern_is_malformed);
	suite_add_tcase(suite, tc);
	tc = tcase_create("glob");
	tcase_add_loop_test(tc, glob_translate_means_the_same, 0, COUNT(globs));
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
