/* The settings that every daemon has: what is derived from them, and what is refused. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/launch.h"
#include "service/settings.h"
#include "unit.h"
#include "util/bytes.h"
#include "util/error.h"

static char                    place[] = "state";
static char                    on[] = "on";
static char                    off[] = "off";
static char                    level[] = "warning";
static char                    wrong[] = "perhaps";
static char                    network[] = "192.0.2.0/24";
static char                   *texts[LAUNCH_LISTEN_MAX + 1];
static struct service_settings settings;
static struct error            err;

static void
setup(void)
{
	err = (struct error){0};
	settings = (struct service_settings){
	    .state_dir = place, .log_level = level, .sandbox = on, .proxy_protocol = off};
}

static void
teardown(void)
{
	free(settings.store);
}

START_TEST(check_derives_what_is_not_said)
{
	unit_ok(service_settings_check(&settings, &err), &err);
	ck_assert_str_eq(settings.store, place);
	ck_assert_ptr_ne(settings.store, settings.state_dir);
	ck_assert_int_eq((int)settings.workers, (int)launch_workers_default());
	ck_assert_int_eq((int)settings.serving, (int)settings.workers);
	ck_assert_int_eq((int)settings.level, (int)LOG_LEVEL_WARNING);
	ck_assert_int_eq((int)settings.containment, (int)SANDBOX_ON);
}
END_TEST

START_TEST(check_leaves_what_is_said)
{
	settings.store = strdup("store");
	settings.workers = 3;
	settings.sandbox = off;
	unit_ok(service_settings_check(&settings, &err), &err);
	ck_assert_str_eq(settings.store, "store");
	ck_assert_int_eq((int)settings.serving, 3);
	ck_assert_int_eq((int)settings.containment, (int)SANDBOX_OFF);
}
END_TEST

START_TEST(check_of_a_wrong_word_names_its_setting)
{
	settings.log_level = wrong;
	ck_assert_int_eq(service_settings_check(&settings, &err), -1);
	ck_assert_ptr_eq(strstr(err.detail, "log_level: "), err.detail);
	settings.log_level = level;
	settings.sandbox = wrong;
	unit_fails(service_settings_check(&settings, &err), &err, ERROR_MALFORMED,
	    "sandbox: \"perhaps\" is none of on, available, off");
	settings.sandbox = on;
	settings.proxy_protocol = wrong;
	ck_assert_int_eq(service_settings_check(&settings, &err), -1);
	ck_assert_ptr_eq(strstr(err.detail, "proxy_protocol: "), err.detail);
}
END_TEST

START_TEST(check_of_networks_gives_them_back_as_written)
{
	struct view networks[PROXIES_MAX];

	texts[0] = network;
	settings.proxy_networks = (struct config_list){.texts = texts, .count = 1};
	unit_ok(service_settings_check(&settings, &err), &err);
	ck_assert_uint_eq(service_settings_networks(&settings, networks), 1);
	ck_assert(view_equal(networks[0], view_text(network)));
	texts[0] = wrong;
	ck_assert_int_eq(service_settings_check(&settings, &err), -1);
	ck_assert_ptr_eq(strstr(err.detail, "proxy_networks: "), err.detail);
}
END_TEST

START_TEST(check_of_as_many_addresses_as_can_be_listened_to)
{
	for (size_t i = 0; i <= LAUNCH_LISTEN_MAX; i++)
		texts[i] = wrong;
	settings.listen = (struct config_list){.texts = texts, .count = LAUNCH_LISTEN_MAX};
	unit_ok(service_settings_check(&settings, &err), &err);
	settings.listen.count++;
	ck_assert_int_eq(service_settings_check(&settings, &err), -1);
	ck_assert_ptr_eq(strstr(err.detail, "listen: more than "), err.detail);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tc = tcase_create("check");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, check_derives_what_is_not_said);
	tcase_add_test(tc, check_leaves_what_is_said);
	tcase_add_test(tc, check_of_a_wrong_word_names_its_setting);
	tcase_add_test(tc, check_of_networks_gives_them_back_as_written);
	tcase_add_test(tc, check_of_as_many_addresses_as_can_be_listened_to);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
