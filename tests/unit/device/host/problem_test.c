#include "config.h"

#include <string.h>

#include <jansson.h>

#include "device/host/http_client.h"
#include "device/host/problem.h"
#include "unit.h"
#include "util/error.h"

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

#define TAKEN "EK 2ea8 is not enrolled, and the name that it would get is in use; ask to run: attest-ca"

START_TEST(replace_is_asked_for_the_same_hash_only)
{
	ck_assert(problem_asks_replace(TAKEN " replace DEVICE 2ea8", "2ea8"));
	ck_assert(problem_asks_replace(TAKEN " --state-dir /srv/ca replace DEVICE 2ea8", "2ea8"));
	ck_assert(!problem_asks_replace(TAKEN " replace DEVICE 2ea8", "2ea"));
	ck_assert(!problem_asks_replace(TAKEN " replace DEVICE 2ea8; id", "2ea8"));
	ck_assert(!problem_asks_replace(TAKEN " replace laptop 2ea8", "2ea8"));
	ck_assert(!problem_asks_replace(SAYS " approve 2ea8", "2ea8"));
}
END_TEST

static const struct {
	long        status;
	long        retry_after;
	const char *detail;
} statuses[] = {
    {503, 0, "http://x answered HTTP 503: attestd, or a proxy before it, has a failure that may pass"},
    {503, 600, "http://x answered HTTP 503: attestd, or a proxy before it, has a failure that may"
               " pass; try again in 600 s"},
    {502, 0, "http://x answered HTTP 502: attestd, or a proxy before it, has a failure that may pass"},
    {404, 0, "http://x answered HTTP 404: is this the URL of attestd?"},
    {418, 9, "http://x answered HTTP 418: is this the URL of attestd?; try again in 9 s"},
};

START_TEST(error_of_a_bare_status_doubts_the_url_unless_it_may_pass)
{
	const struct http_answer answer = {
	    .status = statuses[_i].status, .retry_after = statuses[_i].retry_after};
	struct error             err;

	unit_fails(problem_error(&answer, "http://x", "attestd", &err), &err, ERROR_INTERNAL,
	    statuses[_i].detail);
}
END_TEST

/* What an order has for its error: the first that is said. */
static const struct {
	const char *json;
	const char *detail;
} objects[] = {
    {"{\"type\": \"t\", \"title\": \"o\", \"detail\": \"d\"}", "d"},
    {"{\"type\": \"t\", \"title\": \"o\"}", "o"},
    {"{\"type\": \"t\"}", "t"},
    {"{}", "the server gives no reason"},
};

START_TEST(error_of_an_object_has_what_is_said_first)
{
	json_t      *object = json_loads(objects[_i].json, 0, NULL);
	struct error err;

	unit_fails(problem_error_object(object, &err), &err, ERROR_INTERNAL, objects[_i].detail);
	json_decref(object);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("problem");
	TCase *tc = tcase_create("options");

	tcase_add_loop_test(tc, options_are_copied_only_as_whole_words, 0,
	    sizeof refusals / sizeof refusals[0]);
	tcase_add_test(tc, replace_is_asked_for_the_same_hash_only);
	tcase_add_loop_test(tc, error_of_a_bare_status_doubts_the_url_unless_it_may_pass, 0,
	    sizeof statuses / sizeof statuses[0]);
	tcase_add_loop_test(tc, error_of_an_object_has_what_is_said_first, 0, sizeof objects / sizeof objects[0]);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
