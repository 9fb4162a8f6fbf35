#include "config.h"

#include <string.h>

#include "device/host/problem.h"
#include "unit.h"

#define SAYS "EK 2ea8 is not enrolled; to let it in, run: attest-ca"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

static const struct {
	const char *refusal;
	const char *options;
} refusals[] = {
    {SAYS " approve 2ea8", ""},
    {SAYS " --state-dir /srv/ca approve 2ea8", " --state-dir /srv/ca"},
    {SAYS " --state-dir '/srv/our ca' approve 2ea8", " --state-dir '/srv/our ca'"},
    {SAYS " --state-dir '/$(id);`id`' approve 2ea8", " --state-dir '/$(id);`id`'"},
    {SAYS " --store sqlite:/db approve 2ea8", " --store sqlite:/db"},
    {SAYS " --state-dir /srv/ca --store '/d b' approve 2ea8", " --state-dir /srv/ca --store '/d b'"},
    {SAYS " --state-dir /srv/ca --config /etc/x approve 2ea8", " --state-dir /srv/ca"},
    {SAYS " --state-dir /srv;id approve 2ea8", ""},
    {SAYS " --state-dir '/srv''$(id)' approve 2ea8", ""},
    {SAYS " --state-dir '/srv approve 2ea8", ""},
    {SAYS " --state-dir $'/\\033[2J' approve 2ea8", ""},
    {SAYS " --state-dir '/srv\x1b[2J' approve 2ea8", ""},
    {SAYS " --state-dir  approve 2ea8", ""},
    {SAYS " --state-dir /srv/ca", ""},
    {SAYS " --state-dir /srv/ca --store $(id) approve 2ea8", ""},
    {SAYS " --state-dir /" LONG LONG " approve 2ea8", ""},
    {"EK 2ea8 is not enrolled", ""},
};

START_TEST(options_are_copied_only_as_whole_words)
{
	char text[PROBLEM_OPTIONS_SIZE];

	problem_options(refusals[_i].refusal, text);
	ck_assert_str_eq(text, refusals[_i].options);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("problem");
	TCase *tc = tcase_create("options");

	tcase_add_loop_test(tc, options_are_copied_only_as_whole_words, 0,
	    sizeof refusals / sizeof refusals[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
