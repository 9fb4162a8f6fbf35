/* Tokens of a source for wrong signatures: how many, how they come back, and whose they are. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "attestation/keeper/wrong_signatures.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/source.h"

#define NOW ((int64_t)1000000)

static struct wrong_signatures *wrong;

static void
setup(void)
{
	wrong = wrong_signatures_new();
}

static void
teardown(void)
{
	wrong_signatures_free(wrong);
}

static struct source
source(const char *text)
{
	return source_of_text(view_text(text));
}

static bool
exceeded(const char *text, int64_t now)
{
	struct source from = source(text);

	return wrong_signatures_exceeded(wrong, &from, now);
}

static void
count(const char *text, unsigned n, int64_t now)
{
	struct source from = source(text);

	wrong_signatures_count(wrong, &from, n, now);
}

START_TEST(count_up_to_the_burst_is_not_exceeded)
{
	ck_assert(!exceeded("192.0.2.1:1", NOW));
	for (int i = 0; i < WRONG_SIGNATURES_BURST - 1; i++)
		count("192.0.2.1:1", 1, NOW);
	ck_assert(!exceeded("192.0.2.1:1", NOW));
	count("192.0.2.1:1", 1, NOW);
	ck_assert(exceeded("192.0.2.1:1", NOW));
	ck_assert(exceeded("192.0.2.1:2", NOW)); /* another port of it */
}
END_TEST

START_TEST(count_of_others_does_not_matter)
{
	count("192.0.2.1:1", 100, NOW);
	ck_assert(exceeded("192.0.2.1:1", NOW));
	ck_assert(!exceeded("192.0.2.2:1", NOW));
	ck_assert(!exceeded("[2001:db8::1]:1", NOW));
	count("192.0.2.2:1", 0, NOW);
	ck_assert(!exceeded("192.0.2.2:1", NOW));
}
END_TEST

START_TEST(tokens_come_back_one_by_one)
{
	count("192.0.2.1:1", WRONG_SIGNATURES_BURST, NOW);
	ck_assert(exceeded("192.0.2.1:1", NOW + WRONG_SIGNATURES_INTERVAL_MS - 1));
	ck_assert(!exceeded("192.0.2.1:1", NOW + WRONG_SIGNATURES_INTERVAL_MS));
	count("192.0.2.1:1", 1, NOW + WRONG_SIGNATURES_INTERVAL_MS);
	ck_assert(exceeded("192.0.2.1:1", NOW + WRONG_SIGNATURES_INTERVAL_MS));
}
END_TEST

/* Two per signature, and it never has more than a full bucket however long it was quiet. */
START_TEST(a_long_pause_gives_no_more_than_the_burst)
{
	count("192.0.2.1:1", 2, NOW);
	count("192.0.2.1:1", WRONG_SIGNATURES_BURST, NOW + 1000000);
	ck_assert(exceeded("192.0.2.1:1", NOW + 1000000));
}
END_TEST

/* Far more strangers than places: none of them makes another source exceed. */
START_TEST(many_sources_exceed_nobody_else)
{
	char text[32];

	for (int i = 0; i < 65536; i++) {
		(void)snprintf(text, sizeof text, "10.0.%d.%d:1", i / 256, i % 256);
		count(text, 100, NOW);
	}
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(text, sizeof text, "192.0.%d.%d:1", i / 256, i % 256);
		ck_assert(!exceeded(text, NOW));
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wrong_signatures");
	TCase *tc = tcase_create("tokens");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, count_up_to_the_burst_is_not_exceeded);
	tcase_add_test(tc, count_of_others_does_not_matter);
	tcase_add_test(tc, tokens_come_back_one_by_one);
	tcase_add_test(tc, a_long_pause_gives_no_more_than_the_burst);
	tcase_add_test(tc, many_sources_exceed_nobody_else);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
