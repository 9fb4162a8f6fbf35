/* Writes requests and JSON bodies that the fuzzers of src/http begin with; see http_fuzz.c for the orders in them. */
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

static void
seeds_write(const char *directory, const char *name, const char *const *seeds, size_t count)
{
	char         path[512];
	struct error err;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	if (mkdir(path, 0777) != 0 && errno != EEXIST) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	for (size_t i = 0; i < count; i++) {
		(void)snprintf(path, sizeof path, "%s/%s/seed-%zu", directory, name, i);
		if (file_replace(path, seeds[i], strlen(seeds[i]), 0666, &err) != 0) {
			(void)fprintf(stderr, "%s\n", err.detail);
			exit(EXIT_FAILURE);
		}
	}
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
	return EXIT_SUCCESS;
}
