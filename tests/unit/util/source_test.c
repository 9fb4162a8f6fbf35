/* Which addresses count as one source. */
#include "config.h"

#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "unit.h"
#include "util/source.h"

static const struct {
	const char *peer;
	const char *source;
	const char *above;
} peers[] = {
    {"192.0.2.1:51442", "192.0.2.1", "192.0.2.1"},
    {"192.0.2.1", "192.0.2.1", "192.0.2.1"},
    {"[2001:db8:1:2:3:4:5:6]:443", "2001:db8:1:2::/64", "2001:db8:1::/48"},
    {"[2001:db8:1:2::]", "2001:db8:1:2::/64", "2001:db8:1::/48"},
    {"2001:db8:1:2:ffff::1", "2001:db8:1:2::/64", "2001:db8:1::/48"},
    {"[fe80::1%eth0]:443", "fe80::/64", "fe80::/48"},
    {"[::1]:1", "::/64", "::/48"},
    {"[::ffff:192.0.2.1]:443", "192.0.2.1", "192.0.2.1"},
    {"", "unknown", "unknown"},
    {":", "unknown", "unknown"},
    {"[", "unknown", "unknown"},
    {"[]:1", "unknown", "unknown"},
    {"localhost:443", "unknown", "unknown"},
    {"192.0.2.256:1", "unknown", "unknown"},
    {"0123456789012345678901234567890123456789012345678901234567890123:1", "unknown", "unknown"},
};

START_TEST(of_text_each_form_is_its_network)
{
	struct source source = source_of_text(view_text(peers[_i].peer));
	struct source above = source_above(&source);
	char          text[SOURCE_TEXT_SIZE];

	ck_assert_str_eq(source_format(&source, text), peers[_i].source);
	ck_assert_str_eq(source_format(&above, text), peers[_i].above);
	above = source_above(&above);
	ck_assert_str_eq(source_format(&above, text), peers[_i].above);
}
END_TEST

START_TEST(of_text_nul_inside_ends_the_address)
{
	static const uint8_t octets[] = "192.0.2.1\0.example:1";
	struct source        source = source_of_text((struct view){octets, sizeof octets - 1});
	char                 text[SOURCE_TEXT_SIZE];

	ck_assert_str_eq(source_format(&source, text), "192.0.2.1");
}
END_TEST

START_TEST(of_socket_agrees_with_text)
{
	struct sockaddr_in  ipv4 = {.sin_family = AF_INET, .sin_port = htons(7)};
	struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(7)};
	struct sockaddr_un  local = {.sun_family = AF_UNIX};
	struct source       source;
	struct source       wanted;

	ck_assert_int_eq(inet_pton(AF_INET, "192.0.2.1", &ipv4.sin_addr), 1);
	source = source_of_socket((const struct sockaddr *)&ipv4);
	wanted = source_of_text(view_text("192.0.2.1:9"));
	ck_assert(source_equal(&source, &wanted));
	ck_assert_int_eq(inet_pton(AF_INET6, "2001:db8::7", &ipv6.sin6_addr), 1);
	source = source_of_socket((const struct sockaddr *)&ipv6);
	ck_assert(!source_equal(&source, &wanted));
	wanted = source_of_text(view_text("[2001:db8::8]:9"));
	ck_assert(source_equal(&source, &wanted));
	source = source_of_socket((const struct sockaddr *)&local);
	ck_assert_uint_eq(source.bits, 0);
}
END_TEST

START_TEST(equal_prefix_lengths_differ)
{
	struct source subnet = source_of_text(view_text("[2001:db8::7]:443"));
	struct source site = source_above(&subnet);

	ck_assert(source_equal(&subnet, &subnet));
	ck_assert(!source_equal(&subnet, &site));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("source");
	TCase *tc = tcase_create("source");

	tcase_add_loop_test(tc, of_text_each_form_is_its_network, 0,
	    (int)(sizeof peers / sizeof peers[0]));
	tcase_add_test(tc, of_text_nul_inside_ends_the_address);
	tcase_add_test(tc, of_socket_agrees_with_text);
	tcase_add_test(tc, equal_prefix_lengths_differ);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
