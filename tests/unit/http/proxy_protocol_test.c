/* Headers of the PROXY protocol: whole, cut at every octet, with more behind them, and broken. */
#include "config.h"

#include <string.h>

#include "http/proxy_protocol.h"
#include "unit.h"
#include "util/error.h"

#define V1 PROXY_PROTOCOL_V1
#define V2 PROXY_PROTOCOL_V2

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define LOCAL "\x20"
#define PROXY "\x21"
#define TCP4 "\xc0\0\2\1" "\xc0\0\2\2" "\xc8\xf2" "\x01\xbb" /* 192.0.2.1:51442 to 192.0.2.2:443 */
#define TCP6                                                                                   \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\7" "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x8" \
	"\xc8\xf2" "\x01\xbb"
#define TCP6_MAPPED                                                                          \
	"\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1" "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\2"     \
	"\xc8\xf2" "\x01\xbb"
#define ZEROS_36                                                                             \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define UNIX ZEROS_36 ZEROS_36 ZEROS_36 ZEROS_36 ZEROS_36 ZEROS_36
#define ROW(version, octets, ...) {version, octets, sizeof(octets) - 1, __VA_ARGS__}

static const struct {
	enum proxy_protocol version;
	const char         *octets;
	size_t              size;
	const char         *source; /* "unknown": none */
} good[] = {
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 51442 443\r\n", "192.0.2.1:51442"),
    ROW(V1, "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 0 0\r\n", "192.0.2.1:0"),
    ROW(V1, "PROXY TCP6 2001:db8::7 2001:db8::8 51442 443\r\n", "[2001:db8::7]:51442"),
    ROW(V1, "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1:1"),
    ROW(V1, "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
            " ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"),
    ROW(V1, "PROXY UNKNOWN\r\n", "unknown"),
    ROW(V1, "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
            " ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
        "unknown"),
    ROW(V1, "PROXY UNKNOWN whatever it may be\r\n", "unknown"),
    ROW(V2, SIGNATURE PROXY "\x11\0\x0c" TCP4, "192.0.2.1:51442"),
    ROW(V2, SIGNATURE PROXY "\x21\0\x24" TCP6, "[2001:db8::7]:51442"),
    ROW(V2, SIGNATURE PROXY "\x21\0\x24" TCP6_MAPPED, "192.0.2.1:51442"),
    ROW(V2, SIGNATURE PROXY "\x31\0\xd8" UNIX, "unknown"),
    ROW(V2, SIGNATURE PROXY "\0\0\0", "unknown"),
    ROW(V2, SIGNATURE PROXY "\0\0\x0c" TCP4, "unknown"),
    ROW(V2, SIGNATURE LOCAL "\0\0\0", "unknown"),
    ROW(V2, SIGNATURE LOCAL "\x11\0\x0c" TCP4, "unknown"),
    ROW(V2, SIGNATURE LOCAL "\xff\0\3abc", "unknown"),
    /* PP2_TYPE_NOOP, empty; PP2_TYPE_ALPN; PP2_TYPE_AWS */
    ROW(V2, SIGNATURE PROXY "\x11\0\x0f" TCP4 "\4\0\0", "192.0.2.1:51442"),
    ROW(V2, SIGNATURE PROXY "\x11\0\x15" TCP4 "\1\0\2h2" "\xea\0\1x", "192.0.2.1:51442"),
};

static const struct {
	enum proxy_protocol version;
	const char         *octets;
	size_t              size;
	const char         *why;
} bad[] = {
    ROW(V1, "GET / HTTP/1.1\r\n", "the connection does not begin with \"PROXY \""),
    ROW(V1, "G", "the connection does not begin with \"PROXY \""),
    ROW(V1, "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "the connection does not begin with \"PROXY \""),
    ROW(V1, "PROXY\r\n", "the connection does not begin with \"PROXY \""),
    ROW(V1, "PROXY\tUNKNOWN\r\n", "the connection does not begin with \"PROXY \""),
    ROW(V1, "\x16\3\1\2", "the connection does not begin with \"PROXY \""),
    ROW(V1, SIGNATURE PROXY "\x11\0\x0c" TCP4, "the connection does not begin with \"PROXY \""),
    ROW(V1, "PROXY \r\n", "the PROXY header names no TCP4, TCP6 or UNKNOWN"),
    ROW(V1, "PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "the PROXY header names no TCP4, TCP6 or UNKNOWN"),
    ROW(V1, "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "the PROXY header names no TCP4, TCP6 or UNKNOWN"),
    ROW(V1, "PROXY UNKNOWNS\r\n", "the PROXY header names no TCP4, TCP6 or UNKNOWN"),
    ROW(V1, "PROXY TCP4\r\n", "the PROXY header does not have six words"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", "the PROXY header does not have six words"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", "the PROXY header does not have six words"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3 4\r\n", "the PROXY header does not have six words"),
    ROW(V1, "PROXY TCP4 2001:db8::7 192.0.2.2 1 2\r\n",
        "an address of the PROXY header is none of its family"),
    ROW(V1, "PROXY TCP4 192.0.2.1 2001:db8::7 1 2\r\n",
        "an address of the PROXY header is none of its family"),
    ROW(V1, "PROXY TCP6 192.0.2.1 2001:db8::7 1 2\r\n",
        "an address of the PROXY header is none of its family"),
    ROW(V1, "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
        "an address of the PROXY header is none of its family"),
    ROW(V1, "PROXY TCP4  192.0.2.2 1 2\r\n", "an address of the PROXY header is none of its family"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", "a port of the PROXY header is none"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n", "a port of the PROXY header is none"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", "a port of the PROXY header is none"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n", "a port of the PROXY header is none"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2  2\r\n", "a port of the PROXY header is none"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2x\r\n", "a port of the PROXY header is none"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "the PROXY header does not end with CR LF"),
    ROW(V1, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\rX", "the PROXY header does not end with CR LF"),
    ROW(V1, "PROXY UNKNOWN whatever, also \n\r\n", "the PROXY header does not end with CR LF"),
    ROW(V1, "PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n", "the PROXY header contains a NUL"),
    /* 108 octets with the end, and 107 without one */
    ROW(V1, "PROXY UNKNOWN 678901234567890123456789012345678901234567890123456789012345678901234567"
            "890123456789012345678\r\n",
        "the PROXY header is longer than 107 octets"),
    ROW(V1, "PROXY UNKNOWN 678901234567890123456789012345678901234567890123456789012345678901234567"
            "8901234567890123456789",
        "the PROXY header is longer than 107 octets"),
    ROW(V2, "GET / HTTP/1.1\r\n", "the connection does not begin with the signature of PROXY version 2"),
    ROW(V2, "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
        "the connection does not begin with the signature of PROXY version 2"),
    ROW(V2, "\r\n\r\n\0\r\nQUIT\r", "the connection does not begin with the signature of PROXY version 2"),
    ROW(V2, SIGNATURE "\x11", "the PROXY header has another version or command"),
    ROW(V2, SIGNATURE "\x31\x11\0\x0c" TCP4, "the PROXY header has another version or command"),
    ROW(V2, SIGNATURE "\x22\x11\0\x0c" TCP4, "the PROXY header has another version or command"),
    ROW(V2, SIGNATURE "\x2f\x11\0\x0c" TCP4, "the PROXY header has another version or command"),
    ROW(V2, SIGNATURE PROXY "\x12\0\x0c" TCP4, "the PROXY header is for no connection over TCP"),
    ROW(V2, SIGNATURE PROXY "\x10\0\x0c" TCP4, "the PROXY header is for no connection over TCP"),
    ROW(V2, SIGNATURE PROXY "\x01\0\x0c" TCP4, "the PROXY header is for no connection over TCP"),
    ROW(V2, SIGNATURE PROXY "\x22\0\x24" TCP6, "the PROXY header is for no connection over TCP"),
    ROW(V2, SIGNATURE PROXY "\x32\0\xd8" UNIX, "the PROXY header is for no connection over TCP"),
    ROW(V2, SIGNATURE PROXY "\x41\0\x0c" TCP4, "the PROXY header is for no connection over TCP"),
    ROW(V2, SIGNATURE PROXY "\x11\0\0", "the PROXY header is too short for its addresses"),
    ROW(V2, SIGNATURE PROXY "\x11\0\x0b" TCP4, "the PROXY header is too short for its addresses"),
    ROW(V2, SIGNATURE PROXY "\x21\0\x0c" TCP4, "the PROXY header is too short for its addresses"),
    ROW(V2, SIGNATURE PROXY "\x21\0\x23" TCP6, "the PROXY header is too short for its addresses"),
    ROW(V2, SIGNATURE PROXY "\x31\0\xd7" UNIX, "the PROXY header is too short for its addresses"),
    ROW(V2, SIGNATURE PROXY "\x11\0\x0d" TCP4 "\4", "the TLVs of the PROXY header do not fit into it"),
    ROW(V2, SIGNATURE PROXY "\x11\0\x0e" TCP4 "\4\0", "the TLVs of the PROXY header do not fit into it"),
    ROW(V2, SIGNATURE PROXY "\x11\0\x10" TCP4 "\4\0\2x",
        "the TLVs of the PROXY header do not fit into it"),
    ROW(V2, SIGNATURE PROXY "\x11\0\x10" TCP4 "\4\0\0x",
        "the TLVs of the PROXY header do not fit into it"),
    ROW(V2, SIGNATURE PROXY "\x11\x0f\xf1", "the PROXY header is longer than 4096 octets"),
    ROW(V2, SIGNATURE LOCAL "\x11\xff\xff", "the PROXY header is longer than 4096 octets"),
};

/* In memory of its own, so that a sanitizer sees a read behind it. */
static int
read_exactly(enum proxy_protocol version, const char *octets, size_t size,
    struct proxy_header *header, struct error *err)
{
	uint8_t *copy = memory_new(size != 0 ? size : 1);
	int      rc;

	memcpy(copy, octets, size);
	rc = proxy_header_read(version, (struct view){copy, size}, header, err);
	free(copy);
	return rc;
}

START_TEST(read_whole_gives_the_source)
{
	struct proxy_header header;
	struct error        err = {0};
	char                text[ADDRESS_TEXT_SIZE];

	ck_assert_msg(read_exactly(good[_i].version, good[_i].octets, good[_i].size, &header, &err) == 1,
	    "%d: %s", _i, err.detail);
	ck_assert_uint_eq(header.size, good[_i].size);
	ck_assert_str_eq(address_format(&header.source, text), good[_i].source);
}
END_TEST

START_TEST(read_each_truncation_goes_on)
{
	struct proxy_header header;
	struct error        err = {0};

	for (size_t size = 0; size < good[_i].size; size++)
		ck_assert_msg(read_exactly(good[_i].version, good[_i].octets, size, &header, &err) == 0,
		    "%d cut at %zu: %s", _i, size, err.detail);
}
END_TEST

START_TEST(read_octets_behind_are_left)
{
	static const char *const behind[] = {"G", "\r\n", "\0", "PROXY UNKNOWN\r\n"};
	struct proxy_header      header;
	struct error             err = {0};
	char                     text[ADDRESS_TEXT_SIZE];
	char                     octets[512];

	for (size_t i = 0; i < 4; i++) {
		size_t more = behind[i][0] != '\0' ? strlen(behind[i]) : 1;

		memcpy(octets, good[_i].octets, good[_i].size);
		memcpy(octets + good[_i].size, behind[i], more);
		ck_assert_int_eq(
		    read_exactly(good[_i].version, octets, good[_i].size + more, &header, &err), 1);
		ck_assert_uint_eq(header.size, good[_i].size);
		ck_assert_str_eq(address_format(&header.source, text), good[_i].source);
	}
}
END_TEST

START_TEST(read_broken_is_malformed)
{
	struct proxy_header header;
	struct error        err = {0};

	unit_fails(read_exactly(bad[_i].version, bad[_i].octets, bad[_i].size, &header, &err), &err,
	    ERROR_MALFORMED, bad[_i].why);
}
END_TEST

START_TEST(read_broken_stays_so_with_more_behind)
{
	struct proxy_header header;
	struct error        err = {0};
	char                octets[512] = {0};

	memcpy(octets, bad[_i].octets, bad[_i].size);
	unit_fails(read_exactly(bad[_i].version, octets, sizeof octets, &header, &err), &err,
	    ERROR_MALFORMED, bad[_i].why);
}
END_TEST

/* Every other octet in every place: never a source from a header of another kind. */
START_TEST(read_each_changed_octet_is_bounded)
{
	struct proxy_header header;
	struct error        err = {0};
	char                octets[512];

	for (size_t at = 0; at < good[_i].size && at < 60; at++) {
		for (int octet = 0; octet < 256; octet++) {
			int rc;

			memcpy(octets, good[_i].octets, good[_i].size);
			octets[at] = (char)octet;
			rc = read_exactly(good[_i].version, octets, good[_i].size, &header, &err);
			ck_assert(rc >= -1 && rc <= 1);
			ck_assert(rc != 1 || header.size <= good[_i].size);
		}
	}
}
END_TEST

START_TEST(read_longest_header_is_whole)
{
	static char         octets[PROXY_HEADER_MAX];
	struct proxy_header header;
	struct error        err = {0};
	char                text[ADDRESS_TEXT_SIZE];

	/* One TLV takes what the addresses leave. */
	memcpy(octets, SIGNATURE PROXY "\x11\x0f\xf0" TCP4 "\4\x0f\xe1", 31);
	ck_assert_int_eq(read_exactly(V2, octets, sizeof octets - 1, &header, &err), 0);
	ck_assert_int_eq(read_exactly(V2, octets, sizeof octets, &header, &err), 1);
	ck_assert_uint_eq(header.size, sizeof octets);
	ck_assert_str_eq(address_format(&header.source, text), "192.0.2.1:51442");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("proxy_protocol");
	TCase *tc = tcase_create("read");
	int    whole = (int)(sizeof good / sizeof good[0]);
	int    broken = (int)(sizeof bad / sizeof bad[0]);

	tcase_add_loop_test(tc, read_whole_gives_the_source, 0, whole);
	tcase_add_loop_test(tc, read_each_truncation_goes_on, 0, whole);
	tcase_add_loop_test(tc, read_octets_behind_are_left, 0, whole);
	tcase_add_loop_test(tc, read_broken_is_malformed, 0, broken);
	tcase_add_loop_test(tc, read_broken_stays_so_with_more_behind, 0, broken);
	tcase_add_loop_test(tc, read_each_changed_octet_is_bounded, 0, whole);
	tcase_add_test(tc, read_longest_header_is_whole);
	suite_add_tcase(suite, tc);
	return unit_run(suite);
}
