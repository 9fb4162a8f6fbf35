#include "config.h"

#include <string.h>

#include "unit.h"
#include "util/json_depth.h"

static const struct {
	const char *text;
	size_t      depth; /* the least that it does not exceed */
} texts[] = {
    {"", 0},
    {"1", 0},
    {"{}", 1},
    {"[{}]", 2},
    {"{\"a\":[],\"b\":[]}", 2},
    {"\"[[[\"", 0},           /* in a string */
    {"[\"\\\"[[[\"]", 1},     /* behind a quote that is escaped */
    {"]]][", 1},              /* what was never opened closes nothing */
    {"[[[[", 4},
    {"\"\\", 0},              /* ends in an escape */
};

START_TEST(exceeds_counts_open_brackets)
{
	struct view text = view_text(texts[_i].text);

	ck_assert(!json_depth_exceeds(text, texts[_i].depth));
	if (texts[_i].depth > 0)
		ck_assert(json_depth_exceeds(text, texts[_i].depth - 1));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json_depth");
	TCase *tc = tcase_create("json_depth");

	tcase_add_loop_test(tc, exceeds_counts_open_brackets, 0, sizeof texts / sizeof texts[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
