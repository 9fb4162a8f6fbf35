#include "config.h"

#include <sys/random.h>

#include "device/host/retry.h"
#include "unit.h"

static const struct {
	long            status;
	enum retry_rule least; /* RETRY_SAFE + 1: by no rule */
} statuses[] = {
    {429, RETRY_REFUSED}, {503, RETRY_REFUSED}, {500, RETRY_SAFE}, {502, RETRY_SAFE},
    {504, RETRY_SAFE}, {200, RETRY_SAFE + 1}, {201, RETRY_SAFE + 1}, {302, RETRY_SAFE + 1},
    {400, RETRY_SAFE + 1}, {403, RETRY_SAFE + 1}, {404, RETRY_SAFE + 1}, {501, RETRY_SAFE + 1},
    {505, RETRY_SAFE + 1}, {0, RETRY_SAFE + 1},
};

START_TEST(status_is_repeated_from_its_rule_on)
{
	for (enum retry_rule rule = RETRY_NONE; rule <= RETRY_SAFE; rule++)
		ck_assert_msg(retry_status(statuses[_i].status, rule) == (rule >= statuses[_i].least),
		    "%ld by rule %d", statuses[_i].status, (int)rule);
}
END_TEST

#define MIDDLE (UINT32_MAX / 2 + 1)

static const struct {
	unsigned int tried;
	long         retry_after;
	uint32_t     random;
	int64_t      ms;
} pauses[] = {
    {0, 0, MIDDLE, 500},
    {0, 0, 0, 400},
    {0, 0, UINT32_MAX, 599},
    {1, 0, MIDDLE, 750},
    {2, 0, MIDDLE, 1125},
    {1000000000, 0, MIDDLE, 30000},
    {1000000000, 0, UINT32_MAX, 35999},
    {0, 7, MIDDLE, 7000},
    {1000000000, 7, MIDDLE, 30000}, /* not sooner than one asks anyway */
    {0, 1000000000, MIDDLE, 3600000},
    {0, -5, MIDDLE, 500},
};

START_TEST(pause_grows_varies_and_obeys_retry_after)
{
	static const struct retry_pace pace = {500, 30000};

	ck_assert_int_eq(
	    retry_pause(&pace, pauses[_i].tried, pauses[_i].retry_after, pauses[_i].random),
	    pauses[_i].ms);
}
END_TEST

START_TEST(pause_now_is_random_within_the_bounds)
{
	static const struct retry_pace pace = {1000000, 1000000};
	int64_t                        first = retry_pause_now(&pace, 0, 0);
	bool                           varies = false;

	for (int i = 0; i < 20; i++) {
		int64_t ms = retry_pause_now(&pace, 0, 0);

		ck_assert_int_ge(ms, 800000);
		ck_assert_int_le(ms, 1200000);
		varies = varies || ms != first;
	}
	ck_assert(varies);
}
END_TEST

static bool no_random; /* early in the boot */

ssize_t __real_getrandom(void *buffer, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *buffer, size_t size, unsigned flags);
ssize_t
__wrap_getrandom(void *buffer, size_t size, unsigned flags)
{
	return no_random ? -1 : __real_getrandom(buffer, size, flags);
}

START_TEST(pause_now_without_random_numbers_is_the_middle)
{
	static const struct retry_pace pace = {1000000, 1000000};

	no_random = true;
	ck_assert_int_eq(retry_pause_now(&pace, 0, 0), retry_pause(&pace, 0, 0, UINT32_MAX / 2));
	ck_assert_int_eq(retry_pause_now(&pace, 0, 0), 999999);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("retry");
	TCase *tc = tcase_create("retry");

	tcase_add_loop_test(tc, status_is_repeated_from_its_rule_on, 0,
	    sizeof statuses / sizeof statuses[0]);
	tcase_add_loop_test(tc, pause_grows_varies_and_obeys_retry_after, 0,
	    sizeof pauses / sizeof pauses[0]);
	tcase_add_test(tc, pause_now_is_random_within_the_bounds);
	tcase_add_test(tc, pause_now_without_random_numbers_is_the_middle);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
