/* Whatever clients and proxies write, the source is the proxy or an address that is named; and
 * what a client writes before a line of its proxy's own does not matter. Lines begin with F or X. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "http/forwarded.h"
#include "util/error.h"
#include "util/proxies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
lines_add(struct forwarded *standard, struct forwarded *x, const uint8_t *data, size_t size)
{
	while (size != 0) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t         length = end != NULL ? (size_t)(end - data) : size;

		if (length != 0)
			forwarded_add(data[0] == 'F' ? standard : x, (struct view){data + 1, length - 1});
		size -= end != NULL ? length + 1 : length;
		data += end != NULL ? length + 1 : length;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t own[] = {10, 0, 0, 1};
	const struct address peer = address_of(own, sizeof own, 7);
	uint8_t             *copy = memory_new(size != 0 ? size : 1);
	struct proxies       proxies = {.count = 0};
	struct forwarded     standard = {.count = 0};
	struct forwarded     x = {.count = 0};
	struct forwarded     none = {.count = 0};
	struct address       source;
	struct error         err = {0};

	assert(proxies_add(&proxies, view_text("10.0.0.0/8"), &err) == 0);
	if (size != 0)
		memcpy(copy, data, size);
	lines_add(&standard, &x, copy, size);
	source = forwarded_source(&standard, &x, &proxies, &peer);
	assert(source.size == 4 || source.size == 16);
	if (standard.count == 0 && x.count == 0)
		assert(address_equal(&source, &peer));

	/* The proxy adds a line: that is the client's, whatever stands before. */
	forwarded_add(&x, view_text("192.0.2.1"));
	source = forwarded_source(&none, &x, &proxies, &peer);
	assert(source.size == 4 && memcmp(source.octets, "\xc0\0\2\1", 4) == 0);
	forwarded_add(&standard, view_text("for=192.0.2.1"));
	source = forwarded_source(&standard, &none, &proxies, &peer);
	assert(source.size == 4 && memcmp(source.octets, "\xc0\0\2\1", 4) == 0);
	free(copy);
	return 0;
}
