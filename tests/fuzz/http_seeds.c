/* Writes requests and JSON bodies that the fuzzers of src/http begin with; see
 * http_fuzz.c for the orders in them. */
#include "config.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/error.h"
#include "util/file.h"

#define HOST "Host: a\r\n"

static const char *const requests[] = {
    "GET /e HTTP/1.1\r\n" HOST "\r\n",
    "POST /e HTTP/1.1\r\n" HOST "Content-Length: 7\r\n\r\n{\"a\":1}",
    "POST /l HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc\xfe\xfd\xfe"
    "GET /l/x HTTP/1.1\r\n" HOST "\r\n\xfe\xfc\xfe",
    "POST /e HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\n{} \r\n0\r\nX: y\r\n\r\n\xfe",
    "POST /e HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n\xfe{}\xfe",
    "POST /e HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}\xfe",
    "HEAD /e HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET http://a/l/ HTTP/1.1\r\n" HOST "\r\n\xfe\xfd",
    "CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n",
    "BREW /e HTTP/1.1\r\n" HOST "\r\n\xfe",
    "GET /l/a HTTP/1.1\r\n" HOST "\r\n\xfeGET /e HTTP/1.1\r\n" HOST "\r\n\xfd\xfe",
    "POST /e HTTP/1.1\r\n" HOST "Content-Length: 600\r\n\r\nx\xfex",
};

static const char *const bodies[] = {
    "{}",
    "{\"a\":\"aGk=\",\"b\":\"x\"}",
    "{\"a\":[[[[[[[]]]]]]]}",
    "{\"a\":{\"b\":[1,2.5,null,true,\"\\u00e9\\ud83d\\ude00\"]}}",
};

/* See json_members_fuzz.c for the members that are read. */
static const char *const members[] = {
    "{\"x\":[[[[[[[[[1]]]]]]]]],\"a\":18446744073709551616,\"y\":{\"b\":1e999}}",
    "{\"o\":{\"b\":\"\\ud83d\\ude00\",\"x\":\"\\ud800\"},\"\\u0000a\":1,\"\\u0063rit\":[]}",
    "{\"l\":[1,{\"b\":-0.5e1,\"crit\":null},[true]],\"i\":{\"m\":1e999,\"m\":2,\"o\":{\"b\":\"\\udfff\"}}}",
    " {\n\"x\" : false ,\r\t\"a\" : \"\xc3\xa9\\n\" }",
};

static const char *const forwarded[] = {
    "F192.0.2.1",
    "Ffor=192.0.2.1;proto=http, for=\"[2001:db8::7]:4711\";by=10.0.0.1",
    "Ffor=\"_gazonk\", for=unknown, for=10.0.0.2\nX192.0.2.1, 10.0.0.3",
    "X192.0.2.1:80, 2001:db8::7, [2001:db8::7]:1\nX10.0.0.2",
    "Ffor=\"a\\\"b\";;\nFfor=192.0.2.1",
};

/* Headers of the PROXY protocol: the first octet is the version, the second how they are cut. */
static const struct {
	const char *octets;
	size_t      size;
} headers[] = {
#define HEADER(text) {text, sizeof(text) - 1}
    HEADER("\1\7PROXY TCP4 192.0.2.1 192.0.2.2 51442 443\r\nGET / HTTP/1.1\r\n"),
    HEADER("\1\1PROXY TCP6 2001:db8::7 ::ffff:192.0.2.2 51442 443\r\n"),
    HEADER("\1\1PROXY UNKNOWN x\r\n"),
    HEADER("\2\3\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\2\1\xc0\0\2\2\xc8\xf2\1\xbb\4\0\0\x16"),
    HEADER("\2\1\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\7"
           "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\2\xc8\xf2\1\xbb"),
    HEADER("\2\1\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"),
#undef HEADER
};

static void
seed_write(const char *directory, const char *name, size_t number, const char *octets, size_t size)
{
	char         path[512];
	struct error err;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	if (mkdir(path, 0777) != 0 && errno != EEXIST) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	(void)snprintf(path, sizeof path, "%s/%s/seed-%zu", directory, name, number);
	if (file_replace(path, octets, size, 0666, &err) != 0) {
		(void)fprintf(stderr, "%s\n", err.detail);
		exit(EXIT_FAILURE);
	}
}

static void
seeds_write(const char *directory, const char *name, const char *const *seeds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		seed_write(directory, name, i, seeds[i], strlen(seeds[i]));
}

int
main(int argc, char *argv[])
{
	if (argc != 2)
		return EXIT_FAILURE;
	if (mkdir(argv[1], 0777) != 0 && errno != EEXIST)
		return EXIT_FAILURE;
	seeds_write(argv[1], "http", requests, sizeof requests / sizeof requests[0]);
	seeds_write(argv[1], "json", bodies, sizeof bodies / sizeof bodies[0]);
	seeds_write(argv[1], "json_members", members, sizeof members / sizeof members[0]);
	seeds_write(argv[1], "forwarded", forwarded, sizeof forwarded / sizeof forwarded[0]);
	for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
		seed_write(argv[1], "proxy_protocol", i, headers[i].octets, headers[i].size);
	return EXIT_SUCCESS;
}
