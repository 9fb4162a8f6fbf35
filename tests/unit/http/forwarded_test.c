/* Whom Forwarded and X-Forwarded-For name. The proxies are 10.0.0.0/8 and 2001:db8:a::/48, the
 * peer is 10.0.0.1. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "http/forwarded.h"
#include "unit.h"
#include "util/error.h"
#include "util/proxies.h"

#define PEER "10.0.0.1:7"
#define LINES 3

static const struct {
	const char *standard[LINES];
	const char *x[LINES];
	const char *source;
} fields[] = {
    {{NULL}, {NULL}, PEER},

    /* X-Forwarded-For */
    {{NULL}, {"192.0.2.1"}, "192.0.2.1:0"},
    {{NULL}, {"192.0.2.1:51442"}, "192.0.2.1:51442"},
    {{NULL}, {"2001:db8::7"}, "[2001:db8::7]:0"},
    {{NULL}, {"[2001:db8::7]:443"}, "[2001:db8::7]:443"},
    {{NULL}, {" \t192.0.2.1\t "}, "192.0.2.1:0"},
    {{NULL}, {"198.51.100.9, 192.0.2.1"}, "192.0.2.1:0"},                  /* a client's own word */
    {{NULL}, {"192.0.2.1, 10.0.0.2"}, "192.0.2.1:0"},                      /* two proxies */
    {{NULL}, {"198.51.100.9,192.0.2.1,10.0.0.2,2001:db8:a::1"}, "192.0.2.1:0"},
    {{NULL}, {"10.0.0.3"}, "10.0.0.3:0"},                                  /* a proxy's own */
    {{NULL}, {"10.0.0.3, 10.0.0.2"}, "10.0.0.3:0"},
    {{NULL}, {"198.51.100.9", "192.0.2.1"}, "192.0.2.1:0"},                /* lines are one list */
    {{NULL}, {"192.0.2.1", "10.0.0.2"}, "192.0.2.1:0"},
    {{NULL}, {"192.0.2.1", ""}, "192.0.2.1:0"},
    {{NULL}, {"192.0.2.1,, ,"}, "192.0.2.1:0"},
    {{NULL}, {""}, PEER},
    {{NULL}, {"unknown"}, PEER},
    {{NULL}, {"192.0.2.1, unknown"}, PEER},
    {{NULL}, {"192.0.2.1, unknown, 10.0.0.2"}, "10.0.0.2:0"},
    {{NULL}, {"unknown, 192.0.2.1"}, "192.0.2.1:0"},
    {{NULL}, {"192.0.2.1, _hidden"}, PEER},
    {{NULL}, {"192.0.2.1, 300.0.2.1"}, PEER},
    {{NULL}, {"192.0.2.1 10.0.0.2"}, PEER},
    {{NULL}, {"\"192.0.2.1\""}, PEER},
    {{NULL}, {"for=192.0.2.1"}, PEER},
    {{NULL}, {"localhost"}, PEER},

    /* Forwarded */
    {{"for=192.0.2.1"}, {NULL}, "192.0.2.1:0"},
    {{"For=192.0.2.1;proto=http;by=203.0.113.43"}, {NULL}, "192.0.2.1:0"},
    {{"by=203.0.113.43 ; FOR=\"192.0.2.1:51442\";host=\"a,b;c\""}, {NULL}, "192.0.2.1:51442"},
    {{"for=\"[2001:db8::7]\""}, {NULL}, "[2001:db8::7]:0"},
    {{"for=\"[2001:db8::7]:4711\""}, {NULL}, "[2001:db8::7]:4711"},
    {{"for=\"[2001:db8::7]:_port\""}, {NULL}, "[2001:db8::7]:0"},
    {{"for=192.0.2.1, for=198.51.100.17;by=10.0.0.1"}, {NULL}, "198.51.100.17:0"},
    {{"for=192.0.2.1,for=10.0.0.2 , for=\"[2001:db8:a::1]\""}, {NULL}, "192.0.2.1:0"},
    {{"for=198.51.100.9", "for=192.0.2.1"}, {NULL}, "192.0.2.1:0"},
    {{";;for=192.0.2.1;"}, {NULL}, "192.0.2.1:0"},
    {{"for=192.0.2.1, ,"}, {NULL}, "192.0.2.1:0"},
    {{"for=\"192.0.2.1\", for=10.0.0.2;ext=\"a\\\"b, for=1.1.1.1\""}, {NULL}, "192.0.2.1:0"},
    {{"for=unknown"}, {NULL}, PEER},
    {{"for=\"_gazonk\""}, {NULL}, PEER},
    {{"for=192.0.2.1, for=_SEVKISEK"}, {NULL}, PEER},
    {{"for=192.0.2.1, for=unknown, for=10.0.0.2"}, {NULL}, "10.0.0.2:0"},
    {{"for=_hidden, for=192.0.2.1"}, {NULL}, "192.0.2.1:0"},
    {{"by=192.0.2.1"}, {NULL}, PEER},
    {{"for=192.0.2.1, proto=https"}, {NULL}, PEER},
    {{"for=192.0.2.1;for=192.0.2.2"}, {NULL}, PEER},  /* §4: once */
    {{"for=[2001:db8::7]"}, {NULL}, PEER},            /* §6: quoted */
    {{"for=192.0.2.1:80"}, {NULL}, PEER},
    {{"for"}, {NULL}, PEER},
    {{"for="}, {NULL}, PEER},
    {{"=192.0.2.1"}, {NULL}, PEER},
    {{"for=\"192.0.2.1"}, {NULL}, PEER},
    {{"for=\"192.0.2.1\\"}, {NULL}, PEER},
    {{"for=\"192.0.2.1\\\""}, {NULL}, PEER},
    {{"for = 192.0.2.1"}, {NULL}, PEER},
    {{"for=192.0.2.1 for=192.0.2.2"}, {NULL}, PEER},
    {{"192.0.2.1"}, {NULL}, PEER},
    {{""}, {NULL}, PEER},
    /* An open quote of the client's own, and what a proxy puts behind it. */
    {{"for=\"198.51.100.9, for=192.0.2.1"}, {NULL}, PEER},
    {{"for=\"198.51.100.9, for=\"[2001:db8::7]\""}, {NULL}, PEER},
    {{"for=\"198.51.100.9", "for=192.0.2.1"}, {NULL}, "192.0.2.1:0"},

    /* Both: one of them may be a client's own word, which the proxy passed on. */
    {{"for=192.0.2.1"}, {"192.0.2.1"}, "192.0.2.1:0"},
    {{"for=\"192.0.2.1:7\""}, {"198.51.100.9, 192.0.2.1"}, "192.0.2.1:7"},
    {{"for=192.0.2.1"}, {"198.51.100.9"}, PEER},
    {{"for=_hidden"}, {"192.0.2.1"}, PEER},
    {{"for=192.0.2.1"}, {"unknown"}, PEER},
    {{"for="}, {"192.0.2.1"}, PEER},
    {{"for=192.0.2.1"}, {""}, PEER},
};

static struct proxies proxies;
static struct address peer;

static void
setup(void)
{
	struct error err;

	unit_ok(proxies_add(&proxies, view_text("10.0.0.0/8"), &err), &err);
	unit_ok(proxies_add(&proxies, view_text("2001:db8:a::/48"), &err), &err);
	ck_assert(address_parse(view_text(PEER), &peer));
}

static const char *
source_of(const struct forwarded *standard, const struct forwarded *x)
{
	static char    text[ADDRESS_TEXT_SIZE];
	struct address source = forwarded_source(standard, x, &proxies, &peer);

	return address_format(&source, text);
}

START_TEST(source_each_field_names_it)
{
	struct forwarded standard = {.count = 0};
	struct forwarded x = {.count = 0};

	for (size_t i = 0; i < LINES; i++) {
		if (fields[_i].standard[i] != NULL)
			forwarded_add(&standard, view_text(fields[_i].standard[i]));
		if (fields[_i].x[i] != NULL)
			forwarded_add(&x, view_text(fields[_i].x[i]));
	}
	ck_assert_msg(strcmp(source_of(&standard, &x), fields[_i].source) == 0, "%d: %s, not %s", _i,
	    source_of(&standard, &x), fields[_i].source);
}
END_TEST

/* A client cannot hide behind its proxy by many lines of its own. */
START_TEST(source_after_any_number_of_lines_is_the_last)
{
	struct forwarded none = {.count = 0};
	struct forwarded x = {.count = 0};

	for (int i = 0; i < 1000; i++) {
		forwarded_add(&x, view_text("192.0.2.1"));
		ck_assert_str_eq(source_of(&none, &x), "192.0.2.1:0");
		forwarded_add(&x, view_text("198.51.100.9"));
		ck_assert_str_eq(source_of(&none, &x), "198.51.100.9:0");
	}
	for (int i = 1; i < FORWARDED_LINES_MAX; i++)
		forwarded_add(&x, view_text("10.0.0.2"));
	ck_assert_str_eq(source_of(&none, &x), "198.51.100.9:0");
	forwarded_add(&x, view_text("10.0.0.3"));
	ck_assert_str_eq(source_of(&none, &x), "10.0.0.2:0"); /* whose word is not read */
}
END_TEST

/* Nor by many addresses in one. */
START_TEST(source_after_any_number_of_addresses_is_the_last)
{
	struct forwarded none = {.count = 0};
	char             x_line[16384] = "10.0.0.9";
	char             line[16384] = "for=10.0.0.9";

	for (int i = 0; i < 2 * FORWARDED_NODES_MAX; i++) {
		struct forwarded x = {.count = 0};
		struct forwarded standard = {.count = 0};

		strcat(x_line, i % 2 != 0 ? ",198.51.100.9" : ",192.0.2.1");
		strcat(line, i % 2 != 0 ? ",for=198.51.100.9" : ",for=192.0.2.1");
		forwarded_add(&x, view_text(x_line));
		forwarded_add(&standard, view_text(line));
		ck_assert_str_eq(source_of(&none, &x), i % 2 != 0 ? "198.51.100.9:0" : "192.0.2.1:0");
		ck_assert_str_eq(source_of(&standard, &none), i % 2 != 0 ? "198.51.100.9:0" : "192.0.2.1:0");
	}
}
END_TEST

START_TEST(source_more_proxies_than_are_read_is_a_proxy)
{
	struct forwarded none = {.count = 0};
	char             x_line[1024] = "192.0.2.1";
	char             line[1024] = "for=192.0.2.1";

	for (int i = 1; i <= FORWARDED_NODES_MAX; i++) {
		struct forwarded x = {.count = 0};
		struct forwarded standard = {.count = 0};
		const char      *wanted = "192.0.2.1:0";

		forwarded_add(&x, view_text(x_line));
		forwarded_add(&standard, view_text(line));
		ck_assert_str_eq(source_of(&none, &x), wanted);
		ck_assert_str_eq(source_of(&standard, &none), wanted);
		strcat(x_line, ",10.0.0.2");
		strcat(line, ",for=10.0.0.2");
	}
	{
		struct forwarded x = {.count = 0};
		struct forwarded standard = {.count = 0};

		/* A line before it is not the word of the proxy whose word is not read. */
		forwarded_add(&x, view_text("198.51.100.9"));
		forwarded_add(&x, view_text(x_line));
		forwarded_add(&standard, view_text("for=198.51.100.9"));
		forwarded_add(&standard, view_text(line));
		ck_assert_str_eq(source_of(&none, &x), "10.0.0.2:0");
		ck_assert_str_eq(source_of(&standard, &none), "10.0.0.2:0");
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("forwarded");
	TCase *tc = tcase_create("source");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_loop_test(tc, source_each_field_names_it, 0, (int)(sizeof fields / sizeof fields[0]));
	tcase_add_test(tc, source_after_any_number_of_lines_is_the_last);
	tcase_add_test(tc, source_after_any_number_of_addresses_is_the_last);
	tcase_add_test(tc, source_more_proxies_than_are_read_is_a_proxy);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
