/* Which networks are those of proxies. */
#include "config.h"

#include <stdio.h>

#include "unit.h"
#include "util/error.h"
#include "util/proxies.h"

static const struct {
	const char *network;
	const char *inside[3];
	const char *outside[3];
} networks[] = {
    {"192.0.2.1", {"192.0.2.1", "::ffff:192.0.2.1"}, {"192.0.2.0", "192.0.2.2", "c000:201::"}},
    {"192.0.2.0/24", {"192.0.2.0", "192.0.2.255", "192.0.2.7:80"}, {"192.0.3.0", "192.0.1.255"}},
    {"192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127", "192.0.3.128"}},
    {"10.0.0.0/8", {"10.255.255.255"}, {"11.0.0.0", "::10.0.0.1", "a00::"}},
    {"128.0.0.0/1", {"128.0.0.0", "255.255.255.255"}, {"127.255.255.255", "8000::"}},
    {"192.0.2.6/31", {"192.0.2.6", "192.0.2.7"}, {"192.0.2.5", "192.0.2.8"}},
    {"192.0.2.6/32", {"192.0.2.6"}, {"192.0.2.7"}},
    {"2001:db8::/32", {"2001:db8::", "2001:db8:ffff::1"}, {"2001:db9::", "2001:db7::", "32.1.13.184"}},
    {"2001:db8:0:5::/64", {"2001:db8:0:5::", "[2001:db8:0:5:f::]:1"}, {"2001:db8:0:4::"}},
    {"2001:db8::7", {"2001:db8::7"}, {"2001:db8::6", "2001:db8::"}},
    {"::1/128", {"::1"}, {"::", "127.0.0.1"}},
};

static const struct {
	const char *network;
	const char *why;
} bad[] = {
    {"", "\"\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"proxy.example",
        "\"proxy.example\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"192.0.2.0/33",
        "\"192.0.2.0/33\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"2001:db8::/129",
        "\"2001:db8::/129\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"192.0.2.0/", "\"192.0.2.0/\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"192.0.2.0/024",
        "\"192.0.2.0/024\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"192.0.2.0/2x", "\"192.0.2.0/2x\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"192.0.2.0/1000",
        "\"192.0.2.0/1000\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"192.0.2.0/24/24",
        "\"192.0.2.0/24/24\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"192.0.2.1:80",
        "\"192.0.2.1:80\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"[2001:db8::7]",
        "\"[2001:db8::7]\" is no network, such as 192.0.2.0/24 or 2001:db8::/32, and no address"},
    {"0.0.0.0/0", "0.0.0.0/0 has every address: any client could be anybody"},
    {"::/0", "::/0 has every address: any client could be anybody"},
    {"192.0.2.1/24", "192.0.2.1/24 is an address in a network of 24 bits, and not the network's"},
    {"192.0.2.1/31", "192.0.2.1/31 is an address in a network of 31 bits, and not the network's"},
    {"2001:db8::1/64", "2001:db8::1/64 is an address in a network of 64 bits, and not the network's"},
};

static bool
has(const struct proxies *proxies, const char *text)
{
	struct address address;

	ck_assert_msg(address_parse(view_text(text), &address), "%s", text);
	return proxies_has(proxies, &address);
}

START_TEST(has_what_is_inside_and_nothing_else)
{
	struct proxies proxies = {.count = 0};
	struct address none = {0};
	struct error   err;

	unit_ok(proxies_add(&proxies, view_text(networks[_i].network), &err), &err);
	for (size_t i = 0; i < 3; i++) {
		if (networks[_i].inside[i] != NULL)
			ck_assert_msg(has(&proxies, networks[_i].inside[i]), "%s", networks[_i].inside[i]);
		if (networks[_i].outside[i] != NULL)
			ck_assert_msg(!has(&proxies, networks[_i].outside[i]), "%s", networks[_i].outside[i]);
	}
	ck_assert(!proxies_has(&proxies, &none));
}
END_TEST

START_TEST(has_what_is_in_any_of_them)
{
	struct proxies proxies = {.count = 0};
	struct error   err;

	ck_assert(!has(&proxies, "192.0.2.1"));
	unit_ok(proxies_add(&proxies, view_text("192.0.2.1"), &err), &err);
	unit_ok(proxies_add(&proxies, view_text("2001:db8::/32"), &err), &err);
	ck_assert(has(&proxies, "192.0.2.1"));
	ck_assert(has(&proxies, "2001:db8::1"));
	ck_assert(!has(&proxies, "192.0.2.2"));
}
END_TEST

START_TEST(add_no_network_is_malformed)
{
	struct proxies proxies = {.count = 0};
	struct error   err = {0};

	unit_fails(proxies_add(&proxies, view_text(bad[_i].network), &err), &err, ERROR_MALFORMED,
	    bad[_i].why);
	ck_assert_uint_eq(proxies.count, 0);
}
END_TEST

START_TEST(add_one_too_many_is_malformed)
{
	struct proxies proxies = {.count = 0};
	struct error   err = {0};
	char           text[32];

	for (int i = 0; i < PROXIES_MAX; i++) {
		(void)snprintf(text, sizeof text, "192.0.2.%d", i);
		unit_ok(proxies_add(&proxies, view_text(text), &err), &err);
	}
	unit_fails(proxies_add(&proxies, view_text("192.0.3.1"), &err), &err, ERROR_MALFORMED,
	    "more than 64 networks");
	ck_assert(has(&proxies, "192.0.2.63"));
}
END_TEST

START_TEST(protocol_each_word_is_its_own)
{
	enum proxy_protocol protocol = PROXY_PROTOCOL_COUNT;
	struct error        err = {0};

	unit_ok(proxy_protocol_parse("off", &protocol, &err), &err);
	ck_assert_int_eq(protocol, PROXY_PROTOCOL_OFF);
	unit_ok(proxy_protocol_parse("v1", &protocol, &err), &err);
	ck_assert_int_eq(protocol, PROXY_PROTOCOL_V1);
	unit_ok(proxy_protocol_parse("v2", &protocol, &err), &err);
	ck_assert_int_eq(protocol, PROXY_PROTOCOL_V2);
	unit_fails(proxy_protocol_parse("on", &protocol, &err), &err, ERROR_MALFORMED,
	    "\"on\" is not off, v1 or v2");
	ck_assert_int_eq(protocol, PROXY_PROTOCOL_V2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxies");
	TCase *tc = tcase_create("proxies");

	tcase_add_loop_test(tc, has_what_is_inside_and_nothing_else, 0,
	    (int)(sizeof networks / sizeof networks[0]));
	tcase_add_test(tc, has_what_is_in_any_of_them);
	tcase_add_loop_test(tc, add_no_network_is_malformed, 0, (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(tc, add_one_too_many_is_malformed);
	tcase_add_test(tc, protocol_each_word_is_its_own);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
