/* Requests that two readers could read differently, and those that nobody can read. */
#include "config.h"

#include <event2/http.h>
#include <event2/http_struct.h>

#include "http/framing.h"
#include "http/head.h"
#include "http_fixture.h"

#define HOST "Host: a\r\n"
#define BAD_CHUNKS "400 the chunks of the body cannot be read\r\n"
#define NO_NEXT "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" /* a smuggled one */

/* Octets that may hold a NUL. */
#define OCTETS(text) (text), sizeof(text) - 1

static const struct {
	const char *octets;
	size_t      size;
	const char *status; /* and the beginning of the reason */
} refused[] = {
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody" NO_NEXT),
        "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nContent-Length: 40\r\n\r\nbody" NO_NEXT),
        "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4, 4\r\n\r\nbody" NO_NEXT), "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: +4\r\n\r\nbody" NO_NEXT),
        "400 Content-Length is no number\r\n"},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: -4\r\n\r\nbody" NO_NEXT), "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 0x4\r\n\r\nbody" NO_NEXT), "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n" NO_NEXT), "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n 0\r\n\r\nbody" NO_NEXT), "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length : 4\r\n\r\nbody" NO_NEXT),
        "400 the name of a header field has an invalid character\r\n"},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\n" NO_NEXT),
        "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n"
            "0\r\n\r\n" NO_NEXT),
        "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
            "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NO_NEXT),
        "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NO_NEXT),
        "400 no other Transfer-Encoding than chunked can be read\r\n"},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: identity\r\n\r\n" NO_NEXT),
        "400 no other Transfer-Encoding than chunked can be read\r\n"},
    {OCTETS("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NO_NEXT),
        "400 HTTP/1.0 has no Transfer-Encoding\r\n"},
    {OCTETS("HEAD /hello HTTP/1.1\r\n" HOST "Content-Length: 34\r\n\r\n" NO_NEXT), "400 "},
    {OCTETS("HEAD /hello HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NO_NEXT), "400 "},
    {OCTETS("TRACE /hello HTTP/1.1\r\n" HOST "Content-Length: 34\r\n\r\n" NO_NEXT),
        "400 HEAD and TRACE have no body\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\n\r\n" NO_NEXT), "400 HTTP/1.1 requires one Host\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" NO_NEXT),
        "400 HTTP/1.1 requires one Host\r\n"},
    {OCTETS("GET /hello HTTP/1.2\r\n" HOST "\r\n" NO_NEXT),
        "400 only HTTP/1.1 and HTTP/1.0 are supported\r\n"},
    {OCTETS("GET /hello HTTP/0.9\r\n" HOST "\r\n" NO_NEXT),
        "400 only HTTP/1.1 and HTTP/1.0 are supported\r\n"},
    {OCTETS("GET /hello HTTP/-1.-1\r\n" HOST "\r\n" NO_NEXT),
        "400 only HTTP/1.1 and HTTP/1.0 are supported\r\n"},
    {OCTETS("GET /hello HTTP/2.0\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("GET /hello /x HTTP/1.1\r\n" HOST "\r\n" NO_NEXT), "400 the request's target holds a space\r\n"},
    {OCTETS("GET  /hello HTTP/1.1\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("GET /hello\tHTTP/1.1 HTTP/1.1\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("GET /hello HTTP/1.1 \r\n" HOST "X-A: b\0c\r\n\r\n" NO_NEXT),
        "400 the header holds a control character\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\n" HOST "\0\r\n" NO_NEXT "\r\n"),
        "400 the header holds a control character\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\n" HOST "X-A: b\x01" "c\r\n\r\n" NO_NEXT),
        "400 the header holds a control character\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\n" HOST "X-A: b\r c\r\n\r\n" NO_NEXT),
        "400 the header holds a control character\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\n" HOST "X-A: b\rX-B: c\r\n\r\n" NO_NEXT),
        "400 the header holds a control character\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\n" HOST "X-A: b\r\r\n\r\n" NO_NEXT),
        "400 the header holds a control character\r\n"},
    {OCTETS("\rGET /hello HTTP/1.1\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("\r\n\r\n\r\n\r\n\r\n" NO_NEXT), "400 "}, /* one more than is skipped */
    {OCTETS("\n\n\n\n\n" NO_NEXT), "400 "},
    {OCTETS("GET /he\0llo HTTP/1.1\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("GET /hello HTTP/1.1\r\n" HOST "no colon\r\n\r\n" NO_NEXT), "400 "},
    {OCTETS("GET /hello HTTP/1.1\r\n" HOST ": no name\r\n\r\n" NO_NEXT),
        "400 the name of a header field has an invalid character\r\n"},
    {OCTETS("GET /hello HTTP/1.1\r\n folded\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("GET\r\n\r\n" NO_NEXT), "400 "},
    {OCTETS("GET /hello\r\n\r\n" NO_NEXT), "400 "},
    {OCTETS("\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" NO_NEXT), "400 "},
    {OCTETS("GET http://[::1/hello HTTP/1.1\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("GET http://a:99999999999/hello HTTP/1.1\r\n" HOST "\r\n" NO_NEXT), "400 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Expect: the-unexpected\r\nContent-Length: 4\r\n\r\nbody" NO_NEXT),
        "400 no other expectation than 100-continue can be met\r\n"},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\nbody\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-4\r\nbody\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "+4\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "0x4\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" " 4\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" ";a=b\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4 a\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4\nbody\n0\n\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4\rbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4;a\nb\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4\r\nbodybody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4\r\nbod\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4\r\nbody0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4\r\nbody\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "\r\n4\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4\r\nbody\r\n0\r\nX: a\n\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n" "4;\0\r\nbody\r\n0\r\n\r\n" NO_NEXT),
        BAD_CHUNKS},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
            "7fffffffffffffff\r\nbody\r\n" NO_NEXT),
        "413 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
            "ffffffffffffffffffff\r\nbody\r\n" NO_NEXT),
        "413 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775807\r\n\r\nbody"), "413 "},
    {OCTETS("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\nbody"), "413 "},
    {OCTETS("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n\n"), "400 "}, /* TLS, to plain HTTP */
};

START_TEST(ambiguous_request_is_refused_and_nothing_after_it_is_read)
{
	struct http_client client;
	char               wanted[256];

	fixture_start();
	client_connect(&client, base, &address);
	client_send_bytes(&client, refused[_i].octets, refused[_i].size);
	client_wait(&client, client.ended);
	snprintf(wanted, sizeof wanted, "HTTP/1.1 %s", refused[_i].status);
	client_begins(&client, wanted);
	ck_assert_uint_eq(client_count(&client, "HTTP/1.1 4"), 1);
	client_has_not(&client, "HTTP/1.1 2");
	ck_assert_uint_eq(client_count(&client, "Connection: close\r\n"), 1);
	client_has(&client, "Content-Type: application/problem+json\r\n");
	client_has(&client, "Cache-Control: no-store\r\n");
	if (refused[_i].octets[0] != 'H') /* HEAD */
		client_has(&client, "\"type\":\"urn:attest-ca:error:");
	client_has_not(&client, "<html");
	ck_assert_uint_eq(asked_count, 0);
	client_close(&client);
}
END_TEST

/* The same, octet by octet: what is refused must not depend on how it is cut. */
START_TEST(ambiguous_request_in_single_octets_is_refused_too)
{
	struct http_client client;
	char               wanted[256];

	fixture_start();
	client_connect(&client, base, &address);
	for (size_t i = 0; i < refused[_i].size && !client.ended; i++) {
		client_send_bytes(&client, refused[_i].octets + i, 1);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	client_wait(&client, client.ended);
	snprintf(wanted, sizeof wanted, "HTTP/1.1 %s", refused[_i].status);
	client_begins(&client, wanted);
	ck_assert_uint_eq(client_count(&client, "HTTP/1.1 4"), 1);
	client_has_not(&client, "HTTP/1.1 2");
	ck_assert_uint_eq(asked_count, 0);
	client_close(&client);
}
END_TEST

#define CHUNKED "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"

static const char *const accepted[] = {
    "GET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
    "GET /hello HTTP/1.1\n" "Host: a\nConnection: close\n\n",
    "GET /hello HTTP/1.1\r\nhost:a\r\ncONNECTION:   close  \r\n\r\n",
    "GET /hello HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    "GET /hello HTTP/1.1\r\n" HOST "X-Tab: a\tb\r\nX-Latin: \xe9\r\nConnection: close\r\n\r\n",
    "GET /hello HTTP/1.1\r\n" HOST "X-Folded: a\r\n b\r\nConnection: close\r\n\r\n",
    "GET /hello HTTP/1.1\r\n" HOST "Content-Length: 4\r\nConnection: close\r\n\r\nbody",
    "HEAD /hello HTTP/1.1\r\n" HOST "Content-Length: 0\r\nConnection: close\r\n\r\n",
    "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 004\r\nConnection: close\r\n\r\nbody",
    "POST /echo HTTP/1.1\r\n" HOST "transfer-encoding: Chunked\r\nConnection: close\r\n\r\n"
    "4\r\nbody\r\n0\r\nX-Trailer: a\r\n\r\n",
    CHUNKED "4;a=b\r\nbody\r\n0\r\n\r\n", /* RFC 9112 §7.1.1 */
    CHUNKED "4;a=b;c=\"d e\";f\r\nbody\r\n0;g=h\r\n\r\n",
    CHUNKED "4 ; a = b\r\nbody\r\n0 \r\n\r\n",
    CHUNKED "4\t\r\nbody\r\n0\r\n\r\n",
    CHUNKED "0002;x\r\nbo\r\n2\r\ndy\r\n000\r\nX-A: 1\r\nX-B: 2\r\n\r\n",
    CHUNKED "4\r\n;;\r\n\r\n0\r\n\r\n", /* data that looks like framing */
    "\r\nGET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n", /* RFC 9112 §2.2 */
    "\nGET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
    "\r\n\n\r\n\r\nGET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n",
};

START_TEST(unusual_request_is_answered)
{
	struct http_client client;

	fixture_start();
	ask(&client, accepted[_i]);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	ck_assert_uint_eq(asked_count, 1);
	client_close(&client);
}
END_TEST

/* The same, octet by octet, and with its body whole. */
START_TEST(unusual_request_in_single_octets_is_answered)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	for (const char *octet = accepted[_i]; *octet != '\0'; octet++) {
		client_send_bytes(&client, octet, 1);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 200 OK\r\n");
	ck_assert_uint_eq(asked_count, 1);
	if (strstr(accepted[_i], ";;\r\n") != NULL)
		client_has(&client, "\r\n\r\n;;\r\n");
	else if (strncmp(accepted[_i], "POST", 4) == 0)
		client_has(&client, "\r\n\r\nbody");
	client_close(&client);
}
END_TEST

/* Clients of old send an empty line behind a body: the connection is kept alive as idle. */
START_TEST(empty_line_between_requests_is_skipped)
{
	static const char *const between[] = {"", "\r\n", "\n", "\r\n\r\n\r\n"};
	struct http_client       client;

	settings.request_ms = 300;
	fixture_start();
	client_connect(&client, base, &address);
	for (size_t i = 0; i < 4; i++) {
		client_send(&client, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody");
		client_send(&client, between[i]);
		client_wait(&client, client_count(&client, "HTTP/1.1 200 OK") == i + 1);
	}
	/* longer than a request may take: what was skipped is no beginning of one */
	event_base_loopexit(base, &(const struct timeval){.tv_usec = 450000});
	event_base_dispatch(base);
	ck_assert(!client.ended);
	client_send(&client, "\r\nGET /hello HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n");
	client_wait(&client, client.ended);
	ck_assert_uint_eq(client_count(&client, "HTTP/1.1 200 OK"), 5);
	ck_assert_uint_eq(client_count(&client, "HTTP/1.1 "), 5);
	client_close(&client);
}
END_TEST

START_TEST(chunk_extension_without_end_is_refused)
{
	struct http_client client;

	fixture_start();
	client_connect(&client, base, &address);
	client_send(&client, CHUNKED "4;");
	for (int i = 0; i < 5000; i++)
		client_send(&client, "a");
	client_wait(&client, client.ended);
	client_begins(&client, "HTTP/1.1 " BAD_CHUNKS);
	client_close(&client);
}
END_TEST

/* nc -N: the client has said all, and waits. */
START_TEST(client_that_half_closes_gets_its_answer)
{
	struct http_client client;

	fixture_start();
	for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++) {
		client_connect(&client, base, &address);
		client_send(&client, accepted[i]);
		ck_assert_int_eq(shutdown(client.fd, SHUT_WR), 0);
		client_wait(&client, client.ended);
		client_begins(&client, "HTTP/1.1 200 OK\r\n");
		client_close(&client);
	}
}
END_TEST

/* Older releases of evhttp take a trailer for a header, and we refuse it as one. */
START_TEST(length_in_a_trailer_means_nothing)
{
	struct http_client client;

	fixture_start();
	ask(&client, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
	             "0\r\nContent-Length: 4\r\n\r\n" NO_NEXT);
	ck_assert_uint_eq(client_count(&client, "HTTP/1.1 "), 1);
	client_has(&client, "Connection: close\r\n");
	client_has_not(&client, "hello");
	client_close(&client);
}
END_TEST

/* What some releases of evhttp refuse before we see it. */
static const struct {
	const char *names[2];
	const char *values[2];
	const char *detail;
} framings[] = {
    {{"Content-Length", "content-length"}, {"4", "4"}, "more than one Content-Length"},
    {{"Transfer-Encoding", "TRANSFER-ENCODING"}, {"chunked", "chunked"},
        "more than one Transfer-Encoding"},
    {{"Content-Length", "Transfer-Encoding"}, {"4", "chunked"},
        "Content-Length and Transfer-Encoding exclude each other"},
    {{"X", "Content-Length"}, {"x", "4 "}, "Content-Length is no number"},
    {{"X", "Content-Length"}, {"x", ""}, "Content-Length is no number"},
    {{"X", "Transfer-Encoding"}, {"x", "chunked, gzip"},
        "no other Transfer-Encoding than chunked can be read"},
    {{"X", "Transfer-Encoding"}, {"x", ""},
        "no other Transfer-Encoding than chunked can be read"},
    {{"X", "Host"}, {"x", "b"}, "HTTP/1.1 requires one Host"},
    {{"X", "X\t"}, {"x", "b"}, "the name of a header field has an invalid character"},
};

START_TEST(framing_of_two_minds_is_malformed)
{
	struct evhttp_request *req = evhttp_request_new(NULL, NULL);
	struct evkeyvalq      *headers = evhttp_request_get_input_headers(req);
	const struct head      head = {.size = 100, .ended = true};
	struct error           err;

	req->major = 1;
	req->minor = 1;
	req->type = EVHTTP_REQ_POST;
	evhttp_add_header(headers, "Host", "a");
	unit_ok(framing_check(req, &head, 100, &err), &err);
	for (int i = 0; i < 2; i++)
		evhttp_add_header(headers, framings[_i].names[i], framings[_i].values[i]);
	unit_fails(framing_check(req, &head, 100, &err), &err, ERROR_MALFORMED,
	    framings[_i].detail);
	evhttp_request_free(req);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("framing");
	TCase *tcase = tcase_create("framing");
	int    count = sizeof refused / sizeof refused[0];

	tcase_add_checked_fixture(tcase, fixture_setup, fixture_teardown);
	tcase_set_timeout(tcase, 30); /* a busy machine is no failure */
	tcase_add_loop_test(tcase, ambiguous_request_is_refused_and_nothing_after_it_is_read, 0, count);
	tcase_add_loop_test(tcase, ambiguous_request_in_single_octets_is_refused_too, 0, count);
	tcase_add_loop_test(tcase, unusual_request_is_answered, 0,
	    sizeof accepted / sizeof accepted[0]);
	tcase_add_loop_test(tcase, unusual_request_in_single_octets_is_answered, 0,
	    sizeof accepted / sizeof accepted[0]);
	tcase_add_test(tcase, empty_line_between_requests_is_skipped);
	tcase_add_test(tcase, chunk_extension_without_end_is_refused);
	tcase_add_test(tcase, client_that_half_closes_gets_its_answer);
	tcase_add_test(tcase, length_in_a_trailer_means_nothing);
	tcase_add_loop_test(tcase, framing_of_two_minds_is_malformed, 0,
	    sizeof framings / sizeof framings[0]);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
